//! Proxies, by option and by the environment. The proxy of these tests is the index itself: it answers whatever host it is asked for.

use std::time::{Duration, Instant};

use lockgate_tests::{Answer, Fault, Index, Lockgate, Loopback, StaticSite, TestContext, World};

const INDEX: &str = "http://host.test/simple";

fn served() -> Loopback<Index> {
    Loopback::index(World::new().with("a", "1.0", &[]))
}

fn lock<'a>(context: &'a TestContext, index: &str) -> Lockgate<'a> {
    context.write("requirements.in", "a\n");
    let _ = std::fs::remove_file(context.path("requirements.txt"));
    context
        .lock_bare()
        .args(["--no-advisories", "--no-cache", "--retries", "0"])
        .args(["--index-url", index, "--trusted-host", "host.test"])
}

fn with_login<S: lockgate_tests::Site>(proxy: &Loopback<S>) -> String {
    proxy.origin().replace("http://", "http://joe:s3cret@")
}

#[test]
fn a_proxy_is_asked_for_all_and_told_its_login() {
    let proxy = served();
    let context = TestContext::new();
    lock(&context, INDEX)
        .args(["--proxy", &with_login(&proxy)])
        .run()
        .exits(0);
    lock(&context, INDEX)
        .env("PIP_PROXY", with_login(&proxy))
        .run()
        .exits(0);
    lock(&context, INDEX)
        .env("http_proxy", with_login(&proxy))
        .run()
        .exits(0);
    let log = proxy.log();
    assert!(log.len() >= 3);
    for request in log {
        assert_eq!(
            request.proxy_authorization.as_deref(),
            Some("Basic am9lOnMzY3JldA==")
        );
        assert_eq!(request.authorization, None);
    }
}

#[test]
fn no_proxy_leaves_hosts_out_addresses_and_all() {
    let (proxy, index) = (served(), served());
    let context = TestContext::new();
    for excluded in ["*", "127.0.0.1", "host.test,127.0.0.1", " * "] {
        for name in ["NO_PROXY", "no_proxy"] {
            let run = lock(&context, &index.index_url())
                .env("http_proxy", proxy.origin())
                .env(name, excluded)
                .run();
            assert_eq!(run.code, 0, "{name}={excluded}: {}", run.stderr);
        }
    }
    assert_eq!(proxy.log().len(), 0);
    lock(&context, &index.index_url())
        .env("http_proxy", proxy.origin())
        .run()
        .exits(0);
    assert!(!proxy.log().is_empty());
}

#[test]
fn a_proxy_that_is_none_is_said_without_its_login() {
    let context = TestContext::new();
    for proxy in ["http://joe:s3cret@[::1", "http://joe:s3cret@127.0.0.1:1"] {
        lock(&context, INDEX)
            .args(["--proxy", proxy])
            .run()
            .exits(2)
            .mentions(&["help"])
            .does_not_mention(&["s3cret"]);
    }
}

/// The same, with retries that take minutes.
fn lock_patiently<'a>(context: &'a TestContext, index: &str, proxy: &str) -> Lockgate<'a> {
    context.write("requirements.in", "a\n");
    context
        .lock_bare()
        .args(["--no-advisories", "--no-cache", "--retries", "20"])
        .args(["--index-url", index, "--trusted-host", "host.test"])
        .args(["--proxy", proxy])
}

const AT_ONCE: Duration = Duration::from_secs(20);

#[test]
fn a_proxy_that_wants_a_login_is_named_at_once() {
    let proxy = served();
    proxy.fault("*", Fault::Status(407));
    let context = TestContext::new();
    for index in [INDEX, "https://host.test/simple"] {
        proxy.clear_log();
        lock_patiently(&context, index, &with_login(&proxy))
            .run()
            .exits(2)
            .mentions(&[
                "the proxy http://127.0.0.1:[PORT] wants a login",
                "407",
                "help",
                "--proxy http://USER:PASSWORD@HOST:PORT",
            ])
            .does_not_mention(&["s3cret", "check the address"]);
        assert_eq!(proxy.log().len(), 1, "{index}: {:?}", proxy.log());
    }
    // So are those of the environment.
    context.write("requirements.in", "a\n");
    context
        .lock_bare()
        .args(["--no-advisories", "--no-cache", "--index-url", INDEX])
        .args(["--trusted-host", "host.test"])
        .env("http_proxy", with_login(&proxy))
        .run()
        .exits(2)
        .mentions(&["the proxy http://127.0.0.1:[PORT] wants a login"])
        .does_not_mention(&["s3cret"]);
    assert!(!context.exists("requirements.txt"));
}

#[test]
fn a_proxy_that_refuses_is_named_and_the_index_is_not_blamed() {
    let context = TestContext::new();
    let proxy = served();
    proxy.fault("*", Fault::Status(403));
    // What it says to `CONNECT` may pass, and is asked once more.
    lock_patiently(&context, "https://host.test/simple", &proxy.origin())
        .run()
        .exits(2)
        .mentions(&[
            "the proxy http://127.0.0.1:[PORT] did not open a connection",
            "NO_PROXY",
        ]);
    assert_eq!(proxy.log().len(), 2, "{:?}", proxy.log());
    let mark = axum::http::HeaderName::from_static("x-squid-error");
    let refusal = Answer {
        headers: vec![(mark, "ERR_ACCESS_DENIED 0".to_owned())],
        ..Answer::status(403)
    };
    let proxy = StaticSite::default().with("/simple/a/", refusal).start();
    lock_patiently(&context, INDEX, &proxy.origin())
        .run()
        .exits(2)
        .mentions(&["refuses to pass the request on", "NO_PROXY"])
        .does_not_mention(&["without a login"]);
    assert_eq!(proxy.log().len(), 1);
}

#[test]
fn a_proxy_that_is_not_there_is_named_at_once() {
    let context = TestContext::new();
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let proxy = format!("http://127.0.0.1:{}", free.local_addr().unwrap().port());
    drop(free);
    for index in [INDEX, "https://host.test/simple"] {
        let began = Instant::now();
        lock_patiently(&context, index, &proxy)
            .run()
            .exits(2)
            .mentions(&[
                "the proxy http://127.0.0.1:[PORT] cannot be reached",
                "check the address of the proxy",
            ]);
        assert!(began.elapsed() < AT_ONCE, "{index}");
    }
}
