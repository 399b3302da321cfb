//! Which releases are bad, and by which rule: OSV records to verdicts and findings.
//!
//! Fetches nothing and knows no clock: records and the day are arguments. The rules are told in docs/gate.md.

mod age;
mod audit;
mod brief;
mod compact;
mod description;
mod error;
mod gate;
mod group;
mod matching;
mod overlay;
mod policy;
mod record;
mod scopes;
mod severity;
mod shown;

pub use age::{Dated, check_age};
pub use audit::{Auditor, KnownFindings, MayTell, Selection, leave_out_known};
pub use compact::{COMPACT_FORMAT, Compact, Compiled, Compiler};
pub use description::description;
pub use error::{GateError, UnreadableRecord};
pub use gate::{AdvisoryGate, Judged, Source, Subject};
pub use overlay::Overlay;
pub use policy::{GapAcceptance, GroupPolicy, IgnoreEntry, Mode, Policy, YankRule};
pub use scopes::scopes_of;
pub use shown::shown_record;
