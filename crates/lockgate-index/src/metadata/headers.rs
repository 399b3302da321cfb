//! METADATA and PKG-INFO: the headers of the core metadata specification.

use lockgate_model::{Name, Unstated, UnusableReason};
use mailparse::MailHeaderMap as _;
use serde::{Deserialize, Serialize};

/// What headers state, with the texts that are long to parse left as texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stated {
    pub(super) name: Name,
    pub(super) version: String,
    pub(super) requires_python: Option<String>,
    pub(super) requirements: Vec<String>,
    pub(super) extras: Vec<Name>,
}

/// Reads a wheel's METADATA, which is authoritative whatever its version.
pub(super) fn of_wheel(text: &[u8]) -> Result<Stated, UnusableReason> {
    state(&read(text)?)
}

/// Reads a source distribution's PKG-INFO, which is authoritative from Metadata-Version 2.2 on for fields that are not `Dynamic`
/// (PEP 643).
pub(super) fn of_sdist(text: &[u8]) -> Result<Stated, UnusableReason> {
    const FIELDS: [&str; 4] = [
        "version",
        "requires-dist",
        "requires-python",
        "provides-extra",
    ];
    let headers = read(text)?;
    let is_static = headers
        .get_first_value("Metadata-Version")
        .is_some_and(|version| is_at_least_2_2(&version));
    let is_dynamic = headers
        .get_all_values("Dynamic")
        .iter()
        .any(|field| FIELDS.contains(&field.trim().to_ascii_lowercase().as_str()));
    if !is_static {
        return Err(UnusableReason::NeedsBuild(Unstated::Old));
    }
    if is_dynamic {
        return Err(UnusableReason::NeedsBuild(Unstated::Dynamic));
    }
    state(&headers)
}

/// The version that a PKG-INFO states, whatever else it leaves open.
pub(super) fn version(text: &[u8]) -> Result<String, UnusableReason> {
    required(&read(text)?, "Version")
}

fn read(text: &[u8]) -> Result<Vec<mailparse::MailHeader<'_>>, UnusableReason> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    mailparse::parse_headers(text)
        .map(|(headers, _)| headers)
        .map_err(|error| UnusableReason::Malformed(error.to_string()))
}

fn required(headers: &[mailparse::MailHeader<'_>], field: &str) -> Result<String, UnusableReason> {
    headers
        .get_first_value(field)
        .map(|value| value.trim().to_owned())
        .filter(|value| !value.is_empty())
        .ok_or_else(|| UnusableReason::Malformed(format!("`{field}` is missing")))
}

fn state(headers: &[mailparse::MailHeader<'_>]) -> Result<Stated, UnusableReason> {
    let name = required(headers, "Name")?;
    Ok(Stated {
        name: Name::new(&name).map_err(|error| UnusableReason::Malformed(error.to_string()))?,
        version: required(headers, "Version")?,
        requires_python: required(headers, "Requires-Python").ok(),
        requirements: headers
            .get_all_values("Requires-Dist")
            .into_iter()
            .map(|value| value.trim().to_owned())
            .collect(),
        // An extra without a valid name can't be asked for.
        extras: headers
            .get_all_values("Provides-Extra")
            .iter()
            .filter_map(|extra| Name::new(extra.trim()).ok())
            .collect(),
    })
}

fn is_at_least_2_2(version: &str) -> bool {
    let mut parts = version.trim().splitn(2, '.').map(str::parse::<u32>);
    match (parts.next(), parts.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= (2, 2),
        (Some(Ok(major)), None) => major > 2,
        _ => false,
    }
}
