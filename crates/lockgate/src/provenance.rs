//! Where every setting that takes effect came from, for `-v`: one line each, secrets redacted.

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};
use lockgate_formats::Config;
use lockgate_index::redact_url;

use crate::cli::{GateOptions, LockArguments};
use crate::request::Settings;
use crate::world::World;

/// Options of the command line, and the variables that stand for some.
pub(crate) fn given(command: &Command, matches: &ArgMatches) -> Vec<String> {
    let Some((name, matches)) = matches.subcommand() else {
        return Vec::new();
    };
    let Some(command) = command.find_subcommand(name) else {
        return Vec::new();
    };
    command
        .get_arguments()
        .filter_map(|argument| {
            let long = argument.get_long()?;
            let id = argument.get_id().as_str();
            let variable = argument.get_env().unwrap_or_default().to_string_lossy();
            let origin = match matches.value_source(id)? {
                ValueSource::CommandLine => "command line",
                ValueSource::EnvVariable => &variable,
                _ => return None,
            };
            let values = matches.get_raw(id).unwrap_or_default();
            let values: Vec<String> = values
                .filter(|_| argument.get_action().takes_values())
                .map(|value| shown(long, &value.to_string_lossy()))
                .collect();
            let values = values.join(" ");
            Some(line(&format!("--{long} {values}"), origin))
        })
        .collect()
}

/// The policies, and their keys that no option of the gate overrides.
pub(crate) fn configured(
    options: &GateOptions,
    policies: &[String],
    config: &Config,
) -> Vec<(&'static str, String)> {
    let named = policies.iter();
    let mut told: Vec<_> = named
        .map(|name| ("policy", format!("policy: {name}")))
        .collect();
    let mut tell = |key: &'static str, value: &str, origin: &str| {
        told.push((key, line(&format!("{key} = {value}"), origin)));
    };
    if let (Some(set), None) = (&config.gate, options.gate) {
        tell("gate", &set.value, &set.origin);
    }
    if let (Some(set), None) = (&config.min_severity, options.min_severity) {
        tell("min-severity", &set.value.to_string(), &set.origin);
    }
    if let Some(set) = &config.unknown_severity {
        let word = if set.value { "deny" } else { "warn" };
        tell("unknown-severity", word, &set.origin);
    }
    let is_open = options.advisories.is_empty() && !options.no_advisories;
    if let Some(set) = config.advisories.as_ref().filter(|_| is_open) {
        let named: Vec<&str> = set
            .value
            .iter()
            .map(|source| source.source.as_str())
            .collect();
        let sources = shown("advisories", &named.join(" "));
        tell("advisories", &sources, &set.origin);
    }
    if let Some(set) = &config.max_advisory_age {
        tell("max-advisory-age", &format!("{:#}", set.value), &set.origin);
    }
    if let Some(set) = &config.cooldown {
        tell("cooldown", &format!("{:#}", set.value), &set.origin);
    }
    for index in &config.index_settings {
        let statuses = index.ignore_status.value.iter();
        let statuses: Vec<String> = statuses.map(ToString::to_string).collect();
        let value = format!("{} of {}", statuses.join(" "), index.address);
        tell("ignore-status", &value, &index.ignore_status.origin);
    }
    for ignore in &config.ignores {
        tell("ignore", &ignore.id, &ignore.origin);
    }
    told
}

/// Shows what the policies and pip's settings say for a lock.
pub(crate) fn tell(arguments: &LockArguments, settings: &Settings, world: &World) {
    warn_of_what_is_not_followed(arguments, world);
    if !world.terminal.is_verbose() {
        return;
    }
    let has_cooldown = arguments.choice.cooldown.is_some();
    let of_file = settings.told.iter();
    let of_file = of_file.filter(|(key, _)| *key != "cooldown" || !has_cooldown);
    let of_pip = world.pip.told(|name| overrides(arguments, name));
    for line in of_file.map(|(_, line)| line).chain(&of_pip) {
        world.terminal.detail(line);
    }
}

/// Warns of settings that pip would heed and that would change the outcome.
fn warn_of_what_is_not_followed(arguments: &LockArguments, world: &World) {
    let set_up = world.pip.options();
    if let Some(set) = set_up
        .ignore_requires_python
        .as_ref()
        .filter(|set| set.value)
    {
        world.terminal.warn(&format!(
            "pip is set up with `ignore-requires-python` ({}), which is not followed: a release is locked only for a Python that it names",
            set.origin
        ));
    }
    let builds = !arguments.build.allow_build.is_empty();
    if let Some(set) = set_up.build_constraints.first().filter(|_| builds) {
        world.terminal.warn(&format!(
            "pip is set up with `build-constraint` ({}), which is not followed: what a build requires is resolved under the gate and the cutoff alone",
            set.origin
        ));
    }
}

/// Whether the command line, or a variable that stands for an option, takes the place of a setting of pip's.
fn overrides(arguments: &LockArguments, pip: &str) -> bool {
    let (index, choice) = (&arguments.index, &arguments.choice);
    match pip {
        "index-url" | "pypi-url" => index.index_url.is_some(),
        "timeout" | "default-timeout" => index.timeout.is_some(),
        "retries" => index.retries.is_some(),
        "proxy" | "no-proxy-env" => index.proxy.is_some(),
        "cert" => index.cert.is_some(),
        "client-cert" => index.client_cert.is_some(),
        "keyring-provider" => index.keyring_provider.is_some(),
        "pre" => choice.pre || choice.prerelease.is_some(),
        "uploaded-prior-to" => choice.exclude_newer.is_some() || choice.uploaded_prior_to.is_some(),
        _ => false,
    }
}

/// One setting, and where it came from.
pub(crate) fn line(setting: &str, origin: &str) -> String {
    format!("setting: {} ({origin})", setting.trim_end())
}

/// A value in one line and without secrets.
pub(crate) fn shown(option: &str, value: &str) -> String {
    let is_address = option.ends_with("url") || matches!(option, "proxy" | "trusted-host");
    let words: Vec<String> = value
        .split_whitespace()
        .map(|word| {
            if is_address || word.contains("://") {
                redact_url(word)
            } else {
                word.to_owned()
            }
        })
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_in_one_line_and_without_secrets() {
        for (option, value, expected) in [
            ("timeout", "5", "5"),
            (
                "extra-index-url",
                "https://u:secret@a.test/\n  https://b.test",
                "https://u:****@a.test/ https://b.test",
            ),
            ("proxy", "u:secret@proxy.test:3128", "****@proxy.test:3128"),
            ("ignore-vuln", "CVE-1@2027-01-01", "CVE-1@2027-01-01"),
        ] {
            assert_eq!(shown(option, value), expected);
        }
    }
}
