//! The files of a `pylock.toml`: their names, where they are, and pins without any.

use std::path::PathBuf;

use lockgate_tests::artifact::wheel;
use lockgate_tests::{Loopback, Release, TestContext, World};

#[test]
fn a_file_of_another_release_is_an_error() {
    let context = TestContext::new();
    let index = Loopback::index(World::new().with("tool", "1.0", &[]));
    context.write("requirements.in", "tool\n");
    context
        .lockgate(&["lock", "requirements.in", "-o", "pylock.toml"])
        .args(["-i", &index.index_url(), "--no-advisories"])
        .args(["--python-version", "3.11", "--python-platform", "linux"])
        .run()
        .exits(0);
    let text = context.read("pylock.toml");
    context.write(
        "pylock.toml",
        text.replace("\nversion = \"1.0\"\n", "\nversion = \"1.1\"\n"),
    );
    for verb in [
        &["check", "pylock.toml", "--no-advisories"][..],
        &["convert", "pylock.toml", "-o", "out.txt"],
        &["audit", "pylock.toml", "--no-advisories"],
    ] {
        context.lockgate(verb).run().exits(2).mentions(&[
            "`tool-1.0-py3-none-any.whl` is no file of `tool==1.1`",
            "pylock.toml:",
        ]);
    }
}

/// Without `./` it would be the name of a project on an index.
#[test]
fn a_folder_of_a_pylock_that_is_a_source_stays_one() {
    let context = TestContext::new();
    context.write(
        "pylock.toml",
        "lock-version = \"1.0\"\ncreated-by = \"x\"\n\n[[packages]]\nname = \"sub\"\nversion = \"1\"\ndirectory = { path = \"sub\" }\n",
    );
    context.write(
        "sub/pyproject.toml",
        "[project]\nname = \"sub\"\nversion = \"1\"\n",
    );
    context
        .lockgate(&["lock", "pylock.toml", "-o", "requirements.txt"])
        .args(["--no-hashes", "--no-index", "--no-advisories"])
        .run()
        .exits(0);
    let lock = context.read("requirements.txt");
    assert!(lock.lines().any(|line| line == "./sub"), "{lock}");
}

#[test]
fn a_folder_is_told_without_a_remedy_that_the_form_does_not_have() {
    let context = TestContext::new();
    let index = Loopback::index(World::new());
    context.write(
        "lib/pyproject.toml",
        "[project]\nname = \"lib\"\nversion = \"1\"\n",
    );
    context.write("requirements.in", "./lib\n");
    let lock = |output: &str| {
        context
            .lockgate(&["lock", "requirements.in", "-o", output, "--no-advisories"])
            .args(["-i", &index.index_url()])
            .args(["--python-version", "3.11", "--python-platform", "linux"])
    };
    lock("requirements.txt")
        .run()
        .exits(0)
        .mentions(&["not hashed", "--no-hashes"]);
    lock("pylock.toml")
        .run()
        .exits(0)
        .mentions(&["not hashed", "require a released version"])
        .does_not_mention(&["--no-hashes"]);
    lock("pylock.toml")
        .arg("--no-hashes")
        .run()
        .exits(2)
        .mentions(&["a `pylock.toml` has hashes in any case"]);
}

/// Lock and files can be moved together: paths are those from the folder of the lock.
#[test]
fn files_of_a_folder_of_links_are_beside_the_lock() {
    let context = TestContext::new();
    let bytes = wheel("tool", "1.0", &Release::default(), "py3-none-any").bytes;
    context.write("wheel house/tool-1.0-py3-none-any.whl", &bytes);
    context.write("requirements.in", "tool\n");
    context.write("locks/keep", "");
    let lock = |output: &str| {
        context
            .lockgate(&["lock", "requirements.in", "-o", output, "--no-advisories"])
            .args(["--no-index", "--find-links", "wheel house"])
            .args(["--python-version", "3.11", "--python-platform", "linux"])
            .run()
            .exits(0);
        context.read(output)
    };
    let path = |text: &str, path: &str| {
        let stated = format!("{{ path = \"{path}\", size");
        assert!(text.contains(&stated), "{stated}\n{text}");
    };
    path(
        &lock("pylock.toml"),
        "wheel house/tool-1.0-py3-none-any.whl",
    );
    let inside = lock("locks/pylock.toml");
    path(&inside, "../wheel house/tool-1.0-py3-none-any.whl");
    assert_eq!(lock("locks/pylock.toml"), inside);
    context
        .lockgate(&["check", "locks/pylock.toml", "--no-advisories"])
        .args(["--no-index", "--find-links", "wheel house"])
        .run()
        .exits(0);
    context
        .lockgate(&["convert", "locks/pylock.toml", "-o", "pylock.here.toml"])
        .run()
        .exits(0);
    path(
        &context.read("pylock.here.toml"),
        "wheel house/tool-1.0-py3-none-any.whl",
    );
    let Some(peers) = std::env::var_os("LOCKGATE_PEERS").map(PathBuf::from) else {
        return;
    };
    for (lock, target) in [("pylock.toml", "one"), ("locks/pylock.toml", "other")] {
        context
            .program(peers.join("python"))
            .args(["-m", "pip", "install", "--no-deps", "-r", lock])
            .args(["--target", target])
            .run()
            .exits(0);
        assert!(context.path(target).join("tool-1.0.dist-info").is_dir());
    }
}

/// Direct references are compared by where they lead, and paths are those from the folder of the lock.
#[test]
fn direct_references_stay_what_they_are_wherever_the_lock_is() {
    let context = TestContext::new();
    context.write(
        "lib/pyproject.toml",
        "[project]\nname = \"lib\"\nversion = \"1\"\n[project.optional-dependencies]\nx = []\n",
    );
    let bytes = wheel("tool", "1.0", &Release::default(), "py3-none-any").bytes;
    context.write("wheels/tool-1.0-py3-none-any.whl", &bytes);
    context.write("links/keep", "");
    context.write("locks/keep", "");
    let address = format!("file://{}", context.path("lib").display());
    let folder = context.path("lib").display().to_string();
    for (requirement, beside, inside) in [
        ("./lib", "./lib", "../lib"),
        ("./lib[x]", "./lib", "../lib"),
        ("-e ./lib", "./lib", "../lib"),
        ("lib[x] @ ADDRESS", &folder, &folder),
        ("-e ADDRESS", &folder, &folder),
        (
            "./wheels/tool-1.0-py3-none-any.whl",
            "./wheels/tool-1.0-py3-none-any.whl",
            "../wheels/tool-1.0-py3-none-any.whl",
        ),
    ] {
        let requirement = requirement.replace("ADDRESS", &address);
        context.write("requirements.in", format!("{requirement}\n"));
        for (lock, path) in [("pylock.toml", beside), ("locks/pylock.toml", inside)] {
            context
                .lockgate(&["lock", "requirements.in", "-o", lock, "--no-advisories"])
                .args(["--no-index", "--find-links", "links", "-U"])
                .args(["--python-version", "3.11", "--python-platform", "linux"])
                .run()
                .exits(0);
            let text = context.read(lock);
            let stated = format!("{{ path = \"{path}\"");
            assert!(text.contains(&stated), "{requirement}: {stated}\n{text}");
            let check = || {
                context
                    .lockgate(&["check", lock, "--no-advisories"])
                    .args(["--no-index", "--find-links", "links"])
                    .run()
            };
            check().exits(0);
            context.write(lock, text.replace(path, "elsewhere/it-1-py3-none-any.whl"));
            let run = check();
            // What is not known to be any release is a gap in the audit too; that the lock is out of date is the answer.
            run.exits(1);
            run.mentions(&["is locked from", "it-1-"]);
            context.write(lock, &text);
            if let Some(start) = text.find("sha256 = \"") {
                let digest = &text[start + 10..start + 74];
                context.write(lock, text.replace(digest, &"ab".repeat(32)));
                check().exits(1).mentions(&["has another hash"]);
                context.write(lock, &text);
            }
        }
    }
    let Some(peers) = std::env::var_os("LOCKGATE_PEERS").map(PathBuf::from) else {
        return;
    };
    context
        .program(peers.join("python"))
        .args(["-m", "pip", "install", "--no-deps"])
        .args(["-r", "locks/pylock.toml", "--target", "there"])
        .run()
        .exits(0);
    assert!(context.path("there/tool-1.0.dist-info").is_dir());
}

#[test]
fn a_folder_keeps_its_place_in_whatever_a_lock_is_converted_to() {
    let context = TestContext::new();
    context.write(
        "pylock.toml",
        "lock-version = \"1.0\"\ncreated-by = \"x\"\n\n[[packages]]\nname = \"sub\"\ndirectory = { path = \"sub\" }\n",
    );
    context.write(
        "uv.lock",
        "version = 1\n\n[[package]]\nname = \"app\"\nversion = \"1\"\nsource = { virtual = \".\" }\ndependencies = [{ name = \"sub\" }]\n\n[[package]]\nname = \"sub\"\nversion = \"0.2\"\nsource = { directory = \"sub\" }\n",
    );
    let convert = |from: &str, to: &str| {
        let run = context.lockgate(&["convert", from, "-o", to]).run();
        let run = run.exits(0);
        run.mentions(&["not hashed", "./sub", "a repository or a folder"]);
        context.read(to)
    };
    // The version that nobody states is not made up.
    let text = convert("pylock.toml", "a.txt");
    assert!(
        text.contains("\n./sub\n    # direct: sub; not hashed"),
        "{text}"
    );
    let text = convert("pylock.toml", "pylock.a.toml");
    assert!(text.contains("directory = { path = \"./sub\" }"), "{text}");
    assert!(!text.contains("\nversion = "), "{text}");
    let text = convert("uv.lock", "b.txt");
    assert!(
        text.contains("\n./sub\n    # direct: sub 0.2; not hashed"),
        "{text}"
    );
    let text = convert("uv.lock", "pylock.b.toml");
    assert!(text.contains("directory = { path = \"./sub\" }"), "{text}");
    // The name of an archive states its version.
    let archive = format!(
        "lock-version = \"1.0\"\ncreated-by = \"x\"\n\n[[packages]]\nname = \"arch\"\narchive = {{ path = \"dist/arch-1.5.tar.gz\", hashes = {{ sha256 = \"{}\" }} }}\n",
        "0".repeat(64)
    );
    context.write("pylock.c.toml", archive);
    let run = context.lockgate(&["convert", "pylock.c.toml", "-o", "d.txt"]);
    run.run().exits(0);
    let text = context.read("d.txt");
    assert!(text.contains("# direct: arch 1.5"), "{text}");
    // A lock in another folder.
    context.write("other/pylock.toml", context.read("pylock.toml"));
    context.write("other/uv.lock", context.read("uv.lock"));
    for from in ["other/pylock.toml", "other/uv.lock"] {
        let run = context.lockgate(&["convert", from, "-o", "c.txt"]).run();
        run.exits(0);
        let text = context.read("c.txt");
        assert!(text.contains("\n./other/sub\n"), "{from}\n{text}");
    }
}

#[cfg(unix)]
#[test]
fn a_repository_on_this_machine_is_an_address_when_it_is_converted() {
    let context = TestContext::new();
    let commit = "0123456789abcdef0123456789abcdef01234567";
    context.write(
        "pylock.toml",
        format!(
            "lock-version = \"1.0\"\ncreated-by = \"x\"\n\n[[packages]]\nname = \"r\"\nversion = \"1.0\"\nvcs = {{ type = \"git\", path = \"/srv/a b/r\", commit-id = \"{commit}\" }}\n"
        ),
    );
    let convert = |from: &str, to: &str| {
        context
            .lockgate(&["convert", from, "-o", to])
            .run()
            .exits(0);
        context.read(to)
    };
    let text = convert("pylock.toml", "a.txt");
    let line = format!("\nr @ git+file:///srv/a%20b/r@{commit}\n");
    assert!(text.contains(&line), "{text}");
    let text = convert("a.txt", "pylock.b.toml");
    assert!(text.contains("path = \"/srv/a b/r\""), "{text}");
}
