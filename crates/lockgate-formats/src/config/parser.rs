//! Tables to values: each checked, and kept with its place.

use jiff::SignedDuration;
use lockgate_model::{Level, Name};
use toml::Spanned;

use super::tables::{Group, Source, Table};
use super::{AdvisorySource, Config, ConfigGroup, Set};
use crate::age::duration;
use crate::document::Document;
use crate::error::InputError;

/// Reads the tables of one document.
pub(super) struct Parser<'a>(pub(super) &'a Document<'a>);

impl Parser<'_> {
    pub(super) fn config(&self, table: Table) -> Result<Config, InputError> {
        let mut config = Config::default();
        let rules = Group {
            gate: table.gate,
            min_severity: table.min_severity,
            unknown_severity: table.unknown_severity,
        };
        let rules = self.rules(&rules)?;
        config.gate = rules.gate;
        config.min_severity = rules.min_severity;
        config.unknown_severity = rules.unknown_severity;
        config.yanked = table
            .yanked
            .as_ref()
            .map(|yanked| self.is_denied("yanked", yanked))
            .transpose()?;
        config.vex = table
            .vex
            .iter()
            .map(|path| self.set(path, path.get_ref().clone()))
            .collect();
        config.environments = self.environments("environments", &table.environments)?;
        config.required_environments =
            self.environments("required-environments", &table.required_environments)?;
        config.delegate = self.delegated(&table.delegate)?;
        config.locks = self.locks(table.lock)?;
        config.indexes = self.hosts("indexes", &table.indexes)?;
        config.excludes = self.names("exclude", &table.exclude)?;
        config.overrides = self.paths("override", &table.r#override)?;
        config.no_emit_packages = self.names("no-emit-package", &table.no_emit_package)?;
        config.allowed_builds = self.names("allow-build", &table.allow_build)?;
        config.index_settings = self.indexes(&table.index)?;
        for (name, group) in table.groups {
            let key = Name::new(&name)
                .map_err(|why| self.error(&group, format!("`[groups.{name}]`: {why}")))?;
            let rules = self.rules(group.get_ref())?;
            if config.groups.insert(key, rules).is_some() {
                return Err(self.error(
                    &group,
                    format!("`[groups.{name}]` stands there twice, written differently"),
                ));
            }
        }
        if let Some(sources) = &table.advisories {
            if sources.get_ref().is_empty() {
                return Err(self.error(sources, "`advisories` names no source; use `gate = \"off\"` for a lock without advisories".to_owned()));
            }
            let origin = self.place(sources.span().start);
            let all = sources.get_ref().iter().map(|source| {
                let (source, overrides) = match source {
                    Source::Plain(source) => (source, false),
                    Source::Table { source, overrides } => (source, *overrides),
                };
                AdvisorySource {
                    source: source.clone(),
                    overrides,
                    origin: origin.clone(),
                    is_trusted: false,
                }
            });
            let all: Vec<AdvisorySource> = all.collect();
            if all.first().is_some_and(|first| first.overrides) {
                return Err(self.error(
                    sources,
                    "the first of `advisories` overrides, and there is nothing before it"
                        .to_owned(),
                ));
            }
            config.advisories = Some(self.set(sources, all));
        }
        if let Some(age) = &table.max_advisory_age {
            let value = self.duration("max-advisory-age", age)?;
            if value.is_zero() {
                return Err(self.error(
                    age,
                    format!("`max-advisory-age = \"{}\"` admits none", age.get_ref()),
                ));
            }
            config.max_advisory_age = Some(self.set(age, value));
        }
        if let Some(cooldown) = &table.cooldown {
            let value = self.duration("cooldown", cooldown)?;
            config.cooldown = Some(self.set(cooldown, value));
        }
        config.ignores = table
            .ignore
            .into_iter()
            .map(|entry| self.ignore(entry))
            .collect::<Result<_, _>>()?;
        config.allow_incomplete = table
            .allow_incomplete
            .into_iter()
            .map(|entry| self.incomplete(entry))
            .collect::<Result<_, _>>()?;
        Ok(config)
    }

    /// Mode and thresholds, of everything or of a group.
    fn rules(&self, table: &Group) -> Result<ConfigGroup, InputError> {
        let mut rules = ConfigGroup::default();
        if let Some(gate) = &table.gate {
            let word = gate.get_ref();
            if !matches!(word.as_str(), "deny" | "prefer" | "warn" | "off") {
                return Err(self.error(
                    gate,
                    format!("`gate = \"{word}\"` is none of `deny`, `prefer`, `warn` and `off`"),
                ));
            }
            rules.gate = Some(self.set(gate, word.clone()));
        }
        if let Some(level) = &table.min_severity {
            let value = match level.get_ref().as_str() {
                "low" => Level::Low,
                "medium" => Level::Medium,
                "high" => Level::High,
                "critical" => Level::Critical,
                word => {
                    return Err(self.error(level, format!("`min-severity = \"{word}\"` is none of `low`, `medium`, `high` and `critical`")));
                }
            };
            rules.min_severity = Some(self.set(level, value));
        }
        rules.unknown_severity = table
            .unknown_severity
            .as_ref()
            .map(|unknown| self.is_denied("unknown-severity", unknown))
            .transpose()?;
        Ok(rules)
    }

    /// `deny` or `warn`.
    fn is_denied(&self, key: &str, word: &Spanned<String>) -> Result<Set<bool>, InputError> {
        match word.get_ref().as_str() {
            "deny" => Ok(self.set(word, true)),
            "warn" => Ok(self.set(word, false)),
            other => Err(self.error(
                word,
                format!("`{key} = \"{other}\"` is neither `deny` nor `warn`"),
            )),
        }
    }

    fn duration(&self, key: &str, text: &Spanned<String>) -> Result<SignedDuration, InputError> {
        let word = text.get_ref();
        duration(word).map_err(|why| {
            self.error(text, format!("`{key} = \"{word}\"`: {why}"))
                .remedy("write `7 days` or `P7D`")
        })
    }
    pub(super) fn set<S, T>(&self, spanned: &Spanned<S>, value: T) -> Set<T> {
        Set {
            value,
            origin: self.place(spanned.span().start),
        }
    }

    pub(super) fn error<T>(&self, spanned: &Spanned<T>, message: String) -> InputError {
        self.0.error_at(spanned.span().start, message)
    }

    pub(super) fn place(&self, offset: usize) -> String {
        format!("{}:{}", self.0.file, self.0.line(offset))
    }
}
