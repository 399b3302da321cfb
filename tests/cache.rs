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

/// Changes the frame of every entry that has a lifetime: when it was fetched, in seconds, and how long it holds.
fn rewrite_entries(folder: &std::path::Path, change: &dyn Fn(&mut i64, &mut u64)) -> usize {
    let mut count = 0;
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            count += rewrite_entries(&path, change);
            continue;
        }
        let mut bytes = std::fs::read(&path).expect("an entry can be read");
        if !bytes.starts_with(b"lgc2") {
            continue;
        }
        let number = |at: usize| {
            let bytes = bytes[at..].first_chunk::<8>();
            u64::from_le_bytes(*bytes.expect("a frame is longer"))
        };
        let (mut fetched, mut lifetime) = (number(12).cast_signed(), number(20));
        if lifetime == u64::MAX {
            continue;
        }
        change(&mut fetched, &mut lifetime);
        bytes[12..20].copy_from_slice(&fetched.to_le_bytes());
        bytes[20..28].copy_from_slice(&lifetime.to_le_bytes());
        let sum = xxhash_rust::xxh3::xxh3_64(&bytes[12..]);
        bytes[4..12].copy_from_slice(&sum.to_le_bytes());
        std::fs::write(&path, bytes).expect("an entry can be replaced");
        count += 1;
    }
    count
}

#[test]
fn what_a_server_says_of_how_long_its_answer_holds_has_a_ceiling() {
    for cache_control in [
        "max-age=365000000, immutable, public",
        "max-age=99999999999999999999",
        "public, max-age=600, stale-while-revalidate=365000000",
    ] {
        let index = Loopback::index(World {
            cache_control: Some(cache_control.to_owned()),
            ..world()
        });
        let context = TestContext::new();
        // A name that no index has is kept too.
        context.write("requirements.in", "a\n");
        context.lock(&index).run().exits(0);
        context.write("requirements.in", "a\nnone-of-this-name\n");
        context.lock(&index).run().exits(1);
        context.write("requirements.in", "a\n");
        let pages = context.cache().join("pages-v3");
        let entries = rewrite_entries(&pages, &|_, lifetime| {
            assert!(*lifetime <= 600, "{cache_control}: {lifetime}");
        });
        assert_eq!(entries, 4, "{cache_control}");
        // Eleven minutes later the pages are asked for again.
        rewrite_entries(&pages, &|fetched, _| *fetched -= 660);
        index.clear_log();
        context.lock(&index).run().exits(0);
        assert_eq!(index.counts().len(), 3, "{:?}", index.counts());
    }
}

#[test]
fn a_page_that_was_fetched_in_the_future_is_asked_for_again() {
    let index = Loopback::index(World {
        cache_control: Some("max-age=600".to_owned()),
        ..world()
    });
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    context.lock(&index).run().exits(0);
    for (ahead, is_asked) in [(120, false), (3600, true), (365 * 24 * 3600, true)] {
        let pages = context.cache().join("pages-v3");
        rewrite_entries(&pages, &|fetched, lifetime| {
            *fetched += ahead;
            *lifetime = 600;
        });
        index.clear_log();
        context.lock(&index).run().exits(0);
        assert_eq!(!index.counts().is_empty(), is_asked, "{ahead}");
    }
    // Without network what is kept serves as it is.
    index.clear_log();
    context.lock(&index).arg("--offline").run().exits(0);
    assert_eq!(index.counts().len(), 0);
}

#[cfg(unix)]
#[test]
fn a_cache_that_others_may_write_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let (index, context) = locked_once();
    let mode = |mode| {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(context.cache(), permissions).unwrap();
    };
    for open in [0o777, 0o775, 0o722, 0o1777] {
        mode(open);
        context.lock(&index).run().exits(2).mentions(&[
            "is not safe to use: other users may write into it",
            "chmod go-w",
            "--cache-dir",
        ]);
        context
            .lockgate(&["audit", "requirements.txt", "--advisories", "advisories"])
            .arg("--cache-dir")
            .arg(context.cache())
            .run()
            .exits(2)
            .mentions(&["is not safe to use"]);
    }
    context.lock(&index).arg("--no-cache").run().exits(0);
    mode(0o755);
    context.lock(&index).run().exits(0);
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
