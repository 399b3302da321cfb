//! Bodies, bounded in size and in patience.
//!
//! The timeout holds for each piece, so a server that drips a byte at a time would never run into it. A body that has been coming for longer
//! than twice the timeout must therefore have come at a kilobyte a second, on average: a tenth of what a telephone line did.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::transport_error;
use crate::error::FetchError;

/// The least bytes per second.
const LEAST_SPEED: u64 = 1024;

/// Reads all of it.
pub(super) async fn read(
    mut answer: reqwest::Response,
    shown: &str,
    limit: u64,
    timeout: Duration,
) -> Result<Bytes, FetchError> {
    let too_large = || FetchError::TooLarge {
        url: shown.to_owned(),
        limit,
    };
    let announced = answer.content_length();
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    // To grow by and by takes twice the memory of a large body. Where there is not as much, the pieces will tell.
    let mut body = Vec::new();
    let _ = body.try_reserve_exact(usize::try_from(announced.unwrap_or(0)).unwrap_or(0));
    let began = Instant::now();
    while let Some(piece) = answer
        .chunk()
        .await
        .map_err(|error| transport_error(shown, &error))?
    {
        if body.len() as u64 + piece.len() as u64 > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&piece);
        let elapsed = began.elapsed();
        if elapsed > 2 * timeout && (body.len() as u64) < LEAST_SPEED * elapsed.as_secs() {
            return Err(FetchError::Slow {
                url: shown.to_owned(),
                bytes: body.len() as u64,
                seconds: elapsed.as_secs(),
            });
        }
    }
    Ok(Bytes::from(body))
}
