//! `lockgate lock`.

mod entries;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{
    BuildOptions, CacheOptions, ChoiceOptions, ForeignOptions, GateOptions, GivenOptions,
    IndexOptions, OutputOptions, ProjectOptions, RenderingOptions, TargetOptions, TerminalOptions,
};
use crate::failure::{Exit, Failure};
use crate::ops;
use crate::ops::lock::LockOutcome;
use crate::output::{self, Format, Outcome};
use crate::request::{LockRequest, files_of, report_is_apart};
use crate::statements::LockStatements;
use crate::terminal::Terminal;
use crate::world::World;

/// Arguments of `lock`.
#[derive(Debug, Clone, Default, Args)]
#[command(
    after_help = "What pip, pip-compile and uv call their options is understood too: docs/options.md has the table."
)]
pub(crate) struct LockArguments {
    /// Requirement files, `pyproject.toml`, `setup.cfg`, a script (PEP 723), or `-` for standard input; none: all that the policy's
    /// `[[lock]]` entries state, else `requirements.in`, else `pyproject.toml`, unless a `--group` is asked for
    #[arg(value_name = "SRC")]
    pub(crate) sources: Vec<String>,
    /// A source, as pip spells it (repeatable)
    #[arg(short, long, value_name = "FILE", help_heading = "Requirements")]
    pub(crate) requirement: Vec<String>,
    /// The lock to write; `-` is standard output [default: `X.in` to `X.txt`, a project to `requirements.txt` beside it, `X.py` to `X.py.txt`]
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(crate) output_file: Option<String>,
    /// The form of the lock [default: by the name of the file]
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) format: Option<LockFormat>,
    /// Say what would be written, and write nothing
    #[arg(short = 'n', long, help_heading = "Output")]
    pub(crate) dry_run: bool,
    /// Print how the lock's text changes
    #[arg(long, help_heading = "Output")]
    pub(crate) diff: bool,
    /// Versions that are allowed, whether or not something requires the project (repeatable)
    #[arg(short, long, value_name = "FILE", help_heading = "Requirements")]
    pub(crate) constraint: Vec<String>,
    /// Requirements that take the place of all others on their projects, whoever asks (repeatable)
    #[arg(
        long = "override",
        alias = "overrides",
        value_name = "FILE",
        help_heading = "Requirements"
    )]
    pub(crate) overrides: Vec<String>,
    /// A project to leave out, whoever asks for it (repeatable)
    #[arg(long, value_name = "PKG", help_heading = "Requirements")]
    pub(crate) exclude: Vec<String>,
    #[command(flatten)]
    pub(crate) project: ProjectOptions,
    /// Keep no pin of the existing lock
    #[arg(short = 'U', long, help_heading = "Choice")]
    pub(crate) upgrade: bool,
    /// Do not keep the pin of this project; a specifier restricts the new one (repeatable)
    #[arg(short = 'P', long, value_name = "PKG[SPEC]", help_heading = "Choice")]
    pub(crate) upgrade_package: Vec<String>,
    /// Keep the pin of this project under `-U` too (repeatable)
    #[arg(long, value_name = "PKG", help_heading = "Choice")]
    pub(crate) no_upgrade_package: Vec<String>,
    #[command(flatten)]
    pub(crate) choice: ChoiceOptions,
    #[command(flatten)]
    pub(crate) build: BuildOptions,
    #[command(flatten)]
    pub(crate) target: TargetOptions,
    #[command(flatten)]
    pub(crate) region: RegionOptions,
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
    #[command(flatten)]
    pub(crate) foreign: ForeignOptions,
}

impl LockArguments {
    /// What `-r` names is a source like any other.
    pub(super) fn settle(&mut self) {
        self.sources.append(&mut self.requirement);
        self.output.settle();
    }
}

/// Whether a lock is for one environment or for many.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Target")]
pub(crate) struct RegionOptions {
    /// Lock for all environments from `--python-version` upwards, with a marker on each pin that needs one
    #[arg(long, conflicts_with = "python_platform")]
    pub(crate) universal: bool,
    /// With `--universal`: the newest version for each Python, or as few versions as can be [default: requires-python]
    #[arg(long, value_name = "WHICH", requires = "universal")]
    pub(crate) fork_strategy: Option<ForkStrategyName>,
}

/// `--fork-strategy` values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ForkStrategyName {
    /// The newest version for each Python
    RequiresPython,
    /// One version for all, as long as there is one
    Fewest,
}

/// `--format` values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LockFormat {
    /// A hashed requirements file
    #[value(alias = "requirements.txt")]
    Requirements,
    /// `pylock.toml` (PEP 751)
    #[value(alias = "pylock.toml")]
    Pylock,
}

pub(super) fn run(
    arguments: LockArguments,
    words: Vec<String>,
    given: &GivenOptions,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let report: Option<PathBuf> = arguments.output.report.clone();
    let stated = entries::stated(&arguments, given);
    let files = match &stated {
        Ok(Some(statements)) => entries::files(statements, &arguments),
        Ok(None) | Err(_) => files_of(&arguments),
    };
    report_is_apart(report.as_deref(), &files)?;
    let format = if arguments.output.json {
        Format::Json
    } else {
        Format::Text
    };
    let outcome = stated.and_then(|stated| locked(arguments, stated.as_ref(), words, terminal));
    output::deliver(outcome, format, report.as_deref(), terminal)
}

/// Locks what the arguments name, else what the policy states.
fn locked(
    arguments: LockArguments,
    stated: Option<&LockStatements>,
    words: Vec<String>,
    terminal: &Terminal,
) -> Result<Outcome, Failure> {
    arguments.foreign.judged(
        |remark| terminal.warn(remark),
        |remark| terminal.detail(remark),
    )?;
    match stated {
        Some(statements) => entries::locked(statements, &words, terminal),
        None => solved(LockRequest::new(arguments, words)?, terminal).map(Outcome::Lock),
    }
}

/// Makes one lock.
fn solved(request: LockRequest, terminal: &Terminal) -> Result<LockOutcome, Failure> {
    let settings = request.settings()?;
    let request = request.under(&settings.statements)?;
    let world = World::new(
        &request.arguments.index,
        &request.arguments.cache,
        request.arguments.target.python.as_deref(),
        terminal,
    )?;
    world.until_interrupted(move |world| ops::lock::lock(&request, &settings, world))
}
