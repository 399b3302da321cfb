//! The most bytes that a file of each kind may have.

use std::fmt;
use std::io;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// A kind of file and the most bytes that one may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The kind, in the plural.
    pub what: &'static str,
    /// The most bytes.
    pub bytes: u64,
}

impl Limit {
    /// Source files, locks, and bills of materials.
    pub const SOURCE: Self = Self::new("sources and locks", 256 * MIB);
    /// Policies, projects' own files, `pyvenv.cfg`.
    pub const PROJECT: Self = Self::new("project files and policies", 4 * MIB);
    /// pip's configuration, netrc.
    pub const CONFIGURATION: Self = Self::new("configuration files", 4 * MIB);
    /// Bundles of certificates, and client certificates.
    pub const CERTIFICATES: Self = Self::new("certificates", 16 * MIB);
    /// What describes an installed package.
    pub const METADATA: Self = Self::new("package metadata", 16 * MIB);
    /// Wheels and source distributions.
    pub const ARCHIVE: Self = Self::new("wheels and source distributions", 4 * GIB);
    /// HTML pages of an index or of `--find-links`.
    pub const PAGE: Self = Self::new("index pages", crate::page::LIMIT);
    /// One advisory.
    pub const RECORD: Self = Self::new("advisories", 16 * MIB);
    /// A bulk export of advisories.
    pub const EXPORT: Self = Self::new("advisory exports", 4 * GIB);
    /// One entry of the cache.
    pub(crate) const ENTRY: Self = Self::new("cache entries", 4 * GIB);

    /// A kind of file and the most bytes that one may have.
    pub const fn new(what: &'static str, bytes: u64) -> Self {
        Self { what, bytes }
    }

    /// That a file has more.
    pub(crate) fn exceeded(self) -> io::Error {
        io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it has more than {self}"),
        )
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, unit) = match self.bytes {
            bytes if bytes % GIB == 0 => (bytes / GIB, "GiB"),
            bytes if bytes % MIB == 0 => (bytes / MIB, "MiB"),
            bytes => (bytes, "bytes"),
        };
        write!(f, "{count} {unit}, the limit for {}", self.what)
    }
}
