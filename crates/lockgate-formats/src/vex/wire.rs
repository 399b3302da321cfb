//! OpenVEX as it is written. Statements have the members that the specification names and no others: one that is not understood could narrow what
//! a statement is about.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

#[derive(Deserialize)]
pub(super) struct Document<'a> {
    #[serde(rename = "@context")]
    pub(super) context: String,
    pub(super) timestamp: String,
    #[serde(borrow)]
    pub(super) statements: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a statement")]
pub(super) struct Statement {
    pub(super) vulnerability: Vulnerability,
    #[serde(default)]
    pub(super) products: Vec<Product>,
    pub(super) status: String,
    pub(super) justification: Option<String>,
    #[serde(rename = "impact_statement")]
    pub(super) impact: Option<String>,
    pub(super) status_notes: Option<String>,
    pub(super) timestamp: Option<String>,
    #[serde(rename = "@id")]
    _id: Option<IgnoredAny>,
    #[serde(rename = "version")]
    _version: Option<IgnoredAny>,
    #[serde(rename = "last_updated")]
    _last_updated: Option<IgnoredAny>,
    #[serde(rename = "supplier")]
    _supplier: Option<IgnoredAny>,
    #[serde(rename = "action_statement")]
    _action: Option<IgnoredAny>,
    #[serde(rename = "action_statement_timestamp")]
    _action_timestamp: Option<IgnoredAny>,
}

/// Before 0.2.0 a mere id.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "`vulnerability` is no vulnerability with a `name`"
)]
pub(super) enum Vulnerability {
    Id(String),
    Described {
        name: String,
        #[serde(default)]
        aliases: Vec<String>,
    },
}

/// Before 0.2.0 a mere id.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a product is none: it has `@id`, `identifiers`, `hashes` and `subcomponents`, and those only the first three"
)]
pub(super) enum Product {
    Id(String),
    Described(Described),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Described {
    #[serde(rename = "@id")]
    pub(super) id: Option<String>,
    pub(super) identifiers: Option<Identifiers>,
    #[serde(rename = "hashes")]
    _hashes: Option<IgnoredAny>,
    #[serde(default)]
    pub(super) subcomponents: Vec<Component>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Component {
    #[serde(rename = "@id")]
    pub(super) id: Option<String>,
    pub(super) identifiers: Option<Identifiers>,
    #[serde(rename = "hashes")]
    _hashes: Option<IgnoredAny>,
}

#[derive(Deserialize)]
pub(super) struct Identifiers {
    pub(super) purl: Option<String>,
}
