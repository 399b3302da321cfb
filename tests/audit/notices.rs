//! What the index says of releases: yanked, quarantined, archived, deprecated. Asked only on request.

use lockgate_tests::{Loopback, Project, Release, TestContext, World, Yank};

use super::asking::{audit, codes, list, text};
use super::policy::asked;

fn project(status: Option<&str>, yanked: Yank) -> Project {
    let release = Release {
        yanked,
        ..Release::default()
    };
    Project {
        status: status.map(str::to_owned),
        releases: [("1.0".to_owned(), release)].into(),
    }
}

/// A lock, a configuration, options, the exit code, and the codes of what the index says.
type IndexCase<'a> = (&'a str, &'a str, &'a [&'a str], i32, &'a [&'a str]);

const CASES: [IndexCase<'_>; 10] = [
    ("fine==1.0\nback==1.0\nheld==1.0\n", "", &[], 0, &[]),
    ("fine==1.0\n", "", &["--online"], 0, &[]),
    ("back==1.0\n", "", &["--online"], 0, &["yanked"]),
    ("back==1.0\n", "", &["--yanked", "deny"], 1, &["yanked"]),
    ("back==1.0\n", "yanked = \"deny\"\n", &[], 1, &["yanked"]),
    ("back==1.0\n", "yanked = \"warn\"\n", &[], 0, &["yanked"]),
    (
        "back==1.0\n",
        "yanked = \"deny\"\n",
        &["--yanked", "warn"],
        0,
        &["yanked"],
    ),
    (
        "held==1.0\n",
        "gate = \"warn\"\n",
        &["--online"],
        1,
        &["quarantined"],
    ),
    // An index offers no file of what it holds in quarantine.
    (
        "emptied==1.0\n",
        "",
        &["--online", "--allow-incomplete"],
        1,
        &["quarantined"],
    ),
    (
        "shut==1.0\npast==1.0\n",
        "",
        &["--online"],
        0,
        &["archived", "deprecated"],
    ),
];

#[test]
fn the_index_is_asked_about_yanked_and_quarantined_only_on_request() {
    let mut world = World::new();
    for (name, status, yanked) in [
        ("fine", None, Yank::No),
        ("back", None, Yank::Because("it was broken".to_owned())),
        ("held", Some("quarantined"), Yank::No),
        ("shut", Some("archived"), Yank::No),
        ("past", Some("deprecated"), Yank::No),
    ] {
        world
            .projects
            .insert(name.to_owned(), project(status, yanked));
    }
    let emptied = Project {
        status: Some("quarantined".to_owned()),
        releases: [].into(),
    };
    world.projects.insert("emptied".to_owned(), emptied);
    let index = Loopback::index(world);
    for (lock, config, arguments, code, notices) in CASES {
        let context = TestContext::new();
        context.write("requirements.txt", lock);
        context.write("lockgate.toml", config);
        context.write_advisories("advisories", &[]);
        index.clear_log();
        let index_url = index.index_url();
        let mut all = vec!["--index-url", &index_url];
        all.extend(arguments);
        let found = asked(&context, &all, code);
        let told: Vec<&str> = list(&found, "packages")
            .iter()
            .flat_map(|package| list(package, "notices"))
            .map(|notice| text(notice, "code"))
            .collect();
        assert_eq!(told, notices, "{lock} {config} {arguments:?}");
        let is_asked = !config.is_empty() && config.starts_with("yanked") || !arguments.is_empty();
        assert_eq!(
            !index.log().is_empty(),
            is_asked,
            "{lock} {config} {arguments:?}"
        );
        for format in ["table", "sarif", "html", "markdown"] {
            let run = audit(
                &context,
                &["requirements.txt", "--advisories", "advisories"],
            )
            .args(&all)
            .args(["-f", format])
            .run();
            run.exits(code);
            for notice in notices {
                assert!(
                    run.stdout.contains(notice),
                    "{notice} in {format}:\n{}",
                    run.stdout
                );
            }
        }
    }
    // What the index does not have, and an index that does not answer, are gaps.
    let context = TestContext::new();
    context.write("requirements.txt", "fine==9.0\nunknown==1.0\n");
    context.write_advisories("advisories", &[]);
    let found = asked(
        &context,
        &["--online", "--index-url", &index.index_url()],
        2,
    );
    assert_eq!(codes(&found, "gaps"), ["not-on-index", "not-on-index"]);
    index.fault("/simple/*", lockgate_tests::Fault::Status(500));
    let found = asked(
        &context,
        &["--online", "--index-url", &index.index_url()],
        2,
    );
    assert_eq!(codes(&found, "gaps"), ["not-learned", "not-learned"]);
}
