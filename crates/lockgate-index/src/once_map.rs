//! Values that are learned once, by whoever comes first, while all others wait: threads by blocking, tasks by awaiting.

use std::borrow::Borrow;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;
use tokio::sync::Notify;

/// The map. A key is vacant, being learned, or known for good.
#[derive(Debug)]
pub(crate) struct OnceMap<K, V> {
    entries: Mutex<FxHashMap<K, Arc<Cell<V>>>>,
}

/// What one finds.
pub(crate) enum Claim<K: Hash + Eq, V> {
    /// It is known.
    Known(V),
    /// Somebody is learning it.
    Pending(Arc<Cell<V>>),
    /// Nobody is: it is the caller's to learn.
    Mine(Slot<K, V>),
}

/// The duty to learn one value. Dropped without an answer it makes the key vacant again, and who waits looks anew.
#[derive(Debug)]
pub(crate) struct Slot<K: Hash + Eq, V> {
    map: Arc<OnceMap<K, V>>,
    key: K,
    cell: Arc<Cell<V>>,
}

/// Where one waits.
#[derive(Debug)]
pub(crate) struct Cell<V> {
    state: Mutex<State<V>>,
    threads: Condvar,
    tasks: Notify,
}

#[derive(Debug)]
enum State<V> {
    Pending,
    Known(V),
    Abandoned,
}

impl<K: Hash + Eq + Clone, V: Clone> OnceMap<K, V> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            entries: Mutex::new(FxHashMap::default()),
        })
    }

    /// Looks a key up, and takes it if it is vacant.
    pub(crate) fn claim(self: &Arc<Self>, key: K) -> Claim<K, V> {
        let mut entries = lock(&self.entries);
        let entry = match entries.entry(key) {
            Entry::Occupied(entry) => entry,
            Entry::Vacant(vacant) => {
                let (key, cell) = (vacant.key().clone(), Arc::new(Cell::new()));
                vacant.insert(Arc::clone(&cell));
                drop(entries);
                let map = Arc::clone(self);
                return Claim::Mine(Slot { map, key, cell });
            }
        };
        let cell = Arc::clone(entry.get());
        drop(entries);
        let known = match &*lock(&cell.state) {
            State::Known(value) => Some(value.clone()),
            State::Pending | State::Abandoned => None,
        };
        known.map_or_else(|| Claim::Pending(cell), Claim::Known)
    }

    /// The value, if it is known.
    pub(crate) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let cell = Arc::clone(lock(&self.entries).get(key)?);
        match &*lock(&cell.state) {
            State::Known(value) => Some(value.clone()),
            State::Pending | State::Abandoned => None,
        }
    }
}

impl<K: Hash + Eq, V> Slot<K, V> {
    /// Answers.
    pub(crate) fn fill(self, value: V) {
        self.cell.settle(State::Known(value));
    }

    /// Where others wait for it.
    pub(crate) fn cell(&self) -> Arc<Cell<V>> {
        Arc::clone(&self.cell)
    }
}

impl<K: Hash + Eq, V> Drop for Slot<K, V> {
    fn drop(&mut self) {
        if matches!(&*lock(&self.cell.state), State::Pending) {
            lock(&self.map.entries).remove(&self.key);
            self.cell.settle(State::Abandoned);
        }
    }
}

impl<V> Cell<V> {
    fn new() -> Self {
        Self {
            state: Mutex::new(State::Pending),
            threads: Condvar::new(),
            tasks: Notify::new(),
        }
    }

    fn settle(&self, state: State<V>) {
        *lock(&self.state) = state;
        self.threads.notify_all();
        self.tasks.notify_waiters();
    }
}

impl<V: Clone> Cell<V> {
    /// Blocks until it is known. None: it was abandoned.
    pub(crate) fn wait(&self) -> Option<V> {
        let mut state = lock(&self.state);
        loop {
            match &*state {
                State::Known(value) => return Some(value.clone()),
                State::Abandoned => return None,
                State::Pending => {
                    state = self
                        .threads
                        .wait(state)
                        .unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// Awaits it. None: it was abandoned.
    pub(crate) async fn settled(&self) -> Option<V> {
        let settled = self.tasks.notified();
        tokio::pin!(settled);
        // From here on a settling is not missed.
        settled.as_mut().enable();
        if self.is_pending() {
            settled.await;
        }
        match &*lock(&self.state) {
            State::Known(value) => Some(value.clone()),
            State::Pending | State::Abandoned => None,
        }
    }

    fn is_pending(&self) -> bool {
        matches!(&*lock(&self.state), State::Pending)
    }
}

/// Nothing panics while it holds one of these locks, so a poisoned one is sound.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(map: &Arc<OnceMap<u32, u32>>, key: u32) -> Slot<u32, u32> {
        match map.claim(key) {
            Claim::Mine(slot) => slot,
            Claim::Known(_) | Claim::Pending(_) => panic!("it is not vacant"),
        }
    }

    #[test]
    fn the_first_learns_and_all_others_get_its_answer() {
        let map = OnceMap::new();
        let first = slot(&map, 1);
        let waiting: Vec<_> = (0..4)
            .map(|_| {
                let Claim::Pending(cell) = map.claim(1) else {
                    panic!("it should be pending");
                };
                std::thread::spawn(move || cell.wait())
            })
            .collect();
        first.fill(7);
        for thread in waiting {
            assert_eq!(thread.join().unwrap(), Some(7));
        }
        assert!(matches!(map.claim(1), Claim::Known(7)));
        assert_eq!((map.get(&1), map.get(&2)), (Some(7), None));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn tasks_wait_too_and_an_abandoned_key_is_vacant_again() {
        let map = OnceMap::new();
        let first = slot(&map, 1);
        let cell = first.cell();
        let waiting = tokio::spawn(async move { cell.settled().await });
        tokio::task::yield_now().await;
        drop(first);
        assert_eq!(waiting.await.unwrap(), None);
        let second = slot(&map, 1);
        let cell = second.cell();
        second.fill(8);
        assert_eq!(cell.settled().await, Some(8));
    }
}
