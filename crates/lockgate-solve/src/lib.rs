//! Chooses versions: PubGrub over the facts of the indexes, under a gate (docs/resolver.md).
//!
//! [`solve`] answers a [`Question`] with a locked graph or with a conflict that says why there is none; [`verify()`] holds a
//! graph against the same question by other means. Deterministic: the same question over the same facts has the same answer,
//! whatever was hinted at or fetched ahead.
//!
//! It knows no network, disk, environment or clock, and no gate but the port. PubGrub's types do not leave it.

mod bounds;
mod candidates;
mod changes;
mod conditions;
mod conflict;
mod confusion;
mod coverage;
mod defied;
mod dependencies;
mod effort;
mod elsewhere;
mod exhaust;
mod graph;
mod grid;
mod held_back;
mod hindsight;
mod hints;
mod joined;
mod notes;
mod order;
mod package;
mod prefetch;
mod provider;
mod question;
mod regions;
mod release;
mod search;
mod shelf;
mod sources;
mod speakers;
mod split;
mod verify;

pub use confusion::confusion;
pub use elsewhere::{note_later_indexes, stuck_packages};
pub use grid::{Place, places};
pub use question::{
    Accepted, Answer, MAX_STEPS, MAX_STEPS_VARIABLE, Question, Solution, Statistics, Unwatched,
    Watch,
};
pub use regions::solve;
pub use search::look_ahead;
pub use verify::{Breach, Violation, verify};
