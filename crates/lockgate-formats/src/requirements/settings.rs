//! Options that stand on lines of their own, and those that count wherever they stand.

use std::net::Ipv6Addr;

use lockgate_model::{Files, IndexOptions, Manifest, Origin, Releases};

use super::address::is_address;
use super::options::{Given, Known};
use crate::error::nearest;
use crate::path::joined;

/// What pip's `--use-feature` may name, now or in its last years. None of it changes what a lock holds.
const FEATURES: &[&str] = &[
    "2020-resolver",
    "build-constraint",
    "fast-deps",
    "in-tree-build",
    "inprocess-build-deps",
    "no-binary-enable-wheel-cache",
    "truststore",
    "venv-isolation",
];

/// Applies the options that pip obeys on any line, and checks the values of all.
pub(super) fn everywhere(manifest: &mut Manifest, options: &[Given]) -> Result<(), String> {
    for Given { known, name, value } in options {
        let named = |why: &dyn std::fmt::Display| format!("`{name}`: {why}");
        let controls = matches!(
            known,
            Known::NoBinary | Known::OnlyBinary | Known::AllReleases | Known::OnlyFinal
        );
        if controls && value.starts_with('-') {
            return Err(format!("`{name}` needs a value"));
        }
        match known {
            Known::NoBinary => manifest
                .binary
                .no_binary(value)
                .map_err(|why| named(&why))?,
            Known::OnlyBinary => manifest
                .binary
                .only_binary(value)
                .map_err(|why| named(&why))?,
            Known::OnlyFinal => {
                manifest
                    .releases
                    .only_final(value)
                    .map_err(|why| named(&why))?;
                // `:all:` takes the place of what `--pre` gave.
                manifest.pre &= !has_item(value, ":all:");
            }
            Known::AllReleases => {
                manifest
                    .releases
                    .all_releases(value)
                    .map_err(|why| named(&why))?;
                // `:none:` takes back what `--pre` gave.
                manifest.pre &= !has_item(value, ":none:");
            }
            Known::ConfigSettings => {
                config_setting(value)
                    .ok_or_else(|| format!("`{name} {value}`: write `KEY=VALUE`"))?;
            }
            Known::Hash => {
                check_algorithm(value).map_err(|why| format!("`{name} {value}`: {why}"))?;
            }
            Known::UseFeature if !FEATURES.contains(&value.as_str()) => {
                let meant = nearest(value, FEATURES.iter().copied())
                    .map_or_else(String::new, |near| format!("; is `{near}` meant?"));
                return Err(format!("`{name}`: pip has no feature `{value}`{meant}"));
            }
            _ => {}
        }
    }
    Ok(())
}

fn has_item(list: &str, wanted: &str) -> bool {
    list.split(',').any(|item| item.trim() == wanted)
}

/// pip reads hashes of three kinds, wherever they stand.
fn check_algorithm(value: &str) -> Result<(), String> {
    match value.split_once(':') {
        Some(("sha256" | "sha384" | "sha512", _)) => Ok(()),
        Some((other, _)) => Err(format!(
            "`{other}` is no algorithm that pip accepts; write `--hash=sha256:…`"
        )),
        None => Err("write `--hash=sha256:…`".to_owned()),
    }
}

/// The key and the value of a `--config-settings`.
pub(super) fn config_setting(value: &str) -> Option<(String, String)> {
    value
        .split_once('=')
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
}

/// Applies the options of a line that has no requirement and no include. Answers what pip passes over.
pub(super) fn of_line(
    manifest: &mut Manifest,
    options: &[Given],
    place: &str,
    origin: &Origin,
    files: &dyn Files,
) -> Result<Vec<String>, String> {
    let mut ignored = Vec::new();
    indexes(&mut manifest.index, options, origin);
    let mut find_links = options
        .iter()
        .filter(|given| given.known == Known::FindLinks);
    if let Some(given) = find_links.next() {
        let found = find_links_of(place, &given.value, files);
        manifest.index.find_links.push((found, origin.clone()));
    }
    ignored.extend(find_links.map(|given| format!("{} {}", given.name, given.value)));
    for given in options {
        match given.known {
            Known::TrustedHost => {
                check_host(&given.value)?;
                let host = (given.value.clone(), origin.clone());
                manifest.index.trusted_hosts.push(host);
            }
            Known::Pre => {
                manifest.pre = true;
                // It is asked before `--only-final :all:`, wherever that stood.
                manifest.releases.all = manifest
                    .releases
                    .all
                    .filter(|releases| *releases != Releases::Final);
            }
            Known::PreferBinary => manifest.prefer_binary = true,
            Known::RequireHashes => manifest.require_hashes = true,
            Known::Hash | Known::ConfigSettings => {
                ignored.push(format!("{} {}", given.name, given.value));
            }
            _ => {}
        }
    }
    Ok(ignored)
}

/// `--no-index` empties the list and closes it; an index replaces all that came on earlier lines and counts before the extra ones of
/// its own line, the last of a line.
fn indexes(index: &mut IndexOptions, options: &[Given], origin: &Origin) {
    if options.iter().any(|given| given.known == Known::NoIndex) {
        index.no_index = true;
        index.index_url = None;
        index.extra_index_urls.clear();
    }
    if index.no_index {
        return;
    }
    let last = options.iter().rfind(|given| given.known == Known::IndexUrl);
    if let Some(given) = last.filter(|given| !given.value.is_empty()) {
        index.index_url = Some((given.value.clone(), origin.clone()));
        index.extra_index_urls.clear();
    }
    let extras = options
        .iter()
        .filter(|given| given.known == Known::ExtraIndexUrl);
    index
        .extra_index_urls
        .extend(extras.map(|given| (given.value.clone(), origin.clone())));
}

/// Beside the requirement file if something is there, else as written.
pub(super) fn find_links_of(place: &str, value: &str, files: &dyn Files) -> String {
    if is_address(place) || value.contains("://") {
        return value.to_owned();
    }
    let beside = joined(place, value);
    if files.kind(&beside).is_some() {
        beside
    } else {
        value.to_owned()
    }
}

/// A host, perhaps with a port.
fn check_host(text: &str) -> Result<(), String> {
    let wrong = || {
        Err(format!(
            "`--trusted-host {text}`: write `host` or `host:port`"
        ))
    };
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (text, ""),
    };
    let is_port = port.is_empty() || port.parse::<u16>().is_ok();
    let is_host = match host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
    {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !host.is_empty() && !host.contains(['[', ']']),
    };
    if !is_host || text.contains(['/', '?', '#', '@']) || !is_port {
        return wrong();
    }
    Ok(())
}
