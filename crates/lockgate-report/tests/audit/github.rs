//! Workflow commands of GitHub Actions.

use lockgate_model::{AuditReport, AuditedPlace, InventoryKind, Level};
use lockgate_report::annotations;

use crate::{assert_no_hidden_signs, rich};

fn commands(report: &AuditReport) -> Vec<String> {
    let mut out = Vec::new();
    annotations(report, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn each_finding_stands_at_the_line_of_its_pin() {
    let mut report = rich::large(0);
    let mut pin = rich::package("django==4.2.1", "a,b:100%.txt", 3);
    pin.direct = Some(true);
    let mut advisory = rich::advisory("PYSEC-2024-157", Some((Level::Critical, 9.8)), &["4.2.16"]);
    advisory.summary = "100% sure: yes, really".to_owned();
    rich::found(&mut pin, advisory);
    report.packages.push(pin);
    assert_eq!(
        commands(&report),
        [
            "::error title=lockgate audit::1 finding in 1 of 1 package (advisories: OSV PyPI + overlay of 2024-10-10)",
            "::error file=a%2Cb%3A100%25.txt,line=3,title=django 4.2.1%3A PYSEC-2024-157%2C critical (9.8)::100%25 sure: yes, really%0Aupgrade django to 4.2.16%0Adirect%0Ahttps://osv.example.org/vulnerability/PYSEC-2024-157",
        ]
    );
}

#[test]
fn the_verdict_comes_first_then_the_worst() {
    let lines = commands(&rich::rich());
    let starts = [
        "::error title=lockgate audit::Incomplete: ",
        "::error file=requirements.txt,line=5,title=evilpkg 1.0%3A MAL-2024-1%2C malicious::",
        "::error file=requirements.txt,line=3,title=django 4.2.1%3A PYSEC-2024-157%2C critical",
        "::error file=requirements.txt,line=20,title=urllib3 1.26.5%3A PYSEC-2023-212",
        "::error file=other/requirements.txt,line=9,title=urllib3 1.26.5%3A PYSEC-2023-212",
    ];
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "{line}");
    }
    let levels: Vec<&str> = lines
        .iter()
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    let order = ["::error", "::warning", "::notice"]
        .map(|word| levels.iter().filter(|it| **it == word).count());
    assert!(
        order.iter().all(|count| *count > 0) && order.iter().sum::<usize>() == levels.len(),
        "{levels:?}"
    );
    assert!(
        levels.is_sorted_by_key(|level| ["::error", "::warning", "::notice"]
            .iter()
            .position(|it| it == level)),
        "{levels:?}"
    );
}

#[test]
fn what_policy_lets_through_is_a_warning_and_what_is_ignored_is_not_told() {
    let lines = commands(&rich::without_gaps());
    let about = |word: &str| {
        lines
            .iter()
            .filter(|line| line.contains(word))
            .collect::<Vec<_>>()
    };
    assert!(
        about("PYSEC-2023-61")
            .iter()
            .all(|line| line.starts_with("::warning "))
    );
    assert_eq!(about("PYSEC-2023-61").len(), 1);
    assert!(about("PYSEC-2024-41").is_empty());
    assert!(
        about("title=oldlib 2.0%3A yanked")
            .iter()
            .all(|line| line.starts_with("::error "))
    );
    assert!(
        about("title=oldlib 2.0%3A archived")
            .iter()
            .all(|line| line.starts_with("::notice "))
    );
    assert_eq!(about("title=oldlib").len(), 4);
    assert!(about("expired-ignore")[0].starts_with("::warning file=lockgate.toml,line=9,"));
}

#[test]
fn gaps_are_errors_unless_they_are_accepted() {
    let mut report = rich::large(4);
    report.gaps = rich::rich().gaps;
    for (is_accepted, level) in [(false, "::error "), (true, "::warning ")] {
        if is_accepted {
            crate::accept_gaps(&mut report);
        }
        let lines = commands(&report);
        assert_eq!(lines.len(), 10);
        assert!(
            lines.iter().all(|line| line.starts_with(level)),
            "{lines:#?}"
        );
        assert!(lines[0].contains("Incomplete: 9 entries"));
        assert!(lines[1].contains(
            "file=requirements.txt,line=1,title=not audited%3A taken from a direct reference::"
        ));
    }
}

#[test]
fn hostile_text_forges_no_command() {
    let lines = commands(&rich::rich());
    for line in &lines {
        assert_no_hidden_signs(line);
        let rest = ["::error ", "::warning ", "::notice "]
            .iter()
            .find_map(|start| line.strip_prefix(start));
        let (properties, _) = rest
            .and_then(|rest| rest.split_once("::"))
            .expect("a command");
        for property in properties.split(',') {
            let (key, value) = property.split_once('=').expect("a property");
            assert!(matches!(key, "file" | "line" | "title"), "{line}");
            assert!(!value.contains([':', '\r', '\n']), "{line}");
        }
    }
    assert!(
        lines
            .iter()
            .any(|line| line.contains("::error::forged %250A")),
        "the text itself is kept"
    );
}

#[test]
fn a_clean_audit_says_nothing_and_an_environment_is_no_file() {
    assert_eq!(commands(&rich::large(4)), [""; 0]);
    let mut report = rich::fleet(1);
    report.places = vec![AuditedPlace {
        place: "team-000/requirements.txt".to_owned(),
        kind: InventoryKind::Environment,
        packages: 1,
        left_out: 0,
        policies: vec!["lockgate.toml".to_owned()],
        is_off: false,
    }];
    let lines = commands(&report);
    assert!(
        lines[1].starts_with("::error title=urllib3 1.26.5"),
        "{lines:?}"
    );
}
