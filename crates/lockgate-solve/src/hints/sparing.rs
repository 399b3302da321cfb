//! The facts for trials: what a search has read, and not much more. A refusal that waits for advice is told late: each trial that ends in a
//! lock needs the pages and metadata of a whole graph, of which the search may have read little before it found the conflict.
//!
//! What is counted are pages and files, not seconds: what is told must not depend on the network.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lockgate_model::{
    DirectRelease, DistFile, DistKind, FactError, Facts, Metadata, Name, Pick, ProjectView, Region,
    Scout, Sha256, Version, Want,
};

/// How many pages and files are read for all trials as long as no way out is known: as many as the search has read, but no fewer and no more
/// than these. Two are read for each project of a graph.
const MOST_READ: RangeInclusive<usize> = 80..=256;

/// How many are read for all further trials once a way out is known: the next is told if it costs hardly anything.
const MOST_READ_FOR_MORE: usize = 8;

/// How many source distributions are among them. Those are fetched whole.
const MOST_SDISTS: usize = 2;

/// What a search has read.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// The projects whose pages it has looked at.
    pub(super) projects: BTreeSet<Name>,
    /// The files whose metadata it has looked at.
    pub(super) files: BTreeSet<String>,
}

/// Facts that spare what the search has not read. A trial that needs more of that than is left ends without a way out.
pub(super) struct Sparing {
    facts: Arc<dyn Facts>,
    /// The files that the search has read.
    read: Arc<BTreeSet<String>>,
    account: Arc<Mutex<Account>>,
}

/// What has been read, and what more may be.
#[derive(Debug)]
struct Account {
    read: Read,
    left: usize,
    /// The projects that are fetched ahead, which costs as much, and how many more may be.
    ahead: BTreeSet<Name>,
    ahead_left: usize,
    sdists_left: usize,
}

impl Account {
    fn take_project(&mut self, name: &Name) -> bool {
        if self.read.projects.contains(name) {
            return true;
        }
        self.take() && self.read.projects.insert(name.clone())
    }

    fn take_file(&mut self, file: &DistFile) -> bool {
        if file.is_local() || self.read.files.contains(&file.filename) {
            return true;
        }
        if is_sdist(file) {
            if self.sdists_left == 0 {
                return false;
            }
            self.sdists_left -= 1;
        }
        self.take() && self.read.files.insert(file.filename.clone())
    }

    fn may_look_ahead(&mut self, name: &Name) -> bool {
        if self.read.projects.contains(name) || self.ahead.contains(name) {
            return true;
        }
        let is_left = self.ahead_left > 0;
        self.ahead_left = self.ahead_left.saturating_sub(1);
        is_left && self.ahead.insert(name.clone())
    }

    fn take(&mut self) -> bool {
        let is_left = self.left > 0;
        self.left = self.left.saturating_sub(1);
        is_left
    }
}

impl Sparing {
    /// After a search that has read this.
    pub(super) fn new(facts: &Arc<dyn Facts>, read: Read) -> Self {
        let by_search = read.projects.len() + read.files.len();
        let left = by_search.clamp(*MOST_READ.start(), *MOST_READ.end());
        Self {
            facts: Arc::clone(facts),
            read: Arc::new(read.files.clone()),
            account: Arc::new(Mutex::new(Account {
                read,
                left,
                ahead: BTreeSet::new(),
                ahead_left: left / 2,
                sdists_left: MOST_SDISTS,
            })),
        }
    }

    /// A way out is known.
    pub(super) fn found_one(&self) {
        let mut account = lock(&self.account);
        account.left = account.left.min(MOST_READ_FOR_MORE);
        account.ahead_left = account.ahead_left.min(MOST_READ_FOR_MORE / 2);
    }
}

fn lock(account: &Mutex<Account>) -> MutexGuard<'_, Account> {
    account.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As many of these wants as may still be fetched ahead.
fn affordable(account: &Mutex<Account>, mut wants: Vec<Want>) -> Vec<Want> {
    let mut account = lock(account);
    wants.retain(|want| account.may_look_ahead(&want.name));
    wants
}

fn is_sdist(file: &DistFile) -> bool {
    matches!(file.kind(), Some(DistKind::Sdist))
}

fn is_spared(read: &BTreeSet<String>, file: &DistFile) -> bool {
    is_sdist(file) && !file.is_local() && !read.contains(&file.filename)
}

fn spared(what: String) -> FactError {
    FactError::Unlearned {
        what,
        why: "no more is read for a way out".to_owned(),
        remedy: None,
    }
}

impl Facts for Sparing {
    fn project(&self, name: &Name) -> Result<Arc<dyn ProjectView>, FactError> {
        if !lock(&self.account).take_project(name) {
            return Err(spared(format!("releases of `{name}`")));
        }
        self.facts.project(name)
    }

    fn metadata(
        &self,
        name: &Name,
        version: &Version,
        file: &DistFile,
    ) -> Result<Arc<Metadata>, FactError> {
        if !lock(&self.account).take_file(file) {
            return Err(spared(format!("metadata of `{}`", file.filename)));
        }
        self.facts.metadata(name, version, file)
    }

    fn sha256(&self, file: &DistFile) -> Result<Sha256, FactError> {
        self.facts.sha256(file)
    }

    fn confirm_absences(&self) -> Result<(), FactError> {
        self.facts.confirm_absences()
    }

    fn direct(&self, name: &Name) -> Option<Arc<DirectRelease>> {
        self.facts.direct(name)
    }

    fn is_at(&self, name: &Name, reference: &str) -> bool {
        self.facts.is_at(name, reference)
    }

    fn within(&self, region: &Region) -> Option<Arc<dyn Facts>> {
        let facts = self.facts.within(region)?;
        Some(Arc::new(Self {
            facts,
            read: Arc::clone(&self.read),
            account: Arc::clone(&self.account),
        }))
    }

    fn hint(&self, wants: Vec<Want>, scout: &Arc<dyn Scout>) {
        let sparing: Arc<dyn Scout> = Arc::new(SparingScout {
            scout: Arc::clone(scout),
            read: Arc::clone(&self.read),
            account: Arc::clone(&self.account),
        });
        self.facts.hint(affordable(&self.account, wants), &sparing);
    }
}

/// Picks nothing that would not be read.
struct SparingScout {
    scout: Arc<dyn Scout>,
    read: Arc<BTreeSet<String>>,
    account: Arc<Mutex<Account>>,
}

impl Scout for SparingScout {
    fn pick(&self, project: &dyn ProjectView, want: &Want) -> Option<Pick> {
        self.scout
            .pick(project, want)
            .filter(|pick| !is_spared(&self.read, &pick.file))
    }

    fn follow(&self, want: &Want, metadata: &Metadata) -> Vec<Want> {
        affordable(&self.account, self.scout.follow(want, metadata))
    }
}
