//! What an audit found out, package by package, ready to be reported.

use crate::{Finding, Name, Snapshot, Version};

/// The outcome of an audit.
#[derive(Debug, Clone, Default)]
pub struct AuditReport {
    /// Every package looked at, by name.
    pub packages: Vec<AuditedPackage>,
    /// What could not be audited, and why. Any gap means that there is no answer.
    pub gaps: Vec<Gap>,
    /// The advisories' sources and state; none when they were off.
    pub evidence: Option<Snapshot>,
    /// Remarks on the policy: entries that matched nothing, entries that have expired.
    pub remarks: Vec<String>,
}

/// One audited pin.
#[derive(Debug, Clone)]
pub struct AuditedPackage {
    /// The project.
    pub name: Name,
    /// The version.
    pub version: Version,
    /// The file it stands in.
    pub source: String,
    /// The line, from 1, when it is known.
    pub line: Option<usize>,
    /// What is known against it; ignored ones included.
    pub findings: Vec<Finding>,
}

/// Something that could not be audited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// What: a line of a file, a package.
    pub what: String,
    /// Why.
    pub why: String,
}

impl AuditReport {
    /// All findings, in the order of packages.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.packages.iter().flat_map(|package| &package.findings)
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

    /// Findings that policy gates on.
    pub fn gated_findings(&self) -> usize {
        self.findings().filter(|finding| finding.gated).count()
    }

    /// Packages with a finding that no entry ignores.
    pub fn vulnerable_packages(&self) -> usize {
        self.packages
            .iter()
            .filter(|package| package.findings.iter().any(|f| f.ignored.is_none()))
            .count()
    }
}
