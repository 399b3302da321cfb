//! The readers of what indexes, archives and pip's files say, without network and disk: what the fuzz targets feed (`tests/fuzz`).
//!
//! No part of the crate's interface. These functions add nothing to the private ones that they call, so what holds for a target holds for
//! what an index sends.

use std::io::Cursor;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use lockgate_model::{DistFile, Metadata, Name, ProjectStatus, ProjectView, UnusableReason};
use url::Url;

use crate::metadata::{self, probe};
use crate::page::{self, PageView};
use crate::pip_config;

/// A page as it was parsed.
#[derive(Debug)]
pub struct ParsedPage {
    /// PEP 792.
    pub status: ProjectStatus,
    /// The spelling of each version, and its files.
    pub releases: Vec<(String, Vec<DistFile>)>,
}

/// A page as it is parsed, and as the solver sees it after it went through the form that the cache keeps.
pub fn page(
    project: &Name,
    content_type: &str,
    address: &Url,
    body: &[u8],
) -> Result<(ParsedPage, Arc<dyn ProjectView>), String> {
    let parsed = page::parse(project, Some(content_type), address, body)
        .map_err(|error| error.to_string())?;
    let stored = page::condense(project, Some(content_type), address, body)
        .map_err(|error| error.to_string())?;
    let view = PageView::open(stored.into()).map_err(|error| error.to_string())?;
    let releases = parsed.releases.into_iter();
    let parsed = ParsedPage {
        status: parsed.status,
        releases: releases
            .map(|release| (release.spelling, release.files))
            .collect(),
    };
    Ok((parsed, Arc::new(view)))
}

/// The files that a page of links names.
pub fn links(content_type: &str, address: &Url, body: &[u8]) -> Result<Vec<DistFile>, String> {
    page::links(Some(content_type), address, body).map_err(|error| error.to_string())
}

/// Opens bytes as the stored form of a page.
pub fn stored_page(bytes: Vec<u8>) -> Result<Arc<dyn ProjectView>, String> {
    let view = PageView::open(bytes.into()).map_err(|error| error.to_string())?;
    Ok(Arc::new(view))
}

/// What a PKG-INFO states that stands apart; [`crate::built_metadata`] reads a METADATA.
pub fn pkg_info(text: &[u8]) -> Result<Metadata, UnusableReason> {
    metadata::of_pkg_info(text)
}

/// METADATA of a wheel of `length` bytes, whose last `known` are there from the beginning and of which `part` gives what is asked for.
pub fn wheel_parts(
    project: &Name,
    length: u64,
    known: Vec<u8>,
    part: impl FnMut(Range<u64>) -> Option<Vec<u8>>,
) -> Result<Vec<u8>, UnusableReason> {
    probe(project, length, Bytes::from(known), part)
}

/// What an archive states that is there whole.
pub fn archive(filename: &str, bytes: &[u8]) -> Result<Metadata, UnusableReason> {
    metadata::of_archive(filename, None, &mut Cursor::new(bytes))
        .metadata
        .and_then(metadata::Stated::parsed)
}

/// The sections, keys and values of a configuration file of pip's, or the line that is wrong and why.
pub fn pip_configuration(text: &str) -> Result<Vec<[String; 3]>, (usize, String)> {
    pip_config::entries_of(text)
}
