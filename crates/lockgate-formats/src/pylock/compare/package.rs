//! The packages of two locks against each other.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{Name, Note, Scope, Version};

use super::tree::Comparison;
use super::{foreign_tools, scopes as scopes_of};
use crate::inventory::{Condition as Whole, Node, Wrong};
use crate::lock::compare::{Condition, Difference, What, field, shown_marker};
use crate::path::joined;
use crate::pylock::scopes::{self, Place};

/// Where a package can be taken from but an index.
const DIRECT: [&str; 3] = ["vcs", "directory", "archive"];

/// One package of a lock.
struct Package<'n, 'a> {
    node: &'n Node<'a>,
    name: Name,
    version: Option<Version>,
    marker: &'n str,
    /// The direct reference that it is taken from.
    direct: Option<String>,
}

impl<'n, 'a> Package<'n, 'a> {
    fn new(node: &'n Node<'a>) -> Result<Self, Wrong> {
        let name = Name::new(node.need_text("name")?)
            .map_err(|error| Wrong::new(error.to_string()).at(node.line_of("name")))?;
        let version = node.text_at("version")?;
        Ok(Self {
            node,
            name,
            version: version.and_then(|text| text.parse().ok()),
            marker: node.text_at("marker")?.unwrap_or_default(),
            direct: direct(node)?,
        })
    }

    fn line(&self) -> usize {
        self.node.line_of("name")
    }

    fn shown(&self) -> String {
        match &self.version {
            Some(version) => format!("{}=={version}", self.name),
            None => self.name.to_string(),
        }
    }

    /// Where all of its files have the digest that is stated for them.
    fn digests(&self) -> BTreeSet<String> {
        let node = self.node;
        let wheels = node.list_at("wheels").unwrap_or_default().iter();
        let single = [node.get("sdist"), node.get("archive")];
        let files = single.into_iter().flatten().chain(wheels);
        let digests = files.filter_map(|file| {
            let hashes = file.get("hashes")?;
            let digest = hashes.text_at("sha256").ok()??;
            Some(format!("sha256:{}", digest.to_ascii_lowercase()))
        });
        digests.collect()
    }
}

/// The place that a direct reference leads to, in words.
fn direct(package: &Node<'_>) -> Result<Option<String>, Wrong> {
    for kind in DIRECT {
        let Some(node) = package.object_at(kind)? else {
            continue;
        };
        let place = match (node.text_at("url")?, node.text_at("path")?) {
            (Some(url), _) => url.to_owned(),
            (None, path) => joined("", path.unwrap_or_default()),
        };
        let mut text = match node.text_at("type")? {
            Some(kind) => format!("{kind}+{place}"),
            None => place,
        };
        if let Some(commit) = node.text_at("commit-id")? {
            text = format!("{text}@{commit}");
        }
        if let Some(folder) = node.text_at("subdirectory")? {
            text = format!("{text}#subdirectory={folder}");
        }
        if node.flag_at("editable")? {
            text = format!("-e {text}");
        }
        return Ok(Some(text));
    }
    Ok(None)
}

/// Compares all packages.
pub(super) fn all(
    held: &Node<'_>,
    expected: &Node<'_>,
    notes: &[Note],
) -> Result<Vec<Difference>, Wrong> {
    let declared = (scopes_of(held)?, scopes_of(expected)?);
    let (mut held, mut expected) = (by_name(held)?, by_name(expected)?);
    let names: BTreeSet<Name> = held.keys().chain(expected.keys()).cloned().collect();
    let mut differences = Vec::new();
    for name in names {
        let held = held.remove(&name).unwrap_or_default();
        let expected = expected.remove(&name).unwrap_or_default();
        differences.extend(of_name(&name, held, expected, &declared, notes));
    }
    Ok(differences)
}

type ByName<'n, 'a> = BTreeMap<Name, Vec<Package<'n, 'a>>>;

fn by_name<'n, 'a>(root: &'n Node<'a>) -> Result<ByName<'n, 'a>, Wrong> {
    let mut packages = ByName::new();
    for node in root.list_at("packages")? {
        let package = Package::new(node)?;
        packages
            .entry(package.name.clone())
            .or_default()
            .push(package);
    }
    Ok(packages)
}

/// The extras and groups that the lock declares, and those that would be declared.
type Declared = (BTreeSet<Scope>, BTreeSet<Scope>);

/// Of one name those that are most alike are held against each other; the rest are other versions.
fn of_name(
    name: &Name,
    mut held: Vec<Package<'_, '_>>,
    mut expected: Vec<Package<'_, '_>>,
    declared: &Declared,
    notes: &[Note],
) -> Vec<Difference> {
    type IsLike = fn(&Package<'_, '_>, &Package<'_, '_>) -> bool;
    let rounds: [IsLike; 4] = [
        |one, other| {
            one.version == other.version && one.direct == other.direct && one.marker == other.marker
        },
        |one, other| one.version == other.version && one.direct == other.direct,
        |one, other| one.version == other.version && one.marker == other.marker,
        |one, other| one.version == other.version || one.direct.is_some(),
    ];
    let mut differences = Vec::new();
    for is_like in rounds {
        held.retain(|package| {
            let mut others = expected.iter();
            let Some(place) = others.position(|other| is_like(package, other)) else {
                return true;
            };
            let other = expected.remove(place);
            differences.extend(pair(package, &other, declared));
            false
        });
    }
    let versions = |packages: &[Package<'_, '_>]| -> Vec<Version> {
        packages
            .iter()
            .filter_map(|one| one.version.clone())
            .collect()
    };
    let (was, now) = (versions(&held), versions(&expected));
    let name = name.clone();
    match (held.first(), expected.first()) {
        (Some(first), Some(_)) => {
            let why = notes.iter().find_map(|note| match note {
                Note::NotKept {
                    name: moved, why, ..
                } if *moved == name => Some(why.clone()),
                _ => None,
            });
            let what = What::Moved {
                name,
                held: was,
                now,
                why,
            };
            differences.push(Difference::at(first.line(), what));
        }
        (Some(_), None) => differences.extend(held.iter().map(|package| {
            let name = name.clone();
            let what = match (&package.direct, &package.version) {
                (Some(held), _) => What::From {
                    name,
                    held: held.clone(),
                    now: None,
                },
                (None, Some(version)) => What::NotRequired {
                    name,
                    version: version.clone(),
                },
                (None, None) => What::NotAskedFor {
                    text: name.to_string(),
                },
            };
            Difference::at(package.line(), what)
        })),
        (None, Some(first)) => {
            let what = match &first.direct {
                Some(text) => What::NotDirect {
                    name,
                    text: text.clone(),
                },
                None => What::NotLocked {
                    name,
                    versions: now,
                },
            };
            differences.push(Difference::nowhere(what));
        }
        (None, None) => {}
    }
    differences
}

/// One package against the one in its place.
fn pair(
    held: &Package<'_, '_>,
    expected: &Package<'_, '_>,
    declared: &Declared,
) -> Vec<Difference> {
    let at = |what| Difference::at(held.line(), what);
    if held.direct != expected.direct {
        let name = held.name.clone();
        return vec![at(match (&held.direct, &expected.direct) {
            (Some(from), now) => What::From {
                name,
                held: from.clone(),
                now: now.clone(),
            },
            (None, now) => What::NotDirect {
                name,
                text: now.clone().unwrap_or_default(),
            },
        })];
    }
    let mut differences = Vec::new();
    differences.extend(place(held, expected, declared).map(at));
    let (digests, wanted) = (held.digests(), expected.digests());
    let place = format!("{}: ", held.shown());
    let mut comparison = Comparison::new(&place);
    if digests != wanted {
        comparison.without_digests = true;
        differences.push(at(What::Hashes {
            pin: held.shown(),
            has_none: digests.is_empty(),
            missing: wanted.difference(&digests).cloned().collect(),
            foreign: digests.difference(&wanted).count(),
            files: wanted.len(),
            is_direct: held.direct.is_some(),
        }));
    }
    comparison.objects("", held.node, expected.node, &["marker", "tool"]);
    differences.extend(comparison.differences);
    differences.extend(foreign_tools(held.node, &format!("{place}tool")));
    differences.extend(noted_version(held, expected).map(at));
    differences
}

/// Whether both are for the same environments, extras and groups.
fn place(
    held: &Package<'_, '_>,
    expected: &Package<'_, '_>,
    (known, wanted): &Declared,
) -> Option<What> {
    let (one, other) = (
        read_place(held.marker, known),
        read_place(expected.marker, wanted),
    );
    let is_same = match (&one, &other) {
        (Some(one), Some(other)) => one.marker == other.marker && one.scopes == other.scopes,
        _ => held.marker.replace('\'', "\"") == expected.marker.replace('\'', "\""),
    };
    (!is_same).then(|| What::Place {
        pin: held.shown(),
        held: shown_place(held.marker, one.as_ref()),
        needed: shown_place(expected.marker, other.as_ref()),
    })
}

/// What a marker says of environments, extras and groups, if nothing in it is read differently by others.
fn read_place(text: &str, declared: &BTreeSet<Scope>) -> Option<Place> {
    let names_scopes = !text.is_empty() && Whole::read_whole(text).names_scopes();
    let is_certain =
        Condition::is_certain(text) && (names_scopes || Condition::new(text).is_read());
    let text = Some(text).filter(|text| !text.is_empty());
    is_certain
        .then(|| scopes::read(text, declared).ok())
        .flatten()
}

fn shown_place(text: &str, place: Option<&Place>) -> String {
    let Some(place) = place else {
        return shown_marker(Some(text).filter(|text| !text.is_empty()));
    };
    let each = place
        .scopes
        .iter()
        .map(|(scope, marker)| match marker.to_text() {
            None => scope.to_string(),
            Some(text) => format!("{scope} ({})", shown_marker(Some(&text))),
        });
    let each: Vec<String> = each.collect();
    match each.as_slice() {
        [] => shown_marker(place.marker.to_text().as_deref()),
        each => each.join(", "),
    }
}

/// The version that lockgate noted for a direct reference, where the lock has one.
fn noted_version(held: &Package<'_, '_>, expected: &Package<'_, '_>) -> Option<What> {
    let noted = |package: &Package<'_, '_>| {
        let tool = package.node.get("tool")?.get("lockgate")?;
        tool.text_at("version")
            .ok()
            .flatten()
            .map(ToOwned::to_owned)
    };
    let (one, other) = (noted(held), noted(expected));
    let key = format!("{}: tool.lockgate.version", held.shown());
    (one.is_some() && one != other).then(|| field(&key, one, other))
}
