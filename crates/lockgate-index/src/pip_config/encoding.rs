//! In which encoding a configuration file is: pip goes by the locale, not by the file.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use super::{Surroundings, System};

/// The text of a file, or what keeps it from being text, and on which line.
pub(super) fn decode(bytes: &[u8], surroundings: &Surroundings) -> Result<String, (usize, String)> {
    let encoding = of_locale(surroundings);
    let valid = match std::str::from_utf8(bytes) {
        // Nearly every file, whatever the locale: ASCII reads the same everywhere.
        Ok(text) if encoding == UTF_8 || bytes.is_ascii() => return Ok(text.to_owned()),
        // The code page of Windows is not known here; UTF-8 that is right by chance does not occur in practice.
        Ok(text) if surroundings.system == System::Windows => return Ok(text.to_owned()),
        Ok(_) => bytes.len(),
        Err(error) => error.valid_up_to(),
    };
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes);
    text.map(Cow::into_owned).ok_or_else(|| {
        let before = bytes.get(..valid).unwrap_or_default();
        let line = before.split(|byte| *byte == b'\n').count();
        (line, format!("it is not {} text", encoding.name()))
    })
}

/// The locale's encoding: `LC_ALL`, else `LC_CTYPE`, else `LANG`. No locale and the locale `C` mean UTF-8, as in every Python since 3.7.
fn of_locale(surroundings: &Surroundings) -> &'static Encoding {
    let variable = |name: &str| {
        surroundings
            .variable(name)
            .filter(|value| !value.is_empty())
    };
    if variable("PYTHONUTF8") == Some("1") {
        return UTF_8;
    }
    match surroundings.system {
        System::Windows => WINDOWS_1252,
        System::MacOs => UTF_8,
        System::Unix => ["LC_ALL", "LC_CTYPE", "LANG"]
            .into_iter()
            .find_map(variable)
            .and_then(|locale| locale.split_once('.'))
            .and_then(|(_, codeset)| {
                let codeset = codeset.split('@').next().unwrap_or_default();
                Encoding::for_label(codeset.to_ascii_lowercase().as_bytes()).or_else(|| {
                    // `ISO-8859-1` is also spelled `iso88591` by locales.
                    let digits = codeset.to_ascii_lowercase();
                    let part = digits.strip_prefix("iso8859")?;
                    Encoding::for_label(
                        format!("iso-8859-{}", part.trim_start_matches('-')).as_bytes(),
                    )
                })
            })
            .unwrap_or(UTF_8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_locale(system: System, variables: &[(&str, &str)]) -> Surroundings {
        Surroundings {
            variables: variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            system,
            ..Surroundings::default()
        }
    }

    #[test]
    fn the_locale_says_how_a_file_is_encoded() {
        let latin = b"k = caf\xe9";
        for (variables, text) in [
            (&[("LANG", "de_DE.ISO-8859-1")][..], Some("k = café")),
            (&[("LC_CTYPE", "de_DE.iso88591@euro")], Some("k = café")),
            (&[("LC_ALL", "C"), ("LANG", "de_DE.ISO-8859-1")], None),
            (
                &[("LC_ALL", ""), ("LANG", "de_DE.ISO-8859-1")],
                Some("k = café"),
            ),
            (&[("PYTHONUTF8", "1"), ("LANG", "de_DE.ISO-8859-1")], None),
            (&[("LANG", "en_US.UTF-8")], None),
            (&[], None),
        ] {
            let surroundings = in_locale(System::Unix, variables);
            assert_eq!(
                decode(latin, &surroundings).ok().as_deref(),
                text,
                "{variables:?}"
            );
        }
        let windows = in_locale(System::Windows, &[]);
        assert_eq!(decode(latin, &windows).unwrap(), "k = café");
        assert_eq!(decode("k = café".as_bytes(), &windows).unwrap(), "k = café");
    }

    #[test]
    fn what_is_no_text_is_told_with_its_line() {
        let surroundings = in_locale(System::Unix, &[]);
        let (line, why) = decode(b"[global]\nk = \xff\n", &surroundings).unwrap_err();
        assert_eq!((line, why.as_str()), (2, "it is not UTF-8 text"));
    }
}
