//! Which files count as distributions: pip lists and installs the same folder and the same page of odd files. It runs where `LOCKGATE_PEERS`
//! names the folder that its Python is in.

use std::path::PathBuf;

use lockgate_tests::artifact::{sdist, wheel, wheel_holding};
use lockgate_tests::scenario::pins_of;
use lockgate_tests::{Release, TestContext};

/// For each project that is named, the versions that pip finds at a place.
const LIST: &str = r#"
import contextlib, io, json, sys
from pip._internal.cli.main import main
place, names = sys.argv[1], sys.argv[2:]
for name in names:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        code = main(["index", "versions", name, "--no-index", "-f", place, "--json", "--disable-pip-version-check"])
    versions = json.loads(out.getvalue())["versions"] if code == 0 else []
    print(name, *versions)
"#;

/// A project, the name of its odd file, and the version that is found in a folder and on a page.
type Odd = (
    &'static str,
    &'static str,
    Option<&'static str>,
    Option<&'static str>,
);

const FILES: &[Odd] = &[
    (
        "plain",
        "plain-1.0-py3-none-any.whl",
        Some("1.0"),
        Some("1.0"),
    ),
    (
        "case",
        "CaSe-1.0-py3-none-any.whl",
        Some("1.0"),
        Some("1.0"),
    ),
    (
        "dotted-name",
        "dotted.name-1.0-py3-none-any.whl",
        Some("1.0"),
        Some("1.0"),
    ),
    (
        "twice-escaped",
        "twice__escaped-1.0-py3-none-any.whl",
        None,
        None,
    ),
    ("dash-post", "dash_post-1.0_1-py3-none-any.whl", None, None),
    (
        "named-post",
        "named_post-1.0_post1-py3-none-any.whl",
        Some("1.0.post1"),
        Some("1.0.post1"),
    ),
    (
        "local",
        "local-1.0+one_two-py3-none-any.whl",
        Some("1.0+one.two"),
        Some("1.0+one.two"),
    ),
    (
        "built",
        "built-1.0-7a-py3-none-any.whl",
        Some("1.0"),
        Some("1.0"),
    ),
    ("bad-build", "bad_build-1.0-a7-py3-none-any.whl", None, None),
    ("empty-tag", "empty_tag-1.0-py3--any.whl", None, None),
    ("number-tag", "number_tag-1.0-3-none-any.whl", None, None),
    ("upper", "upper-1.0-py3-none-any.WHL", None, None),
    ("gz", "gz-1.0.tar.gz", Some("1.0"), Some("1.0")),
    (
        "escaped-gz",
        "escaped__gz-1.0.tar.gz",
        Some("1.0"),
        Some("1.0"),
    ),
    ("post-gz", "post_gz-1.0-1.tar.gz", None, Some("1.0.post1")),
    ("tgz", "tgz-1.0.tgz", None, Some("1.0")),
    ("no-version", "no_version-abc.tar.gz", None, None),
];

fn bytes(name: &str, file: &str) -> Vec<u8> {
    let release = Release::default();
    let version = match file {
        "post_gz-1.0-1.tar.gz" | "named_post-1.0_post1-py3-none-any.whl" => "1.0.post1",
        "local-1.0+one_two-py3-none-any.whl" => "1.0+one.two",
        _ => "1.0",
    };
    if file.ends_with("gz") {
        return sdist(name, version, &release).bytes;
    }
    wheel(name, version, &release, "py3-none-any").bytes
}

fn place(context: &TestContext) {
    let mut page = String::new();
    for (name, file, _, _) in FILES {
        context.write(&format!("files/{file}"), bytes(name, file));
        let link = format!("<a href=\"../files/{file}\">{file}</a>\n");
        page.push_str(&link);
    }
    context.write("page/links.html", page);
}

/// The version that is locked of each project by itself.
fn locked(context: &TestContext, name: &str, place: &str) -> Option<String> {
    context.write("requirements.in", format!("{name}\n"));
    let run = context
        .lockgate(&["lock", "requirements.in", "-o", "-", "--no-advisories"])
        .args(["--no-index", "-f", place])
        .args(["--python-version", "3.11", "--python-platform", "linux"])
        .run();
    let pins = pins_of(&run.stdout);
    pins.get(name).map(|pin| pin.version.clone())
}

#[test]
fn files_count_in_a_folder_and_on_a_page_as_they_do_to_pip() {
    let context = TestContext::new();
    place(&context);
    for (name, file, in_folder, on_page) in FILES {
        let of = |place: &str| locked(&context, name, place);
        assert_eq!(of("files").as_deref(), *in_folder, "{file} in a folder");
        assert_eq!(
            of("page/links.html").as_deref(),
            *on_page,
            "{file} on a page"
        );
    }
}

#[test]
fn pip_lists_the_same_files() {
    let Some(peers) = std::env::var_os("LOCKGATE_PEERS").map(PathBuf::from) else {
        return;
    };
    let context = TestContext::new();
    place(&context);
    for (place, is_folder) in [("files", true), ("page/links.html", false)] {
        let run = context
            .program(peers.join("python"))
            .args(["-c", LIST, place])
            .args(FILES.iter().map(|(name, ..)| *name))
            .run();
        run.exits(0);
        for (line, (name, file, in_folder, on_page)) in run.stdout.lines().zip(FILES) {
            let expected = if is_folder { in_folder } else { on_page };
            let mut words = line.split(' ');
            assert_eq!(words.next(), Some(*name), "{}", run.stdout);
            assert_eq!(words.next(), *expected, "{file} at {place}: {}", run.stdout);
        }
        assert_eq!(run.stdout.lines().count(), FILES.len(), "{}", run.stdout);
    }
}

/// A wheel with a `.dist-info` folder of another package, or with two.
#[test]
fn wheels_that_pip_refuses_by_their_folders_are_not_locked() {
    let metadata = b"Metadata-Version: 2.1\nName: other\nVersion: 1.0\n";
    let of_another = wheel_holding("other", "1.0", "py3-none-any", metadata);
    let context = TestContext::new();
    context.write("files/mine-1.0-py3-none-any.whl", of_another);
    let older = wheel("mine", "0.9", &Release::default(), "py3-none-any");
    context.write("files/mine-0.9-py3-none-any.whl", older.bytes);
    assert_eq!(locked(&context, "mine", "files").as_deref(), Some("0.9"));
    let Some(peers) = std::env::var_os("LOCKGATE_PEERS").map(PathBuf::from) else {
        return;
    };
    let install = |version: &str| {
        context
            .program(peers.join("python"))
            .args([
                "-m",
                "pip",
                "install",
                "--no-index",
                "-f",
                "files",
                "--target",
            ])
            .arg(context.path("installed"))
            .arg(format!("mine=={version}"))
            .run()
    };
    install("1.0").exits(1).mentions(&["other"]);
    install("0.9").exits(0);
}

/// pip takes `.tar.bz2` and `.tar.xz` from a page. Nothing is read from them here; the refusal says so, and not that the file lacks something.
#[test]
fn an_archive_of_a_kind_that_is_not_read_is_named_as_one() {
    let context = TestContext::new();
    for ending in ["tar.bz2", "tar.xz", "tbz", "txz"] {
        let file = format!("packed-1.0.{ending}");
        context.write(&format!("files/{file}"), "no archive");
        context.write(
            "page/links.html",
            format!("<a href=\"../files/{file}\">{file}</a>\n"),
        );
        context.write("requirements.in", "packed\n");
        context
            .lockgate(&["lock", "requirements.in", "--no-advisories", "--no-index"])
            .args(["-f", "page/links.html"])
            .args(["--python-version", "3.11", "--python-platform", "linux"])
            .run()
            .exits(1)
            .mentions(&["nothing is read from its kind of archive, only from `.tar.gz`"])
            .does_not_mention(&["PKG-INFO"]);
        assert!(!context.exists("requirements.txt"), "{file}");
    }
}
