//! The inputs that the fuzzers begin with, and damaged copies of them, through every target.

use super::{TARGETS, seeds};

/// The targets have binaries of the same names in `tests/fuzz`, which is no member of the workspace.
#[test]
fn every_target_has_a_binary_and_a_seed() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz");
    let manifest = std::fs::read_to_string(format!("{folder}/Cargo.toml")).unwrap();
    let mut binaries: Vec<&str> = manifest
        .lines()
        .filter_map(|line| {
            line.strip_prefix("path = \"targets/")?
                .strip_suffix(".rs\"")
        })
        .collect();
    let mut names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    binaries.sort_unstable();
    names.sort_unstable();
    assert_eq!(binaries, names);
    for name in names {
        let program = std::fs::read_to_string(format!("{folder}/targets/{name}.rs")).unwrap();
        assert!(program.contains(&format!("run(\"{name}\"")), "{name}");
        assert!(!seeds(name).is_empty(), "`{name}` begins with nothing");
    }
}

/// An input is cut, has bytes changed, doubled and taken out: the same ones in every run.
fn damaged(seed: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![seed.to_vec()];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ seed.len() as u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap() % below.max(1)
    };
    if seed.is_empty() {
        return all;
    }
    for _ in 0..6 {
        all.push(seed[..next(seed.len())].to_vec());
        let mut changed = seed.to_vec();
        changed[next(seed.len())] ^= 1 << next(8);
        all.push(changed);
        let (a, b) = (next(seed.len()), next(seed.len()));
        let (from, to) = (a.min(b), a.max(b));
        all.push([&seed[..to], &seed[from..]].concat());
        all.push([&seed[..from], &seed[to..]].concat());
    }
    all
}

#[test]
fn the_seeds_and_damaged_copies_of_them_pass_every_target() {
    for (name, target) in TARGETS {
        for seed in seeds(name) {
            for input in damaged(&seed) {
                target(&input);
            }
        }
    }
}
