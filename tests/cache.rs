//! The cache: what it saves, what it never changes, and how it fails.

use lockgate_tests::scenario::pins_of;
use lockgate_tests::{Fault, Index, Loopback, TestContext, World};

fn world() -> World {
    World::new()
        .with("a", "1.0", &["b"])
        .with("b", "1.0", &["c"])
        .with("c", "1.0", &[])
}

fn locked_once() -> (Loopback<Index>, TestContext) {
    let index = Loopback::index(world());
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    context.lock(&index).run().exits(0);
    (index, context)
}

#[test]
fn a_second_run_revalidates_pages_and_fetches_no_file() {
    let (index, context) = locked_once();
    index.clear_log();
    context.lock(&index).run().exits(0);
    for request in index.log() {
        assert!(
            request.path.starts_with("/simple/"),
            "{} was fetched again",
            request.path
        );
        assert_eq!(request.status, Some(304), "{} was sent again", request.path);
    }
}

#[test]
fn fresh_pages_are_not_asked_for_again() {
    let index = Loopback::index(World {
        cache_control: Some("max-age=600".to_owned()),
        ..world()
    });
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    context.lock(&index).run().exits(0);
    index.clear_log();
    context.lock(&index).run().exits(0);
    assert_eq!(index.counts().len(), 0, "{:?}", index.counts());
}

#[test]
fn refresh_asks_again_about_all_or_one() {
    let index = Loopback::index(World {
        cache_control: Some("max-age=600".to_owned()),
        ..world()
    });
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    context.lock(&index).run().exits(0);
    index.clear_log();
    context
        .lock(&index)
        .args(["--refresh-package", "b"])
        .run()
        .exits(0);
    assert_eq!(
        index.counts().into_keys().collect::<Vec<_>>(),
        ["/simple/b/"]
    );
    context.lock(&index).arg("--refresh").run().exits(0);
    assert_eq!(index.count("/simple/a/"), 1);
    assert_eq!(index.count("/simple/c/"), 1);
}

#[test]
fn offline_after_one_run_gives_the_same_bytes() {
    let (index, context) = locked_once();
    let lock = context.read("requirements.txt");
    std::fs::remove_file(context.path("requirements.txt")).unwrap();
    index.clear_log();
    context.lock(&index).arg("--offline").run().exits(0);
    assert_eq!(index.log(), []);
    let strip = |text: &str| text.replace(" --offline", "");
    assert_eq!(strip(&context.read("requirements.txt")), strip(&lock));
}

#[test]
fn offline_without_a_cache_is_a_failure_that_says_so() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    context
        .lock(&index)
        .arg("--offline")
        .run()
        .exits(2)
        .mentions(&["--offline"]);
    assert!(!context.exists("requirements.txt"));
    assert_eq!(index.log(), []);
}

#[test]
fn a_damaged_entry_is_dropped_and_fetched_again() {
    for damage in [&b""[..], b"garbage", &[0xff; 4096]] {
        let (index, context) = locked_once();
        let lock = context.read("requirements.txt");
        let damaged = overwrite_all(&context.cache(), damage);
        assert!(damaged > 0, "the cache holds files");
        context.lock(&index).run().exits(0);
        assert_eq!(context.read("requirements.txt"), lock);
    }
}

#[test]
fn no_cache_leaves_none() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    context.lock(&index).arg("--no-cache").run().exits(0);
    assert!(!context.cache().exists());
}

#[test]
fn several_processes_share_one_cache() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    context.write_advisories("advisories", &[]);
    let locks: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..6)
            .map(|number| {
                let (context, index) = (&context, &index);
                scope.spawn(move || {
                    let output = format!("{number}.txt");
                    context
                        .lockgate(&[
                            "lock",
                            "requirements.in",
                            "-o",
                            &output,
                            "--index-url",
                            &index.index_url(),
                        ])
                        .args([
                            "--python-version",
                            "3.11",
                            "--python-platform",
                            "linux",
                            "--advisories",
                            "advisories",
                        ])
                        .arg("--cache-dir")
                        .arg(context.cache())
                        .run()
                        .exits(0);
                    context.read(&output)
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .collect()
    });
    for lock in &locks {
        assert_eq!(pins_of(lock), pins_of(&locks[0]));
    }
}

#[test]
fn the_cache_can_be_told_measured_pruned_and_cleaned() {
    let (_index, context) = locked_once();
    let cache = |verb: &str| {
        context
            .lockgate(&["cache", verb, "--cache-dir"])
            .arg(context.cache())
            .run()
    };
    assert_eq!(cache("dir").exits(0).stdout.trim(), "[ROOT]/cache");
    assert!(
        cache("size")
            .exits(0)
            .stdout
            .chars()
            .any(|character| character.is_ascii_digit())
    );
    cache("prune").exits(0);
    cache("clean").exits(0);
    assert_eq!(overwrite_all(&context.cache(), b""), 0, "nothing is left");
}

#[test]
fn an_unwritable_cache_is_warned_of_and_gone_without() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    context.write("file", "no folder");
    context.write_advisories("advisories", &[]);
    let run = context
        .lockgate(&[
            "lock",
            "requirements.in",
            "-o",
            "requirements.txt",
            "--index-url",
            &index.index_url(),
        ])
        .args([
            "--python-version",
            "3.11",
            "--python-platform",
            "linux",
            "--advisories",
            "advisories",
            "--cache-dir",
            "file/cache",
        ])
        .run();
    run.exits(0).mentions(&["cache"]);
    assert_eq!(pins_of(&context.read("requirements.txt")).len(), 3);
}

/// Puts `content` into every file at any depth, and says how many there are. Lock files between processes hold nothing and do not count.
fn overwrite_all(folder: &std::path::Path, content: &[u8]) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    let mut count = 0;
    for entry in entries {
        let path = entry.expect("a folder can be listed").path();
        if path.is_dir() {
            count += overwrite_all(&path, content);
        } else if std::fs::metadata(&path).expect("it was just listed").len() > 0 {
            std::fs::write(&path, content).expect("the cache is writable");
            count += 1;
        }
    }
    count
}

#[test]
fn what_one_index_says_of_a_file_is_no_answer_of_another() {
    // The same wheel by name and digest; the first index lies about what is in it.
    let honest = World {
        without_metadata_files: true,
        ..World::new().with("a", "1.0", &["b"]).with("b", "1.0", &[])
    };
    let honest = Loopback::index(honest);
    let liar = Loopback::index(World {
        without_metadata_files: true,
        ..World::new().with("a", "1.0", &["b"]).with("b", "1.0", &[])
    });
    let other = lockgate_tests::artifact::wheel_holding(
        "a",
        "1.0",
        "py3-none-any",
        b"Metadata-Version: 2.1\nName: a\nVersion: 1.0\n",
    );
    liar.fault(
        "/files/a-1.0-py3-none-any.whl",
        Fault::Content(other.into()),
    );
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    context.lock(&liar).run();
    std::fs::remove_file(context.path("requirements.txt")).ok();
    context.lock(&honest).run().exits(0);
    assert!(context.read("requirements.txt").contains("b==1.0"));
}
