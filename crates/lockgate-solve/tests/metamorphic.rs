//! Changes to random worlds that must not change a pin: packages that have nothing to do with it, other names, affected versions above
//! the chosen ones, and the loss of versions that were not chosen.
//!
//! `LOCKGATE_WORLDS` sets how many worlds are tried, `LOCKGATE_FIRST_WORLD` the first of them.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod random;
mod support;

use std::collections::BTreeMap;

use lockgate_model::Pin;
use lockgate_solve::{Answer, Unwatched, solve};
use random::case::machine;
use random::plan::{Advice, Aim, Names, Plan, Release, Wish};
use random::run::{Counts, Wrong, worlds};
use random::tables::{ALWAYS, ANY_PYTHON, IS_PRERELEASE, PROJECTS, PURE, Place, VERSIONS};
use support::Case;

/// Where the pins are installed, by project and version.
type Pins = BTreeMap<(usize, String), Vec<Place>>;

type Check = fn(&Plan, &Pins, &Counts) -> Result<(), Wrong>;

fn check(check: Check, plan: &Plan, counts: &Counts) -> Result<(), Wrong> {
    // What an old lock keeps, it keeps whatever else there is.
    let mut plan = plan.clone();
    plan.options.kept = [None; 5];
    // Of a direct reference there is one version.
    plan.direct.clear();
    let plan = &plan;
    match pins(plan, &plan.case(), PROJECTS) {
        Some(pins) => check(plan, &pins, counts),
        None => Ok(()),
    }
}

/// The pins of the projects of the plan; none if there is no solution.
fn pins(plan: &Plan, case: &Case, names: Names) -> Option<Pins> {
    // Two texts of a marker may say the same of the places that the lock is for.
    let places = |pin: &Pin| {
        let places = plan.aim.places().into_iter();
        let is_there = |place: &Place| {
            let machine = machine(*place);
            pin.marker.holds(machine.region.machine().unwrap(), &[])
        };
        places.filter(is_there).collect()
    };
    match solve(&case.question(), &case.facts(false), &Unwatched).unwrap() {
        Answer::Impossible(_) => None,
        Answer::Locked(solution) => {
            let pins = solution.graph.pins.iter().filter_map(|pin| {
                let project = names.iter().position(|name| *name == pin.name.as_str())?;
                Some(((project, pin.version.to_string()), places(pin)))
            });
            Some(pins.collect())
        }
    }
}

fn same(kind: &'static str, before: &Pins, after: Option<&Pins>, how: &str) -> Result<(), Wrong> {
    if after == Some(before) {
        return Ok(());
    }
    Err(Wrong::new(kind, format!("{how}\n{before:?}\n{after:?}")))
}

fn unrelated(plan: &Plan, before: &Pins, counts: &Counts) -> Result<(), Wrong> {
    // Nobody asks for `aa` or `cc`; `dd` and `zz` are asked for, and `zz` has to be taken in an older version.
    const WORLD: &str =
        "aa 1.0\n    a\ncc 1.0\n    e>=3\ndd 1.0\nzz 1.0\nzz 1.2.0\n    dd\nzz 2.0\n    dd>=2\n";
    let dated = WORLD.replace(".0\n", ".0 uploaded=2023-01-01T00:00:00Z\n");
    let world = plan.world(PROJECTS) + &dated;
    let case = || plan.case_of(&world, PROJECTS);
    counts.add("unrelated packages");
    same(
        "something nobody asks for changes it",
        before,
        pins(plan, &case(), PROJECTS).as_ref(),
        "",
    )?;
    let last = case().require("zz");
    same(
        "another source changes it",
        before,
        pins(plan, &last, PROJECTS).as_ref(),
        "last",
    )?;
    let mut first = last;
    first.manifest.requirements.rotate_right(1);
    same(
        "another source changes it",
        before,
        pins(plan, &first, PROJECTS).as_ref(),
        "first",
    )
}

fn renamed(plan: &Plan, before: &Pins, counts: &Counts) -> Result<(), Wrong> {
    for names in [
        ["ba", "bb", "bc", "bd", "be"],
        ["e", "d", "c", "b", "a"],
        ["c", "e", "b", "d", "a"],
    ] {
        // Of reasons to avoid that are equally bad, the first by name is let go first.
        if !names.is_sorted() && is_relaxed(&plan.case()) {
            counts.add("left out: something to avoid was accepted");
            continue;
        }
        // Of the requirements of releases at which a region could be split, the first by name is taken.
        if !names.is_sorted() && is_split(&plan.case()) {
            counts.add("left out: several regions");
            continue;
        }
        counts.add("renamings");
        let after = pins(plan, &plan.case_with(names), names);
        same(
            "names change it",
            before,
            after.as_ref(),
            &format!("{names:?}"),
        )?;
    }
    Ok(())
}

/// Whether the gate had to let go of something.
fn is_relaxed(case: &Case) -> bool {
    match solve(&case.question(), &case.facts(false), &Unwatched).unwrap() {
        Answer::Locked(solution) => solution.statistics.relaxed > 0,
        Answer::Impossible(_) => false,
    }
}

/// Whether there are several regions.
fn is_split(case: &Case) -> bool {
    match solve(&case.question(), &case.facts(false), &Unwatched).unwrap() {
        Answer::Locked(solution) => solution.graph.regions.len() > 1,
        Answer::Impossible(_) => false,
    }
}

fn affected(plan: &Plan, before: &Pins, counts: &Counts) -> Result<(), Wrong> {
    for (project, _) in PROJECTS.iter().enumerate() {
        let own = || {
            plan.releases
                .iter()
                .filter(|release| release.project == project)
        };
        let pinned: Vec<&Release> = own()
            .filter(|release| before.contains_key(&(project, VERSIONS[release.version].to_owned())))
            .collect();
        let Some(highest) = pinned.last() else {
            continue;
        };
        // By the rules a denied release still is one that matches: it takes a pre-release or a yanked release its ground.
        if pinned.iter().any(|release| is_special(release)) {
            counts.add("left out: a pin with a ground");
            continue;
        }
        for (version, text) in VERSIONS.iter().enumerate().skip(highest.version + 1) {
            if own().any(|release| release.version == version) {
                continue;
            }
            let mut plan = plan.clone();
            let mut wishes = highest.wishes.clone();
            for wish in &mut wishes {
                wish.part = None;
            }
            plan.releases.push(Release {
                version,
                wishes,
                python: ANY_PYTHON,
                files: PURE,
                late: false,
                advice: Advice::Denied,
                ..(*highest).clone()
            });
            counts.add("affected versions");
            let how = format!("{} {text}", PROJECTS[project]);
            let after = pins(&plan, &plan.case(), PROJECTS);
            same(
                "an affected version changes it",
                before,
                after.as_ref(),
                &how,
            )?;
        }
    }
    Ok(())
}

fn is_special(release: &Release) -> bool {
    release.yanked || IS_PRERELEASE[release.version]
}

/// The projects that are asked for in a part of a region only, and what these ask for. In a region that counts in all of it, also where the
/// part turns out to be empty: what is not in the lock may still have been needed for it.
fn asked_in_part(plan: &Plan) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    let Aim::All { .. } = plan.aim else {
        return found;
    };
    loop {
        let wishes = plan.releases.iter().flat_map(|release| {
            let is_found = found.contains(&release.project);
            let counts = move |wish: &&Wish| is_found || wish.condition != ALWAYS;
            release.wishes.iter().filter(counts)
        });
        let overrides = plan
            .overrides
            .iter()
            .filter(|wish| wish.condition != ALWAYS);
        let next = wishes.chain(overrides).map(|wish| wish.project);
        let Some(project) = next.into_iter().find(|project| !found.contains(project)) else {
            return found;
        };
        found.push(project);
    }
}

fn removed(plan: &Plan, before: &Pins, counts: &Counts) -> Result<(), Wrong> {
    let partly = asked_in_part(plan);
    for (at, release) in plan.releases.iter().enumerate() {
        let version = VERSIONS[release.version].to_owned();
        let mut own = plan
            .releases
            .iter()
            .filter(|other| other.project == release.project);
        if before.contains_key(&(release.project, version)) {
            continue;
        }
        // What is taken away may have been what kept a pre-release or a yanked release from having a ground.
        if partly.contains(&release.project) {
            counts.add("left out: a project that is asked for in a part of a region");
            continue;
        }
        if own.any(is_special) {
            counts.add("left out: a project with pre-releases or yanks");
            continue;
        }
        let mut plan = plan.clone();
        let release = plan.releases.remove(at);
        counts.add("removed versions");
        let how = format!(
            "{} {}",
            PROJECTS[release.project], VERSIONS[release.version]
        );
        let after = pins(&plan, &plan.case(), PROJECTS);
        same("an unused version changes it", before, after.as_ref(), &how)?;
    }
    Ok(())
}

#[test]
fn unrelated_packages_change_no_pin() {
    worlds(700, Plan::single, &|plan, counts| {
        check(unrelated, plan, counts)
    });
    worlds(300, Plan::universal, &|plan, counts| {
        check(unrelated, plan, counts)
    });
}

#[test]
fn names_change_no_pin() {
    worlds(700, Plan::single, &|plan, counts| {
        check(renamed, plan, counts)
    });
    worlds(300, Plan::universal, &|plan, counts| {
        check(renamed, plan, counts)
    });
}

#[test]
fn affected_versions_above_the_chosen_ones_change_no_pin() {
    worlds(700, Plan::single, &|plan, counts| {
        check(affected, plan, counts)
    });
    worlds(300, Plan::universal, &|plan, counts| {
        check(affected, plan, counts)
    });
}

#[test]
fn the_loss_of_versions_that_were_not_chosen_changes_no_pin() {
    worlds(700, Plan::single, &|plan, counts| {
        check(removed, plan, counts)
    });
    worlds(300, Plan::universal, &|plan, counts| {
        check(removed, plan, counts)
    });
}
