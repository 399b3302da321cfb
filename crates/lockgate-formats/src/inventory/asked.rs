//! What the project beside a lock asks for. Poetry's, PDM's and Pipenv's locks do not say what is asked for directly, and PDM's does not
//! tell extras from groups; `pyproject.toml` or `Pipfile` does. It adds to what is said of a package and decides nothing: without it, or
//! where it cannot be read, less is said.

use std::collections::BTreeSet;

use lockgate_model::{Files, Name};

use super::node::{Node, Value};
use super::toml;
use crate::path::joined;

/// What a project asks for.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// The projects that it names itself, in whatever extra or group.
    pub(super) direct: BTreeSet<Name>,
    /// Its extras.
    pub(super) extras: BTreeSet<Name>,
    /// Its groups, where it names them in a form that is known.
    pub(super) groups: BTreeSet<Name>,
}

impl Asked {
    /// Of the file `beside` (`pyproject.toml`, `Pipfile`) in the folder of the lock at `lock`, if it can be read.
    pub(super) fn beside(lock: &str, beside: &str, files: &dyn Files) -> Option<Self> {
        let bytes = files.read_included(&joined(lock, beside), lock).ok()?;
        let text = std::str::from_utf8(&bytes).ok()?;
        let root = toml::parse(text).ok()?;
        let mut asked = Self::default();
        if beside == "Pipfile" {
            asked.pipfile(&root);
        } else {
            asked.pyproject(&root);
        }
        Some(asked)
    }

    fn pyproject(&mut self, root: &Node<'_>) {
        if let Some(project) = root.get("project") {
            self.requirements(project.get("dependencies"));
            for (extra, list) in members(project.get("optional-dependencies")) {
                self.extras.extend(Name::new(extra).ok());
                self.requirements(Some(list));
            }
        }
        for (group, list) in members(root.get("dependency-groups")) {
            self.groups.extend(Name::new(group).ok());
            self.requirements(Some(list));
        }
        let Some(tool) = root.get("tool") else {
            return;
        };
        if let Some(poetry) = tool.get("poetry") {
            self.keys(poetry.get("dependencies"));
            self.keys(poetry.get("dev-dependencies"));
            for (_, group) in members(poetry.get("group")) {
                self.keys(group.get("dependencies"));
            }
            for (extra, _) in members(poetry.get("extras")) {
                self.extras.extend(Name::new(extra).ok());
            }
        }
        if let Some(pdm) = tool.get("pdm") {
            for (group, list) in members(pdm.get("dev-dependencies")) {
                self.groups.extend(Name::new(group).ok());
                self.requirements(Some(list));
            }
        }
    }

    /// Every table of a `Pipfile` that holds packages is a category.
    fn pipfile(&mut self, root: &Node<'_>) {
        const OTHERS: [&str; 5] = ["source", "requires", "scripts", "pipenv", "pipfile"];
        for (table, node) in members(Some(root)) {
            if !OTHERS.contains(&table) {
                self.keys(Some(node));
            }
        }
    }

    fn keys(&mut self, table: Option<&Node<'_>>) {
        let names = members(table).map(|(key, _)| Name::new(key));
        self.direct.extend(names.filter_map(Result::ok));
    }

    /// The names at the beginning of requirements; of an editable, the one in its fragment.
    fn requirements(&mut self, list: Option<&Node<'_>>) {
        let Some(Value::List(list)) = list.map(|node| &node.value) else {
            return;
        };
        for node in list {
            let Value::Text(text) = &node.value else {
                continue;
            };
            let text = text.trim();
            let text = text.rsplit_once("#egg=").map_or(text, |(_, name)| name);
            let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            let end = text.find(|c| !is_of_name(c)).unwrap_or(text.len());
            let name = text.get(..end).unwrap_or_default();
            self.direct
                .extend(Name::new(name.trim_end_matches(['-', '_', '.'])).ok());
        }
    }
}

fn members<'n>(node: Option<&'n Node<'_>>) -> impl Iterator<Item = (&'n str, &'n Node<'n>)> {
    let members = match node.map(|node| &node.value) {
        Some(Value::Object(members)) => members.as_slice(),
        _ => &[],
    };
    members
        .iter()
        .map(|member| (member.key.as_ref(), &member.node))
}
