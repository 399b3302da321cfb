//! What the tests of all readers share.

use std::collections::BTreeMap;
use std::path::Path;

use lockgate_model::{Files, FilesError, Inventory, InventoryKind, Item, ItemOrigin, Parent};

use super::{kind_of, read_inventory};
use crate::error::InputError;
use crate::testing::Texts;

mod conda;
mod corners;
mod detection;
mod fixtures;
mod hostile;
mod installed;
mod markers;
mod sboms;

/// The folder of files that the tools wrote, read as a user names them.
struct Recorded(BTreeMap<String, Vec<u8>>);

impl Recorded {
    #[expect(clippy::disallowed_methods, reason = "tests read their fixtures")]
    fn load() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/locks/audit");
        let mut files = BTreeMap::new();
        let mut open = vec![root.clone()];
        while let Some(folder) = open.pop() {
            for entry in folder.read_dir().unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                    continue;
                }
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
                files.insert(name.replace('\\', "/"), std::fs::read(&path).unwrap());
            }
        }
        Self(files)
    }

    fn inventory(&self, file: &str) -> Inventory {
        let bytes = &self.0[file];
        let kind = kind_of(file, std::str::from_utf8(bytes).unwrap()).unwrap();
        read_inventory(kind, bytes, file, self).unwrap()
    }
}

impl Files for Recorded {
    fn read(&self, path: &str) -> Result<Vec<u8>, FilesError> {
        self.0.get(path).cloned().ok_or(FilesError::Missing)
    }

    fn read_included(&self, path: &str, _from: &str) -> Result<Vec<u8>, FilesError> {
        self.read(path)
    }

    fn variable(&self, _name: &str) -> Option<String> {
        None
    }
}

fn read(kind: InventoryKind, text: &str) -> Result<Inventory, InputError> {
    read_inventory(kind, text.as_bytes(), "x", &Texts::default())
}

/// An item in one line: its place, what it is, where it comes from unless from an index, its marker, scopes and parents.
fn row(inventory: &Inventory, item: &Item) -> String {
    let line = item.line.map_or(String::new(), |line| line.to_string());
    let file = item
        .file
        .as_ref()
        .map_or(String::new(), |file| format!("{file}:"));
    let mut words = vec![format!("{file}{line} {}", item.shown())];
    match &item.origin {
        ItemOrigin::Index(_) => {}
        ItemOrigin::Direct(place) => words.push(format!("direct({})", short(place))),
        ItemOrigin::Own(place) => words.push(format!("own({})", short(place))),
        ItemOrigin::Unpinned => words.push("unpinned".to_owned()),
        ItemOrigin::BadVersion(version) => words.push(format!("bad({version})")),
    }
    let marker = item.marker.to_text();
    words.extend(marker.map(|marker| format!("; {marker}")));
    let scopes: Vec<String> = item.scopes.iter().map(ToString::to_string).collect();
    if !scopes.is_empty() {
        words.push(format!("[{}]", scopes.join(", ")));
    }
    let parents = item.parents.iter().map(|parent| match parent {
        Parent::Root(name) => name.as_str(),
        Parent::Item(index) => inventory.items[*index].name.as_ref().unwrap().as_str(),
    });
    let parents: Vec<&str> = parents.collect();
    if !parents.is_empty() {
        words.push(format!("<- {}", parents.join(", ")));
    }
    words.join(" ")
}

/// The end of a long address.
fn short(place: &str) -> &str {
    place
        .rsplit_once("/packages/")
        .map_or(place, |_| place.rsplit('/').next().unwrap())
}

fn rows(inventory: &Inventory) -> Vec<String> {
    inventory
        .items
        .iter()
        .map(|item| row(inventory, item))
        .collect()
}
