//! Where another index than the one that a project is taken from could have been taken: dependency confusion, told before it happens.
//!
//! Compared is what each index has by itself under the bounds that hold in the graph, so that the answer follows from the graph and does
//! not change when a pin is kept by preference.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{
    Confusable, Edge, FactError, Gate, IndexConfusion, LockedGraph, Name, OnIndex, Pin,
    PrereleaseMode, ProjectView, Requirement, Resolution, Rival, Sha256, Verdict, Version,
    VersionSet,
};

use crate::question::Question;
use crate::release::{Cooldown, Inspector, Release, span};
use crate::search::inspector;

/// The pins of `graph` that depend on which of several indexes is asked; `pages` is what each index has of them, in order.
pub fn confusion(
    question: &Question<'_>,
    graph: &LockedGraph,
    pages: &BTreeMap<Name, Vec<OnIndex>>,
) -> IndexConfusion {
    let inspector = inspector(question);
    let mut found = IndexConfusion::default();
    let edges = graph.edges_by_target();
    for pin in graph.pins.iter() {
        let name = &pin.name;
        let Some(pages) = pages.get(name) else {
            continue;
        };
        let wish = Wish::new(question, edges.get(name).map_or(&[][..], Vec::as_slice));
        match compare(&inspector, &wish, pin, pages) {
            Ok(Some(confusable)) => found.packages.push(confusable),
            Ok(None) => {}
            Err((index, error)) => found.unknown.push((name.clone(), index, error.to_string())),
        }
        found.unknown.extend(pages.iter().filter_map(|page| {
            let error = page.page.as_ref().err()?;
            Some((name.clone(), page.index.clone(), error.to_string()))
        }));
    }
    found
}

/// What the graph asks of a project.
struct Wish<'a> {
    gate: &'a dyn Gate,
    set: VersionSet,
    prereleases: bool,
    lowest: bool,
}

impl<'a> Wish<'a> {
    fn new(question: &Question<'a>, edges: &[&Edge]) -> Self {
        let mut wish = Self {
            gate: question.gate,
            set: VersionSet::full(),
            prereleases: question.rules.prerelease == PrereleaseMode::Allow,
            lowest: question.rules.resolution == Resolution::Lowest,
        };
        for edge in edges {
            let requirement = edge.requirement.parse::<Requirement>().ok();
            if let Some(specifiers) = requirement.as_ref().and_then(Requirement::specifiers) {
                wish.set = wish.set.intersection(specifiers.set());
                wish.prereleases |= specifiers.names_prerelease();
            }
        }
        wish
    }

    /// Whether `left` would be taken rather than `right`.
    fn prefers(&self, left: &Version, right: &Version) -> bool {
        if self.lowest {
            left < right
        } else {
            left > right
        }
    }

    /// The release of a page that would be taken: its place and version.
    fn best<'v>(
        &self,
        inspector: &Inspector,
        view: &'v dyn ProjectView,
    ) -> Result<Option<(usize, &'v Version)>, FactError> {
        let mut places: Vec<usize> = span(view, &self.set).collect();
        if self.lowest {
            places.reverse();
        }
        for place in places {
            let version = view.version(place);
            if !self.set.contains(version) || (version.any_prerelease() && !self.prereleases) {
                continue;
            }
            if self.gate.verdict(view.name(), version)? != Verdict::Clear {
                continue;
            }
            let release = inspector.inspect(view.name(), &view.files(place)?, Cooldown::Holds);
            if matches!(release, Release::Usable(usable) if usable.yanked.is_none()) {
                return Ok(Some((place, version)));
            }
        }
        Ok(None)
    }
}

/// What speaks for another index than the first that has the project. An error: which index could not be read.
fn compare(
    inspector: &Inspector,
    wish: &Wish<'_>,
    pin: &Pin,
    pages: &[OnIndex],
) -> Result<Option<Confusable>, (String, FactError)> {
    let mut present = pages.iter().filter_map(|page| {
        let view = page.page.as_ref().ok()?.as_ref()?;
        Some((page.index.as_str(), &**view))
    });
    let Some((first, first_view)) = present.next() else {
        return Ok(None);
    };
    let of = |index: &str| {
        let index = index.to_owned();
        move |error| (index, error)
    };
    let first_best = wish.best(inspector, first_view).map_err(of(first))?;
    let first_files = match first_best {
        Some((place, _)) => digests(inspector, first_view, place).map_err(of(first))?,
        None => BTreeSet::new(),
    };
    let mut others = Vec::new();
    for (index, view) in present {
        let Some((place, version)) = wish.best(inspector, view).map_err(of(index))? else {
            continue;
        };
        // What is only in a folder of `--find-links`, and better, is taken either way.
        if wish.prefers(&pin.version, version) {
            continue;
        }
        let is_better = first_best.is_none_or(|(_, best)| wish.prefers(version, best));
        let has_other_files = || -> Result<bool, (String, FactError)> {
            let is_same_version = first_best.is_some_and(|(_, best)| best == version);
            let files = digests(inspector, view, place).map_err(of(index))?;
            Ok(is_same_version && !files.is_subset(&first_files))
        };
        if is_better || has_other_files()? {
            others.push(Rival {
                index: index.to_owned(),
                version: version.clone(),
                is_better,
            });
        }
    }
    Ok((!others.is_empty()).then(|| Confusable {
        name: pin.name.clone(),
        version: pin.version.clone(),
        index: first.to_owned(),
        others,
    }))
}

fn digests(
    inspector: &Inspector,
    view: &dyn ProjectView,
    place: usize,
) -> Result<BTreeSet<(String, Option<Sha256>)>, FactError> {
    let files = view.files(place)?;
    let locked = inspector.locked(view.name(), &files, Cooldown::Holds);
    Ok(locked
        .into_iter()
        .map(|file| (file.filename.clone(), file.sha256))
        .collect())
}
