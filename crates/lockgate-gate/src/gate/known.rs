//! What the sources know of a project, joined, and what could not be learned.

use std::collections::BTreeMap;
use std::sync::Arc;

use lockgate_model::{
    Advisory, FactError, Name, RecordLookup, ReleaseRecords, Sha256, Timestamp, Version,
    VersionSet, age,
};

use super::{AdvisoryGate, Mode, Source};
use crate::brief::Brief;
use crate::error::{GateError, UnreadableRecord};
use crate::group::{Concern, concerns, joined};
use crate::record::Record;

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Asked {
    /// The project.
    pub(super) name: Name,
    /// The one version that is asked about; none for all. Services may have an answer for one alone.
    version: Option<Version>,
    /// Whether services may be told of it.
    may_tell: bool,
}

impl Asked {
    /// About all versions of a project.
    pub(super) fn project(name: &Name) -> Self {
        Self {
            name: name.clone(),
            version: None,
            may_tell: true,
        }
    }
}

/// What is known of a project.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) concerns: Vec<(Arc<Advisory>, VersionSet)>,
    /// The versions that some verdict may speak against.
    pub(super) affected: Option<Arc<VersionSet>>,
    /// By the place of a service among the sources: the digest of the records that it answered with, and the newest of them.
    pub(super) looked_up: BTreeMap<usize, (Sha256, Option<Timestamp>)>,
    /// What could not be learned, source by source.
    pub(super) failures: Vec<FactError>,
    /// How many sources answered.
    pub(super) answered: usize,
    /// What other sources say and an overlay takes back or replaces.
    pub(super) overridden: Vec<Overridden>,
}

/// What a service said.
#[derive(Debug)]
struct LookedUp {
    /// Digest of the records.
    digest: Sha256,
    /// The newest `modified` of them that is not in the future.
    newest: Option<Timestamp>,
    concerns: Vec<Concern>,
    /// The records that could not be read.
    failures: Vec<FactError>,
}

impl Default for LookedUp {
    fn default() -> Self {
        Self {
            digest: Sha256::of(&[]),
            newest: None,
            concerns: Vec::new(),
            failures: Vec::new(),
        }
    }
}

/// An advisory of one source in whose place another source speaks.
#[derive(Debug)]
pub(super) struct Overridden {
    pub(super) advisory: Advisory,
    pub(super) versions: VersionSet,
    /// The source that overrides.
    pub(super) by: String,
    pub(super) how: Override,
}

/// What a source that overrides does to an advisory of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Override {
    /// It takes it back altogether.
    Withdrawn,
    /// It says what is affected in its place.
    Replaced,
    /// Nothing: the advisory is about malware.
    Refused,
}

impl AdvisoryGate {
    /// Without services it makes no difference which version is asked about.
    pub(super) fn asked(&self, name: &Name, version: &Version, may_tell: bool) -> Asked {
        let has_service = self
            .sources
            .iter()
            .any(|source| matches!(source, Source::Lookup { .. }));
        Asked {
            name: name.clone(),
            version: has_service.then(|| version.clone()),
            may_tell: may_tell || !has_service,
        }
    }

    pub(super) fn learn(&self, asked: &Asked) -> Known {
        let mut known = Known {
            concerns: Vec::new(),
            affected: None,
            looked_up: BTreeMap::new(),
            failures: Vec::new(),
            answered: 0,
            overridden: Vec::new(),
        };
        let name = &asked.name;
        let mut found: Vec<Concern> = Vec::new();
        for (index, source) in self.sources.iter().enumerate() {
            let more = match source {
                Source::Compact {
                    name: source,
                    compact,
                    ..
                } => compact
                    .about(name)
                    .map_err(|error| unlearned(name, source, &error)),
                Source::Overlay {
                    name: source,
                    overlay,
                    ..
                } => {
                    let (spoken_of, mut kept): (Vec<Concern>, Vec<Concern>) =
                        std::mem::take(&mut found)
                            .into_iter()
                            .partition(|concern| overlay.speaks_of(&concern.advisory));
                    for concern in spoken_of {
                        let how = if concern.advisory.malicious {
                            kept.push(concern.clone());
                            Override::Refused
                        } else if overlay.withdraws(&concern.advisory) {
                            Override::Withdrawn
                        } else {
                            Override::Replaced
                        };
                        known.overridden.push(Overridden {
                            versions: concern.extent.versions(),
                            advisory: concern.advisory,
                            by: source.clone(),
                            how,
                        });
                    }
                    found = kept;
                    Ok(overlay.about(name))
                }
                Source::Lookup { .. } if !asked.may_tell => continue,
                Source::Lookup {
                    name: source,
                    lookup,
                } => self.look_up(asked, source, lookup.as_ref()).map(|found| {
                    known.looked_up.insert(index, (found.digest, found.newest));
                    known.failures.extend(found.failures);
                    found.concerns
                }),
            };
            match more {
                Ok(more) => {
                    known.answered += 1;
                    found = joined(vec![found, more]);
                }
                Err(failure) => known.failures.push(failure),
            }
        }
        known.concerns = found
            .into_iter()
            .map(|Concern { advisory, extent }| (Arc::new(advisory), extent.versions()))
            .collect();
        known.affected = self.affected_of(&known.concerns);
        known
    }

    /// What a service says. Records that cannot be read are failures, and the others still count.
    fn look_up(
        &self,
        asked: &Asked,
        source: &str,
        lookup: &dyn RecordLookup,
    ) -> Result<LookedUp, FactError> {
        let name = &asked.name;
        let bytes = match &asked.version {
            None => lookup.records(name)?,
            Some(version) => match lookup.records_for(name, version)? {
                ReleaseRecords::Known(bytes) => bytes,
                ReleaseRecords::NotOnIndex { .. } => {
                    return Err(FactError::Absent { name: name.clone() });
                }
            },
        };
        let mut found = LookedUp::default();
        let mut briefs = Vec::with_capacity(bytes.len());
        let mut digests = Vec::with_capacity(bytes.len());
        for (index, bytes) in bytes.iter().enumerate() {
            digests.push(Sha256::of(bytes).0);
            let file = format!("{name}, record {}", index + 1);
            let read = Record::read(&file, bytes).and_then(|record| {
                let failed = |why| UnreadableRecord {
                    file: record.id.clone(),
                    why,
                };
                Ok((
                    record.modified,
                    Brief::of(&record, self.now).map_err(failed)?,
                ))
            });
            match read {
                Ok((modified, brief)) => {
                    let modified = age::latest(modified, self.now);
                    found.newest = found.newest.max(modified);
                    briefs.extend(brief);
                }
                Err(unreadable) => {
                    let error = unreadable.into_error(source);
                    found.failures.push(unlearned(name, source, &error));
                }
            }
        }
        // In an order of its own: services answer in any.
        digests.sort_unstable();
        found.digest = Sha256::of(&digests.concat());
        found.concerns = concerns(&briefs, source).remove(name).unwrap_or_default();
        Ok(found)
    }

    /// The versions that some verdict may speak against; entries that accept only some versions are left to the verdict.
    fn affected_of(&self, concerns: &[(Arc<Advisory>, VersionSet)]) -> Option<Arc<VersionSet>> {
        let counts = |advisory: &Advisory| match self.policy.mode {
            Mode::Off => false,
            Mode::Warn => advisory.malicious,
            Mode::Deny | Mode::Prefer => {
                advisory.malicious || self.policy.is_above_threshold(advisory)
            }
        };
        let union = concerns
            .iter()
            .filter(|(advisory, _)| counts(advisory))
            .fold(VersionSet::empty(), |set, (_, versions)| {
                set.union(versions)
            });
        (!union.is_empty()).then(|| Arc::new(union))
    }
}

fn unlearned(name: &Name, source: &str, error: &GateError) -> FactError {
    FactError::Unlearned {
        what: format!("the advisories about `{name}` ({source})"),
        why: error.to_string(),
        remedy: Some(
            "clean the cache with `lockgate cache clean` if the source itself is sound".to_owned(),
        ),
    }
}
