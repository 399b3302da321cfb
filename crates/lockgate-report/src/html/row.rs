//! The table of findings: for each one a row and what unfolds below it.

use std::io::{self, Write};

use lockgate_model::{AuditReport, Timestamp};

use super::escape::Escaped;
use crate::plain::web_address;
use crate::verdict::day;
use crate::view::{Badness, Entry, pin_text, place_text, places_text};

/// Most places that one finding lists.
const PLACES: usize = 500;

/// Columns: what the script sorts by, and the heading.
const COLUMNS: [(&str, &str); 5] = [
    ("severity", "Severity"),
    ("package", "Package"),
    ("id", "Advisory"),
    ("fix", "Fix"),
    ("place", "Where"),
];

pub(super) fn findings(
    report: &AuditReport,
    entries: &[Entry<'_>],
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(
        out,
        "<section id=\"findings\" aria-labelledby=\"findings-title\">\n<h2 id=\"findings-title\">Findings</h2>"
    )?;
    if entries.is_empty() {
        let text = if report.evidence.is_none() || !report.gaps.is_empty() {
            "None among what was audited."
        } else {
            "None."
        };
        return writeln!(out, "<p>{text}</p>\n</section>");
    }
    controls(entries, out)?;
    write!(
        out,
        "<div class=\"scroll\">\n<table id=\"table\" aria-labelledby=\"findings-title\">\n<thead><tr>"
    )?;
    for (key, heading) in COLUMNS {
        // Rust's order is worst first, which is the order by severity.
        let sorted = if key == "severity" {
            "descending"
        } else {
            "none"
        };
        write!(
            out,
            "<th scope=\"col\" class=\"{key}\" data-key=\"{key}\" aria-sort=\"{sorted}\">{heading}</th>"
        )?;
    }
    writeln!(out, "</tr></thead>")?;
    for (number, entry) in entries.iter().enumerate() {
        finding(report, entry, number + 1, out)?;
    }
    writeln!(out, "</table>\n</div>")?;
    writeln!(
        out,
        "<p id=\"nothing\" hidden>No finding passes the filter. <button type=\"button\" id=\"clear\">Clear it</button></p>\n</section>"
    )
}

fn controls(entries: &[Entry<'_>], out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<div class=\"bar control\" role=\"search\" aria-label=\"Filter\" hidden>
<input type=\"search\" id=\"filter\" placeholder=\"Filter (press /)\" aria-label=\"Filter by text\" autocomplete=\"off\" spellcheck=\"false\">
<span class=\"chips\" role=\"group\" aria-label=\"Severity\">"
    )?;
    for badness in Badness::ALL {
        let word = badness.word();
        if entries.iter().any(|it| Badness::of(it.finding) == badness) {
            writeln!(
                out,
                "<button type=\"button\" class=\"chip sev {word}\" data-severity=\"{word}\" aria-pressed=\"false\">{word}</button>"
            )?;
        }
    }
    writeln!(out, "</span>")?;
    let knows = |is: &dyn Fn(&Entry<'_>) -> bool| entries.iter().any(is);
    if knows(&|entry| entry.directness().is_some()) {
        writeln!(
            out,
            "<label>Asked for <select id=\"kind\"><option value=\"\">any way</option><option value=\"direct\">directly</option><option value=\"transitive\">by others</option></select></label>"
        )?;
    }
    if knows(&|entry| entry.is_dev_only()) {
        writeln!(
            out,
            "<label>Development <select id=\"dev\"><option value=\"\">included</option><option value=\"no\">left out</option><option value=\"only\">only</option></select></label>"
        )?;
    }
    if knows(&|entry| entry.finding.ignored.is_some()) {
        writeln!(
            out,
            "<label><input type=\"checkbox\" id=\"accepted\" checked> Show ignored</label>"
        )?;
    }
    writeln!(
        out,
        "<button type=\"button\" id=\"all\" aria-pressed=\"false\">Expand all</button>\n</div>\n<p id=\"shown\" role=\"status\" hidden></p>"
    )
}

fn finding(
    report: &AuditReport,
    entry: &Entry<'_>,
    number: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let advisory = &entry.finding.advisory;
    let badness = Badness::of(entry.finding).word();
    let ignored = entry.finding.ignored.is_some();
    let class = if ignored { " ignored" } else { "" };
    let is_any = |direct: bool| entry.packages.iter().any(|it| it.direct == Some(direct));
    let kind = match (is_any(true), is_any(false)) {
        (true, true) => "direct transitive",
        (true, false) => "direct",
        (false, true) => "transitive",
        (false, false) => "",
    };
    let score = advisory.severity.as_ref().and_then(|it| it.score);
    writeln!(
        out,
        "<tbody class=\"finding{class}\" id=\"finding-{number}\" data-number=\"{number}\" data-severity=\"{badness}\" data-score=\"{:.1}\" data-kind=\"{kind}\" data-dev=\"{}\" data-ignored=\"{ignored}\" data-gated=\"{}\" data-places=\"{}\">",
        score.unwrap_or(0.0),
        if entry.is_dev_only() { "only" } else { "no" },
        entry.finding.gated,
        entry.packages.len()
    )?;
    writeln!(
        out,
        "<tr class=\"row\"><td class=\"severity\"><span class=\"sev {badness}\">{}</span></td>",
        Escaped(&entry.severity())
    )?;
    write!(
        out,
        "<td class=\"package\"><b>{}</b> {}",
        Escaped(entry.first.name.as_str()),
        Escaped(&entry.first.version.to_string())
    )?;
    let tags = entry.directness().into_iter().chain(entry.scope());
    for tag in tags {
        write!(out, " <span class=\"tag\">{}</span>", Escaped(&tag))?;
    }
    if ignored {
        write!(out, " <span class=\"tag\">ignored</span>")?;
    } else if !entry.finding.gated {
        write!(out, " <span class=\"tag\">accepted by policy</span>")?;
    }
    writeln!(out, "</td>")?;
    writeln!(
        out,
        "<td class=\"id\"><span class=\"name\">{}</span> <span class=\"about\">{}</span></td>",
        Escaped(&advisory.id),
        Escaped(&advisory.summary)
    )?;
    writeln!(
        out,
        "<td class=\"fix\">{}</td>",
        Escaped(&entry.fix(report).versions())
    )?;
    writeln!(
        out,
        "<td class=\"place break\">{}</td></tr>",
        Escaped(&places_text(report, &entry.packages, 2))
    )?;
    writeln!(
        out,
        "<tr class=\"detail\" id=\"detail-{number}\"><td colspan=\"{}\">",
        COLUMNS.len()
    )?;
    detail(report, entry, number, out)?;
    writeln!(out, "</td></tr>\n</tbody>")
}

fn detail(
    report: &AuditReport,
    entry: &Entry<'_>,
    number: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let advisory = &entry.finding.advisory;
    if !advisory.summary.is_empty() {
        writeln!(out, "<p class=\"lead\">{}</p>", Escaped(&advisory.summary))?;
    }
    writeln!(out, "<dl class=\"facts\">")?;
    accepted(entry, out)?;
    fact("Fix", &entry.fix(report).sentence(), out)?;
    if !advisory.aliases.is_empty() {
        fact("Also known as", &advisory.aliases.join(", "), out)?;
    }
    if let Some(vector) = advisory.severity.as_ref().and_then(|it| it.vector.as_ref()) {
        fact("CVSS", vector, out)?;
    }
    if !advisory.weaknesses.is_empty() {
        fact("Weaknesses", &advisory.weaknesses.join(", "), out)?;
    }
    if !advisory.unclear.is_empty() {
        let text = format!(
            "{}: what this leaves open counts as affected",
            advisory.unclear.join(", ")
        );
        fact("Not understood", &text, out)?;
    }
    let date = |date: &Option<Timestamp>| date.as_ref().map(day);
    let dates = match (date(&advisory.published), date(&advisory.modified)) {
        (Some(published), Some(modified)) => format!("{published}, changed {modified}"),
        (Some(published), None) => published,
        (None, Some(modified)) => format!("changed {modified}"),
        (None, None) => String::new(),
    };
    if !dates.is_empty() {
        fact("Published", &dates, out)?;
    }
    if !advisory.sources.is_empty() {
        let records = if advisory.records.is_empty() {
            String::new()
        } else {
            format!(" ({})", advisory.records.join(", "))
        };
        let text = format!("{}{records}", advisory.sources.join(", "));
        fact("Told by", &text, out)?;
    }
    if let Some(by) = entry.first.judged_by {
        fact("Direct reference", &format!("judged {}", by.words()), out)?;
    }
    if let Some(marker) = &entry.first.marker {
        fact("Installed if", marker, out)?;
    }
    links(entry, out)?;
    writeln!(out, "</dl>")?;
    places(entry, out)?;
    chains(entry, number, out)
}

/// Who accepted it, why, and until when.
fn accepted(entry: &Entry<'_>, out: &mut dyn Write) -> io::Result<()> {
    let Some(ignored) = &entry.finding.ignored else {
        if entry.finding.gated {
            return Ok(());
        }
        let text = "by policy: reported, not gated";
        return fact("Accepted", text, out);
    };
    let until = match &ignored.expires {
        Some(date) => format!("until {date}"),
        None => "without an end".to_owned(),
    };
    let justification = match &ignored.justification {
        Some(word) => format!(" ({word})"),
        None => String::new(),
    };
    let text = format!(
        "{}{justification}; {until}, in {}",
        ignored.reason, ignored.origin
    );
    fact("Ignored", &text, out)
}

fn links(entry: &Entry<'_>, out: &mut dyn Write) -> io::Result<()> {
    let advisory = &entry.finding.advisory;
    let mut links: Vec<(String, &str)> = Vec::new();
    let all = std::iter::once(("", advisory.link.as_str())).chain(
        advisory
            .references
            .iter()
            .map(|link| (link.kind.as_str(), link.url.as_str())),
    );
    for (kind, url) in all {
        if let Some(url) = web_address(url)
            && !links.iter().any(|(known, _)| *known == url)
        {
            links.push((url, kind));
        }
    }
    if links.is_empty() {
        return Ok(());
    }
    write!(out, "<div><dt>Links</dt><dd><ul class=\"links\">")?;
    for (url, kind) in links {
        let kind = if kind.is_empty() {
            String::new()
        } else {
            format!(
                " <span class=\"soft\">{}</span>",
                Escaped(&kind.to_lowercase())
            )
        };
        let url = Escaped(&url).to_string();
        write!(
            out,
            "<li><a class=\"break\" href=\"{url}\" rel=\"noopener noreferrer\" target=\"_blank\">{url}</a>{kind}</li>"
        )?;
    }
    writeln!(out, "</ul></dd></div>")
}

fn places(entry: &Entry<'_>, out: &mut dyn Write) -> io::Result<()> {
    if entry.packages.len() < 2 {
        return Ok(());
    }
    writeln!(
        out,
        "<h3>In {} places</h3>\n<ul class=\"places\" tabindex=\"0\" aria-label=\"Places\">",
        entry.packages.len()
    )?;
    for package in entry.packages.iter().take(PLACES) {
        let direct = match package.direct {
            Some(true) => " <span class=\"tag\">direct</span>",
            _ => "",
        };
        writeln!(
            out,
            "<li>{}{direct}</li>",
            Escaped(&place_text(&package.source, package.line))
        )?;
    }
    writeln!(out, "</ul>")?;
    match entry.packages.len().saturating_sub(PLACES) {
        0 => Ok(()),
        more => writeln!(out, "<p>and {more} more</p>"),
    }
}

fn chains(entry: &Entry<'_>, number: usize, out: &mut dyn Write) -> io::Result<()> {
    let chains = entry.chains();
    let chains: Vec<_> = chains.iter().filter(|chain| chain.len() > 1).collect();
    if chains.is_empty() {
        return Ok(());
    }
    let pin = pin_text(entry.first);
    writeln!(
        out,
        "<h3>How {} comes in</h3>\n<ul class=\"chains\">",
        Escaped(&pin)
    )?;
    for chain in chains {
        write!(out, "<li>")?;
        for (place, link) in chain.iter().enumerate() {
            let arrow = if place == 0 { "" } else { " → " };
            write!(out, "{arrow}<code>{}</code>", Escaped(link))?;
        }
        writeln!(out, "</li>")?;
    }
    writeln!(
        out,
        "</ul>\n<div class=\"paths\" data-number=\"{number}\"></div>"
    )
}

fn fact(term: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<div><dt>{term}</dt><dd class=\"break\">{}</dd></div>",
        Escaped(text)
    )
}
