//! `--require-hashes` in a source: what applies to the target is pinned, and its files are named by hash.
//!
//! pip turns the same on when one requirement has a hash. Here a hash then restricts the files of its own requirement and of no other:
//! the lock gives every line its hashes, so that an installation from it is checked throughout.

use lockgate_model::{Manifest, Marker, Name, Origin, Requirement, Source, Target};

use crate::failure::Failure;

/// Refuses what `--require-hashes` forbids.
pub(crate) fn holds(manifest: &Manifest, target: &Target) -> Result<(), Failure> {
    if !manifest.require_hashes {
        return Ok(());
    }
    let applies = |marker: &Marker| target.region.admits(marker, &[]);
    for root in &manifest.requirements {
        let requirement = &root.requirement;
        if !applies(&requirement.marker) {
            continue;
        }
        if !is_pinned(requirement) {
            return Err(refused(
                &root.origin,
                &requirement.to_string(),
                "no version is pinned",
            )
            .remedy(
                "pin it with `==`, or remove `--require-hashes`: a lock has hashes in any case",
            ));
        }
        let is_hashed = !root.hashes.is_empty()
            || has_hash_fragment(requirement)
            || constrained_by_hash(manifest, &requirement.name, target);
        if !is_hashed {
            return Err(without_hash(&root.origin, &requirement.to_string()));
        }
    }
    for unnamed in manifest
        .unnamed
        .iter()
        .filter(|unnamed| applies(&unnamed.marker))
    {
        if unnamed.hashes.is_empty() && !has_hash(&unnamed.reference) {
            return Err(without_hash(&unnamed.origin, &unnamed.reference));
        }
    }
    Ok(())
}

fn is_pinned(requirement: &Requirement) -> bool {
    match &requirement.source {
        Source::Index(specifiers) => {
            specifiers.clauses().len() == 1 && specifiers.exact().is_some()
        }
        Source::Url(_) => true,
    }
}

fn has_hash_fragment(requirement: &Requirement) -> bool {
    matches!(&requirement.source, Source::Url(address) if has_hash(address))
}

fn has_hash(address: &str) -> bool {
    address.contains("#sha256=") || address.contains("&sha256=")
}

fn constrained_by_hash(manifest: &Manifest, name: &Name, target: &Target) -> bool {
    manifest.constraints.iter().any(|constraint| {
        constraint.requirement.name == *name
            && !constraint.hashes.is_empty()
            && target.region.admits(&constraint.requirement.marker, &[])
    })
}

fn without_hash(origin: &Origin, what: &str) -> Failure {
    refused(origin, what, "it has no `--hash`").remedy(
        "add `--hash=sha256:…`, or remove `--require-hashes`: a lock has hashes in any case",
    )
}

fn refused(origin: &Origin, what: &str, why: &str) -> Failure {
    let shown = lockgate_index::redact_url(what);
    Failure::new(format!(
        "{origin}: `--require-hashes` is set, and of `{shown}` {why}"
    ))
}
