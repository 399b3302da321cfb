//! Components and who depends on whom.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{AuditReport, AuditedPackage, Gap, GapCode, Name, OwnProject, Scope};
use serde_json::{Value, json};

use super::{ROOT, property};
use crate::address::{purl, purl_of_project};
use crate::one_line::one_line;
use crate::wording::place;

/// What stands in the bill, each once, in the order of the report.
pub(super) struct Components {
    values: Vec<Value>,
    /// What each depends on.
    edges: BTreeMap<String, BTreeSet<String>>,
}

impl Components {
    pub(super) fn of(report: &AuditReport) -> Self {
        let mut components = Self {
            values: Vec::new(),
            edges: BTreeMap::from([(ROOT.to_owned(), BTreeSet::new())]),
        };
        let mut places: BTreeMap<String, Vec<&AuditedPackage>> = BTreeMap::new();
        let references: Vec<String> = report
            .packages
            .iter()
            .map(|package| purl(&package.name, &package.version))
            .collect();
        for (reference, package) in references.iter().zip(&report.packages) {
            places.entry(reference.clone()).or_default().push(package);
            components.edges.entry(reference.clone()).or_default();
            let parents: Vec<&String> = package
                .parents
                .iter()
                .filter_map(|parent| references.get(*parent))
                .collect();
            for parent in &parents {
                components.depends(parent, reference);
            }
            // What nobody is known to require hangs on the whole.
            if parents.is_empty() || package.direct == Some(true) {
                components.depends(ROOT, reference);
            }
        }
        let mut seen = BTreeSet::new();
        for reference in &references {
            if seen.insert(reference)
                && let Some(packages) = places.get(reference)
            {
                components.values.push(of_packages(reference, packages));
            }
        }
        for (number, own) in report.own.iter().enumerate() {
            let reference = format!("lockgate:own:{number}");
            components.values.push(of_own(&reference, own));
            components.depends(ROOT, &reference);
            components.edges.entry(reference).or_default();
        }
        let audited: BTreeSet<(&Name, &str)> = report
            .packages
            .iter()
            .map(|package| (&package.name, package.source.as_str()))
            .collect();
        for (number, gap) in report.gaps.iter().enumerate() {
            let reference = format!("lockgate:gap:{number}");
            let is_there = gap.name.as_ref().is_some_and(|name| {
                let source = gap.source.as_deref().unwrap_or_default();
                audited.contains(&(name, source))
            });
            if let Some(value) = of_gap(&reference, gap).filter(|_| !is_there) {
                components.values.push(value);
                components.depends(ROOT, &reference);
                components.edges.entry(reference).or_default();
            }
        }
        components
    }

    fn depends(&mut self, from: &str, on: &str) {
        if from != on {
            let edges = self.edges.entry(from.to_owned()).or_default();
            edges.insert(on.to_owned());
        }
    }

    pub(super) fn values(&self) -> &[Value] {
        &self.values
    }

    /// The references of all components, in their order.
    pub(super) fn references(&self) -> Vec<&Value> {
        let references = self.values.iter();
        references
            .filter_map(|value| value.get("bom-ref"))
            .collect()
    }

    pub(super) fn dependencies(&self) -> Vec<Value> {
        self.edges
            .iter()
            .map(|(reference, on)| json!({ "ref": reference, "dependsOn": on }))
            .collect()
    }
}

fn of_packages(reference: &str, packages: &[&AuditedPackage]) -> Value {
    let mut value = json!({
        "type": "library",
        "bom-ref": reference,
        "purl": reference,
        "properties": packages.iter().flat_map(|package| properties(package)).collect::<Vec<_>>(),
    });
    if let Some(package) = packages.first() {
        value["name"] = json!(package.name.as_str());
        value["version"] = json!(package.version.to_string());
    }
    if let Some(scope) = scope(packages) {
        value["scope"] = json!(scope);
    }
    value
}

/// `required` where the dependencies themselves ask for it, `optional` where only extras and groups do; none where a place does not say.
fn scope(packages: &[&AuditedPackage]) -> Option<&'static str> {
    let is_main = |package: &&&AuditedPackage| package.scopes.contains(&Scope::Main);
    if packages.iter().any(|package| is_main(&package)) {
        Some("required")
    } else if packages.iter().any(|package| package.scopes.is_empty()) {
        None
    } else {
        Some("optional")
    }
}

fn properties(package: &AuditedPackage) -> Vec<Value> {
    let at = place(&package.source, package.line);
    let mut properties = vec![property("place", &at)];
    if let Some(direct) = package.direct {
        properties.push(property("direct", if direct { "true" } else { "false" }));
    }
    for scope in &package.scopes {
        properties.push(property("scope", &scope.to_string()));
    }
    if let Some(by) = package.judged_by {
        properties.push(property("judged-by", by.as_str()));
    }
    if let Some(marker) = &package.marker {
        properties.push(property("marker", &one_line(marker)));
    }
    for notice in &package.notices {
        let code = notice.code.as_str();
        let text = match one_line(&notice.reason) {
            reason if reason.is_empty() => code.to_owned(),
            reason => format!("{code}: {reason}"),
        };
        properties.push(property("notice", &text));
    }
    properties
}

fn of_own(reference: &str, own: &OwnProject) -> Value {
    json!({
        "type": "application",
        "bom-ref": reference,
        "name": one_line(&own.text),
        "properties": [
            property("place", &place(&own.source, own.line)),
            property("own", &one_line(&own.place)),
        ],
    })
}

/// A project that could not be audited.
fn of_gap(reference: &str, gap: &Gap) -> Option<Value> {
    let name = gap.name.as_ref()?;
    let at = gap.source.as_deref().map(|source| place(source, gap.line));
    let at = at.map(|at| property("place", &at));
    let code = property("gap", gap.code.as_str());
    let mut value = json!({
        "type": "library",
        "bom-ref": reference,
        "name": name.as_str(),
        "purl": purl_of_project(name),
        "properties": at.into_iter().chain([code]).collect::<Vec<_>>(),
    });
    if matches!(gap.code, GapCode::DirectReference | GapCode::NotTold) {
        // It is not the project of that name that the package URL would mean.
        value.as_object_mut()?.remove("purl");
    }
    Some(value)
}
