//! The groups that an audit is restricted to: whether what is audited knows them.

use std::collections::BTreeSet;

use lockgate_gate::Selection;
use lockgate_model::{Inventory, Name, Scope};

use crate::failure::Failure;

/// Refuses a selection that would leave nothing to audit because of a name that nobody knows. Of groups that are to be left out and are
/// not known, a warning each: more is audited than was meant, not less.
pub(super) fn unknown<'a>(
    selection: &Selection,
    inventories: impl Iterator<Item = &'a Inventory>,
) -> Result<Vec<String>, Failure> {
    let inventories: Vec<&Inventory> = inventories.collect();
    if selection.needs_scopes()
        && let Some(inventory) = inventories.iter().find(|inventory| !inventory.knows_scopes)
    {
        return Err(Failure::new(format!(
            "`{}` does not say which dependency group asks for what, so `--only-group` has no answer",
            inventory.place
        ))
        .remedy("leave it out, or audit a lock that has groups, such as `uv.lock` or `pylock.toml`"));
    }
    let known = known(&inventories);
    let told = || match known.iter().map(|name| name.as_str()).collect::<Vec<_>>() {
        names if names.is_empty() => "there are no groups".to_owned(),
        names => format!("the groups are {}", names.join(", ")),
    };
    let unknown = |names: &[Name], option: &str| {
        let mut names = names.iter();
        let name = names.find(|name| !known.contains(name))?;
        Some(format!(
            "`{option} {name}`: no dependency group of that name asks for anything; {}",
            told()
        ))
    };
    if let Some(message) = unknown(&selection.only_groups, "--only-group") {
        return Err(Failure::new(message));
    }
    let left_out = unknown(&selection.no_groups, "--no-group");
    Ok(left_out.into_iter().collect())
}

/// The groups that ask for something.
fn known<'a>(inventories: &[&'a Inventory]) -> BTreeSet<&'a Name> {
    let items = inventories.iter().flat_map(|inventory| &inventory.items);
    let scopes = items.flat_map(|item| &item.scopes);
    scopes
        .filter_map(|scope| match scope {
            Scope::Group(name) => Some(name),
            Scope::Main | Scope::Extra(_) => None,
        })
        .collect()
}
