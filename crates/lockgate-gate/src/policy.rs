//! What is done about advisories: mode, thresholds and accepted ones.

use jiff::civil::Date;
use lockgate_model::{Advisory, Level, Name, Specifiers, Version};

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
}

/// An accepted advisory.
#[derive(Debug, Clone)]
pub struct IgnoreEntry {
    /// Any of its ids.
    pub id: String,
    /// Only for this project.
    pub package: Option<Name>,
    /// Only for these versions.
    pub versions: Option<Specifiers>,
    /// Why it does no harm.
    pub reason: String,
    /// The same in the words of OpenVEX.
    pub justification: Option<String>,
    /// Only where nothing but this dependency group asks for it.
    pub group: Option<Name>,
    /// The last day on which it holds.
    pub expires: Option<Date>,
    /// Only as long as the advisory states no fix above the version.
    pub until_fixed: bool,
    /// Where it stands.
    pub origin: String,
}

impl IgnoreEntry {
    /// Whether it has lapsed by `today`.
    pub(crate) fn has_expired(&self, today: Date) -> bool {
        self.expires.is_some_and(|expires| today > expires)
    }

    /// Whether it speaks of this advisory and release, expired or not.
    pub(crate) fn speaks_of(&self, advisory: &Advisory, name: &Name, version: &Version) -> bool {
        advisory.is_known_as(&self.id)
            && self.package.as_ref().is_none_or(|package| package == name)
            && self
                .versions
                .as_ref()
                .is_none_or(|versions| versions.set().contains(version))
            && !(self.until_fixed && advisory.fixed_above(version).is_some())
    }
}

impl Policy {
    /// Whether the threshold lets an advisory be gated.
    pub(crate) fn is_above_threshold(&self, advisory: &Advisory) -> bool {
        match &advisory.severity {
            None => self.gate_unknown_severity,
            Some(severity) => self
                .min_severity
                .is_none_or(|least| severity.level >= least),
        }
    }
}
