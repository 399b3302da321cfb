//! The audit as one HTML page that needs nothing else: it works from disk, and its own policy forbids it the network.
//!
//! All that is to be read is HTML already, and the script (`assets/audit.js`) only sorts, filters, folds and draws. Every text passes
//! through [`Escaped`]; the graph is JSON in which no character can end its element.

mod escape;
mod graph;
mod parts;
mod row;

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lockgate_model::{AuditReport, Sha256};

use crate::verdict::AuditRun;
use crate::view::entries;
use escape::Escaped;

const STYLE: &str = include_str!("../assets/audit.css");
const SCRIPT: &str = include_str!("../assets/audit.js");

/// Writes the page. The same report and run give the same bytes.
pub fn html_page(report: &AuditReport, run: &AuditRun<'_>, out: &mut dyn Write) -> io::Result<()> {
    // A browser hashes what it read after its parser made every line end `\n`.
    let style = STYLE.replace("\r\n", "\n");
    let script = SCRIPT.replace("\r\n", "\n");
    let entries = entries(report);
    writeln!(out, "<!DOCTYPE html>")?;
    writeln!(out, "<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
    writeln!(
        out,
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'\">",
        hash_source(&style),
        hash_source(&script)
    )?;
    writeln!(
        out,
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
    )?;
    writeln!(out, "<meta name=\"referrer\" content=\"no-referrer\">")?;
    writeln!(out, "<meta name=\"color-scheme\" content=\"light dark\">")?;
    writeln!(out, "<title>{}</title>", Escaped(&parts::title(report)))?;
    writeln!(out, "<style>{style}</style>\n</head>\n<body>")?;
    parts::header(report, run, out)?;
    writeln!(out, "<main>")?;
    parts::summary(report, run, out)?;
    parts::gaps(report, out)?;
    row::findings(report, &entries, out)?;
    parts::graph_panel(out)?;
    parts::notices(report, out)?;
    parts::own(report, out)?;
    parts::remarks(report, out)?;
    parts::places(report, out)?;
    parts::sources(report, run, out)?;
    writeln!(out, "</main>")?;
    parts::footer(report, run, out)?;
    let data = graph::data(report, &entries);
    writeln!(
        out,
        "<script type=\"application/json\" id=\"data\">{}</script>",
        escape::json(&data)
    )?;
    writeln!(out, "<script>{script}</script>\n</body>\n</html>")
}

/// How a content security policy names an inline text: by its digest.
fn hash_source(text: &str) -> String {
    let digest = STANDARD.encode(Sha256::of(text.as_bytes()).0);
    format!("sha256-{digest}")
}
