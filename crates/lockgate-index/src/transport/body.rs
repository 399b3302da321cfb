//! Bodies, bounded in size and in patience.
//!
//! The timeout holds for each piece, so a server that drips a byte at a time would never run into it. A body that has been coming for longer
//! than twice the timeout must therefore have come at a kilobyte a second, on average: a tenth of what a telephone line did.

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use flate2::write::MultiGzDecoder;
use reqwest::header::CONTENT_ENCODING;
use tempfile::SpooledTempFile;

use super::failure::transport_error;
use crate::error::FetchError;

/// The least bytes per second.
const LEAST_SPEED: u64 = 1024;

/// The most bytes that are decoded before what they come to is held against the limit: a thousand times as much, at worst.
const DECODED_AT_ONCE: usize = 8 * 1024;

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

/// How a body is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading<'a> {
    /// The address, for messages.
    pub(super) shown: &'a str,
    /// The most bytes, decoded.
    pub(super) limit: u64,
    /// The longest wait for a piece.
    pub(super) timeout: Duration,
    /// Whether it is taken as it comes: of a file the bytes that are sent are the ones that its digest is of, whatever coding is stated.
    pub(super) as_it_comes: bool,
}

/// What came of a body so far, decoded.
struct Room<'a, B> {
    body: B,
    read: u64,
    reading: Reading<'a>,
}

impl<B: io::Write> Room<'_, B> {
    fn add(&mut self, bytes: &[u8]) -> Result<(), FetchError> {
        self.read += bytes.len() as u64;
        if self.read > self.reading.limit {
            return Err(self.reading.too_large());
        }
        self.body
            .write_all(bytes)
            .map_err(|error| FetchError::Disk {
                url: self.reading.shown.to_owned(),
                why: error.to_string(),
            })
    }
}

impl Reading<'_> {
    fn too_large(&self) -> FetchError {
        FetchError::TooLarge {
            url: self.shown.to_owned(),
            limit: self.limit,
        }
    }

    fn broken(&self, error: &io::Error) -> FetchError {
        FetchError::Transport {
            url: self.shown.to_owned(),
            why: format!("its body is not the gzip that its headers state: {error}"),
            timeout: false,
            may_pass: true,
        }
    }
}

/// Reads all of it into `body`, decoded unless it is taken as it comes; with how many bytes that are.
pub(super) async fn read<B: io::Write>(
    mut answer: reqwest::Response,
    body: B,
    reading: Reading<'_>,
) -> Result<(B, u64), FetchError> {
    let announced = answer.content_length();
    if announced.is_some_and(|length| length > reading.limit) {
        return Err(reading.too_large());
    }
    let is_encoded = !reading.as_it_comes && has_gzip(&answer);
    let mut decoder = is_encoded.then(|| MultiGzDecoder::new(Vec::new()));
    let mut room = Room {
        body,
        read: 0,
        reading,
    };
    let (began, mut came) = (Instant::now(), 0);
    while let Some(piece) = answer
        .chunk()
        .await
        .map_err(|error| transport_error(reading.shown, &error, None))?
    {
        came += piece.len() as u64;
        match &mut decoder {
            None => room.add(&piece)?,
            Some(decoder) => {
                for part in piece.chunks(DECODED_AT_ONCE) {
                    let decoded = decoder.write_all(part);
                    decoded.map_err(|error| reading.broken(&error))?;
                    room.add(&std::mem::take(decoder.get_mut()))?;
                }
            }
        }
        let elapsed = began.elapsed();
        if elapsed > 2 * reading.timeout && came < LEAST_SPEED * elapsed.as_secs() {
            return Err(FetchError::Slow {
                url: reading.shown.to_owned(),
                bytes: came,
                seconds: elapsed.as_secs(),
            });
        }
    }
    if let Some(decoder) = decoder.filter(|_| came > 0) {
        let rest = decoder.finish();
        room.add(&rest.map_err(|error| reading.broken(&error))?)?;
    }
    Ok((room.body, room.read))
}

/// Whether the body is compressed, by its headers. No other coding is asked for.
fn has_gzip(answer: &reqwest::Response) -> bool {
    let coding = answer.headers().get(CONTENT_ENCODING);
    let coding = coding.and_then(|value| value.to_str().ok());
    coding.is_some_and(|coding| {
        let coding = coding.trim();
        coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip")
    })
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write as _};
    use std::time::Duration;

    use super::{Reading, read};
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

    fn reading(limit: u64, timeout: Duration, as_it_comes: bool) -> Reading<'static> {
        Reading {
            shown: "there",
            limit,
            timeout,
            as_it_comes,
        }
    }

    #[test]
    fn bodies_are_decoded_within_their_limit_and_files_are_taken_as_they_come() {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let (runtime, timeout) = (runtime.unwrap(), Duration::from_secs(1));
        let pack = |text: &[u8]| {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        };
        let fetch = |coding: &str, body: Vec<u8>, limit: u64, as_it_comes: bool| {
            let answer = http::Response::builder().header("content-encoding", coding);
            let answer = reqwest::Response::from(answer.body(body).unwrap());
            let reading = reading(limit, timeout, as_it_comes);
            let body = runtime.block_on(read(answer, Vec::new(), reading));
            body.map(|(body, length)| {
                assert_eq!(body.len() as u64, length);
                body
            })
        };
        let zeros = vec![0; 1 << 20];
        let packed = pack(&zeros);
        assert_eq!(
            fetch("gzip", packed.clone(), 1 << 20, false).unwrap(),
            zeros
        );
        assert_eq!(
            fetch("X-GZIP", packed.clone(), 1 << 20, false).unwrap(),
            zeros
        );
        assert_eq!(
            fetch("gzip", packed.clone(), 1 << 20, true).unwrap(),
            packed
        );
        assert_eq!(
            fetch("identity", packed.clone(), 1 << 20, false).unwrap(),
            packed
        );
        // Two members are one body, and none is an empty one.
        let two = [pack(b"a"), pack(b"b")].concat();
        let empty = Vec::new();
        assert_eq!(fetch("gzip", two, 99, false).unwrap(), b"ab");
        assert_eq!(fetch("gzip", empty, 99, false).unwrap(), b"");
        let error = fetch("gzip", packed.clone(), (1 << 20) - 1, false).unwrap_err();
        assert!(matches!(error, FetchError::TooLarge { .. }), "{error}");
        for broken in [packed[..packed.len() - 9].to_vec(), b"plain".to_vec()] {
            let error = fetch("gzip", broken, 1 << 20, false).unwrap_err();
            let may_pass = matches!(error, FetchError::Transport { may_pass: true, .. });
            assert!(may_pass, "{error}");
        }
    }

    #[test]
    fn a_full_disk_is_told_as_one() {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let (runtime, timeout) = (runtime.unwrap(), Duration::from_secs(1));
        let fetch = |room: usize, limit: u64| {
            let answer = reqwest::Response::from(http::Response::new("twelve bytes"));
            runtime.block_on(read(answer, Small(room), reading(limit, timeout, false)))
        };
        assert_eq!(fetch(12, 12).unwrap().0.0, 0);
        let error = fetch(11, 12).unwrap_err();
        assert!(matches!(error, FetchError::Disk { .. }), "{error}");
        assert!(error.remedy().unwrap().contains("TMPDIR"));
        let error = fetch(12, 11).unwrap_err();
        assert!(matches!(error, FetchError::TooLarge { .. }), "{error}");
    }
}
