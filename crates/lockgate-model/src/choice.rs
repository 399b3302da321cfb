//! Which of the existing releases and files may be chosen at all, by option.

use std::collections::BTreeMap;

use crate::{Name, Timestamp};

/// Options that restrict or order the choice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChoiceRules {
    /// Pre-releases.
    pub prerelease: PrereleaseMode,
    /// Wheels and source distributions.
    pub binary: BinaryPolicy,
    /// Files uploaded at or after this instant do not exist (`--exclude-newer`); files without upload time do not either.
    /// Files on this machine are exempt.
    pub cutoff: Option<Timestamp>,
    /// The same for `--cooldown`, from which a release that fixes an advisory is exempt; one without upload time is not.
    pub cooldown: Option<Timestamp>,
    /// When the run takes place: an upload after it has no known age. Looked at only where there is a cutoff or a cooldown.
    pub now: Option<Timestamp>,
    /// `--no-deps`: only what is asked for directly.
    pub no_dependencies: bool,
    /// `--all-releases` and `--only-final`: what holds for single projects before `prerelease` does.
    pub releases: ReleaseControl,
    /// `--prefer-binary`: an older version with a wheel goes before a newer one without.
    pub prefer_binary: bool,
    /// `--resolution`.
    pub resolution: Resolution,
    /// `--fork-strategy`, where a lock is for more than one machine.
    pub fork_strategy: ForkStrategy,
}

impl ChoiceRules {
    /// When pre-releases of `name` may be chosen.
    pub fn prereleases_of(&self, name: &Name) -> PrereleaseMode {
        match self.releases.of(name) {
            Some(Releases::All) => PrereleaseMode::Allow,
            Some(Releases::Final) => PrereleaseMode::Disallow,
            None => self.prerelease,
        }
    }
}

/// `--fork-strategy`: whether a universal lock has the newest version for each Python, or as few versions as can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ForkStrategy {
    /// Where the newest version needs a newer Python than the lowest, older Pythons get an older version.
    #[default]
    RequiresPython,
    /// One version for all, as long as there is one.
    Fewest,
}

/// `--resolution`: which of the versions that fit is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Resolution {
    /// The highest.
    #[default]
    Highest,
    /// The lowest.
    Lowest,
    /// The lowest of what is required directly, the highest of the rest.
    LowestDirect,
}

/// `--all-releases` and `--only-final` together, in pip's way: a project's own entry beats `:all:`, the last word on a name wins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReleaseControl {
    /// What holds for projects not named; none: the rule of [`PrereleaseMode`].
    pub all: Option<Releases>,
    /// What holds for one project.
    pub packages: BTreeMap<Name, Releases>,
}

impl ReleaseControl {
    /// What holds for `name`, if anything does: an entry of its own beats `:all:`.
    pub fn of(&self, name: &Name) -> Option<Releases> {
        self.packages.get(name).copied().or(self.all)
    }

    /// Applies one `--all-releases` value, in pip's way: comma-separated names, `:all:` and `:none:`.
    pub fn all_releases(&mut self, value: &str) -> Result<(), crate::InvalidName> {
        self.apply(value, Releases::All)
    }

    /// Applies one `--only-final` value.
    pub fn only_final(&mut self, value: &str) -> Result<(), crate::InvalidName> {
        self.apply(value, Releases::Final)
    }

    fn apply(&mut self, value: &str, releases: Releases) -> Result<(), crate::InvalidName> {
        for item in items(value) {
            match item {
                ":all:" => {
                    self.packages.clear();
                    self.all = Some(releases);
                }
                ":none:" => {
                    self.packages.retain(|_, other| *other != releases);
                    self.all = self.all.filter(|other| *other != releases);
                }
                name => {
                    self.packages.insert(Name::new(name)?, releases);
                }
            }
        }
        Ok(())
    }
}

/// The items of a list of projects, as far as they count: what precedes `:all:` is undone by it, and what follows is part of it unless a
/// `:none:` comes after.
fn items(value: &str) -> impl Iterator<Item = &str> {
    let items: Vec<&str> = value.split(',').map(str::trim).collect();
    let last_all = items.iter().rposition(|item| *item == ":all:");
    let start = last_all.unwrap_or(0);
    let after = items.get(start..).unwrap_or_default();
    let takes_back = after.contains(&":none:");
    let end = if last_all.is_some() && !takes_back {
        start + 1
    } else {
        items.len()
    };
    items
        .into_iter()
        .take(end)
        .skip(start)
        .filter(|item| !item.is_empty())
}

/// Which releases of a project may be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Releases {
    /// Pre-releases too, as any other version.
    All,
    /// Finals only.
    Final,
}

/// `--prerelease`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PrereleaseMode {
    /// Never.
    Disallow,
    /// As any other version.
    Allow,
    /// Where a project has nothing but pre-releases that match.
    IfNecessary,
    /// Where a clause names one.
    Explicit,
    /// Either: pip's rule.
    #[default]
    IfNecessaryOrExplicit,
}

/// `--no-binary` and `--only-binary` together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BinaryPolicy {
    /// What holds for projects not named.
    pub all: FormatControl,
    /// What holds for one project.
    pub packages: BTreeMap<Name, FormatControl>,
}

/// The kinds of file that may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FormatControl {
    /// Wheels may not (`--no-binary`).
    pub no_wheels: bool,
    /// Source distributions may not (`--only-binary`).
    pub no_sdists: bool,
}

impl BinaryPolicy {
    /// What holds for `name`: an entry of its own beats `:all:`.
    pub fn of(&self, name: &Name) -> FormatControl {
        self.packages.get(name).copied().unwrap_or(self.all)
    }

    /// Applies one `--no-binary` value, in pip's way: comma-separated names, `:all:` and `:none:`; the last word on a name wins.
    pub fn no_binary(&mut self, value: &str) -> Result<(), crate::InvalidName> {
        self.apply(
            value,
            FormatControl {
                no_wheels: true,
                no_sdists: false,
            },
        )
    }

    /// Applies one `--only-binary` value.
    pub fn only_binary(&mut self, value: &str) -> Result<(), crate::InvalidName> {
        self.apply(
            value,
            FormatControl {
                no_wheels: false,
                no_sdists: true,
            },
        )
    }

    fn apply(&mut self, value: &str, control: FormatControl) -> Result<(), crate::InvalidName> {
        let is_same = |other: &FormatControl| *other == control;
        for item in items(value) {
            match item {
                ":all:" => {
                    self.packages.clear();
                    self.all = control;
                }
                ":none:" => {
                    self.packages.retain(|_, other| !is_same(other));
                    if is_same(&self.all) {
                        self.all = FormatControl::default();
                    }
                }
                name => {
                    self.packages.insert(Name::new(name)?, control);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of `--all-releases` (`+`) and `--only-final` (`-`) in order, and whether `a` then is of all releases.
    #[test]
    fn the_last_word_on_a_name_wins_and_a_name_beats_all() {
        for (values, expected) in [
            (&["+a"][..], Some(Releases::All)),
            (&["+b"], None),
            (&["+:all:"], Some(Releases::All)),
            (&["+:all:", "-a"], Some(Releases::Final)),
            (&["-a", "+:all:"], Some(Releases::All)),
            (&["+a", "-:none:"], Some(Releases::All)),
            (&["-:all:", "+:none:"], Some(Releases::Final)),
            (&["-:all:", "-:none:"], None),
            (&["+b,A"], Some(Releases::All)),
            (&["+a,:none:"], None),
            (&["+b,:all:,:none:,a"], Some(Releases::All)),
            (&["-:all:", "+a"], Some(Releases::All)),
        ] {
            let mut control = ReleaseControl::default();
            for value in values {
                let (sign, value) = value.split_at(1);
                if sign == "+" {
                    control.all_releases(value).unwrap();
                } else {
                    control.only_final(value).unwrap();
                }
            }
            assert_eq!(control.of(&"a".parse().unwrap()), expected, "{values:?}");
        }
        assert!(ReleaseControl::default().only_final("a b").is_err());
    }
}
