//! All tags of a Python on a platform, in the order of `packaging`.

use super::{Implementation, PythonVersion};
use crate::Tags;

pub(super) fn tags(
    python: &PythonVersion,
    implementation: &Implementation,
    platforms: &[String],
) -> Tags {
    let (major, minor) = python.numbers();
    let own = format!("{}{major}{minor}", implementation.tag);
    // From the own interpreter to the oldest with a stable ABI.
    let older: Vec<String> = if implementation.has_stable_abi && major == 3 {
        (2..minor)
            .rev()
            .map(|minor| format!("{}3{minor}", implementation.tag))
            .collect()
    } else {
        Vec::new()
    };
    // py311, py3, py310 down to py30.
    let mut generic = vec![format!("py{major}{minor}"), format!("py{major}")];
    generic.extend((0..minor).rev().map(|minor| format!("py{major}{minor}")));

    let mut list: Vec<(&str, &str, &str)> = Vec::new();
    for abi in &implementation.abis {
        list.extend(
            platforms
                .iter()
                .map(|platform| (own.as_str(), abi.as_str(), platform.as_str())),
        );
    }
    if implementation.has_stable_abi {
        list.extend(
            platforms
                .iter()
                .map(|platform| (own.as_str(), "abi3", platform.as_str())),
        );
    }
    list.extend(
        platforms
            .iter()
            .map(|platform| (own.as_str(), "none", platform.as_str())),
    );
    for older in &older {
        list.extend(
            platforms
                .iter()
                .map(|platform| (older.as_str(), "abi3", platform.as_str())),
        );
    }
    for generic in &generic {
        list.extend(
            platforms
                .iter()
                .map(|platform| (generic.as_str(), "none", platform.as_str())),
        );
    }
    list.push((&own, "none", "any"));
    list.extend(
        generic
            .iter()
            .map(|generic| (generic.as_str(), "none", "any")),
    );
    Tags::new(list)
}
