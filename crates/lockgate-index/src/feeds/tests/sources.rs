//! Names of sources, and several at once.

use super::server::{Fault, Server, record};
use crate::feeds::{Feed, FeedSource, FeedTerms};

#[test]
fn sources_are_told_apart_by_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let folder_text = folder.path().display().to_string();
    for (text, kind) in [
        ("osv", "Osv"),
        ("pypi", "Pypi"),
        ("osv-api", "Service"),
        ("https://osv.test/base", "Service"),
        ("https://osv.test/all.ZIP?x", "RemoteArchive"),
        ("advisories.zip", "Archive"),
        (folder_text.as_str(), "Folder"),
    ] {
        let source = format!("{:?}", FeedSource::parse(text).unwrap());
        assert!(source.starts_with(kind), "{text}: {source}");
    }
    for text in ["", "nowhere", "https://", "PYPI"] {
        assert!(FeedSource::parse(text).is_err(), "{text}");
    }
}

#[test]
fn each_source_fails_by_itself_and_says_which_it_is() {
    let server = Server::start(&[record("A-1", "2025-01-01T00:00:00Z", "a", &["1"])]);
    server.fail("/PyPI", Fault::Status(500));
    server.fail("/gone.zip", Fault::Status(404));
    let index = server.index(server.options(None));
    let terms = FeedTerms {
        now: "2026-01-01T00:00:00Z".parse().unwrap(),
        max_age: jiff::SignedDuration::ZERO,
        index: None,
        accept_older: false,
    };
    let gone = format!("{}/gone.zip", server.url);
    let sources =
        ["osv", &gone, "missing.zip", &server.url].map(|text| FeedSource::parse(text).unwrap());
    let found = server.runtime.block_on(index.feeds(&sources, &terms));
    let told: Vec<String> = found
        .iter()
        .map(|found| match found {
            Ok(Feed::Service { name, .. }) => name.clone(),
            Ok(Feed::Records(feed)) => feed.name.clone(),
            Err(error) => error.to_string(),
        })
        .collect();
    assert_eq!(told.len(), 4);
    assert!(told[0].starts_with("`osv`: "), "{told:?}");
    assert!(told[1].starts_with(&format!("`{gone}`: ")), "{told:?}");
    assert!(told[2].starts_with("`missing.zip`: "), "{told:?}");
    assert!(told[3].starts_with(&server.url), "{told:?}");
}
