//! The whole text about an advisory, which the compact form does not keep.

use crate::shown::Texts;

/// What a record says in words: its summary, else its details. The file's name tells JSON from YAML. None if it says nothing, or cannot be
/// read: it has been read before for what counts.
pub fn description(file: &str, record: &[u8]) -> Option<String> {
    let texts = texts(file, record)?;
    texts
        .summary
        .filter(|text| !text.trim().is_empty())
        .or(texts.details)
        .filter(|text| !text.trim().is_empty())
}

/// The texts of a record.
pub(crate) fn texts(file: &str, record: &[u8]) -> Option<Texts> {
    let extension = std::path::Path::new(file)
        .extension()
        .and_then(|extension| extension.to_str());
    if matches!(extension, Some("yaml" | "yml")) {
        serde_saphyr::from_str(std::str::from_utf8(record).ok()?).ok()
    } else {
        serde_json::from_slice(record).ok()
    }
}
