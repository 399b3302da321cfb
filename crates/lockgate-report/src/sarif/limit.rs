//! The worst results of a report with more of them than a consumer takes.

use std::cmp::Reverse;
use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use lockgate_model::{AuditReport, Finding, Level, Notice};
use serde_json::Value;

use crate::json_text;

/// How bad a result is, the worst first: malware, what policy gates on, what nobody ignores, then by level and score.
type Badness = Reverse<(bool, bool, bool, Option<Level>, u64)>;

/// Returns the report with its worst `most` results, in their order, and how many are left out; no report where none are.
pub(super) fn worst(report: &AuditReport, most: usize) -> (Option<AuditReport>, usize) {
    let results = report.findings().count() + report.notices().count();
    if results <= most {
        return (None, 0);
    }
    // By how bad each is, then by its place in the report.
    let mut all: Vec<(Badness, usize)> = Vec::with_capacity(results);
    for package in &report.packages {
        for finding in &package.findings {
            all.push((of_finding(finding), all.len()));
        }
        for notice in &package.notices {
            all.push((of_notice(notice), all.len()));
        }
    }
    all.sort_unstable();
    let mut is_kept = vec![false; results];
    for (_, place) in all.iter().take(most) {
        if let Some(kept) = is_kept.get_mut(*place) {
            *kept = true;
        }
    }
    let mut is_kept = is_kept.into_iter();
    let mut kept = report.clone();
    for package in &mut kept.packages {
        package.findings.retain(|_| is_kept.next() == Some(true));
        package.notices.retain(|_| is_kept.next() == Some(true));
    }
    (Some(kept), results - most)
}

/// Returns how many bytes the document has as an upload sends it, compressed by gzip; where it is no larger than `enough` as it stands, that.
pub(super) fn compressed_size(document: &Value, enough: u64) -> u64 {
    let text = json_text(document);
    let plain = text.len() as u64;
    if plain <= enough {
        return plain;
    }
    let mut encoder = GzEncoder::new(Counted(0), Compression::default());
    let written = encoder.write_all(text.as_bytes());
    // A counter has nothing to fail by.
    match written.and_then(|()| encoder.finish()) {
        Ok(Counted(bytes)) => bytes,
        Err(_) => plain,
    }
}

/// Counts what is written and keeps none of it.
struct Counted(u64);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn of_finding(finding: &Finding) -> Badness {
    let severity = finding.advisory.severity.as_ref();
    let score = severity.and_then(|severity| severity.score);
    Reverse((
        finding.advisory.malicious,
        finding.gated,
        finding.ignored.is_none(),
        severity.map(|severity| severity.level),
        // Numbers that are not negative are in the order of their bits.
        score.unwrap_or_default().max(0.0).to_bits(),
    ))
}

fn of_notice(notice: &Notice) -> Badness {
    Reverse((false, notice.gated, true, None, 0))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use lockgate_model::{
        Advisory, AuditReport, AuditedPackage, Finding, FindingCode, Level, Severity,
    };

    use super::super::{fitting_document, limited_document};
    use super::compressed_size;

    fn report() -> AuditReport {
        let mut report = AuditReport::default();
        // Per package: level, gated, malicious.
        let all = [
            (Level::Low, true, false),
            (Level::Critical, false, false),
            (Level::High, true, false),
            (Level::Low, false, false),
            (Level::Low, true, true),
        ];
        for (number, (level, gated, malicious)) in all.into_iter().enumerate() {
            let name: lockgate_model::Name = format!("p{number}").parse().unwrap();
            let version: lockgate_model::Version = "1".parse().unwrap();
            let severity = Severity {
                level,
                score: None,
                vector: None,
            };
            let advisory = Advisory {
                id: format!("X-{number}"),
                severity: Some(severity),
                malicious,
                ..Advisory::default()
            };
            let mut package = AuditedPackage::new(name.clone(), version.clone(), "r.txt".into());
            package.findings.push(Finding {
                code: FindingCode::Vulnerable,
                name,
                version,
                advisory: Arc::new(advisory),
                gated,
                ignored: None,
                path: Vec::new(),
            });
            report.packages.push(package);
        }
        report
    }

    #[test]
    fn a_document_that_is_too_large_is_cut_until_it_fits() {
        let mut report = report();
        // Texts that compress badly.
        let mut state = 1_u64;
        for package in &mut report.packages {
            let mut noise = String::new();
            for _ in 0..2_000 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                noise.push_str(&(state >> 33).to_string());
            }
            for finding in &mut package.findings {
                let mut advisory = (*finding.advisory).clone();
                advisory.summary.clone_from(&noise);
                finding.advisory = advisory.into();
            }
        }
        let whole = limited_document(&report, 5);
        let size = compressed_size(&whole, 0);
        assert!(size < compressed_size(&whole, u64::MAX));
        let ids = |max| {
            let document = fitting_document(&report, 5, max);
            assert!(compressed_size(&document, 0) <= max);
            let results = document["runs"][0]["results"].as_array().unwrap().clone();
            let notifications =
                &document["runs"][0]["invocations"][0]["toolExecutionNotifications"];
            let left_out = format!("{} results are left out", 5 - results.len());
            assert_eq!(
                notifications.to_string().contains(&left_out),
                results.len() < 5
            );
            results.len()
        };
        assert_eq!(ids(size), 5);
        assert!((1..5).contains(&ids(size - 1)));
        assert!((1..3).contains(&ids(size / 2)));
        assert_eq!(ids(size / 6), 0);
    }

    #[test]
    fn the_worst_results_are_kept_and_the_others_counted() {
        let report = report();
        for (most, ids) in [
            (1, vec!["X-4"]),
            (2, vec!["X-2", "X-4"]),
            (3, vec!["X-0", "X-2", "X-4"]),
            (4, vec!["X-0", "X-1", "X-2", "X-4"]),
            (5, vec!["X-0", "X-1", "X-2", "X-3", "X-4"]),
        ] {
            let document = limited_document(&report, most);
            let run = &document["runs"][0];
            let results = run["results"].as_array().unwrap();
            let found: Vec<&str> = results
                .iter()
                .map(|result| result["ruleId"].as_str().unwrap())
                .collect();
            assert_eq!(found, ids);
            let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
            assert_eq!(rules.len(), ids.len());
            let notifications = run["invocations"][0]["toolExecutionNotifications"].to_string();
            let left_out = report.packages.len() - most;
            assert_eq!(
                notifications.contains(&format!("{left_out} results are left out")),
                left_out > 0
            );
        }
    }
}
