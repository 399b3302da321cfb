//! What an audit is restricted to: groups, and where a lock is installed.

use lockgate_tests::{Advisory, TestContext};
use serde_json::Value;

use super::asking::{audit, copy_fixtures, document, has_no_answer, list, packages};

fn prepared() -> TestContext {
    let context = TestContext::new();
    copy_fixtures(&context, "locks/audit", "");
    context.write_advisories(
        "advisories",
        &[
            Advisory::new("PYSEC-2024-5", "pytest"),
            Advisory::new("PYSEC-2024-7", "colorama"),
        ],
    );
    context
}

fn asked(context: &TestContext, file: &str, arguments: &[&str]) -> Value {
    let run = audit(context, &[file, "--advisories", "advisories", "--json"])
        .args(arguments)
        .run();
    document(&run)
}

fn has(document: &Value, name: &str) -> bool {
    packages(document)
        .iter()
        .any(|pin| pin.starts_with(&format!("{name}==")))
}

#[test]
fn groups_are_chosen_and_left_out() {
    let context = prepared();
    // The group of the development tools, as each tool calls it.
    let locks = [
        ("uv/uv.lock", "dev"),
        ("poetry/poetry.lock", "dev"),
        ("poetry-1.1/poetry.lock", "dev"),
        ("pdm/pdm.lock", "dev"),
        ("pipenv/Pipfile.lock", "develop"),
    ];
    for (file, group) in locks {
        let whole = asked(&context, file, &[]);
        assert!(has(&whole, "pytest") && has(&whole, "django"), "{file}");
        let only = asked(&context, file, &["--only-group", group]);
        assert!(
            has(&only, "pytest") && !has(&only, "django"),
            "{file}: {only:#}"
        );
        for without in [&["--no-group", group][..], &["--no-dev"]] {
            let rest = asked(&context, file, without);
            assert!(
                !has(&rest, "pytest") && has(&rest, "django"),
                "{file} {without:?}"
            );
            // What both ask for stays.
            assert!(has(&rest, "colorama"), "{file} {without:?}");
            let left_out = rest["places"][0]["left_out"].as_u64().unwrap_or_default();
            assert!(left_out > 0, "{file}: what is left out is counted");
        }
    }
}

#[test]
fn a_group_that_is_not_known_is_no_clean_answer() {
    let context = prepared();
    for file in [
        "pip/requirements.txt",
        "uv/requirements.txt",
        "pip/pylock.pip.toml",
    ] {
        let run = audit(&context, &[file, "--advisories", "advisories"])
            .args(["--only-group", "dev"])
            .run();
        has_no_answer(&run, file);
        run.mentions(&[file, "--only-group"]);
    }
    // A misspelt group would leave nothing to audit; one that is to be left out leaves too much, and is told.
    let misspelt = |option: &str| {
        audit(
            &context,
            &[
                "uv/uv.lock",
                "--advisories",
                "advisories",
                "--allow-incomplete",
            ],
        )
        .args([option, "develoop"])
        .run()
    };
    has_no_answer(
        misspelt("--only-group").mentions(&["--only-group develoop", "the groups are dev"]),
        "a group that nobody knows",
    );
    misspelt("--no-group")
        .exits(1)
        .mentions(&["--no-group develoop", "the groups are dev"]);
    let run = audit(&context, &["uv/uv.lock", "--advisories", "advisories"])
        .args(["--only-group", "not a name"])
        .run();
    run.exits(2).mentions(&["--only-group not a name"]);
}

#[test]
fn without_groups_nothing_is_left_out_for_them() {
    let context = prepared();
    for option in [&["--no-dev"][..], &["--no-group", "dev"]] {
        let found = asked(&context, "pip/requirements.txt", option);
        assert!(has(&found, "pytest"), "{option:?}: {found:#}");
    }
}

#[test]
fn markers_decide_what_is_installed_where_the_audit_is_for() {
    let context = prepared();
    for file in [
        "uv/uv.lock",
        "poetry/poetry.lock",
        "pdm/pdm.lock",
        "uv/requirements.txt",
        "uv/pylock.toml",
    ] {
        for (platform, is_there) in [("windows", true), ("linux", false), ("macos", false)] {
            let target = ["--python-version", "3.11", "--python-platform", platform];
            let found = asked(&context, file, &target);
            assert_eq!(has(&found, "colorama"), is_there, "{file} on {platform}");
            assert!(has(&found, "django"), "{file} on {platform}");
        }
        assert!(
            has(&asked(&context, file, &[]), "colorama"),
            "{file} everywhere"
        );
    }
    context.write(
        "requirements.txt",
        "a==1.0 ; python_version < '3.9'\nb==1.0 ; python_version >= '3.9'\n",
    );
    for (version, pin) in [("3.8", "a==1.0"), ("3.12", "b==1.0")] {
        let found = asked(&context, "requirements.txt", &["--python-version", version]);
        assert_eq!(packages(&found).into_iter().collect::<Vec<_>>(), [pin]);
        assert_eq!(list(&found, "places")[0]["left_out"], 1);
    }
}

/// The release of a system that is only named is not known: what asks for it is audited, and said to be presumed.
#[test]
fn what_is_presumed_to_be_installed_is_named() {
    let context = prepared();
    context.write(
        "requirements.txt",
        "a==1.0 ; platform_release >= '20.0'\nb==1.0 ; sys_platform == 'win32' and platform_version >= '10'\nc==1.0\n",
    );
    let found = |platform: &str| {
        let target = ["--python-version", "3.11", "--python-platform", platform];
        let found = asked(&context, "requirements.txt", &target);
        let remarks = list(&found, "remarks");
        let presumed = remarks
            .iter()
            .filter(|remark| remark["code"] == "presumed-installed");
        let texts: Vec<String> = presumed
            .map(|remark| remark["text"].as_str().unwrap().to_owned())
            .collect();
        (
            packages(&found).into_iter().collect::<Vec<_>>(),
            texts.concat(),
        )
    };
    let (pins, text) = found("macos");
    assert_eq!(pins, ["a==1.0", "c==1.0"]);
    assert!(
        text.starts_with("requirements.txt") && text.ends_with(": a"),
        "{text}"
    );
    let (pins, text) = found("windows");
    assert_eq!(pins, ["a==1.0", "b==1.0", "c==1.0"]);
    assert!(text.ends_with(": a, b"), "{text}");
    context.write("requirements.txt", "c==1.0\n");
    assert_eq!(found("macos").1, "");
}

#[test]
fn a_finding_says_what_asks_for_it() {
    let context = prepared();
    let found = asked(&context, "uv/uv.lock", &[]);
    let pytest = list(&found, "packages")
        .iter()
        .find(|package| package["name"] == "pytest")
        .expect("it is locked");
    assert_eq!(pytest["dev_only"], true);
    assert_eq!(pytest["scopes"], serde_json::json!(["group dev"]));
    let run = audit(&context, &["uv/uv.lock", "--advisories", "advisories"]).run();
    assert!(run.stdout.contains("dev"), "{}", run.stdout);
}
