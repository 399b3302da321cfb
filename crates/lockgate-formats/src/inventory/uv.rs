//! `uv.lock`, and the locks of scripts that uv writes beside them.
//!
//! The lock holds the whole graph of a workspace: members and what each requires, by extra and by group. What is needed where follows
//! from a walk over it, as uv does when it installs.

use std::collections::BTreeMap;

use lockgate_model::{Inventory, InventoryKind, ItemOrigin, Marker, Name, Parent, Scope, Sha256};

use super::condition::Conditions;
use super::item::{From, as_parent, by_name, name_indexes, stated_by_table};
use super::node::{Node, Value, Wrong};
use super::toml;
use super::walk::{Edge, Edges, Start, TOO_MANY_SCOPES};
use crate::pylock::check_listed_names;

const DAMAGED: &str = "lock again with `uv lock`: a part of the file is missing";

/// Reads a `uv.lock`; `file` is its name.
pub(super) fn read(text: &str, file: &str) -> Result<Inventory, Wrong> {
    let root = toml::parse(text)?;
    check_version(&root)?;
    let packages = match root.get("distribution") {
        // The name of the table before uv 0.3.
        Some(packages) => packages.list("distribution")?,
        None => root.list_at("package")?,
    };
    let mut inventory = Inventory {
        kind: InventoryKind::Uv,
        knows_scopes: true,
        knows_parents: true,
        ..Inventory::default()
    };
    for package in packages {
        let mut item = stated_by_table(package, source(package)?)?;
        let sdist = package.object_at("sdist")?.into_iter();
        check_listed_names(sdist.chain(package.list_at("wheels")?), &item)?;
        if matches!(item.origin, ItemOrigin::Direct(_)) {
            item.sha256 = only_digest(package)?;
        }
        inventory.items.push(item);
    }
    let mut reading = Reading {
        packages,
        places: by_name(&inventory.items),
        inventory,
        conditions: Conditions::default(),
        edges: Edges::default(),
        starts: Vec::new(),
    };
    reading.edges()?;
    reading.manifest(&root, file)?;
    reading.members(&root)?;
    let mut inventory = reading.walked();
    name_indexes(&mut inventory);
    Ok(inventory)
}

fn check_version(root: &Node<'_>) -> Result<(), Wrong> {
    let node = root
        .get("version")
        .ok_or_else(|| Wrong::new("`version` is missing").at(root.line))?;
    match &node.value {
        Value::Number(version) if version == "1" => Ok(()),
        Value::Number(version) => Err(Wrong::new(format!(
            "it is a uv.lock of version {version}, and only 1 is read"
        ))
        .at(node.line)
        .remedy("use a newer lockgate, or audit what `uv export` writes")),
        _ => Err(Wrong::new("`version` must be a number").at(node.line)),
    }
}

/// The table `source` has one key that tells its kind.
fn source(package: &Node<'_>) -> Result<From, Wrong> {
    let source = package
        .get("source")
        .ok_or_else(|| Wrong::new("`source` is missing").at(package.line))?;
    let of = |key: &str| source.text_at(key);
    if let Some(address) = of("registry")? {
        return Ok(From::index(address));
    }
    if let Some(address) = of("git")? {
        let (address, commit) = address.split_once('#').unwrap_or((address, ""));
        let commit = Some(commit).filter(|commit| !commit.is_empty());
        return Ok(From::repository("git", address, commit));
    }
    for key in ["url", "path", "directory"] {
        if let Some(address) = of(key)? {
            return Ok(From::direct(address));
        }
    }
    for key in ["editable", "virtual"] {
        if let Some(path) = of(key)? {
            return Ok(From::folder(path, true));
        }
    }
    let keys = source.members("source")?.iter();
    let keys: Vec<&str> = keys.map(|member| member.key.as_ref()).collect();
    Ok(From::direct(&format!(
        "a source of kind {}",
        keys.join(", ")
    )))
}

/// The digest of the one file of a package.
fn only_digest(package: &Node<'_>) -> Result<Option<Sha256>, Wrong> {
    let sdist = package.object_at("sdist")?;
    let mut files = sdist.into_iter().chain(package.list_at("wheels")?);
    let (Some(file), None) = (files.next(), files.next()) else {
        return Ok(None);
    };
    let hash = file.text_at("hash")?;
    Ok(hash.and_then(|hash| Sha256::from_hex(hash.strip_prefix("sha256:")?)))
}

struct Reading<'n, 'a> {
    packages: &'n [Node<'a>],
    inventory: Inventory,
    places: BTreeMap<Name, Vec<usize>>,
    conditions: Conditions,
    edges: Edges,
    starts: Vec<Start>,
}

impl<'n, 'a> Reading<'n, 'a> {
    /// What each package needs, by itself and by extra, and when it is chosen among its other versions.
    fn edges(&mut self) -> Result<(), Wrong> {
        let packages = self.packages;
        for (index, package) in packages.iter().enumerate() {
            for dependency in package.list_at("dependencies")? {
                for edge in self.edge(dependency)? {
                    self.edges.add(index, None, edge);
                }
            }
            for member in package.members_at("optional-dependencies")? {
                let extra = name(&member.key, &member.node)?;
                for dependency in member.node.list(&member.key)? {
                    for edge in self.edge(dependency)? {
                        self.edges.add(index, Some(extra.clone()), edge);
                    }
                }
            }
            let markers = package.texts_at("resolution-markers")?;
            if !markers.is_empty() {
                let any = markers.into_iter().fold(Marker::never(), |any, text| {
                    any.or(&self.conditions.environment(text))
                });
                self.edges.only_where(index, any);
            }
        }
        Ok(())
    }

    /// What scripts, and workspaces without a project, ask for themselves.
    fn manifest(&mut self, root: &'n Node<'a>, file: &str) -> Result<(), Wrong> {
        let Some(manifest) = root.object_at("manifest")? else {
            return Ok(());
        };
        let script = file.strip_suffix(".lock").filter(|script| *script != "uv");
        let asker = Parent::Root(script.unwrap_or("pyproject.toml").to_owned());
        for requirement in manifest.list_at("requirements")? {
            self.start(requirement, &Scope::Main, &asker)?;
        }
        for member in manifest.members_at("dependency-groups")? {
            let scope = Scope::Group(name(&member.key, &member.node)?);
            for requirement in member.node.list(&member.key)? {
                self.start(requirement, &scope, &asker)?;
            }
        }
        Ok(())
    }

    /// What the members of the workspace ask for, by extra and by group.
    fn members(&mut self, root: &'n Node<'a>) -> Result<(), Wrong> {
        for index in self.member_places(root)? {
            let Some((item, package)) = self
                .inventory
                .items
                .get(index)
                .zip(self.packages.get(index))
            else {
                continue;
            };
            let asker = as_parent(item, index);
            self.starts.push(Start {
                scope: Scope::Main,
                edge: Edge {
                    to: index,
                    extras: Vec::new(),
                    marker: Marker::always(),
                },
            });
            for member in package.members_at("optional-dependencies")? {
                let scope = Scope::Extra(name(&member.key, &member.node)?);
                for requirement in member.node.list(&member.key)? {
                    self.start(requirement, &scope, &asker)?;
                }
            }
            for member in package.members_at("dev-dependencies")? {
                let scope = Scope::Group(name(&member.key, &member.node)?);
                for requirement in member.node.list(&member.key)? {
                    self.start(requirement, &scope, &asker)?;
                }
            }
        }
        Ok(())
    }

    /// The members; where none are named, what stands in the lock's own folder, else all of the user's own.
    fn member_places(&self, root: &Node<'_>) -> Result<Vec<usize>, Wrong> {
        let manifest = root.object_at("manifest")?;
        let named = manifest.map_or(Ok(Vec::new()), |manifest| manifest.texts_at("members"))?;
        if !named.is_empty() {
            let line = manifest.map_or(root.line, |manifest| manifest.line_of("members"));
            let mut places = Vec::new();
            for text in named {
                let found = Name::new(text).ok().and_then(|name| self.places.get(&name));
                let found = found.ok_or_else(|| {
                    Wrong::new(format!("its member `{text}` is not among its packages"))
                        .at(line)
                        .remedy(DAMAGED)
                })?;
                places.extend(found);
            }
            return Ok(places);
        }
        let own = |is_wanted: &dyn Fn(&str) -> bool| -> Vec<usize> {
            let items = self.inventory.items.iter().enumerate();
            items
                .filter(
                    |(_, item)| matches!(&item.origin, ItemOrigin::Own(place) if is_wanted(place)),
                )
                .map(|(index, _)| index)
                .collect()
        };
        let here = own(&|place| place == ".");
        Ok(if here.is_empty() {
            own(&|_| true)
        } else {
            here
        })
    }

    /// Something that is asked for in `scope`, by a person.
    fn start(
        &mut self,
        requirement: &Node<'_>,
        scope: &Scope,
        asker: &Parent,
    ) -> Result<(), Wrong> {
        for edge in self.edge(requirement)? {
            if let Some(item) = self.inventory.items.get_mut(edge.to) {
                item.parents.insert(asker.clone());
            }
            self.starts.push(Start {
                scope: scope.clone(),
                edge,
            });
        }
        Ok(())
    }

    /// The packages that a dependency may lead to: as many of its keys are written as tell one.
    fn edge(&mut self, dependency: &Node<'_>) -> Result<Vec<Edge>, Wrong> {
        let text = dependency.need_text("name")?;
        let version = dependency.text_at("version")?;
        let source = dependency.get("source");
        let found = Name::new(text).ok().and_then(|name| self.places.get(&name));
        let is_it = |place: &&usize| {
            let Some(package) = self.packages.get(**place) else {
                return false;
            };
            version.is_none_or(|version| package.text_at("version").ok().flatten() == Some(version))
                && source.is_none_or(|source| {
                    package
                        .get("source")
                        .is_some_and(|other| same(source, other))
                })
        };
        let places: Vec<usize> = found.into_iter().flatten().filter(is_it).copied().collect();
        if places.is_empty() {
            return Err(Wrong::new(format!(
                "`{text}` is required, and is not among the packages"
            ))
            .at(dependency.line)
            .remedy(DAMAGED));
        }
        let mut extras = Vec::new();
        for key in ["extra", "extras"] {
            for extra in dependency.list_at(key)? {
                extras.push(name(extra.text(key)?, extra)?);
            }
        }
        let marker = self
            .conditions
            .environment_of(dependency.text_at("marker")?);
        let edges = places.into_iter().map(|to| Edge {
            to,
            extras: extras.clone(),
            marker: marker.clone(),
        });
        Ok(edges.collect())
    }

    fn walked(self) -> Inventory {
        let mut inventory = self.inventory;
        let parents: Vec<Parent> = inventory
            .items
            .iter()
            .enumerate()
            .map(|(index, item)| as_parent(item, index))
            .collect();
        for (from, edge) in self.edges.all() {
            if let (Some(item), Some(parent)) =
                (inventory.items.get_mut(edge.to), parents.get(from))
            {
                item.parents.insert(parent.clone());
            }
        }
        let walked = self.edges.walk(&self.starts);
        if !walked.knows_scopes {
            inventory.knows_scopes = false;
            inventory.remarks.push(TOO_MANY_SCOPES.to_owned());
        }
        for (index, reached) in walked.reached {
            if let Some(item) = inventory.items.get_mut(index) {
                item.scopes = reached.scopes;
                item.marker = reached.marker;
            }
        }
        let own = inventory.items.iter_mut();
        for item in own.filter(|item| item.parents.is_empty()) {
            if matches!(item.origin, ItemOrigin::Own(_)) {
                item.parents
                    .insert(Parent::Root("pyproject.toml".to_owned()));
            }
        }
        inventory
    }
}

fn name(text: &str, node: &Node<'_>) -> Result<Name, Wrong> {
    Name::new(text).map_err(|error| Wrong::new(error.to_string()).at(node.line))
}

/// Whether two `source` tables say the same.
fn same(one: &Node<'_>, other: &Node<'_>) -> bool {
    let members = |node: &Node<'_>| -> Option<Vec<(String, String)>> {
        let Value::Object(members) = &node.value else {
            return None;
        };
        members
            .iter()
            .map(|member| {
                let text = member.node.text("source").ok()?;
                Some((member.key.to_string(), text.to_owned()))
            })
            .collect()
    };
    members(one).is_some_and(|one| Some(one) == members(other))
}
