//! Every scenario of `fixtures/scenarios/`: one test per area, each file a case of it.

use lockgate_tests::fixtures;
use lockgate_tests::scenario::run_area;

#[test]
fn choice_takes_the_highest_versions_that_work_together() {
    run_area("choice");
}

#[test]
fn extras_add_their_requirements_and_nothing_else() {
    run_area("extras");
}

#[test]
fn versions_are_compared_as_pep_440_says() {
    run_area("versions");
}

#[test]
fn prereleases_follow_the_rule_of_pip() {
    run_area("prereleases");
}

#[test]
fn yanked_files_are_invisible_unless_pinned() {
    run_area("yanked");
}

#[test]
fn files_and_pythons_that_do_not_fit_the_target_are_passed_over() {
    run_area("target");
}

#[test]
fn source_distributions_are_read_and_never_built() {
    run_area("sdists");
}

#[test]
fn pins_of_the_old_lock_are_kept_unless_told_otherwise() {
    run_area("preferences");
}

#[test]
fn a_lock_holds_what_is_needed_and_every_permitted_hash() {
    run_area("locks");
}

#[test]
fn the_gate_steers_refuses_and_reports() {
    run_area("gate");
}

#[test]
fn the_gate_heeds_ignores_and_thresholds() {
    run_area("policy");
}

#[test]
fn advisories_match_by_the_rules_of_osv() {
    run_area("matching");
}

#[test]
fn overrides_take_the_place_of_requirements() {
    run_area("overrides");
}

#[test]
fn excluded_projects_are_left_out() {
    run_area("excludes");
}

#[test]
fn the_lowest_versions_that_work_are_found() {
    run_area("lowest");
}

#[test]
fn wheels_go_first_where_they_are_preferred() {
    run_area("binary");
}

#[test]
fn release_control_follows_the_rule_of_pip() {
    run_area("releases");
}

#[test]
fn what_was_uploaded_after_the_cutoff_does_not_exist() {
    run_area("cutoff");
}

#[test]
fn the_cooldown_passes_over_all_but_fixes() {
    run_area("cooldown");
}

#[test]
fn indexes_and_find_links_are_asked_by_the_strategy() {
    run_area("indexes");
}

#[test]
fn rules_hold_together() {
    run_area("combined");
}

#[test]
fn old_and_broken_metadata_are_read_as_pip_reads_them() {
    run_area("metadata");
}

#[test]
fn a_universal_lock_is_right_in_every_environment() {
    run_area("universal");
}

/// The rows of the section "Coverage": a rule in words, and `folder: name, name; folder: name`.
#[test]
fn every_rule_has_three_scenarios() {
    let folder = fixtures().join("scenarios");
    let text = std::fs::read_to_string(folder.join("README.md")).expect("the table can be read");
    let (_, coverage) = text
        .split_once("## Coverage")
        .expect("there is a section on coverage");
    let rows: Vec<(&str, &str)> = coverage
        .lines()
        .filter_map(|line| {
            line.strip_prefix("| ")?
                .strip_suffix(" |")?
                .split_once(" | ")
        })
        .filter(|(rule, _)| *rule != "rule")
        .collect();
    assert!(rows.len() >= 40, "the table has {} rows", rows.len());
    let mut wrong = Vec::new();
    for (rule, files) in rows {
        let mut names = std::collections::BTreeSet::new();
        for group in files.split("; ") {
            let (area, listed) = group.split_once(": ").unwrap_or((group, ""));
            names.extend(listed.split(", ").map(|name| format!("{area}/{name}.toml")));
        }
        if names.len() < 3 {
            wrong.push(format!("{rule}: {} files", names.len()));
        }
        let missing = names.iter().filter(|name| !folder.join(name).is_file());
        wrong.extend(missing.map(|name| format!("{rule}: no file {name}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_refusal_says_what_is_at_fault_and_what_would_help() {
    run_area("conflicts");
}
