//! The audit as workflow commands of GitHub Actions, which become annotations at the lines of the pins, and as a job summary.

use std::io::{self, Write};

use lockgate_model::{AuditReport, AuditedPackage, FindingCode, InventoryKind};

use crate::markdown::markdown_of_rows;
use crate::plain::plain;
use crate::verdict::{
    AuditRun, Verdict, basis_text, gap_why, gap_words, notice_text, verdict_text,
};
use crate::view::{Entry, entries};

/// Rows of each table of a job summary, unless they are too long.
const SUMMARY_ROWS: usize = 200;
/// Bytes of a job summary; GitHub takes 1 MiB for a step.
const SUMMARY_BYTES: usize = 900 * 1024;

/// Writes a command a line, worst first: GitHub shows no more than ten errors and ten warnings of a step.
///
/// The first one holds the verdict, so that what comes after the tenth is not missed. What policy gates on is an error, what it lets
/// through a warning, what an entry ignores is not told; a gap is an error unless it is accepted.
pub fn annotations(report: &AuditReport, out: &mut dyn Write) -> io::Result<()> {
    let mut commands = Vec::new();
    commands.extend(verdict(report));
    for entry in &entries(report) {
        if entry.finding.ignored.is_some() {
            continue;
        }
        let level = Level::of(entry.finding.gated);
        let (title, message) = finding(entry, report);
        commands.extend(entry.packages.iter().map(|package| Command {
            level,
            file: file_of(report, &package.source),
            line: package.line,
            title: title.clone(),
            message: message.clone(),
        }));
    }
    commands.extend(gaps(report));
    commands.extend(report.packages.iter().flat_map(|it| notices(report, it)));
    commands.extend(remarks(report));
    // A stable sort: within a level they stay worst first.
    commands.sort_by_key(|command| command.level);
    for command in &commands {
        command.write(out)?;
    }
    Ok(())
}

/// Writes the Markdown for `$GITHUB_STEP_SUMMARY`: the ticket, with long tables cut.
pub fn job_summary(
    report: &AuditReport,
    run: &AuditRun<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut rows = SUMMARY_ROWS;
    loop {
        let mut text = Vec::new();
        markdown_of_rows(report, run, rows, &mut text)?;
        if text.len() <= SUMMARY_BYTES || rows == 0 {
            return out.write_all(&text);
        }
        rows /= 2;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Error,
    Warning,
    Notice,
}

impl Level {
    fn of(gated: bool) -> Self {
        if gated { Self::Error } else { Self::Warning }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

struct Command {
    level: Level,
    file: Option<String>,
    line: Option<usize>,
    title: String,
    message: String,
}

impl Command {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut properties = Vec::new();
        if let Some(file) = &self.file {
            properties.push(format!("file={}", property(file)));
            // A line means nothing without its file.
            properties.extend(self.line.map(|line| format!("line={line}")));
        }
        properties.push(format!("title={}", property(&self.title)));
        writeln!(
            out,
            "::{} {}::{}",
            self.level.word(),
            properties.join(","),
            data(&self.message)
        )
    }
}

fn verdict(report: &AuditReport) -> Option<Command> {
    let level = match Verdict::of(report) {
        Verdict::Clean => return None,
        Verdict::Incomplete if !report.is_incomplete() => Level::of(report.gated_findings() > 0),
        Verdict::NotAudited | Verdict::Incomplete | Verdict::Denied => Level::Error,
        Verdict::Accepted => Level::Warning,
    };
    let (head, rest) = verdict_text(report);
    let basis = match basis_text(report) {
        Some(basis) => format!(" (advisories: {basis})"),
        None => String::new(),
    };
    Some(Command {
        level,
        file: None,
        line: None,
        title: "lockgate audit".to_owned(),
        message: format!("{head}{rest}{basis}"),
    })
}

/// Title and message of a finding, the same at all of its places.
fn finding(entry: &Entry<'_>, report: &AuditReport) -> (String, String) {
    let advisory = &entry.finding.advisory;
    let id = plain(&advisory.id);
    let pin = format!("{} {}", entry.first.name, entry.first.version);
    let title = format!("{pin}: {id}, {}", entry.severity());
    let mut lines = Vec::new();
    lines.push(plain(&advisory.summary).into_owned());
    lines.push(entry.fix(report).sentence());
    if let Some(chain) = entry.chains().first().filter(|chain| chain.len() > 2) {
        lines.push(format!("required by {}", chain.join(" → ")));
    }
    let about: Vec<String> = entry
        .directness()
        .into_iter()
        .chain(entry.scope())
        .collect();
    lines.push(about.join(", "));
    if !advisory.aliases.is_empty() {
        lines.push(format!("also {}", advisory.aliases.join(", ")));
    }
    lines.push(advisory.link.clone());
    let lines: Vec<String> = lines
        .iter()
        .map(|line| plain(line).into_owned())
        .filter(|line| !line.is_empty())
        .collect();
    (title, lines.join("\n"))
}

fn gaps(report: &AuditReport) -> impl Iterator<Item = Command> + '_ {
    report.gaps.iter().map(|gap| Command {
        level: Level::of(gap.accepted.is_none()),
        file: gap.source.as_ref().and_then(|it| file_of(report, it)),
        line: gap.line,
        title: format!("not audited: {}", gap_words(gap.code)),
        message: format!("{}: {}", plain(&gap.what), gap_why(gap)),
    })
}

fn notices<'a>(
    report: &'a AuditReport,
    package: &'a AuditedPackage,
) -> impl Iterator<Item = Command> + 'a {
    package.notices.iter().map(|notice| Command {
        level: match notice.code {
            FindingCode::Archived | FindingCode::Deprecated if !notice.gated => Level::Notice,
            _ => Level::of(notice.gated),
        },
        file: file_of(report, &package.source),
        line: package.line,
        title: format!(
            "{} {}: {}",
            package.name,
            package.version,
            notice.code.as_str()
        ),
        message: notice_text(notice),
    })
}

fn remarks(report: &AuditReport) -> impl Iterator<Item = Command> {
    report.remarks.iter().map(|remark| {
        let origin = remark.origin.as_deref().unwrap_or_default();
        let (file, line) = match origin.rsplit_once(':') {
            Some((file, line)) => (file, line.parse().ok()),
            None => ("", None),
        };
        Command {
            level: Level::Warning,
            // Other origins are no files: an option, a variable.
            file: line.map(|_: usize| file.to_owned()),
            line,
            title: remark.code.as_str().to_owned(),
            message: plain(&remark.text).into_owned(),
        }
    })
}

/// The file of a place, to which GitHub can attach an annotation; none for an environment and for standard input.
fn file_of(report: &AuditReport, source: &str) -> Option<String> {
    let is_environment = report
        .places
        .iter()
        .any(|place| place.place == source && place.kind == InventoryKind::Environment);
    (!is_environment && source != "-").then(|| plain(source).into_owned())
}

/// The message of a command: everything after `::` up to the end of the line.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property of a command, which `,` and `:` would end too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
