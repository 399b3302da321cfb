//! What a source distribution requires, where the wheels of its release tell it.
//!
//! The wheels for other machines were built of the same sources. What they require may still be what one `setup.py` found right on one of
//! those machines; but where wheels for several systems and several Pythons say the same, it depends on neither, and no code of the package
//! has to run to learn it. If the source distribution itself states its metadata, wheels have to say the same (PEP 643).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread;

use lockgate_model::{
    DistFile, DistKind, Facts, Metadata, ProjectView, Region, Timestamp, Version, WheelName,
};

/// For what wheels are asked: what is locked for, and when.
pub(super) struct Asked<'a> {
    pub(super) region: &'a Region,
    pub(super) cutoff: Option<Timestamp>,
}

/// Whether there are enough wheels of the release to tell.
pub(super) fn may_tell(project: &dyn ProjectView, version: &Version, asked: &Asked<'_>) -> bool {
    files(project, version).is_some_and(|files| witnesses(&files, asked).is_some())
}

/// The metadata that wheels of the release agree on; none if they do not, or are too few to tell.
pub(super) fn metadata(
    facts: &dyn Facts,
    project: &dyn ProjectView,
    version: &Version,
    asked: &Asked<'_>,
) -> Option<Arc<Metadata>> {
    let files = files(project, version)?;
    let witnesses = witnesses(&files, asked)?;
    let name = project.name();
    let told: Vec<_> = thread::scope(|scope| {
        let ask = |file| scope.spawn(move || facts.metadata(name, version, file).ok());
        let asked: Vec<_> = witnesses.into_iter().map(ask).collect();
        asked.into_iter().map(|one| one.join().ok()?).collect()
    });
    let mut told = told.into_iter();
    let first: Arc<Metadata> = told.next()??;
    told.all(|other| other.is_some_and(|other| is_same(&first, &other)))
        .then_some(first)
}

fn files(project: &dyn ProjectView, version: &Version) -> Option<Arc<[DistFile]>> {
    project.files(project.position(version)?).ok()
}

/// Of the wheels for each system the one for the lowest Python and the one for the highest; none if what they have in common may still
/// depend on the machine.
fn witnesses<'f>(files: &'f [DistFile], asked: &Asked<'_>) -> Option<Vec<&'f DistFile>> {
    let mut systems: BTreeMap<&str, BTreeMap<Version, &DistFile>> = BTreeMap::new();
    let mut pythons: BTreeSet<Version> = BTreeSet::new();
    let mut is_for_later_pythons = false;
    let wheels: Vec<(WheelName, &DistFile)> = files
        .iter()
        .filter(|file| is_before(file, asked.cutoff))
        .filter_map(|file| match file.kind()? {
            DistKind::Wheel(wheel) => Some((wheel, file)),
            DistKind::Sdist => None,
        })
        .collect();
    for (wheel, file) in &wheels {
        let Some(python) = wheel.lowest_python() else {
            continue;
        };
        is_for_later_pythons |= wheel.is_for_later_pythons();
        pythons.insert(python.clone());
        for system in wheel.platforms.split('.').map(system) {
            let known = systems.entry(system).or_default();
            known.insert(python.clone(), file);
        }
    }
    let machine = asked.region.machine();
    let is_for_its_system =
        systems.contains_key(ANY) || machine.is_some_and(|one| systems.contains_key(one.system()));
    let python = asked.region.lowest_python();
    let is_for_its_python = machine.is_some()
        && pythons
            .iter()
            .any(|other| python.release().starts_with(other.release()));
    let is_enough = (is_for_its_system || systems.len() > 1)
        && (is_for_its_python || is_for_later_pythons || pythons.len() > 1);
    let ends = |files: &BTreeMap<Version, &'f DistFile>| {
        let ends = [files.first_key_value(), files.last_key_value()];
        ends.map(|end| end.map(|(_, file)| *file))
    };
    let mut witnesses: Vec<&DistFile> = systems.values().flat_map(ends).flatten().collect();
    witnesses.sort_by(|one, other| one.filename.cmp(&other.filename));
    witnesses.dedup_by(|one, other| one.filename == other.filename);
    is_enough.then_some(witnesses)
}

/// The platform of wheels for all systems.
const ANY: &str = "any";

/// The system of a platform tag, as `sys_platform` names it.
fn system(platform: &str) -> &str {
    const SYSTEMS: [(&str, &str); 5] = [
        ("manylinux", "linux"),
        ("musllinux", "linux"),
        ("linux", "linux"),
        ("macosx", "darwin"),
        ("win", "win32"),
    ];
    let known = SYSTEMS
        .iter()
        .find(|(prefix, _)| platform.starts_with(prefix));
    known.map_or(platform, |(_, system)| system)
}

/// A file that was uploaded after the cutoff tells nothing: with it, the lock of a day would change later.
fn is_before(file: &DistFile, cutoff: Option<Timestamp>) -> bool {
    cutoff.is_none_or(|cutoff| file.uploaded.is_some_and(|uploaded| uploaded < cutoff))
}

/// Whether both require the same, in whatever order.
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    fn sorted<T: ToString>(all: &[T]) -> Vec<String> {
        let mut texts: Vec<String> = all.iter().map(ToString::to_string).collect();
        texts.sort_unstable();
        texts
    }
    one.requires_python == other.requires_python
        && sorted(&one.requirements) == sorted(&other.requirements)
        && sorted(&one.extras) == sorted(&other.extras)
}

#[cfg(test)]
mod tests {
    use lockgate_model::{CoreMetadata, Target, Yank};

    use super::*;

    fn files(wheels: &[&str]) -> Vec<DistFile> {
        let file = |tags: &&str| DistFile {
            filename: format!("thing-1.0-{tags}.whl"),
            url: format!("https://index.test/thing-1.0-{tags}.whl"),
            sha256: None,
            size: None,
            uploaded: None,
            requires_python: None,
            yanked: Yank::No,
            core_metadata: CoreMetadata::Absent,
            has_provenance: false,
        };
        wheels.iter().map(file).collect()
    }

    /// The tags of the witnesses, for CPython 3.12 under Linux.
    fn chosen(wheels: &[&str]) -> Option<Vec<String>> {
        let platform = "x86_64-unknown-linux-gnu".parse().unwrap();
        let target = Target::new(&"3.12".parse().unwrap(), &platform);
        let asked = Asked {
            region: &target.region,
            cutoff: None,
        };
        let files = files(wheels);
        let names = witnesses(&files, &asked)?
            .into_iter()
            .map(|file| file.filename.replace("thing-1.0-", "").replace(".whl", ""));
        Some(names.collect())
    }

    #[test]
    fn wheels_of_one_machine_tell_nothing_of_another() {
        for too_few in [
            &[][..],
            // Another system, and another Python.
            &["cp311-cp311-win_amd64"],
            &["cp310-cp310-win_amd64", "cp311-cp311-win_amd64"],
            &["cp311-cp311-win_amd64", "cp311-cp311-macosx_11_0_arm64"],
            // The same system: Python alone may make a difference, and does not show.
            &["cp311-cp311-manylinux_2_17_x86_64"],
            &["py2-none-any"],
        ] {
            assert_eq!(chosen(too_few), None, "{too_few:?}");
        }
    }

    #[test]
    fn several_systems_and_pythons_do() {
        for enough in [
            &["cp310-cp310-macosx_11_0_arm64", "cp311-cp311-win_amd64"][..],
            &[
                "cp310-cp310-manylinux_2_17_x86_64",
                "cp311-cp311-manylinux_2_17_x86_64",
            ],
            &["cp312-cp312-macosx_11_0_arm64", "cp312-cp312-win_amd64"],
            &["cp312-cp312-musllinux_1_1_aarch64"],
            &["cp37-abi3-macosx_11_0_arm64", "cp37-abi3-win_amd64"],
        ] {
            let enough: Vec<String> = enough.iter().map(ToString::to_string).collect();
            let tags: Vec<&str> = enough.iter().map(String::as_str).collect();
            assert_eq!(chosen(&tags), Some(enough.clone()), "{enough:?}");
        }
    }

    #[test]
    fn the_lowest_and_the_highest_python_of_each_system_are_asked() {
        let wheels = [
            "cp310-cp310-win_amd64",
            "cp38-cp38-manylinux_2_17_x86_64",
            "cp38-cp38-win_amd64",
            "cp39-cp39-manylinux_2_17_x86_64.manylinux2014_x86_64",
            "cp39-cp39-win_amd64",
        ];
        let expected = [
            "cp310-cp310-win_amd64",
            "cp38-cp38-manylinux_2_17_x86_64",
            "cp38-cp38-win_amd64",
            "cp39-cp39-manylinux_2_17_x86_64.manylinux2014_x86_64",
        ];
        assert_eq!(chosen(&wheels).unwrap(), expected);
    }
}
