//! Locks of other tools, bills of materials and environments: whatever the bytes are, what is read refers to nothing that is not there.

use lockgate_formats::inventory::{
    InstalledDistribution, InstalledForm, kind_of, link, read_installed, read_inventory,
};
use lockgate_model::{Inventory, InventoryKind, Parent};

use crate::texts::{NOTHING, says_something};

pub(crate) fn uv(bytes: &[u8]) {
    inventory(InventoryKind::Uv, bytes);
}

pub(crate) fn poetry(bytes: &[u8]) {
    inventory(InventoryKind::Poetry, bytes);
}

pub(crate) fn pdm(bytes: &[u8]) {
    inventory(InventoryKind::Pdm, bytes);
}

pub(crate) fn pipfile(bytes: &[u8]) {
    inventory(InventoryKind::Pipfile, bytes);
}

pub(crate) fn cyclonedx(bytes: &[u8]) {
    inventory(InventoryKind::CycloneDx, bytes);
}

pub(crate) fn spdx(bytes: &[u8]) {
    inventory(InventoryKind::Spdx, bytes);
}

/// Reads `bytes` as an inventory of `kind`.
pub(crate) fn inventory(kind: InventoryKind, bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = kind_of("-", text);
    }
    match read_inventory(kind, bytes, "file", &NOTHING) {
        Ok(inventory) => check(&inventory),
        Err(error) => says_something(&error),
    }
}

/// Reads `bytes`, cut at zero bytes, as the texts of one distribution.
pub(crate) fn installed(bytes: &[u8]) {
    let mut parts = bytes.split(|byte| *byte == 0);
    let text = |part: Option<&[u8]>| part.map(|part| String::from_utf8_lossy(part).into_owned());
    let forms = [
        InstalledForm::DistInfo,
        InstalledForm::EggInfo,
        InstalledForm::EggLink,
    ];
    let form = bytes.first().map_or(0, |byte| usize::from(*byte));
    let distribution = InstalledDistribution {
        place: text(parts.next()).unwrap_or_default(),
        form: forms[form % forms.len()],
        metadata: parts.next().map(<[u8]>::to_vec),
        direct_url: parts.next().map(<[u8]>::to_vec),
        installer: text(parts.next()),
        requested: bytes.len().is_multiple_of(2),
        requires: text(parts.next()),
        link: text(parts.next()),
    };
    let read = read_installed(&distribution);
    check(&link("environment", vec![read.clone(), read], None));
}

fn check(inventory: &Inventory) {
    for item in &inventory.items {
        for parent in &item.parents {
            if let Parent::Item(place) = parent {
                assert!(*place < inventory.items.len(), "a parent that is not there");
            }
        }
    }
}
