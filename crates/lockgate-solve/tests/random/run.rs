//! Many worlds on all cores. One that is judged wrong is cut down and told with its seed.
//!
//! `LOCKGATE_WORLDS` sets how many are tried, `LOCKGATE_FIRST_WORLD` from which seed on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::plan::Plan;

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
#[derive(Debug, Default)]
pub struct Counts(Mutex<std::collections::BTreeMap<&'static str, u64>>);

impl Counts {
    pub fn add(&self, what: &'static str) {
        *self.0.lock().unwrap().entry(what).or_default() += 1;
    }

    pub fn of(&self, what: &'static str) -> u64 {
        self.0.lock().unwrap().get(what).copied().unwrap_or(0)
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
pub fn worlds(usual: u64, draw: fn(u64) -> Plan, check: Check<'_>) -> Counts {
    let first = number("LOCKGATE_FIRST_WORLD", 0);
    let end = first + number("LOCKGATE_WORLDS", usual);
    let counts = Counts::default();
    let next = AtomicU64::new(first);
    let found: Mutex<Vec<String>> = Mutex::default();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end || found.lock().unwrap().len() >= 20 {
                        return;
                    }
                    let plan = draw(seed);
                    if let Err(wrong) = guarded(check, &plan, &counts) {
                        let (plan, wrong) = cut(check, plan, wrong);
                        found.lock().unwrap().push(format!(
                            "seed {seed}: {}\n{}\n{}",
                            wrong.kind,
                            wrong.details,
                            plan.text()
                        ));
                    }
                }
            });
        }
    });
    println!("{} worlds from {first}: {counts:?}", end - first);
    let found = found.into_inner().unwrap();
    assert!(
        found.is_empty(),
        "{} wrong:\n\n{}",
        found.len(),
        found.join("\n")
    );
    counts
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
