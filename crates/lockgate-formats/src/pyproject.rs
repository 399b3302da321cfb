//! The `[project]` table of `pyproject.toml` (PEP 621): dependencies and extras.

use std::collections::BTreeMap;

use lockgate_model::{Files, Manifest, Name, Origin, Requirement, RootRequirement, Specifiers};
use serde::Deserialize;
use toml::Spanned;

use crate::error::{InputError, line_of};
use crate::path::posix;
use crate::requirements::read_requirement;

/// Which extras of a project are asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extras<'a> {
    pub(crate) named: &'a [String],
    pub(crate) all: bool,
}

#[derive(Debug, Deserialize)]
struct Document {
    project: Option<Project>,
    tool: Option<Tool>,
}

#[derive(Debug, Deserialize)]
struct Tool {
    poetry: Option<toml::Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Project {
    name: Spanned<String>,
    requires_python: Option<Spanned<String>>,
    #[serde(default)]
    dependencies: Vec<Spanned<String>>,
    #[serde(default)]
    optional_dependencies: BTreeMap<String, Vec<Spanned<String>>>,
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
    let bytes = files
        .read(path)
        .map_err(|error| InputError::new(path, format!("cannot be read: {error}")))?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_utf8| InputError::new(path, "it is not UTF-8 text"))?;
    let document: Document =
        toml::from_str(text).map_err(|error| toml_error(path, text, &error))?;
    let Some(project) = document.project else {
        let input = InputError::new(path, "it has no `[project]` table");
        return Err(if document.tool.is_some_and(|tool| tool.poetry.is_some()) {
            input.remedy("Poetry's own table is not read: move its dependencies to `[project]`, which Poetry 2 reads as well")
        } else {
            input.remedy("name a requirements file instead, or add `[project]` with `dependencies`")
        });
    };
    Reading {
        path,
        text,
        project: &project,
    }
    .into_manifest(extras, manifest)
}

/// A TOML error with its line.
pub(crate) fn toml_error(path: &str, text: &str, error: &toml::de::Error) -> InputError {
    let input = InputError::new(path, error.message().to_owned());
    match error.span() {
        Some(span) => input.at(line_of(text, span.start)),
        None => input,
    }
}

struct Reading<'a> {
    path: &'a str,
    text: &'a str,
    project: &'a Project,
}

impl Reading<'_> {
    fn into_manifest(self, extras: Extras<'_>, manifest: &mut Manifest) -> Result<(), InputError> {
        let name = Name::new(self.project.name.get_ref())
            .map_err(|error| self.error(&self.project.name, error.to_string()))?;
        for field in &self.project.dynamic {
            let wants_extras = extras.all || !extras.named.is_empty();
            if field.get_ref() == "dependencies"
                || (field.get_ref() == "optional-dependencies" && wants_extras)
            {
                return Err(self
                    .error(field, format!("`{}` is dynamic: it is known only after a build, and lockgate runs no package code", field.get_ref()))
                    .remedy("write the dependencies into `[project]`, or lock a requirements file"));
            }
        }
        if let Some(text) = &self.project.requires_python {
            let specifiers: Specifiers = text
                .get_ref()
                .parse()
                .map_err(|error| self.error(text, format!("`requires-python`: {error}")))?;
            manifest.requires_python = Some((specifiers, self.origin(text, &name)));
        }
        for dependency in &self.project.dependencies {
            self.add(dependency, &name, manifest, &mut Vec::new())?;
        }
        for extra in self.chosen(extras)? {
            self.add_extra(&extra, &name, manifest, &mut Vec::new())?;
        }
        Ok(())
    }

    /// The extras asked for, normalised, each of which the project has.
    fn chosen(&self, extras: Extras<'_>) -> Result<Vec<Name>, InputError> {
        let known: Vec<Name> = self
            .project
            .optional_dependencies
            .keys()
            .map(|extra| {
                Name::new(extra).map_err(|error| InputError::new(self.path, error.to_string()))
            })
            .collect::<Result<_, _>>()?;
        if extras.all {
            return Ok(known);
        }
        extras
            .named
            .iter()
            .map(|extra| {
                let asked = Name::new(extra)
                    .map_err(|error| InputError::new(self.path, error.to_string()))?;
                if known.contains(&asked) {
                    return Ok(asked);
                }
                let listed: Vec<&str> = known.iter().map(Name::as_str).collect();
                let known = if listed.is_empty() {
                    "it has none".to_owned()
                } else {
                    format!("it has {}", listed.join(", "))
                };
                Err(InputError::new(
                    self.path,
                    format!("the project has no extra `{extra}`; {known}"),
                ))
            })
            .collect()
    }

    fn add_extra(
        &self,
        extra: &Name,
        project: &Name,
        manifest: &mut Manifest,
        open: &mut Vec<Name>,
    ) -> Result<(), InputError> {
        if open.contains(extra) {
            return Ok(());
        }
        open.push(extra.clone());
        let entries = self.project.optional_dependencies.iter();
        for (_, dependencies) in
            entries.filter(|(key, _)| Name::new(key).is_ok_and(|key| key == *extra))
        {
            for dependency in dependencies {
                self.add(dependency, project, manifest, open)?;
            }
        }
        open.pop();
        Ok(())
    }

    /// Adds a dependency; one on the project itself stands for its extras.
    fn add(
        &self,
        dependency: &Spanned<String>,
        project: &Name,
        manifest: &mut Manifest,
        open: &mut Vec<Name>,
    ) -> Result<(), InputError> {
        let line = self.line(dependency);
        let requirement: Requirement = read_requirement(dependency.get_ref())
            .map_err(|error| error.into_input(self.path).at(line))?;
        if requirement.name == *project {
            for extra in &requirement.extras {
                self.add_extra(extra, project, manifest, open)?;
            }
            return Ok(());
        }
        let origin = self.origin(dependency, project);
        let known = RootRequirement {
            requirement,
            origin,
            hashes: Vec::new(),
        };
        if !manifest.requirements.contains(&known) {
            manifest.requirements.push(known);
        }
        Ok(())
    }

    fn line<T>(&self, spanned: &Spanned<T>) -> usize {
        line_of(self.text, spanned.span().start)
    }

    fn origin<T>(&self, spanned: &Spanned<T>, project: &Name) -> Origin {
        let file = posix(self.path);
        Origin {
            via: format!("{project} ({file})"),
            file,
            line: Some(self.line(spanned)),
        }
    }

    fn error<T>(&self, spanned: &Spanned<T>, message: String) -> InputError {
        InputError::new(self.path, message).at(self.line(spanned))
    }
}
