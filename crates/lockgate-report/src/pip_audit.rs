//! An audit as pip-audit reports it, for scripts that read pip-audit: JSON, columns, Markdown, and the line of its summary.
//!
//! What differs follows from what an audit knows, and stands in docs/reports.md.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{Advisory, AuditReport, AuditedPackage, Finding, FindingCode, Gap, Version};

use crate::address::osv_page;
use crate::one_line::{as_spaced, one_line};
use crate::verdict::counted;

mod columns;
mod json;
mod markdown;

pub use columns::pip_audit_columns;
pub use json::pip_audit_json;
pub use markdown::pip_audit_markdown;

/// `on`, `off` or `auto`, of `--desc` and `--aliases`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PipAuditSwitch {
    /// Shown.
    On,
    /// Left out.
    Off,
    /// Shown in JSON, left out elsewhere.
    #[default]
    Auto,
}

impl PipAuditSwitch {
    fn is_on(self, auto: bool) -> bool {
        match self {
            Self::On => true,
            Self::Off => false,
            Self::Auto => auto,
        }
    }
}

/// What pip-audit's options ask for.
#[derive(Clone, Copy)]
pub struct PipAuditOptions<'a> {
    /// `--desc`.
    pub descriptions: PipAuditSwitch,
    /// `--aliases`.
    pub aliases: PipAuditSwitch,
    /// The full text about an advisory: a record's summary, else its details. Without one, the advisory's own line is taken.
    pub description_of: &'a dyn Fn(&Advisory) -> Option<String>,
    /// The address under which each project has its page, with a `/` at its end: Markdown and hyperlinks lead there. None: names stand as they are.
    pub project_pages: Option<&'a str>,
    /// Whether columns have hyperlinks (OSC 8), as pip-audit gives a terminal.
    pub hyperlinks: bool,
}

impl std::fmt::Debug for PipAuditOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PipAuditOptions")
            .field("descriptions", &self.descriptions)
            .field("aliases", &self.aliases)
            .field("project_pages", &self.project_pages)
            .field("hyperlinks", &self.hyperlinks)
            .finish_non_exhaustive()
    }
}

impl PipAuditOptions<'_> {
    fn page_of(&self, project: &str) -> Option<String> {
        self.project_pages.map(|pages| format!("{pages}{project}/"))
    }
}

/// What pip-audit says on standard error when it is done.
pub fn pip_audit_summary(report: &AuditReport) -> String {
    let dependencies = dependencies(report);
    let vulnerabilities: usize = dependencies
        .iter()
        .map(|one| one.vulnerabilities.len())
        .sum();
    let ignored: usize = dependencies.iter().map(|one| one.ignored).sum();
    // pip-audit would say that nothing is known, of what was never asked about.
    if vulnerabilities == 0 && !report.gaps.is_empty() {
        let gaps = counted(report.gaps.len(), "entry", "entries");
        return format!("Incomplete: {gaps} could not be audited");
    }
    if report.evidence.is_none() && vulnerabilities + ignored == 0 {
        return "Not audited: advisories are off".to_owned();
    }
    if vulnerabilities == 0 {
        let ignored = match ignored {
            0 => String::new(),
            count => format!(", {count} ignored"),
        };
        return format!("No known vulnerabilities found{ignored}");
    }
    let affected = dependencies
        .iter()
        .filter(|one| !one.vulnerabilities.is_empty())
        .count();
    let ignored = match ignored {
        0 => String::new(),
        count => format!(", ignored {count}"),
    };
    format!(
        "Found {}{ignored} in {}",
        counted(
            vulnerabilities,
            "known vulnerability",
            "known vulnerabilities"
        ),
        counted(affected, "package", "packages"),
    )
}

/// A dependency as pip-audit sees it.
struct Dependency {
    name: String,
    /// None of what was skipped.
    version: Option<String>,
    /// Why it was skipped.
    skip_reason: String,
    vulnerabilities: Vec<Vulnerability>,
    /// How many more there would be without the entries that ignore them.
    ignored: usize,
}

/// A vulnerability as pip-audit sees it.
struct Vulnerability {
    id: String,
    fix_versions: Vec<String>,
    aliases: Vec<String>,
    about: About,
}

/// Where the text about a vulnerability comes from.
enum About {
    /// From the advisory, asked for only where it is shown.
    Advisory(std::sync::Arc<Advisory>),
    /// It is this.
    Text(String),
}

impl Vulnerability {
    fn of(finding: &Finding) -> Self {
        let advisory = &finding.advisory;
        let (id, aliases) = ids(advisory);
        Self {
            id,
            aliases,
            fix_versions: advisory.fixed.iter().map(Version::to_string).collect(),
            about: About::Advisory(finding.advisory.clone()),
        }
    }

    /// The page about it; none of what the index says.
    fn page(&self) -> Option<String> {
        matches!(self.about, About::Advisory(_)).then(|| osv_page(&self.id))
    }

    /// In one line as pip-audit makes it one, and never empty.
    fn description(&self, options: &PipAuditOptions<'_>) -> String {
        let text = match &self.about {
            About::Text(text) => text.clone(),
            About::Advisory(advisory) => {
                (options.description_of)(advisory).unwrap_or_else(|| advisory.summary.clone())
            }
        };
        if text.is_empty() {
            "N/A".to_owned()
        } else {
            text.replace('\n', " ")
        }
    }

    /// The same without what a terminal would obey.
    fn shown_description(&self, options: &PipAuditOptions<'_>) -> String {
        as_spaced(&self.description(options))
    }
}

/// The id that pip-audit would show, and the others, sorted: PYSEC before CVE before the rest.
fn ids(advisory: &Advisory) -> (String, Vec<String>) {
    let all: BTreeSet<&str> = advisory
        .aliases
        .iter()
        .map(String::as_str)
        .chain([advisory.id.as_str()])
        .collect();
    let first = |prefix: &str| all.iter().copied().find(|id| id.starts_with(prefix));
    let shown = if advisory.id.starts_with("PYSEC") {
        advisory.id.as_str()
    } else {
        first("PYSEC")
            .or_else(|| first("CVE"))
            .unwrap_or(&advisory.id)
    };
    let others = all.iter().filter(|id| **id != shown);
    (one_line(shown), others.map(|id| one_line(id)).collect())
}

/// What was looked at, once each, in the order of the places and, where lines are known, of the lines.
fn dependencies(report: &AuditReport) -> Vec<Dependency> {
    let places = report.places.iter().map(|place| place.place.as_str());
    let ranks: BTreeMap<&str, usize> = places.zip(0..).collect();
    let rank = |source: Option<&str>| {
        let rank = source.and_then(|source| ranks.get(source));
        rank.copied().unwrap_or(usize::MAX)
    };
    let mut placed: Vec<(usize, usize, Dependency)> = Vec::new();
    let mut put = |source: Option<&str>, line: Option<usize>, dependency: Dependency| {
        placed.push((rank(source), line.unwrap_or(usize::MAX), dependency));
    };
    for package in &report.packages {
        put(Some(&package.source), package.line, audited(package));
    }
    for own in &report.own {
        let reason = format!("not a release but code of your own: {}", own.place);
        put(Some(&own.source), own.line, skipped(&own.text, &reason));
    }
    for gap in &report.gaps {
        put(
            gap.source.as_deref(),
            gap.line,
            skipped(&named(gap), &gap.why),
        );
    }
    placed.sort_by_key(|(place, line, _)| (*place, *line));
    let mut seen = BTreeSet::new();
    let dependencies = placed.into_iter().map(|(_, _, dependency)| dependency);
    dependencies
        .filter(|one| {
            seen.insert((
                one.name.clone(),
                one.version.clone(),
                one.skip_reason.clone(),
            ))
        })
        .collect()
}

fn audited(package: &AuditedPackage) -> Dependency {
    let open = package
        .findings
        .iter()
        .filter(|finding| finding.ignored.is_none());
    let found = open.map(Vulnerability::of);
    // pip-audit knows no such thing. What makes the audit fail must not be missing in what it says.
    let gated = package.notices.iter().filter(|notice| notice.gated);
    let noticed = gated.map(|notice| Vulnerability {
        id: notice.code.as_str().to_owned(),
        fix_versions: Vec::new(),
        aliases: Vec::new(),
        about: About::Text(notice_text(notice.code, &notice.reason)),
    });
    let mut vulnerabilities: Vec<Vulnerability> = found.chain(noticed).collect();
    vulnerabilities.sort_by_key(|one| !one.id.starts_with("PYSEC"));
    Dependency {
        name: package.name.to_string(),
        version: Some(package.version.to_string()),
        skip_reason: String::new(),
        ignored: package
            .findings
            .iter()
            .filter(|finding| finding.ignored.is_some())
            .count(),
        vulnerabilities,
    }
}

fn notice_text(code: FindingCode, reason: &str) -> String {
    let what = match code {
        FindingCode::Yanked => "The release was yanked",
        FindingCode::Quarantined => "The index has quarantined the project",
        FindingCode::Archived => "The project is archived",
        FindingCode::Deprecated => "The project is deprecated",
        FindingCode::Vulnerable | FindingCode::Malicious => "The index warns of it",
    };
    if reason.is_empty() {
        what.to_owned()
    } else {
        format!("{what}: {reason}")
    }
}

fn skipped(name: &str, reason: &str) -> Dependency {
    Dependency {
        name: one_line(name),
        version: None,
        skip_reason: one_line(reason),
        vulnerabilities: Vec::new(),
        ignored: 0,
    }
}

fn named(gap: &Gap) -> String {
    gap.name
        .as_ref()
        .map_or_else(|| gap.what.clone(), ToString::to_string)
}
