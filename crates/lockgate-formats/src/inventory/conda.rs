//! Locks of conda environments: `pixi.lock` (forms 1 to 7) and `conda-lock.yml` (form 1). Of their packages those of PyPI are read; packages
//! of conda channels are counted, since advisories are about packages of PyPI.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{Inventory, InventoryKind, Item, ItemOrigin, Name, Scope, Sha256};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_saphyr::Spanned;

use super::bill::NO_PYPI_PACKAGE;
use super::item::{FormKey, From, Stated, add_once, name_indexes};
use super::node::{Member, Node, Value, Wrong};
use crate::pylock::{check_listed_names, last_part, release_in};
use crate::redact::stripped_of_credentials;

/// More than any lock has: a package has some 40 of them.
const MAX_NODES: usize = 10_000_000;

/// The parts of a lock that are read. Both tools called the list `package` at first.
#[derive(Deserialize)]
struct Document {
    version: Option<Spanned<String>>,
    package: Option<Vec<Spanned<Entry>>>,
    packages: Option<Vec<Spanned<Entry>>>,
    /// Which packages each environment of pixi takes.
    environments: Option<BTreeMap<String, Environment>>,
}

#[derive(Deserialize)]
struct Environment {
    /// By platform.
    packages: Option<BTreeMap<String, Vec<Spanned<Taken>>>>,
}

/// A package of an environment, by its address or path.
#[derive(Deserialize)]
struct Taken {
    pypi: Option<String>,
}

/// A package. Which keys it has depends on tool and form.
#[derive(Deserialize)]
struct Entry {
    /// The tool that installs it: conda-lock and the first forms of pixi.
    manager: Option<String>,
    /// The same in forms 4 and 5 of pixi.
    kind: Option<String>,
    /// Its address or path, since form 6 of pixi.
    pypi: Option<String>,
    conda: Option<IgnoredAny>,
    conda_source: Option<IgnoredAny>,
    name: Option<String>,
    version: Option<String>,
    url: Option<String>,
    path: Option<String>,
    index: Option<String>,
    editable: Option<bool>,
    /// What it was asked for by, where that was no index.
    source: Option<IgnoredAny>,
    sha256: Option<String>,
    hash: Option<Hash>,
    category: Option<String>,
    categories: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Hash {
    sha256: Option<String>,
}

/// Reads a lock of `kind`.
pub(super) fn read(text: &str, kind: InventoryKind) -> Result<Inventory, Wrong> {
    let document = parse(text)?;
    let mut inventory = Inventory {
        kind,
        ..Inventory::default()
    };
    check_version(&document, &mut inventory)?;
    if document.package.is_none() && document.packages.is_none() {
        return Err(Wrong::new("`packages` is missing"));
    }
    let lists = document.package.iter().chain(&document.packages);
    let mut conda = BTreeSet::new();
    let mut seen = BTreeMap::new();
    for entry in lists.flatten() {
        let line = usize::try_from(entry.referenced.line()).unwrap_or(usize::MAX);
        let entry = &entry.value;
        if entry.is_of_conda() && entry.is_of_pypi() {
            // It would be left out as the one and installed as the other.
            return Err(Wrong::new("a package is both of conda and of PyPI").at(line));
        }
        if entry.is_of_conda() {
            let name = entry.name.as_deref().unwrap_or_default();
            let version = entry.version.as_deref().unwrap_or_default();
            conda.insert((name, version, if name.is_empty() { line } else { 0 }));
        } else if entry.is_of_pypi() {
            let item = entry.item(line)?;
            inventory.knows_scopes |= !item.scopes.is_empty();
            add_once(item, &mut seen, &mut inventory);
        } else {
            return Err(Wrong::new(
                "a package is neither of conda nor of PyPI, and no other kind is known",
            )
            .at(line)
            .remedy("use a newer lockgate"));
        }
    }
    check_environments(&document)?;
    if inventory.items.is_empty() {
        return Err(Wrong::new(NO_PYPI_PACKAGE).remedy(
            "advisories are about packages of PyPI; audit the environment with `--environment` once it is installed",
        ));
    }
    if !conda.is_empty() {
        let (packages, are) = match conda.len() {
            1 => ("1 package", "is"),
            _ => ("packages", "are"),
        };
        let count = match conda.len() {
            1 => String::new(),
            count => format!("{count} "),
        };
        inventory.remarks.push(format!(
            "{count}{packages} of conda channels {are} not audited, since advisories are about packages of PyPI"
        ));
    }
    name_indexes(&mut inventory);
    Ok(inventory)
}

/// An environment takes packages of the list alone: of one that is not in it nothing would be known.
fn check_environments(document: &Document) -> Result<(), Wrong> {
    let lists = document.package.iter().chain(&document.packages);
    let listed: BTreeSet<&str> = lists
        .flatten()
        .map(|entry| &entry.value)
        .flat_map(|entry| [&entry.pypi, &entry.url, &entry.path])
        .filter_map(|place| place.as_deref())
        .collect();
    let environments = document.environments.iter().flat_map(BTreeMap::values);
    let platforms = environments.flat_map(|environment| environment.packages.iter());
    for taken in platforms.flat_map(BTreeMap::values).flatten() {
        if let Some(place) = &taken.value.pypi
            && !listed.contains(place.as_str())
        {
            let line = usize::try_from(taken.referenced.line()).unwrap_or(usize::MAX);
            return Err(Wrong::new(format!(
                "an environment has `{}`, which is not among the `packages`",
                stripped_of_credentials(place)
            ))
            .at(line));
        }
    }
    Ok(())
}

fn parse(text: &str) -> Result<Document, Wrong> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: MAX_NODES,
            max_events: 4 * MAX_NODES,
        },
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let message = error.to_string();
        let first = message.lines().next().unwrap_or_default();
        // The line is told by itself.
        let first = first.strip_prefix("error: ").unwrap_or(first);
        let first = match first.split_once(": ") {
            Some((place, why)) if place.starts_with("line ") => why,
            _ => first,
        };
        let wrong = Wrong::new(format!("it is not valid YAML of this form: {first}"));
        let line = error.location().map(|at| at.line());
        match line.and_then(|line| usize::try_from(line).ok()) {
            Some(line) if line > 0 => wrong.at(line),
            _ => wrong,
        }
    })
}

fn check_version(document: &Document, inventory: &mut Inventory) -> Result<(), Wrong> {
    let version = document
        .version
        .as_ref()
        .ok_or_else(|| Wrong::new("`version` is missing"))?;
    let line = usize::try_from(version.referenced.line()).unwrap_or(1);
    let (newest, read, remedy) = if inventory.kind == InventoryKind::Pixi {
        (
            (7, 0),
            "only 1 to 7 are",
            "use a newer lockgate, or audit the environment with `--environment`",
        )
    } else {
        (
            (1, 0),
            "only 1 is",
            "use a newer lockgate, or audit the environment with `--environment`",
        )
    };
    FormKey {
        key: "version",
        newest,
        read,
        remedy,
    }
    .check(&version.value, line, &mut inventory.remarks)
}

impl Entry {
    fn tool(&self) -> Option<&str> {
        self.manager.as_deref().or(self.kind.as_deref())
    }

    fn is_of_conda(&self) -> bool {
        self.conda.is_some() || self.conda_source.is_some() || self.tool() == Some("conda")
    }

    fn is_of_pypi(&self) -> bool {
        self.pypi.is_some() || matches!(self.tool(), Some("pypi" | "pip"))
    }

    /// Where its files are: as the lock has it, and whether that is a path.
    fn place(&self) -> Option<(&str, bool)> {
        if let Some(path) = &self.path {
            return Some((path, true));
        }
        let place = self.pypi.as_deref().or(self.url.as_deref())?;
        let scheme = place.split_once(':').map_or("", |(scheme, _)| scheme);
        // One letter is a drive.
        let is_path = scheme.len() < 2 || scheme.contains(['/', '\\']);
        Some((place, is_path))
    }

    /// Where it is taken from. An address is that of an index's file where it names a release, unless the lock says otherwise.
    fn origin(&self) -> From {
        let is_editable = self.editable.unwrap_or(false);
        let Some((place, is_path)) = self.place() else {
            return From::Index(None);
        };
        if is_path {
            let is_itself = matches!(place, "." | "./");
            return From::folder(place, is_editable || is_itself);
        }
        if let Some(direct) = place.strip_prefix("direct+") {
            return From::direct(direct);
        }
        let is_address = place.starts_with("https://") || place.starts_with("http://");
        if self.source.is_some() || !is_address || release_in(&last_part(place)).is_none() {
            return From::direct(place);
        }
        match &self.index {
            Some(index) => From::index(index),
            None => From::Index(None),
        }
    }

    fn item(&self, line: usize) -> Result<Item, Wrong> {
        let of_file = || {
            let (place, _) = self.place()?;
            release_in(&last_part(place))
        };
        let file = of_file().map(|(name, version)| (name.to_string(), version.to_string()));
        let name = match (&self.name, &file) {
            (Some(name), _) | (None, Some((name, _))) => name.as_str(),
            (None, None) => return Err(Wrong::new("`name` is missing").at(line)),
        };
        let of_file = file.as_ref().map(|(_, version)| version.as_str());
        let mut item = Stated {
            name,
            version: self.version.as_deref().or(of_file),
            line,
            from: self.origin(),
        }
        .item();
        if let Some((place, is_path)) = self.place() {
            let key = if is_path { "path" } else { "url" };
            check_listed_names([file_node(key, place, line)].iter(), &item)?;
        }
        if matches!(item.origin, ItemOrigin::Direct(_)) {
            let of_hash = self.hash.as_ref().and_then(|hash| hash.sha256.as_deref());
            let digest = self.sha256.as_deref().or(of_hash);
            item.sha256 = item.sha256.or(digest.and_then(Sha256::from_hex));
        }
        let categories = self.categories.iter().flatten().chain(&self.category);
        item.scopes = categories.filter_map(|text| scope(text)).collect();
        Ok(item)
    }
}

/// A file as a table of one key, for the check that all locks share.
fn file_node<'a>(key: &'static str, place: &'a str, line: usize) -> Node<'a> {
    let text = Node {
        line,
        value: Value::Text(Cow::Borrowed(place)),
    };
    let member = Member {
        key: Cow::Borrowed(key),
        node: text,
    };
    Node {
        line,
        value: Value::Object(vec![member]),
    }
}

fn scope(category: &str) -> Option<Scope> {
    match category {
        "main" => Some(Scope::Main),
        other => Name::new(other).ok().map(Scope::Group),
    }
}
