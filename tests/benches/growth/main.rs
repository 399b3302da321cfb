//! How time and memory grow with each list that others write: `cargo bench -p lockgate-tests --bench growth [ROW…]`.
//!
//! Each row makes an input, runs the program on it, doubles it, and runs it again. A row fails where twice the input takes more than two and
//! a half times the processor time or memory. What is below a floor counts as the floor: the start of the program, and noise. Rows whose
//! work cannot be linear end with exit code 2 and a message that names the budget; the row says so. It is a benchmark and no test: figures
//! depend on the machine, and are in docs/security.md. `LOCKGATE_BINARY` measures another program.

#[cfg(target_os = "linux")]
mod measure;
#[cfg(target_os = "linux")]
mod rows;

#[cfg(target_os = "linux")]
use std::fmt::Write as _;

/// What twice the input may cost.
#[cfg(target_os = "linux")]
const MAX_GROWTH: f64 = 2.5;
/// Seconds of processor time, and MiB, below which nothing is told.
#[cfg(target_os = "linux")]
const FLOOR: (f64, f64) = (0.2, 64.0);
/// How often the input is doubled.
#[cfg(target_os = "linux")]
const DOUBLINGS: usize = 2;

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
    for row in rows::ALL.iter().filter(is_wanted) {
        let mut shown = format!("{:28}", row.name);
        let mut last: Option<measure::Cost> = None;
        for doubling in 0..=DOUBLINGS {
            let count = row.next(doubling);
            let cost = measure::run(row, count);
            let _ = write!(
                shown,
                "  {count}: {:.2} s, {:.0} MiB",
                cost.seconds, cost.mebibytes
            );
            if cost.code != row.code {
                let _ = write!(shown, " (exit code {}: {})", cost.code, cost.last_line);
                failed.push(row.name);
            }
            if let Some(last) = &last {
                let seconds = cost.seconds.max(FLOOR.0) / last.seconds.max(FLOOR.0);
                let memory = cost.mebibytes.max(FLOOR.1) / last.mebibytes.max(FLOOR.1);
                let _ = write!(shown, " (×{seconds:.1}, ×{memory:.1})");
                if seconds > MAX_GROWTH || memory > MAX_GROWTH {
                    failed.push(row.name);
                }
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
