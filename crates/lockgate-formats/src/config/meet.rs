//! Two policies that hold for one file with equal right: the stricter of each rule counts, and what loosens holds only where both say it.
//!
//! A file that is reached through a link lies at two places. Neither of them may decide alone.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use lockgate_model::Name;

use super::index::statuses_of;
use super::join::{DEFAULT_MAX_ADVISORY_AGE, Ineffective, strictness};
use super::{
    AdvisorySource, Config, ConfigGroup, ConfigIgnore, ConfigIncomplete, ConfigIndex, Set,
};

/// Joins two policies of one file, each of them complete. Returns what holds, and what of the first does not since the second lacks it.
/// A key that one of them does not set has its default there. The `[[lock]]` entries are those of the first.
pub fn stricter_of_both(first: Config, second: &Config) -> (Config, Vec<Ineffective>) {
    let mut dropped = Dropped::default();
    let rules = first.rules().and(&second.rules());
    let groups: BTreeSet<Name> = (first.groups.keys())
        .chain(second.groups.keys())
        .cloned()
        .collect();
    let groups = groups.into_iter().map(|name| {
        let of = |config: &Config| {
            let own = config.groups.get(&name).cloned().unwrap_or_default();
            own.or(&config.rules())
        };
        let rules = of(&first).and(&of(second));
        (name, rules)
    });
    let groups = groups.collect();
    // All fields are named, so that a key which is added needs its order here too.
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
        groups: _,
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
    } = first;
    let mut required = required_environments;
    for marker in &second.required_environments {
        if !required.iter().any(|one| one.value == marker.value) {
            required.push(marker.clone());
        }
    }
    let is_same_region = environments.len() == second.environments.len()
        && (environments.iter().zip(&second.environments))
            .all(|(first, second)| first.value == second.value);
    let config = Config {
        gate: rules.gate,
        min_severity: rules.min_severity,
        unknown_severity: rules.unknown_severity,
        advisories: all_sources(advisories, second.advisories.as_ref()),
        max_advisory_age: shorter(max_advisory_age, second.max_advisory_age.as_ref()),
        cooldown: longer(cooldown, second.cooldown.as_ref()),
        ignores: dropped.without(ignores, &second.ignores, is_same_ignore, |entry| {
            (format!("[[ignore]] `{}`", entry.id), &entry.origin)
        }),
        allow_incomplete: dropped.without(
            allow_incomplete,
            &second.allow_incomplete,
            is_same_acceptance,
            |entry| {
                let code = entry.code.as_str();
                (format!("[[allow-incomplete]] `{code}`"), &entry.origin)
            },
        ),
        yanked: match (yanked, &second.yanked) {
            (Some(first), Some(second)) if second.value && !first.value => Some(second.clone()),
            (None, second) => second.clone(),
            (first, _) => first,
        },
        vex: dropped.sets("vex", vex, &second.vex),
        groups,
        // One that restricts them would leave environments out.
        environments: if is_same_region {
            environments
        } else {
            Vec::new()
        },
        required_environments: required,
        delegate,
        locks,
        indexes: dropped.sets("indexes", indexes, &second.indexes),
        excludes: dropped.sets("exclude", excludes, &second.excludes),
        overrides: dropped.sets("override", overrides, &second.overrides),
        no_emit_packages: dropped.sets(
            "no-emit-package",
            no_emit_packages,
            &second.no_emit_packages,
        ),
        allowed_builds: dropped.sets("allow-build", allowed_builds, &second.allowed_builds),
        index_settings: dropped.statuses(index_settings, &second.index_settings),
    };
    (config, dropped.0)
}

impl ConfigGroup {
    /// The stricter of two rules, each of them complete: what one does not say is as strict as it can be.
    fn and(&self, other: &Self) -> Self {
        let gate = match (&self.gate, &other.gate) {
            (Some(first), Some(second)) => {
                let is_first = strictness(&first.value) >= strictness(&second.value);
                Some(if is_first { first } else { second }.clone())
            }
            _ => None,
        };
        let min_severity = match (&self.min_severity, &other.min_severity) {
            (Some(first), Some(second)) => Some(
                if first.value <= second.value {
                    first
                } else {
                    second
                }
                .clone(),
            ),
            _ => None,
        };
        let unknown_severity = match (&self.unknown_severity, &other.unknown_severity) {
            (Some(first), Some(second)) => Some(if first.value { first } else { second }.clone()),
            _ => None,
        };
        Self {
            gate,
            min_severity,
            unknown_severity,
        }
    }
}

/// The sources of both, and the default where one names none. Of those that override others only what both have overrides.
fn all_sources(
    first: Option<Set<Vec<AdvisorySource>>>,
    second: Option<&Set<Vec<AdvisorySource>>>,
) -> Option<Set<Vec<AdvisorySource>>> {
    let default = || vec![AdvisorySource::given("osv", "the default")];
    let origin = first.as_ref().or(second)?.origin.clone();
    let mut sources = first.map_or_else(default, |set| set.value);
    let more = second.map_or_else(default, |set| set.value.clone());
    let joining = |source: &AdvisorySource| AdvisorySource {
        overrides: false,
        ..source.clone()
    };
    for source in &mut sources {
        let is_in_both =
            (more.iter()).any(|other| other.source == source.source && other.overrides);
        if !is_in_both {
            *source = joining(source);
        }
    }
    for source in &more {
        if !sources.iter().any(|known| known.source == source.source) {
            sources.push(joining(source));
        }
    }
    Some(Set {
        value: sources,
        origin,
    })
}

fn shorter(
    first: Option<Set<SignedDuration>>,
    second: Option<&Set<SignedDuration>>,
) -> Option<Set<SignedDuration>> {
    match (first, second) {
        (Some(first), Some(second)) if second.value < first.value => Some(second.clone()),
        (Some(first), Some(_)) => Some(first),
        (Some(mut set), None) => {
            set.value = set.value.min(DEFAULT_MAX_ADVISORY_AGE);
            Some(set)
        }
        (None, set) => set.cloned().map(|mut set| {
            set.value = set.value.min(DEFAULT_MAX_ADVISORY_AGE);
            set
        }),
    }
}

fn longer(
    first: Option<Set<SignedDuration>>,
    second: Option<&Set<SignedDuration>>,
) -> Option<Set<SignedDuration>> {
    match (first, second) {
        (Some(first), Some(second)) if second.value > first.value => Some(second.clone()),
        (None, second) => second.cloned(),
        (first, _) => first,
    }
}

/// Whether two entries accept the same, wherever they stand.
fn is_same_ignore(first: &ConfigIgnore, second: &ConfigIgnore) -> bool {
    let ConfigIgnore {
        id,
        package,
        versions,
        reason: _,
        expires,
        until_fixed,
        group,
        justification: _,
        origin: _,
    } = first;
    *id == second.id
        && *package == second.package
        && *versions == second.versions
        && *expires == second.expires
        && *until_fixed == second.until_fixed
        && *group == second.group
}

fn is_same_acceptance(first: &ConfigIncomplete, second: &ConfigIncomplete) -> bool {
    let ConfigIncomplete {
        code,
        package,
        reason: _,
        expires,
        origin: _,
    } = first;
    *code == second.code && *package == second.package && *expires == second.expires
}

/// What the first of two policies says and the second does not.
#[derive(Default)]
struct Dropped(Vec<Ineffective>);

impl Dropped {
    /// `list` without the entries that `other` does not have.
    fn without<T>(
        &mut self,
        list: Vec<T>,
        other: &[T],
        is_same: impl Fn(&T, &T) -> bool,
        told: impl for<'a> Fn(&'a T) -> (String, &'a String),
    ) -> Vec<T> {
        let mut kept = Vec::new();
        for entry in list {
            if other.iter().any(|other| is_same(&entry, other)) {
                kept.push(entry);
                continue;
            }
            let (key, origin) = told(&entry);
            self.0.push(Ineffective {
                key,
                origin: origin.clone(),
            });
        }
        kept
    }

    /// `tables` with the statuses that `other` has for the same index.
    fn statuses(&mut self, tables: Vec<ConfigIndex>, other: &[ConfigIndex]) -> Vec<ConfigIndex> {
        let mut kept = Vec::new();
        for mut table in tables {
            let both = statuses_of(other, &table.address);
            let stated = table.ignore_status.value.len();
            table.ignore_status.value.retain(|one| both.contains(one));
            if table.ignore_status.value.len() < stated {
                self.0.push(Ineffective {
                    key: table.key(),
                    origin: table.ignore_status.origin.clone(),
                });
            }
            if !table.ignore_status.value.is_empty() {
                kept.push(table);
            }
        }
        kept
    }

    fn sets<T: PartialEq>(
        &mut self,
        key: &str,
        list: Vec<Set<T>>,
        other: &[Set<T>],
    ) -> Vec<Set<T>> {
        let is_same = |first: &Set<T>, second: &Set<T>| first.value == second.value;
        self.without(list, other, is_same, |set| (key.to_owned(), &set.origin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        Config::from_lockgate_toml(text.as_bytes(), "lockgate.toml").unwrap()
    }

    /// What holds of two, in short: it must not matter which is the first.
    fn both(first: &str, second: &str) -> String {
        let shown = |first: &str, second: &str| {
            let (config, _) = stricter_of_both(config(first), &config(second));
            let mut sources: Vec<String> = (config.advisories.iter())
                .flat_map(|set| &set.value)
                .map(|source| {
                    format!(
                        "{}{}",
                        source.source,
                        if source.overrides { "!" } else { "" }
                    )
                })
                .collect();
            sources.sort();
            let groups = config.groups.iter().map(|(name, rules)| {
                format!(
                    "{name}:{}",
                    rules.gate.as_ref().map_or("deny", |set| &set.value)
                )
            });
            let ignores = config.ignores.iter().map(|ignore| ignore.id.clone());
            let rest = [
                config.gate.map(|set| set.value),
                config.min_severity.map(|set| format!("{:?}", set.value)),
                config.unknown_severity.map(|set| set.value.to_string()),
                config.max_advisory_age.map(|set| set.value.to_string()),
                config.cooldown.map(|set| set.value.to_string()),
                config.yanked.map(|set| set.value.to_string()),
            ];
            let rest = rest.into_iter().map(Option::unwrap_or_default);
            let all: Vec<String> = rest.chain(sources).chain(groups).chain(ignores).collect();
            all.join(" ").trim().to_owned()
        };
        let forward = shown(first, second);
        assert_eq!(forward, shown(second, first), "{first} / {second}");
        forward
    }

    #[test]
    fn the_stricter_of_each_rule_counts_and_what_loosens_must_be_in_both() {
        let ignore = "[[ignore]]\nid = \"CVE-1\"\nreason = \"r\"\n";
        for (first, second, expected) in [
            ("gate = \"off\"\n", "", ""),
            ("gate = \"off\"\n", "gate = \"warn\"\n", "warn"),
            ("min-severity = \"high\"\n", "", ""),
            (
                "min-severity = \"high\"\n",
                "min-severity = \"low\"\n",
                "Low",
            ),
            ("unknown-severity = \"warn\"\n", "", ""),
            ("cooldown = \"2 days\"\n", "", "PT48H"),
            ("max-advisory-age = \"30 days\"\n", "", "PT168H"),
            ("max-advisory-age = \"1 day\"\n", "", "PT24H"),
            ("yanked = \"deny\"\n", "yanked = \"warn\"\n", "true"),
            ("advisories = [\"a\"]\n", "", "a osv"),
            (
                "advisories = [\"a\", { source = \"b\", overrides = true }]\n",
                "advisories = [\"a\"]\n",
                "a b",
            ),
            ("[groups.dev]\ngate = \"off\"\n", "", "dev:deny"),
            (
                "[groups.dev]\ngate = \"off\"\n",
                "gate = \"warn\"\n",
                "dev:warn",
            ),
            (ignore, "", ""),
            (ignore, ignore, "CVE-1"),
        ] {
            let found = both(first, second);
            let found: Vec<&str> = found.split_whitespace().collect();
            assert_eq!(found.join(" "), expected, "{first} / {second}");
        }
    }

    #[test]
    fn a_status_means_absent_only_where_both_say_so() {
        let table =
            |statuses: &str| format!("[index.\"https://host\"]\nignore-status = [{statuses}]\n");
        for (first, second, expected, is_dropped) in [
            (table("401, 403"), table("403"), Some(403), true),
            (table("403"), table("401, 403"), Some(403), false),
            (table("403"), table("401"), None, true),
            (table("403"), String::new(), None, true),
            (String::new(), table("403"), None, false),
        ] {
            let (config, dropped) = stricter_of_both(config(&first), &config(&second));
            let held = config.index_settings.iter();
            let held: Vec<u16> = held
                .flat_map(|one| one.ignore_status.value.clone())
                .collect();
            assert_eq!(held, Vec::from_iter(expected), "{first} / {second}");
            assert_eq!(!dropped.is_empty(), is_dropped, "{first} / {second}");
        }
    }

    #[test]
    fn what_does_not_hold_is_returned() {
        let text = "exclude = [\"x\"]\n[[ignore]]\nid = \"CVE-1\"\nreason = \"r\"\n";
        let (_, dropped) = stricter_of_both(config(text), &Config::default());
        let keys: Vec<&str> = dropped.iter().map(|one| one.key.as_str()).collect();
        assert_eq!(keys, ["[[ignore]] `CVE-1`", "exclude"]);
    }
}
