//! Policies that the caller names: a file, a git revision, and the floor of machine and user.

use lockgate_tests::{Advisory, Index, Loopback, Run, TestContext, World};

use super::{IGNORE, audit, audit_records, document, policies, remarks, repository};

#[test]
fn a_named_policy_is_the_only_one_that_is_read() {
    let context = repository();
    context.write("lockgate.toml", "gate = \"off\"\n");
    context.write("services/legacy/lockgate.toml", "gaet = 1\n");
    context.write(
        "ci/strict.toml",
        "gate = \"deny\"\ndelegate = [\"services\"]\n",
    );
    context.write("ci/pyproject.toml", "[tool.lockgate]\ngate = \"warn\"\n");
    let legacy = "services/legacy/requirements.txt";
    let run = audit_records(&context, &[legacy, "--policy", "ci/strict.toml", "--json"]).run();
    let found = document(run.exits(1));
    assert_eq!(policies(&found, legacy), ["ci/strict.toml"]);
    audit_records(
        &context,
        &["requirements.txt", "--policy", "ci/pyproject.toml"],
    )
    .run()
    .exits(0);
    for (file, said) in [
        ("ci/none.toml", "there is no policy file `ci/none.toml`"),
        ("services/legacy/lockgate.toml", "unknown key `gaet`"),
        ("pyproject.toml", "`pyproject.toml`"),
        ("ci", "ci"),
    ] {
        audit_records(&context, &["requirements.txt", "--policy", file])
            .run()
            .exits(2)
            .mentions(&[said]);
    }
    audit_records(
        &context,
        &[
            "requirements.txt",
            "--policy",
            "ci/strict.toml",
            "--policy-from",
            "main",
        ],
    )
    .run()
    .exits(2)
    .mentions(&["--policy-from"]);
    // Its own relative paths are seen from its folder.
    context.write("ci/own.toml", "advisories = [\"../advisories\"]\n");
    let run = audit(&context, &["requirements.txt", "--policy", "ci/own.toml"]).run();
    run.exits(1);
    assert!(run.stdout.contains("PYSEC-2024-1"), "{}", run.stdout);
}

#[test]
fn options_win_over_variables_and_these_over_policies() {
    let context = repository();
    context.write("lockgate.toml", "gate = \"off\"\n");
    let run = |arguments: &[&str], variable: &str| {
        let words = [&["requirements.txt"], arguments].concat();
        audit_records(&context, &words)
            .env("LOCKGATE_GATE", variable)
            .run()
    };
    run(&[], "deny").exits(1);
    run(&["--gate", "warn"], "deny").exits(0);
    run(&["--gate", "deny"], "off").exits(1);
}

#[test]
fn the_floor_makes_stricter_whatever_else_is_named() {
    let context = repository();
    context.write("lockgate.toml", "gate = \"off\"\n");
    context.write("loose.toml", "gate = \"warn\"\n");
    context.write("floor/lockgate/lockgate.toml", "gate = \"deny\"\n");
    let floor = context.path("floor/lockgate/lockgate.toml");
    for arguments in [&[][..], &["--policy", "loose.toml"], &["--no-config"]] {
        let words = [&["requirements.txt", "--json"], arguments].concat();
        let by_variable = audit_records(&context, &words)
            .env("LOCKGATE_POLICY", &floor)
            .run();
        let by_folder = audit_records(&context, &words)
            .env("XDG_CONFIG_HOME", context.path("floor"))
            .run();
        for run in [by_variable, by_folder] {
            let found = document(run.exits(1));
            let names = policies(&found, "requirements.txt");
            assert!(
                names
                    .last()
                    .unwrap()
                    .ends_with("floor/lockgate/lockgate.toml"),
                "{names:?}"
            );
        }
    }
    // What would loosen has no effect there.
    context.write(
        "floor/lockgate/lockgate.toml",
        format!("gate = \"off\"\n{IGNORE}"),
    );
    context.write("lockgate.toml", "");
    let run = audit_records(&context, &["requirements.txt", "--json"])
        .env("LOCKGATE_POLICY", &floor)
        .run();
    assert_eq!(
        remarks(&document(run.exits(1))),
        ["policy-without-effect", "policy-without-effect"]
    );
    // It must be there, and right.
    for (path, said) in [
        ("none.toml", "LOCKGATE_POLICY"),
        ("requirements.txt", "requirements.txt:1"),
    ] {
        audit_records(&context, &["requirements.txt"])
            .env("LOCKGATE_POLICY", path)
            .run()
            .exits(2)
            .mentions(&[said]);
    }
}

#[test]
fn the_floor_names_sources_where_no_policy_does() {
    let context = repository();
    context.write_advisories("floor/records", &[Advisory::new("PYSEC-2024-7", "a")]);
    context.write("floor/floor.toml", "advisories = [\"records\"]\n");
    let run = |context: &TestContext| {
        audit(context, &["requirements.txt"])
            .env("LOCKGATE_POLICY", "floor/floor.toml")
            .run()
    };
    let alone = run(&context);
    alone.exits(1);
    assert!(alone.stdout.contains("PYSEC-2024-7"), "{}", alone.stdout);
    context.write("lockgate.toml", "advisories = [\"advisories\"]\n");
    let both = run(&context);
    both.exits(1);
    for id in ["PYSEC-2024-1", "PYSEC-2024-7"] {
        assert!(both.stdout.contains(id), "{id}: {}", both.stdout);
    }
}

fn git(context: &TestContext, arguments: &[&str]) -> Run {
    let identity = [
        "-c",
        "user.name=x",
        "-c",
        "user.email=x@example.org",
        "-c",
        "init.defaultBranch=main",
    ];
    let run = context.program("git").args(identity).args(arguments).run();
    run.exits(0);
    run
}

/// A repository whose branch `main` has this policy, and whose checkout has the one that is written over it.
fn proposed(main: &str) -> TestContext {
    let context = TestContext::new();
    git(&context, &["init", "--quiet"]);
    context.write("lockgate.toml", main);
    context.write("requirements.txt", "a==1.0\n");
    context.write("services/requirements.txt", "a==1.0\n");
    context.write_advisories("security/records", &[Advisory::new("PYSEC-2024-1", "a")]);
    git(&context, &["add", "--all"]);
    git(&context, &["commit", "--quiet", "--message", "one"]);
    context
}

#[test]
fn a_change_cannot_rewrite_the_policy_of_the_branch_that_it_is_for() {
    let context = proposed("advisories = [\"security/records\"]\n");
    // What a change may try: the policy, the records that it names, a policy beside it.
    context.write("lockgate.toml", "gate = \"off\"\n");
    std::fs::remove_file(context.path("security/records/PYSEC-2024-1.json")).unwrap();
    context.write("services/lockgate.toml", "gate = \"off\"\n");
    audit(&context, &["requirements.txt"]).run().exits(0);
    for file in ["requirements.txt", "services/requirements.txt"] {
        let run = audit(&context, &[file, "--policy-from", "main", "--json"]).run();
        let found = document(run.exits(1));
        assert_eq!(policies(&found, file), ["lockgate.toml of main"]);
        assert!(
            remarks(&found).contains(&"policy-differs".to_owned()),
            "{found:#}"
        );
        run.mentions(&["`lockgate.toml` differs from that of `main`"]);
    }
    // The same from a folder further down, and for what lies outside of the repository.
    let run = audit(
        &context,
        &[
            "requirements.txt",
            "--policy-from",
            "main",
            "--directory",
            "services",
        ],
    )
    .run();
    run.exits(1);
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("requirements.txt");
    std::fs::write(&file, "a==1.0\n").unwrap();
    audit(
        &context,
        &[&file.to_string_lossy(), "--policy-from", "main"],
    )
    .run()
    .exits(1);
    // Nothing is left of what was taken from the revision.
    let temporary = std::fs::read_dir(context.path("..")).unwrap();
    let left: Vec<_> = temporary
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| name.to_string_lossy().starts_with("lockgate-"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_revision_may_have_lower_policies_and_a_project_as_its_policy() {
    let context = proposed("gate = \"warn\"\nadvisories = [\"security/records\"]\n");
    context.write(
        "services/pyproject.toml",
        "[tool.lockgate]\ngate = \"deny\"\n",
    );
    git(&context, &["add", "--all"]);
    git(&context, &["commit", "--quiet", "--message", "two"]);
    std::fs::remove_file(context.path("services/pyproject.toml")).unwrap();
    audit(&context, &["services/requirements.txt"])
        .run()
        .exits(0);
    let run = audit(
        &context,
        &["services/requirements.txt", "--policy-from", "main"],
    )
    .run();
    run.exits(1)
        .mentions(&["`services/pyproject.toml` differs"]);
    audit(
        &context,
        &["services/requirements.txt", "--policy-from", "main~1"],
    )
    .run()
    .exits(0);
    // Of a project only the part that is a policy counts.
    context.write(
        "services/pyproject.toml",
        "[project]\nname = \"x\"\n[tool.lockgate]\ngate = \"deny\"\n",
    );
    let run = audit(
        &context,
        &["services/requirements.txt", "--policy-from", "main"],
    )
    .run();
    run.exits(1).does_not_mention(&["differs"]);
}

#[test]
fn a_revision_that_cannot_be_read_is_no_answer() {
    let context = proposed("");
    for (revision, said) in [
        ("none", "has no revision `none`"),
        ("--help", "is not a valid revision"),
        ("-x", "is not a valid revision"),
        ("", "is not a valid revision"),
        ("HEAD:lockgate.toml", "--policy-from HEAD:lockgate.toml"),
    ] {
        let named = format!("--policy-from={revision}");
        audit(&context, &["requirements.txt", &named])
            .run()
            .exits(2)
            .mentions(&[said]);
    }
    let outside = TestContext::new();
    outside.write("requirements.txt", "a==1.0\n");
    audit(&outside, &["requirements.txt", "--policy-from", "main"])
        .run()
        .exits(2)
        .mentions(&["lies in no git repository"]);
    // A policy that names what the revision doesn't have.
    let context = proposed("advisories = [\"gone\"]\n");
    context.write_advisories("gone", &[]);
    audit(&context, &["requirements.txt", "--policy-from", "main"])
        .run()
        .exits(2)
        .mentions(&["lockgate.toml of main:1", "`gone` is not in `main`"]);
}

/// A program in the repository that would be run if its own settings, or the current folder, had a say.
#[cfg(unix)]
#[test]
fn git_runs_nothing_that_the_repository_names() {
    let context = proposed("advisories = [\"security/records\"]\n");
    let path = context.write_program("recorder", "touch \"$(dirname \"$0\")/../started\"");
    let recorder = context.path("bin/recorder").display().to_string();
    for setting in [
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "diff.external",
        "alias.cat-file",
        "core.hooksPath",
    ] {
        git(&context, &["config", setting, &recorder]);
    }
    std::fs::copy(context.path("bin/recorder"), context.path("git")).unwrap();
    let empty_first = std::env::join_paths(
        [std::path::PathBuf::new(), ".".into()]
            .into_iter()
            .chain(std::env::split_paths(&path)),
    )
    .unwrap();
    let run = audit(&context, &["requirements.txt", "--policy-from", "main"])
        .env("PATH", empty_first)
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "core.fsmonitor")
        .env("GIT_CONFIG_VALUE_0", &recorder)
        .run();
    run.exits(1);
    assert!(!context.exists("started"));
}

#[test]
fn the_overrides_of_a_revision_are_those_of_the_revision() {
    let index: Loopback<Index> =
        Loopback::index(World::new().with("c", "1.0", &[]).with("c", "2.0", &[]));
    let context = proposed("advisories = [\"security/records\"]\n");
    context.write("services/lockgate.toml", "gate = \"deny\"\n");
    context.write("lockgate.toml", "override = [\"rules/over.txt\"]\n");
    context.write("rules/over.txt", "c<2\n");
    context.write("requirements.in", "c\n");
    git(&context, &["add", "--all"]);
    git(&context, &["commit", "--quiet", "--message", "two"]);
    let run = |verb: &[&str]| {
        let url = index.index_url();
        let common = ["--no-cache", "--policy-from", "main", "--index-url", &url];
        context
            .lockgate(verb)
            .args(common)
            .args(["--advisories", "security/records"])
            .args(["--python-version", "3.11", "--python-platform", "linux"])
            .run()
    };
    let lock = ["lock", "requirements.in", "-o", "services/out.txt"];
    run(&lock).exits(0);
    let made = context.read("services/out.txt");
    assert!(made.contains("c==1.0"), "{made}");
    // The lock names it by its path in the work tree.
    assert!(made.contains("--override rules/over.txt"), "{made}");
    // What a change makes of the file counts for nothing, nor does one of this name elsewhere.
    context.write("rules/over.txt", "c>=2\n");
    context.write("services/rules/over.txt", "c>=2\n");
    run(&lock).exits(0);
    assert_eq!(context.read("services/out.txt"), made);
    run(&["check", "services/out.txt"]).exits(0);
    // Several locks of one run each have it.
    context.write("other.txt", &made);
    run(&[
        "check",
        "services/out.txt",
        "other.txt",
        "--source",
        "requirements.in",
    ])
    .exits(0);
}

/// A folder whose name is no text lists nothing in a revision, so its policy would seem not to be there.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_of_a_revision_whose_name_is_no_text_is_no_answer() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let context = proposed("gate = \"warn\"\nadvisories = [\"security/records\"]\n");
    let folder = context.path("services").join(OsStr::from_bytes(b"odd\xff"));
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("lockgate.toml"), "gate = \"deny\"\n").unwrap();
    std::fs::write(folder.join("requirements.txt"), "a==1.0\n").unwrap();
    git(&context, &["add", "--all"]);
    git(&context, &["commit", "--quiet", "--message", "two"]);
    audit(&context, &["requirements.txt", "--policy-from", "main"])
        .arg("--directory")
        .arg(folder)
        .run()
        .exits(2)
        .mentions(&["is not UTF-8 text"]);
}
