//! Every kind of source, end to end: what is locked, what the lock is called and says, and that `check` finds its way back.

use lockgate_tests::scenario::pins_of;
use lockgate_tests::{Advisory, Index, Lockgate, Loopback, TestContext, World};

fn index() -> Loopback<Index> {
    Loopback::index(
        World::new()
            .with("web", "2.0", &["markup"])
            .with("markup", "1.1", &[])
            .with("tests", "3.0", &[])
            .with("cover", "4.0", &[])
            .with("extra", "5.0", &[]),
    )
}

const PYPROJECT: &str = "[project]\nname = \"My.App\"\nversion = \"1\"\nrequires-python = \">=3.9\"\ndependencies = [\"web\"]\n[project.optional-dependencies]\nmore = [\"extra\"]\n[dependency-groups]\ntest = [\"tests\", { include-group = \"cov\" }]\ncov = [\"cover\"]\n";

/// `COMMAND ARGUMENTS…` for Python 3.11 on Linux.
fn run<'a>(context: &'a TestContext, index: &Loopback<Index>, arguments: &[&str]) -> Lockgate<'a> {
    context
        .lockgate(arguments)
        .args(["--index-url", &index.index_url(), "--no-advisories"])
        .arg("--cache-dir")
        .arg(context.cache())
        .args(["--python-version", "3.11", "--python-platform", "linux"])
}

#[test]
fn every_kind_of_source_has_its_lock() {
    const SCRIPT: &str =
        "# /// script\n# requires-python = \">=3.10\"\n# dependencies = [\"web\"]\n# ///\n";
    const CFG: &str = "[metadata]\nname = app\n[options]\ninstall_requires = web\n[options.extras_require]\nmore = extra\n";
    const DYNAMIC: &str = "[project]\nname = \"lib\"\ndynamic = [\"dependencies\"]\n[tool.setuptools.dynamic]\ndependencies = { file = [\"base.in\"] }\n";
    let index = index();
    let cases: &[(&[&str], &str, &[&str], &str)] = &[
        (
            &["pyproject.toml"],
            "requirements.txt",
            &["markup", "web"],
            "my-app (pyproject.toml)",
        ),
        (
            &[],
            "requirements.txt",
            &["markup", "web"],
            "my-app (pyproject.toml)",
        ),
        (
            &["pyproject.toml", "--extra", "MORE", "--group", "test"],
            "requirements.txt",
            &["cover", "extra", "markup", "tests", "web"],
            "my-app (pyproject.toml:cov)",
        ),
        (
            &["app/setup.cfg", "--all-extras"],
            "app/requirements.txt",
            &["extra", "markup", "web"],
            "app (app/setup.cfg)",
        ),
        (&["tool.py"], "tool.py.txt", &["markup", "web"], "(tool.py)"),
        (
            &["lib/pyproject.toml"],
            "lib/requirements.txt",
            &["markup"],
            "lib (lib/pyproject.toml)",
        ),
        (
            &["--group", "test", "-o", "dev.txt"],
            "dev.txt",
            &["cover", "tests"],
            "my-app (pyproject.toml:test)",
        ),
        (
            &["lib/pyproject.toml", "--group", "pyproject.toml:cov"],
            "lib/requirements.txt",
            &["cover", "markup"],
            "my-app (pyproject.toml:cov)",
        ),
        (
            &[
                "pyproject.toml",
                "app/setup.cfg",
                "tool.py",
                "--extra",
                "more",
                "-o",
                "all.txt",
            ],
            "all.txt",
            &["extra", "markup", "web"],
            "app (app/setup.cfg)",
        ),
    ];
    for (arguments, lock, pins, via) in cases {
        let context = TestContext::new();
        context.write("pyproject.toml", PYPROJECT);
        context.write("tool.py", SCRIPT);
        context.write("app/setup.cfg", CFG);
        context.write("lib/pyproject.toml", DYNAMIC);
        context.write("lib/base.in", "# base\nmarkup\n");
        let command: Vec<&str> = ["lock"]
            .into_iter()
            .chain(arguments.iter().copied())
            .collect();
        run(&context, &index, &command).run().exits(0);
        let text = context.read(lock);
        let names: Vec<String> = pins_of(&text).into_keys().collect();
        assert_eq!(names, *pins, "{arguments:?}");
        assert!(text.contains(via), "{arguments:?}: no `{via}` in:\n{text}");
        run(&context, &index, &command).run().exits(0);
        assert_eq!(
            context.read(lock),
            text,
            "{arguments:?}: not the same bytes"
        );
        run(&context, &index, &["check", lock]).run().exits(0);
    }
}

#[test]
fn check_sees_what_a_group_has_come_to_require() {
    let (index, context) = (index(), TestContext::new());
    context.write("pyproject.toml", PYPROJECT);
    run(
        &context,
        &index,
        &["lock", "--group", "cov", "-o", "cov.txt"],
    )
    .run()
    .exits(0);
    context.write(
        "pyproject.toml",
        PYPROJECT.replace("[\"cover\"]", "[\"cover\", \"extra\"]"),
    );
    run(&context, &index, &["check", "cov.txt"])
        .run()
        .exits(1)
        .mentions(&["`extra` is required and not locked"]);
    run(&context, &index, &["check", "cov.txt", "--group", "test"])
        .run()
        .exits(1)
        .mentions(&["`tests` is required and not locked"]);
}

#[test]
fn who_asks_for_pins_is_a_hint_and_no_source() {
    let (index, context) = (index(), TestContext::new());
    context.write("pyproject.toml", PYPROJECT);
    run(
        &context,
        &index,
        &["lock", "pyproject.toml", "-o", "out.txt"],
    )
    .run()
    .exits(0);
    let text = context.read("out.txt");
    let body: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    context.write("out.txt", body.join("\n") + "\n");
    run(&context, &index, &["check", "out.txt"])
        .run()
        .exits(2)
        .mentions(&["--source FILE", "`pyproject.toml`"]);
    let source = ["check", "out.txt", "--source", "pyproject.toml"];
    run(&context, &index, &source).run().exits(0);
    // The name of a lock says what `lock` would make it from.
    context.write("requirements.txt", context.read("out.txt"));
    run(&context, &index, &["check", "requirements.txt"])
        .run()
        .exits(0);
}

#[test]
fn the_python_of_every_source_must_be_admitted() {
    let (index, context) = (index(), TestContext::new());
    context.write("pyproject.toml", PYPROJECT);
    context.write(
        "tool.py",
        "# /// script\n# requires-python = \">=3.12\"\n# dependencies = []\n# ///\n",
    );
    run(
        &context,
        &index,
        &["lock", "pyproject.toml", "tool.py", "-o", "out.txt"],
    )
    .run()
    .exits(1)
    .mentions(&["tool.py:2 requires Python >=3.12", "3.11"]);
    assert!(!context.exists("out.txt"));
    // A group says nothing of Python: the project's own demand is on the project.
    context.write("pyproject.toml", PYPROJECT.replace(">=3.9", ">=3.12"));
    run(
        &context,
        &index,
        &["lock", "--group", "cov", "-o", "out.txt"],
    )
    .run()
    .exits(0);
}

#[test]
fn the_policy_in_a_script_can_only_make_it_stricter() {
    let (index, context) = (index(), TestContext::new());
    context.write_advisories("advisories", &[Advisory::new("PYSEC-2024-1", "web")]);
    let script = |policy: &str| {
        format!("# /// script\n# dependencies = [\"web\"]\n# [tool.lockgate]\n# {policy}\n# ///\n")
    };
    let lock = || {
        context
            .lockgate(&[
                "lock",
                "tool.py",
                "--index-url",
                &index.index_url(),
                "--no-cache",
            ])
            .args(["--python-version", "3.11", "--python-platform", "linux"])
            .run()
    };
    context.write("lockgate.toml", "advisories = [\"advisories\"]\n");
    context.write("tool.py", script("gate = \"off\""));
    lock()
        .exits(1)
        .mentions(&["PYSEC-2024-1", "gate (tool.py:4) has no effect"]);
    assert!(!context.exists("tool.py.txt"));
    let topmost = "advisories = [\"advisories\"]\ngate = \"warn\"\n";
    context.write("lockgate.toml", topmost);
    lock().exits(0);
    context.write("tool.py", script("gate = \"deny\""));
    lock().exits(1).mentions(&["PYSEC-2024-1"]);
    context.write("tool.py", script("gaet = \"off\""));
    lock().exits(2).mentions(&["tool.py:4", "is `gate` meant?"]);
}

/// A project that a stranger has a package of the same name of.
const OWN: &str = "[project]\nname = \"myapp\"\ndynamic = [\"version\"]\ndependencies = [\"base\"]\n[project.optional-dependencies]\ntest = [\"runner\"]\nall = [\"myapp[test]\"]\n[dependency-groups]\ndev = [\"myapp[test]\", \"plugin\"]\nwhole = [\"MyApp[all] ; python_version >= '3'\"]\nplain = [\"plugin\"]\n";

#[test]
fn the_name_of_a_project_of_the_sources_is_asked_of_no_index() {
    let index = Loopback::index(
        World::new()
            .with("base", "1.0", &[])
            .with("runner", "1.0", &[])
            .with("plugin", "1.0", &["myapp>=1"])
            .with("myapp", "66.6", &["evil"])
            .with("evil", "1.0", &[]),
    );
    for (arguments, pins) in [
        (&["pyproject.toml"][..], "base"),
        (&["pyproject.toml", "--group", "dev"], "base plugin runner"),
        (&["pyproject.toml", "--group", "whole"], "base runner"),
        (&["pyproject.toml", "--extra", "all"], "base runner"),
        (&["pyproject.toml", "more.in"], "base plugin runner"),
        // Without the project: what it requires is required by the group.
        (&["--group", "dev"], "base plugin runner"),
        (&["more.in", "--group", "whole"], "base plugin runner"),
        // A dependency requires it back.
        (&["--group", "plain"], "plugin"),
        (&["pyproject.toml", "--group", "plain"], "base plugin"),
        (
            &["pyproject.toml", "--group", "dev", "--universal"],
            "base plugin runner",
        ),
    ] {
        let context = TestContext::new();
        context.write("pyproject.toml", OWN);
        context.write("more.in", "myapp[test]\nplugin\n");
        let run = context
            .lockgate(&["lock", "-o", "requirements.txt", "--no-advisories"])
            .args([
                "--python-version",
                "3.11",
                "--index-url",
                &index.index_url(),
            ])
            .args(arguments)
            .run();
        run.exits(0).does_not_mention(&["myapp", "excluded"]);
        let text = context.read("requirements.txt");
        let pinned = pins_of(&text);
        let pinned: Vec<&str> = pinned.keys().map(String::as_str).collect();
        assert_eq!(pinned.join(" "), pins, "{arguments:?}: {text}");
        // A lock of a group alone needs `--source`: it leaves out what stands beside it.
        if arguments.contains(&"pyproject.toml") {
            context
                .lockgate(&["check", "requirements.txt", "--no-advisories"])
                .args(["--index-url", &index.index_url()])
                .run()
                .exits(0);
        }
        assert_eq!(index.count("/simple/myapp/"), 0, "{arguments:?}");
    }
}

#[test]
fn an_own_project_that_a_line_names_by_its_folder_is_pinned() {
    let index = Loopback::index(
        World::new()
            .with("base", "1.0", &[])
            .with("runner", "1.0", &[])
            .with("plugin", "1.0", &["myapp"]),
    );
    let context = TestContext::new();
    context.write(
        "pyproject.toml",
        OWN.replace("dynamic = [\"version\"]", "version = \"2.0\""),
    );
    context.write("more.in", "-e .\n");
    context
        .lockgate(&["lock", "pyproject.toml", "more.in", "--group", "dev"])
        .args(["-o", "requirements.txt", "--no-advisories"])
        .args([
            "--python-version",
            "3.11",
            "--index-url",
            &index.index_url(),
        ])
        .run()
        .exits(0);
    let text = context.read("requirements.txt");
    assert!(
        text.contains("-e .\n") && text.contains("# direct: myapp 2.0"),
        "{text}"
    );
    assert!(text.contains("runner==1.0"), "{text}");
    // An extra that it does not have is named where it is asked for.
    context.write("more.in", "myapp[nothing]\n");
    context
        .lockgate(&[
            "lock",
            "pyproject.toml",
            "more.in",
            "-o",
            "requirements.txt",
        ])
        .args(["--no-advisories", "--index-url", &index.index_url()])
        .run()
        .exits(2)
        .mentions(&["more.in:1", "no extra `nothing`"]);
    assert_eq!(index.count("/simple/myapp/"), 0);
}

/// A lock of nothing is checked like any other, and one made with `--directory` from wherever it is named.
#[test]
fn an_empty_lock_and_one_of_another_folder_find_their_sources() {
    let gate = ["--no-config", "--gate", "off", "--no-index"];
    let project = "[project]\nname = 'app'\nversion = '1'\ndependencies = []\n";
    for (file, empty, other, is_named) in [
        ("requirements.in", "# nothing\n", "unknown\n", true),
        ("requirements.in", "# nothing\n", "unknown\n", false),
        ("pyproject.toml", project, "", true),
        ("pyproject.toml", project, "", false),
    ] {
        let context = TestContext::new();
        let file_in_app = format!("app/{file}");
        for output in ["requirements.txt", "pylock.toml"] {
            context.write(&file_in_app, empty);
            context
                .lockgate(&["lock", "--directory", "app", "-o", output])
                .args(is_named.then_some(file))
                .args(gate)
                .run()
                .exits(0)
                .mentions(&["Locked 0 packages"]);
            let in_app = format!("app/{output}");
            let check = |arguments: &[&str]| context.lockgate(arguments).args(gate).run();
            for arguments in [
                &["check", in_app.as_str()][..],
                &["check", "--directory", "app", output],
            ] {
                let run = check(arguments);
                assert_eq!(run.code, 0, "{file} {arguments:?}: {}", run.stderr);
            }
            if !other.is_empty() {
                context.write(&file_in_app, other);
                check(&["check", &in_app]).exits(1);
            }
        }
    }
}
