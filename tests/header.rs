//! What a lock says about its own check: nothing that runs, connects or loosens. Whoever proposes a change writes the header.

use std::path::Path;

use lockgate_tests::{Advisory, Index, Lockgate, Loopback, Run, TestContext, World};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

mod entries;
mod hosts;
mod named;

/// A lock of `a` and `b`, and everything that a hostile header could have touched.
struct Scene {
    index: Loopback<Index>,
    /// Another index and proxy, which nobody but the header names.
    stranger: Loopback<Index>,
    context: TestContext,
}

impl Scene {
    fn new() -> Self {
        let world = || {
            World::new()
                .with("a", "1.0", &["b>=1"])
                .with("b", "1.0", &[])
                .with("b", "1.1", &[])
        };
        let scene = Self {
            index: Loopback::index(world()),
            stranger: Loopback::index(world()),
            context: TestContext::new(),
        };
        scene.context.write("requirements.in", "a\n");
        scene.context.write("more/other.in", "b\n");
        scene.context.lock(&scene.index).run().exits(0);
        let touch = format!(
            "echo touched >> '{}'",
            scene.context.path("touched").display()
        );
        #[cfg(unix)]
        let _ = scene.context.write_program("python", &touch);
        #[cfg(not(unix))]
        let _ = touch;
        scene
    }

    fn check(&self) -> Lockgate<'_> {
        self.context
            .lockgate(&[
                "check",
                "requirements.txt",
                "--index-url",
                &self.index.index_url(),
                "--advisories",
                "advisories",
            ])
            .arg("--cache-dir")
            .arg(self.context.cache())
    }

    /// The lock with `options` behind the command of its header.
    fn add_to_header(&self, options: &str) {
        let lock = self.context.read("requirements.txt");
        let command = |line: &str| {
            if line.starts_with("#    lockgate lock") {
                format!("{} {options}", Self::without_rivals(line, options))
            } else {
                line.to_owned()
            }
        };
        let lines: Vec<String> = lock.lines().map(command).collect();
        self.context
            .write("requirements.txt", lines.join("\n") + "\n");
    }

    /// A command without the options that `options` give in their place.
    fn without_rivals(line: &str, options: &str) -> String {
        let gives = |names: &[&str]| names.iter().any(|name| options.contains(name));
        let mut words = line.split(' ');
        let mut kept = Vec::new();
        while let Some(word) = words.next() {
            let is_rival = match word {
                "--index-url" => gives(&["--index-url", "-ihttp", "--default-index"]),
                "-o" => gives(&["-o ", "--output-file"]),
                _ => false,
            };
            if is_rival {
                let _value = words.next();
            } else {
                kept.push(word);
            }
        }
        kept.join(" ")
    }

    /// Checks the lock as it would be with `options` in its header.
    fn checked_with(&self, options: &str) -> Run {
        let lock = self.context.read("requirements.txt");
        self.add_to_header(options);
        let run = self.check().run();
        self.context.write("requirements.txt", lock);
        run
    }

    /// Fails if a program ran or a stranger was asked.
    #[track_caller]
    fn nothing_is_touched(&self, by: &str) {
        assert!(!self.context.exists("touched"), "{by} has run a program");
        let log = self.stranger.log();
        assert!(log.is_empty(), "{by} has asked a stranger: {log:?}");
    }

    /// Options that only a caller can say, in many spellings.
    fn hostile(&self) -> Vec<String> {
        let stranger = self.stranger.origin();
        let url = self.stranger.index_url();
        let mut options: Vec<String> = [
            "--python bin/python",
            "-p bin/python",
            "-pbin/python",
            "--python=./bin/python",
            "--allow-build",
            "--allow-build=a,b",
            "-C key=value",
            "--config-setting key=value",
            "--build-timeout 1",
            "--no-index",
            "--trusted-host 127.0.0.1",
            "--allow-insecure-host 127.0.0.1",
            "--keyring-provider subprocess",
            "--cert requirements.in",
            "--client-cert requirements.in",
            "--timeout 1",
            "--retries 0",
            "--gate off",
            "--gate=warn",
            "--no-advisories",
            "--advisories more",
            "--min-severity critical",
            "--ignore-vuln PYSEC-2024-9",
            "--no-config",
            "--no-hashes",
            "--no-generate-hashes",
            "--no-deps",
            "--exclude b",
            "--override more/other.in",
            "--overrides more/other.in",
            "--no-emit-package b",
            "--unsafe-package b",
            "--no-allow-unsafe",
            "--no-binary :all:",
            "--only-binary=b",
            "--prefer-binary",
            "--index-strategy unsafe-best-match",
            "--pip-args '--no-deps --no-binary :all:'",
            "--output-file other.txt",
            "-o other.txt",
            "-nU",
            "-P b",
            "--report report.json",
            "--json",
            "--cache-dir more",
            "--no-cache",
            "--refresh",
            "--offline",
            "--directory more",
            "-qq",
            "--color always",
            "--custom-compile-command make",
            "--require-hashes",
            "--no-build",
        ]
        .map(str::to_owned)
        .into();
        options.extend([
            format!("--index-url {url}"),
            format!("-i{url}"),
            format!("--default-index={url}"),
            format!("--extra-index-url {url}"),
            format!("--find-links {stranger}/links"),
            format!("-f {stranger}/links"),
            format!("--proxy {stranger}"),
            format!("--pip-args '--proxy {stranger}'"),
            format!("--advisories {stranger}"),
        ]);
        options
    }
}

/// A lower number is a better answer, but for 2, which is none: it is never better than the answer no.
fn is_no_better(code: i32, base: i32) -> bool {
    code == base || code != 0
}

#[test]
fn no_option_of_the_caller_holds_from_a_header() {
    let scene = Scene::new();
    scene.check().run().exits(0);
    for option in scene.hostile() {
        let run = scene.checked_with(&option);
        assert_eq!(run.code, 0, "{option}\n{}", run.stderr);
        scene.nothing_is_touched(&option);
    }
    assert!(!scene.context.exists("report.json") && !scene.context.exists("other.txt"));
    let finding = Advisory::new("PYSEC-2024-9", "b");
    scene.context.write_advisories("advisories", &[finding]);
    for option in scene.hostile() {
        let run = scene.checked_with(&option);
        assert_eq!(run.code, 1, "{option}\n{}", run.stderr);
        run.mentions(&["PYSEC-2024-9"]);
        scene.nothing_is_touched(&option);
    }
}

#[test]
fn no_header_makes_a_check_pass_that_fails() {
    let scene = Scene::new();
    let lock = scene.context.read("requirements.txt");
    let without_hashes: Vec<&str> = lock
        .lines()
        .filter(|line| !line.contains("--hash"))
        .collect();
    let without_hashes = without_hashes.join("\n").replace(" \\", "") + "\n";
    let pin = lock.find("\nb==").unwrap();
    let end = lock[pin + 1..]
        .find("\nc==")
        .map_or(lock.len(), |end| pin + 1 + end);
    let without_b = format!("{}\n{}", &lock[..pin], &lock[end..]);
    let options = scene.hostile();
    let locks = [lock.clone(), without_hashes, without_b];
    let any = (
        prop::sample::select(locks.to_vec()),
        prop::sample::select(vec!["a\n", "a\nb<1.1\n", "a>=2\n"]),
        prop::collection::vec(prop::sample::select(options), 1..4),
    );
    let mut runner = TestRunner::new_with_rng(
        Config {
            cases: 48,
            failure_persistence: None,
            ..Config::default()
        },
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    runner
        .run(&any, |(lock, source, options)| {
            scene.context.write("requirements.txt", lock);
            scene.context.write("requirements.in", source);
            let base = scene.check().run();
            let options = options.join(" ");
            let run = scene.checked_with(&options);
            prop_assert!(
                is_no_better(run.code, base.code),
                "{options}: {} after {}\n{}",
                run.code,
                base.code,
                run.stderr
            );
            scene.nothing_is_touched(&options);
            Ok(())
        })
        .unwrap();
}

#[test]
fn what_does_not_hold_is_named() {
    let scene = Scene::new();
    let run = scene.checked_with("--allow-build=foo --no-deps --gate off");
    run.exits(0).mentions(&[
        "was locked with",
        "`--allow-build=foo`",
        "`--no-deps`",
        "`--gate off`",
    ]);
    scene.add_to_header("--allow-build=foo --exclude b,c");
    let run = scene
        .check()
        .args(["--allow-build=foo", "--exclude", "c"])
        .run();
    run.mentions(&["`--exclude b`"])
        .does_not_mention(&["--allow-build", "index-url"]);
}

#[test]
fn an_option_without_which_there_is_no_check_is_asked_for() {
    let scene = Scene::new();
    scene.context.write("requirements.in", "a\nonly-there\n");
    scene
        .checked_with("--extra-index-url https://index.test/simple")
        .exits(2)
        .mentions(&[
            "--extra-index-url https://index.test/simple",
            "give it to `check` too",
        ]);
    // What is known against the pins is an answer all the same.
    let finding = Advisory::new("PYSEC-2024-9", "b");
    scene.context.write_advisories("advisories", &[finding]);
    scene
        .checked_with("--find-links wheels")
        .exits(1)
        .mentions(&["PYSEC-2024-9", "--find-links wheels"]);
    // Without such an option it is the sources that cannot be satisfied.
    scene.context.write_advisories("advisories", &[]);
    scene.checked_with("--no-deps").exits(1);
}

#[test]
fn a_lock_without_hashes_falls_short() {
    let scene = Scene::new();
    scene
        .context
        .lock(&scene.index)
        .arg("--no-hashes")
        .run()
        .exits(0);
    scene
        .check()
        .run()
        .exits(1)
        .mentions(&["has no hashes", "`--no-hashes`"]);
    scene
        .check()
        .arg("--no-hashes")
        .run()
        .exits(0)
        .does_not_mention(&["was locked with `--no-hashes`"]);
}

#[test]
fn the_first_line_says_what_was_taken_from_the_header() {
    let scene = Scene::new();
    let run = scene.check().run();
    run.exits(0);
    let first = run.stderr.lines().next().unwrap_or_default();
    for part in [
        "requirements.txt",
        "`requirements.in`",
        "from its header",
        "`--python-version 3.11`",
        "`--python-platform linux`",
    ] {
        assert!(first.contains(part), "{part}: {first}");
    }
    assert!(!first.contains("--index-url"), "{first}");
    let run = scene.check().args(["--source", "more/other.in"]).run();
    let first = run.stderr.lines().next().unwrap_or_default();
    assert!(first.contains("`more/other.in`"), "{first}");
    assert!(first.contains("--source"), "{first}");
}

#[test]
fn without_a_gate_nothing_is_said_to_be_clean() {
    let scene = Scene::new();
    for option in [&["--gate", "off"] as &[&str], &["--no-advisories"]] {
        let run = scene.check().args(option).arg("--json").run();
        run.exits(0).mentions(&["no advisories were looked for"]);
        assert!(!run.stdout.contains("\"clean\""), "{}", run.stdout);
    }
    let run = scene.check().arg("--json").run();
    assert!(run.exits(0).stdout.contains("\"clean\""), "{}", run.stdout);
}

#[test]
fn what_says_what_is_locked_holds_again() {
    let scene = Scene::new();
    scene.context.write("c.txt", "b<1.1\n");
    let lock = |options: &[&str]| {
        let _ = std::fs::remove_file(scene.context.path("requirements.txt"));
        scene
            .context
            .lock(&scene.index)
            .args(options)
            .run()
            .exits(0);
    };
    lock(&["-c", "c.txt"]);
    scene.check().run().exits(0);
    scene.context.write("c.txt", "b>1.0\n");
    scene
        .check()
        .run()
        .exits(1)
        .mentions(&["`b==1.0` would now be 1.1"]);
    lock(&[
        "--only-final",
        ":all:",
        "--annotation-style",
        "line",
        "--strip-extras",
    ]);
    scene.check().run().exits(0);
}

#[test]
fn strictness_holds_and_looseness_does_not() {
    let scene = Scene::new();
    scene
        .checked_with("--exclude-newer 2001-01-01")
        .exits(1)
        .does_not_mention(&["has no effect"]);
    for loose in [
        "--pre",
        "--prerelease allow",
        "--all-releases b",
        "--resolution lowest",
    ] {
        scene
            .checked_with(loose)
            .exits(0)
            .mentions(&[loose, "has no effect"]);
    }
    scene
        .context
        .write("lockgate.toml", "cooldown = \"90000 days\"\n");
    scene.check().run().exits(1);
    scene
        .checked_with("--cooldown '0 days'")
        .exits(1)
        .mentions(&["--cooldown 0 days", "has no effect"]);
    scene.checked_with("--exclude-newer 2099-01-01").exits(1);
}

#[test]
fn a_header_that_cannot_be_read_is_no_answer() {
    let scene = Scene::new();
    for option in [
        "--universa",
        "--universal",
        "--help",
        "--python-version 3.x",
        "--python-platform ../windows",
        "--pip-args '--nonsense'",
        "--group ../../x:dev",
        "--extra 'a b'",
        "--only-final 'a b'",
        "--exclude-newer soon",
    ] {
        let run = scene.checked_with(option);
        run.exits(2).mentions(&["requirements.txt"]);
    }
    assert!(Path::new(&scene.context.path("requirements.txt")).is_file());
}

#[test]
fn the_command_of_a_pylock_says_no_more() {
    let scene = Scene::new();
    scene
        .context
        .lockgate(&["lock", "requirements.in", "-o", "pylock.toml"])
        .args(["--index-url", &scene.index.index_url()])
        .args(["--advisories", "advisories"])
        .args(["--python-version", "3.11", "--python-platform", "linux"])
        .run()
        .exits(0);
    let finding = Advisory::new("PYSEC-2024-9", "b");
    scene.context.write_advisories("advisories", &[finding]);
    let text = scene.context.read("pylock.toml");
    for option in [
        "--gate off",
        "--exclude b",
        "-p bin/python",
        "--ignore-vuln PYSEC-2024-9",
    ] {
        let hostile = text.replace(
            "lock requirements.in",
            &format!("lock requirements.in {option}"),
        );
        assert_ne!(hostile, text);
        scene.context.write("pylock.toml", hostile);
        scene
            .context
            .lockgate(&[
                "check",
                "pylock.toml",
                "--index-url",
                &scene.index.index_url(),
            ])
            .args(["--advisories", "advisories"])
            .run()
            .exits(1)
            .mentions(&["PYSEC-2024-9"]);
        scene.nothing_is_touched(option);
    }
}

#[test]
fn comments_below_the_header_name_no_sources() {
    let scene = Scene::new();
    let lock = scene.context.read("requirements.txt");
    let body: Vec<&str> = lock.lines().filter(|line| !line.starts_with('#')).collect();
    let body = body
        .join("\n")
        .replace("-r requirements.in", "-r more/other.in");
    scene.context.write("locked.txt", &body);
    scene
        .context
        .lockgate(&[
            "check",
            "locked.txt",
            "--index-url",
            &scene.index.index_url(),
        ])
        .args(["--advisories", "advisories"])
        .run()
        .exits(2)
        .mentions(&["more/other.in", "--source"]);
}
