//! A graph to the text of a `pylock.toml`.
//!
//! Written in the order in which PEP 751 lists the keys, files as inline tables on a line each, so that a difference between two locks reads as one.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use lockgate_model::text::{is_hidden_behind, shown};
use lockgate_model::{
    DirectKind, Edge, LockedFile, LockedGraph, Marker, Name, Note, PassedOver, Pin, Scope,
    Timestamp, Version, Via, WheelName,
};

use super::reference::{Place, place_of};
use super::{names, scopes};
use crate::lock::{Header, audit_text, comment, passed_text, stated_version};
use crate::redact::{stripped_of_credentials, without_credentials};

/// How a `pylock.toml` is written.
#[derive(Debug, Clone, Default)]
pub struct PylockOptions {
    /// The environments that the lock is for, where it is not for all; the regions of a universal lock take their place.
    pub environments: Vec<Marker>,
    /// The Pythons that the lock is for, as a specifier.
    pub requires_python: Option<String>,
    /// The address of the index that a release is taken from.
    pub indexes: BTreeMap<(Name, Version), String>,
    /// Projects that are left out.
    pub omitted: BTreeSet<Name>,
    /// Dependency groups that are installed where none is named.
    pub default_groups: BTreeSet<Name>,
    /// Write who made the lock and what is known of it: `[tool.lockgate]`.
    pub notes: bool,
}

/// The text of a `pylock.toml`.
pub fn render(graph: &LockedGraph, header: &Header, options: &PylockOptions) -> String {
    let mut text = String::from("lock-version = \"1.0\"\n");
    let environments: &[Marker] = if graph.regions.is_empty() {
        &options.environments
    } else {
        &graph.regions
    };
    let environments: Vec<String> = environments.iter().filter_map(Marker::to_text).collect();
    strings("environments", &environments, &mut text);
    if let Some(python) = &options.requires_python {
        let _ = writeln!(text, "requires-python = {}", string(python));
    }
    let (mut extras, mut groups) = (Vec::new(), Vec::new());
    for scope in &graph.scopes {
        match scope {
            Scope::Main => {}
            Scope::Extra(name) => extras.push(name.to_string()),
            Scope::Group(name) => groups.push(name.to_string()),
        }
    }
    let defaults = options.default_groups.iter().map(ToString::to_string);
    for (key, names) in [
        ("extras", &extras),
        ("dependency-groups", &groups),
        ("default-groups", &defaults.collect()),
    ] {
        strings(key, names, &mut text);
    }
    text.push_str("created-by = \"lockgate\"\n");
    let passed: BTreeMap<(&Name, &Version), &PassedOver> = graph
        .notes
        .iter()
        .filter_map(|note| match note {
            Note::PassedOver(passed) => Some(((&passed.name, &passed.version), passed)),
            _ => None,
        })
        .collect();
    let pins = graph.pins.iter();
    let mut pins = pins
        .filter(|pin| !options.omitted.contains(&pin.name))
        .peekable();
    if pins.peek().is_none() {
        text.push_str("packages = []\n");
    }
    let asking = graph.edges_by_target();
    for pin in pins {
        package(graph, pin, options, &mut text);
        if options.notes {
            let passed = passed.get(&(&pin.name, &pin.version));
            let asking = asking.get(&pin.name).map_or(&[][..], Vec::as_slice);
            notes(asking, pin, passed.copied(), &mut text);
        }
    }
    if options.notes {
        let _ = write!(
            text,
            "\n[tool.lockgate]\ncommand = {}\naudit = {}\n",
            string(&comment(&header.command)),
            string(&comment(&audit_text(&header.audit))),
        );
        let answers = header.index_answers.iter();
        let answers: Vec<String> = answers
            .map(|one| comment(&without_credentials(one)))
            .collect();
        strings("index-answers", &answers, &mut text);
    }
    text
}

fn package(graph: &LockedGraph, pin: &Pin, options: &PylockOptions, text: &mut String) {
    let _ = write!(
        text,
        "\n[[packages]]\nname = {}\n",
        string(pin.name.as_str())
    );
    let place = pin.direct.as_ref().map(place_of);
    if states_version(pin) {
        let _ = writeln!(text, "version = {}", string(&pin.version.to_string()));
    }
    if let Some(marker) = scopes::text(pin) {
        let _ = writeln!(text, "marker = {}", marker_value(&marker));
    }
    if let Some(python) = &pin.requires_python {
        let _ = writeln!(text, "requires-python = {}", string(python));
    }
    dependencies(graph, pin, options, text);
    match place {
        Some(place) => direct(pin, &place, text),
        None => files(pin, options, text),
    }
}

/// Whether a package has its version: what a folder holds may change it.
fn states_version(pin: &Pin) -> bool {
    let kind = pin.direct.as_ref().map(|direct| direct.kind);
    kind != Some(DirectKind::Folder) && stated_version(pin).is_some()
}

/// Each entry has as many keys as it takes to tell one package.
fn dependencies(graph: &LockedGraph, pin: &Pin, options: &PylockOptions, text: &mut String) {
    let asked = pin.dependencies.iter();
    let asked: Vec<_> = asked
        .filter(|(name, _)| !options.omitted.contains(name))
        .collect();
    if asked.is_empty() {
        return;
    }
    text.push_str("dependencies = [\n");
    for (name, version) in asked {
        let pins = graph.pins.of(name);
        let same: Vec<&Pin> = pins.iter().filter(|pin| pin.version == *version).collect();
        for other in &same {
            let mut keys = vec![format!("name = {}", string(name.as_str()))];
            let is_told = states_version(other);
            if pins.len() > 1 && is_told {
                keys.push(format!("version = {}", string(&version.to_string())));
            }
            if (same.len() > 1 || (pins.len() > 1 && !is_told))
                && let Some(marker) = scopes::text(other)
            {
                keys.push(format!("marker = {}", marker_value(&marker)));
            }
            let _ = writeln!(text, "    {{ {} }},", keys.join(", "));
        }
    }
    text.push_str("]\n");
}

fn files(pin: &Pin, options: &PylockOptions, text: &mut String) {
    let release = (pin.name.clone(), pin.version.clone());
    if let Some(index) = options.indexes.get(&release) {
        let _ = writeln!(text, "index = {}", string(&stripped_of_credentials(index)));
    }
    let (sdist, wheels) = written(pin);
    if let Some(sdist) = sdist {
        let _ = writeln!(text, "sdist = {}", file(sdist));
    }
    if !wheels.is_empty() {
        text.push_str("wheels = [\n");
        for wheel in wheels {
            let _ = writeln!(text, "    {},", file(wheel));
        }
        text.push_str("]\n");
    }
}

/// The files of a pin that have a place in the form: one source distribution, of the usual form where there are several, and all wheels.
pub fn written(pin: &Pin) -> (Option<&LockedFile>, Vec<&LockedFile>) {
    let (wheels, others): (Vec<&LockedFile>, Vec<&LockedFile>) = pin
        .files
        .iter()
        .partition(|file| WheelName::parse(&file.filename).is_some());
    let sdist = others
        .into_iter()
        .min_by_key(|file| !file.filename.ends_with(".tar.gz"));
    (sdist, wheels)
}

fn file(file: &LockedFile) -> String {
    let mut members = Vec::new();
    let (key, place) = url_or_path(&file.url);
    if names::in_place(key, &place) != file.filename {
        members.push(format!("name = {}", string(&file.filename)));
    }
    members.push(format!("{key} = {}", string(&place)));
    if let Some(uploaded) = file.uploaded {
        members.push(format!("upload-time = {}", instant(uploaded)));
    }
    if let Some(size) = file.size {
        members.push(format!("size = {size}"));
    }
    members.push(format!("hashes = {{ sha256 = \"{}\" }}", file.sha256));
    format!("{{ {} }}", members.join(", "))
}

fn direct(pin: &Pin, place: &Place, text: &mut String) {
    let mut members = Vec::new();
    let key = match place {
        Place::Repository {
            kind,
            address,
            revision,
            commit,
            subdirectory,
        } => {
            members.push(format!("type = {}", string(kind)));
            members.push(format!("{} = {}", address.0, string(&address.1)));
            if let Some(revision) = revision {
                members.push(format!("requested-revision = {}", string(revision)));
            }
            members.push(format!("commit-id = {}", string(commit)));
            push_subdirectory(subdirectory.as_deref(), &mut members);
            "vcs"
        }
        Place::Directory {
            path,
            editable,
            subdirectory,
        } => {
            members.push(format!("path = {}", string(path)));
            if *editable {
                members.push("editable = true".to_owned());
            }
            push_subdirectory(subdirectory.as_deref(), &mut members);
            "directory"
        }
        Place::Archive {
            address,
            subdirectory,
        } => {
            members.push(format!("{} = {}", address.0, string(&address.1)));
            let file = pin.files.first();
            if let Some(uploaded) = file.and_then(|file| file.uploaded) {
                members.push(format!("upload-time = {}", instant(uploaded)));
            }
            if let Some(size) = file.and_then(|file| file.size) {
                members.push(format!("size = {size}"));
            }
            if let Some(file) = file {
                members.push(format!("hashes = {{ sha256 = \"{}\" }}", file.sha256));
            }
            push_subdirectory(subdirectory.as_deref(), &mut members);
            "archive"
        }
    };
    let _ = writeln!(text, "{key} = {{ {} }}", members.join(", "));
}

fn push_subdirectory(subdirectory: Option<&str>, members: &mut Vec<String>) {
    members.extend(subdirectory.map(|folder| format!("subdirectory = {}", string(folder))));
}

fn notes(asking: &[&Edge], pin: &Pin, passed: Option<&PassedOver>, text: &mut String) {
    let via: BTreeSet<String> = asking
        .iter()
        .map(|edge| match &edge.from {
            Via::Source(origin) => comment(&origin.via),
            Via::Pin(name) => name.to_string(),
        })
        .collect();
    if via.is_empty() && passed.is_none() && pin.direct.is_none() {
        return;
    }
    text.push_str("\n[packages.tool.lockgate]\n");
    if pin.direct.is_some()
        && let Some(version) = stated_version(pin)
    {
        // Where it may change, PEP 751 leaves it out.
        let _ = writeln!(text, "version = {}", string(&version.to_string()));
    }
    let via: Vec<String> = via.into_iter().collect();
    strings("via", &via, text);
    if let Some(passed) = passed {
        let _ = writeln!(text, "gate = {}", string(&comment(&passed_text(passed))));
    }
}

/// An address, or where a file of this machine is.
pub(super) fn url_or_path(place: &str) -> (&'static str, String) {
    match place.strip_prefix("file://") {
        Some(path) => ("path", decoded(path)),
        None if place.contains("://") => ("url", stripped_of_credentials(place)),
        None => ("path", place.to_owned()),
    }
}

pub(crate) fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

/// The name that an installer takes a file to have where none is stated.
pub(crate) fn last_part(place: &str) -> String {
    let path = place.split(['?', '#']).next().unwrap_or(place);
    decoded(path.rsplit(['/', '\\']).next().unwrap_or(path))
}

fn instant(instant: Timestamp) -> String {
    // TOML's date-times have no finer unit than installers compare.
    instant.to_string()
}

fn strings(key: &str, values: &[String], text: &mut String) {
    if values.is_empty() {
        return;
    }
    let _ = writeln!(text, "{key} = [");
    for value in values {
        let _ = writeln!(text, "    {},", string(value));
    }
    text.push_str("]\n");
}

/// A marker, in quotes that it does not have.
fn marker_value(marker: &str) -> String {
    string(&marker.replace('\'', "\""))
}

/// A string as TOML writes it, on one line, with escapes for what is hidden and for what a CI service would obey.
fn string(value: &str) -> String {
    let is_plain = !value.contains("##") && matches!(shown(value), Cow::Borrowed(_));
    if is_plain {
        return toml::Value::String(value.to_owned()).to_string();
    }
    let mut out = String::from("\"");
    let mut before = None;
    for c in value.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '#' if before == Some('#') => out.push_str("\\u0023"),
            // Writing to a string cannot fail.
            _ if is_hidden_behind(before, c) => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
            _ => out.push(c),
        }
        before = Some(c);
    }
    out.push('"');
    out
}
