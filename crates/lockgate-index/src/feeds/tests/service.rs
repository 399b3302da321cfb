//! Questions to an OSV API.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lockgate_model::{FactError, RecordLookup, ReleaseRecords};
use serde_json::{Value, json};

use super::server::{Fault, Server, name, record, version};
use crate::feeds::{Feed, FeedError, FeedSource};
use crate::{Options, Refresh};

const OLD: &str = "2025-01-01T00:00:00Z";
const NEW: &str = "2025-02-01T00:00:00Z";

fn records() -> Vec<Value> {
    vec![
        record("A-1", OLD, "a", &["1.0.0", "1.1"]),
        record("A-2", OLD, "a", &["2.0"]),
        record("B-1", OLD, "b", &["1.0"]),
    ]
}

fn lookup(server: &Server, options: Options) -> Arc<dyn RecordLookup> {
    let source = FeedSource::parse(&server.url).unwrap();
    match server.open(&server.index(options), &source).unwrap() {
        Feed::Service { lookup, .. } => lookup,
        Feed::Records(feed) => panic!("{feed:?} is no service"),
    }
}

fn ids(records: &[Vec<u8>]) -> Vec<String> {
    let id = |record: &Vec<u8>| {
        let record: Value = serde_json::from_slice(record).unwrap();
        record["id"].as_str().unwrap().to_owned()
    };
    records.iter().map(id).collect()
}

fn about(lookup: &dyn RecordLookup, text: &str) -> Vec<String> {
    match text.split_once("==") {
        None => ids(&lookup.records(&name(text)).unwrap()),
        Some((project, release)) => {
            match lookup
                .records_for(&name(project), &version(release))
                .unwrap()
            {
                ReleaseRecords::Known(records) => ids(&records),
                ReleaseRecords::NotOnIndex { place } => panic!("{place} does not know {text}"),
            }
        }
    }
}

fn sorted(mut requests: Vec<String>) -> Vec<String> {
    requests.sort();
    requests
}

#[test]
fn answers_about_a_project_and_about_a_release_are_kept_apart() {
    let server = Server::start(&records());
    let lookup = lookup(&server, server.options(None));
    for (asked, answer) in [
        ("a==2.0", vec!["A-2"]),
        ("a", vec!["A-1", "A-2"]),
        // The record lists `1.0.0`.
        ("a==1.0", vec!["A-1"]),
        ("a==1", vec!["A-1"]),
        ("a==3", vec![]),
        ("b==1.0+cpu", vec!["B-1"]),
        ("c", vec![]),
    ] {
        assert_eq!(about(&*lookup, asked), answer, "{asked}");
    }
}

#[test]
fn what_is_hinted_at_is_asked_in_one_batch_and_each_record_once_in_a_run() {
    let server = Server::start(&records());
    let lookup = lookup(&server, server.options(None));
    let pins = [("a", "2.0.1"), ("a", "1.1.0"), ("b", "1.0")];
    lookup.hint_pins(&pins.map(|(project, release)| (name(project), version(release))));
    assert_eq!(about(&*lookup, "a==1.1.0"), ["A-1"]);
    assert_eq!(about(&*lookup, "b==1.0"), ["B-1"]);
    assert_eq!(about(&*lookup, "a==2.0.1"), [""; 0]);
    assert_eq!(
        sorted(server.requests()),
        [
            "/v1/querybatch",
            "/v1/vulns/A-1",
            "/v1/vulns/B-1",
            "6 queries"
        ]
    );
    lookup.hint(&[name("a"), name("b")]);
    assert_eq!(about(&*lookup, "a"), ["A-1", "A-2"]);
    assert_eq!(about(&*lookup, "b"), ["B-1"]);
    assert_eq!(
        sorted(server.requests()),
        ["/v1/querybatch", "/v1/vulns/A-2", "2 queries"]
    );
}

#[test]
fn more_names_than_a_batch_holds_are_two_batches() {
    let server = Server::start(&records());
    let lookup = lookup(&server, server.options(None));
    let names: Vec<_> = (0..1000)
        .map(|n| name(&format!("p{n}")))
        .chain([name("a")])
        .collect();
    lookup.hint(&names);
    for asked in &names {
        let answer = lookup.records(asked).unwrap();
        assert_eq!(answer.len(), if asked.as_str() == "a" { 2 } else { 0 });
    }
    let queries: Vec<String> = sorted(server.requests())
        .into_iter()
        .filter(|line| line.ends_with("queries"))
        .collect();
    assert_eq!(queries, ["1 queries", "1000 queries"]);
}

#[test]
fn pages_are_followed_for_the_queries_that_have_them() {
    for token_first in [false, true] {
        let server = Server::start(&records());
        server.site().page_size = 1;
        server.site().token_first = token_first;
        let lookup = lookup(&server, server.options(None));
        lookup.hint(&[name("a"), name("b"), name("c")]);
        assert_eq!(about(&*lookup, "a"), ["A-1", "A-2"]);
        assert_eq!(about(&*lookup, "b"), ["B-1"]);
        assert_eq!(about(&*lookup, "c"), [""; 0]);
        let queries: Vec<String> = server
            .requests()
            .into_iter()
            .filter(|line| line.ends_with("queries"))
            .collect();
        let asked: &[&str] = if token_first {
            &["3 queries", "2 queries", "1 queries"]
        } else {
            &["3 queries", "1 queries"]
        };
        assert_eq!(queries, asked);
    }
}

#[test]
fn a_second_run_fetches_no_record_that_did_not_change() {
    let server = Server::start(&records());
    let cache = tempfile::tempdir().unwrap();
    let options = || server.options(Some(cache.path().to_owned()));
    let fetched = |options: Options| {
        let lookup = lookup(&server, options);
        assert_eq!(about(&*lookup, "a"), ["A-1", "A-2"]);
        let requests = sorted(server.requests());
        let records = requests.into_iter().filter(|line| line.contains("vulns"));
        records.collect::<Vec<String>>()
    };
    assert_eq!(fetched(options()), ["/v1/vulns/A-1", "/v1/vulns/A-2"]);
    assert_eq!(fetched(options()), [""; 0]);
    server.put(record("A-2", NEW, "a", &["2.0"]));
    assert_eq!(fetched(options()), ["/v1/vulns/A-2"]);
    assert_eq!(fetched(options()), [""; 0]);
    let mut again = options();
    again.refresh = Refresh::All;
    assert_eq!(fetched(again), ["/v1/vulns/A-1", "/v1/vulns/A-2"]);
    let other = server.options(None);
    assert_eq!(fetched(other), ["/v1/vulns/A-1", "/v1/vulns/A-2"]);
}

#[test]
fn a_record_that_states_another_date_than_its_batch_is_used_and_asked_for_again() {
    let server = Server::start(&records());
    let cache = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        server.site().faults.clear();
        server.fail(
            "/v1/vulns/B-1",
            Fault::Body(r#"{"id":"B-1","modified":"2024-01-01T00:00:00Z"}"#),
        );
        let lookup = lookup(&server, server.options(Some(cache.path().to_owned())));
        let records = lookup.records(&name("b")).unwrap();
        assert!(String::from_utf8_lossy(&records[0]).contains("2024-01-01"));
        assert!(server.requests().contains(&"/v1/vulns/B-1".to_owned()));
    }
}

#[test]
fn every_fault_of_a_service_is_told_and_none_is_clean() {
    let cases: Vec<(&str, Fault, &str)> = vec![
        ("/v1/querybatch", Fault::Status(404), "this is no OSV API"),
        ("/v1/querybatch", Fault::Status(400), "400"),
        ("/v1/querybatch", Fault::Status(500), "500"),
        ("/v1/querybatch", Fault::Hang, "timed out"),
        ("/v1/querybatch", Fault::Body(""), "no answer of an OSV API"),
        (
            "/v1/querybatch",
            Fault::Body("{}"),
            "no answer of an OSV API",
        ),
        (
            "/v1/querybatch",
            Fault::Body("<html>"),
            "no answer of an OSV API",
        ),
        ("/v1/querybatch", Fault::Half, "no answer of an OSV API"),
        ("/v1/querybatch", Fault::Short, "it answered 1 of 2 queries"),
        (
            "/v1/querybatch",
            Fault::Endless { same_token: true },
            "the same next page",
        ),
        (
            "/v1/querybatch",
            Fault::Endless { same_token: false },
            "pages without end",
        ),
        ("/v1/vulns/A-1", Fault::Status(404), "this is no OSV API"),
        ("/v1/vulns/A-1", Fault::Status(503), "503"),
        ("/v1/vulns/A-1", Fault::Hang, "timed out"),
        ("/v1/vulns/A-1", Fault::Body("<html>"), "no advisory record"),
        ("/v1/vulns/A-1", Fault::Half, "no advisory record"),
        (
            "/v1/vulns/A-1",
            Fault::Body(r#"{"id":"A-2"}"#),
            "it is the record `A-2`",
        ),
        ("/v1", Fault::Status(404), "this is no OSV API"),
    ];
    for (path, fault, why) in cases {
        let server = Server::start(&records());
        let what = format!("{path} {fault:?}");
        server.fail(path, fault);
        let mut options = server.options(None);
        options.timeout = Duration::from_millis(200);
        let lookup = lookup(&server, options);
        lookup.hint(&[name("a"), name("b")]);
        let error = lookup.records(&name("a")).unwrap_err();
        assert!(matches!(error, FactError::Unlearned { .. }), "{what}");
        let text = error.to_string();
        assert!(text.starts_with(&server.url), "{what}: {text}");
        assert!(text.contains(why), "{what}: {text}");
    }
}

#[test]
fn a_record_that_the_batch_named_and_the_service_lacks_is_an_error() {
    let server = Server::start(&records());
    let mut ghost = record("A-1", OLD, "a", &["1.0"]);
    ghost["id"] = json!("GHOST-1");
    server.site().records.insert("A-1".to_owned(), ghost);
    let lookup = lookup(&server, server.options(None));
    let error = lookup.records(&name("a")).unwrap_err().to_string();
    assert!(error.contains("/v1/vulns/GHOST-1"), "{error}");
    assert!(error.contains("though the service named it"), "{error}");
}

#[test]
fn a_busy_service_is_asked_again_when_it_says() {
    let server = Server::start(&records());
    server.fail("/v1/querybatch", Fault::Busy(429, "1"));
    server.fail("/v1/vulns/A-2", Fault::Busy(503, "0"));
    let mut options = server.options(None);
    options.retries = 1;
    let lookup = lookup(&server, options);
    let began = Instant::now();
    assert_eq!(about(&*lookup, "a"), ["A-1", "A-2"]);
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.requests().len(), 2 + 1 + 3);
}

#[test]
fn several_records_of_a_question_come_in_one_answer_and_what_it_lacks_by_id() {
    let many: Vec<Value> = (0..6)
        .map(|n| record(&format!("A-{n}"), OLD, "a", &["1.0"]))
        .chain([record("A-6", OLD, "a", &["1.0.0"])])
        .collect();
    let cases: Vec<(Option<Fault>, usize)> = vec![
        (None, 1),
        (Some(Fault::Status(404)), 7),
        (Some(Fault::Status(500)), 7),
        (Some(Fault::Body("<html>")), 7),
        (Some(Fault::Body("{}")), 7),
        (
            Some(Fault::Body(
                r#"{"vulns":[{"id":"A-0","modified":3},{"id":"X"}]}"#,
            )),
            7,
        ),
        (Some(Fault::Half), 7),
    ];
    let mut answers = Vec::new();
    for (fault, by_id) in cases {
        let server = Server::start(&many);
        let what = format!("{fault:?}");
        if let Some(fault) = fault {
            server.fail("/v1/query", fault);
            // The batch itself is sound.
            server
                .site()
                .faults
                .insert(0, ("/v1/querybatch", Fault::None));
        }
        let cache = tempfile::tempdir().unwrap();
        for by_id in [by_id, 0] {
            let lookup = lookup(&server, server.options(Some(cache.path().to_owned())));
            let answer = lookup.records_for(&name("a"), &version("1.0")).unwrap();
            let ReleaseRecords::Known(records) = answer else {
                panic!("{what}");
            };
            let expected = (0..7).map(|n| format!("A-{n}")).collect::<Vec<_>>();
            assert_eq!(ids(&records), expected, "{what}");
            let asked = server.requests();
            let asked = asked.iter().filter(|path| path.starts_with("/v1/vulns"));
            assert_eq!(asked.count(), by_id, "{what}");
            answers.push(records);
        }
    }
    assert!(answers.windows(2).all(|two| two[0] == two[1]));
}

#[test]
fn one_record_is_had_by_its_id() {
    let server = Server::start(&records());
    let lookup = lookup(&server, server.options(None));
    let found = lookup.record("B-1").unwrap().unwrap();
    assert_eq!(ids(&[found]), ["B-1"]);
    assert_eq!(lookup.record("B-2").unwrap(), None);
    server.fail("/v1", Fault::Status(404));
    assert!(lookup.record("B-1").is_err());
}

#[test]
fn a_service_cannot_be_asked_offline() {
    let server = Server::start(&records());
    let mut options = server.options(None);
    options.offline = true;
    let source = FeedSource::parse(&server.url).unwrap();
    let error = server.open(&server.index(options), &source).unwrap_err();
    assert!(matches!(error, FeedError::Offline { .. }));
    assert!(error.to_string().contains(&server.url));
    assert!(error.remedy().unwrap().contains("`--advisories osv`"));
    assert!(server.requests().is_empty());
}
