//! What is named in foreign documents: packages as package URLs, files and pages as URIs.

use lockgate_model::{Advisory, Name, Version};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but RFC 3986's unreserved characters, in a part between slashes.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What may not stand in an address that is one already: `%` stays, as it may be part of an escape.
const ADDRESS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The package URL of a release.
pub(crate) fn purl(name: &Name, version: &Version) -> String {
    let version = version.to_string();
    format!(
        "{}@{}",
        purl_of_project(name),
        utf8_percent_encode(&version, SEGMENT)
    )
}

/// The package URL of a project, no release named.
pub(crate) fn purl_of_project(name: &Name) -> String {
    format!("pkg:pypi/{name}")
}

/// The URI of a file as the user named it: relative where it is, `stdin` for standard input.
pub(crate) fn file_uri(place: &str) -> String {
    if place == "-" {
        return "stdin".to_owned();
    }
    let place = place.replace('\\', "/");
    let drive = place.get(..2).filter(|start| start.ends_with(':'));
    let parts: Vec<String> = place
        .split('/')
        .map(|part| utf8_percent_encode(part, SEGMENT).to_string())
        .collect();
    let path = parts.join("/");
    if drive.is_some() {
        // A path of Windows with its drive.
        format!("file:///{}", path.replacen("%3A", ":", 1))
    } else if path.starts_with('/') {
        format!("file://{path}")
    } else {
        path.strip_prefix("./").unwrap_or(&path).to_owned()
    }
}

/// An address of a page, if it is one that may be followed: `http` or `https`, and escaped where it has to be.
pub(crate) fn web_address(text: &str) -> Option<String> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
    if host.is_empty() || !host.chars().all(is_host) {
        return None;
    }
    let mut escaped = utf8_percent_encode(text, ADDRESS).to_string();
    // A second `#` is none, and brackets belong to hosts alone.
    if let Some(at) = escaped.find('#') {
        let fragment = escaped.split_off(at + 1).replace('#', "%23");
        escaped.push_str(&fragment);
    }
    let escaped = escaped.replace('[', "%5B").replace(']', "%5D");
    Some(stray_percents_escaped(&escaped))
}

fn stray_percents_escaped(address: &str) -> String {
    let mut parts = address.split('%');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.chars().take(2).filter(char::is_ascii_hexdigit);
        out.push_str(if digits.count() == 2 { "%" } else { "%25" });
        out.push_str(part);
    }
    out
}

/// The address that stands for a vulnerability, by its lasting id: where the database that gives such ids has its page. Of an id that is
/// nobody's known to us, a page of the records that has the id in its address, else OSV's.
pub(crate) fn vulnerability_address(advisory: &Advisory) -> String {
    let id = advisory.lasting_id();
    let of = |prefix: &str| {
        let start = id.get(..prefix.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    let escaped = utf8_percent_encode(id, SEGMENT);
    if of("CVE-") {
        return format!("https://nvd.nist.gov/vuln/detail/{escaped}");
    }
    if of("GHSA-") {
        return format!("https://github.com/advisories/{escaped}");
    }
    if !of("PYSEC-") && !of("MAL-") && !of("OSV-") {
        let pages = advisory.references.iter().map(|page| page.url.as_str());
        let mut pages = [advisory.link.as_str()].into_iter().chain(pages);
        let names_it = |url: &&str| {
            let parts = url.split(|c: char| !(c.is_alphanumeric() || "-_.".contains(c)));
            parts.skip(1).any(|part| part.eq_ignore_ascii_case(id))
        };
        if let Some(page) = pages.find(names_it).and_then(web_address) {
            return page;
        }
    }
    osv_page(id)
}

/// The page of OSV about an id.
pub(crate) fn osv_page(id: &str) -> String {
    format!(
        "https://osv.dev/vulnerability/{}",
        utf8_percent_encode(id, SEGMENT)
    )
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use packageurl::PackageUrl;

    use lockgate_model::Advisory;

    use super::{file_uri, purl, vulnerability_address, web_address};

    #[test]
    fn a_reader_of_package_urls_reads_what_is_written() {
        for version in ["1.0", "2!1.0.post1", "1.0+cpu.1", "1.0a1.dev2"] {
            let text = purl(
                &"Zope.Interface".parse().unwrap(),
                &version.parse().unwrap(),
            );
            let read = PackageUrl::from_str(&text).unwrap();
            assert_eq!(
                (read.ty(), read.name(), read.version()),
                ("pypi", "zope-interface", Some(version))
            );
        }
    }

    #[test]
    fn files_are_relative_where_they_are_and_escaped() {
        let cases = [
            ("requirements.txt", "requirements.txt"),
            ("./a b/ü[1].txt", "a%20b/%C3%BC%5B1%5D.txt"),
            ("../x:y.txt", "../x%3Ay.txt"),
            ("/srv/app/uv.lock", "file:///srv/app/uv.lock"),
            (r"C:\app\uv.lock", "file:///C:/app/uv.lock"),
            ("-", "stdin"),
        ];
        for (place, expected) in cases {
            assert_eq!(file_uri(place), expected);
        }
    }

    #[test]
    fn the_address_of_a_vulnerability_is_its_own() {
        let release_note = "https://example.org/news/2.8.1";
        let cases = [
            (
                "CVE-2024-1",
                release_note,
                "https://nvd.nist.gov/vuln/detail/CVE-2024-1",
            ),
            (
                "GHSA-a-b-c",
                release_note,
                "https://github.com/advisories/GHSA-a-b-c",
            ),
            (
                "PYSEC-2024-1",
                release_note,
                "https://osv.dev/vulnerability/PYSEC-2024-1",
            ),
            (
                "MAL-2024-1",
                release_note,
                "https://osv.dev/vulnerability/MAL-2024-1",
            ),
            (
                "ACME-7",
                "https://acme.example/a/ACME-7",
                "https://acme.example/a/ACME-7",
            ),
            (
                "ACME-7",
                "https://acme.example/?id=acme-7",
                "https://acme.example/?id=acme-7",
            ),
            (
                "ACME-7",
                "https://acme.example/ACME-77",
                "https://osv.dev/vulnerability/ACME-7",
            ),
            (
                "ACME-7",
                "javascript:ACME-7",
                "https://osv.dev/vulnerability/ACME-7",
            ),
            (
                "CVE-<é>",
                release_note,
                "https://nvd.nist.gov/vuln/detail/CVE-%3C%C3%A9%3E",
            ),
        ];
        for (id, link, expected) in cases {
            let advisory = Advisory {
                id: id.to_owned(),
                link: link.to_owned(),
                ..Advisory::default()
            };
            assert_eq!(vulnerability_address(&advisory), expected);
        }
    }

    #[test]
    fn only_pages_are_addresses() {
        let cases = [
            (
                "https://example.org/a?b=c#d",
                Some("https://example.org/a?b=c#d"),
            ),
            (
                "https://example.org/a b\"<x>[1]|%zz%20é",
                Some("https://example.org/a%20b%22%3Cx%3E%5B1%5D%7C%25zz%20%C3%A9"),
            ),
            (
                "https://example.org/#a#b",
                Some("https://example.org/#a%23b"),
            ),
            ("javascript:alert(1)", None),
            ("https://", None),
            ("https://user@example.org/", None),
            ("https://ex ample.org/", None),
            ("ftp://example.org/", None),
        ];
        for (text, expected) in cases {
            assert_eq!(web_address(text).as_deref(), expected, "{text}");
        }
    }
}
