//! What an index says of a project: its releases and their files (PEP 503, 592, 658, 691, 700, 714, 792).

use std::sync::Arc;
use std::{fmt, io};

use serde::{Deserialize, Serialize};

use crate::{FactError, Name, Timestamp, Version, WheelName, sdist_stem};

/// The releases of one project over all indexes in use, newest first.
///
/// Methods and no fields: a page that is read in place and a list in a test are both a view. Versions are parsed and files
/// read only when asked for.
pub trait ProjectView: Send + Sync + fmt::Debug {
    /// The project.
    fn name(&self) -> &Name;

    /// PEP 792 status, and its reason.
    fn status(&self) -> &ProjectStatus;

    /// How many releases there are.
    fn len(&self) -> usize;

    /// Whether there is no release.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The release at `index`, counted from the newest; `index` is less than [`ProjectView::len`].
    fn version(&self, index: usize) -> &Version;

    /// An instant before which no file of the release at `index` was uploaded; none if that cannot be told without its files.
    fn first_upload(&self, _index: usize) -> Option<Timestamp> {
        None
    }

    /// The files of the release at `index`.
    fn files(&self, index: usize) -> Result<Arc<[DistFile]>, FactError>;

    /// Where `version` stands, if it is a release.
    fn position(&self, version: &Version) -> Option<usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            match self.version(middle).cmp(version) {
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Greater => low = middle + 1,
                std::cmp::Ordering::Less => high = middle,
            }
        }
        None
    }
}

/// PEP 792 project status.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ProjectStatus {
    /// In use; what an index that says nothing means.
    #[default]
    Active,
    /// No longer maintained.
    Archived(Option<String>),
    /// Superseded.
    Deprecated(Option<String>),
    /// Held to be unsafe by the index: installers should not use it.
    Quarantined(Option<String>),
}

/// One file of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DistFile {
    /// Its name.
    pub filename: String,
    /// Where it is, absolute, without the hash fragment.
    pub url: String,
    /// Its sha256, when the index states it.
    pub sha256: Option<Sha256>,
    /// Bytes, when the index states them.
    pub size: Option<u64>,
    /// When it was uploaded, when the index states it.
    pub uploaded: Option<Timestamp>,
    /// `Requires-Python`, as written.
    pub requires_python: Option<String>,
    /// PEP 592.
    pub yanked: Yank,
    /// PEP 658/714.
    pub core_metadata: CoreMetadata,
    /// Whether the index serves attestations for it (PEP 740).
    pub has_provenance: bool,
}

/// Whether a file is yanked (PEP 592), and why.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Yank {
    /// It is not.
    #[default]
    No,
    /// It is; the reason may be empty.
    Yes(String),
}

/// Whether the index serves a file's metadata by itself (PEP 658/714).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum CoreMetadata {
    /// It does not.
    #[default]
    Absent,
    /// It does, with this sha256 when stated.
    Served(Option<Sha256>),
}

/// Kind of a file by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DistKind {
    /// A wheel.
    Wheel(WheelName),
    /// A source distribution.
    Sdist,
}

impl DistFile {
    /// Wheel, source distribution, or none of them.
    #[expect(
        clippy::case_sensitive_file_extension_comparisons,
        reason = "pip compares them so: `X.WHL` is no wheel"
    )]
    pub fn kind(&self) -> Option<DistKind> {
        if self.filename.ends_with(".whl") {
            return WheelName::parse(&self.filename).map(DistKind::Wheel);
        }
        sdist_stem(&self.filename).map(|_| DistKind::Sdist)
    }

    /// Whether it lies on this machine: pip lets such files through whatever `--exclude-newer` says.
    pub fn is_local(&self) -> bool {
        self.url.starts_with("file:")
    }

    /// Whether it is yanked.
    pub fn is_yanked(&self) -> bool {
        matches!(self.yanked, Yank::Yes(_))
    }
}

/// A SHA-256 digest. Written in lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Sha256(pub [u8; 32]);

impl Sha256 {
    /// Of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// Of all that `reader` has; fails as that does.
    pub fn of_reader(mut reader: impl io::Read) -> io::Result<Self> {
        use sha2::Digest as _;
        let (mut hasher, mut buffer) = (sha2::Sha256::new(), vec![0; 1 << 16]);
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(Self(hasher.finalize().into())),
                Ok(length) => hasher.update(buffer.get(..length).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// From 64 hexadecimal digits of any case.
    pub fn from_hex(text: &str) -> Option<Self> {
        let text = text.as_bytes();
        if text.len() != 64 {
            return None;
        }
        let mut digest = [0; 32];
        for (byte, pair) in digest.iter_mut().zip(text.chunks_exact(2)) {
            let digit = |b: u8| (b as char).to_digit(16).and_then(|d| u8::try_from(d).ok());
            *byte = digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?;
        }
        Some(Self(digest))
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_the_same_however_its_bytes_come() {
        let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(200_000).collect();
        for length in [0, 1, 1 << 16, bytes.len()] {
            let of_all = Sha256::of(&bytes[..length]);
            assert_eq!(Sha256::of_reader(&bytes[..length]).unwrap(), of_all);
        }
    }
}
