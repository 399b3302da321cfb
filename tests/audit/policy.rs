//! Policy: accepted advisories, thresholds, groups, malicious packages, what the index says, baselines, VEX.

use lockgate_tests::{Advisory, Loopback, Project, Release, TestContext, World, Yank};
use serde_json::{Value, json};

use super::asking::{FORMATS, audit, codes, copy_fixtures, document, findings, list, text};

/// `a` 1.0 and `b` 2.0, with these advisories.
fn prepared(advisories: &[Advisory]) -> TestContext {
    let context = TestContext::new();
    context.write("requirements.txt", "a==1.0\nb==2.0\n");
    context.write_advisories("advisories", advisories);
    context
}

#[track_caller]
fn asked(context: &TestContext, arguments: &[&str], code: i32) -> Value {
    let run = audit(
        context,
        &["requirements.txt", "--advisories", "advisories", "--json"],
    )
    .args(arguments)
    .run();
    assert_eq!(run.code, code, "{}\n{}", run.stdout, run.stderr);
    document(&run)
}

/// A configuration, the exit code under it, and the codes of what is remarked.
type Case<'a> = (&'a str, &'a str, i32, &'a [&'a str]);

#[test]
fn entries_accept_what_they_speak_of_and_nothing_else() {
    let cases: [Case<'_>; 14] = [
        ("nothing", "", 1, &[]),
        ("the id", "id = \"PYSEC-2024-1\"", 0, &[]),
        ("in small letters", "id = \"pysec-2024-1\"", 0, &[]),
        ("an alias", "id = \"CVE-2024-1\"", 0, &[]),
        (
            "the package",
            "id = \"CVE-2024-1\"\npackage = \"A\"",
            0,
            &[],
        ),
        (
            "another package",
            "id = \"CVE-2024-1\"\npackage = \"b\"",
            1,
            &["unmatched-ignore"],
        ),
        (
            "the version",
            "id = \"CVE-2024-1\"\nversion = \"<2\"",
            0,
            &[],
        ),
        (
            "another version",
            "id = \"CVE-2024-1\"\nversion = \">=2\"",
            1,
            &["unmatched-ignore"],
        ),
        (
            "a day to come",
            "id = \"CVE-2024-1\"\nexpires = 2999-01-01",
            0,
            &[],
        ),
        (
            "a day long past",
            "id = \"CVE-2024-1\"\nexpires = 2020-01-01",
            1,
            &["expired-ignore"],
        ),
        (
            "until it is fixed",
            "id = \"CVE-2024-1\"\nuntil-fixed = true",
            1,
            &["unmatched-ignore"],
        ),
        (
            "another id",
            "id = \"CVE-2024-9\"",
            1,
            &["unmatched-ignore"],
        ),
        (
            "a group that asks for nothing",
            "id = \"CVE-2024-1\"\ngroup = \"dev\"",
            1,
            &["unmatched-ignore"],
        ),
        (
            "a justification",
            "id = \"CVE-2024-1\"\njustification = \"component_not_present\"",
            0,
            &[],
        ),
    ];
    for (what, entry, code, remarks) in cases {
        let mut advisory = Advisory::new("PYSEC-2024-1", "a").between("0", "1.5");
        advisory.aliases = vec!["CVE-2024-1".to_owned()];
        let context = prepared(&[advisory]);
        if !entry.is_empty() {
            let text = format!("[[ignore]]\n{entry}\nreason = \"the parser is not used\"\n");
            context.write("lockgate.toml", text);
        }
        let found = asked(&context, &[], code);
        assert_eq!(codes(&found, "remarks"), remarks, "{what}: {found:#}");
        for remark in list(&found, "remarks") {
            assert_eq!(text(remark, "origin"), "lockgate.toml:1", "{what}");
        }
        let ignored = &found["packages"][0]["findings"][0]["ignored"];
        if code == 0 {
            assert_eq!(ignored["reason"], "the parser is not used", "{what}");
            assert_eq!(ignored["origin"], "lockgate.toml:1", "{what}");
        } else {
            assert_eq!(*ignored, false, "{what}");
        }
    }
    // Without a fix, an entry until there is one holds.
    let context = prepared(&[Advisory::new("PYSEC-2024-1", "a")]);
    context.write(
        "lockgate.toml",
        "[[ignore]]\nid = \"PYSEC-2024-1\"\nuntil-fixed = true\nreason = \"there is no fix\"\n",
    );
    asked(&context, &[], 0);
}

#[test]
fn what_is_remarked_is_a_warning_too() {
    let context = prepared(&[]);
    context.write(
        "lockgate.toml",
        "[[ignore]]\nid = \"CVE-2024-1\"\nreason = \"ours\"\n\n[[ignore]]\nid = \"CVE-2024-2\"\nreason = \"ours\"\nexpires = 2020-01-01\n",
    );
    let run = audit(
        &context,
        &["requirements.txt", "--advisories", "advisories"],
    )
    .run();
    run.exits(0).mentions(&[
        "`CVE-2024-1` (lockgate.toml:1) matches nothing",
        "`CVE-2024-2` (lockgate.toml:5) expired after 2020-01-01",
    ]);
}

#[test]
fn reasons_and_origins_stand_in_every_report_that_has_room_for_them() {
    let context = prepared(&[
        Advisory::new("PYSEC-2024-1", "a"),
        Advisory::new("PYSEC-2024-2", "b"),
    ]);
    context.write(
        "lockgate.toml",
        "[[ignore]]\nid = \"PYSEC-2024-1\"\nreason = \"the parser is not used\"\njustification = \"vulnerable_code_not_in_execute_path\"\nexpires = 2999-01-01\n",
    );
    for format in FORMATS {
        let run = audit(
            &context,
            &[
                "requirements.txt",
                "--advisories",
                "advisories",
                "-f",
                format,
            ],
        )
        .run();
        run.exits(1);
        assert!(
            run.stdout.contains("PYSEC-2024-2"),
            "{format}:\n{}",
            run.stdout
        );
        // pip-audit's forms and annotations leave accepted ones out, as told in docs/reports.md.
        let has_room = !matches!(
            format,
            "pip-audit-json" | "columns" | "pip-audit-markdown" | "github" | "github-summary"
        );
        if has_room {
            assert!(
                run.stdout.contains("the parser is not used"),
                "{format}:\n{}",
                run.stdout
            );
        }
        if matches!(format, "table" | "json" | "sarif" | "markdown" | "html") {
            assert!(
                run.stdout.contains("lockgate.toml:1"),
                "{format}:\n{}",
                run.stdout
            );
            assert!(
                run.stdout.contains("2999-01-01"),
                "{format}:\n{}",
                run.stdout
            );
        }
    }
}

#[test]
fn thresholds_report_and_let_pass() {
    let unknown = || Advisory::new("PYSEC-2024-1", "a");
    let of = |severity: &str| unknown().severity(severity);
    let vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
    let cases: [(Advisory, &str, &[&str], i32); 9] = [
        (of("low"), "", &[], 1),
        (of("low"), "", &["--min-severity", "medium"], 0),
        (of("medium"), "", &["--min-severity", "medium"], 1),
        (of("medium"), "min-severity = \"high\"\n", &[], 0),
        // The command line has the last word.
        (
            of("medium"),
            "min-severity = \"high\"\n",
            &["--min-severity", "low"],
            1,
        ),
        (of(vector), "", &["--min-severity", "critical"], 1),
        (unknown(), "", &["--min-severity", "critical"], 1),
        (unknown(), "unknown-severity = \"warn\"\n", &[], 0),
        (of("high"), "gate = \"warn\"\n", &[], 0),
    ];
    for (advisory, config, arguments, code) in cases {
        let severity = advisory.severity.clone();
        let context = prepared(&[advisory]);
        context.write("lockgate.toml", config);
        let found = asked(&context, arguments, code);
        let what = format!("{severity:?} {config} {arguments:?}");
        assert_eq!(
            findings(&found).len(),
            1,
            "{what}: it is reported all the same"
        );
        assert_eq!(
            found["packages"][0]["findings"][0]["gated"],
            code == 1,
            "{what}"
        );
        assert_eq!(found["status"], "findings", "{what}");
    }
}

#[test]
fn malicious_packages_are_fatal_whatever_is_said() {
    let configs = [
        "gate = \"warn\"\n",
        "gate = \"prefer\"\n",
        "min-severity = \"critical\"\nunknown-severity = \"warn\"\n",
        "[[ignore]]\nid = \"MAL-2024-1\"\nreason = \"I like it\"\n",
    ];
    for config in configs {
        let context = prepared(&[Advisory::new("MAL-2024-1", "a")]);
        context.write("lockgate.toml", config);
        let found = asked(&context, &[], 1);
        assert_eq!(
            found["packages"][0]["findings"][0]["code"], "malicious",
            "{config}"
        );
        asked(
            &context,
            &["--gate", "warn", "--min-severity", "critical"],
            1,
        );
        asked(&context, &["--ignore-vuln", "MAL-2024-1"], 1);
    }
    let context = TestContext::new();
    copy_fixtures(&context, "locks/audit/uv", "");
    context.write_advisories("advisories", &[Advisory::new("MAL-2024-1", "pytest")]);
    context.write("lockgate.toml", "[groups.dev]\ngate = \"off\"\n");
    let run = audit(
        &context,
        &[
            "uv.lock",
            "--advisories",
            "advisories",
            "--allow-incomplete",
        ],
    )
    .run();
    run.exits(1);
}

#[test]
fn groups_have_rules_of_their_own() {
    let context = TestContext::new();
    copy_fixtures(&context, "locks/audit/uv", "");
    context.write_advisories(
        "advisories",
        &[
            // For development alone, and for both.
            Advisory::new("PYSEC-2024-1", "pytest").severity("high"),
            Advisory::new("PYSEC-2024-2", "colorama").severity("low"),
        ],
    );
    let cases = [
        ("", &["PYSEC-2024-1", "PYSEC-2024-2"][..]),
        ("[groups.dev]\ngate = \"warn\"\n", &["PYSEC-2024-2"]),
        (
            "[groups.dev]\nmin-severity = \"critical\"\n",
            &["PYSEC-2024-2"],
        ),
        (
            "[groups.dev]\nmin-severity = \"high\"\n",
            &["PYSEC-2024-1", "PYSEC-2024-2"],
        ),
        (
            "min-severity = \"high\"\n[groups.dev]\ngate = \"warn\"\n",
            &[],
        ),
        (
            "[groups.other]\ngate = \"warn\"\n",
            &["PYSEC-2024-1", "PYSEC-2024-2"],
        ),
        (
            "[[ignore]]\nid = \"PYSEC-2024-1\"\ngroup = \"dev\"\nreason = \"tests only\"\n[[ignore]]\nid = \"PYSEC-2024-2\"\ngroup = \"dev\"\nreason = \"tests only\"\n",
            &["PYSEC-2024-2"],
        ),
    ];
    for (config, gated) in cases {
        context.write("lockgate.toml", config);
        let run = audit(&context, &["uv.lock", "--advisories", "advisories"])
            .args(["--allow-incomplete", "--json"])
            .run();
        let found = document(&run);
        let mut ids: Vec<&str> = list(&found, "packages")
            .iter()
            .flat_map(|package| list(package, "findings"))
            .filter(|finding| finding["gated"] == true)
            .map(|finding| text(finding, "id"))
            .collect();
        ids.sort_unstable();
        assert_eq!(ids, gated, "{config}");
        assert_eq!(run.code, i32::from(!gated.is_empty()), "{config}");
    }
}

fn project(status: Option<&str>, yanked: Yank) -> Project {
    let release = Release {
        yanked,
        ..Release::default()
    };
    Project {
        status: status.map(str::to_owned),
        releases: [("1.0".to_owned(), release)].into(),
    }
}

/// A lock, a configuration, options, the exit code, and the codes of what the index says.
type IndexCase<'a> = (&'a str, &'a str, &'a [&'a str], i32, &'a [&'a str]);

#[test]
fn the_index_is_asked_about_yanked_and_quarantined_only_on_request() {
    let mut world = World::new();
    for (name, status, yanked) in [
        ("fine", None, Yank::No),
        ("back", None, Yank::Because("it was broken".to_owned())),
        ("held", Some("quarantined"), Yank::No),
        ("shut", Some("archived"), Yank::No),
        ("past", Some("deprecated"), Yank::No),
    ] {
        world
            .projects
            .insert(name.to_owned(), project(status, yanked));
    }
    let index = Loopback::index(world);
    let cases: [IndexCase<'_>; 9] = [
        ("fine==1.0\nback==1.0\nheld==1.0\n", "", &[], 0, &[]),
        ("fine==1.0\n", "", &["--online"], 0, &[]),
        ("back==1.0\n", "", &["--online"], 0, &["yanked"]),
        ("back==1.0\n", "", &["--yanked", "deny"], 1, &["yanked"]),
        ("back==1.0\n", "yanked = \"deny\"\n", &[], 1, &["yanked"]),
        ("back==1.0\n", "yanked = \"warn\"\n", &[], 0, &["yanked"]),
        (
            "back==1.0\n",
            "yanked = \"deny\"\n",
            &["--yanked", "warn"],
            0,
            &["yanked"],
        ),
        (
            "held==1.0\n",
            "gate = \"warn\"\n",
            &["--online"],
            1,
            &["quarantined"],
        ),
        (
            "shut==1.0\npast==1.0\n",
            "",
            &["--online"],
            0,
            &["archived", "deprecated"],
        ),
    ];
    for (lock, config, arguments, code, notices) in cases {
        let context = TestContext::new();
        context.write("requirements.txt", lock);
        context.write("lockgate.toml", config);
        context.write_advisories("advisories", &[]);
        index.clear_log();
        let index_url = index.index_url();
        let mut all = vec!["--index-url", &index_url];
        all.extend(arguments);
        let found = asked(&context, &all, code);
        let told: Vec<&str> = list(&found, "packages")
            .iter()
            .flat_map(|package| list(package, "notices"))
            .map(|notice| text(notice, "code"))
            .collect();
        assert_eq!(told, notices, "{lock} {config} {arguments:?}");
        let is_asked = !config.is_empty() && config.starts_with("yanked") || !arguments.is_empty();
        assert_eq!(
            !index.log().is_empty(),
            is_asked,
            "{lock} {config} {arguments:?}"
        );
        for format in ["table", "sarif", "html", "markdown"] {
            let run = audit(
                &context,
                &["requirements.txt", "--advisories", "advisories"],
            )
            .args(&all)
            .args(["-f", format])
            .run();
            run.exits(code);
            for notice in notices {
                assert!(
                    run.stdout.contains(notice),
                    "{notice} in {format}:\n{}",
                    run.stdout
                );
            }
        }
    }
    // What the index does not have, and an index that does not answer, are gaps.
    let context = TestContext::new();
    context.write("requirements.txt", "fine==9.0\nunknown==1.0\n");
    context.write_advisories("advisories", &[]);
    let found = asked(
        &context,
        &["--online", "--index-url", &index.index_url()],
        2,
    );
    assert_eq!(codes(&found, "gaps"), ["not-on-index", "not-on-index"]);
    index.fault("/simple/*", lockgate_tests::Fault::Status(500));
    let found = asked(
        &context,
        &["--online", "--index-url", &index.index_url()],
        2,
    );
    assert_eq!(codes(&found, "gaps"), ["not-learned", "not-learned"]);
}

#[test]
fn a_baseline_leaves_out_what_was_known_and_nothing_that_is_new() {
    let context = prepared(&[
        Advisory::new("PYSEC-2024-1", "a"),
        Advisory::new("PYSEC-2024-2", "b"),
    ]);
    // The older lock may be of another form and another version.
    context.write("old.txt", "a==0.9\n");
    let found = asked(&context, &["--baseline", "old.txt"], 1);
    assert_eq!(
        findings(&found).into_iter().collect::<Vec<_>>(),
        ["b==2.0 PYSEC-2024-2"]
    );
    assert_eq!(
        found["baseline"],
        json!({ "place": "old.txt", "left_out": 1 })
    );
    context.write("old.txt", "a==0.9\nb==1.0\n");
    let found = asked(&context, &["--baseline", "old.txt"], 0);
    assert_eq!(found["status"], "clean");
    let run = audit(
        &context,
        &["requirements.txt", "--advisories", "advisories"],
    )
    .args(["--baseline", "old.txt"])
    .run();
    assert!(
        run.exits(0).stdout.contains("known from old.txt left out"),
        "{}",
        run.stdout
    );
    // A baseline hides no gap of either: an unreadable one is no answer, nor is what cannot be audited.
    audit(
        &context,
        &["requirements.txt", "--advisories", "advisories"],
    )
    .args(["--baseline", "gone.txt"])
    .run()
    .exits(2)
    .mentions(&["gone.txt"]);
    context.write("requirements.txt", "a==1.0\nb>=1\n");
    let found = asked(&context, &["--baseline", "old.txt"], 2);
    assert_eq!(codes(&found, "gaps"), ["unpinned"]);
}

#[test]
fn accepted_advisories_are_written_as_vex_and_read_back() {
    let context = prepared(&[
        Advisory::new("PYSEC-2024-1", "a"),
        Advisory::new("PYSEC-2024-2", "b"),
    ]);
    context.write(
        "lockgate.toml",
        "[[ignore]]\nid = \"PYSEC-2024-1\"\nreason = \"the parser is not used\"\njustification = \"vulnerable_code_not_in_execute_path\"\n",
    );
    audit(
        &context,
        &["requirements.txt", "--advisories", "advisories"],
    )
    .args(["-o", "openvex=vex/judged.json"])
    .run()
    .exits(2)
    .mentions(&["vex/judged.json"]);
    std::fs::create_dir(context.path("vex")).unwrap();
    audit(
        &context,
        &["requirements.txt", "--advisories", "advisories"],
    )
    .args(["-o", "openvex=vex/judged.json"])
    .run()
    .exits(1);
    std::fs::remove_file(context.path("lockgate.toml")).unwrap();
    // Of an affected one it says so, and that lets nothing pass.
    let found = asked(&context, &["--vex", "vex/judged.json"], 1);
    let of =
        |found: &Value, place: usize| found["packages"][place]["findings"][0]["ignored"].clone();
    let ignored = of(&found, 0);
    assert!(
        text(&ignored, "reason").starts_with("the parser is not used"),
        "{ignored}"
    );
    assert_eq!(
        ignored["justification"],
        "vulnerable_code_not_in_execute_path"
    );
    assert!(
        text(&ignored, "origin").starts_with("vex/judged.json"),
        "{ignored}"
    );
    assert_eq!(of(&found, 1), false);
    // In the configuration, seen from its folder.
    context.write("project/lockgate.toml", "vex = [\"judged.json\"]\n");
    context.write("project/judged.json", context.read("vex/judged.json"));
    context.write("project/requirements.txt", "a==1.0\n");
    audit(
        &context,
        &["project/requirements.txt", "--advisories", "advisories"],
    )
    .run()
    .exits(0);
    context.write("project/judged.json", "{\"statements\": 1}");
    audit(
        &context,
        &["project/requirements.txt", "--advisories", "advisories"],
    )
    .run()
    .exits(2)
    .mentions(&["project/judged.json"]);
    std::fs::remove_file(context.path("project/judged.json")).unwrap();
    audit(
        &context,
        &["project/requirements.txt", "--advisories", "advisories"],
    )
    .run()
    .exits(2)
    .mentions(&["project/judged.json"]);
}
