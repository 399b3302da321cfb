//! Archives of source by the names of their files, as pip reads those.

/// How an archive of source is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// `tar`, not compressed.
    Tar,
    /// `tar` in gzip.
    Gzip,
    /// `tar` in bzip2.
    Bzip2,
    /// `tar` in xz, or in lzma alone: pip tells them apart by what the file begins with.
    Xz,
    /// `tar` in lzip. pip lists these wherever it runs, and opens them only where Python's liblzma is 5.4 or later.
    Lzip,
    /// `zip`.
    Zip,
}

/// The endings that pip knows, the most frequent ones first.
const ENDINGS: [(&str, Packing); 11] = [
    (".tar.gz", Packing::Gzip),
    (".zip", Packing::Zip),
    (".tgz", Packing::Gzip),
    (".tar.bz2", Packing::Bzip2),
    (".tbz", Packing::Bzip2),
    (".tar.xz", Packing::Xz),
    (".txz", Packing::Xz),
    (".tar", Packing::Tar),
    (".tar.lzma", Packing::Xz),
    (".tlz", Packing::Xz),
    (".tar.lz", Packing::Lzip),
];

impl Packing {
    /// Returns how a file is packed, by the ending of its name in any case: so pip opens a file that it has. Which files of a page or a folder
    /// it looks at is another question ([`sdist_stem`]).
    pub fn of(filename: &str) -> Option<Self> {
        let ends = |ending: &str| {
            let start = filename.len().checked_sub(ending.len());
            let end = start.and_then(|start| filename.get(start..));
            end.is_some_and(|end| end.eq_ignore_ascii_case(ending))
        };
        let found = ENDINGS.iter().find(|(ending, _)| ends(ending));
        found.map(|(_, packing)| *packing)
    }

    /// Why not every pip opens archives of [`Self::Lzip`].
    pub const LZIP: &str =
        "pip opens archives of lzip only where the liblzma of its Python is 5.4 or later";

    /// Whether every pip opens archives of this kind.
    pub fn is_opened_by_every_pip(self) -> bool {
        self != Self::Lzip
    }
}

/// Returns `filename` without its ending if that is the ending of a source distribution. On pages pip compares endings letter by letter:
/// `x-1.0.ZIP` is no file of `x`.
pub fn sdist_stem(filename: &str) -> Option<&str> {
    let mut endings = ENDINGS.iter();
    endings.find_map(|(ending, _)| filename.strip_suffix(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_those_of_pip() {
        for (filename, packing) in [
            ("a-1.tar", Packing::Tar),
            ("a-1.tar.gz", Packing::Gzip),
            ("a-1.tgz", Packing::Gzip),
            ("a-1.tar.bz2", Packing::Bzip2),
            ("a-1.tbz", Packing::Bzip2),
            ("a-1.tar.xz", Packing::Xz),
            ("a-1.txz", Packing::Xz),
            ("a-1.tlz", Packing::Xz),
            ("a-1.tar.lzma", Packing::Xz),
            ("a-1.tar.lz", Packing::Lzip),
            ("a-1.zip", Packing::Zip),
        ] {
            assert_eq!(Packing::of(filename), Some(packing), "{filename}");
            assert_eq!(sdist_stem(filename), Some("a-1"), "{filename}");
            let upper = filename.to_ascii_uppercase();
            assert_eq!(Packing::of(&upper), Some(packing), "{upper}");
            assert_eq!(sdist_stem(&upper), None, "{upper}");
        }
        for filename in [
            "",
            "a-1.gz",
            "a-1.bz2",
            "a-1.tbz2",
            "a-1.tar.zst",
            "a-1.whl",
            "ätar.gz",
        ] {
            assert_eq!(Packing::of(filename), None, "{filename}");
            assert_eq!(sdist_stem(filename), None, "{filename}");
        }
    }
}
