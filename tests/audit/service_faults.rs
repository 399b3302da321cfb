//! A service that goes wrong is no answer, whatever goes wrong with it: exit 2, a message that names it, and no word that all is well.

use lockgate_tests::{Advisory, Answer, Fault, Incoming, Loopback, OsvService, Site, TestContext};
use serde_json::{Value, json};

use super::asking::{FORMATS, audit, codes, document, findings, has_no_answer, list, text};

/// Two pins, of which the service has a word on one. It does not affect the version, so that nothing but the fault is to be told.
fn served() -> (TestContext, Loopback<OsvService>) {
    let context = TestContext::new();
    context.write("requirements.txt", "a==1.0\nb==2.0\n");
    let advisory = Advisory::new("PYSEC-2024-1", "b").between("5", "6");
    (context, Loopback::osv(vec![advisory], 10))
}

#[test]
fn without_a_fault_the_answer_is_clean() {
    let (context, service) = served();
    let run = audit(&context, &["requirements.txt"])
        .args(["--advisories", &service.origin()])
        .run();
    assert!(
        run.exits(0).stdout.starts_with("No findings"),
        "{}",
        run.stdout
    );
    assert_eq!(service.count("/v1/vulns/PYSEC-2024-1"), 1);
}

#[test]
fn every_fault_of_a_service_is_told_and_is_no_answer() {
    const BATCH: &str = "/v1/querybatch";
    const RECORD: &str = "/v1/vulns/PYSEC-2024-1";
    let html = || Fault::Content("<!DOCTYPE html><title>Sign in</title>".into());
    let of = |value: Value| Fault::Content(value.to_string().into());
    let cases: Vec<(&str, &str, Fault, &str)> = vec![
        ("404 for all", "/*", Fault::Status(404), "404|not there"),
        ("500", BATCH, Fault::Status(500), "500"),
        ("502", BATCH, Fault::Status(502), "502"),
        ("503 with a wait", BATCH, Fault::RetryAfter(503, 0), "503"),
        ("429", BATCH, Fault::RetryAfter(429, 0), "429"),
        ("403", BATCH, Fault::Status(403), "403"),
        ("a batch that hangs", BATCH, Fault::Hang, "timed out|time"),
        ("a batch that drips", BATCH, Fault::Drip, "too slowly"),
        ("HTML", BATCH, html(), "no answer of an OSV API"),
        (
            "cut JSON",
            BATCH,
            Fault::BrokenOff,
            "no answer of an OSV API",
        ),
        ("a cut connection", BATCH, Fault::Truncated, "querybatch"),
        (
            "no results",
            BATCH,
            of(json!({})),
            "no answer of an OSV API",
        ),
        (
            "too few results",
            BATCH,
            of(json!({ "results": [{}] })),
            "it answered 1 of",
        ),
        (
            "too many results",
            BATCH,
            of(json!({ "results": vec![json!({}); 99] })),
            "it answered 99 of",
        ),
        (
            "an id that is not there",
            RECORD,
            Fault::Status(404),
            "not there",
        ),
        (
            "an id that is not known",
            RECORD,
            Fault::Status(404),
            "PYSEC-2024-1",
        ),
        ("a record that fails", RECORD, Fault::Status(500), "500"),
        ("a record that hangs", RECORD, Fault::Hang, "time"),
        ("a record as HTML", RECORD, html(), "PYSEC-2024-1"),
        ("half a record", RECORD, Fault::BrokenOff, "PYSEC-2024-1"),
        (
            "a record of another id",
            RECORD,
            of(json!({ "id": "PYSEC-2024-2", "modified": "2024-06-01T00:00:00Z", "affected": [] })),
            "PYSEC-2024-1",
        ),
        (
            "a record that is none",
            RECORD,
            of(json!([])),
            "PYSEC-2024-1",
        ),
    ];
    for (what, path, fault, says) in cases {
        let (context, service) = served();
        service.fault(path, fault);
        let run = audit(&context, &["requirements.txt"])
            .args(["--advisories", &service.origin()])
            .run();
        has_no_answer(&run, what);
        let told = format!("{}{}", run.stdout, run.stderr);
        assert!(
            told.contains("127.0.0.1:[PORT]"),
            "{what}: which service is not said:\n{told}"
        );
        assert!(
            says.split('|').any(|word| told.contains(word)),
            "{what}: {says} is not said:\n{told}"
        );
    }
}

/// A service whose every page is followed by another: by the same one again, or by new ones.
struct Endless {
    is_same: bool,
}

impl Site for Endless {
    fn answer(&self, request: &Incoming) -> Answer {
        let asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let pages = list(&asked, "queries").iter().map(|query| {
            let page: u64 = text(query, "page_token").parse().unwrap_or(0);
            let next = if self.is_same { 1 } else { page + 1 };
            json!({ "next_page_token": next.to_string() })
        });
        let results: Vec<Value> = pages.collect();
        Answer::ok(
            "application/json",
            json!({ "results": results }).to_string(),
        )
    }
}

#[test]
fn pages_without_end_have_one() {
    let context = TestContext::new();
    context.write("requirements.txt", "a==1.0\n");
    for (is_same, says) in [(false, "without end"), (true, "the same next page")] {
        let service = Loopback::start(Endless { is_same });
        let run = audit(&context, &["requirements.txt"])
            .args(["--advisories", &service.origin()])
            .run();
        has_no_answer(&run, "endless paging");
        assert!(run.stdout.contains(says), "{}", run.stdout);
    }
}

/// `b` has a finding of a folder; the service beside it fails.
fn half_known() -> (TestContext, Loopback<OsvService>) {
    let (context, service) = served();
    context.write_advisories("advisories", &[Advisory::new("PYSEC-2024-7", "b")]);
    service.fault("/v1/querybatch", Fault::Status(500));
    (context, service)
}

#[test]
fn incomplete_audits_are_allowed_by_name_and_exit_by_their_findings() {
    for (lock, code) in [("a==1.0\n", 0), ("a==1.0\nb==2.0\n", 1)] {
        let (context, service) = half_known();
        context.write("requirements.txt", lock);
        let sources = ["--advisories", "advisories", "--advisories"];
        let asked = |format: &str| {
            audit(&context, &["requirements.txt", "-f", format])
                .args(sources)
                .arg(service.origin())
        };
        for format in FORMATS {
            let run = asked(format).run();
            if code == 1 {
                run.exits(1);
                super::asking::says_nothing_is_clean(&run, format);
            } else {
                has_no_answer(&run, format);
            }
            let run = asked(format).arg("--allow-incomplete=not-learned").run();
            run.exits(code);
            super::asking::says_nothing_is_clean(&run, format);
            assert!(
                run.stdout.contains("500"),
                "{format}: the gap is not told:\n{}",
                run.stdout
            );
            assert_eq!(
                run.stdout.contains("PYSEC-2024-7"),
                code == 1,
                "{format}:\n{}",
                run.stdout
            );
        }
    }
}

#[test]
fn one_source_that_fails_hides_nothing_of_another() {
    let (context, service) = half_known();
    let run = audit(&context, &["requirements.txt", "--json"])
        .args(["--advisories", "advisories", "--advisories"])
        .arg(service.origin())
        .run();
    let document = document(&run);
    assert_eq!(run.code, 1, "{document:#}");
    assert_eq!(document["status"], "findings");
    assert_eq!(
        findings(&document).into_iter().collect::<Vec<_>>(),
        ["b==2.0 PYSEC-2024-7"]
    );
    assert!(
        codes(&document, "gaps")
            .iter()
            .all(|code| *code == "not-learned")
    );
    assert_eq!(list(&document, "gaps").len(), 2, "{document:#}");
}

#[test]
fn a_service_that_says_wait_is_asked_again() {
    let (context, service) = served();
    service.fault_times("/v1/querybatch", 1, Fault::RetryAfter(503, 0));
    context
        .lockgate(&["audit", "requirements.txt", "--no-cache", "--retries", "2"])
        .args(["--advisories", &service.origin()])
        .run()
        .exits(0);
    assert_eq!(service.count("/v1/querybatch"), 2);
}
