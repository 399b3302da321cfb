//! Builds before they are asked for: of what the search will most likely come to, as metadata are fetched ahead of it. A heuristic that
//! changes speed and never an answer: what a build tells is what it would have told when asked for, and one that fails matters only if the
//! search comes to ask.

use std::collections::{BTreeSet, VecDeque};
use std::num::NonZero;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use lockgate_model::{DistKind, Metadata, Name, Pick, ProjectView, Scout, Want};

use super::facts::Builds;

/// A guess: what the search may ask for, and who tells what it makes one want.
struct Guess {
    want: Want,
    pick: Pick,
    scout: Arc<dyn Scout>,
}

/// What is still to be built ahead, and who is at it.
#[derive(Default)]
pub(super) struct Ahead(Mutex<State>);

#[derive(Default)]
struct State {
    queue: VecDeque<Guess>,
    /// By address and extras.
    seen: BTreeSet<(String, Vec<Name>)>,
    busy: usize,
    threads: Vec<JoinHandle<()>>,
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
        if matches!(pick.file.kind(), Some(DistKind::Sdist)) && self.builds.may_build(&want.name) {
            self.builds.offer(Guess {
                want: want.clone(),
                pick: pick.clone(),
                scout: Arc::clone(&self.inner),
            });
        }
        Some(pick)
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
        if state.busy < most_at_once() {
            state.busy += 1;
            let builds = Arc::clone(self);
            state
                .threads
                .push(thread::spawn(move || builds.work_through()));
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
            let (want, pick) = (&guess.want, &guess.pick);
            if let Ok(metadata) = self.metadata(&want.name, &pick.version, &pick.file) {
                self.hint(guess.scout.follow(want, &metadata), &guess.scout);
            }
        }
    }

    /// Ends what was begun ahead: nobody will ask for it any longer.
    pub(super) fn close(&self) {
        self.builder.stopped.store(true, Ordering::Relaxed);
        let mut state = self.ahead.state();
        state.closed = true;
        state.queue.clear();
        let threads = std::mem::take(&mut state.threads);
        drop(state);
        for thread in threads {
            // One that panicked has ended the process.
            let _ = thread.join();
        }
    }
}

/// Builds compute: more at once than there are processors would only wait for each other.
fn most_at_once() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}
