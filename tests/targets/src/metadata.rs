//! METADATA and PKG-INFO.

use lockgate_index::built_metadata;
use lockgate_index::fuzzing::pkg_info;
use lockgate_model::{Metadata, Specifiers};

use crate::sources::same_again;
use crate::texts::says_something;

pub(crate) fn run(bytes: &[u8]) {
    match built_metadata(bytes) {
        Ok(metadata) => check(&metadata),
        Err(reason) => says_something(&reason),
    }
    if let Ok(metadata) = pkg_info(bytes) {
        // What a source distribution states is what a wheel with the same text does.
        assert_eq!(Ok(&metadata), built_metadata(bytes).as_ref());
    }
}

pub(crate) fn check(metadata: &Metadata) {
    for requirement in &metadata.requirements {
        same_again(requirement);
        let _ = requirement.marker.pythons();
        for extra in &metadata.extras {
            let _ = requirement.marker.given(std::slice::from_ref(extra));
        }
    }
    if let Some(text) = &metadata.requires_python
        && let Ok(specifiers) = Specifiers::parse_lenient(text)
    {
        let _ = specifiers.set().lowest();
    }
}
