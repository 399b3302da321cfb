//! One direct reference, looked at: what is there, and what it states of itself.

use std::path::Path;
use std::sync::Arc;

use lockgate_formats::static_project::{self, NotStatic};
use lockgate_index::Stated;
use lockgate_index::files::{self, OutsideLink};
use lockgate_model::{
    CoreMetadata, DirectKind, DirectPin, DirectRelease, DistFile, Metadata, Place, Reference,
    UnusableReason, Yank,
};
use url::Url;

use super::{Asked, Following};
use crate::building;
use crate::failure::Failure;

/// What a look came to.
struct Looked {
    metadata: Metadata,
    pinned: String,
    kind: DirectKind,
    filename: Option<String>,
    size: Option<u64>,
}

impl Following<'_> {
    /// The release at a reference.
    pub(super) fn look(
        &self,
        reference: &Reference,
        asked: &Asked,
    ) -> Result<DirectRelease, Failure> {
        asked.admit(reference, &self.folder, self.world)?;
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
            marker: asked.marker.clone(),
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
        files::stay_inside(&place)
            .map_err(|error| asked.failure(&error.to_string()).remedy(OutsideLink::HELP))?;
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
        if let Some(builder) = &self.builder
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
