//! The table for terminals.

use lockgate_model::{AuditReport, FindingCode, Notice};
use lockgate_report::{TableOptions, audit_table, audit_table_with};

use crate::{assert_no_hidden_signs, rich};

/// The table without its styles; that no other escape is there is asserted on the way.
fn table(report: &AuditReport, width: Option<usize>) -> String {
    let options = TableOptions {
        width,
        now: Some(rich::now()),
        with_remarks: true,
        is_brief: false,
    };
    let mut out = Vec::new();
    audit_table_with(report, &options, &mut out).unwrap();
    let styled = String::from_utf8(out).unwrap();
    let mut plain = String::new();
    let mut rest = styled.as_str();
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        let (style, after) = after.split_once('m').expect("a style ends with `m`");
        assert!(
            style.chars().all(|c| c.is_ascii_digit() || c == ';'),
            "{style:?} is no style"
        );
        plain.push_str(before);
        rest = after;
    }
    plain.push_str(rest);
    plain
}

/// Without line breaks and indents, as [`table`] at any width must say it.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn everything_that_is_known_is_told_at_any_width() {
    let said = [
        "django 4.2.1 direct (-r requirements.in), in requirements.txt:3",
        "critical (9.8) PYSEC-2024-157 fixed in 4.2.16; also 5.0.9, 5.1.1",
        "also CVE-2024-53908, GHSA-m9g8-fxxm-xg86",
        "https://osv.example.org/vulnerability/PYSEC-2024-157",
        "accepted by policy: reported, not gated",
        "urllib3 1.26.5 transitive, in 2 locks: requirements.txt:20, other/requirements.txt:9",
        "required by -r requirements.in → requests==2.25.1",
        "py 1.11.0 transitive, dev only (group dev, group test), in dev-requirements.txt:5",
        "only if python_version < '3.9' and sys_platform == \"win32\"",
        "malicious MAL-2024-1 remove it",
        "unknown PYSEC-2022-9 no fix known",
        "counts as affected; not understood: 2.9.0-NA",
        "medium (4.3) PYSEC-2021-3 no fix above; fixed in 1.9",
        "ignored until 2027-03-01: templates are ours (lockgate.toml:3, vulnerable_code_not_in_execute_path)",
        "yanked: oldlib 2.0: its release was taken back (yanked): broken build, denied by policy (requirements.txt:11)",
        "archived: oldlib 2.0: its project is no longer maintained (archived) (requirements.txt:11)",
        "not audited: requirements.txt:2: `thing2`: it is of the kind unpinned (unpinned)",
        "(odd|name, with: signs.txt)",
        "own code: -e . (requirements.txt:1)",
        "baseline: 12 findings known from old.txt left out",
        "advisories: osv: 24031 records, newest of 2024-10-10, refreshed 2024-10-11 08:00 UTC, 5 days ago",
        "advisories: overlay: 3 records",
        "overrides the sources before it",
        "remark: lockgate.toml:9: the entry for CVE-2020-1 has expired on 2024-01-01 (expired-ignore)",
        "Incomplete: 9 entries could not be audited; 11 findings (10 distinct) in 11 packages, 1 of them accepted by policy, 2 ignored, 1 notice denied by policy (advisories: OSV PyPI + overlay of 2024-10-10)",
    ];
    for width in [None, Some(200), Some(80), Some(40)] {
        let text = table(&rich::rich(), width);
        assert_no_hidden_signs(&text);
        let flat = flat(&text);
        for words in said {
            assert!(
                flat.contains(words),
                "at {width:?}, `{words}` is not in:\n{text}"
            );
        }
    }
}

#[test]
fn lines_keep_to_the_width_and_links_stay_whole() {
    for width in [80, 120] {
        let text = table(&rich::rich(), Some(width));
        for line in text.lines() {
            let is_link = line.trim_start().starts_with("https://");
            let columns = line.chars().count();
            assert!(is_link || columns <= width, "{columns} columns: {line}");
        }
        assert!(text.contains("  https://osv.example.org/vulnerability/GHSA-9wx4-h78v-vm56\n"));
    }
}

#[test]
fn the_worst_comes_first_and_what_is_ignored_last() {
    let text = table(&rich::without_gaps(), None);
    let places: Vec<usize> = [
        "MAL-2024-1",
        "PYSEC-2024-157 ",
        "PYSEC-2023-212 ",
        "PYSEC-2022-9 ",
        "GHSA-9wx4",
        "PYSEC-2024-41 ",
    ]
    .iter()
    .map(|id| text.find(id).unwrap_or_else(|| panic!("{id} is missing")))
    .collect();
    assert!(places.is_sorted(), "{places:?}\n{text}");
}

#[test]
fn a_finding_of_many_locks_is_told_once() {
    let text = table(&rich::fleet(214), Some(100));
    assert_eq!(text.matches("high (8.1)").count(), 1, "{text}");
    let flat = flat(&text);
    assert!(
        flat.contains("urllib3 1.26.5 direct in 72 of 214, in 214 locks: team-000/requirements.txt:9, team-001/requirements.txt:9 and 212 more"),
        "{text}"
    );
    assert!(flat.contains("214 findings (1 distinct) in 214 of 214 packages"));
}

#[test]
fn remarks_and_ages_are_told_only_when_asked_for() {
    let mut out = Vec::new();
    audit_table(&rich::rich(), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(!text.contains("expired-ignore"), "{text}");
    assert!(!text.contains("days ago"), "{text}");
}

#[test]
fn a_single_source_speaks_for_itself_until_it_is_stale() {
    let mut report = rich::large(4);
    assert!(!table(&report, None).contains("asked about"));
    let stale = report.sources.first_mut().unwrap();
    stale.refreshed = Some(rich::instant("2024-10-15T09:29:00Z"));
    assert!(flat(&table(&report, None)).contains("a day ago"));
}

#[test]
fn the_last_line_never_says_more_than_is_known() {
    let clean = rich::large(4);
    let last = |report: &AuditReport| table(report, None).lines().last().unwrap().to_owned();
    assert!(last(&clean).starts_with("No findings in 4 packages (advisories: "));

    let mut denied = clean.clone();
    denied.packages.first_mut().unwrap().notices.push(Notice {
        code: FindingCode::Quarantined,
        reason: String::new(),
        gated: true,
    });
    assert!(last(&denied).starts_with("No findings in 4 packages, 1 notice denied by policy"));

    let mut incomplete = clean.clone();
    incomplete.gaps = rich::rich().gaps;
    assert!(
        last(&incomplete)
            .starts_with("Incomplete: 9 entries could not be audited; 0 findings in 4 packages")
    );

    let mut off = clean;
    off.evidence = None;
    assert_eq!(last(&off), "Not audited: 4 packages, advisories are off");
}

#[test]
fn a_brief_table_has_no_closing_line_unless_nothing_was_looked_for() {
    let brief = |report: &AuditReport| {
        let options = TableOptions {
            is_brief: true,
            ..TableOptions::default()
        };
        let mut out = Vec::new();
        audit_table_with(report, &options, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let report = rich::large(4);
    assert_eq!(brief(&report), "");
    let report = rich::rich();
    let (text, whole) = (brief(&report), table(&report, None));
    assert!(
        text.contains("not audited") && !text.ends_with("\n\n"),
        "{text}"
    );
    let closing = whole.lines().last().unwrap();
    assert!(
        closing.contains("findings") && !text.contains(closing),
        "{text}"
    );
    assert_ne!(brief(&AuditReport::default()), "");
}
