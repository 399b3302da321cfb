//! `[dependency-groups]` (PEP 735): lists of requirements, which may include each other.
//!
//! The names of all groups must be valid and apart from each other; what a group holds is looked at only when it is asked for, since
//! the specification lets later versions put more into one.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{Files, Manifest, Name, Scope};
use toml::Spanned;
use toml::de::DeValue;

use super::{below, parse, wrong_type};
use crate::document::Document;
use crate::error::InputError;
use crate::project::{self, Dependency, Stated, told, unknown, via};
use crate::text;

/// Groups that include each other deeper than this are a mistake even where they do not loop.
const DEEPEST: usize = 64;

/// The groups of one `pyproject.toml`.
#[derive(Debug)]
pub(crate) struct Groups {
    file: String,
    /// The project's name, if the file has a project.
    project: Option<Name>,
    by_name: BTreeMap<Name, Group>,
}

#[derive(Debug)]
struct Group {
    line: usize,
    items: Result<Vec<Item>, InputError>,
}

#[derive(Debug)]
enum Item {
    Requirement(Stated),
    Include(Stated),
}

impl Groups {
    /// Reads the groups of the file at `path`; there may be none.
    pub(crate) fn read(files: &dyn Files, path: &str) -> Result<Self, InputError> {
        let bytes = text::read(files, path)?;
        let text = text::utf8(path, &bytes, "`pyproject.toml`")?;
        let document = Document::new(path, text);
        let root = parse(text, &document)?;
        let name = below(&root, &["project"]).and_then(|project| project.get("name"));
        let mut groups = Self {
            file: path.to_owned(),
            project: name
                .and_then(|name| name.get_ref().as_str())
                .and_then(|name| Name::new(name).ok()),
            by_name: BTreeMap::new(),
        };
        let Some(value) = root.get("dependency-groups") else {
            return Ok(groups);
        };
        let table = value
            .get_ref()
            .as_table()
            .ok_or_else(|| wrong_type(value, "`dependency-groups`", "a table", &document))?;
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in entries {
            let written = document.stated(key.span().start, key.get_ref());
            groups.insert(&written, items(&written.text, value, &document))?;
        }
        Ok(groups)
    }

    fn insert(
        &mut self,
        written: &Stated,
        items: Result<Vec<Item>, InputError>,
    ) -> Result<(), InputError> {
        let name = Name::new(&written.text).map_err(|error| {
            written
                .error(format!("the name of a dependency group: {error}"))
                .remedy("give it another name")
        })?;
        let line = written.line;
        let earlier = self.by_name.insert(name.clone(), Group { line, items });
        match earlier {
            None => Ok(()),
            Some(earlier) => Err(written
                .error(format!(
                    "the dependency group `{}` is there twice, on line {} too: names count as `{name}`, whatever their case and separators",
                    written.text, earlier.line
                ))
                .remedy("give one of them another name, or join them")),
        }
    }

    /// The name of the project that the file has, if it has one.
    pub(crate) fn project(&self) -> Option<&Name> {
        self.project.as_ref()
    }

    /// Whether there is a group of this name.
    pub(crate) fn has(&self, group: &Name) -> bool {
        self.by_name.contains_key(group)
    }

    /// An error for a group that is not there.
    pub(crate) fn lacks(&self, group: &Name) -> InputError {
        let message = format!(
            "there is no dependency group `{group}`; {}",
            told(self.by_name.keys())
        );
        let input = InputError::new(&self.file, message);
        unknown(input, group.as_str(), self.by_name.keys())
    }

    /// Puts into `manifest` what `groups` and those that they include require, each once; a group asks for what it includes.
    pub(crate) fn add_to(
        &self,
        manifest: &mut Manifest,
        groups: &[Name],
    ) -> Result<(), InputError> {
        let mut adding = Adding {
            groups: self,
            manifest,
            scope: Scope::Main,
            open: Vec::new(),
            done: BTreeSet::new(),
            added: BTreeMap::new(),
        };
        groups.iter().try_for_each(|name| {
            let group = self.by_name.get(name).ok_or_else(|| self.lacks(name))?;
            adding.scope = Scope::Group(name.clone());
            adding.done.clear();
            adding.group(name, group)?;
            adding.manifest.scopes.insert(Scope::Group(name.clone()));
            Ok(())
        })
    }
}

/// What stands in one group.
fn items(
    name: &str,
    value: &Spanned<DeValue<'_>>,
    document: &Document<'_>,
) -> Result<Vec<Item>, InputError> {
    let what = format!("the dependency group `{name}`");
    let array = value
        .get_ref()
        .as_array()
        .ok_or_else(|| wrong_type(value, &what, "an array", document))?;
    array
        .iter()
        .map(|entry| item(&what, entry, document))
        .collect()
}

fn item(
    what: &str,
    entry: &Spanned<DeValue<'_>>,
    document: &Document<'_>,
) -> Result<Item, InputError> {
    if let Some(text) = entry.get_ref().as_str() {
        return Ok(Item::Requirement(document.stated(entry.span().start, text)));
    }
    let wrong = || {
        let wanted = "a requirement or `{ include-group = \"…\" }`";
        wrong_type(entry, &format!("each entry of {what}"), wanted, document)
    };
    let table = entry.get_ref().as_table().ok_or_else(wrong)?;
    let included = table.get("include-group").filter(|_| table.len() == 1);
    let Some(included) = included else {
        let message = format!("{what} has a table that is no `{{ include-group = \"…\" }}`");
        return Err(document
            .error_at(entry.span().start, message)
            .remedy("write `{ include-group = \"…\" }` and no other key, or remove it"));
    };
    match included.get_ref().as_str() {
        Some(text) => Ok(Item::Include(document.stated(included.span().start, text))),
        None => Err(wrong_type(
            included,
            &format!("`include-group` of {what}"),
            "a string",
            document,
        )),
    }
}

struct Adding<'a> {
    groups: &'a Groups,
    manifest: &'a mut Manifest,
    /// The group that is asked for.
    scope: Scope,
    /// The groups being read for it, outermost first.
    open: Vec<Name>,
    done: BTreeSet<Name>,
    /// Where in the manifest each requirement is, by its group and place there.
    added: BTreeMap<(Name, usize), usize>,
}

impl Adding<'_> {
    fn group(&mut self, name: &Name, group: &Group) -> Result<(), InputError> {
        if !self.done.insert(name.clone()) {
            return Ok(());
        }
        self.open.push(name.clone());
        let file = &self.groups.file;
        let via = via(self.groups.project.as_ref(), &format!("{file}:{name}"));
        let items = group.items.as_ref().map_err(Clone::clone)?;
        for (place, item) in items.iter().enumerate() {
            let (manifest, scope) = (&mut *self.manifest, self.scope.clone());
            match item {
                Item::Requirement(stated) => match self.added.entry((name.clone(), place)) {
                    Entry::Occupied(known) => project::ask_too(manifest, *known.get(), scope),
                    Entry::Vacant(entry) => {
                        let Dependency {
                            requirement,
                            origin,
                        } = project::dependency(stated, via.clone())?;
                        entry.insert(project::require(manifest, requirement, origin, scope));
                    }
                },
                Item::Include(stated) => self.include(stated)?,
            }
        }
        self.open.pop();
        Ok(())
    }

    fn include(&mut self, stated: &Stated) -> Result<(), InputError> {
        let name = Name::new(&stated.text)
            .map_err(|error| stated.error(error.to_string()).remedy("name a group"))?;
        if let Some(start) = self.open.iter().position(|open| *open == name) {
            let circle: Vec<&str> = self.open.iter().skip(start).map(Name::as_str).collect();
            let message = format!(
                "the dependency groups go round in a circle: {} → {name}",
                circle.join(" → ")
            );
            return Err(stated.error(message).remedy("remove one of the includes"));
        }
        if self.open.len() >= DEEPEST {
            let message = format!("dependency groups are nested more than {DEEPEST} deep");
            return Err(stated
                .error(message)
                .remedy("include fewer levels of groups"));
        }
        let groups = self.groups;
        let Some(group) = groups.by_name.get(&name) else {
            let mut lacks = groups.lacks(&name);
            lacks.line = Some(stated.line);
            return Err(lacks);
        };
        self.group(&name, group)
    }
}
