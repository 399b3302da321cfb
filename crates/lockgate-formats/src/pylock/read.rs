//! A `pylock.toml` to a graph of pins, and to what a lock of either form says.
//!
//! What PEP 751 demands is held: the version of the form, which keys exclude each other, that files have digests. A key that is not known is no
//! error, as the PEP has it.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{
    DirectKind, DirectPin, Edge, LockedFile, LockedGraph, Marker, Name, Origin, Pin, Pins,
    Requirement, RootRequirement, Scope, Sha256, Source, Timestamp, Version, Via,
};

use super::names::{self, version_in};
use super::scopes::{self, narrowed};
use crate::convert::placed;
use crate::error::InputError;
use crate::inventory::{Node, Wrong, check_form, parse_toml};
use crate::lock::{Lock, LockedDirect, LockedPin, ScopedPin, direct_line};
use crate::path::joined;

/// What a `pylock.toml` says.
#[derive(Debug, Clone, Default)]
pub struct Pylock {
    /// The pins with their files, who asks for whom, the environments.
    pub graph: LockedGraph,
    /// The line of each pin, in the order of the graph.
    pub lines: Vec<(Name, Version, usize)>,
    /// `requires-python`.
    pub requires_python: Option<String>,
    /// The address of the index that each release is taken from, where it is stated.
    pub indexes: BTreeMap<(Name, Version), String>,
    /// Groups that are installed where none is named.
    pub default_groups: BTreeSet<Name>,
    /// The command that made it, split into words, if it is lockgate's.
    pub command: Option<Vec<String>>,
    /// The audit's evidence, if it is lockgate's.
    pub audit: Option<String>,
    /// Which answers of indexes were taken for absences, if it is lockgate's.
    pub index_answers: Vec<String>,
    /// What to know of the file.
    pub remarks: Vec<String>,
}

pub(super) const REMEDY: &str = "write it anew with the tool that it is from";

/// Reads a `pylock.toml`. `file` is named in errors.
pub fn read(text: &str, file: &str) -> Result<Pylock, InputError> {
    parsed(text, file).map_err(|wrong| wrong.into_input(file, REMEDY))
}

fn parsed(text: &str, file: &str) -> Result<Pylock, Wrong> {
    let root = parse_toml(text)?;
    let mut pylock = Pylock::default();
    check_form(&root, &mut pylock.remarks)?;
    root.need_text("created-by")?;
    pylock.requires_python = root.text_at("requires-python")?.map(ToOwned::to_owned);
    for text in root.texts_at("environments")? {
        let marker = Marker::parse(text)
            .map_err(|error| Wrong::new(format!("`environments`: `{text}`: {error}")))?;
        pylock.graph.regions.push(marker);
    }
    let names = |key: &str| -> Result<Vec<Name>, Wrong> {
        let texts = root.texts_at(key)?.into_iter();
        texts
            .map(|text| {
                let wrong = |error| Wrong::new(format!("`{key}`: {error}")).at(root.line_of(key));
                Name::new(text).map_err(wrong)
            })
            .collect()
    };
    let extras = names("extras")?.into_iter().map(Scope::Extra);
    let groups = names("dependency-groups")?.into_iter().map(Scope::Group);
    pylock.graph.scopes = extras.chain(groups).collect();
    pylock.default_groups = names("default-groups")?.into_iter().collect();
    let declared = pylock.scopes();
    let tool = root
        .object_at("tool")?
        .and_then(|tool| tool.object_at("lockgate").transpose())
        .transpose()?;
    if let Some(tool) = tool {
        let words = tool.text_at("command")?.map(crate::lock::shell_words);
        pylock.command = words.and_then(Result::ok);
        pylock.audit = tool.text_at("audit")?.map(ToOwned::to_owned);
        let answers = tool.texts_at("index-answers")?.into_iter();
        pylock.index_answers = answers.map(ToOwned::to_owned).collect();
    }
    let packages = root
        .get("packages")
        .ok_or_else(|| Wrong::new("`packages` is missing").at(root.line))?
        .list("packages")?;
    let mut read = Vec::new();
    for package in packages {
        let pin = pin(package, &declared, file)?;
        let place = (pin.name.clone(), pin.version.clone());
        let index = package.text_at("index")?;
        let index = index.map(|index| (place.clone(), index.to_owned()));
        pylock.indexes.extend(index);
        if let Some(other) = scopes::clash(&pin, pylock.graph.pins.of(&pin.name)) {
            return Err(Wrong::new(format!(
                "`{}` is there twice for one environment, as {} and {}",
                pin.name, other.version, pin.version
            ))
            .at(package.line_of("name")));
        }
        for via in texts_of_tool(package, "via")? {
            pylock.graph.edges.push(edge(&pin, via));
        }
        let line = package.line_of("name");
        pylock.lines.push((place.0, place.1, line));
        pylock.graph.pins.insert(pin.clone());
        read.push((package, pin));
    }
    pylock.lines.sort();
    pylock.graph.edges.sort();
    pylock.graph.edges.dedup();
    let known = pylock.graph.pins.clone();
    for (package, pin) in read {
        pylock.graph.pins.insert(Pin {
            dependencies: dependencies(package, &pin, &known)?,
            ..pin
        });
    }
    Ok(pylock)
}

/// Who asks for a pin, as its note says: another pin by its name, else a source.
fn edge(pin: &Pin, via: &str) -> Edge {
    let from = match Name::new(via) {
        Ok(name) if name.as_str() == via => Via::Pin(name),
        _ => Via::Source(Origin {
            file: via
                .trim_start_matches("-r ")
                .trim_start_matches("-c ")
                .to_owned(),
            line: None,
            via: via.to_owned(),
        }),
    };
    Edge {
        to: pin.name.clone(),
        from,
        requirement: pin.name.to_string(),
    }
}

fn texts_of_tool<'n>(package: &'n Node<'_>, key: &str) -> Result<Vec<&'n str>, Wrong> {
    match tool_of(package)? {
        Some(tool) => tool.texts_at(key),
        None => Ok(Vec::new()),
    }
}

fn tool_of<'n, 'a>(package: &'n Node<'a>) -> Result<Option<&'n Node<'a>>, Wrong> {
    match package.object_at("tool")? {
        Some(tool) => tool.object_at("lockgate"),
        None => Ok(None),
    }
}

fn pin(package: &Node<'_>, declared: &BTreeSet<Scope>, lock: &str) -> Result<Pin, Wrong> {
    let text = package.need_text("name")?;
    let line = package.line_of("name");
    let name = Name::new(text).map_err(|error| Wrong::new(error.to_string()).at(line))?;
    let of = |kind: &str| package.object_at(kind);
    let (vcs, directory, archive) = (of("vcs")?, of("directory")?, of("archive")?);
    let sdist = of("sdist")?;
    let wheels = package.list_at("wheels")?;
    let kinds = [
        vcs.is_some(),
        directory.is_some(),
        archive.is_some(),
        sdist.is_some() || !wheels.is_empty(),
    ];
    if kinds.iter().filter(|is_there| **is_there).count() != 1 {
        return Err(Wrong::new(format!(
            "`{name}` must have one of `vcs`, `directory`, `archive`, and files (`sdist`, `wheels`)"
        ))
        .at(line));
    }
    let direct = direct(vcs, directory, archive, lock)?;
    let mut files = Vec::new();
    for file in sdist.into_iter().chain(wheels) {
        files.push(locked_file(file, lock)?);
    }
    if let Some(archive) = archive {
        files.push(locked_file(archive, lock)?);
    }
    files.sort_by(|one, other| one.filename.cmp(&other.filename));
    let of_file = || version_in(&files.first()?.filename, &name);
    let unstated = || of_file().unwrap_or_else(|| Version::new([0]));
    let version = match version(package)? {
        Some(version) => version,
        None if direct.is_some() => unstated(),
        None => {
            let line = package.line_of("version");
            return Err(Wrong::new(format!("`{name}` has no version")).at(line));
        }
    };
    names::check(package, &name, Some(&version))?;
    let place = scopes::read(package.text_at("marker")?, declared)
        .map_err(|wrong| wrong.at(package.line_of("marker")))?;
    Ok(Pin {
        name,
        version,
        marker: place.marker,
        scopes: place.scopes,
        extras: Vec::new(),
        requires_python: package.text_at("requires-python")?.map(ToOwned::to_owned),
        dependencies: Vec::new(),
        files,
        direct,
    })
}

/// What a package depends on: each entry has as many keys as it takes to tell one, so that a name alone stands for all that go with the package.
fn dependencies(package: &Node<'_>, pin: &Pin, pins: &Pins) -> Result<Vec<(Name, Version)>, Wrong> {
    let mut found = Vec::new();
    for dependency in package.list_at("dependencies")? {
        let (text, version) = (
            dependency.need_text("name")?,
            dependency.text_at("version")?,
        );
        let known = Name::new(text).ok();
        let named = known.as_ref().map_or(&[][..], |name| pins.of(name));
        for other in named {
            let is_it = version.is_none_or(|version| other.version.to_string() == version);
            let release = (other.name.clone(), other.version.clone());
            // Pins of one version from several places are one dependency.
            if is_it
                && (version.is_some() || !other.marker.is_disjoint(&pin.marker))
                && !found.contains(&release)
            {
                found.push(release);
            }
        }
        if named.is_empty() {
            return Err(Wrong::new(format!(
                "`{}` depends on `{text}`, which the file does not hold",
                pin.name
            ))
            .at(dependency.line));
        }
    }
    Ok(found)
}

/// The stated version, or what lockgate noted of one that may change.
fn version(package: &Node<'_>) -> Result<Option<Version>, Wrong> {
    let noted = match tool_of(package)? {
        Some(tool) => tool.text_at("version")?,
        None => None,
    };
    let stated = package.text_at("version")?.or(noted);
    let read = |text: &str| {
        text.parse().map_err(|error| {
            Wrong::new(format!("`{text}` is no version: {error}")).at(package.line_of("version"))
        })
    };
    stated.map(read).transpose()
}

fn direct(
    vcs: Option<&Node<'_>>,
    directory: Option<&Node<'_>>,
    archive: Option<&Node<'_>>,
    lock: &str,
) -> Result<Option<DirectPin>, Wrong> {
    // A path is one from the folder of the lock; beside it, it is left as it is.
    let from_here = |path: &str| {
        if lock.contains('/') {
            joined(lock, path)
        } else {
            path.to_owned()
        }
    };
    // A repository on this machine is an address to pip, and known by its whole path.
    let repository = |node: &Node<'_>| -> Result<String, Wrong> {
        if let Some(url) = address(node)? {
            return Ok(url);
        }
        let path = from_here(node.need_text("path")?);
        let url = url::Url::from_file_path(&path);
        Ok(url.map_or(path, |url| url.to_string()))
    };
    let place = |node: &Node<'_>| -> Result<String, Wrong> {
        Ok(match address(node)? {
            Some(url) => url,
            None => from_here(node.need_text("path")?),
        })
    };
    let below = |reference: String, node: &Node<'_>| -> Result<String, Wrong> {
        Ok(match node.text_at("subdirectory")? {
            Some(folder) => format!("{reference}#subdirectory={folder}"),
            None => reference,
        })
    };
    Ok(if let Some(vcs) = vcs {
        let (kind, commit) = (vcs.need_text("type")?, vcs.need_text("commit-id")?);
        let reference = format!("{kind}+{}@{commit}", repository(vcs)?);
        Some(DirectPin {
            reference: below(reference, vcs)?,
            kind: DirectKind::Repository,
            requested: vcs.text_at("requested-revision")?.map(ToOwned::to_owned),
            editable: false,
        })
    } else if let Some(directory) = directory {
        Some(DirectPin {
            reference: below(from_here(directory.need_text("path")?), directory)?,
            kind: DirectKind::Folder,
            requested: None,
            editable: directory.flag_at("editable")?,
        })
    } else if let Some(archive) = archive {
        let digest = digest(archive)?;
        let is_here = archive.get("url").is_none();
        Some(DirectPin {
            reference: below(place(archive)?, archive)?,
            kind: if is_here {
                DirectKind::File(digest)
            } else {
                DirectKind::Archive(digest)
            },
            requested: None,
            editable: false,
        })
    } else {
        None
    })
}

/// What `url` says. Without a scheme it would be taken for a path when it is written again.
fn address(node: &Node<'_>) -> Result<Option<String>, Wrong> {
    let Some(url) = node.text_at("url")? else {
        return Ok(None);
    };
    if !url.contains("://") {
        return Err(Wrong::new(format!("`url` is not an address: `{url}`")).at(node.line_of("url")));
    }
    Ok(Some(url.to_owned()))
}

/// A file; where it is on this machine, its path is that from the current folder.
fn locked_file(file: &Node<'_>, lock: &str) -> Result<LockedFile, Wrong> {
    let (url, path) = (address(file)?, file.text_at("path")?);
    let place = match (url, path) {
        (Some(url), _) => url,
        (None, Some(path)) => joined(lock, path),
        (None, None) => return Err(Wrong::new("a file has neither `url` nor `path`").at(file.line)),
    };
    Ok(LockedFile {
        filename: names::of(file)?,
        sha256: digest(file)?,
        size: file.number_at("size")?,
        uploaded: file
            .date_at("upload-time")?
            .and_then(|text| text.parse::<Timestamp>().ok()),
        url: place,
        has_provenance: false,
    })
}

fn digest(file: &Node<'_>) -> Result<Sha256, Wrong> {
    let hashes = file
        .object_at("hashes")?
        .ok_or_else(|| Wrong::new("a file has no `hashes`").at(file.line))?;
    let text = hashes.text_at("sha256")?.ok_or_else(|| {
        Wrong::new("a file has no `sha256` among its `hashes`, the only digest that is read")
            .at(hashes.line)
    })?;
    Sha256::from_hex(text)
        .ok_or_else(|| Wrong::new(format!("`{text}` is no SHA-256 digest")).at(hashes.line))
}

impl Pylock {
    /// The extras and groups that it knows.
    pub fn scopes(&self) -> BTreeSet<Scope> {
        let defaults = self.default_groups.iter().cloned().map(Scope::Group);
        self.graph.scopes.iter().cloned().chain(defaults).collect()
    }

    /// What of it goes together where these extras and groups are asked for: beside what is installed in any case.
    pub(crate) fn of(&self, is_taken: impl Fn(&Scope) -> bool) -> LockedGraph {
        narrowed(&self.graph, |scope| match scope {
            Scope::Main => true,
            Scope::Group(name) if self.default_groups.contains(name) => true,
            Scope::Extra(_) | Scope::Group(_) => is_taken(scope),
        })
    }

    /// What it pins in any case, as requirements of a source at `path`: each at its version, where it is installed, from the files whose
    /// digests it has.
    pub fn requirements(&self, path: &str) -> Result<Vec<RootRequirement>, InputError> {
        let graph = self.of(|_| false);
        let pins = graph.pins.iter();
        let pins = pins.map(|pin| {
            let mut lines = self.lines.iter();
            let line =
                lines.find(|(name, version, _)| *name == pin.name && *version == pin.version);
            let text = format!("{}=={}", pin.name, pin.version);
            let requirement: Requirement = text
                .parse()
                .map_err(|error| InputError::new(path, format!("`{text}`: {error}")))?;
            Ok(RootRequirement {
                requirement: Requirement {
                    source: match &pin.direct {
                        Some(direct) => Source::Url(placed(direct)),
                        None => requirement.source,
                    },
                    marker: pin.marker.clone(),
                    ..requirement
                },
                origin: Origin {
                    file: path.to_owned(),
                    line: line.map(|(.., line)| *line),
                    via: format!("-r {path}"),
                },
                hashes: pin.files.iter().map(|file| file.sha256).collect(),
                editable: pin.direct.as_ref().is_some_and(|direct| direct.editable),
                config_settings: Vec::new(),
                scopes: BTreeSet::from([Scope::Main]),
            })
        });
        pins.collect()
    }

    /// The same as a lock of either form has it.
    pub fn lock(&self) -> Lock {
        let mut lock = Lock {
            command: self.command.clone(),
            audit: self.audit.clone(),
            index_answers: self.index_answers.clone(),
            regions: self.graph.regions.clone(),
            scopes: self.scopes(),
            ..Lock::default()
        };
        let asking = self.graph.edges_by_target();
        for pin in self.graph.pins.iter() {
            // They are sorted.
            let key = (&pin.name, &pin.version);
            let place = (self.lines).partition_point(|(name, version, _)| (name, version) < key);
            let line = self.lines.get(place);
            let line = line.filter(|(name, version, _)| (name, version) == key);
            let line = line.map_or(0, |(.., line)| *line);
            let edges = asking.get(&pin.name).into_iter().flatten();
            let via: Vec<String> = edges
                .map(|edge| match &edge.from {
                    Via::Source(origin) => origin.via.clone(),
                    Via::Pin(name) => name.to_string(),
                })
                .collect();
            let digests = pin
                .files
                .iter()
                .map(|file| format!("sha256:{}", file.sha256));
            let mut hashes: Vec<String> = digests.collect();
            hashes.sort();
            lock.scoped.push(ScopedPin {
                name: pin.name.clone(),
                version: pin.version.clone(),
                scopes: pin.scopes.clone(),
                direct: pin.direct.clone(),
                line,
            });
            match &pin.direct {
                Some(direct) => lock.direct.push(LockedDirect {
                    text: direct_line(&pin.name, "", direct),
                    project: Some((pin.name.clone(), pin.version.clone())),
                    hashes,
                    via,
                    line,
                }),
                None => lock.pins.push(LockedPin {
                    name: pin.name.clone(),
                    version: pin.version.clone(),
                    extras: pin.extras.clone(),
                    marker: pin.marker.clone(),
                    hashes,
                    via,
                    line,
                }),
            }
        }
        lock
    }
}
