//! What real index servers do that is not in the books: encodings of files, absences that pass, ranges and metadata files that are not there.

use lockgate_tests::{
    Answer, Incoming, Index, Lockgate, Loopback, Release, Run, Site, SourceDistribution,
    TestContext, World, Yank,
};

/// An index whose answers are changed on their way.
struct Changed {
    index: Index,
    change: Box<Change>,
}

type Change = dyn Fn(&Incoming, Answer) -> Answer + Send + Sync;

impl Changed {
    fn start(
        world: World,
        change: impl Fn(&Incoming, Answer) -> Answer + Send + Sync + 'static,
    ) -> Loopback<Self> {
        Loopback::start(Self {
            index: Index::new(world),
            change: Box::new(change),
        })
    }
}

impl Site for Changed {
    fn answer(&self, request: &Incoming) -> Answer {
        (self.change)(request, self.index.answer(request))
    }
}

fn url<S: Site>(server: &Loopback<S>) -> String {
    format!("{}/simple", server.origin())
}

fn lock_from(context: &TestContext, indexes: &[String], more: &[&str]) -> Run {
    let lock = context.lock_bare().arg("--no-advisories");
    ask(lock.args(more), indexes)
}

fn ask(mut command: Lockgate<'_>, indexes: &[String]) -> Run {
    for (place, index) in indexes.iter().enumerate() {
        let option = ["--index-url", "--extra-index-url"][place.min(1)];
        command = command.args([option, index]);
    }
    command.run()
}

fn sources() -> World {
    let release = Release {
        wheels: Vec::new(),
        sdist: SourceDistribution::Static,
        ..Release::default()
    };
    World::new()
        .with_release("a", "1.0", release)
        .with("b", "1.0", &[])
}

#[test]
fn files_are_asked_without_compression_and_hashed_as_they_come() {
    let encoded = |request: &Incoming, answer: Answer| {
        let is_archive = request.path.ends_with(".tar.gz");
        let header = ("gzip".to_owned(), axum::http::header::CONTENT_ENCODING);
        let headers = is_archive.then_some((header.1, header.0));
        Answer {
            headers: headers.into_iter().collect(),
            ..answer
        }
    };
    for without_hashes in [false, true] {
        let world = World {
            without_hashes,
            ..sources()
        };
        let hashes = Loopback::index(world.clone()).hashes("a", "1.0", |_| true);
        let index = Changed::start(world, encoded);
        let context = TestContext::new();
        context.write("requirements.in", "a\nb\n");
        lock_from(&context, &[url(&index)], &[]).exits(0);
        let lock = context.read("requirements.txt");
        assert!(
            lock.contains(&format!("--hash=sha256:{}", hashes[0])),
            "{lock}"
        );
        let log = index.log();
        let files = log.iter().filter(|asked| asked.path.starts_with("/files/"));
        assert!(files.clone().count() >= 2, "{log:?}");
        for asked in files {
            assert_eq!(
                asked.accept_encoding.as_deref(),
                Some("identity"),
                "{asked:?}"
            );
        }
        // Pages are compressed as ever.
        let mut pages = log
            .iter()
            .filter(|asked| asked.path.starts_with("/simple/"));
        assert!(pages.all(|asked| asked.accept_encoding.as_deref() == Some("gzip")));
        // So it is with an archive that is named by its address.
        let context = TestContext::new();
        let address = format!("{}/files/a-1.0.tar.gz", index.origin());
        context.write("requirements.in", format!("a @ {address}\n"));
        lock_from(&context, &[url(&index)], &[]).exits(0);
        let lock = context.read("requirements.txt");
        assert!(
            lock.contains(&format!("--hash=sha256:{}", hashes[0])),
            "{lock}"
        );
    }
}

fn devpi(answer: Answer) -> Answer {
    let mark = axum::http::HeaderName::from_static("x-devpi-server-version");
    Answer {
        headers: vec![(mark, "6.20.3".to_owned())],
        ..answer
    }
}

#[test]
fn an_absence_that_devpi_states_is_asked_for_once_more() {
    use std::sync::atomic::{AtomicUsize, Ordering};

    let asked = AtomicUsize::new(0);
    let index = Changed::start(
        World::new().with("a", "1.0", &[]),
        move |request, answer| {
            let is_first =
                request.path == "/simple/a/" && asked.fetch_add(1, Ordering::Relaxed) == 0;
            devpi(if is_first {
                Answer::status(404)
            } else {
                answer
            })
        },
    );
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    lock_from(&context, &[url(&index)], &["--retries", "0"]).exits(0);
    assert_eq!(index.count("/simple/a/"), 2);
    // What stays absent is, and others are believed at once.
    context.write("requirements.in", "missing\n");
    lock_from(&context, &[url(&index)], &[])
        .exits(1)
        .mentions(&["`missing`"]);
    assert_eq!(index.count("/simple/missing/"), 2);
    let other = Loopback::index(World::new());
    lock_from(&context, &[url(&other)], &[]).exits(1);
    assert_eq!(other.count("/simple/missing/"), 1);
}

#[test]
fn a_devpi_mirror_that_is_busy_is_asked_until_it_knows() {
    use std::sync::atomic::{AtomicUsize, Ordering};

    let asked = AtomicUsize::new(0);
    let index = Changed::start(
        World::new().with("a", "1.0", &[]),
        move |request, answer| {
            if request.path != "/simple/a/" {
                return devpi(answer);
            }
            let turn = asked.fetch_add(1, Ordering::Relaxed);
            if turn < 3 {
                std::thread::sleep(std::time::Duration::from_millis(1100));
            }
            devpi(match turn {
                0 | 1 => Answer::status(404),
                2 => Answer::ok("text/html", "<h1>root/pypi: links for a</h1>"),
                _ => answer,
            })
        },
    );
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    lock_from(&context, &[url(&index)], &["--retries", "0"]).exits(0);
    assert_eq!(index.count("/simple/a/"), 4);
}

#[test]
fn an_index_that_serves_installers_alone_is_seen_as_pip_sees_it() {
    // devpi's rule: a word of the user agent begins with the name of an installer.
    let is_installer = |request: &Incoming| {
        let agent = request.header(axum::http::header::USER_AGENT);
        let mut words = agent.split(' ');
        words.any(|word| ["pip/", "uv/"].iter().any(|name| word.starts_with(name)))
    };
    let index = Changed::start(
        World::new().with("a", "1.0", &[]),
        move |request, answer| {
            let agent = request.header(axum::http::header::USER_AGENT);
            assert!(agent.starts_with("lockgate/"), "{agent}");
            if request.path.starts_with("/simple/") && !is_installer(request) {
                return Answer::ok("text/html", "<h1>a, the project</h1>");
            }
            answer
        },
    );
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    lock_from(&context, &[url(&index)], &[]).exits(0);
    assert!(context.read("requirements.txt").contains("a==1.0"));
}

#[test]
fn metadata_that_the_index_states_and_lacks_are_kept_and_reported_once() {
    let world = World::new()
        .with("a", "1.0", &["b"])
        .with("b", "1.0", &["c"])
        .with("c", "1.0", &[]);
    for status in [404, 410] {
        let index = Changed::start(world.clone(), move |request, answer| {
            if request.path.ends_with(".metadata") {
                Answer::status(status)
            } else {
                answer
            }
        });
        let context = TestContext::new();
        context.write("requirements.in", "a\n");
        let run = lock_from(&context, &[url(&index)], &[]);
        run.exits(0);
        let said = run
            .stderr
            .matches("states this metadata file and does not have it");
        assert_eq!(said.count(), 1, "{}", run.stderr);
        index.clear_log();
        lock_from(&context, &[url(&index)], &["-U"]).exits(0);
        let log = index.log();
        let mut files = log.iter().filter(|asked| asked.path.starts_with("/files/"));
        assert!(files.next().is_none(), "{log:?}");
        // Another index with the same file does not profit from what nobody's digest vouches for.
        let other = Loopback::index(world.clone());
        lock_from(&context, &[url(&other)], &["-U"]).exits(0);
        assert_eq!(other.count("/files/a-1.0-py3-none-any.whl.metadata"), 1);
    }
}

#[test]
fn a_server_that_refuses_the_end_of_files_is_asked_by_their_length() {
    let padding: String = "x".repeat(40_000);
    let large = |name: &str| Release {
        metadata: Some(format!(
            "Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n\n{}",
            noise(&padding)
        )),
        ..Release::default()
    };
    let world = World {
        without_metadata_files: true,
        ..World::new()
            .with_release("a", "1.0", large("a"))
            .with_release("b", "1.0", large("b"))
            .with("small", "1.0", &[])
    };
    let refusing = |states_length: bool| {
        Changed::start(world.clone(), move |request, answer| {
            let range = request.header(axum::http::header::RANGE);
            if !range.starts_with("bytes=-") {
                return answer;
            }
            let length = format!("bytes */{}", answer.body.len());
            let headers = states_length.then_some((axum::http::header::CONTENT_RANGE, length));
            Answer {
                headers: headers.into_iter().collect(),
                ..Answer::status(416)
            }
        })
    };
    for states_length in [true, false] {
        let index = refusing(states_length);
        let context = TestContext::new();
        context.write("requirements.in", "a\n");
        lock_from(&context, &[url(&index)], &[]).exits(0);
        context.write("requirements.in", "a\nb\nsmall\n");
        lock_from(&context, &[url(&index)], &["--no-cache"]).exits(0);
        let log = index.log();
        let of = |file: &str| {
            let path = format!("/files/{file}-1.0-py3-none-any.whl");
            let asked = log.iter().filter(|asked| asked.path == path);
            asked.map(|asked| asked.range.clone()).collect::<Vec<_>>()
        };
        // The first answer taught it, in the second run again; no other suffix was asked for after that.
        let suffixes = log.iter().filter_map(|asked| asked.range.as_deref());
        let suffixes = suffixes
            .filter(|range| range.starts_with("bytes=-"))
            .count();
        assert!(suffixes >= 2, "{log:?}");
        let is_whole = of("a").iter().any(Option::is_none);
        assert!(!is_whole, "the length is known: {:?}", of("a"));
    }
}

/// Letters that do not compress to nothing.
fn noise(like: &str) -> String {
    let mut state = 7_u64;
    let letters = like.bytes().map(|_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        char::from(b'a' + u8::try_from((state >> 33) % 26).unwrap_or(0))
    });
    letters.collect()
}

#[test]
fn no_page_is_asked_for_twice_of_several_indexes() {
    let main = Loopback::index(World::new().with("a", "1.0", &["b"]).with("b", "1.0", &[]));
    let other = Loopback::index(World::new().with("a", "9.0", &[]).with("c", "3.0", &[]));
    for strategy in ["first-index", "unsafe-best-match"] {
        for format in ["requirements.txt", "pylock.toml"] {
            let context = TestContext::new();
            context.write("requirements.in", "a\nc\n");
            main.clear_log();
            other.clear_log();
            let lock =
                context.lockgate(&["lock", "requirements.in", "-o", format, "--no-advisories"]);
            let target = ["--python-version", "3.11", "--python-platform", "linux"];
            let lock = lock.args(target).args(["--index-strategy", strategy]);
            ask(lock, &[url(&main), url(&other)]).exits(0);
            for index in [&main, &other] {
                for (path, count) in index.counts() {
                    assert_eq!(count, 1, "{strategy} {format}: {path}");
                }
            }
        }
    }
}

#[test]
fn what_indexes_say_differently_of_a_file_does_not_depend_on_their_order() {
    let with = |change: &dyn Fn(&mut Release)| {
        let mut release = Release::default();
        change(&mut release);
        World::new()
            .with("a", "1.0", &[])
            .with_release("a", "2.0", release)
    };
    let plain = Loopback::index(with(&|_| {}));
    for differing in [
        with(&|release| release.yanked = Yank::Because("oops".to_owned())),
        // The page states it; the wheel has it in its METADATA only where it is set, so the file is replaced by the plain one.
        World {
            replaced_files: [("a-2.0-py3-none-any.whl".to_owned(), plain_wheel(&plain))].into(),
            ..with(&|release| release.requires_python = Some(">=3.99".to_owned()))
        },
    ] {
        let other = Loopback::index(differing);
        for indexes in [[&plain, &other], [&other, &plain]] {
            let context = TestContext::new();
            context.write("requirements.in", "a\n");
            let urls = indexes.map(url);
            let more = ["--index-strategy", "unsafe-best-match"];
            lock_from(&context, &urls, &more).exits(0);
            let lock = context.read("requirements.txt");
            assert!(lock.contains("a==2.0"), "{urls:?}: {lock}");
            assert!(!lock.contains("yanked"), "{lock}");
        }
    }
}

/// The bytes of the wheel of `a` 2.0.
fn plain_wheel(index: &Loopback<Index>) -> Vec<u8> {
    let request = Incoming {
        path: "/files/a-2.0-py3-none-any.whl".to_owned(),
        headers: axum::http::HeaderMap::default(),
        body: axum::body::Bytes::new(),
        origin: index.origin(),
    };
    index.site().answer(&request).body.to_vec()
}

#[test]
fn confusion_is_what_the_other_strategy_takes() {
    let yanked = || Release {
        yanked: Yank::Because("oops".to_owned()),
        ..Release::default()
    };
    let warned = |indexes: [World; 2], requirement: &str, strategy: &str| {
        let [one, two] = indexes.map(Loopback::index);
        let context = TestContext::new();
        context.write("requirements.in", format!("{requirement}\n"));
        let more = ["--index-strategy", strategy];
        let run = lock_from(&context, &[url(&one), url(&two)], &more);
        run.exits(0);
        run.stderr.contains("more than one index")
    };
    for strategy in ["first-index", "unsafe-best-match"] {
        // `==` takes a yanked release where there is no other: the same file, whichever index is asked.
        let pinned = [
            World::new().with_release("a", "2.0", yanked()),
            World::new().with("a", "2.0", &[]),
        ];
        assert!(!warned(pinned.clone(), "a==2.0", strategy), "{strategy}");
        // Without a final release a pre-release is taken, and the other index's final one in its place.
        let fallback = [
            World::new().with("a", "2.0rc1", &[]),
            World::new().with("a", "1.0", &[]),
        ];
        assert!(warned(fallback, "a", strategy), "{strategy}");
        // A yanked release of the second index is no rival.
        let older = [
            World::new().with("a", "1.0", &[]),
            World::new().with_release("a", "2.0", yanked()),
        ];
        assert!(!warned(older, "a", strategy), "{strategy}");
        // Yanked on the first and not on the second: the second's is taken.
        let newer = [
            World::new()
                .with("a", "1.0", &[])
                .with_release("a", "2.0", yanked()),
            World::new().with("a", "2.0", &[]),
        ];
        assert!(warned(newer, "a", strategy), "{strategy}");
    }
}
