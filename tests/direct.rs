//! Direct references, end to end: addresses, paths, Git repositories, and what is said where two of them meet.

mod extras;
mod places;

use lockgate_tests::artifact::{self, sha256};
use lockgate_tests::{
    Advisory, Index, Loopback, Release, Run, SourceDistribution, TestContext, World,
};

/// `thing` needs `helper`, which the index has too.
fn world() -> World {
    World::new()
        .with("helper", "1.0", &[])
        .with("helper", "2.0", &[])
        .with("thing", "1.0", &["helper<2"])
        .with("app", "3.0", &["thing>=1"])
}

fn thing() -> artifact::Artifact {
    let release = Release {
        requires: vec!["helper<2".to_owned()],
        ..Release::default()
    };
    artifact::wheel("thing", "1.0", &release, "py3-none-any")
}

/// A repository `name` beside the work folder's files, with a project of this text; returns its commit.
fn repository(context: &TestContext, name: &str, folder: &str, pyproject: &str) -> String {
    let file = |path: &str| match folder {
        "" => format!("{name}/{path}"),
        folder => format!("{name}/{folder}/{path}"),
    };
    context.write(&file("pyproject.toml"), pyproject);
    git(
        context,
        name,
        &["init", "--quiet", "--initial-branch", "main"],
    );
    commit(context, name)
}

fn commit(context: &TestContext, name: &str) -> String {
    git(context, name, &["add", "--all"]);
    git(context, name, &["commit", "--quiet", "--message", "more"]);
    git(context, name, &["rev-parse", "HEAD"])
        .stdout
        .trim()
        .to_owned()
}

fn git(context: &TestContext, name: &str, arguments: &[&str]) -> Run {
    let author = ["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"];
    let address = ["GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"];
    let mut program = context.program("git");
    for name in author {
        program = program.env(name, "a");
    }
    for name in address {
        program = program.env(name, "a@host.test");
    }
    let run = program
        .arg("-C")
        .arg(context.path(name))
        .args(arguments)
        .run();
    run.exits(0);
    run
}

fn project(name: &str, version: &str, dependencies: &str) -> String {
    format!(
        "[project]\nname = \"{name}\"\nversion = \"{version}\"\ndependencies = [{dependencies}]\n"
    )
}

fn lock(context: &TestContext, index: &Loopback<Index>, requirements: &str) -> Run {
    context.write("requirements.in", requirements);
    context.lock(index).run()
}

#[test]
fn a_wheel_behind_an_address_is_hashed_and_pip_installs_it() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    let url = format!("{}/files/thing-1.0-py3-none-any.whl", index.origin());
    lock(&context, &index, &format!("app\nthing @ {url}\n")).exits(0);
    let text = context.read("requirements.txt");
    let digest = sha256(&thing().bytes);
    assert!(
        text.contains(&format!("thing @ {url} \\\n    --hash=sha256:{digest}\n")),
        "{text}"
    );
    assert!(
        text.contains("    # direct: thing 1.0\n") && text.contains("helper==1.0"),
        "{text}"
    );
    // The same bytes when locked over itself, and without network.
    context.lock(&index).arg("--offline").run().exits(0);
    assert_eq!(context.read("requirements.txt"), text);
    context
        .lockgate(&[
            "check",
            "requirements.txt",
            "--index-url",
            &index.index_url(),
        ])
        .args(["--advisories", "advisories"])
        .run()
        .exits(0);

    context
        .program("python3")
        .args(["-m", "venv", "venv"])
        .run()
        .exits(0);
    let python = context.path("venv/bin/python");
    context
        .program(&python)
        .args(["-m", "pip", "install", "--no-cache-dir", "--require-hashes"])
        .args(["--index-url", &index.index_url(), "-r", "requirements.txt"])
        .run()
        .exits(0);
    context
        .program(&python)
        .args(["-m", "pip", "check"])
        .run()
        .exits(0);
}

#[test]
fn a_hash_that_differs_ends_the_run_and_leaves_the_lock() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    context.write("requirements.txt", "helper==1.0\n");
    let url = format!("{}/files/thing-1.0-py3-none-any.whl", index.origin());
    let wrong = "0".repeat(64);
    let digest = sha256(&thing().bytes);
    for line in [
        format!("thing @ {url}#sha256={wrong}"),
        format!("{url}#sha256={wrong}"),
        format!("thing @ {url} --hash=sha256:{wrong}"),
    ] {
        lock(&context, &index, &format!("helper\n{line}\n"))
            .exits(2)
            .mentions(&[
                "requirements.in:2",
                "its hash differs",
                &digest,
                "find out why",
            ]);
        assert_eq!(context.read("requirements.txt"), "helper==1.0\n");
    }
    lock(
        &context,
        &index,
        &format!("thing @ {url}#sha256={digest}\n"),
    )
    .exits(0);
}

#[test]
fn files_and_folders_are_taken_from_the_current_folder() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    context.write("wheels/thing-1.0-py3-none-any.whl", thing().bytes);
    let release = Release {
        sdist: SourceDistribution::Static,
        ..Release::default()
    };
    context.write(
        "lib/pyproject.toml",
        project("lib", "0.3.dev1", "'helper', 'thing'"),
    );
    let source = artifact::sdist("other", "1.5", &release);
    context.write(&format!("wheels/{}", source.filename), source.bytes);
    context.write("nested/base.in", "./wheels/other-1.5.tar.gz\n");
    lock(
        &context,
        &index,
        "-e ./lib\n./wheels/thing-1.0-py3-none-any.whl\n-r nested/base.in\n",
    )
    .exits(0)
    .mentions(&["not hashed", "lib", "--no-hashes"]);
    let text = context.read("requirements.txt");
    for line in [
        "-e ./lib\n    # via -r requirements.in\n    # direct: lib 0.3.dev1; not hashed",
        "./wheels/thing-1.0-py3-none-any.whl \\\n    --hash=sha256:",
        "./wheels/other-1.5.tar.gz \\\n    --hash=sha256:",
        "# direct: other 1.5\n",
    ] {
        assert!(text.contains(line), "`{line}` is not in:\n{text}");
    }
    lock(&context, &index, "./missing\n").exits(2).mentions(&[
        "requirements.in:1",
        "`./missing`",
        "current folder",
    ]);
    context.write("empty/readme", "");
    lock(&context, &index, "./empty\n")
        .exits(2)
        .mentions(&["requirements.in:1", "is no project"]);
}

#[test]
fn a_repository_is_locked_by_its_commit() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    let first = repository(
        &context,
        "repo",
        "packages/thing",
        &project("thing", "1.1", "'helper'"),
    );
    git(&context, "repo", &["tag", "-a", "v1", "-m", "one"]);
    context.write(
        "repo/packages/thing/pyproject.toml",
        project("thing", "1.2", "'helper<2'"),
    );
    let second = commit(&context, "repo");
    let place = format!(
        "git+file://{}",
        context.path("repo").canonicalize().unwrap().display()
    );
    for (revision, id, version) in [
        ("", &second, "1.2"),
        ("@main", &second, "1.2"),
        ("@v1", &first, "1.1"),
        (&format!("@{first}"), &first, "1.1"),
        (&format!("@{}", &first[..9]), &first, "1.1"),
    ] {
        let line = format!("thing @ {place}{revision}#subdirectory=packages/thing\n");
        lock(&context, &index, &line)
            .exits(0)
            .mentions(&["not hashed"]);
        let text = context.read("requirements.txt");
        assert!(
            text.contains(&format!(
                "thing @ {place}@{id}#subdirectory=packages/thing\n"
            )),
            "{revision}:\n{text}"
        );
        assert!(
            text.contains(&format!("# direct: thing {version}; not hashed")),
            "{text}"
        );
    }
    let line = format!("thing @ {place}@main#subdirectory=packages/thing\n");
    lock(&context, &index, &line).exits(0);
    let text = context.read("requirements.txt");
    context.lock(&index).arg("--offline").run().exits(0);
    assert_eq!(context.read("requirements.txt"), text);
    for (line, said) in [
        (
            format!("thing @ {place}@nothing\n"),
            "no branch, tag or commit `nothing`",
        ),
        (
            format!("thing @ {place}#subdirectory=away\n"),
            "no folder `away`",
        ),
        (
            format!("other @ {place}#subdirectory=packages/thing\n"),
            "it is `thing`",
        ),
        (format!("thing @ {place}-gone\n"), "repository"),
    ] {
        lock(&context, &index, &line)
            .exits(2)
            .mentions(&["requirements.in:1", said]);
        assert_eq!(context.read("requirements.txt"), text);
    }
}

#[test]
fn without_git_a_repository_cannot_be_read() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    context.write(
        "requirements.in",
        "thing @ git+https://host.test/thing@main\n",
    );
    context
        .lock(&index)
        .env("PATH", "/nonexistent")
        .run()
        .exits(2)
        .mentions(&["requirements.in:1", "no `git` on the path", "install Git"]);
}

#[test]
fn hooks_and_filters_of_a_repository_do_not_run() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    repository(&context, "repo", "", &project("thing", "1.0", ""));
    let trap = format!("#!/bin/sh\ntouch {}\n", context.path("trapped").display());
    for hook in [
        "post-checkout",
        "post-merge",
        "reference-transaction",
        "fsmonitor-watchman",
    ] {
        context.write(&format!("repo/.git/hooks/{hook}"), &trap);
        context.write(&format!("hooks/{hook}"), &trap);
        for path in [format!("repo/.git/hooks/{hook}"), format!("hooks/{hook}")] {
            context.program("chmod").args(["755", &path]).run().exits(0);
        }
    }
    // A user's own configuration names hooks for every repository.
    let hooks = context.path("hooks").canonicalize().unwrap();
    context.write(
        "gitconfig",
        format!("[core]\n\thooksPath = {}\n", hooks.display()),
    );
    let place = format!(
        "git+file://{}",
        context.path("repo").canonicalize().unwrap().display()
    );
    context.write("requirements.in", format!("thing @ {place}\n"));
    context
        .lock(&index)
        .env("GIT_CONFIG_GLOBAL", context.path("gitconfig"))
        .run()
        .exits(0);
    assert!(!context.exists("trapped"));
}

#[test]
fn two_places_for_one_project_are_a_conflict() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    context.write("lib/pyproject.toml", project("thing", "1.0", ""));
    let url = format!("{}/files/thing-1.0-py3-none-any.whl", index.origin());
    lock(&context, &index, &format!("thing @ {url}\nhelper\n./lib\n"))
        .exits(1)
        .mentions(&[
            "`thing`",
            "two places",
            "requirements.in:1",
            "requirements.in:3",
            "./lib",
        ]);
    // What asks for the same place twice asks once; a constraint decides the place too.
    context.write("limits.txt", format!("thing @ {url}\n"));
    lock(
        &context,
        &index,
        &format!("thing @ {url}#egg=thing\n-c limits.txt\napp\n"),
    )
    .exits(0);
    lock(&context, &index, "-c limits.txt\napp\n").exits(0);
    let text = context.read("requirements.txt");
    assert!(text.contains(&format!("thing @ {url} \\\n")), "{text}");
    lock(&context, &index, "thing>=2\n-c limits.txt\n")
        .exits(1)
        .mentions(&["thing is taken from", "which is 1.0"]);
}

#[test]
fn what_an_index_serves_may_not_say_where_a_project_comes_from() {
    let origin = Loopback::index(World::new().with("thing", "1.0", &[]));
    let url = format!("{}/files/thing-1.0-py3-none-any.whl", origin.origin());
    let index = Loopback::index(world().with("web", "1.0", &["thing"]).with(
        "web",
        "2.0",
        &[&format!("thing @ {url}")],
    ));
    let context = TestContext::new();
    lock(&context, &index, "web\n").exits(0);
    assert!(context.read("requirements.txt").contains("web==1.0"));
    lock(&context, &index, "web>=2\n")
        .exits(1)
        .mentions(&["direct reference that the sources do not ask for"]);
    std::fs::remove_file(context.path("requirements.txt")).unwrap();
    lock(&context, &index, &format!("web\nthing @ {url}\n")).exits(0);
    assert!(context.read("requirements.txt").contains("web==2.0"));
    // A project that is itself asked for by reference may.
    context.write(
        "lib/pyproject.toml",
        project("lib", "1.0", &format!("'thing @ {url}'")),
    );
    lock(&context, &index, "./lib\n").exits(0);
    assert!(
        context
            .read("requirements.txt")
            .contains(&format!("thing @ {url} \\\n"))
    );
}

#[test]
fn the_gate_holds_for_direct_references_too() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    let url = format!("{}/files/thing-1.0-py3-none-any.whl", index.origin());
    let advisory = Advisory::new("PYSEC-2024-1", "thing").between("1.0", "1.1");
    context.write_advisories("advisories", &[advisory]);
    lock(&context, &index, &format!("thing @ {url}\n"))
        .exits(1)
        .mentions(&["PYSEC-2024-1", "thing 1.0"]);
}

#[test]
fn names_from_direct_references_are_sent_to_no_service() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    context.write("lib/pyproject.toml", project("lib", "1.0", ""));
    context.write("requirements.in", "./lib\n");
    context
        .lock_bare()
        .args(["--index-url", &index.index_url()])
        .args(["--advisories", "https://service.test"])
        .run()
        .exits(2)
        .mentions(&["names from ./lib are not sent"]);
}

#[test]
fn an_audit_names_direct_references_as_what_it_cannot_judge() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    let url = format!("{}/files/thing-1.0-py3-none-any.whl", index.origin());
    lock(&context, &index, &format!("thing @ {url}\n")).exits(0);
    let run = context
        .lockgate(&["audit", "requirements.txt", "--advisories", "advisories"])
        .run();
    run.exits(2);
    assert!(run.stdout.contains("direct reference"), "{}", run.stdout);
    assert!(run.stdout.contains("thing @"), "{}", run.stdout);
}

#[test]
fn what_cannot_be_followed_is_said_with_its_line() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    context.write("requirements.txt", "helper==1.0\n");
    for (line, said) in [
        ("thing @ hg+https://host.test/thing", "only Git is"),
        ("thing @ ftp://host.test/thing-1.0.tar.gz", "only `https:`"),
        (
            "thing @ https://host.test/x.whl#md5=00",
            "only `#sha256=` is",
        ),
        ("thing @ git+https://host.test/x@-upload-pack", "revision"),
    ] {
        lock(&context, &index, &format!("helper\n{line}\n"))
            .exits(2)
            .mentions(&["requirements.in:2", said]);
        assert_eq!(context.read("requirements.txt"), "helper==1.0\n");
    }
    let gone = format!("{}/files/gone-1.0-py3-none-any.whl", index.origin());
    lock(&context, &index, &format!("gone @ {gone}\n"))
        .exits(2)
        .mentions(&["requirements.in:1", "is not there"]);
}

#[test]
fn one_for_a_part_of_the_environments_is_checked_with_its_marker() {
    let context = TestContext::new();
    let index = Loopback::index(world());
    context.write(
        "lib/pyproject.toml",
        "[project]\nname = \"lib\"\nversion = \"1\"\n",
    );
    context.write("requirements.in", "./lib ; sys_platform == 'linux'\n");
    context
        .lockgate(&["lock", "requirements.in", "--universal", "--no-advisories"])
        .args(["-i", &index.index_url()])
        .run()
        .exits(0);
    let lock = context.read("requirements.txt");
    assert!(
        lock.contains("./lib ; sys_platform == \"linux\"\n"),
        "{lock}"
    );
    let check = || {
        context
            .lockgate(&["check", "requirements.txt", "--no-advisories"])
            .args(["-i", &index.index_url()])
            .run()
    };
    check().exits(0);
    context.write("requirements.in", "./lib ; sys_platform == 'win32'\n");
    let run = check();
    run.mentions(&["would now be locked as `./lib ; sys_platform == \"win32\"`"]);
    assert_ne!(run.code, 0);
}
