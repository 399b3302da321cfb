//! A tree of many locks in one run.

use lockgate_tests::{Advisory, Loopback, TestContext};

use super::asking::{audit, codes, document, list, text};

const LOCKS: usize = 60;

/// 60 projects of one lock each, of which every third has a finding.
fn fleet() -> TestContext {
    let context = TestContext::new();
    for number in 0..LOCKS {
        let pin = if number % 3 == 0 { "a==1.0" } else { "a==2.0" };
        let lock = format!("{pin}\nb==1.0\nc{number}==1.0\n");
        context.write(
            &format!("fleet/team{}/project{number}/requirements.txt", number % 7),
            lock,
        );
    }
    context
}

fn advisories() -> Vec<Advisory> {
    vec![Advisory::new("PYSEC-2024-1", "a").between("0", "2.0")]
}

#[test]
fn many_locks_are_one_report() {
    let context = fleet();
    context.write_advisories("advisories", &advisories());
    let arguments = ["--recursive", "fleet", "--advisories", "advisories"];
    let run = audit(&context, &arguments)
        .args(["--json", "-o", "table=table.txt", "-o", "sarif=out.sarif"])
        .run();
    let found = document(run.exits(1));
    assert_eq!(list(&found, "places").len(), LOCKS);
    assert_eq!(list(&found, "packages").len(), LOCKS * 3);
    assert_eq!(found["summary"]["findings"], LOCKS / 3);
    // One release and its advisory stand once, and count as often as they are there.
    let table = context.read("table.txt");
    assert_eq!(table.matches("PYSEC-2024-1  ").count(), 1, "{table}");
    assert!(
        !table.contains('\u{1b}'),
        "a file has no colours: {table:?}"
    );
    assert!(
        table.contains("20 findings (1 distinct) in 20 of 180 packages"),
        "{table}"
    );
    let sarif: serde_json::Value =
        serde_json::from_str(&context.read("out.sarif")).expect("it is JSON");
    assert_eq!(list(&sarif["runs"][0], "results").len(), LOCKS / 3);
}

#[test]
fn a_service_is_asked_once_for_all_of_them() {
    let context = fleet();
    let service = Loopback::osv(advisories(), 10);
    audit(
        &context,
        &["--recursive", "fleet", "--advisories", &service.origin()],
    )
    .run()
    .exits(1);
    assert_eq!(service.count("/v1/querybatch"), 1, "{:?}", service.counts());
    assert_eq!(service.count("/v1/vulns/PYSEC-2024-1"), 1);
}

#[test]
fn one_unreadable_lock_is_a_gap_and_not_the_end() {
    let context = fleet();
    context.write_advisories("advisories", &advisories());
    let broken = "fleet/team1/project1/uv.lock";
    context.write(broken, "version = 99\n");
    context.write("fleet/team2/project2/requirements.txt", b"a==1.0\n\xff\0");
    let arguments = ["--recursive", "fleet", "--advisories", "advisories"];
    let run = audit(&context, &arguments).arg("--json").run();
    let found = document(run.exits(1));
    assert_eq!(codes(&found, "gaps"), ["unreadable", "unreadable"]);
    let mut sources: Vec<&str> = list(&found, "gaps")
        .iter()
        .map(|gap| text(gap, "source"))
        .collect();
    sources.sort_unstable();
    assert_eq!(sources, [broken, "fleet/team2/project2/requirements.txt"]);
    assert_eq!(list(&found, "places").len(), LOCKS - 1);
    assert_eq!(found["summary"]["findings"], LOCKS / 3);
    let run = audit(&context, &arguments).run();
    assert!(run.exits(1).stdout.contains(broken), "{}", run.stdout);
    audit(&context, &arguments)
        .args([
            "--allow-incomplete=unreadable",
            "--ignore-vuln",
            "PYSEC-2024-1",
        ])
        .run()
        .exits(0);
    audit(&context, &arguments)
        .args(["--allow-incomplete", "--ignore-vuln", "PYSEC-2024-1"])
        .run()
        .exits(2);
}
