//! CycloneDX bills of materials in JSON, 1.2 to 1.7.

use lockgate_model::{Inventory, InventoryKind, Item, ItemOrigin, Name, Scope};

use super::bill::{Bill, unwrapped};
use super::condition::Condition;
use super::item::{Form, From, Stated, known_form};
use super::json;
use super::node::{Node, Wrong};
use super::purl::Beside;
use crate::redact::stripped_of_credentials;

/// Components inside components deeper than this are a mistake.
const DEEPEST: usize = 24;

/// The types of components (CycloneDX 1.7, "components[].type") that are no packages.
const OTHER_TYPES: [&str; 12] = [
    "application",
    "container",
    "cryptographic-asset",
    "data",
    "device",
    "device-driver",
    "file",
    "firmware",
    "machine-learning-model",
    "operating-system",
    "platform",
    "service",
];

/// Reads a CycloneDX document.
pub(super) fn read(text: &str) -> Result<Inventory, Wrong> {
    let document = json::parse(text)?;
    let root = unwrapped(&document);
    let mut bill = Bill::new(InventoryKind::CycloneDx);
    check_version(root, &mut bill)?;
    for dependency in root.list_at("dependencies")? {
        let needed = dependency.texts_at("dependsOn")?.into_iter();
        bill.needed.extend(needed.map(str::to_owned));
    }
    if let Some(metadata) = root.object_at("metadata")?
        && let Some(component) = metadata.object_at("component")?
    {
        subject(component, &mut bill)?;
        components(component, &mut bill, 1)?;
    }
    components(root, &mut bill, 0)?;
    for dependency in root.list_at("dependencies")? {
        let from = dependency.need_text("ref")?;
        for to in dependency.texts_at("dependsOn")? {
            bill.edge(from, to);
        }
    }
    let mut inventory = bill.finish()?;
    inventory.knows_scopes = inventory.items.iter().any(|item| !item.scopes.is_empty());
    Ok(inventory)
}

fn check_version(root: &Node<'_>, bill: &mut Bill) -> Result<(), Wrong> {
    if root.need_text("bomFormat")? != "CycloneDX" {
        return Err(Wrong::new("its `bomFormat` is not `CycloneDX`").at(root.line_of("bomFormat")));
    }
    let version = root.need_text("specVersion")?;
    let line = root.line_of("specVersion");
    match known_form(version, 1, 7) {
        Some(Form::Known) => Ok(()),
        Some(Form::NewerMinor) => {
            bill.remark(format!(
                "it is CycloneDX {version}, and what is newer than 1.7 in it is not read"
            ));
            Ok(())
        }
        Some(Form::NewerMajor) => Err(Wrong::new(format!(
            "it is CycloneDX {version}, and only 1 is read"
        ))
        .at(line)
        .remedy("write it in the form 1.7 or an older one")),
        None => Err(Wrong::new(format!("its `specVersion`, `{version}`, is none")).at(line)),
    }
}

/// What the bill is about: the user's own, whatever package URL it has.
fn subject(component: &Node<'_>, bill: &mut Bill) -> Result<(), Wrong> {
    let name = component.text_at("name")?.unwrap_or("the project");
    let reference = component.text_at("bom-ref")?;
    let is_project = property(component, "uv:package:is_project_root")?.is_some()
        || component
            .text_at("purl")?
            .is_some_and(|purl| purl.starts_with("pkg:pypi/"));
    bill.subject = reference
        .zip(component.text_at("purl")?)
        .filter(|_| is_project)
        .map(|(reference, purl)| (reference.to_owned(), purl.to_owned()));
    if is_project {
        bill.item(reference, own(component, name, ".")?);
    } else if let Some(reference) = reference {
        bill.root(reference, name);
    }
    Ok(())
}

fn own(component: &Node<'_>, name: &str, place: &str) -> Result<Item, Wrong> {
    let stated = Stated {
        name,
        version: component.text_at("version")?,
        line: component.line_of("name"),
        from: From::folder(place, true),
    };
    Ok(stated.item())
}

fn components(parent: &Node<'_>, bill: &mut Bill, depth: usize) -> Result<(), Wrong> {
    for component in parent.list_at("components")? {
        if depth > DEEPEST {
            return Err(
                Wrong::new(format!("components are nested more than {DEEPEST} deep"))
                    .at(component.line),
            );
        }
        one(component, bill)?;
        components(component, bill, depth + 1)?;
    }
    Ok(())
}

fn one(component: &Node<'_>, bill: &mut Bill) -> Result<(), Wrong> {
    let name = component.need_text("name")?;
    let reference = component.text_at("bom-ref")?;
    // Some tools list what the bill is about among its components again. A reference tells what a component is, and a package URL does not;
    // what something needs is no such copy.
    let is_needed = reference.is_some_and(|reference| bill.needed.contains(reference));
    let known = (reference, component.text_at("purl")?);
    let subject = bill.subject.as_ref();
    let is_subject = subject.is_some_and(|(of_it, purl)| known == (Some(of_it), Some(purl)));
    if is_subject && !is_needed {
        return Ok(());
    }
    if let Some(place) = property(component, "uv:workspace:path")? {
        bill.item(reference, own(component, name, place)?);
        return Ok(());
    }
    let marker = property(component, "uv:package:marker")?.map(Condition::read);
    let group = match property(component, "cdx:poetry:group")? {
        Some(group) => Some(group),
        None => property(component, "cdx:pipenv:category")?,
    };
    let scope = group.and_then(|group| match group {
        "main" | "default" => Some(Scope::Main),
        other => Name::new(other).ok().map(Scope::Group),
    });
    let source = installed_from(component)?;
    let adjust = |item: &mut Item| {
        if let Some(marker) = marker {
            item.marker = marker.environment();
        }
        item.scopes.extend(scope);
        if let (ItemOrigin::Index(_), Some(place)) = (&item.origin, &source) {
            item.origin = ItemOrigin::Direct(stripped_of_credentials(place));
        }
    };
    let line = component.line_of("name");
    if let Some(purl) = component.text_at("purl")? {
        let beside = Beside {
            version: component.text_at("version")?,
            file: None,
        };
        return bill.package(reference, purl, &beside, line, adjust);
    }
    if let Some(place) = &source {
        // The name and version of a package that is no release: a gap, and not passed over.
        let stated = Stated {
            name,
            version: component.text_at("version")?,
            line,
            from: From::direct(place),
        };
        let mut item = stated.item();
        adjust(&mut item);
        bill.item(reference, item);
        return Ok(());
    }
    // Only what is known to be something else is no library.
    let kind = component.text_at("type")?;
    let is_library = kind.is_none_or(|kind| !OTHER_TYPES.contains(&kind));
    bill.unnamed(reference, name, line, is_library);
    Ok(())
}

/// Where a component was installed from when that was no index, as cyclonedx-py says it.
fn installed_from<'n>(component: &'n Node<'_>) -> Result<Option<&'n str>, Wrong> {
    const COMMENTS: [&str; 7] = [
        "PackageSource: Archive",
        "PackageSource: Vcs",
        "PackageSource: Local",
        "from directory",
        "from file",
        "from git",
        "from url",
    ];
    for reference in component.list_at("externalReferences")? {
        let comment = reference.text_at("comment")?.unwrap_or_default();
        if COMMENTS.contains(&comment) {
            return reference.need_text("url").map(Some);
        }
    }
    Ok(None)
}

/// The value of a property.
fn property<'n>(component: &'n Node<'_>, name: &str) -> Result<Option<&'n str>, Wrong> {
    for property in component.list_at("properties")? {
        if property.text_at("name")? == Some(name) {
            return property.text_at("value");
        }
    }
    Ok(None)
}
