//! Comments of a lock are there for people: no edit of one lowers an exit code.

use lockgate_tests::{Advisory, Index, Loopback, Run, TestContext, World};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

const PROJECT: &str = "[project]\nname = \"app\"\nversion = \"1\"\ndependencies = [\"a\"]\n\
    [dependency-groups]\ndev = [\"b\"]\n";

/// `app` requires `a`, and that `c`; the group `dev` requires `b`. Findings in what only `dev` asks for are accepted.
fn started(affected: &[&str]) -> (Loopback<Index>, TestContext) {
    let index = Loopback::index(
        World::new()
            .with("a", "1.0", &["c"])
            .with("b", "1.0", &[])
            .with("c", "1.0", &[]),
    );
    let context = TestContext::new();
    context.write("pyproject.toml", PROJECT);
    context.write("lockgate.toml", "[groups.dev]\ngate = \"warn\"\n");
    context.write_advisories("advisories", &[]);
    context
        .lockgate(&["lock", "pyproject.toml", "--group", "dev"])
        .args(["--python-version", "3.11", "--python-platform", "linux"])
        .args(["--index-url", &index.index_url()])
        .args(["--advisories", "advisories", "--cache-dir"])
        .arg(context.cache())
        .run()
        .exits(0);
    let advisories: Vec<Advisory> = affected
        .iter()
        .zip(1..)
        .map(|(name, number)| Advisory::new(&format!("PYSEC-2024-{number}"), name))
        .collect();
    context.write_advisories("advisories", &advisories);
    (index, context)
}

fn checked(context: &TestContext, index: &Loopback<Index>, more: &[&str]) -> Run {
    context
        .lockgate(&["check", "requirements.txt", "--advisories", "advisories"])
        .args(["--index-url", &index.index_url(), "--cache-dir"])
        .arg(context.cache())
        .args(more)
        .run()
}

/// What a check ends with where the caller says what is locked.
fn check(context: &TestContext, index: &Loopback<Index>) -> i32 {
    checked(
        context,
        index,
        &["--source", "pyproject.toml", "--group", "dev"],
    )
    .code
}

fn audit(context: &TestContext) -> i32 {
    let run = context
        .lockgate(&["audit", "requirements.txt", "--advisories", "advisories"])
        .arg("--cache-dir")
        .arg(context.cache())
        .run();
    run.code
}

#[test]
fn groups_come_from_the_graph_and_not_from_comments() {
    let (index, context) = started(&["b"]);
    // That nothing but the group asks for it follows from the sources.
    assert_eq!(check(&context, &index), 0);
    // Without solving nobody knows who else asks for it.
    assert_eq!(audit(&context), 1);
    let (index, context) = started(&["c"]);
    assert_eq!((check(&context, &index), audit(&context)), (1, 1));
    let lock = context.read("requirements.txt");
    for via in [
        "# via app (pyproject.toml:dev)",
        "# via b",
        "# via (pyproject.toml:dev)",
    ] {
        let edited = lock.replace("# via a\n", &format!("{via}\n"));
        assert_ne!(edited, lock);
        context.write("requirements.txt", edited);
        assert_eq!((check(&context, &index), audit(&context)), (1, 1), "{via}");
    }
    // A group that comes to ask for it changes nothing about who else does.
    context.write("requirements.txt", &lock);
    context.write("pyproject.toml", PROJECT.replace("\"b\"", "\"b\", \"c\""));
    assert_eq!((check(&context, &index), audit(&context)), (1, 1));
}

/// A requirements file may be called what a group is called in comments.
#[test]
fn the_name_of_a_source_is_no_group() {
    let index = Loopback::index(World::new().with("a", "1.0", &[]));
    let context = TestContext::new();
    context.write("(pyproject.toml:dev)", "a\n");
    context.write("requirements.in", "-r (pyproject.toml:dev)\n");
    context.write("lockgate.toml", "[groups.dev]\ngate = \"warn\"\n");
    context.lock(&index).run().exits(0);
    context.write_advisories("advisories", &[Advisory::new("PYSEC-2024-1", "a")]);
    assert_eq!(checked(&context, &index, &[]).code, 1);
    assert_eq!(audit(&context), 1);
}

/// Whoever proposes a change writes the header: what it says of groups loosens nothing.
#[test]
fn the_groups_of_a_header_let_nothing_pass() {
    let (index, context) = started(&["b"]);
    checked(&context, &index, &[]).exits(1).mentions(&[
        "PYSEC-2024-1",
        "its header names its groups",
        "`[[lock]]`",
        "`--group`",
    ]);
    // Half a statement is none: the header still says the rest.
    checked(&context, &index, &["--group", "dev"]).exits(1);
    checked(&context, &index, &["--source", "pyproject.toml"]).exits(1);
    assert_eq!(check(&context, &index), 0);
    let rules = "[groups.dev]\ngate = \"warn\"\n";
    let entry = "[[lock]]\noutput = \"requirements.txt\"\nsources = [\"pyproject.toml\"]\ngroup = [\"dev\"]\npython-version = \"3.11\"\npython-platform = \"linux\"\n";
    context.write("lockgate.toml", format!("{rules}\n{entry}"));
    checked(&context, &index, &[])
        .exits(0)
        .does_not_mention(&["its header names its groups"]);
    let ignore = "[[ignore]]\nid = \"PYSEC-2024-1\"\ngroup = \"dev\"\nreason = \"tests only\"\n";
    context.write("lockgate.toml", format!("{ignore}\n{entry}"));
    checked(&context, &index, &[]).exits(0);
    context.write("lockgate.toml", ignore);
    checked(&context, &index, &[])
        .exits(1)
        .mentions(&["its header names its groups"]);
    // A rule that is stricter for the group holds whoever names it.
    context.write(
        "lockgate.toml",
        "gate = \"warn\"\n[groups.dev]\ngate = \"deny\"\n",
    );
    checked(&context, &index, &[]).exits(1);
    // A lock without groups whose header comes to name one.
    context.write("z/pyproject.toml", "[dependency-groups]\ndev = [\"a\"]\n");
    context.write("locks/prod.in", "a\n");
    context.write("lockgate.toml", rules);
    context
        .lockgate(&[
            "lock",
            "locks/prod.in",
            "-o",
            "locks/prod.txt",
            "--gate",
            "off",
        ])
        .args(["--python-version", "3.11", "--python-platform", "linux"])
        .args(["--index-url", &index.index_url()])
        .run()
        .exits(0);
    context.write_advisories("advisories", &[Advisory::new("PYSEC-2024-1", "a")]);
    let lock = context.read("locks/prod.txt");
    let forged = lock.replace(
        "lock locks/prod.in -o",
        "lock --group z/pyproject.toml:dev -o",
    );
    assert_ne!(forged, lock);
    context.write("locks/other.txt", forged.replace("prod.txt", "other.txt"));
    for lock in ["locks/prod.txt", "locks/other.txt"] {
        context
            .lockgate(&["check", lock, "--advisories", "advisories"])
            .args(["--index-url", &index.index_url()])
            .run()
            .exits(1)
            .mentions(&["PYSEC-2024-1"]);
    }
}

#[test]
fn no_edit_of_a_comment_lowers_an_exit_code() {
    let put = prop::sample::select(vec![
        "",
        "    # via app (pyproject.toml:dev)\n",
        "    # via (pyproject.toml:dev)\n",
        "    # via\n    #   b\n    #   app (pyproject.toml:dev)\n",
        "    # via -c constraints.txt\n",
        "    # direct: b 2.0\n",
        "    # gate: 2.0 skipped, PYSEC-2024-1\n",
        "# Needed and not pinned here:\n# c==1.0\n",
        "# The following packages are considered unsafe:\n# a\n",
        "# c==2.0\n",
        "    # \u{1f} via b\n",
    ]);
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<bool>(), put), 1..5);
    let (index, context) = started(&["c", "b"]);
    let lock = context.read("requirements.txt");
    assert_eq!((check(&context, &index), audit(&context)), (1, 1));
    let mut runner = TestRunner::new(Config {
        cases: 16,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&edits, |edits| {
        let mut lines: Vec<String> = lock.split_inclusive('\n').map(str::to_owned).collect();
        for (place, removes, text) in edits {
            let of_comments: Vec<usize> = (0..lines.len())
                .filter(|place| {
                    lines[*place].trim_start().starts_with('#') && lines[*place].starts_with(' ')
                })
                .collect();
            if of_comments.is_empty() {
                break;
            }
            let at = of_comments[place.index(of_comments.len())];
            if removes {
                lines[at] = text.to_owned();
            } else {
                lines.insert(at + 1, text.to_owned());
            }
        }
        let edited = lines.concat();
        context.write("requirements.txt", &edited);
        prop_assert!(check(&context, &index) >= 1, "check:\n{}", edited);
        prop_assert!(audit(&context) >= 1, "audit:\n{}", edited);
        Ok(())
    });
    outcome.unwrap();
}
