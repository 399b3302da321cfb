//! Addresses of advisories that a policy of the checkout names.

use lockgate_tests::osv::export;
use lockgate_tests::{Advisory, Answer, Loopback, StaticSite};

use super::{audit, document, repository};

#[test]
fn a_found_policy_leads_nobody_to_this_machine() {
    let service = Loopback::osv(vec![Advisory::new("PYSEC-2024-1", "a")], 10);
    let context = repository();
    let port = service.port();
    for host in [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "[::ffff:127.0.0.1]",
        "127.1",
        "localhost.",
        "0.0.0.0",
    ] {
        for place in ["lockgate.toml", "services/legacy/lockgate.toml"] {
            let context = repository();
            let source = format!("http://{host}:{port}");
            context.write(
                place,
                format!("advisories = [\"advisories\", \"{source}\", \"{source}/all.zip\"]\n"),
            );
            context.write_advisories("services/legacy/advisories", &[]);
            let run = audit(&context, &["services/legacy/requirements.txt", "--json"]).run();
            let found = document(&run);
            let gaps = found["gaps"].to_string();
            assert!(
                gaps.contains("leads to this machine or into a private network"),
                "{host}: {found:#}"
            );
            assert_ne!(run.code, 0, "{host}");
        }
    }
    let lock = context
        .lockgate(&["lock", "-", "-o", "x.txt", "--no-index", "--no-cache"])
        .input("a\n");
    context.write(
        "lockgate.toml",
        format!("advisories = [\"{}\"]\n", service.origin()),
    );
    lock.run()
        .exits(2)
        .mentions(&["lockgate.toml:1", "private network", "--advisories"]);
    for verb in ["sync", "show"] {
        let words = ["advisories", verb, "PYSEC-2024-1"];
        let words = if verb == "sync" { &words[..2] } else { &words };
        context
            .lockgate(words)
            .arg("--no-cache")
            .run()
            .exits(2)
            .mentions(&["private network"]);
    }
    assert!(service.log().is_empty(), "{:?}", service.log());
}

#[test]
fn a_host_that_the_caller_or_the_floor_names_is_asked() {
    let service = Loopback::osv(vec![Advisory::new("PYSEC-2024-5", "a")], 10);
    let context = repository();
    let origin = service.origin();
    context.write("lockgate.toml", format!("advisories = [\"{origin}\"]\n"));
    context.write("floor.toml", format!("advisories = [\"{origin}\"]\n"));
    context.write("same.toml", format!("advisories = [\"{origin}\"]\n"));
    let trusted = format!("127.0.0.1:{}", service.port());
    for (arguments, variable) in [
        (&["--advisories", &origin][..], ("X", "")),
        (&[], ("LOCKGATE_ADVISORIES", origin.as_str())),
        (&["--trusted-host", &trusted], ("X", "")),
        (&[], ("PIP_TRUSTED_HOST", trusted.as_str())),
        (&["--policy", "same.toml"], ("X", "")),
        (&[], ("LOCKGATE_POLICY", "floor.toml")),
    ] {
        let words = [&["requirements.txt"], arguments].concat();
        let run = audit(&context, &words).env(variable.0, variable.1).run();
        run.exits(1);
        assert!(
            run.stdout.contains("PYSEC-2024-5"),
            "{arguments:?}: {}\n{}",
            run.stdout,
            run.stderr
        );
    }
}

#[test]
fn a_digest_in_an_address_is_held_against_what_comes() {
    let bytes = export(&[Advisory::new("PYSEC-2024-6", "a")]);
    let site = StaticSite::default()
        .with("/all.zip", Answer::ok("application/zip", bytes.clone()))
        .start();
    let context = repository();
    let digest = sha256(&context, &bytes);
    let url = |digest: &str| format!("{}/all.zip#sha256={digest}", site.origin());
    let run = audit(
        &context,
        &["requirements.txt", "--advisories", &url(&digest)],
    )
    .run();
    run.exits(1);
    assert!(run.stdout.contains("PYSEC-2024-6"), "{}", run.stdout);
    for (wrong, said) in [
        ("0".repeat(64), "is stated"),
        ("abc".to_owned(), "not a valid digest"),
    ] {
        let run = audit(
            &context,
            &["requirements.txt", "--advisories", &url(&wrong)],
        )
        .run();
        run.exits(2);
        assert!(run.stdout.contains(said), "{}\n{}", run.stdout, run.stderr);
    }
}

/// The digest by which the audit itself names a file.
fn sha256(context: &lockgate_tests::TestContext, bytes: &[u8]) -> String {
    context.write("export.zip", bytes);
    let run = audit(
        context,
        &["requirements.txt", "--advisories", "export.zip", "--json"],
    )
    .run();
    let digest = document(&run)["advisories"]["digest"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    digest.trim_start_matches("sha256:").to_owned()
}
