//! `lockgate convert`.

use std::path::Path;

use clap::Args;

use super::{CacheOptions, IndexOptions, LockFormat, TerminalOptions};
use crate::disk;
use crate::failure::{Exit, Failure};
use crate::ops::convert::{self, ConvertRequest};
use crate::outputs::Bounds;
use crate::request::{Form, Output, named};
use crate::terminal::Terminal;
use crate::world::World;

/// Arguments of `convert`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ConvertArguments {
    /// The lock to convert: a requirements lock, `pylock.toml`, `uv.lock`, `poetry.lock`, `pdm.lock` or `Pipfile.lock`
    #[arg(value_name = "FILE")]
    pub(crate) file: String,
    /// The lock to write; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output_file: String,
    /// The form of the lock to write [default: by the name of the file]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<LockFormat>,
    /// An extra to take too (repeatable)
    #[arg(long, value_name = "NAME")]
    pub(crate) extra: Vec<String>,
    /// Take all extras
    #[arg(long, conflicts_with = "extra")]
    pub(crate) all_extras: bool,
    /// A dependency group to take too (repeatable)
    #[arg(long, value_name = "NAME")]
    pub(crate) group: Vec<String>,
    #[command(flatten)]
    pub(crate) index: IndexOptions,
    #[command(flatten)]
    pub(crate) cache: CacheOptions,
    #[command(flatten)]
    pub(crate) terminal: TerminalOptions,
}

pub(super) fn run(
    arguments: ConvertArguments,
    words: Vec<String>,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let output = if arguments.output_file == "-" {
        Output::Standard
    } else {
        Output::File(arguments.output_file.clone())
    };
    if let Output::File(path) = &output {
        let source = [arguments.file.clone()];
        Bounds::of(&source).admit(Path::new(path), true)?;
    }
    let all = |option: &str, texts: &[String]| -> Result<Vec<_>, Failure> {
        texts.iter().map(|text| named(option, text)).collect()
    };
    let request = ConvertRequest {
        form: Form::of(arguments.format, &output)?,
        output: output.clone(),
        extras: all("--extra", &arguments.extra)?,
        groups: all("--group", &arguments.group)?,
        arguments,
        words,
    };
    let (index, cache) = (&request.arguments.index, &request.arguments.cache);
    let world = World::new(index, cache, None, terminal)?;
    let text = world.until_interrupted(move |world| convert::convert(&request, world))?;
    match output {
        Output::Standard => terminal.answer(&text)?,
        Output::File(path) => {
            disk::replace(Path::new(&path), text.as_bytes())?;
            terminal.summary(&format!("Wrote {path}"));
        }
    }
    Ok(Exit::Done)
}
