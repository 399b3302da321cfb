//! Fetching ahead of the solver: from a hint to the page, from the page to the release that it will most likely come to, from its
//! metadata to what that wants in turn, to any depth. A heuristic that changes speed and never an answer: what it learns is what the
//! solver would have learned, and what it fails to learn matters only if the solver asks for it.
//!
//! What the cache holds is walked by one task without a stop; only where the network must be asked does a want get a task of its own, and
//! not before the solver itself had to wait for the network.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use lockgate_model::{Name, Pick, Scout, Want};
use rustc_hash::FxHashSet;

use super::sources::{Project, Release, Wanted};
use super::{Library, MetadataKey};
use crate::once_map::Claim;

/// Requests that may be made on mere guesses, beside [`GUESSES_PER_QUESTION`] for each that the solver made: enough for the pages and
/// metadata of a graph of five hundred projects, which the solver will ask for one by one.
const FREE_GUESSES: usize = 1000;
const GUESSES_PER_QUESTION: usize = 4;

/// What has been wanted so far, and how much was asked on guesses.
#[derive(Default)]
pub(super) struct Crawler {
    seen: Mutex<FxHashSet<(Name, Vec<Name>, lockgate_model::VersionSet)>>,
    followed: Mutex<FxHashSet<(MetadataKey, Vec<Name>)>>,
    guesses: AtomicUsize,
    waiting: Mutex<Waiting>,
}

/// Wants that the network must be asked for, and who follows each.
#[derive(Default)]
struct Waiting {
    /// Whether the solver had to wait for the network: a run of which the cache holds all that is asked for asks nothing of it.
    may_ask: bool,
    /// The last is the next: what was hinted at last is what the solver is about.
    wants: Vec<Waiter>,
}

type Waiter = (Want, Arc<dyn Scout>);

impl Crawler {
    /// Those that are new.
    pub(super) fn unseen(&self, wants: Vec<Want>) -> Vec<Want> {
        let mut seen = lock(&self.seen);
        wants
            .into_iter()
            .filter(|want| {
                seen.insert((
                    want.name.clone(),
                    want.extras.clone(),
                    want.versions.clone(),
                ))
            })
            .collect()
    }

    /// Whether what a release wants under these extras is followed for the first time.
    fn is_first(&self, key: &MetadataKey, extras: &[Name]) -> bool {
        let mut followed = lock(&self.followed);
        followed.insert((Arc::clone(key), extras.to_vec()))
    }

    /// Takes [`Crawler::is_first`] back: following it goes on elsewhere.
    fn forget(&self, key: &MetadataKey, extras: &[Name]) {
        let mut followed = lock(&self.followed);
        followed.remove(&(Arc::clone(key), extras.to_vec()));
    }

    /// Takes leave to make one request that nobody asked for.
    fn may_guess(&self, questions: usize) -> bool {
        let one_more = |guesses| (guesses < most(questions)).then_some(guesses + 1);
        let guesses = &self.guesses;
        guesses
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more)
            .is_ok()
    }

    fn is_spent(&self, questions: usize) -> bool {
        self.guesses.load(Ordering::Relaxed) >= most(questions)
    }
}

/// How many requests may be made on guesses when the solver has made so many.
fn most(questions: usize) -> usize {
    FREE_GUESSES + GUESSES_PER_QUESTION * questions
}

/// What a want comes to.
enum Followed {
    /// These wants in turn.
    To(Vec<Want>),
    /// The network must be asked, and may not be yet.
    Waits,
}

impl Library {
    /// Follows wants as far as the cache goes; each that needs the network goes on in a task.
    pub(super) fn crawl(self: &Arc<Self>, wants: Vec<Want>, scout: &Arc<dyn Scout>) {
        let mut queue = VecDeque::from(wants);
        while let Some(want) = queue.pop_front() {
            match self.follow_stored(&want, scout.as_ref()) {
                Followed::To(wants) => queue.extend(self.crawler.unseen(wants)),
                Followed::Waits => self.wait((want, Arc::clone(scout))),
            }
        }
    }

    /// Asks the network for a want, now or later.
    fn wait(self: &Arc<Self>, waiter: Waiter) {
        let mut waiting = lock(&self.crawler.waiting);
        if !waiting.may_ask || self.crawler.is_spent(self.questions()) {
            waiting.wants.push(waiter);
            return;
        }
        drop(waiting);
        self.fetch(waiter);
    }

    /// The solver waits for the network: so much will be asked for that guesses are worth it.
    pub(super) fn fetch_ahead(self: &Arc<Self>) {
        let mut waiting = lock(&self.crawler.waiting);
        if waiting.may_ask {
            return;
        }
        waiting.may_ask = true;
        let waiters = std::mem::take(&mut waiting.wants);
        drop(waiting);
        for waiter in waiters {
            self.wait(waiter);
        }
    }

    /// The solver has asked one thing more: so much more may be guessed.
    pub(super) fn fetch_on(self: &Arc<Self>) {
        for _ in 0..GUESSES_PER_QUESTION {
            let mut waiting = lock(&self.crawler.waiting);
            if !waiting.may_ask || self.crawler.is_spent(self.questions()) {
                return;
            }
            let Some(waiter) = waiting.wants.pop() else {
                return;
            };
            drop(waiting);
            self.fetch(waiter);
        }
    }

    fn fetch(self: &Arc<Self>, (want, scout): Waiter) {
        let library = Arc::clone(self);
        self.spawn(async move {
            match library.follow_fetched(&want, &scout).await {
                Followed::To(wants) => library.crawl(library.crawler.unseen(wants), &scout),
                Followed::Waits => library.wait((want, scout)),
            }
        });
    }

    fn follow_stored(&self, want: &Want, scout: &dyn Scout) -> Followed {
        let Some(project) = self.known_project(&want.name) else {
            return Followed::Waits;
        };
        let Some((pick, key)) = self.pick(&project, want, scout) else {
            return Followed::To(Vec::new());
        };
        if let Some(release) = self.known_release(&want.name, &pick, &key) {
            return Followed::To(follow(&release, want, scout));
        }
        self.crawler.forget(&key, &want.extras);
        Followed::Waits
    }

    async fn follow_fetched(self: &Arc<Self>, want: &Want, scout: &Arc<dyn Scout>) -> Followed {
        let Some(project) = self.project_ahead(&want.name).await else {
            return Followed::Waits;
        };
        let Some((pick, key)) = self.pick(&project, want, scout.as_ref()) else {
            return Followed::To(Vec::new());
        };
        for file in &pick.others {
            if self.crawler.may_guess(self.questions()) {
                self.prepare(&want.name, &pick.version, file);
            }
        }
        let Some(release) = self.release_ahead(&want.name, &pick, &key).await else {
            self.crawler.forget(&key, &want.extras);
            return Followed::Waits;
        };
        Followed::To(follow(&release, want, scout.as_ref()))
    }

    /// The release that a want comes to, unless it was followed before.
    fn pick(
        &self,
        project: &Project,
        want: &Want,
        scout: &dyn Scout,
    ) -> Option<(Pick, MetadataKey)> {
        let pick = scout.pick(project.as_ref().ok()?.as_ref(), want)?;
        let key: MetadataKey = Arc::from(pick.file.url.as_str());
        self.crawler
            .is_first(&key, &want.extras)
            .then_some((pick, key))
    }

    fn known_project(&self, name: &Name) -> Option<Project> {
        match self.projects.claim(name.clone()) {
            Claim::Known(project) => Some(project),
            Claim::Pending(_) => None,
            Claim::Mine(slot) => {
                let project = self.sources.stored_project(name)?;
                slot.fill(project.clone());
                Some(project)
            }
        }
    }

    fn known_release(&self, name: &Name, pick: &Pick, key: &MetadataKey) -> Option<Release> {
        match self.releases.claim(Arc::clone(key)) {
            Claim::Known(release) => Some(release),
            Claim::Pending(_) => None,
            Claim::Mine(slot) => {
                let release = self.sources.stored_release(pick_of(name, pick))?;
                slot.fill(release.clone());
                Some(release)
            }
        }
    }

    async fn project_ahead(&self, name: &Name) -> Option<Project> {
        loop {
            match self.projects.claim(name.clone()) {
                Claim::Known(project) => return Some(project),
                Claim::Pending(cell) => {
                    if let Some(project) = cell.settled().await {
                        return Some(project);
                    }
                }
                Claim::Mine(slot) => {
                    if !self.crawler.may_guess(self.questions()) {
                        return None;
                    }
                    let project = self.sources.fetch_project(name).await;
                    slot.fill(project.clone());
                    return Some(project);
                }
            }
        }
    }

    async fn release_ahead(&self, name: &Name, pick: &Pick, key: &MetadataKey) -> Option<Release> {
        loop {
            match self.releases.claim(Arc::clone(key)) {
                Claim::Known(release) => return Some(release),
                Claim::Pending(cell) => {
                    if let Some(release) = cell.settled().await {
                        return Some(release);
                    }
                }
                Claim::Mine(slot) => {
                    let wanted = pick_of(name, pick);
                    let release = match self.sources.stored_release(wanted) {
                        Some(release) => release,
                        None if self.crawler.may_guess(self.questions()) => {
                            self.sources.fetch_release(wanted).await
                        }
                        None => return None,
                    };
                    slot.fill(release.clone());
                    return Some(release);
                }
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn follow(release: &Release, want: &Want, scout: &dyn Scout) -> Vec<Want> {
    match release {
        Ok(metadata) => scout.follow(want, metadata),
        Err(_) => Vec::new(),
    }
}

fn pick_of<'a>(name: &'a Name, pick: &'a Pick) -> Wanted<'a> {
    Wanted {
        name,
        version: &pick.version,
        file: &pick.file,
    }
}
