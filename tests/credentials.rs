//! Who asks: logins from addresses, netrc files and the keyring, and where they must not go.

use lockgate_tests::{
    Answer, Fault, Guarded, Index, Lockgate, Loopback, StaticSite, TestContext, World,
};

const USER: &str = "joe";
const PASSWORD: &str = "s3cret/w%rd";

fn world() -> World {
    World::new().with("a", "1.0", &["b"]).with("b", "1.0", &[])
}

/// An index that only `joe` may read.
fn guarded() -> Loopback<Guarded<Index>> {
    Loopback::start(Guarded::new(Index::new(world()), USER, PASSWORD))
}

fn url<S: lockgate_tests::Site>(server: &Loopback<S>, login: &str) -> String {
    format!("{}/simple", server.origin()).replace("http://", &format!("http://{login}"))
}

fn lock<'a>(context: &'a TestContext, index: &str) -> Lockgate<'a> {
    context.write("requirements.in", "a\n");
    let _ = std::fs::remove_file(context.path("requirements.txt"));
    context
        .lock_bare()
        .args(["--no-advisories", "--index-url", index])
}

#[test]
fn an_address_may_hold_an_escaped_login_and_its_files_are_asked_with_it() {
    let index = guarded();
    let context = TestContext::new();
    lock(&context, &url(&index, "joe:s3cret%2Fw%25rd@"))
        .run()
        .exits(0);
    // What variables hold is put into the address as it is.
    context.write(
        "requirements.in",
        format!("--index-url {}\na\n", url(&index, "${JOE}:${JOES_SECRET}@")),
    );
    context
        .lock_bare()
        .args(["--no-advisories", "--no-cache"])
        .env("JOE", USER)
        .env("JOES_SECRET", "s3cret%2Fw%25rd")
        .run()
        .exits(0);
}

#[test]
fn files_without_a_digest_are_hashed_with_the_login_of_their_index() {
    let world = World {
        without_hashes: true,
        ..world()
    };
    let index = Loopback::start(Guarded::new(Index::new(world), USER, PASSWORD));
    let context = TestContext::new();
    lock(&context, &url(&index, "joe:s3cret%2Fw%25rd@"))
        .run()
        .exits(0);
    assert!(context.read("requirements.txt").contains("--hash=sha256:"));
}

#[test]
fn a_netrc_file_says_who_asks_a_host() {
    let index = guarded();
    let entry = format!("machine 127.0.0.1 login {USER} password {PASSWORD}\n");
    let context = TestContext::new();
    context.write("logins", &entry);
    lock(&context, &url(&index, ""))
        .env("NETRC", "logins")
        .run()
        .exits(0);
    for name in [".netrc", "_netrc"] {
        let context = TestContext::new();
        context.write(&format!("../home/{name}"), &entry);
        lock(&context, &url(&index, "")).run().exits(0);
    }
    let context = TestContext::new();
    context.write("../home/.netrc", "machine 127.0.0.1 login joe passwrd x");
    lock(&context, &url(&index, ""))
        .run()
        .exits(2)
        .mentions(&["netrc", "going on without", "401"]);
}

#[test]
fn refusals_are_told_apart_from_what_is_not_there() {
    let index = guarded();
    let context = TestContext::new();
    lock(&context, &url(&index, "")).run().exits(2).mentions(&[
        "refused access with status 401",
        "help",
        "netrc",
    ]);
    lock(&context, &url(&index, "joe:wrong@"))
        .run()
        .exits(2)
        .mentions(&[
            "401 to the login in the address",
            "check user name and password",
        ])
        .does_not_mention(&["wrong"]);
    let forbidden = Loopback::index(world());
    forbidden.fault("/simple/a/", Fault::Status(403));
    lock(&context, &url(&forbidden, ""))
        .run()
        .exits(2)
        .mentions(&["403", "without a login"]);
    lock(&context, &url(&forbidden, "joe:pw@"))
        .run()
        .exits(2)
        .mentions(&["403", "knows who asks"]);
    forbidden.mend();
    forbidden.fault("/simple/a/", Fault::Status(404));
    lock(&context, &url(&forbidden, ""))
        .run()
        .exits(1)
        .mentions(&["on none of the indexes"]);
    assert!(!context.exists("requirements.txt"));
}

#[test]
fn a_login_is_not_carried_to_another_server() {
    let elsewhere = Loopback::index(world());
    let to = |path: &str| Answer::redirect(302, &format!("{}{path}", elsewhere.origin()));
    let sends_on = Loopback::start(Guarded::new(
        StaticSite::default()
            .with("/simple/a/", to("/simple/a/"))
            .with("/simple/b/", to("/simple/b/")),
        USER,
        PASSWORD,
    ));
    let context = TestContext::new();
    lock(&context, &url(&sends_on, "joe:s3cret%2Fw%25rd@"))
        .run()
        .exits(0);
    assert!(
        sends_on
            .log()
            .iter()
            .all(|request| request.authorization.is_some())
    );
    let log = elsewhere.log();
    assert!(log.len() >= 2, "{log:?}");
    assert!(
        log.iter().all(|request| request.authorization.is_none()),
        "{log:?}"
    );
}

#[test]
fn a_login_follows_to_another_path_of_its_server() {
    let context = TestContext::new();
    let page = "<a href=\"/files/a-1.0-py3-none-any.whl\">a</a>";
    let site = StaticSite::default()
        .with("/simple/a/", Answer::redirect(301, "/moved/a/"))
        .with_page("/moved/a/", page);
    let index = Loopback::start(Guarded::new(site, USER, PASSWORD));
    lock(&context, &url(&index, "joe:s3cret%2Fw%25rd@"))
        .run()
        .exits(2);
    let paths: Vec<String> = index
        .log()
        .into_iter()
        .map(|request| request.path)
        .collect();
    assert!(paths.contains(&"/moved/a/".to_owned()), "{paths:?}");
    assert!(
        index
            .log()
            .iter()
            .all(|request| request.authorization.is_some())
    );
}

#[test]
fn redirects_have_an_end() {
    let site = StaticSite::default()
        .with("/simple/a/", Answer::redirect(307, "/simple/a/"))
        .start();
    let context = TestContext::new();
    lock(&context, &url(&site, ""))
        .run()
        .exits(2)
        .mentions(&["redirects more than 10 times"]);
    let site = StaticSite::default()
        .with("/simple/a/", Answer::redirect(302, "file:///etc/passwd"))
        .start();
    lock(&context, &url(&site, ""))
        .run()
        .exits(2)
        .mentions(&["no address of the web"]);
}

#[cfg(unix)]
mod keyring {
    use super::*;

    /// A program `keyring` that writes down what it is asked, and the path to find it by.
    fn stub(context: &TestContext, script: &str) -> std::ffi::OsString {
        let note = format!("echo \"$@\" >> '{}'", log(context).display());
        context.write_program("keyring", &format!("{note}\n{script}"))
    }

    fn log(context: &TestContext) -> std::path::PathBuf {
        context.path("keyring.log")
    }

    fn asked(context: &TestContext) -> Vec<String> {
        let text = std::fs::read_to_string(log(context)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn the_keyring_is_asked_for_the_user_in_the_address_once_and_only_after_a_refusal() {
        let index = guarded();
        let context = TestContext::new();
        let path = stub(&context, "[ \"$3\" = joe ] && echo 's3cret/w%rd'");
        lock(&context, &url(&index, "joe@"))
            .env("PATH", &path)
            .run()
            .exits(0);
        let simple = format!("{}/simple", index.origin());
        assert_eq!(asked(&context), [format!("get {simple} joe")]);
        // An open index needs no keyring.
        let open = Loopback::index(world());
        lock(&context, &url(&open, "joe@"))
            .env("PATH", &path)
            .run()
            .exits(0);
        assert_eq!(asked(&context).len(), 1);
    }

    #[test]
    fn a_server_that_forbids_has_the_keyring_asked_too() {
        let site = Guarded::new(Index::new(world()), USER, PASSWORD).refusing_with(403);
        let index = Loopback::start(site);
        let context = TestContext::new();
        let path = stub(&context, "echo 's3cret/w%rd'");
        lock(&context, &url(&index, "joe@"))
            .args(["--keyring-provider", "subprocess"])
            .env("PATH", &path)
            .run()
            .exits(0);
    }

    #[test]
    fn the_host_is_asked_about_when_the_index_is_not_known_there() {
        let index = guarded();
        let context = TestContext::new();
        let path = stub(
            &context,
            "case \"$2\" in http*) exit 1;; *) echo 's3cret/w%rd';; esac",
        );
        lock(&context, &url(&index, "joe@"))
            .env("PATH", &path)
            .env("PIP_KEYRING_PROVIDER", "subprocess")
            .run()
            .exits(0);
        let host = index.origin().replace("http://", "");
        assert_eq!(asked(&context)[1], format!("get {host} joe"));
    }

    #[test]
    fn when_disabled_or_after_403_without_a_user_nobody_is_asked() {
        let index = guarded();
        let context = TestContext::new();
        let path = stub(&context, "echo 's3cret/w%rd'");
        for login in ["", "joe@"] {
            lock(&context, &url(&index, login))
                .args(["--keyring-provider", "disabled"])
                .env("PATH", &path)
                .run()
                .exits(2)
                .mentions(&["401"]);
        }
        let site = Guarded::new(Index::new(world()), USER, PASSWORD).refusing_with(403);
        lock(&context, &url(&Loopback::start(site), ""))
            .env("PATH", &path)
            .run()
            .exits(2)
            .mentions(&["403"]);
        assert_eq!(asked(&context), [""; 0]);
    }

    const ANY_USER: &str = "--mode=creds --output=json get";

    #[test]
    fn without_a_user_the_keyring_is_asked_for_any_as_by_pip() {
        let index = guarded();
        let simple = format!("{}/simple", index.origin());
        let context = TestContext::new();
        let printed = r#"{"username": "joe", "password": "s3cret/w%rd"}"#;
        let script = format!("[ \"$4\" = '{simple}' ] && echo '{printed}'");
        let path = stub(&context, &script);
        lock(&context, &url(&index, ""))
            .env("PATH", &path)
            .run()
            .exits(0);
        // Once for the whole run, pages and files.
        assert_eq!(asked(&context), [format!("{ANY_USER} {simple}")]);
        // What it has for the host counts after what it has for the index.
        let context = TestContext::new();
        let host = index.origin().replace("http://", "");
        let script = format!("[ \"$4\" = '{host}' ] && echo '{printed}'");
        let path = stub(&context, &script);
        lock(&context, &url(&index, ""))
            .args(["--keyring-provider", "import"])
            .env("PATH", &path)
            .run()
            .exits(0);
        let about = [simple, host].map(|service| format!("{ANY_USER} {service}"));
        assert_eq!(asked(&context), about);
    }

    #[test]
    fn a_keyring_that_prints_no_login_or_is_too_old_ends_in_the_refusal() {
        let index = guarded();
        for (script, said) in [
            ("echo nothing", "401"),
            ("echo '{\"username\": \"joe\"}'", "401"),
            ("echo '[]'", "401"),
            (
                "echo 'keyring: error: unrecognized arguments: --mode=creds --output=json' >&2; exit 2",
                "25.2.1",
            ),
        ] {
            let context = TestContext::new();
            let path = stub(&context, script);
            lock(&context, &url(&index, ""))
                .env("PATH", &path)
                .run()
                .exits(2)
                .mentions(&["refused access with status 401", said]);
        }
        // An old one still answers where a user is named.
        let context = TestContext::new();
        let script = "[ \"$1\" = get ] && [ \"$3\" = joe ] && echo 's3cret/w%rd' && exit 0; echo 'unrecognized arguments: --mode=creds' >&2; exit 2";
        let path = stub(&context, script);
        lock(&context, &url(&index, "joe@"))
            .env("PATH", &path)
            .run()
            .exits(0);
    }

    #[test]
    fn a_keyring_that_hangs_fails_or_is_missing_ends_in_the_refusal() {
        let index = guarded();
        let context = TestContext::new();
        let path = stub(&context, "exec sleep 60");
        lock(&context, &url(&index, "joe@"))
            .args(["--timeout", "1"])
            .env("PATH", &path)
            .run()
            .exits(2)
            .mentions(&["did not answer within 2 seconds", "401"]);
        let path = stub(&context, "exit 3");
        lock(&context, &url(&index, "joe@"))
            .env("PATH", &path)
            .run()
            .exits(2)
            .mentions(&["401"]);
        lock(&context, &url(&index, "joe@"))
            .args(["--keyring-provider", "subprocess"])
            .env("PATH", context.path("nowhere"))
            .run()
            .exits(2)
            .mentions(&["no program `keyring`", "401"]);
    }

    #[test]
    fn a_wrong_password_of_the_keyring_is_said_to_be_its() {
        let index = guarded();
        let context = TestContext::new();
        let path = stub(&context, "echo 0ther");
        lock(&context, &url(&index, "joe@"))
            .env("PATH", &path)
            .run()
            .exits(2)
            .mentions(&["401 to the login of the keyring"])
            .does_not_mention(&["0ther"]);
    }
}
