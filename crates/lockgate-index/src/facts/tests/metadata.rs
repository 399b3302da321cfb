//! Metadata: beside the wheel, in it, whole; source distributions.

use std::io::Write as _;
use std::sync::Arc;

use lockgate_model::{FactError, Metadata, Sha256, Unstated, UnusableReason};

use super::server::{Ranges, Site, metadata_text, newest, options, wheel};

const WHEEL: &str = "foo-1-py3-none-any.whl";

/// A site with one wheel of `foo`, with these members on its page.
fn site(members: &str) -> Site {
    let mut site = Site::new();
    site.page("simple", "foo", &[(WHEEL.to_owned(), members.to_owned())]);
    site.put(&format!("/files/{WHEEL}"), "application/zip", wheel());
    site
}

fn requirements(metadata: Result<Arc<Metadata>, FactError>) -> Vec<String> {
    let metadata = metadata.unwrap();
    metadata
        .requirements
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn reason(metadata: Result<Arc<Metadata>, FactError>) -> String {
    match metadata {
        Err(FactError::Unlearned { why, .. }) => why,
        other => panic!("it should not be learned: {other:?}"),
    }
}

#[test]
fn metadata_beside_the_wheel_save_asking_for_the_wheel() {
    let text = metadata_text("foo", &["beside".to_owned()]);
    let digest = Sha256::of(text.as_bytes());
    for members in [
        r#","core-metadata":true"#.to_owned(),
        format!(r#","core-metadata":{{"sha256":"{digest}"}}"#),
    ] {
        let mut site = site(&members);
        site.put(
            &format!("/files/{WHEEL}.metadata"),
            "text/plain",
            text.clone(),
        );
        let server = site.start();
        assert_eq!(requirements(newest(&server.facts(), "foo")), ["beside"]);
        assert_eq!(
            server.requests(),
            [
                "/simple/foo/".to_owned(),
                format!("/files/{WHEEL}.metadata")
            ]
        );
    }
}

#[test]
fn metadata_that_were_announced_and_are_not_there_come_from_the_wheel() {
    let server = site(r#","core-metadata":true"#).start();
    assert_eq!(requirements(newest(&server.facts(), "foo")), ["bar>=2"]);
}

#[test]
fn metadata_with_another_hash_than_stated_are_not_learned() {
    let digest = Sha256::of(b"other");
    let mut site = site(&format!(r#","core-metadata":{{"sha256":"{digest}"}}"#));
    site.put(
        &format!("/files/{WHEEL}.metadata"),
        "text/plain",
        metadata_text("foo", &[]),
    );
    let server = site.start();
    assert!(reason(newest(&server.facts(), "foo")).contains("hash differs"));
}

#[test]
fn metadata_that_fail_to_arrive_are_not_learned() {
    let mut site = site(r#","core-metadata":true"#);
    site.fail(&format!("/files/{WHEEL}.metadata"), 503);
    let server = site.start();
    assert!(reason(newest(&server.facts(), "foo")).contains("503"));
}

#[test]
fn every_kind_of_server_gives_the_same_metadata() {
    let digest = Sha256::of(&wheel());
    for (ranges, most) in [
        (Ranges::Served, 2),
        (Ranges::Ignored, 1),
        (Ranges::Refused(416), 2),
        (Ranges::Refused(405), 2),
        (Ranges::Refused(501), 2),
        (Ranges::Wrong, 2),
        (Ranges::Unstated, 2),
        (Ranges::NoSuffix, 2),
    ] {
        let mut site = site(&format!(r#","hashes":{{"sha256":"{digest}"}}"#));
        site.ranges = ranges;
        let server = site.start();
        assert_eq!(
            requirements(newest(&server.facts(), "foo")),
            ["bar>=2"],
            "{ranges:?}"
        );
        let requests = server.requests();
        assert!(requests.len() - 1 <= most, "{ranges:?}: {requests:?}");
    }
}

#[test]
fn a_whole_wheel_with_another_hash_than_stated_is_not_learned_from() {
    let digest = Sha256::of(b"other");
    for ranges in [Ranges::Ignored, Ranges::Refused(416)] {
        let mut site = site(&format!(r#","hashes":{{"sha256":"{digest}"}}"#));
        site.ranges = ranges;
        let server = site.start();
        assert!(reason(newest(&server.facts(), "foo")).contains("hash differs"));
    }
}

#[test]
fn a_wheel_that_is_listed_and_not_there_is_not_learned() {
    let mut site = Site::new();
    site.page("simple", "foo", &[(WHEEL.to_owned(), String::new())]);
    let server = site.start();
    assert!(reason(newest(&server.facts(), "foo")).contains("is not there"));
}

#[test]
fn a_wheel_that_is_no_zip_is_unusable() {
    let mut site = site("");
    site.put(
        &format!("/files/{WHEEL}"),
        "text/html",
        "<html>log in</html>",
    );
    let server = site.start();
    let read = newest(&server.facts(), "foo");
    assert!(matches!(
        read,
        Err(FactError::Unusable {
            reason: UnusableReason::BadArchive(_),
            ..
        })
    ));
}

fn sdist(pkg_info: &str) -> Vec<u8> {
    sdist_of(&[("foo-1/PKG-INFO", pkg_info)])
}

fn sdist_of(files: &[(&str, &str)]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut builder = tar::Builder::new(Vec::new());
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        builder
            .append_data(&mut header, path, text.as_bytes())
            .unwrap();
    }
    encoder.write_all(&builder.into_inner().unwrap()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn sdists_are_read_where_static_and_what_was_learned_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let text = metadata_text("foo", &["static".to_owned()]);
    let new = text.replace("2.1", "2.2");
    let dynamic = new.replace("Name", "Dynamic: Requires-Dist\nName");
    let table = |name: &str| {
        format!(
            "[project]\nname = '{name}'\ndynamic = ['version']\ndependencies = ['of-the-table']\n"
        )
    };
    let bare = "[build-system]\nrequires = []\n".to_owned();
    let needs_build = |why| Err(UnusableReason::NeedsBuild(why));
    for (pkg_info, pyproject, expected) in [
        (&new, &bare, Ok(vec!["static".to_owned()])),
        (&new, &table("foo"), Ok(vec!["static".to_owned()])),
        (&text, &bare, needs_build(Unstated::Old)),
        (&text, &table("foo"), Ok(vec!["of-the-table".to_owned()])),
        (
            &text,
            &table("bar"),
            Err(UnusableReason::Mismatch("`bar 1`".to_owned())),
        ),
        (&dynamic, &table("foo"), needs_build(Unstated::Dynamic)),
        (
            &text.replace("Version: 1\n", ""),
            &table("foo"),
            needs_build(Unstated::Old),
        ),
    ] {
        let archive = sdist_of(&[
            (
                "foo-1/foo/pyproject.toml",
                "[project]\nname = 'of-a-test'\n",
            ),
            ("foo-1/PKG-INFO", pkg_info),
            ("foo-1/pyproject.toml", pyproject),
        ]);
        let members = format!(r#","hashes":{{"sha256":"{}"}}"#, Sha256::of(&archive));
        let mut site = Site::new();
        site.page("simple", "foo", &[("foo-1.tar.gz".to_owned(), members)]);
        site.put("/files/foo-1.tar.gz", "application/gzip", archive);
        let server = site.start();
        for run in 0..2 {
            let cache = Some(folder.path().join("cache"));
            let read = newest(&server.facts_with(options(cache), &["simple"]), "foo");
            let read = match read {
                Ok(metadata) => Ok(requirements(Ok(metadata))),
                Err(FactError::Unusable { reason, .. }) => Err(reason),
                Err(error) => panic!("{error}"),
            };
            assert_eq!(read, expected);
            let expected_requests: &[&str] = if run == 0 {
                &["/simple/foo/", "/files/foo-1.tar.gz"]
            } else {
                &[]
            };
            assert_eq!(server.requests(), expected_requests);
        }
    }
}

#[test]
fn an_sdist_that_is_too_large_for_memory_is_read_from_disk() {
    let digits = (0_u64..400_000).map(|number| {
        let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        format!("{:032x}", u128::from(mixed).pow(2))
    });
    let pkg_info = metadata_text("foo", &["static".to_owned()]).replace("2.1", "2.2");
    let archive = sdist_of(&[
        ("foo-1/noise", &digits.collect::<String>()),
        ("foo-1/PKG-INFO", &pkg_info),
    ]);
    assert!(archive.len() > 4 << 20);
    for (stated, is_read) in [(Sha256::of(&archive), true), (Sha256::of(b"other"), false)] {
        let mut site = Site::new();
        let members = format!(r#","hashes":{{"sha256":"{stated}"}}"#);
        site.page("simple", "foo", &[("foo-1.tar.gz".to_owned(), members)]);
        site.put("/files/foo-1.tar.gz", "application/gzip", archive.clone());
        let read = newest(&site.start().facts(), "foo");
        if is_read {
            assert_eq!(requirements(read), ["static"]);
        } else {
            assert!(reason(read).contains("hash differs"));
        }
    }
}

#[test]
fn an_sdist_with_another_hash_than_stated_is_not_learned_from() {
    let mut site = Site::new();
    let members = format!(r#","hashes":{{"sha256":"{}"}}"#, Sha256::of(b"other"));
    site.page("simple", "foo", &[("foo-1.tar.gz".to_owned(), members)]);
    site.put(
        "/files/foo-1.tar.gz",
        "application/gzip",
        sdist("Name: foo\nVersion: 1\n"),
    );
    let server = site.start();
    assert!(reason(newest(&server.facts(), "foo")).contains("hash differs"));
}
