//! Which statements still stand: a later one about the same vulnerability and package takes the place of an earlier one.

use std::collections::HashMap;

use lockgate_model::{Name, Version};

use super::{VexProduct, VexStatement};

/// What a statement lets pass: one vulnerability of one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VexIgnore<'a> {
    /// The statement.
    pub statement: &'a VexStatement,
    /// The package.
    pub product: &'a VexProduct,
}

/// The packages that statements let pass, of all documents together. A later statement (by its date; of the same date, the one that comes later
/// in `statements`) that says otherwise takes an earlier one back, for what it is about.
///
/// Two statements are about the same vulnerability if they share an id. A statement about one version takes back one about all versions as a
/// whole: what is let pass is never more than what stands.
pub fn vex_ignores(statements: &[VexStatement]) -> Vec<VexIgnore<'_>> {
    let mut ordered: Vec<(usize, &VexStatement)> = statements.iter().enumerate().collect();
    ordered.sort_by_key(|(_, statement)| statement.timestamp);
    let mut standing = Standing::default();
    for (place, statement) in ordered {
        for product in &statement.products {
            if statement.status.is_ignore() {
                standing.add(place, VexIgnore { statement, product });
            } else {
                standing.take_back(statement, product);
            }
        }
    }
    let mut ignores: Vec<(usize, VexIgnore<'_>)> = standing.ignores.into_iter().flatten().collect();
    ignores.sort_by_key(|(place, _)| *place);
    ignores.into_iter().map(|(_, ignore)| ignore).collect()
}

/// Places among what stands, by version without its local part.
type ByVersion = HashMap<Option<Version>, Vec<usize>>;

/// What stands so far, found by what a later statement may be about: looking through all of it each time would take time with the square.
#[derive(Default)]
struct Standing<'a> {
    /// Each with the place of its statement; none where it was taken back.
    ignores: Vec<Option<(usize, VexIgnore<'a>)>>,
    /// By product and ids: the same may be said again.
    same: HashMap<(&'a VexProduct, &'a [String]), usize>,
    /// By project and id in lower case, then by version without its local part.
    about: HashMap<(&'a Name, String), ByVersion>,
}

impl<'a> Standing<'a> {
    /// Adds one; if the same was said before, in its place.
    fn add(&mut self, place: usize, ignore: VexIgnore<'a>) {
        let VexIgnore { statement, product } = ignore;
        let number = self.ignores.len();
        self.ignores.push(Some((place, ignore)));
        let same = (product, statement.ids.as_slice());
        if let Some(earlier) = self.same.insert(same, number) {
            self.forget(earlier);
        }
        for id in &statement.ids {
            let about = (&product.name, id.to_ascii_lowercase());
            let by_version = self.about.entry(about).or_default();
            by_version.entry(public(product)).or_default().push(number);
        }
    }

    /// Takes back what a later statement is about: its version and all versions as a whole, or whatever version if it names none.
    fn take_back(&mut self, later: &'a VexStatement, product: &'a VexProduct) {
        let mut taken = Vec::new();
        for id in &later.ids {
            let about = (&product.name, id.to_ascii_lowercase());
            let Some(by_version) = self.about.get_mut(&about) else {
                continue;
            };
            match public(product) {
                None => taken.extend(by_version.drain().flat_map(|(_, numbers)| numbers)),
                stated => {
                    for version in [stated, None] {
                        taken.extend(by_version.remove(&version).into_iter().flatten());
                    }
                }
            }
        }
        for number in taken {
            self.forget(number);
        }
    }

    fn forget(&mut self, number: usize) {
        if let Some(ignore) = self.ignores.get_mut(number) {
            *ignore = None;
        }
    }
}

/// The version of a product without its local part.
fn public(product: &VexProduct) -> Option<Version> {
    let version = product.version.clone()?;
    Some(version.without_local())
}
