//! A text that a user names by address, such as an included requirement file.

use reqwest::StatusCode;
use url::Url;

use crate::Index;
use crate::error::FetchError;
use crate::redact::redact_url;
use crate::transport::Request;

/// No requirement file is longer.
const LIMIT: u64 = 64 << 20;

impl Index {
    /// The bytes at an `http:` or `https:` address as they are now; nothing of it is kept. Blocks, so it is not for the runtime's threads.
    pub fn document(&self, address: &str) -> Result<Vec<u8>, FetchError> {
        let shown = redact_url(address);
        let url = Url::parse(address).map_err(|error| FetchError::Answer {
            url: shown.clone(),
            why: error.to_string(),
        })?;
        let request = Request::get(url, "text/plain, */*;q=0.1", LIMIT);
        let response = self
            .shared
            .runtime
            .block_on(self.shared.transport.send(request))?;
        match response.status {
            StatusCode::OK => Ok(response.body.to_vec()),
            StatusCode::NOT_FOUND | StatusCode::GONE => Err(FetchError::NotFound { url: shown }),
            status => Err(FetchError::Status {
                url: shown,
                status: status.as_u16(),
            }),
        }
    }
}
