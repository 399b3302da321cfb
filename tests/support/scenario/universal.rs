//! What a universal lock selects, environment by environment.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{Implementation, Machine, Marker, Platform, PythonVersion, Target, Version};

use crate::artifact::normalised;

/// The systems and machines of the grid, as `--python-platform` names them.
const PLATFORMS: [&str; 6] = [
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
    "x86_64-pc-windows-msvc",
    "aarch64-pc-windows-msvc",
];

/// Minor numbers of the Pythons of the grid, each with a first and a later patch level.
const MINORS: std::ops::RangeInclusive<u64> = 8..=14;
const PATCHES: [u64; 2] = [0, 7];

/// One line of a lock.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) hashes: Vec<String>,
    marker: Marker,
}

/// `name[extra]==version ; marker`, or why it is none.
pub(super) fn line(text: &str) -> Result<Line, String> {
    let (pin, marker) = match text.split_once(';') {
        Some((pin, marker)) => {
            let marker = Marker::parse(marker.trim())
                .map_err(|error| format!("the marker of `{text}`: {error}"))?;
            (pin, marker)
        }
        None => (text, Marker::always()),
    };
    let (name, version) = pin
        .split_once("==")
        .ok_or_else(|| format!("`{text}` is no pin"))?;
    Ok(Line {
        name: normalised(name.split('[').next().unwrap_or_default().trim()),
        version: version.trim().to_owned(),
        hashes: Vec::new(),
        marker,
    })
}

/// The lines of a requirements lock with their hashes, sorted.
pub(super) fn lines_of(lock: &str) -> Result<Vec<Line>, String> {
    let mut lines: Vec<Line> = Vec::new();
    for text in lock.lines() {
        let text = text.trim().trim_end_matches('\\').trim_end();
        if let Some(hash) = text.strip_prefix("--hash=sha256:") {
            if let Some(line) = lines.last_mut() {
                line.hashes.push(hash.to_owned());
            }
        } else if text.contains("==") && !text.starts_with(['#', '-']) {
            lines.push(line(text)?);
        }
    }
    for line in &mut lines {
        line.hashes.sort();
    }
    Ok(lines)
}

/// Where the two do not say the same: as sets of pins, and in each environment of the grid that `bound` admits.
pub(super) fn difference(expected: &[Line], found: &[Line], bound: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let pins = |lines: &[Line]| -> BTreeSet<String> {
        lines
            .iter()
            .map(|line| format!("{}=={}", line.name, line.version))
            .collect()
    };
    let (wanted, locked) = (pins(expected), pins(found));
    wrong.extend(
        wanted
            .difference(&locked)
            .map(|pin| format!("{pin} is not locked")),
    );
    wrong.extend(
        locked
            .difference(&wanted)
            .map(|pin| format!("{pin} is locked")),
    );
    if locked.len() != found.len() {
        wrong.push("a pin is locked twice".to_owned());
    }
    let bound: Version = bound.parse().expect("the bound is a version");
    let mut differing: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (environment, target) in grid(&bound) {
        let selected = |lines: &[Line]| -> BTreeSet<String> {
            let held = lines
                .iter()
                .filter(|line| line.marker.holds(&target.environment, &[]));
            held.map(|line| format!("{}=={}", line.name, line.version))
                .collect()
        };
        let (wanted, locked) = (selected(expected), selected(found));
        for pin in wanted.symmetric_difference(&locked) {
            let words = if wanted.contains(pin) {
                format!("{pin} is not selected")
            } else {
                format!("{pin} is selected")
            };
            differing
                .entry(words)
                .or_default()
                .push(environment.clone());
        }
    }
    for (words, environments) in differing {
        let shown: Vec<&str> = environments.iter().take(3).map(String::as_str).collect();
        wrong.push(format!(
            "{words} in {} environments: {}",
            environments.len(),
            shown.join(", ")
        ));
    }
    wrong
}

/// Every environment of the grid that is not below the bound, with its name.
fn grid(bound: &Version) -> Vec<(String, Target)> {
    let mut all = Vec::new();
    for minor in MINORS {
        for patch in PATCHES {
            let text = format!("3.{minor}.{patch}");
            let python: PythonVersion = text.parse().expect("a Python version");
            if python.full() < bound {
                continue;
            }
            let cpython = Implementation::cpython(&python);
            let pypy = Implementation {
                name: "pypy".to_owned(),
                display_name: "PyPy".to_owned(),
                ..cpython.clone()
            };
            for platform in PLATFORMS {
                let known: Platform = platform.parse().expect("a platform that is known");
                for implementation in [&cpython, &pypy] {
                    let name = format!("{} {text} on {platform}", implementation.display_name);
                    let target = Target::of(&python, &known, implementation, &Machine::default());
                    all.push((name, target));
                }
            }
        }
    }
    all
}
