//! A site that wants to know who asks.

use axum::http::header;
use base64::Engine as _;

use crate::loopback::{Answer, Incoming, Site};

/// A site behind Basic authentication.
pub struct Guarded<S> {
    site: S,
    expected: String,
    refusal: u16,
}

impl<S: Site> Guarded<S> {
    /// Lets in who gives this user and password, and answers 401 to all others.
    pub fn new(site: S, user: &str, password: &str) -> Self {
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        Self {
            site,
            expected: format!("Basic {pair}"),
            refusal: 401,
        }
    }

    /// Answers another status to who is not let in.
    #[must_use]
    pub fn refusing_with(mut self, status: u16) -> Self {
        self.refusal = status;
        self
    }
}

impl<S: Site> Site for Guarded<S> {
    fn answer(&self, request: &Incoming) -> Answer {
        if request.header(header::AUTHORIZATION) == self.expected {
            return self.site.answer(request);
        }
        Answer {
            headers: vec![(header::WWW_AUTHENTICATE, "Basic realm=\"index\"".to_owned())],
            ..Answer::status(self.refusal)
        }
    }
}
