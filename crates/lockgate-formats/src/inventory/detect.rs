//! What kind of inventory a file is: by its name, else by what it holds.

use lockgate_model::InventoryKind;

use super::node::{Node, Value};
use super::{json, toml};
use crate::lock::read_with_includes;

/// The kind of the file `file_name` (its last part counts) that holds `text`; none if it is no inventory that can be read.
pub fn kind_of(file_name: &str, text: &str) -> Option<InventoryKind> {
    let name = last(file_name);
    of_name(name).or_else(|| of_text(name, text))
}

/// Whether the file at `path`, by its last part and that of its folder, is one that a search for locks looks at.
pub fn is_lock_name(path: &str) -> bool {
    let name = last(path);
    let folder = path
        .rsplit_once(['/', '\\'])
        .map_or("", |(folder, _)| last(folder));
    of_name(name).is_some()
        || matches!(name, "bom.json" | "sbom.json")
        || (is_text(name)
            && (name.starts_with("requirements")
                || name.ends_with("requirements.txt")
                || folder == "requirements"))
}

fn last(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Tools write these names, and no others of their kind.
#[expect(
    clippy::case_sensitive_file_extension_comparisons,
    reason = "tools write these names in lower case"
)]
fn of_name(name: &str) -> Option<InventoryKind> {
    Some(match name {
        "uv.lock" => InventoryKind::Uv,
        "poetry.lock" => InventoryKind::Poetry,
        "pdm.lock" => InventoryKind::Pdm,
        "Pipfile.lock" => InventoryKind::Pipfile,
        _ if name.ends_with(".py.lock") => InventoryKind::Uv,
        _ if name.starts_with("pylock.") && name.ends_with(".toml") => InventoryKind::Pylock,
        _ if name.ends_with(".cdx.json") => InventoryKind::CycloneDx,
        _ if name.ends_with(".spdx.json") => InventoryKind::Spdx,
        _ => return None,
    })
}

fn of_text(name: &str, text: &str) -> Option<InventoryKind> {
    let text = text.trim_start_matches('\u{feff}');
    let start = text.trim_start();
    if start.starts_with('{') {
        return json::parse(text).ok().and_then(|root| of_json(&root));
    }
    // Nothing that begins so is read: XML, HTML.
    if start.starts_with('<') {
        return None;
    }
    let of_toml = toml::parse(text).ok().and_then(|root| of_toml(&root));
    of_toml.or_else(|| {
        let is_named = is_text(name) || name.strip_suffix(".in").is_some();
        let is_one = is_named || (!start.is_empty() && read_with_includes(text, "").is_ok());
        is_one.then_some(InventoryKind::Requirements)
    })
}

#[expect(
    clippy::case_sensitive_file_extension_comparisons,
    reason = "tools write these names in lower case"
)]
fn is_text(name: &str) -> bool {
    name.ends_with(".txt")
}

fn of_json(root: &Node<'_>) -> Option<InventoryKind> {
    let is_text = |key: &str| matches!(root.get(key).map(|node| &node.value), Some(Value::Text(_)));
    let is_graph = root.get("@context").is_some() && root.get("@graph").is_some();
    let meta = root.get("_meta");
    if is_text("bomFormat") {
        Some(InventoryKind::CycloneDx)
    } else if is_text("spdxVersion") || is_graph {
        Some(InventoryKind::Spdx)
    } else if meta.is_some_and(|meta| meta.get("pipfile-spec").is_some()) {
        Some(InventoryKind::Pipfile)
    } else {
        None
    }
}

fn of_toml(root: &Node<'_>) -> Option<InventoryKind> {
    let metadata = root.get("metadata");
    let in_metadata = |key: &str| metadata.is_some_and(|metadata| metadata.get(key).is_some());
    let is_uv = matches!(
        root.get("version").map(|node| &node.value),
        Some(Value::Number(_))
    );
    if root.get("lock-version").is_some() {
        Some(InventoryKind::Pylock)
    } else if in_metadata("lock_version") {
        Some(InventoryKind::Pdm)
    } else if in_metadata("lock-version") || in_metadata("content-hash") {
        Some(InventoryKind::Poetry)
    } else if is_uv {
        Some(InventoryKind::Uv)
    } else {
        None
    }
}
