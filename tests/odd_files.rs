//! Which files count as distributions: pip lists and installs the same folder and the same page of odd files. It runs where `LOCKGATE_PEERS`
//! names the folder that its Python is in.

mod archives;
mod folders;

use std::path::PathBuf;

use lockgate_tests::artifact::{archive, wheel};
use lockgate_tests::scenario::pins_of;
use lockgate_tests::{Release, Run, TestContext};

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
    ("zipped", "zipped-1.0.zip", Some("1.0"), Some("1.0")),
    ("plain-tar", "plain_tar-1.0.tar", None, Some("1.0")),
    ("bz2", "bz2-1.0.tar.bz2", None, Some("1.0")),
    ("tbz", "tbz-1.0.tbz", None, Some("1.0")),
    ("tbz2", "tbz2-1.0.tbz2", None, None),
    ("xz", "xz-1.0.tar.xz", None, Some("1.0")),
    ("txz", "txz-1.0.txz", None, Some("1.0")),
    ("post-xz", "post_xz-1.0-1.tar.xz", None, Some("1.0.post1")),
    ("lzma", "lzma-1.0.tar.lzma", None, Some("1.0")),
    ("tlz", "tlz-1.0.tlz", None, Some("1.0")),
    ("zstd", "zstd-1.0.tar.zst", None, None),
    ("upper-gz", "upper_gz-1.0.TAR.GZ", None, None),
    ("upper-xz", "upper_xz-1.0.tar.XZ", None, None),
    ("tar-zip", "tar_zip-1.0.tar.zip", None, None),
    ("lzip", LZIP, None, None),
];

/// pip lists it on a page, and can open it only with a recent liblzma.
const LZIP: &str = "lzip-1.0.tar.lz";

/// A backend that needs nothing but Python.
const BACKEND: &str = r#"
import os, re, zipfile

def build_wheel(folder, settings=None, metadata=None):
    with open("PKG-INFO") as file:
        text = file.read()
    name, version = (re.search(f"^{key}: (.*)$", text, re.M)[1] for key in ("Name", "Version"))
    stem = f"{name.replace('-', '_')}-{version}"
    with zipfile.ZipFile(os.path.join(folder, f"{stem}-py3-none-any.whl"), "w") as wheel:
        wheel.writestr(f"{stem}.dist-info/METADATA", text)
        wheel.writestr(f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{stem}.dist-info/RECORD", "")
    return f"{stem}-py3-none-any.whl"
"#;

/// The files of a source distribution that pip can build without network. `headers`: more of its PKG-INFO.
fn source(name: &str, version: &str, headers: &str) -> Vec<(String, String)> {
    let metadata = format!("Metadata-Version: 2.2\nName: {name}\nVersion: {version}\n{headers}");
    let table =
        "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n";
    [
        ("PKG-INFO", metadata.as_str()),
        ("pyproject.toml", table),
        ("backend.py", BACKEND),
    ]
    .into_iter()
    .map(|(path, text)| (format!("{name}-{version}/{path}"), text.to_owned()))
    .collect()
}

fn bytes(name: &str, file: &str) -> Vec<u8> {
    let version = match file {
        "post_gz-1.0-1.tar.gz"
        | "post_xz-1.0-1.tar.xz"
        | "named_post-1.0_post1-py3-none-any.whl" => "1.0.post1",
        "local-1.0+one_two-py3-none-any.whl" => "1.0+one.two",
        _ => "1.0",
    };
    if file.to_ascii_lowercase().ends_with(".whl") {
        return wheel(name, version, &Release::default(), "py3-none-any").bytes;
    }
    archive(&source(name, version, ""), file)
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

/// Locks `requirements.in` from a place, without any index.
fn lock_from(context: &TestContext, place: &str, arguments: &[&str]) -> Run {
    context
        .lockgate(&["lock", "requirements.in", "--no-advisories", "--no-index"])
        .args(["-f", place])
        .args(["--python-version", "3.11", "--python-platform", "linux"])
        .args(arguments)
        .run()
}

/// The version that is locked of a project by itself.
fn locked(context: &TestContext, name: &str, place: &str) -> Option<String> {
    context.write("requirements.in", format!("{name}\n"));
    let run = lock_from(context, place, &["-o", "-"]);
    let pins = pins_of(&run.stdout);
    pins.get(name).map(|pin| pin.version.clone())
}

/// The folder that pip's Python is in, where the caller has one.
fn peers() -> Option<PathBuf> {
    std::env::var_os("LOCKGATE_PEERS").map(PathBuf::from)
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
    let Some(peers) = peers() else {
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
            let expected = match *file {
                LZIP if !is_folder => Some("1.0"),
                _ if is_folder => *in_folder,
                _ => *on_page,
            };
            let mut words = line.split(' ');
            assert_eq!(words.next(), Some(*name), "{}", run.stdout);
            assert_eq!(words.next(), expected, "{file} at {place}: {}", run.stdout);
        }
        assert_eq!(run.stdout.lines().count(), FILES.len(), "{}", run.stdout);
    }
}

/// What is locked of a place is what pip installs from there, by its hashes.
#[test]
fn pip_installs_what_is_locked() {
    let Some(peers) = peers() else {
        return;
    };
    let context = TestContext::new();
    place(&context);
    for (place, is_folder) in [("files", true), ("page/links.html", false)] {
        let version = |file: &'static (_, _, _, _)| if is_folder { file.2 } else { file.3 };
        let found: Vec<(&str, &str)> = FILES
            .iter()
            .filter_map(|file| Some((file.0, version(file)?)))
            .collect();
        let names: Vec<&str> = found.iter().map(|(name, _)| *name).collect();
        context.write("requirements.in", names.join("\n"));
        let lock = format!("{is_folder}.txt");
        lock_from(&context, place, &["-o", &lock]).exits(0);
        context
            .program(peers.join("python"))
            .args(["-m", "pip", "install", "--no-index", "--no-cache-dir"])
            .args(["--require-hashes", "-f", place, "-r", &lock])
            .arg("--target")
            .arg(context.path(format!("installed-{is_folder}")))
            .run()
            .exits(0);
        for (name, version) in found {
            let name = name.replace('-', "_");
            let folder = format!("installed-{is_folder}/{name}-{version}.dist-info");
            assert!(context.exists(&folder), "{folder}");
        }
    }
}
