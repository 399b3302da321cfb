//! The values of `${VAR}` in sources stay where they are: in no output, no log, no report, no lock and no name of the cache. A lock repeats
//! what its source has.

use std::path::Path;

use lockgate_tests::{
    Answer, Fault, Guarded, Incoming, Index, Lockgate, Loopback, Run, Site, TestContext, World,
};

/// The value as it is set, and as servers see it.
const TOKENS: [(&str, &str); 2] = [
    ("t0k3n5ecret", "t0k3n5ecret"),
    ("t0k%2F3n+5ecret~", "t0k/3n+5ecret~"),
];
/// Enough of each to know it by, however the rest is encoded.
const TRACES: [&str; 3] = ["t0k3n5ecret", "t0k%", "3n+5ecret"];

/// A site all of whose paths begin with a secret. What it does not know it repeats.
struct Behind<S> {
    site: S,
    secret: String,
}

impl<S: Site> Site for Behind<S> {
    fn answer(&self, request: &Incoming) -> Answer {
        assert!(
            request.headers.get("referer").is_none(),
            "a secret address is sent on"
        );
        let path = request.path.strip_prefix(&format!("/{}", self.secret));
        let Some(path) = path.filter(|path| path.starts_with('/')) else {
            return Answer {
                status: 404,
                ..Answer::ok("text/plain", format!("nothing at {}", request.path))
            };
        };
        if path == "/more.in" {
            return Answer::ok("text/plain", "b\n");
        }
        if let Some(rest) = path.strip_prefix("/moved") {
            let to = format!(
                "{}/{}{rest}",
                request.origin,
                self.secret.replace('/', "%2F")
            );
            return Answer::redirect(302, &to);
        }
        self.site.answer(&Incoming {
            path: path.to_owned(),
            ..request.clone()
        })
    }
}

fn world() -> World {
    World::new().with("a", "1.0", &["b"]).with("b", "1.0", &[])
}

fn behind(secret: &str) -> Loopback<Behind<Index>> {
    Loopback::start(Behind {
        site: Index::new(world()),
        secret: secret.to_owned(),
    })
}

#[track_caller]
fn assert_no_trace(what: &str, context: &TestContext, run: &Run) {
    for trace in TRACES {
        for (place, text) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
            assert!(
                !text.contains(trace),
                "{what}: {place} holds `{trace}`:\n{text}"
            );
        }
        search(what, &context.path("."), trace.as_bytes(), true);
        // A page is kept as the index serves it; its user alone reads it.
        search(what, &context.cache(), trace.as_bytes(), false);
    }
}

fn search(what: &str, path: &Path, trace: &[u8], reads: bool) {
    let Ok(entries) = std::fs::read_dir(path) else {
        return;
    };
    for entry in entries {
        let path = entry.expect("a folder can be listed").path();
        let holds = |bytes: &[u8]| bytes.windows(trace.len()).any(|part| part == trace);
        let name = path
            .file_name()
            .unwrap_or_default()
            .as_encoded_bytes()
            .to_owned();
        assert!(!holds(&name), "{what}: the name of {}", path.display());
        if path.is_dir() {
            search(what, &path, trace, reads);
        } else if reads {
            let bytes = std::fs::read(&path).unwrap_or_default();
            assert!(!holds(&bytes), "{what}: {}", path.display());
        }
    }
}

/// Runs every verb on a source, as loud as it gets.
fn everything(
    what: &str,
    context: &TestContext,
    source: &str,
    with: impl Fn(Lockgate<'_>) -> Lockgate<'_>,
) {
    context.write("requirements.in", source);
    context.write_advisories("advisories", &[]);
    let lock = |more: &[&str]| {
        let run = context.lockgate(&["lock", "requirements.in"]).args(more);
        let run = run.args([
            "--python-version",
            "3.11",
            "--python-platform",
            "linux",
            "--retries",
            "0",
        ]);
        let run = run.args(["--advisories", "advisories", "--report", "report.json"]);
        with(run.arg("--cache-dir").arg(context.cache()))
    };
    for more in [
        &["-o", "requirements.txt", "-vvv"][..],
        &["-o", "requirements.txt", "--json", "--no-cache"],
        &[
            "-o",
            "requirements.txt",
            "-U",
            "--emit-index-url",
            "--emit-find-links",
            "--diff",
        ],
        &["-o", "-", "-v", "--emit-index-url"],
        &["-o", "pylock.toml", "-v"],
        &[
            "-o",
            "other.txt",
            "--index-strategy",
            "unsafe-best-match",
            "-v",
        ],
    ] {
        assert_no_trace(
            &format!("{what}: lock {more:?}"),
            context,
            &lock(more).run(),
        );
    }
    for arguments in [
        &["check", "requirements.txt", "-vvv"][..],
        &["check", "pylock.toml", "--json"],
        &["audit", "requirements.in", "-v"],
        &["audit", "requirements.in", "--resolve", "--json"],
        &[
            "convert",
            "requirements.txt",
            "-o",
            "converted.pylock.toml",
            "--format",
            "pylock",
        ],
    ] {
        let run = context.lockgate(arguments).args(["--retries", "0"]);
        let run = if arguments[0] == "convert" {
            run
        } else {
            run.args(["--advisories", "advisories"])
        };
        let run = with(run.arg("--cache-dir").arg(context.cache())).run();
        assert_no_trace(&format!("{what}: {arguments:?}"), context, &run);
    }
}

#[test]
fn in_every_place_of_every_source() {
    for (token, seen) in TOKENS {
        let site = behind(seen);
        let (origin, host) = (site.origin(), site.origin().replace("http://", ""));
        let sources = [
            format!("--index-url {origin}/${{TOKEN}}/simple\na\n"),
            format!("--index-url={origin}/${{TOKEN}}/moved/simple\na\n"),
            format!("--index-url http://${{TOKEN}}@{host}/${{TOKEN}}/simple\na\n"),
            format!("--index-url http://joe:${{TOKEN}}@{host}/simple?k=${{TOKEN}}#${{TOKEN}}\na\n"),
            format!(
                "--index-url {origin}/${{TOKEN}}/simple\n--extra-index-url {origin}/x/${{TOKEN}}?a=${{TOKEN}}\na\n"
            ),
            format!(
                "--index-url {origin}/${{TOKEN}}/simple\n-f {origin}/${{TOKEN}}/links?token=${{TOKEN}}\na\n"
            ),
            format!(
                "--no-index\n--find-links {origin}/${{TOKEN}}/simple/a/\n--find-links {origin}/${{TOKEN}}/simple/b/\na\n"
            ),
            format!(
                "--index-url {origin}/${{TOKEN}}/simple\na @ {origin}/${{TOKEN}}/files/a-1.0-py3-none-any.whl\n"
            ),
            format!(
                "--index-url {origin}/${{TOKEN}}/simple\n{origin}/${{TOKEN}}/files/a-1.0-py3-none-any.whl?k=${{TOKEN}}#egg=a&${{TOKEN}}\n"
            ),
            format!("a @ git+{origin}/${{TOKEN}}/a.git@${{TOKEN}}#subdirectory=${{TOKEN}}\n"),
            format!("-e git+http://joe:${{TOKEN}}@{host}/${{TOKEN}}/a.git#egg=a\n"),
            format!(
                "--index-url {origin}/${{TOKEN}}/simple\n-r {origin}/${{TOKEN}}/more.in\n-c {origin}/${{TOKEN}}/more.in\na\n"
            ),
            format!("-r {origin}/x/${{TOKEN}}/more.in\n"),
            "--index-url ftp://${TOKEN}/${TOKEN}\na\n".to_owned(),
            "a --hash=sha256:${TOKEN}\n".to_owned(),
            "--trusted-host ${TOKEN}:x\n--${TOKEN}\na\n".to_owned(),
            "a ; ${TOKEN}\n".to_owned(),
        ];
        // What differs by the encoding is in the first half of them.
        let count = if token == TOKENS[0].0 {
            sources.len()
        } else {
            9
        };
        for source in sources.iter().take(count) {
            let context = TestContext::new();
            everything(source, &context, source, |run| {
                // A default index that is there and knows nothing.
                run.env("TOKEN", token)
                    .env("PIP_INDEX_URL", format!("{origin}/none/simple"))
            });
        }
        assert!(
            site.log().iter().any(|request| request.path.contains(seen)),
            "it was never asked with the value"
        );
    }
}

#[test]
fn in_a_variable_that_holds_more_than_a_part() {
    let (token, _) = TOKENS[0];
    let site = behind(token);
    let (origin, host) = (site.origin(), site.origin().replace("http://", ""));
    let guarded = Loopback::start(Guarded::new(Index::new(world()), "joe", token));
    let guarded_host = guarded.origin().replace("http://", "");
    for (source, name, value) in [
        (
            "-i ${INDEX}\na\n",
            "INDEX",
            format!("{origin}/{token}/simple"),
        ),
        (
            "-i ${INDEX}\na\n",
            "INDEX",
            format!("http://joe:{token}@{guarded_host}/simple"),
        ),
        (
            "-i http://${REST}/simple\na\n",
            "REST",
            format!("joe:{token}@{guarded_host}"),
        ),
        (
            "-i http://${REST}/simple\na\n",
            "REST",
            format!("{host}/{token}"),
        ),
        (
            "a @ ${FILE}\n",
            "FILE",
            format!("{origin}/{token}/files/a-1.0-py3-none-any.whl"),
        ),
        (
            "${LINE}\n",
            "LINE",
            format!("a @ {origin}/{token}/files/a-1.0-py3-none-any.whl"),
        ),
    ] {
        let context = TestContext::new();
        everything(&format!("{source} {value}"), &context, source, |run| {
            run.env(name, &value)
                .env("PIP_INDEX_URL", format!("{origin}/none/simple"))
        });
    }
}

#[test]
fn when_things_go_wrong() {
    let (token, seen) = TOKENS[1];
    let site = behind(seen);
    let source = format!("--index-url {}/${{TOKEN}}/simple\na\n", site.origin());
    for fault in [
        Fault::Status(401),
        Fault::Status(403),
        Fault::Status(500),
        Fault::Truncated,
        Fault::BrokenOff,
        Fault::ContentType("image/png"),
        Fault::Content("<html>Sign in</html>".into()),
    ] {
        for path in [format!("/{seen}/simple/a/"), format!("/{seen}/files/*")] {
            site.fault(&path, fault.clone());
            let context = TestContext::new();
            everything(&format!("{fault:?}"), &context, &source, |run| {
                run.env("TOKEN", token)
            });
            site.mend();
        }
    }
}

#[test]
fn a_lock_repeats_what_is_written_and_is_up_to_date() {
    let (token, seen) = TOKENS[1];
    let site = behind(seen);
    let origin = site.origin();
    let written = format!("{origin}/${{TOKEN}}/simple");
    let file = format!("{origin}/${{TOKEN}}/files/a-1.0-py3-none-any.whl");
    let context = TestContext::new();
    context.write_advisories("advisories", &[]);
    context.write(
        "requirements.in",
        format!("--index-url {written}\n-r {origin}/${{TOKEN}}/more.in\na @ {file}\n"),
    );
    let lock = || {
        context
            .lock_bare()
            .args(["--advisories", "advisories", "--trusted-host", "127.0.0.1"])
            .env("TOKEN", token)
    };
    lock().run().exits(0);
    let text = context.read("requirements.txt");
    for line in [
        format!("--index-url {written}\n"),
        format!("\na @ {file} \\\n    --hash=sha256:"),
        format!("-r {origin}/${{TOKEN}}/more.in\n"),
    ] {
        assert!(text.contains(&line), "`{line}` is missing in\n{text}");
    }
    lock().run().exits(0);
    assert_eq!(context.read("requirements.txt"), text);
    let check = context.lockgate(&[
        "check",
        "--advisories",
        "advisories",
        "--trusted-host",
        "127.0.0.1",
    ]);
    // A host that the caller names.
    let check = check.env("PIP_INDEX_URL", format!("{origin}/none/simple"));
    check.env("TOKEN", token).run().exits(0);
    // A `pylock.toml` has no variables: what cannot work without the value is refused, by its line.
    let pylock = context
        .lockgate(&["lock", "requirements.in", "-o", "pylock.toml"])
        .args(["--python-version", "3.11", "--python-platform", "linux"])
        .args(["--advisories", "advisories", "--trusted-host", "127.0.0.1"])
        .env("TOKEN", token)
        .run();
    assert!(!context.exists("pylock.toml"));
    pylock
        .exits(2)
        .mentions(&["requirements.in:", "${TOKEN}", "help:", "netrc"]);
    assert_eq!(context.read("requirements.txt"), text);
}

#[test]
fn a_value_that_is_everywhere_spoils_nothing() {
    let site = behind("a");
    let origin = site.origin();
    let context = TestContext::new();
    context.write_advisories("advisories", &[]);
    context.write(
        "requirements.in",
        format!("--index-url {origin}/${{T}}/simple\na\n"),
    );
    let lock = |report: &str| {
        let run =
            context
                .lock_bare()
                .args(["--advisories", "advisories", "--report", report, "-v"]);
        run.env("T", "a").run()
    };
    let run = lock("report.json");
    run.exits(0).mentions(&[
        "index: http://127.0.0.1:[PORT]/${T}/simple",
        "Locked 2 packages",
    ]);
    let text = context.read("requirements.txt");
    assert!(
        text.contains("\na==1.0 \\\n") && text.contains("    # via a\n"),
        "{text}"
    );
    let report: serde_json::Value = serde_json::from_str(&context.read("report.json")).unwrap();
    assert_eq!(report["status"], "locked");
    // pip replaces neither of these, and no secret is in them.
    context.write(
        "requirements.in",
        format!("--index-url {origin}/$T/%T%/${{t}}/simple\na\n"),
    );
    let run = lock("report.json");
    assert!(run.stderr.contains("/$T/%T%/${t}/simple"), "{}", run.stderr);
}

#[test]
fn of_queries_that_are_written_in_clear() {
    let site = behind("files");
    let context = TestContext::new();
    context.write_advisories("advisories", &[]);
    context.write("requirements.in", "a\n");
    let links = format!("{}/files/simple/a/?sig=t0k3n5ecret", site.origin());
    for more in [
        &["--find-links", &links][..],
        &["--extra-index-url", &links],
        &["--advisories", &links],
    ] {
        let run = context.lock_bare().args([
            "--index-url",
            &format!("{}/files/simple", site.origin()),
            "-vvv",
        ]);
        let run = run.args(["--retries", "0", "--report", "report.json"]);
        let run = if more[0] == "--advisories" {
            run
        } else {
            run.args(["--advisories", "advisories"])
        };
        let run = run.args(more).run();
        assert!(
            !run.stderr.contains("t0k3n5ecret"),
            "{more:?}:\n{}",
            run.stderr
        );
        for file in ["requirements.txt", "report.json"] {
            assert!(
                !context.exists(file) || !context.read(file).contains("t0k3n5ecret"),
                "{more:?}: {file}"
            );
        }
    }
}
