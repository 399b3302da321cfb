//! Chains from what a person wrote down to an item.

use std::collections::{BTreeMap, VecDeque};

use lockgate_model::{Inventory, Item, Parent};

/// More chains than this help nobody.
const MAX_CHAINS: usize = 8;
/// A longer chain is shown by its lower end.
const MAX_LINKS: usize = 64;
/// How many links between items are followed for one chain or several: enough for any real lock.
const MAX_FOLLOWED: usize = 10_000;

/// One shortest chain for each direct dependency that leads to an item, shortest first: the root, then items, the item last. Empty if the
/// inventory does not know. What is further up than a limit is left out: such a chain begins with `…`.
pub(super) fn chains(inventory: &Inventory, index: usize) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    // For each item that was met, the one below it.
    let mut below: BTreeMap<usize, Option<usize>> = BTreeMap::from([(index, None)]);
    let mut waiting = VecDeque::from([(index, 1)]);
    let mut followed = 0;
    let mut cut = None;
    while let Some((at, links)) = waiting.pop_front() {
        let Some(item) = inventory.items.get(at) else {
            continue;
        };
        for parent in &item.parents {
            followed += 1;
            match parent {
                Parent::Root(root) => {
                    let names = down(inventory, &below, at);
                    found.push(std::iter::once(root.clone()).chain(names).collect());
                    if found.len() == MAX_CHAINS {
                        return found;
                    }
                }
                Parent::Item(_) if links == MAX_LINKS || followed > MAX_FOLLOWED => {
                    cut.get_or_insert(at);
                }
                Parent::Item(parent) => {
                    below.entry(*parent).or_insert_with(|| {
                        waiting.push_back((*parent, links + 1));
                        Some(at)
                    });
                }
            }
        }
        if followed > MAX_FOLLOWED {
            break;
        }
    }
    if found.is_empty()
        && let Some(at) = cut
    {
        let names = down(inventory, &below, at);
        found.push(std::iter::once("…".to_owned()).chain(names).collect());
    }
    found
}

/// An item and those below it, as texts.
fn down<'i>(
    inventory: &'i Inventory,
    below: &'i BTreeMap<usize, Option<usize>>,
    at: usize,
) -> impl Iterator<Item = String> + 'i {
    std::iter::successors(Some(at), |at| below.get(at).copied().flatten())
        .filter_map(|at| inventory.items.get(at))
        .map(Item::shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Items in a row, each required by the one before it, the first by a file.
    fn row(count: usize) -> Inventory {
        let pinned = |n: usize| {
            let mut item = Item::pinned(format!("a{n}").parse().unwrap(), "1.0".parse().unwrap());
            item.parents.insert(match n {
                0 => Parent::Root("requirements.in".to_owned()),
                _ => Parent::Item(n - 1),
            });
            item
        };
        Inventory {
            items: (0..count).map(pinned).collect(),
            ..Inventory::default()
        }
    }

    #[test]
    fn a_long_chain_is_shown_by_its_lower_end() {
        let short = chains(&row(64), 63);
        assert_eq!(short.len(), 1);
        assert_eq!(
            (short[0].len(), short[0][0].as_str()),
            (65, "requirements.in")
        );
        let long = chains(&row(100), 99);
        assert_eq!(long.len(), 1);
        let ends = (
            long[0][0].as_str(),
            long[0][1].as_str(),
            long[0][64].as_str(),
        );
        assert_eq!((long[0].len(), ends), (65, ("…", "a36==1.0", "a99==1.0")));
    }

    #[test]
    fn many_ways_up_are_given_up_after_a_while() {
        let mut wide = row(1);
        for n in 0..2 * MAX_FOLLOWED {
            let mut item = Item::pinned(format!("b{n}").parse().unwrap(), "1.0".parse().unwrap());
            item.parents.insert(Parent::Item(n + 2));
            wide.items.push(item);
        }
        wide.items[0].parents = (1..=2 * MAX_FOLLOWED).map(Parent::Item).collect();
        let found = chains(&wide, 0);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0][0], "…");
    }
}
