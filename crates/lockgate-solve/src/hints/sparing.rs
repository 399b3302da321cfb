//! The facts for trials: what a search has read, what wheels state, and hardly a further source distribution. Those are fetched whole, and
//! a refusal that waits for them is told late.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lockgate_model::{
    DirectRelease, DistFile, DistKind, FactError, Facts, Metadata, Name, Pick, ProjectView, Scout,
    Sha256, Version, Want,
};

/// How many source distributions are read for all trials.
const MOST_READ: usize = 2;

/// Facts that spare source distributions. A trial that needs more of them ends without a way out.
pub(super) struct Sparing {
    facts: Arc<dyn Facts>,
    /// The files that the search has read.
    read: Arc<BTreeSet<String>>,
    /// How many source distributions were asked for besides those.
    more: AtomicUsize,
}

impl Sparing {
    /// After a search that has read the metadata of these files.
    pub(super) fn new(facts: &Arc<dyn Facts>, read: BTreeSet<String>) -> Self {
        Self {
            facts: Arc::clone(facts),
            read: Arc::new(read),
            more: AtomicUsize::new(0),
        }
    }
}

fn is_spared(read: &BTreeSet<String>, file: &DistFile) -> bool {
    matches!(file.kind(), Some(DistKind::Sdist))
        && !file.is_local()
        && !read.contains(&file.filename)
}

impl Facts for Sparing {
    fn project(&self, name: &Name) -> Result<Arc<dyn ProjectView>, FactError> {
        self.facts.project(name)
    }

    fn metadata(
        &self,
        name: &Name,
        version: &Version,
        file: &DistFile,
    ) -> Result<Arc<Metadata>, FactError> {
        if is_spared(&self.read, file) && self.more.fetch_add(1, Ordering::Relaxed) >= MOST_READ {
            return Err(FactError::Unlearned {
                what: format!("metadata of `{}`", file.filename),
                why: "no more source distributions are read for a way out".to_owned(),
                remedy: None,
            });
        }
        self.facts.metadata(name, version, file)
    }

    fn sha256(&self, file: &DistFile) -> Result<Sha256, FactError> {
        self.facts.sha256(file)
    }

    fn direct(&self, name: &Name) -> Option<Arc<DirectRelease>> {
        self.facts.direct(name)
    }

    fn is_at(&self, name: &Name, reference: &str) -> bool {
        self.facts.is_at(name, reference)
    }

    fn hint(&self, wants: Vec<Want>, scout: &Arc<dyn Scout>) {
        let sparing: Arc<dyn Scout> = Arc::new(SparingScout {
            scout: Arc::clone(scout),
            read: Arc::clone(&self.read),
        });
        self.facts.hint(wants, &sparing);
    }
}

/// Picks nothing that would not be read.
struct SparingScout {
    scout: Arc<dyn Scout>,
    read: Arc<BTreeSet<String>>,
}

impl Scout for SparingScout {
    fn pick(&self, project: &dyn ProjectView, want: &Want) -> Option<Pick> {
        self.scout
            .pick(project, want)
            .filter(|pick| !is_spared(&self.read, &pick.file))
    }

    fn follow(&self, want: &Want, metadata: &Metadata) -> Vec<Want> {
        self.scout.follow(want, metadata)
    }
}
