//! What is not pinned: solved on request, and never without being asked.

use lockgate_tests::{Advisory, Index, Loopback, TestContext, World};

use super::asking::{audit, document, has_no_answer, list, packages};

fn indexed() -> Loopback<Index> {
    Loopback::index(
        World::new()
            .with("a", "1.0", &["b>=1"])
            .with("a", "2.0", &["b>=2"])
            .with("b", "1.0", &[])
            .with("b", "2.0", &["c"])
            .with("c", "1.0", &[]),
    )
}

#[test]
fn what_is_not_pinned_is_solved_on_request_and_nothing_is_written() {
    let index = indexed();
    let context = TestContext::new();
    context.write_advisories(
        "advisories",
        &[
            Advisory::new("PYSEC-2024-1", "c"),
            Advisory::new("PYSEC-2024-2", "a").between("0", "2"),
        ],
    );
    let project = "[project]\nname = \"shop\"\nversion = \"1\"\ndependencies = [\"a\"]\n";
    context.write("requirements.txt", "a>1\n");
    context.write("requirements.in", "a>1\n");
    context.write("pyproject.toml", project);
    let before = context.file_names();
    for file in ["requirements.txt", "requirements.in", "pyproject.toml"] {
        let run = audit(&context, &[file, "--resolve", "--json"])
            .args([
                "--advisories",
                "advisories",
                "--index-url",
                &index.index_url(),
            ])
            .args(["--python-version", "3.11", "--python-platform", "linux"])
            .run();
        let found = document(&run.exits(1).clone());
        assert_eq!(
            packages(&found).into_iter().collect::<Vec<_>>(),
            ["a==2.0", "b==2.0", "c==1.0"],
            "{file}"
        );
        let finding = &list(&found, "packages")[2];
        let path = list(&finding["findings"][0], "path");
        // From what a person wrote down to the pin.
        assert_eq!(path.len(), 4, "{file}: {finding:#}");
        assert!(path[0].as_str().unwrap().contains(file), "{file}: {path:?}");
        assert_eq!(path[3], "c==1.0");
    }
    // Standard input can be read once.
    let run = audit(&context, &["-", "--resolve", "--json"])
        .args([
            "--advisories",
            "advisories",
            "--index-url",
            &index.index_url(),
        ])
        .input("a>1\n")
        .run();
    assert_eq!(packages(&document(run.exits(1))).len(), 3);
    assert_eq!(context.file_names(), before);
    // Only what is required directly.
    let run = audit(
        &context,
        &["requirements.txt", "--resolve", "--no-deps", "--json"],
    )
    .args([
        "--advisories",
        "advisories",
        "--index-url",
        &index.index_url(),
    ])
    .run();
    assert_eq!(
        packages(&document(&run)).into_iter().collect::<Vec<_>>(),
        ["a==2.0"]
    );
    // No solution is no answer, and says why.
    context.write("requirements.txt", "a>7\n");
    let run = audit(&context, &["requirements.txt", "--resolve"])
        .args([
            "--advisories",
            "advisories",
            "--index-url",
            &index.index_url(),
        ])
        .run();
    has_no_answer(&run, "no solution");
    run.mentions(&["a>7"]);
}

#[test]
fn what_is_pinned_is_not_solved_even_when_that_is_allowed() {
    let index = indexed();
    let context = TestContext::new();
    context.write_advisories("advisories", &[]);
    context.write("requirements.txt", "a==1.0\nb==1.0\n");
    let run = audit(&context, &["requirements.txt", "--resolve", "--json"])
        .args([
            "--advisories",
            "advisories",
            "--index-url",
            &index.index_url(),
        ])
        .run();
    run.exits(0);
    assert!(index.log().is_empty(), "{:?}", index.log());
}

#[test]
fn a_project_without_a_lock_is_told_how_to_be_audited() {
    let context = TestContext::new();
    context.write(
        "pyproject.toml",
        "[project]\nname = \"shop\"\nversion = \"1\"\n",
    );
    context.write_advisories("advisories", &[]);
    for named in [".", "pyproject.toml"] {
        let run = audit(&context, &[named, "--advisories", "advisories"]).run();
        has_no_answer(&run, named);
        run.mentions(&["--resolve"]);
    }
}
