//! Pages in HTML (PEP 503, 592, 629, 658, 714, 792).

use std::borrow::Cow;

use lockgate_model::{CoreMetadata, DistFile, Name, ProjectStatus, Yank};
use tl::HTMLTag;
use url::Url;

use super::address::{Addresses, sha256_of_fragment};
use super::builder::PageBuilder;
use super::entities::unescape;
use super::{Page, PageError, check_api_version, file_name, project_status};
use crate::percent;

pub(super) fn parse(project: &Name, address: &Url, body: &[u8]) -> Result<Page, PageError> {
    let mut builder = PageBuilder::new(project);
    let head = visit(address, body, |filename, file| {
        builder.add(filename, file);
    })?;
    let page = builder.finish(head.status);
    if page.releases.is_empty() && !head.is_index_page {
        return Err(no_index_page());
    }
    Ok(page)
}

/// The distributions of any project that a page links to.
pub(super) fn links(address: &Url, body: &[u8]) -> Result<Vec<DistFile>, PageError> {
    let mut files = Vec::new();
    let head = visit(address, body, |filename, file| {
        if file_name::is_distribution(filename) {
            files.extend(file());
        }
    })?;
    if files.is_empty() && !head.is_index_page {
        return Err(no_index_page());
    }
    Ok(files)
}

/// What the `<meta>` tags of a page say.
struct Head {
    status: ProjectStatus,
    /// Whether it says of itself that it is a page of the simple API.
    is_index_page: bool,
}

/// A login page is well-formed HTML too, and must not become "no versions".
fn no_index_page() -> PageError {
    PageError::Malformed("it lists no files and does not say that it is an index page".to_owned())
}

/// Shows every anchor's file name to `see`, with the way to the file itself.
fn visit(
    address: &Url,
    body: &[u8],
    mut see: impl FnMut(&str, &mut dyn FnMut() -> Option<DistFile>),
) -> Result<Head, PageError> {
    let text = String::from_utf8_lossy(body);
    let document = tl::parse(&text, tl::ParserOptions::default())
        .map_err(|error| PageError::Malformed(error.to_string()))?;
    let tags = || document.nodes().iter().filter_map(tl::Node::as_tag);
    let base = base_address(tags(), address);
    let status = head(tags())?;
    let mut addresses = Addresses::new(&base);
    let is_index_page = tags().any(|tag| {
        is_named(tag, "meta")
            && attribute(tag, "name").is_some_and(|name| name.starts_with("pypi:"))
    });
    for anchor in tags().filter(|tag| is_named(tag, "a")) {
        if let Some(href) = attribute(anchor, "href") {
            let filename = last_segment(&href);
            see(&filename, &mut || {
                file(anchor, &href, &filename, &mut addresses)
            });
        }
    }
    Ok(Head {
        status,
        is_index_page,
    })
}

/// The first `<base href>`, resolved, else where the page came from.
fn base_address<'t, 'd: 't>(mut tags: impl Iterator<Item = &'t HTMLTag<'d>>, address: &Url) -> Url {
    tags.find_map(|tag| {
        is_named(tag, "base")
            .then(|| attribute(tag, "href"))
            .flatten()
    })
    .and_then(|href| address.join(&href).ok())
    .unwrap_or_else(|| address.clone())
}

/// Reads the `<meta>` tags: the API's version is checked, the project's status returned.
fn head<'t, 'd: 't>(
    tags: impl Iterator<Item = &'t HTMLTag<'d>>,
) -> Result<ProjectStatus, PageError> {
    let (mut status, mut reason) = (None, None);
    for meta in tags.filter(|tag| is_named(tag, "meta")) {
        let Some(content) = attribute(meta, "content") else {
            continue;
        };
        match attribute(meta, "name").as_deref() {
            Some("pypi:repository-version") => check_api_version(&content)?,
            Some("pypi:project-status") => status = Some(content),
            Some("pypi:project-status-reason") => reason = Some(content),
            _ => {}
        }
    }
    Ok(project_status(
        status.as_deref().unwrap_or_default(),
        reason,
    ))
}

/// The last segment of the address's path, with escapes decoded.
fn last_segment(href: &str) -> String {
    let path = href.split(['#', '?']).next().unwrap_or_default();
    let segment = path.rsplit('/').next().unwrap_or_default().trim();
    percent::decode_text(segment)
}

fn file(
    anchor: &HTMLTag<'_>,
    href: &str,
    filename: &str,
    addresses: &mut Addresses<'_>,
) -> Option<DistFile> {
    let (url, sha256) = addresses.resolve(href)?;
    let stated = |name| anchor.attributes().contains(name);
    Some(DistFile {
        filename: filename.to_owned(),
        url,
        sha256,
        size: None,
        uploaded: None,
        requires_python: attribute(anchor, "data-requires-python")
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty()),
        yanked: if stated("data-yanked") {
            Yank::Yes(attribute(anchor, "data-yanked").unwrap_or_default())
        } else {
            Yank::No
        },
        core_metadata: ["data-core-metadata", "data-dist-info-metadata"]
            .into_iter()
            .find_map(|name| stated(name).then(|| attribute(anchor, name).unwrap_or_default()))
            .map(|text| core_metadata(&text))
            .unwrap_or_default(),
        has_provenance: stated("data-provenance"),
    })
}

/// `true` or `sha256=…`.
fn core_metadata(text: &str) -> CoreMetadata {
    match text.trim() {
        "false" => CoreMetadata::Absent,
        stated => CoreMetadata::Served(sha256_of_fragment(stated)),
    }
}

fn is_named(tag: &HTMLTag<'_>, name: &str) -> bool {
    tag.name().as_bytes().eq_ignore_ascii_case(name.as_bytes())
}

fn attribute(tag: &HTMLTag<'_>, name: &str) -> Option<String> {
    let value: Cow<'_, str> = tag.attributes().get(name)??.as_utf8_str();
    Some(unescape(&value).into_owned())
}
