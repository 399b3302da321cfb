//! The findings of an audit as a table for people at a terminal.

use std::io::{self, Write};

use anstyle::Style;
use lockgate_model::{AuditReport, AuditedPackage, Timestamp};

use crate::plain::{columns, cut, plain, wrapped};
use crate::style::{BOLD, CYAN, DIM, GREEN, RED, YELLOW, of_severity};
use crate::verdict::{
    Verdict, baseline_text, basis_text, gap_groups, gap_why, is_stale, notice_groups, notice_text,
    source_text, verdict_text,
};
use crate::view::{Entry, and_more, entries, place_text, places_text};

/// How a table is laid out.
#[derive(Debug, Clone, Copy, Default)]
pub struct TableOptions {
    /// The columns of the terminal; without them no line is broken or cut, as is best in pipes and logs.
    pub width: Option<usize>,
    /// When it is made; tells how old the state of a source is.
    pub now: Option<Timestamp>,
    /// Whether the remarks on the policy are part of it, or are told elsewhere.
    pub with_remarks: bool,
    /// Whether the closing line is left out where the rest and the exit code say the same.
    pub is_brief: bool,
}

/// Writes the table without a width and without remarks.
pub fn audit_table(report: &AuditReport, out: &mut dyn Write) -> io::Result<()> {
    audit_table_with(report, &TableOptions::default(), out)
}

/// Writes the findings package by package, worst first, then notices, own projects, gaps, remarks, and one closing line.
pub fn audit_table_with(
    report: &AuditReport,
    options: &TableOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    let entries = entries(report);
    let table = Table::new(report, options, &entries);
    for group in by_package(&entries) {
        table.group(&group, out)?;
    }
    let notices = table.notices(out)?;
    let gaps = table.gaps(out)?;
    let others = table.others(out)?;
    if options.is_brief && !matches!(Verdict::of(report), Verdict::NotAudited) {
        return Ok(());
    }
    if notices || gaps || others {
        writeln!(out)?;
    }
    closing_line(report, options, out)
}

/// Entries of one release, in the order of the worst of each.
fn by_package<'a, 'b>(entries: &'b [Entry<'a>]) -> Vec<Vec<&'b Entry<'a>>> {
    let mut groups: Vec<Vec<&Entry<'_>>> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for entry in entries {
        let key = (&entry.first.name, &entry.first.version);
        let place = *places.entry(key).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(entry),
            None => groups.push(vec![entry]),
        }
    }
    groups
}

struct Table<'a> {
    report: &'a AuditReport,
    options: &'a TableOptions,
    severity_width: usize,
    id_width: usize,
}

impl<'a> Table<'a> {
    fn new(report: &'a AuditReport, options: &'a TableOptions, entries: &[Entry<'_>]) -> Self {
        let widest = |text: &dyn Fn(&Entry<'_>) -> usize| entries.iter().map(text).max();
        Self {
            report,
            options,
            severity_width: widest(&|entry| columns(&entry.severity())).unwrap_or(0),
            // One long id must not push every other line to the right.
            id_width: widest(&|entry| columns(&plain(&entry.finding.advisory.id)))
                .unwrap_or(0)
                .min(20),
        }
    }

    fn group(&self, group: &[&Entry<'_>], out: &mut dyn Write) -> io::Result<()> {
        let Some(first) = group.first() else {
            return Ok(());
        };
        let same = |one: &[&AuditedPackage], two: &[&AuditedPackage]| {
            one.len() == two.len() && one.iter().zip(two).all(|(a, b)| std::ptr::eq(*a, *b))
        };
        let is_shared = group
            .iter()
            .all(|entry| same(&entry.packages, &first.packages));
        let mut about: Vec<String> = Vec::new();
        let chains = first.chains();
        let chain = chains.first().and_then(|chain| chain.split_last());
        let above = chain.map(|(_, above)| above).unwrap_or_default();
        match (above, first.directness()) {
            ([root], Some(word)) => about.push(format!("{word} ({})", cut(root, 60))),
            (_, word) => about.extend(word),
        }
        about.extend(first.scope());
        if is_shared {
            about.push(format!("in {}", self.places(first)));
        }
        let title = format!("{} {}", first.first.name, first.first.version);
        let taken = columns(&title).saturating_sub(2);
        let mut about = wrapped(&about.join(", "), self.within(4), taken).into_iter();
        let beside = about.next().unwrap_or_default();
        writeln!(out, "{BOLD}{title}{BOLD:#}  {DIM}{beside}{DIM:#}")?;
        for line in about {
            writeln!(out, "    {DIM}{line}{DIM:#}")?;
        }
        if above.len() > 1 {
            self.lines("    required by ", &shortened(above).join(" → "), DIM, out)?;
        }
        if let Some(by) = first.first.judged_by {
            let text = format!("a direct reference, judged {}", by.words());
            self.lines("    ", &text, DIM, out)?;
        }
        if let Some(marker) = &first.first.marker {
            self.lines("    only if ", &plain(marker), DIM, out)?;
        }
        for entry in group {
            self.entry(entry, is_shared, out)?;
        }
        writeln!(out)
    }

    fn entry(&self, entry: &Entry<'_>, is_shared: bool, out: &mut dyn Write) -> io::Result<()> {
        let finding = entry.finding;
        let advisory = &finding.advisory;
        let style = match (&finding.ignored, advisory.malicious) {
            (Some(_), _) => DIM,
            (None, true) => RED,
            (None, false) => of_severity(advisory.severity.as_ref()),
        };
        let fix = entry.fix(self.report);
        let head = format!(
            "{}  {}",
            padded(&entry.severity(), self.severity_width),
            padded(&cut(&plain(&advisory.id), LONGEST_ID), self.id_width),
        );
        let fixed = fix.versions();
        let fits = self
            .options
            .width
            .is_none_or(|width| columns(&head) + columns(&fixed) + 4 <= width);
        if fits {
            writeln!(out, "  {style}{head}{style:#}  {fixed}")?;
        } else {
            writeln!(out, "  {style}{}{style:#}", head.trim_end())?;
            self.lines("      ", &fixed, Style::new(), out)?;
        }
        self.lines("      ", &plain(&advisory.summary), Style::new(), out)?;
        if !advisory.aliases.is_empty() {
            let aliases: Vec<_> = advisory.aliases.iter().map(|it| plain(it)).collect();
            self.lines("      also ", &aliases.join(", "), DIM, out)?;
        }
        if !advisory.unclear.is_empty() {
            let bounds: Vec<_> = advisory.unclear.iter().map(|it| plain(it)).collect();
            let text = format!("counts as affected; not understood: {}", bounds.join(", "));
            self.lines("      ", &text, YELLOW, out)?;
        }
        if !is_shared {
            let places = format!("in {}", self.places(entry));
            self.lines("      ", &places, DIM, out)?;
        }
        // A link is never broken or cut: it would lead nowhere.
        if !advisory.link.is_empty() {
            writeln!(out, "      {DIM}{}{DIM:#}", plain(&advisory.link))?;
        }
        if let Some(ignored) = &finding.ignored {
            let until = match &ignored.expires {
                Some(date) => format!("ignored until {}", plain(date)),
                None => "ignored".to_owned(),
            };
            let justification = match &ignored.justification {
                Some(word) => format!(", {}", plain(word)),
                None => String::new(),
            };
            let text = format!(
                "{until}: {} ({}{justification})",
                plain(&ignored.reason),
                plain(&ignored.origin),
            );
            self.lines("      ", &text, CYAN, out)?;
        } else if !finding.gated {
            self.lines(
                "      ",
                "accepted by policy: reported, not gated",
                CYAN,
                out,
            )?;
        }
        Ok(())
    }

    fn places(&self, entry: &Entry<'_>) -> String {
        places_text(self.report, &entry.packages, 2)
    }

    fn notices(&self, out: &mut dyn Write) -> io::Result<bool> {
        let groups = notice_groups(self.report);
        for group in &groups {
            let (style, denied) = if group.notice.gated {
                (RED, ", denied by policy")
            } else {
                (YELLOW, "")
            };
            let text = format!(
                "{} {}: {}{denied} ({})",
                group.first.name,
                group.first.version,
                notice_text(group.notice),
                places_text(self.report, &group.packages, 2)
            );
            self.labelled(group.notice.code.as_str(), style, &text, out)?;
        }
        Ok(!groups.is_empty())
    }

    fn gaps(&self, out: &mut dyn Write) -> io::Result<bool> {
        for group in gap_groups(self.report) {
            let text = format!(
                "{}: {} ({})",
                group.what(),
                gap_why(group.gap),
                group.gap.code.as_str()
            );
            self.labelled("not audited", YELLOW, &text, out)?;
        }
        Ok(!self.report.gaps.is_empty())
    }

    /// Own projects, remarks, what was left out, and the sources where one line cannot speak for them.
    fn others(&self, out: &mut dyn Write) -> io::Result<bool> {
        const NAMED: usize = 3;
        let mut told = false;
        let own = &self.report.own;
        if !own.is_empty() {
            let names: Vec<String> = own
                .iter()
                .take(NAMED)
                .map(|own| {
                    let place = place_text(&own.source, own.line);
                    format!("{} ({place})", plain(&own.text))
                })
                .collect();
            let text = format!("{}, not asked about", and_more(&names, own.len()));
            self.labelled("own code", DIM, &text, out)?;
            told = true;
        }
        if let Some(baseline) = self.report.baseline.as_ref().filter(|it| it.left_out > 0) {
            self.labelled("baseline", DIM, &baseline_text(baseline), out)?;
            told = true;
        }
        let sources = &self.report.sources;
        let now = self.options.now;
        let has_stale = sources.iter().any(|source| is_stale(source, now));
        if sources.len() > 1 || has_stale {
            for source in sources {
                let style = if is_stale(source, now) { YELLOW } else { DIM };
                let text = format!("{}: {}", plain(&source.name), source_text(source, now));
                self.labelled("advisories", style, &text, out)?;
            }
            told = true;
        }
        if self.options.with_remarks {
            for remark in &self.report.remarks {
                let origin = match &remark.origin {
                    Some(origin) if !remark.text.contains(origin.as_str()) => {
                        format!("{}: ", plain(origin))
                    }
                    _ => String::new(),
                };
                let text = format!("{origin}{} ({})", plain(&remark.text), remark.code.as_str());
                self.labelled("remark", YELLOW, &text, out)?;
                told = true;
            }
        }
        Ok(told)
    }

    /// `label: text`, lines after the first one indented.
    fn labelled(
        &self,
        label: &str,
        style: Style,
        text: &str,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let taken = columns(label).saturating_sub(2);
        let mut lines = wrapped(text, self.within(4), taken).into_iter();
        let first = lines.next().unwrap_or_default();
        writeln!(out, "{style}{label}{style:#}: {first}")?;
        for line in lines {
            writeln!(out, "    {line}")?;
        }
        Ok(())
    }

    /// `text` after `indent`, wrapped; lines after the first one are indented as deep as the first one's own indent.
    fn lines(&self, indent: &str, text: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
        let blanks = indent.len() - indent.trim_start().len();
        let whole = format!("{}{text}", indent.trim_start());
        if text.is_empty() {
            return Ok(());
        }
        for line in wrapped(&whole, self.within(blanks), 0) {
            writeln!(out, "{:blanks$}{style}{line}{style:#}", "")?;
        }
        Ok(())
    }

    /// The columns that are left after `taken`; never so few that every word stands alone.
    fn within(&self, taken: usize) -> Option<usize> {
        let width = self.options.width?;
        Some(width.saturating_sub(taken).max(24))
    }
}

/// Longest id that is shown; ids of advisories are shorter than half of it.
const LONGEST_ID: usize = 40;

/// A chain whose middle is left out when it is long.
fn shortened(chain: &[String]) -> Vec<String> {
    match chain {
        [first, second, .., before, last] if chain.len() > 6 => {
            let left_out = format!("… {} more …", chain.len() - 4);
            vec![
                first.clone(),
                second.clone(),
                left_out,
                before.clone(),
                last.clone(),
            ]
        }
        _ => chain
            .iter()
            .map(|link| cut(link, 60).into_owned())
            .collect(),
    }
}

fn padded(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(columns(text));
    format!("{text}{}", " ".repeat(missing))
}

fn closing_line(
    report: &AuditReport,
    options: &TableOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    let style = match Verdict::of(report) {
        Verdict::NotAudited | Verdict::Accepted => YELLOW,
        Verdict::Incomplete | Verdict::Denied => RED,
        Verdict::Clean => GREEN,
    };
    let (head, rest) = verdict_text(report);
    let basis = match basis_text(report) {
        Some(basis) => format!(" (advisories: {basis})"),
        None => String::new(),
    };
    let width = options.width.map(|width| width.max(24));
    let lines = wrapped(&format!("{head}{rest}{basis}"), width, 0);
    let text = lines.join("\n");
    match text.strip_prefix(&head) {
        Some(rest) => writeln!(out, "{style}{head}{style:#}{rest}"),
        None => writeln!(out, "{style}{text}{style:#}"),
    }
}
