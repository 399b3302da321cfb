//! `lockgate cache`.

use clap::{Args, Subcommand};

use super::{CacheOptions, IndexOptions, TerminalOptions};
use crate::failure::{Exit, Failure};
use crate::ops;
use crate::terminal::Terminal;
use crate::world::World;

/// Arguments of `cache`.
#[derive(Debug, Clone, Args)]
pub(super) struct CacheArguments {
    #[command(subcommand)]
    verb: Verb,
    /// The folder of the cache
    #[arg(long, value_name = "DIR", env = "LOCKGATE_CACHE_DIR", global = true)]
    cache_dir: Option<std::path::PathBuf>,
    #[command(flatten)]
    pub(super) terminal: TerminalOptions,
}

/// What to do with the cache.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum Verb {
    /// Print its folder
    Dir,
    /// Print how much each kind of entry takes
    Size,
    /// Remove what is of no more use: old formats, pages long unused, advisories replaced by newer ones
    Prune,
    /// Remove everything
    Clean,
}

pub(super) fn run(arguments: &CacheArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let options = CacheOptions {
        cache_dir: arguments.cache_dir.clone(),
        ..CacheOptions::default()
    };
    let world = World::new(&IndexOptions::default(), &options, None, terminal)?;
    ops::cache::run(arguments.verb, &world)?;
    Ok(Exit::Done)
}
