//! The environments that a lock for many machines is judged by, one by one: Pythons, systems, machines, implementations.
//!
//! Each is a bit of a [`PointSet`], so that "which of them take this wheel" is a mask, found from the parts of the wheel's tags, each read
//! once. How good a wheel is at a point follows the order of `packaging`: first by Python and ABI, then by platform.

mod fit;
mod separate;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustc_hash::FxHashMap;

use self::fit::{Pairs, PlatformFit};
use crate::{
    Arch, Implementation, Machine, Marker, Os, Platform, PythonVersion, Region, Specifiers, Target,
    Version, WheelName,
};

/// The Python versions that are kept today, and those that have just ended.
const PYTHONS: [&str; 7] = ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14"];
const SYSTEMS: [Os; 3] = [Os::Manylinux(2, 28), Os::Macos(14, 0), Os::Windows];
const MACHINES: [Arch; 2] = [Arch::X86_64, Arch::Aarch64];
/// How many platforms there are.
const PLATFORMS: usize = SYSTEMS.len() * MACHINES.len();

/// Some of the points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct PointSet(u128);

impl PointSet {
    /// No point.
    pub const NONE: Self = Self(0);

    /// One point.
    pub fn only(point: usize) -> Self {
        Self(1 << point)
    }

    /// Whether no point is in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether a point is in it.
    pub fn contains(self, point: usize) -> bool {
        self.0 >> point & 1 == 1
    }

    /// The points of either.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The points of both.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The points of it that are not in `other`.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Its points, in their order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..128).filter(move |point| self.contains(*point))
    }
}

/// An interpreter that points have.
#[derive(Debug)]
struct Python {
    version: PythonVersion,
    /// Where the next minor version begins; none for the last.
    next: Option<Version>,
    is_first: bool,
    is_pypy: bool,
}

/// The points of a lock for many machines.
#[derive(Debug)]
pub struct Points {
    pythons: Vec<Python>,
    lowest_minor: u64,
    cells: Vec<OnceLock<Marker>>,
    /// By Python tags, then by ABI tags.
    pairs: Mutex<FxHashMap<String, FxHashMap<String, Arc<Pairs>>>>,
    platforms: Mutex<FxHashMap<String, Arc<PlatformFit>>>,
}

/// What environments of a lock make of a wheel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fit {
    /// The points that accept it.
    pub points: PointSet,
    /// Whether an environment that is none of the points may: another machine, or a Python that is still to come.
    pub elsewhere: bool,
    /// Whether it is for any platform.
    pub is_for_any: bool,
}

/// How good a wheel is at a point: lower is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FitRank(bool, u16, u16);

/// How good a wheel is at each point.
#[derive(Debug, Clone)]
pub struct WheelRanks {
    pairs: Arc<Pairs>,
    platforms: Arc<PlatformFit>,
}

impl WheelRanks {
    /// How good it is at a point; none if it is not accepted there.
    pub fn at(&self, point: usize) -> Option<FitRank> {
        let (python, platform) = (point / PLATFORMS, point % PLATFORMS);
        let specific = self.pairs.specific.get(python).copied().flatten();
        let of_platform = self.platforms.ranks.get(platform).copied().flatten();
        if let (Some(pair), Some(platform)) = (specific, of_platform) {
            return Some(FitRank(false, pair, platform));
        }
        let pair = self.pairs.of_any.get(python).copied().flatten();
        pair.filter(|_| self.platforms.is_any)
            .map(|pair| FitRank(true, pair, 0))
    }
}

impl Points {
    /// The points of a lock for a Python and all after it.
    pub fn from_python(lowest: &PythonVersion) -> Self {
        let mut versions = vec![lowest.clone()];
        for text in PYTHONS {
            if let Ok(python) = text.parse::<PythonVersion>()
                && python.full() > lowest.full()
                && python.numbers() != lowest.numbers()
            {
                versions.push(python);
            }
        }
        let nexts: Vec<Option<Version>> = (1..=versions.len())
            .map(|at| versions.get(at).map(|next| next.full().clone()))
            .collect();
        let of = |is_pypy: bool| {
            let each = versions.iter().zip(&nexts).enumerate();
            each.map(move |(at, (version, next))| Python {
                version: version.clone(),
                next: next.clone(),
                is_first: at == 0,
                is_pypy,
            })
        };
        let pythons: Vec<Python> = of(false).chain(of(true)).collect();
        let count = pythons.len() * PLATFORMS;
        Self {
            lowest_minor: lowest.numbers().1,
            pythons,
            cells: (0..count).map(|_| OnceLock::new()).collect(),
            pairs: Mutex::default(),
            platforms: Mutex::default(),
        }
    }

    /// All points.
    pub fn all(&self) -> PointSet {
        self.where_python(|_| true)
    }

    /// Those of the implementation that all packages are built for.
    pub fn of_cpython(&self) -> PointSet {
        self.where_python(|python| !python.is_pypy)
    }

    fn where_python(&self, is_so: impl Fn(&Python) -> bool) -> PointSet {
        let of_all_platforms = (1u128 << PLATFORMS) - 1;
        let each = self.pythons.iter().enumerate();
        each.filter(|(_, python)| is_so(python))
            .fold(PointSet::NONE, |all, (at, _)| {
                PointSet(all.0 | of_all_platforms << (at * PLATFORMS))
            })
    }

    /// The points of which some Python meets the lower bound of a `Requires-Python`.
    pub fn admitting(&self, requires_python: &Specifiers) -> PointSet {
        let set = requires_python.set().without_ceiling();
        let Some(lowest) = set.lowest() else {
            return self.all();
        };
        self.where_python(|python| python.next.as_ref().is_none_or(|next| lowest < next))
    }

    /// The points that are in a region, by at least one of the environments that they stand for.
    pub fn in_region(&self, region: &Region) -> PointSet {
        self.where_marker(region, &Marker::always(), self.all())
    }

    /// Those of `among` at which a marker may hold in a region.
    pub fn where_marker(&self, region: &Region, marker: &Marker, among: PointSet) -> PointSet {
        let may_hold = |point: &usize| match region {
            Region::One(environment) => marker.holds(environment, &[]),
            Region::Many(_) => region.overlaps(&self.cell(*point).and(marker)),
        };
        among
            .iter()
            .filter(may_hold)
            .fold(PointSet::NONE, |all, point| {
                all.union(PointSet::only(point))
            })
    }

    /// Those of `among` in some environment of which a marker may hold.
    pub fn touched_by(&self, marker: &Marker, among: PointSet) -> PointSet {
        let touched = among
            .iter()
            .filter(|point| !self.cell(*point).is_disjoint(marker));
        touched.fold(PointSet::NONE, |all, point| {
            all.union(PointSet::only(point))
        })
    }

    /// Some of these points that differ by system and by Python: of each system one, of the last the highest Python.
    pub fn samples(&self, points: PointSet) -> Vec<usize> {
        const USUAL_MACHINES: [usize; SYSTEMS.len()] = [0, 1, 0];
        let mut samples = Vec::new();
        for (system, usual) in USUAL_MACHINES.into_iter().enumerate() {
            let here: Vec<usize> = points
                .iter()
                .filter(|point| point % PLATFORMS / MACHINES.len() == system)
                .collect();
            let is_usual = |point: &&usize| **point % MACHINES.len() == usual;
            let chosen = if system + 1 == SYSTEMS.len() {
                here.iter().rfind(is_usual).or(here.last())
            } else {
                here.iter().find(is_usual).or(here.first())
            };
            samples.extend(chosen);
        }
        samples
    }

    /// What the environments make of a wheel.
    pub fn fit(&self, wheel: &WheelName) -> Fit {
        let (pairs, platforms) = (self.pairs_of(wheel), self.platforms_of(wheel));
        let mut points = 0u128;
        for at in 0..self.pythons.len() {
            let is_specific = pairs.specific.get(at).is_some_and(Option::is_some);
            let is_any = platforms.is_any && pairs.of_any.get(at).is_some_and(Option::is_some);
            let mask = match (is_any, is_specific) {
                (true, _) => (1 << PLATFORMS) - 1,
                (false, true) => platforms.mask,
                (false, false) => 0,
            };
            points |= u128::from(mask) << (at * PLATFORMS);
        }
        Fit {
            points: PointSet(points),
            elsewhere: pairs.elsewhere || (pairs.fits_somewhere && platforms.elsewhere),
            is_for_any: platforms.is_any,
        }
    }

    /// How good a wheel is at each point.
    pub fn ranks(&self, wheel: &WheelName) -> WheelRanks {
        WheelRanks {
            pairs: self.pairs_of(wheel),
            platforms: self.platforms_of(wheel),
        }
    }

    fn pairs_of(&self, wheel: &WheelName) -> Arc<Pairs> {
        let mut known = self.pairs.lock().unwrap_or_else(PoisonError::into_inner);
        let of_python = known.get(&wheel.pythons);
        if let Some(known) = of_python.and_then(|abis| abis.get(&wheel.abis)) {
            return Arc::clone(known);
        }
        let each = self.pythons.iter();
        let pythons = each.map(|python| (python.version.numbers().1, python.is_pypy));
        let new = Arc::new(Pairs::of(wheel, pythons, self.lowest_minor));
        let of_python = known.entry(wheel.pythons.clone()).or_default();
        of_python.insert(wheel.abis.clone(), Arc::clone(&new));
        new
    }

    fn platforms_of(&self, wheel: &WheelName) -> Arc<PlatformFit> {
        let mut known = (self.platforms.lock()).unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(&wheel.platforms) {
            return Arc::clone(known);
        }
        let new = Arc::new(PlatformFit::of(&wheel.platforms));
        known.insert(wheel.platforms.clone(), Arc::clone(&new));
        new
    }

    /// A point as people read it, and its machine.
    pub fn place(&self, point: usize) -> Option<(String, Target)> {
        let python = self.pythons.get(point / PLATFORMS)?;
        let (os, arch) = platform(point % PLATFORMS)?;
        let implementation = if python.is_pypy {
            pypy(&python.version)
        } else {
            Implementation::cpython(&python.version)
        };
        let target = Target::of(
            &python.version,
            &Platform { os, arch },
            &implementation,
            &Machine::default(),
        );
        let system = match os {
            Os::Manylinux(..) | Os::Musllinux(..) => "linux",
            Os::Macos(..) => "macos",
            Os::Windows => "windows",
        };
        let machine = match arch {
            Arch::Aarch64 => "arm64",
            _ => "x86_64",
        };
        let name = format!(
            "{} {} on {system} {machine}",
            implementation.display_name,
            python.version.full()
        );
        Some((name, target))
    }
}

/// A platform by its place among those of a Python.
fn platform(at: usize) -> Option<(Os, Arch)> {
    let os = SYSTEMS.get(at / MACHINES.len())?;
    let arch = MACHINES.get(at % MACHINES.len())?;
    Some((*os, *arch))
}

/// `PyPy` of a Python version.
fn pypy(python: &PythonVersion) -> Implementation {
    let (major, minor) = python.numbers();
    Implementation {
        name: "pypy".to_owned(),
        display_name: "PyPy".to_owned(),
        version: None,
        tag: "pp".to_owned(),
        abis: vec![format!("pypy{major}{minor}_pp73")],
        has_stable_abi: false,
    }
}

#[cfg(test)]
mod tests;
