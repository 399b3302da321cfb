//! SPDX bills of materials in JSON: 2.2 and 2.3, and 3.0 as JSON-LD.

use std::collections::BTreeMap;

use lockgate_model::{Inventory, InventoryKind};

use super::bill::{Bill, unwrapped};
use super::json;
use super::node::{Node, Value, Wrong};
use super::purl::Beside;

/// Reads an SPDX document.
pub(super) fn read(text: &str) -> Result<Inventory, Wrong> {
    let document = json::parse(text)?;
    let root = unwrapped(&document);
    match root.text_at("spdxVersion")? {
        Some("SPDX-2.0" | "SPDX-2.1" | "SPDX-2.2" | "SPDX-2.3") => two(root),
        Some(version) => Err(Wrong::new(format!(
            "it is {version}, and SPDX-2.2, SPDX-2.3 and 3.0 are read"
        ))
        .at(root.line_of("spdxVersion"))
        .remedy("write it in one of those forms")),
        None if root.get("@graph").is_some() => three(root),
        None => Err(Wrong::new("`spdxVersion` is missing").at(root.line)),
    }
}

/// Which way a relationship points.
#[derive(Clone, Copy)]
enum Direction {
    Needs,
    NeededBy,
    Describes,
}

/// The relationships that say who requires whom. `CONTAINS` does not: tools state it of everything that they found.
fn direction(relationship: &str) -> Option<Direction> {
    Some(match relationship {
        "DESCRIBES" => Direction::Describes,
        "DEPENDS_ON" | "HAS_PREREQUISITE" => Direction::Needs,
        "PREREQUISITE_FOR" => Direction::NeededBy,
        other if other.ends_with("DEPENDENCY_OF") => Direction::NeededBy,
        _ => return None,
    })
}

fn two(root: &Node<'_>) -> Result<Inventory, Wrong> {
    const DOCUMENT: &str = "SPDXRef-DOCUMENT";
    let mut bill = Bill::new(InventoryKind::Spdx);
    bill.root(DOCUMENT, root.text_at("name")?.unwrap_or(DOCUMENT));
    for package in root.list_at("packages")? {
        let reference = package.need_text("SPDXID")?;
        let name = package.need_text("name")?;
        let mut purls = Vec::new();
        for external in package.list_at("externalRefs")? {
            if external.text_at("referenceType")? == Some("purl") {
                purls.push(external.need_text("referenceLocator")?);
            }
        }
        let purpose = package.text_at("primaryPackagePurpose")?;
        let beside = Beside {
            version: package.text_at("versionInfo")?,
            file: package.text_at("packageFileName")?,
        };
        let line = package.line_of("name");
        add(&mut bill, reference, (name, purpose), &purls, &beside, line)?;
    }
    for id in root.texts_at("documentDescribes")? {
        bill.describes(DOCUMENT, id);
    }
    for relationship in root.list_at("relationships")? {
        let one = relationship.need_text("spdxElementId")?;
        let other = relationship.need_text("relatedSpdxElement")?;
        match direction(relationship.need_text("relationshipType")?) {
            Some(Direction::Describes) => bill.describes(one, other),
            Some(Direction::Needs) => bill.edge(one, other),
            Some(Direction::NeededBy) => bill.edge(other, one),
            None => {}
        }
    }
    bill.finish()
}

/// A package with its package URLs; what has none may be what the document is about, and then stands for a root.
fn add(
    bill: &mut Bill,
    reference: &str,
    (name, purpose): (&str, Option<&str>),
    purls: &[&str],
    beside: &Beside<'_>,
    line: usize,
) -> Result<(), Wrong> {
    if purls.is_empty() {
        let is_library = purpose.is_none_or(|purpose| {
            ["library", "framework"]
                .iter()
                .any(|word| purpose.eq_ignore_ascii_case(word))
        });
        bill.unnamed(Some(reference), name, line, is_library);
        bill.root(reference, name);
    }
    for purl in purls {
        bill.package(Some(reference), purl, beside, line, |_| {})?;
    }
    Ok(())
}

fn three(root: &Node<'_>) -> Result<Inventory, Wrong> {
    let graph = root
        .get("@graph")
        .ok_or_else(|| Wrong::new("`@graph` is missing").at(root.line))?
        .list("@graph")?;
    let mut bill = Bill::new(InventoryKind::Spdx);
    // An element may be named in a list or stand there itself.
    let mut identifiers: BTreeMap<&str, &Node<'_>> = BTreeMap::new();
    for element in graph {
        if let Some(id) = element.text_at("spdxId")? {
            identifiers.insert(id, element);
        }
        if kind(element)? == Some("CreationInfo") {
            check_three(element)?;
        }
    }
    for element in graph {
        match kind(element)? {
            Some("Package") => package_of_three(element, &identifiers, &mut bill)?,
            Some("SpdxDocument") => {
                let id = element.need_text("spdxId")?;
                bill.root(id, element.text_at("name")?.unwrap_or("the document"));
                for root in element.list_at("rootElement")? {
                    bill.describes(id, reference(root)?);
                }
            }
            Some("Relationship" | "LifecycleScopedRelationship") => {
                let is_edge = matches!(
                    element.need_text("relationshipType")?,
                    "dependsOn"
                        | "describes"
                        | "hasPrerequisite"
                        | "hasOptionalDependency"
                        | "hasProvidedDependency"
                );
                let from = element.get("from").map(reference).transpose()?;
                if let Some(from) = from.filter(|_| is_edge) {
                    let describes = element.text_at("relationshipType")? == Some("describes");
                    for to in element.list_at("to")? {
                        bill.edge(from, reference(to)?);
                        if describes {
                            bill.describes(from, reference(to)?);
                        }
                    }
                }
            }
            _ => {}
        }
    }
    bill.finish()
}

/// The type of an element, without the name of its profile.
fn kind<'n>(element: &'n Node<'_>) -> Result<Option<&'n str>, Wrong> {
    let kind = match element.text_at("type")? {
        Some(kind) => Some(kind),
        None => element.text_at("@type")?,
    };
    Ok(kind.map(|kind| kind.rsplit(['_', '/']).next().unwrap_or(kind)))
}

fn check_three(element: &Node<'_>) -> Result<(), Wrong> {
    match element.text_at("specVersion")? {
        Some(version) if !version.starts_with("3.") => Err(Wrong::new(format!(
            "it is SPDX {version}, and SPDX-2.2, SPDX-2.3 and 3.0 are read"
        ))
        .at(element.line_of("specVersion"))),
        _ => Ok(()),
    }
}

fn reference<'n>(node: &'n Node<'_>) -> Result<&'n str, Wrong> {
    match &node.value {
        Value::Object(_) => node.need_text("spdxId"),
        _ => node.text("a reference"),
    }
}

fn package_of_three(
    element: &Node<'_>,
    identifiers: &BTreeMap<&str, &Node<'_>>,
    bill: &mut Bill,
) -> Result<(), Wrong> {
    let id = element.need_text("spdxId")?;
    let name = element.text_at("name")?.unwrap_or(id);
    let mut purls: Vec<&str> = Vec::new();
    for key in ["software_packageUrl", "packageUrl"] {
        purls.extend(element.text_at(key)?);
    }
    for node in element.list_at("externalIdentifier")? {
        let identifier = match &node.value {
            Value::Text(id) => identifiers.get(id.as_ref()).copied().unwrap_or(node),
            _ => node,
        };
        if identifier.text_at("externalIdentifierType")? == Some("packageUrl") {
            purls.push(identifier.need_text("identifier")?);
        }
    }
    purls.sort_unstable();
    purls.dedup();
    let purpose = element.text_at("software_primaryPurpose")?;
    let beside = Beside {
        version: match element.text_at("software_packageVersion")? {
            Some(version) => Some(version),
            None => element.text_at("packageVersion")?,
        },
        file: None,
    };
    let line = element.line_of("name");
    add(bill, id, (name, purpose), &purls, &beside, line)
}
