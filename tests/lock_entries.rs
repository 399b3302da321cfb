//! `lockgate lock` without a source: every `[[lock]]` entry of the policy, all of them written or none.

use lockgate_tests::{Advisory, Index, Lockgate, Loopback, Run, TestContext, World};
use serde_json::Value;

fn entry(name: &str) -> String {
    format!(
        "[[lock]]\noutput = \"locks/{name}.txt\"\nsources = [\"{name}.in\"]\npython-version = \"3.11\"\npython-platform = \"linux\"\n"
    )
}

/// Two entries, `prod` and `dev`, and no lock yet.
struct Scene {
    index: Loopback<Index>,
    context: TestContext,
}

impl Scene {
    fn new() -> Self {
        let context = TestContext::new();
        context.write("lockgate.toml", entry("prod") + &entry("dev"));
        context.write("prod.in", "a\n");
        context.write("dev.in", "c\n");
        context.write("locks/.keep", "");
        context.write_advisories("advisories", &[]);
        let world = World::new()
            .with("a", "1.0", &["b>=1"])
            .with("b", "1.0", &[])
            .with("b", "1.1", &[])
            .with("c", "1.0", &[]);
        Self {
            index: Loopback::index(world),
            context,
        }
    }

    /// As [`Self::new`], with both locked.
    fn locked() -> Self {
        let scene = Self::new();
        scene.lock().run().exits(0);
        scene
    }

    fn run(&self, verb: &str) -> Lockgate<'_> {
        self.context
            .lockgate(&[verb, "--index-url", &self.index.index_url()])
            .args(["--advisories", "advisories", "--cache-dir"])
            .arg(self.context.cache())
    }

    fn lock(&self) -> Lockgate<'_> {
        self.run("lock")
    }

    fn locks(&self) -> [Option<String>; 2] {
        ["locks/prod.txt", "locks/dev.txt"].map(|path| {
            let there = self.context.exists(path);
            there.then(|| self.context.read(path))
        })
    }

    /// Has the gate refuse `prod`, while the lock of `dev` would change.
    fn refuse_prod(&self) {
        self.context
            .write_advisories("advisories", &[Advisory::new("PYSEC-2024-1", "a")]);
        self.context.write("dev.in", "c\nb\n");
    }
}

fn document(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stdout))
}

fn statuses(document: &Value) -> Vec<(&str, &str, bool)> {
    let locks = document["locks"].as_array().expect("there are several");
    locks
        .iter()
        .map(|lock| {
            (
                lock["output"].as_str().expect("each names its lock"),
                lock["status"].as_str().expect("each has a status"),
                lock["written"].as_bool().expect("each says it"),
            )
        })
        .collect()
}

#[test]
fn all_entries_are_locked_and_then_pass() {
    let scene = Scene::new();
    scene.lock().run().exits(0).mentions(&[
        "Locked 2 packages in locks/prod.txt",
        "Locked 1 package in locks/dev.txt",
        "2 locks: 2 written",
    ]);
    let locks = scene.locks();
    assert!(
        locks[0]
            .as_ref()
            .is_some_and(|text| text.contains("b==1.1")),
        "{locks:?}"
    );
    let check = || scene.run("check").run();
    check()
        .exits(0)
        .mentions(&["Checked 2 locks: 2 up to date"])
        .does_not_mention(&["warning"]);
    scene
        .lock()
        .run()
        .exits(0)
        .mentions(&["2 locks: 2 unchanged"]);
    assert_eq!(scene.locks(), locks);
    // The header alone says the same, where the policy has no entries any more.
    scene.context.write("lockgate.toml", "");
    for lock in ["locks/prod.txt", "locks/dev.txt"] {
        scene.run("check").arg(lock).run().exits(0);
    }
}

#[test]
fn entries_are_locked_from_any_folder_and_under_a_named_policy() {
    let scene = Scene::new();
    let policy = scene.context.read("lockgate.toml");
    scene.context.write(".git/HEAD", "");
    let inside = |verb: &str| {
        let index = scene.index.index_url();
        scene
            .context
            .lockgate(&[verb, "--directory", "locks", "--index-url", &index])
            .args(["--advisories", "../advisories", "--cache-dir"])
            .arg(scene.context.cache())
    };
    inside("lock").run().exits(0);
    assert!(scene.locks().iter().all(Option::is_some));
    inside("check").run().exits(0);
    scene.run("check").run().exits(0);
    std::fs::remove_file(scene.context.path("lockgate.toml")).unwrap();
    std::fs::remove_file(scene.context.path("locks/dev.txt")).unwrap();
    scene.context.write("ci/policy.toml", policy);
    let named = ["--policy", "ci/policy.toml"];
    scene
        .lock()
        .args(named)
        .run()
        .exits(0)
        .mentions(&["locks/dev.txt: locking as ci/policy.toml"]);
    scene.run("check").args(named).run().exits(0);
}

#[test]
fn a_refusal_of_one_leaves_all_as_they_were() {
    let scene = Scene::locked();
    let locks = scene.locks();
    scene.refuse_prod();
    let run = scene.lock().args(["--report", "report.json"]).run();
    run.exits(1).mentions(&[
        "locks/prod.txt: the gate allows no versions",
        "PYSEC-2024-1",
        "locks/dev.txt is not written",
        "2 locks: 1 not written, 1 refused",
    ]);
    assert_eq!(scene.locks(), locks);
    let report: Value = serde_json::from_str(&scene.context.read("report.json")).unwrap();
    assert_eq!(report["status"], "gated");
    assert_eq!(
        statuses(&report),
        [
            ("locks/prod.txt", "gated", false),
            ("locks/dev.txt", "locked", false)
        ]
    );
    // The other order of entries: what came before the refusal is not written either.
    scene
        .context
        .write("lockgate.toml", entry("dev") + &entry("prod"));
    scene.lock().run().exits(1);
    assert_eq!(scene.locks(), locks);
    // No file is left of those that waited.
    let left: Vec<_> = std::fs::read_dir(scene.context.path("locks"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| name.to_string_lossy().starts_with(".lockgate"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_refusal_counts_before_a_failure() {
    for order in [["prod", "dev"], ["dev", "prod"]] {
        let scene = Scene::locked();
        let locks = scene.locks();
        scene
            .context
            .write("lockgate.toml", order.map(entry).concat());
        scene.context.write("dev.in", "c ===== 1\n");
        // A failure alone.
        scene.context.write("prod.in", "a\nc\n");
        scene
            .lock()
            .run()
            .exits(2)
            .mentions(&["dev.in:1", "1 not written, 1 without an answer"]);
        assert_eq!(scene.locks(), locks);
        scene.refuse_prod();
        std::fs::remove_file(scene.context.path("dev.in")).unwrap();
        let run = scene.lock().arg("--json").run();
        run.exits(1)
            .mentions(&["dev.in", "2 locks: 1 refused, 1 without an answer"]);
        let found = document(&run);
        assert_eq!(found["status"], "gated");
        let mut ended = statuses(&found);
        ended.sort_unstable();
        assert_eq!(
            ended,
            [
                ("locks/dev.txt", "failed", false),
                ("locks/prod.txt", "gated", false)
            ]
        );
        assert_eq!(scene.locks(), locks);
    }
}

#[test]
fn a_place_that_cannot_be_written_leaves_all_as_they_were() {
    let scene = Scene::new();
    scene.context.write("locks/dev.txt/held", "");
    scene.lock().run().exits(2);
    assert!(!scene.context.exists("locks/prod.txt"));
}

#[test]
fn a_dry_run_writes_nothing_and_ends_as_the_real_run() {
    let scene = Scene::new();
    scene
        .lock()
        .args(["--dry-run", "--diff"])
        .run()
        .exits(0)
        .mentions(&["2 locks: 2 would be written"]);
    assert_eq!(scene.locks(), [None, None]);
    scene.refuse_prod();
    scene.lock().arg("-n").run().exits(1);
    assert_eq!(scene.locks(), [None, None]);
}

#[test]
fn one_document_holds_all_locks() {
    let scene = Scene::new();
    let run = scene.lock().arg("--json").run();
    let found = document(run.exits(0));
    assert_eq!(found["version"], 1);
    assert_eq!(found["status"], "locked");
    assert_eq!(
        statuses(&found),
        [
            ("locks/prod.txt", "locked", true),
            ("locks/dev.txt", "locked", true)
        ]
    );
    assert_eq!(
        found["locks"][0]["policies"],
        serde_json::json!(["lockgate.toml"])
    );
    // One entry is one lock, as if its source were named.
    scene.context.write("lockgate.toml", entry("prod"));
    let found = document(scene.lock().arg("--json").run().exits(0));
    assert_eq!(found["output"], "locks/prod.txt");
    assert_eq!(found["written"], false);
}

#[test]
fn options_of_one_lock_need_its_source_and_others_hold_for_all() {
    let scene = Scene::new();
    for options in [
        &["--universal"][..],
        &["--python-version", "3.12"],
        &["-c", "c.txt"],
        &["--extra", "x"],
        &["--format=pylock"],
        &["--no-annotate"],
    ] {
        let run = scene.lock().args(options).run();
        run.exits(2).mentions(&["lockgate lock SRC", "[[lock]]"]);
        assert_eq!(scene.locks(), [None, None], "{options:?}");
    }
    let found = document(scene.lock().args(["--universal", "--json"]).run().exits(2));
    assert_eq!(found["status"], "failed");
    scene.context.write("prod.in", "a\nb<1.1\n");
    scene.lock().run().exits(0);
    scene.context.write("prod.in", "a\n");
    // Kept, until it is to be upgraded.
    scene.lock().run().exits(0);
    assert!(scene.context.read("locks/prod.txt").contains("b==1.0"));
    scene
        .lock()
        .args(["-P", "b"])
        .run()
        .exits(0)
        .mentions(&["1 written, 1 unchanged"]);
    scene.run("check").run().exits(0);
}

#[test]
fn what_is_named_is_locked_and_no_entry() {
    let scene = Scene::new();
    let target = ["--python-version", "3.11", "--python-platform", "linux"];
    scene.context.write("other.in", "c\n");
    for named in [
        &["other.in"][..],
        &["-r", "other.in"],
        &["other.in", "-o", "other.txt"],
    ] {
        scene.lock().args(named).args(target).run().exits(0);
        assert!(scene.context.exists("other.txt"), "{named:?}");
        std::fs::remove_file(scene.context.path("other.txt")).unwrap();
    }
    scene.context.write("requirements.in", "c\n");
    scene
        .lock()
        .args(["-o", "named.txt"])
        .args(target)
        .run()
        .exits(0);
    assert_eq!(scene.locks(), [None, None]);
    // Without entries, and where no policy is to be read, it is as ever.
    scene.lock().arg("--no-config").args(target).run().exits(0);
    assert!(scene.context.exists("requirements.txt"));
    assert_eq!(scene.locks(), [None, None]);
}

#[test]
fn a_later_lock_sees_those_before_it() {
    let scene = Scene::new();
    scene.context.write("prod.in", "a\nb<1.1\n");
    scene.context.write("dev.in", "-c locks/prod.txt\nb\n");
    scene.lock().run().exits(0).mentions(&["2 written"]);
    assert!(scene.context.read("locks/dev.txt").contains("b==1.0"));
    scene.run("check").run().exits(0);
    // As a source of the entry itself, and before it is there.
    for lock in ["prod", "dev"] {
        std::fs::remove_file(scene.context.path(format!("locks/{lock}.txt"))).unwrap();
    }
    let dev = entry("dev") + "constraint = [\"locks/prod.txt\"]\n";
    scene.context.write("lockgate.toml", entry("prod") + &dev);
    scene.context.write("dev.in", "b\n");
    scene.lock().arg("-n").run().exits(0);
    scene.lock().run().exits(0);
    assert!(scene.context.read("locks/dev.txt").contains("b==1.0"));
    scene.context.write("prod.in", "a\n");
    scene
        .lock()
        .arg("-U")
        .run()
        .exits(0)
        .mentions(&["2 written"]);
    assert!(scene.context.read("locks/dev.txt").contains("b==1.1"));
    scene.run("check").run().exits(0);
}

#[test]
fn an_entry_is_locked_after_those_whose_locks_it_reads() {
    let scene = Scene::new();
    let constrained = || entry("dev") + "constraint = [\"locks/prod.txt\"]\n";
    scene.context.write("prod.in", "a\nb<1.1\n");
    for (dev, policy) in [
        ("-c locks/prod.txt\nb\n", entry("dev") + &entry("prod")),
        ("-r more/deep.in\nb\n", entry("dev") + &entry("prod")),
        ("b\n", constrained() + &entry("prod")),
    ] {
        scene.context.write("lockgate.toml", policy);
        scene
            .context
            .write("more/deep.in", "-c ../locks/prod.txt\n");
        scene.context.write("dev.in", dev);
        // What stands there is old, and is read by nobody.
        let old = ["locks/prod.txt", "locks/dev.txt"];
        let _ = old.map(|path| std::fs::remove_file(scene.context.path(path)));
        scene.lock().arg("-n").run().exits(0);
        scene.context.write("locks/prod.txt", "b==1.1\n");
        let run = scene.lock().arg("--json").arg("-U").run();
        let found = document(run.exits(0));
        assert_eq!(
            statuses(&found),
            [
                ("locks/dev.txt", "locked", true),
                ("locks/prod.txt", "locked", true)
            ],
            "{dev}"
        );
        let lock = scene.context.read("locks/dev.txt");
        assert!(lock.contains("b==1.0"), "{dev}: {lock}");
        scene.run("check").run().exits(0);
    }
}

#[test]
fn entries_that_need_each_others_locks_are_refused() {
    let scene = Scene::locked();
    let before = scene.locks();
    let constrained =
        |name: &str, other: &str| entry(name) + &format!("constraint = [\"locks/{other}.txt\"]\n");
    scene.context.write(
        "lockgate.toml",
        constrained("prod", "dev") + &constrained("dev", "prod"),
    );
    scene.lock().run().exits(2).mentions(&[
        "round in a circle",
        "locks/prod.txt",
        "locks/dev.txt",
        "lockgate.toml:",
    ]);
    scene
        .context
        .write("lockgate.toml", entry("prod") + &entry("dev"));
    scene.context.write("prod.in", "a\n-c locks/dev.txt\n");
    scene.context.write("dev.in", "c\n-c locks/prod.txt\n");
    scene.lock().run().exits(2).mentions(&["round in a circle"]);
    assert_eq!(scene.locks(), before);
}

#[test]
fn a_check_of_several_locks_has_one_status() {
    let scene = Scene::locked();
    let found = document(scene.run("check").arg("--json").run().exits(0));
    assert_eq!(found["status"], "clean");
    scene.context.write("dev.in", "c\nb\n");
    let found = document(scene.run("check").arg("--json").run().exits(1));
    assert_eq!(found["status"], "outdated");
    std::fs::write(scene.context.path("locks/dev.txt"), [0xff]).unwrap();
    let found = document(scene.run("check").arg("--json").run().exits(2));
    assert_eq!(found["status"], "failed");
}

#[test]
fn entries_name_files_of_the_repository_and_each_its_own_lock() {
    let scene = Scene::new();
    std::fs::write(scene.context.path("../outside.in"), "secret-text here\n").unwrap();
    scene.context.write("handwritten.txt", "c\n");
    let policy = scene.context.read("lockgate.toml");
    for (from, to, said) in [
        (
            "\"dev.in\"",
            "\"../outside.in\"",
            "outside of the repository",
        ),
        ("locks/dev.txt", "../dev.txt", "outside of"),
        ("locks/dev.txt", ".git/dev.txt", ".git/dev.txt"),
        ("locks/dev.txt", "handwritten.txt", "is not a lock"),
        (
            "locks/dev.txt",
            "none/../locks/./prod.txt",
            "two `[[lock]]` entries",
        ),
    ] {
        scene
            .context
            .write("lockgate.toml", policy.replace(from, to));
        scene
            .lock()
            .run()
            .exits(2)
            .mentions(&[said])
            .does_not_mention(&["secret-text"]);
        assert_eq!(scene.locks(), [None, None], "{to}");
    }
    assert_eq!(scene.context.read("handwritten.txt"), "c\n");
}

#[cfg(unix)]
#[test]
fn two_entries_do_not_lead_to_one_file() {
    let scene = Scene::locked();
    let locks = scene.locks();
    std::os::unix::fs::symlink("prod.txt", scene.context.path("locks/link.txt")).unwrap();
    let policy = scene.context.read("lockgate.toml");
    scene.context.write(
        "lockgate.toml",
        policy.replace("locks/dev.txt", "locks/link.txt"),
    );
    scene.context.write("prod.in", "a\nc\n");
    scene
        .lock()
        .run()
        .exits(2)
        .mentions(&["locks/link.txt", "lockgate.toml:2"]);
    assert_eq!(scene.locks(), locks);
}

#[test]
fn each_lock_of_a_run_can_start_programs() {
    let scene = Scene::locked();
    let context = &scene.context;
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"];
        let run = context.program("git").args(identity).args(arguments).run();
        run.exits(0);
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-qm", "all"]);
    // Policies of a revision are read by `git`, and the interpreter is asked, once for each lock.
    for (verb, arguments) in [
        ("check", &["--policy-from", "HEAD"][..]),
        ("lock", &["--policy-from", "HEAD", "-U"]),
        ("check", &["locks/prod.txt", "locks/dev.txt", "--no-cache"]),
        (
            "check",
            &["locks/prod.txt", "locks/dev.txt", "--policy-from", "HEAD"],
        ),
    ] {
        scene.run(verb).args(arguments).run().exits(0);
    }
}

#[test]
fn an_output_is_named_as_locks_are() {
    let scene = Scene::new();
    let refused = [
        "pyproject.toml",
        "setup.py",
        "conftest.py",
        ".gitmodules",
        "setup.cfg",
        "uv.lock",
        "Cargo.lock",
        "CMakeLists.txt",
        "a.dist-info/entry_points.txt",
        "prod.in",
        "pylock.json",
        "locks",
        ".txt",
    ];
    for output in refused {
        let entry = entry("prod").replace("locks/prod.txt", output);
        scene.context.write("lockgate.toml", entry);
        for verb in ["lock", "check"] {
            let run = scene.run(verb).run();
            run.exits(2)
                .mentions(&["lockgate.toml:2", output, "is not the name of a lock"]);
        }
        assert!(
            output == "prod.in" || output == "locks" || !scene.context.exists(output),
            "{output}"
        );
    }
    for output in [
        "constraints.txt",
        "locks/prod.txt",
        "pylock.dev.toml",
        "pylock.toml",
        "requirements.lock",
        "requirements-dev.lock",
        "tool.py.txt",
    ] {
        let entry = entry("prod").replace("locks/prod.txt", output);
        scene.context.write("lockgate.toml", entry);
        scene.run("lock").run().exits(0);
        assert!(scene.context.exists(output), "{output}");
    }
}
