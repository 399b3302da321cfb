//! What an older lock had already is left out of a report.

use std::collections::BTreeSet;

use lockgate_model::{AuditReport, Baseline, FindingCode, Name};

/// Leaves out of `report` what `older` has too: the same vulnerability, or the same word of the index, about the same project. What could
/// not be audited stays: nobody knows whether it is new.
pub fn leave_out_known(report: &mut AuditReport, older: &AuditReport, place: &str) {
    let mut vulnerabilities: BTreeSet<(&Name, &str)> = BTreeSet::new();
    let mut notices: BTreeSet<(&Name, FindingCode)> = BTreeSet::new();
    for package in &older.packages {
        for finding in &package.findings {
            let ids = std::iter::once(&finding.advisory.id).chain(&finding.advisory.aliases);
            vulnerabilities.extend(ids.map(|id| (&package.name, id.as_str())));
        }
        notices.extend(
            package
                .notices
                .iter()
                .map(|notice| (&package.name, notice.code)),
        );
    }
    let mut left_out = 0;
    for package in &mut report.packages {
        let name = package.name.clone();
        let before = package.findings.len() + package.notices.len();
        package.findings.retain(|finding| {
            let mut ids = std::iter::once(&finding.advisory.id).chain(&finding.advisory.aliases);
            !ids.any(|id| vulnerabilities.contains(&(&name, id.as_str())))
        });
        package
            .notices
            .retain(|notice| !notices.contains(&(&name, notice.code)));
        left_out += before - package.findings.len() - package.notices.len();
    }
    report.baseline = Some(Baseline {
        place: place.to_owned(),
        left_out,
    });
}
