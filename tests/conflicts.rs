//! The refusals of `fixtures/scenarios/conflicts/`, as long as `docs/conflicts.md` says, beside what uv says of the same index.
//!
//! `cargo test -p lockgate-tests conflicts -- --nocapture` shows the texts. uv runs where `LOCKGATE_PEERS` names the folder that it is in,
//! as `.ci/run` has it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use lockgate_tests::fixtures;
use lockgate_tests::scenario::{OfUv, Refusal, refusals};

/// The lines of explanation and the hints, as the page has them.
fn length(refusal: &Refusal) -> String {
    format!("{} | {}", refusal.explanation.len(), refusal.hints.len())
}

/// The rows of the page's table by name: ours, and uv's.
fn told() -> BTreeMap<String, (String, String)> {
    let page = std::fs::read_to_string(fixtures().join("../docs/conflicts.md"));
    let page = page.expect("the page can be read");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    cells
        .filter(|cells| cells.len() == 7)
        .map(|cells| {
            let name = cells[0].trim_end_matches('`').to_owned();
            (name, (cells[1..3].join(" | "), cells[3..5].join(" | ")))
        })
        .collect()
}

#[test]
fn each_refusal_is_as_long_as_the_page_says() {
    let uv = std::env::var_os("LOCKGATE_PEERS").map(|peers| PathBuf::from(peers).join("uv"));
    let told = told();
    let found = refusals("conflicts", uv.as_deref());
    assert_eq!(
        told.keys().collect::<Vec<_>>(),
        found.keys().collect::<Vec<_>>()
    );
    let mut wrong = Vec::new();
    for (name, (ours, of_uv)) in &found {
        println!("=== {name}\n--- lockgate\n{ours}--- uv");
        let length_of_uv = match of_uv {
            OfUv::Unasked => told[name].1.clone(),
            OfUv::Locks => "locks | ".to_owned(),
            OfUv::Refuses(theirs) => {
                println!("{theirs}");
                length(theirs)
            }
        };
        let lengths = (length(ours), length_of_uv);
        if lengths != told[name] {
            wrong.push(format!("{name}: {:?} on the page, {lengths:?}", told[name]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
