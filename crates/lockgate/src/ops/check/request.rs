//! What `check` is asked to do for one lock.

use std::sync::Arc;

use lockgate_formats::inventory::kind_of;
use lockgate_formats::lock::Lock;
use lockgate_model::InventoryKind;

use super::header::merged;
use crate::cli::{self, CheckArguments};
use crate::disk;
use crate::failure::Failure;
use crate::ops::lock;
use crate::policies::PolicyFinder;
use crate::request::{LockRequest, Settings};
use crate::terminal::Terminal;
use crate::world::World;

/// What `check` is asked to do for one lock.
#[derive(Debug)]
pub(crate) struct CheckRequest {
    pub(super) lock: String,
    pub(super) text: String,
    pub(super) read: Lock,
    pub(super) request: LockRequest,
    pub(super) online: bool,
}

impl CheckRequest {
    /// Finds the lock's sources and the options that its header records; options given anew win.
    pub(crate) fn new(arguments: &CheckArguments, lock: String) -> Result<Self, Failure> {
        must_be_requirements(&lock)?;
        let text = disk::text(&disk::Disk, &lock)?;
        let read = lock::read_lock(&text, &lock).map_err(|error| Failure::of_input(&error))?;
        let recorded = read
            .command
            .as_deref()
            .and_then(|words| cli::lock_arguments(words).ok());
        let merged = merged(arguments, recorded.unwrap_or_default(), &lock, &read)?;
        let request = LockRequest::new(merged, Vec::new())?;
        Ok(Self {
            lock,
            text,
            read,
            request,
            online: arguments.online,
        })
    }

    /// Settings and world for this lock.
    pub(crate) fn prepare(&self, terminal: &Terminal) -> Result<(Settings, Arc<World>), Failure> {
        let arguments = &self.request.arguments;
        let finder = PolicyFinder::new(&arguments.gate)?;
        let policies = finder.of_file_from(&self.lock, &self.request.sources)?;
        let settings = Settings::of(&arguments.gate, &policies, &[])?;
        Ok((
            settings,
            World::new(
                &arguments.index,
                &arguments.cache,
                arguments.target.python.as_deref(),
                terminal,
            )?,
        ))
    }
}

/// Refuses locks of other tools by their names: read as requirements they would be nonsense, or nothing at all.
fn must_be_requirements(file: &str) -> Result<(), Failure> {
    match kind_of(file, "") {
        None | Some(InventoryKind::Requirements | InventoryKind::Pylock) => Ok(()),
        Some(kind) => Err(Failure::new(format!(
            "`{file}` is neither a requirements lock nor a `pylock.toml`, and no other kind is checked ({})",
            kind.word()
        ))
        .remedy("name a `requirements.txt` or a `pylock.toml`; `lockgate audit` reads this file")),
    }
}
