//! Which addresses of advisories a policy of the checkout may name: whoever proposes a change may have written it.

use lockgate_formats::AdvisorySource;
use lockgate_index::{FeedSource, TrustedHost, is_public, redact_url};
use url::Url;

use crate::failure::Failure;
use crate::indexes::host_of;
use crate::request::Settings;
use crate::world::World;

/// Refuses an address that a found policy may not name, and confines what is asked of one that it may. The caller and the floor may name
/// any, and with it its host.
pub(crate) fn admit(
    named: &AdvisorySource,
    source: &FeedSource,
    settings: &Settings,
    world: &World,
) -> Result<(), Failure> {
    let (FeedSource::Service(url) | FeedSource::RemoteArchive(url)) = source else {
        return Ok(());
    };
    if named.is_trusted || !named.is_address() {
        return Ok(());
    }
    let trusted = settings
        .advisories
        .iter()
        .filter(|source| source.is_trusted);
    let trusted = trusted.filter_map(|source| host_of(&Url::parse(&source.source).ok()?));
    let hosts: Vec<TrustedHost> = trusted.chain(world.named_hosts.iter().cloned()).collect();
    if let Some(why) = objection(url, source, &hosts) {
        let shown = redact_url(url.as_str());
        return Err(
            Failure::new(format!("{}: the advisory source {shown} {why}", named.origin)).remedy(
                "if it is right, name it yourself: with `--advisories`, or in a policy of the machine or the user",
            ),
        );
    }
    world.index.confine(std::slice::from_ref(url), &hosts);
    Ok(())
}

/// Why an address of a found policy isn't asked, if it isn't.
fn objection(url: &Url, source: &FeedSource, named: &[TrustedHost]) -> Option<&'static str> {
    if named.iter().any(|host| host.covers(url)) {
        return None;
    }
    if !is_public(url) {
        return Some("leads to this machine or into a private network");
    }
    let is_pinned = matches!(source, FeedSource::RemoteArchive(_))
        && url.fragment().unwrap_or_default().starts_with("sha256=");
    (url.scheme() != "https" && !is_pinned)
        .then_some("is not `https`, and has no `#sha256=…` that says what is there")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_found_policy_may_name_public_hosts_over_https_and_what_others_name() {
        let digest = "0".repeat(64);
        for (address, is_admitted) in [
            ("https://example.org/all.zip".to_owned(), true),
            ("https://example.org/api".to_owned(), true),
            ("http://example.org/all.zip".to_owned(), false),
            ("http://example.org/api".to_owned(), false),
            (format!("http://example.org/all.zip#sha256={digest}"), true),
            // A service has no digest.
            (format!("http://example.org/api#sha256={digest}"), false),
            (format!("http://127.0.0.1/all.zip#sha256={digest}"), false),
            ("https://127.0.0.1/api".to_owned(), false),
            ("https://2130706433/api".to_owned(), false),
            ("https://[::ffff:127.0.0.1]/api".to_owned(), false),
            ("https://localhost./api".to_owned(), false),
            ("https://intranet/api".to_owned(), false),
            ("http://named.test:8080/api".to_owned(), true),
            ("http://named.test:8081/api".to_owned(), false),
            ("http://127.0.0.2:80/all.zip".to_owned(), true),
        ] {
            let source = FeedSource::parse(&address).unwrap();
            let (FeedSource::Service(url) | FeedSource::RemoteArchive(url)) = &source else {
                panic!("{address} is an address")
            };
            let named = ["named.test:8080", "127.0.0.2"].map(|host| host.parse().unwrap());
            let objection = objection(url, &source, &named);
            assert_eq!(objection.is_none(), is_admitted, "{address}: {objection:?}");
        }
    }
}
