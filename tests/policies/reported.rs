//! Reports name the policies of each input.

use lockgate_tests::{Loopback, World};

use super::{audit_records, document, policies, repository};

#[test]
fn every_report_names_the_policies_of_each_input() {
    let context = repository();
    context.write("lockgate.toml", "gate = \"warn\"\n");
    context.write("services/lockgate.toml", "gate = \"deny\"\n");
    let legacy = "services/legacy/requirements.txt";
    let inputs = ["requirements.txt", legacy];
    let run = audit_records(&context, &[inputs[0], inputs[1], "--json", "-v"]).run();
    let found = document(run.exits(1));
    assert_eq!(policies(&found, "requirements.txt"), ["lockgate.toml"]);
    assert_eq!(
        policies(&found, legacy),
        ["lockgate.toml", "services/lockgate.toml"]
    );
    run.mentions(&[
        "policy of requirements.txt: lockgate.toml",
        "policy of services/legacy/requirements.txt: lockgate.toml, services/lockgate.toml",
    ]);
    for format in ["markdown", "html", "sarif"] {
        let run = audit_records(&context, &[inputs[0], inputs[1], "-f", format]).run();
        run.exits(1);
        assert!(
            run.stdout.contains("services/lockgate.toml"),
            "{format}: {}",
            run.stdout
        );
    }
}

#[test]
fn locks_and_checks_name_theirs() {
    let index = Loopback::index(World::new().with("a", "1.0", &[]));
    let context = repository();
    context.write("requirements.in", "a\n");
    let url = index.index_url();
    let run = |verb: &[&str], gate: &str| {
        context.write(
            "lockgate.toml",
            format!("gate = \"{gate}\"\nadvisories = [\"advisories\"]\n"),
        );
        context
            .lockgate(verb)
            .args([
                "--index-url",
                &url,
                "--python-version",
                "3.11",
                "--python-platform",
                "linux",
                "--no-cache",
                "--json",
                "-v",
            ])
            .run()
    };
    let lock = ["lock", "requirements.in"];
    for (verb, gate, code) in [
        (&lock[..], "deny", 1),
        (&lock, "warn", 0),
        (&["check", "requirements.txt"], "warn", 0),
        (&["check", "requirements.txt"], "deny", 1),
    ] {
        let run = run(verb, gate);
        let found = document(run.exits(code));
        assert_eq!(
            found["policies"],
            serde_json::json!(["lockgate.toml"]),
            "{verb:?} {gate}"
        );
        run.mentions(&["policy: lockgate.toml"]);
    }
}

#[test]
fn a_check_follows_the_policy_that_its_caller_names_and_none_that_the_lock_names() {
    let index = Loopback::index(World::new().with("a", "1.0", &[]));
    let context = repository();
    context.write("requirements.in", "a\n");
    context.write("lockgate.toml", "advisories = [\"advisories\"]\n");
    let loose = "gate = \"warn\"\nadvisories = [\"advisories\"]\n";
    context.write("loose.toml", loose);
    let url = index.index_url();
    let run = |arguments: &[&str]| {
        context
            .lockgate(arguments)
            .args(["--index-url", &url, "--python-version", "3.11"])
            .args(["--python-platform", "linux", "--no-cache"])
            .run()
    };
    run(&["lock", "requirements.in", "--policy", "loose.toml"]).exits(0);
    let lock = context.read("requirements.txt");
    assert!(lock.contains("--policy loose.toml"), "{lock}");
    run(&["check", "requirements.txt"]).exits(1);
    run(&["check", "requirements.txt", "--policy", "loose.toml"]).exits(0);
}
