//! The audit of inventories: every item ends as an audited package, as the user's own project, as left out because it is not installed where
//! the audit is for, or as a gap. Nothing is passed over.

mod baseline;
mod chains;
mod selection;
mod states;

use std::collections::BTreeSet;

use lockgate_model::{
    AuditReport, AuditedPackage, AuditedPlace, FactError, Finding, Gap, GapCode, Inventory, Item,
    ItemOrigin, JudgedBy, Name, OwnProject, Parent, Remark, RemarkCode, Version,
};

pub use baseline::{KnownFindings, leave_out_known};
pub use selection::Selection;

use crate::error::UnreadableRecord;
use crate::gate::{AdvisoryGate, Subject};
use chains::chains;

/// The version in reports of a direct reference that states none.
const UNSTATED_VERSION: &str = "0+unstated";

/// Whether services may be told of an item, or why not.
pub type MayTell<'a> = dyn Fn(&Item) -> Result<(), String> + 'a;

/// Audits inventories, one after the other, into one report; each under the gate of its own policies.
#[derive(Debug)]
pub struct Auditor<'a> {
    gate: &'a AdvisoryGate,
    selection: &'a Selection,
    report: AuditReport,
    names: BTreeSet<Name>,
    /// Sources that could not be opened.
    failed: Vec<String>,
    /// The gates of before.
    others: Vec<Earlier<'a>>,
}

/// A gate that inventories were audited under before another took its place.
#[derive(Debug)]
struct Earlier<'a> {
    gate: &'a AdvisoryGate,
    names: BTreeSet<Name>,
    failed: Vec<String>,
}

impl<'a> Auditor<'a> {
    /// An audit that has looked at nothing yet.
    pub fn new(gate: &'a AdvisoryGate, selection: &'a Selection) -> Self {
        Self {
            gate,
            selection,
            report: AuditReport::default(),
            names: BTreeSet::new(),
            failed: Vec::new(),
            others: Vec::new(),
        }
    }

    /// Audits what is added from now on under `gate`, which may have been in use before.
    pub fn under(&mut self, gate: &'a AdvisoryGate) {
        if std::ptr::eq(self.gate, gate) {
            return;
        }
        let known = self
            .others
            .iter()
            .position(|other| std::ptr::eq(other.gate, gate));
        let mut next = match known {
            Some(index) => self.others.swap_remove(index),
            None => Earlier {
                gate,
                names: BTreeSet::new(),
                failed: Vec::new(),
            },
        };
        std::mem::swap(&mut self.names, &mut next.names);
        std::mem::swap(&mut self.failed, &mut next.failed);
        next.gate = std::mem::replace(&mut self.gate, gate);
        self.others.push(next);
    }

    /// Says that a source could not be opened: what it would have said is not known of any package.
    pub fn source_failed(&mut self, source: &str, why: String) {
        self.failed.push(source.to_owned());
        let gap = Gap {
            code: GapCode::NotLearned,
            what: format!("the advisories of {source}"),
            why,
            name: None,
            source: None,
            line: None,
            accepted: None,
        };
        self.gap_of_source(gap);
    }

    /// Says that a record of a source could not be read: what it would have said is not known of any package.
    pub fn record_failed(&mut self, source: &str, record: &UnreadableRecord) {
        self.gap_of_source(Gap {
            code: GapCode::Unreadable,
            what: record.named(source),
            why: record.why.clone(),
            name: None,
            source: None,
            line: None,
            accepted: None,
        });
    }

    fn gap_of_source(&mut self, mut gap: Gap) {
        self.gate.accept(&mut gap);
        // Policies may have sources in common.
        if !self.report.gaps.contains(&gap) {
            self.report.gaps.push(gap);
        }
    }

    /// Audits all that an inventory holds. `may_tell` says whether services may be told of an item, or why not.
    pub fn add(&mut self, inventory: &Inventory, may_tell: &MayTell<'_>) {
        let first = self.report.packages.len();
        // Where each item ended among the packages, for the edges between them.
        let mut places: Vec<Option<usize>> = Vec::with_capacity(inventory.items.len());
        let mut left_out = 0;
        for (index, item) in inventory.items.iter().enumerate() {
            if !self.selection.admits(item) {
                left_out += 1;
                places.push(None);
                continue;
            }
            let place = self.item(inventory, index, item, may_tell);
            places.push(place);
        }
        for (item, place) in inventory.items.iter().zip(&places) {
            let Some(package) = place.and_then(|place| self.report.packages.get_mut(place)) else {
                continue;
            };
            let parents = item.parents.iter().filter_map(|parent| match parent {
                Parent::Root(_) => None,
                Parent::Item(index) => places.get(*index).copied().flatten(),
            });
            package.parents.extend(parents);
        }
        self.report.places.push(AuditedPlace {
            place: inventory.place.clone(),
            kind: inventory.kind,
            packages: self.report.packages.len() - first,
            left_out,
            policies: self.gate.policies().to_vec(),
            is_off: self.gate.is_off(),
        });
        for gap in inventory.gaps() {
            self.gap_of_source(gap);
        }
        self.report.remarks.extend(self.presumed(inventory));
        let remarks = inventory.remarks.iter().map(|text| Remark {
            code: RemarkCode::Input,
            text: text.clone(),
            origin: Some(inventory.place.clone()),
        });
        self.report.remarks.extend(remarks);
    }

    /// Says which items are counted as installed because not all is known of the environment.
    fn presumed(&self, inventory: &Inventory) -> Option<Remark> {
        let environment = self.selection.environment.as_ref()?;
        let items = inventory.items.iter();
        let presumed = items.filter(|item| {
            let left = item.marker.left_in(environment, &[]);
            left.is_some_and(|left| !left.is_always()) && self.selection.admits(item)
        });
        let names: BTreeSet<&str> = presumed
            .filter_map(|item| item.name.as_ref().map(Name::as_str))
            .collect();
        (!names.is_empty()).then(|| Remark {
            code: RemarkCode::PresumedInstalled,
            text: format!(
                "{}: counted as installed, though it is not known which release and version of the system their markers are held against: {}",
                inventory.place,
                some_of(&names)
            ),
            origin: Some(inventory.place.clone()),
        })
    }

    /// The report, with the state of the sources.
    pub fn finish(mut self) -> AuditReport {
        let current = Earlier {
            gate: self.gate,
            names: std::mem::take(&mut self.names),
            failed: std::mem::take(&mut self.failed),
        };
        self.others.push(current);
        let mut report = self.report;
        states::close(&mut report, &self.others);
        report
    }

    /// One item; where it stands among the packages, if it is one.
    fn item(
        &mut self,
        inventory: &Inventory,
        index: usize,
        item: &Item,
        may_tell: &MayTell<'_>,
    ) -> Option<usize> {
        match &item.origin {
            ItemOrigin::Own(place) => {
                self.report.own.push(OwnProject {
                    text: item.shown(),
                    source: source_of(inventory, item),
                    line: item.line,
                    place: place.clone(),
                });
                None
            }
            ItemOrigin::Direct(_) => {
                let why = "it is taken from a direct reference, and advisories speak of releases";
                self.gap(inventory, item, GapCode::DirectReference, why);
                self.reference(inventory, index, item)
            }
            ItemOrigin::Unpinned => {
                let why = "it is not pinned to one version; lock it first, or audit what it comes to with `--resolve`";
                self.gap(inventory, item, GapCode::Unpinned, why);
                self.reference(inventory, index, item)
            }
            ItemOrigin::BadVersion(version) => {
                let why =
                    format!("`{version}` is no version (PEP 440), and can be compared with none");
                self.gap(inventory, item, GapCode::BadVersion, &why);
                self.reference(inventory, index, item)
            }
            ItemOrigin::Index(_) => match (&item.name, &item.version) {
                (Some(name), Some(version)) => {
                    self.package(inventory, index, item, (name, version), may_tell(item))
                }
                (Some(_), None) => {
                    let why = "its version is not stated";
                    self.gap(inventory, item, GapCode::Unpinned, why);
                    self.reference(inventory, index, item)
                }
                (None, _) => self.gap(
                    inventory,
                    item,
                    GapCode::Unnamed,
                    "it has no name that could be asked about",
                ),
            },
        }
    }

    /// What is known against a direct reference, or an entry without a version, by its name and the version that it states, or against every
    /// version where it states none.
    /// Only kept sources are asked: services are told no names that no index has. Without a finding it stays the gap that it is.
    fn reference(&mut self, inventory: &Inventory, index: usize, item: &Item) -> Option<usize> {
        let name = item.name.as_ref()?;
        let unstated: Version = UNSTATED_VERSION.parse().ok()?;
        let subject = Subject {
            name,
            version: item.version.as_ref().unwrap_or(&unstated),
            scopes: &item.scopes,
            may_tell: false,
        };
        let (judged, by) = match item.version {
            Some(_) => (self.gate.judge(&subject), JudgedBy::StatedVersion),
            None => (self.gate.judge_every_version(&subject), JudgedBy::Name),
        };
        for failure in &judged.failures {
            let (code, why) = reason(failure);
            self.gap(inventory, item, code, &why);
        }
        self.report.remarks.extend(judged.overridden);
        if judged.findings.is_empty() {
            return None;
        }
        let subject = (name, subject.version);
        let place = self.found(inventory, index, item, subject, judged.findings);
        if let Some(package) = self.report.packages.get_mut(place) {
            package.judged_by = Some(by);
        }
        Some(place)
    }

    fn package(
        &mut self,
        inventory: &Inventory,
        index: usize,
        item: &Item,
        (name, version): (&Name, &Version),
        may_tell: Result<(), String>,
    ) -> Option<usize> {
        let judged = self.gate.judge(&Subject {
            name,
            version,
            scopes: &item.scopes,
            may_tell: may_tell.is_ok(),
        });
        for failure in &judged.failures {
            let (code, why) = reason(failure);
            self.gap(inventory, item, code, &why);
        }
        if judged.answered == 0 && (self.gate.has_sources() || !self.failed.is_empty()) {
            if judged.failures.is_empty() && !self.failed.is_empty() {
                let why = "no source of advisories could be used for it";
                self.gap(inventory, item, GapCode::NotLearned, why);
            } else if judged.failures.is_empty() {
                let why = may_tell.err().unwrap_or_default();
                self.gap(inventory, item, GapCode::NotTold, &why);
            }
            return None;
        }
        self.report.remarks.extend(judged.overridden);
        Some(self.found(inventory, index, item, (name, version), judged.findings))
    }

    /// Puts a package into the report with what was found; where it stands there.
    fn found(
        &mut self,
        inventory: &Inventory,
        index: usize,
        item: &Item,
        (name, version): (&Name, &Version),
        findings: Vec<Finding>,
    ) -> usize {
        self.names.insert(name.clone());
        let mut package =
            AuditedPackage::new(name.clone(), version.clone(), source_of(inventory, item));
        package.line = item.line;
        package.direct = inventory.is_direct(item);
        package.scopes.clone_from(&item.scopes);
        package.marker = item.marker.to_text();
        package.findings = findings;
        // Chains are for people who have to mend something.
        if !package.findings.is_empty() {
            package.paths = chains(inventory, index);
            let path = package.paths.first().cloned().unwrap_or_default();
            for finding in &mut package.findings {
                finding.path.clone_from(&path);
            }
        }
        self.report.packages.push(package);
        self.report.packages.len() - 1
    }

    fn gap(
        &mut self,
        inventory: &Inventory,
        item: &Item,
        code: GapCode,
        why: &str,
    ) -> Option<usize> {
        let source = source_of(inventory, item);
        let what = match item.line {
            Some(line) => format!("{source}:{line}: `{}`", item.text),
            None => format!("{source}: `{}`", item.text),
        };
        let mut gap = Gap {
            code,
            what,
            why: why.to_owned(),
            name: item.name.clone(),
            source: Some(source),
            line: item.line,
            accepted: None,
        };
        self.gate.accept(&mut gap);
        self.report.gaps.push(gap);
        None
    }
}

/// The file that an item stands in.
fn source_of(inventory: &Inventory, item: &Item) -> String {
    item.file.clone().unwrap_or_else(|| inventory.place.clone())
}

/// What a failure comes to as a gap: the cause, without the project, so that one cause of many gaps is seen to be one.
fn reason(failure: &FactError) -> (GapCode, String) {
    match failure {
        FactError::Absent { .. } => (
            GapCode::NotOnIndex,
            "the source of advisories does not know this release".to_owned(),
        ),
        FactError::Unusable { .. } => (GapCode::NotLearned, failure.to_string()),
        FactError::Unlearned { why, .. } => (GapCode::NotLearned, why.clone()),
    }
}

#[cfg(test)]
mod tests;

/// The first of some names, and how many more there are.
fn some_of(names: &BTreeSet<&str>) -> String {
    const SHOWN: usize = 5;
    let mut shown: Vec<&str> = names.iter().copied().take(SHOWN).collect();
    let rest = names.len() - shown.len();
    let more = format!("{rest} more");
    if rest > 0 {
        shown.push(&more);
    }
    shown.join(", ")
}
