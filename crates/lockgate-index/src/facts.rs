//! The solver's port to the indexes: [`Facts`], answered from memory, from the cache, or from the network.
//!
//! The solver runs on a thread of its own and blocks on what it asks; tasks on the runtime fetch. Each fact is learned once per run,
//! by whoever comes first ([`crate::once_map`]), and what the cache may answer is read by the asking thread itself: a wake-up across threads
//! costs more than the read. Hints are followed ahead of the solver ([`crawl`]).

mod answers;
mod crawl;
pub(crate) mod links;
mod local_pages;
mod refusals;
mod sources;
#[cfg(test)]
mod tests;

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::Hash;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::join_all;
use lockgate_model::{
    DistFile, FactError, Facts, Metadata, Name, OnIndex, ProjectView, Scout, Sha256, Version, Want,
};
use url::Url;

use self::crawl::Crawler;
use self::sources::{Project, Release, Sources, Wanted};
use crate::once_map::{Claim, OnceMap, Slot};
use crate::page::MergedView;
use crate::{FindLinks, Index, Places, redact_url};

/// What the indexes say.
pub struct IndexFacts {
    library: Arc<Library>,
}

/// A file's address.
type MetadataKey = Arc<str>;

/// All that was learned in a run, and the ways to learn more.
struct Library {
    sources: Sources,
    projects: Arc<OnceMap<Name, Project>>,
    releases: Arc<OnceMap<MetadataKey, Release>>,
    /// Digests of files whose index states none, by address.
    digests: Mutex<HashMap<String, Sha256>>,
    crawler: Crawler,
    questions: AtomicUsize,
}

impl Index {
    /// The facts of these places.
    pub fn facts(&self, places: Places) -> IndexFacts {
        self.shared.transport.trust(&places.trusted_hosts);
        for index in &places.indexes {
            self.shared.transport.remember(index);
        }
        for place in &places.find_links {
            if let FindLinks::Page(url) = place {
                self.shared.transport.remember(url);
            }
        }
        let sources = Sources::new(Arc::clone(&self.shared), places);
        IndexFacts {
            library: Arc::new(Library {
                sources,
                projects: OnceMap::new(),
                releases: OnceMap::new(),
                digests: Mutex::default(),
                crawler: Crawler::default(),
                questions: AtomicUsize::new(0),
            }),
        }
    }
}

impl IndexFacts {
    /// What the indexes have of a project together, as under [`Strategy::UnsafeBestMatch`](crate::Strategy); none if no page was read that has it.
    pub fn joined(pages: &[OnIndex]) -> Option<Arc<dyn ProjectView>> {
        let views = pages.iter().filter_map(|page| page.page.clone().ok()?);
        MergedView::of(views.collect())
    }

    /// The statuses that were taken for absences of these projects, for each index that answered so.
    pub fn ignored_statuses(&self, names: &[Name]) -> Vec<(Url, BTreeMap<Name, u16>)> {
        let sources = &self.library.sources;
        let indexes = sources.indexes.iter();
        indexes
            .map(|index| (index.clone(), sources.answers.statuses(index, names)))
            .filter(|(_, statuses)| !statuses.is_empty())
            .collect()
    }

    /// What each index by itself has of these projects, in the order of the indexes; what `--find-links` names left out. Blocks.
    pub fn on_each_index(&self, names: &[Name]) -> BTreeMap<Name, Vec<OnIndex>> {
        let sources = &self.library.sources;
        let indexes: Vec<String> = sources
            .indexes
            .iter()
            .map(|index| redact_url(index.as_str()))
            .collect();
        let pages = names.iter().map(|name| async move {
            let pages = sources
                .indexes
                .iter()
                .map(|index| sources.fetch_page(index, name));
            (name.clone(), join_all(pages).await)
        });
        let found = sources.shared.runtime.block_on(async {
            let mut found = join_all(pages).await;
            sources.withdraw_unconfirmed(&mut found).await;
            found
        });
        let named = |pages: Vec<_>| {
            let pairs = indexes.iter().cloned().zip(pages);
            pairs.map(|(index, page)| OnIndex { index, page }).collect()
        };
        found
            .into_iter()
            .map(|(name, pages)| (name, named(pages)))
            .collect()
    }
}

/// Calls block; they are not for threads of the runtime.
impl Facts for IndexFacts {
    fn project(&self, name: &Name) -> Result<Arc<dyn ProjectView>, FactError> {
        let library = &self.library;
        let stored = || library.sources.stored_project(name);
        let fetch = |slot: Slot<Name, Project>| {
            let (library, name) = (Arc::clone(library), name.clone());
            self.library.spawn(async move {
                slot.fill(library.sources.fetch_project(&name).await);
            });
            self.library.fetch_ahead();
        };
        library
            .ask(&library.projects, name, || name.clone(), stored, fetch)
            .unwrap_or_else(|| Err(interrupted(format!("releases of `{name}`"))))
    }

    fn metadata(
        &self,
        name: &Name,
        version: &Version,
        file: &DistFile,
    ) -> Result<Arc<Metadata>, FactError> {
        let library = &self.library;
        let wanted = Wanted {
            name,
            version,
            file,
        };
        let stored = || library.sources.stored_release(wanted);
        let fetch = |slot: Slot<MetadataKey, Release>| {
            let library = Arc::clone(library);
            let (name, version, file) = (name.clone(), version.clone(), file.clone());
            self.library.spawn(async move {
                let wanted = Wanted {
                    name: &name,
                    version: &version,
                    file: &file,
                };
                slot.fill(library.sources.fetch_release(wanted).await);
            });
            self.library.fetch_ahead();
        };
        let (url, key) = (file.url.as_str(), || Arc::from(file.url.as_str()));
        library
            .ask(&library.releases, url, key, stored, fetch)
            .unwrap_or_else(|| Err(interrupted(format!("metadata of `{}`", file.filename))))
    }

    fn sha256(&self, file: &DistFile) -> Result<Sha256, FactError> {
        let digests = || (self.library.digests.lock()).unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = digests().get(&file.url) {
            return Ok(*known);
        }
        let index = Index {
            shared: Arc::clone(&self.library.sources.shared),
        };
        let url = Url::parse(&file.url).map_err(|error| FactError::Unlearned {
            what: format!("the sha256 of `{}`", file.filename),
            why: error.to_string(),
            remedy: None,
        })?;
        let digest = index.archive(&url, &file.filename, None)?.sha256;
        digests().insert(file.url.clone(), digest);
        Ok(digest)
    }

    fn confirm_absences(&self) -> Result<(), FactError> {
        let library = &self.library;
        let runtime = &library.sources.shared.runtime;
        runtime.block_on(library.sources.confirm_absences())
    }

    fn prepare(&self, name: &Name, version: &Version, files: &[DistFile]) {
        for file in files {
            self.library.prepare(name, version, file);
        }
        self.library.fetch_ahead();
    }

    fn hint(&self, wants: Vec<Want>, scout: &Arc<dyn Scout>) {
        let wants = self.library.crawler.unseen(wants);
        if wants.is_empty() {
            return;
        }
        let (library, scout) = (Arc::clone(&self.library), Arc::clone(scout));
        self.library
            .spawn(async move { library.crawl(wants, &scout) });
    }
}

impl Library {
    /// One question of the solver's: from memory, else from the cache on this thread, else awaited from a task that `fetch` starts.
    /// None: that task went away without an answer.
    fn ask<K, Q, V>(
        self: &Arc<Self>,
        map: &Arc<OnceMap<K, V>>,
        query: &Q,
        key: impl Fn() -> K,
        stored: impl Fn() -> Option<V>,
        fetch: impl Fn(Slot<K, V>),
    ) -> Option<V>
    where
        K: Hash + Eq + Clone + Borrow<Q>,
        Q: Hash + Eq + ?Sized,
        V: Clone,
    {
        if let Some(known) = map.get(query) {
            return Some(known);
        }
        self.questions.fetch_add(1, Ordering::Relaxed);
        self.fetch_on();
        loop {
            let (cell, is_own) = match map.claim(key()) {
                Claim::Known(value) => return Some(value),
                Claim::Pending(cell) => (cell, false),
                Claim::Mine(slot) => {
                    if let Some(value) = stored() {
                        slot.fill(value.clone());
                        return Some(value);
                    }
                    let cell = slot.cell();
                    fetch(slot);
                    (cell, true)
                }
            };
            match cell.wait() {
                Some(value) => return Some(value),
                None if is_own => return None,
                // Who was learning it let it go, as guesses do: it is vacant, or somebody else's.
                None => {}
            }
        }
    }

    /// Begins to learn the metadata of a file, unless they are known.
    fn prepare(self: &Arc<Self>, name: &Name, version: &Version, file: &DistFile) {
        let wanted = Wanted {
            name,
            version,
            file,
        };
        let Claim::Mine(slot) = self.releases.claim(Arc::from(file.url.as_str())) else {
            return;
        };
        if let Some(known) = self.sources.stored_release(wanted) {
            slot.fill(known);
            return;
        }
        let library = Arc::clone(self);
        let (name, version, file) = (name.clone(), version.clone(), file.clone());
        self.spawn(async move {
            let wanted = Wanted {
                name: &name,
                version: &version,
                file: &file,
            };
            slot.fill(library.sources.fetch_release(wanted).await);
        });
    }

    fn questions(&self) -> usize {
        self.questions.load(Ordering::Relaxed)
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.sources.shared.runtime.spawn(task);
    }
}

fn interrupted(what: String) -> FactError {
    FactError::Unlearned {
        what,
        why: "fetching it was broken off".to_owned(),
        remedy: Some("try again".to_owned()),
    }
}

impl fmt::Debug for IndexFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IndexFacts")
            .field("indexes", &self.library.sources.indexes.len())
            .field("questions", &self.library.questions())
            .finish_non_exhaustive()
    }
}
