//! No secret is ever shown or kept: every way to give one, every kind of output, and the cache with all its names and bytes.

use std::path::Path;

use lockgate_tests::{
    Advisory, Fault, Guarded, Index, Lockgate, Loopback, OsvService, TestContext, World,
};

/// The password of the index, as typed and as it is meant.
const PASSWORDS: [&str; 2] = ["hunter2%2Fx", "hunter2/x"];
/// A token in place of a user.
const TOKEN: &str = "t0k3n-of-joe";
/// The proxy's password.
const PROXY: &str = "pr0xys3cret";

/// Everything that must appear nowhere, also in the form that goes over the wire.
fn secrets() -> Vec<String> {
    use base64::Engine as _;
    let encoded = |pair: String| base64::engine::general_purpose::STANDARD.encode(pair);
    let mut secrets: Vec<String> = PASSWORDS.iter().map(|text| (*text).to_owned()).collect();
    secrets.extend(["hunter2".to_owned(), TOKEN.to_owned(), PROXY.to_owned()]);
    secrets.push(encoded(format!("joe:{}", PASSWORDS[1])));
    secrets.push(encoded(format!("{TOKEN}:")));
    secrets.push(encoded(format!("joe:{PROXY}")));
    secrets
}

/// Fails if a secret is in what was printed or in any file, by name or content, but for those that were written by hand.
#[track_caller]
fn assert_clean(context: &TestContext, what: &str, command: Lockgate<'_>, given: &[&str]) {
    let run = command.run();
    for secret in secrets() {
        for (place, text) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
            assert!(
                !text.contains(&secret),
                "{what}: {place} holds `{secret}`:\n{text}"
            );
        }
        for root in [context.path("."), context.cache()] {
            search(what, &root, secret.as_bytes(), given);
        }
    }
}

fn search(what: &str, path: &Path, secret: &[u8], given: &[&str]) {
    let Ok(entries) = std::fs::read_dir(path) else {
        return;
    };
    for entry in entries {
        let path = entry.expect("a folder can be listed").path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if given.contains(&name.as_str()) {
            continue;
        }
        let holds = |bytes: &[u8]| bytes.windows(secret.len()).any(|part| part == secret);
        assert!(
            !holds(name.as_bytes()),
            "{what}: the name of {}",
            path.display()
        );
        if path.is_dir() {
            search(what, &path, secret, given);
        } else {
            let bytes = std::fs::read(&path).unwrap_or_default();
            assert!(!holds(&bytes), "{what}: {}", path.display());
        }
    }
}

struct Servers {
    guarded: Loopback<Guarded<Index>>,
    tokened: Loopback<Guarded<Index>>,
    service: Loopback<OsvService>,
}

fn world() -> World {
    World::new()
        .with("a", "1.0", &["b"])
        .with("b", "1.0", &[])
        .with("b", "2.0", &[])
}

fn servers() -> Servers {
    let guarded =
        |user, password| Loopback::start(Guarded::new(Index::new(world()), user, password));
    Servers {
        guarded: guarded("joe", PASSWORDS[1]),
        tokened: guarded(TOKEN, ""),
        service: Loopback::osv(
            vec![Advisory::new("PYSEC-2024-1", "b").between("2.0", "3.0")],
            1,
        ),
    }
}

fn simple<S: lockgate_tests::Site>(server: &Loopback<S>, login: &str) -> String {
    format!("{}/simple", server.origin()).replace("http://", &format!("http://{login}"))
}

/// `lock` with all that talks most.
fn lock<'a>(context: &'a TestContext, loud: &str) -> Lockgate<'a> {
    context
        .lock_bare()
        .args(["--report", "report.json", "--retries", "0", loud])
}

#[test]
fn of_an_index_by_every_way_to_give_one() {
    let servers = servers();
    let login = format!("joe:{}@", PASSWORDS[0]);
    let plain = simple(&servers.guarded, "");
    for loud in ["-vvv", "-v", "--json"] {
        let context = TestContext::new();
        context.write("requirements.in", "a\n");
        let base = || lock(&context, loud).args(["--advisories", &servers.service.origin()]);
        let with_index = |index: &str| base().args(["--index-url", index]);
        assert_clean(
            &context,
            "address",
            with_index(&simple(&servers.guarded, &login)),
            &[],
        );
        assert!(context.exists("requirements.txt"));
        assert_clean(
            &context,
            "token",
            with_index(&simple(&servers.tokened, &format!("{TOKEN}@"))),
            &[],
        );
        assert_clean(
            &context,
            "variables",
            base()
                .env("PIP_INDEX_URL", simple(&servers.guarded, &login))
                .env(
                    "PIP_EXTRA_INDEX_URL",
                    simple(&servers.tokened, &format!("{TOKEN}@")),
                ),
            &[],
        );
        context.write(
            "../home/.netrc",
            format!("machine 127.0.0.1 login joe password {}\n", PASSWORDS[1]),
        );
        assert_clean(&context, "netrc", with_index(&plain), &[]);
        context.write(
            "in-file.in",
            format!(
                "--index-url {}\n--extra-index-url {}\na\n",
                simple(&servers.guarded, &login),
                simple(&servers.tokened, &format!("{TOKEN}@"))
            ),
        );
        let in_file = context
            .lockgate(&["lock", "in-file.in", "-o", "of-file.txt", loud])
            .args(["--python-version", "3.11", "--python-platform", "linux"])
            .args(["--report", "report.json", "--no-advisories"])
            .arg("--cache-dir")
            .arg(context.cache());
        assert_clean(&context, "requirement file", in_file, &["in-file.in"]);
    }
}

#[test]
fn of_a_proxy() {
    let proxy = Loopback::index(world());
    let address = proxy
        .origin()
        .replace("http://", &format!("http://joe:{PROXY}@"));
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    for proxy in [
        address.as_str(),
        "http://joe:pr0xys3cret@127.0.0.1:1",
        "http://joe:pr0xys3cret@[x",
    ] {
        let run = lock(&context, "-vvv").args([
            "--no-advisories",
            "--index-url",
            "http://host.test/simple",
            "--trusted-host",
            "host.test",
        ]);
        assert_clean(&context, "option", run.args(["--proxy", proxy]), &[]);
        let run = lock(&context, "-vvv").args(["--no-advisories", "--trusted-host", "host.test"]);
        let run = run.args(["--index-url", "http://host.test/simple"]);
        assert_clean(&context, "variable", run.env("http_proxy", proxy), &[]);
    }
}

#[test]
fn when_things_go_wrong() {
    let faults = [
        Fault::Status(403),
        Fault::Status(404),
        Fault::Status(500),
        Fault::Truncated,
        Fault::BrokenOff,
        Fault::ContentType("image/png"),
        Fault::Huge(200 << 20),
        Fault::Content("<html>Sign in</html>".into()),
    ];
    let servers = servers();
    let right = simple(&servers.guarded, &format!("joe:{}@", PASSWORDS[0]));
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    for path in ["/simple/a/", "/files/*"] {
        for fault in &faults {
            servers.guarded.fault(path, fault.clone());
            for loud in ["-vvv", "--json"] {
                let run = lock(&context, loud)
                    .args(["--no-advisories", "--no-cache"])
                    .args(["--index-url", &right]);
                assert_clean(&context, &format!("{path} {fault:?}"), run, &[]);
            }
            servers.guarded.mend();
        }
    }
    let wrong = [
        simple(&servers.tokened, &format!("joe:{}@", PASSWORDS[0])),
        format!("http://joe:{}@127.0.0.1:1/simple", PASSWORDS[0]),
        format!("http://joe:{}@127.0.0.1:99999/simple", PASSWORDS[0]),
        format!("http://joe:{}@host.test/simple", PASSWORDS[0]),
        format!("ftp://joe:{}@127.0.0.1/simple", PASSWORDS[0]),
        format!("https://joe:{}@127.0.0.1:1/simple", PASSWORDS[0]),
    ];
    for address in &wrong {
        for option in ["--index-url", "--extra-index-url", "--find-links"] {
            let run = lock(&context, "-vvv").args(["--no-advisories", "--no-index"]);
            assert_clean(&context, address, run.args([option, address]), &[]);
        }
        let run = lock(&context, "-vvv").args(["--no-advisories", "--index-url", address]);
        assert_clean(&context, address, run, &[]);
        let run = lock(&context, "--json").args(["--trusted-host", address, "--index-url", &right]);
        assert_clean(&context, address, run, &[]);
        let run = lock(&context, "-vvv").args(["--advisories", address, "--index-url", &right]);
        assert_clean(&context, address, run, &[]);
    }
}

#[test]
fn of_audits_and_checks() {
    let servers = servers();
    let context = TestContext::new();
    let right = simple(&servers.guarded, &format!("joe:{}@", PASSWORDS[0]));
    context.write("requirements.in", "a\n");
    context.write_advisories("advisories", &[]);
    let made = lock(&context, "-v").args(["--advisories", "advisories", "--index-url", &right]);
    made.run().exits(0);
    for loud in ["-vvv", "--json"] {
        let check = context
            .lockgate(&["check", "requirements.txt", "--report", "report.json", loud])
            .args(["--advisories", "advisories", "--index-url", &right])
            .arg("--cache-dir")
            .arg(context.cache());
        assert_clean(&context, "check", check, &[]);
        // The header shows the address without its password, and no other is asked with it.
        let without = context
            .lockgate(&[
                "check",
                "requirements.txt",
                loud,
                "--advisories",
                "advisories",
            ])
            .args([
                "--no-cache",
                "--index-url",
                &simple(&servers.guarded, "joe@"),
            ]);
        assert_clean(&context, "check without the password", without, &[]);
        let audit = context
            .lockgate(&["audit", "requirements.txt", "--report", "report.json", loud])
            .args([
                "--advisories",
                &servers.service.origin(),
                "--index-url",
                &right,
            ])
            .arg("--cache-dir")
            .arg(context.cache());
        assert_clean(&context, "audit", audit, &[]);
    }
    assert!(
        servers
            .guarded
            .log()
            .iter()
            .all(|request| { request.authorization.as_deref() != Some("Basic am9lOioqKio=") })
    );
}

#[cfg(unix)]
#[test]
fn of_a_keyring() {
    let servers = servers();
    let context = TestContext::new();
    context.write("requirements.in", "a\n");
    let script = format!("echo \"{0}\" >&2\necho '{0}'", PASSWORDS[1]);
    let path = context.write_program("keyring", &script);
    for index in [&servers.guarded, &servers.tokened] {
        let run = lock(&context, "-vvv")
            .args(["--no-advisories", "--no-cache"])
            .args(["--index-url", &simple(index, "joe@")])
            .env("PATH", &path);
        assert_clean(&context, "keyring", run, &["keyring"]);
    }
    assert!(context.exists("requirements.txt"));
}
