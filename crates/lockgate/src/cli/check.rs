//! `lockgate check`.

use clap::Args;

use super::{
    BuildOptions, CacheOptions, ChoiceOptions, GateOptions, IndexOptions, OutputOptions,
    ProjectOptions, RenderingOptions, TargetOptions, TerminalOptions,
};
use crate::failure::{Exit, Failure};
use crate::ops::{self, check::CheckRequest};
use crate::output::{self, Format, Outcome};
use crate::request::report_is_apart;
use crate::terminal::Terminal;

/// Arguments of `check`.
#[derive(Debug, Clone, Args)]
pub(crate) struct CheckArguments {
    /// Locks to check [default: `requirements.txt`]
    #[arg(value_name = "LOCK")]
    pub(crate) locks: Vec<String>,
    /// A source of the lock, in place of those that the lock names (repeatable)
    #[arg(long, value_name = "FILE", help_heading = "Requirements")]
    pub(crate) source: Vec<String>,
    /// Constraints, in place of those that the lock names (repeatable)
    #[arg(short, long, value_name = "FILE", help_heading = "Requirements")]
    pub(crate) constraint: Vec<String>,
    /// Overrides, in place of those that the lock names (repeatable)
    #[arg(
        long = "override",
        alias = "overrides",
        value_name = "FILE",
        help_heading = "Requirements"
    )]
    pub(crate) overrides: Vec<String>,
    /// Projects to leave out, in place of those that the lock names (repeatable)
    #[arg(long, value_name = "PKG", help_heading = "Requirements")]
    pub(crate) exclude: Vec<String>,
    /// Ask the index anew about every project: whether the hashes are still there, what is yanked, and which projects are quarantined or archived
    #[arg(long, conflicts_with = "offline", help_heading = "Gate")]
    pub(crate) online: bool,
    #[command(flatten)]
    pub(crate) project: ProjectOptions,
    #[command(flatten)]
    pub(crate) choice: ChoiceOptions,
    #[command(flatten)]
    pub(crate) build: BuildOptions,
    #[command(flatten)]
    pub(crate) target: TargetOptions,
    #[command(flatten)]
    pub(crate) index: IndexOptions,
    #[command(flatten)]
    pub(crate) gate: GateOptions,
    #[command(flatten)]
    pub(crate) cache: CacheOptions,
    #[command(flatten)]
    pub(crate) rendering: RenderingOptions,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
    #[command(flatten)]
    pub(crate) terminal: TerminalOptions,
}

pub(super) fn run(arguments: &CheckArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let report = arguments.output.report.clone();
    let mut files = ops::locks_or_default(arguments.locks.clone()).unwrap_or_default();
    files.extend(arguments.source.iter().cloned());
    report_is_apart(report.as_deref(), &files)?;
    let format = if arguments.output.json {
        Format::Json
    } else {
        Format::Text
    };
    let outcome = checked(arguments, terminal);
    output::deliver(outcome, format, report.as_deref(), terminal)
}

fn checked(arguments: &CheckArguments, terminal: &Terminal) -> Result<Outcome, Failure> {
    let mut checked = Vec::new();
    for lock in ops::locks_or_default(arguments.locks.clone())? {
        let request = CheckRequest::new(arguments, lock)?;
        let (settings, world) = request.prepare(terminal)?;
        checked.push(
            world.until_interrupted(move |world| ops::check::check(&request, &settings, world))?,
        );
    }
    Ok(Outcome::Check(checked))
}
