//! Where projects are looked for: which indexes in which order, and what `--find-links` adds. By option, by the sources, by pip's
//! settings; last by the index that pip has built in.

use std::sync::Arc;

use lockgate_index::pip_config::PipSettings;
use lockgate_index::{FindLinks, IndexFacts, NoPlace, Places, Strategy, redact_url};
use lockgate_model::Manifest;
use url::Url;

use crate::cli::{IndexOptions, StrategyName, TargetOptions};
use crate::failure::Failure;
use crate::indexes::{address, effective};
use crate::world::World;

/// An address or path as written, and where it was.
type Named = (String, String);

/// Everything that is asked for projects, in order.
pub(crate) fn places(
    manifest: &Manifest,
    options: &IndexOptions,
    target: &TargetOptions,
    world: &World,
) -> Result<Places, Failure> {
    let (settings, built_in) = if manifest.index.index_url.is_some() || options.no_index {
        (world.pip.settings().clone(), None)
    } else {
        effective(options, target, world)?
    };
    let indexes = if has_no_index(manifest, options, &settings, world) {
        Vec::new()
    } else {
        indexes(manifest, options, &settings, built_in, world)?
    };
    let places = Places {
        indexes,
        find_links: find_links(manifest, options, &settings, world)?,
        strategy: match options.index_strategy {
            None | Some(StrategyName::FirstIndex) => Strategy::FirstIndex,
            Some(StrategyName::UnsafeBestMatch) => Strategy::UnsafeBestMatch,
        },
    };
    if places.indexes.is_empty() && places.find_links.is_empty() {
        world
            .terminal
            .warn("`--no-index` without `--find-links` leaves nothing that could be locked");
    }
    if places.indexes.len() > 1 {
        world.terminal.detail(match places.strategy {
            Strategy::FirstIndex => {
                "index strategy: first-index (a project is taken from the first index that has it)"
            }
            Strategy::UnsafeBestMatch => {
                "index strategy: unsafe-best-match (the best version of all indexes)"
            }
        });
    }
    Ok(places)
}

/// What exists, by the places in use.
pub(crate) fn facts(places: &Places, world: &World) -> Arc<IndexFacts> {
    Arc::new(world.index.facts(places.clone()))
}

/// Whether no index is asked: nothing takes `--no-index` back, as with pip.
fn has_no_index(
    manifest: &Manifest,
    options: &IndexOptions,
    settings: &PipSettings,
    world: &World,
) -> bool {
    let origin = if options.no_index {
        "--no-index".to_owned()
    } else if manifest.index.no_index {
        "--no-index of the sources".to_owned()
    } else if let Some(setting) = settings.get("no-index").filter(|setting| {
        !matches!(
            setting.value.as_str(),
            "0" | "false" | "no" | "off" | "n" | "f"
        )
    }) {
        setting.origin.clone()
    } else {
        return false;
    };
    world.terminal.detail(&format!("index: none ({origin})"));
    true
}

fn indexes(
    manifest: &Manifest,
    options: &IndexOptions,
    settings: &PipSettings,
    built_in: Option<String>,
    world: &World,
) -> Result<Vec<Url>, Failure> {
    let mut found: Vec<Named> = Vec::new();
    // pip lets a requirement file's `--index-url` replace everything before it.
    if let Some((url, origin)) = &manifest.index.index_url {
        found.push((url.clone(), origin.to_string()));
    } else {
        found.push(main_index(options, settings, built_in)?);
        found.extend(listed(
            &options.extra_index_url,
            "--extra-index-url",
            settings,
            "extra-index-url",
        ));
    }
    found.extend(
        manifest
            .index
            .extra_index_urls
            .iter()
            .map(|(url, origin)| (url.clone(), origin.to_string())),
    );
    let mut indexes: Vec<Url> = Vec::new();
    for (text, origin) in found {
        world
            .terminal
            .detail(&format!("index: {} ({origin})", redact_url(&text)));
        let url = address(&origin, &text)?;
        if !indexes.contains(&url) {
            indexes.push(url);
        }
    }
    Ok(indexes)
}

fn main_index(
    options: &IndexOptions,
    settings: &PipSettings,
    built_in: Option<String>,
) -> Result<Named, Failure> {
    match (&options.index_url, settings.get("index-url"), built_in) {
        (Some(url), _, _) => Ok((url.clone(), "--index-url".to_owned())),
        (None, Some(setting), _) => Ok((setting.value.clone(), setting.origin.clone())),
        (None, None, Some(url)) => Ok((url, "the interpreter's pip".to_owned())),
        (None, None, None) => Err(Failure::new(
            "there is no index to ask: the interpreter has no pip, and no setting names an index",
        )
        .remedy("name one with `--index-url`")),
    }
}

/// The values of a list: the command line's take the place of pip's.
fn listed(given: &[String], option: &str, settings: &PipSettings, key: &str) -> Vec<Named> {
    if given.is_empty() {
        let settings = settings.list(key).into_iter();
        return settings
            .map(|setting| (setting.value, setting.origin))
            .collect();
    }
    given
        .iter()
        .map(|value| (value.clone(), option.to_owned()))
        .collect()
}

/// What `--find-links` names. What is not there is passed over with a warning, as pip does; what cannot be looked at ends the run.
fn find_links(
    manifest: &Manifest,
    options: &IndexOptions,
    settings: &PipSettings,
    world: &World,
) -> Result<Vec<FindLinks>, Failure> {
    let mut found = listed(&options.find_links, "--find-links", settings, "find-links");
    found.extend(
        manifest
            .index
            .find_links
            .iter()
            .map(|(text, origin)| (text.clone(), origin.to_string())),
    );
    let mut places: Vec<FindLinks> = Vec::new();
    for (text, origin) in found {
        let shown = redact_url(&text);
        world
            .terminal
            .detail(&format!("find-links: {shown} ({origin})"));
        match FindLinks::locate(&text, world.pip.home()) {
            Ok(place) if places.contains(&place) => {}
            Ok(place) => places.push(place),
            Err(why @ (NoPlace::Missing | NoPlace::NoArchive)) => world
                .terminal
                .warn(&format!("{origin}: `{shown}` is passed over: {why}")),
            Err(why) => {
                return Err(Failure::new(format!("{origin}: `{shown}`: {why}"))
                    .remedy("name a folder, a wheel, or a page that links to files"));
            }
        }
    }
    Ok(places)
}
