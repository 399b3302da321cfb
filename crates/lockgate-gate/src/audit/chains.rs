//! Chains from what a person wrote down to an item.

use std::collections::{BTreeSet, VecDeque};

use lockgate_model::{Inventory, Parent};

/// More chains than this help nobody.
const MOST: usize = 8;

/// One shortest chain for each direct dependency that leads to an item, shortest first: the root, then items, the item last. Empty if the
/// inventory does not know.
pub(super) fn chains(inventory: &Inventory, index: usize) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::from([index]);
    // Each step holds the items from the one asked about upwards.
    let mut steps = VecDeque::from([vec![index]]);
    while let Some(step) = steps.pop_front() {
        let Some(item) = step.last().and_then(|top| inventory.items.get(*top)) else {
            continue;
        };
        for parent in &item.parents {
            match parent {
                Parent::Root(root) => {
                    let items = step.iter().rev();
                    let names = items
                        .filter_map(|index| inventory.items.get(*index))
                        .map(lockgate_model::Item::shown);
                    found.push(std::iter::once(root.clone()).chain(names).collect());
                    if found.len() == MOST {
                        return found;
                    }
                }
                Parent::Item(parent) => {
                    if seen.insert(*parent) {
                        let mut longer = step.clone();
                        longer.push(*parent);
                        steps.push_back(longer);
                    }
                }
            }
        }
    }
    found
}
