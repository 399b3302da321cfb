//! Addresses without their secrets.

use url::Url;

/// `url` as it may be shown: a password, or a user name that may be a token, becomes `****`.
pub fn redact_url(url: &str) -> String {
    let Ok(mut parsed) = Url::parse(url) else {
        return url.to_owned();
    };
    if parsed.username().is_empty() && parsed.password().is_none() {
        return url.to_owned();
    }
    // An address without a host has no credentials to set; it was returned above.
    let shown = if parsed.password().is_some() {
        parsed.set_password(Some("****"))
    } else {
        parsed.set_username("****")
    };
    if shown.is_err() {
        return format!("{}://****", parsed.scheme());
    }
    parsed.into()
}

#[cfg(test)]
mod tests {
    use super::redact_url;

    #[test]
    fn secrets_of_an_address_are_not_shown() {
        for (url, shown) in [
            (
                "https://user:secret@index.test/simple",
                "https://user:****@index.test/simple",
            ),
            (
                "https://token@index.test/simple",
                "https://****@index.test/simple",
            ),
            ("https://index.test/simple", "https://index.test/simple"),
            ("not an address", "not an address"),
        ] {
            assert_eq!(redact_url(url), shown);
        }
    }
}
