//! What the index says of audited releases: yanked, quarantined, archived, deprecated. Asked only where it is wanted, since it needs a page
//! of every project.

use std::sync::Arc;

use lockgate_gate::AdvisoryGate;
use lockgate_model::{
    AuditReport, AuditedPackage, DistFile, FactError, Facts, Gap, GapCode, Inventory, ItemOrigin,
    Manifest, Metadata, Name, Pick, ProjectStatus, ProjectView, Scout, Sha256, Version, VersionSet,
    Want, Yank,
};

use super::InputPolicies;
use crate::absences;
use crate::cli::AuditArguments;
use crate::failure::Failure;
use crate::places;
use crate::world::World;

/// Nothing follows from a page here: no further projects are looked for.
struct Nothing;

impl Scout for Nothing {
    fn pick(&self, _: &dyn ProjectView, _: &Want) -> Option<Pick> {
        None
    }

    fn follow(&self, _: &Want, _: &Metadata) -> Vec<Want> {
        Vec::new()
    }
}

/// The indexes in use, for an audit. Of what the policies state about indexes, what all of them state holds.
pub(super) fn facts(
    arguments: &AuditArguments,
    policies: &InputPolicies,
    world: &World,
) -> Result<Arc<dyn Facts>, Failure> {
    let mut asked = places::places(
        &Manifest::default(),
        &arguments.index,
        &arguments.target,
        world,
    )?;
    let stated = policies.all().map(|one| one.of_indexes.as_slice());
    absences::lay_over(&mut asked, &absences::in_all(stated), &Manifest::default());
    Ok(places::facts(&asked, world))
}

/// Asks the indexes about the packages of a report that are on one, and puts down what they say.
pub(crate) fn ask(
    report: &mut AuditReport,
    gate: &AdvisoryGate,
    facts: &Arc<dyn Facts>,
    is_on_index: impl Fn(&AuditedPackage) -> bool,
    world: &World,
) {
    let gates: Vec<Option<&AdvisoryGate>> = report
        .packages
        .iter()
        .map(|package| is_on_index(package).then_some(gate))
        .collect();
    ask_each(report, &gates, facts, world);
}

/// Asks the indexes about the packages of a report that have a gate in `gates`, which is the one that judges the answer.
pub(super) fn ask_each(
    report: &mut AuditReport,
    gates: &[Option<&AdvisoryGate>],
    facts: &Arc<dyn Facts>,
    world: &World,
) {
    world.progress.phase("asking the index");
    let packages = report.packages.iter().zip(gates);
    let mut names: Vec<Name> = packages
        .filter(|(package, gate)| gate.is_some() && package.judged_by.is_none())
        .map(|(package, _)| package.name.clone())
        .collect();
    names.sort();
    names.dedup();
    let wants = names.into_iter().map(|name| Want {
        name,
        extras: Vec::new(),
        versions: VersionSet::full(),
    });
    let nothing: Arc<dyn Scout> = Arc::new(Nothing);
    facts.hint(wants.collect(), &nothing);
    let mut gaps = Vec::new();
    for (package, gate) in report.packages.iter_mut().zip(gates) {
        let (Some(gate), None) = (gate, package.judged_by) else {
            continue;
        };
        match said(facts.as_ref(), &package.name, &package.version) {
            Ok((yanked, status)) => {
                package.notices = gate.notices(yanked.as_deref(), &status);
            }
            Err(error) => {
                let mut gap = Gap {
                    code: match error {
                        FactError::Absent { .. } => GapCode::NotOnIndex,
                        _ => GapCode::NotLearned,
                    },
                    what: format!("{}=={} on the index", package.name, package.version),
                    why: match error {
                        FactError::Absent { .. } => {
                            "the index does not have this release".to_owned()
                        }
                        other => other.to_string(),
                    },
                    name: Some(package.name.clone()),
                    source: Some(package.source.clone()),
                    line: package.line,
                    accepted: None,
                };
                gate.accept(&mut gap);
                gaps.push(gap);
            }
        }
    }
    let judged = gates.iter().flatten().next();
    if let (Some(gate), Err(error)) = (judged, facts.confirm_absences()) {
        let mut gap = Gap {
            code: GapCode::NotLearned,
            what: "what the index says".to_owned(),
            why: error.to_string(),
            name: None,
            source: None,
            line: None,
            accepted: None,
        };
        gate.accept(&mut gap);
        gaps.push(gap);
    }
    report.gaps.extend(gaps);
}

/// Takes a direct reference for the release whose file it is: the index has a file of that name and version with the digest that it states.
/// `is_asked` has one entry for each inventory: whether the index is asked about it.
pub(super) fn recognize<'i>(
    inventories: impl Iterator<Item = &'i mut Inventory>,
    is_asked: &[bool],
    facts: &Arc<dyn Facts>,
) {
    let asked = inventories.zip(is_asked).filter(|(_, is_asked)| **is_asked);
    for item in asked.flat_map(|(inventory, _)| &mut inventory.items) {
        let (ItemOrigin::Direct(_), Some(name), Some(version), Some(sha256)) =
            (&item.origin, &item.name, &item.version, &item.sha256)
        else {
            continue;
        };
        if has_file(facts.as_ref(), name, version, sha256) {
            item.origin = ItemOrigin::Index(None);
        }
    }
}

/// Whether an index has a file of a release with this digest. What cannot be learned is no yes.
fn has_file(facts: &dyn Facts, name: &Name, version: &Version, sha256: &Sha256) -> bool {
    let Ok(project) = facts.project(name) else {
        return false;
    };
    let files = project
        .position(version)
        .and_then(|position| project.files(position).ok());
    files.is_some_and(|files| {
        files
            .iter()
            .any(|file| file.sha256.as_ref() == Some(sha256))
    })
}

/// Whether a release was taken back, with the reason, and its project's status. A release that the index does not have is no release.
fn said(
    facts: &dyn Facts,
    name: &Name,
    version: &Version,
) -> Result<(Option<String>, ProjectStatus), FactError> {
    let project = facts.project(name)?;
    let Some(position) = project.position(version) else {
        // An index offers no file of a project in quarantine (PEP 792), so that none of its releases is on the page.
        return match project.status() {
            status @ ProjectStatus::Quarantined(_) => Ok((None, status.clone())),
            _ => Err(FactError::Absent { name: name.clone() }),
        };
    };
    let files = project.files(position)?;
    Ok((yanked(&files), project.status().clone()))
}

/// A release is taken back when all of its files are (PEP 592).
fn yanked(files: &[DistFile]) -> Option<String> {
    let mut reasons = files.iter().map(|file| match &file.yanked {
        Yank::No => None,
        Yank::Yes(reason) => Some(reason.clone()),
    });
    let first = reasons.next()??;
    reasons.all(|reason| reason.is_some()).then_some(first)
}
