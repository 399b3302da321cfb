//! Symbolic links on the way to a policy, and to what is judged.

use std::os::unix::fs::symlink;

use lockgate_tests::{Index, Loopback, TestContext, World};

use super::found::permutations;
use super::{IGNORE, audit, audit_records, document, gated, policies, remarks, repository};

/// The help of a link that leads out of a repository.
const OUT: &str = "replace the link by what it leads to";

#[test]
fn a_policy_behind_a_link_out_of_the_repository_is_refused() {
    for (link, text, file) in [
        ("lockgate.toml", "gate = \"off\"\n", "requirements.txt"),
        (
            "pyproject.toml",
            "[tool.lockgate]\ngate = \"off\"\n",
            "requirements.txt",
        ),
        (
            "services/lockgate.toml",
            "gate = \"off\"\n",
            "services/legacy/requirements.txt",
        ),
        (
            "services/legacy/lockgate.toml",
            "secret = 1\n",
            "services/legacy/requirements.txt",
        ),
    ] {
        let context = repository();
        context.write("../outside/policy.toml", text);
        symlink(context.path("../outside/policy.toml"), context.path(link)).unwrap();
        audit_records(&context, &[file])
            .run()
            .exits(2)
            .mentions(&[link, "leads out of the repository", OUT])
            .does_not_mention(&["secret"]);
        // The caller may name it.
        if text.starts_with("gate") {
            audit_records(&context, &[file, "--policy", link])
                .run()
                .exits(0);
        }
    }
    // One that stays inside is followed.
    let context = repository();
    context.write("ci/policy.toml", "gate = \"warn\"\n");
    symlink("ci/policy.toml", context.path("lockgate.toml")).unwrap();
    audit_records(&context, &["requirements.txt"])
        .run()
        .exits(0);
}

#[test]
fn a_default_input_behind_a_link_out_of_the_repository_is_refused() {
    let context = repository();
    context.write("../outside/secret.txt", "secret-text here\n");
    let outside = context.path("../outside/secret.txt");
    std::fs::remove_file(context.path("requirements.txt")).unwrap();
    let lock = |arguments: &[&str]| {
        let words = [&["lock", "--no-index", "-o", "out.txt"], arguments].concat();
        context
            .lockgate(&words)
            .args(["--advisories", "advisories"])
            .run()
    };
    for (link, arguments) in [
        ("requirements.in", &[][..]),
        ("pyproject.toml", &[]),
        ("pyproject.toml", &["--group", "dev"]),
    ] {
        symlink(&outside, context.path(link)).unwrap();
        lock(arguments)
            .exits(2)
            .mentions(&[link, OUT])
            .does_not_mention(&["secret-text"]);
        std::fs::remove_file(context.path(link)).unwrap();
    }
    for link in ["requirements.txt", "pylock.toml"] {
        symlink(&outside, context.path(link)).unwrap();
        for verb in ["audit", "check"] {
            context
                .lockgate(&[verb, "--advisories", "advisories"])
                .run()
                .exits(2)
                .mentions(&[link, "repository"])
                .does_not_mention(&["secret-text"]);
        }
        std::fs::remove_file(context.path(link)).unwrap();
    }
    // What the caller names is followed, and so is a default that stays inside.
    context.write("../outside/base.in", "\n");
    symlink(
        context.path("../outside/base.in"),
        context.path("requirements.in"),
    )
    .unwrap();
    lock(&["requirements.in"]).exits(0);
    std::fs::remove_file(context.path("requirements.in")).unwrap();
    context.write("sources/base.in", "\n");
    symlink("sources/base.in", context.path("requirements.in")).unwrap();
    lock(&[]).exits(0);
}

/// A repository whose policy lets `legacy` decide for itself, which lets everything pass.
fn delegating() -> TestContext {
    let context = repository();
    std::fs::remove_file(context.path("requirements.txt")).expect("it is there");
    std::fs::remove_dir_all(context.path("services")).expect("it is there");
    context.write("lockgate.toml", "delegate = [\"legacy\"]\n");
    context.write("legacy/lockgate.toml", format!("gate = \"warn\"\n{IGNORE}"));
    context.write("legacy/requirements.txt", "a==1.0\n");
    context
}

#[test]
fn a_link_is_judged_under_the_policies_of_both_its_places() {
    let context = delegating();
    symlink("legacy/requirements.txt", context.path("requirements.txt")).unwrap();
    symlink("legacy", context.path("prod")).unwrap();
    let code = |words: &[&str]| audit_records(&context, words).run().code;
    assert_eq!(code(&["legacy/requirements.txt"]), 0);
    for linked in ["requirements.txt", "prod/requirements.txt"] {
        assert_eq!(code(&[linked]), 1, "{linked}");
        let run = audit_records(&context, &[linked, "--json"]).run();
        let found = document(&run);
        assert_eq!(
            policies(&found, linked)[0],
            "lockgate.toml",
            "{linked}: {found:#}"
        );
        assert!(
            remarks(&found).contains(&"policy-without-effect".to_owned()),
            "{linked}: {found:#}"
        );
    }
    assert_eq!(code(&["--recursive", "."]), 1);
    std::fs::remove_file(context.path("requirements.txt")).unwrap();
    assert_eq!(code(&["--recursive", "."]), 1);
    std::fs::remove_file(context.path("prod")).unwrap();
    assert_eq!(code(&["--recursive", "."]), 0);
    // Where both places are delegated, both decide.
    context.write("lockgate.toml", "delegate = [\"legacy\", \"older\"]\n");
    context.write("older/lockgate.toml", "gate = \"warn\"\n");
    symlink(
        "../legacy/requirements.txt",
        context.path("older/requirements.txt"),
    )
    .unwrap();
    assert_eq!(code(&["older/requirements.txt"]), 0);
    context.write("older/lockgate.toml", "gate = \"deny\"\n");
    assert_eq!(code(&["older/requirements.txt"]), 1);
}

#[test]
fn neither_the_order_of_inputs_nor_a_link_among_them_changes_an_answer() {
    let context = delegating();
    context.write("strict/lockgate.toml", "gate = \"deny\"\n");
    context.write("strict/requirements.txt", "harmless==1.0\n");
    symlink("legacy/requirements.txt", context.path("requirements.txt")).unwrap();
    symlink("legacy", context.path("prod")).unwrap();
    symlink("../legacy/requirements.txt", context.path("strict/dev.txt")).unwrap();
    // Back up: nothing is found there that isn't found without it.
    symlink("..", context.path("strict/loop")).unwrap();
    let inputs = [
        "requirements.txt",
        "legacy/requirements.txt",
        "prod/requirements.txt",
        "strict/dev.txt",
    ];
    let mut expected = None;
    for order in permutations(&inputs) {
        let words: Vec<&str> = order.iter().copied().chain(["--json"]).collect();
        let run = audit_records(&context, &words).run();
        let found = document(run.exits(1));
        let mut all: Vec<Vec<String>> = gated(&found).into_values().collect();
        all.sort();
        assert_eq!(*expected.get_or_insert(all.clone()), all, "{order:?}");
    }
    for two in [
        ["requirements.txt", "legacy/requirements.txt"],
        ["prod/requirements.txt", "legacy/requirements.txt"],
    ] {
        for order in permutations(&two) {
            audit_records(&context, &order).run().exits(1);
        }
    }
    // A file that two paths of one policy lead to is audited once.
    context.write("locks/requirements.txt", "b==2.0\n");
    symlink("locks/requirements.txt", context.path("b.txt")).unwrap();
    let words = ["b.txt", "locks/requirements.txt", "--json"];
    let found = document(&audit_records(&context, &words).run());
    assert_eq!(
        found["places"].as_array().map(Vec::len),
        Some(1),
        "{found:#}"
    );
}

#[test]
fn the_link_that_a_lock_is_written_through_has_the_policies_of_both_places() {
    let index: Loopback<Index> = Loopback::index(World::new().with("a", "1.0", &[]));
    let context = delegating();
    context.write("requirements.in", "a\n");
    let lock = |output: &str| {
        let url = index.index_url();
        let arguments = ["lock", "requirements.in", "-o", output, "--index-url", &url];
        context
            .lockgate(&arguments)
            .args(["--python-version", "3.11", "--python-platform", "linux"])
            .args(["--no-cache", "--advisories", "advisories"])
            .run()
    };
    lock("legacy/out.txt").exits(0);
    symlink("legacy/out.txt", context.path("out.txt")).unwrap();
    lock("out.txt").exits(1);
    std::fs::remove_file(context.path("legacy/out.txt")).unwrap();
    lock("out.txt").exits(1);
    symlink("legacy", context.path("prod")).unwrap();
    lock("prod/out.txt").exits(1);
}

#[test]
fn a_repository_that_is_reached_through_a_link_has_its_own_policy() {
    let context = TestContext::new();
    context.write("repo/.git/HEAD", "ref: refs/heads/main\n");
    context.write(
        "repo/lockgate.toml",
        "advisories = [\"records\"]\ngate = \"warn\"\n",
    );
    context.write("repo/requirements.txt", "a==1.0\n");
    context.write_advisories(
        "repo/records",
        &[lockgate_tests::Advisory::new("PYSEC-2024-1", "a")],
    );
    symlink("repo", context.path("current")).unwrap();
    let run = audit(&context, &["current/requirements.txt", "--json"]).run();
    let found = document(run.exits(0));
    assert_eq!(remarks(&found), Vec::<String>::new(), "{found:#}");
    // The same without a repository.
    std::fs::remove_dir_all(context.path("repo/.git")).unwrap();
    audit(&context, &["current/requirements.txt"])
        .run()
        .exits(0);
}

/// Only the superuser can give files away.
#[test]
fn what_another_user_has_put_into_an_open_folder_is_no_policy_and_that_is_said() {
    use std::os::unix::fs::{PermissionsExt as _, chown};
    let context = repository();
    let open = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(context.path("services"), open).unwrap();
    context.write("services/lockgate.toml", "cooldown = \"secret\"\n");
    context.write("services/pyproject.toml", "[project]\nname = \"x\"\n");
    let given = |file: &str| chown(context.path(file), Some(12345), None);
    if given("services/lockgate.toml").is_err() {
        return;
    }
    let file = "services/legacy/requirements.txt";
    audit_records(&context, &[file])
        .run()
        .exits(2)
        .mentions(&[
            "services/lockgate.toml",
            "belongs to another user",
            "--policy",
        ])
        .does_not_mention(&["secret"]);
    std::fs::remove_file(context.path("services/lockgate.toml")).unwrap();
    // A project without a policy is no matter.
    given("services/pyproject.toml").unwrap();
    audit_records(&context, &[file]).run().exits(1);
    std::fs::create_dir(context.path("services/.git")).unwrap();
    given("services/.git").unwrap();
    context.write("lockgate.toml", "gate = \"warn\"\n");
    let run = audit_records(&context, &[file, "--json"]).run();
    assert_eq!(remarks(&document(run.exits(0))), ["policy-search"]);
    run.mentions(&["services/.git", "is not taken for a repository"]);
}

#[test]
fn a_folder_that_leads_out_of_the_repository_is_judged_by_its_policy_too() {
    let context = TestContext::new();
    for (repository, gate) in [("strict", "deny"), ("loose", "off")] {
        context.write(&format!("{repository}/.git/HEAD"), "ref: refs/heads/main\n");
        let policy = format!("gate = \"{gate}\"\nadvisories = [\"records\"]\n");
        context.write(&format!("{repository}/lockgate.toml"), policy);
        context.write(&format!("{repository}/deep/requirements.txt"), "a==1.0\n");
        context.write_advisories(
            &format!("{repository}/records"),
            &[lockgate_tests::Advisory::new("PYSEC-2024-1", "a")],
        );
    }
    symlink("../loose", context.path("strict/app")).unwrap();
    audit(&context, &["loose/deep/requirements.txt"])
        .run()
        .exits(0);
    for way in ["strict/app/deep/requirements.txt", "strict/app/deep"] {
        audit(&context, &[way]).run().exits(1);
    }
}
