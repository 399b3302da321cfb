//! The words that every room of lockgate shares, and the ports through which they meet.
//!
//! Pure values: nothing here opens a file, asks the network, reads the environment or the clock, or prints.
//! The other crates know this one and not each other; the binary wires them (docs/architecture.md).

mod advisory;
pub mod age;
mod audit;
mod choice;
mod conflict;
mod direct;
mod facts;
mod files;
mod gate;
mod graph;
mod inventory;
mod manifest;
mod marker;
mod metadata;
mod name;
mod packing;
mod points;
mod project;
mod records;
mod reference;
mod region;
mod requirement;
pub mod secret;
mod shown;
mod specifier;
mod tags;
mod target;
pub mod text;
mod version;
mod version_set;

pub use advisory::{Advisory, AdvisoryLink, Finding, FindingCode, Ignored, Level, Severity};
pub use audit::{
    AcceptedGap, AuditReport, AuditedPackage, AuditedPlace, Baseline, Gap, GapCode, JudgedBy,
    Notice, OwnProject, Remark, RemarkCode, SourceState,
};
pub use choice::{
    BinaryPolicy, ChoiceRules, ForkStrategy, FormatControl, PrereleaseMode, ReleaseControl,
    Releases, Resolution,
};
pub use conflict::{
    BoundChange, Conflict, ConflictNote, Exclusion, Fact, GateRefusal, OptionChange, Proof,
    Replaced, Stated, Statement, WayOut, Why,
};
pub use direct::{DirectKind, DirectPin, DirectRelease};
pub use facts::{FactError, Facts, OnIndex, Pick, Scout, Unstated, UnusableReason, Want};
pub use files::{FileKind, Files, FilesError};
pub use gate::{Gate, OpenGate, Reason, Rule, Verdict};
pub use graph::{
    Change, Confusable, Edge, IndexConfusion, LockedFile, LockedGraph, Note, PassedOver, Pin, Pins,
    Rival, Snapshot, Via,
};
pub use inventory::{
    IndexRole, Inventory, InventoryKind, Item, ItemOrigin, NamedIndex, Parent, Scope, UnreadPart,
};
pub use manifest::{
    Constraint, IndexOptions, KeptPin, Manifest, Origin, Preferences, RootRequirement,
    UnbuiltProject, UnnamedRequirement, Unrepeatable, Upgrade,
};
pub use marker::{Environment, Marker, MarkerError};
pub use metadata::{ByExtra, Metadata, StatedInPart};
pub use name::{InvalidName, Name};
pub use packing::{Packing, sdist_stem};
pub use points::{Fit, FitRank, PointSet, Points, WheelRanks};
pub use project::{CoreMetadata, DistFile, DistKind, ProjectStatus, ProjectView, Sha256, Yank};
pub use records::{ReadAt, RecordLookup, ReleaseRecords};
pub use reference::{Place, Reference, ReferenceError};
pub use region::{Many, Region};
pub use requirement::{Requirement, RequirementError, Source};
pub use shown::{ShownAffected, ShownRecord};
pub use specifier::{Clause, SpecifierError, Specifiers};
pub use tags::{Tags, WheelName};
pub use target::{
    Arch, Implementation, LockPoints, Machine, Os, Platform, PlatformError, PythonRule,
    PythonVersion, RequiredWheels, Target,
};
pub use version::{Version, VersionError};
pub use version_set::VersionSet;

/// An instant, in UTC.
pub use jiff::Timestamp;
