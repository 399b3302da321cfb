use super::*;
use lockgate_model::FindingCode;

use crate::compact::Compiler;
use crate::policy::YankRule;

const TODAY: &str = "2026-11-24";
const NOON: &str = "2026-11-24T12:00:00Z";

/// id, aliases, project, introduced, fixed (empty: never), severity word (empty: none)
type Row<'a> = (&'a str, &'a [&'a str], &'a str, &'a str, &'a str, &'a str);

fn source(rows: &[Row<'_>]) -> Source {
    let records: Vec<(String, Vec<u8>)> = rows
        .iter()
        .map(|(id, aliases, project, introduced, fixed, severity)| {
            let aliases = serde_json::to_string(aliases).unwrap();
            let fixed = if fixed.is_empty() { String::new() } else { format!(r#",{{"fixed":"{fixed}"}}"#) };
            let severity = if severity.is_empty() { String::new() } else { format!(r#","database_specific":{{"severity":"{severity}"}}"#) };
            let json = format!(
                r#"{{"id":"{id}","aliases":{aliases},"affected":[{{"package":{{"ecosystem":"PyPI","name":"{project}"}},"ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"{introduced}"}}{fixed}]}}]}}]{severity}}}"#
            );
            (format!("{id}.json"), json.into_bytes())
        })
        .collect();
    source_of(&records)
}

fn source_of(records: &[(String, Vec<u8>)]) -> Source {
    let mut compiler = Compiler::new("test", NOON.parse().unwrap());
    for (file, bytes) in records {
        compiler.add(file, bytes).unwrap();
    }
    let compact = Compact::open(Arc::new(compiler.finish().unwrap().bytes)).unwrap();
    Source::Compact {
        name: "test".to_owned(),
        digest: Sha256([1; 32]),
        compact,
        refreshed: None,
    }
}

fn policy(mode: Mode) -> Policy {
    Policy {
        mode,
        origin: "the default".to_owned(),
        min_severity: None,
        gate_unknown_severity: true,
        ignores: Vec::new(),
        gaps: Vec::new(),
        yanked: YankRule::Warn,
        groups: BTreeMap::new(),
        names: Vec::new(),
        remarks: Vec::new(),
    }
}

fn entry(id: &str) -> IgnoreEntry {
    IgnoreEntry {
        ids: vec![id.to_owned()],
        package: None,
        versions: None,
        justification: None,
        group: None,
        reason: "tested".to_owned(),
        expires: None,
        until_fixed: false,
        must_match: true,
        origin: "lockgate.toml:1".to_owned(),
    }
}

const ROWS: &[Row<'_>] = &[
    ("PYSEC-1", &["CVE-1"], "foo", "1.0", "2.0", "LOW"),
    ("PYSEC-2", &[], "foo", "1.5", "3.0", "HIGH"),
    ("PYSEC-3", &[], "bare", "0", "", ""),
    ("MAL-1", &[], "evil", "0", "", "LOW"),
];

fn gate(policy: Policy) -> AdvisoryGate {
    AdvisoryGate::new(policy, vec![source(ROWS)], NOON.parse().unwrap())
}

/// `clear`, `avoid` or `deny`, with the ids behind it.
fn verdict(gate: &AdvisoryGate, name: &str, version: &str) -> String {
    let (word, reason) = match gate
        .verdict(&name.parse().unwrap(), &version.parse().unwrap())
        .unwrap()
    {
        Verdict::Clear => return "clear".to_owned(),
        Verdict::Avoid(reason) => ("avoid", reason),
        Verdict::Deny(reason) => ("deny", reason),
    };
    let ids: Vec<&str> = reason
        .advisories
        .iter()
        .map(|advisory| advisory.id.as_str())
        .collect();
    format!("{word} {}", ids.join(" "))
}

#[test]
fn modes_say_what_is_done() {
    for (mode, foo, evil) in [
        (Mode::Deny, "deny PYSEC-1", "deny MAL-1"),
        (Mode::Prefer, "avoid PYSEC-1", "deny MAL-1"),
        (Mode::Warn, "clear", "deny MAL-1"),
        (Mode::Off, "clear", "clear"),
    ] {
        let gate = gate(policy(mode));
        assert_eq!(verdict(&gate, "foo", "1.0"), foo, "{mode:?}");
        assert_eq!(verdict(&gate, "evil", "1.0"), evil, "{mode:?}");
        assert_eq!(verdict(&gate, "foo", "3.0"), "clear");
        assert_eq!(verdict(&gate, "unknown", "1.0"), "clear");
    }
}

#[test]
fn local_versions_are_affected_where_their_public_version_is() {
    let gate = gate(policy(Mode::Deny));
    assert_eq!(verdict(&gate, "foo", "1.0+cpu"), "deny PYSEC-1");
    assert_eq!(verdict(&gate, "foo", "3.0+cpu"), "clear");
}

#[test]
fn what_is_below_the_threshold_is_reported_and_not_gated() {
    let gate = gate(Policy {
        min_severity: Some(Level::Medium),
        ..policy(Mode::Deny)
    });
    assert_eq!(verdict(&gate, "foo", "1.0"), "clear");
    assert_eq!(verdict(&gate, "foo", "1.6"), "deny PYSEC-2");
    let findings = gate
        .findings(&"foo".parse().unwrap(), &"1.6".parse().unwrap())
        .unwrap();
    let told: Vec<(&str, bool)> = findings
        .iter()
        .map(|f| (f.advisory.id.as_str(), f.gated))
        .collect();
    assert_eq!(told, [("PYSEC-1", false), ("PYSEC-2", true)]);
}

use lockgate_model::Level;

#[test]
fn an_unknown_severity_is_gated_unless_policy_says_otherwise() {
    assert_eq!(
        verdict(
            &gate(Policy {
                min_severity: Some(Level::Critical),
                ..policy(Mode::Deny)
            }),
            "bare",
            "1"
        ),
        "deny PYSEC-3"
    );
    assert_eq!(
        verdict(
            &gate(Policy {
                gate_unknown_severity: false,
                ..policy(Mode::Deny)
            }),
            "bare",
            "1"
        ),
        "clear"
    );
}

#[test]
fn entries_accept_by_any_id_project_and_version() {
    let with = |entry: IgnoreEntry| {
        gate(Policy {
            ignores: vec![entry],
            ..policy(Mode::Deny)
        })
    };
    assert_eq!(verdict(&with(entry("cve-1")), "foo", "1.0"), "clear");
    assert_eq!(verdict(&with(entry("CVE-9")), "foo", "1.0"), "deny PYSEC-1");
    assert_eq!(
        verdict(
            &with(IgnoreEntry {
                package: Some("bar".parse().unwrap()),
                ..entry("CVE-1")
            }),
            "foo",
            "1.0"
        ),
        "deny PYSEC-1"
    );
    let some = with(IgnoreEntry {
        versions: Some("<1.2".parse().unwrap()),
        ..entry("CVE-1")
    });
    assert_eq!(verdict(&some, "foo", "1.1"), "clear");
    assert_eq!(verdict(&some, "foo", "1.3"), "deny PYSEC-1");
}

#[test]
fn an_entry_holds_through_its_last_day_and_lapses_on_the_next() {
    let until = |date: &str| {
        gate(Policy {
            ignores: vec![IgnoreEntry {
                expires: Some(date.parse().unwrap()),
                ..entry("PYSEC-1")
            }],
            ..policy(Mode::Deny)
        })
    };
    assert_eq!(verdict(&until(TODAY), "foo", "1.0"), "clear");
    let expired = until("2026-11-23");
    assert_eq!(verdict(&expired, "foo", "1.0"), "deny PYSEC-1");
    assert_eq!(
        texts(&expired),
        [
            "the ignore entry for `PYSEC-1` (lockgate.toml:1) expired after 2026-11-23; the gate applies again"
        ]
    );
}

#[test]
fn an_entry_until_fixed_lapses_when_a_fix_above_the_version_is_stated() {
    let gate = gate(Policy {
        ignores: vec![
            IgnoreEntry {
                until_fixed: true,
                ..entry("PYSEC-3")
            },
            IgnoreEntry {
                until_fixed: true,
                ..entry("PYSEC-1")
            },
        ],
        ..policy(Mode::Deny)
    });
    assert_eq!(verdict(&gate, "bare", "1.0"), "clear");
    assert_eq!(verdict(&gate, "foo", "1.0"), "deny PYSEC-1");
}

#[test]
fn no_entry_and_no_threshold_lifts_a_malicious_package() {
    let gate = gate(Policy {
        ignores: vec![entry("MAL-1")],
        min_severity: Some(Level::Critical),
        ..policy(Mode::Warn)
    });
    assert_eq!(verdict(&gate, "evil", "1.0"), "deny MAL-1");
    let findings = gate
        .findings(&"evil".parse().unwrap(), &"1.0".parse().unwrap())
        .unwrap();
    assert!(findings[0].gated && findings[0].ignored.is_none());
    assert_eq!(findings[0].code, FindingCode::Malicious);
    let remarks = gate.remarks();
    assert_eq!(remarks.len(), 1);
    assert!(
        remarks[0].text.contains("`MAL-1`") && remarks[0].text.contains("never ignored"),
        "{remarks:?}"
    );
}

#[test]
fn an_entry_that_matched_nothing_is_reported() {
    let gate = gate(Policy {
        ignores: vec![entry("PYSEC-1"), entry("PYSEC-99")],
        ..policy(Mode::Deny)
    });
    gate.findings(&"foo".parse().unwrap(), &"1.0".parse().unwrap())
        .unwrap();
    let remarks = gate.remarks();
    assert_eq!(remarks.len(), 1);
    assert!(
        remarks[0].text.contains("`PYSEC-99`") && remarks[0].text.contains("matches nothing"),
        "{remarks:?}"
    );
}

#[test]
fn findings_tell_everything_known_against_a_release() {
    let gate = gate(Policy {
        ignores: vec![entry("CVE-1")],
        ..policy(Mode::Prefer)
    });
    let findings = gate
        .findings(&"foo".parse().unwrap(), &"1.6".parse().unwrap())
        .unwrap();
    assert_eq!(findings.len(), 2);
    assert_eq!(findings[0].ignored.as_ref().unwrap().reason, "tested");
    assert!(!findings[1].gated, "`prefer` accepts findings");
}

#[test]
fn a_quarantined_project_is_denied_in_every_mode_but_off() {
    let status = ProjectStatus::Quarantined(Some("under review".to_owned()));
    for (mode, denied) in [
        (Mode::Deny, true),
        (Mode::Prefer, true),
        (Mode::Warn, true),
        (Mode::Off, false),
    ] {
        let verdict = gate(policy(mode)).project_verdict(&"foo".parse().unwrap(), &status);
        assert_eq!(matches!(verdict, Verdict::Deny(_)), denied, "{mode:?}");
    }
}

#[derive(Debug)]
struct Service(Result<Vec<Vec<u8>>, String>);

impl RecordLookup for Service {
    fn records(&self, name: &Name) -> Result<Arc<[Vec<u8>]>, FactError> {
        self.0
            .clone()
            .map(Into::into)
            .map_err(|why| FactError::Unlearned {
                what: name.to_string(),
                why,
                remedy: None,
            })
    }

    fn hint(&self, _: &[Name]) {}
}

#[test]
fn a_service_that_fails_is_never_taken_for_clean() {
    let name: Name = "foo".parse().unwrap();
    for answer in [Err("503".to_owned()), Ok(vec![b"<html>".to_vec()])] {
        let source = Source::Lookup {
            name: "api".to_owned(),
            lookup: Arc::new(Service(answer)),
        };
        let gate = AdvisoryGate::new(policy(Mode::Deny), vec![source], NOON.parse().unwrap());
        assert!(matches!(
            gate.verdict(&name, &"1.0".parse().unwrap()),
            Err(FactError::Unlearned { .. })
        ));
        assert!(gate.findings(&name, &"1.0".parse().unwrap()).is_err());
    }
}

#[test]
fn sources_are_joined_and_all_named() {
    let other = source(&[("GHSA-1", &["CVE-1"], "foo", "0.5", "1.1", "CRITICAL")]);
    let gate = AdvisoryGate::new(
        policy(Mode::Deny),
        vec![source(ROWS), other],
        NOON.parse().unwrap(),
    );
    assert_eq!(verdict(&gate, "foo", "0.6"), "deny PYSEC-1");
    let finding = &gate
        .findings(&"foo".parse().unwrap(), &"1.0".parse().unwrap())
        .unwrap()[0];
    assert_eq!(finding.advisory.aliases, ["CVE-1", "GHSA-1"]);
    assert_eq!(
        finding.advisory.severity.as_ref().unwrap().level,
        Level::Critical
    );
}

#[test]
fn what_a_release_fixes_does_not_depend_on_the_mode() {
    let ids = |gate: &AdvisoryGate, name: &str, before: &str, version: &str| -> Vec<String> {
        let [before, version] = [before, version].map(|text| text.parse().unwrap());
        let fixed = gate.fixes(&name.parse().unwrap(), &before, &version);
        fixed.unwrap().iter().map(|one| one.id.clone()).collect()
    };
    for mode in [Mode::Deny, Mode::Prefer, Mode::Warn] {
        let gate = gate(policy(mode));
        assert_eq!(ids(&gate, "foo", "1.0", "2.0"), ["PYSEC-1"], "{mode:?}");
        assert_eq!(ids(&gate, "foo", "1.5", "3.0"), ["PYSEC-1", "PYSEC-2"]);
        assert!(ids(&gate, "foo", "1.0", "1.2").is_empty());
        assert!(ids(&gate, "foo", "2.0", "2.5").is_empty());
        assert!(ids(&gate, "unknown", "1.0", "2.0").is_empty());
    }
    let mut lenient = policy(Mode::Deny);
    lenient.min_severity = Some(Level::Critical);
    lenient.ignores = vec![entry("PYSEC-2")];
    let gate = gate(lenient);
    // Below the threshold a fix is one; what is ignored needs none.
    assert_eq!(ids(&gate, "foo", "1.5", "3.0"), ["PYSEC-1"]);
    let off = AdvisoryGate::new(policy(Mode::Off), vec![source(ROWS)], NOON.parse().unwrap());
    assert!(ids(&off, "foo", "1.0", "2.0").is_empty());
}

fn texts(gate: &AdvisoryGate) -> Vec<String> {
    let remarks = gate.remarks().into_iter();
    remarks.map(|remark| remark.text).collect()
}

#[test]
fn a_record_that_states_no_versions_is_reported_and_denies_nothing() {
    let record = |id: &str, aliases: &str, name: &str, rest: &str| {
        let json = format!(
            r#"{{"id":"{id}","aliases":[{aliases}],"affected":[{{"package":{{"ecosystem":"PyPI","name":"{name}"}}{rest}}}]}}"#
        );
        (format!("{id}.json"), json.into_bytes())
    };
    let gate = AdvisoryGate::new(
        policy(Mode::Deny),
        vec![source_of(&[
            record("PYSEC-1", "", "nothing", ""),
            record("PYSEC-2", "", "empty", r#","versions":[],"ranges":[]"#),
            record("PYSEC-3", r#""CVE-3""#, "told", ""),
            record("GHSA-3", r#""CVE-3""#, "told", r#","versions":["1.0"]"#),
            record("PYSEC-4", r#""MAL-4""#, "evil", ""),
            record("GHSA-4", r#""MAL-4""#, "evil", r#","versions":["1.0"]"#),
            record("PYSEC-5", "", "odd", r#","versions":["1.0-NA-1"]"#),
        ])],
        NOON.parse().unwrap(),
    );
    for (name, version, expected, found) in [
        ("nothing", "1.0", "clear", true),
        ("empty", "7", "clear", true),
        ("told", "1.0", "deny GHSA-3", true),
        ("told", "2.0", "clear", false),
        ("evil", "1.0", "deny PYSEC-4", true),
        ("evil", "2.0", "deny PYSEC-4", true),
        ("odd", "2.0", "deny PYSEC-5", true),
    ] {
        assert!(
            verdict(&gate, name, version).starts_with(expected.split(' ').next().unwrap()),
            "{name} {version}: {}",
            verdict(&gate, name, version)
        );
        let findings = gate
            .findings(&name.parse().unwrap(), &version.parse().unwrap())
            .unwrap();
        assert_eq!(!findings.is_empty(), found, "{name} {version}");
        let is_denied = expected != "clear";
        assert!(findings.iter().all(|finding| finding.gated == is_denied));
    }
}

#[test]
fn an_old_database_is_remarked_on_and_some_old_records_are_not() {
    let source_of_age = |records: usize, modified: &str, refreshed: Option<&str>| {
        let records: Vec<(String, Vec<u8>)> = (0..records)
            .map(|number| {
                let json = format!(
                    r#"{{"id":"X-{number}","modified":"{modified}T00:00:00Z","affected":[{{"package":{{"ecosystem":"PyPI","name":"p"}}}}]}}"#
                );
                (format!("X-{number}.json"), json.into_bytes())
            })
            .collect();
        let mut source = source_of(&records);
        if let (Source::Compact { refreshed: at, .. }, Some(time)) = (&mut source, refreshed) {
            *at = Some(time.parse().unwrap());
        }
        source
    };
    for (records, modified, refreshed, remarked) in [
        (1_000, "2024-10-10", None, true),
        (1_000, "2026-10-24", None, true),
        (1_000, "2026-10-26", None, false),
        (999, "2024-10-10", None, false),
        (1_000, "2024-10-10", Some(NOON), false),
    ] {
        let source = source_of_age(records, modified, refreshed);
        let gate = AdvisoryGate::new(policy(Mode::Deny), vec![source], NOON.parse().unwrap());
        let remarks = gate.remarks();
        assert_eq!(remarks.len(), usize::from(remarked), "{records} {modified}");
        for remark in remarks {
            assert_eq!(remark.code.as_str(), "old-advisories");
            let text = format!("test: its newest advisory is of {modified}, more than 30 days ago");
            assert!(remark.text.starts_with(&text), "{}", remark.text);
        }
    }
}
