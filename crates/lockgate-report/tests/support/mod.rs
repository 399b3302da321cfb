//! One audit that has everything: for the tests of every format.
#![allow(
    dead_code,
    reason = "each file of tests takes what it needs of what they share"
)]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use lockgate_model::{
    Advisory, AdvisoryLink, AuditReport, AuditedPackage, AuditedPlace, Baseline, Finding,
    FindingCode, Gap, GapCode, Ignored, InventoryKind, Level, Name, Notice, OwnProject, Remark,
    RemarkCode, Scope, Severity, Sha256, Snapshot, SourceState, Timestamp, Version,
};

/// A text that tries everything: markup, tables, ends of lines, escapes of terminals, marks that turn the direction of writing.
pub(crate) const HOSTILE: &str = "\"quoted\" 'x' <script>alert(1)</script> | `code` [a](javascript:b) *b* @all\nnext\r\nline\u{1b}[31mred\u{1b}[0m\u{7}\u{202e}txt.exe\u{2066}\u{200b}\u{9b}5m \\ & end";

/// When documents of tests are made.
pub(crate) fn now() -> Timestamp {
    instant("2026-11-02T10:30:00Z")
}

pub(crate) fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(crate) fn version(text: &str) -> Version {
    text.parse().unwrap()
}

/// An audit of two places with a case of everything that a report can hold.
pub(crate) fn rich_report() -> AuditReport {
    AuditReport {
        packages: packages(),
        own: vec![
            OwnProject {
                text: "-e ./shop".to_owned(),
                source: "requirements.txt".to_owned(),
                line: Some(1),
                place: "./shop".to_owned(),
            },
            OwnProject {
                text: "shop".to_owned(),
                source: "api/uv.lock".to_owned(),
                line: None,
                place: ".".to_owned(),
            },
        ],
        gaps: gaps(),
        places: vec![
            AuditedPlace {
                place: "requirements.txt".to_owned(),
                kind: InventoryKind::Requirements,
                packages: 9,
                left_out: 0,
                policies: vec!["lockgate.toml".to_owned()],
                is_off: false,
            },
            AuditedPlace {
                place: "api/uv.lock".to_owned(),
                kind: InventoryKind::Uv,
                packages: 3,
                left_out: 2,
                policies: vec!["lockgate.toml".to_owned()],
                is_off: false,
            },
        ],
        evidence: Some(Snapshot {
            source: "OSV PyPI + overlay".to_owned(),
            digest: Sha256::of(b"all"),
            modified: Some(instant("2026-11-01T08:00:00Z")),
        }),
        sources: vec![
            SourceState {
                name: "osv".to_owned(),
                digest: Sha256::of(b"osv"),
                modified: Some(instant("2026-11-01T08:00:00Z")),
                refreshed: Some(instant("2026-11-02T09:00:00Z")),
                records: Some(24_310),
                overrides: false,
                asked: 11,
            },
            SourceState {
                name: "overlay".to_owned(),
                digest: Sha256::of(b"overlay"),
                modified: None,
                refreshed: None,
                records: None,
                overrides: true,
                asked: 0,
            },
        ],
        remarks: remarks(),
        baseline: Some(Baseline {
            place: "old/requirements.txt".to_owned(),
            left_out: 4,
        }),
    }
}

/// The same audit with nothing found: no finding, no notice, no gap.
pub(crate) fn clean_report() -> AuditReport {
    let mut report = rich_report();
    for package in &mut report.packages {
        package.findings.clear();
        package.notices.clear();
    }
    report.gaps.clear();
    report.remarks.clear();
    report.baseline = None;
    report
}

fn packages() -> Vec<AuditedPackage> {
    vec![
        web(),
        jinja("requirements.txt", Some(4)),
        evil(),
        unknown(),
        hostile(),
        old_pickle(),
        torch(),
        archive(),
        fine(),
        jinja("api/uv.lock", Some(17)),
        pytest(),
        api_web(),
    ]
}

/// Direct, with a finding of CVSS v4 that an entry ignores with an expiry and a justification.
fn web() -> AuditedPackage {
    let mut package = at("web-frame", "2.1", "requirements.txt", Some(3));
    package.direct = Some(true);
    package.paths = chain(&[&["-r requirements.in", "web-frame==2.1"]]);
    let advisory = Advisory {
        id: "PYSEC-2024-10".to_owned(),
        aliases: vec!["CVE-2024-1000".to_owned(), "GHSA-aaaa-bbbb-cccc".to_owned()],
        summary: "Redirects leave the site".to_owned(),
        severity: Some(scored(
            Level::Medium,
            5.3,
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:P/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N",
        )),
        fixed: vec![version("1.9.8"), version("2.1.4"), version("3.0")],
        weaknesses: vec!["CWE-601".to_owned()],
        records: vec!["GHSA-aaaa-bbbb-cccc".to_owned(), "PYSEC-2024-10".to_owned()],
        ..advisory("PYSEC-2024-10")
    };
    let mut found = finding(&package, advisory);
    found.ignored = Some(Ignored {
        reason: "redirects are checked before".to_owned(),
        expires: Some("2027-03-01".to_owned()),
        origin: "lockgate.toml:3".to_owned(),
        justification: Some("vulnerable_code_cannot_be_controlled_by_adversary".to_owned()),
    });
    found.gated = false;
    package.findings.push(found);
    package
}

/// Transitive, in two places, with two findings: CVSS v3.1 with a fix, and CVSS v2 below policy without a fix above.
fn jinja(source: &str, line: Option<usize>) -> AuditedPackage {
    let mut package = at("jinja2", "2.4.1", source, line);
    package.direct = Some(false);
    package.paths = chain(&[
        &["-r requirements.in", "web-frame==2.1", "jinja2==2.4.1"],
        &[
            "-r requirements.in",
            "old-pickle==0.9",
            "web-frame==2.1",
            "jinja2==2.4.1",
        ],
    ]);
    package.parents = vec![if source == "requirements.txt" { 0 } else { 11 }];
    if source != "requirements.txt" {
        package.scopes = BTreeSet::from([Scope::Main, Scope::Extra(name("html"))]);
        package.marker = Some("python_full_version < '3.12'".to_owned());
    }
    let sandbox = Advisory {
        id: "PYSEC-2019-217".to_owned(),
        aliases: vec![
            "CVE-2016-10745".to_owned(),
            "GHSA-hj2j-77xm-mc5v".to_owned(),
        ],
        summary: "Format strings get out of the sandbox".to_owned(),
        severity: Some(scored(
            Level::High,
            8.6,
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:N/A:N",
        )),
        fixed: vec![version("2.8.1"), version("3.0a1")],
        weaknesses: vec!["CWE-134".to_owned(), "CWE-20".to_owned()],
        references: vec![
            AdvisoryLink {
                kind: "FIX".to_owned(),
                url: "https://example.org/fix?id=1&x=[2]".to_owned(),
            },
            AdvisoryLink {
                kind: "WEB".to_owned(),
                url: "javascript:alert(1)".to_owned(),
            },
        ],
        unclear: vec!["introduced 2.9.0-NA".to_owned()],
        states_no_versions: false,
        ..advisory("PYSEC-2019-217")
    };
    let cache = Advisory {
        id: "GHSA-0000-1111-2222".to_owned(),
        aliases: vec!["CVE-2014-1402".to_owned()],
        summary: "Templates are cached where others can write".to_owned(),
        severity: Some(scored(Level::Low, 3.3, "AV:L/AC:M/Au:N/C:P/I:P/A:N")),
        fixed: vec![version("2.4.0")],
        ..advisory("GHSA-0000-1111-2222")
    };
    let mut below = finding(&package, cache);
    below.gated = false;
    let sandbox = finding(&package, sandbox);
    package.findings = vec![below, sandbox];
    package
}

/// Malicious and quarantined: no entry helps.
fn evil() -> AuditedPackage {
    let mut package = at("evil-pkg", "1.0", "requirements.txt", Some(5));
    package.direct = Some(true);
    let advisory = Advisory {
        id: "MAL-2026-1".to_owned(),
        summary: "Sends what it finds in the environment away".to_owned(),
        malicious: true,
        ..advisory("MAL-2026-1")
    };
    let mut found = finding(&package, advisory);
    found.code = FindingCode::Malicious;
    package.findings.push(found);
    package.notices.push(Notice {
        code: FindingCode::Quarantined,
        reason: "held by the index".to_owned(),
        gated: true,
    });
    package
}

/// Severity unknown, no summary, no fix, a link that is none; neither directness nor line is known.
fn unknown() -> AuditedPackage {
    let mut package = at("un-known", "1!2.0.post1", "requirements.txt", None);
    let advisory = Advisory {
        id: "CVE-2025-9".to_owned(),
        summary: String::new(),
        link: "not a link".to_owned(),
        published: None,
        modified: None,
        ..advisory("CVE-2025-9")
    };
    package.findings.push(finding(&package, advisory));
    package
}

/// Hostile texts everywhere, ignored without a justification; CVSS v3.0.
fn hostile() -> AuditedPackage {
    let mut package = at("hostile", "1.0+local.1", "requirements.txt", Some(7));
    package.marker = Some("sys_platform == 'win32' or extra == \"<b>|\"".to_owned());
    package.paths = chain(&[&[HOSTILE, "hostile==1.0+local.1"]]);
    let advisory = Advisory {
        id: "GHSA-hhhh-hhhh-hhhh".to_owned(),
        aliases: vec!["X-<b>|1".to_owned()],
        summary: HOSTILE.to_owned(),
        severity: Some(scored(
            Level::Critical,
            9.8,
            "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        )),
        fixed: vec![version("1.1")],
        link: "https://example.org/<script>?a b|c".to_owned(),
        ..advisory("GHSA-hhhh-hhhh-hhhh")
    };
    let mut found = finding(&package, advisory);
    found.ignored = Some(Ignored {
        reason: HOSTILE.to_owned(),
        expires: None,
        origin: "--ignore-vuln".to_owned(),
        justification: None,
    });
    found.gated = false;
    package.findings.push(found);
    package
}

/// Only a word says how bad it is; the release is yanked.
fn old_pickle() -> AuditedPackage {
    let mut package = at("old-pickle", "0.9", "requirements.txt", Some(9));
    package.direct = Some(true);
    let advisory = Advisory {
        id: "GHSA-pppp-pppp-pppp".to_owned(),
        summary: "Loads what anyone may have written".to_owned(),
        severity: Some(Severity {
            level: Level::High,
            score: None,
            vector: None,
        }),
        weaknesses: vec!["CWE-502".to_owned()],
        ..advisory("GHSA-pppp-pppp-pppp")
    };
    package.findings.push(finding(&package, advisory));
    package.notices.push(Notice {
        code: FindingCode::Yanked,
        reason: format!("broken {HOSTILE}"),
        gated: false,
    });
    package
}

/// Ignored by its option, without a reason or a justification; severity 0.
fn torch() -> AuditedPackage {
    let mut package = at("torch", "2.0+cpu", "requirements.txt", Some(11));
    let advisory = Advisory {
        id: "PYSEC-2025-40".to_owned(),
        summary: "Prints a wrong number".to_owned(),
        severity: Some(scored(
            Level::None,
            0.0,
            "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N",
        )),
        fixed: vec![version("2.0.1")],
        ..advisory("PYSEC-2025-40")
    };
    let mut found = finding(&package, advisory);
    found.ignored = Some(Ignored {
        reason: String::new(),
        expires: None,
        origin: "--ignore-vuln".to_owned(),
        justification: None,
    });
    found.gated = false;
    package.findings.push(found);
    package
}

/// No advisory, but the index says that nobody maintains it.
fn archive() -> AuditedPackage {
    let mut package = at("archive-me", "3.1", "requirements.txt", Some(13));
    for code in [FindingCode::Archived, FindingCode::Deprecated] {
        package.notices.push(Notice {
            code,
            reason: String::new(),
            gated: false,
        });
    }
    package
}

fn fine() -> AuditedPackage {
    at("fine", "1.0", "requirements.txt", Some(15))
}

/// For development only, required by a group.
fn pytest() -> AuditedPackage {
    let mut package = at("pytest", "7.0", "api/uv.lock", Some(40));
    package.direct = Some(true);
    package.scopes = BTreeSet::from([Scope::Group(name("dev")), Scope::Group(name("test"))]);
    package.paths = chain(&[&["shop (group dev)", "pytest==7.0"]]);
    let advisory = Advisory {
        id: "PYSEC-2023-5".to_owned(),
        summary: "Follows links in its folder".to_owned(),
        fixed: vec![version("7.0.1")],
        sources: vec!["osv".to_owned(), "overlay".to_owned()],
        ..advisory("PYSEC-2023-5")
    };
    package.findings.push(finding(&package, advisory));
    package
}

/// The same project as in the other place, at another version; nothing found.
fn api_web() -> AuditedPackage {
    let mut package = at("web-frame", "3.0", "api/uv.lock", Some(52));
    package.direct = Some(true);
    package.scopes = BTreeSet::from([Scope::Main]);
    package
}

fn gaps() -> Vec<Gap> {
    GapCode::ALL
        .into_iter()
        .zip(30_usize..)
        .map(|(code, line)| {
            let (what, named): (&str, Option<&str>) = match code {
                GapCode::DirectReference => (
                    "direct @ https://example.org/direct-1.0.zip",
                    Some("direct"),
                ),
                GapCode::Unpinned => ("ranged>=1", Some("ranged")),
                GapCode::BadVersion => ("badly==2004d-<b>", Some("badly")),
                GapCode::Unnamed => ("./folder", None),
                GapCode::NotTold => ("private==1.0", Some("private")),
                GapCode::NotOnIndex => ("absent==1.0", Some("absent")),
                GapCode::NotLearned => ("https://example.org/osv.zip", None),
                GapCode::Unreadable => ("broken/poetry.lock", None),
            };
            let in_place = !matches!(code, GapCode::NotLearned | GapCode::Unreadable);
            Gap {
                code,
                what: what.to_owned(),
                why: if code == GapCode::Unreadable {
                    HOSTILE.to_owned()
                } else {
                    format!("this is a gap of the kind {}", code.as_str())
                },
                name: named.map(name),
                source: match code {
                    GapCode::NotLearned => None,
                    GapCode::Unreadable => Some(what.to_owned()),
                    _ => Some("requirements.txt".to_owned()),
                },
                line: in_place.then_some(line),
                accepted: None,
            }
        })
        .collect()
}

fn remarks() -> Vec<Remark> {
    RemarkCode::ALL
        .into_iter()
        .map(|code| Remark {
            code,
            text: format!("this is a remark of the kind {}", code.as_str()),
            origin: (code != RemarkCode::Input).then(|| "lockgate.toml:9".to_owned()),
        })
        .collect()
}

fn at(project: &str, pinned: &str, source: &str, line: Option<usize>) -> AuditedPackage {
    let mut package = AuditedPackage::new(name(project), version(pinned), source.to_owned());
    package.line = line;
    package
}

fn chain(paths: &[&[&str]]) -> Vec<Vec<String>> {
    let texts = |path: &&[&str]| path.iter().map(|step| (*step).to_owned()).collect();
    paths.iter().map(texts).collect()
}

fn scored(level: Level, score: f64, vector: &str) -> Severity {
    Severity {
        level,
        score: Some(score),
        vector: Some(vector.to_owned()),
    }
}

fn advisory(id: &str) -> Advisory {
    Advisory {
        link: format!("https://example.org/{id}"),
        published: Some(instant("2024-01-02T03:04:05Z")),
        modified: Some(instant("2025-06-07T08:09:10.5Z")),
        records: vec![id.to_owned()],
        sources: vec!["osv".to_owned()],
        ..Advisory::default()
    }
}

fn finding(package: &AuditedPackage, advisory: Advisory) -> Finding {
    Finding {
        code: FindingCode::Vulnerable,
        name: package.name.clone(),
        version: package.version.clone(),
        advisory: Arc::new(advisory),
        ignored: None,
        gated: true,
        path: package.paths.first().cloned().unwrap_or_default(),
    }
}

/// Compares a text with the file of that name under `tests/snapshots`, byte for byte. `LOCKGATE_WRITE_SNAPSHOTS=1` writes the file instead.
pub(crate) fn assert_snapshot(file: &str, text: &str) {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "snapshots", file]
        .iter()
        .collect();
    if std::env::var_os("LOCKGATE_WRITE_SNAPSHOTS").is_some() {
        std::fs::write(&path, text).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let line = text
        .lines()
        .zip(expected.lines())
        .position(|(one, other)| one != other);
    assert!(
        text == expected,
        "tests/snapshots/{file} differs, first at line {:?}; LOCKGATE_WRITE_SNAPSHOTS=1 writes it anew",
        line.map(|line| line + 1)
    );
}

/// Says where a document breaks a schema.
pub(crate) fn assert_valid(
    schema: &serde_json::Value,
    others: &[(&str, &str)],
    document: &serde_json::Value,
) {
    let mut registry = jsonschema::Registry::new();
    for (address, text) in others {
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        registry = registry.add(*address, value).unwrap();
    }
    let registry = registry.prepare().unwrap();
    let validator = jsonschema::options()
        .with_registry(&registry)
        .should_validate_formats(true)
        .build(schema)
        .unwrap();
    let errors: Vec<String> = validator
        .iter_errors(document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}
