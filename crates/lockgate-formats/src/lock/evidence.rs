//! The audit's evidence in a lock's header, read back.

use lockgate_model::Sha256;

/// What a header says of the audit of its lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Findings that no entry ignored.
    pub findings: usize,
    /// Findings that an entry ignored.
    pub ignored: usize,
    /// The advisories' sources, as named.
    pub source: String,
    /// The day of the newest record, `YYYY-MM-DD`.
    pub day: Option<String>,
    /// Digest over all advisory data.
    pub digest: Sha256,
}

impl Evidence {
    /// Reads what stands behind `# audit: `; none if it is no such text, or if advisories were off.
    pub fn parse(text: &str) -> Option<Self> {
        let (counts, basis) = text.split_once("; advisories: ")?;
        let (findings, ignored) = counts.split_once(", ").unwrap_or((counts, "0 ignored"));
        let findings = match findings.split_once(' ')? {
            ("no", "findings") => 0,
            (count, "finding" | "findings") => count.parse().ok()?,
            _ => return None,
        };
        let ignored = ignored.strip_suffix(" ignored")?.parse().ok()?;
        let (source, digest) = basis.rsplit_once(", sha256:")?;
        let (source, day) = match source.rsplit_once(" of ") {
            Some((source, day)) if is_day(day) => (source, Some(day.to_owned())),
            _ => (source, None),
        };
        Some(Self {
            findings,
            ignored,
            source: source.to_owned(),
            day,
            digest: Sha256::from_hex(digest.trim())?,
        })
    }
}

fn is_day(text: &str) -> bool {
    text.parse::<jiff::civil::Date>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_header_says_is_read_back() {
        let digest = "ab".repeat(32);
        for (counts, findings, ignored) in [
            ("no findings", 0, 0),
            ("1 finding", 1, 0),
            ("3 findings, 2 ignored", 3, 2),
        ] {
            let text = format!(
                "{counts}; advisories: OSV PyPI + a of b.zip of 2024-10-10, sha256:{digest}"
            );
            let evidence = Evidence::parse(&text).unwrap();
            assert_eq!((evidence.findings, evidence.ignored), (findings, ignored));
            assert_eq!(evidence.source, "OSV PyPI + a of b.zip");
            assert_eq!(evidence.day.as_deref(), Some("2024-10-10"));
            assert_eq!(evidence.digest.to_string(), digest);
        }
        let text = format!("no findings; advisories: folder, sha256:{digest}");
        assert_eq!(Evidence::parse(&text).unwrap().day, None);
    }

    #[test]
    fn what_is_none_is_none() {
        for text in [
            "",
            "none; advisories are off",
            "no findings; advisories: a, sha256:12",
            "some findings; advisories: a of 2024-10-10, sha256:ab",
        ] {
            assert_eq!(Evidence::parse(text), None, "{text}");
        }
    }
}
