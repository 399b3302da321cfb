//! Fetches the metadata of one file, by the cheapest way that the server offers.

use std::io::{self, Seek as _};

use bytes::Bytes;
use lockgate_model::{CoreMetadata, DistFile, DistKind, Name, Sha256, UnusableReason};
use reqwest::StatusCode;
use reqwest::header::CONTENT_RANGE;
use tempfile::SpooledTempFile;
use url::Url;

use super::headers::{self, Stated};
use super::sdist::{self, Extent};
use super::stored;
use super::wheel::{Step, WheelProbe};
use crate::error::FetchError;
use crate::redact::redact_url;
use crate::transport::{Request, Response, Suffixes, Transport};

/// What is asked of a wheel first: its end. Holds directory and METADATA of nine wheels in ten.
const FIRST_RANGE: u64 = 16 * 1024;

/// The largest file that is fetched whole.
const WHOLE_LIMIT: u64 = 512 * 1024 * 1024;

/// A file and what it should be the file of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) name: &'a Name,
    pub(crate) file: &'a DistFile,
}

/// What was fetched of a file.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// The stored form of its metadata, also when they turn out to be of no use.
    pub(crate) stored: Vec<u8>,
    /// Whether another try may come to something else: an unreadable archive may have been broken on its way.
    pub(crate) is_doubtful: bool,
    /// Whether they have the digest that the index states for them.
    pub(crate) is_verified: bool,
    /// The metadata file that the index states and does not have.
    pub(crate) missing: Option<Url>,
    /// The source distribution, where only a build tells its metadata.
    pub(crate) unbuilt: Option<SpooledTempFile>,
}

/// The metadata of a file. An error: they could not be learned.
pub(crate) async fn fetch(
    transport: &Transport,
    source: Source<'_>,
) -> Result<Fetched, FetchError> {
    let (mut unbuilt, mut missing) = (None, None);
    let (learned, is_verified) = match source.file.kind() {
        Some(DistKind::Wheel(_)) => {
            let of_wheel = of_wheel(transport, source).await?;
            missing = of_wheel.missing;
            (of_wheel.learned, of_wheel.is_verified)
        }
        Some(DistKind::Sdist) => {
            let (learned, archive) = of_sdist(transport, source).await?;
            if matches!(learned, Err(UnusableReason::NeedsBuild(_))) {
                unbuilt = archive;
            }
            (learned, false)
        }
        None => (
            Err(UnusableReason::BadArchive(
                "its name is of no wheel and no source distribution".to_owned(),
            )),
            false,
        ),
    };
    let is_doubtful = matches!(learned, Err(UnusableReason::BadArchive(_)));
    Ok(Fetched {
        stored: stored::encode(learned),
        is_doubtful,
        is_verified,
        missing,
        unbuilt,
    })
}

type Learned = Result<Stated, UnusableReason>;

/// What was learned of a wheel.
struct OfWheel {
    learned: Learned,
    /// Whether it has the digest that the index states.
    is_verified: bool,
    /// The metadata file that the index states and does not have.
    missing: Option<Url>,
}

async fn of_wheel(transport: &Transport, source: Source<'_>) -> Result<OfWheel, FetchError> {
    let (mut served, mut missing, mut is_verified) = (None, None, false);
    if let CoreMetadata::Served(digest) = source.file.core_metadata {
        let mut url = address(source.file)?;
        url.set_path(&format!("{}.metadata", url.path()));
        served = served_beside(transport, &url, digest).await?;
        is_verified = served.is_some() && digest.is_some();
        missing = served.is_none().then_some(url);
    }
    let text = match served {
        Some(text) => Ok(text.to_vec()),
        None => from_inside(transport, source).await?,
    };
    Ok(OfWheel {
        learned: text.and_then(|text| headers::of_wheel(&text)),
        is_verified,
        missing,
    })
}

/// PEP 658. None: the index announced it and does not have it, which happens on mirrors.
async fn served_beside(
    transport: &Transport,
    url: &Url,
    digest: Option<Sha256>,
) -> Result<Option<Bytes>, FetchError> {
    let response = transport
        .send(Request::file(url.clone(), super::LIMIT))
        .await?;
    match response.status {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND | StatusCode::GONE => return Ok(None),
        _ => return Err(status(&response)),
    }
    verify(&response, digest)?;
    Ok(Some(response.body))
}

/// Range requests, or the whole wheel where the server can't or won't answer them as it should.
async fn from_inside(
    transport: &Transport,
    source: Source<'_>,
) -> Result<Result<Vec<u8>, UnusableReason>, FetchError> {
    let Some(mut probe) = end_of(transport, source).await? else {
        return from_whole(transport, source).await;
    };
    loop {
        let range = match probe.step() {
            Ok(Step::Done(metadata)) => return Ok(Ok(metadata)),
            Ok(Step::Need(range)) => range,
            Err(reason) => return Ok(Err(reason)),
        };
        let asked = format!("bytes={}-{}", range.start, range.end - 1);
        let response = part(transport, source, &asked).await?;
        match content_range(&response) {
            Some((start, _))
                if start == range.start
                    && response.body.len() as u64 == range.end - range.start =>
            {
                probe.supply(start, response.body);
            }
            _ => return from_whole(transport, source).await,
        }
    }
}

/// A probe that knows the wheel's end, or all of it if that came instead. None: the whole is to be asked for.
///
/// Some servers answer 416 to the last bytes of a file: those at all, or those of a file with fewer. What a server says is remembered, and
/// the length that it states with 416 is used, as is that of the page.
async fn end_of(
    transport: &Transport,
    source: Source<'_>,
) -> Result<Option<WheelProbe>, FetchError> {
    let (url, size) = (address(source.file)?, source.file.size);
    let length = match (transport.suffixes_of(&url), size) {
        (Suffixes::NotBeyond, Some(size)) if size < FIRST_RANGE => return Ok(None),
        (Suffixes::Unknown | Suffixes::NotBeyond, _) => None,
        (Suffixes::Refused, Some(size)) => Some(size),
        (Suffixes::Refused, None) => return Ok(None),
    };
    if let Some(length) = length {
        return end_by_length(transport, source, length).await;
    }
    let response = part(transport, source, &format!("bytes=-{FIRST_RANGE}")).await?;
    if response.status != StatusCode::RANGE_NOT_SATISFIABLE {
        return first_part(source, response);
    }
    let stated = unsatisfied_length(&response);
    if stated.is_some_and(|length| length < FIRST_RANGE) {
        transport.remember_suffixes(&url, Suffixes::NotBeyond);
        return Ok(None);
    }
    transport.remember_suffixes(&url, Suffixes::Refused);
    match stated.or(size) {
        Some(length) => end_by_length(transport, source, length).await,
        None => Ok(None),
    }
}

/// The same, asked for by where it begins. A length that is wrong shows in the answer.
async fn end_by_length(
    transport: &Transport,
    source: Source<'_>,
    length: u64,
) -> Result<Option<WheelProbe>, FetchError> {
    let Some(start) = length.checked_sub(FIRST_RANGE).filter(|start| *start > 0) else {
        return Ok(None);
    };
    let range = format!("bytes={start}-{}", length - 1);
    let response = part(transport, source, &range).await?;
    first_part(source, response)
}

/// What a range request for the end of a wheel came to.
fn first_part(source: Source<'_>, response: Response) -> Result<Option<WheelProbe>, FetchError> {
    if response.status == StatusCode::OK {
        verify(&response, source.file.sha256)?;
        let mut probe = WheelProbe::new(source.name, response.body.len() as u64);
        probe.supply(0, response.body);
        return Ok(Some(probe));
    }
    Ok(content_range(&response)
        .filter(|(start, length)| start + response.body.len() as u64 == *length)
        .map(|(start, length)| {
            let mut probe = WheelProbe::new(source.name, length);
            probe.supply(start, response.body);
            probe
        }))
}

/// The answer to a range request: 206, 200 with the whole, or whatever a server says that refuses ranges.
async fn part(
    transport: &Transport,
    source: Source<'_>,
    range: &str,
) -> Result<Response, FetchError> {
    let request = Request::file(address(source.file)?, WHOLE_LIMIT).range(range);
    let response = transport.send(request).await?;
    match response.status {
        StatusCode::NOT_FOUND | StatusCode::GONE => Err(status(&response)),
        _ => Ok(response),
    }
}

async fn from_whole(
    transport: &Transport,
    source: Source<'_>,
) -> Result<Result<Vec<u8>, UnusableReason>, FetchError> {
    let request = Request::file(address(source.file)?, WHOLE_LIMIT);
    let response = transport.send(request).await?;
    if response.status != StatusCode::OK {
        return Err(status(&response));
    }
    verify(&response, source.file.sha256)?;
    let mut probe = WheelProbe::new(source.name, response.body.len() as u64);
    probe.supply(0, response.body);
    Ok(match probe.step() {
        Ok(Step::Done(metadata)) => Ok(metadata),
        Ok(Step::Need(_)) => Err(UnusableReason::BadArchive("it breaks off".to_owned())),
        Err(reason) => Err(reason),
    })
}

/// What was learned, and the archive if it was fetched.
async fn of_sdist(
    transport: &Transport,
    source: Source<'_>,
) -> Result<(Learned, Option<SpooledTempFile>), FetchError> {
    let request = Request::file(address(source.file)?, WHOLE_LIMIT);
    let response = transport.send_to_disk(request).await?;
    if response.status != StatusCode::OK {
        return Err(status(&response));
    }
    let digest = source.file.sha256;
    // A digest vouches for what is not looked at.
    let extent = digest.map_or(Extent::Whole, |_| Extent::Needed);
    let filename = source.file.filename.clone();
    let read = tokio::task::spawn_blocking(move || {
        let (url, mut archive) = (response.url, response.body);
        if let Some(stated) = digest {
            archive.rewind().map_err(|error| unread(&url, &error))?;
            let actual = Sha256::of_reader(&mut archive);
            agree(&url, stated, actual.map_err(|error| unread(&url, &error))?)?;
        }
        let stated = sdist::stated(&filename, extent, &mut archive);
        Ok((stated, Some(archive)))
    });
    let broken_off = |error| FetchError::Answer {
        url: redact_url(&source.file.url),
        why: format!("unpacking it was broken off: {error}"),
    };
    read.await.map_err(broken_off)?
}

/// Where a 206 begins, and how long the whole is (RFC 9110, section 14.4).
fn content_range(response: &Response) -> Option<(u64, u64)> {
    if response.status != StatusCode::PARTIAL_CONTENT {
        return None;
    }
    let (range, length) = response
        .header(&CONTENT_RANGE)?
        .trim()
        .strip_prefix("bytes ")?
        .split_once('/')?;
    let (start, end) = range.split_once('-')?;
    let (start, end): (u64, u64) = (start.trim().parse().ok()?, end.trim().parse().ok()?);
    let length: u64 = length.trim().parse().ok()?;
    let is_sound = start <= end && end < length && end - start + 1 == response.body.len() as u64;
    is_sound.then_some((start, length))
}

/// How long the whole is, by a 416 (`bytes */LENGTH`).
fn unsatisfied_length(response: &Response) -> Option<u64> {
    let range = response.header(&CONTENT_RANGE)?.trim();
    range.strip_prefix("bytes */")?.trim().parse().ok()
}

fn verify(response: &Response, stated: Option<Sha256>) -> Result<(), FetchError> {
    stated.map_or(Ok(()), |stated| {
        agree(&response.url, stated, Sha256::of(&response.body))
    })
}

fn agree(url: &Url, stated: Sha256, actual: Sha256) -> Result<(), FetchError> {
    if actual == stated {
        return Ok(());
    }
    Err(FetchError::Answer {
        url: redact_url(url.as_str()),
        why: format!("its hash differs: the index states sha256 {stated}, the file has {actual}"),
    })
}

fn unread(url: &Url, error: &io::Error) -> FetchError {
    FetchError::Disk {
        url: redact_url(url.as_str()),
        why: error.to_string(),
    }
}

fn address(file: &DistFile) -> Result<Url, FetchError> {
    Url::parse(&file.url).map_err(|error| FetchError::Answer {
        url: redact_url(&file.url),
        why: format!("it is no address: {error}"),
    })
}

fn status<B>(response: &Response<B>) -> FetchError {
    let url = redact_url(response.url.as_str());
    match response.status {
        StatusCode::NOT_FOUND | StatusCode::GONE => FetchError::NotFound { url },
        status => FetchError::Status {
            url,
            status: status.as_u16(),
        },
    }
}
