//! Which items of an inventory an audit is about: those that are installed where it is for.

use lockgate_model::{Environment, Item, Name, Scope};

/// What an audit is restricted to; nothing unless it says so.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only what is installed in this environment.
    pub environment: Option<Environment>,
    /// Only what one of these dependency groups asks for.
    pub only_groups: Vec<Name>,
    /// Not what only these dependency groups ask for.
    pub no_groups: Vec<Name>,
    /// Not what only dependency groups ask for, whatever their names.
    pub no_dev: bool,
}

impl Selection {
    /// Whether it asks for a group by name: inventories that know none cannot answer.
    pub fn needs_scopes(&self) -> bool {
        !self.only_groups.is_empty()
    }

    /// Whether an item is among it. An item of which nobody says what asks for it is never left out for its group.
    pub fn admits(&self, item: &Item) -> bool {
        let is_there = self
            .environment
            .as_ref()
            .is_none_or(|environment| item.marker.holds(environment, &[]));
        if !is_there || item.scopes.is_empty() {
            return is_there;
        }
        let mut scopes = item.scopes.iter();
        if !self.only_groups.is_empty() {
            return scopes.any(
                |scope| matches!(scope, Scope::Group(name) if self.only_groups.contains(name)),
            );
        }
        scopes.any(|scope| match scope {
            Scope::Main | Scope::Extra(_) => true,
            Scope::Group(name) => !self.no_dev && !self.no_groups.contains(name),
        })
    }
}
