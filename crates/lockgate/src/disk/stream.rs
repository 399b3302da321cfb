//! Inputs that are streams: standard input, and descriptors that a shell passes by name (`lock <(pip freeze) -o …`).
//!
//! Only what the caller names is read as a stream; a file that a checkout or a source leads to must be a regular one.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::sync::{Mutex, PoisonError};

use lockgate_index::files::{Limit, read_bounded};

/// A stream that is open already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stream {
    descriptor: u32,
}

/// The stream that `path` names, if it names one: `-`, `/dev/stdin`, `/dev/fd/N`, `/proc/self/fd/N`.
pub(super) fn of(path: &str) -> Option<Stream> {
    let descriptor = match path {
        "-" => 0,
        "/dev/stdin" if cfg!(unix) => 0,
        _ if cfg!(unix) => {
            let number = path
                .strip_prefix("/dev/fd/")
                .or_else(|| path.strip_prefix("/proc/self/fd/"))?;
            number.parse().ok()?
        }
        _ => return None,
    };
    Some(Stream { descriptor })
}

impl Stream {
    /// Its bytes. A stream can be read once: whoever asks again gets the same bytes.
    pub(super) fn read(self) -> io::Result<Vec<u8>> {
        static READ: Mutex<BTreeMap<u32, Vec<u8>>> = Mutex::new(BTreeMap::new());
        let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = read.get(&self.descriptor) {
            return Ok(bytes.clone());
        }
        let bytes = if self.descriptor == 0 {
            read_bounded(io::stdin().lock(), Limit::SOURCE)?
        } else {
            let file = File::open(format!("/dev/fd/{}", self.descriptor))?;
            read_bounded(file, Limit::SOURCE)?
        };
        read.insert(self.descriptor, bytes.clone());
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_descriptors_are_streams() {
        assert_eq!(of("-"), Some(Stream { descriptor: 0 }));
        for path in [
            "requirements.in",
            "/dev/fd/x",
            "/dev/fd/3/a",
            "/dev/zero",
            "dev/fd/3",
        ] {
            assert_eq!(of(path), None, "{path}");
        }
        if cfg!(unix) {
            for (path, descriptor) in [
                ("/dev/stdin", 0),
                ("/dev/fd/63", 63),
                ("/proc/self/fd/7", 7),
            ] {
                assert_eq!(of(path), Some(Stream { descriptor }), "{path}");
            }
        }
    }
}
