//! `lockgate audit`.

mod pip_audit;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use pip_audit::Spinner;
pub(crate) use pip_audit::{PipAuditOptions, Switch};

use super::{
    CacheOptions, GateOptions, IndexOptions, OutputOptions, TargetOptions, TerminalOptions,
};
use crate::failure::{Exit, Failure};
use crate::ops::audit::{self, AuditRequest};
use crate::output::{self, Format, Outcome};
use crate::reports::{Destination, ReportFormat, destinations};
use crate::request::report_is_apart;
use crate::terminal::Terminal;
use crate::world::World;

/// Arguments of `audit`.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
#[derive(Debug, Clone, Args)]
pub(crate) struct AuditArguments {
    /// What to audit: requirement files, locks, SBOMs, folders that hold some, `-` for standard input [default: `requirements.txt`, else `pylock.toml`]
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<String>,
    /// A file to audit, as pip-audit spells it (repeatable)
    #[arg(short, long = "requirement", value_name = "FILE")]
    pub(crate) requirement: Vec<String>,
    /// An installed environment to audit, by its folder or its interpreter; nothing of it is run (repeatable)
    #[arg(long, value_name = "DIR|EXE")]
    pub(crate) environment: Vec<String>,
    /// Audit the active environment, or that of the Python on the path, without what it takes over from its base
    #[arg(short, long)]
    pub(crate) local: bool,
    /// A folder of installed packages to audit (repeatable)
    #[arg(long, value_name = "DIR")]
    pub(crate) path: Vec<String>,
    /// Look for locks in the folders below those named, too
    #[arg(long)]
    pub(crate) recursive: bool,
    /// What standard input is, and files whose names do not tell
    #[arg(long, value_name = "KIND")]
    pub(crate) input_format: Option<InputFormat>,
    /// Solve what is not pinned, without the gate, and audit what comes of it
    #[arg(long)]
    pub(crate) resolve: bool,
    /// Audit only what this dependency group asks for (repeatable)
    #[arg(long, value_name = "NAME", help_heading = "Selection")]
    pub(crate) only_group: Vec<String>,
    /// Leave out what only this dependency group asks for (repeatable)
    #[arg(long, value_name = "NAME", help_heading = "Selection")]
    pub(crate) no_group: Vec<String>,
    /// Leave out what only dependency groups ask for
    #[arg(long, help_heading = "Selection")]
    pub(crate) no_dev: bool,
    #[command(flatten)]
    pub(crate) target: TargetOptions,
    /// How to print the findings [default: table]
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) format: Option<ReportFormat>,
    /// Write a report to a file, `FORMAT=FILE` (repeatable); `FILE` alone takes what would be printed
    #[arg(
        short,
        long = "output",
        value_name = "[FORMAT=]FILE",
        env = "PIP_AUDIT_OUTPUT",
        help_heading = "Output"
    )]
    pub(crate) outputs: Vec<String>,
    /// Accept gaps of these kinds [without CODE: all but `not-learned` and `unreadable`]; they are still reported
    #[arg(
        long,
        value_name = "CODE",
        num_args = 0..=1,
        require_equals = true,
        value_delimiter = ',',
        default_missing_value = ":all:",
        help_heading = "Gate"
    )]
    pub(crate) allow_incomplete: Vec<String>,
    /// Report only what is not in this older lock, folder of locks or JSON report (repeatable)
    #[arg(long, value_name = "LOCK", help_heading = "Gate")]
    pub(crate) baseline: Vec<String>,
    /// An `OpenVEX` document whose statements are read as accepted advisories (repeatable)
    #[arg(long, value_name = "FILE", help_heading = "Gate")]
    pub(crate) vex: Vec<String>,
    /// Ask the index too: which releases are yanked, which projects are quarantined, archived or deprecated
    #[arg(long, help_heading = "Gate")]
    pub(crate) online: bool,
    /// What is done about yanked releases; asks the index
    #[arg(long, value_name = "WHAT", help_heading = "Gate")]
    pub(crate) yanked: Option<YankName>,
    /// Use the advisories that the lock names, and no newer ones
    #[arg(long, help_heading = "Gate")]
    pub(crate) as_of_lock: bool,
    /// A host, or `HOST:PORT`, that addresses in the files may lead to (repeatable) [default: those that the command line, pip's
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
    pub(crate) pip_audit: PipAuditOptions,
    #[command(flatten)]
    pub(crate) gate: GateOptions,
    #[command(flatten)]
    pub(crate) index: IndexOptions,
    #[command(flatten)]
    pub(crate) cache: CacheOptions,
    #[command(flatten)]
    pub(crate) output: OutputOptions,
    #[command(flatten)]
    pub(crate) terminal: TerminalOptions,
}

/// `--yanked` values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum YankName {
    /// They are reported
    Warn,
    /// They fail the audit
    Deny,
}

/// `--input-format` values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InputFormat {
    /// A requirements file
    Requirements,
    /// `pylock.toml`
    Pylock,
    /// `uv.lock`
    Uv,
    /// `poetry.lock`
    Poetry,
    /// `pdm.lock`
    Pdm,
    /// `Pipfile.lock`
    Pipfile,
    /// `pixi.lock`
    Pixi,
    /// `conda-lock.yml`
    CondaLock,
    /// A `CycloneDX` document
    Cyclonedx,
    /// An `SPDX` document
    Spdx,
}

impl AuditArguments {
    /// Whether standard output is to be one JSON document, as far as can be told of arguments that may be wrong.
    fn is_json(&self) -> bool {
        match destinations(self) {
            Ok(destinations) => Destination::is_json(&destinations),
            Err(_) => self.output.json || self.format == Some(ReportFormat::Json),
        }
    }

    /// Brings what can be said in two ways to one.
    pub(super) fn settle(&mut self) {
        self.output.settle();
        self.files.append(&mut self.requirement);
        self.pip_audit.settle(&mut self.gate);
        self.terminal.no_progress |= self.pip_audit.progress_spinner == Some(Spinner::Off);
    }
}

pub(super) fn run(
    arguments: AuditArguments,
    words: &[String],
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let is_json = arguments.is_json();
    let report = arguments.output.report.clone();
    let request = AuditRequest::new(arguments, words);
    if let Ok(request) = &request {
        let mut files = request.files();
        files.extend(request.arguments.baseline.iter().cloned());
        report_is_apart(report.as_deref(), &files)?;
        for destination in &request.destinations {
            let path: Option<&PathBuf> = destination.path.as_ref();
            report_is_apart(path.map(PathBuf::as_path), &files)?;
        }
    }
    let outcome = request.and_then(|request| audited(request, terminal));
    output::deliver(
        outcome,
        if is_json { Format::Json } else { Format::Text },
        report.as_deref(),
        terminal,
    )
}

fn audited(request: AuditRequest, terminal: &Terminal) -> Result<Outcome, Failure> {
    let policies = request.policies()?;
    let world = World::of_audit(
        request.reach(None)?,
        &request.arguments.index,
        &request.arguments.cache,
        request.arguments.target.python.as_deref(),
        request.audited_folders(),
        terminal,
    )?;
    world
        .until_interrupted(move |world| audit::audit(&request, &policies, world))
        .map(|audited| Outcome::Audit(Box::new(audited)))
}
