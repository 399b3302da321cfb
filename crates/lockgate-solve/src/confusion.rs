//! Where another index than the one that a project is taken from could have been taken: dependency confusion, told before it happens.
//!
//! Compared is what each strategy takes, by the solver's own rules for pre-releases and yanks, under the bounds that hold in the graph, so that
//! the answer follows from the graph and does not change when a pin is kept by preference.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lockgate_model::{
    Confusable, Edge, FactError, Gate, IndexConfusion, LockedGraph, Name, OnIndex, Pin,
    PrereleaseMode, ProjectView, Requirement, Resolution, Rival, Sha256, Specifiers, Verdict,
    Version, VersionSet,
};

use crate::question::Question;
use crate::release::{Cooldown, Inspector, Release, span};
use crate::search::inspector;

/// The pins of `graph` that depend on which of several indexes is asked; `pages` is what each index has of them, in order, and `joined` puts
/// the pages of one project together.
pub fn confusion(
    question: &Question<'_>,
    graph: &LockedGraph,
    pages: &BTreeMap<Name, Vec<OnIndex>>,
    joined: impl Fn(&[OnIndex]) -> Option<Arc<dyn ProjectView>>,
) -> IndexConfusion {
    let inspector = inspector(question);
    let mut found = IndexConfusion::default();
    let edges = graph.edges_by_target();
    for pin in graph.pins.iter() {
        let name = &pin.name;
        let Some(pages) = pages.get(name) else {
            continue;
        };
        let edges = edges.get(name).map_or(&[][..], Vec::as_slice);
        let wish = Wish::new(question, name, edges);
        match compare(&inspector, &wish, pin, pages, &joined) {
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

/// When pre-releases are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prereleases {
    Never,
    /// Where there is no other version.
    WithoutFinals,
    /// Like any other version.
    Always,
}

/// What is asked of a package.
pub(crate) struct Wish<'a> {
    gate: &'a dyn Gate,
    set: VersionSet,
    /// Whether a requirement that names a pre-release has them count.
    by_name: bool,
    prereleases: Prereleases,
    /// Whether one version is named: then a yanked one may be taken.
    is_exact: bool,
    lowest: bool,
}

impl<'a> Wish<'a> {
    /// Any version that the rules of `question` admit.
    pub(crate) fn any(question: &Question<'a>, name: &Name) -> Self {
        let mode = question.rules.prereleases_of(name);
        Self {
            gate: question.gate,
            set: VersionSet::full(),
            by_name: matches!(
                mode,
                PrereleaseMode::Explicit | PrereleaseMode::IfNecessaryOrExplicit
            ),
            prereleases: match mode {
                PrereleaseMode::Allow => Prereleases::Always,
                PrereleaseMode::IfNecessary | PrereleaseMode::IfNecessaryOrExplicit => {
                    Prereleases::WithoutFinals
                }
                PrereleaseMode::Disallow | PrereleaseMode::Explicit => Prereleases::Never,
            },
            is_exact: false,
            lowest: question.rules.resolution == Resolution::Lowest,
        }
    }

    fn new(question: &Question<'a>, name: &Name, edges: &[&Edge]) -> Self {
        let mut wish = Self::any(question, name);
        for edge in edges {
            let requirement = edge.requirement.parse::<Requirement>().ok();
            if let Some(specifiers) = requirement.as_ref().and_then(Requirement::specifiers) {
                wish.require(specifiers);
            }
        }
        wish
    }

    /// Adds a requirement.
    pub(crate) fn require(&mut self, specifiers: &Specifiers) {
        self.restrict(specifiers.set());
        if self.by_name && specifiers.names_prerelease() {
            self.prereleases = Prereleases::Always;
        }
        self.is_exact |= specifiers.exact().is_some();
    }

    /// Adds a requirement of which only the versions are known.
    pub(crate) fn restrict(&mut self, versions: &VersionSet) {
        self.set = self.set.intersection(versions);
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
    pub(crate) fn best<'v>(
        &self,
        inspector: &Inspector,
        view: &'v dyn ProjectView,
    ) -> Result<Option<(usize, &'v Version)>, FactError> {
        let mut places: Vec<usize> = span(view, &self.set).collect();
        if self.lowest {
            places.reverse();
        }
        // Whether the gate denies a final release does not make room for pre-releases, nor for yanked ones.
        let (mut finals, mut safe_finals, mut safe_prereleases) = (false, false, false);
        // The first of each kind: pre-release or not, yanked or not.
        let mut first = [[None; 2]; 2];
        for place in places {
            let version = view.version(place);
            if !self.set.contains(version) {
                continue;
            }
            let release = inspector.inspect(view.name(), &view.files(place)?, Cooldown::Holds);
            let Release::Usable(usable) = release else {
                continue;
            };
            let (is_pre, is_yanked) = (version.any_prerelease(), usable.yanked.is_some());
            finals |= !is_pre;
            safe_finals |= !is_pre && !is_yanked;
            safe_prereleases |= is_pre && !is_yanked;
            let slot = &mut first[usize::from(is_yanked)][usize::from(is_pre)];
            if slot.is_none() && self.gate.verdict(view.name(), version)? == Verdict::Clear {
                *slot = Some((place, version));
                if !is_pre && !is_yanked {
                    break;
                }
            }
        }
        let prereleases = match self.prereleases {
            Prereleases::Always => true,
            Prereleases::WithoutFinals => !finals,
            Prereleases::Never => false,
        };
        let any_safe = safe_finals || (prereleases && safe_prereleases);
        let kinds = if self.is_exact && !any_safe {
            &first[..]
        } else {
            &first[..1]
        };
        let mut best: Option<(usize, &'v Version)> = None;
        for kind in kinds {
            let [of_finals, of_prereleases] = *kind;
            for found in [of_finals, of_prereleases.filter(|_| prereleases)] {
                let is_better = |(_, version): &(usize, &Version)| {
                    best.is_none_or(|(_, other)| self.prefers(version, other))
                };
                if let Some(found) = found.filter(is_better) {
                    best = Some(found);
                }
            }
        }
        Ok(best)
    }
}

/// What speaks for another index than the first that has the project. An error: which index could not be read.
fn compare(
    inspector: &Inspector,
    wish: &Wish<'_>,
    pin: &Pin,
    pages: &[OnIndex],
    joined: impl Fn(&[OnIndex]) -> Option<Arc<dyn ProjectView>>,
) -> Result<Option<Confusable>, (String, FactError)> {
    let mut present = pages.iter().filter_map(|page| {
        let view = page.page.as_ref().ok()?.as_ref()?;
        Some((page.index.as_str(), &**view))
    });
    let (Some((first, first_view)), Some(joined_view)) = (present.next(), joined(pages)) else {
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
    let joined_best = wish.best(inspector, &*joined_view).map_err(of(first))?;
    let Some((joined_place, version)) = joined_best else {
        return Ok(None);
    };
    // What is only in a folder of `--find-links`, and better, is taken either way.
    let is_elsewhere = joined_view.position(&pin.version).is_none();
    if is_elsewhere && wish.prefers(&pin.version, version) {
        return Ok(None);
    }
    let is_same_version = first_best.is_some_and(|(_, best)| best == version);
    let joined_files = digests(inspector, &*joined_view, joined_place).map_err(of(first))?;
    let mut others = Vec::new();
    for (index, view) in present {
        let Some(place) = view.position(version) else {
            continue;
        };
        let files = digests(inspector, view, place).map_err(of(index))?;
        // Those of its files that the other strategy takes and the first index does not have.
        let mut taken = files.intersection(&joined_files);
        if taken.any(|file| !is_same_version || !first_files.contains(file)) {
            others.push(Rival {
                index: index.to_owned(),
                version: version.clone(),
                is_better: !is_same_version,
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

/// The files of a release that a lock would hold, each with its digest.
pub(crate) fn digests(
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
