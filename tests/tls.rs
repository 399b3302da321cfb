//! Certificates: of servers, by a private authority; of clients; hosts that are trusted without; and plain addresses.

use lockgate_tests::{Authority, Index, Lockgate, Loopback, TestContext, World};

fn world() -> World {
    World::new().with("a", "1.0", &[])
}

fn served(authority: &Authority, asks_clients: bool) -> Loopback<Index> {
    Loopback::start_tls(Index::new(world()), authority, asks_clients)
}

fn lock<'a>(context: &'a TestContext, index: &Loopback<Index>) -> Lockgate<'a> {
    context.write("requirements.in", "a\n");
    let _ = std::fs::remove_file(context.path("requirements.txt"));
    context
        .lock_bare()
        .args(["--no-advisories", "--no-cache", "--retries", "0"])
        .args(["--index-url", &index.index_url()])
}

#[test]
fn a_private_authority_is_trusted_where_it_is_named_and_nowhere_else() {
    let authority = Authority::new();
    let index = served(&authority, false);
    let context = TestContext::new();
    context.write("ca/ca.pem", authority.pem());
    lock(&context, &index).run().exits(2).mentions(&[
        "certificate",
        "--cert FILE",
        "SSL_CERT_FILE",
        "--trusted-host",
    ]);
    lock(&context, &index)
        .args(["--cert", "ca/ca.pem"])
        .run()
        .exits(0);
    lock(&context, &index).args(["--cert", "ca"]).run().exits(0);
    for (variable, value) in [
        ("PIP_CERT", "ca/ca.pem"),
        ("REQUESTS_CA_BUNDLE", "ca/ca.pem"),
        ("SSL_CERT_FILE", "ca/ca.pem"),
    ] {
        let run = lock(&context, &index)
            .env(variable, context.path(value))
            .run();
        assert_eq!(run.code, 0, "{variable}: {}", run.stderr);
    }
    context.write("other.pem", Authority::new().pem());
    lock(&context, &index)
        .args(["--cert", "other.pem"])
        .run()
        .exits(2)
        .mentions(&["certificate"]);
}

#[test]
fn what_certificates_and_protocols_refuse_is_not_tried_again() {
    let authority = Authority::new();
    let (unknown, guarded) = (served(&authority, false), served(&authority, true));
    let plain = Loopback::index(world());
    let context = TestContext::new();
    context.write("ca.pem", authority.pem());
    let in_the_clear = plain.index_url().replace("http://", "https://");
    for (index, certificates, said) in [
        (unknown.index_url(), "", "--cert FILE"),
        (guarded.index_url(), "ca.pem", "--client-cert FILE"),
        (in_the_clear, "ca.pem", "does not speak TLS"),
    ] {
        context.write("requirements.in", "a\n");
        let run = context
            .lock_bare()
            .args(["--no-advisories", "--no-cache", "--retries", "20"])
            .args(["--index-url", &index]);
        let run = match certificates {
            "" => run,
            file => run.args(["--cert", file]),
        };
        let began = std::time::Instant::now();
        run.run().exits(2).mentions(&[said]);
        // Twenty retries take minutes.
        assert!(began.elapsed().as_secs() < 20, "{said}");
    }
}

#[test]
fn a_folder_of_certificates_is_trusted_by_ssl_cert_dir() {
    let authority = Authority::new();
    let index = served(&authority, false);
    let context = TestContext::new();
    // Named by the hash of its subject, as OpenSSL wants it; whoever reads such folders whole finds it too.
    context.write("hashed/0a1b2c3d.0", authority.pem());
    lock(&context, &index)
        .env("SSL_CERT_DIR", context.path("hashed"))
        .run()
        .exits(0);
}

#[test]
fn a_trusted_host_needs_no_certificate_and_others_still_do() {
    let authority = Authority::new();
    let (index, other) = (served(&authority, false), served(&authority, false));
    let context = TestContext::new();
    let port = format!("127.0.0.1:{}", index.port());
    for host in ["127.0.0.1", &port] {
        lock(&context, &index)
            .args(["--trusted-host", host])
            .run()
            .exits(0);
    }
    lock(&context, &index)
        .env("PIP_TRUSTED_HOST", format!("host.test {port}"))
        .run()
        .exits(0);
    context.write(
        "requirements.in",
        format!(
            "--index-url {}\n--trusted-host {port}\na\n",
            index.index_url()
        ),
    );
    context
        .lock_bare()
        .args(["--no-advisories", "--no-cache"])
        .run()
        .exits(0);
    lock(&context, &other)
        .args(["--trusted-host", &port])
        .run()
        .exits(2)
        .mentions(&["certificate"]);
    lock(&context, &index)
        .args(["--trusted-host", "https://host.test/"])
        .run()
        .exits(2)
        .mentions(&["--trusted-host", "no host"]);
}

#[test]
fn a_client_certificate_is_shown_to_a_server_that_asks() {
    let authority = Authority::new();
    let index = served(&authority, true);
    let context = TestContext::new();
    context.write("ca.pem", authority.pem());
    context.write("client.pem", authority.client_pem());
    context.write("foreign.pem", Authority::new().client_pem());
    context.write("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n");
    context.write("only.pem", authority.pem());
    let with = |client: Option<&str>| {
        let run = lock(&context, &index).args(["--cert", "ca.pem"]);
        match client {
            Some(client) => run.args(["--client-cert", client]).run(),
            None => run.run(),
        }
    };
    with(Some("client.pem")).exits(0);
    lock(&context, &index)
        .args(["--cert", "ca.pem"])
        .env("PIP_CLIENT_CERT", context.path("client.pem"))
        .run()
        .exits(0);
    with(None).exits(2).mentions(&["--client-cert FILE"]);
    with(Some("foreign.pem")).exits(2);
    for (file, said) in [
        ("missing.pem", "cannot be read"),
        ("broken.pem", "no client certificate"),
        ("only.pem", "no client certificate"),
    ] {
        with(Some(file)).exits(2).mentions(&[file, said, "help"]);
    }
    for (file, said) in [("missing.pem", "cannot be read"), ("empty.pem", "no PEM")] {
        context.write("empty.pem", "nothing");
        lock(&context, &index)
            .args(["--cert", file])
            .run()
            .exits(2)
            .mentions(&[file, said]);
    }
}

#[test]
fn a_plain_address_elsewhere_is_refused_unless_its_host_is_trusted() {
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    let run = |arguments: &[&str]| {
        context
            .lock_bare()
            .args(["--no-advisories", "--no-cache"])
            .args(arguments)
            .run()
    };
    run(&["--index-url", "http://host.test/simple"])
        .exits(2)
        .mentions(&["http://host.test/simple", "--trusted-host host.test"]);
    run(&["--no-index", "--find-links", "http://host.test:81/links"])
        .exits(2)
        .mentions(&["--trusted-host host.test:81"]);
}
