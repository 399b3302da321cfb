//! Builds before they are asked for: of what the search will most likely come to, as metadata are fetched ahead of it. A heuristic that
//! changes speed and never an answer: what a build tells is what it would have told when asked for, and one that fails matters only if the
//! search comes to ask.

use std::collections::{BTreeSet, VecDeque};
use std::num::NonZero;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use lockgate_model::{Metadata, Name, Pick, ProjectView, Scout, Want};

use super::facts::{Build, Builds};

/// What the search may ask for, and who tells what it makes one want.
struct Guess {
    want: Want,
    pick: Pick,
    scout: Arc<dyn Scout>,
}

/// What is still to be learned ahead, and who is at it.
#[derive(Default)]
pub(super) struct Ahead(Mutex<State>);

#[derive(Default)]
struct State {
    queue: VecDeque<Guess>,
    /// What an earlier run did without, as long as the search waits for no build: where all that it asks for was built in that run, it ends
    /// before any build would.
    unbuilt: Vec<Guess>,
    has_begun: bool,
    /// By address and extras.
    seen: BTreeSet<(String, Vec<Name>)>,
    /// Projects of which a release was built ahead since the search asked for one: of many that it may come to, one is enough.
    built: BTreeSet<Name>,
    busy: usize,
    closed: bool,
}

impl Ahead {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A scout whose picks are built ahead.
pub(super) struct BuildingScout {
    pub(super) inner: Arc<dyn Scout>,
    pub(super) builds: Arc<Builds>,
}

impl Scout for BuildingScout {
    fn pick(&self, project: &dyn ProjectView, want: &Want) -> Option<Pick> {
        let pick = self.inner.pick(project, want)?;
        if !self.builds.may_build(&want.name, &pick.file) {
            return Some(pick);
        }
        let is_told = self
            .builds
            .is_told_by_wheels(project, &want.name, &pick.version);
        self.builds.offer(Guess {
            want: want.clone(),
            pick: pick.clone(),
            scout: Arc::clone(&self.inner),
        });
        // Where wheels tell, the source distribution need not be fetched.
        (!is_told).then_some(pick)
    }

    fn follow(&self, want: &Want, metadata: &Metadata) -> Vec<Want> {
        self.inner.follow(want, metadata)
    }
}

impl Builds {
    fn offer(self: &Arc<Self>, guess: Guess) {
        let mut state = self.ahead.state();
        let key = (guess.pick.file.url.clone(), guess.want.extras.clone());
        if state.closed || !state.seen.insert(key) {
            return;
        }
        state.queue.push_back(guess);
        self.start(&mut state);
    }

    /// The search waits for a build: others may be needed.
    pub(super) fn begin(self: &Arc<Self>) {
        let mut state = self.ahead.state();
        state.has_begun = true;
        let unbuilt = std::mem::take(&mut state.unbuilt);
        state.queue.extend(unbuilt);
        self.start(&mut state);
    }

    /// Puts threads to work on the queue.
    fn start(self: &Arc<Self>, state: &mut State) {
        let idle = most_at_once().saturating_sub(state.busy);
        for _ in 0..idle.min(state.queue.len()) {
            let builds = Arc::clone(self);
            thread::spawn(move || builds.work_through());
            state.busy += 1;
        }
    }

    fn work_through(self: &Arc<Self>) {
        loop {
            let mut state = self.ahead.state();
            let Some(guess) = state.queue.pop_front() else {
                state.busy -= 1;
                return;
            };
            drop(state);
            let (name, version, file) = (&guess.want.name, &guess.pick.version, &guess.pick.file);
            let needed = self.needed_build(name, version, file);
            if needed.is_some() {
                let mut state = self.ahead.state();
                if needed == Some(Build::LeftBefore) && !state.has_begun {
                    state.unbuilt.push(guess);
                    continue;
                }
                if !state.built.insert(name.clone()) {
                    continue;
                }
            }
            if let Ok(metadata) = self.metadata(name, version, file) {
                self.hint(guess.scout.follow(&guess.want, &metadata), &guess.scout);
            }
        }
    }

    /// The search asks for a release of a project: it may come to another.
    pub(super) fn is_asked_for(&self, name: &Name) {
        self.ahead.state().built.remove(name);
    }

    /// Ends what was begun ahead: nobody will ask for it any longer.
    pub(super) fn close(&self) {
        let mut state = self.ahead.state();
        state.closed = true;
        state.queue.clear();
        state.unbuilt.clear();
        drop(state);
        // Fetches that are still under way hold scouts, and those hold the builder: nothing goes away by itself.
        self.builder.stop();
    }
}

/// Builds compute: more at once than there are processors would only wait for each other.
fn most_at_once() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}
