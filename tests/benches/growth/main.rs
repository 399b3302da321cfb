//! How time and memory grow with each list that others write: `cargo bench -p lockgate-tests --bench growth [ROW…]`.
//!
//! Each row makes an input and runs the program on it, then doubles the input until a run takes long enough to tell growth from the start
//! of the program and from noise, or the input is as large as a limit of ours allows. A row fails where the last doubling took more than two
//! and a half times the processor time or memory. Where a budget ends the work instead, the row says so: the exit code is 2 and the message
//! names the budget. It is a benchmark and no test: figures depend on the machine, and are in docs/security.md. `LOCKGATE_BINARY` measures
//! another program.

#[cfg(target_os = "linux")]
mod measure;
#[cfg(target_os = "linux")]
mod rows;

#[cfg(target_os = "linux")]
use std::fmt::Write as _;

/// What twice the input may cost.
#[cfg(target_os = "linux")]
const MAX_GROWTH: f64 = 2.5;
/// Seconds of processor time, and MiB, below which nothing can be told.
#[cfg(target_os = "linux")]
const FLOOR: (f64, f64) = (0.2, 64.0);
/// Seconds of processor time after which the input isn't doubled again.
#[cfg(target_os = "linux")]
const LONG_ENOUGH: f64 = 0.6;
/// How often the input is doubled at least, and at most.
#[cfg(target_os = "linux")]
const DOUBLINGS: (usize, usize) = (2, 8);
/// How often each input is run; the best run counts.
#[cfg(target_os = "linux")]
const RUNS: usize = 3;

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
#[expect(clippy::print_stdout, reason = "figures are what a benchmark is for")]
fn main() -> std::process::ExitCode {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let is_wanted =
        |row: &&rows::Row| wanted.is_empty() || wanted.iter().any(|name| name == row.name);
    let mut failed = Vec::new();
    for row in rows::all().filter(is_wanted) {
        let mut shown = format!("{:24}", row.name);
        let mut last: Option<measure::Cost> = None;
        for doubling in 0..=row.doublings.min(DOUBLINGS.1) {
            let count = row.next(doubling);
            let cost = (0..RUNS)
                .map(|_| measure::run(row, count))
                .min_by(|one, other| one.compare(other, row.code))
                .expect("there are runs");
            let _ = write!(
                shown,
                "  {count}: {:.2} s, {:.0} MiB",
                cost.seconds, cost.mebibytes
            );
            if cost.code != row.code {
                let _ = write!(shown, " (exit code {}: {})", cost.code, cost.last_line);
                failed.push(row.name);
                break;
            }
            let is_last = cost.seconds >= LONG_ENOUGH && doubling >= DOUBLINGS.0
                || doubling == row.doublings.min(DOUBLINGS.1);
            if let Some(last) = &last
                && is_last
            {
                let seconds = cost.seconds.max(FLOOR.0) / last.seconds.max(FLOOR.0);
                let memory = cost.mebibytes.max(FLOOR.1) / last.mebibytes.max(FLOOR.1);
                let _ = write!(shown, " (×{seconds:.1}, ×{memory:.1})");
                if seconds > MAX_GROWTH || memory > MAX_GROWTH {
                    failed.push(row.name);
                }
            }
            if is_last {
                break;
            }
            last = Some(cost);
        }
        println!("{shown}");
    }
    failed.dedup();
    if failed.is_empty() {
        return std::process::ExitCode::SUCCESS;
    }
    println!(
        "grows too fast, or ends otherwise than it should: {}",
        failed.join(", ")
    );
    std::process::ExitCode::FAILURE
}
