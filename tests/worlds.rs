//! Random worlds over the real network stack: the lock must not depend on which answer comes first, nor on what the cache or the old lock hold.
//!
//! What a lock may hold is judged elsewhere, by brute force (`crates/lockgate-solve/tests/worlds.rs`); here it is held against itself.
//! `LOCKGATE_WORLDS` sets how many worlds are tried.

use std::collections::BTreeSet;

use lockgate_tests::{Advisory, Loopback, TestContext, World};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

const PROJECTS: usize = 9;
const VERSIONS: [&str; 4] = ["1.0", "1.1", "2.0", "3.0"];
const SPECIFIERS: [&str; 6] = ["", ">=1.1", "<3", "<2", "!=2.0", ">=2"];

/// Project, version, and requirements as project and specifier.
type Planned = (usize, usize, Vec<(usize, usize)>);

fn plan() -> impl Strategy<Value = (Vec<Planned>, BTreeSet<(usize, usize)>)> {
    let wish = (0..PROJECTS, 0..SPECIFIERS.len());
    let release = (
        0..PROJECTS,
        0..VERSIONS.len(),
        prop::collection::vec(wish, 0..4),
    );
    (
        prop::collection::vec(release, 12..36),
        prop::collection::btree_set((0..PROJECTS, 0..VERSIONS.len()), 0..4),
    )
}

fn named(project: usize) -> String {
    format!("p{project}")
}

fn worlds() -> u32 {
    let worlds = std::env::var("LOCKGATE_WORLDS").ok();
    worlds.and_then(|text| text.parse().ok()).unwrap_or(12)
}

#[test]
fn the_order_of_answers_changes_no_byte_of_the_lock() {
    let config = ProptestConfig {
        cases: worlds(),
        failure_persistence: None,
        max_shrink_iters: 0,
        ..ProptestConfig::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    TestRunner::new_with_rng(config, rng)
        .run(&plan(), |(releases, denied)| {
            let mut world = World::new();
            for (project, version, requires) in &releases {
                let requires: Vec<String> = requires
                    .iter()
                    .map(|(to, specifier)| format!("{}{}", named(*to), SPECIFIERS[*specifier]))
                    .collect();
                let requires: Vec<&str> = requires.iter().map(String::as_str).collect();
                world = world.with(&named(*project), VERSIONS[*version], &requires);
            }
            let index = Loopback::index(world);
            let context = TestContext::new();
            context.write("requirements.in", "p0\np1\np2\n");
            let advisories: Vec<Advisory> = denied
                .iter()
                .enumerate()
                .map(|(number, (project, version))| {
                    Advisory::new(&format!("PYSEC-2024-{number}"), &named(*project))
                        .between(VERSIONS[*version], &format!("{}.1", VERSIONS[*version]))
                })
                .collect();
            context.write_advisories("advisories", &advisories);
            let mut outcomes = BTreeSet::new();
            for seed in 1..=3 {
                index.shuffle(seed);
                if context.exists("requirements.txt") {
                    std::fs::remove_file(context.path("requirements.txt")).unwrap();
                }
                let run = context.lock(&index).args(["--no-cache"]).run();
                prop_assert!(run.code < 2, "{}", run.stderr);
                let lock = (run.code == 0).then(|| context.read("requirements.txt"));
                outcomes.insert((run.code, run.stderr.clone(), lock));
            }
            prop_assert_eq!(outcomes.len(), 1, "{:?}", outcomes);
            if context.exists("requirements.txt") {
                let before = context.read("requirements.txt");
                context.lock(&index).run().exits(0);
                prop_assert_eq!(before, context.read("requirements.txt"), "over itself");
            }
            Ok(())
        })
        .unwrap();
}
