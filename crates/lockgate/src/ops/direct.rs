//! Direct references of the sources: looked at before anything is solved, so that each is one release with a name, a version and
//! metadata. What they ask for at other places in turn is followed too, as pip does; what an index serves may not do that.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lockgate_formats::static_project::{self, NotStatic};
use lockgate_index::{DirectFacts, Stated};
use lockgate_model::{
    CoreMetadata, DirectKind, DirectPin, DirectRelease, DistFile, FactError, Facts, Manifest,
    Metadata, Name, Place, Reference, Requirement, RootRequirement, Scope, Sha256, Source, Target,
    UnusableReason, Yank,
};
use url::Url;

use crate::building::{self, Builder};
use crate::failure::{Exit, Failure};
use crate::indexes;
use crate::world::World;

/// The releases at direct references, by project.
pub(crate) type DirectReleases = BTreeMap<Name, Arc<DirectRelease>>;

/// A direct reference as one place asks for it.
#[derive(Debug, Clone)]
struct Asked {
    text: String,
    /// Where it was written, for people.
    origin: String,
    editable: bool,
    hashes: Vec<Sha256>,
    /// `--config-settings` of its line.
    settings: Vec<(String, String)>,
    /// The project, where the reference does not stand alone.
    name: Option<Name>,
}

/// Looks at every direct reference of `manifest` that holds on `target`. Those without a name get the one that they turn out to have.
pub(crate) fn follow(
    manifest: &mut Manifest,
    target: &Target,
    builder: Option<&Builder>,
    world: &World,
) -> Result<DirectReleases, Failure> {
    let folder = current_folder()?;
    let mut following = Following {
        target,
        builder,
        world,
        folder,
        releases: BTreeMap::new(),
        origins: BTreeMap::new(),
    };
    following.name_the_unnamed(manifest)?;
    for (name, asked) in named(manifest, target) {
        following.take(&name, &asked)?;
    }
    following.follow_further(manifest)?;
    Ok(following.releases)
}

/// A direct reference among the sources, without credentials.
pub(crate) fn any(manifest: &Manifest) -> Option<String> {
    let shown = |text: &str| match text.parse::<Reference>() {
        Ok(reference) => reference.to_string(),
        Err(_) => lockgate_index::redact_url(text),
    };
    let mut roots = manifest.requirements.iter();
    let named = roots.find_map(|root| match &root.requirement.source {
        Source::Url(text) => Some(shown(text)),
        Source::Index(_) => None,
    });
    named.or_else(|| (manifest.unnamed.first()).map(|unnamed| shown(&unnamed.reference)))
}

/// `facts`, under what the direct references decide.
pub(crate) fn over(
    facts: Arc<dyn Facts>,
    releases: DirectReleases,
) -> Result<Arc<dyn Facts>, Failure> {
    if releases.is_empty() {
        return Ok(facts);
    }
    Ok(Arc::new(DirectFacts::new(
        facts,
        releases,
        current_folder()?,
    )))
}

fn current_folder() -> Result<PathBuf, Failure> {
    std::env::current_dir()
        .map_err(|error| Failure::new(format!("cannot tell the current folder: {error}")))
}

/// The direct references with a name, in order.
fn named(manifest: &Manifest, target: &Target) -> Vec<(Name, Asked)> {
    // An override takes the place of a requirement, and of where it would be taken from.
    let is_overridden =
        |name: &Name| (manifest.overrides.iter()).any(|other| other.requirement.name == *name);
    let roots = manifest.requirements.iter();
    let roots = roots.filter(|root| !is_overridden(&root.requirement.name));
    let roots = roots.map(|root| {
        let asked = Asked {
            text: String::new(),
            origin: root.origin.to_string(),
            editable: root.editable,
            hashes: root.hashes.clone(),
            settings: root.config_settings.clone(),
            name: None,
        };
        (&root.requirement, asked)
    });
    let limits = manifest.constraints.iter().chain(&manifest.overrides);
    let limits = limits.map(|limit| {
        let asked = Asked {
            text: String::new(),
            origin: limit.origin.to_string(),
            editable: false,
            hashes: limit.hashes.clone(),
            settings: Vec::new(),
            name: None,
        };
        (&limit.requirement, asked)
    });
    roots
        .chain(limits)
        .filter(|(requirement, _)| target.region.admits(&requirement.marker, &[]))
        .filter(|(requirement, _)| !manifest.excludes.contains(&requirement.name))
        .filter_map(|(requirement, asked)| match &requirement.source {
            Source::Index(_) => None,
            Source::Url(text) => Some((
                requirement.name.clone(),
                Asked {
                    text: text.clone(),
                    name: Some(requirement.name.clone()),
                    ..asked
                },
            )),
        })
        .collect()
}

struct Following<'a> {
    target: &'a Target,
    /// Where builds are allowed.
    builder: Option<&'a Builder>,
    world: &'a World,
    folder: PathBuf,
    releases: DirectReleases,
    /// Where each was asked for first.
    origins: BTreeMap<Name, String>,
}

impl Following<'_> {
    fn name_the_unnamed(&mut self, manifest: &mut Manifest) -> Result<(), Failure> {
        for unnamed in std::mem::take(&mut manifest.unnamed) {
            if !self.target.region.admits(&unnamed.marker, &[]) {
                continue;
            }
            let asked = Asked {
                text: unnamed.reference.clone(),
                origin: unnamed.origin.to_string(),
                editable: unnamed.editable,
                hashes: unnamed.hashes.clone(),
                settings: unnamed.config_settings.clone(),
                name: None,
            };
            let reference = asked.reference()?;
            let release = self.look(&reference, &asked)?;
            let name = release.metadata.name.clone();
            self.keep(&name, release, &asked)?;
            manifest.requirements.push(RootRequirement {
                requirement: Requirement {
                    name,
                    extras: unnamed.extras,
                    source: Source::Url(unnamed.reference),
                    marker: unnamed.marker,
                },
                origin: unnamed.origin,
                hashes: unnamed.hashes,
                editable: unnamed.editable,
                config_settings: unnamed.config_settings,
                scopes: BTreeSet::from([Scope::Main]),
            });
        }
        Ok(())
    }

    /// Looks at a reference, unless the project is at the same place already.
    fn take(&mut self, name: &Name, asked: &Asked) -> Result<(), Failure> {
        let reference = asked.reference()?;
        if let Some(known) = self.releases.get(name)
            && known
                .reference
                .is_same(&reference, &self.folder.to_string_lossy())
            && (known.pin.editable || !asked.editable)
        {
            return asked.check(known.pin.kind);
        }
        if let Some(known) = self.releases.get(name)
            && !known
                .reference
                .is_same(&reference, &self.folder.to_string_lossy())
        {
            return Err(self.two_places(name, &known.reference, &reference, asked));
        }
        let release = self.look(&reference, asked)?;
        self.keep(name, release, asked)
    }

    fn keep(&mut self, name: &Name, release: DirectRelease, asked: &Asked) -> Result<(), Failure> {
        let found = &release.metadata.name;
        if found != name {
            return Err(asked
                .failure(&format!(
                    "it is `{found}`, and `{name}` is asked for from there"
                ))
                .remedy(format!("write `{found} @ …`, or correct the address")));
        }
        if let Some(known) = self.releases.get(name)
            && !known
                .reference
                .is_same(&release.reference, &self.folder.to_string_lossy())
        {
            return Err(self.two_places(name, &known.reference, &release.reference, asked));
        }
        self.origins
            .entry(name.clone())
            .or_insert_with(|| asked.origin.clone());
        self.releases.insert(name.clone(), Arc::new(release));
        Ok(())
    }

    fn two_places(
        &self,
        name: &Name,
        one: &Reference,
        other: &Reference,
        asked: &Asked,
    ) -> Failure {
        let first = self.origins.get(name).map_or("", String::as_str);
        Failure::new(format!(
            "`{name}` is asked for from two places:\n  {first}: {one}\n  {}: {other}",
            asked.origin
        ))
        .remedy("remove one of them: a project can be installed from one place only")
        .exit(Exit::No)
    }

    /// What the releases found ask for at places of their own, until nothing new comes up.
    fn follow_further(&mut self, manifest: &Manifest) -> Result<(), Failure> {
        let mut waiting: Vec<Name> = self.releases.keys().cloned().collect();
        while let Some(name) = waiting.pop() {
            let Some(release) = self.releases.get(&name).cloned() else {
                continue;
            };
            let extras: Vec<Name> = manifest
                .requirements
                .iter()
                .filter(|root| root.requirement.name == name)
                .flat_map(|root| root.requirement.extras.iter().cloned())
                .collect();
            for requirement in &release.metadata.requirements {
                let Source::Url(text) = &requirement.source else {
                    continue;
                };
                let holds = self.target.region.admits(&requirement.marker, &extras);
                if !holds || manifest.excludes.contains(&requirement.name) {
                    continue;
                }
                let asked = Asked {
                    text: text.clone(),
                    origin: format!("{} {}", release.metadata.name, release.metadata.version),
                    editable: false,
                    hashes: Vec::new(),
                    settings: Vec::new(),
                    name: Some(requirement.name.clone()),
                };
                let is_new = !self.releases.contains_key(&requirement.name);
                self.take(&requirement.name, &asked)?;
                if is_new {
                    waiting.push(requirement.name.clone());
                }
            }
        }
        Ok(())
    }

    fn look(&self, reference: &Reference, asked: &Asked) -> Result<DirectRelease, Failure> {
        let looked = match &reference.place {
            Place::Archive(url) => self.at_address(url, reference, asked)?,
            Place::Git {
                repository,
                revision,
            } => self.in_repository(repository, revision.as_deref(), reference, asked)?,
            Place::Path(path) => self.at_path(path, reference, asked)?,
        };
        let version = &looked.metadata.version;
        let filename = looked
            .filename
            .filter(|name| Path::new(name).extension().is_some_and(|ext| ext == "whl"))
            .unwrap_or_else(|| format!("{}-{version}.tar.gz", looked.metadata.name));
        Ok(DirectRelease {
            reference: reference.clone(),
            file: DistFile {
                filename,
                url: looked.pinned.clone(),
                sha256: looked.kind.sha256(),
                size: looked.size,
                uploaded: None,
                requires_python: None,
                yanked: Yank::No,
                core_metadata: CoreMetadata::Absent,
                has_provenance: false,
            },
            metadata: Arc::new(looked.metadata),
            pin: DirectPin {
                reference: looked.pinned,
                kind: looked.kind,
                requested: match &reference.place {
                    Place::Git { revision, .. } => revision.clone(),
                    Place::Archive(_) | Place::Path(_) => None,
                },
                editable: asked.editable,
            },
        })
    }

    fn at_address(
        &self,
        url: &Url,
        reference: &Reference,
        asked: &Asked,
    ) -> Result<Looked, Failure> {
        let filename = reference.file_name().unwrap_or_default();
        let subdirectory = reference.subdirectory.as_deref();
        asked.is_no_editable_archive()?;
        let archive = self
            .world
            .index
            .archive(url, &filename, subdirectory)
            .map_err(|error| asked.unlearned(&error))?;
        let kind = DirectKind::Archive(archive.sha256);
        asked.check_digest(reference, archive.sha256)?;
        asked.check(kind)?;
        let source = building::Source::Address {
            url,
            filename: &filename,
            sha256: Some(archive.sha256),
            subdirectory,
        };
        let (size, stated) = (archive.size, archive.stated);
        Ok(Looked {
            metadata: self.stated(stated, source, asked)?,
            pinned: reference.to_string(),
            kind,
            filename: Some(filename.clone()),
            size: Some(size),
        })
    }

    fn at_path(&self, path: &str, reference: &Reference, asked: &Asked) -> Result<Looked, Failure> {
        let place = self.folder.join(path);
        let pinned = asked.without_fragment(reference);
        let subdirectory = reference.subdirectory.as_deref();
        if place.is_dir() {
            asked.check(DirectKind::Folder)?;
            let project = subdirectory.map_or_else(|| place.clone(), |folder| place.join(folder));
            let stated = lockgate_index::in_folder(&project)
                .map_err(|error| asked.failure(&error.to_string()))?;
            if stated.is_empty()
                && !project.join("setup.py").is_file()
                && !project.join("setup.cfg").is_file()
            {
                return Err(asked
                    .failure("the folder is no Python project: it has neither `pyproject.toml` nor `setup.py`")
                    .remedy("check the path; it is taken from the current folder"));
            }
            return Ok(Looked {
                metadata: self.stated(stated, building::Source::Folder(&project), asked)?,
                pinned,
                kind: DirectKind::Folder,
                filename: None,
                size: None,
            });
        }
        asked.is_no_editable_archive()?;
        let filename = reference.file_name().unwrap_or_default();
        let archive = self
            .world
            .index
            .archive_at(&place, &filename, subdirectory)
            .map_err(|error| {
                let failure = asked.failure(&match error.kind() {
                    std::io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
                    _ => error.to_string(),
                });
                failure.remedy("check the path; it is taken from the current folder")
            })?;
        let kind = DirectKind::File(archive.sha256);
        asked.check_digest(reference, archive.sha256)?;
        asked.check(kind)?;
        let source = building::Source::File {
            path: &place,
            filename: &filename,
            sha256: archive.sha256,
            subdirectory,
        };
        let (size, stated) = (archive.size, archive.stated);
        Ok(Looked {
            metadata: self.stated(stated, source, asked)?,
            pinned,
            kind,
            filename: Some(filename.clone()),
            size: Some(size),
        })
    }

    fn in_repository(
        &self,
        repository: &str,
        revision: Option<&str>,
        reference: &Reference,
        asked: &Asked,
    ) -> Result<Looked, Failure> {
        asked.check(DirectKind::Repository)?;
        let commit = self
            .world
            .index
            .commit(repository, revision, reference.subdirectory.as_deref())
            .map_err(|error| asked.unlearned(&error))?;
        let pinned = Reference {
            place: Place::Git {
                repository: repository.to_owned(),
                revision: Some(commit.id.clone()),
            },
            ..reference.clone()
        };
        let source = building::Source::Repository {
            repository,
            id: &commit.id,
            subdirectory: reference.subdirectory.as_deref(),
        };
        Ok(Looked {
            metadata: self.stated(commit.stated, source, asked)?,
            pinned: pinned.to_string(),
            kind: DirectKind::Repository,
            filename: None,
            size: None,
        })
    }

    /// Core metadata as stated, else as `pyproject.toml` states them for good, else as a build makes them.
    fn stated(
        &self,
        stated: Stated,
        source: building::Source<'_>,
        asked: &Asked,
    ) -> Result<Metadata, Failure> {
        match stated.metadata {
            Ok(metadata) => return Ok(metadata),
            Err(UnusableReason::NeedsBuild(_)) => {}
            Err(reason) => return Err(asked.failure(&reason.to_string())),
        }
        let (why, name) = match stated.pyproject.as_deref().map(static_project::metadata) {
            Some(Ok(metadata)) => return Ok(metadata),
            Some(Err(NotStatic::Invalid(why))) => {
                return Err(asked.failure(&format!("its `pyproject.toml`: {why}")));
            }
            Some(Err(NotStatic::Dynamic { fields, name })) => (
                format!(
                    "its `pyproject.toml` leaves {} to the build",
                    listed(&fields)
                ),
                name,
            ),
            Some(Err(NotStatic::NoTable)) => (
                "its `pyproject.toml` has no `[project]` table".to_owned(),
                None,
            ),
            None => ("it has no `pyproject.toml`".to_owned(), None),
        };
        let name = name.or_else(|| asked.name.clone());
        if let Some(builder) = self.builder
            && builder.settings.allowed.includes(name.as_ref())
        {
            return builder
                .metadata(&asked.shown(), source, &asked.settings)
                .map_err(|error| asked.with(&error.why, error.remedy));
        }
        let allow = name.map_or_else(
            || "`--allow-build`".to_owned(),
            |name| format!("`--allow-build={name}`"),
        );
        Err(asked
            .failure(&format!(
                "its metadata are known only after a build, and no code of a package runs unless it is allowed to: {why}"
            ))
            .remedy(format!("allow it with {allow}, or state them in `[project]`")))
    }
}

fn listed(fields: &[String]) -> String {
    let quoted: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
    quoted.join(", ")
}

/// What a look came to.
struct Looked {
    metadata: Metadata,
    pinned: String,
    kind: DirectKind,
    filename: Option<String>,
    size: Option<u64>,
}

impl Asked {
    fn reference(&self) -> Result<Reference, Failure> {
        self.text
            .parse()
            .map_err(|error: lockgate_model::ReferenceError| self.failure(&error.to_string()))
    }

    /// The reference for people.
    fn shown(&self) -> String {
        match self.text.parse::<Reference>() {
            Ok(reference) => reference.to_string(),
            Err(_) => lockgate_index::redact_url(&self.text),
        }
    }

    /// A path or `file:` address as it was written, less what stands behind the `#` and says nothing about the place.
    fn without_fragment(&self, reference: &Reference) -> String {
        let bare = self.text.split('#').next().unwrap_or(&self.text);
        match &reference.subdirectory {
            Some(folder) => format!("{bare}#subdirectory={folder}"),
            None => bare.to_owned(),
        }
    }

    fn failure(&self, why: &str) -> Failure {
        Failure::new(format!("{}: `{}`: {why}", self.origin, self.shown()))
    }

    fn unlearned(&self, error: &FactError) -> Failure {
        let cause = indexes::unlearned(error);
        self.with(&cause.message, cause.remedy)
    }

    fn with(&self, why: &str, remedy: Option<String>) -> Failure {
        let mut failure = self.failure(why);
        failure.remedy = remedy;
        failure
    }

    fn is_no_editable_archive(&self) -> Result<(), Failure> {
        if self.editable {
            return Err(self
                .failure("only a folder or a repository can be editable")
                .remedy("remove `-e`"));
        }
        Ok(())
    }

    fn check_digest(&self, reference: &Reference, found: Sha256) -> Result<(), Failure> {
        match reference.sha256 {
            Some(stated) if stated != found => Err(self
                .failure(&format!(
                    "its hash differs: the address states sha256 {stated}, the file has {found}"
                ))
                .remedy("the file was changed after the address was written: find out why, then correct it")),
            _ => Ok(()),
        }
    }

    /// Holds what was found against the `--hash` options of its line.
    fn check(&self, kind: DirectKind) -> Result<(), Failure> {
        if self.hashes.is_empty() {
            return Ok(());
        }
        match kind.sha256() {
            Some(digest) if self.hashes.contains(&digest) => Ok(()),
            Some(digest) => Err(self
                .failure(&format!(
                    "its hash differs: none of its `--hash` options is the file's, sha256 {digest}"
                ))
                .remedy("the file was changed after the hash was written: find out why, then correct it")),
            None => Err(self
                .failure("a repository or a folder has no hash that `--hash` could name")
                .remedy("remove `--hash`")),
        }
    }
}
