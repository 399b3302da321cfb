//! From options and sources to how a lock is written.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use lockgate_formats::command::{redacted, redacted_command};
use lockgate_formats::lock::{Annotation, Newline, RenderOptions};
use lockgate_formats::pylock::PylockOptions;
use lockgate_index::{FindLinks, Places, redact_url};
use lockgate_model::{BinaryPolicy, ChoiceRules, IndexOptions, Manifest, Name, Origin, secret};
use url::Url;

use crate::cli::{self, AnnotationStyle, NewlineName, RenderingOptions};
use crate::failure::Failure;
use crate::request::{LockRequest, Output, Settings, named};

/// What pip-compile calls unsafe to pin when nothing else is named.
const UNSAFE: [&str; 3] = ["distribute", "pip", "setuptools"];

/// Variables of pip-compile and uv that stand for `--custom-compile-command`.
const COMMAND_VARIABLES: [&str; 2] = ["CUSTOM_COMPILE_COMMAND", "UV_CUSTOM_COMPILE_COMMAND"];

/// How the lock of `request` is written over `previous`.
pub(crate) fn options(
    request: &LockRequest,
    manifest: &Manifest,
    places: &Places,
    rules: &ChoiceRules,
    previous: Option<&str>,
) -> Result<RenderOptions, Failure> {
    let rendering = &request.arguments.rendering;
    let annotation = match (rendering.no_annotate, rendering.annotation_style) {
        (true, _) => Annotation::None,
        (false, Some(AnnotationStyle::Line)) => Annotation::Line,
        (false, Some(AnnotationStyle::Split) | None) => Annotation::Split,
    };
    let newline = match rendering.newline.unwrap_or(NewlineName::Preserve) {
        NewlineName::Preserve => Newline::of(previous),
        NewlineName::Native if cfg!(windows) => Newline::Windows,
        NewlineName::Lf | NewlineName::Native => Newline::Unix,
        NewlineName::Crlf => Newline::Windows,
    };
    Ok(RenderOptions {
        hashes: !rendering.no_hashes,
        header: !rendering.no_header,
        strip_extras: rendering.strip_extras,
        annotation,
        index: index(request, manifest, places)?,
        binary: binary(rendering, rules),
        omitted: omitted(rendering)?,
        newline,
    })
}

/// How a `pylock.toml` is written, but for the indexes of its packages.
pub(crate) fn pylock_options(
    requires_python: String,
    settings: &Settings,
    rendered: &RenderOptions,
) -> PylockOptions {
    PylockOptions {
        environments: settings.environments.only.clone(),
        requires_python: Some(requires_python),
        omitted: rendered.omitted.clone(),
        notes: rendered.header,
        ..PylockOptions::default()
    }
}

/// The command that the header shows.
pub(crate) fn command(request: &LockRequest) -> String {
    let custom = request.arguments.rendering.custom_compile_command.clone();
    let variable = |name: &&str| std::env::var(name).ok().filter(|text| !text.is_empty());
    match custom.or_else(|| COMMAND_VARIABLES.iter().find_map(variable)) {
        Some(command) => redacted(&command),
        None => redacted_command(&request.words, cli::known_option),
    }
}

/// The projects that are named and not pinned.
pub(crate) fn omitted(rendering: &RenderingOptions) -> Result<BTreeSet<Name>, Failure> {
    if rendering.allow_unsafe {
        return Ok(BTreeSet::new());
    }
    let given = &rendering.no_emit_package;
    if rendering.no_allow_unsafe && given.is_empty() {
        return UNSAFE
            .iter()
            .map(|name| named("--no-allow-unsafe", name))
            .collect();
    }
    given
        .iter()
        .flat_map(|names| names.split(','))
        .map(|name| named("--no-emit-package", name.trim()))
        .collect()
}

/// What the sources state stands in the lock, so that plain `pip install -r` finds the same files; what is stated elsewhere, on the command
/// line or in pip's configuration, stands there when that is asked for.
fn index(
    request: &LockRequest,
    manifest: &Manifest,
    places: &Places,
) -> Result<IndexOptions, Failure> {
    let rendering = &request.arguments.rendering;
    if rendering.no_emit_options {
        return Ok(IndexOptions::default());
    }
    let mut index = manifest.index.clone();
    if rendering.emit_index_url && !rendering.no_emit_index_url {
        must_be_open("--emit-index-url", places.indexes.iter(), manifest)?;
        let mut urls = places.indexes.iter().map(|url| in_use(url.as_str()));
        index.index_url = urls.next();
        index.extra_index_urls = urls.collect();
        index.no_index = index.index_url.is_none();
    }
    if rendering.emit_find_links && !rendering.no_emit_find_links {
        let pages = places.find_links.iter().filter_map(|place| match place {
            FindLinks::Page(url) => Some(url),
            FindLinks::Folder(_) | FindLinks::File(_) => None,
        });
        must_be_open("--emit-find-links", pages, manifest)?;
        let of_sources = &manifest.index.find_links;
        index.find_links = (places.find_links.iter())
            .map(|place| of_place(place, of_sources))
            .collect();
    }
    if rendering.emit_trusted_host {
        let hosts = places.trusted_hosts.iter();
        index.trusted_hosts = hosts.map(|host| in_use(&host.to_string())).collect();
    }
    if rendering.no_emit_index_url {
        index.index_url = None;
        index.extra_index_urls.clear();
    }
    if rendering.no_emit_find_links {
        index.find_links.clear();
    }
    if rendering.no_emit_trusted_host {
        index.trusted_hosts.clear();
    }
    for (place, _) in &mut index.find_links {
        *place = from_folder_of(&request.output, place);
    }
    Ok(index)
}

/// Refuses to write the query of an address into a lock, where a token may stand, unless a source has it: what the command line or pip's
/// configuration keeps apart stays there.
fn must_be_open<'u>(
    option: &str,
    mut urls: impl Iterator<Item = &'u Url>,
    manifest: &Manifest,
) -> Result<(), Failure> {
    let index = &manifest.index;
    let of_sources = index.index_url.iter().chain(&index.extra_index_urls);
    let of_sources = of_sources.chain(&index.find_links);
    let of_sources: Vec<Url> = of_sources
        .filter_map(|(text, _)| Url::parse(text).ok())
        .collect();
    let has_query = |url: &&Url| url.query().is_some_and(|query| !query.is_empty());
    let found = urls.find(|url| has_query(url) && !of_sources.contains(url));
    found.map_or(Ok(()), |url| {
        Err(Failure::new(format!(
            "`{option}` would write the query of `{}` into the lock, where everybody who sees the lock can read it",
            redact_url(url.as_str())
        ))
        .remedy(format!(
            "write the address into a requirements file, with `${{NAME}}` in place of what is secret, or leave `{option}` out"
        )))
    })
}

/// A place as a source has it, which a lock repeats with its variables, or as it is found.
fn of_place(place: &FindLinks, of_sources: &[(String, Origin)]) -> (String, Origin) {
    match place {
        FindLinks::Folder(path) | FindLinks::File(path) => {
            let is_it = |(text, _): &&(String, Origin)| {
                secret::written(text).is_some()
                    && (std::path::absolute(text).is_ok_and(|found| found == *path)
                        || path_of(text).is_some_and(|found| found == *path))
            };
            if let Some((text, _)) = of_sources.iter().find(is_it) {
                return in_use(text);
            }
            // What is below the current folder moves with it.
            let current = std::env::current_dir().unwrap_or_default();
            let below = path.strip_prefix(current).unwrap_or(path);
            in_use(&below.to_string_lossy())
        }
        FindLinks::Page(url) => in_use(url.as_str()),
    }
}

/// The path that a `file:` address names.
fn path_of(text: &str) -> Option<PathBuf> {
    let url = Url::parse(text).ok()?;
    (url.scheme() == "file").then(|| url.to_file_path().ok())?
}

/// Where it was stated is of no interest to who writes it.
fn in_use(place: &str) -> (String, Origin) {
    let origin = Origin {
        file: String::new(),
        line: None,
        via: String::new(),
    };
    (place.to_owned(), origin)
}

/// `place` as it is reached from the lock's folder, where pip looks for it; addresses and absolute paths stay.
fn from_folder_of(output: &Output, place: &str) -> String {
    let Output::File(lock) = output else {
        return place.to_owned();
    };
    let folder = Path::new(lock).parent().unwrap_or(Path::new(""));
    if place.contains("://") || place.starts_with("file:") || Path::new(place).is_absolute() {
        return place.to_owned();
    }
    let moved = |place: &str| {
        let path = pathdiff::diff_paths(place, folder)?;
        Some(lockgate_formats::posix(&path.to_string_lossy()))
    };
    let Some(from_there) = moved(place) else {
        return place.to_owned();
    };
    if let Some(written) = secret::written(place)
        && let Some(written) = moved(&written)
    {
        secret::remember_written(&from_there, &written);
    }
    from_there
}

/// Hashes name exactly the files that these options leave, and pip takes no other; without hashes they decide.
fn binary(rendering: &RenderingOptions, rules: &ChoiceRules) -> BinaryPolicy {
    let is_wanted = rendering.emit_build_options || rendering.no_hashes;
    if is_wanted && !rendering.no_emit_options {
        rules.binary.clone()
    } else {
        BinaryPolicy::default()
    }
}
