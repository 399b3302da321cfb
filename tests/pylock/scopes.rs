//! Locks for more than one use: extras and dependency groups that can be installed or not.

use std::path::PathBuf;

use lockgate_tests::{Advisory, Index, Lockgate, Loopback, Release, TestContext, World};

const PROJECT: &str = r#"[project]
name = "app"
version = "1"
requires-python = ">=3.8"
dependencies = ["web", "both ; sys_platform == 'win32'"]

[project.optional-dependencies]
dev = ["linter", "tool", "both"]
Fast = ["web[fast]"]
all = ["app[dev]", "app[fast] ; python_version >= '3.9'"]
unasked = ["ghost"]

[dependency-groups]
test = [{ include-group = "base" }, "runner"]
base = ["shared", "only-windows ; sys_platform == 'win32'"]
unasked = ["ghost"]
"#;

fn world() -> World {
    let web = Release {
        requires: vec!["tool>=1".to_owned()],
        extras: [("fast".to_owned(), vec!["speed".to_owned()])].into(),
        ..Release::default()
    };
    World::new()
        .with_release("web", "2.0", web)
        .with("tool", "1.0", &[])
        .with("tool", "1.1", &[])
        .with("both", "1.0", &[])
        .with("speed", "3.0", &[])
        .with("linter", "1.0", &["shared"])
        .with("runner", "1.0", &["shared", "tool"])
        .with("shared", "1.0", &[])
        .with("only-windows", "1.0", &[])
}

const ASKED: [&str; 8] = [
    "--extra", "dev", "--extra", "fast", "--extra", "all", "--group", "test",
];

fn lock<'c>(context: &'c TestContext, index: &Loopback<Index>) -> Lockgate<'c> {
    context
        .lockgate(&["lock", "pyproject.toml", "--no-advisories"])
        .args(["-i", &index.index_url()])
        .args(["--python-version", "3.11", "--python-platform", "linux"])
}

fn universal<'c>(context: &'c TestContext, index: &Loopback<Index>) -> Lockgate<'c> {
    context
        .lockgate(&["lock", "pyproject.toml", "--no-advisories", "--universal"])
        .args(["-i", &index.index_url()])
}

fn check<'c>(context: &'c TestContext, index: &Loopback<Index>, lock: &str) -> Lockgate<'c> {
    let arguments = ["check", lock, "--no-advisories", "-i", &index.index_url()];
    context.lockgate(&arguments)
}

fn started() -> (TestContext, Loopback<Index>) {
    let context = TestContext::new();
    context.write("pyproject.toml", PROJECT);
    (context, Loopback::index(world()))
}

/// The marker of each package, empty where it has none.
fn markers(lock: &str) -> Vec<(String, String)> {
    let table: toml::Table = lock.parse().expect("a lock is TOML");
    let text = |package: &toml::Value, key: &str| {
        let value = package.get(key).and_then(toml::Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    let packages = table["packages"].as_array().expect("a list");
    packages
        .iter()
        .map(|package| (text(package, "name"), text(package, "marker")))
        .collect()
}

fn marker(lock: &str, name: &str) -> String {
    let markers = markers(lock);
    let found = markers.into_iter().find(|(known, _)| known == name);
    found.unwrap_or_else(|| panic!("no {name} in\n{lock}")).1
}

#[test]
fn each_package_says_what_asks_for_it() {
    let (context, index) = started();
    lock(&context, &index)
        .args(ASKED)
        .args(["-o", "pylock.toml"])
        .run()
        .exits(0);
    let text = context.read("pylock.toml");
    assert!(
        text.contains(
            "extras = [\n    \"all\",\n    \"dev\",\n    \"fast\",\n]\ndependency-groups = [\n    \"test\",\n]\ncreated-by"
        ),
        "{text}"
    );
    let dev = r#""all" in extras or "dev" in extras"#;
    let shared = format!(r#"{dev} or "test" in dependency_groups"#);
    let expected = [
        ("both", dev),
        ("linter", dev),
        ("runner", r#""test" in dependency_groups"#),
        ("shared", &shared),
        ("speed", r#""all" in extras or "fast" in extras"#),
        // The project needs these anyway.
        ("tool", ""),
        ("web", ""),
    ];
    let expected = expected.map(|(name, marker)| (name.to_owned(), marker.to_owned()));
    assert_eq!(markers(&text), expected);
    // The same bytes over itself.
    lock(&context, &index)
        .args(ASKED)
        .args(["-o", "pylock.toml"])
        .run()
        .exits(0);
    assert_eq!(context.read("pylock.toml"), text);
    check(&context, &index, "pylock.toml").run().exits(0);
}

#[test]
fn for_all_environments_a_condition_has_its_environment() {
    let (context, index) = started();
    universal(&context, &index)
        .args(ASKED)
        .args(["-o", "pylock.toml"])
        .run()
        .exits(0);
    let text = context.read("pylock.toml");
    for (name, expected) in [
        (
            "both",
            r#"sys_platform == "win32" or "all" in extras or "dev" in extras"#,
        ),
        (
            "only-windows",
            r#"sys_platform == "win32" and "test" in dependency_groups"#,
        ),
        (
            "speed",
            r#"(python_full_version >= "3.9" and "all" in extras) or "fast" in extras"#,
        ),
        ("tool", ""),
    ] {
        assert_eq!(marker(&text, name), expected, "{text}");
    }
    universal(&context, &index)
        .args(ASKED)
        .args(["-o", "pylock.toml"])
        .run()
        .exits(0);
    assert_eq!(context.read("pylock.toml"), text);
    check(&context, &index, "pylock.toml").run().exits(0);
}

#[test]
fn without_a_project_beside_it_all_goes_together() {
    let (context, index) = started();
    context.write("requirements.in", "web\n");
    for (sources, kept) in [
        (&["--group", "test"][..], "runner"),
        (
            &["requirements.in", "--group", "pyproject.toml:test"],
            "runner",
        ),
        (&["pyproject.toml"], "web"),
    ] {
        context
            .lockgate(&["lock", "--no-advisories", "-o", "pylock.toml", "-U"])
            .args(sources)
            .args(["-i", &index.index_url()])
            .args(["--python-version", "3.11", "--python-platform", "linux"])
            .run()
            .exits(0);
        let text = context.read("pylock.toml");
        assert_eq!(marker(&text, kept), "");
        for key in ["extras = ", "dependency-groups = ", " in "] {
            assert!(!text.contains(key), "{key}\n{text}");
        }
    }
}

#[test]
fn a_lock_keeps_the_pins_of_all_scopes() {
    let (context, index) = started();
    context.write(
        "pyproject.toml",
        PROJECT.replace("\"linter\", \"tool\"", "\"linter\", \"tool<1.1\""),
    );
    let run = || {
        lock(&context, &index)
            .args(ASKED)
            .args(["-o", "pylock.toml"])
            .run()
            .exits(0)
            .clone()
    };
    run();
    let old = context.read("pylock.toml");
    assert!(old.contains("name = \"tool\"\nversion = \"1.0\""), "{old}");
    context.write("pyproject.toml", PROJECT);
    run();
    assert_eq!(context.read("pylock.toml"), old);
}

#[test]
fn a_lock_that_differs_in_what_asks_is_out_of_date() {
    let (context, index) = started();
    lock(&context, &index)
        .args(ASKED)
        .args(["-o", "pylock.toml"])
        .run()
        .exits(0);
    let text = context.read("pylock.toml");
    let stale = |from: &str, to: &str, reason: &str| {
        assert!(text.contains(from), "{from}\n{text}");
        context.write("pylock.toml", text.replace(from, to));
        let run = check(&context, &index, "pylock.toml").run();
        run.exits(1).mentions(&[reason]);
    };
    stale(
        "    \"dev\",\n",
        "    \"dev\",\n    \"more\",\n",
        "it can be installed with the extra more, which is not asked for",
    );
    stale(
        "marker = '\"test\" in dependency_groups'\n",
        "",
        "`runner==1.0` is locked for main and needed for group test",
    );
    stale(
        "\"all\" in extras or \"fast\" in extras",
        "\"fast\" in extras",
        "`speed==3.0` is locked for extra fast and needed for extra all, extra fast",
    );
    context.write("pylock.toml", &text);
    // What the project says has changed: the extra needs no linter, and another one is asked for.
    context.write(
        "pyproject.toml",
        PROJECT
            .replace("\"linter\", ", "")
            .replace("base = [\"shared\", ", "base = [\"shared\", \"linter\", "),
    );
    check(&context, &index, "pylock.toml")
        .run()
        .exits(1)
        .mentions(&["`linter==1.0` is locked for extra all, extra dev and needed for group test"]);
    context.write("pyproject.toml", PROJECT);
    check(&context, &index, "pylock.toml")
        .args(["--extra", "dev", "--group", "base"])
        .run()
        .exits(1)
        .mentions(&[
            "the group base is asked for, and the lock cannot be installed with it",
            "it can be installed with the extra fast, which is not asked for",
        ]);
}

#[test]
fn conditions_that_cannot_be_kept_are_errors() {
    let (context, index) = started();
    lock(&context, &index)
        .args(ASKED)
        .args(["-o", "pylock.toml"])
        .run()
        .exits(0);
    let text = context.read("pylock.toml");
    for (condition, message) in [
        (
            "\"docs\" in extras",
            "asks for the extra docs, which `extras` of the file does not have",
        ),
        (
            "\"docs\" in dependency_groups",
            "asks for the group docs, which `dependency-groups` of the file does not have",
        ),
        (
            "\"dev\" in extras and \"fast\" in extras",
            "depends on several extras or groups at once",
        ),
        ("\"dev\" not in extras", "or on one that is not asked for"),
        ("\"dev\" in extras and", "is no marker that can be read"),
    ] {
        context.write(
            "pylock.toml",
            text.replace("\"all\" in extras or \"fast\" in extras", condition),
        );
        for verb in [
            &["check", "pylock.toml"][..],
            &["convert", "pylock.toml", "-o", "out.txt"],
        ] {
            let run = context
                .lockgate(verb)
                .args(["-i", &index.index_url()])
                .run();
            run.exits(2).mentions(&[message, "pylock.toml:"]);
        }
        let run = lock(&context, &index)
            .args(ASKED)
            .args(["-o", "pylock.toml"])
            .run();
        run.exits(2).mentions(&[message]);
    }
}

#[test]
fn it_is_converted_with_what_is_asked_for() {
    let (context, index) = started();
    universal(&context, &index)
        .args(ASKED)
        .args(["-o", "pylock.toml"])
        .run()
        .exits(0);
    let text = context.read("pylock.toml");
    let names = |lock: &str| -> Vec<String> {
        let pins = lock.lines().filter(|line| line.contains("=="));
        pins.filter(|line| !line.starts_with([' ', '#']))
            .map(|line| line.trim_end_matches(" \\").to_owned())
            .collect()
    };
    for (options, expected) in [
        (
            &[][..],
            &[
                "both==1.0 ; sys_platform == \"win32\"",
                "tool==1.1",
                "web==2.0",
            ][..],
        ),
        (
            &["--extra", "dev"],
            &[
                "both==1.0",
                "linter==1.0",
                "shared==1.0",
                "tool==1.1",
                "web==2.0",
            ],
        ),
        (
            &["--all-extras", "--group", "test"],
            &[
                "both==1.0",
                "linter==1.0",
                "only-windows==1.0 ; sys_platform == \"win32\"",
                "runner==1.0",
                "shared==1.0",
                "speed==3.0",
                "tool==1.1",
                "web==2.0",
            ],
        ),
    ] {
        context
            .lockgate(&["convert", "pylock.toml", "-o", "out.txt"])
            .args(options)
            .run()
            .exits(0);
        let out = context.read("out.txt");
        assert_eq!(names(&out), expected, "{out}");
        // Its command is that of what was taken.
        check(&context, &index, "out.txt").run().exits(0);
        context
            .lockgate(&["convert", "pylock.toml", "-o", "pylock.one.toml"])
            .args(options)
            .run()
            .exits(0);
        let one = context.read("pylock.one.toml");
        if options.is_empty() {
            assert_eq!(one, text);
        } else {
            assert!(
                !one.contains(" in extras") && !one.contains("extras = "),
                "{one}"
            );
        }
    }
    context
        .lockgate(&["convert", "pylock.toml", "-o", "out.txt", "--extra", "docs"])
        .run()
        .exits(2)
        .mentions(&["the lock does not know the extra docs; it has extra all, extra dev"]);
}

#[test]
fn as_a_source_it_stands_for_what_is_installed_in_any_case() {
    let (context, index) = started();
    lock(&context, &index)
        .args(ASKED)
        .args(["-o", "pylock.toml"])
        .run()
        .exits(0);
    context
        .lockgate(&["lock", "pylock.toml", "-o", "out.txt", "--no-advisories"])
        .args(["-i", &index.index_url()])
        .args(["--python-version", "3.11", "--python-platform", "linux"])
        .run()
        .exits(0);
    let out = context.read("out.txt");
    assert!(out.contains("web==2.0") && !out.contains("linter"), "{out}");
}

#[test]
fn an_audit_knows_what_asks() {
    let (context, index) = started();
    lock(&context, &index)
        .args(ASKED)
        .args(["-o", "pylock.toml"])
        .run()
        .exits(0);
    context.write_advisories("advisories", &[Advisory::new("PYSEC-2024-1", "runner")]);
    let audit = |options: &[&str]| {
        context
            .lockgate(&["audit", "pylock.toml", "--advisories", "advisories"])
            .args(options)
            .run()
    };
    audit(&[]).exits(1);
    audit(&["--no-group", "test"]).exits(0);
    let only = audit(&["--only-group", "test"]);
    only.exits(1);
    assert!(only.stdout.contains("runner"), "{}", only.stdout);
}

#[test]
fn other_programs_install_what_is_asked_for() {
    let Some(peers) = std::env::var_os("LOCKGATE_PEERS").map(PathBuf::from) else {
        return;
    };
    let (context, index) = started();
    universal(&context, &index)
        .args(ASKED)
        .args(["-o", "pylock.toml"])
        .run()
        .exits(0);
    context.write(
        "validate.py",
        r"import sys, tomllib
from packaging.pylock import Pylock
lock = Pylock.from_dict(tomllib.load(open('pylock.toml', 'rb')))
lock.validate()
def chosen(**asked):
    return sorted(package.name for package, _ in lock.select(**asked))
linux = sys.platform != 'win32'
assert linux
assert chosen() == ['tool', 'web'], chosen()
assert chosen(extras=['dev']) == ['both', 'linter', 'shared', 'tool', 'web'], chosen(extras=['dev'])
assert chosen(extras=['all']) == ['both', 'linter', 'shared', 'speed', 'tool', 'web'], chosen(extras=['all'])
assert chosen(dependency_groups=['test']) == ['runner', 'shared', 'tool', 'web'], chosen(dependency_groups=['test'])
",
    );
    context
        .program(peers.join("python"))
        .arg("validate.py")
        .run()
        .exits(0);
    let installed = |folder: &str| -> Vec<String> {
        let entries = std::fs::read_dir(context.path(folder)).expect("it was installed to");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let names = names.map(|name| name.to_string_lossy().into_owned());
        let mut names: Vec<String> = names
            .filter_map(|name| Some(name.strip_suffix(".dist-info")?.to_owned()))
            .collect();
        names.sort();
        names
    };
    let main = ["tool-1.1", "web-2.0"];
    let dev = [
        "both-1.0",
        "linter-1.0",
        "shared-1.0",
        "tool-1.1",
        "web-2.0",
    ];
    let test = ["runner-1.0", "shared-1.0", "tool-1.1", "web-2.0"];
    for (folder, arguments, expected) in [
        ("pip-main", &["-r", "pylock.toml"][..], &main[..]),
        ("pip-dev", &["-r", "pylock.toml[dev]"], &dev),
        ("pip-test", &["--group", "pylock.toml:test"], &test),
    ] {
        context
            .program(peers.join("python"))
            .args(["-m", "pip", "install", "--no-deps", "--target", folder])
            .args(arguments)
            .run()
            .exits(0);
        assert_eq!(installed(folder), expected, "{folder}");
    }
    for (folder, arguments, expected) in [
        ("uv-main", &[][..], &main[..]),
        ("uv-dev", &["--extra", "dev"], &dev),
        ("uv-test", &["--group", "test"], &test),
    ] {
        context
            .program(peers.join("uv"))
            .args(["pip", "sync", "--target", folder, "pylock.toml"])
            .args(arguments)
            .arg("--python")
            .arg(peers.join("python"))
            .arg("--cache-dir")
            .arg(context.path("uv-cache"))
            .run()
            .exits(0);
        assert_eq!(installed(folder), expected, "{folder}");
    }
}
