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
        body.write_all(&piece).map_err(|error| FetchError::Answer {
            url: shown.to_owned(),
            why: format!("it cannot be written to the temporary folder: {error}"),
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
