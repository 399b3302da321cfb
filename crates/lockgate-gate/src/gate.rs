//! The gate: records under a policy, as the solver asks and as an audit tells.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use lockgate_model::{
    Advisory, FactError, Finding, FindingCode, Gate, Ignored, Name, ProjectStatus, Reason,
    RecordLookup, Remark, RemarkCode, Rule, Sha256, Snapshot, Timestamp, Verdict, Version,
    VersionSet,
};
use rustc_hash::FxBuildHasher;

use crate::brief::Brief;
use crate::compact::Compact;
use crate::error::GateError;
use crate::group::{Concern, concerns, joined};
use crate::policy::{IgnoreEntry, Mode, Policy};
use crate::record::Record;

/// A source of advisories, as the gate reads it.
#[derive(Debug, Clone)]
pub enum Source {
    /// A feed, compiled.
    Compact {
        /// As the user named it.
        name: String,
        /// Digest of the feed.
        digest: Sha256,
        /// What [`crate::Compiler`] made of it.
        compact: Compact,
    },
    /// A service that is asked project by project.
    Lookup {
        /// As the user named it.
        name: String,
        /// The service.
        lookup: Arc<dyn RecordLookup>,
    },
}

impl Source {
    fn name(&self) -> &str {
        match self {
            Self::Compact { name, .. } | Self::Lookup { name, .. } => name,
        }
    }
}

/// Records under a policy. What was asked once is kept; every answer follows from records, policy and the given day.
#[derive(Debug)]
pub struct AdvisoryGate {
    policy: Policy,
    sources: Vec<Source>,
    now: Timestamp,
    today: Date,
    known: Mutex<HashMap<Name, Arc<Known>, FxBuildHasher>>,
    /// For each ignore entry, whether it accepted something.
    used: Vec<AtomicBool>,
}

/// What is known of one project.
#[derive(Debug)]
struct Known {
    concerns: Vec<(Arc<Advisory>, VersionSet)>,
    affected: Option<Arc<VersionSet>>,
    /// Digest of the records that a service answered with, and the newest of them.
    looked_up: Option<(Sha256, Option<Timestamp>)>,
}

/// How an advisory stands to one release.
enum Standing<'a> {
    Malicious,
    Gated,
    BelowThreshold,
    Ignored(&'a IgnoreEntry),
}

impl AdvisoryGate {
    /// A gate as of `now`: entries expire by its day in UTC.
    pub fn new(policy: Policy, sources: Vec<Source>, now: Timestamp) -> Self {
        let used = policy
            .ignores
            .iter()
            .map(|_| AtomicBool::new(false))
            .collect();
        Self {
            policy,
            sources,
            now,
            today: TimeZone::UTC.to_datetime(now).date(),
            known: Mutex::default(),
            used,
        }
    }

    /// Everything that is known against a release, ignored and ungated findings included, in the order of their ids.
    pub fn findings(
        &self,
        name: &Name,
        version: &Version,
        path: &[String],
    ) -> Result<Vec<Finding>, FactError> {
        let known = self.known(name)?;
        let findings = known
            .concerns
            .iter()
            .filter(|(_, versions)| versions.contains(version))
            .map(|(advisory, _)| {
                let standing = self.standing(advisory, name, version);
                let ignored = match &standing {
                    Standing::Ignored(entry) => Some(Ignored {
                        reason: entry.reason.clone(),
                        expires: entry.expires.map(|date| date.to_string()),
                        origin: entry.origin.clone(),
                        justification: entry.justification.clone(),
                    }),
                    _ => None,
                };
                let gated = match standing {
                    Standing::Malicious => true,
                    Standing::Gated => self.policy.mode == Mode::Deny,
                    Standing::BelowThreshold | Standing::Ignored(_) => false,
                };
                let code = if advisory.malicious {
                    FindingCode::Malicious
                } else {
                    FindingCode::Vulnerable
                };
                Finding {
                    code,
                    name: name.clone(),
                    version: version.clone(),
                    advisory: Arc::clone(advisory),
                    ignored,
                    gated,
                    path: path.to_vec(),
                }
            });
        Ok(findings.collect())
    }

    /// The state of the advisories in use; of services, of what they said about `pins`: it follows from the pins, and not from what else
    /// was asked on the way to them. None without sources.
    pub fn snapshot(&self, pins: &BTreeSet<Name>) -> Option<Snapshot> {
        let mut names: Vec<&str> = self.sources.iter().map(Source::name).collect();
        names.dedup();
        let mut digests = Vec::new();
        let mut modified: Option<Timestamp> = None;
        for source in &self.sources {
            if let Source::Compact {
                digest, compact, ..
            } = source
            {
                digests.push(*digest);
                modified = modified.max(compact.modified(self.now));
            }
        }
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut asked: Vec<(&Name, &(Sha256, Option<Timestamp>))> = known
            .iter()
            .filter(|(name, _)| pins.contains(*name))
            .filter_map(|(name, known)| Some((name, known.looked_up.as_ref()?)))
            .collect();
        asked.sort_by_key(|(name, _)| *name);
        for (_, (digest, newest)) in asked {
            digests.push(*digest);
            modified = modified.max(*newest);
        }
        let digest = match digests.as_slice() {
            [one] => *one,
            many => Sha256::of(&many.iter().flat_map(|digest| digest.0).collect::<Vec<u8>>()),
        };
        (!self.sources.is_empty()).then(|| Snapshot {
            source: names.join(" + "),
            digest,
            modified,
        })
    }

    /// Ignore entries that have expired, and entries that accepted nothing, once everything was asked: a line each.
    pub fn remarks(&self) -> Vec<Remark> {
        let entries = self.policy.ignores.iter().zip(&self.used);
        entries
            .filter_map(|(entry, used)| {
                let place = format!("the ignore entry for `{}` ({})", entry.id, entry.origin);
                let (code, text) = match entry.expires.filter(|_| entry.has_expired(self.today)) {
                    Some(date) => (
                        RemarkCode::ExpiredIgnore,
                        format!("{place} expired after {date}; the gate applies again"),
                    ),
                    None if self.policy.mode == Mode::Off || used.load(Ordering::Relaxed) => {
                        return None;
                    }
                    None => (
                        RemarkCode::UnmatchedIgnore,
                        format!("{place} matches nothing; remove it if it is no longer needed"),
                    ),
                };
                Some(Remark {
                    code,
                    text,
                    origin: Some(entry.origin.clone()),
                })
            })
            .collect()
    }

    fn standing<'a>(&'a self, advisory: &Advisory, name: &Name, version: &Version) -> Standing<'a> {
        if advisory.malicious {
            return Standing::Malicious;
        }
        for (entry, used) in self.policy.ignores.iter().zip(&self.used) {
            if !entry.has_expired(self.today) && entry.speaks_of(advisory, name, version) {
                used.store(true, Ordering::Relaxed);
                return Standing::Ignored(entry);
            }
        }
        if self.policy.is_above_threshold(advisory) {
            Standing::Gated
        } else {
            Standing::BelowThreshold
        }
    }

    fn known(&self, name: &Name) -> Result<Arc<Known>, FactError> {
        if let Some(known) = self
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
        {
            return Ok(Arc::clone(known));
        }
        // Asked without the lock: a service may take its time.
        let known = Arc::new(self.learn(name)?);
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(all.entry(name.clone()).or_insert(known)))
    }

    fn learn(&self, name: &Name) -> Result<Known, FactError> {
        let failed = |source: &str, error: &GateError| FactError::Unlearned {
            what: format!("the advisories about `{name}` ({source})"),
            why: error.to_string(),
            remedy: Some(
                "clean the cache with `lockgate cache clean` if the source itself is sound"
                    .to_owned(),
            ),
        };
        let mut found = Vec::with_capacity(self.sources.len());
        let mut looked_up: Option<(Sha256, Option<Timestamp>)> = None;
        for source in &self.sources {
            match source {
                Source::Compact {
                    name: source,
                    compact,
                    ..
                } => {
                    found.push(
                        compact
                            .about(name)
                            .map_err(|error| failed(source, &error))?,
                    );
                }
                Source::Lookup {
                    name: source,
                    lookup,
                } => {
                    let bytes = lookup.records(name)?;
                    let mut records = Vec::with_capacity(bytes.len());
                    let mut digest: Vec<u8> =
                        looked_up.iter().flat_map(|(digest, _)| digest.0).collect();
                    for (index, record) in bytes.iter().enumerate() {
                        let file = format!("{name}, record {}", index + 1);
                        records.push(
                            Record::read(source, &file, record)
                                .map_err(|error| failed(source, &error))?,
                        );
                        digest.extend(Sha256::of(record).0);
                    }
                    let newest = records
                        .iter()
                        .filter_map(|record| record.modified)
                        .filter(|modified| *modified <= self.now)
                        .max();
                    let newest = newest.max(looked_up.and_then(|(_, newest)| newest));
                    looked_up = Some((Sha256::of(&digest), newest));
                    let briefs: Vec<Brief> = records.iter().filter_map(Brief::of).collect();
                    found.push(concerns(&briefs, source).remove(name).unwrap_or_default());
                }
            }
        }
        let concerns: Vec<(Arc<Advisory>, VersionSet)> = joined(found)
            .into_iter()
            .map(|Concern { advisory, extent }| (Arc::new(advisory), extent.versions()))
            .collect();
        let affected = self.affected_of(&concerns);
        Ok(Known {
            concerns,
            affected,
            looked_up,
        })
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

impl Gate for AdvisoryGate {
    fn affected(&self, name: &Name) -> Result<Option<Arc<VersionSet>>, FactError> {
        if self.policy.mode == Mode::Off {
            return Ok(None);
        }
        Ok(self.known(name)?.affected.clone())
    }

    fn verdict(&self, name: &Name, version: &Version) -> Result<Verdict, FactError> {
        if self.policy.mode == Mode::Off {
            return Ok(Verdict::Clear);
        }
        let known = self.known(name)?;
        if !known
            .affected
            .as_ref()
            .is_some_and(|affected| affected.contains(version))
        {
            return Ok(Verdict::Clear);
        }
        let mut malicious = Vec::new();
        let mut gated = Vec::new();
        for (advisory, _) in known
            .concerns
            .iter()
            .filter(|(_, versions)| versions.contains(version))
        {
            match self.standing(advisory, name, version) {
                Standing::Malicious => malicious.push(Arc::clone(advisory)),
                Standing::Gated => gated.push(Arc::clone(advisory)),
                Standing::BelowThreshold | Standing::Ignored(_) => {}
            }
        }
        if !malicious.is_empty() {
            return Ok(Verdict::Deny(Arc::new(Reason {
                advisories: malicious,
                rule: Rule::Malicious,
            })));
        }
        if gated.is_empty() {
            return Ok(Verdict::Clear);
        }
        let rule = Rule::Mode {
            mode: self.policy.mode.word(),
            origin: self.policy.origin.clone(),
        };
        let reason = Arc::new(Reason {
            advisories: gated,
            rule,
        });
        Ok(match self.policy.mode {
            Mode::Deny => Verdict::Deny(reason),
            Mode::Prefer => Verdict::Avoid(reason),
            Mode::Warn | Mode::Off => Verdict::Clear,
        })
    }

    fn fixes(
        &self,
        name: &Name,
        before: &Version,
        version: &Version,
    ) -> Result<Vec<Arc<Advisory>>, FactError> {
        if self.policy.mode == Mode::Off {
            return Ok(Vec::new());
        }
        let known = self.known(name)?;
        let fixed = known
            .concerns
            .iter()
            .filter(|(_, affected)| affected.contains(before) && !affected.contains(version))
            .map(|(advisory, _)| advisory)
            .filter(|advisory| {
                let standing = self.standing(advisory, name, before);
                matches!(standing, Standing::Gated | Standing::BelowThreshold)
            });
        Ok(fixed.cloned().collect())
    }

    fn hint(&self, names: &[Name]) {
        for source in &self.sources {
            if let Source::Lookup { lookup, .. } = source {
                lookup.hint(names);
            }
        }
    }

    fn project_verdict(&self, _: &Name, status: &ProjectStatus) -> Verdict {
        match status {
            ProjectStatus::Quarantined(reason) if self.policy.mode != Mode::Off => {
                Verdict::Deny(Arc::new(Reason {
                    advisories: Vec::new(),
                    rule: Rule::Quarantined(reason.clone()),
                }))
            }
            _ => Verdict::Clear,
        }
    }
}

#[cfg(test)]
mod tests;
