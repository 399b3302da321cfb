//! Opening files that others may have put there: regular files of limited size, and no links out of a checkout.
//!
//! A FIFO without a writer blocks whoever opens it, a device may have no end, and a file may be larger than memory. Every input of the
//! program is therefore opened here. What a repository holds is written by whoever proposes a change to it; a symbolic link in it must not
//! make the program read what lies outside ([`stay_inside`]). What the caller names is followed.

mod checkout;
mod dangling;
mod limit;

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;

pub use checkout::{OutsideLink, is_git_folder, repository_top, stay_inside, stay_inside_from};
pub use dangling::DanglingLink;
pub use limit::Limit;

/// Opens a regular file of at most `limit`. Never blocks: a FIFO, a socket or a device is an error, also behind links.
pub fn open_regular(path: &Path, limit: Limit) -> io::Result<File> {
    // Looked at first, since opening alone makes some devices act; and again once open, since it may have been exchanged in between.
    let metadata = std::fs::metadata(path).map_err(|error| missing(path, error))?;
    check(&metadata, limit)?;
    let file = without_blocking().read(true).open(path)?;
    check(&file.metadata()?, limit)?;
    Ok(file)
}

/// `error`, with the link that leads to nothing, where that is why nothing is there.
fn missing(path: &Path, error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::NotFound => DanglingLink::on(path).map_or(error, Into::into),
        _ => error,
    }
}

/// The bytes of a regular file of at most `limit`.
pub fn read_regular(path: &Path, limit: Limit) -> io::Result<Vec<u8>> {
    let file = open_regular(path, limit)?;
    let length = file.metadata()?.len();
    read_onto(bytes_of(length), file, limit)
}

/// The bytes of a regular file that the machine's configuration names; the null device, which switches one off, is empty.
pub fn read_configured(path: &Path, limit: Limit) -> io::Result<Vec<u8>> {
    if is_null_device(path) {
        return Ok(Vec::new());
    }
    read_regular(path, limit)
}

/// The bytes of a regular file that was found in a checkout rather than named by the caller: no link on the way leads out of it.
pub fn read_inside(path: &Path, limit: Limit) -> io::Result<Vec<u8>> {
    stay_inside(path)?;
    read_regular(path, limit)
}

/// All that `reader` holds, which may grow while it is read or have no length at all; an error if it is more than `limit`.
pub fn read_bounded(reader: impl io::Read, limit: Limit) -> io::Result<Vec<u8>> {
    read_onto(Vec::new(), reader, limit)
}

/// Room for a file of this length, and for seeing its end.
fn bytes_of(length: u64) -> Vec<u8> {
    Vec::with_capacity(usize::try_from(length).unwrap_or(0).saturating_add(1))
}

fn read_onto(mut bytes: Vec<u8>, reader: impl io::Read, limit: Limit) -> io::Result<Vec<u8>> {
    reader
        .take(limit.bytes.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit.bytes {
        return Err(limit.exceeded());
    }
    Ok(bytes)
}

/// `error`, with the file that it is about.
pub(crate) fn at(path: &Path, error: io::Error) -> io::Error {
    if OutsideLink::of(&error).is_some() {
        return error;
    }
    io::Error::new(error.kind(), format!("`{}`: {error}", path.display()))
}

/// The text of a regular file of at most `limit`; an error if it is not UTF-8.
pub(crate) fn read_text(path: &Path, limit: Limit) -> io::Result<String> {
    String::from_utf8(read_regular(path, limit)?)
        .map_err(|_utf8| io::Error::from(io::ErrorKind::InvalidData))
}

fn check(metadata: &Metadata, limit: Limit) -> io::Result<()> {
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !metadata.is_file() {
        return Err(io::Error::other(format!(
            "it is {}, not a regular file",
            kind(metadata)
        )));
    }
    if metadata.len() > limit.bytes {
        return Err(limit.exceeded());
    }
    Ok(())
}

#[cfg(unix)]
fn kind(metadata: &Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    let kind = metadata.file_type();
    if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn kind(_: &Metadata) -> &'static str {
    "something else"
}

#[cfg(unix)]
fn without_blocking() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;

    use rustix::fs::OFlags;

    let mut options = OpenOptions::new();
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    options.custom_flags(i32::try_from(flags.bits()).unwrap_or_default());
    options
}

#[cfg(not(unix))]
fn without_blocking() -> OpenOptions {
    OpenOptions::new()
}

/// Whether `path` leads to the null device, which is how people switch a configuration file off.
#[cfg(unix)]
pub fn is_null_device(path: &Path) -> bool {
    use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
    let device = |path: &Path| {
        let metadata = std::fs::metadata(path).ok()?;
        let is_device = metadata.file_type().is_char_device();
        is_device.then(|| metadata.rdev())
    };
    device(path).is_some_and(|number| device(Path::new("/dev/null")) == Some(number))
}

/// Whether `path` names the null device.
#[cfg(not(unix))]
pub fn is_null_device(path: &Path) -> bool {
    path.as_os_str().eq_ignore_ascii_case("nul")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Limit = Limit::new("notes", 4);

    #[test]
    fn a_file_over_its_limit_is_refused_and_the_limit_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "1234").unwrap();
        assert_eq!(read_regular(&path, SMALL).unwrap(), b"1234");
        std::fs::write(&path, "12345").unwrap();
        let error = read_regular(&path, SMALL).unwrap_err().to_string();
        assert!(
            error.contains("4 bytes") && error.contains("notes"),
            "{error}"
        );
        let error = read_bounded(io::repeat(b'x'), SMALL).unwrap_err();
        assert!(error.to_string().contains("4 bytes"), "{error}");
        let error = open_regular(folder.path(), SMALL).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::IsADirectory);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_regular_file_is_refused_at_once_also_behind_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let fifo = folder.path().join("fifo");
        let made = std::process::Command::new("mkfifo").arg(&fifo).status();
        assert!(made.unwrap().success());
        for (path, kind) in [
            (socket.as_path(), "a socket"),
            (&fifo, "a FIFO"),
            (Path::new("/dev/zero"), "a device"),
        ] {
            let link = folder.path().join("link");
            std::os::unix::fs::symlink(path, &link).unwrap();
            for path in [path, &link] {
                let error = read_regular(path, SMALL).unwrap_err().to_string();
                assert!(error.contains(kind), "{}: {error}", path.display());
            }
            std::fs::remove_file(&link).unwrap();
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_null_device_is_an_empty_configuration_and_no_other_device_is() {
        let null = Path::new("/dev/null");
        assert_eq!(read_configured(null, SMALL).unwrap(), b"");
        assert!(read_regular(null, SMALL).is_err());
        assert!(read_configured(Path::new("/dev/zero"), SMALL).is_err());
    }
}
