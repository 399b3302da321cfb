//! `poetry.lock`: forms 1.x (with `category`), 2.0 (which says nothing of groups) and 2.1 (with `groups` and `markers`).

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{
    Files, Inventory, InventoryKind, Item, Marker, Name, Parent, Scope, Specifiers,
};

use super::asked::Asked;
use super::condition::Conditions;
use super::item::{FormKey, From, Stated, as_parent, by_name, name_indexes, root_the_rest};
use super::node::{Node, Value, Wrong};
use super::toml;
use super::walk::{Edge, Edges, Start, TOO_MANY_SCOPES};
use crate::pylock::check_listed_names;

const PROJECT: &str = "pyproject.toml";

/// Reads a `poetry.lock`; `file` is its path, beside which its project may be.
pub(super) fn read(text: &str, file: &str, files: &dyn Files) -> Result<Inventory, Wrong> {
    let root = toml::parse(text)?;
    let mut inventory = Inventory {
        kind: InventoryKind::Poetry,
        knows_parents: true,
        ..Inventory::default()
    };
    check_version(&root, &mut inventory)?;
    let packages = root.list_at("package")?;
    let mut conditions = Conditions::default();
    for package in packages {
        let mut item = Stated {
            name: package.need_text("name")?,
            version: Some(package.need_text("version")?),
            line: package.line_of("name"),
            from: source(package)?,
        }
        .item();
        check_listed_names(files_of(&root, package)?.iter(), &item)?;
        inventory.knows_scopes |= scopes(package, &mut item, &mut conditions)?;
        inventory.items.push(item);
    }
    let edges = edges(packages, &mut inventory, &mut conditions)?;
    extras(&root, &edges, packages, &mut inventory)?;
    if let Some(asked) = Asked::beside(file, PROJECT, files) {
        for item in &mut inventory.items {
            if item
                .name
                .as_ref()
                .is_some_and(|name| asked.direct.contains(name))
            {
                item.parents.insert(Parent::Root(PROJECT.to_owned()));
            }
        }
    }
    root_the_rest(&mut inventory, PROJECT);
    name_indexes(&mut inventory);
    Ok(inventory)
}

fn check_version(root: &Node<'_>, inventory: &mut Inventory) -> Result<(), Wrong> {
    let metadata = root.object_at("metadata")?.ok_or_else(|| {
        Wrong::new("`metadata` is missing")
            .at(root.line)
            .remedy("lock again with `poetry lock`: a part of the file is missing")
    })?;
    let Some(version) = metadata.text_at("lock-version")? else {
        // Before Poetry 1.0.
        return Ok(());
    };
    let line = metadata.line_of("lock-version");
    FormKey {
        key: "lock-version",
        newest: (2, 1),
        read: "only 1 and 2 are",
        remedy: "use a newer lockgate, or audit what `poetry export` writes",
    }
    .check(version, line, &mut inventory.remarks)
}

/// The files of a package: beside it, or by its name under `[metadata.files]`, as Poetry wrote them before 1.3.
fn files_of<'n, 'a>(root: &'n Node<'a>, package: &'n Node<'a>) -> Result<&'n [Node<'a>], Wrong> {
    let beside = package.list_at("files")?;
    if let (true, Some(metadata)) = (beside.is_empty(), root.object_at("metadata")?)
        && let Some(by_name) = metadata.object_at("files")?
    {
        return by_name.list_at(package.need_text("name")?);
    }
    Ok(beside)
}

fn source(package: &Node<'_>) -> Result<From, Wrong> {
    let Some(source) = package.object_at("source")? else {
        return Ok(From::Index(None));
    };
    let address = source.need_text("url")?;
    Ok(match source.need_text("type")? {
        "legacy" | "pypi" => From::index(address),
        "directory" => From::folder(address, package.flag_at("develop")?),
        "git" => {
            let commit = match source.text_at("resolved_reference")? {
                Some(commit) => Some(commit),
                None => source.text_at("reference")?,
            };
            From::repository("git", address, commit)
        }
        _ => From::direct(address),
    })
}

/// The scopes and the marker that a package states itself. Answers whether it states any.
fn scopes(package: &Node<'_>, item: &mut Item, conditions: &mut Conditions) -> Result<bool, Wrong> {
    let mut groups: BTreeSet<String> = package
        .texts_at("groups")?
        .into_iter()
        .map(ToOwned::to_owned)
        .collect();
    groups.extend(package.text_at("category")?.map(ToOwned::to_owned));
    // The form of Poetry 1.0.
    if let Some(text) = package.text_at("marker")? {
        item.marker = conditions.environment(text);
    }
    let mut by_group = BTreeMap::new();
    let mut of_all = None;
    match package.get("markers").map(|node| (node, &node.value)) {
        None => {}
        Some((_, Value::Text(text))) => of_all = Some(text.as_ref()),
        Some((node, _)) => {
            for member in node.members("markers")? {
                by_group.insert(member.key.to_string(), member.node.text("markers")?);
            }
        }
    }
    if let Some(text) = of_all {
        item.marker = conditions.environment(text);
    } else if !by_group.is_empty() {
        // A group that has no marker of its own needs it everywhere.
        item.marker = groups.iter().fold(Marker::never(), |any, group| {
            any.or(&conditions.environment_of(by_group.get(group).copied()))
        });
        if groups.is_empty() {
            item.marker = Marker::always();
        }
    }
    for group in &groups {
        if group != "main" {
            item.scopes.extend(Name::new(group).ok().map(Scope::Group));
            continue;
        }
        let stated = by_group.get("main").copied().or(of_all);
        let main = stated.and_then(|text| conditions.read(text).scopes(&BTreeSet::new()));
        item.scopes
            .extend(main.unwrap_or_else(|| BTreeSet::from([Scope::Main])));
    }
    Ok(!groups.is_empty())
}

/// `package.dependencies`, as parents and as edges. What is not among the packages is not needed for what was locked: an extra that
/// nobody asked for.
fn edges(
    packages: &[Node<'_>],
    inventory: &mut Inventory,
    conditions: &mut Conditions,
) -> Result<Edges, Wrong> {
    let places = by_name(&inventory.items);
    let mut edges = Edges::default();
    for (index, package) in packages.iter().enumerate() {
        let parent = inventory
            .items
            .get(index)
            .map(|item| as_parent(item, index));
        for member in package.members_at("dependencies")? {
            let Some(found) = Name::new(&member.key)
                .ok()
                .and_then(|name| places.get(&name))
            else {
                continue;
            };
            let wanted = match &member.node.value {
                Value::List(list) => list.iter().collect(),
                _ => vec![&member.node],
            };
            for wanted in wanted {
                let (version, markers) = if let Value::Text(text) = &wanted.value {
                    (Some(text.as_ref()), None)
                } else {
                    wanted.members(&member.key)?;
                    (wanted.text_at("version")?, wanted.text_at("markers")?)
                };
                for to in admitted(found, version, inventory) {
                    let edge = Edge {
                        to,
                        extras: Vec::new(),
                        marker: conditions.environment_of(markers),
                    };
                    edges.add(index, None, edge);
                    if let (Some(item), Some(parent)) = (inventory.items.get_mut(to), &parent) {
                        item.parents.insert(parent.clone());
                    }
                }
            }
        }
    }
    Ok(edges)
}

/// Those of a project's packages whose version a dependency admits; all of them where that cannot be told.
fn admitted(found: &[usize], version: Option<&str>, inventory: &Inventory) -> Vec<usize> {
    let specifiers: Option<Specifiers> = version.and_then(|version| version.parse().ok());
    let admits = |place: &&usize| {
        let version = inventory
            .items
            .get(**place)
            .and_then(|item| item.version.as_ref());
        match (&specifiers, version) {
            (Some(specifiers), Some(version)) => specifiers.set().contains(version),
            _ => true,
        }
    };
    let admitted: Vec<usize> = found.iter().filter(admits).copied().collect();
    if admitted.is_empty() {
        found.to_vec()
    } else {
        admitted
    }
}

/// In the older forms, optional packages belong to the extras that lead to them.
fn extras(
    root: &Node<'_>,
    edges: &Edges,
    packages: &[Node<'_>],
    inventory: &mut Inventory,
) -> Result<(), Wrong> {
    let places = by_name(&inventory.items);
    let mut starts = Vec::new();
    for member in root.members_at("extras")? {
        let Ok(extra) = Name::new(&member.key) else {
            continue;
        };
        for node in member.node.list(&member.key)? {
            // A name, and in old forms what is asked of it.
            let text = node.text(&member.key)?;
            let text = text
                .split([' ', '(', '[', '=', '<', '>', '!', '~'])
                .next()
                .unwrap_or_default();
            let found = Name::new(text).ok().and_then(|name| places.get(&name));
            starts.extend(found.into_iter().flatten().map(|to| Start {
                scope: Scope::Extra(extra.clone()),
                edge: Edge {
                    to: *to,
                    extras: Vec::new(),
                    marker: Marker::always(),
                },
            }));
        }
    }
    let walked = edges.walk(&starts);
    if !walked.knows_scopes {
        inventory.remarks.push(TOO_MANY_SCOPES.to_owned());
        return Ok(());
    }
    for (index, reached) in walked.reached {
        let is_optional = packages
            .get(index)
            .is_some_and(|package| package.flag_at("optional").unwrap_or(false));
        if let Some(item) = inventory.items.get_mut(index).filter(|_| is_optional) {
            item.scopes.remove(&Scope::Main);
            item.scopes.extend(reached.scopes);
        }
    }
    Ok(())
}
