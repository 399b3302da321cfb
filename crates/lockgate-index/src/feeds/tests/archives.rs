//! Archives and folders: single records, digests, states.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::server::{Server, export, record};
use crate::feeds::{Feed, FeedSource, RecordFeed, SyncOutcome};

const DATE: &str = "2025-01-01T00:00:00Z";

fn records() -> Vec<Value> {
    let mut twin = record("GHSA-b", DATE, "b", &["1"]);
    twin["aliases"] = json!(["PYSEC-B", "CVE-B"]);
    let mut first = record("PYSEC-B", DATE, "b", &["1"]);
    first["aliases"] = json!(["CVE-B"]);
    vec![record("PYSEC-A", DATE, "a", &["1"]), twin, first]
}

fn feed(server: &Server, path: &Path, cache: Option<&Path>) -> RecordFeed {
    let index = server.index(server.options(cache.map(Path::to_owned)));
    let source = FeedSource::parse(&path.display().to_string()).unwrap();
    match server.open(&index, &source).unwrap() {
        Feed::Records(feed) => feed,
        Feed::Service { name, .. } => panic!("{name} is a service"),
    }
}

#[test]
fn a_record_is_found_by_its_id_and_all_by_an_alias() {
    let server = Server::start(&[]);
    let place = tempfile::tempdir().unwrap();
    let archive = place.path().join("all.zip");
    fs::write(&archive, export(records().iter())).unwrap();
    let named = place.path().join("named");
    let other = place.path().join("other");
    for folder in [&named.join("deep"), &other] {
        fs::create_dir_all(folder).unwrap();
    }
    for (number, record) in records().iter().enumerate() {
        let id = record["id"].as_str().unwrap();
        fs::write(named.join(format!("deep/{id}.json")), record.to_string()).unwrap();
        let aliases: Vec<&str> = record["aliases"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let aliases = aliases.join("\n- ");
        let yaml = format!("id: {id}\nmodified: {DATE}\naliases:\n- {aliases}\n");
        fs::write(other.join(format!("{number}.yaml")), yaml).unwrap();
    }
    for path in [&archive, &named, &other] {
        let feed = feed(&server, path, None);
        let shown = path.display();
        for (id, found) in [
            ("PYSEC-B", Some("PYSEC-B")),
            ("pysec-b", Some("PYSEC-B")),
            ("CVE-B", None),
            ("PYSEC", None),
            ("", None),
        ] {
            let record = feed.record(id).unwrap();
            let text = record.map(|record| String::from_utf8(record.bytes).unwrap());
            assert_eq!(text.is_some(), found.is_some(), "{shown} {id}");
            let is_it = |(text, id): (String, &str)| {
                text.contains(&format!("{id}\n"))
                    || serde_json::from_str::<Value>(&text).is_ok_and(|record| record["id"] == id)
            };
            assert!(text.zip(found).is_none_or(is_it), "{shown} {id}");
        }
        for (id, count) in [("cve-b", 2), ("PYSEC-B", 2), ("GHSA-b", 1), ("CVE-", 0)] {
            assert_eq!(feed.known_as(id).unwrap().len(), count, "{shown} {id}");
        }
    }
}

#[test]
fn a_folder_is_read_again_only_where_it_looks_other() {
    let server = Server::start(&[]);
    let place = tempfile::tempdir().unwrap();
    let cache = place.path().join("cache");
    let folder = place.path().join("advisories");
    fs::create_dir(&folder).unwrap();
    let file = folder.join("A.json");
    let write = |text: &str, age: u64| {
        fs::write(&file, text).unwrap();
        let written = SystemTime::now() - Duration::from_secs(age);
        let opened = fs::File::options().write(true).open(&file).unwrap();
        opened.set_modified(written).unwrap();
        written
    };
    let digest = || feed(&server, &folder, Some(&cache)).digest;
    let written = write(r#"{"id":"A"}"#, 3600);
    let first = digest();
    // The same look: known, and not read.
    fs::write(&file, r#"{"id":"B"}"#).unwrap();
    let opened = fs::File::options().write(true).open(&file).unwrap();
    opened.set_modified(written).unwrap();
    assert_eq!(digest(), first);
    write(r#"{"id":"B"}"#, 60);
    let second = digest();
    assert_ne!(second, first);
    // Too recent to be relied on.
    write(r#"{"id":"C"}"#, 0);
    let third = digest();
    let opened = fs::File::options().write(true).open(&file).unwrap();
    let now = opened.metadata().unwrap().modified().unwrap();
    fs::write(&file, r#"{"id":"D"}"#).unwrap();
    opened.set_modified(now).unwrap();
    assert_ne!(digest(), third);
}

#[test]
fn the_state_of_local_sources_is_told_and_there_is_nothing_to_fetch() {
    let server = Server::start(&[]);
    let place = tempfile::tempdir().unwrap();
    let archive = place.path().join("all.zip");
    fs::write(&archive, export(records().iter())).unwrap();
    fs::write(place.path().join("A.json"), r#"{"id":"A"}"#).unwrap();
    let index = server.index(server.options(None));
    for (path, records) in [(archive.as_path(), 3), (place.path(), 1)] {
        let source = FeedSource::parse(&path.display().to_string()).unwrap();
        let status = index.feed_status(&source).unwrap();
        assert_eq!(status.records, Some(records));
        assert_eq!(status.digest, Some(feed(&server, path, None).digest));
        assert!(status.bytes.is_some_and(|bytes| bytes > 0));
        let synced = index.sync_feed(&source, DATE.parse().unwrap(), false);
        let synced = server.runtime.block_on(synced).unwrap();
        assert_eq!(synced.outcome, SyncOutcome::NotKept);
    }
    let missing = FeedSource::parse("missing.zip").unwrap();
    assert!(index.feed_status(&missing).is_err());
    assert!(server.requests().is_empty());
}

#[test]
fn an_export_at_an_address_is_kept_and_its_state_is_told() {
    let server = Server::start(&records());
    let cache = tempfile::tempdir().unwrap();
    let index = server.index(server.options(Some(cache.path().to_owned())));
    let source = FeedSource::parse(&format!("{}/PyPI/all.zip", server.url)).unwrap();
    assert_eq!(index.feed_status(&source).unwrap().digest, None);
    let sync = || {
        let synced = index.sync_feed(&source, DATE.parse().unwrap(), false);
        server.runtime.block_on(synced).unwrap()
    };
    let first = sync();
    assert_eq!(
        (first.outcome, first.records),
        (SyncOutcome::Whole, Some(3))
    );
    let second = sync();
    assert_eq!(
        (second.outcome, second.fetched),
        (SyncOutcome::Unchanged, 0)
    );
    assert_eq!(second.records, Some(3));
    let status = index.feed_status(&source).unwrap();
    assert_eq!(status.records, Some(3));
    let Ok(Feed::Records(feed)) = server.open(&index, &source) else {
        panic!("it is there");
    };
    assert_eq!(status.digest, Some(feed.digest));
}
