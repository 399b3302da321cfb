//! Whether what is installed with and without each extra and group is what they need, no more and no less.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{Environment, FactError, Name, Pin, Scope};

use super::{Check, Violation};

impl Check<'_> {
    /// What the dependencies alone, and they with each extra and group, are installed with and should not be, or lack.
    pub(super) fn scopes(&self, environment: &Environment) -> Result<Vec<Violation>, FactError> {
        let mut violations = Vec::new();
        let optional = &self.sources.optional;
        if optional.is_empty() {
            return Ok(violations);
        }
        for scope in std::iter::once(&Scope::Main).chain(optional) {
            let asked_for = [&Scope::Main, scope];
            let needed = self.needed_by(&asked_for)?;
            let installed = installed(self.pins, &asked_for, environment);
            let differing = needed.symmetric_difference(&installed);
            violations.extend(
                differing
                    .filter(|name| self.pins.contains_key(*name))
                    .map(|name| Violation::Scope(name.clone(), scope.clone())),
            );
        }
        Ok(violations)
    }

    /// The projects that these scopes ask for, and what they ask for, over the pins of all scopes.
    fn needed_by(&self, scopes: &[&Scope]) -> Result<BTreeSet<Name>, FactError> {
        let mut check = Self::new(self.question, self.shelf, self.sources, self.pins);
        let wanted = self.sources.requirements.iter();
        for wanted in wanted.filter(|wanted| wanted.is_of(scopes)) {
            check.ask(&wanted.name, &wanted.extras, &wanted.bound);
        }
        check.sweep(None)?;
        Ok(check.asked.into_keys().collect())
    }
}

fn installed(
    pins: &BTreeMap<Name, &Pin>,
    scopes: &[&Scope],
    environment: &Environment,
) -> BTreeSet<Name> {
    let is_installed = |pin: &Pin| {
        let mut asking = pin.scopes.iter();
        asking.any(|(scope, marker)| scopes.contains(&scope) && marker.holds(environment, &[]))
    };
    let installed = pins.iter().filter(|(_, pin)| is_installed(pin));
    installed.map(|(name, _)| name.clone()).collect()
}
