//! Ranges with several ends, and with bounds that are not versions: those of all live records of two exports of OSV.

use std::collections::BTreeMap;

use lockgate_tests::{Advisory, Loopback, TestContext, World, fixtures};
use serde_json::{Value, json};

use super::asking::{audit, document, findings, list, text};

/// The records of the fixture, one a line.
fn records() -> Vec<Value> {
    let text = std::fs::read_to_string(fixtures().join("bounds/records.jsonl"))
        .expect("the fixture is there");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("each line is a record"))
        .collect()
}

/// The OSV record of an entry of the fixture.
fn osv(record: &Value) -> Value {
    json!({
        "id": record["id"],
        "modified": "2026-07-01T00:00:00Z",
        "affected": [{
            "package": { "ecosystem": "PyPI", "name": record["package"] },
            "ranges": [{ "type": "ECOSYSTEM", "events": record["events"] }],
        }],
    })
}

#[test]
fn every_odd_range_of_two_exports_has_the_verdict_of_its_row() {
    let context = TestContext::new();
    let records = records();
    let mut packages: BTreeMap<&str, &str> = BTreeMap::new();
    for record in &records {
        let id = text(record, "id");
        context.write(&format!("db/{id}.json"), osv(record).to_string());
        packages.insert(id, text(record, "package"));
    }
    // By record, release and whether it is affected.
    let verdicts = std::fs::read_to_string(fixtures().join("bounds/verdicts.tsv")).unwrap();
    let mut rows: Vec<(&str, &str, bool)> = verdicts
        .lines()
        .skip(1)
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            let [id, release, verdict, why] = columns.as_slice() else {
                panic!("{line}")
            };
            assert!(matches!(*verdict, "affected" | "clean") && !why.is_empty());
            (*id, *release, *verdict == "affected")
        })
        .collect();
    for (id, package) in &packages {
        let verdicts: Vec<bool> = rows
            .iter()
            .filter(|row| row.0 == *id)
            .map(|row| row.2)
            .collect();
        assert!(
            verdicts.contains(&true) && verdicts.contains(&false),
            "{id} of {package} has rows of both verdicts"
        );
    }
    // Whatever release `last_affected` names is affected.
    for record in &records {
        for event in list(record, "events") {
            let named = text(event, "last_affected");
            if !named.is_empty() && !named.contains("-NA") && !named.contains("-cu") {
                rows.push((text(record, "id"), named, true));
            }
        }
    }
    let mut files = Vec::new();
    rows.retain(|(_, release, _)| !release.contains('\\') && release.matches('-').count() < 2);
    for (number, (id, release, _)) in rows.iter().enumerate() {
        let file = format!("pins/{number}.txt");
        context.write(&file, format!("{}=={release}\n", packages[id]));
        files.push(file);
    }
    let mut arguments = vec!["--advisories", "db", "-f", "json"];
    arguments.extend(files.iter().map(String::as_str));
    let run = audit(&context, &arguments).run();
    run.exits(1);
    let found = findings(&document(&run));
    let mut wrong = Vec::new();
    for (id, release, is_affected) in rows {
        let package = packages[id];
        let normal = normal(release);
        if found.contains(&format!("{package}=={normal} {id}")) != is_affected {
            wrong.push(format!("{id} {package} {release}: not {is_affected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The normal form of the versions of the fixture.
fn normal(release: &str) -> String {
    ["beta", "alpha"]
        .into_iter()
        .fold(release.to_owned(), |text, word| {
            text.replace(&format!("-{word}"), word.get(..1).unwrap_or_default())
        })
        .replace("-rc", "rc")
}

#[test]
fn a_bound_that_is_no_version_denies_no_later_release_and_the_refusal_names_it() {
    let index = Loopback::index(World::new().with("torch", "2.6.0", &[]).with(
        "torch",
        "2.7.0",
        &[],
    ));
    let context = TestContext::new();
    let mut record = Advisory::new("PYSEC-2025-192", "torch");
    record.last_affected = Some("2.6.0-NA".to_owned());
    context.write_advisories("db", &[record, Advisory::of_today()]);
    context.write("requirements.in", "torch\n");
    let run = context.lock(&index).args(["--advisories", "db"]).run();
    run.exits(0);
    assert!(context.read("requirements.txt").contains("torch==2.7.0"));
    context.write("requirements.in", "torch<2.7\n");
    let run = context.lock(&index).args(["--advisories", "db"]).run();
    run.exits(1);
    run.mentions(&["not understood: last_affected 2.6.0-NA"]);
    let run = context
        .lock(&index)
        .args(["--advisories", "db", "--json"])
        .run();
    run.exits(1);
    let refusals = document(&run)["conflict"]["refusals"].clone();
    assert_eq!(
        refusals[0]["advisories"][0]["unclear"],
        json!(["last_affected 2.6.0-NA"]),
        "{}",
        run.stdout
    );
}
