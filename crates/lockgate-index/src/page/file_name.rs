//! The version in a file's name, without allocating: a page may name tens of thousands of files.

use lockgate_model::{Name, Version, WheelName, sdist_stem};

/// Whether `filename` is of a wheel or source distribution of some project.
pub(crate) fn is_distribution(filename: &str) -> bool {
    (sdist_stem(filename).is_some() || filename.strip_suffix(".whl").is_some())
        && !filename.contains(|c: char| c == '/' || c == '\\' || c.is_control())
}

/// Whether pip finds a file of this name in a folder: a wheel, or a source distribution in one of the two forms that are published today, with
/// the version behind the last dash. Other archives count where a page links to them.
pub(crate) fn is_found_in_folder(filename: &str) -> bool {
    if filename.strip_suffix(".whl").is_some() {
        return WheelName::parse(filename).is_some();
    }
    let stem = [".tar.gz", ".zip"];
    let mut stem = stem
        .iter()
        .filter_map(|suffix| filename.strip_suffix(suffix));
    let Some((name, version)) = stem.next().and_then(|stem| stem.rsplit_once('-')) else {
        return false;
    };
    // `foo-1.0-1.zip` is no file of `foo` there.
    let begins_with_version = |(dash, _): (usize, &str)| {
        let rest = name.get(dash + 1..).unwrap_or_default();
        format!("{rest}-{version}").parse::<Version>().is_ok()
    };
    let is_version = version.parse::<Version>().is_ok();
    is_version && !name.is_empty() && !name.match_indices('-').any(begins_with_version)
}

/// The names, in normal form, of the projects that [`version_text`] may find `filename` to be of.
pub(crate) fn possible_names(filename: &str) -> Vec<String> {
    let name = |text: &str| Name::new(text).ok().map(|name| name.as_str().to_owned());
    if let Some(stem) = filename.strip_suffix(".whl") {
        let first = stem.split('-').next().unwrap_or_default();
        return name(first).into_iter().collect();
    }
    let stem = sdist_stem(filename).unwrap_or_default();
    let before = |(dash, _): (usize, &str)| name(stem.get(..dash)?);
    stem.match_indices('-').filter_map(before).collect()
}

/// The version part of `filename`, if it is a wheel or source distribution of `project` by its name.
pub(super) fn version_text<'a>(filename: &'a str, project: &Name) -> Option<&'a str> {
    if filename.contains(|c: char| c == '/' || c == '\\' || c.is_control()) {
        return None;
    }
    if let Some(stem) = filename.strip_suffix(".whl") {
        return wheel_version(stem, project);
    }
    sdist_version(sdist_stem(filename)?, project)
}

/// `name-version(-build)?-python-abi-platform`.
fn wheel_version<'a>(stem: &'a str, project: &Name) -> Option<&'a str> {
    let mut parts = stem.split('-');
    let (name, version) = (parts.next()?, parts.next()?);
    let third = parts.next()?;
    match parts.count() {
        2 => {}
        3 if third.starts_with(|c: char| c.is_ascii_digit()) => {}
        _ => return None,
    }
    // `__` is no escaped separator, and `1.0_1` no version: pip takes neither for a wheel.
    (!name.contains("__") && is_spelling_of(name, project)).then_some(version)
}

/// `name-version`, where either may hold dashes: the name ends where it spells the project's.
fn sdist_version<'a>(stem: &'a str, project: &Name) -> Option<&'a str> {
    stem.match_indices('-').find_map(|(dash, _)| {
        let (name, version) = (stem.get(..dash)?, stem.get(dash + 1..)?);
        (!version.is_empty() && is_spelling_of(name, project)).then_some(version)
    })
}

/// Whether `text` normalises to `project`.
fn is_spelling_of(text: &str, project: &Name) -> bool {
    let mut normal = project.as_str().bytes();
    let mut separated = false;
    for byte in text.bytes() {
        if matches!(byte, b'-' | b'_' | b'.') {
            separated = true;
            continue;
        }
        if separated && normal.next() != Some(b'-') {
            return false;
        }
        separated = false;
        if normal.next() != Some(byte.to_ascii_lowercase()) {
            return false;
        }
    }
    !separated && normal.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_hold_wheels_and_the_two_forms_of_source_distributions() {
        for found in [
            "foo-1.0.tar.gz",
            "foo-bar-1.0.zip",
            "foo-1.0-py3-none-any.whl",
            "foo-1.0-2-py3-none-any.whl",
        ] {
            assert!(is_found_in_folder(found), "{found}");
        }
        for passed in [
            "foo-1.0.tgz",
            "foo-1.0.tar",
            "foo-1.0.tar.bz2",
            "foo-1.0.tar.xz",
            "foo-1.0.tlz",
            "foo-1.0.tar.lz",
            "foo-1.0.tar.lzma",
            "foo-abc.tar.gz",
            "foo-1.0-1.tar.gz",
            "-1.0.zip",
            "foo.zip",
            "foo-1.0_1-py3-none-any.whl",
            "foo__bar-1-py3-none-any.whl",
            "foo-1.0-py3--any.whl",
        ] {
            assert!(!is_found_in_folder(passed), "{passed}");
        }
    }

    #[test]
    fn versions_are_found_in_names_of_every_age() {
        let cases = [
            ("zope-interface", "zope.interface-4.0.tar.gz", Some("4.0")),
            ("python-dateutil", "python-dateutil-2.8.tar.gz", Some("2.8")),
            ("python-dateutil", "python_dateutil-2.8.tar.gz", Some("2.8")),
            ("python-dateutil", "python-dateutil-2.8.zip", Some("2.8")),
            ("foo", "foo-1.0-1.tar.gz", Some("1.0-1")),
            ("foo", "foo-1.0.tar.bz2", Some("1.0")),
            ("foo", "foo-1.0.tar.lzma", Some("1.0")),
            ("foo", "foo-1.0.tar.lz", Some("1.0")),
            ("foo", "foo-1.0.tlz", Some("1.0")),
            ("foo", "foo-1.0.TAR.GZ", None),
            ("foo", "Foo-1.0-py2.py3-none-any.whl", Some("1.0")),
            ("foo", "foo-1.0-2-py3-none-any.whl", Some("1.0")),
            ("foo", "foo-1.0-b2-py3-none-any.whl", None),
            ("foo", "foo-1.0_1-py3-none-any.whl", Some("1.0_1")),
            ("foo-bar", "foo__bar-1-py3-none-any.whl", None),
            ("foo-bar", "foo_bar-1-py3-none-any.whl", Some("1")),
            ("foo-bar", "foo__bar-1.tar.gz", Some("1")),
            ("foo", "foo_bar-1-py3-none-any.whl", None),
            ("foo", "foo-bar-1.0.tar.gz", Some("bar-1.0")),
            ("foo", "foo-1.0.exe", None),
            ("foo", "foo-1.0.egg", None),
            ("foo", "foo-.tar.gz", None),
            ("foo", "foo.tar.gz", None),
            ("foo", "foo-1.0/../x.tar.gz", None),
            ("foo", "foo-1.0-py3-none.whl", None),
        ];
        for (project, filename, expected) in cases {
            let project = Name::new(project).unwrap();
            assert_eq!(version_text(filename, &project), expected, "{filename}");
            let names = possible_names(filename);
            let is_possible = names.iter().any(|name| name == project.as_str());
            assert!(is_possible || expected.is_none(), "{filename}");
        }
    }
}
