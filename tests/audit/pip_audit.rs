//! pip-audit's options and variables, as its users type them.

use lockgate_tests::{Advisory, Answer, Incoming, Loopback, Site, TestContext};
use serde_json::{Value, json};

use super::asking::{audit, document, has_no_answer, list, text};

fn prepared() -> TestContext {
    let context = TestContext::new();
    context.write("requirements.txt", "a==1.0\nb==2.0\n");
    let mut advisory = Advisory::new("PYSEC-2024-1", "a").between("0", "1.1");
    advisory.aliases = vec!["CVE-2024-1".to_owned()];
    advisory.summary = Some("The parser reads too far".to_owned());
    context.write_advisories("advisories", &[advisory]);
    context
}

const COLUMNS: &str = "\
Name Version ID           Fix Versions
---- ------- ------------ ------------
a    1.0     PYSEC-2024-1 1.1
";

#[test]
fn its_forms_are_its_own() {
    let context = prepared();
    let arguments = ["-r", "requirements.txt", "--advisories", "advisories"];
    let run = audit(&context, &arguments).args(["-f", "columns"]).run();
    assert_eq!(run.exits(1).stdout, COLUMNS);
    run.mentions(&["Found 1 known vulnerability in 1 package"]);
    // `json` on the command line is lockgate's; in pip-audit's variable it is pip-audit's.
    let run = audit(&context, &arguments).args(["-f", "json"]).run();
    assert_eq!(document(run.exits(1))["version"], 1);
    let run = audit(&context, &arguments)
        .env("PIP_AUDIT_FORMAT", "json")
        .run();
    let found = document(run.exits(1));
    assert_eq!(
        found["dependencies"],
        json!([
            { "name": "a", "version": "1.0", "vulns": [{
                "id": "PYSEC-2024-1", "fix_versions": ["1.1"], "aliases": ["CVE-2024-1"], "description": "The parser reads too far"
            }] },
            { "name": "b", "version": "2.0", "vulns": [] },
        ])
    );
    assert_eq!(found["fixes"], json!([]));
    for (word, begins) in [
        ("columns", "Name Version"),
        ("markdown", "Name | Version"),
        ("cyclonedx-json", "{"),
    ] {
        let run = audit(&context, &arguments)
            .env("PIP_AUDIT_FORMAT", word)
            .run();
        assert!(
            run.exits(1).stdout.trim_start().starts_with(begins),
            "{word}:\n{}",
            run.stdout
        );
    }
    for word in ["cyclonedx-xml", "yaml"] {
        let run = audit(&context, &arguments)
            .env("PIP_AUDIT_FORMAT", word)
            .run();
        has_no_answer(&run, word);
        run.mentions(&[word]);
    }
    // Nothing is printed where nothing was found.
    context.write("requirements.txt", "b==2.0\n");
    let run = audit(&context, &arguments).args(["-f", "columns"]).run();
    assert_eq!(run.exits(0).stdout, "");
    run.mentions(&["No known vulnerabilities found"]);
}

#[test]
fn descriptions_and_aliases_are_switched() {
    let context = prepared();
    let arguments = ["-r", "requirements.txt", "--advisories", "advisories"];
    let cases: [(&[&str], bool, bool); 9] = [
        (&["-f", "columns"], false, false),
        (&["-f", "columns", "--desc"], true, false),
        (&["-f", "columns", "--desc", "on", "--aliases"], true, true),
        (&["-f", "columns", "--aliases=on"], false, true),
        (&["-f", "pip-audit-json"], true, true),
        (&["-f", "pip-audit-json", "--desc", "off"], false, true),
        (&["-f", "pip-audit-json", "--aliases", "off"], true, false),
        (
            &["-f", "pip-audit-markdown", "--desc", "auto"],
            false,
            false,
        ),
        (
            &["-f", "pip-audit-markdown", "--desc", "--aliases", "on"],
            true,
            true,
        ),
    ];
    for (more, describes, has_aliases) in cases {
        let run = audit(&context, &arguments).args(more).run();
        run.exits(1);
        assert_eq!(
            run.stdout.contains("reads too far"),
            describes,
            "{more:?}:\n{}",
            run.stdout
        );
        assert_eq!(
            run.stdout.contains("CVE-2024-1"),
            has_aliases,
            "{more:?}:\n{}",
            run.stdout
        );
    }
    let run = audit(&context, &arguments)
        .args(["-f", "columns"])
        .env("PIP_AUDIT_DESC", "on")
        .run();
    assert!(run.stdout.contains("reads too far"), "{}", run.stdout);
}

#[test]
fn its_services_are_sources() {
    let context = prepared();
    let service = Loopback::osv(vec![Advisory::new("PYSEC-2024-2", "b")], 10);
    for address in [service.origin(), format!("{}/v1/query", service.origin())] {
        service.clear_log();
        let run = audit(
            &context,
            &[
                "-r",
                "requirements.txt",
                "-s",
                "osv",
                "--osv-url",
                &address,
                "--json",
            ],
        )
        .run();
        let found = document(run.exits(1));
        assert_eq!(found["packages"][1]["findings"][0]["id"], "PYSEC-2024-2");
        assert_eq!(service.count("/v1/querybatch"), 1, "{:?}", service.log());
    }
    let run = audit(
        &context,
        &["-r", "requirements.txt", "--osv-url", &service.origin()],
    )
    .env("PIP_AUDIT_VULNERABILITY_SERVICE", "osv")
    .run();
    run.exits(1);
    // A source that is named outright is believed.
    let run = audit(
        &context,
        &[
            "-r",
            "requirements.txt",
            "-s",
            "osv",
            "--advisories",
            "advisories",
            "--json",
        ],
    )
    .run();
    assert_eq!(
        document(run.exits(1))["packages"][0]["findings"][0]["id"],
        "PYSEC-2024-1"
    );
    let run = audit(&context, &["-r", "requirements.txt", "-s", "esms"]).run();
    has_no_answer(&run, "esms");
    run.mentions(&["esms", "--advisories"]);
}

/// The JSON API of an index beside its pages: `a` has a vulnerability, `b` has none, others are not there.
struct JsonApi;

impl Site for JsonApi {
    fn answer(&self, request: &Incoming) -> Answer {
        let (name, version, vulnerabilities) = match request.path.as_str() {
            "/pypi/a/1.0/json" => (
                "a",
                "1.0",
                json!([{
                    "id": "PYSEC-2024-1", "aliases": ["CVE-2024-1"], "details": "The parser reads too far", "summary": null,
                    "fixed_in": ["1.1"], "link": "https://advisories.example.org/1", "source": "osv", "withdrawn": null,
                }]),
            ),
            "/pypi/b/2.0/json" => ("b", "2.0", json!([])),
            _ => return Answer::status(404),
        };
        let body = json!({ "info": { "name": name, "version": version }, "vulnerabilities": vulnerabilities });
        Answer::ok("application/json", body.to_string())
    }
}

#[test]
fn the_indexs_own_api_is_a_source_and_what_it_lacks_is_a_gap() {
    let context = prepared();
    let index = Loopback::start(JsonApi);
    let index_url = format!("{}/simple", index.origin());
    let asked = || {
        audit(
            &context,
            &["-r", "requirements.txt", "-s", "pypi", "--json"],
        )
        .args(["--index-url", &index_url])
        .run()
    };
    let run = asked();
    let found = document(&run);
    assert_eq!(run.code, 1, "{found:#}\n{}", run.stderr);
    assert_eq!(found["packages"][0]["findings"][0]["id"], "PYSEC-2024-1");
    assert_eq!(
        found["packages"][0]["findings"][0]["fixed_versions"],
        json!(["1.1"])
    );
    // pip-audit passes over what the API does not know, and finds nothing in it.
    context.write("requirements.txt", "b==2.0\nunknown==1.0\n");
    let run = asked();
    has_no_answer(&run, "a release that the index does not have");
    let found = document(&run);
    assert_eq!(found["gaps"][0]["code"], "not-on-index");
    assert_eq!(found["gaps"][0]["name"], "unknown");
}

#[test]
fn an_api_that_answers_404_to_all_is_not_clean() {
    let context = prepared();
    let index = Loopback::start(JsonApi);
    index.fault("/*", lockgate_tests::Fault::Status(404));
    let run = audit(&context, &["-r", "requirements.txt", "-s", "pypi"])
        .args(["--index-url", &format!("{}/simple", index.origin())])
        .run();
    has_no_answer(&run, "404 for all");
}

#[test]
fn advisories_are_ignored_by_any_id() {
    let context = prepared();
    let arguments = [
        "-r",
        "requirements.txt",
        "--advisories",
        "advisories",
        "-f",
        "columns",
    ];
    for id in ["PYSEC-2024-1", "CVE-2024-1", "cve-2024-1"] {
        let run = audit(&context, &arguments)
            .args(["--ignore-vuln", id])
            .run();
        assert_eq!(run.exits(0).stdout, "");
        run.mentions(&["No known vulnerabilities found, 1 ignored"]);
    }
    let run = audit(&context, &arguments)
        .args([
            "--ignore-vuln",
            "CVE-2024-7",
            "--ignore-vuln",
            "CVE-2024-1@2020-01-01",
        ])
        .run();
    run.exits(1)
        .mentions(&["CVE-2024-7", "matches nothing", "expired after 2020-01-01"]);
    audit(&context, &arguments)
        .args(["--ignore-vuln", "CVE-2024-1@soon"])
        .run()
        .exits(2)
        .mentions(&["soon"]);
}

#[test]
fn a_dry_run_asks_about_nothing_and_claims_nothing() {
    let context = prepared();
    context.write("more/requirements.txt", "c==1.0\n");
    let service = Loopback::osv(Vec::new(), 10);
    let origin = service.origin();
    let run = audit(
        &context,
        &[
            "-r",
            "requirements.txt",
            "-r",
            "more/requirements.txt",
            "--dry-run",
        ],
    )
    .args(["--advisories", &origin, "-o", "json=out.json"])
    .run();
    run.exits(0).mentions(&[
        "Would audit 2 packages of requirements.txt",
        "Would audit 1 package of more/requirements.txt",
    ]);
    super::asking::says_nothing_is_clean(&run, "a dry run");
    assert!(service.log().is_empty());
    assert!(!context.exists("out.json"));
    let run = audit(
        &context,
        &[
            "-r",
            "requirements.txt",
            "-d",
            "--json",
            "--advisories",
            &origin,
        ],
    )
    .args(["--report", "report.json"])
    .run();
    let found = document(run.exits(0));
    assert_eq!(found["status"], "dry-run");
    assert_eq!(found["places"][0]["packages"], 2);
    let report: Value = serde_json::from_str(&context.read("report.json")).expect("it is JSON");
    assert_eq!(report["status"], "dry-run");
    // What could not be read would not be audited either.
    context.write("more/uv.lock", "version = 99\n");
    let run = audit(&context, &["more", "--dry-run", "--advisories", &origin]).run();
    has_no_answer(&run, "a lock that cannot be read");
    run.mentions(&["more/uv.lock"]);
}

#[test]
fn fixing_is_refused_with_the_way_out() {
    let context = prepared();
    let run = audit(&context, &["-r", "requirements.txt", "--fix"]).run();
    has_no_answer(&run, "--fix");
    run.mentions(&["--fix", "lockgate fix", "--upgrade-package"]);
    assert_eq!(context.read("requirements.txt"), "a==1.0\nb==2.0\n");
}

#[test]
fn what_speaks_of_pip_is_accepted() {
    let context = prepared();
    context.write("requirements.txt", "b==2.0\n");
    audit(
        &context,
        &["-r", "requirements.txt", "--advisories", "advisories"],
    )
    .args([
        "--disable-pip",
        "--no-deps",
        "--progress-spinner",
        "off",
        "--strict",
    ])
    .args([
        "--cache-dir",
        "cache",
        "--index-url",
        "https://pypi.corp.test/simple",
    ])
    .args(["--extra-index-url", "https://pypi.corp.test/more"])
    .env("PIP_AUDIT_PROGRESS_SPINNER", "off")
    .run()
    .exits(0);
    let run = audit(
        &context,
        &["-r", "requirements.txt", "--advisories", "advisories"],
    )
    .env("PIP_AUDIT_OUTPUT", "out.txt")
    .env("PIP_AUDIT_FORMAT", "json")
    .run();
    assert_eq!(run.exits(0).stdout, "");
    let found: Value = serde_json::from_str(&context.read("out.txt")).expect("it is JSON");
    assert_eq!(list(&found, "dependencies").len(), 1);
    // Variables that are set to nothing count as not set.
    audit(
        &context,
        &["-r", "requirements.txt", "--advisories", "advisories"],
    )
    .env("PIP_AUDIT_OUTPUT", "")
    .env("PIP_AUDIT_FORMAT", "")
    .env("PIP_AUDIT_DESC", "")
    .env("PIP_AUDIT_VULNERABILITY_SERVICE", "")
    .env("PIP_AUDIT_PROGRESS_SPINNER", "")
    .run()
    .exits(0);
}

#[test]
fn what_is_skipped_stands_in_its_forms_and_is_never_called_clean() {
    let context = prepared();
    context.write("requirements.txt", "b==2.0\nc>=1.0\n-e ./mine\n");
    let arguments = ["-r", "requirements.txt", "--advisories", "advisories"];
    for more in [&[][..], &["--strict"], &["--allow-incomplete"]] {
        for format in ["columns", "pip-audit-json", "pip-audit-markdown"] {
            let run = audit(&context, &arguments)
                .args(["-f", format])
                .args(more)
                .run();
            run.exits(if more == ["--allow-incomplete"] { 0 } else { 2 });
            super::asking::says_nothing_is_clean(&run, format);
            let heading = if format == "pip-audit-json" {
                "skip_reason"
            } else {
                "Skip Reason"
            };
            assert!(run.stdout.contains(heading), "{format}:\n{}", run.stdout);
        }
    }
    let run = audit(&context, &arguments)
        .args(["-f", "pip-audit-json"])
        .run();
    let found = document(&run);
    let names: Vec<&str> = list(&found, "dependencies")
        .iter()
        .map(|one| text(one, "name"))
        .collect();
    assert_eq!(names, ["b", "c", "-e ./mine"]);
}

#[cfg(target_os = "linux")]
#[test]
fn no_spinner_turns_where_it_is_switched_off() {
    let context = prepared();
    let service = Loopback::osv(vec![Advisory::new("PYSEC-2024-2", "b")], 10);
    service.fault("/v1/vulns/PYSEC-2024-2", lockgate_tests::Fault::Hang);
    let drawn = |more: &str| {
        let command = format!(
            "{} audit requirements.txt --no-cache --timeout 1 --retries 0 --advisories {} {more}",
            lockgate_tests::binary().display(),
            service.origin()
        );
        // A terminal for standard error; what is drawn on it is cleared with an escape.
        let run = context
            .program("script")
            .args(["--quiet", "--return", "--command", &command, "/dev/null"])
            .env("TERM", "xterm")
            .run();
        run.exits(2);
        run.stdout.contains("\u{1b}[2K")
            || run.stdout.contains('⠋')
            || run.stdout.contains("\r\u{1b}")
    };
    assert!(drawn(""), "there is one to be switched off");
    assert!(!drawn("--progress-spinner off"));
    assert!(drawn("--progress-spinner on"));
    assert!(!drawn("--no-progress"));
}
