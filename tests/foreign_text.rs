//! What others wrote is harmless where it is printed: one hostile text in every place that they can write in, over all verbs, with and without
//! colours. It drives no terminal, forges no line, and gives a CI service no command.

use std::sync::atomic::{AtomicUsize, Ordering};

use lockgate_tests::{
    Advisory, Answer, Lockgate, Loopback, Release, Run, StaticSite, TestContext, World, Yank,
};
use serde_json::json;

/// Everything at once: ESC, C1, DEL, BEL, breaks of all kinds, marks of direction, and commands of CI services.
const HOSTILE: &str = "x\u{1b}[31mEVIL\u{1b}]8;;https://evil.test/\u{1b}\\\u{9b}2J\u{7f}\u{7}\u{202e}\u{2066}\u{200f}\u{200b}re\u{200d}q\r\n::error::EVIL\n \u{a0}::add-mask::EVIL\nerror: EVIL\n##[error]EVIL ##vso[x]EVIL\u{2028}::warning::EVIL\u{85}\tend";

/// The same where a break would end what it stands in.
const HOSTILE_LINE: &str =
    "::error::EVIL\u{1b}[31mEVIL\u{9b}2J\u{7f}\u{202e}\u{2066}\u{200f} ##[error]EVIL";

/// What reports may print beside plain text.
const STYLES: [&str; 9] = ["0m", "1m", "2m", "4m", "31m", "32m", "33m", "35m", "36m"];

#[track_caller]
fn assert_harmless(what: &str, text: &str, may_command: bool) {
    assert!(
        !text.contains("\u{1b}[31mEVIL"),
        "{what}: a colour of others in\n{text:?}"
    );
    let mut plain = text.to_owned();
    for style in STYLES {
        plain = plain.replace(&format!("\u{1b}[{style}"), "");
    }
    for line in plain.split('\n') {
        let is_obeyed = |c: char| {
            c.is_control()
                || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert!(
            !line.contains(is_obeyed),
            "{what}: a character that is obeyed in\n{line:?}"
        );
        assert!(
            !line.contains("##[") && !line.contains("##vso["),
            "{what}: a command in\n{line:?}"
        );
        let is_own = may_command
            && ["::error ", "::warning ", "::notice "]
                .iter()
                .any(|start| line.starts_with(start));
        assert!(
            is_own || !line.trim_start().starts_with("::"),
            "{what}: a command:\n{line:?}"
        );
        assert!(
            !line.starts_with("error: EVIL"),
            "{what}: a forged line in\n{text:?}"
        );
    }
}

/// Runs a command, in turn with and without colours, and looks at all that it printed.
#[track_caller]
fn each<'a>(what: &str, command: impl Fn() -> Lockgate<'a>) -> Run {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let colors = ["always", "never"];
    let color = colors[COUNT.fetch_add(1, Ordering::Relaxed) % 2];
    let run = command().args(["--color", color]).run();
    let what = format!("{what}, --color {color}, exit {}", run.code);
    let may_command = what.contains("github,");
    assert_harmless(&format!("{what}, stdout"), &run.stdout, may_command);
    assert_harmless(&format!("{what}, stderr"), &run.stderr, false);
    assert!(
        !run.stderr.contains("internal error"),
        "{what}: {}",
        run.stderr
    );
    let is_colored = [&run.stdout, &run.stderr]
        .iter()
        .any(|text| text.contains('\u{1b}'));
    assert!(color == "always" || !is_colored, "{what}: {run:?}");
    run
}

/// Runs it in both ways.
#[track_caller]
fn both<'a>(what: &str, command: impl Fn() -> Lockgate<'a>) -> Run {
    each(what, &command);
    each(what, &command)
}

fn hostile_record(package: &str) -> String {
    let mut record = Advisory::new(HOSTILE, package).to_value();
    record["aliases"] = json!([HOSTILE, "CVE-2024-1", format!("CVE-2024-2{HOSTILE}")]);
    record["summary"] = json!(HOSTILE);
    record["details"] = json!(format!("{HOSTILE}\n\n{HOSTILE}"));
    record["references"] = json!([
        { "type": "WEB", "url": format!("https://host.test/{HOSTILE}") },
        { "type": HOSTILE, "url": HOSTILE },
    ]);
    record["database_specific"] = json!({ "severity": HOSTILE, "cwe_ids": [HOSTILE] });
    record.to_string()
}

/// An index whose pages hold the text wherever they can.
fn index() -> Loopback<lockgate_tests::Index> {
    let release = |metadata: &str, python: Option<&str>| Release {
        requires_python: python.map(ToOwned::to_owned),
        yanked: Yank::Because(HOSTILE.to_owned()),
        metadata: (!metadata.is_empty()).then(|| metadata.to_owned()),
        ..Release::default()
    };
    let head = |name: &str, version: &str| {
        format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    };
    Loopback::index(
        World::new()
            .with_release("a", "1.0", release("", None))
            .with_release("python", "1.0", release("", Some(HOSTILE)))
            .with_release(
                "requires",
                "1.0",
                release(
                    &format!("{}Requires-Dist: {HOSTILE_LINE}\n", head("requires", "1.0")),
                    None,
                ),
            )
            .with_release(
                "marker",
                "1.0",
                release(
                    &format!(
                        "{}Requires-Dist: a; platform_release == '{HOSTILE_LINE}'\n",
                        head("marker", "1.0")
                    ),
                    None,
                ),
            )
            .with_release(
                "named",
                "1.0",
                release(&head(HOSTILE_LINE, HOSTILE_LINE), None),
            ),
    )
}

#[test]
fn of_an_index() {
    let index = index();
    let context = TestContext::new();
    context.write_advisories("advisories", &[]);
    for name in ["a", "python", "requires", "marker", "named"] {
        for version in ["==1.0", ">=1.0", ""] {
            context.write("requirements.in", format!("{name}{version}\n"));
            for loud in ["-v", "-vvv", "--json", "--diff"] {
                let run = || context.lock(&index).args([loud, "-U"]);
                each(&format!("{name}{version} {loud}"), run);
            }
            if context.exists("requirements.txt") {
                assert_harmless("lock", &context.read("requirements.txt"), false);
            }
            let arguments = ["lock", "requirements.in", "-o", "-", "--no-advisories"];
            let run = || {
                context
                    .lockgate(&arguments)
                    .args(["--index-url", &index.index_url()])
            };
            each(&format!("{name}{version} to standard output"), run);
            let form = || run().args(["--format", "pylock"]);
            each(&format!("{name}{version} as pylock"), form);
        }
    }
    // The reason for a yank is what a person has to see.
    context.write("requirements.in", "a==1.0\n");
    let run = each("yank", || context.lock(&index).arg("-U"));
    run.exits(0).mentions(&["yanked", "EVIL"]);
}

#[test]
fn of_a_status_and_of_pages_and_servers() {
    let page = json!({
        "meta": { "api-version": "1.4" }, "name": HOSTILE, "versions": [HOSTILE, "1.0"],
        "project-status": { "status": "quarantined", "reason": HOSTILE },
        "files": [
            { "filename": HOSTILE, "url": HOSTILE, "hashes": { "sha256": HOSTILE } },
            { "filename": format!("a-1.0-py3-none-any{HOSTILE}.whl"), "url": HOSTILE, "hashes": {} },
            { "filename": "a-1.0-py3-none-any.whl", "url": HOSTILE, "hashes": {}, "yanked": HOSTILE },
        ],
    });
    let reason = |status: u16| Answer {
        status,
        ..Answer::ok("text/plain", HOSTILE)
    };
    let json = "application/vnd.pypi.simple.v1+json";
    let site = StaticSite::default()
        .with("/simple/a/", Answer::ok(json, page.to_string()))
        .with("/simple/b/", Answer::ok(json, HOSTILE))
        .with("/simple/c/", reason(403))
        .with("/simple/d/", reason(500))
        .with(
            "/simple/e/",
            Answer::redirect(302, "ftp://host.test/%1b]0;EVIL%0a::error::EVIL"),
        )
        .with(
            "/links/",
            Answer::ok("text/html", format!("<a href=\"{HOSTILE}\">{HOSTILE}</a>")),
        )
        .with("/v1/querybatch", reason(500))
        .start();
    let context = TestContext::new();
    for name in ["a", "b", "c", "d", "e"] {
        context.write("requirements.in", format!("{name}\n"));
        for loud in ["-v", "-vvv", "--json"] {
            let run = || {
                context
                    .lock_bare()
                    .args([
                        "--index-url",
                        &format!("{}/simple", site.origin()),
                        "--retries",
                        "0",
                        loud,
                    ])
                    .args([
                        "--find-links",
                        &format!("{}/links/", site.origin()),
                        "--no-advisories",
                    ])
            };
            each(&format!("{name} {loud}"), run);
        }
    }
    context.write("requirements.txt", "a==1.0\n");
    let run = || {
        context
            .lockgate(&[
                "audit",
                "requirements.txt",
                "--retries",
                "0",
                "--advisories",
                &site.origin(),
            ])
            .args(["--index-url", &format!("{}/simple", site.origin())])
    };
    each("a service's answer", run);
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

#[test]
fn of_an_advisory() {
    let index = index();
    let context = TestContext::new();
    context.write_advisories("advisories", &[]);
    context.write("advisories/hostile.json", hostile_record("a"));
    let name = Advisory::new("PYSEC-2024-9", &format!("a{HOSTILE}")).to_json();
    context.write("other/name.json", name);
    context.write("requirements.in", "a==1.0\n");
    context.write("requirements.txt", "a==1.0\n");
    for mode in ["deny", "prefer", "warn"] {
        for loud in ["-v", "--json"] {
            let run = || context.lock(&index).args(["--gate", mode, loud]);
            both(&format!("lock, {mode}, {loud}"), run);
        }
        assert_harmless("lock", &context.read("requirements.txt"), false);
        let run = || {
            context
                .lockgate(&["check", "--gate", mode, "--advisories", "advisories"])
                .args(["--index-url", &index.index_url()])
        };
        each(&format!("check, {mode}"), run);
    }
    context.write("requirements.txt", "a==1.0\n");
    for source in ["advisories", "other"] {
        for format in FORMATS {
            let run = || {
                context
                    .lockgate(&["audit", "requirements.txt", "--advisories", source])
                    .args(["--format", format, "--desc", "on", "--aliases", "on", "-v"])
            };
            both(&format!("audit of {source}, {format},"), run);
        }
        for id in ["CVE-2024-1", "PYSEC-2024-9", HOSTILE] {
            let run = || context.lockgate(&["advisories", "show", id, "--advisories", source]);
            each("advisories show", run);
        }
    }
    let shown = each("advisories show", || {
        context.lockgate(&[
            "advisories",
            "show",
            "CVE-2024-1",
            "--advisories",
            "advisories",
        ])
    });
    assert!(shown.stdout.contains("EVIL"), "{shown:?}");
}

#[test]
fn of_locks_sources_and_their_names() {
    let index = index();
    let context = TestContext::new();
    context.write_advisories("advisories", &[]);
    let name = format!("{}.in", HOSTILE.replace('/', "_"));
    let line = HOSTILE_LINE;
    let texts = [
        format!("# {line}\na==1.0  # {line}\n"),
        format!("a==1.0 ; platform_release == '{line}'\n"),
        format!("a=={line}\n"),
        format!("{line}\n"),
        format!("--index-url {line}\na\n"),
        format!("--{line}\n"),
        format!("-r {line}\n"),
        format!("a==1.0 --hash=sha256:{line}\n"),
        format!("a @ https://127.0.0.1:1/a.zip##[error]EVIL{line}\n"),
        format!("a[{line}]==1.0\n"),
        format!(
            "#    lockgate lock '{line}' --{line}\n#\na==1.0\n    # via {line}\n    # gate: {line}\n"
        ),
        HOSTILE.to_owned(),
    ];
    for text in &texts {
        for file in [
            "requirements.in",
            "pylock.toml",
            "uv.lock",
            "pyproject.toml",
            name.as_str(),
        ] {
            context.write(file, text);
            let file = format!("./{file}");
            let lock = || {
                context
                    .lockgate(&[
                        "lock",
                        &file,
                        "-o",
                        "out.txt",
                        "--no-advisories",
                        "-v",
                        "--retries",
                        "0",
                    ])
                    .args(["--index-url", &index.index_url()])
            };
            each(&format!("lock of {text:?}"), lock);
            if context.exists("out.txt") {
                assert_harmless("lock", &context.read("out.txt"), false);
            }
            for verb in ["audit", "check", "convert"] {
                if verb != "audit" && file.ends_with("lock") {
                    continue;
                }
                let run = || {
                    let run = context.lockgate(&[verb, &file, "--retries", "0", "-v"]);
                    let run = run.args(["--index-url", &index.index_url()]);
                    match verb {
                        "convert" => run.args(["-o", "-"]),
                        _ => run.args(["--advisories", "advisories"]),
                    }
                };
                each(&format!("{verb} of {text:?}"), run);
            }
        }
    }
    for format in FORMATS {
        let run = || {
            context.lockgate(&[
                "audit",
                &format!("./{name}"),
                "--advisories",
                "advisories",
                "--format",
                format,
            ])
        };
        context.write(&name, format!("a==1.0\n{HOSTILE_LINE}\n"));
        each(&format!("audit of a name, {format},"), run);
    }
}

#[test]
fn of_configurations() {
    let index = index();
    let context = TestContext::new();
    context.write_advisories("advisories", &[Advisory::new("PYSEC-2024-1", "a")]);
    context.write("requirements.in", "a==1.0\n");
    context.write("requirements.txt", "a==1.0\n");
    let text = serde_json::to_string(HOSTILE)
        .unwrap()
        .replace('\u{7f}', "\\u007f");
    let entry = |id: &str| format!("[[ignore]]\nid = {id}\nreason = {text}\n");
    for config in [
        format!("{text} = 1\n"),
        format!("gate = {text}\n"),
        format!("advisories = [{text}]\n"),
        format!("min-severity = {text}\nunknown-severity = {text}\n"),
        format!("max-advisory-age = {text}\n"),
        entry("\"PYSEC-2024-1\""),
        entry(&text),
        entry("\"PYSEC-2024-1\"") + &format!("package = {text}\n"),
        entry("\"PYSEC-2024-1\"") + &format!("expires = {text}\n"),
        HOSTILE.to_owned(),
    ] {
        context.write("lockgate.toml", &config);
        for loud in ["-v", "--json"] {
            each("lock", || context.lock(&index).arg(loud));
            for format in FORMATS.iter().skip(if loud == "-v" { 0 } else { 12 }) {
                each(&format!("audit, {format},"), || {
                    context.lockgate(&[
                        "audit",
                        "requirements.txt",
                        "--advisories",
                        "advisories",
                        "--format",
                        format,
                    ])
                });
            }
            each("check", || {
                context
                    .lockgate(&["check", "--advisories", "advisories", loud])
                    .args(["--index-url", &index.index_url()])
            });
            each("advisories status", || {
                context.lockgate(&["advisories", "status", loud])
            });
        }
    }
}

#[test]
fn of_command_lines_and_variables() {
    let context = TestContext::new();
    for arguments in [
        &[HOSTILE][..],
        &["lock", HOSTILE],
        &["lock", &format!("--{HOSTILE}")],
        &["lock", "--gate", HOSTILE],
        &["lock", "--index-url", HOSTILE],
        &["lock", "-P", HOSTILE],
        &["audit", HOSTILE],
        &["audit", "--format", HOSTILE],
        &["check", HOSTILE],
        &["convert", HOSTILE, "-o", "-"],
        &["advisories", "show", HOSTILE, "--advisories", HOSTILE],
        &["advisories", HOSTILE],
        &["cache", "dir", "--cache-dir", HOSTILE],
        &["cache", "size", "--cache-dir", HOSTILE],
        &["lock", "--directory", HOSTILE],
    ] {
        for loud in ["-v", "--no-progress"] {
            let run = || context.lockgate(arguments).arg(loud);
            both(&format!("{arguments:?}"), run);
        }
    }
    context.write("requirements.in", "a\n");
    for (name, value) in [
        ("LOCKGATE_INDEX_URL", HOSTILE),
        ("LOCKGATE_TIMEOUT", HOSTILE),
        ("LOCKGATE_INDEX_STRATEGY", HOSTILE),
        ("PIP_INDEX_URL", HOSTILE),
        ("PIP_TIMEOUT", HOSTILE),
        ("LOCKGATE_OSV_EXPORT", HOSTILE),
        ("http_proxy", HOSTILE),
    ] {
        each(name, || {
            context
                .lock_bare()
                .args(["-v", "--retries", "0"])
                .env(name, value)
        });
    }
    let run = context
        .lockgate(&["lock", "no\u{1b}[31mEVIL\nerror: forged.in", "-o", "a.txt"])
        .run();
    run.exits(2).mentions(&["\\u{1b}[31mEVIL", "help:"]);
    assert!(!run.stderr.contains("\nerror: forged"), "{}", run.stderr);
}
