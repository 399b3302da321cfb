//! `--as-of-lock`: what a lock's header says, shown again from the same advisories and no newer ones.

use lockgate_tests::{Advisory, Index, Lockgate, Loopback, TestContext, World};

use super::asking::{audit, document, findings, has_no_answer, list, text};

fn index() -> Loopback<Index> {
    Loopback::index(World::new().with("a", "1.0", &["b"]).with("b", "1.0", &[]))
}

/// Locks `a` with these advisories accepted, so that the header has something to count.
fn locked(context: &TestContext, index: &Loopback<Index>, source: &[&str]) {
    context.write("requirements.in", "a\n");
    context.write(
        "lockgate.toml",
        "[[ignore]]\nid = \"PYSEC-2024-2\"\nreason = \"ours\"\n",
    );
    context
        .lock_bare()
        .args(["--index-url", &index.index_url(), "--gate", "warn"])
        .args(source)
        .run()
        .exits(0);
    let header = context.read("requirements.txt");
    assert!(
        header.contains("# audit: 1 finding, 1 ignored; advisories: "),
        "{header}"
    );
}

fn as_of_lock<'a>(context: &'a TestContext, arguments: &[&str]) -> Lockgate<'a> {
    context
        .lockgate(&[
            "audit",
            "requirements.txt",
            "--as-of-lock",
            "--json",
            "--gate",
            "warn",
        ])
        .args(["--timeout", "1", "--retries", "0"])
        .arg("--cache-dir")
        .arg(context.cache())
        .args(arguments)
}

fn of_then() -> Vec<Advisory> {
    vec![
        Advisory::new("PYSEC-2024-1", "a"),
        Advisory::new("PYSEC-2024-2", "b"),
    ]
}

#[test]
fn unchanged_advisories_give_the_counts_of_the_header() {
    let index = index();
    let context = TestContext::new();
    context.write_advisories("advisories", &of_then());
    context.write("export.zip", lockgate_tests::osv::export(&of_then()));
    for source in ["advisories", "export.zip"] {
        locked(&context, &index, &["--advisories", source]);
        let run = as_of_lock(&context, &["--advisories", source]).run();
        let found = document(run.exits(0));
        assert_eq!(found["summary"]["findings"], 1, "{found:#}");
        assert_eq!(found["summary"]["ignored"], 1);
        assert!(list(&found, "remarks").is_empty(), "{found:#}");
    }
}

#[test]
fn changed_advisories_are_told_as_missing() {
    let index = index();
    let context = TestContext::new();
    context.write_advisories("advisories", &of_then());
    locked(&context, &index, &["--advisories", "advisories"]);
    context.write_advisories("advisories", &[Advisory::new("PYSEC-2024-3", "a")]);
    let run = as_of_lock(&context, &["--advisories", "advisories"]).run();
    has_no_answer(&run, "changed advisories");
    run.mentions(&[
        "that the lock was audited with are not here",
        "sha256:",
        "advisories",
    ]);
    // Without the option the present ones count.
    let run = audit(
        &context,
        &["requirements.txt", "--advisories", "advisories", "--json"],
    )
    .run();
    assert_eq!(findings(&document(run.exits(1))).len(), 3);
}

#[test]
fn other_counts_under_the_same_advisories_are_remarked() {
    let index = index();
    let context = TestContext::new();
    context.write_advisories("advisories", &of_then());
    locked(&context, &index, &["--advisories", "advisories"]);
    // The entry is gone.
    context.write("lockgate.toml", "");
    let run = as_of_lock(&context, &["--advisories", "advisories"]).run();
    let found = document(run.exits(0));
    let remarks = list(&found, "remarks");
    assert_eq!(remarks.len(), 1, "{found:#}");
    let said = text(&remarks[0], "text");
    assert!(
        said.contains("requirements.txt")
            && said.contains("1 finding, 1 ignored")
            && said.contains("2 findings, 0 ignored"),
        "{said}"
    );
    run.mentions(&["1 finding, 1 ignored"]);
    // The pins are others.
    context.write(
        "lockgate.toml",
        "[[ignore]]\nid = \"PYSEC-2024-2\"\nreason = \"ours\"\n",
    );
    let lock = context.read("requirements.txt");
    let (header, _) = lock.split_once("a==1.0").expect("`a` is locked");
    context.write("requirements.txt", format!("{header}b==1.0\n"));
    let run = as_of_lock(&context, &["--advisories", "advisories"]).run();
    let found = document(&run);
    assert_eq!(
        list(&found, "remarks").len(),
        1,
        "{found:#}\n{}",
        run.stderr
    );
}

#[test]
fn the_kept_export_of_then_is_used_after_it_has_moved_on() {
    let index = index();
    let context = TestContext::new();
    let mut then = of_then();
    then.push(Advisory::of_today());
    let service = Loopback::osv(then.clone(), 10);
    context.write("requirements.in", "a\n");
    context.write(
        "lockgate.toml",
        "[[ignore]]\nid = \"PYSEC-2024-2\"\nreason = \"ours\"\n",
    );
    context
        .lock_bare()
        .args(["--index-url", &index.index_url(), "--gate", "warn"])
        .env("LOCKGATE_OSV_EXPORT", format!("{}/PyPI", service.origin()))
        .run()
        .exits(0);
    let mut newer = Advisory::new("PYSEC-2024-3", "a");
    newer.modified = Some("2024-08-01T00:00:00Z".to_owned());
    let mut now = then;
    now.push(newer);
    service.set_advisories(now);
    // The cache moves on with it.
    let run = context
        .lockgate(&[
            "audit",
            "requirements.txt",
            "--json",
            "--refresh",
            "--gate",
            "warn",
        ])
        .arg("--cache-dir")
        .arg(context.cache())
        .env("LOCKGATE_OSV_EXPORT", format!("{}/PyPI", service.origin()))
        .run();
    assert_eq!(findings(&document(run.exits(0))).len(), 3);
    service.clear_log();
    let run = as_of_lock(&context, &[])
        .env("LOCKGATE_OSV_EXPORT", format!("{}/PyPI", service.origin()))
        .run();
    let found = document(&run);
    assert_eq!(run.code, 0, "{found:#}\n{}", run.stderr);
    assert_eq!(findings(&found).len(), 2);
    assert_eq!(found["summary"]["findings"], 1);
    assert!(service.log().is_empty(), "{:?}", service.log());
    // Another machine has nothing of it, and fetches nothing.
    let run = context
        .lockgate(&["audit", "requirements.txt", "--as-of-lock", "--no-cache"])
        .env("LOCKGATE_OSV_EXPORT", format!("{}/PyPI", service.origin()))
        .run();
    has_no_answer(&run, "a machine that kept nothing");
    run.mentions(&["are not here", "sha256:"]);
    assert!(service.log().is_empty(), "{:?}", service.log());
}

#[test]
fn locks_without_evidence_and_services_have_no_answer() {
    let context = TestContext::new();
    context.write_advisories("advisories", &[]);
    context.write("requirements.txt", "a==1.0\n");
    let run = as_of_lock(&context, &["--advisories", "advisories"]).run();
    has_no_answer(&run, "a lock without a header");
    run.mentions(&["requirements.txt", "does not say which advisories"]);
    context.write_advisories("advisories", &of_then());
    locked(&context, &index(), &["--advisories", "advisories"]);
    let service = Loopback::osv(of_then(), 10);
    let run = as_of_lock(&context, &["--advisories", &service.origin()]).run();
    has_no_answer(&run, "a service");
    run.mentions(&["kept nowhere"]);
    assert!(service.log().is_empty());
}
