//! What holds again of the command that a lock's header records.

use lockgate_formats::lock::Lock;

use super::sources::sources_beside;
use crate::cli::{CheckArguments, ChoiceOptions, LockArguments};
use crate::failure::Failure;

/// The recorded arguments under those given now.
pub(super) fn merged(
    given: &CheckArguments,
    recorded: LockArguments,
    lock: &str,
    read: &Lock,
) -> Result<LockArguments, Failure> {
    let mut merged = recorded;
    if !given.source.is_empty() {
        merged.sources.clone_from(&given.source);
    } else if merged.sources.is_empty() && merged.project.group.is_empty() {
        merged.sources = sources_beside(lock, read)?;
    }
    if merged.sources.iter().any(|source| source == "-") {
        return Err(Failure::new(format!(
            "`{lock}` was locked from standard input, which is gone"
        ))
        .remedy("name the source with `--source FILE`"));
    }
    if !given.constraint.is_empty() {
        merged.constraint.clone_from(&given.constraint);
    }
    let project = &given.project;
    if project.all_extras || !project.extra.is_empty() {
        merged.project.all_extras = project.all_extras;
        merged.project.extra.clone_from(&project.extra);
    }
    if !project.group.is_empty() {
        merged.project.group.clone_from(&project.group);
    }
    // What the lock was written to does not matter here; sources must not be taken for the lock.
    merged.output_file = Some("-".to_owned());
    merged.upgrade = false;
    merged.upgrade_package.clear();
    merged.no_upgrade_package.clear();
    if !given.overrides.is_empty() {
        merged.overrides.clone_from(&given.overrides);
    }
    if !given.exclude.is_empty() {
        merged.exclude.clone_from(&given.exclude);
    }
    merge_choice(&mut merged.choice, &given.choice);
    replace_if_given(&mut merged.target.python, given.target.python.as_ref());
    replace_if_given(
        &mut merged.target.python_version,
        given.target.python_version.as_ref(),
    );
    replace_if_given(
        &mut merged.target.python_platform,
        given.target.python_platform.as_ref(),
    );
    given.index.over(&mut merged.index);
    let gate = &given.gate;
    replace_if_given(&mut merged.gate.gate, gate.gate.as_ref());
    replace_if_given(&mut merged.gate.min_severity, gate.min_severity.as_ref());
    if gate.no_advisories || !gate.advisories.is_empty() {
        merged.gate.no_advisories = gate.no_advisories;
        merged.gate.advisories.clone_from(&gate.advisories);
    }
    merged
        .gate
        .ignore_vuln
        .extend(gate.ignore_vuln.iter().cloned());
    merged.gate.no_config |= gate.no_config;
    // Whose policy is followed only the caller says.
    merged.gate.policy.clone_from(&gate.policy);
    merged.gate.policy_from.clone_from(&gate.policy_from);
    merged.rendering = merged.rendering.with(&given.rendering);
    merged.build = merged.build.with(&given.build);
    merged.cache = given.cache.clone();
    merged.cache.refresh |= given.online;
    Ok(merged)
}

/// The recorded options of the choice under those given now.
fn merge_choice(merged: &mut ChoiceOptions, given: &ChoiceOptions) {
    let says_prereleases = given.pre || given.prerelease.is_some() || !given.releases.0.is_empty();
    if says_prereleases {
        // They speak of the same, so that one given now takes the place of all that are recorded.
        merged.pre = given.pre;
        merged.prerelease = given.prerelease;
        merged.releases = given.releases.clone();
    }
    merged.no_deps |= given.no_deps;
    merged.prefer_binary |= given.prefer_binary;
    replace_if_given(&mut merged.resolution, given.resolution.as_ref());
    replace_if_given(&mut merged.exclude_newer, given.exclude_newer.as_ref());
    replace_if_given(
        &mut merged.uploaded_prior_to,
        given.uploaded_prior_to.as_ref(),
    );
    replace_if_given(&mut merged.cooldown, given.cooldown.as_ref());
    if !given.binary.0.is_empty() {
        merged.binary = given.binary.clone();
    }
}

fn replace_if_given<T: Clone>(recorded: &mut Option<T>, given: Option<&T>) {
    if given.is_some() {
        *recorded = given.cloned();
    }
}
