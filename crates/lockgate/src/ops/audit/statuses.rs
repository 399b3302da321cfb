//! What the index says of audited releases: yanked, quarantined, archived, deprecated. Asked only where it is wanted, since it needs a page
//! of every project.

use std::sync::Arc;

use lockgate_gate::AdvisoryGate;
use lockgate_model::{
    AuditReport, AuditedPackage, DistFile, FactError, Facts, Gap, GapCode, Manifest, Metadata,
    Name, Pick, ProjectStatus, ProjectView, Scout, Version, VersionSet, Want, Yank,
};

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

/// The indexes in use, for an audit.
pub(super) fn facts(arguments: &AuditArguments, world: &World) -> Result<Arc<dyn Facts>, Failure> {
    let asked = places::places(
        &Manifest::default(),
        &arguments.index,
        &arguments.target,
        world,
    )?;
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
        .filter(|(_, gate)| gate.is_some())
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
        let Some(gate) = gate else { continue };
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
    report.gaps.extend(gaps);
}

/// Whether a release was taken back, with the reason, and its project's status. A release that the index does not have is no release.
fn said(
    facts: &dyn Facts,
    name: &Name,
    version: &Version,
) -> Result<(Option<String>, ProjectStatus), FactError> {
    let project = facts.project(name)?;
    let position = project
        .position(version)
        .ok_or_else(|| FactError::Absent { name: name.clone() })?;
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
