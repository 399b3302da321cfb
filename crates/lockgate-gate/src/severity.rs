//! How bad a record says it is: CVSS vectors, else the database's word.

use lockgate_model::{Level, Severity};

use crate::record::{Affected, Record, SeverityEntry};

/// The highest severity that the record states, for itself or for one of its packages; none if it states none that can be read.
pub(crate) fn of(record: &Record) -> Option<Severity> {
    let entries = record.severity.iter().flatten().chain(
        record
            .pypi()
            .flat_map(|(_, affected): (_, &Affected)| affected.severity.iter().flatten()),
    );
    let word = record
        .database_specific
        .as_ref()
        .and_then(|specific| specific.severity.as_ref()?.as_str());
    entries
        .filter_map(of_entry)
        .chain(word.and_then(of_word))
        .reduce(higher)
}

/// The worse of two; of equal ones, that with a score, then the first.
pub(crate) fn higher(a: Severity, b: Severity) -> Severity {
    let score = |severity: &Severity| severity.score.unwrap_or(-1.0);
    let order = b
        .level
        .cmp(&a.level)
        .then_with(|| score(&b).total_cmp(&score(&a)));
    if order.is_gt() { b } else { a }
}

fn of_entry(entry: &SeverityEntry) -> Option<Severity> {
    if !matches!(entry.kind.as_str(), "CVSS_V2" | "CVSS_V3" | "CVSS_V4") {
        return of_word(&entry.score);
    }
    let vector: cvss::Cvss = entry.score.trim().parse().ok()?;
    let score = vector.score();
    Some(Severity {
        level: of_score(score),
        score: Some(score),
        vector: Some(entry.score.trim().to_owned()),
    })
}

/// The rating scale of CVSS v3.1 and v4.0, section "Qualitative Severity Rating Scale"; v2 is read by the same.
fn of_score(score: f64) -> Level {
    match score {
        score if score >= 9.0 => Level::Critical,
        score if score >= 7.0 => Level::High,
        score if score >= 4.0 => Level::Medium,
        score if score > 0.0 => Level::Low,
        _ => Level::None,
    }
}

fn of_word(word: &str) -> Option<Severity> {
    let level = match word.to_ascii_lowercase().as_str() {
        "low" => Level::Low,
        "moderate" | "medium" => Level::Medium,
        "high" | "important" => Level::High,
        "critical" => Level::Critical,
        _ => return None,
    };
    Some(Severity {
        level,
        score: None,
        vector: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(kind: &str, vector: &str) -> Option<Severity> {
        of_entry(&SeverityEntry {
            kind: kind.to_owned(),
            score: vector.to_owned(),
        })
    }

    #[test]
    fn vectors_score_as_their_specifications_say() {
        // Published scores of the examples of FIRST.
        for (kind, vector, score, level) in [
            (
                "CVSS_V3",
                "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
                9.8,
                Level::Critical,
            ),
            (
                "CVSS_V3",
                "CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N",
                6.1,
                Level::Medium,
            ),
            (
                "CVSS_V3",
                "CVSS:3.1/AV:L/AC:H/PR:L/UI:N/S:U/C:L/I:N/A:N",
                2.5,
                Level::Low,
            ),
            (
                "CVSS_V3",
                "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N",
                0.0,
                Level::None,
            ),
            (
                "CVSS_V4",
                "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H",
                10.0,
                Level::Critical,
            ),
            (
                "CVSS_V4",
                "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
                9.3,
                Level::Critical,
            ),
            (
                "CVSS_V2",
                "AV:N/AC:L/Au:N/C:C/I:C/A:C",
                10.0,
                Level::Critical,
            ),
            ("CVSS_V2", "AV:N/AC:L/Au:N/C:N/I:N/A:C", 7.8, Level::High),
        ] {
            let severity = scored(kind, vector).unwrap_or_else(|| panic!("{vector} is a vector"));
            assert!(
                (severity.score.unwrap() - score).abs() < 0.05,
                "{vector}: {severity:?}"
            );
            assert_eq!(severity.level, level, "{vector}");
        }
    }

    #[test]
    fn the_published_examples_have_their_published_scores() {
        // The example documents of FIRST for v3.1 and v4.0, and the guide to v2, section 3.3.
        let v3 = "CVSS:3.1/";
        let v4 = "CVSS:4.0/";
        for (kind, version, vector, score) in [
            ("CVSS_V3", v3, "AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
            ("CVSS_V3", v3, "AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4),
            ("CVSS_V3", v3, "AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", 3.1),
            ("CVSS_V3", v3, "AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", 9.9),
            ("CVSS_V3", v3, "AV:L/AC:L/PR:H/UI:N/S:U/C:L/I:L/A:L", 4.2),
            ("CVSS_V3", v3, "AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 8.8),
            ("CVSS_V3", v3, "AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H", 7.8),
            ("CVSS_V3", v3, "AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 7.5),
            ("CVSS_V3", v3, "AV:N/AC:H/PR:N/UI:N/S:C/C:N/I:H/A:N", 6.8),
            ("CVSS_V3", v3, "AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 6.8),
            ("CVSS_V3", v3, "AV:N/AC:L/PR:N/UI:N/S:C/C:L/I:N/A:N", 5.8),
            ("CVSS_V3", v3, "AV:A/AC:L/PR:N/UI:N/S:C/C:H/I:N/A:H", 9.3),
            ("CVSS_V3", v3, "AV:N/AC:L/PR:L/UI:R/S:C/C:L/I:L/A:N", 5.4),
            ("CVSS_V3", v3, "AV:P/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N", 4.6),
            ("CVSS_V2", "", "AV:N/AC:L/Au:N/C:N/I:N/A:C", 7.8),
            ("CVSS_V2", "", "AV:N/AC:L/Au:N/C:C/I:C/A:C", 10.0),
            ("CVSS_V2", "", "AV:L/AC:H/Au:N/C:C/I:C/A:C", 6.2),
            (
                "CVSS_V4",
                v4,
                "AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
                7.3,
            ),
            (
                "CVSS_V4",
                v4,
                "AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
                7.7,
            ),
            (
                "CVSS_V4",
                v4,
                "AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:L/VA:L/SC:N/SI:N/SA:N",
                8.3,
            ),
            (
                "CVSS_V4",
                v4,
                "AV:L/AC:L/AT:N/PR:N/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N",
                4.6,
            ),
            (
                "CVSS_V4",
                v4,
                "AV:N/AC:L/AT:N/PR:N/UI:A/VC:N/VI:N/VA:N/SC:L/SI:L/SA:N",
                5.1,
            ),
            (
                "CVSS_V4",
                v4,
                "AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N",
                8.7,
            ),
            (
                "CVSS_V4",
                v4,
                "AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H",
                10.0,
            ),
        ] {
            let severity = scored(kind, &format!("{version}{vector}"));
            let found = severity.and_then(|severity| severity.score);
            assert!(
                found.is_some_and(|found| (found - score).abs() < 0.05),
                "{version}{vector}: {found:?}, not {score}"
            );
        }
    }

    #[test]
    fn words_are_levels_and_other_texts_are_none() {
        assert_eq!(of_word("MODERATE").unwrap().level, Level::Medium);
        assert_eq!(of_word("Critical").unwrap().level, Level::Critical);
        assert!(of_word("severe").is_none());
        assert!(scored("CVSS_V3", "CVSS:3.1/broken").is_none());
    }
}
