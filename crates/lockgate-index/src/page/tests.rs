//! What pages say, in both formats, and through the stored form.

use bytes::Bytes;
use lockgate_model::{CoreMetadata, ProjectView as _, Sha256, Yank};

use super::*;

const JSON: &str = "application/vnd.pypi.simple.v1+json";

fn address() -> Url {
    Url::parse("http://index.test/simple/foo/").unwrap()
}

fn foo() -> Name {
    Name::new("foo").unwrap()
}

fn json(body: &str) -> Result<Page, PageError> {
    parse(&foo(), Some(JSON), &address(), body.as_bytes())
}

fn html(body: &str) -> Result<Page, PageError> {
    parse(
        &foo(),
        Some("text/html; charset=utf-8"),
        &address(),
        body.as_bytes(),
    )
}

fn versions(page: &Page) -> Vec<&str> {
    page.releases.iter().map(|r| r.spelling.as_str()).collect()
}

/// A JSON page with these members of one wheel of `foo` beside its name and address.
fn json_file(members: &str) -> DistFile {
    let body = format!(
        r#"{{"meta":{{"api-version":"1.4"}},"name":"foo","files":[
            {{"filename":"foo-1-py3-none-any.whl","url":"../../p/foo-1-py3-none-any.whl"{members}}}]}}"#
    );
    json(&body).unwrap().releases.remove(0).files.remove(0)
}

fn html_file(attributes: &str) -> DistFile {
    let body = format!(r#"<a href="/p/foo-1-py3-none-any.whl" {attributes}>foo</a>"#);
    html(&body).unwrap().releases.remove(0).files.remove(0)
}

fn bare_file() -> DistFile {
    DistFile {
        filename: "foo-1-py3-none-any.whl".to_owned(),
        url: "http://index.test/p/foo-1-py3-none-any.whl".to_owned(),
        sha256: None,
        size: None,
        uploaded: None,
        requires_python: None,
        yanked: Yank::No,
        core_metadata: CoreMetadata::Absent,
        has_provenance: false,
    }
}

#[test]
fn members_of_a_json_file_become_the_models_fields() {
    let digest = Sha256::of(b"x");
    let with = |change: &dyn Fn(&mut DistFile)| {
        let mut file = bare_file();
        change(&mut file);
        file
    };
    let served = |digest| with(&|f: &mut DistFile| f.core_metadata = CoreMetadata::Served(digest));
    let yanked = |reason: &str| with(&|f: &mut DistFile| f.yanked = Yank::Yes(reason.to_owned()));
    let cases = [
        (String::new(), bare_file()),
        (r#","hashes":{},"requires-python":null,"size":null,"yanked":null,"core-metadata":null"#.into(), bare_file()),
        (r#","requires-python":"","yanked":false,"core-metadata":false,"gpg-sig":true,"new":{"a":[1]}"#.into(), bare_file()),
        (format!(r#","hashes":{{"md5":"0","sha256":"{digest}"}}"#), with(&|f| f.sha256 = Some(digest))),
        (r#","requires-python":">=3.8,\u003c4""#.into(), with(&|f| f.requires_python = Some(">=3.8,<4".into()))),
        // Without a zone it is in UTC.
        (r#","size":12,"upload-time":"2024-05-06T07:08:09.123456""#.into(),
            with(&|f| { f.size = Some(12); f.uploaded = Some("2024-05-06T07:08:09.123456Z".parse().unwrap()); })),
        (r#","size":12,"upload-time":"2024-05-06T07:08:09.123456Z""#.into(),
            with(&|f| { f.size = Some(12); f.uploaded = Some("2024-05-06T07:08:09.123456Z".parse().unwrap()); })),
        (r#","yanked":true"#.into(), yanked("")),
        (r#","yanked":"broken \"build\"""#.into(), yanked("broken \"build\"")),
        (r#","core-metadata":true"#.into(), served(None)),
        (format!(r#","core-metadata":{{"sha512":"0","sha256":"{digest}"}}"#), served(Some(digest))),
        (r#","dist-info-metadata":true"#.into(), served(None)),
        (r#","core-metadata":false,"dist-info-metadata":true"#.into(), bare_file()),
        (r#","provenance":null"#.into(), bare_file()),
        (r#","provenance":"https://index.test/p/foo""#.into(), with(&|f| f.has_provenance = true)),
    ];
    for (members, expected) in cases {
        assert_eq!(json_file(&members), expected, "{members}");
    }
}

#[test]
fn attributes_of_an_html_anchor_become_the_models_fields() {
    let digest = Sha256::of(b"x");
    let with = |change: &dyn Fn(&mut DistFile)| {
        let mut file = bare_file();
        change(&mut file);
        file
    };
    let served = |digest| with(&|f: &mut DistFile| f.core_metadata = CoreMetadata::Served(digest));
    let cases = [
        (String::new(), bare_file()),
        (
            r#"data-requires-python="&gt;=3.8, &lt;4""#.into(),
            with(&|f| f.requires_python = Some(">=3.8, <4".into())),
        ),
        (
            "data-yanked".into(),
            with(&|f| f.yanked = Yank::Yes(String::new())),
        ),
        (
            r#"data-yanked="a &amp; b""#.into(),
            with(&|f| f.yanked = Yank::Yes("a & b".into())),
        ),
        (r#"data-core-metadata="true""#.into(), served(None)),
        (
            format!(r#"data-core-metadata="sha256={digest}""#),
            served(Some(digest)),
        ),
        (
            format!(r#"data-dist-info-metadata="sha256={digest}""#),
            served(Some(digest)),
        ),
        (
            r#"data-core-metadata="false" data-dist-info-metadata="true""#.into(),
            bare_file(),
        ),
        (
            r#"data-provenance="https://index.test/p/foo""#.into(),
            with(&|f| f.has_provenance = true),
        ),
    ];
    for (attributes, expected) in cases {
        assert_eq!(html_file(&attributes), expected, "{attributes}");
    }
}

#[test]
fn html_addresses_follow_the_base_and_their_fragment_is_the_hash() {
    let digest = Sha256::of(b"x");
    let page = html(&format!(
        r#"<!DOCTYPE html><html><head><base href="http://files.test/deep/"></head><body>
        <A HREF="foo-1%2Bcpu.tar.gz#sha256={digest}">x</A>
        <a href='../foo-2.tar.gz?x=1&amp;y=2#md5=00'>y</a><a name="z">z</a></body></html>"#
    ))
    .unwrap();
    assert_eq!(versions(&page), ["2", "1+cpu"]);
    let files: Vec<&DistFile> = page.releases.iter().flat_map(|r| &r.files).collect();
    assert_eq!(files[0].url, "http://files.test/foo-2.tar.gz?x=1&y=2");
    assert_eq!(files[1].url, "http://files.test/deep/foo-1%2Bcpu.tar.gz");
    assert_eq!(files[1].filename, "foo-1+cpu.tar.gz");
    assert_eq!((files[0].sha256, files[1].sha256), (None, Some(digest)));
}

#[test]
fn releases_are_newest_first_and_two_spellings_are_one() {
    let names = [
        "foo-1.0.tar.gz",
        "foo-1.10.tar.gz",
        "foo-1.2-py3-none-any.whl",
        "foo-1.0.0-py3-none-any.whl",
        "foo-2.0rc1.tar.gz",
        "foo-1.0.tar.gz",
        "foo-final.tar.gz",
        "bar-3.tar.gz",
        "foo-3.exe",
        "foo-1.0+b.tar.gz",
    ];
    let files: Vec<String> = names
        .iter()
        .map(|name| format!(r#"{{"filename":"{name}","url":"/p/{name}","hashes":{{}}}}"#))
        .collect();
    let page = json(&format!(
        r#"{{"meta":{{"api-version":"1.0"}},"files":[{}]}}"#,
        files.join(",")
    ))
    .unwrap();
    assert_eq!(versions(&page), ["2.0rc1", "1.10", "1.2", "1.0+b", "1.0"]);
    let oldest: Vec<&str> = page.releases[4]
        .files
        .iter()
        .map(|f| f.filename.as_str())
        .collect();
    assert_eq!(oldest, ["foo-1.0.0-py3-none-any.whl", "foo-1.0.tar.gz"]);
    assert_eq!(page.skipped, 3);
}

#[test]
fn project_status_is_read_in_both_formats() {
    let body = |status: &str| {
        format!(r#"{{"meta":{{"api-version":"1.4"}},"files":[],"project-status":{status}}}"#)
    };
    let reason = || Some("malware".to_owned());
    for (status, expected) in [
        (
            r#"{"status":"quarantined","reason":"malware"}"#,
            ProjectStatus::Quarantined(reason()),
        ),
        (r#"{"status":"archived"}"#, ProjectStatus::Archived(None)),
        (
            r#"{"status":"deprecated","reason":null}"#,
            ProjectStatus::Deprecated(None),
        ),
        (r#"{"status":"active"}"#, ProjectStatus::Active),
        (r#"{"status":"sleepy"}"#, ProjectStatus::Active),
        ("null", ProjectStatus::Active),
    ] {
        assert_eq!(json(&body(status)).unwrap().status, expected, "{status}");
    }
    let page = html(
        r#"<meta name="pypi:repository-version" content="1.4"><meta name="pypi:project-status" content="quarantined">
        <meta name="pypi:project-status-reason" content="malware">"#,
    );
    assert_eq!(page.unwrap().status, ProjectStatus::Quarantined(reason()));
}

#[test]
fn what_is_no_page_is_an_error_and_never_an_empty_project() {
    for body in [
        "",
        "{",
        "[]",
        "null",
        "{}",
        r#"{"meta":{"api-version":"1.0"}}"#,
        r#"{"files":[]}"#,
        r#"{"meta":{"api-version":"1.0"},"files":[{"filename":"foo-1.tar.gz","url":"/p/foo-1.ta"#,
        r#"{"meta":{"api-version":"1.0"},"files":[]} trailing"#,
        r#"{"meta":{"api-version":"1.0"},"files":[{"filename":1,"url":""}]}"#,
    ] {
        assert!(matches!(json(body), Err(PageError::Malformed(_))), "{body}");
    }
    assert_eq!(
        json(r#"{"meta":{"api-version":"2.0"},"files":[]}"#),
        Err(PageError::ApiVersion("2.0".into()))
    );
    assert_eq!(
        html(r#"<meta name="pypi:repository-version" content="2.0">"#),
        Err(PageError::ApiVersion("2.0".into()))
    );
    for content_type in [
        None,
        Some(""),
        Some("application/octet-stream"),
        Some("image/png"),
    ] {
        let page = parse(&foo(), content_type, &address(), b"{}");
        assert!(
            matches!(page, Err(PageError::ContentType(_))),
            "{content_type:?}"
        );
    }
}

fn large_page() -> Page {
    let mut builder = builder::PageBuilder::new(&Name::new("foo").unwrap())
        .finish(ProjectStatus::Archived(Some("done".into())));
    for number in (0..50u64).rev() {
        let file = |filename: String, sha: bool| DistFile {
            url: format!(
                "https://files.test/{:02x}/{number:060x}/{filename}",
                number % 7
            ),
            sha256: sha.then(|| Sha256::of(filename.as_bytes())),
            size: (number % 3 > 0).then_some(number * 1000),
            uploaded: (number % 2 > 0).then(|| "2024-05-06T07:08:09.123456Z".parse().unwrap()),
            requires_python: (number % 5 > 0).then(|| format!(">=3.{}", number % 4)),
            yanked: if number % 11 == 0 {
                Yank::Yes("oops".into())
            } else {
                Yank::No
            },
            core_metadata: if sha {
                CoreMetadata::Served(Some(Sha256::of(b"m")))
            } else {
                CoreMetadata::Absent
            },
            has_provenance: number % 4 == 1,
            filename,
        };
        builder.releases.push(Release {
            version: format!("1.{number}").parse().unwrap(),
            spelling: format!("1.{number}"),
            files: vec![
                file(format!("foo-1.{number}-py3-none-any.whl"), true),
                file(format!("foo-1.{number}.tar.gz"), false),
            ],
        });
    }
    builder.releases[3].files[0].url = "http://elsewhere.test/download?id=3".into();
    builder
}

#[test]
fn the_stored_form_gives_back_what_went_in() {
    let page = large_page();
    let buffer = store::encode(&foo(), &page).unwrap();
    let view = PageView::open(Bytes::from(buffer)).unwrap();
    assert_eq!(
        (view.name(), view.status(), view.len()),
        (&foo(), &page.status, 50)
    );
    for (index, release) in page.releases.iter().enumerate() {
        assert_eq!(view.version(index), &release.version);
        assert_eq!(&*view.files(index).unwrap(), release.files.as_slice());
        assert_eq!(view.position(&release.version), Some(index));
    }
    assert_eq!(view.position(&"1.99".parse().unwrap()), None);

    let empty = store::encode(&foo(), &Page::default()).unwrap();
    assert!(PageView::open(Bytes::from(empty)).unwrap().is_empty());
}

#[test]
fn a_damaged_stored_page_never_panics() {
    let whole = store::encode(&foo(), &large_page()).unwrap();
    let read_all = |bytes: Vec<u8>| {
        if let Ok(view) = PageView::open(Bytes::from(bytes)) {
            for index in 0..view.len().min(100) {
                let _ = (view.version(index), view.files(index));
            }
            let _ = (view.version(usize::MAX), view.files(usize::MAX).is_err());
        }
    };
    for length in (0..whole.len()).step_by(37) {
        read_all(whole[..length].to_vec());
    }
    for place in 0..whole.len().min(3000) {
        for value in [0, 0x7f, 0xff] {
            let mut bytes = whole.clone();
            bytes[place] = value;
            read_all(bytes);
        }
    }
    read_all([b"lgp1".as_slice(), &[0xff; 64]].concat());
}
