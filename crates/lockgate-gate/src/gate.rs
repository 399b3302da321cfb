//! The gate: records under a policy, as the solver asks and as an audit tells.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use lockgate_model::{
    Advisory, FactError, Gate, Name, ProjectStatus, Reason, RecordLookup, Rule, Scope, Sha256,
    Snapshot, SourceState, Timestamp, Verdict, Version, VersionSet,
};
use rustc_hash::FxBuildHasher;

use crate::compact::Compact;
use crate::overlay::Overlay;
use crate::policy::{IgnoreEntry, Mode, Policy};

mod findings;
mod gaps;
mod known;

pub use findings::{Judged, Subject};
use known::{Asked, Known};

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
        /// When its state was last confirmed by its origin.
        refreshed: Option<Timestamp>,
    },
    /// Records that take the place of those that earlier sources have.
    Overlay {
        /// As the user named it.
        name: String,
        /// Digest of its records.
        digest: Sha256,
        /// The records.
        overlay: Arc<Overlay>,
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
    /// As the user named it.
    pub fn name(&self) -> &str {
        match self {
            Self::Compact { name, .. } | Self::Overlay { name, .. } | Self::Lookup { name, .. } => {
                name
            }
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
    known: Mutex<HashMap<Asked, Arc<Known>, FxBuildHasher>>,
    /// For each ignore entry, whether it accepted something.
    used: Vec<AtomicBool>,
    /// For each ignore entry, whether it speaks of malware, which no entry accepts.
    refused: Vec<AtomicBool>,
    /// For each entry that accepts gaps, whether it accepted one.
    used_gaps: Vec<AtomicBool>,
    /// Whether it was ever told what asks for a pin: without that, entries for a group cannot accept anything.
    knew_scopes: AtomicBool,
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
        let unset = || policy.ignores.iter().map(|_| AtomicBool::new(false));
        let (used, refused) = (unset().collect(), unset().collect());
        let used_gaps = policy.gaps.iter().map(|_| AtomicBool::new(false)).collect();
        Self {
            policy,
            sources,
            now,
            today: TimeZone::UTC.to_datetime(now).date(),
            known: Mutex::default(),
            used,
            refused,
            used_gaps,
            knew_scopes: AtomicBool::new(false),
        }
    }

    /// Says which pins will be judged, so that services can be asked about all of them at once.
    pub fn hint_pins(&self, pins: &[(Name, Version)]) {
        for source in &self.sources {
            if let Source::Lookup { lookup, .. } = source {
                lookup.hint_pins(pins);
            }
        }
    }

    /// The names of the policies that it goes by, the topmost first.
    pub fn policies(&self) -> &[String] {
        &self.policy.names
    }

    /// Whether nothing is looked for.
    pub(crate) fn is_off(&self) -> bool {
        self.policy.mode == Mode::Off
    }

    /// Whether there is any source of advisories.
    pub(crate) fn has_sources(&self) -> bool {
        !self.sources.is_empty()
    }

    /// The state of the advisories in use; of services, of what they said about `pins`: it follows from the pins, and not from what else
    /// was asked on the way to them. None without sources.
    pub fn snapshot(&self, pins: &BTreeSet<Name>) -> Option<Snapshot> {
        let states = self.states(pins);
        let mut names: Vec<&str> = self.sources.iter().map(Source::name).collect();
        names.dedup();
        let digests: Vec<Sha256> = states.iter().map(|state| state.digest).collect();
        let digest = match digests.as_slice() {
            [one] => *one,
            many => Sha256::of(&many.iter().flat_map(|digest| digest.0).collect::<Vec<u8>>()),
        };
        (!self.sources.is_empty()).then(|| Snapshot {
            source: names.join(" + "),
            digest,
            modified: states.iter().filter_map(|state| state.modified).max(),
        })
    }

    /// Each source by itself, as far as `pins` have to do with it.
    pub fn states(&self, pins: &BTreeSet<Name>) -> Vec<SourceState> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut asked: Vec<(&Asked, &Arc<Known>)> = known
            .iter()
            .filter(|(asked, _)| pins.contains(&asked.name))
            .collect();
        asked.sort_by_key(|(asked, _)| *asked);
        let sources = self.sources.iter().enumerate();
        sources
            .map(|(index, source)| {
                let name = source.name().to_owned();
                match source {
                    Source::Compact {
                        digest,
                        compact,
                        refreshed,
                        ..
                    } => SourceState {
                        name,
                        digest: *digest,
                        modified: compact.modified(self.now),
                        refreshed: *refreshed,
                        records: Some(compact.records()),
                        overrides: false,
                        asked: pins.len(),
                    },
                    Source::Overlay {
                        digest, overlay, ..
                    } => SourceState {
                        name,
                        digest: *digest,
                        modified: overlay.modified(self.now),
                        refreshed: None,
                        records: Some(overlay.records()),
                        overrides: true,
                        asked: pins.len(),
                    },
                    Source::Lookup { .. } => {
                        let mut digests: BTreeMap<&Asked, Sha256> = BTreeMap::new();
                        let mut modified = None;
                        for (asked, known) in &asked {
                            if let Some((digest, newest)) = known.looked_up.get(&index) {
                                digests.insert(asked, *digest);
                                modified = modified.max(*newest);
                            }
                        }
                        let names: BTreeSet<&Name> =
                            digests.keys().map(|asked| &asked.name).collect();
                        let bytes: Vec<u8> = digests.values().flat_map(|digest| digest.0).collect();
                        SourceState {
                            name,
                            digest: Sha256::of(&bytes),
                            modified,
                            refreshed: None,
                            records: None,
                            overrides: false,
                            asked: names.len(),
                        }
                    }
                }
            })
            .collect()
    }

    /// How an advisory stands to a release that `scopes` ask for. The solver knows none: what is only for a group does not count there.
    fn standing<'a>(
        &'a self,
        advisory: &Advisory,
        name: &Name,
        version: &Version,
        scopes: &BTreeSet<Scope>,
    ) -> Standing<'a> {
        if advisory.malicious {
            for (entry, refused) in self.policy.ignores.iter().zip(&self.refused) {
                if entry.speaks_of(advisory, name, version) {
                    refused.store(true, Ordering::Relaxed);
                }
            }
            return Standing::Malicious;
        }
        for (entry, used) in self.policy.ignores.iter().zip(&self.used) {
            if !entry.has_expired(self.today)
                && entry.counts_for(scopes)
                && entry.speaks_of(advisory, name, version)
            {
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

    /// What is known of a project; what could not be learned is an error.
    fn known(&self, name: &Name) -> Result<Arc<Known>, FactError> {
        let known = self.known_as_far_as(&Asked::project(name));
        match known.failures.first() {
            Some(failure) => Err(failure.clone()),
            None => Ok(known),
        }
    }

    /// What is known, with what could not be learned beside it.
    fn known_as_far_as(&self, asked: &Asked) -> Arc<Known> {
        if let Some(known) = self
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(asked)
        {
            return Arc::clone(known);
        }
        // Asked without the lock: a service may take its time.
        let known = Arc::new(self.learn(asked));
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(asked.clone()).or_insert(known))
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
            match self.standing(advisory, name, version, &BTreeSet::new()) {
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
                let standing = self.standing(advisory, name, before, &BTreeSet::new());
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
