//! Markdown, as another reader of it understands it.

use lockgate_model::AuditReport;
use lockgate_report::{AuditRun, job_summary, markdown};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::{assert_no_hidden_signs, rich, run};

fn rendered(report: &AuditReport, run: &AuditRun<'_>) -> String {
    let mut out = Vec::new();
    markdown(report, run, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// What a text says once its Markdown is understood: headings, the cells of each row, links, and whether there is anything but text.
#[derive(Default)]
struct Read {
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
    links: Vec<String>,
    strange: Vec<String>,
}

fn read(text: &str) -> Read {
    let mut read = Read::default();
    let mut words = String::new();
    for event in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Text(text) | Event::Code(text) => words.push_str(&text),
            Event::Html(text) | Event::InlineHtml(text) => read.strange.push(text.to_string()),
            Event::Start(Tag::Link { dest_url, .. }) => read.links.push(dest_url.to_string()),
            Event::Start(
                tag @ (Tag::Image { .. } | Tag::Emphasis | Tag::Strikethrough | Tag::CodeBlock(_)),
            ) => {
                read.strange.push(format!("{tag:?}"));
            }
            Event::Start(Tag::Heading { .. } | Tag::TableCell) => words.clear(),
            Event::End(TagEnd::Heading(_)) => read.headings.push(std::mem::take(&mut words)),
            Event::Start(Tag::TableHead | Tag::TableRow) => read.rows.push(Vec::new()),
            Event::End(TagEnd::TableCell) => {
                let cell = std::mem::take(&mut words).replace('\u{200b}', "");
                read.rows.last_mut().unwrap().push(cell);
            }
            _ => {}
        }
    }
    read
}

#[test]
fn the_ticket_says_what_where_how_bad_and_how_to_fix() {
    let text = rendered(&rich::rich(), &run());
    let read = read(&text);
    assert_eq!(
        read.headings,
        [
            "Audit: Incomplete: 9 entries could not be audited; 11 findings (10 distinct) in 11 packages, 1 of them accepted by policy, 2 ignored, 1 notice denied by policy",
            "Findings",
            "Ignored",
            "Not audited",
            "Notices of the index",
            "Own projects",
            "Remarks",
        ]
    );
    let row = |id: &str| {
        let mut rows = read.rows.iter();
        rows.find(|row| row.iter().any(|cell| cell.starts_with(id)))
            .unwrap_or_else(|| panic!("{id} has no row:\n{text}"))
            .clone()
    };
    assert_eq!(
        row("PYSEC-2023-212"),
        [
            "high (8.1)",
            "PYSEC-2023-212: What PYSEC-2023-212 is about, in one line",
            "urllib3==1.26.5; 2 locks: requirements.txt:20, other/requirements.txt:9; -r requirements.in → requests==2.25.1 → urllib3==1.26.5",
            "upgrade urllib3 to 1.26.18 (also fixed in 2.0.7); requests==2.25.1 requires it",
        ]
    );
    assert_eq!(
        row("PYSEC-2024-41"),
        [
            "PYSEC-2024-41 (CVE-2024-22195): What PYSEC-2024-41 is about, in one line",
            "jinja2==3.1.2; requirements.txt:8; direct",
            "medium (6.1)",
            "lockgate.toml:3",
            "templates are ours (vulnerable_code_not_in_execute_path)",
            "2027-03-01",
        ]
    );
    assert!(row("PYSEC-2023-61")[0].contains("accepted by policy"));
    assert_eq!(row("PYSEC-2022-9")[3], "no fix known");
    assert_eq!(
        row("MAL-2024-1")[3],
        "remove evilpkg: the package itself does harm; oldlib==2.0 requires it"
    );
    assert!(row("PYSEC-2022-42969")[2].contains("dev only (group dev, group test)"));
    assert!(
        read.rows
            .iter()
            .any(|row| row[0].starts_with("requirements.txt:5: `thing5`")
                && row[2] == "not-told: not told to a service")
    );
    assert!(
        read.links
            .contains(&"https://osv.example.org/vulnerability/PYSEC-2024-157".to_owned())
    );
    for words in [
        "- Audited: requirements.txt (requirements, 7 packages, 2 left out: not installed there; policy: lockgate.toml), ",
        "- Advisories: osv: 24031 records, newest of 2024-10-10, refreshed 2024-10-11 08:00 UTC, 5 days ago, sha256:5148d04a6c78",
        "- Made: 2024-10-16 09:30 UTC",
        "- Baseline: 12 findings known from old.txt left out",
        "With these gaps there is no answer",
        "- **oldlib==2.0**: its release was taken back (yanked): broken build, **denied by policy** (requirements.txt:11)",
        "Reproduce: `lockgate audit requirements.txt dev-requirements.txt other/requirements.txt 'odd|name, with: signs.txt'`",
    ] {
        assert!(text.contains(words), "`{words}` is not in:\n{text}");
    }
}

#[test]
fn hostile_text_is_only_text() {
    let text = rendered(&rich::rich(), &run());
    assert_no_hidden_signs(&text);
    assert!(
        !text.contains("@everyone") && !text.contains("#1 "),
        "{text}"
    );
    let read = read(&text);
    assert_eq!(read.strange, [""; 0]);
    assert!(
        read.links.iter().all(|link| link.starts_with("https://")),
        "{:?}",
        read.links
    );
    // Every row has the cells of its table's head: no pipe and no line break went through.
    let mut width = 0;
    for row in &read.rows {
        if matches!(row[0].as_str(), "Severity" | "What") {
            width = row.len();
        }
        assert_eq!(row.len(), width, "{row:?}");
        assert!(row.iter().any(|cell| !cell.is_empty()));
    }
    let hostile = read
        .rows
        .iter()
        .flatten()
        .filter(|cell| cell.contains("<script>alert(1)</script>"));
    assert!(hostile.count() > 5, "the text itself is kept");
}

#[test]
fn a_clean_ticket_is_short_and_an_accepted_gap_is_still_told() {
    let text = rendered(&rich::large(4), &run());
    assert!(
        text.starts_with("# Audit: No findings in 4 packages\n"),
        "{text}"
    );
    assert_eq!(read(&text).rows.len(), 0);
    let accepted = AuditRun {
        command: Some("lockgate audit --allow-incomplete x.txt"),
        generated: None,
    };
    let mut report = rich::rich();
    crate::accept_gaps(&mut report);
    let text = rendered(&report, &accepted);
    assert!(text.contains("These gaps are accepted; nothing is known"));
    assert!(text.contains("accepted until 2027-03-01: audited elsewhere"));
    assert!(text.contains("# Audit: Incomplete"));
    assert!(text.ends_with("\nReproduce: `lockgate audit --allow-incomplete x.txt`\n"));
    assert!(!text.contains("- Made:"));
}

#[test]
fn a_job_summary_of_any_audit_is_small_enough() {
    let mut report = rich::rich();
    let hostile = report
        .packages
        .iter()
        .find(|package| package.name.as_str() == "hostile")
        .unwrap()
        .clone();
    for number in 0..1000 {
        let mut one = hostile.clone();
        one.version = rich::version(&format!("1.{number}"));
        report.packages.push(one);
    }
    let mut out = Vec::new();
    job_summary(&report, &run(), &mut out).unwrap();
    assert!(out.len() < 1 << 20, "{} bytes", out.len());
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains(" more are left out here."));
}
