//! `advisories`: the sources as they are kept here, refreshed on demand, and what they say of one advisory.

use std::fmt::Write as _;

use lockgate_gate::shown_record;
use lockgate_index::{Feed, FeedSource, FeedStatus, SyncOutcome, Synced};
use lockgate_model::text::shown;
use lockgate_model::{Timestamp, age};
use serde_json::{Value, json};

use crate::cli::{AdvisoriesVerb, IndexOptions, TargetOptions};
use crate::failure::{Exit, Failure};
use crate::gating;
use crate::places;
use crate::policies;
use crate::request::Settings;
use crate::world::World;

/// What there is to say.
#[derive(Debug)]
pub(crate) struct Told {
    /// For people.
    pub(crate) text: String,
    /// As one document.
    pub(crate) document: Value,
    /// What went wrong with some of the sources.
    pub(crate) failures: Vec<Failure>,
    /// How the run ends.
    pub(crate) exit: Exit,
}

/// Does what is asked with every source of `settings`.
pub(crate) fn run(
    verb: AdvisoriesVerb,
    id: Option<&str>,
    index: &IndexOptions,
    settings: &Settings,
    world: &World,
) -> Result<Told, Failure> {
    if settings.advisories.is_empty() {
        return Err(
            Failure::new("no source of advisories is in use: the gate is off")
                .remedy("name one with `--advisories`"),
        );
    }
    match (verb, id) {
        (AdvisoriesVerb::Show, Some(id)) => show(id, index, settings, world),
        (AdvisoriesVerb::Show, None) => Err(Failure::new("`advisories show` names no advisory")
            .remedy("write `lockgate advisories show ID`")),
        (_, Some(id)) => Err(Failure::new(format!("`{id}` is one word too many"))
            .remedy("only `advisories show` takes an id")),
        (AdvisoriesVerb::Sync, None) => sync(settings, world),
        (AdvisoriesVerb::Status, None) => status(settings, world),
    }
}

fn sync(settings: &Settings, world: &World) -> Result<Told, Failure> {
    let mut told = Told::new();
    let mut sources = Vec::new();
    for (named, source) in settings.advisories.iter().zip(gating::parsed(settings)?) {
        world.progress.phase("refreshing advisories");
        let synced = policies::sources::admit(named, &source, settings, world)
            .and_then(|()| {
                let synced = world
                    .index
                    .sync_feed(&source, world.now, settings.accept_older);
                let synced = world.runtime.block_on(synced);
                synced.map_err(|error| gating::feed_failure(&error))
            })
            .and_then(|synced| {
                // What was fetched is read now, so that a record that cannot be read is seen here, and the next run is quick.
                if !matches!(source, FeedSource::Service(_) | FeedSource::Pypi)
                    && let Some(feed) = world
                        .index
                        .kept_feed(&source, None)
                        .map_err(|error| gating::feed_failure(&error))?
                {
                    gating::source(&Feed::Records(feed), named, settings, world)?;
                }
                Ok(synced)
            });
        match synced {
            Ok(synced) => {
                let _ = writeln!(told.text, "{}", synced_text(&synced));
                sources.push(synced_value(&synced));
            }
            Err(failure) => told.failed(failure),
        }
    }
    told.document = json!({ "version": 1, "status": told.status(), "sources": sources });
    Ok(told)
}

fn synced_text(synced: &Synced) -> String {
    let records = synced
        .records
        .map(|records| format!(" ({records} records)"))
        .unwrap_or_default();
    let fetched = match synced.fetched {
        0 => String::new(),
        bytes => format!(", {} fetched", size(bytes)),
    };
    let what = match synced.outcome {
        SyncOutcome::Unchanged => "unchanged".to_owned(),
        SyncOutcome::Changed { records: 1 } => "1 record changed".to_owned(),
        SyncOutcome::Changed { records } => format!("{records} records changed"),
        SyncOutcome::Whole => "fetched whole".to_owned(),
        SyncOutcome::NotKept => {
            "nothing is kept of it here: it is asked or read when it is needed".to_owned()
        }
    };
    format!("{}: {what}{records}{fetched}", shown(&synced.name))
}

fn synced_value(synced: &Synced) -> Value {
    let (outcome, changed) = match synced.outcome {
        SyncOutcome::Unchanged => ("unchanged", Some(0)),
        SyncOutcome::Changed { records } => ("changed", Some(records)),
        SyncOutcome::Whole => ("whole", None),
        SyncOutcome::NotKept => ("not-kept", None),
    };
    json!({
        "name": synced.name,
        "outcome": outcome,
        "changed": changed,
        "records": synced.records,
        "fetched": synced.fetched,
    })
}

fn status(settings: &Settings, world: &World) -> Result<Told, Failure> {
    let mut told = Told::new();
    let mut sources = Vec::new();
    for source in gating::parsed(settings)? {
        match world.index.feed_status(&source) {
            Ok(status) => {
                told.text
                    .push_str(&status_text(&source, &status, world.now));
                sources.push(status_value(&status));
            }
            Err(error) => told.failed(gating::feed_failure(&error)),
        }
    }
    told.document = json!({ "version": 1, "status": told.status(), "sources": sources });
    Ok(told)
}

fn status_text(source: &FeedSource, status: &FeedStatus, now: Timestamp) -> String {
    let mut text = format!("{}\n", shown(&status.name));
    let mut line = |label: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = writeln!(text, "  {label:<10} {}", shown(&value));
        }
    };
    if matches!(source, FeedSource::Service(_) | FeedSource::Pypi) {
        line(
            "kept",
            Some("nothing: it is asked when it is needed".to_owned()),
        );
        return text;
    }
    if status.digest.is_none() {
        line(
            "kept",
            Some(
                "nothing yet: it is fetched when it is needed, or by `lockgate advisories sync`"
                    .to_owned(),
            ),
        );
        return text;
    }
    line("records", status.records.map(|records| records.to_string()));
    line(
        "refreshed",
        status
            .refreshed
            .map(|refreshed| match age::age(refreshed, now) {
                Some(age) => format!("{refreshed} ({} hours ago)", age.as_hours()),
                None => format!("{refreshed} (in the future: their age is unknown)"),
            }),
    );
    line(
        "digest",
        status.digest.map(|digest| format!("sha256:{digest}")),
    );
    line("size", status.bytes.map(size));
    line(
        "place",
        status
            .place
            .as_ref()
            .map(|place| place.display().to_string()),
    );
    text
}

fn status_value(status: &FeedStatus) -> Value {
    json!({
        "name": status.name,
        "records": status.records,
        "refreshed": status.refreshed.map(|refreshed| refreshed.to_string()),
        "digest": status.digest.map(|digest| format!("sha256:{digest}")),
        "bytes": status.bytes,
        "place": status.place.as_ref().map(|place| place.display().to_string()),
    })
}

fn show(
    id: &str,
    index: &IndexOptions,
    settings: &Settings,
    world: &World,
) -> Result<Told, Failure> {
    let main = places::configured(index, &TargetOptions::default(), world)
        .ok()
        .and_then(|places| places.indexes.into_iter().next());
    let opened = gating::open_each(settings, main, world)?;
    let mut told = Told::new();
    for (source, why) in &opened.failed {
        told.failed(Failure::new(format!("{source}: {why}")));
    }
    let mut records = Vec::new();
    for (source, feed) in opened.sources.iter().zip(&opened.feeds) {
        let found = match feed {
            Feed::Records(feed) => feed
                .known_as(id)
                .map(|found| {
                    found
                        .into_iter()
                        .map(|record| (record.file, record.bytes))
                        .collect()
                })
                .map_err(|error| gating::feed_failure(&error)),
            Feed::Service { lookup, .. } => lookup
                .record(id)
                .map(|found| {
                    found
                        .map(|bytes| (format!("{id}.json"), bytes))
                        .into_iter()
                        .collect()
                })
                .map_err(|error| crate::indexes::unlearned(&error)),
        };
        let found: Vec<(String, Vec<u8>)> = match found {
            Ok(found) => found,
            Err(failure) => {
                told.failed(failure);
                continue;
            }
        };
        for (file, bytes) in found {
            let record = shown_record(source.name(), &file, &bytes)
                .map_err(|error| gating::gate_failure(&error))?;
            if !told.text.is_empty() {
                told.text.push('\n');
            }
            told.text
                .push_str(&lockgate_report::record_text(&record, source.name()));
            records.push(json!({ "source": source.name(), "record": serde_json::from_slice::<Value>(&bytes).ok() }));
        }
    }
    if records.is_empty() && told.failures.is_empty() {
        told.failures.push(
            Failure::new(format!("no source knows an advisory `{id}`"))
                .remedy("check the id; `lockgate advisories sync` refreshes what is kept"),
        );
        told.exit = Exit::No;
    }
    told.document = json!({ "version": 1, "status": told.status(), "records": records });
    Ok(told)
}

impl Told {
    fn new() -> Self {
        Self {
            text: String::new(),
            document: Value::Null,
            failures: Vec::new(),
            exit: Exit::Done,
        }
    }

    fn failed(&mut self, failure: Failure) {
        self.failures.push(failure);
        self.exit = Exit::NoAnswer;
    }

    fn status(&self) -> &'static str {
        match self.exit {
            Exit::Done => "done",
            Exit::No => "unknown",
            _ => "failed",
        }
    }
}

/// Bytes as people read them.
fn size(bytes: u64) -> String {
    const MIB: u64 = 1 << 20;
    if bytes >= MIB {
        format!("{}.{} MiB", bytes / MIB, bytes % MIB * 10 / MIB)
    } else {
        format!("{} KiB", bytes.div_ceil(1 << 10))
    }
}
