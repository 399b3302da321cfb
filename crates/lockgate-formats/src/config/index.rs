//! `[index."URL"]`: what holds for one index.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::Spanned;
use url::Url;

use super::Set;
use super::parser::Parser;
use crate::error::InputError;
use crate::redact::without_credentials;

/// The statuses that `ignore-status` may name. 404 and 410 mean "not there" in any case.
const IGNORABLE: [u16; 4] = [401, 403, 404, 410];

/// One `[index."URL"]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigIndex {
    /// The index, as [`index_address`] has it.
    pub address: String,
    /// Statuses with which it answers for packages that it does not have.
    pub ignore_status: Set<BTreeSet<u16>>,
}

impl ConfigIndex {
    /// The key as people write it.
    pub fn key(&self) -> String {
        format!("[index.\"{}\"] ignore-status", self.address)
    }
}

/// Returns the address of an index as two of them are compared: without login, query, fragment and the slashes at its end. None for what is not
/// an `http` or `https` address.
pub fn index_address(text: &str) -> Option<String> {
    let mut url = Url::parse(text).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    url.set_query(None);
    url.set_fragment(None);
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Some(url.as_str().trim_end_matches('/').to_owned())
}

/// Returns the statuses that `tables` name for the index at `address`.
pub(super) fn statuses_of(tables: &[ConfigIndex], address: &str) -> BTreeSet<u16> {
    let tables = tables.iter().filter(|table| table.address == address);
    tables
        .flat_map(|table| table.ignore_status.value.iter().copied())
        .collect()
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, expecting = "a table")]
pub(super) struct IndexTable {
    ignore_status: Option<Spanned<Vec<Spanned<i64>>>>,
}

impl Parser<'_> {
    /// The tables of `[index]`, by address.
    pub(super) fn indexes(
        &self,
        tables: &BTreeMap<String, Spanned<IndexTable>>,
    ) -> Result<Vec<ConfigIndex>, InputError> {
        let mut found: Vec<ConfigIndex> = Vec::new();
        for (written, table) in tables {
            let one = self.index(written, table)?;
            if found.iter().any(|known| known.address == one.address) {
                return Err(self.error(
                    table,
                    format!(
                        "`[index.\"{}\"]` stands there twice, written differently",
                        one.address
                    ),
                ));
            }
            found.push(one);
        }
        Ok(found)
    }

    fn index(&self, written: &str, table: &Spanned<IndexTable>) -> Result<ConfigIndex, InputError> {
        let shown = without_credentials(written);
        let address = index_address(written).ok_or_else(|| {
            self.error(
                table,
                format!("`[index.\"{shown}\"]`: not an `http` or `https` address"),
            )
            .remedy("write the address of the index: `[index.\"https://host/simple\"]`")
        })?;
        let has_more = Url::parse(written).is_ok_and(|url| {
            !url.username().is_empty() || url.password().is_some() || url.query().is_some()
        });
        if has_more {
            return Err(self
                .error(
                    table,
                    format!("`[index.\"{shown}\"]`: the address has a login or a query"),
                )
                .remedy(format!(
                    "write `[index.\"{address}\"]`: indexes are compared without either"
                )));
        }
        let Some(statuses) = &table.get_ref().ignore_status else {
            return Err(self
                .error(table, format!("`[index.\"{shown}\"]` states nothing"))
                .remedy("write `ignore-status = [403]`, or remove the table"));
        };
        if statuses.get_ref().is_empty() {
            return Err(self
                .error(statuses, "`ignore-status` names no status".to_owned())
                .remedy("write `ignore-status = [403]`, or remove the key"));
        }
        let mut ignored = BTreeSet::new();
        for status in statuses.get_ref() {
            let number = u16::try_from(*status.get_ref()).ok();
            let number = number.filter(|number| IGNORABLE.contains(number));
            let number = number.ok_or_else(|| {
                self.error(
                    status,
                    format!(
                        "invalid value `{}` for `ignore-status`; expected 401, 403, 404 or 410",
                        status.get_ref()
                    ),
                )
                .remedy("any other status says that the index gave no answer, and never that it lacks a package")
            })?;
            ignored.insert(number);
        }
        Ok(ConfigIndex {
            address,
            ignore_status: self.set(statuses, ignored),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    fn read(text: &str) -> Result<Config, InputError> {
        Config::from_lockgate_toml(text.as_bytes(), "lockgate.toml")
    }

    #[test]
    fn an_index_is_named_by_its_address() {
        for text in [
            "https://Host.example/simple",
            "https://host.example:443/simple/",
            "https://joe:secret@host.example/simple//",
            "https://host.example/simple?token=1#x",
        ] {
            let address = index_address(text);
            assert_eq!(address.as_deref(), Some("https://host.example/simple"));
        }
        assert_eq!(
            index_address("http://host/").as_deref(),
            Some("http://host")
        );
        for text in ["file:///srv/simple", "host/simple", ""] {
            assert_eq!(index_address(text), None, "{text}");
        }
        let config = read("[index.\"https://host/simple/\"]\nignore-status = [403, 401]\n");
        let config = config.unwrap();
        let [index] = config.index_settings.as_slice() else {
            panic!("{config:?}");
        };
        assert_eq!(index.address, "https://host/simple");
        assert_eq!(index.ignore_status.value, BTreeSet::from([401, 403]));
        assert_eq!(index.ignore_status.origin, "lockgate.toml:2");
    }

    #[test]
    fn what_is_no_status_of_an_absent_package_is_refused() {
        for (text, expected) in [
            (
                "[index.\"https://host\"]\nignore-status = [403, 500]",
                "lockgate.toml:2: invalid value `500` for `ignore-status`; expected 401, 403, 404 or 410",
            ),
            (
                "[index.\"https://host\"]\nignore-status = [-1]",
                "lockgate.toml:2: invalid value `-1`",
            ),
            (
                "[index.\"https://host\"]\nignore-status = []",
                "lockgate.toml:2: `ignore-status` names no status",
            ),
            (
                "[index.\"https://host\"]\n",
                "lockgate.toml:1: `[index.\"https://host\"]` states nothing",
            ),
            (
                "[index.\"https://host\"]\nignore-statuses = [403]",
                "lockgate.toml:2: unknown key `ignore-statuses`",
            ),
            (
                "index = [\"host\"]",
                "lockgate.toml:1: `index` is a table for each index",
            ),
            (
                "[index]\nignore-status = [403]",
                "`index` is a table for each index",
            ),
            (
                "[index.\"file:///srv\"]\nignore-status = [403]",
                "lockgate.toml:1: `[index.\"file:///srv\"]`: not an `http` or `https` address",
            ),
            (
                "[index.\"https://joe:secret@host\"]\nignore-status = [403]",
                "lockgate.toml:1: `[index.\"https://****@host\"]`: the address has a login or a query",
            ),
            (
                "[index.\"https://host\"]\nignore-status = [403]\n[index.\"https://host/\"]\nignore-status = [401]",
                "`[index.\"https://host\"]` stands there twice",
            ),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
