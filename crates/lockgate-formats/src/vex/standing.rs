//! Which statements still stand: a later one about the same vulnerability and package takes the place of an earlier one.

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
    let mut ordered: Vec<&VexStatement> = statements.iter().collect();
    ordered.sort_by_key(|statement| statement.timestamp);
    let mut standing: Vec<VexIgnore<'_>> = Vec::new();
    for statement in ordered {
        for product in &statement.products {
            if statement.status.is_ignore() {
                standing.retain(|earlier| !is_replaced(earlier, statement, product));
                standing.push(VexIgnore { statement, product });
            } else {
                standing.retain(|earlier| !is_contradicted(earlier, statement, product));
            }
        }
    }
    standing.sort_by_key(|ignore| {
        let place = statements
            .iter()
            .position(|statement| std::ptr::eq(statement, ignore.statement));
        place.unwrap_or(usize::MAX)
    });
    standing
}

/// Whether the same is said again.
fn is_replaced(earlier: &VexIgnore<'_>, later: &VexStatement, product: &VexProduct) -> bool {
    earlier.product == product && earlier.statement.ids == later.ids
}

/// Whether the later statement is about something that the earlier one lets pass.
fn is_contradicted(earlier: &VexIgnore<'_>, later: &VexStatement, product: &VexProduct) -> bool {
    let versions = match (&earlier.product.version, &product.version) {
        (Some(one), Some(other)) => one.clone().without_local() == other.clone().without_local(),
        _ => true,
    };
    versions
        && earlier.product.name == product.name
        && earlier.statement.ids.iter().any(|id| {
            let mut ids = later.ids.iter();
            ids.any(|other| other.eq_ignore_ascii_case(id))
        })
}
