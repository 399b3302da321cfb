//! A project's own word on what it needs, whichever file says it: dependencies, extras, Python.
//!
//! Extras that name the project itself (`app[all]` for `app[x]`) are expanded here, so the manifest never requires the project.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{
    Manifest, Marker, Name, Origin, Requirement, RootRequirement, Scope, SpecifierError, Specifiers,
};

use crate::error::{InputError, in_one_line, nearest};
use crate::path::posix;
use crate::requirements::read_requirement;

/// Extras that ask for each other under ever new markers must end somewhere.
const MOST_EXPANSIONS: usize = 1000;

/// A text and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Stated {
    pub(crate) text: String,
    pub(crate) file: String,
    pub(crate) line: usize,
}

impl Stated {
    pub(crate) fn error(&self, message: impl AsRef<str>) -> InputError {
        InputError::new(&self.file, message).at(self.line)
    }
}

/// A dependency, read, and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Dependency {
    pub(crate) requirement: Requirement,
    pub(crate) origin: Origin,
}

/// What a project says of itself.
#[derive(Debug)]
pub(crate) struct Project {
    /// The file that says it.
    pub(crate) file: String,
    /// Its name; a script has none.
    pub(crate) name: Option<Name>,
    pub(crate) requires_python: Option<(Specifiers, Origin)>,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) extras: BTreeMap<Name, Vec<Dependency>>,
    /// Why its extras are not known, if they are not.
    pub(crate) unknown_extras: Option<InputError>,
}

impl Project {
    /// A project of which nothing is known yet but who it is.
    pub(crate) fn new(file: &str, name: Option<Name>) -> Self {
        Self {
            file: file.to_owned(),
            name,
            requires_python: None,
            dependencies: Vec::new(),
            extras: BTreeMap::new(),
            unknown_extras: None,
        }
    }

    /// Reads one dependency. Every one is read, asked for or not: a project with a malformed one is no valid project.
    pub(crate) fn dependency(&self, stated: &Stated) -> Result<Dependency, InputError> {
        dependency(stated, via(self.name.as_ref(), &self.file))
    }

    /// Reads `requires-python`, called `key` in its file.
    pub(crate) fn python(&mut self, stated: &Stated, key: &str) -> Result<(), InputError> {
        let read: Result<Specifiers, SpecifierError> = stated.text.parse();
        let specifiers = read.map_err(|error| {
            stated
                .error(format!("`{key}`: {}", in_one_line(&error)))
                .remedy("write it as in `>=3.11`")
        })?;
        let via = via(self.name.as_ref(), &self.file);
        self.requires_python = Some((specifiers, origin(stated, via)));
        Ok(())
    }

    /// Adds an extra and its dependencies. Two of one normalised name are one too many.
    pub(crate) fn extra(&mut self, name: &Stated, texts: &[Stated]) -> Result<(), InputError> {
        let extra = Name::new(&name.text).map_err(|error| {
            name.error(format!("the name of an extra: {error}"))
                .remedy("give it another name")
        })?;
        let dependencies = texts
            .iter()
            .map(|text| self.dependency(text))
            .collect::<Result<_, _>>()?;
        if self.extras.insert(extra.clone(), dependencies).is_some() {
            return Err(name
                .error(format!(
                    "the extra `{}` is there twice: names count as `{extra}`, whatever their case and separators",
                    name.text
                ))
                .remedy("give one of them another name, or join them"));
        }
        Ok(())
    }

    fn adding<'a>(&'a self, manifest: &'a mut Manifest) -> Adding<'a> {
        Adding {
            project: self,
            manifest,
            scope: Scope::Main,
            expanded: BTreeSet::new(),
            added: BTreeMap::new(),
        }
    }

    /// Puts into `manifest` what the project requires with `extras`, of which it has some.
    pub(crate) fn add_to(
        &self,
        manifest: &mut Manifest,
        extras: &[Name],
    ) -> Result<(), InputError> {
        let mut adding = self.adding(manifest);
        for (place, dependency) in self.dependencies.iter().enumerate() {
            adding.add((None, place), dependency, &Marker::always())?;
        }
        for extra in extras
            .iter()
            .filter(|extra| self.extras.contains_key(*extra))
        {
            adding.scope = Scope::Extra(extra.clone());
            adding.expanded.clear();
            adding.expand(extra, &Marker::always())?;
            adding.manifest.scopes.insert(Scope::Extra(extra.clone()));
        }
        manifest
            .requires_python
            .extend(self.requires_python.clone());
        Ok(())
    }

    /// Puts into `manifest` what a requirement on the project itself stands for: the extras that it names, and the dependencies where the
    /// project is not among the sources.
    pub(crate) fn add_required(
        &self,
        manifest: &mut Manifest,
        root: &RootRequirement,
        is_source: bool,
    ) -> Result<(), InputError> {
        let required = Dependency {
            requirement: root.requirement.clone(),
            origin: root.origin.clone(),
        };
        let mut adding = self.adding(manifest);
        for scope in &root.scopes {
            adding.scope = scope.clone();
            adding.expanded.clear();
            for (place, dependency) in self.dependencies.iter().enumerate() {
                if !is_source {
                    adding.add((None, place), dependency, &root.requirement.marker)?;
                }
            }
            adding.add((None, usize::MAX), &required, &Marker::always())?;
        }
        Ok(())
    }
}

/// How a lock names a source that is no requirements file: `name (file)`, or `(file)` where there is no name. A bare file name could be
/// taken for the name of a project.
pub(crate) fn via(name: Option<&Name>, file: &str) -> String {
    let file = posix(file);
    match name {
        Some(name) => format!("{name} ({file})"),
        None => format!("({file})"),
    }
}

/// Reads one dependency.
pub(crate) fn dependency(stated: &Stated, via: String) -> Result<Dependency, InputError> {
    let requirement = read_requirement(&stated.text).map_err(|error| {
        let mut input = error.into_input(&stated.file).at(stated.line);
        input
            .remedy
            .get_or_insert_with(|| "write it as in `name>=1.2`, or remove it".to_owned());
        input
    })?;
    Ok(Dependency {
        requirement,
        origin: origin(stated, via),
    })
}

fn origin(stated: &Stated, via: String) -> Origin {
    Origin {
        file: posix(&stated.file),
        line: Some(stated.line),
        via,
    }
}

/// Puts a dependency into `manifest`, for `scope`; tells its place.
pub(crate) fn require(
    manifest: &mut Manifest,
    requirement: Requirement,
    origin: Origin,
    scope: Scope,
) -> usize {
    manifest.requirements.push(RootRequirement {
        requirement,
        origin,
        hashes: Vec::new(),
        editable: false,
        config_settings: Vec::new(),
        scopes: BTreeSet::from([scope]),
    });
    manifest.requirements.len() - 1
}

/// Lets `scope` too ask for what stands at `place` of `manifest`.
pub(crate) fn ask_too(manifest: &mut Manifest, place: usize, scope: Scope) {
    if let Some(root) = manifest.requirements.get_mut(place) {
        root.scopes.insert(scope);
    }
}

/// Which names there are: the first of them, where there are many.
pub(crate) fn told<'a>(known: impl IntoIterator<Item = &'a Name>) -> String {
    const SHOWN: usize = 20;
    let known: BTreeSet<&str> = known.into_iter().map(Name::as_str).collect();
    let shown: Vec<&str> = known.iter().take(SHOWN).copied().collect();
    let shown = shown.join(", ");
    match known.len() {
        0 => "it has none".to_owned(),
        count if count > SHOWN => format!("it has {shown} and {} more", count - SHOWN),
        _ => format!("it has {shown}"),
    }
}

/// With a remedy for a name that is not among `known`.
pub(crate) fn unknown<'a>(
    input: InputError,
    name: &str,
    known: impl Iterator<Item = &'a Name>,
) -> InputError {
    match nearest(name, known.map(Name::as_str)) {
        Some(near) => input.remedy(format!("is `{near}` meant?")),
        None => input.remedy("name one that is there, or add it"),
    }
}

/// A dependency of a project: the list that it stands in, an extra's or the project's own, and its place there.
type Listed = (Option<Name>, usize);

struct Adding<'a> {
    project: &'a Project,
    manifest: &'a mut Manifest,
    /// What is being added: the dependencies themselves, or an extra with those that it names.
    scope: Scope,
    /// The extras that were followed already for it, each with the marker that it was asked for under.
    expanded: BTreeSet<(Name, Option<String>)>,
    /// Where in the manifest each dependency is, by the marker that it was asked for under.
    added: BTreeMap<(Listed, Option<String>), usize>,
}

impl Adding<'_> {
    /// Adds a dependency under a marker; one on the project itself stands for its extras.
    fn add(
        &mut self,
        listed: Listed,
        dependency: &Dependency,
        marker: &Marker,
    ) -> Result<(), InputError> {
        let mut requirement = dependency.requirement.clone();
        requirement.marker = requirement.marker.and(marker);
        if self.project.name.as_ref() != Some(&requirement.name) {
            let (manifest, scope) = (&mut *self.manifest, self.scope.clone());
            match self.added.entry((listed, marker.to_text())) {
                Entry::Occupied(place) => ask_too(manifest, *place.get(), scope),
                Entry::Vacant(entry) => {
                    let origin = dependency.origin.clone();
                    entry.insert(require(manifest, requirement, origin, scope));
                }
            }
            return Ok(());
        }
        for extra in &requirement.extras {
            if !self.project.extras.contains_key(extra) {
                return Err(self.lacks(extra, &dependency.origin));
            }
            self.expand(extra, &requirement.marker)?;
        }
        Ok(())
    }

    fn expand(&mut self, extra: &Name, marker: &Marker) -> Result<(), InputError> {
        if !self.expanded.insert((extra.clone(), marker.to_text())) {
            return Ok(());
        }
        if self.expanded.len() > MOST_EXPANSIONS {
            let message =
                format!("its extras ask for each other more than {MOST_EXPANSIONS} times");
            return Err(InputError::new(&self.project.file, message)
                .remedy("let fewer extras name the project itself"));
        }
        let project = self.project;
        let listed = project.extras.get(extra).into_iter().flatten();
        for (place, dependency) in listed.enumerate() {
            self.add((Some(extra.clone()), place), dependency, marker)?;
        }
        Ok(())
    }

    fn lacks(&self, extra: &Name, origin: &Origin) -> InputError {
        if let Some(error) = &self.project.unknown_extras {
            return error.clone();
        }
        let message = format!(
            "the project has no extra `{extra}`; {}",
            told(self.project.extras.keys())
        );
        let error = InputError::new(&origin.file, message).at(origin.line.unwrap_or(1));
        unknown(error, extra.as_str(), self.project.extras.keys())
    }
}
