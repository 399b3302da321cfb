//! What is asked, and what is answered.

use std::sync::Arc;

use lockgate_model::{
    ChoiceRules, Conflict, Gate, LockedGraph, Manifest, Name, Preferences, Reason, Requirement,
    Target, Version,
};

/// Everything that the answer depends on, besides the facts.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// What is wanted.
    pub manifest: &'a Manifest,
    /// For which environment.
    pub target: &'a Target,
    /// What may be chosen, by option.
    pub rules: &'a ChoiceRules,
    /// Pins to keep when nothing speaks against them.
    pub keep: &'a Preferences,
    /// `-P PKG[SPEC]`: restrict like constraints.
    pub upgrade: &'a [Requirement],
    /// What must not, or should not, be chosen.
    pub gate: &'a dyn Gate,
}

/// The environment variable by which a caller sets how many steps a search may take.
pub const MAX_STEPS_VARIABLE: &str = "LOCKGATE_MAX_STEPS";

/// How many steps the search for an answer may take where the caller says nothing, in all regions and trials together: half a minute of
/// processor time. A step is a comparison of two small sets of versions. Of some fifty real projects one takes 100 to 250 million, the others at most 40.
pub const MAX_STEPS: u64 = 400_000_000;

/// Follows the work. Called often: it should return at once.
pub trait Watch {
    /// How many projects are decided, and how many versions have been tried so far.
    fn progress(&self, _decided: usize, _tried: usize) {}

    /// After how many steps the search for an answer gives up: whether requirements can be met is a question that no algorithm answers in a time
    /// that grows with them and no faster.
    fn max_steps(&self) -> u64 {
        MAX_STEPS
    }

    /// Whether to give up.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Watch for Unwatched {}

/// The answer. That nothing fits is an answer too, and no error.
#[derive(Debug)]
pub enum Answer {
    /// Versions that fit together.
    Locked(Solution),
    /// There are none.
    Impossible(Box<Conflict>),
}

/// Versions that fit together.
#[derive(Debug)]
pub struct Solution {
    /// The pins, why they are there, and what to know of them.
    pub graph: LockedGraph,
    /// What had to be accepted although the gate would avoid it (`prefer`), in the order of names.
    pub accepted: Vec<Accepted>,
    /// How much work it was.
    pub statistics: Statistics,
}

/// A pin that the gate would avoid and that nothing safe could take the place of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The project.
    pub name: Name,
    /// The pin.
    pub version: Version,
    /// What speaks against it.
    pub reason: Arc<Reason>,
}

/// How much work an answer was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Versions tried, over all runs.
    pub tried: usize,
    /// How often the search began anew because it had learned something that its choices rest on.
    pub restarts: usize,
    /// Restarts that reordered the search by its conflicts.
    pub reorders: usize,
    /// How many of the gate's reasons to avoid were let go.
    pub relaxed: usize,
    /// Whether the last search that found nothing had left out pre-releases or yanked releases, in a question small enough to try it all.
    pub(crate) may_have_missed: bool,
}
