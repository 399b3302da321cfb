//! Foreign text in HTML and in the JSON inside of it.

use std::fmt;

use lockgate_model::secret;
use serde_json::Value;

use crate::plain::plain;

/// Text as it stands in an element or in a double-quoted attribute.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = plain(self.0);
        let mut rest = text.as_ref();
        while let Some(place) = rest.find(['<', '>', '&', '"', '\'']) {
            let (before, from) = rest.split_at(place);
            f.write_str(before)?;
            let mut chars = from.chars();
            f.write_str(match chars.next() {
                Some('<') => "&lt;",
                Some('>') => "&gt;",
                Some('&') => "&amp;",
                Some('"') => "&quot;",
                _ => "&#39;",
            })?;
            rest = chars.as_str();
        }
        f.write_str(rest)
    }
}

/// JSON that can stand in a `script` element: nothing in it ends the element, opens a comment, or breaks a line of JavaScript.
pub(super) fn json(value: &Value) -> String {
    let text = value.to_string();
    // Neither quotes nor escapes are in the name of a variable.
    let text = secret::hide(&text);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        // These stand in strings only, where an escape means the same.
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_cannot_leave_its_element_or_attribute() {
        let cases = [
            ("plain", "plain"),
            (
                "<b a=\"x\">'&amp;</b>",
                "&lt;b a=&quot;x&quot;&gt;&#39;&amp;amp;&lt;/b&gt;",
            ),
            ("a\u{202e}b\u{0}c\nd", "a\u{fffd}b\u{fffd}c d"),
        ];
        for (text, expected) in cases {
            assert_eq!(Escaped(text).to_string(), expected, "{text:?}");
        }
    }

    #[test]
    fn json_stays_itself_and_cannot_leave_its_script() {
        let value = json!({ "<k>": "</script><!-- & \u{2028}\u{2029}\"\\" });
        let text = json(&value);
        assert!(!text.contains(['<', '>', '&', '\u{2028}', '\u{2029}']));
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
