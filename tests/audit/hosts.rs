//! Addresses in audited files: followed only to hosts that somebody else names. What lies behind another one is a gap.

use lockgate_tests::{Advisory, Answer, Loopback, StaticSite, TestContext, World};

use super::asking::{audit, codes, document, findings, list, packages, text};

/// A site that nobody but the files names, and advisories on `a` and `far`.
struct Scene {
    stranger: Loopback<StaticSite>,
    context: TestContext,
}

impl Scene {
    fn new() -> Self {
        let page = |text: &str| Answer::ok("text/plain", text.to_owned());
        let stranger = StaticSite::default()
            .with("/far.txt", page("far==1.0\n-r more.txt\n"))
            .with("/more.txt", page("more==1.0\n"))
            .with("/secret/far.txt", page("far==1.0\n"))
            .start();
        let context = TestContext::new();
        context.write_advisories(
            "advisories",
            &[
                Advisory::new("PYSEC-2024-1", "a"),
                Advisory::new("PYSEC-2024-2", "far"),
            ],
        );
        Self { stranger, context }
    }

    fn audit(&self, arguments: &[&str]) -> lockgate_tests::Lockgate<'_> {
        audit(&self.context, arguments)
            .args(["--advisories", "advisories", "--json"])
            .env("MY_TOKEN", "secret")
    }

    fn host(&self) -> String {
        format!("127.0.0.1:{}", self.stranger.port())
    }

    #[track_caller]
    fn nothing_is_asked(&self) {
        let log = self.stranger.log();
        assert!(log.is_empty(), "{log:?}");
    }
}

#[test]
fn an_include_at_a_stranger_is_a_gap_and_nothing_is_asked() {
    let scene = Scene::new();
    let origin = scene.stranger.origin();
    let include = format!("b==1.0\n-r {origin}/${{MY_TOKEN}}/far.txt\n");
    scene.context.write("requirements.txt", &include);
    scene.context.write("sub/requirements.txt", &include);
    scene.context.write("sub/deep/requirements.txt", &include);
    scene.context.write("one.txt", "-r sub/requirements.txt\n");
    scene.context.write(
        "limits.txt",
        format!("b==1.0\n-c {origin}/${{MY_TOKEN}}/far.txt\n"),
    );
    for arguments in [
        &["requirements.txt"][..],
        &["sub"],
        &[".", "--recursive"],
        &["one.txt"],
        &["limits.txt"],
        &["requirements.txt", "--dry-run"],
    ] {
        let run = scene.audit(arguments).run();
        run.exits(2);
        scene.nothing_is_asked();
        if arguments.contains(&"--dry-run") {
            continue;
        }
        let found = document(&run);
        assert!(packages(&found).contains("b==1.0"), "{found:#}");
        let gap = list(&found, "gaps").last().expect("there is a gap");
        assert_eq!(text(gap, "code"), "unreadable", "{gap:#}");
        let why = text(gap, "why");
        assert!(
            why.contains("--allow-host 127.0.0.1:[PORT]") && !run.stdout.contains("secret"),
            "{gap:#}"
        );
        assert!(gap["line"].as_u64() == Some(2), "{gap:#}");
    }
    for accepted in [
        &["requirements.txt"][..],
        &["requirements.txt", "--dry-run"],
    ] {
        let run = scene
            .audit(accepted)
            .arg("--allow-incomplete=unreadable")
            .run();
        run.exits(0);
        scene.nothing_is_asked();
    }
    // What is known to be bad is an answer all the same.
    scene
        .context
        .write("requirements.txt", format!("a==1.0\n{include}"));
    let run = scene.audit(&["requirements.txt"]).run();
    let found = document(run.exits(1));
    assert!(findings(&found).contains("a==1.0 PYSEC-2024-1"));
    assert_eq!(codes(&found, "gaps"), ["unreadable"]);
    scene.nothing_is_asked();
}

#[test]
fn a_host_that_the_caller_or_the_policy_names_is_asked() {
    let scene = Scene::new();
    let origin = scene.stranger.origin();
    scene
        .context
        .write("requirements.txt", format!("b==1.0\n-r {origin}/far.txt\n"));
    let host = scene.host();
    let all = ["b==1.0", "far==1.0", "more==1.0"];
    let holds_all = |run: &lockgate_tests::Run| {
        let found = document(run.exits(1));
        let found = packages(&found).into_iter().collect::<Vec<_>>();
        assert_eq!(found, all);
    };
    holds_all(
        &scene
            .audit(&["requirements.txt", "--allow-host", &host])
            .run(),
    );
    for (name, value) in [
        ("LOCKGATE_ALLOW_HOST", host.clone()),
        ("PIP_EXTRA_INDEX_URL", format!("{origin}/simple")),
        ("PIP_INDEX_URL", format!("{origin}/simple")),
    ] {
        holds_all(&scene.audit(&["requirements.txt"]).env(name, value).run());
    }
    let index = format!("{origin}/simple");
    holds_all(
        &scene
            .audit(&["requirements.txt", "--index-url", &index])
            .run(),
    );
    scene
        .context
        .write("lockgate.toml", format!("indexes = [\"{host}\"]\n"));
    holds_all(&scene.audit(&["requirements.txt"]).run());
}

#[test]
fn the_policy_of_one_input_names_no_host_for_another() {
    let scene = Scene::new();
    let origin = scene.stranger.origin();
    let include = format!("b==1.0\n-r {origin}/far.txt\n");
    let policy = format!("indexes = [\"{}\"]\n", scene.host());
    for folder in ["one", "two"] {
        scene
            .context
            .write(&format!("{folder}/.git/HEAD"), "ref: refs/heads/main\n");
        scene
            .context
            .write(&format!("{folder}/requirements.txt"), &include);
    }
    scene.context.write("one/lockgate.toml", policy);
    let (one, two) = ("one/requirements.txt", "two/requirements.txt");
    for order in [[one, two], [two, one]] {
        let run = scene.audit(&order).run();
        let found = document(run.exits(1));
        assert_eq!(codes(&found, "gaps"), ["unreadable"], "{found:#}");
        assert_eq!(text(&list(&found, "gaps")[0], "source"), two);
        assert_eq!(scene.stranger.count("/far.txt"), 1, "{order:?}");
        scene.stranger.clear_log();
    }
}

#[test]
fn what_is_solved_leads_to_no_stranger() {
    let scene = Scene::new();
    let index = Loopback::index(World::new().with("b", "1.0", &[]));
    let origin = scene.stranger.origin();
    for line in [
        format!("-i {origin}/${{MY_TOKEN}}/"),
        format!("--extra-index-url {origin}/${{MY_TOKEN}}/"),
        format!("--find-links {origin}/${{MY_TOKEN}}/"),
        format!("-r {origin}/${{MY_TOKEN}}/far.txt"),
        format!("-c {origin}/${{MY_TOKEN}}/far.txt"),
        format!("c @ {origin}/${{MY_TOKEN}}/c-1.0-py3-none-any.whl"),
    ] {
        scene
            .context
            .write("requirements.txt", format!("a==1.0\nb\n{line}\n"));
        let run = scene
            .audit(&[
                "requirements.txt",
                "--resolve",
                "--index-url",
                &index.index_url(),
            ])
            .args(["--python-version", "3.11", "--python-platform", "linux"])
            .run();
        // What is pinned is audited as it stands.
        let found = document(run.exits(1));
        assert!(findings(&found).contains("a==1.0 PYSEC-2024-1"), "{line}");
        let whys = list(&found, "gaps").iter().map(|gap| text(gap, "why"));
        assert!(
            whys.into_iter()
                .any(|why| why.contains("--allow-host 127.0.0.1:[PORT]")),
            "{line}: {found:#}"
        );
        assert!(!run.stdout.contains("secret"), "{line}: {}", run.stdout);
        scene.nothing_is_asked();
    }
}
