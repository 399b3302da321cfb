//! How much work a search is.
//!
//! PubGrub's work is to compare sets of versions: of a requirement, of what is left of a package, of what it has learned. How often it does so for one
//! decision grows with all that it has learned before, so decisions are no measure. It compares through the trait that [`Set`](crate::package::Set)
//! implements, which is told nothing of the search; that is why the count is kept by thread. A question is answered on one.

use std::cell::Cell;

thread_local! {
    static STEPS: Cell<u64> = const { Cell::new(0) };
}

/// How many pieces of two sets are compared in the time that a comparison takes at least.
const PIECES_PER_STEP: usize = 8;

/// Counts one comparison of sets that consist of so many pieces together.
pub(crate) fn count(pieces: usize) {
    let steps = 1 + pieces / PIECES_PER_STEP;
    STEPS.set(STEPS.get().wrapping_add(steps as u64));
}

/// Counts the steps from a moment on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    begun: u64,
}

impl Effort {
    pub(crate) fn begin() -> Self {
        Self { begun: STEPS.get() }
    }

    /// The steps since then.
    pub(crate) fn spent(self) -> u64 {
        STEPS.get().wrapping_sub(self.begun)
    }
}
