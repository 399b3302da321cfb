//! `pyproject.toml`, `setup.cfg` and scripts, as sources and as what a build needs.

use lockgate_formats::{Manifests, build_system, static_project};

use crate::sources::check;
use crate::texts::{Memory, says_something};

const NAMES: [&str; 3] = ["pyproject.toml", "setup.cfg", "script.py"];

pub(crate) fn run(bytes: &[u8]) {
    for name in NAMES {
        let files = Memory {
            files: vec![(name, bytes)],
            address: None,
        };
        let manifests = Manifests {
            extras: &[],
            all_extras: true,
            groups: &[],
        };
        match manifests.read(&files, &[name.to_owned()], &[]) {
            Ok(manifest) => check(&manifest),
            Err(error) => says_something(&error),
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = build_system::read(Some(text));
        let _ = static_project::metadata(text);
    }
}
