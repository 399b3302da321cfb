//! Why advisories could not be had. Every text begins with the source.

use std::io;
use std::path::Path;

use lockgate_model::Timestamp;

use crate::error::FetchError;
use crate::files::OutsideLink;

/// Why advisories could not be had.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FeedError {
    /// The source is none of the kinds there are.
    #[error("`{0}` is no source of advisories: {1}")]
    Source(String, &'static str),
    /// What the source has cannot be read, or holds nothing of use.
    #[error("`{place}`: the advisories cannot be used: {why}")]
    Unusable {
        /// The source: a file, a folder, an address, a word.
        place: String,
        /// What is wrong.
        why: String,
    },
    /// A folder of records has a link that leads out of the repository.
    #[error("`{place}`: {why}")]
    Link {
        /// The folder.
        place: String,
        /// The link, and where it leads.
        why: String,
    },
    /// An address gave no answer.
    #[error("`{place}`: the advisories could not be fetched")]
    Fetch {
        /// The source.
        place: String,
        /// Why.
        #[source]
        error: FetchError,
    },
    /// The kept export is too old, and could not be refreshed.
    #[error("`{place}`: the advisories were last refreshed {refreshed}, {}: {why}", stale(*.is_future))]
    Stale {
        /// The source.
        place: String,
        /// When.
        refreshed: Timestamp,
        /// Whether that lies in the future, so that their age is not known.
        is_future: bool,
        /// Why they were not refreshed now.
        why: String,
    },
    /// The export that was fetched goes back behind the one that is kept.
    #[error("`{place}`: the export that was fetched is not taken: {what}")]
    RolledBack {
        /// The source.
        place: String,
        /// How it goes back: with both dates, or both counts.
        what: String,
    },
    /// A service cannot be asked without network.
    #[error("`{place}`: `--offline` forbids to ask it, and what it answers is not kept")]
    Offline {
        /// The service.
        place: String,
    },
}

fn stale(is_future: bool) -> &'static str {
    if is_future {
        "in the future, so that their age is unknown"
    } else {
        "too long ago"
    }
}

impl FeedError {
    /// What a person can do about it.
    pub fn remedy(&self) -> Option<String> {
        let text = match self {
            Self::Source(..) => {
                "name `osv`, `osv-api`, `pypi`, a `.zip` export, a folder of records, or the address of either"
            }
            Self::Unusable { .. } => "check the path or the address; fetch the export again",
            Self::Link { .. } => OutsideLink::HELP,
            Self::Fetch { error, .. } => {
                return Some(error.remedy().unwrap_or_else(|| {
                    "name another source with `--advisories`, such as a downloaded export"
                        .to_owned()
                }));
            }
            Self::Stale { .. } => {
                "run once with network, or name another source with `--advisories`"
            }
            Self::RolledBack { .. } => {
                "try again later; if it is right, take it once with `--accept-older`"
            }
            Self::Offline { .. } => {
                "use `--advisories osv`, whose export is kept, or name a downloaded one"
            }
        };
        Some(text.to_owned())
    }

    /// That `place` holds nothing of use.
    pub(super) fn unusable(place: impl Into<String>, why: impl std::fmt::Display) -> Self {
        Self::Unusable {
            place: place.into(),
            why: why.to_string(),
        }
    }

    /// That the link at `path`, found in `folder`, is not followed.
    pub(super) fn link(folder: &Path, path: &Path, error: &io::Error) -> Self {
        match OutsideLink::of(error) {
            Some(link) => Self::Link {
                place: folder.display().to_string(),
                why: link.to_string(),
            },
            None => super::unusable(path, error),
        }
    }

    /// That `place` gave no answer.
    pub(super) fn fetch(place: impl Into<String>, error: FetchError) -> Self {
        let place = place.into();
        Self::Fetch { place, error }
    }

    /// What is wrong, in one line and without the source.
    pub(super) fn why(&self) -> String {
        match self {
            Self::Unusable { why, .. } | Self::Link { why, .. } => why.clone(),
            Self::Fetch { error, .. } => error.to_string(),
            other => other.to_string(),
        }
    }
}
