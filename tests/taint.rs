//! A walk over every place of every source in which a variable may stand, and over every verb and form of output: the value is in none of
//! them. What a lock can repeat it repeats as written, and the rest is refused with file and line.

use std::path::Path;

use lockgate_tests::{
    Advisory, Index, Lockgate, Loopback, Release, Run, TestContext, World, artifact,
};

/// A value that nothing else has in it, with what is made of it where a name is read, and where it has an address.
const RANDOM: Value = Value {
    text: "t0k_3n5ecret",
    traces: &["t0k_3n5ecret", "t0k-3n5ecret", "3n5ecret"],
};
/// One that looks like any word. As a part of names and versions it is none that must be kept.
const WORD: Value = Value {
    text: "correcthorse",
    traces: &["correcthorse"],
};

/// The value of the variables.
#[derive(Debug, Clone, Copy)]
struct Value {
    text: &'static str,
    /// What must not be seen.
    traces: &'static [&'static str],
}

const FORMATS: [&str; 12] = [
    "table",
    "json",
    "pip-audit-json",
    "columns",
    "pip-audit-markdown",
    "sarif",
    "cyclonedx",
    "openvex",
    "markdown",
    "html",
    "github",
    "github-summary",
];

fn world() -> World {
    World::new().with("a", "1.0", &["b"]).with("b", "1.0", &[])
}

/// A project with everything that a source may lead to behind the value.
fn project(Value { text: value, .. }: Value) -> TestContext {
    let context = TestContext::new();
    let wheel = artifact::wheel("charlie", "1.0", &Release::default(), "py3-none-any");
    context.write(&format!("{value}/{}", wheel.filename), wheel.bytes);
    context.write(
        &format!("{value}/proj/pyproject.toml"),
        "[project]\nname = 'delta'\nversion = '1.0'\n",
    );
    context.write(&format!("{value}.in"), "b\n");
    context.write(
        &format!("{value}/more.in"),
        "--find-links .\n-r deeper.in\n",
    );
    context.write(&format!("{value}/deeper.in"), "charlie\n");
    context.write("limits.in", "b<${V}\n");
    context.write("out/.keep", "");
    context.write_advisories(
        "advisories",
        &[Advisory::new("PYSEC-2024-1", "b").between("2.0", "3.0")],
    );
    context
}

fn with_values<'a>(
    run: Lockgate<'a>,
    context: &TestContext,
    Value { text: value, .. }: Value,
) -> Lockgate<'a> {
    let folder = context.path(value);
    let wheel = folder.join("charlie-1.0-py3-none-any.whl");
    run.env("V", value)
        .env("FOLDER", folder)
        .env("WHEEL", wheel)
        .env("BLANK", format!("x {value}"))
        .env("LINES", format!("{value}\nx"))
        .env("LINE", format!("a=={value}"))
        .env("OPTION", format!("--find-links {value}"))
}

#[track_caller]
fn assert_no_trace(what: &str, context: &TestContext, run: &Run, value: Value) {
    for trace in value.traces {
        for (place, text) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
            assert!(
                !text.contains(trace),
                "{what}: {place} holds `{trace}`:\n{text}"
            );
        }
        search(what, &context.path("out"), trace, true);
        search(what, &context.cache(), trace, false);
    }
}

/// Looks at all that was written; the cache holds pages as they are served, and its names nothing.
fn search(what: &str, path: &Path, trace: &str, reads: bool) {
    let Ok(entries) = std::fs::read_dir(path) else {
        return;
    };
    for entry in entries {
        let path = entry.expect("a folder can be listed").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        assert!(
            !name.contains(trace),
            "{what}: the name of {}",
            path.display()
        );
        if path.is_dir() {
            search(what, &path, trace, reads);
        } else if reads {
            let bytes = std::fs::read(&path).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains(trace), "{what}: {}:\n{text}", path.display());
        }
    }
}

struct Walk<'a> {
    context: &'a TestContext,
    index: &'a str,
    value: Value,
}

impl Walk<'_> {
    fn run(&self, what: &str, arguments: &[&str]) -> Run {
        let run = self.context.lockgate(arguments);
        let run = run.args(["--cache-dir"]).arg(self.context.cache());
        let run = run.env("PIP_INDEX_URL", self.index);
        let run = with_values(run, self.context, self.value).run();
        let what = format!("{what}: {arguments:?}");
        assert_no_trace(&what, self.context, &run, self.value);
        run
    }

    fn lock(&self, what: &str, output: &str, more: &[&str]) -> Run {
        let mut arguments = vec!["lock", "requirements.in", "-o", output];
        arguments.extend(["--advisories", "advisories", "--retries", "0"]);
        if !more.contains(&"--universal") {
            arguments.extend(["--python-version", "3.11", "--python-platform", "linux"]);
        }
        arguments.extend(more);
        self.run(what, &arguments)
    }

    /// Every form of an audit.
    fn audit(&self, what: &str, input: &str) {
        let mut arguments = vec!["audit", input, "--advisories", "advisories", "-v"];
        let outputs: Vec<String> = FORMATS
            .iter()
            .map(|format| format!("{format}=out/audit.{format}"))
            .collect();
        for output in &outputs {
            arguments.extend(["--output", output]);
        }
        self.run(what, &arguments);
    }

    /// All that a source without an answer leads to.
    fn refused(&self, what: &str) {
        for (output, more) in [
            ("out/requirements.txt", &["-vvv"][..]),
            (
                "out/requirements.txt",
                &["--json", "--report", "out/report.json"],
            ),
            ("out/pylock.toml", &["--universal", "-v"]),
        ] {
            let run = self.lock(what, output, more);
            run.exits(2);
            assert!(!self.context.exists(output), "{what}: {output}");
        }
        self.audit(what, "requirements.in");
        self.run(
            what,
            &[
                "audit",
                "requirements.in",
                "--resolve",
                "--advisories",
                "advisories",
            ],
        );
    }
}

#[test]
fn a_lock_repeats_what_is_written() {
    let server = Loopback::start(Index::new(world()));
    let index = format!("{}/simple", server.origin());
    for (source, repeated) in [
        ("--trusted-host ${V}\na\n", &["--trusted-host ${V}"][..]),
        ("--find-links ./${V}\ncharlie\n", &["--find-links ../${V}"]),
        ("--find-links=${V}/\ncharlie\n", &["--find-links ../${V}"]),
        ("-f ${FOLDER}\ncharlie\n", &["--find-links ${FOLDER}"]),
        (
            "./${V}/charlie-1.0-py3-none-any.whl\na\n",
            &["./${V}/charlie-1.0-py3-none-any.whl"],
        ),
        ("${WHEEL}\na\n", &["${WHEEL}"]),
        (
            "charlie @ file://${WHEEL}\n",
            &["charlie @ file://${WHEEL}"],
        ),
        ("-e ./${V}/proj\n", &["-e ./${V}/proj"]),
        ("./${V}/proj ; python_version > '3'\n", &["./${V}/proj"]),
        ("-r ${V}.in\na\n", &["#   -r ${V}.in"]),
        ("-c ${V}.in\nb\n", &["-c ${V}.in"]),
        (
            "-r ${V}/more.in\n",
            &["--find-links ../${V}", "# via -r ${V}/deeper.in"],
        ),
        ("a --config-settings=x=${V}\n", &["a==1.0"]),
    ] {
        // The last part of a whole path is no value of a variable, unless it looks like a secret.
        let is_whole_path = source.starts_with("-f ${FOLDER}");
        let values = [RANDOM, WORD]
            .into_iter()
            .take(if is_whole_path { 1 } else { 2 });
        for value in values {
            repeats(source, repeated, value, &index);
        }
    }
}

/// A source with a variable is locked by every form of output, and `repeated` stands in the lock.
fn repeats(source: &str, repeated: &[&str], value: Value, index: &str) {
    let context = project(value);
    context.write("requirements.in", source);
    let walk = Walk {
        context: &context,
        index,
        value,
    };
    let lock = "out/requirements.txt";
    walk.lock(source, lock, &["-vvv"]).exits(0);
    let text = context.read(lock);
    for line in repeated {
        assert!(
            text.contains(line),
            "{source}: `{line}` is missing in\n{text}"
        );
    }
    let report = ["--json", "--diff", "--report", "out/report.json"];
    walk.lock(source, lock, &report).exits(0);
    assert_eq!(context.read(lock), text, "{source}");
    walk.lock(
        source,
        "out/emitted.txt",
        &["--emit-find-links", "--emit-trusted-host"],
    )
    .exits(0);
    walk.lock(source, "out/universal.txt", &["--universal", "-v"]);
    walk.lock(source, "-", &["-v"]).exits(0);
    let check = ["check", lock, "--advisories", "advisories", "-vv"];
    walk.run(source, &check).exits(0);
    walk.audit(source, lock);
    walk.audit(source, "requirements.in");
    // A form without variables holds what is as well without, or there is none.
    let pylock = walk.lock(source, "out/pylock.toml", &["-v"]);
    if !context.exists("out/pylock.toml") {
        pylock.exits(2).mentions(&["${", "help:"]);
    }
    let converted = ["convert", lock, "-o", "out/pylock.converted.toml"];
    walk.run(source, &converted);
}

#[test]
fn what_a_lock_cannot_repeat_is_refused_by_file_and_line() {
    let server = Loopback::start(Index::new(world()));
    let index = format!("{}/simple", server.origin());
    for (source, place) in [
        ("a\n${V}\n", "requirements.in:2"),
        ("a[${V}]\n", "requirements.in:1"),
        ("a>${V}\n", "requirements.in:1"),
        ("a ; sys_platform == '${V}'\n", "requirements.in:1"),
        ("${LINE}\n", "requirements.in:1"),
        ("${OPTION}\na\n", "requirements.in:1"),
        (
            "./${V}/charlie-1.0-py3-none-any.whl[${V}]\n",
            "requirements.in:1",
        ),
        (
            "./${V}/proj ; sys_platform == '${V}'\n",
            "requirements.in:1",
        ),
        ("--only-binary ${V}\na\n", "requirements.in:1"),
        ("--no-binary=a,${V}\na\n", "requirements.in:1"),
        ("a --hash=sha256:${V}\n", "requirements.in:1"),
        ("a\n-c limits.in\n", "limits.in:1"),
        ("./${V}/none-1.0-py3-none-any.whl\n", "requirements.in:1"),
        ("-e ./${V}/none\n", "requirements.in:1"),
        ("-r ./${V}/none.in\n", "requirements.in:1"),
        (
            "a @ http://127.0.0.1:1/${BLANK}/a.zip\n",
            "requirements.in:1",
        ),
        ("http://127.0.0.1:1/${BLANK}/a.zip\n", "requirements.in:1"),
        (
            "a @ http://127.0.0.1:1/a.zip#sha256=${V}\n",
            "requirements.in:1",
        ),
        (
            "a @ http://127.0.0.1:1/a.zip#md5=${V}\n",
            "requirements.in:1",
        ),
        (
            "a @ http://127.0.0.1:1/a.zip#subdirectory=../${V}\n",
            "requirements.in:1",
        ),
        ("a @ git+http://127.0.0.1:1/a@-${V}\n", "requirements.in:1"),
        ("-r ${LINES}.in\n", "requirements.in:1"),
        ("--index-url ${V}://x/simple/\na\n", "requirements.in:1"),
        (
            "--index-url http://127.0.0.1:${V}/simple/\na\n",
            "requirements.in:1",
        ),
        ("--use-feature ${V}\na\n", "requirements.in:1"),
    ] {
        // A word may be a part of names and versions.
        let is_address = source.contains('/') || source.contains("-r ");
        let values = if is_address && !source.contains('[') && !source.contains(" ; ") {
            &[RANDOM, WORD][..]
        } else {
            &[RANDOM]
        };
        for value in values.iter().copied() {
            is_refused(source, place, value, &index);
        }
    }
    let context = project(RANDOM);
    context.write("requirements.in", "a\n");
    let walk = Walk {
        context: &context,
        index: &index,
        value: RANDOM,
    };
    let run = walk.lock(
        "override",
        "out/requirements.txt",
        &["--override", "limits.in"],
    );
    run.exits(2).mentions(&["limits.in:1", "help:"]);
}

/// A source with a variable is refused by every verb that reads it, and nothing is written.
fn is_refused(source: &str, place: &str, value: Value, index: &str) {
    let context = project(value);
    context.write("requirements.in", source);
    let walk = Walk {
        context: &context,
        index,
        value,
    };
    walk.refused(source);
    let run = walk.lock(source, "out/requirements.txt", &[]);
    run.mentions(&[place, "help:"]);
}

#[test]
fn what_is_passed_over_is_told_without_the_value() {
    for value in [RANDOM, WORD] {
        passed_over(value);
    }
}

fn passed_over(value: Value) {
    let server = Loopback::start(Index::new(world()));
    let context = project(value);
    context.write(
        "requirements.in",
        "--find-links ./${V}/none\na ${V}\na - ${V}\na --${V}\n",
    );
    let walk = Walk {
        context: &context,
        index: &format!("{}/simple", server.origin()),
        value,
    };
    for source in [
        "--find-links ./${V}/none\na\n",
        "--find-links a --find-links ${V}\na\n",
        "a - ${V}\n",
    ] {
        context.write("requirements.in", source);
        let run = walk.lock(source, "out/requirements.txt", &["-vv"]);
        run.exits(0).mentions(&["requirements.in:1", "${V}"]);
    }
}

#[test]
fn a_short_value_is_not_told_of_where_it_was_written() {
    let server = Loopback::start(Index::new(world()));
    let index = format!("{}/simple", server.origin());
    let context = TestContext::new();
    let wheel = artifact::wheel("charlie", "1.0", &Release::default(), "py3-none-any");
    context.write(&format!("q/{}", wheel.filename), wheel.bytes);
    context.write("q.in", "b\n");
    context.write_advisories("advisories", &[]);
    context.write(
        "requirements.in",
        "--find-links ./${V}\n-r ${V}.in\n./${V}/charlie-1.0-py3-none-any.whl\na\n",
    );
    let lock = || {
        let run = context
            .lock_bare()
            .args(["--advisories", "advisories", "-v"]);
        run.env("PIP_INDEX_URL", &index).env("V", "q").run()
    };
    let run = lock();
    run.exits(0);
    let text = context.read("requirements.txt");
    for line in [
        "--find-links ${V}\n",
        "\n./${V}/charlie-1.0-py3-none-any.whl",
        "-r ${V}.in\n",
    ] {
        assert!(text.contains(line), "`{line}` is missing in\n{text}");
    }
    assert!(!text.contains("q/") && !text.contains("q.in"), "{text}");
    context.write("requirements.in", "./${V}/none-1.0-py3-none-any.whl\n");
    let run = lock();
    run.exits(2);
    assert!(!run.stderr.contains("q/none"), "{}", run.stderr);
}

#[test]
fn an_index_behind_a_variable_is_asked_and_repeated_by_convert() {
    let server = Loopback::start(Index::new(world()));
    let origin = server.origin();
    for (line, name, value) in [
        ("--index-url ${V}\n", "V", format!("{origin}/simple/")),
        (
            "--index-url http://${V}/simple/\n",
            "V",
            origin.replace("http://", ""),
        ),
    ] {
        let context = TestContext::new();
        context.write_advisories("advisories", &[]);
        context.write("requirements.in", format!("{line}a\n"));
        let lock = context.lock_bare().args(["--advisories", "advisories"]);
        lock.env(name, &value).run().exits(0);
        let text = context.read("requirements.txt");
        assert!(text.contains(line), "{text}");
        let convert = |arguments: &[&str]| {
            let run = context.lockgate(&["convert", "requirements.txt"]);
            let run = run.args(arguments).args(["--retries", "0"]);
            run.env(name, &value)
                .env("PIP_INDEX_URL", format!("{origin}/none/simple"))
                .run()
        };
        convert(&["-o", "other.txt", "--format", "requirements"]).exits(0);
        let other = context.read("other.txt");
        assert!(other.contains(line), "{other}");
        let run = convert(&["-o", "pylock.toml"]);
        // Files lie on the same host: a form without variables may not name it where it is one.
        if line.contains("://${") {
            run.exits(2).mentions(&["${V}", "help:"]);
            assert!(!context.exists("pylock.toml"));
        } else {
            run.exits(0);
            assert!(context.read("pylock.toml").contains("name = \"a\""));
        }
    }
}

#[test]
fn a_query_that_no_source_has_stays_out_of_the_lock() {
    let server = Loopback::start(Index::new(world()));
    let index = format!("{}/simple?key={}", server.origin(), RANDOM.text);
    let links = format!("{}/simple/a/?key={}", server.origin(), RANDOM.text);
    for (option, emit, url) in [
        ("--index-url", "--emit-index-url", &index),
        ("--extra-index-url", "--emit-index-url", &index),
        ("--find-links", "--emit-find-links", &links),
    ] {
        for is_set_up in [false, true] {
            let context = project(RANDOM);
            context.write("requirements.in", "a\n");
            let lock = |more: &[&str]| {
                let run = context.lockgate(&["lock", "requirements.in", "--retries", "0", "-v"]);
                let run = run.args(["--python-version", "3.11", "--python-platform", "linux"]);
                let run = run.args(["--advisories", "advisories"]).args(more);
                let run = run.env("PIP_INDEX_URL", format!("{}/simple", server.origin()));
                let variable = format!("PIP_{}", option.trim_start_matches('-').replace('-', "_"));
                let run = if is_set_up {
                    run.env(&variable.to_uppercase(), url)
                } else {
                    run.args([option, url])
                };
                let run = run.run();
                assert_no_trace(&format!("{option} {more:?}"), &context, &run, RANDOM);
                run
            };
            let run = lock(&["-o", "out/requirements.txt", "--diff", emit]);
            run.exits(2).mentions(&[emit, "help:"]);
            assert!(!context.exists("out/requirements.txt"));
            lock(&["-o", "out/pylock.toml"]).exits(0);
            lock(&["-o", "out/requirements.txt", "--diff"]).exits(0);
        }
    }
}
