//! Texts to the model and back: requirement files, projects (`pyproject.toml`, `setup.cfg`), scripts, locks, `lockgate.toml`; locks of other
//! tools, bills of materials and installed distributions to inventories.
//!
//! Opens no file and reads no variable itself: texts come in, and a `Files` reader for includes. Knows neither index, gate nor solver.
//! Errors name file, line and remedy, and never show a credential. Work and memory are linear in the size of the inputs.

mod age;
mod config;
mod document;
mod error;
mod manifests;
mod overrides;
mod path;
mod project;
mod pyproject;
mod redact;
mod requirements;
mod script;
mod setup_cfg;
mod setuptools;
mod source;
#[cfg(test)]
mod testing;
mod text;
mod vex;

pub mod build_system;
pub mod command;
pub mod convert;
pub mod diff;
pub mod inventory;
pub mod lock;
pub mod pylock;
pub mod static_project;

pub use age::{AgeError, When, duration};
pub use config::{
    AdvisorySource, Config, ConfigGroup, ConfigIgnore, ConfigIncomplete, ConfigIndex, ConfigLock,
    ConfigPath, DEFAULT_MAX_ADVISORY_AGE, Ineffective, JoinedPolicy, LOCK_ENTRY_OPTIONS,
    LockEntryOption, LockEntryValue, LowerPolicy, Set, index_address, join_policies, same_policy,
    stricter_of_both,
};
pub use error::{InputError, NeedsBuild};
pub use manifests::{GroupRequest, Manifests};
pub use overrides::read_overrides;
pub use path::posix;
pub use pyproject::has_project_table;
pub use requirements::must_be_repeatable;
pub use setup_cfg::states_setup_requirements;
pub use source::SourceKind;
pub use vex::{
    VEX_JUSTIFICATIONS, VexIgnore, VexProduct, VexStatement, VexStatus, read_openvex, vex_ignores,
};
