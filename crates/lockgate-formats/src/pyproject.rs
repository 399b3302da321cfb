//! The `[project]` table of `pyproject.toml` (PEP 621): dependencies, extras, Python.
//!
//! Extras that name the project itself (`app[all]` for `app[x]`) are expanded here, so the manifest never requires the project.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{
    Files, FilesError, Manifest, Marker, Name, Origin, Requirement, RootRequirement,
    SpecifierError, Specifiers,
};
use serde::Deserialize;
use toml::Spanned;

use crate::document::Document;
use crate::error::{InputError, in_one_line, nearest};
use crate::path::posix;
use crate::requirements::read_requirement;

/// Extras that ask for each other under ever new markers must end somewhere.
const MOST_EXPANSIONS: usize = 1000;

/// Which extras of a project are asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extras<'a> {
    pub(crate) named: &'a [String],
    pub(crate) all: bool,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "a table")]
struct Pyproject {
    project: Option<Project>,
    tool: Option<Tool>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "a table")]
struct Tool {
    poetry: Option<serde::de::IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", expecting = "a table")]
struct Project {
    name: Spanned<String>,
    requires_python: Option<Spanned<String>>,
    #[serde(default)]
    dependencies: Vec<Spanned<String>>,
    #[serde(default)]
    optional_dependencies: BTreeMap<Spanned<String>, Vec<Spanned<String>>>,
    #[serde(default)]
    dynamic: Vec<Spanned<String>>,
}

/// Reads the project at `path` into `manifest`.
pub(crate) fn read(
    files: &dyn Files,
    path: &str,
    extras: Extras<'_>,
    manifest: &mut Manifest,
) -> Result<(), InputError> {
    let bytes = files.read(path).map_err(|error| {
        let input = InputError::new(path, format!("cannot be read: {error}"));
        if error == FilesError::Missing {
            input.remedy("check the path")
        } else {
            input
        }
    })?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_utf8| InputError::new(path, "it is not UTF-8 text, and TOML is"))?;
    let document = Document::new(path, text);
    let pyproject: Pyproject = toml::from_str(text).map_err(|error| document.toml_error(&error))?;
    let Some(project) = pyproject.project else {
        let input = InputError::new(path, "it has no `[project]` table");
        return Err(
            if pyproject.tool.is_some_and(|tool| tool.poetry.is_some()) {
                input.remedy("Poetry's own table is not read: move its dependencies to `[project]`, which Poetry 2 reads as well")
            } else {
                input.remedy("name a requirements file instead, or add `[project]` with `name` and `dependencies`")
            },
        );
    };
    let name = Name::new(project.name.get_ref())
        .map_err(|error| document.error_at(project.name.span().start, error.to_string()))?;
    let mut reading = Reading {
        document: &document,
        project: &project,
        extras: extras_of(&project, &document)?,
        name,
        manifest,
        expanded: BTreeSet::new(),
    };
    reading.refuse_dynamic(extras)?;
    reading.requires_python()?;
    for dependency in &project.dependencies {
        reading.add(dependency, &Marker::always())?;
    }
    for extra in reading.chosen(extras)? {
        reading.expand(&extra, &Marker::always())?;
    }
    Ok(())
}

/// The extras by their normalised names.
fn extras_of<'a>(
    project: &'a Project,
    document: &Document<'_>,
) -> Result<BTreeMap<Name, Vec<&'a Spanned<String>>>, InputError> {
    let mut extras: BTreeMap<Name, Vec<&Spanned<String>>> = BTreeMap::new();
    for (extra, dependencies) in &project.optional_dependencies {
        let name = Name::new(extra.get_ref())
            .map_err(|error| document.error_at(extra.span().start, error.to_string()))?;
        extras.entry(name).or_default().extend(dependencies);
    }
    Ok(extras)
}

struct Reading<'a> {
    document: &'a Document<'a>,
    project: &'a Project,
    name: Name,
    extras: BTreeMap<Name, Vec<&'a Spanned<String>>>,
    manifest: &'a mut Manifest,
    /// The extras that were followed already, each with the marker that it was asked for under.
    expanded: BTreeSet<(Name, Option<String>)>,
}

impl Reading<'_> {
    fn refuse_dynamic(&self, extras: Extras<'_>) -> Result<(), InputError> {
        let wants_extras = extras.all || !extras.named.is_empty();
        let is_needed = |field: &str| match field {
            "dependencies" => true,
            "optional-dependencies" => wants_extras,
            _ => false,
        };
        let dynamic = self.project.dynamic.iter();
        let Some(field) = dynamic.into_iter().find(|field| is_needed(field.get_ref())) else {
            return Ok(());
        };
        let message = format!(
            "`{}` is dynamic: it is known only after a build, and lockgate runs no package code",
            field.get_ref()
        );
        Err(self
            .error(field, message)
            .remedy("write the dependencies into `[project]`, or lock a requirements file"))
    }

    fn requires_python(&mut self) -> Result<(), InputError> {
        if let Some(text) = &self.project.requires_python {
            let specifiers: Specifiers =
                text.get_ref().parse().map_err(|error: SpecifierError| {
                    self.error(text, format!("`requires-python`: {}", in_one_line(&error)))
                        .remedy("write it as in `>=3.11`")
                })?;
            self.manifest.requires_python = Some((specifiers, self.origin(text)));
        }
        Ok(())
    }

    /// The extras asked for, each of which the project has.
    fn chosen(&self, extras: Extras<'_>) -> Result<Vec<Name>, InputError> {
        if extras.all {
            return Ok(self.extras.keys().cloned().collect());
        }
        extras
            .named
            .iter()
            .map(|text| {
                let extra = Name::new(text)
                    .map_err(|error| InputError::new(self.document.file, error.to_string()))?;
                if self.extras.contains_key(&extra) {
                    Ok(extra)
                } else {
                    Err(self.unknown(InputError::new(self.document.file, self.lacks(text)), text))
                }
            })
            .collect()
    }

    /// Adds a dependency under a marker; one on the project itself stands for its extras.
    fn add(&mut self, dependency: &Spanned<String>, marker: &Marker) -> Result<(), InputError> {
        let line = self.line(dependency);
        let mut requirement: Requirement = read_requirement(dependency.get_ref())
            .map_err(|error| error.into_input(self.document.file).at(line))?;
        requirement.marker = requirement.marker.and(marker);
        if requirement.name == self.name {
            for extra in &requirement.extras {
                if !self.extras.contains_key(extra) {
                    let extra = extra.as_str();
                    return Err(self.unknown(self.error(dependency, self.lacks(extra)), extra));
                }
                self.expand(extra, &requirement.marker)?;
            }
            return Ok(());
        }
        let origin = self.origin(dependency);
        self.manifest.requirements.push(RootRequirement {
            requirement,
            origin,
            hashes: Vec::new(),
            editable: false,
            config_settings: Vec::new(),
        });
        Ok(())
    }

    fn expand(&mut self, extra: &Name, marker: &Marker) -> Result<(), InputError> {
        if !self.expanded.insert((extra.clone(), marker.to_text())) {
            return Ok(());
        }
        if self.expanded.len() > MOST_EXPANSIONS {
            let message =
                format!("its extras ask for each other more than {MOST_EXPANSIONS} times");
            return Err(InputError::new(self.document.file, message));
        }
        let dependencies = self.extras.get(extra).cloned().unwrap_or_default();
        for dependency in dependencies {
            self.add(dependency, marker)?;
        }
        Ok(())
    }

    fn lacks(&self, extra: &str) -> String {
        let known: Vec<&str> = self.extras.keys().map(Name::as_str).collect();
        let known = if known.is_empty() {
            "it has none".to_owned()
        } else {
            format!("it has {}", known.join(", "))
        };
        format!("the project has no extra `{extra}`; {known}")
    }

    fn unknown(&self, input: InputError, extra: &str) -> InputError {
        match nearest(extra, self.extras.keys().map(Name::as_str)) {
            Some(near) => input.remedy(format!("is `{near}` meant?")),
            None => input,
        }
    }

    fn line<T>(&self, spanned: &Spanned<T>) -> usize {
        self.document.line(spanned.span().start)
    }

    fn origin<T>(&self, spanned: &Spanned<T>) -> Origin {
        let file = posix(self.document.file);
        Origin {
            via: format!("{} ({file})", self.name),
            file,
            line: Some(self.line(spanned)),
        }
    }

    fn error<T>(&self, spanned: &Spanned<T>, message: String) -> InputError {
        self.document.error_at(spanned.span().start, message)
    }
}
