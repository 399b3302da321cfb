//! Source distributions in all the ways that pip opens, wherever one may stand.

use lockgate_tests::artifact::{archive, sha256};
use lockgate_tests::{Answer, Release, Run, StaticSite, TestContext};

use super::{LZIP, lock_from, source};

const ENDINGS: &[&str] = &[
    "tar.gz", "tgz", "tar", "zip", "tar.bz2", "tbz", "tar.xz", "txz", "tar.lzma", "tlz",
];

/// A file of `packed`, whose metadata require `helper`.
fn packed(ending: &str) -> (String, Vec<u8>) {
    let file = format!("packed-1.0.{ending}");
    let bytes = archive(&source("packed", "1.0", "Requires-Dist: helper\n"), &file);
    (file, bytes)
}

/// The wheel that it requires, in a folder.
fn with_helper(context: &TestContext) {
    let helper =
        lockgate_tests::artifact::wheel("helper", "1.0", &Release::default(), "py3-none-any");
    context.write(&format!("helper/{}", helper.filename), helper.bytes);
}

/// Whether the metadata were read, and the digest is that of the file.
fn holds_both(run: &Run, ending: &str, bytes: &[u8]) {
    run.exits(0);
    let digest = sha256(bytes);
    for part in ["helper==1.0", "# via packed", &digest] {
        assert!(run.stdout.contains(part), "{ending}: {}", run.stdout);
    }
}

/// On a page of files, as one file, on the page of an index with and without a digest, and by address and path.
#[test]
fn archives_of_every_kind_state_their_metadata_wherever_they_stand() {
    let mut site = StaticSite::default();
    for ending in ENDINGS {
        let (file, bytes) = packed(ending);
        let digest = sha256(&bytes);
        let link = |fragment: &str| format!("<a href=\"/files/{file}{fragment}\">{file}</a>");
        site = site
            .with(
                &format!("/files/{file}"),
                Answer::ok("application/octet-stream", bytes),
            )
            .with_page(&format!("/bare/{ending}/packed/"), &link(""))
            .with_page(
                &format!("/{ending}/packed/"),
                &link(&format!("#sha256={digest}")),
            );
    }
    let site = site.start();
    let context = TestContext::new();
    with_helper(&context);
    for ending in ENDINGS {
        let (file, bytes) = packed(ending);
        context.write(&format!("files/{file}"), &bytes);
        context.write("page.html", format!("<a href=\"files/{file}\">{file}</a>"));
        let lock = |line: &str, arguments: &[&str]| {
            context.write("requirements.in", format!("{line}\n"));
            let run = context
                .lockgate(&["lock", "requirements.in", "-o", "-", "--no-advisories"])
                .args([
                    "-f",
                    "helper",
                    "--python-version",
                    "3.11",
                    "--python-platform",
                    "linux",
                ])
                .args(arguments)
                .run();
            holds_both(&run, ending, &bytes);
        };
        lock("packed", &["--no-index", "-f", "page.html"]);
        lock("packed", &["--no-index", "-f", &format!("files/{file}")]);
        for index in [format!("bare/{ending}"), (*ending).to_owned()] {
            lock(
                "packed",
                &["--index-url", &format!("{}/{index}/", site.origin())],
            );
        }
        lock(
            &format!("packed @ {}/files/{file}", site.origin()),
            &["--no-index"],
        );
        lock(&format!("./files/{file}"), &["--no-index"]);
    }
}

/// Archives that Python itself makes, and one whose name is in capitals, which pip takes by its path alone.
#[test]
fn archives_that_python_makes_are_read() {
    const MAKE: &str = r#"
import io, lzma, sys, tarfile
def tar(mode):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        text = b"Metadata-Version: 2.2\nName: packed\nVersion: 1.0\nRequires-Dist: helper\n"
        for path, text in [("big.bin", bytes(range(256)) * 4000), ("PKG-INFO", text)]:
            member = tarfile.TarInfo("packed-1.0/" + path)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    return out.getvalue()
filters = [{"id": lzma.FILTER_X86}, {"id": lzma.FILTER_DELTA, "dist": 4}, {"id": lzma.FILTER_LZMA2, "preset": 9}]
plain = tar("w")
half = len(plain) // 1024 * 512
for name, data in {
    "packed-1.0.tar.bz2": tar("w:bz2"),
    "packed-1.0.tar.xz": tar("w:xz"),
    "packed-1.0.tar.lzma": lzma.compress(plain, lzma.FORMAT_ALONE),
    "packed-1.0.tlz": lzma.compress(plain, check=lzma.CHECK_SHA256, filters=filters),
    "packed-1.0.txz": lzma.compress(plain[:half]) + lzma.compress(plain[half:], check=lzma.CHECK_NONE),
    "PACKED-1.0.TAR.XZ": lzma.compress(plain, preset=9 | lzma.PRESET_EXTREME),
}.items():
    with open(name, "wb") as file:
        file.write(data)
    print(name)
"#;
    let context = TestContext::new();
    with_helper(&context);
    let made = context.program("python3").args(["-c", MAKE]).run();
    made.exits(0);
    for file in made.stdout.lines() {
        context.write("requirements.in", format!("./{file}\n"));
        let run = lock_from(&context, "helper", &["-o", "-"]);
        let bytes = std::fs::read(context.path(file)).unwrap();
        holds_both(&run, file, &bytes);
    }
    assert_eq!(made.stdout.lines().count(), 6);
}

/// An archive that breaks off, or has other bytes in it, is no archive to pip either.
#[test]
fn a_damaged_archive_is_named_and_nothing_is_locked() {
    let context = TestContext::new();
    with_helper(&context);
    for ending in ENDINGS {
        let (file, bytes) = packed(ending);
        for (what, bytes) in [
            ("half", bytes[..bytes.len() / 2].to_owned()),
            ("a page", b"<html>log in</html>".to_vec()),
        ] {
            context.write(&format!("files/{file}"), bytes);
            context.write("page.html", format!("<a href=\"files/{file}\">{file}</a>"));
            for (line, place) in [
                ("packed", "page.html"),
                (&*format!("./files/{file}"), "helper"),
            ] {
                context.write("requirements.in", format!("{line}\n"));
                lock_from(&context, place, &["-f", "helper"])
                    .exits(2)
                    .mentions(&[&file, "it is no readable archive"]);
                assert!(!context.exists("requirements.txt"), "{file}: {what}");
            }
        }
    }
}

/// pip lists archives of lzip, and opens them only where liblzma is recent: a lock with one would fail on other machines.
#[test]
fn an_archive_of_lzip_is_skipped_and_named() {
    let context = TestContext::new();
    let with = |files: &[&str]| {
        let mut page = String::new();
        for file in files {
            let version = if file.contains("0.9") { "0.9" } else { "1.0" };
            context.write(
                &format!("files/{file}"),
                archive(&source("lzip", version, ""), file),
            );
            let link = format!("<a href=\"files/{file}\">{file}</a>\n");
            page.push_str(&link);
        }
        context.write("page.html", page);
        context.write("requirements.in", "lzip\n");
        lock_from(&context, "page.html", &["-o", "-"])
    };
    with(&[LZIP]).exits(1).mentions(&[
        "no version of lzip can be used",
        "1.0 has no file that every pip opens: pip opens archives of lzip only",
        "5.4",
    ]);
    let run = with(&[LZIP, "lzip-0.9.tar.xz"]);
    run.exits(0)
        .mentions(&["unreadable: lzip 1.0 is passed over for 0.9", "5.4"]);
    assert!(run.stdout.contains("lzip==0.9"), "{}", run.stdout);
    // Next to another archive its digest is not in the lock, so that pip takes the other one.
    let run = with(&[LZIP, "lzip-1.0.zip"]);
    run.exits(0).does_not_mention(&["unreadable"]);
    assert!(run.stdout.contains("lzip==1.0"), "{}", run.stdout);
    assert_eq!(run.stdout.matches("--hash").count(), 1, "{}", run.stdout);
    let zip = std::fs::read(context.path("files/lzip-1.0.zip")).unwrap();
    assert!(run.stdout.contains(&sha256(&zip)), "{}", run.stdout);

    context.write("requirements.in", format!("./files/{LZIP}\n"));
    lock_from(&context, "page.html", &[])
        .exits(2)
        .mentions(&[LZIP, "opens archives of lzip only"]);
    assert!(!context.exists("requirements.txt"));
}

/// What a build alone tells.
#[test]
fn archives_of_every_kind_are_built() {
    let context = TestContext::new();
    with_helper(&context);
    for ending in ENDINGS {
        let file = format!("packed-1.0.{ending}");
        let headers = "Dynamic: Requires-Dist\nRequires-Dist: helper\n";
        let bytes = archive(&source("packed", "1.0", headers), &file);
        context.write(&format!("files/{file}"), &bytes);
        context.write("page.html", format!("<a href=\"files/{file}\">{file}</a>"));
        for line in ["packed", &format!("./files/{file}")] {
            context.write("requirements.in", format!("{line}\n"));
            let run = context
                .lockgate(&["lock", "requirements.in", "-o", "-", "--no-advisories"])
                .args([
                    "--no-index",
                    "-f",
                    "page.html",
                    "-f",
                    "helper",
                    "--allow-build",
                ])
                .run();
            holds_both(&run, ending, &bytes);
        }
    }
}
