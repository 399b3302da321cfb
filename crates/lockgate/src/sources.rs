//! What is locked, and what the lock is called: sources and groups as typed, and what follows where they are not.

use std::path::{Path, PathBuf};

use lockgate_formats::{GroupRequest, SourceKind};

use crate::disk;
use crate::failure::Failure;
use crate::request::Output;

/// The sources, and the files that groups are looked for in.
pub(crate) fn inputs(sources: &[String], groups: &[GroupRequest]) -> Vec<String> {
    let mut inputs = sources.to_vec();
    for file in groups.iter().flat_map(|group| group.files(sources)) {
        if !inputs.iter().any(|input| input == file) {
            inputs.push(file.to_owned());
        }
    }
    inputs
}

/// The values of `--group`.
pub(crate) fn groups(given: &[String]) -> Result<Vec<GroupRequest>, Failure> {
    let read = given.iter().map(|text| {
        text.parse().map_err(|error| {
            Failure::new(format!("`--group {text}`: {error}"))
                .remedy("write `--group NAME`, or `--group PATH/pyproject.toml:NAME`")
        })
    });
    read.collect()
}

/// The sources given; where there are none, and no group is asked for, those that are there by default.
pub(crate) fn sources(given: &[String], groups: &[GroupRequest]) -> Result<Vec<String>, Failure> {
    for file in groups.iter().flat_map(|group| group.files(given)) {
        // The group is named, and where it stands is not.
        let is_named = |group: &GroupRequest| group.file.as_deref() == Some(file);
        if !given.iter().any(|source| source == file) && !groups.iter().any(is_named) {
            disk::is_inside(file)?;
        }
    }
    if !given.is_empty() {
        if given.iter().filter(|source| *source == "-").count() > 1 {
            return Err(Failure::new(
                "standard input (`-`) can be a source only once",
            ));
        }
        return Ok(given.to_vec());
    }
    if !groups.is_empty() {
        return Ok(Vec::new());
    }
    disk::first_there(&["requirements.in", "pyproject.toml"])?
        .map(|name| vec![name])
        .ok_or_else(|| {
            Failure::new("there is no `requirements.in` and no `pyproject.toml` in this folder")
                .remedy("name the sources: `lockgate lock FILE…`")
        })
}

/// Where the lock goes: as it is given, else as the one source is called.
pub(crate) fn output(
    given: Option<&str>,
    is_pylock: bool,
    sources: &[String],
    groups: &[GroupRequest],
) -> Result<Output, Failure> {
    if let Some(given) = given {
        if given == "-" {
            return Ok(Output::Standard);
        }
        if given.ends_with(['/', std::path::MAIN_SEPARATOR]) || Path::new(given).is_dir() {
            let file = if is_pylock {
                "pylock.toml"
            } else {
                "requirements.txt"
            };
            let within = Path::new(given).join(file);
            return Err(Failure::new(format!("`-o {given}` names a folder"))
                .remedy(format!("name a file: `-o {}`", within.display())));
        }
        return Ok(Output::File(given.to_owned()));
    }
    let [source] = sources else {
        return Err(match groups.first().filter(|_| sources.is_empty()) {
            Some(group) => Failure::new("dependency groups alone need the lock to be named")
                .remedy(format!("name it with `-o requirements-{}.txt`", group.name)),
            None => Failure::new("several sources need the lock to be named")
                .remedy("name it with `-o FILE`"),
        });
    };
    let path = Path::new(source);
    if is_pylock && source != "-" {
        return Ok(Output::File(pylock_beside(path).display().to_string()));
    }
    if source == "-" {
        return Err(Failure::new("standard input needs the lock to be named")
            .remedy("name it with `-o FILE`"));
    }
    let named = match SourceKind::of(source) {
        kind if kind.is_project() => path.with_file_name("requirements.txt"),
        // The name that `X.txt` would be is as likely the script's own data.
        SourceKind::Script => PathBuf::from(format!("{source}.txt")),
        _ if path.extension().is_some_and(|extension| extension == "in") => {
            path.with_extension("txt")
        }
        _ => {
            return Err(no_name_follows(source));
        }
    };
    Ok(Output::File(named.display().to_string()))
}

/// Says what a source may have been meant as whose name tells no lock.
fn no_name_follows(source: &str) -> Failure {
    let path = Path::new(source);
    let is_package = source.parse::<lockgate_model::Requirement>().is_ok();
    if !path.exists() && is_package && path.extension().is_none_or(|it| it != "txt") {
        return Failure::new(format!("there is no file `{source}`, and sources are files")).remedy(
            format!("to lock a package, write `{source}` into `requirements.in` and run `lockgate lock requirements.in`"),
        );
    }
    let failure = Failure::new(format!(
        "no name for the lock of `{source}` follows from it: it does not end in `.in`"
    ));
    let source_beside = path.with_extension("in");
    if path.extension().is_some_and(|it| it == "txt") && source_beside.is_file() {
        let beside = source_beside.display();
        return failure.remedy(format!(
            "it looks like the lock of `{beside}`: `lockgate lock {beside}` writes it again; to lock what it asks for itself, name the lock with `-o FILE`"
        ));
    }
    failure.remedy("a file of requirements that is to be locked is called `NAME.in`; else name the lock with `-o FILE`")
}

/// `pylock.toml` beside the source; `pylock.X.toml` for a requirements file of another name.
fn pylock_beside(source: &Path) -> PathBuf {
    let stem = source.file_stem().unwrap_or_default().to_string_lossy();
    let is_default = matches!(&*stem, "requirements" | "pyproject" | "setup");
    source.with_file_name(if is_default || stem.contains('.') {
        "pylock.toml".to_owned()
    } else {
        format!("pylock.{stem}.toml")
    })
}
