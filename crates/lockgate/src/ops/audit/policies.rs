//! The policies of an audit's inputs: each input is judged under its own.

use std::collections::BTreeMap;

use super::inputs::Input;
use crate::cli::AuditArguments;
use crate::failure::Failure;
use crate::policies::{Policies, PolicyFinder};
use crate::request::Settings;
use crate::world::World;

/// The settings of every input.
#[derive(Debug)]
pub(crate) struct InputPolicies {
    /// Each that differs from the others, once.
    settings: Vec<Settings>,
    /// For each input, which one is its own, or why its policies cannot be used.
    of_inputs: Vec<Result<usize, Failure>>,
}

impl InputPolicies {
    /// Reads the policies of `inputs`; `change` lays options of the audit over them. Where those of an input that was named cannot be
    /// used the run ends; of one that was found in a folder it is a gap.
    pub(super) fn new(
        inputs: &[Input],
        arguments: &AuditArguments,
        change: impl Fn(&mut Settings),
    ) -> Result<Self, Failure> {
        let finder = PolicyFinder::new(&arguments.gate)?;
        let mut all = Self {
            settings: Vec::new(),
            of_inputs: Vec::new(),
        };
        let mut known: BTreeMap<Vec<String>, usize> = BTreeMap::new();
        for input in inputs {
            let mut index_of = |policies: &Policies| {
                if let Some(index) = known.get(&policies.key()) {
                    return Ok(*index);
                }
                let mut settings = Settings::of(&arguments.gate, policies, &arguments.vex)?;
                change(&mut settings);
                all.settings.push(settings);
                known.insert(policies.key(), all.settings.len() - 1);
                Ok(all.settings.len() - 1)
            };
            let is_found = matches!(input, Input::Found(_) | Input::UnsearchedFolder { .. });
            let found = policies_of(input, &finder, arguments.resolve);
            let index = found.and_then(|policies| index_of(&policies));
            if let (Err(failure), false) = (&index, is_found) {
                return Err(failure.clone());
            }
            all.of_inputs.push(index);
        }
        Ok(all)
    }

    /// Every settings that some input has.
    pub(super) fn all(&self) -> impl Iterator<Item = &Settings> {
        self.settings.iter()
    }

    /// The settings with this number.
    pub(super) fn settings(&self, index: usize) -> Option<&Settings> {
        self.settings.get(index)
    }

    /// The number of the settings of an input.
    pub(super) fn of(&self, input: usize) -> Result<usize, Failure> {
        self.of_inputs
            .get(input)
            .cloned()
            .unwrap_or_else(|| Err(Failure::new("this input has no policies")))
    }

    /// Shows the policies of each input, for `-v`.
    pub(super) fn show(&self, inputs: &[Input], world: &World) {
        if !world.terminal.is_verbose() {
            return;
        }
        for (input, index) in inputs.iter().zip(&self.of_inputs) {
            let settings = index.as_ref().ok().and_then(|index| self.settings(*index));
            let names = settings.map_or(&[][..], |settings| &settings.policy.names);
            let names = match names {
                [] => "the defaults".to_owned(),
                names => names.join(", "),
            };
            world
                .terminal
                .detail(&format!("policy of {}: {names}", input.place()));
        }
    }
}

fn policies_of(input: &Input, finder: &PolicyFinder, resolves: bool) -> Result<Policies, Failure> {
    match input {
        // The block of a script belongs to what is solved.
        Input::File(file) if resolves => finder.of_file_from(file, std::slice::from_ref(file)),
        Input::File(file) | Input::Found(file) | Input::UnsearchedFolder { path: file, .. } => {
            finder.of_file(file)
        }
        Input::Environment(environment) => finder.of_environment(&environment.place),
    }
}
