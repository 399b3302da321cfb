//! `Pipfile.lock`. It knows categories and no edges.

use std::collections::BTreeMap;

use lockgate_model::{Files, IndexRole, Inventory, InventoryKind, Name, NamedIndex, Parent, Scope};

use super::asked::Asked;
use super::condition::Conditions;
use super::item::{From, Stated, add_once};
use super::json;
use super::node::{Node, Value, Wrong};
use crate::redact::stripped_of_credentials;

/// Reads a `Pipfile.lock`; `file` is its path, beside which its `Pipfile` may be.
pub(super) fn read(text: &str, file: &str, files: &dyn Files) -> Result<Inventory, Wrong> {
    let root = json::parse(text)?;
    let meta = root
        .object_at("_meta")?
        .ok_or_else(|| Wrong::new("`_meta` is missing").at(root.line))?;
    check_version(meta)?;
    let mut inventory = Inventory {
        kind: InventoryKind::Pipfile,
        knows_scopes: true,
        ..Inventory::default()
    };
    let indexes = indexes(meta, &mut inventory)?;
    let mut conditions = Conditions::default();
    let mut seen = BTreeMap::new();
    let categories = root.members("the document")?.iter();
    for category in categories.filter(|member| member.key != "_meta") {
        let scope = scope(&category.key);
        for package in category.node.members(&category.key)? {
            let node = &package.node;
            node.members(&package.key)?;
            let mut item = Stated {
                name: &package.key,
                version: node
                    .text_at("version")?
                    .map(version)
                    .filter(|version| *version != "*"),
                line: node.line,
                from: source(node, &indexes)?,
            }
            .item();
            item.marker = conditions.environment_of(node.text_at("markers")?);
            item.scopes.extend(scope.clone());
            add_once(item, &mut seen, &mut inventory);
        }
    }
    if let Some(asked) = Asked::beside(file, "Pipfile", files) {
        // Nothing is said of the others: which of them requires which is not known.
        for item in &mut inventory.items {
            if item
                .name
                .as_ref()
                .is_some_and(|name| asked.direct.contains(name))
            {
                item.parents.insert(Parent::Root("Pipfile".to_owned()));
                inventory.knows_parents = true;
            }
        }
    }
    Ok(inventory)
}

fn check_version(meta: &Node<'_>) -> Result<(), Wrong> {
    let node = meta
        .get("pipfile-spec")
        .ok_or_else(|| Wrong::new("`pipfile-spec` is missing").at(meta.line))?;
    let version = match &node.value {
        Value::Number(number) => number.parse::<u32>().ok(),
        _ => None,
    };
    match version {
        Some(..=6) => Ok(()),
        Some(newer) => Err(Wrong::new(format!(
            "its `pipfile-spec` is {newer}, and only 6 is read"
        ))
        .at(node.line)
        .remedy("use a newer lockgate, or audit what `pipenv requirements` writes")),
        None => Err(Wrong::new("`pipfile-spec` is no version").at(node.line)),
    }
}

/// The sources, by their names; the first is the main one.
fn indexes(meta: &Node<'_>, inventory: &mut Inventory) -> Result<BTreeMap<String, String>, Wrong> {
    let mut indexes = BTreeMap::new();
    for source in meta.list_at("sources")? {
        let address = stripped_of_credentials(source.need_text("url")?);
        if let Some(name) = source.text_at("name")? {
            indexes.insert(name.to_owned(), address.clone());
        }
        inventory.indexes.push(NamedIndex {
            role: if inventory.indexes.is_empty() {
                IndexRole::Main
            } else {
                IndexRole::Extra
            },
            value: address,
            line: Some(source.line_of("url")),
        });
    }
    Ok(indexes)
}

fn scope(category: &str) -> Option<Scope> {
    match category {
        "default" => Some(Scope::Main),
        other => Name::new(other).ok().map(Scope::Group),
    }
}

/// `==1.0`, as it is written.
fn version(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix("===")
        .or_else(|| text.strip_prefix("=="))
        .map_or(text, str::trim)
}

fn source(package: &Node<'_>, indexes: &BTreeMap<String, String>) -> Result<From, Wrong> {
    let is_editable = package.flag_at("editable")?;
    for system in ["git", "hg", "svn", "bzr"] {
        if let Some(address) = package.text_at(system)? {
            return Ok(From::repository(system, address, package.text_at("ref")?));
        }
    }
    if let Some(path) = package.text_at("path")? {
        return Ok(From::folder(path, is_editable));
    }
    for key in ["file", "uri"] {
        if let Some(address) = package.text_at(key)? {
            return Ok(From::direct(address));
        }
    }
    let index = package.text_at("index")?;
    Ok(From::Index(
        index.and_then(|index| indexes.get(index)).cloned(),
    ))
}
