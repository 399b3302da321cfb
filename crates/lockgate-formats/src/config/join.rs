//! Several policies for one file: the topmost is followed, those below it and the floor under all of them can only make it stricter.
//!
//! The order of each key stands in docs/gate.md. Each function here names all fields of a configuration, so that a key which is added to
//! it needs an order before it compiles.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use lockgate_model::{Level, Name};

use super::{AdvisorySource, Config, ConfigGroup, Set};

/// How old a kept export may be when no policy says so.
pub const DEFAULT_MAX_ADVISORY_AGE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A policy below the topmost.
#[derive(Debug, Clone, Copy)]
pub struct LowerPolicy<'a> {
    /// What it says.
    pub config: &'a Config,
    /// Whether it lies in a folder that the topmost delegates.
    pub is_delegated: bool,
}

/// Several policies as one.
#[derive(Debug, Clone, Default)]
pub struct JoinedPolicy {
    /// What holds.
    pub config: Config,
    /// What has no effect, since it would loosen.
    pub ineffective: Vec<Ineffective>,
}

/// A key or an entry that has no effect where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ineffective {
    /// The key as people write it: `gate`, `[[ignore]]`.
    pub key: String,
    /// Where it stands.
    pub origin: String,
}

/// Joins the policies that hold for one file: the topmost, if there is one, those below it on the way down to the file, and the floor.
///
/// Of a delegated folder the first policy is followed in what can be delegated; those between the topmost and it still make it stricter.
pub fn join_policies(
    topmost: Option<&Config>,
    lower: &[LowerPolicy<'_>],
    floor: &[&Config],
) -> JoinedPolicy {
    let mut joined = JoinedPolicy {
        config: topmost.cloned().unwrap_or_default(),
        ineffective: Vec::new(),
    };
    if joined.config.advisories.is_none() {
        // Where no policy of the repository says which advisories are used, the floor does.
        joined.config.advisories = sources_of_floor(floor);
    }
    let delegated = lower.iter().position(|policy| policy.is_delegated);
    if let Some(policy) = delegated.and_then(|index| lower.get(index)) {
        joined.delegate_to(policy.config);
    }
    for (index, policy) in lower.iter().enumerate() {
        if Some(index) != delegated {
            joined.restrict(policy.config);
        }
    }
    for config in floor {
        joined.add_statements(config);
        joined.restrict(&without_statements(config));
    }
    joined
}

fn sources_of_floor(floor: &[&Config]) -> Option<Set<Vec<AdvisorySource>>> {
    let mut set: Option<Set<Vec<AdvisorySource>>> = None;
    for of_floor in floor.iter().filter_map(|config| config.advisories.as_ref()) {
        let set = set.get_or_insert_with(|| Set {
            value: Vec::new(),
            origin: of_floor.origin.clone(),
        });
        add_sources(&mut set.value, &of_floor.value);
    }
    set
}

/// Adds the sources that are not there yet; those that override others would loosen.
fn add_sources(sources: &mut Vec<AdvisorySource>, more: &[AdvisorySource]) {
    for source in more.iter().filter(|source| !source.overrides) {
        match sources.iter_mut().find(|one| one.source == source.source) {
            Some(known) => known.is_trusted |= source.is_trusted,
            None => sources.push(source.clone()),
        }
    }
}

/// A policy of the floor without what is added from it.
fn without_statements(floor: &Config) -> Config {
    Config {
        indexes: Vec::new(),
        excludes: Vec::new(),
        overrides: Vec::new(),
        no_emit_packages: Vec::new(),
        allowed_builds: Vec::new(),
        index_settings: Vec::new(),
        ..floor.clone()
    }
}

impl JoinedPolicy {
    /// Adds what the floor, which is the caller's, states about all locks.
    fn add_statements(&mut self, floor: &Config) {
        let config = &mut self.config;
        config.indexes.extend(floor.indexes.iter().cloned());
        config.excludes.extend(floor.excludes.iter().cloned());
        config.overrides.extend(floor.overrides.iter().cloned());
        let pinned = floor.no_emit_packages.iter();
        config.no_emit_packages.extend(pinned.cloned());
        let builds = floor.allowed_builds.iter();
        config.allowed_builds.extend(builds.cloned());
        let settings = floor.index_settings.iter();
        config.index_settings.extend(settings.cloned());
    }

    fn has_no_effect(&mut self, key: impl Into<String>, origin: &str) {
        self.ineffective.push(Ineffective {
            key: key.into(),
            origin: origin.to_owned(),
        });
    }

    /// Makes the policy stricter by a lower one; what would loosen it has no effect.
    fn restrict(&mut self, lower: &Config) {
        let Config {
            gate: _,
            min_severity: _,
            unknown_severity: _,
            advisories,
            max_advisory_age,
            cooldown,
            ignores,
            allow_incomplete,
            yanked,
            vex,
            groups,
            environments,
            required_environments,
            delegate,
            locks,
            indexes,
            excludes,
            overrides,
            no_emit_packages,
            allowed_builds,
            index_settings,
        } = lower;
        self.restrict_rules(lower, &groups.keys().cloned().collect());
        if let Some(set) = yanked {
            match &self.config.yanked {
                Some(upper) if upper.value && !set.value => {
                    self.has_no_effect("yanked", &set.origin);
                }
                Some(upper) if upper.value == set.value => {}
                _ => self.config.yanked = Some(set.clone()),
            }
        }
        self.join_advisories(advisories.as_ref());
        self.restrict_ages(max_advisory_age.as_ref(), cooldown.as_ref());
        for ignore in ignores {
            self.has_no_effect(format!("[[ignore]] `{}`", ignore.id), &ignore.origin);
        }
        for entry in allow_incomplete {
            let key = format!("[[allow-incomplete]] `{}`", entry.code.as_str());
            self.has_no_effect(key, &entry.origin);
        }
        for document in vex {
            self.has_no_effect(format!("vex `{}`", document.value), &document.origin);
        }
        if let Some(first) = environments.first() {
            self.has_no_effect("environments", &first.origin);
        }
        for marker in required_environments {
            let required = &mut self.config.required_environments;
            if !required.iter().any(|one| one.value == marker.value) {
                required.push(marker.clone());
            }
        }
        if let Some(first) = delegate.first() {
            self.has_no_effect("delegate", &first.origin);
        }
        for lock in locks {
            let key = format!("[[lock]] `{}`", lock.output.value);
            self.has_no_effect(key, &lock.origin);
        }
        for index in index_settings {
            self.has_no_effect(index.key(), &index.ignore_status.origin);
        }
        let lists = [
            ("indexes", indexes.first().map(|set| &set.origin)),
            ("exclude", excludes.first().map(|set| &set.origin)),
            ("override", overrides.first().map(|set| &set.origin)),
            (
                "no-emit-package",
                no_emit_packages.first().map(|set| &set.origin),
            ),
            ("allow-build", allowed_builds.first().map(|set| &set.origin)),
        ];
        for (key, origin) in lists {
            if let Some(origin) = origin {
                self.has_no_effect(key, origin);
            }
        }
    }

    /// Follows the policy of a delegated folder in mode, severities, accepted advisories and gaps. Everything else of it can only make stricter.
    fn delegate_to(&mut self, lower: &Config) {
        let mut rest = lower.clone();
        let own = ConfigGroup {
            gate: self.never_off(rest.gate.take()),
            min_severity: rest.min_severity.take(),
            unknown_severity: rest.unknown_severity.take(),
        };
        let base = own.or(&self.config.rules());
        self.config.set_rules(base);
        for (name, rules) in std::mem::take(&mut rest.groups) {
            let upper = self.config.groups.remove(&name).unwrap_or_default();
            self.config.groups.insert(name, rules.or(&upper));
        }
        self.config.ignores.append(&mut rest.ignores);
        let incomplete = &mut self.config.allow_incomplete;
        incomplete.append(&mut rest.allow_incomplete);
        self.restrict(&rest);
    }

    /// `off` would let malicious packages pass, which is never delegated: it counts as `warn`.
    fn never_off(&mut self, gate: Option<Set<String>>) -> Option<Set<String>> {
        let mut set = gate?;
        if set.value == "off" {
            if self
                .config
                .gate
                .as_ref()
                .is_some_and(|gate| gate.value == "off")
            {
                return None;
            }
            self.has_no_effect("gate", &set.origin);
            "warn".clone_into(&mut set.value);
        }
        Some(set)
    }

    fn restrict_rules(&mut self, lower: &Config, names: &BTreeSet<Name>) {
        let before = self.config.rules();
        let lower_rules = lower.rules();
        let general = self.stricter(&before, &lower_rules, Some(""));
        self.config.set_rules(general.clone());
        let known: BTreeSet<Name> = self.config.groups.keys().cloned().collect();
        for name in known.union(names) {
            let own = self.config.groups.get(name).cloned().unwrap_or_default();
            let of_lower = lower.groups.get(name).cloned().unwrap_or_default();
            let prefix = format!("[groups.{name}] ");
            // What the lower policy says of all packages holds for this group too; that it has no effect is said once, above.
            let said = self.stricter(&own.clone().or(&before), &of_lower, Some(&prefix));
            let unsaid = lower_rules.without(&of_lower);
            let rules = self.stricter(&said, &unsaid, None);
            let rules = rules.beyond(&general, &own);
            if rules == ConfigGroup::default() {
                self.config.groups.remove(name);
            } else {
                self.config.groups.insert(name.clone(), rules);
            }
        }
    }

    /// The stricter of two rules, key by key. With `prefix`, looser ones of the lower are noted.
    fn stricter(
        &mut self,
        upper: &ConfigGroup,
        lower: &ConfigGroup,
        prefix: Option<&str>,
    ) -> ConfigGroup {
        let mut rules = upper.clone();
        let mut looser = Vec::new();
        if let Some(set) = &lower.gate {
            let held = upper
                .gate
                .as_ref()
                .map_or(strictness("deny"), |gate| strictness(&gate.value));
            match strictness(&set.value).cmp(&held) {
                std::cmp::Ordering::Greater => rules.gate = Some(set.clone()),
                std::cmp::Ordering::Equal => {}
                std::cmp::Ordering::Less => looser.push(("gate", &set.origin)),
            }
        }
        if let Some(set) = &lower.min_severity {
            let held: Option<Level> = upper.min_severity.as_ref().map(|level| level.value);
            if held.is_some_and(|held| set.value < held) {
                rules.min_severity = Some(set.clone());
            } else if held != Some(set.value) {
                looser.push(("min-severity", &set.origin));
            }
        }
        if let Some(set) = &lower.unknown_severity {
            let is_denied = upper
                .unknown_severity
                .as_ref()
                .is_none_or(|held| held.value);
            if set.value && !is_denied {
                rules.unknown_severity = Some(set.clone());
            } else if !set.value && is_denied {
                looser.push(("unknown-severity", &set.origin));
            }
        }
        if let Some(prefix) = prefix {
            for (key, origin) in looser {
                self.has_no_effect(format!("{prefix}{key}"), origin);
            }
        }
        rules
    }

    fn join_advisories(&mut self, lower: Option<&Set<Vec<AdvisorySource>>>) {
        let Some(lower) = lower else { return };
        let default = || Set {
            value: vec![AdvisorySource::given("osv", "the default")],
            origin: "the default".to_owned(),
        };
        let held = self.config.advisories.get_or_insert_with(default);
        add_sources(&mut held.value, &lower.value);
        for source in lower.value.iter().filter(|source| source.overrides) {
            self.has_no_effect(format!("advisories `{}`", source.source), &lower.origin);
        }
    }

    /// A shorter age of advisories is stricter, and a longer cooldown. Where no age is set, that of the default counts.
    fn restrict_ages(
        &mut self,
        age: Option<&Set<SignedDuration>>,
        cooldown: Option<&Set<SignedDuration>>,
    ) {
        if let Some(set) = age {
            match &self.config.max_advisory_age {
                Some(held) if set.value > held.value => {
                    self.has_no_effect("max-advisory-age", &set.origin);
                }
                Some(held) if set.value == held.value => {}
                Some(_) => self.config.max_advisory_age = Some(set.clone()),
                None => {
                    let mut set = set.clone();
                    set.value = set.value.min(DEFAULT_MAX_ADVISORY_AGE);
                    self.config.max_advisory_age = Some(set);
                }
            }
        }
        if let Some(set) = cooldown {
            match &self.config.cooldown {
                Some(held) if set.value < held.value => {
                    self.has_no_effect("cooldown", &set.origin);
                }
                Some(held) if set.value == held.value => {}
                _ => self.config.cooldown = Some(set.clone()),
            }
        }
    }
}

/// How strict a mode is.
pub(super) fn strictness(mode: &str) -> usize {
    let modes = ["off", "warn", "prefer", "deny"];
    // An unknown word is refused where it is read.
    modes
        .iter()
        .position(|one| *one == mode)
        .unwrap_or(modes.len())
}

impl Config {
    /// Mode and severities for everything.
    pub(super) fn rules(&self) -> ConfigGroup {
        ConfigGroup {
            gate: self.gate.clone(),
            min_severity: self.min_severity.clone(),
            unknown_severity: self.unknown_severity.clone(),
        }
    }

    fn set_rules(&mut self, rules: ConfigGroup) {
        self.gate = rules.gate;
        self.min_severity = rules.min_severity;
        self.unknown_severity = rules.unknown_severity;
    }
}

impl ConfigGroup {
    /// These rules, and `other` where they are silent.
    pub(super) fn or(self, other: &Self) -> Self {
        Self {
            gate: self.gate.or_else(|| other.gate.clone()),
            min_severity: self.min_severity.or_else(|| other.min_severity.clone()),
            unknown_severity: self
                .unknown_severity
                .or_else(|| other.unknown_severity.clone()),
        }
    }

    /// These rules, without the keys that `other` states.
    fn without(&self, other: &Self) -> Self {
        Self {
            gate: self.gate.clone().filter(|_| other.gate.is_none()),
            min_severity: (self.min_severity.clone()).filter(|_| other.min_severity.is_none()),
            unknown_severity: self
                .unknown_severity
                .clone()
                .filter(|_| other.unknown_severity.is_none()),
        }
    }

    /// These rules, without what follows from `general` and was not said before.
    fn beyond(self, general: &Self, before: &Self) -> Self {
        Self {
            gate: (self.gate).filter(|set| {
                before.gate.is_some() || Some(&set.value) != general.gate.as_ref().map(|g| &g.value)
            }),
            min_severity: self.min_severity.filter(|set| {
                before.min_severity.is_some()
                    || Some(set.value) != general.min_severity.as_ref().map(|g| g.value)
            }),
            unknown_severity: self.unknown_severity.filter(|set| {
                before.unknown_severity.is_some()
                    || Some(set.value) != general.unknown_severity.as_ref().map(|g| g.value)
            }),
        }
    }
}

#[cfg(test)]
mod tests;
