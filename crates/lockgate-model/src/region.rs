//! A set of environments: one machine, or all that a marker admits.
//!
//! The solver asks a region what of a marker is left to ask in it. On one machine nothing is, a marker holds or does not, save for values
//! that are not known of it: the release of a system that is only named. In a larger region a marker may also hold in a part of it.

use std::sync::Arc;

use crate::{Environment, Marker, Name, PythonVersion, Version, VersionSet};

/// A set of environments.
#[derive(Debug, Clone)]
pub enum Region {
    /// One machine.
    One(Environment),
    /// All machines that a marker admits.
    Many(Arc<Many>),
}

/// All machines that a marker admits.
#[derive(Debug)]
pub struct Many {
    marker: Marker,
    /// The same, without combinations of values that no machine has.
    possible: Marker,
    /// The lowest Python of it.
    lowest: Version,
}

impl Region {
    /// Every environment from a Python version upwards.
    pub fn from_python(lowest: &PythonVersion) -> Self {
        let marker = Marker::from_python(lowest.full());
        Self::Many(Arc::new(Many {
            possible: marker.and(&plausible()),
            marker,
            lowest: lowest.full().clone(),
        }))
    }

    /// What is left to ask of `marker` in this region, when exactly `extras` are asked for: none if it cannot hold, `always` if it holds
    /// everywhere.
    pub fn within(&self, marker: &Marker, extras: &[Name]) -> Option<Marker> {
        match self {
            Self::One(environment) => marker.left_in(environment, extras),
            Self::Many(many) => {
                if marker.is_always() {
                    return Some(Marker::always());
                }
                let marker = marker.with_extras(extras);
                if marker.is_never() || marker.is_disjoint(&many.possible) {
                    return None;
                }
                let holds_everywhere = many.possible.is_disjoint(&marker.not());
                Some(if holds_everywhere {
                    Marker::always()
                } else {
                    marker
                })
            }
        }
    }

    /// Whether a marker holds somewhere in it, when exactly `extras` are asked for.
    pub fn admits(&self, marker: &Marker, extras: &[Name]) -> bool {
        match self {
            Self::One(environment) => marker.holds(environment, extras),
            Self::Many(_) => self.within(marker, extras).is_some(),
        }
    }

    /// The part of it where `marker` holds; none if that is empty.
    pub fn with(&self, marker: &Marker) -> Option<Self> {
        let many = match self {
            Self::One(environment) => {
                return marker.holds(environment, &[]).then(|| self.clone());
            }
            Self::Many(many) => many,
        };
        let possible = many.possible.and(marker);
        if possible.is_never() {
            return None;
        }
        let marker = many.marker.and(marker);
        let lowest = possible.pythons().lowest().cloned();
        let lowest = lowest
            .unwrap_or_else(|| many.lowest.clone())
            .max(many.lowest.clone());
        Some(Self::Many(Arc::new(Many {
            marker,
            possible,
            lowest,
        })))
    }

    /// The marker of the region; `always` for one machine.
    pub fn marker(&self) -> Marker {
        match self {
            Self::One(_) => Marker::always(),
            Self::Many(many) => many.marker.clone(),
        }
    }

    /// Whether some environment is in both this region and a marker.
    pub fn overlaps(&self, marker: &Marker) -> bool {
        match self {
            Self::One(environment) => marker.holds(environment, &[]),
            Self::Many(many) => !many.possible.is_disjoint(marker),
        }
    }

    /// The Python versions in it; none on one machine, whose Python is known.
    pub fn pythons(&self) -> Option<VersionSet> {
        match self {
            Self::One(_) => None,
            Self::Many(many) => Some(many.possible.pythons()),
        }
    }

    /// The lowest Python in it.
    pub fn lowest_python(&self) -> &Version {
        match self {
            Self::One(environment) => environment.python_full_version(),
            Self::Many(many) => &many.lowest,
        }
    }

    /// The one machine, if it is one.
    pub fn machine(&self) -> Option<&Environment> {
        match self {
            Self::One(environment) => Some(environment),
            Self::Many(_) => None,
        }
    }
}

/// What is true of all machines with a system that is known by several names: without this, a marker that names Windows by one of them
/// would overlap one that names Linux by another.
fn plausible() -> Marker {
    const SYSTEMS: [(&str, &str, &str); 3] = [
        ("win32", "Windows", "nt"),
        ("linux", "Linux", "posix"),
        ("darwin", "Darwin", "posix"),
    ];
    let parse = |text: &str| Marker::parse(text).unwrap_or_else(|_| Marker::always());
    let mut all = Marker::always();
    for (platform, system, os) in SYSTEMS {
        let known = parse(&format!(
            "sys_platform == '{platform}' and platform_system == '{system}' and os_name == '{os}'"
        ));
        let other = parse(&format!(
            "sys_platform != '{platform}' and platform_system != '{system}'"
        ));
        all = all.and(&known.or(&other));
    }
    // Windows alone is `nt`.
    all.and(&parse("os_name != 'nt' or sys_platform == 'win32'"))
}

#[cfg(test)]
mod tests;
