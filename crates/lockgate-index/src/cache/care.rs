//! Looking after the folder of the cache: how much it holds, and making it smaller.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use lockgate_model::{Timestamp, age};

use super::{Bucket, owner};
use crate::files::{Limit, read_text};

/// The name and content of the mark that tells our folders from others; backup tools leave marked folders out.
const MARK: (&str, &str) = (
    "CACHEDIR.TAG",
    "Signature: 8a477f597d28d172789f06886806bc55\n# This folder is a cache made by lockgate.\n",
);

/// Entries unused for this long are pruned.
const LONG_UNUSED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The folder of the cache, for those who look after it.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
}

/// Why the folder cannot be looked after.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// It holds things that are not ours.
    #[error("`{}` is not a cache of lockgate: it has no `{}` of ours; nothing was removed", .0.display(), MARK.0)]
    Foreign(PathBuf),
    /// The system refuses.
    #[error("`{}` cannot be read or changed", .path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// How many entries of which kind take how much.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    rows: Vec<(String, u64, u64)>,
}

impl Usage {
    /// Kind, entries, bytes; sorted by kind.
    pub fn rows(&self) -> impl Iterator<Item = (&str, u64, u64)> {
        self.rows
            .iter()
            .map(|(kind, entries, bytes)| (kind.as_str(), *entries, *bytes))
    }

    /// Of all kinds.
    pub fn entries(&self) -> u64 {
        self.rows.iter().map(|row| row.1).sum()
    }

    /// Of all kinds.
    pub fn bytes(&self) -> u64 {
        self.rows.iter().map(|row| row.2).sum()
    }

    fn count(&mut self, kind: &str, bytes: u64) {
        match self.rows.iter_mut().find(|row| row.0 == kind) {
            Some(row) => {
                row.1 += 1;
                row.2 += bytes;
            }
            None => self.rows.push((kind.to_owned(), 1, bytes)),
        }
    }
}

/// Marks `folder` as ours, making it if need be. A folder with other things in it is not taken over.
pub(super) fn mark(folder: &Path) -> io::Result<()> {
    owner::create_private(folder)?;
    let mark = folder.join(MARK.0);
    if !mark.exists() && fs::read_dir(folder)?.next().is_none() {
        fs::write(mark, MARK.1)?;
    }
    Ok(())
}

impl Cache {
    /// Over the folder of a cache; it need not be there.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The default folder by the platform's convention, if the platform says where the user's home is.
    pub fn default_folder() -> Option<PathBuf> {
        use etcetera::BaseStrategy as _;
        etcetera::choose_base_strategy()
            .ok()
            .map(|strategy| strategy.cache_dir().join("lockgate"))
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What it holds.
    pub fn size(&self) -> Result<Usage, CacheError> {
        let mut usage = Usage::default();
        self.visit(|kind, _, metadata| {
            usage.count(kind, metadata.len());
            Ok(())
        })?;
        usage.rows.sort();
        Ok(usage)
    }

    /// Removes what is of no more use: folders of old forms, leftovers of writers that died, entries long unused. Says what went.
    pub fn prune(&self, now: Timestamp) -> Result<Usage, CacheError> {
        self.must_be_ours()?;
        let mut removed = Usage::default();
        self.visit(|kind, path, metadata| {
            let last = metadata
                .accessed()
                .or_else(|_unsupported| metadata.modified());
            let last = last.ok().and_then(|last| Timestamp::try_from(last).ok());
            // One that was last used in the future may be as old as any: it is fetched again where it is needed.
            let was_used_within = |limit| last.is_some_and(|last| age::is_within(last, limit, now));
            let is_leftover = path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(".tmp-"))
                && !was_used_within(SignedDuration::from_hours(1));
            let is_current = Bucket::ALL.iter().any(|bucket| bucket.folder() == kind);
            if is_leftover || !is_current || !was_used_within(LONG_UNUSED) {
                fs::remove_file(path)?;
                removed.count(kind, metadata.len());
            }
            Ok(())
        })?;
        removed.rows.sort();
        Ok(removed)
    }

    /// Removes everything. Says what went.
    pub fn clean(&self) -> Result<Usage, CacheError> {
        self.must_be_ours()?;
        let removed = self.size()?;
        for folder in self.buckets()? {
            fs::remove_dir_all(&folder).map_err(|source| CacheError::Io {
                path: folder,
                source,
            })?;
        }
        // A folder without our mark and without entries is not ours: nothing of it goes.
        let mark = self.folder.join(MARK.0);
        if read_text(&mark, Limit::CONFIGURATION).is_ok_and(|text| text == MARK.1) {
            fs::remove_file(&mark).map_err(|source| CacheError::Io { path: mark, source })?;
        }
        Ok(removed)
    }

    /// A missing folder is an empty cache; one without our mark is not ours to change.
    fn must_be_ours(&self) -> Result<(), CacheError> {
        let mark = read_text(&self.folder.join(MARK.0), Limit::CONFIGURATION).unwrap_or_default();
        // The mark may have gone with a `clean` while another process went on writing: folders of ours alone tell as much.
        let is_bucket = |folder: &PathBuf| {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            let is_kind = |bucket: &Bucket| {
                let kind = bucket.folder().split('-').next().unwrap_or_default();
                let version = name
                    .strip_prefix(kind)
                    .and_then(|rest| rest.strip_prefix("-v"));
                version.is_some_and(|version| version.parse::<u32>().is_ok())
            };
            Bucket::ALL.iter().any(is_kind)
        };
        if mark == MARK.1 || !self.folder.exists() || self.buckets()?.iter().all(is_bucket) {
            return Ok(());
        }
        Err(CacheError::Foreign(self.folder.clone()))
    }

    fn buckets(&self) -> Result<Vec<PathBuf>, CacheError> {
        let failed = |source| CacheError::Io {
            path: self.folder.clone(),
            source,
        };
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut folders = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed)?;
            if entry.file_type().map_err(failed)?.is_dir() {
                folders.push(entry.path());
            }
        }
        folders.sort();
        Ok(folders)
    }

    fn visit(
        &self,
        mut visitor: impl FnMut(&str, &Path, &fs::Metadata) -> io::Result<()>,
    ) -> Result<(), CacheError> {
        for folder in self.buckets()? {
            let kind = folder
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default();
            let failed = |path: &Path, source| CacheError::Io {
                path: path.to_owned(),
                source,
            };
            for entry in fs::read_dir(&folder).map_err(|error| failed(&folder, error))? {
                let path = entry.map_err(|error| failed(&folder, error))?.path();
                let visited = fs::metadata(&path).and_then(|metadata| {
                    if metadata.is_file() {
                        visitor(&kind, &path, &metadata)
                    } else {
                        Ok(())
                    }
                });
                match visited {
                    // Another process may have removed it in between.
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(failed(&path, error));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_someone_else_is_never_cleaned() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("photos")).unwrap();
        fs::write(folder.path().join("photos/one"), "x").unwrap();
        let cache = Cache::new(folder.path().to_owned());
        assert!(matches!(cache.clean(), Err(CacheError::Foreign(_))));
        assert!(matches!(
            cache.prune(Timestamp::now()),
            Err(CacheError::Foreign(_))
        ));
        assert!(folder.path().join("photos/one").exists());
    }

    #[test]
    fn pruning_keeps_what_is_in_use_and_cleaning_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        mark(folder.path()).unwrap();
        for (kind, name) in [
            (Bucket::Pages.folder(), "a"),
            ("pages-v0", "b"),
            (Bucket::Metadata.folder(), "c"),
        ] {
            fs::create_dir_all(folder.path().join(kind)).unwrap();
            fs::write(folder.path().join(kind).join(name), "12345").unwrap();
        }
        let cache = Cache::new(folder.path().to_owned());
        assert_eq!(
            (
                cache.size().unwrap().entries(),
                cache.size().unwrap().bytes()
            ),
            (3, 15)
        );
        assert_eq!(cache.prune(Timestamp::now()).unwrap().entries(), 1);
        assert_eq!(
            cache
                .prune(Timestamp::now() + 2 * LONG_UNUSED)
                .unwrap()
                .entries(),
            2
        );
        // The mark may go while another process writes on.
        fs::remove_file(folder.path().join(MARK.0)).unwrap();
        fs::write(folder.path().join("pages-v3/a"), "1").unwrap();
        assert_eq!(cache.clean().unwrap().entries(), 1);
        assert_eq!(cache.size().unwrap().entries(), 0);
    }

    #[test]
    fn what_was_last_used_in_the_future_is_pruned() {
        let folder = tempfile::tempdir().unwrap();
        mark(folder.path()).unwrap();
        let pages = folder.path().join(Bucket::Pages.folder());
        fs::create_dir_all(&pages).unwrap();
        let later = std::time::SystemTime::now() + std::time::Duration::from_hours(24);
        for (name, is_ahead) in [("ahead", true), ("now", false)] {
            let file = fs::File::create(pages.join(name)).unwrap();
            if is_ahead {
                let times = fs::FileTimes::new().set_accessed(later).set_modified(later);
                file.set_times(times).unwrap();
            }
        }
        let cache = Cache::new(folder.path().to_owned());
        assert_eq!(cache.prune(Timestamp::now()).unwrap().entries(), 1);
        assert!(pages.join("now").exists());
    }

    #[test]
    fn a_missing_folder_is_an_empty_cache() {
        let cache = Cache::new(PathBuf::from("no/such/folder"));
        assert_eq!(cache.size().unwrap(), Usage::default());
        assert_eq!(cache.clean().unwrap(), Usage::default());
    }
}
