//! A source as text: read through the port, UTF-8, and no binary file.

use lockgate_model::{Files, FilesError};

use crate::error::InputError;

/// The bytes of the file at `path`, which somebody named.
pub(crate) fn read(files: &dyn Files, path: &str) -> Result<Vec<u8>, InputError> {
    files.read(path).map_err(|error| unreadable(path, &error))
}

/// Why the file at `path` cannot be read, and what to do about it.
pub(crate) fn unreadable(path: &str, error: &FilesError) -> InputError {
    let input = InputError::new(path, format!("cannot be read: {error}"));
    match error {
        FilesError::Missing => input.remedy("check the path"),
        FilesError::Unreadable(_) => input.remedy(
            "name a file that can be read: requirements, `pyproject.toml`, `setup.cfg`, or a script",
        ),
        FilesError::Refused { help, .. } => input.remedy(help.clone()),
    }
}

/// The bytes of the file at `path`, which lies next to the file at `from`, if it is there.
pub(crate) fn read_next_to(
    files: &dyn Files,
    path: &str,
    from: &str,
) -> Result<Option<Vec<u8>>, InputError> {
    match files.read_included(path, from) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(FilesError::Missing) => Ok(None),
        Err(error) => Err(unreadable(path, &error)),
    }
}

/// `bytes` as UTF-8, without a byte order mark. `what` completes "it is a binary file, and no …".
pub(crate) fn utf8<'a>(file: &str, bytes: &'a [u8], what: &str) -> Result<&'a str, InputError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(
            InputError::new(file, "it is UTF-16 text, and must be UTF-8")
                .remedy("save it as UTF-8"),
        );
    }
    if bytes.contains(&0) {
        return Err(
            InputError::new(file, format!("it is a binary file, and no {what}"))
                .remedy("check the path"),
        );
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.iter().take(error.valid_up_to());
        let line = 1 + before.filter(|byte| **byte == b'\n').count();
        InputError::new(file, "it is not UTF-8 text")
            .at(line)
            .remedy("save it as UTF-8")
    })
}

#[cfg(test)]
mod tests {
    use super::utf8;

    #[test]
    fn what_is_no_text_is_told_apart() {
        for (bytes, line, part) in [
            (b"\xff\xfea\0".as_slice(), None, "UTF-16"),
            (b"PK\x03\x04\0", None, "binary"),
            (b"a\nb\n\xe9", Some(3), "not UTF-8"),
        ] {
            let error = utf8("a", bytes, "thing").unwrap_err();
            assert!(error.message.contains(part), "{error}");
            assert_eq!(error.line, line);
            assert!(error.remedy.is_some());
        }
        assert_eq!(utf8("a", b"\xef\xbb\xbfx", "thing").unwrap(), "x");
    }
}
