//! `lockgate audit`.

use clap::{Args, ValueEnum};

use super::{CacheOptions, GateOptions, IndexOptions, OutputOptions, TerminalOptions};
use crate::failure::{Exit, Failure};
use crate::ops;
use crate::output::{self, Format, Outcome};
use crate::request::{Settings, report_is_apart};
use crate::terminal::Terminal;
use crate::world::World;

/// Arguments of `audit`.
#[derive(Debug, Clone, Args)]
pub(super) struct AuditArguments {
    /// Locks to audit: hashed or pinned requirement files [default: `requirements.txt`]
    #[arg(value_name = "FILE")]
    files: Vec<String>,
    /// A lock to audit, as pip-audit spells it (repeatable)
    #[arg(short, long = "requirement", value_name = "FILE")]
    requirement: Vec<String>,
    /// How to print the findings
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        default_value = "table",
        help_heading = "Output"
    )]
    format: FormatName,
    /// Exit by the findings even though something could not be audited; the gaps are still reported
    #[arg(long, help_heading = "Gate")]
    allow_incomplete: bool,
    #[command(flatten)]
    gate: GateOptions,
    #[command(flatten)]
    index: IndexOptions,
    #[command(flatten)]
    cache: CacheOptions,
    #[command(flatten)]
    pub(super) output: OutputOptions,
    #[command(flatten)]
    pub(super) terminal: TerminalOptions,
}

/// `--format` values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatName {
    /// For people
    Table,
    /// One document
    Json,
}

pub(super) fn run(arguments: AuditArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let json = arguments.output.json || arguments.format == FormatName::Json;
    let report = arguments.output.report.clone();
    let mut files = arguments.files.clone();
    files.extend(arguments.requirement.iter().cloned());
    let files = ops::locks_or_default(files).unwrap_or_default();
    report_is_apart(report.as_deref(), &files)?;
    let outcome = audited(arguments, terminal);
    output::deliver(
        outcome,
        if json { Format::Json } else { Format::Text },
        report.as_deref(),
        terminal,
    )
}

fn audited(arguments: AuditArguments, terminal: &Terminal) -> Result<Outcome, Failure> {
    let mut files = arguments.files;
    files.extend(arguments.requirement);
    let files = ops::locks_or_default(files)?;
    let settings = Settings::read(&arguments.gate, &files)?;
    let world = World::new(&arguments.index, &arguments.cache, None, terminal)?;
    let allow_incomplete = arguments.allow_incomplete;
    world
        .until_interrupted(move |world| {
            ops::audit::audit(&files, &arguments.index, &settings, world)
        })
        .map(|report| Outcome::Audit {
            report,
            allow_incomplete,
        })
}
