//! What exists on an index, as a value. The same words serve scenario files and tests written in Rust.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Projects and their releases.
#[derive(Debug, Clone, Default)]
pub struct World {
    /// By name, spelled as a project's author would.
    pub projects: BTreeMap<String, Project>,
    /// Whether metadata are served beside their wheels (PEP 658).
    pub without_metadata_files: bool,
    /// Whether pages state no digests.
    pub without_hashes: bool,
    /// Whether pages are HTML, whatever is asked for.
    pub html_only: bool,
    /// `Cache-Control` of pages, when there is one.
    pub cache_control: Option<String>,
    /// Bytes of files, by name, in place of those that would be made. Pages state the digests of these.
    pub replaced_files: BTreeMap<String, Vec<u8>>,
}

impl World {
    /// Nothing exists.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a release that requires `requires` and has one wheel for every platform.
    #[must_use]
    pub fn with(self, name: &str, version: &str, requires: &[&str]) -> Self {
        let requires = requires.iter().map(|text| (*text).to_owned()).collect();
        self.with_release(
            name,
            version,
            Release {
                requires,
                ..Release::default()
            },
        )
    }

    /// Adds a release.
    #[must_use]
    pub fn with_release(mut self, name: &str, version: &str, release: Release) -> Self {
        self.projects
            .entry(name.to_owned())
            .or_default()
            .releases
            .insert(version.to_owned(), release);
        self
    }
}

/// One project.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Project {
    /// Its status (PEP 792) when it is not active: `quarantined`, `archived`, `deprecated`.
    #[serde(default, rename = "project-status")]
    pub status: Option<String>,
    /// By version.
    #[serde(flatten)]
    pub releases: BTreeMap<String, Release>,
}

/// One release. By default it requires nothing and has one wheel that fits everywhere.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Release {
    /// Its requirements (PEP 508).
    pub requires: Vec<String>,
    /// Its `Requires-Python`.
    pub requires_python: Option<String>,
    /// Whether its files are yanked, and why.
    pub yanked: Yank,
    /// Requirements by extra.
    pub extras: BTreeMap<String, Vec<String>>,
    /// The tags of its wheels.
    pub wheels: Vec<String>,
    /// Its source distribution.
    pub sdist: SourceDistribution,
    /// When its files were uploaded: a date, an instant, or `3 days ago`.
    pub uploaded: Option<String>,
    /// Its `Summary`: releases of one version with other summaries have other files.
    pub summary: Option<String>,
    /// Whether the index says that it serves attestations for its files (PEP 740).
    pub provenance: bool,
    /// The text of its METADATA and PKG-INFO in place of what the rest says.
    pub metadata: Option<String>,
    /// Names of further files, which are nothing that could be installed.
    pub others: Vec<String>,
}

impl Default for Release {
    fn default() -> Self {
        Self {
            requires: Vec::new(),
            requires_python: None,
            yanked: Yank::No,
            extras: BTreeMap::new(),
            wheels: vec!["py3-none-any".to_owned()],
            sdist: SourceDistribution::None,
            uploaded: None,
            summary: None,
            provenance: false,
            metadata: None,
            others: Vec::new(),
        }
    }
}

/// `yanked = true` or `yanked = "the reason"`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Word")]
pub enum Yank {
    /// Not yanked.
    #[default]
    No,
    /// Yanked without a word.
    Yes,
    /// Yanked for this reason.
    Because(String),
}

/// `sdist = true`, `"dynamic"`, or `"pkg-info 2.1"`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Word")]
pub enum SourceDistribution {
    /// There is none.
    #[default]
    None,
    /// One whose PKG-INFO can be relied on (Metadata-Version 2.2, nothing dynamic).
    Static,
    /// One whose PKG-INFO says that its requirements are known only after a build.
    Dynamic,
    /// One whose PKG-INFO is of this Metadata-Version.
    MetadataVersion(String),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Word {
    Flag(bool),
    Text(String),
}

impl From<Word> for Yank {
    fn from(word: Word) -> Self {
        match word {
            Word::Flag(false) => Self::No,
            Word::Flag(true) => Self::Yes,
            Word::Text(reason) => Self::Because(reason),
        }
    }
}

impl From<Word> for SourceDistribution {
    fn from(word: Word) -> Self {
        match word {
            Word::Flag(false) => Self::None,
            Word::Flag(true) => Self::Static,
            Word::Text(text) => {
                if let Some(version) = text.strip_prefix("pkg-info ") {
                    return Self::MetadataVersion(version.to_owned());
                }
                assert_eq!(
                    text, "dynamic",
                    "`sdist` is true, \"dynamic\" or \"pkg-info X.Y\""
                );
                Self::Dynamic
            }
        }
    }
}
