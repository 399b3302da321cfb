//! Bodies, bounded in size and in patience.
//!
//! The timeout holds for each piece, so a server that drips a byte at a time would never run into it. A body that has been coming for longer
//! than twice the timeout must therefore have come at a kilobyte a second, on average: a tenth of what a telephone line did.

use std::io;
use std::time::{Duration, Instant};

use tempfile::SpooledTempFile;

use super::transport_error;
use crate::error::FetchError;

/// The least bytes per second.
const LEAST_SPEED: u64 = 1024;

/// No more of a body that goes to disk is kept in memory: most source distributions are smaller.
const MOST_IN_MEMORY: usize = 4 * 1024 * 1024;

/// Room in memory. To grow by and by takes twice the memory of a large body; where there is not as much as announced, the pieces will tell.
pub(super) fn in_memory(announced: Option<u64>) -> Vec<u8> {
    let mut body = Vec::new();
    let _ = body.try_reserve_exact(usize::try_from(announced.unwrap_or(0)).unwrap_or(0));
    body
}

/// Room on disk, for what outgrows a little memory.
pub(super) fn on_disk(_announced: Option<u64>) -> SpooledTempFile {
    SpooledTempFile::new(MOST_IN_MEMORY)
}

/// Reads all of it into `body`.
pub(super) async fn read<B: io::Write>(
    mut answer: reqwest::Response,
    mut body: B,
    shown: &str,
    limit: u64,
    timeout: Duration,
) -> Result<B, FetchError> {
    let too_large = || FetchError::TooLarge {
        url: shown.to_owned(),
        limit,
    };
    let announced = answer.content_length();
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let (began, mut read) = (Instant::now(), 0);
    while let Some(piece) = answer
        .chunk()
        .await
        .map_err(|error| transport_error(shown, &error))?
    {
        read += piece.len() as u64;
        if read > limit {
            return Err(too_large());
        }
        body.write_all(&piece).map_err(|error| FetchError::Disk {
            url: shown.to_owned(),
            why: error.to_string(),
        })?;
        let elapsed = began.elapsed();
        if elapsed > 2 * timeout && read < LEAST_SPEED * elapsed.as_secs() {
            return Err(FetchError::Slow {
                url: shown.to_owned(),
                bytes: read,
                seconds: elapsed.as_secs(),
            });
        }
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::Duration;

    use super::read;
    use crate::error::FetchError;

    /// A disk with room for some bytes.
    #[derive(Debug)]
    struct Small(usize);

    impl io::Write for Small {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self
                .0
                .checked_sub(bytes.len())
                .ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_is_told_as_one() {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let (runtime, timeout) = (runtime.unwrap(), Duration::from_secs(1));
        let fetch = |room: usize, limit: u64| {
            let answer = reqwest::Response::from(http::Response::new("twelve bytes"));
            runtime.block_on(read(answer, Small(room), "there", limit, timeout))
        };
        assert_eq!(fetch(12, 12).unwrap().0, 0);
        let error = fetch(11, 12).unwrap_err();
        assert!(matches!(error, FetchError::Disk { .. }), "{error}");
        assert!(error.remedy().unwrap().contains("TMPDIR"));
        let error = fetch(12, 11).unwrap_err();
        assert!(matches!(error, FetchError::TooLarge { .. }), "{error}");
    }
}
