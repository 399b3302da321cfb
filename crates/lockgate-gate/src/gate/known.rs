//! What the sources know of a project, joined, and what could not be learned.

use std::collections::BTreeMap;
use std::sync::Arc;

use lockgate_model::{
    Advisory, FactError, Name, RecordLookup, ReleaseRecords, Sha256, Timestamp, Version,
    VersionSet, age,
};

use super::{AdvisoryGate, Mode, Source};
use crate::brief::Brief;
use crate::error::GateError;
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

/// An advisory of one source in whose place another source speaks.
#[derive(Debug)]
pub(super) struct Overridden {
    pub(super) advisory: Advisory,
    pub(super) versions: VersionSet,
    /// The source that overrides.
    pub(super) by: String,
    /// Whether it takes it back altogether.
    pub(super) withdrawn: bool,
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
                    let (taken, kept) = std::mem::take(&mut found)
                        .into_iter()
                        .partition(|concern| overlay.speaks_of(&concern.advisory));
                    found = kept;
                    known
                        .overridden
                        .extend(taken.into_iter().map(|concern: Concern| Overridden {
                            withdrawn: overlay.withdraws(&concern.advisory),
                            versions: concern.extent.versions(),
                            advisory: concern.advisory,
                            by: source.clone(),
                        }));
                    Ok(overlay.about(name))
                }
                Source::Lookup { .. } if !asked.may_tell => continue,
                Source::Lookup {
                    name: source,
                    lookup,
                } => self.look_up(asked, source, lookup.as_ref()).map(
                    |(digest, newest, concerns)| {
                        known.looked_up.insert(index, (digest, newest));
                        concerns
                    },
                ),
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

    /// What a service says, with the digest of its records and the newest of them.
    fn look_up(
        &self,
        asked: &Asked,
        source: &str,
        lookup: &dyn RecordLookup,
    ) -> Result<(Sha256, Option<Timestamp>, Vec<Concern>), FactError> {
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
        let mut records = Vec::with_capacity(bytes.len());
        let mut digests = Vec::with_capacity(bytes.len());
        for (index, record) in bytes.iter().enumerate() {
            let file = format!("{name}, record {}", index + 1);
            records.push(
                Record::read(source, &file, record)
                    .map_err(|error| unlearned(name, source, &error))?,
            );
            digests.push(Sha256::of(record).0);
        }
        // In an order of its own: services answer in any.
        digests.sort_unstable();
        let modified = records.iter().filter_map(|record| record.modified);
        let newest = age::latest(modified, self.now);
        let mut briefs = Vec::with_capacity(records.len());
        for record in &records {
            let brief = Brief::of(record, self.now).map_err(|why| {
                let (source_name, file) = (source.to_owned(), record.id.clone());
                let error = GateError::Record {
                    source_name,
                    file,
                    why,
                };
                unlearned(name, source, &error)
            })?;
            briefs.extend(brief);
        }
        let concerns = concerns(&briefs, source).remove(name).unwrap_or_default();
        Ok((Sha256::of(&digests.concat()), newest, concerns))
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
