//! What locks, bills and environments state twice, in part, or in ways of their own.

use super::asking::{audit, codes, document, findings, list, packages, prepared, text};

#[test]
fn an_egg_info_next_to_the_dist_info_of_the_same_release_is_no_second_package() {
    let context = prepared();
    let folder = "env/lib/python3.11/site-packages";
    context.write("env/pyvenv.cfg", "home = /usr/bin\n");
    let metadata = "Name: bad\nVersion: 1.0\n";
    context.write(&format!("{folder}/bad-1.0.dist-info/METADATA"), metadata);
    context.write(&format!("{folder}/bad-1.0.egg-info/PKG-INFO"), metadata);
    let arguments = ["--environment", "env", "--advisories", "db", "-f", "json"];
    let found = document(&audit(&context, &arguments).run());
    assert_eq!(list(&found, "packages").len(), 1);
    // Of another version it is one.
    context.write(
        &format!("{folder}/bad-0.9.egg-info/PKG-INFO"),
        "Name: bad\nVersion: 0.9\n",
    );
    let found = document(&audit(&context, &arguments).run());
    assert_eq!(list(&found, "packages").len(), 2);
}

#[test]
fn what_a_bill_is_about_is_counted_once() {
    let context = prepared();
    let app = r#"{"type":"library","bom-ref":"r","name":"app","version":"1.0","purl":"pkg:pypi/app@1.0"}"#;
    // The same reference does not hide another package.
    let bad = r#"{"type":"library","bom-ref":"r","name":"bad","version":"1.0","purl":"pkg:pypi/bad@1.0"}"#;
    context.write(
        "bom.json",
        format!(
            r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{{"component":{app}}},"components":[{app},{bad}]}}"#
        ),
    );
    let run = audit(&context, &["bom.json", "--advisories", "db", "-f", "json"]).run();
    run.exits(1);
    let found = document(&run);
    assert_eq!(list(&found, "own").len(), 1);
    assert_eq!(
        packages(&found).into_iter().collect::<Vec<_>>(),
        ["bad==1.0"]
    );
}

#[test]
fn a_dependency_that_a_pylock_does_not_hold_is_a_remark() {
    let context = prepared();
    context.write(
        "pylock.toml",
        "lock-version = \"1.0\"\ncreated-by = \"x\"\n[[packages]]\nname = \"bad\"\nversion = \"1.0\"\ndependencies = [{ name = \"gone\" }]\n",
    );
    let run = audit(
        &context,
        &["pylock.toml", "--advisories", "db", "-f", "json"],
    )
    .run();
    run.exits(1);
    let found = document(&run);
    assert!(findings(&found).contains("bad==1.0 PYSEC-2024-1"));
    assert!(text(&list(&found, "remarks")[0], "text").contains("`gone`"));
}

#[test]
fn a_version_that_only_the_wheels_state_is_the_version() {
    let wheel = |version: &str| {
        format!("{{ url = \"https://f.example.org/bad-{version}-py3-none-any.whl\" }}")
    };
    let pylock = |wheels: &str| {
        format!(
            "lock-version = \"1.0\"\ncreated-by = \"x\"\n[[packages]]\nname = \"bad\"\nwheels = [{wheels}]\n"
        )
    };
    let uv = |wheels: &str| {
        format!(
            "version = 1\n[[package]]\nname = \"bad\"\nsource = {{ registry = \"https://i.example.org\" }}\nwheels = [{wheels}]\n"
        )
    };
    let (one, other) = (wheel("1.0"), wheel("2.0"));
    for (file, content) in [("pylock.toml", pylock(&one)), ("uv.lock", uv(&one))] {
        let context = prepared();
        context.write(file, content);
        let run = audit(&context, &[file, "--advisories", "db", "-f", "json"]).run();
        run.exits(1);
        assert!(findings(&document(&run)).contains("bad==1.0 PYSEC-2024-1"));
    }
    let both = format!("{one}, {other}");
    for (file, content) in [("pylock.toml", pylock(&both)), ("uv.lock", uv(&both))] {
        let context = prepared();
        context.write(file, content);
        let run = audit(&context, &[file, "--advisories", "db", "-f", "json"]).run();
        run.exits(2);
        assert_eq!(codes(&document(&run), "gaps"), ["unpinned"]);
    }
}

#[test]
fn a_pylock_names_the_sources_that_asked() {
    let context = prepared();
    context.write(
        "pylock.toml",
        "lock-version = \"1.0\"\ncreated-by = \"lockgate\"\n[[packages]]\nname = \"a\"\nversion = \"1.0\"\ndependencies = [{ name = \"bad\" }]\n[packages.tool.lockgate]\nvia = [\"-r requirements.in\"]\n[[packages]]\nname = \"bad\"\nversion = \"1.0\"\n[packages.tool.lockgate]\nvia = [\"a\"]\n",
    );
    let run = audit(
        &context,
        &["pylock.toml", "--advisories", "db", "-f", "json"],
    )
    .run();
    run.exits(1);
    assert!(run.stdout.contains("-r requirements.in"), "{}", run.stdout);
    assert!(!run.stdout.contains("pyproject.toml"), "{}", run.stdout);
}

#[test]
fn common_mistakes_in_a_policy_are_named_in_its_own_terms() {
    for (policy, said) in [
        ("[ignore]\nid = \"X\"\nreason = \"r\"\n", "`[[NAME]]`"),
        (
            "[[ignore]]\nid = \"X\"\nreason = \"r\"\nexpires = \"2027-01-01\"\n",
            "write a date without quotes",
        ),
    ] {
        let context = prepared();
        context.write("lockgate.toml", policy);
        context.write("requirements.txt", "a==1.0\n");
        let run = audit(&context, &["requirements.txt", "--advisories", "db"]).run();
        run.exits(2);
        run.mentions(&[said]);
    }
}
