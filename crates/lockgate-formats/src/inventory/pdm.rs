//! `pdm.lock`, form 4.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{Files, Inventory, InventoryKind, Name, Parent, Requirement, Scope, Version};

use super::asked::Asked;
use super::condition::Conditions;
use super::item::{FormKey, From, Stated, as_parent, by_name, name_indexes, root_the_rest};
use super::node::{Node, Wrong};
use super::toml;
use crate::lock::split_marker;
use crate::pylock::check_listed_names;

const PROJECT: &str = "pyproject.toml";

/// Reads a `pdm.lock`; `file` is its path, beside which its project may be.
pub(super) fn read(text: &str, file: &str, files: &dyn Files) -> Result<Inventory, Wrong> {
    let root = toml::parse(text)?;
    let mut inventory = Inventory {
        kind: InventoryKind::Pdm,
        knows_parents: true,
        ..Inventory::default()
    };
    check_version(&root, &mut inventory)?;
    let asked = Asked::beside(file, PROJECT, files);
    let packages = root.list_at("package")?;
    let mut conditions = Conditions::default();
    // PDM writes a package again for each set of extras that is asked of it: it is installed once.
    let mut first: BTreeMap<(String, String, String), usize> = BTreeMap::new();
    let mut places = Vec::new();
    for package in packages {
        let key = (
            package.need_text("name")?.to_owned(),
            package.text_at("version")?.unwrap_or_default().to_owned(),
            format!("{:?}", source(package)?),
        );
        let marker = conditions.environment_of(package.text_at("marker")?);
        let groups = scopes(package, asked.as_ref())?;
        inventory.knows_scopes |= !groups.is_empty();
        let mut item = Stated {
            name: package.need_text("name")?,
            version: package.text_at("version")?,
            line: package.line_of("name"),
            from: source(package)?,
        }
        .item();
        check_listed_names(package.list_at("files")?.iter(), &item)?;
        let is_again = first
            .get(&key)
            .and_then(|place| Some((*place, inventory.items.get_mut(*place)?)));
        if let Some((place, item)) = is_again {
            item.marker = item.marker.or(&marker);
            item.scopes.extend(groups);
            places.push(place);
            continue;
        }
        item.marker = marker;
        item.scopes = groups;
        first.insert(key, inventory.items.len());
        places.push(inventory.items.len());
        inventory.items.push(item);
    }
    parents(packages, &places, &mut inventory)?;
    if let Some(asked) = &asked {
        for item in &mut inventory.items {
            if item
                .name
                .as_ref()
                .is_some_and(|name| asked.direct.contains(name))
            {
                item.parents.insert(Parent::Root(PROJECT.to_owned()));
            }
        }
    } else if inventory.knows_scopes && has_other_groups(&inventory) {
        inventory.remarks.push(format!(
            "`{PROJECT}` does not lie beside it or cannot be read, so that its extras are not told from its groups"
        ));
    }
    root_the_rest(&mut inventory, PROJECT);
    name_indexes(&mut inventory);
    Ok(inventory)
}

fn check_version(root: &Node<'_>, inventory: &mut Inventory) -> Result<(), Wrong> {
    let metadata = root
        .object_at("metadata")?
        .ok_or_else(|| Wrong::new("`metadata` is missing").at(root.line))?;
    let version = metadata.need_text("lock_version")?;
    let line = metadata.line_of("lock_version");
    FormKey {
        key: "lock_version",
        newest: (4, 5),
        read: "only 4 is",
        remedy: "use a newer lockgate, or audit what `pdm export` writes",
    }
    .check(version, line, &mut inventory.remarks)
}

fn source(package: &Node<'_>) -> Result<From, Wrong> {
    let is_editable = package.flag_at("editable")?;
    for system in ["git", "hg", "svn", "bzr"] {
        if let Some(address) = package.text_at(system)? {
            let commit = match package.text_at("revision")? {
                Some(commit) => Some(commit),
                None => package.text_at("ref")?,
            };
            return Ok(From::repository(system, address, commit));
        }
    }
    if let Some(path) = package.text_at("path")? {
        return Ok(From::folder(path, is_editable));
    }
    if let Some(address) = package.text_at("url")? {
        let is_folder = address.starts_with("file:");
        return Ok(From::folder(address, is_editable && is_folder));
    }
    Ok(From::Index(None))
}

/// `groups`: `default` is the dependencies themselves, and of the others the project knows which are its extras.
fn scopes(package: &Node<'_>, asked: Option<&Asked>) -> Result<BTreeSet<Scope>, Wrong> {
    let groups = package.texts_at("groups")?.into_iter();
    let scopes = groups.map(|group| {
        if group == "default" {
            return Some(Scope::Main);
        }
        let name = Name::new(group.trim_start_matches(':')).ok()?;
        let is_extra = asked
            .is_some_and(|asked| asked.extras.contains(&name) && !asked.groups.contains(&name));
        Some(if is_extra {
            Scope::Extra(name)
        } else {
            Scope::Group(name)
        })
    });
    Ok(scopes.flatten().collect())
}

fn has_other_groups(inventory: &Inventory) -> bool {
    let mut scopes = inventory.items.iter().flat_map(|item| &item.scopes);
    scopes.any(|scope| matches!(scope, Scope::Group(_)))
}

/// `dependencies`, which are requirements; `places` are the items of the packages.
fn parents(
    packages: &[Node<'_>],
    places: &[usize],
    inventory: &mut Inventory,
) -> Result<(), Wrong> {
    let named = by_name(&inventory.items);
    for (package, index) in packages.iter().zip(places) {
        let parent = inventory
            .items
            .get(*index)
            .map(|item| as_parent(item, *index));
        for node in package.list_at("dependencies")? {
            let text = node.text("dependencies")?;
            let requirement: Requirement = split_marker(text).0.parse().map_err(|error| {
                Wrong::new(format!("`{text}` is not a requirement: {error}")).at(node.line)
            })?;
            let found = named.get(&requirement.name).into_iter().flatten();
            let admits = |version: Option<&Version>| match (requirement.specifiers(), version) {
                (Some(specifiers), Some(version)) => specifiers.set().contains(version),
                _ => true,
            };
            for place in found {
                let Some(item) = inventory.items.get_mut(*place) else {
                    continue;
                };
                // With an extra it is written as needing itself.
                if place != index
                    && admits(item.version.as_ref())
                    && let Some(parent) = &parent
                {
                    item.parents.insert(parent.clone());
                }
            }
        }
    }
    Ok(())
}
