//! `{ file = … }` of `[tool.setuptools.dynamic]`.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::wrong_type;
use crate::document::Document;
use crate::error::InputError;
use crate::project::Stated;

/// The files that a directive names.
pub(super) fn files(
    what: &str,
    value: &Spanned<DeValue<'_>>,
    document: &Document<'_>,
) -> Result<Vec<Stated>, InputError> {
    let table = table(what, value, document)?;
    let what = format!("`{what}` of `[tool.setuptools.dynamic]`");
    if let Some((key, _)) = table.iter().find(|(key, _)| key.get_ref() != "file") {
        let message = format!(
            "{what} has the key `{}`, and setuptools knows only `file` there",
            key.get_ref()
        );
        return Err(document
            .error_at(key.span().start, message)
            .remedy("write `{ file = [\"requirements.in\"] }`"));
    }
    let Some(named) = table.get("file") else {
        return Err(document
            .error_at(value.span().start, format!("{what} names no file"))
            .remedy("write `{ file = [\"requirements.in\"] }`"));
    };
    let one = |value: &Spanned<DeValue<'_>>| match value.get_ref().as_str() {
        Some(text) => Ok(document.stated(value.span().start, text)),
        None => Err(wrong_type(
            value,
            &format!("`file` of {what}"),
            "a string or an array of strings",
            document,
        )),
    };
    match named.get_ref().as_array() {
        Some(array) => array.iter().map(one).collect(),
        None => Ok(vec![one(named)?]),
    }
}

/// A value of `[tool.setuptools.dynamic]` that must be a table.
pub(super) fn table<'a, 'i>(
    what: &str,
    value: &'a Spanned<DeValue<'i>>,
    document: &Document<'_>,
) -> Result<&'a DeTable<'i>, InputError> {
    value.get_ref().as_table().ok_or_else(|| {
        let what = format!("`{what}` of `[tool.setuptools.dynamic]`");
        wrong_type(value, &what, "a table", document)
    })
}
