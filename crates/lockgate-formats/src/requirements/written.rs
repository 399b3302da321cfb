//! What a line says as its file has it, beside what it says with its variables filled in: what a lock repeats.

use lockgate_model::{Manifest, Origin, Source, Unrepeatable, secret};

use super::lines::Line;
use super::options::{Given, Known, Words, split};
use super::requirement::{Wanted, with_vcs};
use super::single::direct;
use crate::error::InputError;

/// A line with variables, taken apart as its file has it.
pub(super) struct Written<'l> {
    words: Words,
    values: &'l [(String, String)],
}

impl<'l> Written<'l> {
    /// None for a line without variables.
    pub(super) fn of(line: &'l Line) -> Option<Self> {
        let variables = line.variables.as_ref()?;
        Some(Self {
            words: split(&variables.written).unwrap_or_default(),
            values: &variables.values,
        })
    }

    /// The value of the option at `position`; none where the values of variables change more of the line than that.
    pub(super) fn value(&self, position: usize, given: &Given) -> Option<&str> {
        let written = self.words.options.get(position)?;
        let is_same = written.known == given.known && self.filled(&written.value) == given.value;
        is_same.then_some(written.value.as_str())
    }

    /// The first variable in a text of the line.
    pub(super) fn variable_in(&self, text: &str) -> Option<String> {
        let names = self.values.iter().map(|(name, _)| format!("${{{name}}}"));
        let found = names.filter_map(|name| Some((text.find(&name)?, name)));
        found.min().map(|(_, name)| name)
    }

    /// Whether the variables of the line make names and versions alone, of which a lock can hold the values: none looks like a secret.
    pub(super) fn makes_plain_pins(&self, wanted: &Wanted) -> bool {
        let is_of_index = matches!(
            wanted,
            Wanted::Named(requirement) if matches!(requirement.source, Source::Index(_))
        );
        let (_, marker) = self.words.requirement.split_once(';').unwrap_or_default();
        let mut values = self.values.iter();
        is_of_index
            && self.variable_in(marker).is_none()
            && values.all(|(_, value)| secret::is_plain(value))
    }

    /// The first variable of the line.
    pub(super) fn variable(&self) -> String {
        let (name, _) = self.values.first().cloned().unwrap_or_default();
        format!("${{{name}}}")
    }

    /// The address or path of a requirement as written, if variables stand in that alone; else the variable that does not.
    pub(super) fn reference(
        &self,
        wanted: &Wanted,
        editable: bool,
    ) -> Result<Option<&str>, String> {
        let of_option = self.words.options.iter();
        let mut of_option = of_option.filter(|given| given.known == Known::Editable);
        let text = match of_option.next() {
            Some(given) if editable => given.value.as_str(),
            _ => self.words.requirement.as_str(),
        };
        let Some(variable) = self.variable_in(text) else {
            // It has none, or a value made it what it is.
            let has_text = !text.is_empty();
            return if has_text {
                Ok(None)
            } else {
                Err(self.variable())
            };
        };
        let filled = match wanted {
            Wanted::Named(requirement) => match &requirement.source {
                Source::Url(address) => address,
                Source::Index(_) => return Err(variable),
            },
            Wanted::Unnamed { reference, .. } => reference,
        };
        let (before, rest) = match direct(text) {
            Some(direct) => (
                direct.head,
                text.get(direct.head.len()..).unwrap_or_default(),
            ),
            None => ("", text),
        };
        let rest = rest.trim_start_matches(['@', ' ', '\t']);
        let ends = [rest.len()].into_iter();
        let ends = ends.chain(
            ["; ", ";", " ", "["]
                .iter()
                .filter_map(|end| rest.find(end)),
        );
        for end in ends {
            let (reference, behind) = rest.split_at(end);
            let reference = reference.trim();
            let is_it = self.filled(reference) == *filled
                || (editable && self.filled(&with_vcs(reference)) == *filled);
            if !is_it {
                continue;
            }
            let named = ["#egg=", "&egg="]
                .iter()
                .find_map(|egg| reference.split_once(egg));
            let named = named.map(|(_, name)| name.split('&').next().unwrap_or_default());
            let beside = [before, behind, named.unwrap_or_default()];
            return match beside.into_iter().find_map(|text| self.variable_in(text)) {
                Some(variable) => Err(variable),
                None => Ok(Some(reference)),
            };
        }
        Err(variable)
    }

    fn filled(&self, text: &str) -> String {
        self.values
            .iter()
            .fold(text.to_owned(), |text, (name, value)| {
                text.replace(&format!("${{{name}}}"), value)
            })
    }
}

/// Notes a variable that a lock could hold only as its value.
pub(super) fn note(
    manifest: &mut Manifest,
    variable: String,
    place: &'static str,
    origin: &Origin,
) {
    manifest.unrepeatable.push(Unrepeatable {
        variable,
        place,
        origin: origin.clone(),
    });
}

/// Refuses sources with a variable in a place where a lock would hold its value: a lock repeats variables in addresses, paths, hosts and
/// includes.
pub fn must_be_repeatable(manifest: &Manifest) -> Result<(), InputError> {
    let Some(found) = manifest.unrepeatable.first() else {
        return Ok(());
    };
    let Unrepeatable {
        variable,
        place,
        origin,
    } = found;
    let error = InputError::new(
        &origin.file,
        format!("`{variable}` stands in {place}, and the lock would hold its value"),
    )
    .remedy("write it out; a lock repeats variables in addresses, paths, hosts and includes only");
    Err(match origin.line {
        Some(line) => error.at(line),
        None => error,
    })
}
