//! Which policy holds for a file: found, named, in a git revision, and the floor of machine and user.

mod addresses;
mod found;
#[cfg(unix)]
mod links;
mod named;
mod paths;
mod reported;

use std::collections::BTreeMap;

use lockgate_tests::{Advisory, Lockgate, Run, TestContext};
use serde_json::Value;

/// A repository with a finding in `requirements.txt` and in `services/legacy/requirements.txt`, and the records about them.
fn repository() -> TestContext {
    let context = TestContext::new();
    std::fs::create_dir(context.path(".git")).expect("the folder is empty");
    context.write("requirements.txt", "a==1.0\n");
    context.write("services/legacy/requirements.txt", "a==1.0\nb==2.0\n");
    let high = Advisory::new("PYSEC-2024-1", "a").severity("high");
    let unknown = Advisory::new("PYSEC-2024-2", "b");
    context.write_advisories("advisories", &[high, unknown]);
    context
}

/// `lockgate audit` of these, without a cache and without patience.
fn audit<'a>(context: &'a TestContext, arguments: &[&str]) -> Lockgate<'a> {
    context
        .lockgate(&["audit", "--no-cache", "--timeout", "1", "--retries", "0"])
        .args(arguments)
}

/// The same, under the records in `advisories/`.
fn audit_records<'a>(context: &'a TestContext, arguments: &[&str]) -> Lockgate<'a> {
    let advisories = context.path("advisories");
    audit(context, arguments)
        .arg("--advisories")
        .arg(advisories)
}

#[track_caller]
fn document(run: &Run) -> Value {
    serde_json::from_str(&run.stdout)
        .unwrap_or_else(|error| panic!("{error}:\n{}\n{}", run.stdout, run.stderr))
}

/// What is gated in each place of a document: `name ID` by the place.
fn gated(document: &Value) -> BTreeMap<String, Vec<String>> {
    let mut by_place: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for place in document["places"].as_array().into_iter().flatten() {
        by_place.insert(
            place["place"].as_str().unwrap_or_default().to_owned(),
            Vec::new(),
        );
    }
    for package in document["packages"].as_array().into_iter().flatten() {
        let source = package["source"].as_str().unwrap_or_default();
        let gated = by_place.entry(source.to_owned()).or_default();
        for finding in package["findings"].as_array().into_iter().flatten() {
            if finding["gated"] == true {
                let (name, id) = (&package["name"], &finding["id"]);
                gated.push(format!(
                    "{} {}",
                    name.as_str().unwrap_or_default(),
                    id.as_str().unwrap_or_default()
                ));
            }
        }
    }
    by_place
}

/// The policies of a place.
fn policies(document: &Value, place: &str) -> Vec<String> {
    let places = document["places"].as_array().into_iter().flatten();
    let place = places.filter(|one| one["place"] == place);
    let names = place.flat_map(|one| one["policies"].as_array().cloned().unwrap_or_default());
    names
        .map(|name| name.as_str().unwrap_or_default().to_owned())
        .collect()
}

/// The codes of the remarks of a document.
fn remarks(document: &Value) -> Vec<String> {
    let remarks = document["remarks"].as_array().into_iter().flatten();
    remarks
        .map(|remark| remark["code"].as_str().unwrap_or_default().to_owned())
        .collect()
}

const IGNORE: &str = "[[ignore]]\nid = \"PYSEC-2024-1\"\nreason = \"not reached\"\n";
