//! lockgate: locks Python requirements under an audit gate. See the README.

mod cli;
mod disk;
mod failure;
mod gating;
mod indexes;
mod ops;
mod output;
mod progress;
mod request;
mod terminal;
mod world;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    cli::run(&arguments)
}
