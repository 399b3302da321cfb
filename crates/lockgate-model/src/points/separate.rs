//! Markers that tell points apart.

use std::collections::BTreeSet;

use super::{MACHINES, PLATFORMS, PointSet, Points, Python};
use crate::Marker;

/// What points differ by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Axis {
    System,
    Python,
    Machine,
    Implementation,
}

use Axis::{Implementation, Machine, Python as OfPython, System};

/// What a marker may ask about, the simplest first.
const WAYS: [&[Axis]; 15] = [
    &[System],
    &[OfPython],
    &[Machine],
    &[Implementation],
    &[System, Machine],
    &[System, OfPython],
    &[Machine, OfPython],
    &[System, Implementation],
    &[Implementation, OfPython],
    &[Machine, Implementation],
    &[System, Machine, OfPython],
    &[System, Implementation, OfPython],
    &[Machine, Implementation, OfPython],
    &[System, Machine, Implementation],
    &[System, Machine, Implementation, OfPython],
];

const NAMES: [&str; 3] = ["linux", "darwin", "win32"];

impl Points {
    /// A marker that holds at the points of `inside` and not at those of `outside`; of all others it says nothing.
    pub fn separating(&self, inside: PointSet, outside: PointSet) -> Marker {
        if outside.is_empty() {
            return Marker::always();
        }
        if inside.is_empty() {
            return Marker::never();
        }
        for axes in WAYS {
            let shadow = |points: PointSet| -> BTreeSet<Vec<usize>> {
                let each = points.iter();
                each.map(|point| {
                    axes.iter()
                        .map(|axis| self.place_on(*axis, point))
                        .collect()
                })
                .collect()
            };
            let (ins, outs) = (shadow(inside), shadow(outside));
            if !ins.is_disjoint(&outs) {
                continue;
            }
            return if outs.len() < ins.len() {
                self.any_of(axes, &self.grown(axes, outs, &ins)).not()
            } else {
                self.any_of(axes, &self.grown(axes, ins, &outs))
            };
        }
        // Two points never have all in common.
        Marker::always()
    }

    fn place_on(&self, axis: Axis, point: usize) -> usize {
        let (python, platform) = (point / PLATFORMS, point % PLATFORMS);
        match axis {
            System => platform / MACHINES.len(),
            Machine => platform % MACHINES.len(),
            OfPython => python % (self.pythons.len() / 2).max(1),
            Implementation => usize::from(python >= self.pythons.len() / 2),
        }
    }

    /// Places with all Pythons before and after them up to those of `others`: a marker that asks for less is simpler, and what came out
    /// later is mostly as the last before it.
    fn grown(
        &self,
        axes: &[Axis],
        places: BTreeSet<Vec<usize>>,
        others: &BTreeSet<Vec<usize>>,
    ) -> BTreeSet<Vec<usize>> {
        let Some(at) = axes.iter().position(|axis| *axis == OfPython) else {
            return places;
        };
        let count = self.pythons.len() / 2;
        let mut grown = places.clone();
        for place in &places {
            let Some(python) = place.get(at).copied() else {
                continue;
            };
            let with = |other: usize| {
                let mut place = place.clone();
                place[at] = other;
                place
            };
            let free = |place: &Vec<usize>| !others.contains(place);
            grown.extend((python + 1..count).map(with).take_while(free));
            grown.extend((0..python).rev().map(with).take_while(free));
        }
        grown
    }

    fn any_of(&self, axes: &[Axis], places: &BTreeSet<Vec<usize>>) -> Marker {
        let mut any = Marker::never();
        for place in places {
            let both = axes.iter().zip(place);
            let system = both.clone().find(|(axis, _)| **axis == System);
            let system = system.map(|(_, place)| *place);
            let all = both.fold(Marker::always(), |all, (axis, place)| {
                all.and(&self.part(*axis, *place, system))
            });
            any = any.or(&all);
        }
        any
    }

    /// One place on an axis. Machines have a name on each system.
    fn part(&self, axis: Axis, place: usize, system: Option<usize>) -> Marker {
        let parse = |text: &str| Marker::parse(text).unwrap_or_else(|_| Marker::always());
        match axis {
            System => {
                let name = NAMES.get(place).copied().unwrap_or_default();
                parse(&format!("sys_platform == '{name}'"))
            }
            Machine => {
                let named = |name: &str| parse(&format!("platform_machine == '{name}'"));
                match (place, system) {
                    (0, Some(0 | 1)) => named("x86_64"),
                    (0, Some(_)) => named("AMD64"),
                    (0, None) => named("x86_64").or(&named("AMD64")),
                    (_, Some(0)) => named("aarch64"),
                    (_, Some(1)) => named("arm64"),
                    (_, Some(_)) => named("ARM64"),
                    (_, None) => named("aarch64").or(&named("arm64")).or(&named("ARM64")),
                }
            }
            OfPython => self.pythons.get(place).map_or_else(Marker::always, span),
            Implementation => {
                let name = if place == 0 { "CPython" } else { "PyPy" };
                parse(&format!("platform_python_implementation == '{name}'"))
            }
        }
    }

    /// The environments that a point stands for.
    pub(super) fn cell(&self, point: usize) -> &Marker {
        static NOWHERE: std::sync::OnceLock<Marker> = std::sync::OnceLock::new();
        let Some(cell) = self.cells.get(point) else {
            return NOWHERE.get_or_init(Marker::never);
        };
        cell.get_or_init(|| {
            let axes = [System, Machine, OfPython, Implementation];
            let place = axes.map(|axis| self.place_on(axis, point)).to_vec();
            self.any_of(&axes, &BTreeSet::from([place]))
        })
    }
}

/// From a Python up to the next; the first and the last have no end.
fn span(python: &Python) -> Marker {
    let below = |next| Marker::from_python(next).not();
    let from = Marker::from_python(python.version.full());
    match (&python.next, python.is_first) {
        (None, true) => Marker::always(),
        (None, false) => from,
        (Some(next), true) => below(next),
        (Some(next), false) => from.and(&below(next)),
    }
}
