//! What the two kinds of bills of materials have in common: components by their references, edges between those, and a count of what
//! was passed over.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{Inventory, InventoryKind, Item, ItemOrigin, Parent};

use super::item::as_parent;
use super::node::{Node, Value, Wrong};
use super::purl::{self, Beside, Purl};

/// Why a bill of materials without a PyPI package is an error.
pub const NO_PYPI_PACKAGE: &str = "it names no PyPI package";

/// The bill of materials in a document: services answer with it in `sbom`, and attestations (in-toto) have it in `predicate`, there of some
/// tools in `Data`.
pub(super) fn unwrapped<'n, 'a>(document: &'n Node<'a>) -> &'n Node<'a> {
    const DEEPEST: usize = 3;
    let mut bill = document;
    for _ in 0..DEEPEST {
        if ["bomFormat", "spdxVersion", "@graph"]
            .iter()
            .any(|key| bill.get(key).is_some())
        {
            break;
        }
        let wrapped = ["sbom", "predicate", "Data"]
            .iter()
            .find_map(|key| bill.get(key));
        match wrapped {
            Some(node) if matches!(node.value, Value::Object(_)) => bill = node,
            _ => break,
        }
    }
    bill
}

/// More names than this make a remark unreadable.
const SHOWN: usize = 5;

/// A bill of materials while it is read.
#[derive(Debug, Default)]
pub(super) struct Bill {
    inventory: Inventory,
    /// The reference and the package URL of what the bill is about, if that is a package of PyPI: the user's own.
    pub(super) subject: Option<(String, String)>,
    /// The references that something depends on.
    pub(super) needed: BTreeSet<String>,
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
    /// Those of them that are libraries: reference, name and line.
    libraries: Vec<(Option<String>, String, usize)>,
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

    /// A component with a package URL, and what stands beside it; `adjust` adds what else is said of it.
    pub(super) fn package(
        &mut self,
        reference: Option<&str>,
        purl: &str,
        beside: &Beside<'_>,
        line: usize,
        adjust: impl FnOnce(&mut Item),
    ) -> Result<(), Wrong> {
        match purl::read(purl, beside, line)? {
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
                item.origin = ItemOrigin::Index(None);
                adjust(&mut item);
                self.item(reference, item);
            }
        }
        Ok(())
    }

    /// A component that names no package.
    pub(super) fn unnamed(
        &mut self,
        reference: Option<&str>,
        name: &str,
        line: usize,
        is_library: bool,
    ) {
        if is_library {
            let reference = reference.map(str::to_owned);
            self.libraries.push((reference, name.to_owned(), line));
        } else {
            self.unnamed += 1;
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
        let libraries = self.keep_libraries();
        self.say_what_was_passed_over(&libraries);
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

    /// A library without a package URL, in a bill that has packages of PyPI, may be one of them: an item without a name that could be asked
    /// about. What the bill is about is none.
    /// Returns the names of the first few that are none.
    fn keep_libraries(&mut self) -> Vec<String> {
        let mut about = Vec::new();
        let described: BTreeSet<&str> = self.described.iter().map(|(_, to)| to.as_str()).collect();
        for (reference, name, line) in std::mem::take(&mut self.libraries) {
            let reference = reference.as_deref();
            if self.packages == 0 || reference.is_some_and(|it| described.contains(it)) {
                self.unnamed += 1;
                if about.len() < SHOWN {
                    about.push(format!("`{name}`"));
                }
                continue;
            }
            let stated = super::item::Stated {
                name: &name,
                version: None,
                line,
                from: super::item::From::Index(None),
            };
            let mut item = stated.item();
            item.name = None;
            item.text = format!("{} (a library without a package URL)", item.text);
            item.origin = ItemOrigin::Index(None);
            self.inventory.items.push(item);
        }
        about
    }

    fn say_what_was_passed_over(&mut self, libraries: &[String]) {
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
            let libraries = match libraries {
                [] => String::new(),
                names => format!("; libraries among them: {}", names.join(", ")),
            };
            self.inventory.remarks.push(format!(
                "{} of its components have no package URL, and were not looked at{libraries}",
                self.unnamed
            ));
        }
    }
}
