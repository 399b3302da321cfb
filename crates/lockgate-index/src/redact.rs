//! Addresses without their secrets.

use lockgate_model::secret;
use url::Url;

/// Returns `url` as it may be shown: a password, a user name that may be a token, and the values of a query become `****`; values of variables
/// become their names.
pub fn redact_url(url: &str) -> String {
    // A path, or what is no address at all: nothing in it tells the value of a variable from the rest.
    let is_usual = ["http://", "https://", "file://"]
        .iter()
        .any(|scheme| url.starts_with(scheme) || url.starts_with(&format!("git+{scheme}")));
    if !is_usual && let Some(written) = secret::written(url) {
        return secret::without_query_values(&written).into_owned();
    }
    let shown = without_login(url);
    let shown = match shown.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{}", secret::without_query_values(rest)),
        None => shown,
    };
    secret::hide(&shown).into_owned()
}

fn without_login(url: &str) -> String {
    let Ok(mut parsed) = Url::parse(url) else {
        return without_what_may_be_secret(url);
    };
    if !parsed.has_host() {
        return without_what_may_be_secret(url);
    }
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

/// `url` without user name and password.
pub(crate) fn without_credentials(url: &Url) -> Url {
    let mut url = url.clone();
    // An address without a host has none to take away.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

/// Of a text that is no address, all that might be meant as credentials becomes `****`.
fn without_what_may_be_secret(text: &str) -> String {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), text),
    };
    match rest.rsplit_once('@') {
        Some((_, place)) => format!("{scheme}****@{place}"),
        None => text.to_owned(),
    }
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
            (
                "http://user:sec@ret@index.test:99999/simple",
                "http://****@index.test:99999/simple",
            ),
            ("http://user:secret@[::1/simple", "http://****@[::1/simple"),
            ("user:secret@index.test", "****@index.test"),
            (
                "https://index.test/links?token=s3cret&x#sha256=0",
                "https://index.test/links?token=****&x#sha256=0",
            ),
        ] {
            assert_eq!(redact_url(url), shown);
        }
    }
}
