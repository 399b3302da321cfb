//! Wheel file names (PEP 427) and compatibility tags (PEP 425, 600, 656).

use std::collections::HashMap;

use rustc_hash::FxBuildHasher;

use crate::{Name, Version};

/// The tags that a target accepts, best first.
#[derive(Debug, Clone, Default)]
pub struct Tags {
    ranks: HashMap<String, u32, FxBuildHasher>,
}

impl Tags {
    /// From `python-abi-platform` texts, best first.
    pub fn new(tags: impl IntoIterator<Item = String>) -> Self {
        let mut ranks = HashMap::with_hasher(FxBuildHasher);
        for (rank, tag) in (0u32..).zip(tags) {
            ranks.entry(tag).or_insert(rank);
        }
        Self { ranks }
    }

    /// The place of the best tag of a wheel (0 is best), or none if the target accepts none of them.
    pub fn rank(&self, wheel: &WheelName) -> Option<u32> {
        let mut best = None;
        for python in wheel.pythons.split('.') {
            for abi in wheel.abis.split('.') {
                for platform in wheel.platforms.split('.') {
                    if let Some(rank) = self.ranks.get(&format!("{python}-{abi}-{platform}")) {
                        best = Some(best.map_or(*rank, |b: u32| b.min(*rank)));
                    }
                }
            }
        }
        best
    }
}

/// What a wheel's file name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WheelName {
    /// The project.
    pub name: Name,
    /// Its version.
    pub version: Version,
    /// The build tag: number and rest; none is lowest.
    pub build: Option<(u64, String)>,
    /// Python tags, joined by `.`.
    pub pythons: String,
    /// ABI tags, joined by `.`.
    pub abis: String,
    /// Platform tags, joined by `.`.
    pub platforms: String,
}

impl WheelName {
    /// Reads a wheel's file name; none if it is not one.
    pub fn parse(filename: &str) -> Option<Self> {
        let stem = filename.strip_suffix(".whl")?;
        let parts: Vec<&str> = stem.split('-').collect();
        let (name, version, build, rest) = match parts.as_slice() {
            [name, version, rest @ ..] if rest.len() == 3 => (name, version, None, rest),
            [name, version, build, rest @ ..] if rest.len() == 3 => {
                let digits = build.bytes().take_while(u8::is_ascii_digit).count();
                let (number, tail) = build.split_at(digits);
                (
                    name,
                    version,
                    Some((number.parse().ok()?, tail.to_owned())),
                    rest,
                )
            }
            _ => return None,
        };
        let [pythons, abis, platforms] = rest else {
            return None;
        };
        Some(Self {
            name: Name::new(name).ok()?,
            version: version.replace('_', "-").parse().ok()?,
            build,
            pythons: (*pythons).to_owned(),
            abis: (*abis).to_owned(),
            platforms: (*platforms).to_owned(),
        })
    }
}
