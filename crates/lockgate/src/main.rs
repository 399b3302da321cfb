//! lockgate: locks Python requirements under an audit gate. See the README.

mod building;
mod choosing;
mod cli;
mod disk;
mod environments;
mod failure;
mod gating;
mod indexes;
mod inputs;
mod lock_paths;
mod ops;
mod output;
mod pip_settings;
mod places;
mod policies;
mod progress;
mod provenance;
mod rendering;
mod reports;
mod request;
mod sources;
mod terminal;
mod vex;
mod world;

use std::process::ExitCode;

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    defects_are_no_answer();
    let arguments: Vec<_> = std::env::args_os().collect();
    let code = cli::run(&arguments);
    policies::remove_extracted();
    code
}

/// A panic on any thread ends the process with the code for "no answer", and asks for a report.
fn defects_are_no_answer() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        tell(panic);
        anstream::eprintln!(
            "error: this is a defect of lockgate, and there is no answer; please report it"
        );
        #[expect(
            clippy::exit,
            reason = "nothing may go on, and 2 is what callers rely on"
        )]
        std::process::exit(2);
    }));
}
