//! `requires-python` of a `pylock.toml`.
//!
//! A lock for one machine is made with some patch release of Python, and holds for others unless something that it is made of tells them apart:
//! a marker on `python_full_version`, a release that requires a later patch. Without that, who has an earlier patch could not install it, and
//! each interpreter would write another bound.

use std::sync::Arc;

use lockgate_model::{Facts, LockedGraph, PythonVersion, Version};
use lockgate_solve::{Question, verify};

use super::target::LockTarget;

/// Returns the Pythons that a lock is for, as a specifier: from the Python that was asked for, else from the lowest that the sources admit in a
/// lock for many environments, else from the lowest patch release of the interpreter's Python from which on the sources admit it and the lock is
/// a solution.
pub(crate) fn requires_python(
    target: &LockTarget,
    question: &Question<'_>,
    graph: &LockedGraph,
    facts: &Arc<dyn Facts>,
) -> String {
    let python = &target.target.python;
    let lowest = match (python.release(), python.any_prerelease()) {
        ([major, minor, patch], false) if target.is_of_interpreter => {
            let earlier = (0..*patch).rev().map_while(|patch| {
                let version: PythonVersion = format!("{major}.{minor}.{patch}").parse().ok()?;
                is_solution(&version, target, question, graph, facts).then(|| version.of_release())
            });
            earlier.last().unwrap_or_else(|| python.clone())
        }
        _ => python.clone(),
    };
    specifier(&lowest)
}

/// `3.11.0` as `>=3.11`.
fn specifier(lowest: &Version) -> String {
    match (lowest.any_prerelease(), lowest.release()) {
        (false, [major, minor, 0]) => format!(">={major}.{minor}"),
        _ => format!(">={lowest}"),
    }
}

/// Whether the graph is a solution on the same machine with another Python. What is not known is no yes.
fn is_solution(
    python: &PythonVersion,
    target: &LockTarget,
    question: &Question<'_>,
    graph: &LockedGraph,
    facts: &Arc<dyn Facts>,
) -> bool {
    let Some(mut there) = target.target.at_python(python) else {
        return false;
    };
    // Patch releases load the same files, those of a free-threaded Python too.
    there.tags.clone_from(&target.target.tags);
    let mut demands = question.manifest.requires_python.iter();
    if !demands.all(|(specifiers, _)| there.admits_python(specifiers.set())) {
        return false;
    }
    let there = Question {
        target: &there,
        ..*question
    };
    verify(&there, graph, facts).is_ok_and(|breaches| breaches.is_empty())
}

#[cfg(test)]
mod tests {
    use super::specifier;

    #[test]
    fn the_first_patch_release_goes_without_its_number() {
        for (python, expected) in [
            ("3.11.0", ">=3.11"),
            ("3.11.4", ">=3.11.4"),
            ("3.14.0rc1", ">=3.14.0rc1"),
        ] {
            assert_eq!(specifier(&python.parse().unwrap()), expected);
        }
    }
}
