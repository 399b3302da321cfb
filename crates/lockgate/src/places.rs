//! Where projects are looked for: which indexes in which order, and what `--find-links` adds. By option, by the sources, by pip's
//! settings; last by the index that pip has built in.

use std::collections::BTreeMap;
use std::sync::Arc;

use lockgate_index::files::{self, OutsideLink};
use lockgate_index::{
    FindLinks, IndexFacts, NoPlace, Places, Strategy, TrustedHost, index_is_there, is_secure,
    redact_url,
};
use lockgate_model::{Conflict, Facts, LockedGraph, Manifest, Name, Note, OnIndex, Pin, Version};
use lockgate_solve::{Question, note_later_indexes, stuck_packages};
use url::Url;

use crate::cli::{IndexOptions, StrategyName, TargetOptions};
use crate::failure::Failure;
use crate::indexes::{address, built_in, trusted_host, trusted_hosts};
use crate::pip_settings::Sourced;
use crate::variables::variable_in;
use crate::world::World;

/// An address or path as written, and where it was.
type Named = (String, String);

/// Everything that is asked for projects, in order. Each index that is a folder is there.
pub(crate) fn places(
    manifest: &Manifest,
    options: &IndexOptions,
    target: &TargetOptions,
    world: &World,
) -> Result<Places, Failure> {
    let (places, origins) = named(manifest, options, target, world)?;
    for (index, origin) in places.indexes.iter().zip(&origins) {
        index_is_there(index).map_err(|error| {
            Failure::new(format!("{origin}: the index `{index}`: {error}")).remedy(
                "correct or remove the address; an index that cannot be read is not taken for one without packages",
            )
        })?;
    }
    Ok(places)
}

/// The places by name alone, where they are not asked for projects.
pub(crate) fn configured(
    options: &IndexOptions,
    target: &TargetOptions,
    world: &World,
) -> Result<Places, Failure> {
    Ok(named(&Manifest::default(), options, target, world)?.0)
}

/// The places, and what names each of the indexes.
fn named(
    manifest: &Manifest,
    options: &IndexOptions,
    target: &TargetOptions,
    world: &World,
) -> Result<(Places, Vec<String>), Failure> {
    let (indexes, origins) = if has_no_index(manifest, options, world) {
        (Vec::new(), Vec::new())
    } else {
        let named = indexes(manifest, options, target, world)?;
        named.into_iter().unzip()
    };
    let mut places = Places {
        indexes,
        find_links: find_links(manifest, options, world)?,
        strategy: match options.index_strategy {
            None | Some(StrategyName::FirstIndex) => Strategy::FirstIndex,
            Some(StrategyName::UnsafeBestMatch) => Strategy::UnsafeBestMatch,
        },
        trusted_hosts: trusted(manifest, options, world)?,
        ..Places::default()
    };
    if places.has_local_pages() {
        places.local_pages_reach = world.reach.hosts(world);
    }
    must_be_secure(&places)?;
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
    Ok((places, origins))
}

/// The hosts that options, pip's settings and the sources say to trust.
fn trusted(
    manifest: &Manifest,
    options: &IndexOptions,
    world: &World,
) -> Result<Vec<TrustedHost>, Failure> {
    let mut hosts = trusted_hosts(options, &world.pip)?;
    for (host, origin) in &manifest.index.trusted_hosts {
        let trusted = trusted_host(host, &origin.to_string())?;
        if world.reach.is_everywhere() {
            hosts.push(trusted);
        } else if !hosts.contains(&trusted) {
            world.terminal.warn(&format!(
                "{origin}: `--trusted-host {}` has no effect here: the sources are what is judged",
                redact_url(host)
            ));
        }
    }
    hosts.dedup();
    Ok(hosts)
}

/// What comes over the network in the clear can be changed on the way, its hashes with it. pip passes over such an index; left out without
/// a word it would change what is locked, so here it ends the run.
fn must_be_secure(places: &Places) -> Result<(), Failure> {
    let pages = places.find_links.iter().filter_map(|place| match place {
        FindLinks::Page(url) => Some(url),
        FindLinks::Folder(_) | FindLinks::File(_) => None,
    });
    let is_trusted = |url: &Url| places.trusted_hosts.iter().any(|host| host.covers(url));
    let insecure = places
        .indexes
        .iter()
        .chain(pages)
        .find(|url| !is_secure(url) && !is_trusted(url));
    let Some(url) = insecure else {
        return Ok(());
    };
    let host = url.host_str().unwrap_or_default();
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    Err(Failure::new(format!(
        "{} is not encrypted: anybody on the way could change what it says",
        redact_url(url.as_str())
    ))
    .remedy(format!(
        "use its `https` address, or accept it with `--trusted-host {host}{port}`"
    )))
}

/// What exists, by the places in use.
pub(crate) fn facts(places: &Places, world: &World) -> Arc<IndexFacts> {
    Arc::new(world.index.facts(places.clone()))
}

/// Whether no index is asked: nothing takes `--no-index` back, as with pip.
fn has_no_index(manifest: &Manifest, options: &IndexOptions, world: &World) -> bool {
    let origin = if options.no_index {
        "--no-index".to_owned()
    } else if manifest.index.no_index {
        "--no-index of the sources".to_owned()
    } else if let Some(set) = world
        .pip
        .options()
        .no_index
        .as_ref()
        .filter(|set| set.value)
    {
        set.origin.clone()
    } else {
        return false;
    };
    world.terminal.detail(&format!("index: none ({origin})"));
    true
}

fn indexes(
    manifest: &Manifest,
    options: &IndexOptions,
    target: &TargetOptions,
    world: &World,
) -> Result<Vec<(Url, String)>, Failure> {
    let mut found: Vec<Named> = Vec::new();
    // pip lets a requirement file's `--index-url` replace everything before it.
    let of_sources = manifest.index.index_url.iter();
    for (url, origin) in of_sources.chain(&manifest.index.extra_index_urls) {
        world
            .reach
            .admit(url, &origin.to_string(), "the index", world)?;
    }
    if let Some((url, origin)) = &manifest.index.index_url {
        found.push((url.clone(), origin.to_string()));
    } else {
        found.push(main_index(options, target, world)?);
        let set_up = &world.pip.options().extra_index_urls;
        found.extend(listed(
            set_up,
            &options.extra_index_url,
            "--extra-index-url",
        ));
    }
    found.extend(
        manifest
            .index
            .extra_index_urls
            .iter()
            .map(|(url, origin)| (url.clone(), origin.to_string())),
    );
    let sourced = manifest.index.index_url.iter();
    let sourced = sourced.chain(&manifest.index.extra_index_urls);
    let sourced: Vec<&String> = sourced.map(|(url, _)| url).collect();
    let mut indexes: Vec<(Url, String)> = Vec::new();
    for (text, origin) in found {
        world
            .terminal
            .detail(&format!("index: {} ({origin})", redact_url(&text)));
        let url = address(&origin, &text)?;
        let of_source = sourced.contains(&&text);
        if of_source && let Ok(path) = url.to_file_path() {
            files::stay_inside(&path)
                .map_err(|error| outside(&origin, &redact_url(&text), &error))?;
        }
        if !indexes.iter().any(|(known, _)| *known == url) {
            indexes.push((url, origin));
        }
    }
    Ok(indexes)
}

fn main_index(
    options: &IndexOptions,
    target: &TargetOptions,
    world: &World,
) -> Result<Named, Failure> {
    if let Some(url) = &options.index_url {
        return Ok((url.clone(), "--index-url".to_owned()));
    }
    if let Some(set) = &world.pip.options().index_url {
        return Ok((set.value.clone(), set.origin.clone()));
    }
    built_in(target, world)?
        .map(|url| (url, "the interpreter's pip".to_owned()))
        .ok_or_else(|| {
            Failure::new("there is no index to ask: the interpreter has no pip, and no setting names an index")
                .remedy("name one with `--index-url`")
        })
}

/// The values of a list: as with pip, the command line adds to what is set up.
fn listed(set_up: &[Sourced<String>], given: &[String], option: &str) -> Vec<Named> {
    let set_up = set_up
        .iter()
        .map(|set| (set.value.clone(), set.origin.clone()));
    let given = given.iter().map(|value| (value.clone(), option.to_owned()));
    set_up.chain(given).collect()
}

/// What `--find-links` names. What is not there is passed over with a warning, as pip does; what cannot be looked at ends the run.
fn find_links(
    manifest: &Manifest,
    options: &IndexOptions,
    world: &World,
) -> Result<Vec<FindLinks>, Failure> {
    for (text, origin) in &manifest.index.find_links {
        let origin = origin.to_string();
        world.reach.admit(text, &origin, "`--find-links`", world)?;
    }
    let mut found = listed(
        &world.pip.options().find_links,
        &options.find_links,
        "--find-links",
    );
    // What sources name after these is what whoever wrote them chose.
    let named = found.len();
    found.extend(
        manifest
            .index
            .find_links
            .iter()
            .map(|(text, origin)| (text.clone(), origin.to_string())),
    );
    let mut places: Vec<FindLinks> = Vec::new();
    for (index, (text, origin)) in found.into_iter().enumerate() {
        let shown = redact_url(&text);
        world
            .terminal
            .detail(&format!("find-links: {shown} ({origin})"));
        let place = FindLinks::locate(&text, world.pip.home());
        if let Ok(FindLinks::Folder(path) | FindLinks::File(path)) = &place
            && index >= named
        {
            files::stay_inside(path).map_err(|error| outside(&origin, &shown, &error))?;
        }
        match place {
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

/// That a place is not looked at since a link leads out of the repository.
fn outside(origin: &str, shown: &str, error: &std::io::Error) -> Failure {
    Failure::new(format!("{origin}: `{shown}`: {error}")).remedy(OutsideLink::HELP)
}

/// The address of the index that each pin is taken from; none for files of this machine and of `--find-links` pages.
pub(crate) fn indexes_of(
    graph: &LockedGraph,
    places: &Places,
    facts: &IndexFacts,
) -> BTreeMap<(Name, Version), String> {
    let pins: Vec<&Pin> = graph
        .pins
        .iter()
        .filter(|pin| pin.direct.is_none())
        .collect();
    if let ([only], true) = (places.indexes.as_slice(), places.find_links.is_empty()) {
        let pins = pins.iter();
        let release = |pin: &Pin| (pin.name.clone(), pin.version.clone());
        // It is of use, and a lock is complete without: one that may hold a secret is left out.
        let is_clear = is_clear(only.as_str());
        let pins = pins.filter(|_| is_clear);
        return pins.map(|pin| (release(pin), only.to_string())).collect();
    }
    let names: Vec<Name> = pins.iter().map(|pin| pin.name.clone()).collect();
    let pages = facts.on_each_index(&names);
    let mut indexes = BTreeMap::new();
    for pin in pins {
        let has_it = |page: &OnIndex| {
            let Ok(Some(project)) = &page.page else {
                return false;
            };
            let files = project
                .position(&pin.version)
                .map(|index| project.files(index));
            let Some(Ok(files)) = files else {
                return false;
            };
            files
                .iter()
                .any(|file| pin.files.iter().any(|pinned| pinned.url == file.url))
        };
        let mut of_pin = pages.get(&pin.name).into_iter().flatten();
        if let Some(page) = of_pin.find(|page| has_it(page))
            && is_clear(&page.index)
        {
            let release = (pin.name.clone(), pin.version.clone());
            indexes.insert(release, page.index.clone());
        }
    }
    indexes
}

/// Whether neither a variable nor a query stands in the address of an index.
fn is_clear(index: &str) -> bool {
    variable_in(index).is_none() && !index.contains('?')
}

/// Looks for the packages that a conflict is about on later indexes than the one that they are taken from, and says what is there. What
/// cannot be learned is left out: the conflict is one without.
pub(crate) fn look_on_later_indexes(
    question: &Question<'_>,
    conflict: &mut Conflict,
    places: &Places,
    facts: &Arc<dyn Facts>,
    indexes: &IndexFacts,
) {
    if places.indexes.len() < 2 || places.strategy != Strategy::FirstIndex {
        return;
    }
    let Ok(names) = stuck_packages(question, conflict, facts.as_ref()) else {
        return;
    };
    if !names.is_empty() {
        let pages = indexes.on_each_index(&names);
        note_later_indexes(question, conflict, &pages);
    }
}

/// Notes the pins that depend on which of several indexes is asked.
pub(crate) fn confusion(
    question: &Question<'_>,
    graph: &LockedGraph,
    places: &Places,
    facts: &IndexFacts,
) -> Option<Note> {
    if places.indexes.len() < 2 {
        return None;
    }
    let pins = graph.pins.iter().filter(|pin| pin.direct.is_none());
    let names: Vec<Name> = pins.map(|pin| pin.name.clone()).collect();
    let pages = facts.on_each_index(&names);
    let mut found = lockgate_solve::confusion(question, graph, &pages, IndexFacts::joined);
    found.strategy = match places.strategy {
        Strategy::FirstIndex => "first-index",
        Strategy::UnsafeBestMatch => "unsafe-best-match",
    };
    let is_silent = found.packages.is_empty() && found.unknown.is_empty();
    (!is_silent).then_some(Note::IndexConfusion(found))
}
