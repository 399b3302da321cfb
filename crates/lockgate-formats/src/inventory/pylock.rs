//! `pylock.toml` (PEP 751).

use std::collections::BTreeSet;

use lockgate_model::{Inventory, InventoryKind, Name, Parent, Scope, Sha256};

use super::condition::Conditions;
use super::item::{
    FormKey, From, as_parent, by_name, name_indexes, root_the_rest, stated_by_table,
};
use super::node::{Node, Value, Wrong};
use super::toml;
use crate::pylock::check_names;
use crate::redact::without_credentials;

/// Reads a `pylock.toml`.
pub(super) fn read(text: &str) -> Result<Inventory, Wrong> {
    let root = toml::parse(text)?;
    let mut inventory = Inventory {
        kind: InventoryKind::Pylock,
        ..Inventory::default()
    };
    check_version(&root, &mut inventory.remarks)?;
    root.need_text("created-by")?;
    let packages = root
        .get("packages")
        .ok_or_else(|| Wrong::new("`packages` is missing").at(root.line))?
        .list("packages")?;
    let mut conditions = Conditions::default();
    let mut knows_scopes = !root.texts_at("extras")?.is_empty()
        || !root.texts_at("dependency-groups")?.is_empty()
        || !root.texts_at("default-groups")?.is_empty();
    let defaults: BTreeSet<Name> = root
        .texts_at("default-groups")?
        .into_iter()
        .filter_map(|name| Name::new(name).ok())
        .collect();
    for package in packages {
        let mut item = stated_by_table(package, source(package)?)?;
        if let Some(archive) = package.object_at("archive")?
            && let Some(hashes) = archive.object_at("hashes")?
        {
            item.sha256 = hashes.text_at("sha256")?.and_then(Sha256::from_hex);
        }
        item.scopes.insert(Scope::Main);
        if let Some(name) = &item.name {
            check_names(package, name, item.version.as_ref())?;
        }
        if let Some(text) = package.text_at("marker")? {
            item.marker = conditions.environment(text);
            let condition = conditions.read(text);
            knows_scopes |= condition.names_scopes();
            item.scopes = condition.scopes(&defaults).unwrap_or_default();
        }
        inventory.items.push(item);
    }
    if !knows_scopes {
        for item in &mut inventory.items {
            item.scopes.clear();
        }
    }
    inventory.knows_scopes = knows_scopes;
    parents(packages, &mut inventory)?;
    name_indexes(&mut inventory);
    Ok(inventory)
}

/// Refuses a form that is newer than what is known.
pub(crate) fn check_version(root: &Node<'_>, remarks: &mut Vec<String>) -> Result<(), Wrong> {
    let version = root.need_text("lock-version")?;
    let line = root.line_of("lock-version");
    FormKey {
        key: "lock-version",
        newest: (1, 0),
        read: "only 1 is",
        remedy: "use a newer lockgate, or lock again with the older form",
    }
    .check(version, line, remarks)
}

/// Where a package is taken from.
fn source(package: &Node<'_>) -> Result<From, Wrong> {
    if let Some(vcs) = package.object_at("vcs")? {
        let address = either(vcs, "url", "path")?;
        let commit = vcs.text_at("commit-id")?;
        return Ok(From::repository(vcs.need_text("type")?, address, commit));
    }
    if let Some(directory) = package.object_at("directory")? {
        let is_editable = directory.flag_at("editable")?;
        return Ok(From::folder(directory.need_text("path")?, is_editable));
    }
    if let Some(archive) = package.object_at("archive")? {
        return Ok(From::direct(either(archive, "url", "path")?));
    }
    Ok(match package.text_at("index")? {
        Some(index) => From::index(index),
        None => From::Index(None),
    })
}

fn either<'n>(node: &'n Node<'_>, one: &str, other: &str) -> Result<&'n str, Wrong> {
    match node.text_at(one)? {
        Some(text) => Ok(text),
        None => node.need_text(other),
    }
}

/// What lockgate's own locks say of who asks: the sources among `packages.tool.lockgate.via`.
fn requested_by_sources(packages: &[Node<'_>], inventory: &mut Inventory) -> Result<(), Wrong> {
    for (index, package) in packages.iter().enumerate() {
        let Some(own) = package
            .object_at("tool")?
            .and_then(|tool| tool.get("lockgate"))
            .filter(|own| matches!(own.value, Value::Object(_)))
        else {
            continue;
        };
        for text in own.texts_at("via")? {
            let is_package = Name::new(text).is_ok_and(|name| name.as_str() == text);
            let asks = !is_package && !text.starts_with("-c ") && !text.starts_with("--override ");
            if let (true, Some(item)) = (asks, inventory.items.get_mut(index)) {
                item.parents.insert(Parent::Root(without_credentials(text)));
            }
        }
    }
    Ok(())
}

/// `packages.dependencies`: each entry has as many keys as it takes to tell one package.
fn parents(packages: &[Node<'_>], inventory: &mut Inventory) -> Result<(), Wrong> {
    let places = by_name(&inventory.items);
    let mut absent = BTreeSet::new();
    for (index, package) in packages.iter().enumerate() {
        for dependency in package.list_at("dependencies")? {
            inventory.knows_parents = true;
            let text = dependency.need_text("name")?;
            let version = dependency.text_at("version")?;
            let named = Name::new(text).ok().and_then(|name| places.get(&name));
            let is_it = |place: &&usize| {
                let stated = packages
                    .get(**place)
                    .and_then(|package| package.get("version"));
                version.is_none() || stated.and_then(|node| node.text("version").ok()) == version
            };
            let children: Vec<usize> = named.into_iter().flatten().filter(is_it).copied().collect();
            if children.is_empty() {
                absent.insert(text.to_owned());
            }
            let parent = inventory
                .items
                .get(index)
                .map(|item| as_parent(item, index));
            for child in children {
                if let (Some(child), Some(parent)) = (inventory.items.get_mut(child), &parent) {
                    child.parents.insert(parent.clone());
                }
            }
        }
    }
    // Installers take the packages that are there: what is not is not installed.
    if !absent.is_empty() {
        let names: Vec<String> = absent.iter().map(|name| format!("`{name}`")).collect();
        inventory.remarks.push(format!(
            "its packages depend on some that it does not hold: {}",
            names.join(", ")
        ));
    }
    if inventory.knows_parents {
        requested_by_sources(packages, inventory)?;
        root_the_rest(inventory, "pyproject.toml");
    }
    Ok(())
}
