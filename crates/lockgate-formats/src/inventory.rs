//! Locks, environments and bills of materials as inventories: what an audit looks at.
//!
//! One reader for each form, all over texts. Nothing that a file names is passed over: what cannot be audited is an item that says so,
//! and what cannot be understood is an error with its file and line. Comparisons in markers that are not understood count as ones that
//! hold. Work and memory are linear in the size of a file, but for walks over graphs with many markers, which are bounded.

mod asked;
mod bill;
mod conda;
mod condition;
mod cyclonedx;
mod detect;
mod installed;
mod item;
mod json;
mod node;
mod pdm;
mod pipfile;
mod poetry;
mod purl;
mod pylock;
mod requirements;
mod spdx;
mod toml;
mod uv;
mod walk;

pub(crate) use self::condition::Condition;
pub(crate) use self::json::parse as parse_json;
pub(crate) use self::node::{Member, Node, Value, Wrong};
pub(crate) use self::pylock::check_version as check_form;
pub(crate) use self::toml::parse as parse_toml;

use lockgate_model::{Files, Inventory, InventoryKind};

use crate::error::InputError;
use crate::text::utf8;

pub use bill::NO_PYPI_PACKAGE;
pub use detect::{
    disguised_kind, ecosystem_of, included_requirements, is_lock_name, kind_of,
    reads_as_requirements, unread_document, unread_kind,
};
pub use installed::{
    Installed, InstalledDistribution, InstalledForm, link, read_distribution_file, read_installed,
};

/// Reads the inventory in `bytes`, which stands at `file`; `files` is asked for what it includes and for the project beside it.
pub fn read_inventory(
    kind: InventoryKind,
    bytes: &[u8],
    file: &str,
    files: &dyn Files,
) -> Result<Inventory, InputError> {
    let remedy = format!(
        "write it anew with the tool that it is from; if it is no {}, say what it is with `--input-format`",
        named(kind)
    );
    let text = || utf8(file, bytes, named(kind));
    let read = match kind {
        InventoryKind::Requirements => {
            return requirements::read(bytes, file, files).map(|inventory| placed(inventory, file));
        }
        InventoryKind::Environment => {
            return Err(
                InputError::new(file, "an environment is a folder, and no file")
                    .remedy("name it with `--environment`"),
            );
        }
        InventoryKind::Pylock => pylock::read(text()?),
        InventoryKind::Uv => uv::read(text()?, file),
        InventoryKind::Poetry => poetry::read(text()?, file, files),
        InventoryKind::Pdm => pdm::read(text()?, file, files),
        InventoryKind::Pipfile => pipfile::read(text()?, file, files),
        InventoryKind::Pixi | InventoryKind::CondaLock => conda::read(text()?, kind),
        InventoryKind::CycloneDx => cyclonedx::read(text()?),
        InventoryKind::Spdx => spdx::read(text()?),
    };
    read.map(|inventory| placed(inventory, file))
        .map_err(|wrong| wrong.into_input(file, &remedy))
}

fn placed(mut inventory: Inventory, file: &str) -> Inventory {
    file.clone_into(&mut inventory.place);
    inventory
}

/// What a message calls a file of a kind.
fn named(kind: InventoryKind) -> &'static str {
    match kind {
        InventoryKind::Requirements => "requirements file",
        InventoryKind::Pylock => "`pylock.toml`",
        InventoryKind::Uv => "`uv.lock`",
        InventoryKind::Poetry => "`poetry.lock`",
        InventoryKind::Pdm => "`pdm.lock`",
        InventoryKind::Pipfile => "`Pipfile.lock`",
        InventoryKind::Pixi => "`pixi.lock`",
        InventoryKind::CondaLock => "`conda-lock.yml`",
        InventoryKind::CycloneDx => "CycloneDX document",
        InventoryKind::Spdx => "SPDX document",
        InventoryKind::Environment => "environment",
    }
}

#[cfg(test)]
mod tests;
