//! `[[allow-incomplete]]` entries: gaps of an audit that are accepted.

use jiff::civil::Date;
use lockgate_model::{GapCode, Name};
use serde::Deserialize;
use toml::Spanned;

use super::ignores::day;
use super::parser::Parser;
use crate::error::InputError;

/// One `[[allow-incomplete]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigIncomplete {
    /// The kind of gap.
    pub code: GapCode,
    /// The package; none only where a gap of this kind has no package.
    pub package: Option<Name>,
    /// Why it does no harm.
    pub reason: String,
    /// The last day on which it holds.
    pub expires: Option<Date>,
    /// Where it stands.
    pub origin: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, expecting = "a table")]
pub(super) struct Entry {
    code: String,
    package: Option<String>,
    reason: Option<String>,
    expires: Option<toml::value::Datetime>,
}

impl Parser<'_> {
    pub(super) fn incomplete(
        &self,
        spanned: Spanned<Entry>,
    ) -> Result<ConfigIncomplete, InputError> {
        let start = spanned.span().start;
        let error = |message: String| self.0.error_at(start, message);
        let entry = spanned.into_inner();
        let word = entry.code;
        let entry_of = format!("the `[[allow-incomplete]]` entry for `{word}`");
        let code = GapCode::parse(&word)
            .filter(|code| !code.is_failure())
            .ok_or_else(|| {
                let codes = GapCode::ALL.into_iter().filter(|code| !code.is_failure());
                let codes: Vec<&str> = codes.map(GapCode::as_str).collect();
                let message = match GapCode::parse(&word) {
                    Some(_) => format!(
                        "`{word}` cannot be accepted by a policy: it says that the audit did not work"
                    ),
                    None => format!("invalid code `{word}` in `[[allow-incomplete]]`"),
                };
                error(message).remedy(format!("the codes are {}", codes.join(", ")))
            })?;
        let reason = entry
            .reason
            .filter(|reason| !reason.trim().is_empty())
            .ok_or_else(|| {
                error(format!("{entry_of} has no reason"))
                    .remedy("write `reason = \"…\"`: why it does no harm here")
            })?;
        let package = entry
            .package
            .map(|name| Name::new(&name).map_err(|why| error(format!("`package`: {why}"))))
            .transpose()?;
        if package.is_none() && code != GapCode::Unnamed {
            return Err(error(format!("{entry_of} names no package"))
                .remedy("write `package = \"…\"`: gaps are accepted one by one"));
        }
        let expires = entry
            .expires
            .map(|written| {
                day(written).ok_or_else(|| {
                    error(format!("`expires = {written}` is not a date"))
                        .remedy("write the last day on which it holds: `2027-03-01`")
                })
            })
            .transpose()?;
        Ok(ConfigIncomplete {
            code,
            package,
            reason,
            expires,
            origin: self.place(start),
        })
    }
}
