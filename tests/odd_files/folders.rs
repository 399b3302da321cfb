//! The `.dist-info` folder of a wheel, which pip finds the wheel's metadata by.

use lockgate_tests::artifact::{archive, wheel};
use lockgate_tests::{Release, TestContext};

use super::{locked, peers};

/// What is wrong with a wheel of `mine`, the folders with METADATA in it, the name that those state, and whether pip installs it.
const WHEELS: &[(&str, &[&str], &str, bool)] = &[
    ("nothing", &["mine-1.0.dist-info"], "mine", true),
    ("case", &["MINE-1.0.dist-info"], "Mine", true),
    (
        "another package's",
        &["other-1.0.dist-info"],
        "other",
        false,
    ),
    (
        "another package's, with metadata of the right one",
        &["other-1.0.dist-info"],
        "mine",
        false,
    ),
    (
        "two",
        &["mine-1.0.dist-info", "other-1.0.dist-info"],
        "mine",
        false,
    ),
    (
        "two of its own",
        &["mine-1.0.dist-info", "mine-0.9.dist-info"],
        "mine",
        false,
    ),
    (
        "one further down",
        &["mine-1.0.dist-info", "vendored/other-1.0.dist-info"],
        "mine",
        true,
    ),
    (
        "only one further down",
        &["in/mine-1.0.dist-info"],
        "mine",
        false,
    ),
    (
        "metadata of another",
        &["mine-1.0.dist-info"],
        "other",
        false,
    ),
];

/// A wheel of `mine` whose only folders are these.
fn mine(folders: &[&str], name: &str) -> Vec<u8> {
    let metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n");
    let files: Vec<(String, String)> = folders
        .iter()
        .flat_map(|folder| {
            let tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
            [
                (format!("{folder}/METADATA"), metadata.clone()),
                (format!("{folder}/WHEEL"), tags.to_owned()),
                (format!("{folder}/RECORD"), String::new()),
            ]
        })
        .collect();
    archive(&files, "mine.zip")
}

#[test]
fn wheels_that_pip_refuses_by_their_folders_are_not_locked() {
    let context = TestContext::new();
    let older = wheel("mine", "0.9", &Release::default(), "py3-none-any");
    for (number, (what, folders, name, is_installed)) in WHEELS.iter().enumerate() {
        let place = format!("files-{number}");
        let mut page = String::new();
        for (version, bytes) in [("1.0", mine(folders, name)), ("0.9", older.bytes.clone())] {
            let file = format!("mine-{version}-py3-none-any.whl");
            context.write(&format!("{place}/{file}"), bytes);
            let link = format!("<a href=\"../{place}/{file}\">{file}</a>\n");
            page.push_str(&link);
        }
        let page_file = format!("pages/{number}.html");
        context.write(&page_file, page);
        let expected = if *is_installed { "1.0" } else { "0.9" };
        for place in [&place, &page_file] {
            let version = locked(&context, "mine", place);
            assert_eq!(version.as_deref(), Some(expected), "{what} in {place}");
            let Some(peers) = peers() else { continue };
            let target = context.path(format!("installed-{number}"));
            let run = context
                .program(peers.join("python"))
                .args(["-m", "pip", "install", "--no-index", "--no-cache-dir", "-f"])
                .args([place, "mine==1.0", "--upgrade", "--target"])
                .arg(target)
                .run();
            run.exits(i32::from(!*is_installed));
        }
    }
}
