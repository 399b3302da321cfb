//! The keys that a configuration may have.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::locks::entry_keys;
use crate::document::Document;
use crate::error::{InputError, nearest};

const KEYS: [&str; 21] = [
    "gate",
    "min-severity",
    "unknown-severity",
    "advisories",
    "max-advisory-age",
    "cooldown",
    "ignore",
    "allow-incomplete",
    "yanked",
    "vex",
    "groups",
    "environments",
    "required-environments",
    "delegate",
    "lock",
    "indexes",
    "exclude",
    "override",
    "no-emit-package",
    "allow-build",
    "index",
];

const IGNORE_KEYS: [&str; 8] = [
    "id",
    "package",
    "version",
    "reason",
    "expires",
    "until-fixed",
    "group",
    "justification",
];

const INCOMPLETE_KEYS: [&str; 4] = ["code", "package", "reason", "expires"];

const SOURCE_KEYS: [&str; 2] = ["source", "overrides"];

const INDEX_KEYS: [&str; 1] = ["ignore-status"];

const GROUP_KEYS: [&str; 3] = ["gate", "min-severity", "unknown-severity"];
/// Every key must be known: a misspelled one would silently loosen the gate.
pub(super) fn check_keys(table: &DeTable<'_>, document: &Document<'_>) -> Result<(), InputError> {
    let entry_keys = entry_keys();
    for (key, value) in table {
        known(key, &KEYS, document)?;
        let (tables, keys): (Vec<&DeValue<'_>>, &[&str]) = match key.get_ref().as_ref() {
            "ignore" => (listed(value), &IGNORE_KEYS),
            "allow-incomplete" => (listed(value), &INCOMPLETE_KEYS),
            "lock" => (listed(value), &entry_keys),
            "advisories" => (listed(value), &SOURCE_KEYS),
            "groups" => (named(value), &GROUP_KEYS),
            "index" => {
                names_indexes(value, document)?;
                (named(value), &INDEX_KEYS)
            }
            _ => continue,
        };
        for entry in tables.into_iter().filter_map(DeValue::as_table) {
            for key in entry.keys() {
                known(key, keys, document)?;
            }
        }
    }
    Ok(())
}

/// `index` holds a table for each index, by its address; `indexes` is a list of hosts.
fn names_indexes(value: &Spanned<DeValue<'_>>, document: &Document<'_>) -> Result<(), InputError> {
    let is_one = named(value).into_iter().all(DeValue::is_table);
    if value.get_ref().is_table() && is_one {
        return Ok(());
    }
    let error = document.error_at(value.span().start, "`index` is a table for each index");
    Err(error.remedy(
        "write `[index.\"https://host/simple\"]`; the hosts that sources may name are `indexes`",
    ))
}

/// The values of a table.
fn named<'v, 't>(value: &'v Spanned<DeValue<'t>>) -> Vec<&'v DeValue<'t>> {
    let tables = value.get_ref().as_table().into_iter();
    let values = tables.flat_map(DeTable::values);
    values.map(Spanned::get_ref).collect()
}

/// The values of an array.
fn listed<'v, 't>(value: &'v Spanned<DeValue<'t>>) -> Vec<&'v DeValue<'t>> {
    let values = value.get_ref().as_array().into_iter().flatten();
    values.map(Spanned::get_ref).collect()
}

fn known(
    key: &Spanned<std::borrow::Cow<'_, str>>,
    keys: &[&str],
    document: &Document<'_>,
) -> Result<(), InputError> {
    let word = key.get_ref().as_ref();
    if keys.contains(&word) {
        return Ok(());
    }
    let error = |message: String| document.error_at(key.span().start, message);
    Err(match nearest(word, keys.iter().copied()) {
        Some(near) => error(format!("unknown key `{word}`")).remedy(format!("is `{near}` meant?")),
        None => error(format!("unknown key `{word}`"))
            .remedy(format!("the keys are {}", keys.join(", "))),
    })
}
