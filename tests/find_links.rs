//! `--find-links` and indexes in folders: what scenario files cannot show, since it is about where files are and not which.

use lockgate_tests::artifact::{sha256, wheel};
use lockgate_tests::scenario::pins_of;
use lockgate_tests::{Loopback, Release, Run, StaticSite, TestContext, World};

/// A wheel of `name` that requires nothing.
fn bytes(name: &str, version: &str) -> Vec<u8> {
    wheel(name, version, &Release::default(), "py3-none-any").bytes
}

/// Locks `requirements` with these arguments and no advisories.
fn lock(context: &TestContext, requirements: &str, arguments: &[&str]) -> Run {
    context.write("requirements.in", requirements);
    context
        .lock_bare()
        .args(["--no-advisories"])
        .args(arguments)
        .run()
}

#[track_caller]
fn pins(context: &TestContext, name: &str, version: &str, content: &[u8]) {
    let lock = context.read("requirements.txt");
    let pins = pins_of(&lock);
    assert_eq!(pins[name].version, version, "{lock}");
    assert_eq!(pins[name].hashes, [sha256(content)], "{lock}");
}

#[test]
fn a_page_is_read_once_for_all_projects_and_its_files_are_fetched() {
    let (a, b) = (bytes("a", "1.0"), bytes("b", "2.0"));
    let page = format!(
        "<html><body><a href=\"../files/a-1.0-py3-none-any.whl#sha256={}\">a</a>\n\
         <a href=\"/files/b-2.0-py3-none-any.whl#sha256={}\">b</a> <a href=\"..\">up</a></body></html>",
        sha256(&a),
        sha256(&b)
    );
    let file = |bytes: &[u8]| lockgate_tests::Answer::ok("application/zip", bytes.to_vec());
    let site = StaticSite::default()
        .with_page("/links/", &page)
        .with("/files/a-1.0-py3-none-any.whl", file(&a))
        .with("/files/b-2.0-py3-none-any.whl", file(&b))
        .start();
    let context = TestContext::new();
    let place = format!("{}/links/", site.origin());
    lock(&context, "a\nb\n", &["--no-index", "--find-links", &place]).exits(0);
    pins(&context, "a", "1.0", &a);
    pins(&context, "b", "2.0", &b);
    assert_eq!(site.count("/links/"), 1);
    // Once more without the network: the page is kept.
    lock(
        &context,
        "a\nb\n",
        &["--no-index", "-f", &place, "--offline"],
    )
    .exits(0);
    lock(&context, "missing\n", &["--no-index", "-f", &place])
        .exits(1)
        .mentions(&["missing"]);
}

#[test]
fn a_page_that_is_none_ends_the_run_and_one_that_is_not_there_is_passed_over() {
    let site = StaticSite::default()
        .with_page("/login", "<html><body>Sign in</body></html>")
        .start();
    let context = TestContext::new();
    let place = |path: &str| format!("{}{path}", site.origin());
    lock(
        &context,
        "a\n",
        &["--no-index", "--find-links", &place("/login")],
    )
    .exits(2)
    .mentions(&["--find-links", "lists no files"]);
    let index = Loopback::index(World::new().with("a", "1.0", &[]));
    lock(
        &context,
        "a\n",
        &[
            "--index-url",
            &index.index_url(),
            "--find-links",
            &place("/gone"),
        ],
    )
    .exits(0)
    .mentions(&["warning", "/gone", "no such page"]);
}

#[test]
fn files_pages_and_addresses_of_this_machine_are_places_too() {
    let context = TestContext::new();
    let wheel = bytes("a", "1.0");
    context.write("wheel house/a-1.0-py3-none-any.whl", &wheel);
    context.write(
        "page.html",
        format!(
            "<a href=\"wheel%20house/a-1.0-py3-none-any.whl#sha256={}\">a</a>",
            sha256(&wheel)
        ),
    );
    context.write(
        "linked/index.html",
        "<a href=\"../wheel%20house/a-1.0-py3-none-any.whl\">a</a>",
    );
    let address = format!("file://{}", context.path("wheel%20house").display());
    for place in [
        "wheel house",
        "wheel house/a-1.0-py3-none-any.whl",
        "page.html",
        "linked",
        &address,
    ] {
        let _ = std::fs::remove_file(context.path("requirements.txt"));
        let run = lock(&context, "a\n", &["--no-index", "--find-links", place]);
        assert_eq!(run.code, 0, "{place}: {}", run.stderr);
        pins(&context, "a", "1.0", &wheel);
    }
}

#[test]
fn a_hash_that_a_page_of_this_machine_states_must_be_the_files() {
    let context = TestContext::new();
    context.write("a-1.0-py3-none-any.whl", bytes("a", "1.0"));
    let page = format!(
        "<a href=\"a-1.0-py3-none-any.whl#sha256={}\">a</a>",
        sha256(b"another")
    );
    context.write("page.html", page);
    lock(&context, "a\n", &["--no-index", "-f", "page.html"])
        .exits(2)
        .mentions(&["a-1.0-py3-none-any.whl", "hash differs"]);
    assert!(!context.exists("requirements.txt"));
}

#[test]
fn what_is_missing_or_empty_is_told_and_nothing_is_found_there() {
    let context = TestContext::new();
    std::fs::create_dir(context.path("empty")).unwrap();
    lock(
        &context,
        "a\n",
        &["--no-index", "-f", "empty", "-f", "no-such-folder"],
    )
    .exits(1)
    .mentions(&["warning", "no-such-folder", "passed over"]);
    lock(&context, "a\n", &["--no-index", "-f", "ftp://host.test/"])
        .exits(2)
        .mentions(&["ftp", "only `https:`", "help"]);
    lock(&context, "a\n", &["--no-index"])
        .exits(1)
        .mentions(&["--no-index", "--find-links"]);
}

#[test]
fn a_damaged_wheel_in_a_folder_is_no_candidate() {
    let context = TestContext::new();
    let wheel = bytes("a", "1.0");
    context.write("links/a-2.0-py3-none-any.whl", "not a zip file");
    context.write("links/a-1.0-py3-none-any.whl", &wheel);
    lock(&context, "a\n", &["--no-index", "-f", "links"]).exits(0);
    pins(&context, "a", "1.0", &wheel);
    // Where nothing else fits, nobody knows whether it would have.
    lock(&context, "a>1\n", &["--no-index", "-f", "links"])
        .exits(2)
        .mentions(&["a-2.0-py3-none-any.whl"]);
}

#[test]
fn pips_settings_name_places_too() {
    let context = TestContext::new();
    let wheel = bytes("a", "1.0");
    context.write("links/a-1.0-py3-none-any.whl", &wheel);
    context.write("requirements.in", "a\n");
    let run = context
        .lock_bare()
        .args(["--no-advisories", "-v"])
        .env("PIP_FIND_LINKS", "links")
        .env("PIP_NO_INDEX", "1")
        .run();
    run.exits(0)
        .mentions(&["find-links: links (PIP_FIND_LINKS)", "PIP_NO_INDEX"]);
    pins(&context, "a", "1.0", &wheel);
}

#[test]
fn an_index_may_be_a_folder_of_pages() {
    let context = TestContext::new();
    let wheel = bytes("a", "1.0");
    context.write("mirror/files/a-1.0-py3-none-any.whl", &wheel);
    context.write(
        "mirror/simple/a/index.html",
        "<a href=\"../../files/a-1.0-py3-none-any.whl\">a</a>",
    );
    let address = format!("file://{}", context.path("mirror/simple").display());
    lock(&context, "a\n", &["--index-url", &address]).exits(0);
    pins(&context, "a", "1.0", &wheel);
    lock(&context, "b\n", &["--index-url", &address])
        .exits(1)
        .mentions(&["b"]);
}

#[test]
fn an_index_that_is_not_there_is_no_index_without_packages() {
    let index = Loopback::index(World::new().with("a", "9.9", &[]));
    let context = TestContext::new();
    context.write("file", "");
    let address = |name: &str| format!("file://{}", context.path(name).display());
    let public = index.index_url();
    let missing = address("nowhere/simple");
    let file = address("file");
    let has_no_answer = |run: &Run, texts: &[&str]| {
        run.exits(2).mentions(texts);
        assert!(!context.exists("requirements.txt"));
    };
    // The first, where the name would be taken from the next; and a further one, which nothing was asked.
    for arguments in [
        ["--index-url", &missing, "--extra-index-url", &public],
        ["--index-url", &public, "--extra-index-url", &missing],
        ["--index-url", &public, "--extra-index-url", &file],
        [
            "--index-url",
            &public,
            "--extra-index-url",
            "file://server.test/simple",
        ],
    ] {
        for strategy in ["first-index", "unsafe-best-match"] {
            let mut arguments = arguments.to_vec();
            arguments.extend(["--index-strategy", strategy]);
            has_no_answer(&lock(&context, "a\n", &arguments), &["index", "file://"]);
        }
    }
    // From pip's settings, and from a source.
    context.write("requirements.in", "a\n");
    let set_up = context
        .lock_bare()
        .args(["--no-advisories", "--index-url", &public])
        .env("PIP_EXTRA_INDEX_URL", &missing);
    has_no_answer(&set_up.run(), &["PIP_EXTRA_INDEX_URL", "no such folder"]);
    let source = format!("a\n--extra-index-url {missing}\n");
    let run = lock(&context, &source, &["--index-url", &public]);
    has_no_answer(&run, &["requirements.in:2", "no such folder"]);
    assert_eq!(index.counts().len(), 0);
    // pip passes over what `--find-links` names, and no index is asked where none is wanted.
    let run = lock(&context, "a\n", &["--index-url", &public, "-f", "nowhere"]);
    run.exits(0).mentions(&["`nowhere`"]);
    lock(&context, "", &["--index-url", &missing, "--no-index"]).exits(0);
}

#[test]
fn a_package_whose_folder_has_no_page_is_not_taken_from_the_next_index() {
    let index = Loopback::index(World::new().with("a", "9.9", &[]).with("b", "1.0", &[]));
    let context = TestContext::new();
    context.write("mirror/a/not-yet.txt", "");
    let mirror = format!("file://{}", context.path("mirror").display());
    let public = index.index_url();
    let arguments = ["--index-url", &mirror, "--extra-index-url", &public];
    lock(&context, "a\n", &arguments)
        .exits(2)
        .mentions(&["`a`", "index.html"]);
    assert!(!context.exists("requirements.txt"));
    // A name that a mirror does not have is asked of the next one.
    lock(&context, "b\n", &arguments).exits(0);
}

#[test]
fn a_check_and_an_online_audit_need_each_index_too() {
    let index = Loopback::index(World::new().with("a", "1.0", &[]));
    let context = TestContext::new();
    let public = index.index_url();
    lock(&context, "a\n", &["--index-url", &public]).exits(0);
    let missing = format!("file://{}", context.path("nowhere").display());
    let run = |verb: &[&str]| {
        context
            .lockgate(verb)
            .args(["--index-url", &public, "--extra-index-url", &missing])
            .run()
    };
    context.write_advisories("advisories", &[]);
    run(&["check", "requirements.txt", "--no-advisories"])
        .exits(2)
        .mentions(&["--extra-index-url", "no such folder"]);
    let audit = ["audit", "requirements.txt", "--advisories", "advisories"];
    run(&[&audit[..], &["--online"]].concat())
        .exits(2)
        .mentions(&["no such folder"]);
    // Nothing is asked of an index without.
    run(&audit).exits(0);
}
