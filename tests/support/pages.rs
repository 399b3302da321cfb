//! Project pages of the simple API: JSON (PEP 691, 700, 714, 792) and HTML (PEP 503, 592, 658).

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::artifact::{Artifact, sha256};
use crate::world::{Project, Release, Yank};

/// `application/vnd.pypi.simple.v1+json`.
pub(crate) const JSON: &str = "application/vnd.pypi.simple.v1+json";
/// `application/vnd.pypi.simple.v1+html`.
pub(crate) const HTML: &str = "application/vnd.pypi.simple.v1+html";

/// A release with its files.
pub(crate) struct Listed<'a> {
    pub(crate) version: &'a str,
    pub(crate) release: &'a Release,
    pub(crate) files: &'a [Artifact],
}

/// The page as JSON.
pub(crate) fn json_page(
    name: &str,
    project: &Project,
    releases: &[Listed<'_>],
    with_metadata: bool,
) -> Vec<u8> {
    let mut files = Vec::new();
    for listed in releases {
        for file in listed.files {
            let mut entry = Map::new();
            entry.insert("filename".to_owned(), json!(file.filename));
            entry.insert("url".to_owned(), json!(relative_url(file)));
            entry.insert(
                "hashes".to_owned(),
                json!({ "sha256": sha256(&file.bytes) }),
            );
            entry.insert("size".to_owned(), json!(file.bytes.len()));
            if let Some(uploaded) = &listed.release.uploaded {
                entry.insert("upload-time".to_owned(), json!(instant(uploaded)));
            }
            if let Some(python) = &listed.release.requires_python {
                entry.insert("requires-python".to_owned(), json!(python));
            }
            let yanked = match &listed.release.yanked {
                Yank::No => Value::Bool(false),
                Yank::Yes => Value::Bool(true),
                Yank::Because(reason) => json!(reason),
            };
            entry.insert("yanked".to_owned(), yanked);
            if listed.release.provenance {
                let address = format!("https://host.test/provenance/{}", file.filename);
                entry.insert("provenance".to_owned(), json!(address));
            }
            if let (true, Some(metadata)) = (with_metadata, &file.metadata) {
                entry.insert(
                    "core-metadata".to_owned(),
                    json!({ "sha256": sha256(metadata) }),
                );
            }
            files.push(Value::Object(entry));
        }
    }
    let versions: Vec<&str> = releases.iter().map(|listed| listed.version).collect();
    let mut page = json!({ "meta": { "api-version": "1.1" }, "name": name, "versions": versions, "files": files });
    if let Some(status) = &project.status {
        page["meta"]["api-version"] = json!("1.4");
        page["project-status"] = json!({ "status": status });
    }
    serde_json::to_vec(&page).expect("JSON values can be written")
}

/// The page as HTML.
pub(crate) fn html_page(
    name: &str,
    project: &Project,
    releases: &[Listed<'_>],
    with_metadata: bool,
) -> Vec<u8> {
    let mut page = String::from("<!DOCTYPE html>\n<html>\n<head>\n");
    page.push_str("<meta name=\"pypi:repository-version\" content=\"1.1\">\n");
    if let Some(status) = &project.status {
        let _ = writeln!(
            page,
            "<meta name=\"pypi:project-status\" content=\"{}\">",
            escaped(status)
        );
    }
    let _ = writeln!(page, "<title>Links for {name}</title>\n</head>\n<body>");
    for listed in releases {
        for file in listed.files {
            let mut attributes = String::new();
            if let Some(python) = &listed.release.requires_python {
                let _ = write!(attributes, " data-requires-python=\"{}\"", escaped(python));
            }
            match &listed.release.yanked {
                Yank::No => {}
                Yank::Yes => attributes.push_str(" data-yanked=\"\""),
                Yank::Because(reason) => {
                    let _ = write!(attributes, " data-yanked=\"{}\"", escaped(reason));
                }
            }
            if listed.release.provenance {
                let _ = write!(
                    attributes,
                    " data-provenance=\"https://host.test/provenance/{}\"",
                    file.filename
                );
            }
            if let (true, Some(metadata)) = (with_metadata, &file.metadata) {
                let _ = write!(
                    attributes,
                    " data-core-metadata=\"sha256={}\"",
                    sha256(metadata)
                );
            }
            let _ = writeln!(
                page,
                "<a href=\"{}#sha256={}\"{attributes}>{}</a><br>",
                relative_url(file),
                sha256(&file.bytes),
                file.filename
            );
        }
    }
    page.push_str("</body>\n</html>\n");
    page.into_bytes()
}

/// From `/simple/NAME/` to `/files/FILE`.
fn relative_url(file: &Artifact) -> String {
    format!(
        "../../files/{}",
        file.filename.replace('+', "%2B").replace('!', "%21")
    )
}

/// A date means its first instant.
fn instant(text: &str) -> String {
    if let Some(days) = text.strip_suffix(" days ago") {
        // From the beginning of the day on, so that a page says the same throughout a test.
        let days: i64 = days.parse().expect("a number of days");
        let today = jiff::Timestamp::now().as_second() / 86400 * 86400;
        let then = jiff::Timestamp::from_second(today - days * 86400);
        then.expect("an instant of our time").to_string()
    } else if text.contains('T') {
        text.to_owned()
    } else {
        format!("{text}T00:00:00Z")
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
