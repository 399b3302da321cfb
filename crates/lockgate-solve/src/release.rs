//! Whether a release can be installed on the target at all, and from which of its files: tags, `Requires-Python`, format
//! control, cutoff and cooldown, hashes and yanks. Pure: it follows from the files as listed, and from whether a release is exempt from
//! the cooldown.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use lockgate_model::{
    Advisory, ChoiceRules, DistFile, DistKind, LockPoints, Name, Packing, PointSet, ProjectView,
    PythonRule, RequiredWheels, Sha256, Specifiers, Tags, Target, Timestamp, Version, VersionSet,
    WheelName, WheelRanks, Why, Yank, age,
};
use rustc_hash::FxHashMap;

use crate::order::Placed;

/// What the target and the options make of a release.
#[derive(Debug, Clone)]
pub(crate) enum Release {
    /// It can be installed.
    Usable(Box<Usable>),
    /// It cannot.
    Unusable(Why),
}

/// A release that can be installed.
#[derive(Debug, Clone)]
pub(crate) struct Usable {
    /// The file that an installer would take, and that metadata are read from.
    pub(crate) file: DistFile,
    /// Whether that is a wheel.
    pub(crate) has_wheel: bool,
    /// The reason why it is yanked, if each usable file of it is.
    pub(crate) yanked: Option<String>,
    /// Of a lock for many: the points that have a file of it; none where that is every one.
    pub(crate) covers: Option<PointSet>,
    /// What it fixes, if it can be installed only because it is exempt from the cooldown.
    pub(crate) fixes: Vec<Arc<Advisory>>,
}

impl Usable {
    /// Where it stands in the order of versions.
    pub(crate) fn placed<'v>(&self, version: &'v Version) -> Placed<'v> {
        Placed {
            version,
            has_wheel: self.has_wheel,
        }
    }
}

/// Whether files inside the cooldown may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cooldown {
    Holds,
    Exempt,
}

/// No Python has had as many patch releases.
const MOST_PATCHES: usize = 64;

/// The patch release after a Python.
fn next_patch(python: &Version) -> Option<Version> {
    let mut numbers = python.release().iter().copied().chain(std::iter::repeat(0));
    let (major, minor, patch) = (numbers.next()?, numbers.next()?, numbers.next()?);
    Some(Version::new([major, minor, patch.checked_add(1)?]))
}

/// Looks at releases with the eyes of one target.
#[derive(Debug)]
pub(crate) struct Inspector {
    tags: Tags,
    python: Version,
    python_rule: PythonRule,
    /// Environments that a release without a source distribution must have a wheel for.
    required: Vec<RequiredWheels>,
    rules: ChoiceRules,
    /// The limit to uploads that held before: what is later goes after everything else.
    former_limit: Option<Timestamp>,
    hashes: BTreeMap<Name, BTreeSet<Sha256>>,
    /// `Requires-Python` texts repeat over thousands of files.
    pythons: Mutex<FxHashMap<String, bool>>,
    /// The environments of a lock for many.
    pub(crate) lock: Option<LockPoints>,
    /// The points that a `Requires-Python` admits.
    admitting: Mutex<FxHashMap<String, PointSet>>,
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
    Archive,
}

/// The build tag of a wheel: the highest goes first.
type Build = std::cmp::Reverse<Option<(u64, String)>>;

/// Better files compare higher: wheels above source distributions, then by tag, then by build tag.
type Rank = Option<(std::cmp::Reverse<u32>, Option<(u64, String)>)>;

impl Inspector {
    pub(crate) fn new(
        target: &Target,
        rules: ChoiceRules,
        hashes: BTreeMap<Name, BTreeSet<Sha256>>,
    ) -> Self {
        let overlaps = |required: &&RequiredWheels| target.region.overlaps(&required.marker);
        Self {
            tags: target.tags.clone(),
            python: target.python.clone(),
            python_rule: target.python_rule,
            required: target.required.iter().filter(overlaps).cloned().collect(),
            rules,
            former_limit: None,
            hashes,
            pythons: Mutex::default(),
            // Of a lock for none of the points nothing is known of what its environments take.
            lock: (target.points.clone()).filter(|lock| !lock.whole.is_empty()),
            admitting: Mutex::default(),
        }
    }

    /// The same, with what was uploaded from `limit` on at the end of the order.
    pub(crate) fn with_last(self, limit: Option<Timestamp>) -> Self {
        Self {
            former_limit: limit,
            ..self
        }
    }

    /// Whether a file was uploaded after the limit that held before.
    pub(crate) fn goes_last(&self, file: &DistFile) -> bool {
        let uploaded = file.uploaded.filter(|_| !file.is_local());
        matches!((self.former_limit, uploaded), (Some(limit), Some(uploaded)) if uploaded >= limit)
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
            Ok(specifiers) => self.python_rule.admits(specifiers.set(), &self.python),
            Err(_) => true,
        };
        known.insert(text.to_owned(), admitted);
        admitted
    }

    /// What a release with these files comes to.
    pub(crate) fn inspect(&self, name: &Name, files: &[DistFile], cooldown: Cooldown) -> Release {
        let mut best: Option<(Rank, &DistFile)> = None;
        let mut best_yanked: Option<(Rank, &DistFile)> = None;
        let mut furthest: Option<(Stage, Why)> = None;
        for file in files {
            match self.judge(name, file, cooldown) {
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
        match (best.or(best_yanked), furthest) {
            (Some((Some(_), _)), _) if self.lacks_required(name, files, cooldown) => {
                Release::Unusable(Why::NoWheel)
            }
            (Some((rank, file)), _) => Release::Usable(Box::new(Usable {
                file: file.clone(),
                has_wheel: rank.is_some(),
                covers: self.covers(name, files, cooldown, file.is_yanked()),
                yanked: match &file.yanked {
                    Yank::Yes(reason) => Some(reason.clone()),
                    Yank::No => None,
                },
                fixes: Vec::new(),
            })),
            (None, Some((_, why))) => Release::Unusable(why),
            (None, None) => Release::Unusable(Why::NoWheel),
        }
    }

    /// The points that have a file of a release; none where that is every one of the lock's.
    fn covers(
        &self,
        name: &Name,
        files: &[DistFile],
        cooldown: Cooldown,
        are_yanked: bool,
    ) -> Option<PointSet> {
        let lock = self.lock.as_ref()?;
        let mut covers = PointSet::NONE;
        // A source distribution is for all of them, and mostly listed last.
        for file in files.iter().rev() {
            if file.is_yanked() != are_yanked {
                continue;
            }
            let Ok(kind) = self.permitted(name, file, cooldown) else {
                continue;
            };
            let fitting = match kind {
                DistKind::Wheel(wheel) => lock.points.fit(&wheel).points,
                DistKind::Sdist => lock.whole,
            };
            covers = covers.union(fitting.intersection(self.admitting(lock, file)));
            if lock.whole.without(covers).is_empty() {
                return None;
            }
        }
        Some(covers)
    }

    /// The points whose Pythons a file admits.
    fn admitting(&self, lock: &LockPoints, file: &DistFile) -> PointSet {
        let Some(text) = &file.requires_python else {
            return lock.whole;
        };
        let mut known = (self.admitting.lock()).unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(text) {
            return *known;
        }
        let admitting = match Specifiers::parse_lenient(text) {
            Ok(specifiers) => lock.points.admitting(&specifiers),
            Err(_) => lock.whole,
        };
        known.insert(text.clone(), admitting);
        admitting
    }

    /// The wheels of a release that environments of a lock for many may take, each with the points that take it: those without a point are for
    /// others. Empty on one machine, and where there is no wheel.
    pub(crate) fn taken(
        &self,
        name: &Name,
        files: &[DistFile],
        cooldown: Cooldown,
        are_yanked: bool,
    ) -> Vec<(DistFile, PointSet)> {
        let Some(lock) = &self.lock else {
            return Vec::new();
        };
        let mut wheels: Vec<(&DistFile, Build, WheelRanks, PointSet)> = Vec::new();
        for file in files.iter().filter(|file| file.is_yanked() == are_yanked) {
            if let Ok(DistKind::Wheel(wheel)) = self.permitted(name, file, cooldown)
                && let Some(fitting) = fitting(lock, &wheel)
            {
                let points = fitting.intersection(self.admitting(lock, file));
                let ranks = lock.points.ranks(&wheel);
                wheels.push((file, std::cmp::Reverse(wheel.build), ranks, points));
            }
        }
        let mut taken = vec![PointSet::NONE; wheels.len()];
        for point in lock.whole.iter() {
            let here = wheels.iter().enumerate();
            let here = here.filter(|(_, (.., points))| points.contains(point));
            let best = here.min_by_key(|(_, (_, build, ranks, _))| (ranks.at(point), build));
            if let Some(of_best) = best.and_then(|(at, _)| taken.get_mut(at)) {
                *of_best = of_best.union(PointSet::only(point));
            }
        }
        let files = wheels.into_iter().map(|(file, ..)| file.clone());
        files.zip(taken).collect()
    }

    /// The wheel that one machine takes of a release.
    pub(crate) fn taken_here<'f>(
        &self,
        name: &Name,
        files: &'f [DistFile],
        cooldown: Cooldown,
        are_yanked: bool,
    ) -> Option<&'f DistFile> {
        let mut best: Option<(Rank, &DistFile)> = None;
        for file in files.iter().filter(|file| file.is_yanked() == are_yanked) {
            let admits = |text: &String| self.admits_python(text);
            if let Ok(DistKind::Wheel(wheel)) = self.permitted(name, file, cooldown)
                && file.requires_python.as_ref().is_none_or(admits)
                && let Some(rank) = self.tags.rank(&wheel)
            {
                let rank = Some((std::cmp::Reverse(rank), wheel.build));
                if best.as_ref().is_none_or(|(other, _)| rank > *other) {
                    best = Some((rank, file));
                }
            }
        }
        best.map(|(_, file)| file)
    }

    /// Whether a release has no source distribution and, for a required environment, no wheel.
    fn lacks_required(&self, name: &Name, files: &[DistFile], cooldown: Cooldown) -> bool {
        if self.required.is_empty() {
            return false;
        }
        let usable = files
            .iter()
            .filter(|file| self.judge(name, file, cooldown).is_ok());
        let kinds: Vec<DistKind> = usable.filter_map(DistFile::kind).collect();
        let has_wheel = |required: &RequiredWheels| {
            kinds.iter().any(|kind| match kind {
                DistKind::Wheel(wheel) => {
                    (required.tags.iter()).any(|tags| tags.rank(wheel).is_some())
                }
                DistKind::Sdist => true,
            })
        };
        !self.required.iter().all(has_wheel)
    }

    /// The lowest Python above the target's that a `Requires-Python` text admits.
    pub(crate) fn python_from(&self, text: &str) -> Option<Version> {
        let specifiers = Specifiers::parse_lenient(text).ok()?;
        let above = VersionSet::above(self.python.clone());
        let admitted = specifiers.set().without_ceiling().intersection(&above);
        // A text may leave out patch releases (`!=3.9.0,!=3.9.1`): what it admits begins after them.
        let lowest = admitted.lowest()?.clone();
        let patches = std::iter::successors(Some(lowest), next_patch);
        patches
            .take(MOST_PATCHES)
            .find(|python| *python > self.python && admitted.contains(python))
    }

    /// What a release with these files would come to with the lowest Python that one of its files admits above the target's: that
    /// version, and what it comes to, if the release could be installed there.
    pub(crate) fn usable_from(
        &self,
        name: &Name,
        files: &[DistFile],
    ) -> Option<(Version, Box<Usable>)> {
        let texts = files
            .iter()
            .filter_map(|file| file.requires_python.as_deref());
        let lowest = texts.filter_map(|text| self.python_from(text)).min()?;
        let later = Self {
            tags: self.tags.clone(),
            python: lowest.clone(),
            python_rule: self.python_rule,
            required: Vec::new(),
            rules: self.rules.clone(),
            former_limit: self.former_limit,
            hashes: self.hashes.clone(),
            pythons: Mutex::default(),
            lock: self.lock.clone(),
            admitting: Mutex::default(),
        };
        match later.inspect(name, files, Cooldown::Holds) {
            Release::Usable(usable) => Some((lowest, usable)),
            Release::Unusable(_) => None,
        }
    }

    /// What the one release at a direct reference comes to: it was asked for by its file, so that options about choice and formats say
    /// nothing about it. It must only run on the target.
    pub(crate) fn inspect_direct(&self, files: &[DistFile]) -> Release {
        let Some(file) = files.first() else {
            return Release::Unusable(Why::NoWheel);
        };
        match self.runs(file, file.kind()) {
            Ok(rank) => Release::Usable(Box::new(Usable {
                file: file.clone(),
                has_wheel: rank.is_some(),
                covers: None,
                yanked: None,
                fixes: Vec::new(),
            })),
            Err((_, why)) => Release::Unusable(why),
        }
    }

    /// The rank of a file that can be used, or what excludes it.
    fn judge(
        &self,
        name: &Name,
        file: &DistFile,
        cooldown: Cooldown,
    ) -> Result<Rank, (Stage, Why)> {
        let kind = self.permitted(name, file, cooldown)?;
        self.runs(file, Some(kind))
    }

    /// The rank of a file that runs on the target.
    fn runs(&self, file: &DistFile, kind: Option<DistKind>) -> Result<Rank, (Stage, Why)> {
        if let Some(text) = &file.requires_python
            && !self.admits_python(text)
        {
            return Err((Stage::Python, self.excluded_by_python(text)));
        }
        match kind {
            None => Err((Stage::Kind, Why::NoWheel)),
            Some(DistKind::Sdist) => Ok(None),
            Some(DistKind::Wheel(wheel)) => match self.rank(&wheel) {
                Some(rank) => Ok(Some((std::cmp::Reverse(rank), wheel.build))),
                None => Err((Stage::Tags, Why::NoWheel)),
            },
        }
    }

    /// How good a wheel is: on one machine by its tags; among many those for all come first, then those that a point accepts. None if
    /// nobody takes it.
    fn rank(&self, wheel: &WheelName) -> Option<u32> {
        let Some(lock) = &self.lock else {
            return self.tags.rank(wheel);
        };
        let points = fitting(lock, wheel)?;
        Some(
            match (points.is_empty(), lock.points.fit(wheel).is_for_any) {
                (false, true) => 0,
                (false, false) => 1,
                (true, _) => 2,
            },
        )
    }

    /// The kind of a file that the options permit on some machine, or what excludes it.
    fn permitted(
        &self,
        name: &Name,
        file: &DistFile,
        cooldown: Cooldown,
    ) -> Result<DistKind, (Stage, Why)> {
        let Some(kind) = file.kind() else {
            return Err((Stage::Kind, Why::NoWheel));
        };
        if let Some(why) = self.too_new(file, cooldown) {
            return Err((Stage::Cutoff, why));
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
        let is_opened = |packing: Packing| packing.is_opened_by_every_pip();
        if kind == DistKind::Sdist && !Packing::of(&file.filename).is_none_or(is_opened) {
            return Err((Stage::Archive, Why::Archive));
        }
        Ok(kind)
    }

    /// Whether a release is after the cutoff as a whole, known without a look at its files.
    pub(crate) fn is_after_cutoff(&self, project: &dyn ProjectView, index: usize) -> bool {
        self.rules.cutoff.is_some_and(|cutoff| {
            project
                .first_upload(index)
                .is_some_and(|first| first >= cutoff)
        })
    }

    /// Why a file is too new, if it is. Local files are nobody's upload.
    fn too_new(&self, file: &DistFile, cooldown: Cooldown) -> Option<Why> {
        if (self.rules.cutoff.is_none() && self.rules.cooldown.is_none()) || file.is_local() {
            return None;
        }
        let is_known = |uploaded: &Timestamp| {
            let now = self.rules.now;
            now.is_none_or(|now| age::age(*uploaded, now).is_some())
        };
        let Some(uploaded) = file.uploaded.filter(is_known) else {
            return Some(Why::NoUploadTime);
        };
        let is_past = |limit: Option<Timestamp>| limit.is_some_and(|limit| uploaded >= limit);
        if is_past(self.rules.cutoff) {
            return Some(Why::Cutoff);
        }
        let cooldown = self.rules.cooldown.filter(|_| cooldown == Cooldown::Holds);
        is_past(cooldown).then_some(Why::Cooldown)
    }

    /// Whether a release with these files could be installed if it were exempt from the cooldown.
    pub(crate) fn is_cooling(&self, name: &Name, files: &[DistFile]) -> bool {
        self.rules.cooldown.is_some()
            && matches!(
                self.inspect(name, files, Cooldown::Exempt),
                Release::Usable(_)
            )
    }

    /// The files that a pin holds: all that the options permit on any machine, by name; yanked ones only if all of them are.
    pub(crate) fn locked<'f>(
        &self,
        name: &Name,
        files: &'f [DistFile],
        cooldown: Cooldown,
    ) -> Vec<&'f DistFile> {
        let permitted: Vec<&DistFile> = files
            .iter()
            .filter(|file| self.permitted(name, file, cooldown).is_ok())
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

/// The points of a lock that accept a wheel; none if no environment of it does.
fn fitting(lock: &LockPoints, wheel: &WheelName) -> Option<PointSet> {
    let fit = lock.points.fit(wheel);
    let points = fit.points.intersection(lock.whole);
    (!points.is_empty() || fit.elsewhere).then_some(points)
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
