//! Headers, archives, and the probe over wheels made here.

use std::fs;
use std::io::{Cursor, Write as _};

use bytes::Bytes;
use lockgate_model::{Name, Unstated, UnusableReason, Version};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::headers::{self, Stated};
use super::local;
use super::remote::Source;
use super::sdist::{self, Extent};
use super::stored;
use super::wheel::{Step, WheelProbe};
use crate::facts::links;
use crate::tar_stream::tests::{bzip2, lzma, xz};

const METADATA: &str = "Metadata-Version: 2.1\nName: Foo\nVersion: 1.0\n\nHello\n";

fn foo() -> Name {
    Name::new("foo").unwrap()
}

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

fn pkg_info(filename: &str, extent: Extent, archive: &[u8]) -> Result<Vec<u8>, UnusableReason> {
    sdist::pkg_info(filename, extent, &mut Cursor::new(archive))
}

fn stated(text: &str) -> Stated {
    headers::of_wheel(text.as_bytes()).unwrap()
}

fn wheel(files: &[(&str, &[u8])], method: CompressionMethod, comment: &str) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (path, content) in files {
        writer.start_file(*path, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.set_comment(comment).unwrap();
    writer.finish().unwrap().into_inner()
}

/// Bytes that don't compress.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..length).map(|_| next()).collect()
}

/// Plays the server. Also tells how many requests and bytes it took beyond the first.
fn probe(file: &[u8], first: usize) -> (Result<Vec<u8>, UnusableReason>, usize, u64) {
    let mut probe = WheelProbe::new(&foo(), file.len() as u64);
    let start = file.len().saturating_sub(first);
    if start < file.len() {
        probe.supply(start as u64, Bytes::copy_from_slice(&file[start..]));
    }
    let (mut requests, mut bytes) = (0, 0);
    loop {
        match probe.step() {
            Ok(Step::Done(metadata)) => return (Ok(metadata), requests, bytes),
            Err(reason) => return (Err(reason), requests, bytes),
            Ok(Step::Need(range)) => {
                requests += 1;
                bytes += range.end - range.start;
                assert!(requests < 20, "the probe goes in circles");
                let (start, end) = (range.start, range.end);
                let part = &file[usize::try_from(start).unwrap()..usize::try_from(end).unwrap()];
                probe.supply(range.start, Bytes::copy_from_slice(part));
            }
        }
    }
}

/// What it is, its files in order, and the most requests it may take.
type Layout<'a> = (&'a str, Vec<(&'a str, &'a [u8])>, usize);

#[test]
fn the_probe_finds_metadata_wherever_it_stands_with_few_requests() {
    let big = noise(300_000);
    let own = ("foo-1.0.dist-info/METADATA", METADATA.as_bytes());
    let names: Vec<String> = (0..3000)
        .map(|n| format!("foo/a_rather_long_module_name_{n}.py"))
        .collect();
    let mut many: Vec<(&str, &[u8])> = vec![own];
    many.extend(names.iter().map(|name| (name.as_str(), b"".as_slice())));
    let layouts: [Layout<'_>; 5] = [
        ("at the end", vec![("foo/big.so", &big), own], 0),
        ("at the beginning", vec![own, ("foo/big.so", &big)], 1),
        (
            "in the middle",
            vec![("foo/a.so", &big), own, ("foo/b.so", &big)],
            1,
        ),
        ("with a long directory", many, 2),
        (
            "beside a vendored one",
            vec![("foo/_vendor/bar-1.dist-info/METADATA", b"x"), own],
            0,
        ),
    ];
    for (what, files, most) in layouts {
        for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
            let file = wheel(&files, method, "");
            let (found, requests, bytes) = probe(&file, 16 * 1024);
            assert_eq!(found.as_deref(), Ok(METADATA.as_bytes()), "{what}");
            assert!(requests <= most, "{what}: {requests} requests");
            assert!(bytes < 300_000, "{what}: {bytes} bytes");
        }
    }
}

#[test]
fn the_probe_copes_with_any_first_part_and_with_comments() {
    let big = noise(100_000);
    let own = ("foo-1.0.dist-info/METADATA", METADATA.as_bytes());
    for comment in [String::new(), "c".repeat(40_000)] {
        let file = wheel(
            &[("foo/a.so", &big), own],
            CompressionMethod::Deflated,
            &comment,
        );
        for first in [0, 1, 10, 22, 50, 200, 5_000, 50_000, 1_000_000] {
            let (found, _, _) = probe(&file, first);
            assert_eq!(found.as_deref(), Ok(METADATA.as_bytes()), "{first}");
        }
    }
}

#[test]
fn what_is_no_wheel_is_a_bad_archive_and_asks_for_little() {
    let own = ("foo-1.0.dist-info/METADATA", METADATA.as_bytes());
    let whole = wheel(
        &[("foo/a.so", &noise(50_000)), own],
        CompressionMethod::Deflated,
        "",
    );
    let several = [
        ("bar-1.dist-info/METADATA", b"x".as_slice()),
        ("baz-1.dist-info/METADATA", b"x"),
    ];
    let beside_own = [own, ("bar-1.dist-info/RECORD", b"x")];
    let of_another = [("bar-1.dist-info/METADATA", METADATA.as_bytes())];
    let mut lying = whole.clone();
    let end = lying.len() - 22;
    lying[end + 16..end + 20].copy_from_slice(&u32::MAX.to_le_bytes()[..4]);
    for (what, file) in [
        ("empty", Vec::new()),
        ("noise", noise(1_000_000)),
        ("html", b"<html>log in</html>".to_vec()),
        ("cut off", whole[..whole.len() - 30].to_vec()),
        (
            "a second `.dist-info`",
            wheel(&beside_own, CompressionMethod::Stored, ""),
        ),
        (
            "a `.dist-info` of another package",
            wheel(&of_another, CompressionMethod::Stored, ""),
        ),
        (
            "no METADATA",
            wheel(&[("foo/a.py", b"")], CompressionMethod::Stored, ""),
        ),
        (
            "foreign METADATA only",
            wheel(&several, CompressionMethod::Stored, ""),
        ),
        ("directory elsewhere", lying),
    ] {
        let (found, _, bytes) = probe(&file, 16 * 1024);
        assert!(
            matches!(found, Err(UnusableReason::BadArchive(_))),
            "{what}: {found:?}"
        );
        assert!(bytes < 200_000, "{what}: {bytes}");
    }
}

#[test]
fn a_damaged_wheel_never_panics() {
    let own = ("foo-1.0.dist-info/METADATA", METADATA.as_bytes());
    let whole = wheel(
        &[("foo/a.py", b"x = 1"), own],
        CompressionMethod::Deflated,
        "",
    );
    for place in 0..whole.len() {
        for value in [0, 1, 0x7f, 0xff] {
            let mut bytes = whole.clone();
            bytes[place] = value;
            let _ = probe(&bytes, 64);
        }
    }
}

#[test]
fn a_zip_bomb_is_stopped_while_it_unpacks() {
    let bomb = vec![b' '; 40 * 1024 * 1024];
    let file = wheel(
        &[("foo-1.0.dist-info/METADATA", &bomb)],
        CompressionMethod::Deflated,
        "",
    );
    assert!(file.len() < 100_000);
    let (found, _, _) = probe(&file, 16 * 1024);
    assert!(matches!(found, Err(UnusableReason::BadArchive(why)) if why.contains("16 MiB")));
}

#[test]
fn headers_are_read_as_they_are_found_in_the_wild() {
    let text = "\u{feff}Metadata-Version: 2.1\r\nname: Foo.Bar\r\nVersion: 1.0\r\nAuthor: Jos\u{e9}\r\n\
        Requires-Dist: a >= 1 ;\r\n  python_version < '3'\r\nRequires-Dist: b[x] (>=2)\r\nRequires-Python: >=3.8\r\n\
        Provides-Extra: Dev_Tools\r\nProvides-Extra: ???\r\nDescription: x\r\n        |Name: evil\r\n\r\nRequires-Dist: body\r\n";
    assert_eq!(
        stated(text),
        Stated {
            name: Name::new("foo-bar").unwrap(),
            version: "1.0".into(),
            requires_python: Some(">=3.8".into()),
            requirements: vec!["a >= 1 ; python_version < '3'".into(), "b[x] (>=2)".into()],
            extras: vec![Name::new("dev-tools").unwrap()],
        }
    );
    let mut latin = METADATA.replace("\n\n", "\nAuthor: Jos").into_bytes();
    latin.extend_from_slice(b"\xe9\n\nbody");
    assert!(headers::of_wheel(&latin).is_ok());
}

#[test]
fn headers_without_name_or_version_are_malformed() {
    for text in [
        "",
        "Name: foo\n",
        "Version: 1\n",
        "Name: \nVersion: 1\n",
        "Name: !\nVersion: 1\n",
        "<html>\n",
    ] {
        let read = headers::of_wheel(text.as_bytes());
        assert!(
            matches!(read, Err(UnusableReason::Malformed(_))),
            "{text}: {read:?}"
        );
    }
}

#[test]
fn an_sdist_is_authoritative_from_2_2_on_for_what_is_not_dynamic() {
    let read = |headers: &str| {
        headers::of_sdist(format!("{headers}Name: foo\nVersion: 1.0\n\nbody").as_bytes()).is_ok()
    };
    for (headers, expected) in [
        ("Metadata-Version: 2.2\n", true),
        (
            "Metadata-Version: 2.4\nDynamic: License\nDynamic: description\n",
            true,
        ),
        ("Metadata-Version: 2.10\n", true),
        ("Metadata-Version: 3.0\n", true),
        ("Metadata-Version: 2.1\n", false),
        ("Metadata-Version: two\n", false),
        ("", false),
        ("Metadata-Version: 2.2\nDynamic: Requires-Dist\n", false),
        ("Metadata-Version: 2.2\nDynamic: requires-python\n", false),
        (
            "Metadata-Version: 2.2\nDynamic: License\nDynamic: Provides-Extra\n",
            false,
        ),
        ("Metadata-Version: 2.2\nDynamic: Version\n", false),
    ] {
        assert_eq!(read(headers), expected, "{headers}");
    }
    let old = headers::of_sdist(b"Metadata-Version: 2.1\nName: foo\nVersion: 1\n");
    assert_eq!(old, Err(UnusableReason::NeedsBuild(Unstated::Old)));
    let dynamic = headers::of_sdist(
        b"Metadata-Version: 2.2\nName: foo\nVersion: 1\nDynamic: Requires-Dist\n",
    );
    assert_eq!(dynamic, Err(UnusableReason::NeedsBuild(Unstated::Dynamic)));
}

fn tar_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, path, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

/// A `tar` in each of the ways that pip opens, with a name that says so.
fn packed(tar: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("foo-1.0.tar", tar.to_owned()),
        ("foo-1.0.tar.gz", gzip(tar)),
        ("foo-1.0.tgz", gzip(tar)),
        ("foo-1.0.tar.bz2", bzip2(tar)),
        ("foo-1.0.tbz", bzip2(tar)),
        ("foo-1.0.tar.xz", xz(tar)),
        ("foo-1.0.txz", lzma(tar)),
        ("foo-1.0.tlz", lzma(tar)),
        ("foo-1.0.tar.lzma", xz(tar)),
        ("FOO-1.0.TAR.XZ", xz(tar)),
    ]
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn pkg_info_is_taken_from_the_root_folder_of_every_packing() {
    let files: [(&str, &[u8]); 3] = [
        ("foo-1.0/foo.egg-info/PKG-INFO", b"wrong"),
        ("foo-1.0/PKG-INFO", b"right"),
        ("foo-1.0/x/PKG-INFO", b"wrong"),
    ];
    for extent in [Extent::Needed, Extent::Whole] {
        for (name, archive) in packed(&tar_of(&files)) {
            let read = pkg_info(name, extent, &archive);
            assert_eq!(read.as_deref(), Ok(b"right".as_slice()), "{name}");
        }
        let zip = wheel(&files, CompressionMethod::Deflated, "");
        let read = pkg_info("foo-1.0.zip", extent, &zip);
        assert_eq!(read.as_deref(), Ok(b"right".as_slice()));

        for (name, archive) in packed(&tar_of(&files[..1])) {
            let missing = Err(UnusableReason::NeedsBuild(Unstated::Missing));
            assert_eq!(pkg_info(name, extent, &archive), missing, "{name}");
        }
        let bomb = tar_of(&[("foo-1.0/PKG-INFO", &vec![b' '; 20 << 20])]);
        for (name, archive) in packed(&bomb) {
            let read = pkg_info(name, extent, &archive);
            assert!(
                matches!(&read, Err(UnusableReason::BadArchive(why)) if why.contains("16 MiB")),
                "{name}: {read:?}"
            );
        }
    }
}

#[test]
fn archives_that_break_off_or_are_something_else_are_refused() {
    let files: [(&str, &[u8]); 2] = [
        ("foo-1.0/PKG-INFO", METADATA.as_bytes()),
        ("foo-1.0/data", &noise(50_000)),
    ];
    let mut all = packed(&tar_of(&files));
    all.push((
        "foo-1.0.zip",
        wheel(&files, CompressionMethod::Deflated, ""),
    ));
    for (name, archive) in all {
        assert!(pkg_info(name, Extent::Whole, &archive).is_ok(), "{name}");
        for bytes in [
            &archive[..archive.len() * 2 / 3],
            &archive[..archive.len() / 3],
            &archive[..20],
            &noise(5000),
        ] {
            let read = pkg_info(name, Extent::Whole, bytes);
            assert!(
                matches!(read, Err(UnusableReason::BadArchive(_))),
                "{name}: {read:?}"
            );
        }
    }
    let lzip = pkg_info("foo-1.0.tar.lz", Extent::Whole, b"LZIP");
    assert!(
        matches!(&lzip, Err(UnusableReason::BadArchive(why)) if why.contains("liblzma")),
        "{lzip:?}"
    );
}

#[test]
fn an_sdist_on_this_machine_states_what_one_from_an_index_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foo-1.0.tar.gz");
    let old = METADATA.as_bytes();
    let table = b"[project]\nname = 'foo'\nversion = '1.0'\ndependencies = ['of-the-table']\n";
    let archive = gzip(&tar_of(&[
        ("foo-1.0/PKG-INFO", old),
        ("foo-1.0/pyproject.toml", table),
    ]));
    fs::write(&path, &archive).unwrap();
    let file = links::distribution(&path).unwrap();
    let (name, version) = (foo(), version("1.0"));
    let source = Source {
        name: &name,
        file: &file,
    };
    let stored = local::read(source).unwrap();
    let metadata = stored::decode(&stored, &name, &version).unwrap().unwrap();
    let requirements: Vec<String> = metadata
        .requirements
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(requirements, ["of-the-table"]);
}

#[test]
fn the_stored_form_gives_back_metadata_or_the_reason_there_is_none() {
    let text = "Name: foo\nVersion: 1.0\nRequires-Dist: b[x]>=2; extra == 'c'\nRequires-Python: >=3.8\nProvides-Extra: c\n";
    let bytes = stored::encode(Ok(stated(text)));
    let read = stored::decode(&bytes, &foo(), &version("1"))
        .unwrap()
        .unwrap();
    assert_eq!(read.requires_python.as_deref(), Some(">=3.8"));
    assert_eq!(
        read.requirements,
        ["b[x]>=2; extra == 'c'".parse().unwrap()]
    );
    assert_eq!(read.extras, [Name::new("c").unwrap()]);

    let other = |name: &str, wanted: &str| {
        stored::decode(&bytes, &Name::new(name).unwrap(), &version(wanted)).unwrap()
    };
    for (name, wanted) in [("bar", "1.0"), ("foo", "1.1")] {
        assert_eq!(
            other(name, wanted),
            Err(UnusableReason::Mismatch("`foo 1.0`".into()))
        );
    }
    let broken = stored::encode(Ok(stated(
        "Name: foo\nVersion: 1.0\nRequires-Dist: b ~> 2\n",
    )));
    let read = stored::decode(&broken, &foo(), &version("1.0")).unwrap();
    assert!(matches!(read, Err(UnusableReason::Malformed(why)) if why.contains("b ~> 2")));

    let reason = UnusableReason::NeedsBuild(Unstated::Missing);
    let unusable = stored::encode(Err(reason.clone()));
    assert_eq!(
        stored::decode(&unusable, &foo(), &version("1")),
        Some(Err(reason))
    );
    assert_eq!(stored::decode(b"", &foo(), &version("1")), None);
}
