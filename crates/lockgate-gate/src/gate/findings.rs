//! What an audit is told: findings, what the index says, and remarks on the policy.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use lockgate_model::{
    FactError, Finding, FindingCode, Ignored, Name, Notice, ProjectStatus, Remark, RemarkCode,
    Scope, Version, VersionSet, age,
};

use super::known::{Asked, Known, Override};
use super::{AdvisoryGate, Mode, Source, Standing};
use crate::policy::{IgnoreEntry, YankRule};

/// A source with as many records is a whole database, which grows every day.
const DATABASE: u32 = 1_000;

/// So old may the newest record of a database be without a remark.
const MAX_SILENT_AGE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A pin as an audit asks about it.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The project.
    pub name: &'a Name,
    /// The version.
    pub version: &'a Version,
    /// What asks for it, where that is known.
    pub scopes: &'a BTreeSet<Scope>,
    /// Whether services may be told of it.
    pub may_tell: bool,
}

/// What is known against a pin.
#[derive(Debug, Default)]
pub struct Judged {
    /// Findings, ignored and ungated ones included, in the order of their ids.
    pub findings: Vec<Finding>,
    /// What could not be learned.
    pub failures: Vec<FactError>,
    /// How many sources answered.
    pub answered: usize,
    /// What overriding sources took back or replaced that would affect the pin.
    pub overridden: Vec<Remark>,
}

impl AdvisoryGate {
    /// Everything that is known against a release; what could not be learned is an error. Services are asked about the project, as a
    /// solver asks them.
    pub fn findings(&self, name: &Name, version: &Version) -> Result<Vec<Finding>, FactError> {
        let subject = Subject {
            name,
            version,
            scopes: &BTreeSet::new(),
            may_tell: true,
        };
        let known = self.known_as_far_as(&Asked::project(name));
        let mut judged = self.judged(&subject, &known, |versions| versions.contains(version));
        if let Some(failure) = judged.failures.pop() {
            return Err(failure);
        }
        Ok(judged.findings)
    }

    /// Everything that is known against a pin, and what could not be learned.
    pub fn judge(&self, subject: &Subject<'_>) -> Judged {
        let asked = self.asked(subject.name, subject.version, subject.may_tell);
        let known = self.known_as_far_as(&asked);
        self.judged(subject, &known, |versions| {
            versions.contains(subject.version)
        })
    }

    /// What is known against every version of a package; the one of `subject` is only written into the findings.
    pub(crate) fn judge_every_version(&self, subject: &Subject<'_>) -> Judged {
        let asked = self.asked(subject.name, subject.version, subject.may_tell);
        self.judged(subject, &self.known_as_far_as(&asked), VersionSet::is_full)
    }

    fn judged(
        &self,
        subject: &Subject<'_>,
        known: &Known,
        affects: impl Fn(&VersionSet) -> bool,
    ) -> Judged {
        let Subject {
            name,
            version,
            scopes,
            ..
        } = *subject;
        if !scopes.is_empty() {
            self.knew_scopes.store(true, Ordering::Relaxed);
        }
        let concerns = known.concerns.iter();
        let findings = concerns
            .filter(|(_, versions)| affects(versions))
            .map(|(advisory, _)| {
                let standing = self.standing(advisory, name, version, scopes);
                let ignored = match &standing {
                    Standing::Ignored(entry) => Some(Ignored {
                        reason: entry.reason.clone(),
                        expires: entry.expires.map(|date| date.to_string()),
                        origin: entry.origin.clone(),
                        justification: entry.justification.clone(),
                    }),
                    _ => None,
                };
                Finding {
                    code: if advisory.malicious {
                        FindingCode::Malicious
                    } else {
                        FindingCode::Vulnerable
                    },
                    name: name.clone(),
                    version: version.clone(),
                    advisory: Arc::clone(advisory),
                    gated: match standing {
                        Standing::Malicious => true,
                        Standing::Ignored(_) => false,
                        Standing::Gated | Standing::BelowThreshold => {
                            self.policy.gates(advisory, scopes)
                        }
                    },
                    ignored,
                    path: Vec::new(),
                }
            })
            .collect();
        let overridden = known
            .overridden
            .iter()
            .filter(|overridden| affects(&overridden.versions))
            .map(|overridden| {
                let id = &overridden.advisory.id;
                let by = &overridden.by;
                let text = match overridden.how {
                    Override::Withdrawn => {
                        format!("{id} about {name}=={version} is withdrawn by {by}")
                    }
                    Override::Replaced => {
                        format!("{id} about {name}=={version} is replaced by {by}")
                    }
                    Override::Refused => format!(
                        "{id} about {name}=={version} is malware, which {by} cannot take back"
                    ),
                };
                Remark {
                    code: RemarkCode::OverriddenAdvisory,
                    text,
                    origin: None,
                }
            })
            .collect();
        Judged {
            findings,
            failures: known.failures.clone(),
            answered: known.answered,
            overridden,
        }
    }

    /// What an index's words about a release come to: whether it was taken back, and with what reason; the status of its project.
    pub fn notices(&self, yanked: Option<&str>, status: &ProjectStatus) -> Vec<Notice> {
        if self.policy.mode == Mode::Off {
            return Vec::new();
        }
        let of = |code, reason: Option<&str>, gated| Notice {
            code,
            reason: reason.unwrap_or_default().to_owned(),
            gated,
        };
        let is_deny = self.policy.yanked == YankRule::Deny;
        let yanked = yanked.map(|reason| of(FindingCode::Yanked, Some(reason), is_deny));
        let status = match status {
            ProjectStatus::Active => None,
            ProjectStatus::Quarantined(reason) => {
                Some(of(FindingCode::Quarantined, reason.as_deref(), true))
            }
            ProjectStatus::Archived(reason) => {
                Some(of(FindingCode::Archived, reason.as_deref(), false))
            }
            ProjectStatus::Deprecated(reason) => {
                Some(of(FindingCode::Deprecated, reason.as_deref(), false))
            }
        };
        status.into_iter().chain(yanked).collect()
    }

    /// Where the ignore entries stand that accepted something.
    pub(crate) fn used_entries(&self) -> impl Iterator<Item = &str> {
        let entries = self.policy.ignores.iter().zip(&self.used);
        entries
            .filter(|(_, used)| used.load(Ordering::Relaxed))
            .map(|(entry, _)| entry.origin.as_str())
    }

    /// A remark on a whole database that nobody refreshes, and whose newest record is of long ago. Some records of one's own may be old, and
    /// what is refreshed has a limit in any case.
    fn of_age(&self, source: &Source) -> Option<Remark> {
        let Source::Compact {
            name,
            compact,
            refreshed: None,
            ..
        } = source
        else {
            return None;
        };
        let newest = compact.modified(self.now)?;
        if compact.records() < DATABASE || age::is_within(newest, MAX_SILENT_AGE, self.now) {
            return None;
        }
        let day = TimeZone::UTC.to_datetime(newest).date();
        let days = MAX_SILENT_AGE.as_hours() / 24;
        Some(Remark {
            code: RemarkCode::OldAdvisories,
            text: format!(
                "{name}: its newest advisory is of {day}, more than {days} days ago; what became known since then is not found"
            ),
            origin: None,
        })
    }

    /// What is to be said of the policies (where they have no effect, ignore entries that have expired, and entries that accepted nothing, once
    /// everything was asked) and of the age of the sources.
    pub fn remarks(&self) -> Vec<Remark> {
        let knew_scopes = self.knew_scopes.load(Ordering::Relaxed);
        let could_match = |entry: &IgnoreEntry| entry.group.is_none() || knew_scopes;
        let states = self.used.iter().zip(&self.refused);
        let entries = self.policy.ignores.iter().zip(states);
        let of_policies = self.policy.remarks.iter().cloned();
        let of_entries = entries.filter_map(|(entry, (used, refused))| {
            let id = entry.ids.first().map_or("", String::as_str);
            let place = format!("the ignore entry for `{id}` ({})", entry.origin);
            let (code, text) = match entry.expires.filter(|_| entry.has_expired(self.today)) {
                Some(date) => (
                    RemarkCode::ExpiredIgnore,
                    format!("{place} expired after {date}; the gate applies again"),
                ),
                None if self.policy.mode != Mode::Off && refused.load(Ordering::Relaxed) => (
                    RemarkCode::UnmatchedIgnore,
                    format!("{place} speaks of malware, which is never ignored"),
                ),
                None if self.policy.mode == Mode::Off || used.load(Ordering::Relaxed) => {
                    return None;
                }
                None if !entry.must_match || !could_match(entry) => return None,
                None => (
                    RemarkCode::UnmatchedIgnore,
                    format!("{place} matches nothing; remove it if it is no longer needed"),
                ),
            };
            Some(Remark {
                code,
                text,
                origin: Some(entry.origin.clone()),
            })
        });
        let of_sources = self.sources.iter().filter_map(|source| self.of_age(source));
        of_policies.chain(of_entries).chain(of_sources).collect()
    }
}
