//! The answer of an audit in one line, and what it rests on.

use std::collections::HashMap;
use std::fmt::Write as _;

use jiff::SignedDuration;
use lockgate_model::{
    AcceptedGap, AuditReport, AuditedPackage, Baseline, FindingCode, Gap, GapCode, Notice,
    SourceState, Timestamp, age,
};

use crate::plain::plain;
use crate::view::{Badness, and_more, entries, place_text};

/// The circumstances of a run, which a report does not hold.
#[derive(Debug, Clone, Copy, Default)]
pub struct AuditRun<'a> {
    /// The command that makes the report again, as typed and without secrets; made up from the places when there is none.
    pub command: Option<&'a str>,
    /// When the report is made.
    pub generated: Option<Timestamp>,
}

/// What an audit comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// There were no advisories.
    NotAudited,
    /// There are gaps.
    Incomplete,
    /// Policy gates on something.
    Denied,
    /// Something was found, and policy lets all of it through.
    Accepted,
    /// Nothing was found.
    Clean,
}

impl Verdict {
    /// Of a report. What is incomplete is never anything better, whether or not its gaps are accepted.
    pub(crate) fn of(report: &AuditReport) -> Self {
        // Without a source that could be used there is no evidence either, and then that is the gap.
        let mut gaps = report.gaps.iter();
        if report.evidence.is_none() && !gaps.any(|gap| gap.code == GapCode::NotLearned) {
            Self::NotAudited
        } else if !report.gaps.is_empty() {
            Self::Incomplete
        } else if report.gated_findings() > 0 {
            Self::Denied
        } else if report.open_findings() > 0 {
            Self::Accepted
        } else {
            Self::Clean
        }
    }

    /// A word for style sheets and filters.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::NotAudited => "not-audited",
            Self::Incomplete => "incomplete",
            Self::Denied => "denied",
            Self::Accepted => "accepted",
            Self::Clean => "clean",
        }
    }
}

/// The verdict's first words, which a terminal colours, and the rest of the line.
pub(crate) fn verdict_text(report: &AuditReport) -> (String, String) {
    let packages = counted(report.packages.len(), "package", "packages");
    let open = report.open_findings();
    let mut findings = counted(open, "finding", "findings");
    // Of many locks one release and its advisory are told once, and count as often as they stand there.
    let distinct = entries(report);
    let distinct = distinct.iter().filter(|it| it.finding.ignored.is_none());
    let distinct = distinct.count();
    if distinct < open {
        let _ = write!(findings, " ({distinct} distinct)");
    }
    let denied = report.notices().filter(|notice| notice.gated).count();
    let mut rest = match Verdict::of(report) {
        Verdict::NotAudited => {
            let rest = format!(": {packages}, advisories are off");
            return ("Not audited".to_owned(), rest);
        }
        Verdict::Incomplete => {
            let gaps = counted(report.gaps.len(), "entry", "entries");
            let accepted = report.gaps.len() - report.open_gaps().count();
            let accepted = match accepted {
                0 => String::new(),
                count if count == report.gaps.len() => " (accepted)".to_owned(),
                count => format!(" ({count} accepted)"),
            };
            format!(": {gaps} could not be audited{accepted}; {findings} in {packages}")
        }
        Verdict::Denied | Verdict::Accepted if open > 0 => {
            format!(" in {} of {packages}", report.vulnerable_packages())
        }
        _ => format!(" in {packages}"),
    };
    let gated = report.findings().filter(|finding| finding.gated).count();
    if open > 0 && gated == 0 {
        rest.push_str(", accepted by policy");
    } else if gated < open {
        let _ = write!(
            rest,
            ", {} of them accepted by policy",
            open.saturating_sub(gated)
        );
    }
    if report.ignored_findings() > 0 {
        let _ = write!(rest, ", {} ignored", report.ignored_findings());
    }
    if denied > 0 {
        let notices = counted(denied, "notice", "notices");
        let _ = write!(rest, ", {notices} denied by policy");
    }
    let head = match Verdict::of(report) {
        Verdict::Incomplete => "Incomplete".to_owned(),
        _ if open == 0 => "No findings".to_owned(),
        _ => findings,
    };
    (head, rest)
}

/// What the report says of the state of one source, after its name.
pub(crate) fn source_text(source: &SourceState, now: Option<Timestamp>) -> String {
    let mut parts = Vec::new();
    if let Some(records) = source.records {
        parts.push(counted_u32(records, "record", "records"));
    }
    if let Some(modified) = &source.modified {
        parts.push(format!("newest of {}", day(modified)));
    }
    if let Some(refreshed) = &source.refreshed {
        let age = now.filter(|now| is_stale(source, Some(*now))).map(|now| {
            match age::age(*refreshed, now) {
                None => ", in the future".to_owned(),
                Some(age) => match age.as_hours() / 24 {
                    1 => ", a day ago".to_owned(),
                    days => format!(", {days} days ago"),
                },
            }
        });
        let age = age.unwrap_or_default();
        parts.push(format!("refreshed {}{age}", minute(refreshed)));
    }
    parts.push(format!("sha256:{}", short_digest(source)));
    parts.push(format!(
        "asked about {}",
        counted(source.asked, "project", "projects")
    ));
    if source.overrides {
        parts.push("overrides the sources before it".to_owned());
    }
    parts.join(", ")
}

/// The first digits of a source's digest: enough to compare by eye.
pub(crate) fn short_digest(source: &SourceState) -> String {
    source.digest.to_string().chars().take(12).collect()
}

/// Whether a source that is refreshed was not, for longer than a day, or for how long isn't known.
pub(crate) fn is_stale(source: &SourceState, now: Option<Timestamp>) -> bool {
    let (Some(refreshed), Some(now)) = (source.refreshed, now) else {
        return false;
    };
    !age::is_within(refreshed, SignedDuration::from_hours(24), now)
}

/// The one line about the advisories in use: `OSV PyPI of 2024-10-10`.
pub(crate) fn basis_text(report: &AuditReport) -> Option<String> {
    let evidence = report.evidence.as_ref()?;
    let source = plain(&evidence.source);
    Some(match &evidence.modified {
        Some(modified) => format!("{source} of {}", day(modified)),
        None => source.into_owned(),
    })
}

/// `12 known from old.txt left out`.
pub(crate) fn baseline_text(baseline: &Baseline) -> String {
    let count = counted(baseline.left_out, "finding", "findings");
    let place = plain(&baseline.place);
    format!("{count} known from {place} left out")
}

/// What an index says of a release, as one clause.
pub(crate) fn notice_text(notice: &Notice) -> String {
    let what = match notice.code {
        FindingCode::Yanked => "its release was taken back (yanked)",
        FindingCode::Archived => "its project is no longer maintained (archived)",
        FindingCode::Deprecated => "its project is superseded (deprecated)",
        FindingCode::Quarantined => "its project is held to be unsafe (quarantined)",
        FindingCode::Vulnerable => "it is vulnerable",
        FindingCode::Malicious => "it is malicious",
    };
    let reason = plain(&notice.reason);
    if reason.is_empty() {
        what.to_owned()
    } else {
        format!("{what}: {reason}")
    }
}

/// One notice on one release, with every place where that release stands.
#[derive(Debug)]
pub(crate) struct NoticeGroup<'a> {
    /// What the index says.
    pub(crate) notice: &'a Notice,
    /// The place that stands for all of them.
    pub(crate) first: &'a AuditedPackage,
    /// All places, the first one included.
    pub(crate) packages: Vec<&'a AuditedPackage>,
}

/// The notices, each once; what policy gates on comes first.
pub(crate) fn notice_groups(report: &AuditReport) -> Vec<NoticeGroup<'_>> {
    let mut groups: Vec<NoticeGroup<'_>> = Vec::new();
    let mut places = HashMap::new();
    for package in &report.packages {
        for notice in &package.notices {
            let code = notice.code;
            let key = (
                &package.name,
                &package.version,
                code,
                &notice.reason,
                notice.gated,
            );
            let place = *places.entry(key).or_insert(groups.len());
            match groups.get_mut(place) {
                Some(group) => group.packages.push(package),
                None => groups.push(NoticeGroup {
                    notice,
                    first: package,
                    packages: vec![package],
                }),
            }
        }
    }
    groups.sort_by_key(|group| !group.notice.gated);
    groups
}

/// Gaps of one kind and cause, together.
#[derive(Debug)]
pub(crate) struct GapGroup<'a> {
    /// One of them.
    pub(crate) gap: &'a Gap,
    /// All of them.
    pub(crate) gaps: Vec<&'a Gap>,
}

impl GapGroup<'_> {
    /// What could not be audited, with its place where its own words do not name it.
    pub(crate) fn what(&self) -> String {
        let what = plain(&self.gap.what);
        let named = |gap: &&&Gap| {
            let source = gap.source.as_ref()?;
            (!what.contains(plain(source).as_ref())).then(|| place_text(source, gap.line))
        };
        let mut texts: Vec<String> = self.gaps.iter().filter_map(|gap| named(&gap)).collect();
        let count = texts.len();
        texts.truncate(3);
        if texts.is_empty() {
            what.into_owned()
        } else {
            format!("{what} ({})", and_more(&texts, count))
        }
    }
}

/// The gaps, those that say the same of several places once.
pub(crate) fn gap_groups(report: &AuditReport) -> Vec<GapGroup<'_>> {
    let mut groups: Vec<GapGroup<'_>> = Vec::new();
    let mut places = HashMap::new();
    for gap in &report.gaps {
        let key = (
            gap.code,
            &gap.what,
            &gap.why,
            gap.accepted.as_ref().map(accepted_text),
        );
        let place = *places.entry(key).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.gaps.push(gap),
            None => groups.push(GapGroup {
                gap,
                gaps: vec![gap],
            }),
        }
    }
    groups
}

/// Why a gap is accepted, and until when.
pub(crate) fn accepted_text(accepted: &AcceptedGap) -> String {
    let reason = plain(&accepted.reason);
    let origin = plain(&accepted.origin);
    match &accepted.expires {
        Some(expires) => format!("accepted until {}: {reason} ({origin})", plain(expires)),
        None => format!("accepted: {reason} ({origin})"),
    }
}

/// Why something could not be audited, and why that is accepted.
pub(crate) fn gap_why(gap: &Gap) -> String {
    let why = plain(&gap.why);
    match &gap.accepted {
        Some(accepted) => format!("{why}; {}", accepted_text(accepted)),
        None => why.into_owned(),
    }
}

/// What the gaps of a report come to, in one sentence.
pub(crate) fn gaps_judgement(report: &AuditReport) -> &'static str {
    if report.is_incomplete() {
        "With these gaps there is no answer: nothing is known about what they name."
    } else {
        "These gaps are accepted; nothing is known about what they name."
    }
}

/// A kind of gap in words.
pub(crate) fn gap_words(code: GapCode) -> &'static str {
    match code {
        GapCode::DirectReference => "taken from a direct reference",
        GapCode::Unpinned => "not pinned to one version",
        GapCode::BadVersion => "its version is none",
        GapCode::Unnamed => "its name cannot be told",
        GapCode::NotTold => "not told to a service",
        GapCode::NotOnIndex => "not known to the source",
        GapCode::NotLearned => "no answer",
        GapCode::Unreadable => "not readable",
    }
}

/// How many open findings there are of each severity, worst first; none that are not there.
pub(crate) fn severity_counts(report: &AuditReport) -> Vec<(Badness, usize)> {
    let open: Vec<Badness> = report
        .findings()
        .filter(|finding| finding.ignored.is_none())
        .map(Badness::of)
        .collect();
    Badness::ALL
        .into_iter()
        .map(|badness| (badness, open.iter().filter(|it| **it == badness).count()))
        .filter(|(_, count)| *count > 0)
        .collect()
}

/// The command that makes the report again.
pub(crate) fn command_text(report: &AuditReport, run: &AuditRun<'_>) -> String {
    const NAMED: usize = 5;
    if let Some(command) = run.command {
        return plain(command).into_owned();
    }
    let mut words = vec!["lockgate audit".to_owned()];
    for place in report.places.iter().take(NAMED) {
        if place.kind == lockgate_model::InventoryKind::Environment {
            words.push("--environment".to_owned());
        }
        words.push(quoted(&plain(&place.place)));
    }
    if report.places.len() > NAMED {
        words.push("…".to_owned());
    }
    words.join(" ")
}

/// A word for a POSIX shell.
fn quoted(word: &str) -> String {
    let is_bare = |c: char| c.is_alphanumeric() || "-_./:=+@%,".contains(c);
    if !word.is_empty() && word.chars().all(is_bare) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// The day of an instant in UTC.
pub(crate) fn day(instant: &Timestamp) -> String {
    jiff::tz::TimeZone::UTC
        .to_datetime(*instant)
        .date()
        .to_string()
}

/// The minute of an instant in UTC.
pub(crate) fn minute(instant: &Timestamp) -> String {
    let time = jiff::tz::TimeZone::UTC.to_datetime(*instant);
    format!(
        "{} {:02}:{:02} UTC",
        time.date(),
        time.hour(),
        time.minute()
    )
}

/// `1 finding`, `2 findings`.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn counted_u32(count: u32, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
