//! What `check` is asked to do for one lock.

use std::path::Path;
use std::sync::Arc;

use lockgate_formats::inventory::kind_of;
use lockgate_formats::lock::Lock;
use lockgate_model::InventoryKind;

use super::header::{Statement, statement};
use super::sources::{boundary, inside, repository_of};
use crate::cli::{CheckArguments, GivenOptions};
use crate::disk;
use crate::failure::Failure;
use crate::hosts::Reach;
use crate::ops::lock;
use crate::policies::PolicyFinder;
use crate::request::{LockRequest, Settings};
use crate::statements::LockStatements;
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
    /// Where the statement on the lock comes from, and what of its header does not hold.
    pub(super) statement: Statement,
    settings: Settings,
    reach: Reach,
}

impl CheckRequest {
    /// Finds the statement on a lock and lays the options that are given over it.
    pub(crate) fn new(
        arguments: &CheckArguments,
        given: &GivenOptions,
        lock: String,
    ) -> Result<Self, Failure> {
        must_be_requirements(&lock)?;
        let repository = repository_of(&lock)?;
        if let Some(repository) = &repository
            && Path::new(&lock).exists()
        {
            inside(&lock, repository, "the lock")?;
        }
        let text = disk::text(&disk::Disk, &lock)?;
        let read = lock::read_lock(&text, &lock).map_err(|error| Failure::of_input(&error))?;
        let finder = PolicyFinder::new(&arguments.gate)?;
        let statements = LockStatements::of(&finder.of_file(&lock)?);
        let statement = statement(arguments, given, &lock, &read, &statements)?;
        let request = LockRequest::new(statement.arguments.clone(), Vec::new());
        let request = request.map_err(|mut failure| {
            failure.message = format!("{lock}: {}", failure.message);
            failure
        })?;
        let policies = finder.of_file_from(&lock, &request.sources)?;
        let settings = Settings::of(&arguments.gate, &policies, &[])?;
        Ok(Self {
            reach: Reach::of_check(arguments, &settings.statements, boundary(&lock)?)?,
            lock,
            text,
            read,
            request,
            online: arguments.online,
            statement,
            settings,
        })
    }

    /// Settings and world for this lock.
    pub(crate) fn prepare(&self, terminal: &Terminal) -> Result<(Settings, Arc<World>), Failure> {
        let arguments = &self.request.arguments;
        let world = World::reaching(
            self.reach.clone(),
            &arguments.index,
            &arguments.cache,
            arguments.target.python.as_deref(),
            terminal,
        )?;
        Ok((self.settings.clone(), world))
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
