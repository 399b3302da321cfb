//! Questions to an index's JSON API.

use std::sync::Arc;

use lockgate_model::{FactError, RecordLookup, ReleaseRecords};
use serde_json::{Value, json};

use super::server::{Fault, Server, name, version};
use crate::Options;
use crate::feeds::{Feed, FeedError, FeedSource, FeedTerms};

fn page(project: &str, release: &str, vulnerabilities: &Value) -> (String, String) {
    let body = json!({
        "info": { "name": project, "version": release, "yanked": false },
        "vulnerabilities": vulnerabilities,
    });
    (
        format!("/pypi/{}/{release}/json", project.to_lowercase()),
        body.to_string(),
    )
}

fn server() -> Server {
    let server = Server::start(&[]);
    let known = json!([
        {
            "id": "PYSEC-1", "aliases": ["CVE-1"], "details": "Long.", "summary": null, "source": "osv",
            "fixed_in": ["1.2", "0.9", "never"], "link": "https://example.org/PYSEC-1", "withdrawn": null,
        },
        { "id": "PYSEC-2", "withdrawn": "2025-01-01T00:00:00Z" },
    ]);
    let pages = [
        page("A", "1.0", &known),
        page("a", "2.0", &json!([])),
        page("other", "1.0", &Value::Null),
    ];
    server.site().pages.extend(pages);
    server
}

fn lookup(server: &Server, options: Options) -> Arc<dyn RecordLookup> {
    match server
        .open(&server.index(options), &FeedSource::Pypi)
        .unwrap()
    {
        Feed::Service { lookup, .. } => lookup,
        Feed::Records(feed) => panic!("{feed:?} is no service"),
    }
}

fn known(lookup: &dyn RecordLookup, project: &str, release: &str) -> Option<Vec<Value>> {
    match lookup
        .records_for(&name(project), &version(release))
        .unwrap()
    {
        ReleaseRecords::NotOnIndex { .. } => None,
        ReleaseRecords::Known(records) => Some(
            records
                .iter()
                .map(|record| serde_json::from_slice(record).unwrap())
                .collect(),
        ),
    }
}

#[test]
fn vulnerabilities_become_records_about_the_release_alone() {
    let server = server();
    let lookup = lookup(&server, server.options(None));
    let records = known(&*lookup, "a", "1.0").unwrap();
    let [first, second] = records.as_slice() else {
        panic!("{records:?}");
    };
    assert_eq!(first["id"], "PYSEC-1");
    assert_eq!(first["aliases"], json!(["CVE-1"]));
    assert_eq!(first["details"], "Long.");
    assert_eq!(first["withdrawn"], Value::Null);
    let affected = &first["affected"][0];
    assert_eq!(
        affected["package"],
        json!({ "ecosystem": "PyPI", "name": "a" })
    );
    assert_eq!(affected["versions"], json!(["1.0"]));
    let fixes: Vec<&Value> = affected["ranges"].as_array().unwrap().iter().collect();
    assert_eq!(fixes.len(), 2, "{fixes:?}");
    assert_eq!(
        fixes[0]["events"],
        json!([{ "introduced": "1.2" }, { "fixed": "1.2" }])
    );
    assert_eq!(first["references"][0]["url"], "https://example.org/PYSEC-1");
    assert_eq!(second["withdrawn"], "2025-01-01T00:00:00Z");
    assert_eq!(known(&*lookup, "a", "2.0").unwrap().len(), 0);
}

#[test]
fn a_local_version_is_what_its_public_version_is() {
    let server = server();
    let lookup = lookup(&server, server.options(None));
    let records = known(&*lookup, "a", "1.0+cpu").unwrap();
    assert_eq!(records[0]["affected"][0]["versions"], json!(["1.0+cpu"]));
}

#[test]
fn a_release_that_is_not_there_is_no_clean_one() {
    let server = server();
    let lookup = lookup(&server, server.options(None));
    assert!(known(&*lookup, "a", "3.0").is_none());
    assert!(known(&*lookup, "nobody", "1.0").is_none());
    assert!(known(&*lookup, "nobody", "1.0+cpu").is_none());
}

#[test]
fn what_was_hinted_at_is_asked_once_and_what_is_kept_serves_offline() {
    let server = server();
    let cache = tempfile::tempdir().unwrap();
    let options = server.options(Some(cache.path().to_owned()));
    {
        let lookup = lookup(&server, options.clone());
        let pins = ["1.0", "2.0", "1.0"].map(|release| (name("a"), version(release)));
        lookup.hint_pins(&pins);
        for (project, release) in &pins {
            assert!(lookup.records_for(project, release).is_ok());
        }
        assert_eq!(server.requests().len(), 2);
    }
    let mut offline = options;
    offline.offline = true;
    let lookup = lookup(&server, offline);
    assert_eq!(known(&*lookup, "a", "1.0").unwrap().len(), 2);
    let error = lookup
        .records_for(&name("a"), &version("9"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("offline"), "{error}");
    assert!(server.requests().is_empty());
}

#[test]
fn an_answer_that_is_none_is_an_error() {
    let told = r#"{"info":{"name":"b","version":"1.0"},"vulnerabilities":[]}"#;
    let older = r#"{"info":{"name":"a","version":"0.9"},"vulnerabilities":[]}"#;
    let silent = r#"{"info":{"name":"a","version":"1.0"}}"#;
    let nameless = r#"{"info":{"name":"a","version":"1.0"},"vulnerabilities":[{"id":" "}]}"#;
    let cases = [
        (Fault::Body("<html>"), "no answer of an index's JSON API"),
        (Fault::Body("{}"), "no answer of an index's JSON API"),
        (Fault::Half, "no answer of an index's JSON API"),
        (Fault::Body(told), "it tells of `b` 1.0"),
        (Fault::Body(older), "it tells of `a` 0.9"),
        (Fault::Body(silent), "it says nothing of vulnerabilities"),
        (Fault::Body(nameless), "has no id"),
        (Fault::Status(500), "500"),
        (Fault::Status(403), "403"),
    ];
    for (fault, why) in cases {
        let server = server();
        let what = format!("{fault:?}");
        server.fail("/pypi", fault);
        let lookup = lookup(&server, server.options(None));
        let error = lookup.records_for(&name("a"), &version("1.0"));
        let text = error.unwrap_err().to_string();
        assert!(text.starts_with("pypi: "), "{what}: {text}");
        assert!(text.contains(why), "{what}: {text}");
    }
}

#[test]
fn it_can_audit_and_cannot_steer() {
    let server = server();
    let lookup = lookup(&server, server.options(None));
    let Err(FactError::Unlearned { why, remedy, .. }) = lookup.records(&name("a")) else {
        panic!("a project has no answer");
    };
    assert!(why.contains("cannot steer"), "{why}");
    assert!(remedy.unwrap().contains("`--advisories osv`"));
    lookup.hint(&[name("a")]);
    assert!(server.requests().is_empty());
}

#[test]
fn without_an_index_there_is_nobody_to_ask() {
    let server = server();
    let index = server.index(server.options(None));
    let terms = |index: Option<&str>| FeedTerms {
        now: jiff::Timestamp::UNIX_EPOCH,
        max_age: jiff::SignedDuration::ZERO,
        index: index.map(|url| url.parse().unwrap()),
        accept_older: false,
    };
    for terms in [terms(None), terms(Some("file:///srv/simple/"))] {
        let found = server
            .runtime
            .block_on(index.feeds(&[FeedSource::Pypi], &terms));
        assert!(matches!(found.as_slice(), [Err(FeedError::Source(..))]));
    }
}
