//! Whether a release can be installed on the target at all, and from which of its files: tags, `Requires-Python`, format
//! control, cutoff, hashes and yanks. Pure: it follows from the files as listed.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use lockgate_model::{
    ChoiceRules, DistFile, DistKind, Name, ProjectView, Sha256, Specifiers, Tags, Version,
    VersionSet, Why, Yank,
};
use rustc_hash::FxHashMap;

/// What the target and the options make of a release.
#[derive(Debug, Clone)]
pub(crate) enum Release {
    /// It can be installed.
    Usable(Usable),
    /// It cannot.
    Unusable(Why),
}

/// A release that can be installed.
#[derive(Debug, Clone)]
pub(crate) struct Usable {
    /// The file that an installer would take, and that metadata are read from.
    pub(crate) file: DistFile,
    /// The reason why it is yanked, if each usable file of it is.
    pub(crate) yanked: Option<String>,
}

/// Looks at releases with the eyes of one target.
#[derive(Debug)]
pub(crate) struct Inspector {
    tags: Tags,
    python: Version,
    rules: ChoiceRules,
    hashes: BTreeMap<Name, BTreeSet<Sha256>>,
    /// `Requires-Python` texts repeat over thousands of files.
    pythons: Mutex<FxHashMap<String, bool>>,
}

/// How far a file came before something excluded it: the furthest file tells the reason.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Kind,
    Cutoff,
    Format,
    Hash,
    Python,
    Tags,
}

/// Better files compare higher: wheels above source distributions, then by tag, then by build tag.
type Rank = Option<(std::cmp::Reverse<u32>, Option<(u64, String)>)>;

impl Inspector {
    pub(crate) fn new(
        tags: Tags,
        python: Version,
        rules: ChoiceRules,
        hashes: BTreeMap<Name, BTreeSet<Sha256>>,
    ) -> Self {
        Self {
            tags,
            python,
            rules,
            hashes,
            pythons: Mutex::default(),
        }
    }

    /// Why a release is excluded whose `Requires-Python` is `text`.
    pub(crate) fn excluded_by_python(&self, text: &str) -> Why {
        Why::Python {
            requires: text.to_owned(),
            target: self.python.clone(),
        }
    }

    pub(crate) fn rules(&self) -> &ChoiceRules {
        &self.rules
    }

    /// Whether a `Requires-Python` text admits the target. One that cannot be read excludes nothing, as with pip.
    pub(crate) fn admits_python(&self, text: &str) -> bool {
        let mut known = self.pythons.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(admitted) = known.get(text) {
            return *admitted;
        }
        let admitted = match Specifiers::parse_lenient(text) {
            Ok(specifiers) => specifiers.set().contains(&self.python),
            Err(_) => true,
        };
        known.insert(text.to_owned(), admitted);
        admitted
    }

    /// What a release with these files comes to.
    pub(crate) fn inspect(&self, name: &Name, files: &[DistFile]) -> Release {
        let mut best: Option<(Rank, &DistFile)> = None;
        let mut best_yanked: Option<(Rank, &DistFile)> = None;
        let mut furthest: Option<(Stage, Why)> = None;
        for file in files {
            match self.judge(name, file) {
                Ok(rank) => {
                    let slot = if file.is_yanked() {
                        &mut best_yanked
                    } else {
                        &mut best
                    };
                    if slot.as_ref().is_none_or(|(other, _)| rank > *other) {
                        *slot = Some((rank, file));
                    }
                }
                Err((stage, why)) => {
                    if furthest.as_ref().is_none_or(|(other, _)| stage > *other) {
                        furthest = Some((stage, why));
                    }
                }
            }
        }
        match (best, best_yanked, furthest) {
            (Some((_, file)), _, _) => Release::Usable(Usable {
                file: file.clone(),
                yanked: None,
            }),
            (None, Some((_, file)), _) => Release::Usable(Usable {
                file: file.clone(),
                yanked: Some(match &file.yanked {
                    Yank::Yes(reason) => reason.clone(),
                    Yank::No => String::new(),
                }),
            }),
            (None, None, Some((_, why))) => Release::Unusable(why),
            (None, None, None) => Release::Unusable(Why::NoWheel),
        }
    }

    /// The rank of a file that can be used, or what excludes it.
    fn judge(&self, name: &Name, file: &DistFile) -> Result<Rank, (Stage, Why)> {
        let kind = self.permitted(name, file)?;
        if let Some(text) = &file.requires_python
            && !self.admits_python(text)
        {
            return Err((Stage::Python, self.excluded_by_python(text)));
        }
        match kind {
            DistKind::Sdist => Ok(None),
            DistKind::Wheel(wheel) => match self.tags.rank(&wheel) {
                Some(rank) => Ok(Some((std::cmp::Reverse(rank), wheel.build))),
                None => Err((Stage::Tags, Why::NoWheel)),
            },
        }
    }

    /// The kind of a file that the options permit on some machine, or what excludes it.
    fn permitted(&self, name: &Name, file: &DistFile) -> Result<DistKind, (Stage, Why)> {
        let Some(kind) = file.kind() else {
            return Err((Stage::Kind, Why::NoWheel));
        };
        if let Some(cutoff) = self.rules.cutoff
            && !file.is_local()
            && file.uploaded.is_none_or(|uploaded| uploaded >= cutoff)
        {
            return Err((Stage::Cutoff, Why::Cutoff));
        }
        let control = self.rules.binary.of(name);
        match kind {
            DistKind::Wheel(_) if control.no_wheels => {
                return Err((Stage::Format, Why::Format("--no-binary")));
            }
            DistKind::Sdist if control.no_sdists => {
                return Err((Stage::Format, Why::Format("--only-binary")));
            }
            DistKind::Wheel(_) | DistKind::Sdist => {}
        }
        if let Some(hashes) = self.hashes.get(name)
            && !file.sha256.is_some_and(|hash| hashes.contains(&hash))
        {
            return Err((Stage::Hash, Why::Hash));
        }
        Ok(kind)
    }

    /// The files that a pin holds: all that the options permit on any machine, by name; yanked ones only if all of them are.
    pub(crate) fn locked<'f>(&self, name: &Name, files: &'f [DistFile]) -> Vec<&'f DistFile> {
        let permitted: Vec<&DistFile> = files
            .iter()
            .filter(|file| self.permitted(name, file).is_ok())
            .collect();
        let all_yanked = permitted.iter().all(|file| file.is_yanked());
        let mut locked: Vec<&DistFile> = permitted
            .into_iter()
            .filter(|file| all_yanked || !file.is_yanked())
            .collect();
        locked.sort_by(|a, b| a.filename.cmp(&b.filename));
        locked.dedup_by(|a, b| a.filename == b.filename && a.sha256 == b.sha256);
        locked
    }
}

/// The stretch of a project's releases that may lie in `set`, newest first: a few comparisons instead of a walk.
pub(crate) fn span(view: &dyn ProjectView, set: &VersionSet) -> Range<usize> {
    let first = partition(0, view.len(), |index| set.is_below(view.version(index)));
    let end = partition(first, view.len(), |index| {
        !set.is_above(view.version(index))
    });
    first..end
}

/// The first index at which `holds` no longer holds.
fn partition(low: usize, high: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (low, high);
    while low < high {
        let middle = usize::midpoint(low, high);
        if holds(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}
