//! Whether a file is, by its own name, one of the release that it is stated for. An installer goes by the name, so that a lock in which
//! they differ would be judged for one release and install another.

use lockgate_model::{Item, ItemOrigin, Name, Version, WheelName, sdist_stem};

use super::last_part;
use crate::inventory::{Node, Wrong};

/// What a lock states a file to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Wheel,
    Source,
}

/// Holds the files of a package against its name, and its version where it states one.
pub(crate) fn check(
    package: &Node<'_>,
    name: &Name,
    version: Option<&Version>,
) -> Result<(), Wrong> {
    let sdist = package.object_at("sdist")?.map(|file| (Kind::Source, file));
    let wheels = package.list_at("wheels")?.iter();
    let wheels = wheels.map(|file| (Kind::Wheel, file));
    for (kind, file) in sdist.into_iter().chain(wheels) {
        if let Some(why) = wrong(&of(file)?, kind, name, version) {
            return Err(Wrong::new(why).at(file.line));
        }
    }
    Ok(())
}

/// The name of a file: as stated, else the end of its address or path.
pub(super) fn of(file: &Node<'_>) -> Result<String, Wrong> {
    if let Some(name) = file.text_at("name")? {
        return Ok(name.to_owned());
    }
    for key in ["path", "url"] {
        if let Some(place) = file.text_at(key)? {
            return Ok(in_place(key, place));
        }
    }
    Err(Wrong::new("a file has neither `url` nor `path`").at(file.line))
}

/// The name that an installer takes the file at a `url` or `path` to have. Only addresses have escapes and queries.
pub(super) fn in_place(key: &str, place: &str) -> String {
    match key {
        "url" => last_part(place),
        _ => place.rsplit(['/', '\\']).next().unwrap_or(place).to_owned(),
    }
}

/// What is wrong with the name of a file of a release, if anything is; a release without a version may be any.
fn wrong(filename: &str, kind: Kind, name: &Name, version: Option<&Version>) -> Option<String> {
    let is_it = match kind {
        Kind::Wheel => match WheelName::parse(filename) {
            None => return Some(format!("`{filename}` is no name of a wheel")),
            Some(wheel) => {
                wheel.name == *name && version.is_none_or(|version| wheel.version == *version)
            }
        },
        Kind::Source => match sdist_stem(filename) {
            None => {
                return Some(format!("`{filename}` is no name of a source distribution"));
            }
            Some(stem) => is_source(stem, name, version),
        },
    };
    (!is_it).then(|| match version {
        Some(version) => format!("`{filename}` is no file of `{name}=={version}`"),
        None => format!("`{filename}` is no file of `{name}`"),
    })
}

/// Holds the files that a lock of another tool lists for an item against its name and version. Of what is no release of an index only
/// wheels count: an archive of a repository is named after a branch. What no release can be read from says nothing either way.
pub(crate) fn check_listed<'n, 'a: 'n>(
    files: impl Iterator<Item = &'n Node<'a>>,
    item: &Item,
) -> Result<(), Wrong> {
    let Some(name) = &item.name else {
        return Ok(());
    };
    let is_of_index = matches!(item.origin, ItemOrigin::Index(_));
    for file in files {
        for (key, is_place) in [
            ("filename", false),
            ("file", false),
            ("path", true),
            ("url", true),
        ] {
            let Some(text) = file.text_at(key)? else {
                continue;
            };
            let filename = if is_place {
                in_place(key, text)
            } else {
                text.to_owned()
            };
            let kind = match filename.strip_suffix(".whl") {
                Some(_) => Kind::Wheel,
                None if is_of_index && states_release(&filename) => Kind::Source,
                None => continue,
            };
            if let Some(why) = wrong(&filename, kind, name, item.version.as_ref()) {
                return Err(
                    Wrong::new(format!("{why}, and installers go by the name of a file"))
                        .at(file.line)
                        .remedy("lock again with the tool that the lock is from"),
                );
            }
        }
    }
    Ok(())
}

/// The version of a package that states none, by the names of its wheels; none where they are of several.
pub(crate) fn version_of_wheels(package: &Node<'_>) -> Result<Option<Version>, Wrong> {
    let mut versions = Vec::new();
    for file in package.list_at("wheels")? {
        for key in ["name", "filename", "path", "url"] {
            if let Some(text) = file.text_at(key)? {
                let name = match key {
                    "path" | "url" => in_place(key, text),
                    _ => text.to_owned(),
                };
                match WheelName::parse(&name) {
                    Some(wheel) => versions.push(wheel.version),
                    None => return Ok(None),
                }
                break;
            }
        }
    }
    versions.sort();
    versions.dedup();
    let is_one = versions.len() == 1;
    Ok(versions.pop().filter(|_| is_one))
}

/// Whether a source distribution has a name that some package and version can be read from.
fn states_release(filename: &str) -> bool {
    sdist_stem(filename).is_some_and(|stem| {
        stem.match_indices('-').any(|(dash, _)| {
            let (before, after) = stem.split_at(dash);
            let version = after.trim_start_matches('-').parse::<Version>();
            Name::new(before).is_ok() && version.is_ok()
        })
    })
}

/// The release that a wheel or a source distribution is of by its name. Where a name can be read in several ways, the longest package
/// name counts.
pub(crate) fn release_in(filename: &str) -> Option<(Name, Version)> {
    if let Some(wheel) = WheelName::parse(filename) {
        return Some((wheel.name, wheel.version));
    }
    let stem = sdist_stem(filename)?;
    stem.rmatch_indices('-').find_map(|(dash, _)| {
        let (before, after) = stem.split_at(dash);
        let version = after.trim_start_matches('-').parse().ok()?;
        Some((Name::new(before).ok()?, version))
    })
}

/// The version in the name of a file of `name`, of a wheel or a source distribution.
pub(crate) fn version_in(filename: &str, name: &Name) -> Option<Version> {
    if let Some(wheel) = WheelName::parse(filename) {
        return (wheel.name == *name).then_some(wheel.version);
    }
    let stem = sdist_stem(filename)?;
    stem.match_indices('-').find_map(|(dash, _)| {
        let (before, after) = stem.split_at(dash);
        let is_named = Name::new(before).is_ok_and(|before| before == *name);
        let version = after.trim_start_matches('-').parse().ok();
        version.filter(|_| is_named)
    })
}

/// `name-version`, where either may hold dashes.
fn is_source(stem: &str, name: &Name, version: Option<&Version>) -> bool {
    stem.match_indices('-').any(|(dash, _)| {
        let (before, after) = stem.split_at(dash);
        let stated = after.trim_start_matches('-').parse::<Version>();
        let is_named = Name::new(before).is_ok_and(|before| before == *name);
        is_named && stated.is_ok_and(|stated| version.is_none_or(|version| stated == *version))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_told_by_its_name() {
        use Kind::{Source, Wheel};
        for (filename, kind, name, version, is_right) in [
            ("a-1.0-py3-none-any.whl", Wheel, "a", "1.0", true),
            ("a-1.0-2-py3-none-any.whl", Wheel, "a", "1", true),
            (
                "A_b-1.0+cpu-py3-none-any.whl",
                Wheel,
                "a-b",
                "1.0+cpu",
                true,
            ),
            ("a-1.0-py3-none-any.whl", Wheel, "a", "1.1", false),
            ("a-1.0-py3-none-any.whl", Wheel, "b", "1.0", false),
            ("a-1.0.tar.gz", Wheel, "a", "1.0", false),
            ("a.whl", Wheel, "a", "1.0", false),
            ("a-1.0.tar.gz", Source, "a", "1.0", true),
            ("a-b-1.0.zip", Source, "a-b", "1.0", true),
            ("a.b-1.0-1.tar.bz2", Source, "a-b", "1.0.post1", true),
            ("a-1.0.tar.gz", Source, "a", "1.0.1", false),
            ("a-b-1.0.tar.gz", Source, "a", "1.0", false),
            ("a-1.0-py3-none-any.whl", Source, "a", "1.0", false),
        ] {
            let (name, version) = (name.parse().unwrap(), version.parse().unwrap());
            let wrong = wrong(filename, kind, &name, Some(&version));
            assert_eq!(wrong.is_none(), is_right, "{filename}: {wrong:?}");
        }
        assert_eq!(
            wrong("a-1.0.tar.gz", Source, &"a".parse().unwrap(), None),
            None
        );
    }
}
