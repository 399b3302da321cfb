//! What an older audit found already is left out of a report.

use std::collections::BTreeSet;

use lockgate_model::{AuditReport, Baseline, FindingCode, Name};

/// What older audits found, by place: a package that is in one lock is new in another.
#[derive(Debug, Default)]
pub struct KnownFindings {
    /// Place, package and id, in capitals.
    vulnerabilities: BTreeSet<(String, Name, String)>,
    /// Place, package and code.
    notices: BTreeSet<(String, Name, String)>,
}

impl KnownFindings {
    /// Adds a vulnerability of a package in `place`, under one of its ids.
    pub fn add_vulnerability(&mut self, place: &str, name: &Name, id: &str) {
        self.vulnerabilities
            .insert((place.to_owned(), name.clone(), id.to_ascii_uppercase()));
    }

    /// Adds what an index said of a package in `place`, by its code.
    pub fn add_notice(&mut self, place: &str, name: &Name, code: &str) {
        self.notices
            .insert((place.to_owned(), name.clone(), code.to_owned()));
    }

    /// Adds all that a report found.
    pub fn add_report(&mut self, report: &AuditReport) {
        for (package, place) in report.packages.iter().zip(places(report)) {
            for finding in &package.findings {
                let ids = std::iter::once(&finding.advisory.id).chain(&finding.advisory.aliases);
                for id in ids {
                    self.add_vulnerability(&place, &package.name, id);
                }
            }
            for notice in &package.notices {
                self.add_notice(&place, &package.name, notice.code.as_str());
            }
        }
    }
}

/// Leaves out of `report` what is known: the same vulnerability, or the same word of the index, about the same package in the same place.
/// Malware and quarantine stay, whoever knew of them; and what could not be audited, since nobody knows whether it is new.
pub fn leave_out_known(report: &mut AuditReport, known: &KnownFindings, named: &str) {
    let places = places(report);
    let mut left_out = 0;
    for (package, place) in report.packages.iter_mut().zip(places) {
        let name = package.name.clone();
        let before = package.findings.len() + package.notices.len();
        package.findings.retain(|finding| {
            let mut ids = std::iter::once(&finding.advisory.id).chain(&finding.advisory.aliases);
            finding.code == FindingCode::Malicious
                || !ids.any(|id| {
                    let key = (place.clone(), name.clone(), id.to_ascii_uppercase());
                    known.vulnerabilities.contains(&key)
                })
        });
        package.notices.retain(|notice| {
            let key = (place.clone(), name.clone(), notice.code.as_str().to_owned());
            notice.code == FindingCode::Quarantined || !known.notices.contains(&key)
        });
        left_out += before - package.findings.len() - package.notices.len();
    }
    report.baseline = Some(Baseline {
        place: named.to_owned(),
        left_out,
    });
}

/// The place of each package: packages stand in the order of the places.
fn places(report: &AuditReport) -> Vec<String> {
    let places = report.places.iter();
    places
        .flat_map(|place| std::iter::repeat_n(place.place.clone(), place.packages))
        .collect()
}
