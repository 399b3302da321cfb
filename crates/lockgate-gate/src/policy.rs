//! What is done about advisories: mode, thresholds and accepted ones.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use lockgate_model::{Advisory, Gap, GapCode, Level, Name, Remark, Scope, Specifiers, Version};

/// What the gate does about affected versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// They cannot be chosen.
    Deny,
    /// They are chosen last.
    Prefer,
    /// They are chosen as any other, and reported.
    Warn,
    /// They are not looked at.
    Off,
}

impl Mode {
    /// From the word in a configuration.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "deny" => Some(Self::Deny),
            "prefer" => Some(Self::Prefer),
            "warn" => Some(Self::Warn),
            "off" => Some(Self::Off),
            _ => None,
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Prefer => "prefer",
            Self::Warn => "warn",
            Self::Off => "off",
        }
    }
}

/// A policy. Malicious packages are beyond it: they are denied in every mode but `off`, and no entry accepts them.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The mode.
    pub mode: Mode,
    /// Where the mode was set.
    pub origin: String,
    /// Advisories below it are reported and not gated.
    pub min_severity: Option<Level>,
    /// Whether advisories that state no severity are gated.
    pub gate_unknown_severity: bool,
    /// Accepted advisories.
    pub ignores: Vec<IgnoreEntry>,
    /// Accepted gaps.
    pub gaps: Vec<GapAcceptance>,
    /// What is done about yanked releases, where that is asked about.
    pub yanked: YankRule,
    /// What differs for packages that only some dependency groups ask for.
    pub groups: BTreeMap<Name, GroupPolicy>,
    /// The files that it was made of, the topmost first.
    pub names: Vec<String>,
    /// What is to be said of them.
    pub remarks: Vec<Remark>,
}

/// What is done about yanked releases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum YankRule {
    /// They are reported.
    #[default]
    Warn,
    /// They are gated.
    Deny,
}

/// What differs for one dependency group; what it leaves open is as everywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupPolicy {
    /// The mode.
    pub mode: Option<Mode>,
    /// The threshold.
    pub min_severity: Option<Level>,
    /// Whether advisories that state no severity are gated.
    pub gate_unknown_severity: Option<bool>,
}

/// An accepted advisory.
#[derive(Debug, Clone)]
pub struct IgnoreEntry {
    /// Its ids, any of them; the first is the one that people are told.
    pub ids: Vec<String>,
    /// Only for this project.
    pub package: Option<Name>,
    /// Only for these versions.
    pub versions: Option<Specifiers>,
    /// Why it does no harm.
    pub reason: String,
    /// The same in the words of `OpenVEX`.
    pub justification: Option<String>,
    /// Only where nothing but this dependency group asks for it.
    pub group: Option<Name>,
    /// The last day on which it holds.
    pub expires: Option<Date>,
    /// Only as long as the advisory states no fix above the version.
    pub until_fixed: bool,
    /// Whether it is remarked on when it accepts nothing: documents of others speak of much that is not here.
    pub must_match: bool,
    /// Where it stands.
    pub origin: String,
}

/// An accepted gap of an audit.
#[derive(Debug, Clone)]
pub struct GapAcceptance {
    /// The kind of gap.
    pub code: GapCode,
    /// Only of this package; none accepts every gap of the kind.
    pub package: Option<Name>,
    /// Why it does no harm.
    pub reason: String,
    /// The last day on which it holds.
    pub expires: Option<Date>,
    /// Whether it is reported when it accepts nothing: an option is meant for whatever there is.
    pub must_match: bool,
    /// Where it stands.
    pub origin: String,
}

impl GapAcceptance {
    /// Whether it has lapsed by `today`.
    pub(crate) fn has_expired(&self, today: Date) -> bool {
        self.expires.is_some_and(|expires| today > expires)
    }

    /// Whether it speaks of this gap, expired or not.
    pub(crate) fn speaks_of(&self, gap: &Gap) -> bool {
        self.code == gap.code
            && self
                .package
                .as_ref()
                .is_none_or(|package| gap.name.as_ref() == Some(package))
    }
}

impl IgnoreEntry {
    /// Whether it has lapsed by `today`.
    pub(crate) fn has_expired(&self, today: Date) -> bool {
        self.expires.is_some_and(|expires| today > expires)
    }

    /// Whether it speaks of this advisory and release, expired or not.
    pub(crate) fn speaks_of(&self, advisory: &Advisory, name: &Name, version: &Version) -> bool {
        self.ids.iter().any(|id| advisory.is_known_as(id))
            && self.package.as_ref().is_none_or(|package| package == name)
            && self
                .versions
                .as_ref()
                .is_none_or(|versions| versions.set().contains(version))
            && !(self.until_fixed && advisory.fixed_above(version).is_some())
    }

    /// Whether it counts for what `scopes` ask for: an entry for a group only where nothing else asks.
    pub(crate) fn counts_for(&self, scopes: &BTreeSet<Scope>) -> bool {
        self.group.as_ref().is_none_or(|group| {
            let mut scopes_left = scopes.iter();
            !scopes.is_empty()
                && scopes_left.all(|scope| matches!(scope, Scope::Group(name) if name == group))
        })
    }
}

impl Policy {
    /// Whether an advisory is gated for what `scopes` ask for: each scope by its own rules, and the strictest holds.
    pub(crate) fn gates(&self, advisory: &Advisory, scopes: &BTreeSet<Scope>) -> bool {
        let everywhere = || self.gates_everywhere(advisory);
        if scopes.is_empty() || self.groups.is_empty() {
            return everywhere();
        }
        scopes.iter().any(|scope| {
            let own = match scope {
                Scope::Group(name) => self.groups.get(name),
                Scope::Main | Scope::Extra(_) => None,
            };
            own.map_or_else(everywhere, |own| self.with(own).gates_everywhere(advisory))
        })
    }

    fn gates_everywhere(&self, advisory: &Advisory) -> bool {
        self.mode == Mode::Deny && self.is_above_threshold(advisory)
    }

    /// This policy with what differs for a group.
    fn with(&self, own: &GroupPolicy) -> Self {
        Self {
            mode: own.mode.unwrap_or(self.mode),
            origin: self.origin.clone(),
            min_severity: own.min_severity.or(self.min_severity),
            gate_unknown_severity: own
                .gate_unknown_severity
                .unwrap_or(self.gate_unknown_severity),
            ignores: Vec::new(),
            gaps: Vec::new(),
            yanked: self.yanked,
            groups: BTreeMap::new(),
            names: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// Whether the threshold lets an advisory be gated. One that states no versions is not: nobody could ever take a release without it.
    pub(crate) fn is_above_threshold(&self, advisory: &Advisory) -> bool {
        if advisory.states_no_versions {
            return false;
        }
        match &advisory.severity {
            None => self.gate_unknown_severity,
            Some(severity) => self
                .min_severity
                .is_none_or(|least| severity.level >= least),
        }
    }
}
