//! What an audit found out, package by package, ready to be reported.

use std::collections::BTreeSet;
use std::fmt;

use crate::{
    Finding, FindingCode, InventoryKind, Name, Scope, Sha256, Snapshot, Timestamp, Version,
};

/// The outcome of an audit.
#[derive(Debug, Clone, Default)]
pub struct AuditReport {
    /// Every package that was audited, in the order of the places.
    pub packages: Vec<AuditedPackage>,
    /// The user's own projects among what was looked at: they are no releases, and nothing was asked about them.
    pub own: Vec<OwnProject>,
    /// What could not be audited, and why. Any gap that is not accepted means that there is no answer.
    pub gaps: Vec<Gap>,
    /// The files and environments that were looked at.
    pub places: Vec<AuditedPlace>,
    /// The advisories' sources and state, together; none when they were off.
    pub evidence: Option<Snapshot>,
    /// Each source by itself, in the order in which they were named.
    pub sources: Vec<SourceState>,
    /// Remarks on the policy: entries that matched nothing, entries that have expired, records that were overridden.
    pub remarks: Vec<Remark>,
    /// What was left out because an older lock had it already.
    pub baseline: Option<Baseline>,
}

/// One audited package.
#[derive(Debug, Clone)]
pub struct AuditedPackage {
    /// The project.
    pub name: Name,
    /// The version.
    pub version: Version,
    /// The file or environment it stands in.
    pub source: String,
    /// The line, from 1, when it is known.
    pub line: Option<usize>,
    /// Whether it is asked for directly, when it is known.
    pub direct: Option<bool>,
    /// What asks for it, where the file says so.
    pub scopes: BTreeSet<Scope>,
    /// In which environments it is installed, if not in all.
    pub marker: Option<String>,
    /// Set for a direct reference: what the findings go by, since what is there is no release.
    pub judged_by: Option<JudgedBy>,
    /// Chains from a root down to it, shortest first: the root, then pins. Not more than a few.
    pub paths: Vec<Vec<String>>,
    /// The packages that require it, by their place in [`AuditReport::packages`].
    pub parents: Vec<usize>,
    /// What is known against it; ignored ones included.
    pub findings: Vec<Finding>,
    /// What the index says of it: yanked, or the project's status.
    pub notices: Vec<Notice>,
}

impl AuditedPackage {
    /// A package of which no more is known than its place.
    pub fn new(name: Name, version: Version, source: String) -> Self {
        Self {
            name,
            version,
            source,
            line: None,
            direct: None,
            scopes: BTreeSet::new(),
            marker: None,
            judged_by: None,
            paths: Vec::new(),
            parents: Vec::new(),
            findings: Vec::new(),
            notices: Vec::new(),
        }
    }

    /// Whether only dependency groups ask for it: it is there for development alone.
    pub fn is_dev_only(&self) -> bool {
        let mut scopes = self.scopes.iter();
        !self.scopes.is_empty() && scopes.all(|scope| matches!(scope, Scope::Group(_)))
    }
}

/// What the findings of a direct reference, or of an entry without a version, go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JudgedBy {
    /// The version that it states.
    StatedVersion,
    /// Its name: it states no version, and these advisories affect all of them.
    Name,
}

impl JudgedBy {
    /// The words for it in reports.
    pub fn words(self) -> &'static str {
        match self {
            Self::StatedVersion => "by the version it states",
            Self::Name => "by its name: every version is affected",
        }
    }

    /// The word for it in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StatedVersion => "stated-version",
            Self::Name => "name",
        }
    }
}

/// What an index says of a release, which no advisory does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Yanked, quarantined, archived or deprecated.
    pub code: FindingCode,
    /// Why, in the index's words; may be empty.
    pub reason: String,
    /// Whether policy gates on it.
    pub gated: bool,
}

/// The user's own code among what was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnProject {
    /// How it is written.
    pub text: String,
    /// The file or environment it stands in.
    pub source: String,
    /// The line, from 1, when it is known.
    pub line: Option<usize>,
    /// Where it lies.
    pub place: String,
}

/// Something that could not be audited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// What kind of gap it is.
    pub code: GapCode,
    /// What: a line of a file, a package, a source.
    pub what: String,
    /// Why.
    pub why: String,
    /// The project, when it is about one.
    pub name: Option<Name>,
    /// The file or environment, when it is in one.
    pub source: Option<String>,
    /// The line, from 1, when it is known.
    pub line: Option<usize>,
    /// Set where the policy or an option accepts it. It is reported all the same.
    pub accepted: Option<AcceptedGap>,
}

/// Why a gap is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedGap {
    /// The reason that the entry states.
    pub reason: String,
    /// The last day on which the entry holds.
    pub expires: Option<String>,
    /// Where the entry stands: `lockgate.toml:3`, or the option.
    pub origin: String,
}

/// Kinds of gaps; each has a heading in docs/codes.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GapCode {
    /// It is taken from a direct reference: no version says what it is.
    DirectReference,
    /// It is not pinned to one version.
    Unpinned,
    /// Its version is none (PEP 440).
    BadVersion,
    /// Its name cannot be told, or is none.
    Unnamed,
    /// Its name comes from an index of one's own, and is not told to a service.
    NotTold,
    /// The source of advisories does not know the project.
    NotOnIndex,
    /// A source of advisories, or the index, could not answer.
    NotLearned,
    /// A file, or a record of an advisory source, could not be read.
    Unreadable,
}

impl GapCode {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::DirectReference,
        Self::Unpinned,
        Self::BadVersion,
        Self::Unnamed,
        Self::NotTold,
        Self::NotOnIndex,
        Self::NotLearned,
        Self::Unreadable,
    ];

    /// The code as printed and documented.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DirectReference => "direct-reference",
            Self::Unpinned => "unpinned",
            Self::BadVersion => "bad-version",
            Self::Unnamed => "unnamed",
            Self::NotTold => "not-told",
            Self::NotOnIndex => "not-on-index",
            Self::NotLearned => "not-learned",
            Self::Unreadable => "unreadable",
        }
    }

    /// The code that `text` names.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }

    /// Whether only the option that names the code accepts it. Such a gap says that the audit itself did not work, not that one entry is
    /// beyond it: neither the policy nor `--allow-incomplete` without codes accepts that.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::NotLearned | Self::Unreadable)
    }
}

/// A file or environment that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditedPlace {
    /// As the user named it, or as it was found.
    pub place: String,
    /// Its kind.
    pub kind: InventoryKind,
    /// How many packages of it were audited.
    pub packages: usize,
    /// How many were left out because they are not installed where the audit is for.
    pub left_out: usize,
    /// The policies that hold for it, the topmost first; empty: the defaults.
    pub policies: Vec<String>,
    /// Whether a policy or an option switched the gate off for it, so that nothing was looked for.
    pub is_off: bool,
}

/// How one source of advisories stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceState {
    /// As the user named it.
    pub name: String,
    /// Digest of its data; of a service, of what it said about the audited packages.
    pub digest: Sha256,
    /// The newest `modified` of its records that is not in the future.
    pub modified: Option<Timestamp>,
    /// When its state was last confirmed by its origin; none for local files.
    pub refreshed: Option<Timestamp>,
    /// How many records it has; none for a service.
    pub records: Option<u32>,
    /// Whether its records take the place of earlier ones.
    pub overrides: bool,
    /// How many of the audited projects were asked about in it.
    pub asked: usize,
}

/// A remark on the policy or its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// What kind it is.
    pub code: RemarkCode,
    /// What is to be said, in one line.
    pub text: String,
    /// Where the entry stands, if it is about one: `lockgate.toml:3`.
    pub origin: Option<String>,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Kinds of remarks; each has a heading in docs/codes.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RemarkCode {
    /// An ignore entry matches nothing.
    UnmatchedIgnore,
    /// An ignore entry has expired.
    ExpiredIgnore,
    /// An `[[allow-incomplete]]` entry matches no gap.
    UnmatchedAcceptance,
    /// An `[[allow-incomplete]]` entry has expired.
    ExpiredAcceptance,
    /// A source that overrides took the place of a record of another.
    OverriddenAdvisory,
    /// An inventory has something to say of itself.
    Input,
    /// A key or an entry of a policy that has no effect where it stands.
    PolicyWithoutEffect,
    /// The search for policies ended before it had looked everywhere.
    PolicySearch,
    /// The checkout has another policy than the revision whose policy is followed.
    PolicyDiffers,
    /// A table of a policy is for an index that is not in use.
    UnmatchedIndex,
    /// Packages are counted as installed because what their markers ask of the environment is not known.
    PresumedInstalled,
    /// The newest record of a whole database of advisories is of long ago.
    OldAdvisories,
}

impl RemarkCode {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::UnmatchedIgnore,
        Self::ExpiredIgnore,
        Self::UnmatchedAcceptance,
        Self::ExpiredAcceptance,
        Self::OverriddenAdvisory,
        Self::Input,
        Self::PolicyWithoutEffect,
        Self::PolicySearch,
        Self::PolicyDiffers,
        Self::UnmatchedIndex,
        Self::PresumedInstalled,
        Self::OldAdvisories,
    ];

    /// The code as printed and documented.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnmatchedIgnore => "unmatched-ignore",
            Self::ExpiredIgnore => "expired-ignore",
            Self::UnmatchedAcceptance => "unmatched-acceptance",
            Self::ExpiredAcceptance => "expired-acceptance",
            Self::OverriddenAdvisory => "overridden-advisory",
            Self::Input => "input",
            Self::PolicyWithoutEffect => "policy-without-effect",
            Self::PolicySearch => "policy-search",
            Self::PolicyDiffers => "policy-differs",
            Self::UnmatchedIndex => "unmatched-index",
            Self::PresumedInstalled => "presumed-installed",
            Self::OldAdvisories => "old-advisories",
        }
    }
}

/// What an older lock had already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    /// The older lock.
    pub place: String,
    /// How many findings were left out: those that affect the same project there too.
    pub left_out: usize,
}

impl AuditReport {
    /// All findings, in the order of packages.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.packages.iter().flat_map(|package| &package.findings)
    }

    /// Gaps that nobody accepted.
    pub fn open_gaps(&self) -> impl Iterator<Item = &Gap> {
        self.gaps.iter().filter(|gap| gap.accepted.is_none())
    }

    /// Whether the audit is incomplete: it has a gap that nobody accepted.
    pub fn is_incomplete(&self) -> bool {
        self.open_gaps().next().is_some()
    }

    /// All notices, in the order of packages.
    pub fn notices(&self) -> impl Iterator<Item = &Notice> {
        self.packages.iter().flat_map(|package| &package.notices)
    }

    /// Findings that no entry ignores.
    pub fn open_findings(&self) -> usize {
        self.findings()
            .filter(|finding| finding.ignored.is_none())
            .count()
    }

    /// Findings that an entry ignores.
    pub fn ignored_findings(&self) -> usize {
        self.findings()
            .filter(|finding| finding.ignored.is_some())
            .count()
    }

    /// Findings and notices that policy gates on.
    pub fn gated_findings(&self) -> usize {
        let findings = self.findings().filter(|finding| finding.gated).count();
        findings + self.notices().filter(|notice| notice.gated).count()
    }

    /// Packages with a finding that no entry ignores.
    pub fn vulnerable_packages(&self) -> usize {
        self.packages
            .iter()
            .filter(|package| package.findings.iter().any(|f| f.ignored.is_none()))
            .count()
    }
}
