//! Wheel file names (PEP 427) and compatibility tags (PEP 425, 600, 656).

use rustc_hash::FxHashMap;

use crate::{Name, Version};

/// The tags that a target accepts, best first.
///
/// Asked for every wheel that is looked at: parts of tags are numbered, so that asking makes no text.
#[derive(Debug, Clone, Default)]
pub struct Tags {
    pythons: FxHashMap<String, u32>,
    abis: FxHashMap<String, u32>,
    platforms: FxHashMap<String, u32>,
    ranks: FxHashMap<(u32, u32, u32), u32>,
    /// Every wheel is accepted.
    are_any: bool,
}

impl Tags {
    /// From Python, ABI and platform tags, best first.
    pub fn new<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>) -> Self {
        let mut all = Self::default();
        for (rank, (python, abi, platform)) in (0u32..).zip(tags) {
            let key = (
                number(&mut all.pythons, python),
                number(&mut all.abis, abi),
                number(&mut all.platforms, platform),
            );
            all.ranks.entry(key).or_insert(rank);
        }
        all
    }

    /// Every tag: those for any machine first.
    pub fn any() -> Self {
        Self {
            are_any: true,
            ..Self::default()
        }
    }

    /// How many tags are accepted.
    pub fn len(&self) -> usize {
        self.ranks.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.ranks.is_empty()
    }

    /// The place of the best tag of a wheel (0 is best), or none if the target accepts none of them.
    pub fn rank(&self, wheel: &WheelName) -> Option<u32> {
        if self.are_any {
            let is_for_any = wheel.platforms.split('.').any(|platform| platform == "any");
            return Some(u32::from(!is_for_any));
        }
        let mut best: Option<u32> = None;
        for python in wheel
            .pythons
            .split('.')
            .filter_map(|tag| self.pythons.get(tag))
        {
            for abi in wheel.abis.split('.').filter_map(|tag| self.abis.get(tag)) {
                for platform in wheel
                    .platforms
                    .split('.')
                    .filter_map(|tag| self.platforms.get(tag))
                {
                    if let Some(rank) = self.ranks.get(&(*python, *abi, *platform)) {
                        best = Some(best.map_or(*rank, |known| known.min(*rank)));
                    }
                }
            }
        }
        best
    }
}

impl WheelName {
    /// The lowest Python that its tags name, `cp310` or `py3`; none if they name none that is known.
    pub fn lowest_python(&self) -> Option<Version> {
        let python = |tag: &str| -> Option<Version> {
            let digits = tag.trim_start_matches(|c: char| c.is_ascii_alphabetic());
            let (major, minor) = digits.split_at_checked(1)?;
            let major: u64 = major.parse().ok()?;
            let minor: u64 = if minor.is_empty() {
                0
            } else {
                minor.parse().ok()?
            };
            Some(Version::new([major, minor]))
        };
        self.pythons.split('.').filter_map(python).min()
    }

    /// Whether its tags are for Pythons that came later, too: `py3`, or the stable ABI.
    pub fn is_for_later_pythons(&self) -> bool {
        self.pythons.split('.').any(|tag| tag == "py3")
            || self.abis.split('.').any(|tag| tag == "abi3")
    }
}

impl Tags {
    /// All of them, best first.
    pub(crate) fn all(&self) -> Vec<(&str, &str, &str)> {
        fn named(numbers: &FxHashMap<String, u32>) -> FxHashMap<u32, &str> {
            numbers
                .iter()
                .map(|(text, number)| (*number, text.as_str()))
                .collect()
        }
        let (pythons, abis, platforms) = (
            named(&self.pythons),
            named(&self.abis),
            named(&self.platforms),
        );
        let mut ranked: Vec<_> = self.ranks.iter().map(|(key, rank)| (*rank, *key)).collect();
        ranked.sort_unstable();
        let texts = |(_, (python, abi, platform))| {
            Some((
                *pythons.get(&python)?,
                *abis.get(&abi)?,
                *platforms.get(&platform)?,
            ))
        };
        ranked.into_iter().filter_map(texts).collect()
    }
}

#[cfg(test)]
impl Tags {
    /// All tags as texts, best first.
    pub(crate) fn listed(&self) -> Vec<String> {
        let tags = self.all().into_iter();
        tags.map(|(python, abi, platform)| format!("{python}-{abi}-{platform}"))
            .collect()
    }
}

fn number(numbers: &mut FxHashMap<String, u32>, text: &str) -> u32 {
    if let Some(known) = numbers.get(text) {
        return *known;
    }
    let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
    numbers.insert(text.to_owned(), next);
    next
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
        // As `packaging` 26.3 has it: no separator is escaped twice, no tag is empty, and that of a Python is an identifier.
        let is_identifier = |tag: &str| {
            let is_of_it = |c: char| c.is_alphanumeric() || c == '_';
            !tag.starts_with(|c: char| c.is_numeric()) && tag.chars().all(is_of_it)
        };
        let has_empty_tag = rest.iter().any(|tags| tags.split('.').any(str::is_empty));
        if name.contains("__") || has_empty_tag || !pythons.split('.').all(is_identifier) {
            return None;
        }
        Some(Self {
            name: Name::new(name).ok()?,
            version: version.parse().ok()?,
            build,
            pythons: (*pythons).to_owned(),
            abis: (*abis).to_owned(),
            platforms: (*platforms).to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wheel_names_are_read_with_and_without_a_build() {
        let plain = WheelName::parse("Foo_Bar-1.0+cpu-py2.py3-none-any.whl").unwrap();
        assert_eq!(
            (
                plain.name.as_str(),
                plain.version.to_string().as_str(),
                plain.build
            ),
            ("foo-bar", "1.0+cpu", None)
        );
        let post = WheelName::parse("foo-1.0_post1-py3-none-any.whl").unwrap();
        assert_eq!(post.version.to_string(), "1.0.post1");
        let built = WheelName::parse("foo-1.0-2abc-cp311-cp311-linux_x86_64.whl").unwrap();
        assert_eq!(built.build, Some((2, "abc".to_owned())));
        for wrong in [
            "foo-1.0.tar.gz",
            "foo.whl",
            "foo-1.0-x-cp311-cp311-any.whl",
            "foo-abc-py3-none-any.whl",
            "-1-py3-none-any.whl",
            "foo-1.0_1-py3-none-any.whl",
            "foo__bar-1.0-py3-none-any.whl",
            "foo-1.0-py3--any.whl",
            "foo-1.0-py3-none-any..linux.whl",
            "foo-1.0-3-none-any.whl",
        ] {
            assert_eq!(WheelName::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_best_of_several_tags_counts() {
        let tags = Tags::new([("cp311", "cp311", "linux"), ("py3", "none", "any")]);
        let rank = |filename: &str| tags.rank(&WheelName::parse(filename).unwrap());
        assert_eq!(rank("foo-1-cp310.cp311-cp311-linux.whl"), Some(0));
        assert_eq!(rank("foo-1-py2.py3-none-any.whl"), Some(1));
        assert_eq!(rank("foo-1-cp311-none-any.whl"), None);
    }
}
