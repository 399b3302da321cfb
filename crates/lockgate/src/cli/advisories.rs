//! `lockgate advisories`.

use std::path::Path;

use clap::{Args, ValueEnum};

use super::{CacheOptions, GateOptions, IndexOptions, OutputOptions, TerminalOptions};
use crate::failure::{Exit, Failure};
use crate::ops::advisories;
use crate::policies::PolicyFinder;
use crate::request::Settings;
use crate::terminal::{Rendered, Terminal};
use crate::world::World;

/// Arguments of `advisories`.
#[derive(Debug, Clone, Args)]
pub(crate) struct AdvisoriesArguments {
    /// What to do
    #[arg(value_name = "VERB")]
    pub(crate) verb: AdvisoriesVerb,
    /// With `show`: PYSEC, GHSA, CVE or another id
    #[arg(value_name = "ID")]
    pub(crate) id: Option<String>,
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

/// What is done with the advisories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AdvisoriesVerb {
    /// Refresh what is kept of the sources, fresh or not
    Sync,
    /// Say what is kept of the sources, without network
    Status,
    /// Show what the sources say of an advisory, by any of its ids
    Show,
}

pub(super) fn run(arguments: AdvisoriesArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let policies = PolicyFinder::new(&arguments.gate)?.of_folder(Path::new("."))?;
    let settings = Settings::of(&arguments.gate, &policies, &[])?;
    let world = World::new(&arguments.index, &arguments.cache, None, terminal)?;
    let is_json = arguments.output.json;
    let told = world.until_interrupted(move |world| {
        let id = arguments.id.as_deref();
        advisories::run(arguments.verb, id, &arguments.index, &settings, world)
    })?;
    if is_json {
        terminal.answer(&lockgate_report::json_text(&told.document))?;
    } else {
        terminal.answer_of(Rendered(&told.text))?;
    }
    for failure in &told.failures {
        terminal.failure(failure);
    }
    Ok(told.exit)
}
