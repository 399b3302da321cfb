//! How pages, metadata and advisories are learned, whatever a server offers.

mod servers;

use lockgate_tests::scenario::pins_of;
use lockgate_tests::{
    Advisory, Fault, Index, Loopback, Release, SourceDistribution, TestContext, World,
};

fn world() -> World {
    let native = Release {
        requires: vec!["b<2".to_owned()],
        requires_python: Some(">=3.8".to_owned()),
        sdist: SourceDistribution::Static,
        ..Release::default()
    };
    World::new()
        .with_release("a", "1.0", native)
        .with("b", "1.0", &[])
        .with_release(
            "b",
            "1.5",
            Release {
                yanked: lockgate_tests::Yank::Because("oops".to_owned()),
                ..Release::default()
            },
        )
        .with("b", "2.0", &[])
}

fn lock(index: &Loopback<Index>) -> String {
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    context.lock(index).run().exits(0);
    let text = context.read("requirements.txt");
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn html_pages_say_the_same_as_json_pages() {
    let json = lock(&Loopback::index(world()));
    let html = lock(&Loopback::index(World {
        html_only: true,
        ..world()
    }));
    assert_eq!(html, json);
}

#[test]
fn metadata_files_are_used_where_the_index_has_them() {
    let index = Loopback::index(world());
    lock(&index);
    assert_eq!(index.count("/files/a-1.0-py3-none-any.whl.metadata"), 1);
    assert_eq!(index.count("/files/a-1.0-py3-none-any.whl"), 0);
}

#[test]
fn without_them_the_wheel_is_read_by_ranges() {
    let expected = lock(&Loopback::index(world()));
    let index = Loopback::index(World {
        without_metadata_files: true,
        ..world()
    });
    assert_eq!(lock(&index), expected);
    let ranges = index
        .log()
        .into_iter()
        .filter(|request| request.range.is_some())
        .count();
    assert!(ranges > 0, "{:?}", index.log());
}

#[test]
fn without_ranges_the_whole_wheel_is_read() {
    let expected = lock(&Loopback::index(world()));
    let index = Loopback::index(World {
        without_metadata_files: true,
        ..world()
    });
    index.fault("/files/*", Fault::NoRanges);
    assert_eq!(lock(&index), expected);
}

#[test]
fn a_server_that_refuses_ranges_is_asked_for_the_whole_wheel() {
    let expected = lock(&Loopback::index(world()));
    let index = Loopback::index(World {
        without_metadata_files: true,
        ..world()
    });
    index.fault_times("/files/a-1.0-py3-none-any.whl", 1, Fault::Status(416));
    assert_eq!(lock(&index), expected);
}

#[test]
fn passing_troubles_are_tried_again() {
    for fault in [
        Fault::Status(503),
        Fault::Truncated,
        Fault::RetryAfter(429, 1),
    ] {
        let index = Loopback::index(world());
        index.fault_times("/simple/b/", 2, fault);
        lock(&index);
        assert!(index.count("/simple/b/") >= 3);
    }
}

#[test]
fn what_a_server_cannot_do_is_not_tried_again() {
    let index = Loopback::index(world());
    for status in [400, 501, 505, 511] {
        index.clear_log();
        index.fault("/simple/foo/", Fault::Status(status));
        let context = TestContext::new();
        context.write("requirements.in", "foo\n");
        context
            .lock(&index)
            .args(["--no-cache", "--no-advisories"])
            .run()
            .exits(2)
            .mentions(&[&status.to_string()]);
        assert_eq!(index.count("/simple/foo/"), 1, "{status}");
    }
}

#[test]
fn no_project_is_asked_for_twice_in_one_run() {
    let index = Loopback::index(world());
    lock(&index);
    for (path, count) in index.counts() {
        assert_eq!(count, 1, "{path}");
    }
}

#[test]
fn every_form_of_advisory_source_steers_alike() {
    let advisories = vec![
        Advisory::new("PYSEC-2024-1", "b").between("2.0", "3.0"),
        Advisory::new("GHSA-aaaa-bbbb-cccc", "b").between("2.5", "3.0"),
    ];
    let index = Loopback::index(World::new().with("b", "1.0", &[]).with("b", "2.0", &[]));
    let service = Loopback::osv(advisories.clone(), 1);
    let context = TestContext::new();
    context.write("requirements.in", "b\n");
    context.write_advisories("folder", &advisories);
    context.write("export.zip", lockgate_tests::osv::export(&advisories));
    let sources = [
        "folder".to_owned(),
        "export.zip".to_owned(),
        service.export_url(),
        service.origin(),
    ];
    for source in sources {
        let _ = std::fs::remove_file(context.path("requirements.txt"));
        let run = context
            .lock_bare()
            .args(["--index-url", &index.index_url(), "--advisories", &source])
            .run();
        assert_eq!(run.code, 0, "{source}: {}", run.stderr);
        assert_eq!(
            pins_of(&context.read("requirements.txt"))["b"].version,
            "1.0",
            "{source}"
        );
    }
    assert!(service.count("/v1/querybatch") >= 1);
    assert!(
        service.count("/v1/vulns/PYSEC-2024-1") == 1,
        "{:?}",
        service.counts()
    );
}

#[test]
fn credentials_reach_their_index_and_no_message() {
    let index = Loopback::index(world());
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    context.write_advisories("advisories", &[]);
    let url = index.index_url().replace("http://", "http://user:s3cret@");
    let run = context
        .lock_bare()
        .args(["--index-url", &url, "--advisories", "advisories", "-v"])
        .run();
    run.exits(0).does_not_mention(&["s3cret"]);
    assert!(!context.read("requirements.txt").contains("s3cret"));
    assert!(
        index
            .log()
            .iter()
            .all(|request| request.authorization.is_some())
    );
}

#[test]
fn a_password_in_a_broken_address_is_not_shown() {
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    for address in [
        "http://joe:s3cret@127.0.0.1:99999/x",
        "http://joe:s3cret@[::1/x",
    ] {
        let run = context
            .lock_bare()
            .args(["--index-url", address, "--no-advisories", "--json"])
            .run();
        run.exits(2).does_not_mention(&["s3cret"]);
        assert!(!run.stdout.contains("s3cret"), "{}", run.stdout);
    }
}

#[test]
fn a_login_page_is_no_empty_project() {
    let index = Loopback::index(world());
    let page = "<html><body><h1>Sign in</h1><a href=\"/login\">here</a></body></html>";
    index.fault("/simple/b/", Fault::Content(page.into()));
    let world = World {
        html_only: true,
        ..world()
    };
    index.set_world(world);
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    context
        .lock(&index)
        .run()
        .exits(2)
        .mentions(&["index page"]);
}

#[test]
fn a_page_that_drips_is_cut_off() {
    let index = Loopback::index(world());
    index.fault("/simple/a/", Fault::Drip);
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    context
        .lock(&index)
        .args(["--timeout", "1"])
        .run()
        .exits(2)
        .mentions(&["too slowly", "help"]);
    assert_eq!(index.count("/simple/a/"), 1, "it is no passing trouble");
}

#[test]
fn what_is_no_page_is_told_with_what_to_do() {
    for (fault, said) in [
        (Fault::ContentType("image/png"), "image/png"),
        (Fault::Huge(101 << 20), "more than"),
        (Fault::Status(418), "418"),
    ] {
        let index = Loopback::index(world());
        index.fault("/simple/a/", fault);
        let context = TestContext::new();
        context.write("requirements.in", "a\n");
        context
            .lock(&index)
            .run()
            .exits(2)
            .mentions(&[said, "help:"]);
    }
}

#[test]
fn where_an_index_states_no_digests_the_files_are_hashed() {
    let world = World {
        without_hashes: true,
        ..World::new()
            .with("tool", "1.0", &["base"])
            .with("base", "2.0", &[])
    };
    let index = Loopback::index(world);
    let context = TestContext::new();
    context.write("requirements.in", "tool\n");
    context.lock(&index).run().exits(0);
    let lock = context.read("requirements.txt");
    for (name, version) in [("tool", "1.0"), ("base", "2.0")] {
        for hash in index.hashes(name, version, |_| true) {
            assert!(lock.contains(&format!("--hash=sha256:{hash}")), "{lock}");
        }
    }
    context.lock(&index).arg("--offline").run().exits(0);
    assert_eq!(context.read("requirements.txt"), lock);
}
