//! Where an included file is: a path or an address, and how one follows from another.

use lockgate_model::{Files, FilesError};
use url::Url;

use crate::path::{is_absolute, joined, joined_as_written, posix};
use crate::redact::without_credentials;

/// Whether an include is named by address, as pip tells it from a path.
pub(crate) fn is_address(text: &str) -> bool {
    let scheme = text.split_once(':').map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        ["http", "https", "file"]
            .iter()
            .any(|known| scheme.eq_ignore_ascii_case(known))
    })
}

/// The place that `value` names in the file at `from`: beside it, be that on the disk or at an address.
pub(crate) fn beside(from: &str, value: &str) -> Result<String, String> {
    if is_address(from) {
        let wrong = |error: url::ParseError| format!("`{value}` is no address: {error}");
        let base = Url::parse(from).map_err(wrong)?;
        let mut joined = base.join(value).map_err(wrong)?;
        if !value.starts_with('/') && Url::parse(value).is_err() {
            // Python leaves empty parts of a path out where it joins one to another.
            let path = joined.path().replace("//", "/");
            joined.set_path(&path);
        }
        return Ok(joined.into());
    }
    if is_address(value) {
        return Ok(value.to_owned());
    }
    let at = joined(from, value);
    // The folder of the file itself.
    Ok(if at.is_empty() { ".".to_owned() } else { at })
}

/// The same path as messages have it: beside the file as it is shown, with the variables that are written there. `filled` is where it leads.
pub(crate) fn beside_as_written(from: &str, written: &str, filled: &str) -> String {
    if is_absolute(filled) {
        return written.to_owned();
    }
    let at = joined_as_written(from, written);
    // The folder of the file itself.
    if at.is_empty() { ".".to_owned() } else { at }
}

/// The bytes at a place that the caller named.
pub(crate) fn read(files: &dyn Files, place: &str) -> Result<Vec<u8>, FilesError> {
    read_by(files, place, &|path| files.read(path))
}

/// The bytes at a place that the file at `from` names.
pub(crate) fn read_included(
    files: &dyn Files,
    place: &str,
    from: &str,
) -> Result<Vec<u8>, FilesError> {
    read_by(files, place, &|path| files.read_included(path, from))
}

fn read_by(
    files: &dyn Files,
    place: &str,
    read: &dyn Fn(&str) -> Result<Vec<u8>, FilesError>,
) -> Result<Vec<u8>, FilesError> {
    if !is_address(place) {
        return read(place);
    }
    let unusable = |why: String| FilesError::Unreadable(why);
    let url = Url::parse(place).map_err(|error| unusable(error.to_string()))?;
    if url.scheme() != "file" {
        return files.fetch(place);
    }
    if !place.to_ascii_lowercase().starts_with("file://") {
        return Err(unusable("write it as `file:///folder/file`".to_owned()));
    }
    let path = url.to_file_path().map_err(|()| {
        unusable("a `file:` address names a file of this machine: `file:///folder/file`".to_owned())
    })?;
    let path = path
        .to_str()
        .ok_or_else(|| unusable("its path is no text".to_owned()))?;
    read(path)
}

/// A place as people are shown it.
pub(crate) fn shown(place: &str) -> String {
    if is_address(place) {
        without_credentials(place)
    } else {
        posix(place)
    }
}

/// One spelling of a place, to see that a file is being read already.
pub(crate) fn key(place: &str) -> String {
    if place == "-" || is_address(place) {
        place.to_owned()
    } else {
        joined("", place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Texts;

    #[test]
    fn an_include_is_beside_the_file_that_includes_it() {
        for (from, value, place) in [
            ("a/b.in", "c.in", "a/c.in"),
            ("a/b.in", "HTTPS://host.test/c.in", "HTTPS://host.test/c.in"),
            (
                "https://host.test/a/b.in",
                "c.in",
                "https://host.test/a/c.in",
            ),
            (
                "https://host.test/a/b.in?x=1",
                "../c.in",
                "https://host.test/c.in",
            ),
            ("https://host.test//b.in", "c.in", "https://host.test/c.in"),
            ("file:///a/b.in", "/c.in", "file:///c.in"),
            (
                "https://u:p@host.test/b.in",
                "c.in",
                "https://u:p@host.test/c.in",
            ),
        ] {
            assert_eq!(beside(from, value).as_deref(), Ok(place));
        }
    }

    #[test]
    fn a_file_address_is_read_from_the_disk_and_another_is_fetched() {
        let files = Texts::default()
            .with("/a b/c.in", "x")
            .with("https://host.test/c.in", "y");
        assert_eq!(read(&files, "file:///a%20b/c.in").unwrap(), b"x");
        assert_eq!(read(&files, "file://localhost/a%20b/c.in").unwrap(), b"x");
        assert_eq!(read(&files, "https://host.test/c.in").unwrap(), b"y");
        for place in ["file:c.in", "file://elsewhere.test/c.in", "http://[::"] {
            assert!(matches!(
                read(&files, place),
                Err(FilesError::Unreadable(_))
            ));
        }
    }
}
