//! Addresses in the sources: `check` follows them only to hosts that somebody else names.

use lockgate_tests::{Loopback, Release, StaticSite, TestContext, World, artifact};

use super::Scene;

/// Each way for a source to lead elsewhere, with the line that does.
fn leads(origin: &str) -> Vec<(String, usize)> {
    [
        format!("a\n--index-url {origin}/simple\n"),
        format!("a\n--extra-index-url {origin}/simple\n"),
        format!("a\n--find-links {origin}/links\n"),
        format!("a\n-r {origin}/more.in\n"),
        format!("a\n-c {origin}/more.in\n"),
        format!("a\nb @ {origin}/b-1.0-py3-none-any.whl\n"),
        format!("a\n{origin}/b-1.0-py3-none-any.whl\n"),
        format!("a\nb @ git+{origin}/b.git@main\n"),
        format!("a\n-e git+{origin}/b.git#egg=b\n"),
    ]
    .into_iter()
    .map(|text| (text, 2))
    .collect()
}

#[test]
fn no_address_in_a_source_is_followed_to_a_stranger() {
    let scene = Scene::new();
    let origin = scene.stranger.origin();
    let host = format!("127.0.0.1:{}", scene.stranger.port());
    for (text, line) in leads(&origin) {
        scene.context.write("requirements.in", &text);
        let run = scene.check().run();
        run.exits(2).mentions(&[
            &format!("requirements.in:{line}"),
            "127.0.0.1:[PORT]",
            "--allow-host",
            "indexes",
        ]);
        scene.nothing_is_touched(&text);
    }
    // Whoever calls may name the host, and so may pip's settings and the policy.
    scene.context.write(
        "requirements.in",
        format!("a\n--extra-index-url {origin}/simple\n"),
    );
    // The lock lacks the line; that is an answer.
    scene.check().args(["--allow-host", &host]).run().exits(1);
    // A page of links is read whatever else is there.
    scene.context.write(
        "requirements.in",
        format!("a\n--find-links {origin}/links\n"),
    );
    let run = scene.check().args(["--allow-host", &host]).run();
    assert!(!scene.stranger.log().is_empty(), "{}", run.stderr);
    scene.context.write(
        "requirements.in",
        format!("a\n--extra-index-url {origin}/simple\n"),
    );
    for (name, value) in [
        ("LOCKGATE_ALLOW_HOST", host.clone()),
        ("PIP_EXTRA_INDEX_URL", format!("{origin}/simple")),
        ("PIP_TRUSTED_HOST", host.clone()),
    ] {
        let run = scene.check().env(name, value).run();
        assert_ne!(run.code, 2, "{name}: {}", run.stderr);
    }
    scene
        .check()
        .args(["--allow-host", "127.0.0.2"])
        .run()
        .exits(2);
    scene
        .context
        .write("lockgate.toml", format!("indexes = [\"{host}\"]\n"));
    let run = scene.check().run();
    assert_ne!(run.code, 2, "{}", run.stderr);
}

#[test]
fn no_address_in_a_page_of_the_checkout_is_followed_to_a_stranger() {
    let scene = Scene::new();
    let origin = scene.stranger.origin();
    let host = format!("127.0.0.1:{}", scene.stranger.port());
    let wheel = format!("{origin}/files/b-1.1-py3-none-any.whl");
    let link = format!("<a href=\"{wheel}\">b</a>");
    let based = format!("<base href=\"{origin}/files/\"><a href=\"b-1.1-py3-none-any.whl\">b</a>");
    let index = format!("file://{}", scene.context.path("simple").display());
    let links = format!("file://{}", scene.context.path("links").display());
    for (page, text, line) in [
        ("links/index.html", &link, "--find-links ./links".to_owned()),
        ("links/index.html", &based, format!("--find-links {links}")),
        (
            "links/page.html",
            &link,
            "--find-links links/page.html".to_owned(),
        ),
        (
            "simple/b/index.html",
            &link,
            format!("--extra-index-url {index}"),
        ),
        (
            "simple/b/index.html",
            &based,
            format!("--index-url {index}"),
        ),
        (
            "links/index.html",
            &link,
            "--no-index --find-links links".to_owned(),
        ),
    ] {
        scene.context.write(page, text);
        let options = line.replace(" --find", "\n--find");
        scene
            .context
            .write("requirements.in", format!("b\n{options}\n"));
        let check = || {
            let strategy = ["--index-strategy", "unsafe-best-match"];
            scene.check().arg("--no-cache").args(strategy)
        };
        check().run().exits(2).mentions(&[
            "leads to `127.0.0.1:[PORT]`",
            "--allow-host 127.0.0.1:[PORT]",
            "`indexes`",
        ]);
        scene.nothing_is_touched(&line);
        // The lock lacks the line; that is an answer, and the file at the host is looked at.
        let run = check().args(["--allow-host", &host]).run();
        run.exits(1);
        assert!(!scene.stranger.log().is_empty(), "{line}: {}", run.stderr);
        scene.stranger.clear_log();
        std::fs::remove_dir_all(scene.context.path(page).parent().unwrap()).unwrap();
    }
    // A folder of wheels leads nowhere, and so do pages about other packages.
    scene
        .context
        .write("links/index.html", link.replace("b-1.1", "other-1.1"));
    scene
        .context
        .write("requirements.in", "b\n--find-links links\n");
    scene.check().arg("--no-cache").run().exits(1);
    scene.nothing_is_touched("a page about another package");
}

#[test]
fn a_host_is_shown_as_its_source_has_it_and_not_by_what_variables_happen_to_hold() {
    let scene = Scene::new();
    scene.context.write(
        "requirements.in",
        "a\n--index-url https://trueindex.example/simple\n",
    );
    let run = scene.check().env("CI", "true").run();
    run.exits(2)
        .mentions(&["--allow-host trueindex.example:443"])
        .does_not_mention(&["${CI}"]);
    scene.context.write(
        "requirements.in",
        "a\n--index-url https://${ZONE}.${ZONE}.example:8443/simple\n",
    );
    let run = scene.check().env("ZONE", "Blue").run();
    run.exits(2)
        .mentions(&["--allow-host ${ZONE}.${ZONE}.example:8443"])
        .does_not_mention(&["blue"]);
}

#[test]
fn a_variable_that_is_part_of_a_host_is_not_shown() {
    let scene = Scene::new();
    for text in [
        "a\n--index-url https://${TOKEN}.host.test/simple\n",
        "a\nb @ https://x-${TOKEN}.host.test/b-1.0-py3-none-any.whl\n",
    ] {
        scene.context.write("requirements.in", text);
        let run = scene.check().env("TOKEN", "s3cret-Word").run();
        run.exits(2).mentions(&["requirements.in:2", "host.test"]);
        let shown = run.stderr.to_lowercase();
        assert!(!shown.contains("s3cret-word"), "{}", run.stderr);
    }
}

#[test]
fn an_included_file_leads_nowhere_either() {
    let scene = Scene::new();
    let origin = scene.stranger.origin();
    scene
        .context
        .write("requirements.in", "a\n-r more/deep.in\n");
    scene.context.write(
        "more/deep.in",
        format!("# first\n--index-url {origin}/simple\n"),
    );
    scene.check().run().exits(2).mentions(&["more/deep.in:2"]);
    scene.nothing_is_touched("an included file");
}

#[test]
fn a_trusted_host_of_a_source_does_not_hold() {
    let context = TestContext::new();
    let site = StaticSite::default().with_page("/simple/", "");
    let index = site.start();
    let other = Loopback::index(World::new().with("a", "1.0", &[]));
    context.write("requirements.in", "a\n");
    context.lock(&other).run().exits(0);
    context.write(
        "requirements.in",
        "a\n--trusted-host host.test\n--extra-index-url http://host.test/simple\n",
    );
    let run = context
        .lockgate(&[
            "check",
            "requirements.txt",
            "--index-url",
            &other.index_url(),
        ])
        .args(["--advisories", "advisories", "--allow-host", "host.test"])
        .args(["--proxy", &index.origin()])
        .run();
    run.exits(2)
        .mentions(&["requirements.in:2", "has no effect", "is not encrypted"]);
    assert_eq!(index.log().len(), 0);
}

#[test]
fn a_lock_follows_the_addresses_of_its_sources() {
    let scene = Scene::new();
    let origin = scene.stranger.origin();
    scene.context.write(
        "requirements.in",
        format!("a\n--extra-index-url {origin}/simple\n"),
    );
    scene.context.lock(&scene.index).run().exits(0);
    assert!(!scene.stranger.log().is_empty());
}

#[test]
fn a_host_that_is_new_since_the_old_lock_is_named() {
    let scene = Scene::new();
    let lock = |source: &str| {
        scene.context.write("requirements.in", source);
        scene.context.lock(&scene.index).run()
    };
    let elsewhere = scene.stranger.origin().replace("127.0.0.1", "localhost");
    let named = ["requirements.in:2: the old lock takes nothing from the host `localhost`"];
    let source = format!("a\n--extra-index-url {elsewhere}/simple\n");
    lock("a\n")
        .exits(0)
        .does_not_mention(&["the old lock takes"]);
    lock(&source).exits(0).mentions(&named);
    lock(&source).exits(0).does_not_mention(&named);
}

#[test]
fn places_outside_of_the_repository_are_not_read() {
    let scene = Scene::new();
    let context = &scene.context;
    let wheel = artifact::wheel("b", "1.1", &Release::default(), "py3-none-any");
    for folder in ["../outside", "wheels"] {
        context.write(&format!("{folder}/{}", wheel.filename), &wheel.bytes);
    }
    context.write("../outsecret.txt", "secret-text here\n");
    context.write(
        "../outside/project/pyproject.toml",
        "[project]\nname = \"b\"\nversion = \"1.1\"\n",
    );
    let outside = context.path("../outside").canonicalize().unwrap();
    let outside = outside.display();
    let file = &wheel.filename;
    // With a repository and without one.
    for has_repository in [false, true] {
        if has_repository {
            std::fs::create_dir(context.path(".git")).unwrap();
        }
        for line in [
            "-r ../outsecret.txt".to_owned(),
            "-c ../outsecret.txt".to_owned(),
            format!("b @ file://{outside}/{file}"),
            format!("b @ ../outside/{file}"),
            format!("{outside}/{file}"),
            "../outside/project".to_owned(),
            "-e ../outside/project".to_owned(),
            format!("b @ git+file://{outside}/project"),
            format!("--find-links {outside}"),
            "--find-links ../outside".to_owned(),
            format!("--find-links file://{outside}"),
            format!("--extra-index-url file://{outside}"),
        ] {
            context.write("requirements.in", format!("a\n{line}\n"));
            let run = scene.check().run();
            run.exits(2)
                .mentions(&["requirements.in:2"])
                .does_not_mention(&["secret-text"]);
        }
        for line in [
            format!("b @ ./wheels/{file}"),
            "--find-links wheels".to_owned(),
        ] {
            context.write("requirements.in", format!("a\n{line}\n"));
            let run = scene.check().run();
            assert_ne!(run.code, 2, "{line}: {}", run.stderr);
        }
    }
    // What the caller names too is followed.
    for line in [
        "--find-links ../outside".to_owned(),
        format!("b @ file://{outside}/{file}"),
    ] {
        context.write("requirements.in", format!("a\n{line}\n"));
        let run = scene.check().args(["--find-links", "../outside"]).run();
        assert_ne!(run.code, 2, "{line}: {}", run.stderr);
        let run = scene.check().env("PIP_FIND_LINKS", "../outside").run();
        assert_ne!(run.code, 2, "{line}: {}", run.stderr);
    }
}
