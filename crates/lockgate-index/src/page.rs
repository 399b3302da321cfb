//! Pages of the simple repository API: what an index says of one project.
//!
//! A page is parsed once, when it arrives, from JSON ([`json`], PEP 691/700/714/792) or HTML ([`html`], PEP 503/592/629/658),
//! and kept in a compact form ([`store`]) that is read in place: opening it costs time in the number of releases, and files are
//! decoded for the releases that are asked about. Every page becomes that form, whether it goes into the cache or not, so there
//! is one way to read.
//!
//! What is no wheel and no source distribution of the project, or whose version is not PEP 440, is left out and counted: such
//! files can never be chosen. A page that breaks off or breaks its format is an error as a whole, never an empty project.

mod address;
mod builder;
mod entities;
pub(crate) mod file_name;
mod html;
mod json;
mod merged;
mod store;
#[cfg(test)]
mod tests;
mod view;

pub(crate) use merged::{MergedView, listed, select};
pub(crate) use view::PageView;

use lockgate_model::{DistFile, Name, ProjectStatus, Version};
use url::Url;

/// What to ask an index for, as pip does: JSON, else HTML.
pub(crate) const ACCEPT: &str = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.1, text/html;q=0.01";

/// The largest page that is read. The largest on PyPI is a fifth of it.
pub(crate) const LIMIT: u64 = 100 * 1024 * 1024;

/// A page as an index sent it, in the model's words.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// PEP 792.
    pub(crate) status: ProjectStatus,
    /// Newest first; two spellings of one version are one release.
    pub(crate) releases: Vec<Release>,
    /// How many files were left out.
    pub(crate) skipped: usize,
}

/// One release: its version as first spelled on the page, and its files by name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Release {
    pub(crate) version: Version,
    pub(crate) spelling: String,
    pub(crate) files: Vec<DistFile>,
}

/// Why an answer is no page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PageError {
    /// Neither JSON nor HTML.
    #[error("the index answered with content type `{0}`, which is no simple index page")]
    ContentType(String),
    /// It breaks off or breaks the format.
    #[error("the index page cannot be read: {0}")]
    Malformed(String),
    /// A major version of the API that is not ours.
    #[error("the index page has API version `{0}`, and only 1.x is known")]
    ApiVersion(String),
}

/// Reads a page. `content_type` is the answer's header, `address` where the page came from in the end, after redirects.
pub(crate) fn parse(
    project: &Name,
    content_type: Option<&str>,
    address: &Url,
    body: &[u8],
) -> Result<Page, PageError> {
    let content_type = content_type.unwrap_or_default();
    match kind(content_type) {
        Some(Kind::Json) => json::parse(project, address, body),
        Some(Kind::Html) => html::parse(project, address, body),
        None => Err(PageError::ContentType(content_type.to_owned())),
    }
}

/// Reads a page that lists files of many projects, as `--find-links` names them.
pub(crate) fn links(
    content_type: Option<&str>,
    address: &Url,
    body: &[u8],
) -> Result<Vec<DistFile>, PageError> {
    let content_type = content_type.unwrap_or_default();
    match kind(content_type) {
        Some(Kind::Json) => json::links(address, body),
        Some(Kind::Html) => html::links(address, body),
        None => Err(PageError::ContentType(content_type.to_owned())),
    }
}

/// How a page is written.
enum Kind {
    Json,
    Html,
}

fn kind(content_type: &str) -> Option<Kind> {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    match essence.to_ascii_lowercase().as_str() {
        "application/vnd.pypi.simple.v1+json" | "application/json" => Some(Kind::Json),
        "application/vnd.pypi.simple.v1+html" | "text/html" | "application/xhtml+xml" => {
            Some(Kind::Html)
        }
        _ => None,
    }
}

/// The compact form of a page as it arrived: what the cache keeps and [`PageView`] opens.
pub(crate) fn condense(
    project: &Name,
    content_type: Option<&str>,
    address: &Url,
    body: &[u8],
) -> Result<Vec<u8>, PageError> {
    let page = parse(project, content_type, address, body)?;
    if page.skipped > 0 {
        tracing::debug!(%project, skipped = page.skipped, "left out files that can never be chosen");
    }
    store::encode(project, &page).map_err(|error| PageError::Malformed(error.to_string()))
}

/// Whether `version` is the `repository-version` or `api-version` of an API that is known here.
fn check_api_version(version: &str) -> Result<(), PageError> {
    if version.trim().split('.').next() == Some("1") {
        Ok(())
    } else {
        Err(PageError::ApiVersion(version.to_owned()))
    }
}

/// PEP 792's words; a status that is not known says nothing.
fn project_status(status: &str, reason: Option<String>) -> ProjectStatus {
    match status {
        "archived" => ProjectStatus::Archived(reason),
        "deprecated" => ProjectStatus::Deprecated(reason),
        "quarantined" => ProjectStatus::Quarantined(reason),
        _ => ProjectStatus::Active,
    }
}
