//! Extras of a direct reference that only something else asks for, and that lead to other places in turn.

use lockgate_tests::{Loopback, TestContext, World};

use super::lock;

/// A project `foo` whose extra `y` is a package in another folder; `all` is `y` by way of itself.
fn context() -> TestContext {
    let context = TestContext::new();
    let place = context.path("baz").display().to_string();
    context.write(
        "foo/pyproject.toml",
        format!(
            "[project]\nname = \"foo\"\nversion = \"1.0\"\n[project.optional-dependencies]\nx = [\"dep\"]\ny = [\"baz @ file://{place}\"]\nall = [\"foo[y]\"]\n"
        ),
    );
    context.write(
        "baz/pyproject.toml",
        "[project]\nname = \"baz\"\nversion = \"3.0\"\n[project.optional-dependencies]\nz = [\"dep\"]\n",
    );
    context
}

fn world() -> World {
    World::new()
        .with("dep", "1.0", &[])
        .with("asks-x", "1.0", &["foo[x]"])
        .with("asks-y", "1.0", &[])
        .with("asks-y", "2.0", &["foo[y]"])
        .with("asks-all", "1.0", &["foo[all]"])
        .with("asks-z", "1.0", &["asks-y", "baz[z]"])
        .with("needs-baz", "1.0", &["baz"])
        .with("baz", "9.9", &[])
}

#[test]
fn an_extra_that_is_asked_for_later_is_followed() {
    let index = Loopback::index(world());
    for (requirements, pins) in [
        ("./foo\nfoo[x]\n", &["dep==1.0"][..]),
        ("./foo\nasks-x\n", &["dep==1.0", "asks-x==1.0"]),
        ("./foo\nfoo[y]\n", &["# direct: baz 3.0"]),
        ("./foo[all]\n", &["# direct: baz 3.0"]),
        ("foo[all]\n-e ./foo\n", &["# direct: baz 3.0"]),
        ("./foo\nasks-y\n", &["# direct: baz 3.0", "asks-y==2.0"]),
        ("asks-all\n./foo\n", &["# direct: baz 3.0", "asks-all==1.0"]),
        // An extra of what is found then.
        ("./foo\nasks-z\n", &["# direct: baz 3.0", "dep==1.0"]),
        (
            "./foo\nneeds-baz\nasks-y\n",
            &["# direct: baz 3.0", "needs-baz==1.0"],
        ),
    ] {
        let context = context();
        lock(&context, &index, requirements).exits(0);
        let text = context.read("requirements.txt");
        for pin in pins {
            assert!(
                text.contains(pin),
                "{requirements}: {pin} is not in\n{text}"
            );
        }
        assert!(!text.contains("baz==9.9"), "{text}");
        // It comes out the same again, and passes.
        lock(&context, &index, requirements).exits(0);
        assert_eq!(context.read("requirements.txt"), text);
        context
            .lockgate(&["check", "requirements.txt", "--advisories", "advisories"])
            .args(["--index-url", &index.index_url()])
            .run()
            .exits(0);
    }
}

#[test]
fn an_extra_that_nothing_asks_for_decides_nothing() {
    let index = Loopback::index(world());
    let context = context();
    for requirements in ["./foo\nneeds-baz\n", "./foo\nneeds-baz\nasks-y<2\n"] {
        lock(&context, &index, requirements).exits(0);
        let text = context.read("requirements.txt");
        assert!(text.contains("baz==9.9"), "{requirements}: {text}");
    }
    // A version that would need it, and that is not taken for another reason.
    let index = Loopback::index(world().with("asks-y", "3.0", &["foo[y]", "gone"]));
    lock(&context, &index, "./foo\nneeds-baz\nasks-y!=2.0\n").exits(0);
    let text = context.read("requirements.txt");
    assert!(text.contains("asks-y==1.0"), "{text}");
    assert!(text.contains("baz==9.9"), "{text}");
}

#[test]
fn what_an_index_serves_still_says_nothing_of_places() {
    let context = context();
    let place = context.path("baz").display().to_string();
    let reference = format!("baz @ file://{place}");
    // The same place as of an extra that nothing asks for.
    let index = Loopback::index(world().with("stranger", "1.0", &[&reference]));
    lock(&context, &index, "./foo\nstranger\n")
        .exits(1)
        .mentions(&["a direct reference that the sources do not ask for"]);
}

#[test]
fn two_places_for_one_package_are_a_conflict_only_where_both_are_needed() {
    let index = Loopback::index(world());
    let context = context();
    context.write(
        "other/pyproject.toml",
        "[project]\nname = \"baz\"\nversion = \"4.0\"\n",
    );
    // An older release does without.
    lock(&context, &index, "./foo\n./other\nasks-y\n").exits(0);
    let text = context.read("requirements.txt");
    assert!(text.contains("asks-y==1.0"), "{text}");
    lock(&context, &index, "./foo\n./other\nasks-all\n")
        .exits(1)
        .mentions(&["`baz` is asked for from two places"]);
}
