//! Proxies, by option and by the environment. The proxy of these tests is the index itself: it answers whatever host it is asked for.

use lockgate_tests::{Index, Lockgate, Loopback, TestContext, World};

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
