//! Items from what locks state: names and versions that are none stay, marked as what they are.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{
    IndexRole, Inventory, Item, ItemOrigin, Marker, Name, NamedIndex, Parent, Sha256,
};

use super::node::{Node, Wrong};
use crate::convert::has_file_name;
use crate::pylock::{last_part, version_in, version_of_wheels};
use crate::redact::{stripped_of_credentials, without_credentials};

/// What a lock states of one thing, not yet looked at.
#[derive(Debug)]
pub(super) struct Stated<'a> {
    pub(super) name: &'a str,
    pub(super) version: Option<&'a str>,
    pub(super) line: usize,
    pub(super) from: From,
}

/// The item of a table that names a package: of the version that it states, else of the one that its wheels have.
pub(super) fn stated_by_table(package: &Node<'_>, from: From) -> Result<Item, Wrong> {
    let of_wheels = match package.text_at("version")? {
        Some(_) => None,
        None => version_of_wheels(package)?,
    };
    let of_wheels = of_wheels.map(|version| version.to_string());
    let stated = Stated {
        name: package.need_text("name")?,
        version: package.text_at("version")?.or(of_wheels.as_deref()),
        line: package.line_of("name"),
        from,
    };
    Ok(stated.item())
}

/// Where it is taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum From {
    Index(Option<String>),
    Direct(String),
    Own(String),
}

impl From {
    /// The index at `address`.
    pub(super) fn index(address: &str) -> Self {
        Self::Index(Some(stripped_of_credentials(address)))
    }

    /// What stands at `address`.
    pub(super) fn direct(address: &str) -> Self {
        Self::Direct(stripped_of_credentials(address))
    }

    /// A folder, where it is a link to the user's own code or a copy of it. What is a file by its name, or lies on another machine, is
    /// installed as it is, whatever a lock says of it.
    pub(super) fn folder(path: &str, is_editable: bool) -> Self {
        let is_remote = path.contains("://") && !path.starts_with("file:");
        if is_editable && !is_remote && !has_file_name(path) {
            Self::Own(stripped_of_credentials(path))
        } else {
            Self::direct(path)
        }
    }

    /// A repository at one of its commits.
    pub(super) fn repository(system: &str, address: &str, commit: Option<&str>) -> Self {
        let prefix = format!("{system}+");
        let address = address.strip_prefix(&prefix).unwrap_or(address);
        let commit = commit.map(|commit| format!("@{commit}"));
        Self::direct(&format!("{prefix}{address}{}", commit.unwrap_or_default()))
    }
}

impl Stated<'_> {
    pub(super) fn item(self) -> Item {
        let name = Name::new(self.name.trim()).ok();
        let mut version = self.version.and_then(|version| version.trim().parse().ok());
        let mut sha256 = None;
        if let From::Direct(place) = &self.from {
            // Installers go by the version in the name of a file, whatever is stated next to it.
            let of_file = name
                .as_ref()
                .and_then(|name| version_in(&last_part(place), name));
            version = of_file.or(version);
            sha256 = digest_in(place);
        }
        let shown = name.as_ref().map_or(self.name, Name::as_str);
        let text = match (&self.from, self.version) {
            (From::Direct(place) | From::Own(place), _) if shown.is_empty() => place.clone(),
            (From::Direct(place), _) => format!("{shown} @ {place}"),
            (_, Some(version)) => format!("{shown}=={version}"),
            (_, None) => shown.to_owned(),
        };
        let origin = match (self.from, self.version, &version) {
            (From::Direct(place), _, _) => ItemOrigin::Direct(place),
            (From::Own(place), _, _) => ItemOrigin::Own(place),
            (From::Index(_), None, _) => ItemOrigin::Unpinned,
            (From::Index(_), Some(stated), None) => ItemOrigin::BadVersion(stated.to_owned()),
            (From::Index(index), Some(_), Some(_)) => ItemOrigin::Index(index),
        };
        Item {
            name,
            version,
            text: shortened(&without_credentials(&text)),
            file: None,
            line: Some(self.line),
            origin,
            marker: Marker::always(),
            scopes: BTreeSet::new(),
            parents: BTreeSet::new(),
            has_hashes: false,
            sha256,
        }
    }
}

/// The digest in the fragment of an address.
fn digest_in(place: &str) -> Option<Sha256> {
    let (_, fragment) = place.split_once('#')?;
    let mut parts = fragment.split('&');
    parts.find_map(|part| Sha256::from_hex(part.strip_prefix("sha256=")?))
}

/// A text as a message can show it.
fn shortened(text: &str) -> String {
    const MOST: usize = 300;
    if text.chars().nth(MOST).is_none() {
        return text.to_owned();
    }
    let beginning: String = text.chars().take(MOST).collect();
    format!("{beginning}…")
}

/// As who requires something `item` counts, which stands at `index`: the user's own code is a root.
pub(super) fn as_parent(item: &Item, index: usize) -> Parent {
    match (&item.origin, &item.name) {
        (ItemOrigin::Own(_), Some(name)) => Parent::Root(name.to_string()),
        (ItemOrigin::Own(place), None) => Parent::Root(place.clone()),
        _ => Parent::Item(index),
    }
}

/// What no item requires was asked for by `root`. The user's own code asks for itself.
pub(super) fn root_the_rest(inventory: &mut Inventory, root: &str) {
    for item in &mut inventory.items {
        if item.parents.is_empty() {
            item.parents.insert(Parent::Root(root.to_owned()));
        }
    }
}

/// Where the items of each project stand.
pub(super) fn by_name(items: &[Item]) -> BTreeMap<Name, Vec<usize>> {
    let mut places: BTreeMap<Name, Vec<usize>> = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        if let Some(name) = &item.name {
            places.entry(name.clone()).or_default().push(index);
        }
    }
    places
}

/// Names the indexes that the items come from, in order; which is the main one is not known, so the first is.
pub(super) fn name_indexes(inventory: &mut Inventory) {
    let mut seen = BTreeSet::new();
    for item in &inventory.items {
        let ItemOrigin::Index(Some(address)) = &item.origin else {
            continue;
        };
        if seen.insert(address.clone()) {
            inventory.indexes.push(NamedIndex {
                role: if inventory.indexes.is_empty() {
                    IndexRole::Main
                } else {
                    IndexRole::Extra
                },
                value: address.clone(),
                line: item.line,
            });
        }
    }
}

/// Whether a form of `version` can be read by who knows `major` and, of it, `minor`: a newer major cannot, a newer minor can be with a
/// remark. None is no version.
pub(super) fn known_form(version: &str, major: u32, minor: u32) -> Option<Form> {
    let (of_major, rest) = version.split_once('.').unwrap_or((version, "0"));
    let of_major: u32 = of_major.parse().ok()?;
    let of_minor: u32 = rest.split('.').next()?.parse().ok()?;
    Some(match (of_major, of_minor) {
        (of_major, _) if of_major > major => Form::NewerMajor,
        (of_major, of_minor) if of_major == major && of_minor > minor => Form::NewerMinor,
        _ => Form::Known,
    })
}

/// How a lock says which form it has, and the newest one that is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct FormKey {
    /// The key.
    pub(super) key: &'static str,
    /// The newest major version, and the newest minor one of it.
    pub(super) newest: (u32, u32),
    /// The major versions that are read, as a sentence says it: `only 4 is`.
    pub(super) read: &'static str,
    /// The way out for a newer one.
    pub(super) remedy: &'static str,
}

impl FormKey {
    /// Refuses what a newer major version may mean otherwise; a newer minor version is remarked on.
    pub(super) fn check(
        self,
        version: &str,
        line: usize,
        remarks: &mut Vec<String>,
    ) -> Result<(), Wrong> {
        let (key, (major, minor)) = (self.key, self.newest);
        match known_form(version, major, minor) {
            Some(Form::Known) => Ok(()),
            Some(Form::NewerMinor) => {
                remarks.push(format!(
                    "its `{key}` is {version}, and what is newer than {major}.{minor} in it is not read"
                ));
                Ok(())
            }
            Some(Form::NewerMajor) => Err(Wrong::new(format!(
                "its `{key}` is {version}, and {} read",
                self.read
            ))
            .at(line)
            .remedy(self.remedy)),
            None => Err(Wrong::new(format!("its `{key}`, `{version}`, is none")).at(line)),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Known,
    NewerMinor,
    NewerMajor,
}

/// Adds an item. A package that several categories or platforms have in the same version is one.
pub(super) fn add_once(item: Item, seen: &mut BTreeMap<String, usize>, inventory: &mut Inventory) {
    let key = format!("{} {:?}", item.text, item.origin);
    let known = seen
        .get(&key)
        .and_then(|place| inventory.items.get_mut(*place));
    if let Some(other) = known {
        other.marker = other.marker.or(&item.marker);
        other.scopes.extend(item.scopes);
    } else {
        seen.insert(key, inventory.items.len());
        inventory.items.push(item);
    }
}
