//! Which releases are bad, and by which rule: OSV records to verdicts and findings.
//!
//! Fetches nothing and knows no clock: records and the day are arguments. The rules are told in docs/gate.md.

mod age;
mod brief;
mod compact;
mod error;
mod gate;
mod group;
mod matching;
mod policy;
mod record;
mod severity;

pub use age::check_age;
pub use compact::{COMPACT_FORMAT, Compact, Compiler};
pub use error::GateError;
pub use gate::{AdvisoryGate, Source};
pub use policy::{IgnoreEntry, Mode, Policy};
