//! How the sources of an audit stood, and what is to be said of its policies, over all gates that it used.

use std::collections::BTreeSet;

use lockgate_model::{AuditReport, Name, Remark, RemarkCode, Sha256, Snapshot, SourceState};

use super::Earlier;

/// Puts the state of the sources and the remarks of all gates into the report.
pub(super) fn close(report: &mut AuditReport, gates: &[Earlier<'_>]) {
    report.evidence = evidence(gates);
    report.sources = sources(gates);
    report.remarks.extend(remarks(gates));
    remark_on_what_is_off(report);
    let mut seen = BTreeSet::new();
    report
        .remarks
        .retain(|remark| seen.insert((remark.text.clone(), remark.origin.clone())));
}

/// The evidence of all gates as one. Where sources were wanted and none could be had, that is not the same as having been off.
fn evidence(gates: &[Earlier<'_>]) -> Option<Snapshot> {
    let mut snapshots: Vec<Snapshot> = Vec::new();
    for one in gates {
        let snapshot = one.gate.snapshot(&one.names).or_else(|| {
            (!one.failed.is_empty()).then(|| Snapshot {
                source: one.failed.join(" + "),
                digest: Sha256::of(&[]),
                modified: None,
            })
        });
        snapshots.extend(snapshot.filter(|snapshot| !snapshots.contains(snapshot)));
    }
    let mut snapshots = snapshots.into_iter();
    let first = snapshots.next()?;
    Some(snapshots.fold(first, |all, one| {
        let mut names: Vec<&str> = all.source.split(" + ").collect();
        let more: Vec<&str> = one.source.split(" + ").collect();
        names.extend(
            more.into_iter()
                .filter(|name| !all.source.split(" + ").any(|known| known == *name)),
        );
        Snapshot {
            source: names.join(" + "),
            digest: Sha256::of(&[all.digest.0, one.digest.0].concat()),
            modified: all.modified.max(one.modified),
        }
    }))
}

/// Each source once, with the number of packages that it was asked about under any gate.
fn sources(gates: &[Earlier<'_>]) -> Vec<SourceState> {
    let mut states: Vec<(SourceState, BTreeSet<&Name>)> = Vec::new();
    for one in gates {
        for state in one.gate.states(&one.names) {
            let known = states.iter_mut().find(|(known, _)| {
                (&known.name, known.digest, known.overrides)
                    == (&state.name, state.digest, state.overrides)
            });
            match known {
                Some((known, names)) => {
                    names.extend(&one.names);
                    known.asked = names.len();
                }
                None => states.push((state, one.names.iter().collect())),
            }
        }
    }
    states.into_iter().map(|(state, _)| state).collect()
}

/// The remarks of all gates. An entry that accepted something under one gate isn't one that matches nothing.
fn remarks(gates: &[Earlier<'_>]) -> Vec<Remark> {
    let used: BTreeSet<&str> = gates
        .iter()
        .flat_map(|one| one.gate.used_entries())
        .collect();
    let remarks = gates.iter().flat_map(|one| one.gate.remarks());
    // Several gates may have one source.
    let mut old: BTreeSet<String> = BTreeSet::new();
    remarks
        .filter(|remark| {
            remark.code != RemarkCode::OldAdvisories || old.insert(remark.text.clone())
        })
        .filter(|remark| {
            let origin = remark.origin.as_deref();
            remark.code != RemarkCode::UnmatchedIgnore
                || origin.is_none_or(|origin| !used.contains(origin))
        })
        .collect()
}

/// Where advisories were looked for in some places and switched off in others, the latter are named.
fn remark_on_what_is_off(report: &mut AuditReport) {
    if report.places.iter().all(|place| place.is_off) {
        return;
    }
    let off = report.places.iter().filter(|place| place.is_off);
    let remarks = off.map(|place| Remark {
        code: RemarkCode::Input,
        text: format!(
            "{}: the gate is off for it, so no advisories were looked for",
            place.place
        ),
        origin: Some(place.place.clone()),
    });
    report.remarks.extend(remarks.collect::<Vec<_>>());
}
