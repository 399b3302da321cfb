//! Locks of any tool as graphs of pins, so that they can be written in another form without resolving.
//!
//! What a lock pins, for which environments and with which digests is carried over. What its form does not have, such as the addresses of files in
//! requirements files, is left empty for who knows the index to fill in. What cannot be carried over is an error, never left out.

mod files;

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{
    DirectKind, DirectPin, Edge, Files, Inventory, InventoryKind, Item, ItemOrigin, LockedFile,
    LockedGraph, Marker, Name, Origin, Packing, Parent, Pin, Scope, Sha256, Version, Via,
};

use crate::error::InputError;
use crate::inventory::read_inventory;
use crate::lock::{self, Lock, LockedDirect, split_marker};
use crate::path::joined;
use crate::pylock::{self, Pylock, decoded};
use crate::requirements::filled;
use crate::text::utf8;

/// A lock, ready to be written in another form.
#[derive(Debug, Clone, Default)]
pub struct Converted {
    /// The pins; files may lack names and addresses.
    pub graph: LockedGraph,
    /// The lowest Python that it says to be for, as a specifier.
    pub requires_python: Option<String>,
    /// The command in its header, if it is lockgate's.
    pub command: Option<Vec<String>>,
    /// The audit's evidence in its header, if it is lockgate's.
    pub audit: Option<String>,
    /// Which answers of indexes were taken for absences, as it says.
    pub index_answers: Vec<String>,
    /// The address of the index that each release is taken from, where it says so.
    pub indexes: BTreeMap<(Name, Version), String>,
    /// `--index-url` and the like that it names: name and value.
    pub options: Vec<(String, String)>,
    /// Groups that are installed where none is named.
    pub default_groups: BTreeSet<Name>,
    /// What of the extras and groups that the command asks for was taken; none: all of them.
    pub taken: Option<BTreeSet<Scope>>,
    /// What to know of it.
    pub remarks: Vec<String>,
}

/// What of a lock with groups and extras is taken, beside what a project needs in any case.
#[derive(Debug, Clone, Default)]
pub struct Taken {
    /// These extras.
    pub extras: Vec<Name>,
    /// Every extra.
    pub all_extras: bool,
    /// These dependency groups.
    pub groups: Vec<Name>,
    /// Where the lock says in its markers what asks for what, as a `pylock.toml` can: nothing is chosen, and all of that kept.
    pub keeps_scopes: bool,
}

impl Taken {
    fn takes_one(&self, scope: &Scope) -> bool {
        match scope {
            Scope::Main => true,
            Scope::Extra(extra) => self.all_extras || self.extras.contains(extra),
            Scope::Group(group) => self.groups.contains(group),
        }
    }

    fn takes(&self, scopes: &BTreeSet<Scope>) -> bool {
        scopes.is_empty() || scopes.iter().any(|scope| self.takes_one(scope))
    }

    /// An extra or group that is named and that the lock does not know.
    fn unknown(&self, known: &BTreeSet<Scope>) -> Option<Scope> {
        let extras = self.extras.iter().cloned().map(Scope::Extra);
        let mut named = extras.chain(self.groups.iter().cloned().map(Scope::Group));
        named.find(|scope| !known.contains(scope))
    }
}

/// Reads the lock in `bytes`, which stands at `file`.
pub fn convertible(
    kind: InventoryKind,
    bytes: &[u8],
    file: &str,
    files: &dyn Files,
    taken: &Taken,
) -> Result<Converted, InputError> {
    match kind {
        InventoryKind::Requirements => {
            let text = utf8(file, bytes, "requirements lock")?;
            of_requirements(&lock::read(text, file)?, file, files)
        }
        InventoryKind::Pylock => {
            let text = utf8(file, bytes, "pylock.toml")?;
            of_pylock(pylock::read(text, file)?, file, taken)
        }
        InventoryKind::Uv | InventoryKind::Poetry | InventoryKind::Pdm | InventoryKind::Pipfile => {
            let inventory = read_inventory(kind, bytes, file, files)?;
            let text = utf8(file, bytes, kind.word())?;
            let known = files::read(kind, text, file)?;
            of_inventory(inventory, known, file, taken)
        }
        InventoryKind::Pixi | InventoryKind::CondaLock => {
            Err(InputError::new(
                file,
                "a lock of a conda environment is audited, and not converted: its packages of conda channels have no other form",
            )
            .remedy(
                "name a requirements lock, a `pylock.toml`, `uv.lock`, `poetry.lock`, `pdm.lock` or `Pipfile.lock`",
            ))
        }
        InventoryKind::CycloneDx | InventoryKind::Spdx | InventoryKind::Environment => {
            Err(InputError::new(file, "it is no lock").remedy(
                "name a requirements lock, a `pylock.toml`, `uv.lock`, `poetry.lock`, `pdm.lock` or `Pipfile.lock`",
            ))
        }
    }
}

fn of_pylock(pylock: Pylock, file: &str, taken: &Taken) -> Result<Converted, InputError> {
    let known = pylock.scopes();
    if let Some(unknown) = taken.unknown(&known) {
        let known: Vec<String> = known.iter().map(ToString::to_string).collect();
        let has = if known.is_empty() {
            "it has neither extras nor groups".to_owned()
        } else {
            format!("it has {}", known.join(", "))
        };
        return Err(
            InputError::new(file, format!("the lock does not know the {unknown}; {has}"))
                .remedy("name one that it has, or lock again with it"),
        );
    }
    let is_kept = known.is_empty() || taken.keeps_scopes;
    let graph = if is_kept {
        pylock.graph
    } else {
        let graph = pylock.of(|scope| taken.takes_one(scope));
        must_be_apart(&graph, file)?;
        graph
    };
    Ok(Converted {
        graph: with_folders(graph),
        requires_python: pylock.requires_python,
        command: pylock.command,
        audit: pylock.audit,
        index_answers: pylock.index_answers,
        indexes: pylock.indexes,
        options: Vec::new(),
        default_groups: if is_kept {
            pylock.default_groups
        } else {
            BTreeSet::new()
        },
        taken: (!is_kept).then(|| {
            known
                .into_iter()
                .filter(|scope| taken.takes_one(scope))
                .collect()
        }),
        remarks: pylock.remarks,
    })
}

fn of_requirements(lock: &Lock, file: &str, inputs: &dyn Files) -> Result<Converted, InputError> {
    if let Some(line) = lock.unpinned.first() {
        return Err(
            InputError::new(file, format!("`{}` pins no version", line.text))
                .at(line.line)
                .remedy("lock it first: `lockgate lock`"),
        );
    }
    let mut graph = LockedGraph {
        regions: lock.regions.clone(),
        ..LockedGraph::default()
    };
    for pin in &lock.pins {
        let files = pin.hashes.iter().map(|hash| of_hash(hash));
        let files = files
            .collect::<Result<Vec<_>, _>>()
            .map_err(|hash| no_sha256(file, &hash).at(pin.line))?;
        graph.edges.extend(edges(&pin.name, &pin.via));
        graph.pins.insert(Pin {
            name: pin.name.clone(),
            version: pin.version.clone(),
            marker: pin.marker.clone(),
            scopes: Vec::new(),
            extras: pin.extras.clone(),
            requires_python: None,
            dependencies: Vec::new(),
            files,
            direct: None,
        });
    }
    for direct in &lock.direct {
        let (wanted, marker) = split_marker(&direct.text);
        let marker = if marker.is_empty() {
            Marker::always()
        } else {
            Marker::parse(marker).map_err(|error| {
                InputError::new(file, format!("`{marker}`: {error}")).at(direct.line)
            })?
        };
        let (name, version) = direct.project.clone().ok_or_else(|| {
            InputError::new(
                file,
                format!(
                    "`{}` does not say which project and version it is",
                    direct.text
                ),
            )
            .at(direct.line)
            .remedy("lock it with lockgate, which notes both beside it")
        })?;
        let direct_pin = direct_pin(wanted, direct).map_err(|why| {
            InputError::new(file, format!("`{}`: {why}", direct.text)).at(direct.line)
        })?;
        let mut others = graph.pins.of(&name).iter();
        if others.any(|other| !other.marker.is_disjoint(&marker)) {
            return Err(InputError::new(file, two_places(&name)).at(direct.line));
        }
        graph.edges.extend(edges(&name, &direct.via));
        let files = direct_pin.kind.sha256().map(|sha256| LockedFile {
            filename: String::new(),
            url: direct_pin.reference.clone(),
            sha256,
            size: None,
            uploaded: None,
            has_provenance: false,
        });
        graph.pins.insert(Pin {
            name,
            version,
            marker,
            scopes: Vec::new(),
            extras: Vec::new(),
            requires_python: None,
            dependencies: Vec::new(),
            files: files.into_iter().collect(),
            direct: Some(direct_pin),
        });
    }
    with_dependencies(&mut graph);
    // Asked with the values, and written as they stand.
    let options = lock.options.iter().map(|option| {
        let origin = format!("{file}:{}", option.line);
        let value = filled(&option.value, inputs, &origin);
        (option.name.to_owned(), value)
    });
    Ok(Converted {
        graph,
        requires_python: None,
        command: lock.command.clone(),
        audit: lock.audit.clone(),
        index_answers: lock.index_answers.clone(),
        indexes: BTreeMap::new(),
        options: options.collect(),
        default_groups: BTreeSet::new(),
        taken: None,
        remarks: Vec::new(),
    })
}

fn of_inventory(
    inventory: Inventory,
    known: files::Known,
    file: &str,
    taken: &Taken,
) -> Result<Converted, InputError> {
    let mut graph = LockedGraph::default();
    let mut indexes = BTreeMap::new();
    let names: Vec<Option<Name>> = inventory
        .items
        .iter()
        .map(|item| item.name.clone())
        .collect();
    let is_taken = |item: &Item| taken.takes(&item.scopes) && !item.marker.is_never();
    for item in inventory.items.iter().filter(|item| is_taken(item)) {
        let wrong = |what: &str| {
            let wrong = InputError::new(file, format!("`{}` {what}", item.text));
            match item.line {
                Some(line) => wrong.at(line),
                None => wrong,
            }
        };
        match &item.origin {
            ItemOrigin::Index(_) | ItemOrigin::Direct(_) => {}
            // What the lock is of is no part of it.
            ItemOrigin::Own(_) => continue,
            ItemOrigin::Unpinned => return Err(wrong("pins no version")),
            ItemOrigin::BadVersion(_) => return Err(wrong("has a version that is none (PEP 440)")),
        }
        let wrong_direct =
            |what: &str| wrong(what).remedy("lock again from the sources: `lockgate lock`");
        let version = match (&item.version, &item.origin) {
            // What a folder holds may change its version, so that a lock need not state it.
            (None, ItemOrigin::Direct(reference)) if is_path(reference) => {
                files::version_in(reference).or_else(|| Some(Version::new([0])))
            }
            (None, ItemOrigin::Direct(reference)) => files::version_in(reference),
            (version, _) => version.clone(),
        };
        let (Some(name), Some(version)) = (&item.name, &version) else {
            return Err(wrong("has no name or no version"));
        };
        // A folder is no index that others could ask.
        if let ItemOrigin::Index(Some(index)) = &item.origin
            && index.starts_with("http")
        {
            indexes.insert((name.clone(), version.clone()), index.clone());
        }
        for parent in &item.parents {
            let via = match parent {
                Parent::Root(text) => text.clone(),
                Parent::Item(place) => match names.get(*place) {
                    Some(Some(name)) => name.to_string(),
                    _ => continue,
                },
            };
            graph.edges.extend(edges(name, &[via]));
        }
        let (files, direct) = match &item.origin {
            ItemOrigin::Direct(reference) => {
                let files = known.files_at(name, version, reference);
                let stated = files.as_deref().unwrap_or_default();
                let requested = known.requested.get(&(name.clone(), version.clone()));
                let mut direct = direct_of(reference, stated, requested).map_err(wrong_direct)?;
                // A path is one from the folder of the lock.
                if direct.kind == DirectKind::Folder && file.contains('/') {
                    direct.reference = joined(file, &direct.reference);
                }
                (files, Some(direct))
            }
            _ => (known.files_of(name, version).cloned(), None),
        };
        let mut earlier = graph.pins.of(name).iter();
        let earlier = earlier
            .find(|pin| pin.version == *version && pin.direct == direct)
            .cloned();
        let marker = earlier.as_ref().map(|pin| pin.marker.or(&item.marker));
        graph.pins.insert(Pin {
            name: name.clone(),
            version: version.clone(),
            marker: marker.unwrap_or_else(|| item.marker.clone()),
            scopes: Vec::new(),
            extras: Vec::new(),
            requires_python: None,
            dependencies: Vec::new(),
            files: files
                .or_else(|| earlier.map(|pin| pin.files))
                .unwrap_or_default(),
            direct,
        });
    }
    graph.edges.retain(|edge| match &edge.from {
        Via::Pin(name) => graph.pins.contains(name),
        Via::Source(_) => true,
    });
    graph.edges.sort();
    graph.edges.dedup();
    must_be_apart(&graph, file)?;
    with_dependencies(&mut graph);
    Ok(Converted {
        graph: with_folders(graph),
        requires_python: known.requires_python,
        indexes,
        remarks: inventory.remarks,
        ..Converted::default()
    })
}

/// The graph with its folders as pip knows them for folders: a name without a separator would be that of a package.
fn with_folders(graph: LockedGraph) -> LockedGraph {
    let placed = |pin: &Pin| {
        let mut pin = pin.clone();
        if let Some(direct) = &mut pin.direct {
            direct.reference = placed(direct);
        }
        pin
    };
    LockedGraph {
        pins: graph.pins.iter().map(placed).collect(),
        ..graph
    }
}

/// The reference of a direct pin as pip knows a folder for one.
pub(crate) fn placed(direct: &DirectPin) -> String {
    if direct.kind == DirectKind::Folder && is_bare_path(&direct.reference) {
        format!("./{}", direct.reference)
    } else {
        direct.reference.clone()
    }
}

/// Whether a reference is a relative path that begins with a name.
fn is_bare_path(reference: &str) -> bool {
    is_path(reference)
        && !reference.starts_with(['.', '/', '\\', '$'])
        && !reference
            .get(1..3)
            .is_some_and(|it| matches!(it, ":/" | ":\\"))
}

/// Whether a reference is a path, and no address.
fn is_path(reference: &str) -> bool {
    !reference.contains("://") && !reference.starts_with("file:")
}

/// The place that another tool's lock takes a project from: a commit, a file with its digest, or a folder.
fn direct_of(
    reference: &str,
    files: &[LockedFile],
    requested: Option<&String>,
) -> Result<DirectPin, &'static str> {
    let is_repository = ["git+", "hg+", "svn+", "bzr+"]
        .iter()
        .any(|kind| reference.starts_with(kind));
    // uv has the folder and the revision asked for in a query, which is no part of the address.
    let mut reference = reference.to_owned();
    let mut requested = requested.cloned();
    if is_repository && let Some((address, rest)) = reference.clone().split_once('?') {
        let (query, commit) = rest.rsplit_once('@').unwrap_or((rest, ""));
        let value = |key: &str| {
            let mut parts = query.split('&').filter_map(|part| part.split_once('='));
            parts.find_map(|(name, value)| (name == key).then(|| decoded(value)))
        };
        let in_query = ["tag", "branch", "rev"].into_iter().find_map(value);
        requested = in_query.or(requested);
        let folder = value("subdirectory");
        let folder = folder.map(|folder| format!("#subdirectory={folder}"));
        reference = format!("{address}@{commit}{}", folder.unwrap_or_default());
    }
    let kind = if is_repository {
        let commit = reference.split('#').next().unwrap_or_default();
        let commit = commit.rsplit_once('@').map_or("", |(_, commit)| commit);
        if commit.len() < 40 || !commit.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err("is taken from a repository, and the lock does not name a commit");
        }
        DirectKind::Repository
    } else {
        match files.first() {
            Some(file) if reference.contains("://") && !reference.starts_with("file:") => {
                DirectKind::Archive(file.sha256)
            }
            Some(file) => DirectKind::File(file.sha256),
            None if is_path(&reference) && !has_file_name(&reference) => DirectKind::Folder,
            None => return Err("is taken from a place of its own without a digest"),
        }
    };
    Ok(DirectPin {
        reference,
        kind,
        requested,
        editable: false,
    })
}

/// Whether a path is that of a distribution by its ending, and so of no folder.
pub(crate) fn has_file_name(reference: &str) -> bool {
    let path = reference.split(['#', '?']).next().unwrap_or_default();
    let path = path.trim_end_matches(['/', '\\']);
    Packing::of(path).is_some() || path.to_ascii_lowercase().ends_with(".whl")
}

fn two_places(name: &Name) -> String {
    format!("`{name}` would be taken from two places in one environment")
}

/// Refuses two versions of a project for one environment: no form can install them.
fn must_be_apart(graph: &LockedGraph, file: &str) -> Result<(), InputError> {
    for name in graph.pins.names() {
        let pins = graph.pins.of(name);
        for (place, pin) in pins.iter().enumerate() {
            let mut others = pins.iter().skip(place + 1);
            if let Some(other) = others.find(|other| !other.marker.is_disjoint(&pin.marker)) {
                let message = if pin.version == other.version {
                    two_places(name)
                } else {
                    format!(
                        "`{name}` would be both {} and {} in one environment",
                        pin.version, other.version
                    )
                };
                return Err(InputError::new(file, message)
                    .remedy("take other extras and groups, or lock again from the sources"));
            }
        }
    }
    Ok(())
}

/// What each pin asks for, by who asks for it.
fn with_dependencies(graph: &mut LockedGraph) {
    let mut asked: BTreeMap<Name, BTreeSet<Name>> = BTreeMap::new();
    for edge in &graph.edges {
        if let Via::Pin(from) = &edge.from {
            asked
                .entry(from.clone())
                .or_default()
                .insert(edge.to.clone());
        }
    }
    let pins = graph.pins.clone();
    graph.pins = pins
        .iter()
        .map(|pin| {
            let mut pin = pin.clone();
            for to in asked.get(&pin.name).into_iter().flatten() {
                let there = pins.of(to).iter();
                let there = there.filter(|other| !other.marker.is_disjoint(&pin.marker));
                pin.dependencies
                    .extend(there.map(|other| (to.clone(), other.version.clone())));
            }
            pin
        })
        .collect();
}

/// Who asks for a pin, as `# via` lines say: another pin by its name, else a source.
fn edges(to: &Name, via: &[String]) -> Vec<Edge> {
    via.iter()
        .map(|via| Edge {
            to: to.clone(),
            from: match Name::new(via) {
                Ok(name) if name.as_str() == via => Via::Pin(name),
                _ => Via::Source(Origin {
                    file: via.clone(),
                    line: None,
                    via: via.clone(),
                }),
            },
            requirement: to.to_string(),
        })
        .collect()
}

/// A file of which nothing but its digest is known, `sha256:…`.
fn of_hash(hash: &str) -> Result<LockedFile, String> {
    let digest = hash.strip_prefix("sha256:").and_then(Sha256::from_hex);
    Ok(LockedFile {
        filename: String::new(),
        url: String::new(),
        sha256: digest.ok_or_else(|| hash.to_owned())?,
        size: None,
        uploaded: None,
        has_provenance: false,
    })
}

fn no_sha256(file: &str, hash: &str) -> InputError {
    InputError::new(
        file,
        format!("`{hash}` is no SHA-256 digest, and no other is carried over"),
    )
    .remedy("lock again with SHA-256")
}

/// The direct reference of a line, as lockgate and pip write it.
fn direct_pin(text: &str, direct: &LockedDirect) -> Result<DirectPin, String> {
    let editable = text.strip_prefix("-e ");
    let text = editable.unwrap_or(text);
    let reference = text
        .split_once(" @ ")
        .map_or(text, |(_, reference)| reference)
        .trim();
    let digest = direct.hashes.first().map(|hash| of_hash(hash));
    let digest = digest
        .transpose()
        .map_err(|hash| format!("`{hash}` is no SHA-256 digest"))?;
    let is_repository = ["git+", "hg+", "svn+", "bzr+"]
        .iter()
        .any(|kind| reference.starts_with(kind));
    let is_address = reference.contains("://") && !reference.starts_with("file:");
    let kind = match digest {
        _ if is_repository => DirectKind::Repository,
        Some(file) if is_address => DirectKind::Archive(file.sha256),
        Some(file) => DirectKind::File(file.sha256),
        None if is_address => return Err("it has no hash".to_owned()),
        None => DirectKind::Folder,
    };
    Ok(DirectPin {
        reference: reference.to_owned(),
        kind,
        requested: None,
        editable: editable.is_some(),
    })
}

#[cfg(test)]
mod tests;
