//! Where pages of this machine may lead. A page in a checkout was written by whoever proposes the change, so that it is no better than a
//! source: where the run is confined, an address in it is asked only at a host that somebody else names.

use lockgate_model::{DistFile, FactError};
use url::Url;

use crate::trust::{TrustedHost, is_secure};

/// The hosts that pages of this machine may lead to.
#[derive(Debug, Default)]
pub(super) struct LocalPages {
    /// The hosts; none: they may lead anywhere.
    reach: Option<Vec<TrustedHost>>,
    trusted: Vec<TrustedHost>,
}

impl LocalPages {
    pub(super) fn new(reach: Option<Vec<TrustedHost>>, trusted: Vec<TrustedHost>) -> Self {
        Self { reach, trusted }
    }

    /// Refuses `files` that `page` links to if one of them is at a host that nothing but the page names, or would come over a connection
    /// that anybody on the way could change.
    pub(super) fn admit<'a>(
        &self,
        page: &str,
        files: impl IntoIterator<Item = &'a DistFile>,
    ) -> Result<(), FactError> {
        let Some(reach) = &self.reach else {
            return Ok(());
        };
        for file in files {
            let Ok(url) = Url::parse(&file.url) else {
                continue;
            };
            let is_on_disk =
                url.scheme() == "file" && matches!(url.host_str(), None | Some("" | "localhost"));
            if is_on_disk {
                continue;
            }
            let place = authority(&url);
            let refused = |why: String, remedy: String| {
                Err(FactError::Unlearned {
                    what: format!("where `{}` comes from", file.filename),
                    why,
                    remedy: Some(remedy),
                })
            };
            if !reach.iter().any(|host| host.covers(&url)) {
                return refused(
                    format!(
                        "a page in {page} leads to `{place}`, a host that nothing but the page names"
                    ),
                    format!(
                        "if it is right, pass `--allow-host {place}`, or list the host in `indexes` of the topmost policy"
                    ),
                );
            }
            let is_trusted = self.trusted.iter().any(|host| host.covers(&url));
            if !is_secure(&url) && !is_trusted && file.sha256.is_none() {
                return refused(
                    format!(
                        "a page in {page} leads to `{place}` without encryption and without a sha256: anybody on the way could change what comes"
                    ),
                    format!("use an `https` address, or accept it with `--trusted-host {place}`"),
                );
            }
        }
        Ok(())
    }
}

/// Returns host and port of an address.
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use lockgate_model::{CoreMetadata, Sha256, Yank};

    use super::*;

    fn file(url: &str) -> DistFile {
        DistFile {
            url: url.to_owned(),
            filename: "a-1.0-py3-none-any.whl".to_owned(),
            sha256: None,
            size: None,
            uploaded: None,
            requires_python: None,
            yanked: Yank::No,
            core_metadata: CoreMetadata::Absent,
            has_provenance: false,
        }
    }

    #[test]
    fn a_page_of_this_machine_leads_only_where_the_run_may_go() {
        let host = |text: &str| text.parse::<TrustedHost>().unwrap();
        let confined = LocalPages::new(Some(vec![host("named.test")]), vec![host("named.test:81")]);
        for (url, is_admitted) in [
            ("file:///wheels/a-1.0-py3-none-any.whl", true),
            ("file://localhost/wheels/a-1.0-py3-none-any.whl", true),
            ("file://server.test/share/a-1.0-py3-none-any.whl", false),
            ("https://named.test/a-1.0-py3-none-any.whl", true),
            ("https://other.test/a-1.0-py3-none-any.whl", false),
            (
                "https://named.test@other.test/a-1.0-py3-none-any.whl",
                false,
            ),
            ("http://127.0.0.1/a-1.0-py3-none-any.whl", false),
            ("http://named.test/a-1.0-py3-none-any.whl", false),
            ("http://named.test:81/a-1.0-py3-none-any.whl", true),
        ] {
            let found = confined.admit("`links`", [&file(url)]);
            assert_eq!(found.is_ok(), is_admitted, "{url}: {found:?}");
            LocalPages::default()
                .admit("`links`", [&file(url)])
                .unwrap();
        }
        let mut hashed = file("http://named.test/a-1.0-py3-none-any.whl");
        hashed.sha256 = Some(Sha256::of(b"a"));
        confined.admit("`links`", [&hashed]).unwrap();
        let good = file("https://named.test/a-1.0-py3-none-any.whl");
        let bad = file("https://other.test/a-1.0.tar.gz");
        confined.admit("`links`", [&good, &bad]).unwrap_err();
    }
}
