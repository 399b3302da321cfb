//! The audit as Markdown, made to paste into a ticket: it reads the same in GitHub, GitLab and Jira, so it holds no HTML.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use lockgate_model::AuditReport;

use crate::plain::{cut, plain, web_address};
use crate::verdict::{
    AuditRun, baseline_text, command_text, counted, day, gap_groups, gap_why, gap_words,
    gaps_judgement, minute, notice_groups, notice_text, source_text, verdict_text,
};
use crate::view::{Entry, and_more, entries, place_text, places_text, policies_text};

/// Longest summary in a cell, in columns.
const SUMMARY: usize = 160;
/// Most aliases in a cell.
const ALIASES: usize = 6;

/// Writes the ticket: the verdict, what was audited with which data, findings worst first, and everything else that has a say.
pub fn markdown(report: &AuditReport, run: &AuditRun<'_>, out: &mut dyn Write) -> io::Result<()> {
    Ticket {
        report,
        run,
        rows: usize::MAX,
        out,
    }
    .write()
}

/// As [`markdown`], each table cut after `rows` rows, which it says.
pub(crate) fn markdown_of_rows(
    report: &AuditReport,
    run: &AuditRun<'_>,
    rows: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    Ticket {
        report,
        run,
        rows,
        out,
    }
    .write()
}

struct Ticket<'a> {
    report: &'a AuditReport,
    run: &'a AuditRun<'a>,
    rows: usize,
    out: &'a mut dyn Write,
}

impl Ticket<'_> {
    fn write(mut self) -> io::Result<()> {
        let (head, rest) = verdict_text(self.report);
        writeln!(self.out, "# Audit: {}{}", cell(&head), cell(&rest))?;
        self.basis()?;
        let entries = entries(self.report);
        let (ignored, open): (Vec<&Entry<'_>>, Vec<&Entry<'_>>) = entries
            .iter()
            .partition(|entry| entry.finding.ignored.is_some());
        self.findings(&open)?;
        self.ignored(&ignored)?;
        self.gaps()?;
        self.notices()?;
        self.own()?;
        self.remarks()?;
        let command = command_text(self.report, self.run);
        writeln!(self.out, "\nReproduce: {}", code(&command))
    }

    fn basis(&mut self) -> io::Result<()> {
        const NAMED: usize = 5;
        writeln!(self.out)?;
        let places: Vec<String> = self
            .report
            .places
            .iter()
            .take(NAMED)
            .map(|place| {
                let packages = counted(place.packages, "package", "packages");
                let left_out = match place.left_out {
                    0 => String::new(),
                    count => format!(", {count} left out: not installed there"),
                };
                format!(
                    "{} ({}, {packages}{left_out}; policy: {})",
                    cell(&place.place),
                    place.kind.word(),
                    cell(&policies_text(place))
                )
            })
            .collect();
        if !places.is_empty() {
            let places = and_more(&places, self.report.places.len());
            writeln!(self.out, "- Audited: {places}")?;
        }
        for source in &self.report.sources {
            let text = source_text(source, self.run.generated);
            writeln!(
                self.out,
                "- Advisories: {}: {}",
                cell(&source.name),
                cell(&text)
            )?;
        }
        if let Some(evidence) = &self.report.evidence
            && self.report.sources.len() != 1
        {
            let digest: String = evidence.digest.to_string().chars().take(12).collect();
            let newest = match &evidence.modified {
                Some(modified) => format!(", newest of {}", day(modified)),
                None => String::new(),
            };
            writeln!(
                self.out,
                "- Advisories together: {}{newest}, sha256:{digest}",
                cell(&evidence.source)
            )?;
        }
        if let Some(generated) = &self.run.generated {
            writeln!(self.out, "- Made: {}", minute(generated))?;
        }
        if let Some(baseline) = &self.report.baseline {
            writeln!(self.out, "- Baseline: {}", cell(&baseline_text(baseline)))?;
        }
        Ok(())
    }

    fn findings(&mut self, entries: &[&Entry<'_>]) -> io::Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        self.heading("Findings")?;
        self.head(&["Severity", "What", "Where", "How to fix"])?;
        for entry in entries.iter().take(self.rows) {
            let mut severity = format!("**{}**", cell(&entry.severity()));
            if !entry.finding.gated {
                severity.push_str(", accepted by policy");
            }
            let fix = entry.fix(self.report).sentence();
            let wheres = self.wheres(entry);
            self.row(&[&severity, &what(entry), &wheres, &cell(&fix)])?;
        }
        self.left_out(entries.len())
    }

    fn ignored(&mut self, entries: &[&Entry<'_>]) -> io::Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        self.heading("Ignored")?;
        self.head(&[
            "What",
            "Where",
            "Severity",
            "Accepted in",
            "Reason",
            "Until",
        ])?;
        for entry in entries.iter().take(self.rows) {
            let Some(ignored) = &entry.finding.ignored else {
                continue;
            };
            let justification = match &ignored.justification {
                Some(word) => format!(" ({})", cell(word)),
                None => String::new(),
            };
            let until = match &ignored.expires {
                Some(date) => cell(date).into_owned(),
                None => "open".to_owned(),
            };
            let wheres = self.wheres(entry);
            self.row(&[
                &what(entry),
                &wheres,
                &cell(&entry.severity()),
                &cell(&ignored.origin),
                &format!("{}{justification}", cell(&ignored.reason)),
                &until,
            ])?;
        }
        self.left_out(entries.len())
    }

    /// The pin, its place, how it comes to be there.
    fn wheres(&self, entry: &Entry<'_>) -> String {
        let pin = format!("{}=={}", entry.first.name, entry.first.version);
        let mut parts = vec![format!("**{}**", cell(&pin))];
        let places = places_text(self.report, &entry.packages, 3);
        parts.push(cell(&places).into_owned());
        let chains = entry.chains();
        match chains.first().filter(|chain| chain.len() > 2) {
            Some(chain) => parts.push(cell(&chain.join(" → ")).into_owned()),
            None => parts.extend(entry.directness()),
        }
        parts.extend(entry.scope().map(|scope| cell(&scope).into_owned()));
        if let Some(by) = entry.first.judged_by {
            parts.push(format!("a direct reference, judged {}", by.words()));
        }
        if let Some(marker) = &entry.first.marker {
            parts.push(format!("only if {}", cell(marker)));
        }
        parts.join("; ")
    }

    fn gaps(&mut self) -> io::Result<()> {
        let groups = gap_groups(self.report);
        if groups.is_empty() {
            return Ok(());
        }
        self.heading("Not audited")?;
        writeln!(self.out, "{}\n", gaps_judgement(self.report))?;
        self.head(&["What", "Why", "Kind"])?;
        for group in groups.iter().take(self.rows) {
            let kind = format!("{}: {}", group.gap.code.as_str(), gap_words(group.gap.code));
            self.row(&[
                &cell(&group.what()),
                &cell(&gap_why(group.gap)),
                &cell(&kind),
            ])?;
        }
        self.left_out(groups.len())
    }

    fn notices(&mut self) -> io::Result<()> {
        let groups = notice_groups(self.report);
        if groups.is_empty() {
            return Ok(());
        }
        self.heading("Notices of the index")?;
        for group in groups.iter().take(self.rows) {
            let places = places_text(self.report, &group.packages, 3);
            let denied = if group.notice.gated {
                ", **denied by policy**"
            } else {
                ""
            };
            let pin = format!("{}=={}", group.first.name, group.first.version);
            writeln!(
                self.out,
                "- **{}**: {}{denied} ({})",
                cell(&pin),
                cell(&notice_text(group.notice)),
                cell(&places)
            )?;
        }
        self.left_out(groups.len())
    }

    fn own(&mut self) -> io::Result<()> {
        let own = &self.report.own;
        if own.is_empty() {
            return Ok(());
        }
        self.heading("Own projects")?;
        writeln!(self.out, "Not releases, so nothing was asked about them:\n")?;
        for project in own.iter().take(self.rows) {
            writeln!(
                self.out,
                "- {} ({}), lies in {}",
                cell(&project.text),
                cell(&place_text(&project.source, project.line)),
                cell(&project.place)
            )?;
        }
        self.left_out(own.len())
    }

    fn remarks(&mut self) -> io::Result<()> {
        let remarks = &self.report.remarks;
        if remarks.is_empty() {
            return Ok(());
        }
        self.heading("Remarks")?;
        for remark in remarks.iter().take(self.rows) {
            let origin = match &remark.origin {
                Some(origin) => format!("{}: ", cell(origin)),
                None => String::new(),
            };
            let code = remark.code.as_str();
            writeln!(self.out, "- {origin}{} ({code})", cell(&remark.text))?;
        }
        self.left_out(remarks.len())
    }

    fn heading(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "\n## {text}\n")
    }

    fn head(&mut self, cells: &[&str]) -> io::Result<()> {
        self.row(cells)?;
        self.row(&vec!["---"; cells.len()])
    }

    fn row(&mut self, cells: &[&str]) -> io::Result<()> {
        writeln!(self.out, "| {} |", cells.join(" | "))
    }

    fn left_out(&mut self, count: usize) -> io::Result<()> {
        match count.saturating_sub(self.rows) {
            0 => Ok(()),
            more => writeln!(self.out, "\n{more} more are left out here."),
        }
    }
}

/// The id as a link, its aliases, and what it is about.
fn what(entry: &Entry<'_>) -> String {
    let advisory = &entry.finding.advisory;
    let id = cell(&advisory.id);
    let mut text = match web_address(&advisory.link) {
        Some(link) => format!("[{id}]({link})"),
        None => id.into_owned(),
    };
    if !advisory.aliases.is_empty() {
        let shown: Vec<String> = advisory
            .aliases
            .iter()
            .take(ALIASES)
            .map(|alias| cell(alias).into_owned())
            .collect();
        let aliases = and_more(&shown, advisory.aliases.len());
        let _ = write!(text, " ({aliases})");
    }
    let summary = plain(&advisory.summary);
    if !summary.is_empty() {
        let _ = write!(text, ": {}", cell(&cut(&summary, SUMMARY)));
    }
    if !advisory.unclear.is_empty() {
        let bounds = advisory.unclear.join(", ");
        let _ = write!(
            text,
            "; counts as affected, not understood: {}",
            cell(&bounds)
        );
    }
    text
}

/// Foreign text as Markdown text: no mark-up, no table cell, no HTML, and nobody is mentioned and nothing referred to.
pub(crate) fn cell(text: &str) -> Cow<'_, str> {
    let text = plain(text);
    let special = |c: char| "\\`*_{}[]<>|~&@#!$%^".contains(c);
    if !text.contains(special) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '|' | '~' | '#' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
        // Forges look for `@name`, `#12`, `!12` and their like in the text that is shown, so that no escape helps against them: a space of
        // no width between the sign and the word does.
        let is_word = |next: &char| next.is_alphanumeric() || "_\"-".contains(*next);
        if "@#!$%^~&".contains(c) && chars.peek().is_some_and(is_word) {
            out.push('\u{200b}');
        }
    }
    Cow::Owned(out)
}

/// Foreign text as code, inside text.
fn code(text: &str) -> String {
    let text = plain(text);
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    let pad = if longest > 0 { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

#[cfg(test)]
mod tests;
