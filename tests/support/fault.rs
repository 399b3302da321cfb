//! Ways in which a server goes wrong, to be had on demand.

use std::collections::BTreeMap;

use axum::body::{Body, Bytes};
use axum::http::{Response, header};
use futures_util::stream;

use crate::loopback::Answer;

/// What goes wrong with an answer.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Another status, without the content.
    Status(u16),
    /// Another status with `Retry-After`.
    RetryAfter(u16, u32),
    /// No answer, ever.
    Hang,
    /// The connection closes after half of the announced body.
    Truncated,
    /// Well-formed HTTP with half of the content.
    BrokenOff,
    /// The content under another media type.
    ContentType(&'static str),
    /// A body of this many bytes, sent in pieces.
    Huge(u64),
    /// Other content.
    Content(Bytes),
    /// One byte of the body at a time, for ever.
    Drip,
    /// The whole content whatever range is asked for.
    NoRanges,
}

impl Fault {
    /// The response and the status to log; no response stands for one that never comes.
    pub(crate) fn apply(
        self,
        answer: Answer,
        send: impl Fn(Answer) -> Response<Body>,
    ) -> (Option<Response<Body>>, Option<u16>) {
        let response = match self {
            Self::Hang => return (None, None),
            Self::Truncated => return (Some(cut_off(&answer)), None),
            Self::Status(status) => send(Answer::status(status)),
            Self::RetryAfter(status, seconds) => send(Answer {
                retry_after: Some(seconds),
                ..Answer::status(status)
            }),
            Self::BrokenOff => send(Answer {
                body: answer.body.slice(..answer.body.len() / 2),
                ..answer
            }),
            Self::ContentType(content_type) => send(Answer {
                content_type: content_type.to_owned(),
                ..answer
            }),
            Self::Huge(size) => huge(&answer.content_type, size),
            Self::Content(body) => send(Answer {
                status: 200,
                body,
                ..answer
            }),
            Self::Drip => drip(&answer.content_type),
            Self::NoRanges => without_ranges(&answer),
        };
        let status = response.status().as_u16();
        (Some(response), Some(status))
    }
}

/// Announces everything, sends half and breaks the connection.
fn cut_off(answer: &Answer) -> Response<Body> {
    let half = answer.body.slice(..answer.body.len() / 2);
    let broken = std::io::Error::new(std::io::ErrorKind::ConnectionAborted, "cut off on purpose");
    Response::builder()
        .status(answer.status)
        .header(header::CONTENT_TYPE, &answer.content_type)
        .header(header::CONTENT_LENGTH, answer.body.len())
        .body(Body::from_stream(stream::iter([Ok(half), Err(broken)])))
        .expect("the parts are valid")
}

fn huge(content_type: &str, size: u64) -> Response<Body> {
    static PIECE: [u8; 1 << 16] = [b' '; 1 << 16];
    let piece = Bytes::from_static(&PIECE);
    let pieces = (0..size.div_ceil(1 << 16)).map(move |_| Ok::<_, std::io::Error>(piece.clone()));
    Response::builder()
        .header(header::CONTENT_TYPE, content_type)
        .body(Body::from_stream(stream::iter(pieces)))
        .expect("the parts are valid")
}

fn drip(content_type: &str) -> Response<Body> {
    let drops = stream::unfold((), |()| async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ()))
    });
    Response::builder()
        .header(header::CONTENT_TYPE, content_type)
        .body(Body::from_stream(drops))
        .expect("the parts are valid")
}

fn without_ranges(answer: &Answer) -> Response<Body> {
    Response::builder()
        .status(answer.status)
        .header(header::CONTENT_TYPE, &answer.content_type)
        .header(header::CONTENT_LENGTH, answer.body.len())
        .body(Body::from(answer.body.clone()))
        .expect("the parts are valid")
}

/// Which paths are broken, and for how long.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    by_path: BTreeMap<String, (Fault, Option<u32>)>,
}

impl Faults {
    pub(crate) fn set(&mut self, path: &str, fault: Fault, times: Option<u32>) {
        self.by_path.insert(path.to_owned(), (fault, times));
    }

    /// The fault for a request, which uses it up.
    pub(crate) fn take(&mut self, path: &str) -> Option<Fault> {
        let key = self
            .by_path
            .keys()
            .find(|key| {
                *key == path
                    || key
                        .strip_suffix('*')
                        .is_some_and(|start| path.starts_with(start))
            })?
            .clone();
        let (fault, times) = self.by_path.get_mut(&key)?;
        let fault = fault.clone();
        if let Some(times) = times {
            *times -= 1;
            if *times == 0 {
                self.by_path.remove(&key);
            }
        }
        Some(fault)
    }
}
