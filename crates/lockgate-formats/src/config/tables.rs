//! The tables of a configuration as TOML has them.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::index::IndexTable;
use super::locks::LockTable;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, expecting = "a table")]
pub(super) struct Table {
    pub(super) gate: Option<Spanned<String>>,
    pub(super) min_severity: Option<Spanned<String>>,
    pub(super) unknown_severity: Option<Spanned<String>>,
    pub(super) advisories: Option<Spanned<Vec<Source>>>,
    pub(super) max_advisory_age: Option<Spanned<String>>,
    pub(super) cooldown: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) ignore: Vec<Spanned<Entry>>,
    #[serde(default)]
    pub(super) allow_incomplete: Vec<Spanned<super::incomplete::Entry>>,
    pub(super) yanked: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) vex: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) groups: BTreeMap<String, Spanned<Group>>,
    #[serde(default)]
    pub(super) environments: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) required_environments: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) delegate: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) lock: Vec<Spanned<LockTable>>,
    #[serde(default)]
    pub(super) indexes: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) exclude: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) r#override: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) no_emit_package: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) allow_build: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) index: BTreeMap<String, Spanned<IndexTable>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a source, or a table with `source`")]
pub(super) enum Source {
    Plain(String),
    Table {
        source: String,
        #[serde(default)]
        overrides: bool,
    },
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, expecting = "a table")]
pub(super) struct Group {
    pub(super) gate: Option<Spanned<String>>,
    pub(super) min_severity: Option<Spanned<String>>,
    pub(super) unknown_severity: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, expecting = "a table")]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) package: Option<String>,
    pub(super) version: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) expires: Option<toml::value::Datetime>,
    #[serde(default)]
    pub(super) until_fixed: bool,
    pub(super) group: Option<String>,
    pub(super) justification: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "a table")]
pub(super) struct Pyproject {
    pub(super) tool: Option<Tool>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "a table")]
pub(super) struct Tool {
    pub(super) lockgate: Option<Table>,
}
