//! The worst results of a report with more of them than a consumer takes.

use std::cmp::Reverse;

use lockgate_model::{AuditReport, Finding, Level, Notice};

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

    use super::super::limited_document;

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
