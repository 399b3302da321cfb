//! Advisories as the gate states them, and findings.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Name, Timestamp, Version};

/// One vulnerability: all records that are aliases of each other, merged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advisory {
    /// The id shown: PYSEC, else GHSA, else CVE, else the record's.
    pub id: String,
    /// The other ids, sorted.
    pub aliases: Vec<String>,
    /// One line.
    pub summary: String,
    /// The highest that any of the merged records states.
    pub severity: Option<Severity>,
    /// Versions that fix it, ascending (PEP 440).
    pub fixed: Vec<Version>,
    /// Where to read more.
    pub link: String,
    /// Whether it says that the package itself is malicious (`MAL-`).
    pub malicious: bool,
    /// The newest `modified` of the merged records.
    pub modified: Option<Timestamp>,
    /// The oldest `published` of the merged records.
    pub published: Option<Timestamp>,
    /// Weaknesses (`CWE-79`), sorted.
    pub weaknesses: Vec<String>,
    /// Pages about it, in the order of the records; the first few.
    pub references: Vec<AdvisoryLink>,
    /// The records that were merged, sorted: each id that a source has a record of.
    pub records: Vec<String>,
    /// The id of the oldest of the merged records, by `published`; empty where no record was merged.
    pub oldest: String,
    /// What could not be understood, such as bounds that are not versions, as written: what it leaves open counts as affected.
    pub unclear: Vec<String>,
    /// Whether no record states which versions are affected: every version is shown with it, and none is gated for it.
    pub states_no_versions: bool,
    /// The sources that hold it, as named on the command line.
    pub sources: Vec<String>,
}

/// A page about an advisory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdvisoryLink {
    /// What it is (OSV schema, "references[].type"): `ADVISORY`, `FIX`, `WEB` and so on.
    pub kind: String,
    /// Its address.
    pub url: String,
}

impl Advisory {
    /// Whether `id` is its id or an alias; ids compare without regard to case.
    pub fn is_known_as(&self, id: &str) -> bool {
        self.id.eq_ignore_ascii_case(id)
            || self
                .aliases
                .iter()
                .any(|alias| alias.eq_ignore_ascii_case(id))
    }

    /// Returns the id that stays the same for years, whichever databases describe the vulnerability later: its CVE id, the lowest of several,
    /// else that of the oldest record. The shown id changes as soon as a PYSEC record joins a GHSA one.
    pub fn lasting_id(&self) -> &str {
        let ids = self.aliases.iter().chain([&self.id]);
        let cves = ids.filter_map(|id| Some((cve_number(id)?, id.as_str())));
        cves.min().map_or_else(
            || match self.oldest.as_str() {
                "" => self.id.as_str(),
                oldest => oldest,
            },
            |(_, id)| id,
        )
    }

    /// Returns every id but [`Self::lasting_id`], sorted.
    pub fn other_ids(&self) -> Vec<&str> {
        let lasting = self.lasting_id();
        let ids = self.aliases.iter().chain([&self.id]).map(String::as_str);
        let mut others: Vec<&str> = ids.filter(|id| *id != lasting).collect();
        others.sort_unstable();
        others.dedup();
        others
    }

    /// The lowest version above `version` that fixes it.
    pub fn fixed_above(&self, version: &Version) -> Option<&Version> {
        self.fixed.iter().find(|fixed| *fixed > version)
    }
}

/// Returns year and number of a CVE id in any letter case, none for every other id.
fn cve_number(id: &str) -> Option<(u64, u64)> {
    let rest = id
        .get(..4)
        .filter(|prefix| prefix.eq_ignore_ascii_case("CVE-"))
        .and_then(|_| id.get(4..))?;
    let (year, number) = rest.split_once('-')?;
    Some((year.parse().ok()?, number.parse().ok()?))
}

/// How bad an advisory is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Severity {
    /// The level.
    pub level: Level,
    /// The CVSS base score, 0.0 to 10.0, when there is a vector.
    pub score: Option<f64>,
    /// The CVSS vector.
    pub vector: Option<String>,
}

impl Eq for Severity {}

/// Severity levels (CVSS v3.1, section 5; OSV's database words).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Score 0.
    None,
    /// 0.1 to 3.9.
    Low,
    /// 4.0 to 6.9; OSV's MODERATE.
    Medium,
    /// 7.0 to 8.9.
    High,
    /// 9.0 to 10.0.
    Critical,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        })
    }
}

/// An advisory that affects a pin, or another thing that a policy says of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Kind of finding; each has a heading in docs/codes.md.
    pub code: FindingCode,
    /// The pinned project.
    pub name: Name,
    /// The pinned version.
    pub version: Version,
    /// The advisory.
    pub advisory: Arc<Advisory>,
    /// The `[[ignore]]` entry or option that covers it.
    pub ignored: Option<Ignored>,
    /// Whether policy gates on it: not ignored and not below the threshold.
    pub gated: bool,
    /// A chain from a source to the pin: requirement texts and pins, outermost first.
    pub path: Vec<String>,
}

/// Codes of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingCode {
    /// An advisory affects the pin.
    Vulnerable,
    /// An advisory says that the package is malicious.
    Malicious,
    /// The index holds the project to be unsafe (PEP 792).
    Quarantined,
    /// The release was taken back (PEP 592).
    Yanked,
    /// The project is no longer maintained (PEP 792).
    Archived,
    /// The project is superseded (PEP 792).
    Deprecated,
}

impl FindingCode {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Vulnerable,
        Self::Malicious,
        Self::Quarantined,
        Self::Yanked,
        Self::Archived,
        Self::Deprecated,
    ];

    /// The code as printed and documented.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vulnerable => "vulnerable",
            Self::Malicious => "malicious",
            Self::Quarantined => "quarantined",
            Self::Yanked => "yanked",
            Self::Archived => "archived",
            Self::Deprecated => "deprecated",
        }
    }
}

/// Why a finding does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// The entry's reason.
    pub reason: String,
    /// The last day on which it holds, `YYYY-MM-DD`.
    pub expires: Option<String>,
    /// Where the entry stands: `lockgate.toml:3`, an option, a VEX document.
    pub origin: String,
    /// Why it does no harm, in the words of `OpenVEX` (`vulnerable_code_not_in_execute_path`), where the entry says so.
    pub justification: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::Advisory;

    #[test]
    fn the_lasting_id_is_the_lowest_cve_else_that_of_the_oldest_record() {
        for (id, aliases, oldest, lasting) in [
            ("GHSA-1", &[][..], "GHSA-1", "GHSA-1"),
            ("PYSEC-1", &["GHSA-1"], "GHSA-1", "GHSA-1"),
            ("PYSEC-1", &["CVE-2024-2", "GHSA-1"], "GHSA-1", "CVE-2024-2"),
            (
                "PYSEC-1",
                &["CVE-2023-10000", "CVE-2023-999", "CVE-2024-1"],
                "PYSEC-1",
                "CVE-2023-999",
            ),
            ("cve-2024-1", &["GHSA-1"], "GHSA-1", "cve-2024-1"),
            ("CVE-2024-x", &["GHSA-1"], "GHSA-1", "GHSA-1"),
            ("é", &["CVE", "CVE-"], "", "é"),
        ] {
            let advisory = Advisory {
                id: id.to_owned(),
                aliases: aliases.iter().map(|&id| id.to_owned()).collect(),
                oldest: oldest.to_owned(),
                ..Advisory::default()
            };
            assert_eq!(advisory.lasting_id(), lasting);
            let others = advisory.other_ids();
            assert_eq!(others.len(), aliases.len());
            assert!(!others.contains(&lasting), "{others:?}");
        }
    }
}
