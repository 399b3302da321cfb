//! What the targets assert: bytes become an inventory whose parents stand among its items, or an error that says something.

use lockgate_formats::inventory::{InstalledDistribution, InstalledForm, link, read_installed, read_inventory};
use lockgate_model::{Files, FilesError, Inventory, InventoryKind, Parent};

/// No file lies beside the one that is read.
struct Nothing;

impl Files for Nothing {
    fn read(&self, _path: &str) -> Result<Vec<u8>, FilesError> {
        Err(FilesError::Missing)
    }

    fn variable(&self, _name: &str) -> Option<String> {
        None
    }
}

/// Reads `bytes` as an inventory of `kind`.
pub fn inventory(kind: InventoryKind, bytes: &[u8]) {
    match read_inventory(kind, bytes, "file", &Nothing) {
        Ok(inventory) => check(&inventory),
        Err(error) => assert!(!error.message.is_empty()),
    }
}

/// Reads `bytes`, cut at zero bytes, as the texts of one distribution.
pub fn installed(bytes: &[u8]) {
    let mut parts = bytes.split(|byte| *byte == 0);
    let text = |part: Option<&[u8]>| part.map(|part| String::from_utf8_lossy(part).into_owned());
    let forms = [InstalledForm::DistInfo, InstalledForm::EggInfo, InstalledForm::EggLink];
    let form = bytes.first().map_or(0, |byte| usize::from(*byte) % forms.len());
    let distribution = InstalledDistribution {
        place: text(parts.next()).unwrap_or_default(),
        form: forms[form],
        metadata: parts.next().map(<[u8]>::to_vec),
        direct_url: parts.next().map(<[u8]>::to_vec),
        installer: text(parts.next()),
        requested: bytes.len() % 2 == 0,
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
                assert!(*place < inventory.items.len());
            }
        }
    }
}
