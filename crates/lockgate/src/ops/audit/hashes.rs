//! `--require-hashes`: every line of a requirements file has a hash, as an installation that asks for hashes wants it.

use lockgate_model::{Inventory, InventoryKind};

use crate::failure::Failure;

/// Refuses a requirements file of which a line has no hash, and what is no requirements file.
pub(super) fn must_be_there(inventory: &Inventory) -> Result<(), Failure> {
    if inventory.kind != InventoryKind::Requirements {
        return Err(not_known_of(&inventory.place));
    }
    let Some(item) = inventory.items.iter().find(|item| !item.has_hashes) else {
        return Ok(());
    };
    let file = item.file.as_ref().unwrap_or(&inventory.place);
    let line = item.line.map(|line| format!(":{line}"));
    Err(Failure::new(format!(
        "{file}{}: `{}` has no hash, and `--require-hashes` asks for one on every line",
        line.unwrap_or_default(),
        item.text
    ))
    .remedy("pin it with its hashes: `lockgate lock` writes them"))
}

/// The refusal for what is no requirements file.
pub(super) fn not_known_of(place: &str) -> Failure {
    Failure::new(format!(
        "`--require-hashes` is about requirements files, and `{place}` is none"
    ))
    .remedy("leave the option out, or name requirements files alone")
}
