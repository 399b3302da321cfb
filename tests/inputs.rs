//! Sources that cannot be used, kind by kind: one message with file and line, what to do about it, and the old lock as it was.

use lockgate_tests::{Run, TestContext};

/// A lock from before, which no failure may touch.
const OLD: &str = "# kept by hand\nweb==0.9\n";

type File<'a> = (&'a str, &'a [u8]);

/// What, the files, the arguments, and what is said.
type Case<'a> = (&'a str, &'a [File<'a>], &'a [&'a str], &'a [&'a str]);

/// `lockgate lock ARGUMENTS… -o requirements.txt`. No index is asked: what is wrong is found before.
fn locked(context: &TestContext, arguments: &[&str]) -> Run {
    context
        .lockgate(&["lock", "-o", "requirements.txt"])
        .args([
            "--index-url",
            "http://127.0.0.1:9/simple",
            "--no-advisories",
        ])
        .args(["--no-cache", "--retries", "0"])
        .args(["--python-version", "3.11", "--python-platform", "linux"])
        .args(arguments)
        .run()
}

#[track_caller]
fn are_refused(cases: &[Case<'_>]) {
    for (what, files, arguments, mentions) in cases {
        let context = TestContext::new();
        context.write("requirements.txt", OLD);
        for (name, bytes) in *files {
            context.write(name, bytes);
        }
        let run = locked(&context, arguments);
        assert_eq!(run.code, 2, "{what}: {}", run.stderr);
        run.mentions(mentions);
        assert!(
            run.stderr.contains("help:"),
            "{what}: no remedy in:\n{}",
            run.stderr
        );
        assert_eq!(
            run.stderr.matches("error:").count(),
            1,
            "{what}: {}",
            run.stderr
        );
        assert_eq!(
            context.read("requirements.txt"),
            OLD,
            "{what}: the old lock was touched"
        );
        assert!(run.stdout.is_empty(), "{what}: {}", run.stdout);
    }
}

const PROJECT: &[u8] = b"[project]\nname = 'x'\n[project.optional-dependencies]\ntest = []\n[dependency-groups]\ndev = []\n";

#[test]
fn what_is_no_text_is_refused_whatever_it_is_called() {
    for name in ["pyproject.toml", "setup.cfg", "tool.py"] {
        for (what, bytes, says) in [
            (
                "a binary file",
                b"PK\x03\x04\0\0".as_slice(),
                "it is a binary file",
            ),
            ("UTF-16", b"\xff\xfe[\0".as_slice(), "UTF-16"),
            ("Latin-1", b"# a\n# caf\xe9\n".as_slice(), "not UTF-8"),
        ] {
            are_refused(&[(what, &[(name, bytes)], &[name], &[name, says])]);
        }
    }
    for name in ["pyproject.toml", "setup.cfg", "tool.py", "setup.py", "a.in"] {
        let says = [name, "no such file", "check the path"];
        are_refused(&[("a missing file", &[], &[name], &says)]);
    }
}

#[test]
fn what_is_no_source_is_refused() {
    are_refused(&[
        (
            "an empty project",
            &[("pyproject.toml", b"")],
            &["pyproject.toml"],
            &["no `[project]`", "requirements file"],
        ),
        (
            "an empty setup.cfg",
            &[("setup.cfg", b"")],
            &["setup.cfg"],
            &["neither `install_requires`"],
        ),
        (
            "an empty script",
            &[("a.py", b"")],
            &["a.py"],
            &["no `# /// script` block", "PEP 723"],
        ),
        (
            "a folder",
            &[("app/pyproject.toml", b"")],
            &["app"],
            &["it is a folder"],
        ),
        (
            "a folder that is called like a project",
            &[("x.toml/a", b"")],
            &["x.toml"],
            &["it is a folder"],
        ),
        (
            "a program",
            &[("setup.py", b"setup()")],
            &["setup.py"],
            &["it is a program", "runs no package code"],
        ),
        (
            "a lock of nothing",
            &[("pylock.toml", b"")],
            &["pylock.toml"],
            &["`lock-version` is missing"],
        ),
        (
            "another tool's lock",
            &[("uv.lock", b"")],
            &["uv.lock"],
            &["the lock of another tool"],
        ),
        (
            "Pipenv's manifest",
            &[("Pipfile", b"")],
            &["Pipfile"],
            &["Pipenv"],
        ),
    ]);
}

#[test]
fn wrong_projects_are_refused_with_their_line() {
    are_refused(&[
        ("no TOML", &[("pyproject.toml", b"[project]\nname\n")], &["pyproject.toml"], &["pyproject.toml:2"]),
        ("a duplicate key", &[("pyproject.toml", b"[project]\nname = 'x'\nname = 'y'\n")], &["pyproject.toml"], &["pyproject.toml:3", "duplicate key"]),
        ("a wrong type", &[("pyproject.toml", b"[project]\nname = 'x'\ndependencies = { a = 1 }\n")], &["pyproject.toml"], &["pyproject.toml:3", "a sequence"]),
        ("a wrong type within", &[("pyproject.toml", b"[project]\nname = 'x'\ndependencies = [\n'a',\n1]\n")], &["pyproject.toml"], &["pyproject.toml:5", "a string"]),
        ("no name", &[("pyproject.toml", b"[project]\ndependencies = []\n")], &["pyproject.toml"], &["pyproject.toml:1", "`name`"]),
        ("a malformed requirement", &[("pyproject.toml", b"[project]\nname = 'x'\ndependencies = ['a b']\n")], &["pyproject.toml"], &["pyproject.toml:3", "`a b`"]),
        (
            "a malformed requirement in an extra that nobody asked for",
            &[("pyproject.toml", b"[project]\nname = 'x'\n[project.optional-dependencies]\nb = ['a>>1']\n")],
            &["pyproject.toml"],
            &["pyproject.toml:4", "`a>>1`"],
        ),
        ("two extras of one name", &[("pyproject.toml", b"[project]\nname = 'x'\n[project.optional-dependencies]\na_b = []\nA-b = []\n")], &["pyproject.toml"], &["pyproject.toml:5", "there twice"]),
        ("a misspelled key", &[("pyproject.toml", b"[project]\nname = 'x'\nrequire-python = '>=3'\n")], &["pyproject.toml"], &["pyproject.toml:3", "is `requires-python` meant?"]),
        ("an unknown extra", &[("pyproject.toml", PROJECT)], &["pyproject.toml", "--extra", "tset"], &["no extra `tset`; it has test", "is `test` meant?"]),
        ("an extra without a project", &[("a.in", b"")], &["a.in", "--extra", "x"], &["no source is a `pyproject.toml`"]),
        ("a dynamic field", &[("pyproject.toml", b"[project]\nname = 'x'\ndynamic = ['dependencies']\n")], &["pyproject.toml"], &["pyproject.toml:3", "`dependencies` is dynamic"]),
        (
            "a dynamic field's missing file",
            &[("pyproject.toml", b"[project]\nname = 'x'\ndynamic = ['dependencies']\n[tool.setuptools.dynamic]\ndependencies = { file = 'a.in' }\n")],
            &["pyproject.toml"],
            &["pyproject.toml:5", "a.in", "no such file"],
        ),
        (
            "a dynamic field's malformed file",
            &[
                ("pyproject.toml", b"[project]\nname = 'x'\ndynamic = ['dependencies']\n[tool.setuptools.dynamic]\ndependencies = { file = 'a.in' }\n"),
                ("a.in", b"b\n-r c.in\n"),
            ],
            &["pyproject.toml"],
            &["a.in:2", "no options"],
        ),
        ("a Poetry project", &[("pyproject.toml", b"[tool.poetry.dependencies]\nweb = '^1'\n")], &["pyproject.toml"], &["no `[project]`", "Poetry 2"]),
    ]);
}

#[test]
fn wrong_groups_are_refused_with_their_line() {
    are_refused(&[
        ("an unknown group", &[("pyproject.toml", PROJECT)], &["--group", "dve"], &["no dependency group `dve`; it has dev", "is `dev` meant?"]),
        ("no groups", &[("pyproject.toml", b"[project]\nname = 'x'\n")], &["--group", "dev"], &["no dependency group `dev`; it has none"]),
        ("no file for groups", &[], &["--group", "dev"], &["pyproject.toml", "no such file", "`--group` looks for groups there"]),
        ("a group of a folder", &[("app/pyproject.toml", PROJECT)], &["--group", "app:dev"], &["does not end in `pyproject.toml`"]),
        (
            "a circle",
            &[("pyproject.toml", b"[dependency-groups]\na = [{ include-group = 'b' }]\nb = [{ include-group = 'a' }]\n")],
            &["--group", "a"],
            &["pyproject.toml:3", "circle: a → b → a"],
        ),
        ("an unknown include", &[("pyproject.toml", b"[dependency-groups]\na = [{ include-group = 'b' }]\n")], &["--group", "a"], &["pyproject.toml:2", "no dependency group `b`"]),
        ("a wrong type", &[("pyproject.toml", b"[dependency-groups]\na = [\n{ b = 1 }]\n")], &["--group", "a"], &["pyproject.toml:3", "include-group"]),
        ("two groups of one name", &[("pyproject.toml", b"[dependency-groups]\na_b = []\n'A.B' = []\n")], &["--group", "a-b"], &["pyproject.toml:3", "there twice"]),
        ("a malformed requirement", &[("pyproject.toml", b"[dependency-groups]\na = ['b==']\n")], &["--group", "a"], &["pyproject.toml:2", "`b==`"]),
    ]);
}

#[test]
fn wrong_setup_cfgs_and_scripts_are_refused_with_their_line() {
    are_refused(&[
        (
            "no section",
            &[("setup.cfg", b"a = 1\n")],
            &["setup.cfg"],
            &["setup.cfg:1", "section"],
        ),
        (
            "a duplicate option",
            &[("setup.cfg", b"[options]\na = 1\na = 2\n")],
            &["setup.cfg"],
            &["setup.cfg:3", "twice"],
        ),
        (
            "a malformed requirement",
            &[("setup.cfg", b"[options]\ninstall_requires =\n  a\n  b==\n")],
            &["setup.cfg"],
            &["setup.cfg:4", "`b==`"],
        ),
        (
            "a misspelled option",
            &[("setup.cfg", b"[options]\ninstall-requires = a\n")],
            &["setup.cfg"],
            &["setup.cfg:2", "write `install_requires`"],
        ),
        (
            "a program that decides",
            &[
                ("setup.cfg", b"[options]\ninstall_requires = a\n"),
                ("setup.py", b"setup(install_requires=x)"),
            ],
            &["setup.cfg"],
            &["`setup.py` beside it"],
        ),
        (
            "an unknown extra",
            &[("setup.cfg", b"[options.extras_require]\ntest = a\n")],
            &["setup.cfg", "--extra", "tests"],
            &["no extra `tests`; it has test", "is `test` meant?"],
        ),
        (
            "an open block",
            &[("a.py", b"\n# /// script\n# dependencies = []\n")],
            &["a.py"],
            &["a.py:2", "does not end"],
        ),
        (
            "two blocks",
            &[(
                "a.py",
                b"# /// script\n# a = 1\n# ///\n\n# /// script\n# a = 1\n# ///\n",
            )],
            &["a.py"],
            &["a.py:5", "second"],
        ),
        (
            "no TOML in a block",
            &[("a.py", b"# /// script\n# dependencies = 1 2\n# ///\n")],
            &["a.py"],
            &["a.py:2"],
        ),
        (
            "a wrong type in a block",
            &[("a.py", b"# /// script\n# dependencies = 'a'\n# ///\n")],
            &["a.py"],
            &["a.py:2", "sequence"],
        ),
        (
            "a misspelled key in a block",
            &[("a.py", b"# /// script\n# dependency = ['a']\n# ///\n")],
            &["a.py"],
            &["a.py:2", "no key `dependency`"],
        ),
        (
            "a malformed requirement in a block",
            &[("a.py", b"# /// script\n# dependencies = ['a==']\n# ///\n")],
            &["a.py"],
            &["a.py:2", "`a==`"],
        ),
    ]);
}

#[test]
fn a_lock_that_no_name_follows_for_must_be_named() {
    let context = TestContext::new();
    context.write("pyproject.toml", PROJECT);
    let run = context.lockgate(&["lock", "--group", "dev"]).run();
    run.exits(2)
        .mentions(&["need the lock to be named", "-o requirements-dev.txt"]);
    assert!(!context.exists("requirements.txt"));
    let run = context
        .lockgate(&[
            "lock",
            "--group",
            "pyproject.toml:dev",
            "-o",
            "pyproject.toml",
        ])
        .run();
    run.exits(2).mentions(&["both a source and the lock"]);
    assert_eq!(context.read("pyproject.toml").as_bytes(), PROJECT);
}

#[test]
fn requirement_files_that_are_none_are_refused() {
    are_refused(&[
        (
            "a binary file",
            &[("a.in", b"PK\x03\x04\0\0")],
            &["a.in"],
            &["a.in", "it is a binary file"],
        ),
        (
            "a binary file of constraints",
            &[("a.in", b""), ("c.txt", b"PK\x03\x04\0\0")],
            &["a.in", "-c", "c.txt"],
            &["c.txt", "it is a binary file"],
        ),
        (
            "a missing file of constraints",
            &[("a.in", b"")],
            &["a.in", "-c", "c.txt"],
            &["c.txt", "no such file"],
        ),
    ]);
}

#[test]
fn one_endless_line_is_no_requirement() {
    let line = vec![b'a'; 5_000_000];
    let says = ["a.in:1", "5000000 characters"];
    are_refused(&[("one endless line", &[("a.in", &line)], &["a.in"], &says)]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_source_without_end_is_refused() {
    are_refused(&[(
        "a device without end",
        &[],
        &["/dev/zero"],
        &["/dev/zero", "a device, not a regular file"],
    )]);
}

#[test]
fn an_empty_requirements_file_asks_for_nothing() {
    let context = TestContext::new();
    context.write("requirements.txt", OLD);
    context.write("a.in", "");
    locked(&context, &["a.in"]).exits(0);
    assert!(context.read("requirements.txt").contains(" a.in"));
}

/// Megabytes of each kind, with a mistake in the last line: found, with its line, before the time limit of every run here.
#[test]
fn large_sources_are_read_to_their_end() {
    const COUNT: usize = 30_000;
    let list = |head: &str, before: &str, after: &str, tail: &str| {
        let line =
            |number| format!("{before}package-{number}>=1.0,<2.0 ; os_name == 'nt'{after}\n");
        let lines: String = (0..COUNT).map(line).collect();
        format!("{head}{lines}{tail}")
    };
    for (name, text, line) in [
        ("a.in", list("", "", "", "b==\n"), COUNT + 1),
        (
            "pyproject.toml",
            list(
                "[project]\nname = 'x'\ndependencies = [\n",
                "\"",
                "\",",
                "'b==']\n",
            ),
            COUNT + 4,
        ),
        (
            "setup.cfg",
            list("[options]\ninstall_requires =\n", " ", "", " b==\n"),
            COUNT + 3,
        ),
        (
            "a.py",
            list(
                "# /// script\n# dependencies = [\n",
                "# \"",
                "\",",
                "# 'b==']\n# ///\n",
            ),
            COUNT + 3,
        ),
    ] {
        let said = format!("{name}:{line}: `b==`");
        let context = TestContext::new();
        context.write("requirements.txt", OLD);
        context.write(name, text);
        locked(&context, &[name]).exits(2).mentions(&[&said]);
        assert_eq!(context.read("requirements.txt"), OLD);
    }
}
