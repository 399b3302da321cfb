//! How many different conditions one package can be required under.
//!
//! Where a package is needed is the union over all ways that lead to it. Each further condition makes that union longer, so that the work
//! grows with the square of their number. Real locks for all environments stay far below.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{FactError, Marker, Name};

/// How often the union for one package, or one extra of it, may grow.
const MAX_CONDITIONS: usize = 512;

/// Counts how often the union for each key grew.
#[derive(Debug)]
pub(crate) struct Conditions<K>(BTreeMap<K, usize>);

impl<K> Default for Conditions<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord + Clone> Conditions<K> {
    /// `known` or `more`; none if that is `known`. An error if it grew too often.
    pub(crate) fn grown(
        &mut self,
        key: &K,
        name: &Name,
        known: &Marker,
        more: &Marker,
    ) -> Result<Option<Marker>, FactError> {
        let grown = known.or(more);
        if grown == *known {
            return Ok(None);
        }
        let count = self.0.entry(key.clone()).or_insert(0);
        *count += 1;
        if *count > MAX_CONDITIONS {
            return Err(FactError::Unlearned {
                what: format!("where `{name}` is needed"),
                why: too_many(name),
                remedy: Some(
                    "lock for one machine, or for fewer: `--python-platform`, `--python-version`"
                        .to_owned(),
                ),
            });
        }
        Ok(Some(grown))
    }
}

/// The first package that is required under more conditions than [`MAX_CONDITIONS`] at once, by one release or by the sources.
pub(crate) fn over<'r>(
    required: impl ExactSizeIterator<Item = (&'r Name, &'r Marker)>,
) -> Option<&'r Name> {
    if required.len() <= MAX_CONDITIONS {
        return None;
    }
    let mut conditions: BTreeMap<&Name, BTreeSet<&Marker>> = BTreeMap::new();
    for (name, marker) in required {
        conditions.entry(name).or_default().insert(marker);
    }
    let mut over = conditions.into_iter();
    over.find(|(_, markers)| markers.len() > MAX_CONDITIONS)
        .map(|(name, _)| name)
}

/// What is said of such a package.
pub(crate) fn too_many(name: &Name) -> String {
    format!("`{name}` is required under more than {MAX_CONDITIONS} different conditions")
}
