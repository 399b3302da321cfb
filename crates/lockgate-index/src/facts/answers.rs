//! What the indexes answered in a run: which of them has something, and where a refusal was taken for "not there".
//!
//! Some servers refuse the names that they don't have (403, 401) instead of answering 404. Where the caller says so, such a refusal is an
//! absence. It is one only of an index that answers for other names: one that refuses everything has a wrong login, and every name would
//! fall through to the next index.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lockgate_model::{FactError, Name};
use rustc_hash::FxHashMap;
use tokio::sync::Notify;
use url::Url;

use crate::credentials::LoginOrigin;
use crate::error::{FetchError, after};
use crate::redact::{redact_url, without_credentials};

/// The longest that a refusal waits for what the index answers about other names.
const PATIENCE: Duration = Duration::from_secs(2);

/// How many names a message shows.
const SHOWN: usize = 3;

/// A refusal that counts as an absence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusal {
    /// 401 or 403.
    pub(super) status: u16,
    /// The login that was refused, if one was sent.
    pub(super) login: Option<LoginOrigin>,
}

/// The answers of one index.
#[derive(Debug, Default)]
struct OfIndex {
    /// A project that it has.
    has: Option<Name>,
    refused: BTreeMap<Name, Refusal>,
    /// How many refusals there were when the index was last found to answer.
    confirmed: usize,
    in_flight: usize,
}

/// Whether refusals of an index are known to be absences.
pub(super) enum Standing {
    /// There are none, or none since they were confirmed.
    Confirmed,
    /// The index has this project, so it does not refuse everything.
    Has(Name),
    /// It has nothing so far.
    Nothing,
}

/// The answers of all indexes.
#[derive(Debug, Default)]
pub(super) struct Answers {
    by_index: Mutex<FxHashMap<Url, OfIndex>>,
    changed: Notify,
}

/// A question that an index was asked, until it is answered.
pub(super) struct Question<'a> {
    answers: &'a Answers,
    index: &'a Url,
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        self.answers.change(self.index, |answers| {
            answers.in_flight = answers.in_flight.saturating_sub(1);
        });
    }
}

impl Answers {
    /// Notes that an index is asked.
    pub(super) fn ask<'a>(&'a self, index: &'a Url) -> Question<'a> {
        self.change(index, |answers| answers.in_flight += 1);
        Question {
            answers: self,
            index,
        }
    }

    /// Notes that an index has a project.
    pub(super) fn has(&self, index: &Url, name: &Name) {
        self.change(index, |answers| {
            answers.has.get_or_insert_with(|| name.clone());
        });
    }

    /// Notes a refusal that counts as an absence.
    pub(super) fn refused(&self, index: &Url, name: &Name, refusal: Refusal) {
        self.change(index, |answers| {
            answers.refused.insert(name.clone(), refusal);
        });
    }

    /// Returns whether the index has any project, as far as this run has asked it. Waits a little for what it was asked.
    pub(super) async fn has_any(&self, index: &Url) -> bool {
        let settled = async {
            loop {
                let changed = self.changed.notified();
                let (has_any, is_settled) = self.read(index, |answers| {
                    (answers.has.is_some(), answers.in_flight == 0)
                });
                if has_any || is_settled {
                    return has_any;
                }
                changed.await;
            }
        };
        tokio::time::timeout(PATIENCE, settled)
            .await
            .unwrap_or(false)
    }

    pub(super) fn standing(&self, index: &Url) -> Standing {
        self.read(index, |answers| {
            if answers.refused.len() == answers.confirmed {
                Standing::Confirmed
            } else {
                match &answers.has {
                    Some(name) => Standing::Has(name.clone()),
                    None => Standing::Nothing,
                }
            }
        })
    }

    /// How many refusals of the index count as absences.
    pub(super) fn refusals(&self, index: &Url) -> usize {
        self.read(index, |answers| answers.refused.len())
    }

    /// Notes that the index answers, after so many refusals.
    pub(super) fn confirm(&self, index: &Url, refusals: usize) {
        self.change(index, |answers| {
            answers.confirmed = answers.confirmed.max(refusals);
        });
    }

    /// Whether a project is absent from an index only since it was refused.
    pub(super) fn is_refused(&self, index: &Url, name: &Name) -> bool {
        self.read(index, |answers| answers.refused.contains_key(name))
    }

    /// The statuses that were taken for absences of these projects.
    pub(super) fn statuses(&self, index: &Url, names: &[Name]) -> BTreeMap<Name, u16> {
        self.read(index, |answers| {
            let refused = names
                .iter()
                .filter_map(|name| Some((name.clone(), answers.refused.get(name)?.status)));
            refused.collect()
        })
    }

    /// The error that an index refuses everything that it was asked for.
    pub(super) fn all_refused(&self, index: &Url) -> FactError {
        let (names, refusal) = self.read(index, |answers| {
            let names: Vec<String> = answers.refused.keys().map(ToString::to_string).collect();
            (names, answers.refused.values().next().copied())
        });
        let shown = names.iter().take(SHOWN).map(|name| format!("`{name}`"));
        let mut shown = shown.collect::<Vec<_>>().join(", ");
        if names.len() > SHOWN {
            shown = format!("{shown} and {} more", names.len() - SHOWN);
        }
        let refusal = refusal.unwrap_or(Refusal {
            status: 403,
            login: None,
        });
        let denied = FetchError::Unauthorized {
            url: String::new(),
            status: refusal.status,
            login: refusal.login,
        };
        FactError::Unlearned {
            what: format!("packages of `{}`", redact_url(index.as_str())),
            why: format!(
                "the index refused every name that it was asked for with status {}{}: {shown}",
                refusal.status,
                after(refusal.login)
            ),
            remedy: Some(format!(
                "`ignore-status` holds for an index that has some of the packages, since one that refuses everything may have got a wrong login; {}; or leave the index out",
                denied.remedy().unwrap_or_default()
            )),
        }
    }

    fn change(&self, index: &Url, change: impl FnOnce(&mut OfIndex)) {
        let mut answers = lock(&self.by_index);
        change(answers.entry(index.clone()).or_default());
        drop(answers);
        self.changed.notify_waiters();
    }

    fn read<T>(&self, index: &Url, read: impl FnOnce(&OfIndex) -> T) -> T {
        let answers = lock(&self.by_index);
        match answers.get(index) {
            Some(answers) => read(answers),
            None => read(&OfIndex::default()),
        }
    }
}

/// Adds to the error of a refused name what the caller can do where the index answers for other names.
pub(super) fn with_opt_in(error: FactError, index: &Url, status: u16) -> FactError {
    let FactError::Unlearned { what, why, remedy } = error else {
        return error;
    };
    let mut address = without_credentials(index);
    address.set_query(None);
    let opt_in = format!(
        "the index answers for other names, so it may answer with {status} for names that it does not have: if it does, write `ignore-status = [{status}]` under `[index.\"{}\"]` into `lockgate.toml`",
        redact_url(address.as_str())
    );
    let remedy = match remedy {
        Some(remedy) => format!("{opt_in}; else {remedy}"),
        None => opt_in,
    };
    FactError::Unlearned {
        what,
        why,
        remedy: Some(remedy),
    }
}

/// Nothing panics while it holds this lock, so a poisoned one is sound.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
