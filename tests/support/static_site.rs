//! A site of single answers at fixed paths, for what is no index.

use std::collections::BTreeMap;

use crate::loopback::{Answer, Incoming, Loopback, Site};

/// Answers by path; what is not there is 404.
#[derive(Debug, Clone, Default)]
pub struct StaticSite {
    answers: BTreeMap<String, Answer>,
}

impl StaticSite {
    /// Puts an answer at a path.
    #[must_use]
    pub fn with(mut self, path: &str, answer: Answer) -> Self {
        self.answers.insert(path.to_owned(), answer);
        self
    }

    /// Puts a page at a path.
    #[must_use]
    pub fn with_page(self, path: &str, html: &str) -> Self {
        self.with(path, Answer::ok("text/html", html.to_owned()))
    }

    /// Serves it.
    pub fn start(self) -> Loopback<Self> {
        Loopback::start(self)
    }
}

impl Site for StaticSite {
    fn answer(&self, request: &Incoming) -> Answer {
        let answer = self.answers.get(&request.path);
        answer.cloned().unwrap_or_else(|| Answer::status(404))
    }
}
