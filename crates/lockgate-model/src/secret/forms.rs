//! The forms in which one value stands in an address and elsewhere.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use url::Url;

use crate::reference::decoded;

/// Returns `value` as written, as meant, and as the parts of an address encode either; the longest first.
pub(super) fn forms(value: &str) -> Vec<String> {
    let mut forms = BTreeSet::new();
    // The parser of addresses drops line breaks and tabs (URL Standard, "basic URL parser").
    let unbroken = |text: &str| text.replace(['\n', '\r', '\t'], "");
    let meant = decoded(value);
    for text in [unbroken(value), unbroken(&meant), value.to_owned(), meant] {
        forms.extend(encoded(&text));
        forms.insert(text);
    }
    let lower: Vec<String> = forms.iter().map(|form| lower_escapes(form)).collect();
    forms.extend(lower);
    let mut forms: Vec<String> = forms.into_iter().filter(|form| !form.is_empty()).collect();
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms
}

fn encoded(text: &str) -> Vec<String> {
    let mut whole = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            whole.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(whole, "%{byte:02X}");
        }
    }
    let mut all = vec![whole];
    if let Ok(mut url) = Url::parse("http://host.invalid/") {
        url.set_query(Some(text));
        all.extend(url.query().map(ToOwned::to_owned));
        url.set_path(text);
        all.push(url.path().trim_start_matches('/').to_owned());
        // An address with a host takes a user.
        let _ = url.set_username(text);
        all.push(url.username().to_owned());
    }
    all
}

/// Returns the forms in which a value stands outside of addresses: as a name is normalized or a file name escaped, and as a log quotes it.
pub(super) fn forms_of_text(value: &str) -> Vec<String> {
    let mut forms: BTreeSet<String> = forms(value).into_iter().collect();
    for joint in ["-", "_"] {
        let parts = value.split(['-', '_', '.']).filter(|part| !part.is_empty());
        forms.insert(parts.collect::<Vec<_>>().join(joint));
    }
    forms.insert(value.escape_debug().to_string());
    let mut forms: Vec<String> = forms.into_iter().filter(|form| !form.is_empty()).collect();
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms
}

/// Digits of escapes in small letters.
fn lower_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut escape = 0;
    for c in text.chars() {
        if c == '%' {
            escape = 3;
        }
        out.push(if escape > 0 {
            c.to_ascii_lowercase()
        } else {
            c
        });
        escape = if escape > 0 { escape - 1 } else { 0 };
    }
    out
}
