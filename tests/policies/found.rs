//! Policies that are found in the repository of a file.

use lockgate_tests::{Advisory, Index, Loopback, TestContext, World};

use super::{IGNORE, audit_records, document, gated, policies, remarks, repository};

const LEGACY: &str = "services/legacy/requirements.txt";

#[test]
fn the_topmost_policy_is_followed_and_a_lower_one_can_only_make_stricter() {
    // The topmost, the lower one, the exit codes for a file of each folder, and what is remarked for the lower one's.
    let cases: [(&str, &str, i32, i32, usize); 9] = [
        ("", "", 1, 1, 0),
        ("", "gate = \"off\"\n", 1, 1, 1),
        (
            "",
            "gate = \"warn\"\nmin-severity = \"critical\"\nunknown-severity = \"warn\"\n",
            1,
            1,
            3,
        ),
        ("", IGNORE, 1, 1, 1),
        ("gate = \"warn\"\n", "", 0, 0, 0),
        ("gate = \"warn\"\n", "gate = \"deny\"\n", 0, 1, 0),
        ("gate = \"off\"\n", "gate = \"deny\"\n", 0, 1, 0),
        (
            "min-severity = \"critical\"\nunknown-severity = \"warn\"\n",
            "min-severity = \"medium\"\n",
            0,
            1,
            0,
        ),
        (
            "gate = \"warn\"\n",
            "[groups.dev]\ngate = \"off\"\n",
            0,
            0,
            1,
        ),
    ];
    for (topmost, lower, above, below, remarked) in cases {
        let context = repository();
        context.write("lockgate.toml", topmost);
        context.write("services/legacy/lockgate.toml", lower);
        audit_records(&context, &["requirements.txt"])
            .run()
            .exits(above);
        let run = audit_records(&context, &[LEGACY, "--json"]).run();
        let found = document(run.exits(below));
        let without_effect = remarks(&found);
        let without_effect = without_effect
            .iter()
            .filter(|code| *code == "policy-without-effect");
        assert_eq!(
            without_effect.count(),
            remarked,
            "{topmost} / {lower}: {found:#}"
        );
        let names = ["lockgate.toml", "services/legacy/lockgate.toml"];
        assert_eq!(policies(&found, LEGACY), names, "{topmost} / {lower}");
    }
}

#[test]
fn without_one_at_the_top_the_first_going_down_is_followed() {
    let context = repository();
    context.write("services/lockgate.toml", "gate = \"warn\"\n");
    context.write(
        "services/legacy/pyproject.toml",
        "[tool.lockgate]\ngate = \"off\"\n",
    );
    audit_records(&context, &["requirements.txt"])
        .run()
        .exits(1);
    let run = audit_records(&context, &[LEGACY, "--json"]).run();
    let found = document(run.exits(0));
    assert_eq!(
        policies(&found, LEGACY),
        ["services/lockgate.toml", "services/legacy/pyproject.toml"]
    );
    assert_eq!(remarks(&found), ["policy-without-effect"]);
    // A project that says nothing of lockgate is no policy.
    context.write(
        "pyproject.toml",
        "[project]\nname = \"x\"\nversion = \"1\"\n",
    );
    audit_records(&context, &[LEGACY]).run().exits(0);
}

#[test]
fn nothing_above_the_top_is_read() {
    let context = repository();
    context.write("inner/requirements.txt", "a==1.0\n");
    context.write("lockgate.toml", "gate = \"off\"\n");
    audit_records(&context, &["inner/requirements.txt"])
        .run()
        .exits(0);
    // Another repository begins there.
    std::fs::create_dir(context.path("inner/.git")).unwrap();
    let run = audit_records(&context, &["inner/requirements.txt", "--json"]).run();
    let found = document(run.exits(1));
    assert!(policies(&found, "inner/requirements.txt").is_empty());
    // A submodule is none.
    std::fs::remove_dir(context.path("inner/.git")).unwrap();
    std::fs::create_dir_all(context.path(".git/modules/inner")).unwrap();
    context.write("inner/.git", "gitdir: ../.git/modules/inner\n");
    audit_records(&context, &["inner/requirements.txt"])
        .run()
        .exits(0);
}

#[test]
fn one_folder_has_one_policy() {
    let context = repository();
    context.write("lockgate.toml", "");
    context.write("pyproject.toml", "[tool.lockgate]\n");
    audit_records(&context, &["requirements.txt"])
        .run()
        .exits(2)
        .mentions(&["`lockgate.toml`", "`pyproject.toml`", "both", "keep one"]);
    context.write("pyproject.toml", "[tool.other]\n");
    audit_records(&context, &["requirements.txt"])
        .run()
        .exits(1);
}

#[test]
fn a_delegated_folder_decides_on_mode_severities_and_accepted_advisories() {
    let context = repository();
    let delegate = "delegate = [\"./services/legacy\"]\n";
    let accepted = format!("unknown-severity = \"warn\"\n{IGNORE}");
    for (lower, code) in [
        ("gate = \"warn\"\n", 0),
        (&accepted, 0),
        ("min-severity = \"critical\"\n", 1),
        ("", 1),
    ] {
        context.write("lockgate.toml", delegate);
        context.write("services/legacy/lockgate.toml", lower);
        audit_records(&context, &[LEGACY]).run().exits(code);
        // Only that folder, and only by the topmost.
        audit_records(&context, &["requirements.txt"])
            .run()
            .exits(1);
        context.write("lockgate.toml", "delegate = [\"services/leg\"]\n");
        audit_records(&context, &[LEGACY]).run().exits(1);
        context.write("services/lockgate.toml", "delegate = [\"legacy\"]\n");
        audit_records(&context, &[LEGACY]).run().exits(1);
        std::fs::remove_file(context.path("services/lockgate.toml")).unwrap();
    }
    // Malicious packages are never delegated, whatever the folder says.
    context.write("lockgate.toml", delegate);
    context.write_advisories("advisories", &[Advisory::new("MAL-2024-1", "b")]);
    let ignore = "[[ignore]]\nid = \"MAL-2024-1\"\nreason = \"r\"\n";
    for lower in [
        "gate = \"off\"\n",
        "gate = \"warn\"\n",
        ignore,
        "[groups.dev]\ngate = \"off\"\n",
    ] {
        context.write("services/legacy/lockgate.toml", format!("{lower}{IGNORE}"));
        let run = audit_records(&context, &[LEGACY, "--json"]).run();
        let found = document(run.exits(1));
        let malicious = "b MAL-2024-1".to_owned();
        assert!(gated(&found)[LEGACY].contains(&malicious), "{lower}");
    }
}

/// All orders of a list.
pub(super) fn permutations<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    let Some((first, rest)) = items.split_first() else {
        return vec![Vec::new()];
    };
    let mut all = Vec::new();
    for shorter in permutations(rest) {
        for place in 0..=shorter.len() {
            let mut longer = shorter.clone();
            longer.insert(place, first.clone());
            all.push(longer);
        }
    }
    all
}

#[test]
fn the_order_of_the_inputs_changes_nothing() {
    let context = repository();
    context.write(
        "lockgate.toml",
        format!("gate = \"deny\"\ndelegate = [\"warned\"]\n{IGNORE}"),
    );
    for (folder, policy) in [
        ("off", "gate = \"off\"\n"),
        ("warned", "gate = \"warn\"\n"),
        (
            "ignoring",
            "[[ignore]]\nid = \"PYSEC-2024-2\"\nreason = \"r\"\n",
        ),
        ("elsewhere", "advisories = [\"records\"]\n"),
    ] {
        context.write(&format!("{folder}/lockgate.toml"), policy);
        context.write(&format!("{folder}/requirements.txt"), "a==1.0\nb==2.0\n");
    }
    context.write_advisories("elsewhere/records", &[Advisory::new("PYSEC-2024-3", "b")]);
    let inputs = ["off", "warned", "ignoring", "elsewhere"]
        .map(|folder| format!("{folder}/requirements.txt"));
    let mut expected = None;
    for order in permutations(&inputs) {
        let words: Vec<&str> = order.iter().map(String::as_str).chain(["--json"]).collect();
        let run = audit_records(&context, &words).run();
        let found = gated(&document(run.exits(1)));
        assert_eq!(found["warned/requirements.txt"], Vec::<String>::new());
        assert_eq!(found["off/requirements.txt"], ["b PYSEC-2024-2"]);
        assert_eq!(*expected.get_or_insert(found.clone()), found, "{order:?}");
    }
    // Each by itself is judged as it is among the others.
    for input in &inputs {
        let run = audit_records(&context, &[input, "--json"]).run();
        let found = gated(&document(&run));
        assert_eq!(found[input], expected.as_ref().unwrap()[input], "{input}");
    }
}

#[test]
fn a_folder_that_is_added_changes_nothing_for_the_others() {
    let off = "gate = \"off\"\n";
    let elsewhere = "advisories = [\"records\"]\nmax-advisory-age = \"1 day\"\n";
    let everything = format!(
        "min-severity = \"critical\"\nunknown-severity = \"warn\"\nyanked = \"warn\"\nvex = []\n{IGNORE}"
    );
    for topmost in ["", "gate = \"warn\"\n", IGNORE] {
        let context = repository();
        context.write("lockgate.toml", topmost);
        let run = audit_records(&context, &["requirements.txt", "--json"]).run();
        let (alone, code) = (gated(&document(&run)), run.code);
        for added in [
            off,
            elsewhere,
            &everything,
            "delegate = [\"..x\"]\n",
            "gaet = 1\n",
            "gate = ",
        ] {
            for folder in ["aaa", "zzz", ".github-extra", "services/aaa"] {
                let context = repository();
                context.write("lockgate.toml", topmost);
                context.write(&format!("{folder}/lockgate.toml"), added);
                context.write(&format!("{folder}/records/x.txt"), "");
                // An input of the others' run, and none.
                let run = audit_records(&context, &["requirements.txt", "--json"]).run();
                assert_eq!(run.code, code, "{topmost} / {folder}: {added}");
                assert_eq!(
                    gated(&document(&run)),
                    alone,
                    "{topmost} / {folder}: {added}"
                );
            }
        }
    }
    // Among the inputs of the same run, it has its own findings, and no others.
    let context = repository();
    std::fs::remove_dir_all(context.path("services")).unwrap();
    for added in [off, &everything, "gaet = 1\n"] {
        context.write("aaa/lockgate.toml", added);
        context.write("aaa/requirements.txt", "harmless==1.0\n");
        let run = audit_records(
            &context,
            &["--recursive", ".", "--json", "--allow-incomplete"],
        )
        .run();
        let found = gated(&document(run.exits(1)));
        assert_eq!(found["requirements.txt"], ["a PYSEC-2024-1"], "{added}");
    }
}

#[test]
fn an_entry_that_one_input_needs_is_not_one_that_matches_nothing() {
    let context = repository();
    context.write("lockgate.toml", IGNORE);
    context.write("other/lockgate.toml", "gate = \"deny\"\n");
    context.write("other/requirements.txt", "b==2.0\n");
    let run = audit_records(
        &context,
        &["requirements.txt", "other/requirements.txt", "--json"],
    )
    .run();
    let found = document(run.exits(1));
    assert_eq!(remarks(&found), Vec::<String>::new(), "{found:#}");
    let run = audit_records(&context, &["other/requirements.txt", "--json"]).run();
    assert_eq!(remarks(&document(run.exits(1))), ["unmatched-ignore"]);
}

#[test]
fn a_gate_that_is_off_for_one_input_is_said_and_is_never_clean() {
    let context = repository();
    context.write("lockgate.toml", "gate = \"off\"\n");
    context.write("on/lockgate.toml", "gate = \"deny\"\n");
    context.write("on/requirements.txt", "harmless==1.0\n");
    let run = audit_records(
        &context,
        &["requirements.txt", "on/requirements.txt", "--json"],
    )
    .run();
    let found = document(run.exits(0));
    assert_eq!(found["status"], "not-audited");
    assert_eq!(found["places"][0]["audited"], false);
    assert_eq!(found["places"][1]["audited"], true);
    run.mentions(&["requirements.txt: the gate is off for it"]);
}

#[test]
fn relative_paths_are_those_of_the_policys_folder() {
    let context = repository();
    context.write(
        "lockgate.toml",
        "advisories = [\"advisories\"]\nvex = [\"ours.json\"]\n",
    );
    context.write("ours.json", "{\"@context\": \"https://openvex.dev/ns/v0.2.0\", \"@id\": \"x\", \"author\": \"a\", \"timestamp\": \"2024-01-01T00:00:00Z\", \"version\": 1, \"statements\": []}");
    for (folder, file) in [
        (".", "requirements.txt"),
        ("services", "../requirements.txt"),
        ("services/legacy", "requirements.txt"),
    ] {
        let run = super::audit(&context, &[file, "--directory", folder]).run();
        run.exits(1).mentions(&[]);
        assert!(
            run.stdout.contains("PYSEC-2024-1"),
            "{folder}: {}",
            run.stdout
        );
    }
    // Those of a lower policy are seen from its own folder.
    context.write_advisories("services/records", &[Advisory::new("PYSEC-2024-9", "b")]);
    context.write("services/lockgate.toml", "advisories = [\"records\"]\n");
    let run = super::audit(&context, &[LEGACY]).run();
    run.exits(1);
    assert!(run.stdout.contains("PYSEC-2024-9"), "{}", run.stdout);
}

#[test]
fn the_output_of_a_lock_decides_and_not_its_sources() {
    let index: Loopback<Index> = Loopback::index(World::new().with("a", "1.0", &[]));
    let context = repository();
    context.write("sources/requirements.in", "a\n");
    context.write("sources/lockgate.toml", "gate = \"off\"\n");
    let lock = |output: &str| {
        let url = index.index_url();
        let arguments = [
            "lock",
            "sources/requirements.in",
            "-o",
            output,
            "--index-url",
            &url,
        ];
        context
            .lockgate(&arguments)
            .args([
                "--python-version",
                "3.11",
                "--python-platform",
                "linux",
                "--no-cache",
            ])
            .arg("--advisories")
            .arg(context.path("advisories"))
            .run()
    };
    // The current folder's for standard output, that of the output's folder for a file.
    lock("-").exits(1);
    lock("out.txt").exits(1);
    lock("sources/out.txt").exits(0);
    context.write("lockgate.toml", "gate = \"warn\"\n");
    lock("-").exits(0);
    lock("sources/out.txt").exits(0);
    context.write("sources/lockgate.toml", "gate = \"deny\"\n");
    lock("out.txt").exits(0);
    lock("sources/out.txt").exits(1);
}

#[test]
fn an_environment_has_the_policy_of_its_folder_and_standard_input_that_of_the_current_one() {
    let context = repository();
    context.write(
        "services/env/site-packages/a-1.0.dist-info/METADATA",
        "Name: a\nVersion: 1.0\n",
    );
    context.write("services/lockgate.toml", "gate = \"warn\"\n");
    let environment = ["--path", "services/env/site-packages"];
    audit_records(&context, &environment).run().exits(0);
    audit_records(&context, &["-"])
        .input("a==1.0\n")
        .run()
        .exits(1);
    audit_records(&context, &["-", "--directory", "services"])
        .input("a==1.0\n")
        .run()
        .exits(0);
    context.write("lockgate.toml", "gate = \"deny\"\n");
    audit_records(&context, &environment).run().exits(1);
}

#[cfg(unix)]
#[test]
fn folders_of_others_are_not_searched_and_that_is_said() {
    let context = TestContext::new();
    context.write("mine/requirements.txt", "a==1.0\n");
    context.write("lockgate.toml", "gate = \"off\"\n");
    context.write_advisories("advisories", &[Advisory::new("PYSEC-2024-1", "a")]);
    let run = audit_records(&context, &["mine/requirements.txt"]).run();
    run.exits(0);
    // Only the superuser can give a folder away.
    if std::os::unix::fs::chown(context.path("."), Some(12345), None).is_err() {
        return;
    }
    let run = audit_records(&context, &["mine/requirements.txt", "--json"]).run();
    let found = document(run.exits(1));
    assert_eq!(remarks(&found), ["policy-search"]);
    run.mentions(&["belongs to another user"]);
}

#[cfg(unix)]
#[test]
fn a_stream_has_the_policies_of_the_current_folder_whatever_it_is_called() {
    let context = repository();
    for name in ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"] {
        let run = || audit_records(&context, &[name]).input("a==1.0\n").run();
        run().exits(1);
        context.write("lockgate.toml", "gate = \"warn\"\n");
        run().exits(0);
        std::fs::remove_file(context.path("lockgate.toml")).expect("it is there");
    }
}

#[test]
fn what_git_takes_for_no_repository_cuts_nothing_off() {
    let context = repository();
    let git_folder = |path: &str| {
        context.write(&format!("{path}/HEAD"), "ref: refs/heads/main\n");
        context.write(&format!("{path}/objects/info/packs"), "");
    };
    git_folder(".git");
    context.write("lockgate.toml", "gate = \"deny\"\n");
    context.write("services/lockgate.toml", "gate = \"off\"\n");
    let legacy = "services/legacy/requirements.txt";
    let audited = || audit_records(&context, &[legacy]).run();
    audited().exits(1);
    std::fs::create_dir(context.path("services/.git")).expect("it is not there");
    audited().exits(1);
    std::fs::remove_dir(context.path("services/.git")).expect("it is empty");
    context.write("services/.git", "gitdir: ../nowhere\n");
    audited().exits(1);
    std::fs::remove_file(context.path("services/.git")).expect("it is there");
    context.write("services/.git/HEAD", "ref: refs/heads/main\n");
    audited().exits(1);
    // A repository of its own has its own policy.
    git_folder("services/.git");
    audited().exits(0);
}
