//! Whose metadata say what a release requires.
//!
//! On one machine its file's. In a lock for many each environment takes a file of its own, and mostly all of them say the same: files whose
//! metadata have one digest are read once. Files of an index that states no digests cost several requests each; of many of these one
//! for each system is asked first, for different Pythons, and the others only where those disagree.

use std::sync::Arc;

use lockgate_model::{
    CoreMetadata, DistFile, DistKind, FactError, Metadata, Name, PointSet, Sha256, UnusableReason,
    Version, Why,
};

use crate::joined::{is_same, joined};
use crate::release::{Cooldown, Usable};
use crate::shelf::{Project, Shelf};

/// So many files that may differ are read without asking which ones.
const FEW: usize = 3;
/// Of one release no more files are read.
const MAX_READ: usize = 64;

/// The metadata of a release, or why it cannot be used.
pub(crate) type Learned = Result<Arc<Metadata>, Why>;

/// Metadata, each with the points whose files have them.
type Told = Vec<(Arc<Metadata>, PointSet)>;

/// Files that have the same metadata, by one of them.
#[derive(Debug, Clone)]
pub(crate) struct Speaker {
    pub(crate) file: DistFile,
    /// Where it is taken, or one that says the same.
    points: PointSet,
    /// Whether a look at it costs little: a stated digest tells it from others, or it lies on this machine.
    pub(crate) is_cheap: bool,
}

fn digest(file: &DistFile) -> Option<Sha256> {
    match file.core_metadata {
        CoreMetadata::Served(digest) => digest,
        CoreMetadata::Absent => None,
    }
}

/// Groups the files that points take by what is known of their metadata; `first` speaks for its group.
pub(crate) fn speakers(taken: Vec<(DistFile, PointSet)>, first: &DistFile) -> Vec<Speaker> {
    let mut speakers: Vec<Speaker> = Vec::new();
    for (file, points) in taken {
        let own = digest(&file);
        let is_one = |speaker: &&mut Speaker| own.is_some() && digest(&speaker.file) == own;
        if let Some(known) = speakers.iter_mut().find(is_one) {
            known.points = known.points.union(points);
            if file.filename == first.filename {
                known.file = file;
            }
        } else {
            speakers.push(Speaker {
                is_cheap: own.is_some() || file.is_local(),
                file,
                points,
            });
        }
    }
    speakers.retain(|speaker| !speaker.points.is_empty());
    speakers
}

impl Shelf<'_> {
    /// The metadata of a release as they hold in the region, or why it cannot be used.
    pub(crate) fn learn(
        &self,
        project: &Project,
        version: &Version,
        usable: &Usable,
    ) -> Result<Learned, FactError> {
        let name = project.view.name();
        let Some(lock) = self
            .inspector
            .lock
            .as_ref()
            .filter(|_| project.direct.is_none() && usable.has_wheel)
        else {
            return self.read(name, version, &usable.file);
        };
        let Some(index) = project.view.position(version) else {
            return self.read(name, version, &usable.file);
        };
        let files = project.view.files(index)?;
        if have_one_digest(&files, &usable.file) {
            return self.read(name, version, &usable.file);
        }
        let cooldown = if usable.fixes.is_empty() {
            Cooldown::Holds
        } else {
            Cooldown::Exempt
        };
        let are_yanked = usable.file.is_yanked();
        let taken = self.inspector.taken(name, &files, cooldown, are_yanked);
        let speakers = speakers(taken, &usable.file);
        if self.region.machine().is_some()
            && let Some(here) = self
                .inspector
                .taken_here(name, &files, cooldown, are_yanked)
        {
            let is_it = |speaker: &&Speaker| {
                speaker.file.filename == here.filename
                    || (digest(here).is_some() && digest(here) == digest(&speaker.file))
            };
            if let Some(speaker) = speakers.iter().find(is_it).filter(|one| one.is_cheap) {
                return self.read(name, version, &speaker.file);
            }
        }
        let (cheap, unknown): (Vec<Speaker>, Vec<Speaker>) =
            speakers.into_iter().partition(|speaker| speaker.is_cheap);
        let mut told = match self.read_all(name, version, &cheap)? {
            Ok(told) => told,
            Err(why) => return Ok(Err(why)),
        };
        match self.ask_some(name, version, unknown)? {
            Ok(more) => told.extend(more),
            Err(why) => return Ok(Err(why)),
        }
        match joined(&lock.points, &told) {
            Some(metadata) => Ok(Ok(metadata)),
            // Only environments that are none of the points take a wheel.
            None => self.read(name, version, &usable.file),
        }
    }

    /// What files say whose digests nobody states: one for each system, for different Pythons, speak for all if they agree.
    fn ask_some(
        &self,
        name: &Name,
        version: &Version,
        unknown: Vec<Speaker>,
    ) -> Result<Result<Told, Why>, FactError> {
        let Some(lock) = self.inspector.lock.as_ref().filter(|_| unknown.len() > FEW) else {
            return self.read_all(name, version, &unknown);
        };
        let all = unknown
            .iter()
            .fold(PointSet::NONE, |all, speaker| all.union(speaker.points));
        let counted = all.intersection(lock.points.of_cpython());
        let samples = lock.points.samples(counted);
        let is_sample =
            |speaker: &Speaker| samples.iter().any(|point| speaker.points.contains(*point));
        let (samples, rest): (Vec<Speaker>, Vec<Speaker>) =
            unknown.into_iter().partition(is_sample);
        let mut told = match self.read_all(name, version, &samples)? {
            Ok(told) => told,
            Err(why) => return Ok(Err(why)),
        };
        if let Some((first, _)) = told.first()
            && told.iter().all(|(other, _)| is_same(first, other))
        {
            return Ok(Ok(vec![(Arc::clone(first), all)]));
        }
        let rest = rest.get(..MAX_READ.min(rest.len())).unwrap_or_default();
        Ok(self.read_all(name, version, rest)?.map(|more| {
            told.extend(more);
            told
        }))
    }

    fn read_all(
        &self,
        name: &Name,
        version: &Version,
        speakers: &[Speaker],
    ) -> Result<Result<Told, Why>, FactError> {
        if speakers.len() > 1 {
            let files: Vec<DistFile> = speakers.iter().map(|one| one.file.clone()).collect();
            self.facts.prepare(name, version, &files);
        }
        let mut told = Vec::new();
        for speaker in speakers {
            match self.read(name, version, &speaker.file)? {
                Ok(metadata) => told.push((metadata, speaker.points)),
                Err(why) => return Ok(Err(why)),
            }
        }
        Ok(Ok(told))
    }

    /// The metadata of one file.
    fn read(&self, name: &Name, version: &Version, file: &DistFile) -> Result<Learned, FactError> {
        Ok(match self.facts.metadata(name, version, file) {
            Ok(metadata) => Ok(metadata),
            Err(error @ FactError::Unlearned { .. }) => return Err(error),
            Err(FactError::Absent { .. }) => Err(missing()),
            Err(FactError::Unusable { filename, reason }) => {
                let text = format!("{filename}: {reason}");
                Err(match reason {
                    UnusableReason::NeedsBuild(why) => Why::NeedsBuild(why),
                    UnusableReason::BadArchive(_) => Why::Unreadable(text),
                    UnusableReason::Malformed(_) | UnusableReason::Mismatch(_) => {
                        Why::Metadata(text)
                    }
                })
            }
        })
    }
}

/// Whether the metadata of all wheels have one digest, as they mostly do, or there is one wheel alone.
pub(crate) fn have_one_digest(files: &[DistFile], first: &DistFile) -> bool {
    let own = digest(first);
    let is_wheel = |file: &&DistFile| matches!(file.kind(), Some(DistKind::Wheel(_)));
    let mut wheels = files.iter().filter(is_wheel);
    wheels.all(|file| file.filename == first.filename || (own.is_some() && digest(file) == own))
}

/// Why a release cannot be used that is not there.
pub(crate) fn missing() -> Why {
    Why::Metadata("it is on none of the indexes".to_owned())
}
