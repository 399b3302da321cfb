//! Files that a policy names: those of a found one lie in its repository, those of the caller's own anywhere.

use lockgate_tests::{Advisory, Index, Loopback, TestContext, World};

use super::{audit, repository};

/// `lock`, and the keys of a policy that name files.
fn lock(context: &TestContext, index: &Loopback<Index>, more: &[&str]) -> lockgate_tests::Run {
    let url = index.index_url();
    context
        .lockgate(&[
            "lock",
            "requirements.in",
            "-o",
            "out.txt",
            "--index-url",
            &url,
        ])
        .args(["--python-version", "3.11", "--python-platform", "linux"])
        .args(["--no-cache", "--advisories", "advisories"])
        .args(more)
        .run()
}

fn world() -> World {
    World::new().with("c", "1.0", &[]).with("c", "2.0", &[])
}

#[test]
fn a_found_policy_names_no_file_outside_of_its_repository() {
    let index = Loopback::index(world());
    let context = repository();
    context.write("requirements.in", "c\n");
    context.write("../outsecret.txt", "secret-text here\n");
    context.write_advisories("../outside", &[Advisory::new("PYSEC-2024-8", "a")]);
    let absolute = context.path("../outsecret.txt").display().to_string();
    for (policy, key) in [
        ("override = [\"../outsecret.txt\"]\n".to_owned(), "override"),
        (format!("override = [\"{absolute}\"]\n"), "override"),
        ("vex = [\"../outsecret.txt\"]\n".to_owned(), "vex"),
        ("vex = [\".git/config\"]\n".to_owned(), "vex"),
        ("advisories = [\"../outside\"]\n".to_owned(), "advisories"),
        (
            "advisories = [\"../nothing.zip\"]\n".to_owned(),
            "advisories",
        ),
    ] {
        context.write("lockgate.toml", &policy);
        let told = [key, "repository", "lockgate.toml:1"];
        lock(&context, &index, &[])
            .exits(2)
            .mentions(&told)
            .does_not_mention(&["secret-text"]);
        for verb in ["audit", "check"] {
            context
                .lockgate(&[verb, "requirements.txt"])
                .run()
                .exits(2)
                .mentions(&told)
                .does_not_mention(&["secret-text"]);
        }
        std::fs::remove_file(context.path("lockgate.toml")).unwrap();
        context.write("requirements.in", "c\n");
        context.write("script.py", script(&policy));
        context
            .lockgate(&["lock", "script.py", "-o", "out.txt", "--no-index"])
            .run()
            .exits(2)
            .mentions(&[key, "repository"])
            .does_not_mention(&["secret-text"]);
    }
    // Without a repository it is the folder of the topmost policy that counts.
    std::fs::remove_dir_all(context.path(".git")).unwrap();
    context.write("lockgate.toml", "override = [\"../outsecret.txt\"]\n");
    lock(&context, &index, &[])
        .exits(2)
        .does_not_mention(&["secret-text"]);
    context.write("lockgate.toml", "override = [\"sub/over.txt\"]\n");
    context.write("sub/over.txt", "c<2\n");
    lock(&context, &index, &[]).exits(0);
    assert!(context.read("out.txt").contains("c==1.0"));
}

fn script(policy: &str) -> String {
    let block: Vec<String> = format!("dependencies = []\n[tool.lockgate]\n{policy}")
        .lines()
        .map(|line| format!("# {line}"))
        .collect();
    format!("# /// script\n{}\n# ///\n", block.join("\n"))
}

#[test]
fn the_callers_own_policies_name_any_file() {
    let index = Loopback::index(world());
    let context = repository();
    context.write("requirements.in", "c>=2\n");
    context.write("../outside/over.txt", "c<2\n");
    context.write("../outside/policy.toml", "override = [\"over.txt\"]\n");
    let policy = context.path("../outside/policy.toml");
    let policy = policy.to_string_lossy();
    lock(&context, &index, &["--policy", &policy]).exits(0);
    assert!(context.read("out.txt").contains("c==1.0"));
    let check = || {
        context
            .lockgate(&["check", "out.txt", "--index-url", &index.index_url()])
            .args(["--no-cache", "--advisories", "advisories"])
    };
    check().args(["--policy", &policy]).run().exits(0);
    check().env("LOCKGATE_POLICY", &*policy).run().exits(0);
    // It makes the difference.
    check().run().exits(1);
    context.write_advisories("../outside/records", &[Advisory::new("PYSEC-2024-8", "a")]);
    context.write("../outside/policy.toml", "advisories = [\"records\"]\n");
    let run = audit(&context, &["requirements.txt", "--policy", &policy]).run();
    run.exits(1);
    assert!(run.stdout.contains("PYSEC-2024-8"), "{}", run.stdout);
}
