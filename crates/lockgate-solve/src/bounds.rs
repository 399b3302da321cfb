//! Every bound on a project that has been seen so far, wherever it comes from.
//!
//! Whether a pre-release or a yanked release may be chosen depends on all bounds that hold together (pip's rule), which no
//! solver knows before it is done. While it runs, a bound is taken to hold if it covers the range in question: each bound
//! that does hold covers it. What this takes for granted too early is found out afterwards (`search`).

use std::collections::BTreeMap;

use lockgate_model::{Name, Specifiers, VersionSet};

/// What one requirement or constraint demands of a project's version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bound {
    /// The versions it admits.
    pub(crate) set: VersionSet,
    /// Whether it names a pre-release.
    pub(crate) names_prerelease: bool,
    /// Whether it names one version (`==` without wildcard, `===`).
    pub(crate) is_exact: bool,
}

impl Bound {
    pub(crate) fn of(specifiers: &Specifiers) -> Self {
        Self {
            set: specifiers.set().clone(),
            names_prerelease: specifiers.names_prerelease(),
            is_exact: specifiers.exact().is_some(),
        }
    }

    /// Whether it says nothing at all.
    fn is_void(&self) -> bool {
        self.set.is_full() && !self.names_prerelease && !self.is_exact
    }
}

/// The versions that bounds admit together.
pub(crate) fn admitted<'b>(bounds: impl IntoIterator<Item = &'b Bound>) -> VersionSet {
    VersionSet::intersection_of(bounds.into_iter().map(|bound| bound.set.clone()))
}

/// The bounds seen so far. It only grows.
#[derive(Debug, Default)]
pub(crate) struct Bounds {
    by_project: BTreeMap<Name, Vec<Bound>>,
}

/// What the bounds that cover a range say together.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Covering {
    /// One of them names a pre-release.
    pub(crate) names_prerelease: bool,
    /// One of them names one version.
    pub(crate) is_exact: bool,
}

impl Bounds {
    pub(crate) fn add(&mut self, name: &Name, bound: &Bound) {
        if bound.is_void() {
            return;
        }
        let known = self.by_project.entry(name.clone()).or_default();
        if !known.contains(bound) {
            known.push(bound.clone());
        }
    }

    fn that_cover<'a>(
        &'a self,
        name: &Name,
        range: &'a VersionSet,
    ) -> impl Iterator<Item = &'a Bound> {
        self.by_project
            .get(name)
            .into_iter()
            .flatten()
            .filter(move |bound| range.is_subset_of(&bound.set))
    }

    pub(crate) fn covering(&self, name: &Name, range: &VersionSet) -> Covering {
        let mut covering = Covering::default();
        let telling = self.by_project.get(name).into_iter().flatten();
        for bound in telling.filter(|bound| bound.names_prerelease || bound.is_exact) {
            if range.is_subset_of(&bound.set) {
                covering.names_prerelease |= bound.names_prerelease;
                covering.is_exact |= bound.is_exact;
            }
        }
        covering
    }

    /// The versions that all bounds over `range` admit together.
    pub(crate) fn combined(&self, name: &Name, range: &VersionSet) -> VersionSet {
        admitted(self.that_cover(name, range))
    }
}
