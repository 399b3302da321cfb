//! A message about one line, with what the line has.

use super::forms::forms_of_text;
use super::words::{pieces, replaced_alone, replaced_in_any_case};

/// Shorter values are replaced only where they stand by themselves.
const SHORT: usize = 4;

/// Returns `text`, which is about a line that `variables` were filled into, with their names in place of their values and of what the
/// reader made of them: a name in small letters, the part behind a blank.
pub fn unfilled(text: &str, variables: &[(String, String)]) -> String {
    let mut text = text.to_owned();
    for (name, value) in variables {
        let shown = format!("${{{name}}}");
        let mut forms = forms_of_text(value);
        let parts = pieces(value).filter(|piece| piece.chars().count() >= SHORT);
        forms.extend(parts.map(ToOwned::to_owned));
        for form in forms {
            let replaced = if form.chars().count() < SHORT {
                let ends = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
                replaced_alone(&text, &form, &shown, |before, after| {
                    ends(before) && ends(after)
                })
            } else {
                replaced_in_any_case(&text, &form, &shown)
            };
            text = replaced.unwrap_or(text);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::unfilled;

    #[test]
    fn a_message_has_what_the_line_has() {
        let variables = |value: &str| vec![("V".to_owned(), value.to_owned())];
        for (value, text, shown) in [
            ("My_Name", "`my-name` is not there", "`${V}` is not there"),
            (
                "one secret",
                "after it stands `secret`",
                "after it stands `${V}`",
            ),
            ("a", "`a` is no b, and arises", "`${V}` is no b, and arises"),
            ("V", "`V`", "`${V}`"),
        ] {
            assert_eq!(unfilled(text, &variables(value)), shown, "{value}");
        }
    }
}
