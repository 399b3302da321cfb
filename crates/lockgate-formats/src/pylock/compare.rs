//! What differs between a `pylock.toml` and the graph that it should hold, as data.
//!
//! The file is compared with what [`render`] would write, key by key, whatever the key is. What is left aside is lockgate's own tables
//! (`tool.lockgate`, `packages.tool.lockgate`): the command, the audit's evidence and who requires what are there for people. The
//! version in them is compared, since lockgate reads it.

mod package;
mod tree;

use std::collections::BTreeSet;

use lockgate_model::{LockedGraph, Name, Scope, Specifiers};

use super::write::{PylockOptions, render};
use crate::error::InputError;
use crate::inventory::{Node, Wrong, parse_toml};
use crate::lock::compare::{Difference, What, field};
use crate::lock::{AuditLine, Header};
use tree::{Comparison, shown};

/// Returns every difference between the `pylock.toml` in `text`, which stands at `file`, and what `options` would make of `graph`.
///
/// With `any_patch` the lock may be for another patch release of the same Python: the one of the interpreter at hand says nothing.
pub fn compare(
    text: &str,
    file: &str,
    graph: &LockedGraph,
    options: &PylockOptions,
    any_patch: bool,
) -> Result<Vec<Difference>, InputError> {
    let header = Header {
        python: String::new(),
        is_universal: false,
        command: String::new(),
        audit: AuditLine::Off,
        index_answers: Vec::new(),
    };
    let options = PylockOptions {
        notes: true,
        ..options.clone()
    };
    let now = render(graph, &header, &options);
    let compared = || -> Result<Vec<Difference>, Wrong> {
        let (held, expected) = (parse_toml(text)?, parse_toml(&now)?);
        let mut differences = head(&held, &expected, any_patch)?;
        differences.extend(package::all(&held, &expected, &graph.notes)?);
        Ok(differences)
    };
    let mut differences =
        compared().map_err(|wrong| wrong.into_input(file, super::read::REMEDY))?;
    differences.sort_by_key(|difference| difference.line.unwrap_or(usize::MAX));
    Ok(differences)
}

/// All that stands above the packages.
fn head(held: &Node<'_>, expected: &Node<'_>, any_patch: bool) -> Result<Vec<Difference>, Wrong> {
    let mut differences = Vec::new();
    let (known, wanted) = (scopes(held)?, scopes(expected)?);
    let missing = wanted.difference(&known).cloned();
    differences.extend(missing.map(|scope| Difference::nowhere(What::ScopeMissing(scope))));
    let unwanted = known.difference(&wanted).cloned();
    differences.extend(unwanted.map(|scope| {
        let key = match scope {
            Scope::Group(_) => "dependency-groups",
            Scope::Main | Scope::Extra(_) => "extras",
        };
        Difference::at(held.line_of(key), What::ScopeUnwanted(scope))
    }));
    let mut comparison = Comparison::new("");
    let mut left_out = vec!["packages", "extras", "dependency-groups", "tool"];
    let python = |node: &Node<'_>| node.text_at("requires-python").ok().flatten().map(minor);
    if any_patch && python(held) == python(expected) {
        left_out.push("requires-python");
    }
    comparison.objects("", held, expected, &left_out);
    differences.extend(comparison.differences);
    differences.extend(foreign_tools(held, "tool"));
    Ok(differences)
}

/// `>=3.11.4` as `>=3.11`; anything else as it is.
fn minor(text: &str) -> String {
    let lowest = text.parse::<Specifiers>().ok().and_then(|specifiers| {
        let [clause] = specifiers.clauses() else {
            return None;
        };
        match (clause.operator, clause.version.release()) {
            (">=", [major, minor] | [major, minor, _]) if !clause.version.any_prerelease() => {
                Some(format!(">={major}.{minor}"))
            }
            _ => None,
        }
    });
    lowest.unwrap_or_else(|| text.to_owned())
}

fn scopes(root: &Node<'_>) -> Result<BTreeSet<Scope>, Wrong> {
    let names = |key: &str| -> Result<Vec<Name>, Wrong> {
        let texts = root.texts_at(key)?.into_iter();
        let named =
            texts.map(|text| Name::new(text).map_err(|error| Wrong::new(error.to_string())));
        let named: Vec<Name> = named.collect::<Result<_, _>>()?;
        let distinct: BTreeSet<&Name> = named.iter().collect();
        if distinct.len() < named.len() {
            return Err(Wrong::new(format!(
                "`{key}` names one of its entries twice"
            )));
        }
        Ok(named)
    };
    let extras = names("extras")?.into_iter().map(Scope::Extra);
    let groups = names("dependency-groups")?.into_iter().map(Scope::Group);
    Ok(extras.chain(groups).collect())
}

/// Tables of other tools, which may act on them.
fn foreign_tools(node: &Node<'_>, key: &str) -> Vec<Difference> {
    let Some(tools) = node.get("tool") else {
        return Vec::new();
    };
    let Ok(tools) = tools.members("tool") else {
        let what = field(key, Some(shown(tools)), None);
        return vec![Difference::at(tools.line, what)];
    };
    let foreign = tools.iter().filter(|tool| tool.key != "lockgate");
    foreign
        .map(|tool| {
            let key = format!("{key}.{}", tool.key);
            let what = field(&key, Some(shown(&tool.node)), None);
            Difference::at(tool.node.line, what)
        })
        .collect()
}
