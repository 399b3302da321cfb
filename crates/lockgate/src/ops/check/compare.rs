//! How a lock differs from what its sources come to now: the whole of it is held against what `lock` would write.

use std::sync::Arc;

use lockgate_formats::lock::compare as requirements;
use lockgate_formats::pylock::compare as pylock;
use lockgate_index::{IndexFacts, Places};
use lockgate_model::{ChoiceRules, Facts, LockedGraph, Manifest};
use lockgate_solve::Question;

use super::CheckRequest;
use crate::failure::Failure;
use crate::ops::lock::form_of;
use crate::ops::patches;
use crate::ops::target::LockTarget;
use crate::rendering;
use crate::request::{Form, Output, Settings};

/// What a lock is compared with.
pub(super) struct Expected<'a> {
    /// What its sources come to.
    pub(super) graph: &'a LockedGraph,
    pub(super) manifest: &'a Manifest,
    pub(super) target: &'a LockTarget,
    pub(super) question: &'a Question<'a>,
    pub(super) facts: &'a Arc<dyn Facts>,
    pub(super) places: &'a Places,
    pub(super) indexes: &'a IndexFacts,
    pub(super) rules: &'a ChoiceRules,
    pub(super) settings: &'a Settings,
}

/// Returns every difference to what `lock` would write, as sentences.
pub(super) fn reasons(check: &CheckRequest, now: &Expected<'_>) -> Result<Vec<String>, Failure> {
    let CheckRequest { lock, text, .. } = check;
    let output = Output::File(lock.clone());
    // Paths in it are seen from its folder.
    let mut request = check.request.clone();
    request.form = match Form::of(None, &output)? {
        Form::Requirements => form_of(text, lock),
        Form::Pylock => Form::Pylock,
    };
    request.output = output;
    let options = rendering::options(&request, now.manifest, now.places, now.rules, Some(text))?;
    let differences = match request.form {
        Form::Requirements => requirements::compare(text, lock, now.graph, &options),
        Form::Pylock => {
            let python = patches::requires_python(now.target, now.question, now.graph, now.facts);
            let mut form = rendering::pylock_options(python, now.settings, &options);
            form.indexes = crate::places::indexes_of(now.graph, now.places, now.indexes);
            let placed = crate::lock_paths::relative(now.graph, &request.output)?;
            let placed = crate::variables::left_out(placed)?;
            let target = &request.arguments.target;
            let any_patch = target.python_version.is_none() && !request.arguments.region.universal;
            pylock::compare(text, lock, &placed, &form, any_patch)
        }
    };
    let differences = differences.map_err(|error| Failure::of_input(&error))?;
    Ok(differences.iter().map(|one| one.text(lock)).collect())
}
