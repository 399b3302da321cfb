//! Writes a made-up audit to standard output, to look at: `audit_report rich|clean|large|fleet html|markdown|github|table [WIDTH]`.

use std::io::{self, Write as _};

use lockgate_report::{AuditRun, TableOptions, annotations, audit_table_with, html_page, markdown};

#[path = "../tests/support/rich.rs"]
mod rich;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let word = |place: usize| arguments.get(place).map_or("", String::as_str);
    let report = match word(0) {
        "clean" => rich::large(4),
        "large" => rich::large(300),
        "fleet" => rich::fleet(214),
        "findings" => rich::without_gaps(),
        _ => rich::rich(),
    };
    let run = AuditRun {
        command: None,
        generated: Some(rich::now()),
    };
    let mut out = Vec::new();
    match word(1) {
        "html" => html_page(&report, &run, &mut out)?,
        "markdown" => markdown(&report, &run, &mut out)?,
        "github" => annotations(&report, &mut out)?,
        _ => {
            let options = TableOptions {
                width: word(2).parse().ok(),
                now: run.generated,
                with_remarks: true,
                is_brief: false,
            };
            audit_table_with(&report, &options, &mut out)?;
        }
    }
    io::stdout().lock().write_all(&out)
}
