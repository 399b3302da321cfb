//! Names from indexes of one's own are sent to no service. The service of these tests is reached through a proxy, so that it is none of
//! this machine: to those everything may be told.

use lockgate_tests::{Advisory, Lockgate, Loopback, OsvService, TestContext};

use super::asking::{audit, codes, document, findings, has_no_answer, list, text};

const SERVICE: &str = "http://advisories.test";
const PRIVATE: &str = "https://pypi.corp.test/simple";

fn served() -> Loopback<OsvService> {
    Loopback::osv(vec![Advisory::new("PYSEC-2024-1", "secret")], 10)
}

fn asked<'a>(
    context: &'a TestContext,
    proxy: &Loopback<OsvService>,
    arguments: &[&str],
) -> Lockgate<'a> {
    audit(context, arguments)
        .args(["--advisories", SERVICE, "--trusted-host", "advisories.test"])
        .args(["--proxy", &proxy.origin()])
}

const UV_LOCK: &str = r#"version = 1
requires-python = ">=3.9"

[[package]]
name = "secret"
version = "1.0"
source = { registry = "https://pypi.corp.test/simple" }
"#;

/// A file, what in it is private, its content, and variables.
type Case<'a> = (&'a str, &'a str, String, Vec<(&'a str, &'a str)>);

#[test]
fn names_of_a_private_index_reach_no_service() {
    let requirements = "secret==1.0\n";
    let with = |line: &str| format!("{line}\n{requirements}");
    let cases: Vec<Case<'_>> = vec![
        ("uv.lock", "a registry", UV_LOCK.to_owned(), vec![]),
        (
            "requirements.txt",
            "an index",
            with(&format!("--index-url {PRIVATE}")),
            vec![],
        ),
        (
            "requirements.txt",
            "one more index",
            with(&format!("--extra-index-url {PRIVATE}")),
            vec![],
        ),
        (
            "requirements.txt",
            "a page of links",
            with("--find-links https://files.corp.test/"),
            vec![],
        ),
        (
            "requirements.txt",
            "a folder of links",
            with("--find-links ./wheels"),
            vec![],
        ),
        (
            "requirements.txt",
            "pip's index",
            requirements.to_owned(),
            vec![("PIP_INDEX_URL", PRIVATE)],
        ),
        (
            "requirements.txt",
            "pip's further index",
            requirements.to_owned(),
            vec![("PIP_EXTRA_INDEX_URL", PRIVATE)],
        ),
        (
            "requirements.txt",
            "pip's file",
            requirements.to_owned(),
            vec![("PIP_CONFIG_FILE", "pip.conf")],
        ),
    ];
    for (file, what, content, variables) in cases {
        let proxy = served();
        let context = TestContext::new();
        std::fs::create_dir(context.path("wheels")).unwrap();
        context.write(file, content);
        context.write("pip.conf", format!("[global]\nindex-url = {PRIVATE}\n"));
        let mut run = asked(&context, &proxy, &[file, "--json"]);
        for (name, value) in &variables {
            run = run.env(name, value);
        }
        let run = run.run();
        has_no_answer(&run, what);
        let found = document(&run);
        assert_eq!(codes(&found, "gaps"), ["not-told"], "{what}: {found:#}");
        let why = text(&found["gaps"][0], "why");
        assert!(
            why.contains("are not sent to") && why.contains("advisories.test"),
            "{what}: {why}"
        );
        assert!(proxy.log().is_empty(), "{what}: {:?}", proxy.log());
        // Advisories that are kept here are asked all the same.
        context.write_advisories("advisories", &[Advisory::new("PYSEC-2024-2", "secret")]);
        let mut run = asked(
            &context,
            &proxy,
            &[file, "--json", "--advisories", "advisories"],
        );
        for (name, value) in &variables {
            run = run.env(name, value);
        }
        let run = run.run();
        let found = document(&run);
        assert_eq!(run.code, 1, "{what}: {found:#}");
        assert_eq!(
            findings(&found).into_iter().collect::<Vec<_>>(),
            ["secret==1.0 PYSEC-2024-2"]
        );
        assert!(proxy.log().is_empty(), "{what}: {:?}", proxy.log());
        // How many were looked up where is told by each source.
        for source in list(&found, "sources") {
            let asked = u64::from(text(source, "name") == "advisories");
            assert_eq!(source["asked"], asked, "{what}: {source:#}");
        }
    }
}

#[test]
fn names_of_the_services_own_host_are_told() {
    let proxy = served();
    let context = TestContext::new();
    context.write(
        "requirements.txt",
        format!("--index-url {SERVICE}/simple\nsecret==1.0\n"),
    );
    let run = asked(&context, &proxy, &["requirements.txt", "--json"]).run();
    let found = document(&run);
    assert_eq!(run.code, 1, "{found:#}\n{}", run.stderr);
    assert_eq!(proxy.count("/v1/querybatch"), 1);
}

#[test]
fn one_private_pin_among_others_is_the_only_gap() {
    let proxy = served();
    let context = TestContext::new();
    let public = UV_LOCK
        .replace("secret", "public")
        .replace("https://pypi.corp.test", SERVICE);
    let package = UV_LOCK
        .split_once("[[package]]")
        .map(|(_, package)| package)
        .unwrap();
    context.write("uv.lock", format!("{public}\n[[package]]{package}"));
    let run = asked(&context, &proxy, &["uv.lock", "--json"]).run();
    let found = document(&run);
    assert_eq!(run.code, 2, "{found:#}");
    assert_eq!(list(&found, "gaps").len(), 1);
    assert_eq!(found["gaps"][0]["name"], "secret");
    assert_eq!(found["packages"][0]["name"], "public");
    assert_eq!(proxy.count("/v1/querybatch"), 1);
    asked(&context, &proxy, &["uv.lock", "--allow-incomplete"])
        .run()
        .exits(0);
}
