//! Every explanation stays a conflict when the index is cut to the facts that it names, and each of these facts is so.
//!
//! The cut index has every version that exists, all of them ready to be chosen, less what a fact excludes; they ask for nothing but
//! what a fact says; and the sources ask for nothing else either. A judge of its own looks for a choice that fits.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{
    Conflict, Fact, Name, OptionChange, Proof, Releases, Requirement, Specifiers, Stated, Version,
    VersionSet, WayOut, Why,
};
use lockgate_solve::Answer;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

use super::{PROJECTS, Plan, Release, VERSIONS, plan, text_of_wish, worlds};
use crate::support::{Case, name, version};

fn facts(proof: &Proof) -> Vec<&Fact> {
    let (mut facts, mut waiting) = (Vec::new(), vec![proof]);
    while let Some(part) = waiting.pop() {
        match part {
            Proof::Fact(fact) => facts.push(fact),
            Proof::Derived { left, right, .. } => waiting.extend([&**left, &**right]),
        }
    }
    facts
}

/// Something that is asked for: a project, be it with an extra of it, at versions of a set.
type Ask = (Name, Option<Name>, VersionSet);

/// The index and the sources, cut to facts.
struct Cut<'f> {
    versions: BTreeMap<Name, Vec<Version>>,
    roots: Vec<Ask>,
    constraints: Vec<(Name, VersionSet)>,
    facts: Vec<&'f Fact>,
}

impl<'f> Cut<'f> {
    fn new(plan: &Plan, conflict: &'f Conflict) -> Self {
        let facts = facts(&conflict.proof);
        let mut versions: BTreeMap<Name, Vec<Version>> = BTreeMap::new();
        for release in &plan.releases {
            let version = version(VERSIONS[release.version]);
            let is_excluded = facts.iter().any(|fact| match fact {
                Fact::NoVersion { name, versions, .. } => {
                    name.as_str() == PROJECTS[release.project] && versions.contains(&version)
                }
                _ => false,
            });
            if !is_excluded {
                let known = versions.entry(name(PROJECTS[release.project])).or_default();
                known.push(version);
            }
        }
        let (mut roots, mut constraints) = (Vec::new(), Vec::new());
        for fact in &facts {
            let Fact::Root {
                requirement,
                role,
                name,
                versions,
                ..
            } = fact
            else {
                continue;
            };
            if *role == Stated::Constraint {
                constraints.push((name.clone(), versions.clone()));
                continue;
            }
            roots.push((name.clone(), None, versions.clone()));
            let requirement: Requirement = requirement.parse().unwrap();
            let mut extras = requirement.extras.clone();
            if let Stated::Override(replaced) = role {
                let replaced: Requirement = replaced.requirement.parse().unwrap();
                extras.extend(replaced.extras);
            }
            let extras = extras.into_iter();
            roots.extend(extras.map(|extra| (name.clone(), Some(extra), versions.clone())));
        }
        Self {
            versions,
            roots,
            constraints,
            facts,
        }
    }

    /// What a choice asks for.
    fn asked(&self, chosen: &BTreeMap<Name, Version>) -> Vec<Ask> {
        let mut asked = self.roots.clone();
        let mut active: BTreeSet<(Name, Option<Name>)> = BTreeSet::new();
        let mut next = 0;
        while let Some((name, extra, _)) = asked.get(next).cloned() {
            next += 1;
            for who in [(name.clone(), None), (name.clone(), extra)] {
                if !active.insert(who.clone()) {
                    continue;
                }
                let Some(version) = chosen.get(&name) else {
                    continue;
                };
                for fact in &self.facts {
                    if let Fact::Requires {
                        from,
                        from_versions,
                        to,
                        to_versions,
                        ..
                    } = fact
                        && *from == who
                        && from_versions.contains(version)
                    {
                        asked.push((to.0.clone(), to.1.clone(), to_versions.clone()));
                    }
                }
            }
        }
        asked
    }

    /// A choice that fits, if there is one.
    fn fits(&self, chosen: &BTreeMap<Name, Version>) -> Option<BTreeMap<Name, Version>> {
        let asked = self.asked(chosen);
        let contradicts = asked
            .iter()
            .map(|(name, _, set)| (name, set))
            .chain(self.constraints.iter().map(|(name, set)| (name, set)))
            .any(|(name, set)| {
                chosen
                    .get(name)
                    .is_some_and(|version| !set.contains(version))
            });
        if contradicts {
            return None;
        }
        let Some((open, ..)) = asked.iter().find(|(name, ..)| !chosen.contains_key(name)) else {
            return Some(chosen.clone());
        };
        let versions = self.versions.get(open).into_iter().flatten();
        versions.into_iter().find_map(|version| {
            let mut more = chosen.clone();
            more.insert(open.clone(), version.clone());
            self.fits(&more)
        })
    }
}

/// What is not so of what a fact says.
fn untrue(plan: &Plan, fact: &Fact) -> Option<String> {
    let released = |name: &Name, set: &VersionSet| -> Vec<&Release> {
        let all = plan.releases.iter();
        all.filter(|release| {
            PROJECTS[release.project] == name.as_str()
                && set.contains(&version(VERSIONS[release.version]))
        })
        .collect()
    };
    match fact {
        Fact::Root { .. } => None,
        Fact::Absent { name } => {
            let exists = !released(name, &VersionSet::full()).is_empty();
            exists.then(|| format!("{name} exists"))
        }
        Fact::NoVersion {
            name,
            versions,
            excluded,
            nearest,
        } => {
            let existing = released(name, versions);
            for release in &existing {
                let version = version(VERSIONS[release.version]);
                let reason = excluded
                    .iter()
                    .find(|exclusion| exclusion.versions.contains(&version));
                let Some(reason) = reason else {
                    return Some(format!("{name} {version} is excluded without a reason"));
                };
                let is_so = match &reason.why {
                    Why::Yanked(_) => release.yanked,
                    Why::Python { .. } => release.wrong_python,
                    Why::Prerelease => version.any_prerelease(),
                    Why::Gate(_) => (1..=3).contains(&release.verdict),
                    Why::Metadata(_) => release.wishes.iter().any(|wish| {
                        let requirement: Requirement = text_of_wish(wish).parse().unwrap();
                        let set = requirement.specifiers().map(Specifiers::set).unwrap();
                        requirement.name == *name && !set.contains(&version)
                    }),
                    _ => false,
                };
                if !is_so {
                    return Some(format!("{name} {version} is not {:?}", reason.why));
                }
            }
            let near = nearest.iter().all(|near| {
                !versions.contains(near)
                    && !released(name, &VersionSet::exactly(near.clone())).is_empty()
            });
            let is_empty = nearest.is_empty() || existing.is_empty();
            (!near || !is_empty).then(|| format!("{name}: the nearest are not {nearest:?}"))
        }
        Fact::Requires {
            from,
            from_versions,
            to,
            to_versions,
            overridden,
            ..
        } => {
            let states = |release: &&Release| {
                release.wishes.iter().any(|wish| {
                    let requirement: Requirement = text_of_wish(wish).parse().unwrap();
                    let set = requirement.specifiers().map(Specifiers::set).unwrap();
                    // What is asked for with an extra is asked for without it too, and overrides keep only the extra.
                    requirement.name == to.0
                        && (overridden.is_some()
                            || ((set == to_versions || to_versions.is_full())
                                && to.1.iter().all(|extra| requirement.extras.contains(extra))))
                        && wish.guarded == from.1.is_some()
                })
            };
            // Nobody has looked at what cannot be chosen anyway.
            released(&from.0, from_versions)
                .into_iter()
                .filter(|release| !release.yanked && !release.wrong_python)
                .filter(|release| !(1..=3).contains(&release.verdict))
                .filter(|release| !version(VERSIONS[release.version]).any_prerelease())
                .find(|release| !states(release))
                .map(|release| {
                    let version = VERSIONS[release.version];
                    format!(
                        "{} {version} does not require {} {to_versions}",
                        from.0, to.0
                    )
                })
        }
    }
}

/// The question with what a way out says done.
fn taken(plan: &Plan, way: &WayOut) -> Case {
    let mut case = plan.case();
    match way {
        WayOut::Relax { changes, .. } => {
            for change in changes {
                let line = change.origin.line.unwrap() - 1;
                let to: Requirement = change.to.parse().unwrap();
                let manifest = &mut case.manifest;
                let requirement = match change.origin.file.as_str() {
                    "requirements.in" => &mut manifest.requirements[line].requirement,
                    "constraints.txt" => &mut manifest.constraints[line].requirement,
                    _ => &mut manifest.overrides[line].requirement,
                };
                assert_eq!(requirement.to_string(), change.requirement);
                *requirement = to;
            }
        }
        WayOut::Option(OptionChange::Prereleases(names)) => {
            for name in names {
                let packages = &mut case.rules.releases.packages;
                packages.insert(name.clone(), Releases::All);
            }
        }
        WayOut::Option(OptionChange::Python(python)) => {
            case.target = case.target.at_python(&python.parse().unwrap()).unwrap();
        }
        WayOut::Option(
            OptionChange::Formats(..) | OptionChange::Cutoff(_) | OptionChange::Cooldown(_),
        )
        | WayOut::Ignore { .. } => panic!("these worlds have no {way:?}"),
    }
    case
}

#[test]
fn a_way_out_of_a_conflict_leads_out() {
    let taken_ways = std::sync::atomic::AtomicUsize::new(0);
    let result = runner().run(&plan(), |plan| {
        let Answer::Impossible(conflict) = plan.case().solve() else {
            return Ok(());
        };
        for way in &conflict.ways_out {
            taken_ways.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let locks = matches!(taken(&plan, way).solve(), Answer::Locked(_));
            prop_assert!(locks, "{way:?} does not help\n{}\n{plan:?}", plan.world());
        }
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
    assert!(taken_ways.into_inner() > 20, "too few ways out");
}

fn runner() -> TestRunner {
    let config = ProptestConfig {
        cases: worlds(),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

#[test]
fn an_explanation_stays_a_conflict_when_the_index_is_cut_to_its_facts() {
    let explained = std::sync::atomic::AtomicUsize::new(0);
    let result = runner().run(&plan(), |plan| {
        let Answer::Impossible(conflict) = plan.case().solve() else {
            return Ok(());
        };
        explained.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let cut = Cut::new(&plan, &conflict);
        let fitting = cut.fits(&BTreeMap::new());
        prop_assert!(
            fitting.is_none(),
            "{fitting:?} fits all that is named\n{:#?}\nworld\n{}\n{plan:?}",
            cut.facts,
            plan.world()
        );
        for fact in &cut.facts {
            let untrue = untrue(&plan, fact);
            prop_assert!(
                untrue.is_none(),
                "{untrue:?}\n{fact:#?}\nworld\n{}\n{plan:?}",
                plan.world()
            );
        }
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
    assert!(
        explained.into_inner() > 50,
        "too few worlds have no solution"
    );
}
