//! `lockgate check`.

use clap::Args;

use super::{
    BuildOptions, CacheOptions, ChoiceOptions, GateOptions, GivenOptions, IndexOptions,
    OutputOptions, ProjectOptions, RenderingOptions, TargetOptions, TerminalOptions,
};
use crate::failure::{Exit, Failure};
use crate::ops;
use crate::ops::check::{CheckRequest, Checked};
use crate::output::{self, Format, Outcome};
use crate::request::report_is_apart;
use crate::terminal::Terminal;

/// Arguments of `check`.
#[derive(Debug, Clone, Args)]
pub(crate) struct CheckArguments {
    /// Locks to check [default: those that the policy states, else `requirements.txt`, else `pylock.toml`]
    #[arg(value_name = "LOCK")]
    pub(crate) locks: Vec<String>,
    /// A source of the lock, in place of those that the policy or the lock's header names (repeatable)
    #[arg(long, value_name = "FILE", help_heading = "Requirements")]
    pub(crate) source: Vec<String>,
    /// Constraints, in place of those that the policy or the lock's header names (repeatable)
    #[arg(short, long, value_name = "FILE", help_heading = "Requirements")]
    pub(crate) constraint: Vec<String>,
    /// Overrides, in place of those that the policy states; a header states none (repeatable)
    #[arg(
        long = "override",
        alias = "overrides",
        value_name = "FILE",
        help_heading = "Requirements"
    )]
    pub(crate) overrides: Vec<String>,
    /// Packages to leave out, in place of those that the policy states; a header states none (repeatable)
    #[arg(long, value_name = "PKG", help_heading = "Requirements")]
    pub(crate) exclude: Vec<String>,
    /// Ask the index anew about every project: whether the hashes are still there, what is yanked, and which projects are quarantined or archived
    #[arg(long, conflicts_with = "offline", help_heading = "Gate")]
    pub(crate) online: bool,
    /// A host, or `HOST:PORT`, that addresses in the sources may lead to (repeatable) [default: those that the command line, pip's
    /// configuration and the policy name]
    #[arg(
        long,
        value_name = "HOST",
        env = "LOCKGATE_ALLOW_HOST",
        value_delimiter = ' ',
        help_heading = "Index"
    )]
    pub(crate) allow_host: Vec<String>,
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

pub(super) fn run(
    arguments: &CheckArguments,
    given: &GivenOptions,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let report = arguments.output.report.clone();
    let locks = ops::check::locks(arguments);
    let mut files = locks.clone().unwrap_or_default();
    files.extend(arguments.source.iter().cloned());
    report_is_apart(report.as_deref(), &files)?;
    let format = if arguments.output.json {
        Format::Json
    } else {
        Format::Text
    };
    let outcome = locks.and_then(|locks| check_all(arguments, given, locks, terminal));
    output::deliver(outcome, format, report.as_deref(), terminal)
}

fn check_all(
    arguments: &CheckArguments,
    given: &GivenOptions,
    locks: Vec<String>,
    terminal: &Terminal,
) -> Result<Outcome, Failure> {
    let is_alone = locks.len() == 1;
    let mut all = Vec::new();
    for lock in locks {
        match checked(arguments, given, &lock, terminal) {
            Ok(checked) => all.push(checked),
            Err(failure) if is_alone || failure.exit.is_from_outside() => return Err(failure),
            Err(failure) => all.push(Checked::failed(lock, failure)),
        }
    }
    Ok(Outcome::Check(all))
}

/// Checks one lock.
fn checked(
    arguments: &CheckArguments,
    given: &GivenOptions,
    lock: &str,
    terminal: &Terminal,
) -> Result<Checked, Failure> {
    let request = CheckRequest::new(arguments, given, lock.to_owned())?;
    let (settings, world) = request.prepare(terminal)?;
    world.until_interrupted(move |world| ops::check::check(&request, &settings, world))
}
