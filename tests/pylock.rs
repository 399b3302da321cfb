//! `pylock.toml`: locked, locked over, checked, audited, converted both ways, and read by other programs.

mod files;
mod pythons;
mod scopes;

use std::path::PathBuf;

use lockgate_tests::{Advisory, Index, Lockgate, Loopback, TestContext, World};

fn world() -> World {
    World::new()
        .with(
            "web",
            "2.0",
            &["tool>=1", "compat ; python_version < '3.9'"],
        )
        .with("tool", "1.0", &[])
        .with("tool", "1.1", &[])
        .with("compat", "0.5", &[])
        .with("only-windows", "1.0", &[])
}

const WANTED: &str = "web\nonly-windows ; sys_platform == 'win32'\n";

fn lock<'c>(context: &'c TestContext, index: &Loopback<Index>) -> Lockgate<'c> {
    context
        .lockgate(&["lock", "requirements.in", "--no-advisories"])
        .args(["-i", &index.index_url()])
        .args(["--python-version", "3.11", "--python-platform", "linux"])
}

#[test]
fn it_is_locked_and_locked_over_and_checked() {
    let context = TestContext::new();
    let index = Loopback::index(world());
    context.write("requirements.in", WANTED);
    lock(&context, &index)
        .args(["--format", "pylock"])
        .run()
        .exits(0);
    let text = context.read("pylock.toml");
    for part in [
        "lock-version = \"1.0\"\nrequires-python = \">=3.11\"\ncreated-by = \"lockgate\"\n",
        "[[packages]]\nname = \"tool\"\nversion = \"1.1\"\n",
        "dependencies = [\n    { name = \"tool\" },\n]\n",
        "[packages.tool.lockgate]\nvia = [\n    \"-r requirements.in\",\n]\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(
        !text.contains("only-windows") && !text.contains("compat"),
        "{text}"
    );
    lock(&context, &index)
        .args(["--format", "pylock"])
        .run()
        .exits(0);
    assert_eq!(context.read("pylock.toml"), text);
    let check = |context: &TestContext| {
        context
            .lockgate(&[
                "check",
                "pylock.toml",
                "--no-advisories",
                "-i",
                &index.index_url(),
            ])
            .run()
    };
    check(&context).exits(0);
    context.write(
        "pylock.toml",
        text.replace("version = \"1.1\"", "version = \"1.0\"")
            .replace("tool-1.1-", "tool-1.0-"),
    );
    check(&context)
        .exits(1)
        .mentions(&["has 1 hash of none of its files"]);
    // Kept, as in a requirements lock.
    context.write("requirements.in", "web\ntool<1.1\n");
    lock(&context, &index)
        .args(["-o", "pylock.toml"])
        .run()
        .exits(0);
    context.write("requirements.in", "web\ntool\n");
    lock(&context, &index)
        .args(["-o", "pylock.toml"])
        .run()
        .exits(0);
    assert!(
        context
            .read("pylock.toml")
            .contains("name = \"tool\"\nversion = \"1.0\"\n")
    );
}

#[test]
fn one_for_all_environments_has_markers_and_is_converted_both_ways() {
    let context = TestContext::new();
    let index = Loopback::index(world());
    context.write("requirements.in", WANTED);
    let universal = ["--universal", "--python-version", "3.8"];
    context
        .lockgate(&["lock", "requirements.in"])
        .args(universal)
        .args(["-i", &index.index_url(), "--no-advisories"])
        .args(["-o", "pylock.toml"])
        .run()
        .exits(0);
    let text = context.read("pylock.toml");
    for part in [
        "name = \"compat\"\nversion = \"0.5\"\nmarker = 'python_full_version < \"3.9\"'\n",
        "name = \"only-windows\"\nversion = \"1.0\"\nmarker = 'sys_platform == \"win32\"'\n",
        "requires-python = \">=3.8\"\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let convert = |from: &str, to: &str| {
        let arguments = ["convert", from, "-o", to, "-i", &index.index_url()];
        context.lockgate(&arguments).run().exits(0);
        context.read(to)
    };
    let requirements = convert("pylock.toml", "requirements.txt");
    assert!(
        requirements.contains("compat==0.5 ; python_full_version < \"3.9\""),
        "{requirements}"
    );
    // The command that it was locked with goes with it, and so its sources.
    context
        .lockgate(&[
            "check",
            "requirements.txt",
            "--no-advisories",
            "-i",
            &index.index_url(),
        ])
        .run()
        .exits(0);
    // A requirements file has no addresses: the index is asked for the files with its digests.
    let back = convert("requirements.txt", "pylock.back.toml");
    for line in text.lines().filter(|line| line.contains("hashes = ")) {
        assert!(back.contains(line), "{line}\n{back}");
    }
    let again = convert("pylock.back.toml", "requirements.again.txt");
    assert_eq!(again, requirements);
}

#[test]
fn as_a_source_its_pins_are_what_is_asked_for() {
    let context = TestContext::new();
    let index = Loopback::index(world());
    context.write("requirements.in", "web\ntool<1.1\n");
    lock(&context, &index)
        .args(["-o", "pylock.toml"])
        .run()
        .exits(0);
    let again = |source: &str| {
        context
            .lockgate(&["lock", source, "-o", "out.txt", "--no-advisories"])
            .args(["-i", &index.index_url()])
            .args(["--python-version", "3.11", "--python-platform", "linux"])
            .run()
    };
    again("pylock.toml").exits(0);
    let out = context.read("out.txt");
    for part in [
        "tool==1.0 \\\n    --hash=sha256:",
        "web==2.0 \\\n",
        "    # via\n    #   -r pylock.toml\n    #   web\n",
    ] {
        assert!(out.contains(part), "{part}\n{out}");
    }
    // Another file than those that it knows is not taken for one of them.
    let text = context.read("pylock.toml");
    let digest = text.split("sha256 = \"").nth(1).expect("a digest");
    let digest = digest.split('"').next().expect("its end");
    context.write("pylock.toml", text.replace(digest, &"ab".repeat(32)));
    context.write("out.txt", "");
    again("pylock.toml").exits(1).mentions(&["tool"]);
}

#[test]
fn what_the_index_does_not_have_is_not_converted() {
    let context = TestContext::new();
    let index = Loopback::index(world());
    let digest = "ab".repeat(32);
    context.write(
        "requirements.txt",
        format!("tool==1.0 --hash=sha256:{digest}\n"),
    );
    let arguments = [
        "convert",
        "requirements.txt",
        "-o",
        "pylock.toml",
        "-i",
        &index.index_url(),
    ];
    context
        .lockgate(&arguments)
        .run()
        .exits(2)
        .mentions(&["no file with the hash"]);
    context.write("requirements.txt", "tool>=1.0\n");
    context
        .lockgate(&arguments)
        .run()
        .exits(2)
        .mentions(&["pins no version", "requirements.txt:1"]);
    assert!(!context.exists("pylock.toml"));
    for name in ["pylock.a.b.toml", "my.toml"] {
        let arguments = [
            "convert",
            "requirements.txt",
            "--format",
            "pylock",
            "-o",
            name,
        ];
        context
            .lockgate(&arguments)
            .run()
            .exits(2)
            .mentions(&["is no name of a `pylock.toml`"]);
    }
}

#[test]
fn what_it_pins_is_audited_and_gated() {
    let context = TestContext::new();
    let index = Loopback::index(world());
    context.write("requirements.in", "tool\n");
    context.write_advisories(
        "advisories",
        &[Advisory::new("PYSEC-2024-1", "tool").between("1.1", "2.0")],
    );
    context
        .lockgate(&["lock", "requirements.in"])
        .args(["-i", &index.index_url(), "--advisories", "advisories"])
        .args(["--python-version", "3.11", "--python-platform", "linux"])
        .args(["-o", "pylock.toml"])
        .run()
        .exits(0);
    let text = context.read("pylock.toml");
    assert!(
        text.contains("version = \"1.0\"")
            && text.contains("gate = \"1.1 passed over, PYSEC-2024-1\""),
        "{text}"
    );
    assert!(
        text.contains("audit = \"no findings; advisories: advisories"),
        "{text}"
    );
    context
        .lockgate(&["audit", "pylock.toml", "--advisories", "advisories"])
        .run()
        .exits(0);
    context.write(
        "pylock.toml",
        text.replace("\nversion = \"1.0\"\n", "\nversion = \"1.1\"\n")
            .replace("tool-1.0-", "tool-1.1-"),
    );
    let run = context
        .lockgate(&["audit", "pylock.toml", "--advisories", "advisories"])
        .run();
    run.exits(1);
    assert!(run.stdout.contains("PYSEC-2024-1"), "{}", run.stdout);
}

/// `packaging`, pip and uv read what is written. They run where `LOCKGATE_PEERS` names the folder that their programs are in, as `.ci/run` has it.
#[test]
fn other_programs_accept_it() {
    let Some(peers) = std::env::var_os("LOCKGATE_PEERS").map(PathBuf::from) else {
        return;
    };
    let context = TestContext::new();
    let world = world().with("built", "1.0", &[]);
    let index = Loopback::index(world);
    context.write("requirements.in", format!("{WANTED}built\n"));
    context
        .lockgate(&["lock", "requirements.in"])
        .args(["--universal", "--python-version", "3.8"])
        .args(["-i", &index.index_url(), "--no-advisories"])
        .args(["-o", "pylock.toml"])
        .run()
        .exits(0);
    let validate = "import tomllib\nfrom packaging.pylock import Pylock\nlock = Pylock.from_dict(tomllib.load(open('pylock.toml', 'rb')))\nlock.validate()\nassert sorted(str(package.name) for package in lock.packages) == ['built', 'compat', 'only-windows', 'tool', 'web']\n";
    context.write("validate.py", validate);
    context
        .program(peers.join("python"))
        .arg("validate.py")
        .run()
        .exits(0);
    let target = context.path("by-pip");
    context
        .program(peers.join("python"))
        .args([
            "-m",
            "pip",
            "install",
            "--no-deps",
            "-r",
            "pylock.toml",
            "--target",
        ])
        .arg(&target)
        .run()
        .exits(0);
    assert!(target.join("web-2.0.dist-info").is_dir());
    assert!(!target.join("only_windows-1.0.dist-info").exists());
    let target = context.path("by-uv");
    context
        .program(peers.join("uv"))
        .args(["pip", "sync", "--target"])
        .arg(&target)
        .args(["pylock.toml", "--python"])
        .arg(peers.join("python"))
        .arg("--cache-dir")
        .arg(context.path("uv-cache"))
        .run()
        .exits(0);
    assert!(target.join("tool-1.1.dist-info").is_dir());
}
