//! `[[ignore]]` entries.

use jiff::civil::Date;
use lockgate_model::{Name, Specifiers};
use toml::Spanned;

use super::ConfigIgnore;
use super::parser::Parser;
use super::tables::Entry;
use crate::error::{InputError, in_one_line};
use crate::vex::VEX_JUSTIFICATIONS;

impl Parser<'_> {
    pub(super) fn ignore(&self, spanned: Spanned<Entry>) -> Result<ConfigIgnore, InputError> {
        let start = spanned.span().start;
        let error = |message: String| self.0.error_at(start, message);
        let entry = spanned.into_inner();
        if entry.id.trim().is_empty() {
            return Err(error("an `[[ignore]]` entry names no advisory".to_owned()));
        }
        let reason = entry
            .reason
            .filter(|reason| !reason.trim().is_empty())
            .ok_or_else(|| {
                error(format!(
                    "the `[[ignore]]` entry for `{}` has no reason",
                    entry.id
                ))
                .remedy("write `reason = \"…\"`: why it does no harm here")
            })?;
        let package = entry
            .package
            .map(|name| Name::new(&name).map_err(|why| error(format!("`package`: {why}"))))
            .transpose()?;
        let versions = entry
            .version
            .map(|text| {
                text.parse::<Specifiers>()
                    .map_err(|why| error(format!("`version`: {}", in_one_line(&why))))
            })
            .transpose()?;
        let expires = entry
            .expires
            .map(|written| {
                day(written).ok_or_else(|| {
                    error(format!("`expires = {written}` is no date"))
                        .remedy("write the last day on which it holds: `2027-03-01`")
                })
            })
            .transpose()?;
        let group = entry
            .group
            .map(|name| Name::new(&name).map_err(|why| error(format!("`group`: {why}"))))
            .transpose()?;
        if let Some(word) = &entry.justification
            && !VEX_JUSTIFICATIONS.contains(&word.as_str())
        {
            return Err(error(format!(
                "`justification = \"{word}\"` is no word of OpenVEX"
            ))
            .remedy(format!("the words are {}", VEX_JUSTIFICATIONS.join(", "))));
        }
        let origin = self.place(start);
        Ok(ConfigIgnore {
            id: entry.id,
            package,
            versions,
            reason,
            expires,
            until_fixed: entry.until_fixed,
            group,
            justification: entry.justification,
            origin,
        })
    }
}

/// A date and nothing more.
pub(super) fn day(written: toml::value::Datetime) -> Option<Date> {
    let date = written.date.filter(|_| written.time.is_none())?;
    Date::new(
        i16::try_from(date.year).ok()?,
        i8::try_from(date.month).ok()?,
        i8::try_from(date.day).ok()?,
    )
    .ok()
}
