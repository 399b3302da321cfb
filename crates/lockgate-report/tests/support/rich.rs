//! Reports that have everything a report can have, hostile texts included.

use std::collections::BTreeSet;
use std::sync::Arc;

use lockgate_model::{
    Advisory, AdvisoryLink, AuditReport, AuditedPackage, AuditedPlace, Baseline, Finding,
    FindingCode, Gap, GapCode, Ignored, InventoryKind, Level, Name, Notice, OwnProject, Remark,
    RemarkCode, Scope, Severity, Sha256, Snapshot, SourceState, Timestamp, Version,
};

/// Ends an element, an attribute, a table cell, a line, a workflow command; drives a terminal; turns the direction of text.
pub(crate) const HOSTILE: &str = "\"quoted\" 'single' <script>alert(1)</script> </script><!-- <img src=x onerror=alert(1)> | pipe\nnew line\r\n::error::forged %0A `tick` @everyone #1 [a](javascript:alert(1)) **bold** \u{1b}[31mred\u{1b}[0m \u{7}bell \u{202e}desrever\u{2069} \u{2028} \u{0} end";

pub(crate) fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

pub(crate) fn version(text: &str) -> Version {
    text.parse().expect("a version")
}

pub(crate) fn instant(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// When the reports are made.
pub(crate) fn now() -> Timestamp {
    instant("2024-10-16T09:30:00Z")
}

/// An advisory with fixed versions and, if any, a level and a score.
pub(crate) fn advisory(id: &str, severity: Option<(Level, f64)>, fixed: &[&str]) -> Advisory {
    Advisory {
        id: id.to_owned(),
        summary: format!("What {id} is about, in one line"),
        severity: severity.map(|(level, score)| Severity {
            level,
            score: Some(score),
            vector: Some("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H".to_owned()),
        }),
        fixed: fixed.iter().map(|text| version(text)).collect(),
        link: format!("https://osv.example.org/vulnerability/{id}"),
        modified: Some(instant("2024-10-01T12:00:00Z")),
        published: Some(instant("2024-09-01T12:00:00Z")),
        records: vec![id.to_owned()],
        sources: vec!["osv".to_owned()],
        ..Advisory::default()
    }
}

/// A package at a line of a file.
pub(crate) fn package(text: &str, source: &str, line: usize) -> AuditedPackage {
    let (project, release) = text.split_once("==").expect("a pin");
    AuditedPackage {
        line: Some(line),
        ..AuditedPackage::new(name(project), version(release), source.to_owned())
    }
}

/// Makes `advisory` a finding of `package`.
pub(crate) fn found(package: &mut AuditedPackage, advisory: Advisory) -> &mut Finding {
    let finding = Finding {
        code: if advisory.malicious {
            FindingCode::Malicious
        } else {
            FindingCode::Vulnerable
        },
        name: package.name.clone(),
        version: package.version.clone(),
        advisory: Arc::new(advisory),
        ignored: None,
        gated: true,
        path: package.paths.first().cloned().unwrap_or_default(),
    };
    package.findings.push(finding);
    package.findings.last_mut().expect("it was put there")
}

/// An entry covers `finding`, so that policy does not gate on it.
fn ignored(finding: &mut Finding, entry: Ignored) {
    finding.gated = false;
    finding.ignored = Some(entry);
}

fn chain(links: &[&str]) -> Vec<String> {
    links.iter().map(|link| (*link).to_owned()).collect()
}

fn place(place: &str, kind: InventoryKind, packages: usize, left_out: usize) -> AuditedPlace {
    AuditedPlace {
        place: place.to_owned(),
        kind,
        packages,
        left_out,
        policies: vec!["lockgate.toml".to_owned()],
        is_off: false,
    }
}

fn source(name: &str, refreshed: Option<&str>, records: Option<u32>) -> SourceState {
    SourceState {
        name: name.to_owned(),
        digest: Sha256::of(name.as_bytes()),
        modified: Some(instant("2024-10-10T08:00:00Z")),
        refreshed: refreshed.map(instant),
        records,
        overrides: false,
        asked: 11,
    }
}

fn evidence() -> Snapshot {
    Snapshot {
        source: "OSV PyPI + overlay".to_owned(),
        digest: Sha256::of(b"all"),
        modified: Some(instant("2024-10-10T08:00:00Z")),
    }
}

/// One gap of each kind.
fn gaps() -> Vec<Gap> {
    GapCode::ALL
        .into_iter()
        .zip(1..)
        .map(|(code, line)| Gap {
            code,
            what: format!("requirements.txt:{line}: `thing{line}`"),
            why: format!("it is of the kind {}", code.as_str()),
            name: Some(name(&format!("thing{line}"))),
            source: Some("requirements.txt".to_owned()),
            line: Some(line),
            accepted: None,
        })
        .chain([Gap {
            code: GapCode::Unreadable,
            what: HOSTILE.to_owned(),
            why: HOSTILE.to_owned(),
            name: None,
            source: Some("odd|name, with: signs.txt".to_owned()),
            line: None,
            accepted: None,
        }])
        .collect()
}

/// A package and how it comes in: chains from the root, and its parents' places.
fn pinned(
    text: &str,
    source: &str,
    line: usize,
    chains: &[&[&str]],
    parents: &[usize],
) -> AuditedPackage {
    let mut pin = package(text, source, line);
    pin.direct = Some(parents.is_empty());
    pin.paths = chains.iter().map(|links| chain(links)).collect();
    pin.parents = parents.to_vec();
    pin.scopes = BTreeSet::from([Scope::Main]);
    pin
}

/// The packages of [`rich`], nothing found yet.
fn pins() -> Vec<AuditedPackage> {
    let (file, dev) = ("requirements.txt", "dev-requirements.txt");
    let (root, dev_root) = ("-r requirements.in", "-r dev.in");
    let mut hostile = package("hostile==1.0", "odd|name, with: signs.txt", 1);
    hostile.scopes = BTreeSet::from([Scope::Extra(name("socks"))]);
    hostile.marker = Some(HOSTILE.to_owned());
    hostile.paths = vec![vec![
        HOSTILE.to_owned(),
        format!("{HOSTILE}==1"),
        "hostile==1.0".to_owned(),
    ]];
    let mut pytest = pinned("pytest==7.0", dev, 4, &[&[dev_root, "pytest==7.0"]], &[]);
    pytest.scopes = BTreeSet::from([Scope::Group(name("dev"))]);
    let way = [dev_root, "pytest==7.0", "py==1.11.0"];
    let mut py = pinned("py==1.11.0", dev, 5, &[&way], &[6]);
    py.scopes = BTreeSet::from([Scope::Group(name("dev")), Scope::Group(name("test"))]);
    py.marker = Some("python_version < '3.9' and sys_platform == \"win32\"".to_owned());
    let ways: [&[&str]; 2] = [
        &[root, "requests==2.25.1", "urllib3==1.26.5"],
        &[root, "oldlib==2.0", "requests==2.25.1", "urllib3==1.26.5"],
    ];
    let evil = [root, "oldlib==2.0", "evilpkg==1.0"];
    vec![
        pinned("django==4.2.1", file, 3, &[&[root, "django==4.2.1"]], &[]),
        pinned(
            "requests==2.25.1",
            file,
            14,
            &[&[root, "requests==2.25.1"]],
            &[],
        ),
        pinned("urllib3==1.26.5", file, 20, &ways, &[1]),
        pinned("jinja2==3.1.2", file, 8, &[&[root, "jinja2==3.1.2"]], &[]),
        pinned("evilpkg==1.0", file, 5, &[&evil], &[5]),
        pinned("oldlib==2.0", file, 11, &[&[root, "oldlib==2.0"]], &[]),
        pytest,
        py,
        hostile,
        package("urllib3==1.26.5", "other/requirements.txt", 9),
        package("clean==1.0", file, 2),
    ]
}

/// Advisories as they are in life: of each severity, with and without a fix, ignored, let through, malicious.
fn with_findings(packages: &mut [AuditedPackage]) {
    let mut sql = advisory(
        "PYSEC-2024-157",
        Some((Level::Critical, 9.8)),
        &["4.2.16", "5.0.9", "5.1.1"],
    );
    "Lookups of keys in JSON fields let untrusted values reach the SQL text on one database backend, so that whoever controls the left-hand side can read and change rows"
        .clone_into(&mut sql.summary);
    sql.aliases = chain(&["CVE-2024-53908", "GHSA-m9g8-fxxm-xg86"]);
    sql.weaknesses = chain(&["CWE-89"]);
    sql.sources = chain(&["osv", "overlay"]);
    let link = |kind: &str, url: &str| AdvisoryLink {
        kind: kind.to_owned(),
        url: url.to_owned(),
    };
    sql.references = vec![
        link("FIX", "https://git.example.org/django/commit/1"),
        link("WEB", "javascript:alert(1)"),
    ];
    let mut escape = advisory("PYSEC-2024-41", Some((Level::Medium, 6.1)), &["3.1.3"]);
    escape.aliases = chain(&["CVE-2024-22195"]);
    let mut malicious = advisory("MAL-2024-1", None, &[]);
    malicious.malicious = true;
    "Takes credentials from the environment and sends them away".clone_into(&mut malicious.summary);
    let mut unknown = advisory("PYSEC-2022-9", None, &[]);
    unknown.unclear = chain(&["2.9.0-NA"]);

    let (high, medium) = (Some((Level::High, 7.5)), Some((Level::Medium, 4.3)));
    for package in packages {
        match package.name.as_str() {
            "django" => {
                found(package, sql.clone());
                found(package, advisory("PYSEC-2024-102", high, &["4.2.15"]));
                let low = advisory("PYSEC-2023-61", Some((Level::Low, 3.1)), &["4.2.2"]);
                found(package, low).gated = false;
            }
            "requests" => {
                let severity = Some((Level::Medium, 5.6));
                found(
                    package,
                    advisory("GHSA-9wx4-h78v-vm56", severity, &["2.32.0"]),
                );
            }
            "urllib3" => {
                let severity = Some((Level::High, 8.1));
                found(
                    package,
                    advisory("PYSEC-2023-212", severity, &["1.26.18", "2.0.7"]),
                );
            }
            "jinja2" => ignored(
                found(package, escape.clone()),
                Ignored {
                    reason: "templates are ours".to_owned(),
                    expires: Some("2027-03-01".to_owned()),
                    origin: "lockgate.toml:3".to_owned(),
                    justification: Some("vulnerable_code_not_in_execute_path".to_owned()),
                },
            ),
            "evilpkg" => {
                found(package, malicious.clone());
            }
            "oldlib" => {
                found(package, unknown.clone());
                found(package, advisory("PYSEC-2021-3", medium, &["1.9"]));
                package.notices = vec![
                    notice(FindingCode::Yanked, "broken build", true),
                    notice(FindingCode::Archived, "", false),
                ];
            }
            "py" => {
                found(package, advisory("PYSEC-2022-42969", high, &[]));
            }
            "hostile" => with_hostile_findings(package),
            _ => {}
        }
    }
}

fn notice(code: FindingCode, reason: &str, gated: bool) -> Notice {
    Notice {
        code,
        reason: reason.to_owned(),
        gated,
    }
}

/// Findings whose every text is [`HOSTILE`], one of them ignored.
fn with_hostile_findings(package: &mut AuditedPackage) {
    let text = || HOSTILE.to_owned();
    let severity = Some((Level::Medium, 5.0));
    let ids = [format!("X-{HOSTILE}"), "X-2".to_owned()];
    for (id, is_ignored) in ids.into_iter().zip([false, true]) {
        let nasty = Advisory {
            id,
            aliases: vec![text()],
            summary: text(),
            link: "https://example.org/\"><script>alert(1)</script>|(\u{202e})".to_owned(),
            weaknesses: vec![text()],
            unclear: vec![text()],
            states_no_versions: false,
            sources: vec![text()],
            references: vec![AdvisoryLink {
                kind: text(),
                url: format!("https://example.org/{HOSTILE}"),
            }],
            ..advisory("X-1", severity, &["2.0"])
        };
        let finding = found(package, nasty);
        if is_ignored {
            ignored(
                finding,
                Ignored {
                    reason: text(),
                    expires: Some(text()),
                    origin: text(),
                    justification: Some(text()),
                },
            );
        }
    }
    package.notices = vec![notice(FindingCode::Deprecated, HOSTILE, false)];
}

/// Everything at once.
pub(crate) fn rich() -> AuditReport {
    let mut packages = pins();
    with_findings(&mut packages);
    let mut overlay = source("overlay", None, Some(3));
    overlay.overrides = true;
    let requirements =
        |file, packages, left_out| place(file, InventoryKind::Requirements, packages, left_out);
    let own = |text: &str, source: &str, line, place: &str| OwnProject {
        text: text.to_owned(),
        source: source.to_owned(),
        line,
        place: place.to_owned(),
    };
    let remark = |code, text: &str, origin: &str| Remark {
        code,
        text: text.to_owned(),
        origin: Some(origin.to_owned()),
    };
    AuditReport {
        packages,
        own: vec![
            own("-e .", "requirements.txt", Some(1), "."),
            own(HOSTILE, HOSTILE, None, HOSTILE),
        ],
        gaps: gaps(),
        places: vec![
            requirements("requirements.txt", 7, 2),
            requirements("dev-requirements.txt", 2, 0),
            requirements("other/requirements.txt", 1, 0),
            requirements("odd|name, with: signs.txt", 1, 0),
        ],
        evidence: Some(evidence()),
        sources: vec![
            source("osv", Some("2024-10-11T08:00:00Z"), Some(24_031)),
            overlay,
        ],
        remarks: vec![
            remark(
                RemarkCode::ExpiredIgnore,
                "the entry for CVE-2020-1 has expired on 2024-01-01",
                "lockgate.toml:9",
            ),
            remark(RemarkCode::Input, HOSTILE, HOSTILE),
        ],
        baseline: Some(Baseline {
            place: "old.txt".to_owned(),
            left_out: 12,
        }),
    }
}

/// Only what was found: no gaps, one source.
pub(crate) fn without_gaps() -> AuditReport {
    let mut report = rich();
    report.gaps.clear();
    report.sources.truncate(1);
    report
}

/// A graph of `count` packages in layers, with a finding in one of twelve.
pub(crate) fn large(count: usize) -> AuditReport {
    let file = "requirements.txt";
    let levels = [
        Some((Level::Critical, 9.1)),
        Some((Level::High, 7.8)),
        Some((Level::Medium, 5.3)),
        None,
        Some((Level::Low, 2.4)),
    ];
    let mut packages: Vec<AuditedPackage> = Vec::new();
    // A fixed sequence that looks like chance.
    let mut seed: usize = 7;
    let mut draw = |below: usize| {
        seed = (seed * 1_103_515_245 + 12_345) % (1 << 31);
        (seed >> 8) % below.max(1)
    };
    for number in 0..count {
        let text = format!("package-{number:03}=={}.{}.{}", draw(4), draw(20), draw(10));
        let mut one = package(&text, file, 3 + number * 4);
        one.scopes = BTreeSet::from([Scope::Main]);
        let is_direct = number < count / 8 + 1;
        one.direct = Some(is_direct);
        let mut path = chain(&["-r requirements.in"]);
        if !is_direct {
            let mut parents: Vec<usize> = (0..=draw(3)).map(|_| draw(number)).collect();
            parents.sort_unstable();
            parents.dedup();
            let above = parents.first().and_then(|parent| packages.get(*parent));
            path = above
                .and_then(|parent| parent.paths.first().cloned())
                .unwrap_or(path);
            one.parents = parents;
        }
        path.push(text);
        one.paths = vec![path];
        if number % 12 == 5 {
            let severity = levels.get(draw(levels.len())).copied().flatten();
            let id = format!("PYSEC-2024-{number}");
            let finding = found(&mut one, advisory(&id, severity, &["9.0.0"]));
            if number % 60 == 5 {
                ignored(
                    finding,
                    Ignored {
                        reason: "not reachable from our code".to_owned(),
                        expires: None,
                        origin: "lockgate.toml:12".to_owned(),
                        justification: None,
                    },
                );
            }
        }
        packages.push(one);
    }
    AuditReport {
        places: vec![place(file, InventoryKind::Requirements, count, 0)],
        packages,
        evidence: Some(evidence()),
        sources: vec![source("osv", Some("2024-10-16T08:00:00Z"), Some(24_031))],
        ..AuditReport::default()
    }
}

/// `count` locks that all have one finding.
pub(crate) fn fleet(count: usize) -> AuditReport {
    let mut report = large(0);
    report.places.clear();
    for number in 0..count {
        let file = format!("team-{number:03}/requirements.txt");
        let mut one = package("urllib3==1.26.5", &file, 9);
        one.direct = Some(number % 3 == 0);
        found(
            &mut one,
            advisory("PYSEC-2023-212", Some((Level::High, 8.1)), &["1.26.18"]),
        );
        report.packages.push(one);
        report
            .places
            .push(place(&file, InventoryKind::Requirements, 1, 0));
    }
    report
}
