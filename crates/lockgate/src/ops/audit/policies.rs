//! The policies of an audit's inputs: each input is judged under its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::inputs::Input;
use crate::cli::AuditArguments;
use crate::failure::Failure;
use crate::policies::{Policies, PoliciesKey, PolicyFinder};
use crate::request::Settings;
use crate::world::World;

/// The settings of every input.
#[derive(Debug)]
pub(crate) struct InputPolicies {
    /// Each that differs from the others, once.
    settings: Vec<Settings>,
    /// For each input, which one is its own, or why its policies cannot be used.
    of_inputs: Vec<Result<usize, Failure>>,
    /// For each input, whether an earlier one is the same file under the same policies.
    is_again: Vec<bool>,
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
            is_again: Vec::new(),
        };
        let mut known: BTreeMap<PoliciesKey, usize> = BTreeMap::new();
        let mut seen = BTreeSet::new();
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
            let is_found = matches!(input, Input::Found(_) | Input::Unsearched { .. });
            let found = policies_of(input, &finder, arguments.resolve);
            let index = found.and_then(|policies| index_of(&policies));
            if let (Err(failure), false) = (&index, is_found) {
                return Err(failure.clone());
            }
            // What is named twice, or named and found, is audited once; where a link leads to it from a folder with other policies, under
            // these too. So neither the order of the inputs nor which of them is a link decides what it is judged under.
            let file = input.file().and_then(|file| fs::canonicalize(file).ok());
            let is_again = file.is_some_and(|file| !seen.insert((file, index.clone().ok())));
            all.is_again.push(is_again);
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

    /// Whether an earlier input is the same file under the same policies.
    pub(super) fn is_again(&self, input: usize) -> bool {
        self.is_again.get(input).copied().unwrap_or(false)
    }

    /// Shows the policies of each input, for `-v`.
    pub(super) fn show(&self, inputs: &[Input], world: &World) {
        if !world.terminal.is_verbose() {
            return;
        }
        for (number, (input, index)) in inputs.iter().zip(&self.of_inputs).enumerate() {
            if self.is_again(number) {
                continue;
            }
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
        Input::File(file) | Input::Found(file) | Input::Unsearched { path: file, .. } => {
            finder.of_file(file)
        }
        Input::Environment(environment) => finder.of_environment(&environment.place),
    }
}
