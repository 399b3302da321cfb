//! What the two kinds of bills of materials have in common: components by their references, edges between those, and a count of what
//! was passed over.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{Inventory, InventoryKind, Item, Parent};

use super::item::as_parent;
use super::node::Wrong;
use super::purl::{self, Purl};

/// Why a bill of materials without a PyPI package is an error.
pub const NO_PYPI_PACKAGE: &str = "it names no PyPI package";

/// A bill of materials while it is read.
#[derive(Debug, Default)]
pub(super) struct Bill {
    inventory: Inventory,
    /// The component of each reference: an item, or something else that has a name.
    components: BTreeMap<String, Component>,
    /// Who requires whom, by reference.
    edges: BTreeSet<(String, String)>,
    /// What the bill says to be about: some say so of everything that they hold, and only what nobody requires was asked for then.
    described: BTreeSet<(String, String)>,
    /// How many components are packages of something else, by its type.
    others: BTreeMap<String, usize>,
    /// How many components name no package.
    unnamed: usize,
    /// The first few of those that are libraries.
    libraries: Vec<String>,
    library_count: usize,
    /// How many components are PyPI packages, be they readable or not.
    packages: usize,
}

#[derive(Debug)]
enum Component {
    Item(usize),
    /// What the bill is about.
    Root(String),
    Other,
}

/// More names than this make a remark unreadable.
const SHOWN: usize = 5;

impl Bill {
    pub(super) fn new(kind: InventoryKind) -> Self {
        let inventory = Inventory {
            kind,
            ..Inventory::default()
        };
        Self {
            inventory,
            ..Self::default()
        }
    }

    pub(super) fn remark(&mut self, remark: String) {
        self.inventory.remarks.push(remark);
    }

    /// What the bill is about.
    pub(super) fn root(&mut self, reference: &str, name: &str) {
        let root = Component::Root(name.to_owned());
        self.components.insert(reference.to_owned(), root);
    }

    /// An item that `reference` stands for.
    pub(super) fn item(&mut self, reference: Option<&str>, item: Item) {
        if let Some(reference) = reference {
            let place = Component::Item(self.inventory.items.len());
            self.components.insert(reference.to_owned(), place);
        }
        self.inventory.items.push(item);
    }

    /// A component with a package URL; `adjust` adds what else is said of it.
    pub(super) fn package(
        &mut self,
        reference: Option<&str>,
        purl: &str,
        line: usize,
        adjust: impl FnOnce(&mut Item),
    ) {
        match purl::read(purl, line) {
            Purl::PyPi(mut item) => {
                self.packages += 1;
                adjust(&mut item);
                self.item(reference, *item);
            }
            Purl::Other(kind) => {
                *self.others.entry(kind).or_default() += 1;
                self.other(reference);
            }
            Purl::Bad => {
                self.packages += 1;
                let stated = super::item::Stated {
                    name: purl,
                    version: None,
                    line,
                    from: super::item::From::Index(None),
                };
                let mut item = stated.item();
                item.name = None;
                adjust(&mut item);
                self.item(reference, item);
            }
        }
    }

    /// A component that names no package.
    pub(super) fn unnamed(&mut self, reference: Option<&str>, name: &str, is_library: bool) {
        self.unnamed += 1;
        if is_library {
            self.library_count += 1;
            if self.libraries.len() < SHOWN {
                self.libraries.push(format!("`{name}`"));
            }
        }
        self.other(reference);
    }

    fn other(&mut self, reference: Option<&str>) {
        if let Some(reference) = reference {
            let known = self.components.entry(reference.to_owned());
            known.or_insert(Component::Other);
        }
    }

    /// `from` requires `to`.
    pub(super) fn edge(&mut self, from: &str, to: &str) {
        self.edges.insert((from.to_owned(), to.to_owned()));
    }

    /// The document at `from` says to be about `to`.
    pub(super) fn describes(&mut self, from: &str, to: &str) {
        self.described.insert((from.to_owned(), to.to_owned()));
    }

    /// The inventory, with parents.
    pub(super) fn finish(mut self) -> Result<Inventory, Wrong> {
        self.say_what_was_passed_over();
        if self.packages == 0 {
            return Err(Wrong::new(NO_PYPI_PACKAGE).remedy(
                "audit a bill of materials whose components have a package URL `pkg:pypi/name@version`",
            ));
        }
        self.inventory.knows_parents = !self.edges.is_empty();
        let edges = std::mem::take(&mut self.edges);
        self.link(&edges, |_| true);
        let described = std::mem::take(&mut self.described);
        self.link(&described, |item| item.parents.is_empty());
        Ok(self.inventory)
    }

    fn link(&mut self, edges: &BTreeSet<(String, String)>, may: impl Fn(&Item) -> bool) {
        for (from, to) in edges {
            let (Some(Component::Item(to)), Some(from)) =
                (self.components.get(to), self.components.get(from))
            else {
                continue;
            };
            let parent = match from {
                Component::Root(name) => Some(Parent::Root(name.clone())),
                Component::Item(from) if from == to => None,
                Component::Item(from) => {
                    let items = &self.inventory.items;
                    items.get(*from).map(|item| as_parent(item, *from))
                }
                Component::Other => None,
            };
            let item = self.inventory.items.get_mut(*to).filter(|item| may(item));
            if let (Some(parent), Some(item)) = (parent, item) {
                item.parents.insert(parent);
            }
        }
    }

    fn say_what_was_passed_over(&mut self) {
        if !self.others.is_empty() {
            let others = self.others.iter();
            let others: Vec<String> = others
                .map(|(kind, count)| format!("{count} of {kind}"))
                .collect();
            self.inventory.remarks.push(format!(
                "it names packages that are none of Python's index, and those were not looked at: {}",
                others.join(", ")
            ));
        }
        if self.unnamed > 0 {
            let libraries = match self.library_count {
                0 => String::new(),
                count if count > self.libraries.len() => format!(
                    "; libraries among them: {} and {} more",
                    self.libraries.join(", "),
                    count - self.libraries.len()
                ),
                _ => format!("; libraries among them: {}", self.libraries.join(", ")),
            };
            self.inventory.remarks.push(format!(
                "{} of its components have no package URL, and were not looked at{libraries}",
                self.unnamed
            ));
        }
    }
}
