//! The page around the findings.

use std::io::{self, Write};

use lockgate_model::AuditReport;

use super::escape::Escaped;
use crate::verdict::{
    AuditRun, Verdict, baseline_text, command_text, counted, day, gap_groups, gap_why, gap_words,
    gaps_judgement, is_stale, minute, notice_groups, notice_text, severity_counts, source_text,
    verdict_text,
};
use crate::view::{place_text, places_text, policies_text};

/// What stands on the tab.
pub(super) fn title(report: &AuditReport) -> String {
    let (head, rest) = verdict_text(report);
    format!("Audit: {head}{rest}")
}

pub(super) fn header(
    report: &AuditReport,
    run: &AuditRun<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let places = match report.places.as_slice() {
        [one] => one.place.clone(),
        several => counted(several.len(), "place", "places"),
    };
    let made = match &run.generated {
        Some(generated) => format!(", made {}", minute(generated)),
        None => String::new(),
    };
    writeln!(
        out,
        "<header class=\"top\">\n<div>\n<h1>Dependency audit</h1>"
    )?;
    writeln!(
        out,
        "<p class=\"soft\">{}{}</p>\n</div>",
        Escaped(&places),
        Escaped(&made)
    )?;
    writeln!(
        out,
        "<button type=\"button\" id=\"theme\" class=\"control\" hidden>Theme: system</button>\n</header>"
    )
}

/// The verdict, and the numbers behind it.
pub(super) fn summary(
    report: &AuditReport,
    run: &AuditRun<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let verdict = Verdict::of(report).word();
    let (head, rest) = verdict_text(report);
    writeln!(
        out,
        "<section class=\"verdict {verdict}\" aria-label=\"Verdict\">\n<p class=\"answer\" id=\"verdict\"><strong>{}</strong>{}</p>",
        Escaped(&head),
        Escaped(&rest)
    )?;
    let counts = severity_counts(report);
    if !counts.is_empty() || report.ignored_findings() > 0 {
        writeln!(
            out,
            "<ul class=\"counts\" aria-label=\"Findings by severity\">"
        )?;
        for (badness, count) in counts {
            let word = badness.word();
            writeln!(out, "<li class=\"sev {word}\"><b>{count}</b> {word}</li>")?;
        }
        if report.ignored_findings() > 0 {
            let count = report.ignored_findings();
            writeln!(out, "<li class=\"sev ignored\"><b>{count}</b> ignored</li>")?;
        }
        writeln!(out, "</ul>")?;
    }
    writeln!(out, "<dl class=\"facts\">")?;
    if let Some(evidence) = &report.evidence {
        let newest = match &evidence.modified {
            Some(modified) => format!(" of {}", day(modified)),
            None => String::new(),
        };
        let digest: String = evidence.digest.to_string().chars().take(12).collect();
        let stale = if report
            .sources
            .iter()
            .any(|source| is_stale(source, run.generated))
        {
            "; a source was not refreshed for more than a day"
        } else {
            ""
        };
        fact(
            "Advisories",
            &format!("{}{newest}, sha256:{digest}…{stale}", evidence.source),
            out,
        )?;
    }
    let packages = counted(report.packages.len(), "package", "packages");
    let left_out: usize = report.places.iter().map(|place| place.left_out).sum();
    let left_out = match left_out {
        0 => String::new(),
        count => format!(", {count} left out as not installed there"),
    };
    let places = counted(report.places.len(), "place", "places");
    fact("Audited", &format!("{packages} in {places}{left_out}"), out)?;
    if let Some(baseline) = &report.baseline {
        fact("Baseline", &baseline_text(baseline), out)?;
    }
    writeln!(out, "</dl>\n</section>")
}

fn fact(term: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<div><dt>{term}</dt><dd>{}</dd></div>", Escaped(text))
}

pub(super) fn gaps(report: &AuditReport, out: &mut dyn Write) -> io::Result<()> {
    let groups = gap_groups(report);
    if groups.is_empty() {
        return Ok(());
    }
    let judgement = gaps_judgement(report);
    writeln!(
        out,
        "<section class=\"gaps\" id=\"gaps\" aria-labelledby=\"gaps-title\">\n<h2 id=\"gaps-title\">Not audited ({})</h2>\n<p>{judgement}</p>",
        report.gaps.len()
    )?;
    table_head("gaps-title", &["What", "Why", "Kind"], out)?;
    for group in &groups {
        writeln!(
            out,
            "<tr><td class=\"break\">{}</td><td>{}</td><td>{} <span class=\"soft\">({})</span></td></tr>",
            Escaped(&group.what()),
            Escaped(&gap_why(group.gap)),
            gap_words(group.gap.code),
            group.gap.code.as_str()
        )?;
    }
    writeln!(out, "</tbody>\n</table>\n</div>\n</section>")
}

/// Where the script draws the graph; without it there is none, and the chains stand with the findings.
pub(super) fn graph_panel(out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<section id=\"graph\" class=\"control\" aria-labelledby=\"graph-title\" hidden>
<h2 id=\"graph-title\">Dependency graph</h2>
<div class=\"bar\">
<label id=\"graph-place-label\">Place <select id=\"graph-place\"></select></label>
<label><input type=\"checkbox\" id=\"graph-paths\"> Only the paths</label>
<span class=\"zoom\"><button type=\"button\" id=\"zoom-out\" aria-label=\"Smaller\">−</button><button type=\"button\" id=\"zoom-fit\">Fit</button><button type=\"button\" id=\"zoom-in\" aria-label=\"Larger\">+</button></span>
<span id=\"graph-status\" role=\"status\"></span>
</div>
<div id=\"canvas\" tabindex=\"0\" role=\"region\" aria-label=\"Dependency graph, can be scrolled\"></div>
</section>"
    )
}

pub(super) fn notices(report: &AuditReport, out: &mut dyn Write) -> io::Result<()> {
    let groups = notice_groups(report);
    if groups.is_empty() {
        return Ok(());
    }
    section("notices", "Notices of the index", out)?;
    table_head(
        "notices-title",
        &["Package", "What the index says", "Where"],
        out,
    )?;
    for group in &groups {
        let denied = if group.notice.gated {
            " <strong class=\"bad\">denied by policy</strong>"
        } else {
            ""
        };
        writeln!(
            out,
            "<tr><td>{} {}</td><td>{}{denied}</td><td class=\"break\">{}</td></tr>",
            Escaped(group.first.name.as_str()),
            Escaped(&group.first.version.to_string()),
            Escaped(&notice_text(group.notice)),
            Escaped(&places_text(report, &group.packages, 5))
        )?;
    }
    writeln!(out, "</tbody>\n</table>\n</div>\n</section>")
}

pub(super) fn own(report: &AuditReport, out: &mut dyn Write) -> io::Result<()> {
    if report.own.is_empty() {
        return Ok(());
    }
    section("own", "Own projects", out)?;
    writeln!(
        out,
        "<p class=\"soft\">They are no releases, and nothing was asked about them.</p>\n<ul>"
    )?;
    for own in &report.own {
        writeln!(
            out,
            "<li>{} <span class=\"soft\">({}), lies in {}</span></li>",
            Escaped(&own.text),
            Escaped(&place_text(&own.source, own.line)),
            Escaped(&own.place)
        )?;
    }
    writeln!(out, "</ul>\n</section>")
}

pub(super) fn remarks(report: &AuditReport, out: &mut dyn Write) -> io::Result<()> {
    if report.remarks.is_empty() {
        return Ok(());
    }
    section("remarks", "Remarks", out)?;
    writeln!(out, "<ul>")?;
    for remark in &report.remarks {
        let origin = match &remark.origin {
            Some(origin) => format!("{origin}: "),
            None => String::new(),
        };
        writeln!(
            out,
            "<li>{}{} <span class=\"soft\">({})</span></li>",
            Escaped(&origin),
            Escaped(&remark.text),
            remark.code.as_str()
        )?;
    }
    writeln!(out, "</ul>\n</section>")
}

pub(super) fn places(report: &AuditReport, out: &mut dyn Write) -> io::Result<()> {
    section("places", "What was audited", out)?;
    // Of a thousand locks the list scrolls by itself; on paper it is whole.
    let tall = if report.places.len() > 15 {
        " class=\"tall\" tabindex=\"0\" role=\"region\" aria-labelledby=\"places-title\""
    } else {
        ""
    };
    writeln!(out, "<div{tall}>")?;
    table_head(
        "places-title",
        &["Place", "Kind", "Packages", "Left out", "Policy"],
        out,
    )?;
    for place in &report.places {
        writeln!(
            out,
            "<tr><td class=\"break\">{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"break\">{}</td></tr>",
            Escaped(&place.place),
            place.kind.word(),
            place.packages,
            place.left_out,
            Escaped(&policies_text(place))
        )?;
    }
    writeln!(out, "</tbody>\n</table>\n</div>\n</div>\n</section>")
}

pub(super) fn sources(
    report: &AuditReport,
    run: &AuditRun<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    section("sources", "Advisories in use", out)?;
    let Some(evidence) = &report.evidence else {
        return writeln!(out, "<p>None: advisories are off.</p>\n</section>");
    };
    writeln!(out, "<ul>")?;
    for source in &report.sources {
        let class = if is_stale(source, run.generated) {
            " class=\"bad\""
        } else {
            ""
        };
        writeln!(
            out,
            "<li{class}><b>{}</b>: {}<br><code class=\"break\">sha256:{}</code></li>",
            Escaped(&source.name),
            Escaped(&source_text(source, run.generated)),
            source.digest
        )?;
    }
    if report.sources.len() != 1 {
        writeln!(
            out,
            "<li>Together: {}<br><code class=\"break\">sha256:{}</code></li>",
            Escaped(&evidence.source),
            evidence.digest
        )?;
    }
    writeln!(out, "</ul>\n</section>")
}

pub(super) fn footer(
    report: &AuditReport,
    run: &AuditRun<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(
        out,
        "<footer>\n<p>Reproduce: <code class=\"break\">{}</code></p>\n<p class=\"control soft\" hidden>Keys: <kbd>/</kbd> filter, <kbd>Esc</kbd> clears it, <kbd>↑</kbd> <kbd>↓</kbd> from row to row, <kbd>Enter</kbd> or <kbd>Space</kbd> opens one. The address holds what is shown, so it can be shared.</p>\n</footer>",
        Escaped(&command_text(report, run))
    )
}

fn section(id: &str, title: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<section id=\"{id}\" aria-labelledby=\"{id}-title\">\n<h2 id=\"{id}-title\">{title}</h2>"
    )
}

fn table_head(label: &str, heads: &[&str], out: &mut dyn Write) -> io::Result<()> {
    write!(
        out,
        "<div class=\"scroll\">\n<table aria-labelledby=\"{label}\">\n<thead><tr>"
    )?;
    for head in heads {
        write!(out, "<th scope=\"col\">{head}</th>")?;
    }
    writeln!(out, "</tr></thead>\n<tbody>")
}
