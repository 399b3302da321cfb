//! Sources of advisories to a gate, and audits through it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lockgate_formats::lock::AuditLine;
use lockgate_formats::{AdvisorySource, DEFAULT_MAX_ADVISORY_AGE};
use lockgate_gate::{
    AdvisoryGate, Auditor, COMPACT_FORMAT, Compact, Compiled, Compiler, Dated, GateError, Overlay,
    Source, UnreadableRecord, check_age,
};
use lockgate_index::{Feed, FeedError, FeedSource, FeedTerms, Places, RecordFeed};
use lockgate_model::{
    AuditReport, AuditedPackage, Edge, LockedGraph, Name, Pin, Timestamp, Version, Via,
};

use url::Url;

use crate::failure::Failure;
use crate::indexes;
use crate::policies::sources as policy_sources;
use crate::request::Settings;
use crate::world::World;

/// A pin to audit.
#[derive(Debug)]
pub(crate) struct Audited {
    /// The project.
    pub(crate) name: Name,
    /// The version.
    pub(crate) version: Version,
    /// The file it stands in.
    pub(crate) source: String,
    /// The line, if it has one.
    pub(crate) line: Option<usize>,
}

/// The gate of one run.
#[derive(Debug)]
pub(crate) struct Gating {
    /// The gate.
    pub(crate) gate: AdvisoryGate,
    /// Records of its sources that could not be read, with the source of each. A run that chooses versions ends over one.
    unreadable: Vec<(String, UnreadableRecord)>,
}

/// Opens every source of `settings`; one that cannot be used ends the run. `places` are those that names come from: names are sent to a
/// service only where that tells nobody anything new.
pub(crate) fn open(
    settings: &Settings,
    places: impl Fn() -> Result<Places, Failure>,
    world: &World,
) -> Result<Gating, Failure> {
    let parsed = parsed(settings)?;
    for (named, source) in settings.advisories.iter().zip(&parsed) {
        policy_sources::admit(named, source, settings, world)?;
    }
    let mut index = None;
    for source in &parsed {
        match source {
            FeedSource::Service(url) if !indexes::is_local(url) => {
                indexes::may_tell(url, &places()?, world)?;
            }
            FeedSource::Pypi => index = places()?.indexes.into_iter().next(),
            _ => {}
        }
    }
    let mut sources = Vec::new();
    let mut unreadable = Vec::new();
    for (named, feed) in settings
        .advisories
        .iter()
        .zip(found(&parsed, settings, index, world))
    {
        let feed = feed.map_err(|error| feed_failure(&error))?;
        let (source, unread) = source(&feed, named, settings, world)?;
        unreadable.extend(
            unread
                .into_iter()
                .map(|record| (feed.name().to_owned(), record)),
        );
        sources.push(source);
    }
    let mut gating = Gating::new(settings, sources, world);
    gating.unreadable = unreadable;
    Ok(gating)
}

/// Sources, each opened by itself.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    /// Those that could be opened, in order.
    pub(crate) sources: Vec<Source>,
    /// Where whole records are.
    pub(crate) feeds: Vec<Feed>,
    /// Those that could not be opened, and why.
    pub(crate) failed: Vec<(String, String)>,
    /// Records that could not be read, with the source of each.
    pub(crate) unreadable: Vec<(String, UnreadableRecord)>,
    /// The addresses of services.
    pub(crate) services: Vec<Url>,
}

/// Opens each source by itself; those that need the network at once. `index` is the one whose JSON API `pypi` stands for.
pub(crate) fn open_each(
    settings: &Settings,
    index: Option<Url>,
    world: &World,
) -> Result<Opened, Failure> {
    let mut opened = Opened::default();
    let parsed = parsed(settings)?;
    let mut admitted = Vec::new();
    for (named, source) in settings.advisories.iter().zip(parsed) {
        match policy_sources::admit(named, &source, settings, world) {
            Ok(()) => admitted.push((named, source)),
            Err(failure) => opened.failed.push((source.name(), with_remedy(failure))),
        }
    }
    let parsed: Vec<FeedSource> = admitted.iter().map(|(_, source)| source.clone()).collect();
    for source in &parsed {
        match source {
            FeedSource::Service(url) => opened.services.push(url.clone()),
            FeedSource::Pypi => opened.services.extend(index.clone()),
            _ => {}
        }
    }
    let feeds = found(&parsed, settings, index, world);
    for ((named, place), feed) in admitted.into_iter().zip(feeds) {
        let made = feed
            .map_err(|error| feed_failure(&error))
            .and_then(|feed| Ok((source(&feed, named, settings, world)?, feed)));
        match made {
            Ok(((source, unreadable), feed)) => {
                let unreadable = unreadable.into_iter();
                opened
                    .unreadable
                    .extend(unreadable.map(|record| (place.name(), record)));
                opened.sources.push(source);
                opened.feeds.push(feed);
            }
            Err(failure) => opened.failed.push((place.name(), with_remedy(failure))),
        }
    }
    Ok(opened)
}

fn with_remedy(failure: Failure) -> String {
    match failure.remedy {
        Some(remedy) => format!("{} ({remedy})", failure.message),
        None => failure.message,
    }
}

/// The sources that `settings` names.
pub(crate) fn parsed(settings: &Settings) -> Result<Vec<FeedSource>, Failure> {
    let named = settings.advisories.iter();
    named
        .map(|named| FeedSource::parse(&named.source).map_err(|error| feed_failure(&error)))
        .collect()
}

fn found(
    sources: &[FeedSource],
    settings: &Settings,
    index: Option<Url>,
    world: &World,
) -> Vec<Result<Feed, FeedError>> {
    world.progress.phase("reading advisories");
    let terms = FeedTerms {
        now: world.now,
        max_age: settings
            .max_advisory_age
            .unwrap_or(DEFAULT_MAX_ADVISORY_AGE),
        index,
        accept_older: settings.accept_older,
    };
    world.runtime.block_on(world.index.feeds(sources, &terms))
}

/// A feed as the gate reads it, and its records that cannot be read.
pub(crate) fn source(
    feed: &Feed,
    named: &AdvisorySource,
    settings: &Settings,
    world: &World,
) -> Result<(Source, Vec<UnreadableRecord>), Failure> {
    let feed = match feed {
        Feed::Service { name, .. } if named.overrides => {
            return Err(
                Failure::new(format!("{name}: a service cannot override other sources"))
                    .remedy("keep the records that correct others in a folder or a `.zip`"),
            );
        }
        Feed::Service { name, lookup } => {
            let source = Source::Lookup {
                name: name.clone(),
                lookup: Arc::clone(lookup),
            };
            return Ok((source, Vec::new()));
        }
        Feed::Records(feed) => feed,
    };
    if named.overrides {
        let overlay = overlay(feed, world.now)?;
        let unreadable = overlay.unreadable().to_vec();
        let source = Source::Overlay {
            overlay: Arc::new(overlay),
            digest: feed.digest,
            name: feed.name.clone(),
        };
        return Ok((source, unreadable));
    }
    let (compact, unreadable) = compact(feed, world.now)?;
    check_ages(feed, &compact, settings, world)?;
    let source = Source::Compact {
        name: feed.name.clone(),
        digest: feed.digest,
        compact,
        refreshed: feed.refreshed,
    };
    Ok((source, unreadable))
}

/// Refuses advisories that are too old: those that are refreshed by the older of the last refresh and their newest record, and after a week
/// if nothing is set; all others by their newest record, and only where a limit is set.
fn check_ages(
    feed: &RecordFeed,
    compact: &Compact,
    settings: &Settings,
    world: &World,
) -> Result<(), Failure> {
    let limit = match feed.refreshed {
        Some(_) => Some(
            settings
                .max_advisory_age
                .unwrap_or(DEFAULT_MAX_ADVISORY_AGE),
        ),
        None => settings.max_advisory_age,
    };
    let Some(limit) = limit else {
        return Ok(());
    };
    let newest = Dated::Newest(compact.modified(world.now));
    let dates = feed.refreshed.map(Dated::Refreshed).into_iter();
    dates
        .chain([newest])
        .try_for_each(|dated| check_age(&feed.name, dated, limit, world.now))
        .map_err(|error| gate_failure(&error))
}

/// All records of a source that overrides: few, and one's own.
fn overlay(feed: &RecordFeed, now: Timestamp) -> Result<Overlay, Failure> {
    let mut records: Vec<(String, Vec<u8>)> = Vec::new();
    feed.visit(0, 1, |file, bytes| {
        records.push((file.to_owned(), bytes.to_vec()));
        Ok::<_, FeedError>(())
    })
    .map_err(|error| feed_failure(&error))?;
    let borrowed = records
        .iter()
        .map(|(file, bytes)| (file.as_str(), bytes.as_slice()));
    Ok(Overlay::read(&feed.name, now, borrowed))
}

/// The compact form of a feed, and its records that cannot be read: kept from an earlier run, else compiled. Only a feed whose records can all
/// be read is kept in that form.
fn compact(feed: &RecordFeed, now: Timestamp) -> Result<(Compact, Vec<UnreadableRecord>), Failure> {
    if let Some(kept) = feed.compact(COMPACT_FORMAT)
        && let Ok(compact) = Compact::open(kept)
        && compact.holds_at(now)
    {
        return Ok((compact, Vec::new()));
    }
    let Compiled { bytes, unreadable } = compiled(feed, now)?;
    if unreadable.is_empty() {
        feed.keep_compact(COMPACT_FORMAT, &bytes);
    }
    let compact = Compact::open(Arc::new(bytes)).map_err(|error| gate_failure(&error))?;
    Ok((compact, unreadable))
}

/// Reads all records of a feed, on as many threads as the machine has processors, up to four.
fn compiled(feed: &RecordFeed, now: Timestamp) -> Result<Compiled, Failure> {
    let parts = std::thread::available_parallelism().map_or(1, |parts| parts.get().min(4));
    let read = |part| {
        let mut compiler = Compiler::new(&feed.name, now);
        feed.visit_each(part, parts, |file, bytes| match bytes {
            Ok(bytes) => compiler.add(file, bytes).map_err(Unread::Record),
            Err(why) => {
                let file = file.to_owned();
                compiler.add_unreadable(UnreadableRecord { file, why });
                Ok(())
            }
        })
        .map(|()| compiler)
        .map_err(|unread| match unread {
            Unread::Feed(error) => feed_failure(&error),
            Unread::Record(error) => gate_failure(&error),
        })
    };
    let read: Vec<Result<Compiler, Failure>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..parts)
            .map(|part| scope.spawn(move || read(part)))
            .collect();
        threads
            .into_iter()
            .map(|thread| {
                thread.join().unwrap_or_else(|_panicked| {
                    Err(Failure::new("reading the advisories was broken off"))
                })
            })
            .collect()
    });
    let mut whole = Compiler::new(&feed.name, now);
    for part in read {
        whole.join(part?);
    }
    whole.finish().map_err(|error| gate_failure(&error))
}

/// Why a record could not be added.
enum Unread {
    Feed(FeedError),
    Record(GateError),
}

impl From<FeedError> for Unread {
    fn from(error: FeedError) -> Self {
        Self::Feed(error)
    }
}

pub(crate) fn feed_failure(error: &FeedError) -> Failure {
    let failure = Failure::of(error);
    match error.remedy() {
        Some(remedy) => failure.remedy(remedy),
        None => failure,
    }
}

pub(crate) fn gate_failure(error: &GateError) -> Failure {
    let failure = Failure::of(error);
    match error {
        GateError::Record { .. } => failure.remedy(
            "fix or remove the invalid record; lockgate does not run with unreadable advisories",
        ),
        GateError::TooOld { .. } => {
            failure.remedy("get newer advisories, or raise `max-advisory-age`; if they are dated in the future, check this machine's clock and run `lockgate advisories sync`")
        }
        GateError::Empty { .. } => failure.remedy("check that it is an export for PyPI"),
        GateError::Damaged(_) => failure.remedy("run `lockgate cache clean`"),
    }
}

impl Gating {
    /// A gate over sources that were opened.
    pub(crate) fn new(settings: &Settings, sources: Vec<Source>, world: &World) -> Self {
        Self {
            gate: AdvisoryGate::new(settings.policy.clone(), sources, world.now),
            unreadable: Vec::new(),
        }
    }

    /// An error if a record of the advisories could not be read.
    pub(crate) fn require_all_records(&self) -> Result<(), Failure> {
        let Some((source, record)) = self.unreadable.first() else {
            return Ok(());
        };
        let mut failure = gate_failure(&record.clone().into_error(source));
        if self.unreadable.len() > 1 {
            let more = self.unreadable.len() - 1;
            failure.message = format!("{} (and {more} more)", failure.message);
        }
        Err(failure)
    }

    /// Makes a gap of each record that could not be read.
    pub(crate) fn note_unreadable(&self, auditor: &mut Auditor<'_>) {
        for (source, record) in &self.unreadable {
            auditor.record_failed(source, record);
        }
    }

    /// Audits every pin of a new lock.
    pub(crate) fn audit(&self, graph: &LockedGraph, source: &str) -> Result<AuditReport, Failure> {
        let asking = graph.edges_by_target();
        let pins = graph.pins.iter().map(|pin| Audited {
            name: pin.name.clone(),
            version: pin.version.clone(),
            source: source.to_owned(),
            line: None,
        });
        let mut report = self.audit_pins(pins.collect())?;
        let of_pins = report.packages.iter_mut().zip(graph.pins.iter());
        // Chains are for people who have to fix something.
        for (package, pin) in of_pins.filter(|(package, _)| !package.findings.is_empty()) {
            let path = chain(graph, &asking, pin);
            for finding in &mut package.findings {
                finding.path.clone_from(&path);
            }
        }
        Ok(report)
    }

    /// What is to be said of the policy, a line each.
    pub(crate) fn remarks(&self) -> Vec<String> {
        let remarks = self.gate.remarks().into_iter();
        remarks.map(|remark| remark.text).collect()
    }

    /// Audits pins, in their order.
    pub(crate) fn audit_pins(&self, pins: Vec<Audited>) -> Result<AuditReport, Failure> {
        lockgate_model::Gate::hint(
            &self.gate,
            &pins.iter().map(|pin| pin.name.clone()).collect::<Vec<_>>(),
        );
        let mut report = AuditReport::default();
        let names: BTreeSet<Name> = pins.iter().map(|pin| pin.name.clone()).collect();
        for pin in pins {
            let findings = self
                .gate
                .findings(&pin.name, &pin.version)
                .map_err(|error| indexes::unlearned(&error))?;
            report.packages.push(AuditedPackage {
                line: pin.line,
                findings,
                ..AuditedPackage::new(pin.name, pin.version, pin.source)
            });
        }
        report.evidence = self.gate.snapshot(&names);
        report.sources = self.gate.states(&names);
        report.remarks = self.gate.remarks();
        Ok(report)
    }
}

/// One shortest chain from a source down to a pin, as texts. `asking` has the edges to each project.
fn chain(graph: &LockedGraph, asking: &BTreeMap<&Name, Vec<&Edge>>, to: &Pin) -> Vec<String> {
    let name = &to.name;
    // Where a project has several pins, those on the way are named without a version.
    let shown = |other: &Name| match graph.pins.of(other) {
        _ if other == name => format!("{name}=={}", to.version),
        [pin] => format!("{other}=={}", pin.version),
        _ => other.to_string(),
    };
    let mut paths: Vec<Vec<&Name>> = vec![vec![name]];
    let mut seen = BTreeSet::from([name]);
    while !paths.is_empty() {
        let mut longer = Vec::new();
        for path in &paths {
            let Some(last) = path.last() else { continue };
            let edges = asking.get(last).map_or(&[][..], Vec::as_slice);
            if let Some(source) = edges.iter().find_map(|edge| match &edge.from {
                Via::Source(origin) if edge.from.asks() => Some(origin.via.clone()),
                Via::Source(_) | Via::Pin(_) => None,
            }) {
                return std::iter::once(source)
                    .chain(path.iter().rev().map(|name| shown(name)))
                    .collect();
            }
            for edge in edges {
                if let Via::Pin(parent) = &edge.from
                    && seen.insert(parent)
                {
                    let mut path = path.clone();
                    path.push(parent);
                    longer.push(path);
                }
            }
        }
        paths = longer;
    }
    vec![shown(name)]
}

/// The evidence for a lock's header.
pub(crate) fn evidence(audit: &AuditReport) -> AuditLine {
    match &audit.evidence {
        None => AuditLine::Off,
        Some(snapshot) => AuditLine::Done {
            findings: audit.open_findings(),
            ignored: audit.ignored_findings(),
            source: snapshot.source.clone(),
            modified: snapshot.modified,
            digest: format!("sha256:{}", snapshot.digest),
        },
    }
}
