//! Who may write into the cache. What it holds is believed without being fetched again, so a folder that others may write is not used.

use std::io;
use std::path::{Path, PathBuf};

/// A cache that others may write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the cache folder `{}` is not safe to use: {why}", .folder.display())]
pub struct SharedCache {
    /// The folder, or one that it lies in, or one in it.
    pub folder: PathBuf,
    /// Who may write there.
    pub why: &'static str,
}

/// Makes a folder, and those that it lies in. What is made last belongs to this user alone.
pub(super) fn create_private(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(above) = folder.parent() {
        std::fs::create_dir_all(above)?;
    }
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        // Another process was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// Refuses a folder for the cache that another user owns or may write, itself or one of the folders in it; and one that lies in a folder
/// in which any user may put another in its place. A folder that isn't there yet will be this user's own.
#[cfg(unix)]
pub fn refuse_shared(folder: &Path) -> Result<(), SharedCache> {
    // Where it can't be read, nothing of it is used either.
    let Ok(folder) = std::path::absolute(folder) else {
        return Ok(());
    };
    let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
    let inside = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir());
    for own in std::iter::once(folder.clone()).chain(inside) {
        refuse_foreign(&own)?;
    }
    // Links on the way lead somewhere else, whose folders count as well.
    let real = std::fs::canonicalize(&folder).ok();
    for place in [Some(folder), real].into_iter().flatten() {
        for above in place.ancestors().skip(1) {
            refuse_open(above)?;
        }
    }
    Ok(())
}

#[cfg(not(unix))]
pub fn refuse_shared(_folder: &Path) -> Result<(), SharedCache> {
    Ok(())
}

#[cfg(unix)]
const GROUP_OR_OTHERS_WRITE: u32 = 0o022;
#[cfg(unix)]
const OTHERS_WRITE: u32 = 0o002;
/// Only who owns an entry may rename or remove it.
#[cfg(unix)]
const STICKY: u32 = 0o1000;

#[cfg(unix)]
fn refuse_foreign(folder: &Path) -> Result<(), SharedCache> {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(metadata) = std::fs::metadata(folder) else {
        return Ok(());
    };
    let own = rustix::process::geteuid().as_raw();
    // Whoever administers the machine can write anywhere.
    let why = if metadata.uid() != own && metadata.uid() != 0 {
        "it belongs to another user"
    } else if metadata.mode() & GROUP_OR_OTHERS_WRITE != 0 && metadata.is_dir() {
        "other users may write into it"
    } else {
        return Ok(());
    };
    Err(SharedCache {
        folder: folder.to_owned(),
        why,
    })
}

#[cfg(unix)]
fn refuse_open(above: &Path) -> Result<(), SharedCache> {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(metadata) = std::fs::metadata(above) else {
        return Ok(());
    };
    let mode = metadata.mode();
    if mode & OTHERS_WRITE == 0 || mode & STICKY != 0 {
        return Ok(());
    }
    Err(SharedCache {
        folder: above.to_owned(),
        why: "any user may write into it, and so replace the cache",
    })
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
            .expect("our own folder is ours");
    }

    #[test]
    fn a_cache_that_others_may_write_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let (above, cache) = (root.path().join("above"), root.path().join("above/cache"));
        assert_eq!(refuse_shared(&cache), Ok(()), "it isn't there yet");
        create_private(&cache).unwrap();
        let bucket = cache.join("pages-v3");
        create_private(&bucket).unwrap();
        assert_eq!(
            fs::metadata(&bucket).unwrap().permissions().mode() & 0o777,
            0o700
        );
        for (folder, mode, is_refused) in [
            (&cache, 0o755, false),
            (&cache, 0o775, true),
            (&cache, 0o757, true),
            (&cache, 0o1777, true),
            (&cache, 0o700, false),
            (&bucket, 0o777, true),
            (&bucket, 0o755, false),
            (&above, 0o777, true),
            // As a folder for temporary files is.
            (&above, 0o1777, false),
            (&above, 0o755, false),
        ] {
            set_mode(folder, mode);
            let refused = refuse_shared(&cache).err().map(|error| error.folder);
            let expected = is_refused.then(|| folder.clone());
            assert_eq!(refused, expected, "{} {mode:o}", folder.display());
        }
        // A link doesn't hide where it leads.
        let link = root.path().join("link");
        std::os::unix::fs::symlink(&cache, &link).unwrap();
        assert_eq!(refuse_shared(&link), Ok(()));
        set_mode(&above, 0o777);
        assert!(refuse_shared(&link).is_err());
    }

    #[test]
    fn a_cache_of_another_user_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let cache = root.path().join("cache");
        create_private(&cache).unwrap();
        // Only who administers the machine can give a folder away.
        if std::os::unix::fs::chown(&cache, Some(65534), None).is_ok() {
            let refused = refuse_shared(&cache).unwrap_err();
            assert!(refused.to_string().contains("belongs to another user"));
        }
    }
}
