//! The kept export: fetched, kept up to date, and not replaced by what is broken.

use std::path::Path;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::server::{Fault, Server, export, record};
use crate::feeds::{Feed, FeedError, FeedSource, FeedTerms, RecordFeed, SyncOutcome, Synced};
use crate::{Index, Options, Reporter};

const OLD: &str = "2025-01-01T00:00:00Z";
const NEW: &str = "2025-02-01T00:00:00Z";
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

fn records() -> Vec<Value> {
    (0..12)
        .map(|n| record(&format!("A-{n}"), OLD, "a", &["1"]))
        .collect()
}

/// A day in January 2026.
fn day(number: i64) -> Timestamp {
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    start + SignedDuration::from_hours(24 * number)
}

struct Run<'s> {
    server: &'s Server,
    cache: tempfile::TempDir,
    warnings: Arc<Warnings>,
}

#[derive(Debug, Default)]
struct Warnings(Mutex<Vec<String>>);

impl Reporter for Warnings {
    fn started(&self, _: &str) {}
    fn finished(&self, _: &str) {}
    fn warning(&self, message: &str) {
        self.0.lock().unwrap().push(message.to_owned());
    }
}

impl<'s> Run<'s> {
    fn new(server: &'s Server) -> Self {
        Self {
            server,
            cache: tempfile::tempdir().unwrap(),
            warnings: Arc::default(),
        }
    }

    fn options(&self) -> Options {
        self.server.options(Some(self.cache.path().join("cache")))
    }

    fn index(&self, options: Options) -> Index {
        let warnings: Arc<dyn Reporter> = Arc::clone(&self.warnings) as _;
        Index::new(options, self.server.runtime.handle().clone(), warnings)
    }

    fn open(&self, options: Options, now: Timestamp) -> Result<RecordFeed, FeedError> {
        let terms = FeedTerms {
            now,
            max_age: WEEK,
            index: None,
            accept_older: false,
        };
        let index = self.index(options);
        let feeds = index.feeds(&[FeedSource::Osv], &terms);
        match self.server.runtime.block_on(feeds).pop().unwrap()? {
            Feed::Records(feed) => Ok(feed),
            Feed::Service { name, .. } => panic!("{name} is a service"),
        }
    }

    fn feed(&self, now: Timestamp) -> Result<RecordFeed, FeedError> {
        self.open(self.options(), now)
    }

    fn sync(&self, now: Timestamp) -> Result<Synced, FeedError> {
        let index = self.index(self.options());
        let synced = index.sync_feed(&FeedSource::Osv, now, false);
        self.server.runtime.block_on(synced)
    }

    fn warnings(&self) -> Vec<String> {
        std::mem::take(&mut *self.warnings.0.lock().unwrap())
    }

    fn archives(&self) -> usize {
        let bucket = self.cache.path().join("cache/advisories-v1");
        let names = std::fs::read_dir(bucket).unwrap();
        names
            .filter(|entry| {
                let path = entry.as_ref().unwrap().path();
                Path::new(&path).extension().is_some_and(|e| e == "zip")
            })
            .count()
    }
}

/// Ids and dates of all records, in the order of ids.
fn content(feed: &RecordFeed) -> Vec<String> {
    let mut content = Vec::new();
    feed.visit::<FeedError>(0, 1, |file, bytes| {
        let record: Value = serde_json::from_slice(bytes).unwrap();
        let id = record["id"].as_str().unwrap();
        assert_eq!(file, format!("{id}.json"));
        content.push(format!("{id} {}", record["modified"].as_str().unwrap()));
        Ok(())
    })
    .unwrap();
    content.sort();
    content
}

#[test]
fn it_is_fetched_once_and_not_asked_for_within_a_day() {
    let server = Server::start(&records());
    let run = Run::new(&server);
    let first = run.feed(day(0)).unwrap();
    assert_eq!(content(&first).len(), 12);
    assert_eq!(first.refreshed, Some(day(0)));
    assert_eq!(
        server.requests(),
        ["/PyPI/modified_id.csv", "/PyPI/all.zip"]
    );
    let second = run.feed(day(1)).unwrap();
    assert_eq!(
        (second.digest, second.refreshed),
        (first.digest, Some(day(0)))
    );
    assert!(server.requests().is_empty());
}

#[test]
fn an_unchanged_list_is_not_sent_again() {
    let server = Server::start(&records());
    let run = Run::new(&server);
    let first = run.feed(day(0)).unwrap();
    server.requests();
    let second = run.feed(day(2)).unwrap();
    assert_eq!(
        (second.digest, second.refreshed),
        (first.digest, Some(day(2)))
    );
    assert_eq!(server.requests(), ["/PyPI/modified_id.csv"]);
    let synced = run.sync(day(2)).unwrap();
    assert_eq!(
        (synced.outcome, synced.fetched),
        (SyncOutcome::Unchanged, 0)
    );
    assert_eq!(synced.records, Some(12));
}

#[test]
fn records_that_changed_came_or_went_are_put_in_by_themselves() {
    let server = Server::start(&records());
    let run = Run::new(&server);
    assert_eq!(run.sync(day(0)).unwrap().outcome, SyncOutcome::Whole);
    server.requests();
    server.put(record("A-3", NEW, "a", &["1"]));
    server.put(record("B-1", "2999-01-01T00:00:00Z", "b", &["1"]));
    server.site().records.remove("A-7");
    let synced = run.sync(day(2)).unwrap();
    assert_eq!(synced.outcome, SyncOutcome::Changed { records: 3 });
    assert_eq!(synced.records, Some(12));
    let mut requests = server.requests();
    requests.sort();
    assert_eq!(
        requests,
        [
            "/PyPI/A-3.json",
            "/PyPI/A-7.json",
            "/PyPI/B-1.json",
            "/PyPI/modified_id.csv"
        ]
    );
    let mut expected: Vec<String> = (0..12)
        .filter(|n| *n != 7)
        .map(|n| format!("A-{n} {}", if n == 3 { NEW } else { OLD }))
        .chain(["B-1 2999-01-01T00:00:00Z".to_owned()])
        .collect();
    expected.sort();
    let feed = run.feed(day(2)).unwrap();
    assert_eq!(content(&feed), expected);
    assert!(feed.record("B-1").unwrap().is_some());
    // The date in the future hides no later change.
    server.put(record("A-4", NEW, "a", &["1"]));
    let synced = run.sync(day(3)).unwrap();
    assert_eq!(synced.outcome, SyncOutcome::Changed { records: 1 });
}

#[test]
fn the_same_records_give_the_same_digest_on_every_machine() {
    let server = Server::start(&records());
    let runs = [Run::new(&server), Run::new(&server)];
    for run in &runs {
        run.sync(day(0)).unwrap();
    }
    server.put(record("A-3", NEW, "a", &["1"]));
    let digests = runs.map(|run| {
        run.sync(day(2)).unwrap();
        run.feed(day(2)).unwrap().digest
    });
    assert_eq!(digests[0], digests[1]);
}

#[test]
fn older_archives_make_room_but_the_last_one_stays_for_who_still_reads_it() {
    let server = Server::start(&records());
    let run = Run::new(&server);
    run.sync(day(0)).unwrap();
    for n in 0..5 {
        server.put(record(&format!("A-{n}"), NEW, "a", &["1"]));
        let feed = run.feed(day(2 * (n + 1))).unwrap();
        feed.keep_compact(1, b"compact");
        assert_eq!(run.archives(), 2);
    }
    let bucket = run.cache.path().join("cache/advisories-v1");
    let compact = std::fs::read_dir(bucket).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().starts_with("compact-")
    });
    assert_eq!(compact.count(), 2);
}

#[test]
fn a_suspicious_list_is_believed_only_with_the_export() {
    let server = Server::start(&records());
    let run = Run::new(&server);
    run.sync(day(0)).unwrap();
    // The list lacks most records, the export does not: an error of the list does no harm.
    let short = format!("{OLD},A-1\n{NEW},A-2\n");
    server.site().listing = Some(short);
    server.requests();
    assert_eq!(run.sync(day(2)).unwrap().outcome, SyncOutcome::Whole);
    assert_eq!(
        server.requests(),
        ["/PyPI/modified_id.csv", "/PyPI/all.zip"]
    );
    assert_eq!(content(&run.feed(day(2)).unwrap()).len(), 12);
    server.site().listing = None;
    assert!(matches!(
        run.sync(day(2)).unwrap().outcome,
        SyncOutcome::Changed { .. }
    ));
    // It lacks a few: those are there, so the list is wrong.
    let most: Vec<String> = (0..9).map(|n| format!("{OLD},A-{n}")).collect();
    server.site().listing = Some(most.join("\n"));
    assert_eq!(run.sync(day(3)).unwrap().outcome, SyncOutcome::Whole);
    assert_eq!(content(&run.feed(day(3)).unwrap()).len(), 12);
    // The export lacks most of what the list names.
    server.site().listing = None;
    server.put(record("A-1", NEW, "a", &["1"]));
    let few = export(records()[..2].iter());
    server.site().archive = Some(few);
    let other = Run::new(&server);
    let error = other.sync(day(2)).unwrap_err().to_string();
    assert!(error.contains("it lacks 10 of the 12"), "{error}");
}

#[test]
fn a_listed_record_that_is_not_there_is_looked_for_in_the_whole_export() {
    let server = Server::start(&records());
    let run = Run::new(&server);
    run.sync(day(0)).unwrap();
    server.put(record("A-3", NEW, "a", &["1"]));
    server.fail("/PyPI/A-3.json", Fault::Status(404));
    assert_eq!(run.sync(day(2)).unwrap().outcome, SyncOutcome::Whole);
    assert!(content(&run.feed(day(2)).unwrap()).contains(&format!("A-3 {NEW}")));
}

#[test]
fn a_record_older_than_the_list_says_is_asked_for_again() {
    let server = Server::start(&records());
    let run = Run::new(&server);
    run.sync(day(0)).unwrap();
    let listing: Vec<String> = (0..12)
        .map(|n| format!("{},A-{n}", if n == 3 { NEW } else { OLD }))
        .collect();
    server.site().listing = Some(listing.join("\n"));
    run.sync(day(2)).unwrap();
    server.put(record("A-3", NEW, "a", &["1", "2"]));
    // Another list, or it would not be sent.
    let listing = server.site().listing.take().unwrap();
    server.site().listing = Some(listing + "\n");
    run.sync(day(3)).unwrap();
    assert!(content(&run.feed(day(3)).unwrap()).contains(&format!("A-3 {NEW}")));
}

#[test]
fn a_fault_replaces_nothing_and_is_told_while_the_kept_export_is_young() {
    let foreign = export([record("N-1", OLD, "n", &["1"])].iter());
    let faults: Vec<(&str, Fault, &str)> = vec![
        ("/PyPI/modified_id.csv", Fault::Status(404), "404"),
        ("/PyPI/modified_id.csv", Fault::Status(500), "500"),
        ("/PyPI/modified_id.csv", Fault::Body(""), "it is empty"),
        (
            "/PyPI/modified_id.csv",
            Fault::Body("<html>"),
            "no list of advisories",
        ),
        ("/PyPI/A-3.json", Fault::Status(500), "500"),
        (
            "/PyPI/A-3.json",
            Fault::Body("<html>"),
            "no advisory record",
        ),
        ("/PyPI/A-3.json", Fault::Body(""), "no advisory record"),
        ("/PyPI/A-3.json", Fault::Half, "no advisory record"),
        (
            "/PyPI/A-3.json",
            Fault::Body(r#"{"id":"A-4"}"#),
            "it is the record `A-4`",
        ),
    ];
    for (path, fault, why) in faults {
        let server = Server::start(&records());
        let run = Run::new(&server);
        let before = run.feed(day(0)).unwrap();
        server.put(record("A-3", NEW, "a", &["1"]));
        let what = format!("{path} {fault:?}");
        server.fail(path, fault);
        let error = run.sync(day(2)).expect_err(&what);
        assert!(error.to_string().starts_with("`osv`: "), "{what}: {error}");
        let after = run.feed(day(2)).unwrap();
        assert_eq!(
            (after.digest, after.refreshed),
            (before.digest, Some(day(0))),
            "{what}"
        );
        assert_eq!(content(&after).len(), 12, "{what}");
        let warnings = run.warnings().join("\n");
        assert!(warnings.contains(why) || why == "404", "{what}: {warnings}");
        let error = run.feed(day(9)).unwrap_err();
        assert!(matches!(error, FeedError::Stale { .. }), "{what}: {error}");
        server.site().faults.clear();
        let mended = run.feed(day(9)).unwrap();
        assert!(content(&mended).contains(&format!("A-3 {NEW}")), "{what}");
    }
    let whole = [
        (None, Some(Fault::Body("")), "no whole zip archive"),
        (None, Some(Fault::Body("<html>")), "no whole zip archive"),
        (None, Some(Fault::Half), "no whole zip archive"),
        (None, Some(Fault::Status(404)), "404"),
        (Some(export([].iter())), None, "no advisory record in it"),
        (Some(foreign), None, "it lacks 12 of the 12"),
        (Some(broken()), None, "`A-3.json`"),
    ];
    for (archive, fault, why) in whole {
        let server = Server::start(&records());
        let run = Run::new(&server);
        server.site().archive = archive;
        if let Some(fault) = fault {
            server.fail("/PyPI/all.zip", fault);
        }
        let error = run.feed(day(0)).unwrap_err();
        let text = format!("{error}: {}", error.why());
        assert!(text.starts_with("`osv`: "), "{text}");
        assert!(text.contains(why) || why == "404", "{text}");
    }
}

/// An export with a record that is none.
fn broken() -> Vec<u8> {
    let mut records = records();
    records[3] = serde_json::json!({ "id": "A-3", "modified": 3 });
    export(records.iter())
}

#[test]
fn a_damaged_archive_is_fetched_anew() {
    let server = Server::start(&records());
    let run = Run::new(&server);
    run.sync(day(0)).unwrap();
    let status = run
        .index(run.options())
        .feed_status(&FeedSource::Osv)
        .unwrap();
    assert_eq!((status.records, status.refreshed), (Some(12), Some(day(0))));
    let place = status.place.unwrap();
    let mut bytes = std::fs::read(&place).unwrap();
    assert_eq!(status.bytes, Some(bytes.len() as u64));
    bytes[40] ^= 1;
    std::fs::write(&place, bytes).unwrap();
    server.put(record("A-3", NEW, "a", &["1"]));
    assert_eq!(run.sync(day(2)).unwrap().outcome, SyncOutcome::Whole);
    std::fs::remove_file(&place).ok();
    let status = run
        .index(run.options())
        .feed_status(&FeedSource::Osv)
        .unwrap();
    std::fs::remove_file(status.place.unwrap()).unwrap();
    let status = run
        .index(run.options())
        .feed_status(&FeedSource::Osv)
        .unwrap();
    assert_eq!((status.digest, status.refreshed), (None, None));
    assert_eq!(content(&run.feed(day(2)).unwrap()).len(), 12);
}

#[test]
fn two_at_once_fetch_it_once() {
    let server = Server::start(&records());
    let run = Run::new(&server);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| content(&run.feed(day(0)).unwrap()).len()))
            .collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), 12);
        }
    });
    assert_eq!(
        server.requests(),
        ["/PyPI/modified_id.csv", "/PyPI/all.zip"]
    );
}

#[test]
fn offline_serves_what_is_kept_while_it_is_young() {
    let server = Server::start(&records());
    let run = Run::new(&server);
    let mut offline = run.options();
    offline.offline = true;
    assert!(run.open(offline.clone(), day(0)).is_err());
    run.feed(day(0)).unwrap();
    server.requests();
    assert!(run.open(offline.clone(), day(6)).is_ok());
    assert!(run.warnings().is_empty());
    assert!(matches!(
        run.open(offline, day(8)),
        Err(FeedError::Stale { .. })
    ));
    assert!(server.requests().is_empty());
}

#[test]
fn without_a_cache_it_is_fetched_each_time() {
    let server = Server::start(&records());
    let run = Run::new(&server);
    for _ in 0..2 {
        let feed = run.open(server.options(None), day(0)).unwrap();
        assert_eq!(content(&feed).len(), 12);
        assert_eq!(server.requests().len(), 2);
    }
}

#[test]
fn a_refresh_in_the_future_is_no_refresh() {
    let server = Server::start(&records());
    let run = Run::new(&server);
    // The clock was a year ahead.
    run.feed(day(365)).unwrap();
    server.requests();
    let offline = || Options {
        offline: true,
        ..run.options()
    };
    let error = run.open(offline(), day(0)).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("in the future, so that their age is unknown"),
        "{error}"
    );
    assert!(server.requests().is_empty());
    // With network it is refreshed, and is then of today.
    let feed = run.feed(day(0)).unwrap();
    assert_eq!(feed.refreshed, Some(day(0)));
    assert!(!server.requests().is_empty());
    run.open(offline(), day(1)).unwrap();
}

#[test]
fn an_export_that_goes_back_is_not_taken_unless_that_is_accepted() {
    let server = Server::start(&records());
    let run = Run::new(&server);
    server.put(record("A-3", NEW, "a", &["1"]));
    let before = run.feed(day(0)).unwrap();
    let accepted = |now: Timestamp| {
        let index = run.index(run.options());
        let synced = index.sync_feed(&FeedSource::Osv, now, true);
        server.runtime.block_on(synced)
    };
    // An old copy of the whole, and one that lacks records, by themselves and as a whole.
    server.put(record("A-3", OLD, "a", &["1"]));
    let error = run.feed(day(2)).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("of 2025-01-01") && text.contains("of 2025-02-01"),
        "{text}"
    );
    assert!(error.remedy().unwrap().contains("--accept-older"));
    run.sync(day(2)).unwrap_err();
    assert_eq!(run.feed(day(0)).unwrap().digest, before.digest);
    accepted(day(2)).unwrap();
    assert!(content(&run.feed(day(2)).unwrap()).contains(&format!("A-3 {OLD}")));
    for gone in ["A-1", "A-2"] {
        server.site().records.remove(gone);
    }
    let text = run.feed(day(4)).unwrap_err().to_string();
    assert!(
        text.contains("has 10 records") && text.contains("has 12"),
        "{text}"
    );
    assert_eq!(content(&run.feed(day(2)).unwrap()).len(), 12);
    assert_eq!(accepted(day(4)).unwrap().records, Some(10));
    assert_eq!(content(&run.feed(day(4)).unwrap()).len(), 10);
    // Less than a tenth may go.
    for n in 0..10 {
        server.put(record(&format!("B-{n}"), NEW, "a", &["1"]));
    }
    run.sync(day(6)).unwrap();
    server.site().records.remove("B-1");
    assert_eq!(run.sync(day(8)).unwrap().records, Some(19));
}
