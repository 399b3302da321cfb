//! Folders of packages: what `--path` names, and who asked for what in environments that uv made.

use serde_json::Value;

use super::asking::{audit, document, findings, list, packages, prepared, text};

#[test]
fn a_folder_without_packages_is_an_error_that_says_what_it_is() {
    let context = prepared();
    std::fs::create_dir(context.path("empty")).unwrap();
    context.write("env/pyvenv.cfg", "home = /usr/bin\n");
    context.write("notes/readme.md", "nothing\n");
    for (folder, said) in [
        ("empty", "is empty"),
        ("env", "--environment env"),
        ("notes", "no package is installed"),
    ] {
        let run = audit(&context, &["--path", folder, "--advisories", "db"]).run();
        run.exits(2);
        run.mentions(&[said]);
        run.does_not_mention(&["No findings"]);
    }
    // A new environment without pip has none, and that is known.
    std::fs::create_dir_all(context.path("env/lib/python3.11/site-packages")).unwrap();
    let run = audit(&context, &["--environment", "env", "--advisories", "db"]).run();
    run.exits(0);
}

#[test]
fn a_folder_of_wheels_is_read_by_the_names_of_its_files() {
    let context = prepared();
    context.write("wheels/Bad-1.0-py3-none-any.whl", "");
    context.write("wheels/two-words-2.0.tar.gz", "");
    context.write("wheels/SHA256SUMS", "");
    let arguments = ["--path", "wheels", "--advisories", "db", "-f", "json"];
    let run = audit(&context, &arguments).run();
    run.exits(1);
    let found = document(&run);
    assert_eq!(
        packages(&found).into_iter().collect::<Vec<_>>(),
        ["bad==1.0", "two-words==2.0"]
    );
    assert!(findings(&found).contains("bad==1.0 PYSEC-2024-1"));
    assert_eq!(list(&found, "remarks").len(), 1);
    // A wheel whose name cannot be read is not passed over.
    context.write("wheels/odd.whl", "");
    let run = audit(&context, &arguments).run();
    assert_eq!(list(&document(&run), "gaps").len(), 1);
}

/// `pip wheel . -w .` leaves wheels in a folder that has metadata of the project itself.
#[test]
fn wheels_beside_what_is_installed_are_read() {
    for beside in ["app.egg-info/PKG-INFO", "other-1.0.dist-info/METADATA"] {
        let context = prepared();
        context.write("folder/bad-1.0-py3-none-any.whl", "");
        context.write("folder/odd.whl", "");
        context.write(&format!("folder/{beside}"), "Name: other\nVersion: 1.0\n");
        let arguments = ["--path", "folder", "--advisories", "db", "-f", "json"];
        let run = audit(&context, &arguments).run();
        run.exits(1);
        let found = document(&run);
        assert!(findings(&found).contains("bad==1.0 PYSEC-2024-1"));
        assert_eq!(list(&found, "gaps").len(), 1, "{beside}");
    }
}

#[test]
fn the_packages_of_a_packed_pex_are_found() {
    let context = prepared();
    context.write("app/PEX-INFO", "{}");
    context.write("app/.deps/bad-1.0-py3-none-any.whl", "");
    let arguments = ["--path", "app", "--advisories", "db", "-f", "json"];
    let run = audit(&context, &arguments).run();
    run.exits(1);
    assert!(findings(&document(&run)).contains("bad==1.0 PYSEC-2024-1"));
    let context = prepared();
    context.write("app/PEX-INFO", "{}");
    std::fs::create_dir_all(context.path("app/.deps")).unwrap();
    audit(&context, &arguments).run().exits(2);
}

#[test]
fn the_packages_of_an_unpacked_pex_are_found() {
    let context = prepared();
    context.write("app/PEX-INFO", "{}");
    context.write(
        "app/.deps/bad-1.0-py3-none-any.whl/bad-1.0.dist-info/METADATA",
        "Name: bad\nVersion: 1.0\n",
    );
    let run = audit(
        &context,
        &["--path", "app", "--advisories", "db", "-f", "json"],
    )
    .run();
    run.exits(1);
    assert!(findings(&document(&run)).contains("bad==1.0 PYSEC-2024-1"));
}

#[test]
fn in_an_environment_that_uv_made_direct_is_what_nobody_requires() {
    for (installer, direct) in [("uv", false), ("uv-pixi", false), ("pip", true)] {
        let context = prepared();
        let folder = "env/lib/python3.11/site-packages";
        context.write("env/pyvenv.cfg", "home = /usr/bin\n");
        for (name, requires) in [("app", "Requires-Dist: bad\n"), ("bad", "")] {
            let place = format!("{folder}/{name}-1.0.dist-info");
            let metadata = format!("Name: {name}\nVersion: 1.0\n{requires}");
            context.write(&format!("{place}/METADATA"), metadata);
            context.write(&format!("{place}/INSTALLER"), format!("{installer}\n"));
            context.write(&format!("{place}/REQUESTED"), "");
        }
        let run = audit(
            &context,
            &["--environment", "env", "--advisories", "db", "-f", "json"],
        )
        .run();
        run.exits(1);
        let found = document(&run);
        for package in list(&found, "packages") {
            let expected = direct || text(package, "name") == "app";
            assert_eq!(package["direct"], Value::Bool(expected), "{installer}");
        }
    }
}
