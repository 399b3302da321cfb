//! Pages in HTML (PEP 503, 592, 629, 658, 714, 792).

use std::borrow::Cow;

use lockgate_model::{CoreMetadata, DistFile, Name, ProjectStatus, Yank};
use tl::HTMLTag;
use url::Url;

use super::address::{Addresses, sha256_of_fragment};
use super::builder::PageBuilder;
use super::entities::unescape;
use super::{Page, PageError, check_api_version, project_status};

pub(super) fn parse(project: &Name, address: &Url, body: &[u8]) -> Result<Page, PageError> {
    let text = String::from_utf8_lossy(body);
    let document = tl::parse(&text, tl::ParserOptions::default())
        .map_err(|error| PageError::Malformed(error.to_string()))?;
    let tags = || document.nodes().iter().filter_map(tl::Node::as_tag);
    let base = base_address(tags(), address);
    let status = head(tags())?;
    let mut addresses = Addresses::new(&base);
    let mut builder = PageBuilder::new(project);
    let is_index_page = tags().any(|tag| {
        is_named(tag, "meta")
            && attribute(tag, "name").is_some_and(|name| name.starts_with("pypi:"))
    });
    for anchor in tags().filter(|tag| is_named(tag, "a")) {
        if let Some(href) = attribute(anchor, "href") {
            let filename = file_name(&href);
            builder.add(&filename, || file(anchor, &href, &filename, &mut addresses));
        }
    }
    let page = builder.finish(status);
    // A login page is well-formed HTML too, and must not become "no versions".
    if page.releases.is_empty() && !is_index_page {
        return Err(PageError::Malformed(
            "it lists no files and does not say that it is an index page".to_owned(),
        ));
    }
    Ok(page)
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
fn file_name(href: &str) -> String {
    let path = href.split(['#', '?']).next().unwrap_or_default();
    let segment = path.rsplit('/').next().unwrap_or_default().trim();
    percent_decode(segment)
}

fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        let escaped = (first == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => bytes.push(first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
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
