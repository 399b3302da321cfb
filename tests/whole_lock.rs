//! `check` compares the whole lock: whatever an installer acts on must be what `lock` would write.

use lockgate_tests::{Index, Lockgate, Loopback, TestContext, World};

fn world() -> World {
    World::new()
        .with("a", "1.0", &["b[x]>=1"])
        .with("b", "1.0", &[])
}

/// A lock of `a[y]` and `b` from an index that the source names.
fn locked(options: &[&str]) -> (Loopback<Index>, TestContext) {
    let index = Loopback::index(world());
    let context = TestContext::new();
    context.write(
        "requirements.in",
        format!("--index-url {}\na\n", index.index_url()),
    );
    context.write("wheels/keep", "");
    context.lock(&index).args(options).run().exits(0);
    (index, context)
}

fn check<'a>(context: &'a TestContext, index: &Loopback<Index>, lock: &str) -> Lockgate<'a> {
    context
        .lockgate(&["check", lock, "--index-url", &index.index_url()])
        .args(["--advisories", "advisories", "--cache-dir"])
        .arg(context.cache())
}

#[test]
fn every_line_that_pip_would_take_is_seen() {
    let (index, context) = locked(&[]);
    let lock = context.read("requirements.txt");
    check(&context, &index, "requirements.txt").run().exits(0);
    context.write("other.txt", "a==1.0\n");
    for line in [
        "--index-url https://host.test/simple",
        "-i https://host.test/simple",
        "--index-u=https://host.test/simple",
        "--extra-index-url https://host.test/simple",
        "--extra-index-url https://${TOKEN}@host.test/simple",
        "--find-links wheels",
        "-fwheels",
        "--trusted-host host.test",
        "--no-index",
        "--pre",
        "--prefer-binary",
        "--no-binary :all:",
        "--only-binary b",
        "--all-releases a",
        "--only-final :all:",
        "--require-hashes",
        "--use-feature fast-deps",
        "-r other.txt",
        "-cother.txt",
        "-e ./wheels",
        "--hash=sha256:00",
        "--trusted-\\\nhost host.test",
        "# harmless\u{2028}--pre",
        "c==1.0",
        "b==1.0",
    ] {
        for edited in [
            format!("{line}\n{lock}"),
            format!("\u{feff}{line}\n{lock}"),
            format!("{lock}{line}\n"),
        ] {
            context.write("requirements.txt", edited);
            let run = check(&context, &index, "requirements.txt").run();
            assert_ne!(run.code, 0, "{line}: {}", run.stderr);
            run.mentions(&["requirements.txt"]);
        }
    }
    context.write("requirements.txt", format!("{lock}--pre\n"));
    let last = lock.lines().count() + 1;
    check(&context, &index, "requirements.txt")
        .run()
        .exits(1)
        .mentions(&[&format!(
            "requirements.txt:{last}: `--pre` is not what `lock` would write"
        )]);
    let line = lock.lines().find(|line| line.starts_with("--index-url"));
    context.write("requirements.txt", lock.replace(line.unwrap(), ""));
    check(&context, &index, "requirements.txt")
        .run()
        .exits(1)
        .mentions(&["--index-url", "is missing"]);
}

#[test]
fn every_option_on_a_pin_is_seen() {
    let (index, context) = locked(&[]);
    let lock = context.read("requirements.txt");
    let pin = "b[x]==1.0 \\";
    assert!(lock.contains(pin), "{lock}");
    for put in [
        "b[x]==1.0 --config-settings x=y \\",
        "b[x]==1.0 --global-option x \\",
        "b[x]==1.0 --hash=sha512:00 \\",
        "b[x]==1.0 --hash=md5:00 \\",
        "b[x]==1.0 ; python_version >= \"3\" \\",
        "b[x]==1.0 ; platform_release < \"9.0\" or platform_release >= \"18.0\" \\",
        "b[x]==1.0 ; nonsense == \"x\" \\",
        "b==1.0 \\",
        "b[x,y]==1.0 \\",
        "b[x]===1.0 \\",
        "b[x]>=1.0 \\",
        "b[x]==1.* \\",
        "b[x] @ https://host.test/b-1.0-py3-none-any.whl \\",
    ] {
        context.write("requirements.txt", lock.replace(pin, put));
        let run = check(&context, &index, "requirements.txt").run();
        assert_ne!(run.code, 0, "{put}: {}", run.stderr);
        run.mentions(&["requirements.txt"]);
    }
}

/// pip goes by a declared encoding: what is a comment in UTF-8 may be a line of its own there.
#[test]
fn a_lock_is_read_in_the_encoding_that_it_declares() {
    let (index, context) = locked(&["--no-header"]);
    let lock = context.read("requirements.txt");
    let given = || {
        check(&context, &index, "requirements.txt")
            .args(["--source", "requirements.in"])
            .args(["--python-version", "3.11", "--python-platform", "linux"])
            .run()
    };
    given().exits(0);
    context.write("requirements.txt", format!("# coding: utf-8\n{lock}"));
    given().exits(0);
    // The second byte of this letter ends a line in Latin-1.
    let hidden = "# via \u{c5}c==1.0\n";
    context.write("requirements.txt", format!("{hidden}{lock}"));
    given().exits(0);
    for encoding in ["latin-1", "utf-7", "cp1252"] {
        context.write(
            "requirements.txt",
            format!("# coding: {encoding}\n{hidden}{lock}"),
        );
        let run = given();
        if encoding != "cp1252" {
            assert_ne!(run.code, 0, "{encoding}: {}", run.stderr);
        }
    }
}

#[test]
fn a_lock_passes_however_it_is_written() {
    for options in [
        &["--emit-index-url"][..],
        &["--emit-find-links", "--emit-trusted-host"],
        &["--no-emit-index-url"],
        &["--no-emit-options"],
        &["--no-annotate"],
        &["--annotation-style", "line"],
        &["--newline", "crlf"],
        &["--strip-extras"],
    ] {
        let (index, context) = locked(options);
        check(&context, &index, "requirements.txt")
            .args(options)
            .run()
            .exits(0);
    }
}

/// What stands at the end of a lock in comments says nothing about what may be missing.
#[test]
fn a_comment_does_not_excuse_a_missing_pin() {
    let (index, context) = locked(&[]);
    let lock = context.read("requirements.txt");
    let at = lock.find("b[x]==1.0").unwrap();
    context.write(
        "requirements.txt",
        format!("{}\n# Needed and not pinned here:\n# b==1.0\n", &lock[..at]),
    );
    check(&context, &index, "requirements.txt")
        .run()
        .exits(1)
        .mentions(&["`b` is required and not locked"]);
}

#[test]
fn every_field_of_a_pylock_is_compared() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    context.write_advisories("advisories", &[]);
    context
        .lockgate(&["lock", "requirements.in", "-o", "pylock.toml"])
        .args(["--python-version", "3.11", "--python-platform", "linux"])
        .args(["--index-url", &index.index_url()])
        .args(["--advisories", "advisories"])
        .run()
        .exits(0);
    let lock = context.read("pylock.toml");
    check(&context, &index, "pylock.toml").run().exits(0);
    let wheel = "https://host.test/b-1.0-py3-none-any.whl";
    let url = lock
        .split('"')
        .find(|text| text.ends_with("/b-1.0-py3-none-any.whl"))
        .expect("a wheel has an address");
    for (from, to) in [
        (url, wheel),
        (
            "requires-python = \">=3.11\"",
            "requires-python = \">=3.8\"",
        ),
        ("created-by = ", "default-groups = [\"dev\"]\ncreated-by = "),
        ("created-by = ", "extras = [\"dev\"]\ncreated-by = "),
        (
            "created-by = ",
            "environments = [\"sys_platform == 'linux'\"]\ncreated-by = ",
        ),
        (
            "name = \"b\"\nversion = \"1.0\"\n",
            "name = \"b\"\nversion = \"1.0\"\nmarker = \"python_version > '3.11'\"\n",
        ),
        (
            "name = \"b\"\nversion = \"1.0\"\n",
            "name = \"b\"\nversion = \"1.0\"\nattestation-identities = [{ kind = \"x\" }]\n",
        ),
        (
            "name = \"b\"\nversion = \"1.0\"\n",
            "name = \"b\"\nversion = \"1.0\"\n[packages.tool.other]\nurl = \"https://host.test\"\n",
        ),
        ("hashes = { sha256", "hashes = { md5 = \"00\", sha256"),
        ("size = ", "size = 9"),
        ("    { name = \"b\" },\n", ""),
        ("[tool.lockgate]", "[tool.other]\nx = 1\n[tool.lockgate]"),
    ] {
        let edited = lock.replacen(from, to, 1);
        assert_ne!(edited, lock, "{from}");
        context.write("pylock.toml", edited);
        let run = check(&context, &index, "pylock.toml").run();
        assert_ne!(run.code, 0, "{to}: {}", run.stderr);
        run.mentions(&["pylock.toml"]);
    }
    context.write("pylock.toml", lock.replacen(url, wheel, 1));
    check(&context, &index, "pylock.toml")
        .run()
        .exits(1)
        .mentions(&[wheel, "`lock` would write"]);
}

#[test]
fn the_algorithm_of_a_hash_is_compared_as_pip_reads_it() {
    let (index, context) = locked(&[]);
    let lock = context.read("requirements.txt");
    let (algorithm, digest) = (
        "--hash=sha256:",
        lock.split("--hash=sha256:").nth(1).unwrap(),
    );
    let digest = digest.split([' ', '\n']).next().unwrap();
    // Digests are compared whatever their case.
    context.write(
        "requirements.txt",
        lock.replace(digest, &digest.to_ascii_uppercase()),
    );
    check(&context, &index, "requirements.txt").run().exits(0);
    for other in ["--hash=SHA256:", "--hash=Sha256:"] {
        context.write("requirements.txt", lock.replacen(algorithm, other, 1));
        check(&context, &index, "requirements.txt").run().exits(1);
    }
}
