//! File addresses of a page, made absolute.

use lockgate_model::Sha256;
use url::Url;

/// Resolves the addresses of one page against where it came from.
///
/// Joining URLs by the book costs a microsecond, and a page may hold tens of thousands of files: absolute addresses are taken as
/// they are, and of relative ones only the run of leading `../` is joined, once.
pub(super) struct Addresses<'a> {
    base: &'a Url,
    /// The last run of leading `../`, and what it means here.
    ascent: Option<(String, String)>,
}

impl<'a> Addresses<'a> {
    pub(super) fn new(base: &'a Url) -> Self {
        Self { base, ascent: None }
    }

    /// The absolute address and the sha256 of its fragment; none if it is no address of a file.
    pub(super) fn resolve(&mut self, reference: &str) -> Option<(String, Option<Sha256>)> {
        let reference = reference.trim();
        let (path, fragment) = match reference.split_once('#') {
            Some((path, fragment)) => (path, Some(fragment)),
            None => (reference, None),
        };
        let sha256 = fragment.and_then(sha256_of_fragment);
        Some((self.join(path)?, sha256))
    }

    fn join(&mut self, path: &str) -> Option<String> {
        let absolute = path.strip_prefix("https://");
        let absolute = absolute.or_else(|| path.strip_prefix("http://"));
        if let Some((host, rest)) = absolute.and_then(|absolute| absolute.split_once('/'))
            && is_plain_host(host)
            && is_plain(rest)
        {
            return Some(path.to_owned());
        }
        let rest = path.trim_start_matches("../");
        let ascent = path.get(..path.len() - rest.len())?;
        if !ascent.is_empty() && is_plain(rest) {
            if self
                .ascent
                .as_ref()
                .is_none_or(|(known, _)| known != ascent)
            {
                let joined = self.base.join(ascent).ok()?;
                self.ascent = Some((ascent.to_owned(), joined.into()));
            }
            let (_, prefix) = self.ascent.as_ref()?;
            return Some(format!("{prefix}{rest}"));
        }
        let url = self.base.join(path).ok()?;
        // A page from elsewhere must not make us read the files of this machine.
        let is_allowed = match url.scheme() {
            "http" | "https" => true,
            "file" => self.base.scheme() == "file",
            _ => false,
        };
        is_allowed.then(|| url.into())
    }
}

/// Whether joining would leave a host as it is: a name in small letters, without a port, that is no number and in no other script.
fn is_plain_host(host: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.contains("--")
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    host.split('.').all(is_label)
        && last
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_lowercase())
}

/// Whether joining `path` would leave it as it is: no character to escape, no dot segment, no scheme, no empty segment.
fn is_plain(path: &str) -> bool {
    let mut segment_start = true;
    for byte in path.bytes() {
        match byte {
            b'/' | b'.' if segment_start => return false,
            b'/' => segment_start = true,
            b'a'..=b'z'
            | b'0'..=b'9'
            | b'A'..=b'Z'
            | b'.'
            | b'-'
            | b'_'
            | b'~'
            | b'+'
            | b'%'
            | b'!' => segment_start = false,
            b':' if !segment_start => {}
            _ => return false,
        }
    }
    !path.is_empty()
}

/// `sha256=…`, alone or among others joined by `&`.
pub(super) fn sha256_of_fragment(fragment: &str) -> Option<Sha256> {
    fragment
        .split('&')
        .find_map(|part| Sha256::from_hex(part.strip_prefix("sha256=")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_joined_as_the_url_standard_says() {
        let base = Url::parse("http://index.test/root/simple/foo/").unwrap();
        let cases = [
            (
                "https://files.test/a/foo-1.tar.gz",
                "https://files.test/a/foo-1.tar.gz",
            ),
            (
                "https://files.test:8080/a/foo-1.tar.gz",
                "https://files.test:8080/a/foo-1.tar.gz",
            ),
            (
                "../../packages/foo-1.tar.gz",
                "http://index.test/root/packages/foo-1.tar.gz",
            ),
            (
                "../../../../../foo-1.tar.gz",
                "http://index.test/foo-1.tar.gz",
            ),
            (
                "/packages/foo-1.tar.gz",
                "http://index.test/packages/foo-1.tar.gz",
            ),
            (
                "foo-1.tar.gz",
                "http://index.test/root/simple/foo/foo-1.tar.gz",
            ),
            (
                "//other.test/foo-1.tar.gz",
                "http://other.test/foo-1.tar.gz",
            ),
            (
                "../a b/./foo-1.tar.gz",
                "http://index.test/root/simple/a%20b/foo-1.tar.gz",
            ),
            (
                "../a/../foo-1.tar.gz",
                "http://index.test/root/simple/foo-1.tar.gz",
            ),
            (
                "../x/foo-1+cpu.tar.gz?token=1",
                "http://index.test/root/simple/x/foo-1+cpu.tar.gz?token=1",
            ),
        ];
        let mut addresses = Addresses::new(&base);
        for (reference, expected) in cases {
            assert_eq!(
                addresses.resolve(reference),
                Some((expected.to_owned(), None)),
                "{reference}"
            );
            assert_eq!(
                base.join(reference).unwrap().as_str(),
                expected,
                "{reference}"
            );
        }
        assert_eq!(addresses.resolve("data:text/plain,x"), None);
        for broken in [
            "https://[broken/",
            "https://br%ken.test/foo-1.tar.gz",
            "https://a.test:99999/foo-1.tar.gz",
            "http://1.2.3.400/foo-1.tar.gz",
            "https://xn--a/foo-1.tar.gz",
        ] {
            assert_eq!(addresses.resolve(broken), None, "{broken}");
        }
        assert_eq!(addresses.resolve("file:///etc/foo-1.tar.gz"), None);
        let local = Url::parse("file:///wheels/index.html").unwrap();
        assert_eq!(
            Addresses::new(&local).resolve("foo-1.tar.gz"),
            Some(("file:///wheels/foo-1.tar.gz".to_owned(), None))
        );
    }

    #[test]
    fn a_fragment_gives_its_sha256_and_is_cut_off() {
        let base = Url::parse("http://index.test/simple/foo/").unwrap();
        let digest = Sha256::of(b"x");
        let mut addresses = Addresses::new(&base);
        for fragment in [
            format!("sha256={digest}"),
            format!("egg=foo&sha256={digest}"),
        ] {
            assert_eq!(
                addresses.resolve(&format!("../foo-1.tar.gz#{fragment}")),
                Some((
                    "http://index.test/simple/foo-1.tar.gz".to_owned(),
                    Some(digest)
                ))
            );
        }
        assert_eq!(
            addresses.resolve("../foo-1.tar.gz#md5=0123"),
            Some(("http://index.test/simple/foo-1.tar.gz".to_owned(), None))
        );
    }
}
