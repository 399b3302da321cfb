//! The disk as the formats see it, and the replacement of outputs: whole or not at all.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use lockgate_index::files::{self, DanglingLink, Limit, OutsideLink};
use lockgate_model::{FileKind, Files, FilesError};

use crate::failure::Failure;
use crate::outputs;

mod stream;

/// Reads files below the working directory, standard input as `-`, and the process's environment.
#[derive(Debug, Default)]
pub(crate) struct Disk;

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, FilesError> {
        named(path).map_err(|error| of_files(&error))
    }

    fn read_included(&self, path: &str, from: &str) -> Result<Vec<u8>, FilesError> {
        // Nothing at all, as people write it.
        if cfg!(unix) && path == "/dev/null" {
            return Ok(Vec::new());
        }
        // What a redirected stream reads is a regular file at times, and still what the caller gave to something else.
        if path != "-" && is_stream(path) {
            return Err(FilesError::Refused {
                why: "it is a stream of the process, which a source may not read".to_owned(),
                help: "include a file".to_owned(),
            });
        }
        let (path, from) = (Path::new(path), Path::new(from));
        files::stay_inside_from(path, from)
            .and_then(|()| files::read_regular(path, Limit::SOURCE))
            .map_err(|error| of_files(&error))
    }

    fn kind(&self, path: &str) -> Option<FileKind> {
        let metadata = fs::metadata(path).ok()?;
        Some(if metadata.is_dir() {
            FileKind::Folder
        } else {
            FileKind::File
        })
    }

    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

/// Whether the caller names a stream by `path`: `-`, `/dev/stdin`, `/dev/fd/N`, `/proc/self/fd/N`.
pub(crate) fn is_stream(path: &str) -> bool {
    stream::of(path).is_some()
}

/// The bytes of what the caller named: a file, however many links lead to it, standard input (`-`), or a stream that is open already.
fn named(path: &str) -> io::Result<Vec<u8>> {
    if let Some(stream) = stream::of(path) {
        return stream.read();
    }
    files::read_configured(Path::new(path), Limit::SOURCE)
}

fn of_files(error: &io::Error) -> FilesError {
    if let Some(link) = OutsideLink::of(error) {
        return FilesError::Refused {
            why: link.to_string(),
            help: OutsideLink::HELP.to_owned(),
        };
    }
    match error.kind() {
        io::ErrorKind::NotFound if DanglingLink::of(error).is_some() => {
            FilesError::Unreadable(error.to_string())
        }
        io::ErrorKind::NotFound => FilesError::Missing,
        io::ErrorKind::IsADirectory => FilesError::Unreadable("it is a folder".to_owned()),
        _ => FilesError::Unreadable(error.to_string()),
    }
}

/// What is in a file that must be there; `-` is standard input.
pub(crate) fn bytes(disk: &Disk, path: &str) -> Result<Vec<u8>, Failure> {
    disk.read(path).map_err(|error| unread(path, &error))
}

/// The bytes of a file that was found in a folder that the caller named.
pub(crate) fn found(path: &str) -> Result<Vec<u8>, Failure> {
    let file = Path::new(path);
    // How one came to its folder was seen to on the way.
    files::stay_inside_from(file, file)
        .and_then(|()| files::read_regular(file, Limit::SOURCE))
        .map_err(|error| unread(path, &of_files(&error)))
}

fn unread(path: &str, error: &FilesError) -> Failure {
    let failure = Failure::new(format!("cannot read `{path}`: {error}"));
    match error {
        FilesError::Refused { help, .. } => failure.remedy(help.clone()),
        FilesError::Missing | FilesError::Unreadable(_) => failure,
    }
}

/// The text of a file that must be there; `-` is standard input.
pub(crate) fn text(disk: &Disk, path: &str) -> Result<String, Failure> {
    let bytes = bytes(disk, path)?;
    String::from_utf8(bytes).map_err(|_utf8| Failure::new(format!("`{path}` is not UTF-8 text")))
}

/// The text of a file, or none if it is not there.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<String>, Failure> {
    let Some(bytes) = bytes_if_there(path)? else {
        return Ok(None);
    };
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|_utf8| Failure::new(format!("`{}` is not UTF-8 text", path.display())))
}

/// What is in a file, or none if it is not there.
pub(crate) fn bytes_if_there(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    match files::read_regular(path, Limit::SOURCE) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let failure = Failure::new(format!("cannot read `{}`: {error}", path.display()));
            Err(if error.kind() == io::ErrorKind::Other {
                failure.remedy("name a regular file; `-o -` is standard output")
            } else {
                failure
            })
        }
    }
}

/// What is in a file that was looked for and that nobody named, or none if it is not there. No link leads out of its repository on the way.
/// Errors name it as `shown`.
pub(crate) fn found_if_there(
    path: &Path,
    shown: &str,
    limit: Limit,
) -> Result<Option<Vec<u8>>, Failure> {
    match files::read_inside(path, limit) {
        Ok(bytes) => Ok(Some(bytes)),
        // What it was to say is not known.
        Err(error) if DanglingLink::of(&error).is_some() => {
            Err(unread(shown, &of_files(&error))
                .remedy("remove the link, or make what it leads to"))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unread(shown, &of_files(&error))),
    }
}

/// The first of `names` that is a file of the current folder. It is taken since it is there and not since the caller names it, so a link out
/// of the repository is refused.
pub(crate) fn first_there(names: &[&str]) -> Result<Option<String>, Failure> {
    let there = names.iter().find(|name| Path::new(name).is_file());
    if let Some(name) = there {
        is_inside(name)?;
    }
    Ok(there.map(|name| (*name).to_owned()))
}

/// Refuses a file that the caller does not name and that lies behind a link out of its repository.
pub(crate) fn is_inside(path: &str) -> Result<(), Failure> {
    files::stay_inside(Path::new(path)).map_err(|error| unread(path, &of_files(&error)))
}

/// Replaces `path` by `text`: written beside it, flushed to the disk, and renamed over it, with the old file's permissions.
/// Through a symbolic link the file that it leads to is replaced. On any error the old file is as it was.
pub(crate) fn replace(path: &Path, text: &[u8]) -> Result<(), Failure> {
    stage(path, text)?.commit()
}

/// A file that is written and waits to be renamed into its place; dropped, it is gone.
pub(crate) struct Staged {
    temporary: tempfile::NamedTempFile,
    target: PathBuf,
    path: PathBuf,
}

impl Staged {
    /// Renames it into its place.
    pub(crate) fn commit(self) -> Result<(), Failure> {
        match self.temporary.persist(&self.target) {
            Ok(_) => Ok(()),
            Err(error) => Err(unwritten(&self.path, "renaming over it", &error.error)),
        }
    }
}

/// What stood in the place of an output, to be put back if another output cannot be written.
pub(crate) struct Old {
    target: PathBuf,
    /// The file under another name; none where there was none.
    kept: Option<tempfile::TempPath>,
}

impl Staged {
    /// Keeps what stands in its place under another name. As a link it takes no room, so that a full disk does not stand in its way.
    pub(crate) fn keep_old(&self) -> Result<Old, Failure> {
        let target = self.target.clone();
        if fs::symlink_metadata(&target).is_err() {
            return Ok(Old { target, kept: None });
        }
        let folder = target.parent().unwrap_or(Path::new("."));
        let keep = |path: &Path| match fs::hard_link(&target, path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                fs::copy(&target, path).map(|_| ())
            }
            linked => linked,
        };
        let kept = tempfile::Builder::new()
            .prefix(".lockgate-")
            .suffix(".old")
            .make_in(folder, keep)
            .map_err(|error| unwritten(&self.path, "keeping the old file", &error))?;
        Ok(Old {
            kept: Some(kept.into_temp_path()),
            target,
        })
    }
}

impl Old {
    /// Puts it back.
    pub(crate) fn restore(self) -> Result<(), Failure> {
        let Self { target, kept } = self;
        let restored = match kept {
            Some(kept) => kept.persist(&target).map_err(|error| error.error),
            None => fs::remove_file(&target),
        };
        restored.map_err(|error| {
            Failure::new(format!(
                "cannot put back the old `{}`: {error}",
                target.display()
            ))
        })
    }
}

fn unwritten(path: &Path, what: &str, error: &io::Error) -> Failure {
    Failure::new(format!(
        "cannot write `{}`: {what}: {error}; it is as it was",
        path.display()
    ))
}

/// The first half of [`replace`]: all that can go wrong but the renaming.
pub(crate) fn stage(path: &Path, text: &[u8]) -> Result<Staged, Failure> {
    let failed = |what: &str, error: &io::Error| unwritten(path, what, error);
    let target = outputs::followed(path, None)?;
    let old = fs::metadata(&target).ok();
    if let Some(old) = &old {
        if old.is_dir() {
            return Err(Failure::new(format!(
                "cannot write `{}`: it is a folder",
                path.display()
            )));
        }
        if !old.is_file() {
            return Err(Failure::new(format!(
                "cannot write `{}`: it is no regular file, and would be replaced by one",
                path.display()
            ))
            .remedy("name a file; `-o -` is standard output"));
        }
        if old.permissions().readonly() {
            return Err(Failure::new(format!(
                "cannot write `{}`: it is read-only",
                path.display()
            ))
            .remedy("make it writable, or name another file"));
        }
    }
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    if !folder.is_dir() {
        return Err(Failure::new(format!(
            "cannot write `{}`: the folder `{}` does not exist",
            path.display(),
            folder.display()
        ))
        .remedy("make the folder, or name another file"));
    }
    let mut temporary = tempfile::Builder::new()
        .prefix(".lockgate-")
        .suffix(".tmp")
        .tempfile_in(&folder)
        .map_err(|error| failed("no file can be made in its folder", &error))?;
    temporary
        .write_all(text)
        .map_err(|error| failed("writing", &error))?;
    temporary
        .as_file()
        .sync_all()
        .map_err(|error| failed("flushing to the disk", &error))?;
    let permissions = match &old {
        Some(old) => old.permissions(),
        None => new_file_permissions(temporary.as_file())
            .map_err(|error| failed("its permissions", &error))?,
    };
    temporary
        .as_file()
        .set_permissions(permissions)
        .map_err(|error| failed("its permissions", &error))?;
    Ok(Staged {
        temporary,
        target,
        path: path.to_owned(),
    })
}

/// What a newly created file would have: temporary files are private, locks are as the umask says.
#[cfg(unix)]
fn new_file_permissions(temporary: &fs::File) -> io::Result<fs::Permissions> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut permissions = temporary.metadata()?.permissions();
    permissions.set_mode(0o666 & !umask());
    Ok(permissions)
}

/// The process's file mode mask, as the system tells it without changing it; 022 where it does not.
#[cfg(unix)]
fn umask() -> u32 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("Umask:"))
        .and_then(|mask| u32::from_str_radix(mask.trim(), 8).ok())
        .unwrap_or(0o022)
}

#[cfg(not(unix))]
fn new_file_permissions(temporary: &fs::File) -> io::Result<fs::Permissions> {
    temporary.metadata().map(|metadata| metadata.permissions())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_file_keeps_its_permissions_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("requirements.txt");
        fs::write(&path, "old").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        }
        replace(&path, b"new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(
                fs::metadata(&path).unwrap().permissions().mode() & 0o777,
                0o640
            );
        }
    }

    #[test]
    fn a_missing_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let failure = replace(&folder.path().join("none/requirements.txt"), b"").unwrap_err();
        assert!(failure.message.contains("does not exist"), "{failure}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_device_is_not_replaced() {
        let failure = replace(Path::new("/dev/full"), b"").unwrap_err();
        assert!(failure.message.contains("no regular file"), "{failure}");
    }

    #[cfg(unix)]
    #[test]
    fn a_symbolic_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (
            folder.path().join("real.txt"),
            folder.path().join("link.txt"),
        );
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        replace(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_file_that_is_not_there_makes_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("locks")).unwrap();
        let link = folder.path().join("link.txt");
        std::os::unix::fs::symlink("locks/second.txt", &link).unwrap();
        std::os::unix::fs::symlink("real.txt", folder.path().join("locks/second.txt")).unwrap();
        replace(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(
            fs::read_to_string(folder.path().join("locks/real.txt")).unwrap(),
            "new"
        );
        let circle = folder.path().join("circle.txt");
        std::os::unix::fs::symlink("circle.txt", &circle).unwrap();
        let failure = replace(&circle, b"new").unwrap_err();
        assert!(failure.message.contains("cannot be followed"), "{failure}");
    }
}
