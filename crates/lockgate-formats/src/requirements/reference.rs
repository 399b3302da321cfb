//! What a bare reference says by its text alone: its kind, the extras behind it, and the project that it names.

use std::borrow::Cow;

use lockgate_model::{Name, Requirement, Version, sdist_stem};
use percent_encoding::percent_decode_str;

use crate::error::in_one_line;

/// The schemes of addresses that pip takes for a requirement.
const SCHEMES: &[&str] = &["http", "https", "file", "ftp"];

/// The schemes of the version control systems that pip knows.
const VCS_SCHEMES: &[&str] = &[
    "git+http",
    "git+https",
    "git+ssh",
    "git+git",
    "git+file",
    "hg+file",
    "hg+http",
    "hg+https",
    "hg+ssh",
    "hg+static-http",
    "svn+ssh",
    "svn+http",
    "svn+https",
    "svn+svn",
    "svn+file",
    "bzr+http",
    "bzr+https",
    "bzr+ssh",
    "bzr+sftp",
    "bzr+ftp",
    "bzr+lp",
    "bzr+file",
];

/// The scheme before the first `:`, in lower case.
fn scheme(text: &str) -> Option<String> {
    let (scheme, _) = text.split_once(':')?;
    let is_of_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let is_scheme =
        scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(is_of_scheme);
    is_scheme.then(|| scheme.to_ascii_lowercase())
}

/// Whether pip reads `text` as an address.
pub(crate) fn is_address(text: &str) -> bool {
    scheme(text).is_some_and(|scheme| SCHEMES.contains(&scheme.as_str())) || is_vcs(text)
}

/// Refuses a `file:` address of another machine, which no pip of this one can read.
pub(super) fn check_machine(address: &str) -> Result<(), String> {
    if scheme(address).as_deref() != Some("file") {
        return Ok(());
    }
    let host = address
        .get("file:".len()..)
        .and_then(|rest| rest.strip_prefix("//"))
        .and_then(|rest| rest.split(['/', '?', '#']).next())
        .unwrap_or_default();
    // Windows has folders of other machines.
    if cfg!(windows) || matches!(host, "" | "localhost") {
        return Ok(());
    }
    Err(format!(
        "`{address}` names a file of another machine, `{host}`: write `file:///folder/file`"
    ))
}

/// Whether `text` is the address of a repository.
pub(crate) fn is_vcs(text: &str) -> bool {
    scheme(text).is_some_and(|scheme| VCS_SCHEMES.contains(&scheme.as_str()))
}

/// Whether `text` reads like a path, be there something or not.
pub(super) fn looks_like_path(text: &str) -> bool {
    text.contains('/') || text.starts_with('.') || (cfg!(windows) && text.contains('\\'))
}

/// Whether a path ends like a file that pip installs.
pub(crate) fn is_archive(path: &str) -> bool {
    let path = path.trim_end_matches('/').to_ascii_lowercase();
    let name = path.rsplit('/').next().unwrap_or_default();
    let stem = sdist_stem(name).or_else(|| name.strip_suffix(".whl"));
    stem.is_some_and(|stem| !stem.is_empty())
}

/// `text` without the `[extras]` at its end, and those.
pub(crate) fn split_extras(text: &str) -> Result<(&str, Vec<Name>), String> {
    let Some(inner) = text.strip_suffix(']') else {
        return Ok((text, Vec::new()));
    };
    let Some((before, extras)) = inner.rsplit_once('[') else {
        return Ok((text, Vec::new()));
    };
    if before.is_empty() || extras.is_empty() || extras.contains(']') {
        return Ok((text, Vec::new()));
    }
    Ok((before.trim_end(), extras_of(extras)?))
}

/// Extras as they stand between brackets.
fn extras_of(text: &str) -> Result<Vec<Name>, String> {
    let requirement: Result<Requirement, _> = format!("x[{text}]").parse();
    requirement
        .map(|requirement| requirement.extras)
        .map_err(|error| format!("`[{text}]` are no extras: {}", in_one_line(&error)))
}

/// The project and the extras that the fragment of an address names: `#egg=name` or `#egg=name[extra]`.
pub(crate) fn egg(address: &str) -> Result<Option<(Name, Vec<Name>)>, String> {
    let Some((_, rest)) = address
        .split_once("#egg=")
        .or_else(|| address.split_once("&egg="))
    else {
        return Ok(None);
    };
    let text = rest.split('&').next().unwrap_or_default();
    let decoded = percent_decode_str(text).decode_utf8_lossy();
    let (name, extras) = split_extras(&decoded)?;
    let name = Name::new(name).map_err(|_error| {
        format!("`#egg={text}` names no project: it may hold a name, and extras in brackets")
    })?;
    Ok(Some((name, extras)))
}

/// The project that a path or an address names by its file, if that is a wheel.
pub(crate) fn wheel(reference: &str, is_address: bool) -> Result<Option<Name>, String> {
    let file = file_name(reference, is_address);
    if !file.ends_with(".whl") {
        return Ok(None);
    }
    name_of_wheel(&file)
        .map(Some)
        .ok_or_else(|| format!("`{reference}`: `{file}` is no name of a wheel: write `name-version-python-abi-platform.whl`"))
}

fn name_of_wheel(file: &str) -> Option<Name> {
    let stem = file.strip_suffix(".whl")?;
    let parts: Vec<&str> = stem.split('-').collect();
    let (name, version, build, tags) = match parts.as_slice() {
        [name, version, tags @ ..] if tags.len() == 3 => (name, version, None, tags),
        [name, version, build, tags @ ..] if tags.len() == 3 => (name, version, Some(build), tags),
        _ => return None,
    };
    let has_build_number =
        build.is_none_or(|build| build.starts_with(|c: char| c.is_ascii_digit()));
    let is_of_python = |c: char| c.is_alphanumeric() || c == '_';
    let has_tags = tags
        .iter()
        .all(|set| set.split('.').all(|tag| !tag.is_empty()));
    let has_python = tags
        .first()
        .is_some_and(|set| set.split('.').all(|tag| tag.chars().all(is_of_python)));
    let is_whole = has_build_number
        && has_tags
        && has_python
        && version.parse::<Version>().is_ok()
        && !name.contains("__");
    if !is_whole {
        return None;
    }
    Name::new(name).ok()
}

/// The last part of a path, or of an address's path as it is when decoded.
fn file_name(reference: &str, is_address: bool) -> Cow<'_, str> {
    let last = |path: &str| {
        let path = path.trim_end_matches('/');
        path.rsplit('/').next().unwrap_or_default().to_owned()
    };
    if !is_address {
        return Cow::Owned(last(reference));
    }
    let path = reference.split(['?', '#']).next().unwrap_or_default();
    Cow::Owned(last(&percent_decode_str(path).decode_utf8_lossy()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::new(text).unwrap()
    }

    #[test]
    fn addresses_and_paths_are_told_apart_as_pip_does() {
        for text in [
            "https://host.test/x.whl",
            "HTTP:x",
            "file:x",
            "git+ssh://git@host.test/x",
        ] {
            assert!(is_address(text), "{text}");
        }
        for text in [
            "flask",
            "ssh://host.test/x",
            "c:/x",
            "git://host.test/x",
            "a @ https://h",
            "://",
        ] {
            assert!(!is_address(text), "{text}");
        }
        for path in ["x.tar.gz", "a/x.ZIP", "x.whl/", "./x.tar.lzma"] {
            assert!(is_archive(path), "{path}");
        }
        for path in ["x", "x.gz", "x.py", ".whl", "x.tar.gz.txt"] {
            assert!(!is_archive(path), "{path}");
        }
    }

    #[test]
    fn extras_stand_in_brackets_at_the_end() {
        for (text, before, extras) in [
            ("./x", "./x", vec![]),
            ("./x[a,B_c]", "./x", vec![name("a"), name("b-c")]),
            ("./x [a]", "./x", vec![name("a")]),
            ("./x[]", "./x[]", vec![]),
            ("[a]", "[a]", vec![]),
            ("a]", "a]", vec![]),
        ] {
            assert_eq!(split_extras(text), Ok((before, extras)), "{text}");
        }
        assert!(split_extras("./x[!]").is_err());
    }

    #[test]
    fn a_project_is_named_by_its_wheel_or_its_fragment() {
        for (address, project) in [
            (
                "https://host.test/Foo_Bar-1.0-py3-none-any.whl",
                Some("foo-bar"),
            ),
            (
                "https://host.test/x-1.0%2Bcpu-py3-none-any.whl?a#b",
                Some("x"),
            ),
            ("https://host.test/x-1-2b-py2.py3-none-any.whl/", Some("x")),
            ("https://host.test/x.whl.zip", None),
        ] {
            assert_eq!(wheel(address, true), Ok(project.map(name)), "{address}");
        }
        for path in [
            "x.whl",
            "x-1-py3-none.whl",
            "x-one-py3-none-any.whl",
            "x-1-b-py3-none-any.whl",
            "x-1-py3--any.whl",
        ] {
            assert!(wheel(path, false).is_err(), "{path}");
        }
        for (address, project) in [
            ("git+https://host.test/x", None),
            ("git+https://host.test/x#egg=X_y", Some(("x-y", vec![]))),
            (
                "git+https://host.test/x#subdirectory=s&egg=x[a]&z",
                Some(("x", vec![name("a")])),
            ),
        ] {
            let project = project.map(|(project, extras)| (name(project), extras));
            assert_eq!(egg(address), Ok(project), "{address}");
        }
        for address in [
            "git+https://host.test/x#egg=",
            "git+https://host.test/x#egg=x==1",
        ] {
            assert!(egg(address).is_err(), "{address}");
        }
    }
}
