//! Pages in JSON (PEP 691, 700, 714, 792). Texts are borrowed from the body until they are known to be needed.

use std::borrow::Cow;
use std::fmt;

use lockgate_model::{CoreMetadata, DistFile, Name, Sha256, Timestamp, Yank};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use url::Url;

use super::address::{Addresses, sha256_of_fragment};
use super::builder::PageBuilder;
use super::{Page, PageError, check_api_version, file_name, project_status};

pub(super) fn parse(project: &Name, address: &Url, body: &[u8]) -> Result<Page, PageError> {
    let wire: WirePage<'_> =
        serde_json::from_slice(body).map_err(|error| PageError::Malformed(error.to_string()))?;
    check_api_version(&wire.meta.api_version.0)?;
    let mut addresses = Addresses::new(address);
    let mut builder = PageBuilder::new(project);
    for file in &wire.files {
        builder.add(&file.filename, || file.to_model(&mut addresses));
    }
    let status = wire.project_status.unwrap_or_default();
    Ok(builder.finish(project_status(
        &status.status.0,
        status.reason.map(|reason| reason.0.into_owned()),
    )))
}

/// The distributions of any project that a page lists.
pub(super) fn links(address: &Url, body: &[u8]) -> Result<Vec<DistFile>, PageError> {
    let wire: WirePage<'_> =
        serde_json::from_slice(body).map_err(|error| PageError::Malformed(error.to_string()))?;
    check_api_version(&wire.meta.api_version.0)?;
    let mut addresses = Addresses::new(address);
    Ok(wire
        .files
        .iter()
        .filter(|file| file_name::is_distribution(&file.filename))
        .filter_map(|file| file.to_model(&mut addresses))
        .collect())
}

#[derive(Deserialize)]
struct WirePage<'a> {
    #[serde(borrow)]
    meta: WireMeta<'a>,
    #[serde(borrow)]
    files: Vec<WireFile<'a>>,
    #[serde(borrow, default, rename = "project-status")]
    project_status: Option<WireStatus<'a>>,
}

#[derive(Deserialize)]
struct WireMeta<'a> {
    #[serde(borrow, rename = "api-version")]
    api_version: Text<'a>,
}

#[derive(Deserialize, Default)]
struct WireStatus<'a> {
    #[serde(borrow, default)]
    status: Text<'a>,
    #[serde(borrow, default)]
    reason: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct WireFile<'a> {
    #[serde(borrow)]
    filename: Cow<'a, str>,
    #[serde(borrow)]
    url: Cow<'a, str>,
    #[serde(borrow, default)]
    hashes: WireHashes<'a>,
    #[serde(borrow, default)]
    requires_python: Option<Text<'a>>,
    #[serde(default)]
    size: Option<u64>,
    #[serde(borrow, default)]
    upload_time: Option<Text<'a>>,
    #[serde(default, deserialize_with = "yank")]
    yanked: Yank,
    #[serde(default, deserialize_with = "core_metadata")]
    core_metadata: Option<CoreMetadata>,
    #[serde(default, deserialize_with = "core_metadata")]
    dist_info_metadata: Option<CoreMetadata>,
    /// PEP 740: only whether it is there counts.
    #[serde(default)]
    provenance: Option<IgnoredAny>,
}

#[derive(Deserialize, Default)]
struct WireHashes<'a> {
    #[serde(borrow, default)]
    sha256: Option<Text<'a>>,
}

/// A text that is borrowed also where it is optional, which `Option<Cow<str>>` is not.
#[derive(Deserialize, Default)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl WireFile<'_> {
    fn to_model(&self, addresses: &mut Addresses<'_>) -> Option<DistFile> {
        let (url, fragment) = addresses.resolve(&self.url)?;
        let stated = self.hashes.sha256.as_ref();
        Some(DistFile {
            filename: self.filename.clone().into_owned(),
            url,
            sha256: stated
                .and_then(|text| Sha256::from_hex(&text.0))
                .or(fragment),
            size: self.size,
            uploaded: self.upload_time.as_ref().and_then(|text| uploaded(&text.0)),
            requires_python: self
                .requires_python
                .as_ref()
                .map(|text| text.0.trim())
                .filter(|text| !text.is_empty())
                .map(str::to_owned),
            yanked: self.yanked.clone(),
            core_metadata: self
                .core_metadata
                .or(self.dist_info_metadata)
                .unwrap_or_default(),
            has_provenance: self.provenance.is_some(),
        })
    }
}

/// `true`, `false` or a reason.
fn yank<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Yank, D::Error> {
    struct YankVisitor;
    impl Visitor<'_> for YankVisitor {
        type Value = Yank;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a boolean or a reason")
        }

        fn visit_bool<E>(self, yanked: bool) -> Result<Yank, E> {
            Ok(if yanked {
                Yank::Yes(String::new())
            } else {
                Yank::No
            })
        }

        fn visit_str<E>(self, reason: &str) -> Result<Yank, E> {
            Ok(Yank::Yes(reason.to_owned()))
        }

        fn visit_unit<E>(self) -> Result<Yank, E> {
            Ok(Yank::No)
        }
    }
    deserializer.deserialize_any(YankVisitor)
}

/// `true`, `false` or digests by algorithm.
fn core_metadata<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<CoreMetadata>, D::Error> {
    struct CoreMetadataVisitor;
    impl<'de> Visitor<'de> for CoreMetadataVisitor {
        type Value = Option<CoreMetadata>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a boolean or digests")
        }

        fn visit_bool<E>(self, served: bool) -> Result<Self::Value, E> {
            Ok(Some(if served {
                CoreMetadata::Served(None)
            } else {
                CoreMetadata::Absent
            }))
        }

        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok(sha256_of_fragment(text).map(|digest| CoreMetadata::Served(Some(digest))))
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut digest = None;
            while let Some(algorithm) = map.next_key::<Text<'de>>()? {
                if algorithm.0 == "sha256" {
                    let text = map.next_value::<Text<'de>>()?;
                    digest = Some(Sha256::from_hex(&text.0).ok_or_else(|| {
                        A::Error::custom("a sha256 of core metadata is not 64 hexadecimal digits")
                    })?);
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            Ok(Some(CoreMetadata::Served(digest)))
        }
    }
    deserializer.deserialize_any(CoreMetadataVisitor)
}

/// Returns the time that a page states. One without a zone is in UTC, as all have to be (PEP 700).
fn uploaded(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let stated = text.parse().ok();
    stated.or_else(|| {
        let local: jiff::civil::DateTime = text.parse().ok()?;
        jiff::tz::TimeZone::UTC.to_timestamp(local).ok()
    })
}
