//! All sources of one lock, read into one manifest.

use std::collections::BTreeMap;
use std::str::FromStr;

use lockgate_model::{Files, Manifest, Name, RootRequirement};

use crate::error::InputError;
use crate::project::{Project, told, unknown};
use crate::pylock;
use crate::pyproject::{self, Groups, Read};
use crate::requirements::{Reader, Role};
use crate::script;
use crate::setup_cfg;
use crate::source::SourceKind;
use crate::text;

/// Where a group stands that was named without a file.
const DEFAULT_GROUPS: &str = "pyproject.toml";

/// How to read the sources.
#[derive(Debug, Clone, Copy)]
pub struct Manifests<'a> {
    /// Extras asked for, of the projects among the sources.
    pub extras: &'a [String],
    /// All extras.
    pub all_extras: bool,
    /// Dependency groups asked for.
    pub groups: &'a [GroupRequest],
}

/// `--group [PATH:]NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRequest {
    /// The `pyproject.toml` that has it; none: those among the sources, else the one in the current folder.
    pub file: Option<String>,
    /// The group.
    pub name: Name,
}

impl FromStr for GroupRequest {
    type Err = String;

    /// A name cannot have a colon, so the last one ends the path. As pip has it, only a `pyproject.toml` has groups.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (file, name) = match text.rsplit_once(':') {
            None => (None, text),
            Some((file, name)) => (Some(file), name),
        };
        if let Some(file) = file
            && file.rsplit(['/', '\\']).next() != Some(DEFAULT_GROUPS)
        {
            return Err(format!("`{file}` does not end in `pyproject.toml`"));
        }
        Ok(Self {
            file: file.map(ToOwned::to_owned),
            name: Name::new(name).map_err(|error| error.to_string())?,
        })
    }
}

impl GroupRequest {
    /// The files that it may be found in, given the sources.
    pub fn files<'a>(&'a self, sources: &'a [String]) -> Vec<&'a str> {
        if let Some(file) = &self.file {
            return vec![file];
        }
        let projects = sources.iter().map(String::as_str);
        let projects: Vec<&str> = projects
            .filter(|source| SourceKind::of(source) == SourceKind::Pyproject)
            .collect();
        if projects.is_empty() {
            vec![DEFAULT_GROUPS]
        } else {
            projects
        }
    }
}

/// A source, as far as it can be read by itself.
enum Source<'a> {
    Requirements(&'a str),
    Project(Box<Project>),
    /// The pins of a `pylock.toml`.
    Pylock(Vec<RootRequirement>),
    /// A `pyproject.toml` without a project, named for its groups.
    OnlyGroups(&'a str),
}

impl Manifests<'_> {
    /// Reads `sources` and groups, then `constraints` (requirement files), in order.
    pub fn read(
        &self,
        files: &dyn Files,
        sources: &[String],
        constraints: &[String],
    ) -> Result<Manifest, InputError> {
        self.read_onto(Manifest::default(), files, sources, constraints)
    }

    /// As [`Self::read`], on top of what holds before any file speaks: an option in a file adds to it or takes it back.
    pub fn read_onto(
        &self,
        mut manifest: Manifest,
        files: &dyn Files,
        sources: &[String],
        constraints: &[String],
    ) -> Result<Manifest, InputError> {
        let read = sources
            .iter()
            .map(|path| self.source(files, path))
            .collect::<Result<Vec<_>, _>>()?;
        let extras = self.chosen_extras(&read)?;
        for (path, source) in sources.iter().zip(&read) {
            // A script has no extras, and groups beside it are none of its own.
            if SourceKind::of(path).is_project() && matches!(source, Source::Project(_)) {
                manifest.projects.push(path.clone());
            }
        }
        let mut own = OwnProjects::default();
        for (path, source) in sources.iter().zip(read) {
            match source {
                Source::OnlyGroups(_) => {}
                Source::Pylock(pins) => manifest.requirements.extend(pins),
                Source::Requirements(path) => {
                    Reader::new(files, &mut manifest).read(path, Role::Requirements)?;
                }
                Source::Project(project) if self.all_extras => {
                    if let Some(error) = &project.unknown_extras {
                        return Err(error.clone());
                    }
                    let all: Vec<Name> = project.extras.keys().cloned().collect();
                    project.add_to(&mut manifest, &all)?;
                    own.know(path, *project);
                }
                Source::Project(project) => {
                    project.add_to(&mut manifest, &extras)?;
                    own.know(path, *project);
                }
            }
        }
        self.add_groups(files, sources, &mut manifest, &mut own)?;
        own.expand(files, &mut manifest)?;
        for constraint in constraints {
            Reader::new(files, &mut manifest).read(constraint, Role::Constraints)?;
        }
        Ok(manifest)
    }

    /// Reads one source; a requirements file is left to be read in its turn, since its options have an order.
    fn source<'a>(&self, files: &dyn Files, path: &'a str) -> Result<Source<'a>, InputError> {
        let project = match SourceKind::of(path) {
            SourceKind::Requirements => return Ok(Source::Requirements(path)),
            SourceKind::Pyproject => match pyproject::read(files, path)? {
                Read::Project(project) => *project,
                Read::OnlyGroups(_) if !self.groups.is_empty() => {
                    return Ok(Source::OnlyGroups(path));
                }
                Read::OnlyGroups(error) => return Err(error),
            },
            SourceKind::SetupCfg => setup_cfg::read(files, path)?,
            SourceKind::Script => script::read(files, path)?,
            SourceKind::SetupPy => return Err(setup_cfg::program(files, path)),
            SourceKind::Pylock => {
                let bytes = text::read(files, path)?;
                let read = pylock::read(text::utf8(path, &bytes, "pylock.toml")?, path)?;
                return Ok(Source::Pylock(read.requirements(path)?));
            }
            SourceKind::Foreign(what) => {
                return Err(InputError::new(path, format!("it is {what}")).remedy(
                    "lock a requirements file, a `pyproject.toml`, a `setup.cfg` or a script",
                ));
            }
        };
        Ok(Source::Project(Box::new(project)))
    }

    /// The extras that are named, each of which some project has.
    fn chosen_extras(&self, sources: &[Source<'_>]) -> Result<Vec<Name>, InputError> {
        let projects = || {
            sources.iter().filter_map(|source| match source {
                Source::Project(project) => Some(project),
                Source::Requirements(_) | Source::Pylock(_) | Source::OnlyGroups(_) => None,
            })
        };
        let Some(first) = projects().next() else {
            let mut groups = sources.iter().filter_map(|source| match source {
                Source::OnlyGroups(path) => Some(path),
                Source::Requirements(_) | Source::Pylock(_) | Source::Project(_) => None,
            });
            return match groups.next() {
                Some(path) if self.all_extras || !self.extras.is_empty() => Err(InputError::new(
                    path,
                    "it has no `[project]` table, and so no extras",
                )
                .remedy("ask for its groups alone")),
                _ => Ok(Vec::new()),
            };
        };
        let chosen = self.extras.iter().map(|text| {
            let extra = Name::new(text).map_err(|error| {
                InputError::new(&first.file, format!("`--extra {text}`: {error}"))
                    .remedy("name an extra of the project")
            })?;
            if projects().any(|project| project.extras.contains_key(&extra)) {
                return Ok(extra);
            }
            if let Some(error) = projects().find_map(|project| project.unknown_extras.clone()) {
                return Err(error);
            }
            let known = || projects().flat_map(|project| project.extras.keys());
            let message = if projects().count() == 1 {
                format!("the project has no extra `{text}`; {}", told(known()))
            } else {
                format!(
                    "no project among the sources has an extra `{text}`; {}",
                    told(known()).replacen("it has", "they have", 1)
                )
            };
            Err(unknown(
                InputError::new(&first.file, message),
                extra.as_str(),
                known(),
            ))
        });
        chosen.collect()
    }

    /// Each group from every file that may have it and does; one at least must.
    fn add_groups(
        &self,
        files: &dyn Files,
        sources: &[String],
        manifest: &mut Manifest,
        own: &mut OwnProjects,
    ) -> Result<(), InputError> {
        let mut tables: Vec<(&str, Groups)> = Vec::new();
        for path in self.groups.iter().flat_map(|group| group.files(sources)) {
            if tables.iter().all(|(known, _)| *known != path) {
                tables.push((path, groups_of(files, path)?));
            }
        }
        for request in self.groups {
            let places = request.files(sources);
            let asked = tables.iter().filter(|(path, _)| places.contains(path));
            let asked: Vec<&Groups> = asked.map(|(_, groups)| groups).collect();
            if let Some(first) = asked.first()
                && !asked.iter().any(|groups| groups.has(&request.name))
            {
                return Err(first.lacks(&request.name));
            }
        }
        for (path, groups) in &tables {
            let asked = self.groups.iter().filter(|request| {
                request.files(sources).contains(path) && groups.has(&request.name)
            });
            let asked: Vec<Name> = asked.map(|request| request.name.clone()).collect();
            groups.add_to(manifest, &asked)?;
            if let Some(name) = groups.project().filter(|_| !asked.is_empty()) {
                own.files
                    .entry(name.clone())
                    .or_insert_with(|| (*path).to_owned());
            }
        }
        Ok(())
    }
}

/// The projects that sources and groups are of. A requirement on one of them is a requirement on its own folder: what it stands for is known
/// here, and no index has to do with it.
#[derive(Default)]
struct OwnProjects {
    /// Those among the sources.
    known: BTreeMap<Name, Project>,
    /// The file of each.
    files: BTreeMap<Name, String>,
}

impl OwnProjects {
    fn know(&mut self, path: &str, project: Project) {
        if let Some(name) = project.name.clone() {
            self.files.insert(name.clone(), path.to_owned());
            self.known.insert(name, project);
        }
    }

    /// Puts what they stand for in the place of requirements on these projects. A direct reference says itself what is meant.
    fn expand(&self, files: &dyn Files, manifest: &mut Manifest) -> Result<(), InputError> {
        let mut read: BTreeMap<&Name, Project> = BTreeMap::new();
        for root in std::mem::take(&mut manifest.requirements) {
            let name = &root.requirement.name;
            let own = self.files.get_key_value(name);
            let Some((name, path)) = own.filter(|_| root.requirement.specifiers().is_some()) else {
                manifest.requirements.push(root);
                continue;
            };
            if let Some(project) = self.known.get(name) {
                project.add_required(manifest, &root, true)?;
                continue;
            }
            if !read.contains_key(name) {
                let project = match pyproject::read(files, path)? {
                    Read::Project(project) => *project,
                    Read::OnlyGroups(error) => return Err(error),
                };
                manifest
                    .requires_python
                    .extend(project.requires_python.clone());
                read.insert(name, project);
            }
            if let Some(project) = read.get(name) {
                project.add_required(manifest, &root, false)?;
            }
        }
        manifest.own.extend(self.files.keys().cloned());
        Ok(())
    }
}

fn groups_of(files: &dyn Files, path: &str) -> Result<Groups, InputError> {
    Groups::read(files, path).map_err(|mut error| {
        if error.line.is_none() {
            error.message = format!("{}; `--group` looks for groups there", error.message);
        }
        error
    })
}

#[cfg(test)]
mod tests;
