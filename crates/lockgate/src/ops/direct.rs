//! Direct references of the sources: looked at before anything is solved, so that each is one release with a name, a version and
//! metadata. What they ask for at other places in turn is followed too, as pip does; what an index serves may not do that.

mod further;
mod look;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lockgate_model::{
    DirectKind, DirectRelease, FactError, Manifest, Marker, Name, Place, Reference, ReferenceError,
    Requirement, RootRequirement, Scope, Sha256, Source, Target, secret,
};

use crate::building::Builder;
use crate::failure::{Exit, Failure};
use crate::indexes;
use crate::world::World;

/// The releases at direct references, by project: of each project those that hold in different environments.
pub(crate) type DirectReleases = BTreeMap<Name, Vec<Arc<DirectRelease>>>;

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
    /// In which environments it is asked for.
    marker: Marker,
}

/// Looks at every direct reference of `manifest` that holds on `target`. Those without a name get the one that they turn out to have.
pub(crate) fn follow<'a>(
    manifest: &mut Manifest,
    target: &'a Target,
    builder: Option<Arc<Builder>>,
    world: &'a World,
) -> Result<Following<'a>, Failure> {
    let folder = current_folder()?;
    let mut following = Following {
        target,
        builder,
        world,
        folder,
        found: BTreeMap::new(),
    };
    following.name_the_unnamed(manifest)?;
    for (name, asked) in named(manifest, target) {
        following.take(&name, &asked)?;
    }
    following.follow_further(manifest)?;
    Ok(following)
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
            marker: Marker::always(),
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
            marker: Marker::always(),
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
                    marker: requirement.marker.with_extras(&[]),
                    ..asked
                },
            )),
        })
        .collect()
}

/// The direct references that are followed, and what was found there.
#[derive(Clone)]
pub(crate) struct Following<'a> {
    target: &'a Target,
    /// Where builds are allowed.
    builder: Option<Arc<Builder>>,
    world: &'a World,
    folder: PathBuf,
    found: BTreeMap<Name, Vec<Found>>,
}

/// A release that was found at a direct reference.
#[derive(Clone)]
struct Found {
    release: DirectRelease,
    /// Where it was asked for first.
    origin: String,
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
                marker: unnamed.marker.with_extras(&[]),
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

    /// Looks at a reference, unless the project is at the same place already. Returns where in the list of its project what it leads to
    /// stands, if it has come to hold in more environments.
    fn take(&mut self, name: &Name, asked: &Asked) -> Result<Option<usize>, Failure> {
        let reference = asked.reference()?;
        if let Some(place) = self.position(name, &reference, asked)? {
            let known = &mut self.found.entry(name.clone()).or_default()[place].release;
            if known.pin.editable || !asked.editable {
                let marker = known.marker.or(&asked.marker);
                let is_more = marker != known.marker;
                known.marker = marker;
                asked.check(known.pin.kind)?;
                return Ok(is_more.then_some(place));
            }
        }
        let release = self.look(&reference, asked)?;
        self.keep(name, release, asked).map(Some)
    }

    /// Where in the list of its project the release at the same place stands. No other may hold in an environment in which this is asked for.
    fn position(
        &self,
        name: &Name,
        reference: &Reference,
        asked: &Asked,
    ) -> Result<Option<usize>, Failure> {
        let folder = self.folder.to_string_lossy();
        let mut position = None;
        for (place, known) in self.found.get(name).into_iter().flatten().enumerate() {
            let meets = known.release.marker.and(&asked.marker);
            if known.release.reference.is_same(reference, &folder) {
                position = Some(place);
            } else if self.target.region.overlaps(&meets) {
                return Err(Failure::new(format!(
                    "`{name}` is asked for from two places:\n  {}: {}\n  {}: {reference}",
                    known.origin, known.release.reference, asked.origin
                ))
                .remedy(
                    "remove one of them, or let markers keep them apart: in one environment a project can be installed from one place only",
                )
                .exit(Exit::No));
            }
        }
        Ok(position)
    }

    fn keep(
        &mut self,
        name: &Name,
        mut release: DirectRelease,
        asked: &Asked,
    ) -> Result<usize, Failure> {
        let found = &release.metadata.name;
        if found != name {
            return Err(asked
                .failure(&format!(
                    "it is `{found}`, and `{name}` is asked for from there"
                ))
                .remedy(format!("write `{found} @ …`, or correct the address")));
        }
        let position = self.position(name, &release.reference, asked)?;
        let all = self.found.entry(name.clone()).or_default();
        if let Some(place) = position {
            release.marker = release.marker.or(&all[place].release.marker);
            all[place].release = release;
            return Ok(place);
        }
        all.push(Found {
            release,
            origin: asked.origin.clone(),
        });
        Ok(all.len() - 1)
    }
}

impl Asked {
    fn reference(&self) -> Result<Reference, Failure> {
        self.text
            .parse()
            .map_err(|error: ReferenceError| self.failure(&error.to_string()).remedy(error.help()))
    }

    /// Refuses a place that the run may not reach. Paths are taken from `folder`.
    fn admit(&self, reference: &Reference, folder: &Path, world: &World) -> Result<(), Failure> {
        let what = format!("`{}`", self.shown());
        let reach = &world.reach;
        match &reference.place {
            Place::Archive(url) => reach.admit(url.as_str(), &self.origin, &what, world),
            Place::Git { repository, .. } => {
                reach.admit_repository(repository, &self.origin, &what, world)
            }
            Place::Path(path) => reach.admit_path(&folder.join(path), &self.origin, &what, world),
        }
    }

    /// The reference for people.
    fn shown(&self) -> String {
        match self.text.parse::<Reference>() {
            Ok(Reference {
                place: Place::Path(path),
                ..
            }) => secret::written(&self.text).unwrap_or(path),
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
