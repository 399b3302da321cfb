//! Many worlds on all cores. One that is judged wrong is cut down and told with its seed.
//!
//! `LOCKGATE_WORLDS` sets how many are tried, `LOCKGATE_FIRST_WORLD` from which seed on.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::plan::Plan;

/// How many wrong worlds of one kind are cut down; of the others only the seeds are told.
const MOST_SHOWN: usize = 4;

/// Why a world is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// In two words; the same while the world is cut down.
    pub kind: &'static str,
    pub details: String,
}

impl Wrong {
    pub fn new(kind: &'static str, details: impl Into<String>) -> Self {
        Self {
            kind,
            details: details.into(),
        }
    }
}

/// What is counted over all worlds, by name.
#[derive(Default)]
pub struct Counts(Mutex<BTreeMap<&'static str, u64>>);

impl Counts {
    pub fn add(&self, what: &'static str) {
        *self.0.lock().unwrap().entry(what).or_default() += 1;
    }
}

impl fmt::Debug for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.lock().unwrap().fmt(f)
    }
}

fn number(variable: &str, otherwise: u64) -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "how long a test runs, not what the solver answers"
    )]
    let text = std::env::var(variable);
    text.ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(otherwise)
}

type Check<'c> = &'c (dyn Fn(&Plan, &Counts) -> Result<(), Wrong> + Sync);

/// Draws worlds, as many as `usual` unless told otherwise, and holds each against `check`.
pub fn worlds(usual: u64, draw: fn(u64) -> Plan, check: Check<'_>) {
    let first = number("LOCKGATE_FIRST_WORLD", 0);
    let end = first + number("LOCKGATE_WORLDS", usual);
    let counts = Counts::default();
    let next = AtomicU64::new(first);
    let found: Mutex<Vec<(&'static str, String)>> = Mutex::default();
    let of_kind = |kind: &str| {
        let found = found.lock().unwrap();
        found.iter().filter(|(other, _)| *other == kind).count()
    };
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return;
            }
            let plan = draw(seed);
            let Err(wrong) = guarded(check, &plan, &counts) else {
                continue;
            };
            let kind = wrong.kind;
            let mut text = format!("seed {seed}: {kind}");
            if of_kind(kind) < MOST_SHOWN {
                let (plan, wrong) = cut(check, plan, wrong);
                text = format!("\n{text}\n{}\n{}", wrong.details, plan.text());
            }
            found.lock().unwrap().push((kind, text));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    #[expect(clippy::print_stdout, reason = "what a long run comes to")]
    let tell = |text: &str| println!("{text}");
    tell(&format!("{} worlds from {first}: {counts:?}", end - first));
    let mut found = found.into_inner().unwrap();
    found.sort();
    let texts: Vec<&str> = found.iter().map(|(_, text)| text.as_str()).collect();
    assert!(
        found.is_empty(),
        "{} are wrong:\n{}",
        found.len(),
        texts.join("\n")
    );
}

/// A panic is a wrong answer too.
fn guarded(check: Check<'_>, plan: &Plan, counts: &Counts) -> Result<(), Wrong> {
    catch_unwind(AssertUnwindSafe(|| check(plan, counts)))
        .unwrap_or_else(|_| Err(Wrong::new("it panics", "")))
}

/// The world with all taken away that it stays wrong without.
fn cut(check: Check<'_>, mut plan: Plan, mut wrong: Wrong) -> (Plan, Wrong) {
    let counts = Counts::default();
    'again: loop {
        for smaller in plan.smaller() {
            match guarded(check, &smaller, &counts) {
                Err(other) if other.kind == wrong.kind => {
                    (plan, wrong) = (smaller, other);
                    continue 'again;
                }
                Ok(()) | Err(_) => {}
            }
        }
        return (plan, wrong);
    }
}
