//! OpenVEX documents (0.2.0 and before): statements that a vulnerability does or does not concern a product.
//!
//! What is no statement about a package of PyPI is kept without a product: it applies to nothing. What cannot be understood is an error with the
//! file and the statement: a word that is passed over could be the one that takes a judgement back.

use std::collections::HashSet;
use std::str::FromStr as _;

use lockgate_model::{Name, Timestamp, Version};
use packageurl::PackageUrl;
use serde_json::value::RawValue;

use crate::error::{InputError, in_one_line};

mod standing;
#[cfg(test)]
mod tests;
mod wire;

pub use standing::{VexIgnore, vex_ignores};

use wire::{Document, Identifiers, Product, Statement, Vulnerability};

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VexStatement {
    /// The ids of the vulnerability: its name first, then its aliases.
    pub ids: Vec<String>,
    /// The packages of PyPI that it is about; empty if it is about something else.
    pub products: Vec<VexProduct>,
    /// What is stated.
    pub status: VexStatus,
    /// Why the product is not affected, in OpenVEX's words.
    pub justification: Option<&'static str>,
    /// The same in free words.
    pub impact_statement: Option<String>,
    /// How the status was determined, in free words.
    pub status_notes: Option<String>,
    /// When it was known to be true: the statement's own date, else the document's.
    pub timestamp: Timestamp,
    /// Its place in the document, from 1.
    pub number: usize,
    /// The line on which it begins, from 1.
    pub line: usize,
    /// Where it stands: `vex.json:12`.
    pub origin: String,
}

/// A package that a statement is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VexProduct {
    /// The project.
    pub name: Name,
    /// The version; none means all of them.
    pub version: Option<Version>,
}

impl VexProduct {
    /// Whether it is about this release. A local version is what it is built from, as in advisories.
    pub fn covers(&self, name: &Name, version: &Version) -> bool {
        self.name == *name
            && self.version.as_ref().is_none_or(|stated| {
                stated == version
                    || !stated.is_local() && *stated == version.clone().without_local()
            })
    }
}

/// What a statement says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VexStatus {
    /// No remedy is needed.
    NotAffected,
    /// Something should be done.
    Affected,
    /// The product contains a fix.
    Fixed,
    /// Nobody knows yet.
    UnderInvestigation,
}

impl VexStatus {
    /// Whether a finding need not count because of it.
    pub fn is_ignore(self) -> bool {
        matches!(self, Self::NotAffected | Self::Fixed)
    }
}

const STATUSES: [(&str, VexStatus); 4] = [
    ("not_affected", VexStatus::NotAffected),
    ("affected", VexStatus::Affected),
    ("fixed", VexStatus::Fixed),
    ("under_investigation", VexStatus::UnderInvestigation),
];

/// The justifications that there are (OpenVEX, "Status Justifications").
pub const VEX_JUSTIFICATIONS: [&str; 5] = [
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
];

/// The contexts of the versions that are read.
const CONTEXTS: [&str; 3] = [
    "https://openvex.dev/ns",
    "https://openvex.dev/ns/v0.0.1",
    "https://openvex.dev/ns/v0.2.0",
];

/// Reads an OpenVEX document. `file` is how people know it.
pub fn read_openvex(file: &str, text: &str) -> Result<Vec<VexStatement>, InputError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let document: Document<'_> = serde_json::from_str(text).map_err(|error| {
        let message = format!("it is no OpenVEX document: {}", in_one_line(&error));
        InputError::new(file, message).at(error.line().max(1))
    })?;
    let context = document.context.as_str();
    if !CONTEXTS.contains(&context.trim_end_matches('/')) {
        let message =
            format!("`@context` is `{context}`, which is no version of OpenVEX that is read");
        return Err(InputError::new(file, message)
            .at(1)
            .remedy(format!("versions that are read: {}", CONTEXTS.join(", "))));
    }
    let date = instant(&document.timestamp)
        .map_err(|why| InputError::new(file, format!("`timestamp` of the document {why}")).at(1))?;
    let mut statements = Vec::new();
    let mut lines = Lines::new(text);
    for (number, raw) in (1..).zip(&document.statements) {
        let line = lines.of(raw);
        let statement = statement(raw, date)
            .map_err(|why| InputError::new(file, format!("statement {number}: {why}")).at(line))?;
        statements.push(VexStatement {
            number,
            line,
            origin: format!("{file}:{line}"),
            ..statement
        });
    }
    Ok(statements)
}

/// The lines on which parts of a text begin, asked for in their order: lines are counted once.
struct Lines<'t> {
    text: &'t str,
    /// Up to where they are counted, and how many there are.
    counted: usize,
    line: usize,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            counted: 0,
            line: 1,
        }
    }

    fn of(&mut self, part: &RawValue) -> usize {
        let start = self.text.as_ptr().addr();
        let offset = part.get().as_ptr().addr().checked_sub(start);
        let between = offset.and_then(|offset| self.text.get(self.counted..offset));
        if let Some(between) = between {
            self.line += between.matches('\n').count();
            self.counted += between.len();
        }
        self.line
    }
}

/// A statement but for its place.
fn statement(raw: &RawValue, document_date: Timestamp) -> Result<VexStatement, String> {
    let wire: Statement = serde_json::from_str(raw.get()).map_err(|error| without_place(&error))?;
    let status = STATUSES
        .into_iter()
        .find(|(word, _)| *word == wire.status)
        .map(|(_, status)| status)
        .ok_or_else(|| format!("`{}` is no status of OpenVEX", wire.status))?;
    let justification = wire
        .justification
        .map(|stated| {
            let mut known = VEX_JUSTIFICATIONS.into_iter();
            known
                .find(|word| *word == stated)
                .ok_or_else(|| format!("`{stated}` is no justification of OpenVEX"))
        })
        .transpose()?;
    if status == VexStatus::NotAffected
        && justification.is_none()
        && wire.impact.as_ref().is_none_or(String::is_empty)
    {
        return Err("`not_affected` needs a `justification` or an `impact_statement`".to_owned());
    }
    let timestamp = match wire.timestamp {
        Some(date) => instant(&date).map_err(|why| format!("`timestamp` {why}"))?,
        None => document_date,
    };
    if wire.products.is_empty() {
        return Err("it names no product".to_owned());
    }
    let mut products = Vec::new();
    let mut known = HashSet::new();
    for product in wire.products {
        for found in packages(product)? {
            if known.insert(found.clone()) {
                products.push(found);
            }
        }
    }
    Ok(VexStatement {
        ids: ids(wire.vulnerability)?,
        products,
        status,
        justification,
        impact_statement: wire.impact,
        status_notes: wire.status_notes,
        timestamp,
        number: 0,
        line: 0,
        origin: String::new(),
    })
}

/// The message without its line and column: they count from the statement.
fn without_place(error: &serde_json::Error) -> String {
    let text = in_one_line(error);
    let end = text.rfind(" at line ").unwrap_or(text.len());
    text.get(..end).unwrap_or_default().to_owned()
}

fn instant(text: &str) -> Result<Timestamp, String> {
    text.parse()
        .map_err(|error| format!("is `{text}`, which is no date: {}", in_one_line(&error)))
}

fn ids(vulnerability: Vulnerability) -> Result<Vec<String>, String> {
    let (name, aliases) = match vulnerability {
        Vulnerability::Id(name) => (name, Vec::new()),
        Vulnerability::Described { name, aliases } => (name, aliases),
    };
    let mut ids: Vec<String> = Vec::new();
    let mut known = HashSet::new();
    for id in std::iter::once(name).chain(aliases) {
        let id = id.trim();
        if id.is_empty() {
            return Err("the vulnerability has an empty name".to_owned());
        }
        if known.insert(id.to_ascii_lowercase()) {
            ids.push(id.to_owned());
        }
    }
    Ok(ids)
}

/// The packages of PyPI that a product stands for: its parts, where it names some, else the product itself.
fn packages(product: Product) -> Result<Vec<VexProduct>, String> {
    let product = match product {
        Product::Id(id) => return Ok(package(&id)?.into_iter().collect()),
        Product::Described(product) => product,
    };
    if product.subcomponents.is_empty() {
        let found = identified(product.id.as_deref(), product.identifiers.as_ref())?;
        return Ok(found.into_iter().collect());
    }
    let mut found = Vec::new();
    for part in &product.subcomponents {
        found.extend(identified(part.id.as_deref(), part.identifiers.as_ref())?);
    }
    Ok(found)
}

/// By its package URL, which may stand as its id too.
fn identified(
    id: Option<&str>,
    identifiers: Option<&Identifiers>,
) -> Result<Option<VexProduct>, String> {
    let purl = identifiers.and_then(|identifiers| identifiers.purl.as_deref());
    if id.is_none() && identifiers.is_none() {
        return Err("a product has neither `@id` nor `identifiers`".to_owned());
    }
    let by_purl = purl.map(package).transpose()?.flatten();
    let by_id = id.map(package).transpose()?.flatten();
    match (by_purl, by_id) {
        (Some(one), Some(other)) if one != other => Err(format!(
            "`@id` and `purl` of a product are different packages: `{}` and `{}`",
            id.unwrap_or_default(),
            purl.unwrap_or_default()
        )),
        (one, other) => Ok(one.or(other)),
    }
}

/// The package of a package URL; none if it is no package of PyPI, and an error if it is one but says nothing that is understood.
fn package(text: &str) -> Result<Option<VexProduct>, String> {
    let is_pypi = text
        .get(..4)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("pkg:"))
        && text.get(4..).is_some_and(|rest| {
            let kind = rest.trim_start_matches('/').split('/').next();
            kind.is_some_and(|kind| kind.eq_ignore_ascii_case("pypi"))
        });
    if !is_pypi {
        return Ok(None);
    }
    let purl = PackageUrl::from_str(text)
        .map_err(|error| format!("`{text}` is no package URL: {error}"))?;
    if purl.namespace().is_some() {
        return Err(format!("`{text}` has a namespace, and PyPI has none"));
    }
    let name = Name::new(purl.name()).map_err(|error| format!("`{text}`: {error}"))?;
    let version = purl
        .version()
        .map(|version| {
            version.parse().map_err(|error| {
                let why = in_one_line(&error);
                format!("`{text}`: `{version}` is no version (PEP 440): {why}")
            })
        })
        .transpose()?;
    Ok(Some(VexProduct { name, version }))
}
