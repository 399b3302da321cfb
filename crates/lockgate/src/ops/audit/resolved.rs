//! `--resolve`: what is not pinned, solved without the gate, as an inventory. Nothing of it is written.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lockgate_formats::SourceKind;
use lockgate_gate::Mode;
use lockgate_model::{
    Edge, IndexRole, Inventory, InventoryKind, Item, ItemOrigin, Name, NamedIndex, Note, Parent,
    Pins, RemarkCode, Via, secret,
};
use lockgate_report::{Detail, conflict_text};

use super::{AuditRequest, inputs};
use crate::cli;
use crate::failure::Failure;
use crate::ops::lock::{self, LockOutcome, Locked};
use crate::request::{LockRequest, Settings};
use crate::world::World;

/// Whether a file says what is wanted, and not what is pinned.
pub(super) fn must_be_solved(
    file: &str,
    request: &AuditRequest,
    world: &World,
) -> Result<bool, Failure> {
    match SourceKind::of(file) {
        SourceKind::Foreign(_) | SourceKind::Pylock => return Ok(false),
        SourceKind::Requirements => {}
        _ => return Ok(true),
    }
    let is_source = Path::new(file)
        .extension()
        .is_some_and(|extension| extension == "in");
    if file == "-" || is_source {
        return Ok(file != "-" || request.arguments.input_format.is_none());
    }
    let inventory = inputs::read_one(file, request, world)?;
    let is_unpinned = |item: &Item| item.origin == ItemOrigin::Unpinned;
    Ok(inventory.kind == InventoryKind::Requirements && inventory.items.iter().any(is_unpinned))
}

/// What the files come to.
pub(super) fn inventory(
    files: &[String],
    request: &AuditRequest,
    settings: &Settings,
    world: &World,
) -> Result<Inventory, Failure> {
    let words = ["lockgate", "lock", "-o", "-"]
        .into_iter()
        .map(str::to_owned);
    let words: Vec<String> = words.chain(files.iter().cloned()).collect();
    let mut arguments = cli::lock_arguments(&words)
        .map_err(|error| Failure::new(format!("the files cannot be solved: {error}")))?;
    arguments.index = request.arguments.index.clone();
    arguments.target = request.arguments.target.clone();
    arguments.cache = request.arguments.cache.clone();
    arguments.choice.no_deps = request.arguments.pip_audit.no_deps;
    let mut ungated = settings.clone();
    ungated.policy.mode = Mode::Off;
    ungated.advisories.clear();
    let lock_request = LockRequest::new(arguments, Vec::new())?;
    let index = lock::manifest(&lock_request, world)?.index;
    let locked = match lock::lock(&lock_request, &ungated, world)? {
        LockOutcome::Locked(locked) => locked,
        LockOutcome::Impossible { conflict, .. } => {
            let message = format!(
                "{} cannot be solved, so there is nothing to audit",
                files.join(", ")
            );
            let details = conflict_text(&conflict, Detail::Short);
            return Err(Failure::new(message).details(details.trim_end()));
        }
    };
    let named = |role, (value, origin): &(String, lockgate_model::Origin)| NamedIndex {
        role,
        value: value.clone(),
        line: origin.line,
    };
    let mut indexes: Vec<NamedIndex> = Vec::new();
    indexes.extend(
        index
            .index_url
            .iter()
            .map(|one| named(IndexRole::Main, one)),
    );
    indexes.extend(
        index
            .extra_index_urls
            .iter()
            .map(|one| named(IndexRole::Extra, one)),
    );
    indexes.extend(
        index
            .find_links
            .iter()
            .map(|one| named(IndexRole::FindLinks, one)),
    );
    Ok(Inventory {
        place: files.join(", "),
        kind: InventoryKind::Requirements,
        items: items(&locked.pins, &locked.edges),
        indexes,
        knows_scopes: false,
        knows_parents: true,
        remarks: remarks(&locked, &files.join(", ")),
        evidence: None,
        unread: Vec::new(),
    })
}

/// What is to be said of the solution: releases that are audited in place of others, and what `lock` says of the policy's indexes.
fn remarks(locked: &Locked, files: &str) -> Vec<String> {
    let in_place = locked.notes.iter().filter_map(|note| match note {
        Note::NeedsBuild {
            name,
            version,
            skipped,
            requires,
        } => {
            let (why, built) = match requires {
                None => ("needs a build".to_owned(), name),
                Some((required, at)) => (
                    format!("requires {required} {at}, which needs a build"),
                    required,
                ),
            };
            Some(format!(
                "{files}: {name} {version} is audited, and an installer would take {skipped}, which {why}: an audit runs no code of a package; lock with `--allow-build={built}`, and audit the lock (needs-build)"
            ))
        }
        Note::Unreadable {
            name,
            version,
            passed,
            why,
        } => Some(format!(
            "{files}: {name} {version} is audited, and an installer might take {passed}, which cannot be used here: {why} (unreadable)"
        )),
        _ => None,
    });
    let of_policy = locked.audit.remarks.iter();
    let of_policy = of_policy.filter(|remark| remark.code == RemarkCode::UnmatchedIndex);
    in_place
        .chain(of_policy.map(|remark| remark.text.clone()))
        .collect()
}

fn items(pins: &Pins, edges: &[Edge]) -> Vec<Item> {
    let places: BTreeMap<&Name, usize> = pins.iter().map(|pin| &pin.name).zip(0..).collect();
    let mut parents: BTreeMap<&Name, BTreeSet<Parent>> = BTreeMap::new();
    for edge in edges.iter().filter(|edge| edge.from.asks()) {
        let parent = match &edge.from {
            Via::Source(origin) => Some(Parent::Root(origin.via.clone())),
            Via::Pin(parent) => places.get(parent).copied().map(Parent::Item),
        };
        parents.entry(&edge.to).or_default().extend(parent);
    }
    pins.iter()
        .map(|pin| {
            let mut item = Item::pinned(pin.name.clone(), pin.version.clone());
            item.parents = parents.get(&pin.name).cloned().unwrap_or_default();
            if let Some(direct) = &pin.direct {
                item.text =
                    secret::written(&direct.reference).unwrap_or_else(|| direct.reference.clone());
                item.origin = if direct.editable {
                    ItemOrigin::Own(item.text.clone())
                } else {
                    ItemOrigin::Direct(item.text.clone())
                };
            }
            item
        })
        .collect()
}
