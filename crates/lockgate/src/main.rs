//! lockgate: locks Python requirements under an audit gate. See the README.

mod absences;
mod building;
mod choosing;
mod cli;
mod disk;
mod environments;
mod failure;
mod gating;
mod hosts;
mod indexes;
mod inputs;
mod lock_paths;
mod ops;
mod output;
mod outputs;
mod pending;
mod pip_settings;
mod places;
mod policies;
mod progress;
mod provenance;
mod rendering;
mod reports;
mod request;
mod sources;
mod statements;
mod terminal;
mod variables;
mod vex;
mod world;

use std::backtrace::BacktraceStatus;
use std::process::ExitCode;

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    defects_are_no_answer();
    let arguments: Vec<_> = std::env::args_os().collect();
    let code = cli::run(&arguments);
    // What was taken from a revision goes with the programs.
    lockgate_index::programs::stop_all();
    code
}

/// A panic on any thread ends the process with the code for "no answer", and asks for a report.
fn defects_are_no_answer() {
    std::panic::set_hook(Box::new(|panic| {
        let payload = panic.payload();
        let message = payload
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| payload.downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        let place = panic.location().map(ToString::to_string);
        let backtrace = std::backtrace::Backtrace::capture();
        let backtrace = match backtrace.status() {
            BacktraceStatus::Captured => format!("\n{backtrace}"),
            _ => String::new(),
        };
        terminal::print_defect(&format!(
            "internal error in lockgate; please report this bug\n{}: {message}{backtrace}",
            place.unwrap_or_default()
        ));
        #[expect(
            clippy::exit,
            reason = "nothing may go on, and 2 is what callers rely on"
        )]
        std::process::exit(2);
    }));
}
