//! Versions, specifiers, markers, requirements, names of wheels, addresses: the words of which the rest is made.

use lockgate_formats::When;
use lockgate_model::{
    Marker, Name, Reference, Requirement, Specifiers, Version, VersionSet, WheelName,
};

use crate::sources::{is_over_budget, same_again, same_marker};
use crate::texts::says_something;

pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(version) = text.parse::<Version>() {
        let again: Version = version
            .to_string()
            .parse()
            .expect("a version's text is one");
        assert_eq!(again, version);
        assert!(VersionSet::with_locals(version.clone()).contains(&version));
        assert!(
            !VersionSet::exactly(version.clone())
                .complement()
                .contains(&version)
        );
    }
    for specifiers in [text.parse::<Specifiers>(), Specifiers::parse_lenient(text)] {
        match specifiers {
            Ok(specifiers) => {
                let again: Specifiers = specifiers
                    .to_string()
                    .parse()
                    .expect("the text of specifiers is specifiers");
                assert_eq!(again, specifiers);
            }
            Err(error) => says_something(&error),
        }
    }
    match Marker::parse(text) {
        Ok(marker) => marked(&marker),
        Err(error) => says_something(&error),
    }
    for requirement in [text.parse::<Requirement>(), Requirement::parse_strict(text)] {
        match requirement {
            Ok(requirement) => same_again(&requirement),
            Err(error) => says_something(&error),
        }
    }
    if let Ok(name) = text.parse::<Name>() {
        assert_eq!(name.as_str().parse::<Name>().as_ref(), Ok(&name));
    }
    let _ = WheelName::parse(text);
    let _ = When::parse(text);
    let _ = text.parse::<Reference>().map(|read| read.to_string());
}

fn marked(marker: &Marker) {
    if let Some(text) = marker.to_text() {
        match Marker::parse(&text) {
            Ok(again) => same_marker(&again, marker),
            Err(error) if is_over_budget(&error) => {}
            Err(error) => panic!("`{text}` is not read again: {error}"),
        }
    }
    let _ = marker.pythons();
    assert!(marker.and(&marker.not()).is_never());
    assert!(marker.or(&marker.not()).is_always());
}
