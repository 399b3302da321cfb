//! Texts of settings to values, by pip's rules: the words of a switch, Python's numbers, paths of the user's home.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::KeyringProvider;

/// What stands for "no time limit": no run takes a day.
const NO_LIMIT: Duration = Duration::from_hours(24);

/// A switch: pip knows these twelve words, in any case.
pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text.to_lowercase().as_str() {
        "y" | "yes" | "t" | "true" | "on" | "1" => Ok(true),
        "n" | "no" | "f" | "false" | "off" | "0" => Ok(false),
        _ => Err("it is no switch; write `yes` or `no`, `true` or `false`, `1` or `0`".to_owned()),
    }
}

/// A count as pip's option parser reads it: decimal, `0x…`, `0b…`, and octal after a `0`.
pub(super) fn count(text: &str) -> Result<u32, String> {
    let no_number = || "it is no whole number".to_owned();
    let plain = digits(text.trim()).ok_or_else(no_number)?.to_lowercase();
    let (radix, number) = match (plain.get(..2), plain.get(..1)) {
        (Some("0x"), _) => (16, plain.get(2..)),
        // pip takes `0b` alone for zero.
        (Some("0b"), _) => (
            2,
            plain
                .get(2..)
                .map(|rest| if rest.is_empty() { "0" } else { rest }),
        ),
        (Some("0o"), _) => (8, plain.get(2..)),
        (_, Some("0")) => (8, Some(plain.as_str())),
        _ => (10, Some(plain.as_str())),
    };
    let number =
        i64::from_str_radix(number.unwrap_or_default(), radix).map_err(|_no| no_number())?;
    u32::try_from(number).map_err(|_range| "it is not between 0 and 4294967295".to_owned())
}

/// Seconds. None at all, and an infinity of them, mean no limit.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let no_number = || "it is no number of seconds".to_owned();
    let number: f64 = digits(text.trim())
        .ok_or_else(no_number)?
        .parse()
        .map_err(|_no| no_number())?;
    if number == 0.0 || number == f64::INFINITY {
        return Ok(NO_LIMIT);
    }
    if number.is_nan() || number < 0.0 {
        return Err("it is no time to wait for".to_owned());
    }
    Ok(Duration::try_from_secs_f64(number).map_or(NO_LIMIT, |time| time.min(NO_LIMIT)))
}

/// A number without the underscores that Python allows between digits.
fn digits(text: &str) -> Option<String> {
    let letters: Vec<char> = text.chars().collect();
    let is_apart = |place: usize| {
        let beside = |place: Option<usize>| {
            place
                .and_then(|place| letters.get(place))
                .is_some_and(char::is_ascii_hexdigit)
        };
        beside(place.checked_sub(1)) && beside(Some(place + 1))
    };
    let misplaced = letters
        .iter()
        .enumerate()
        .any(|(place, letter)| *letter == '_' && !is_apart(place));
    (!misplaced).then(|| {
        letters
            .into_iter()
            .filter(|letter| *letter != '_')
            .collect()
    })
}

/// A path; `~` is the user's home.
pub(super) fn path(text: &str, home: Option<&Path>) -> PathBuf {
    let in_home = match text {
        "~" => Some(""),
        _ => text.strip_prefix("~/"),
    };
    match (in_home, home) {
        (Some(""), Some(home)) => home.to_owned(),
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(text),
    }
}

/// `keyring-provider`.
pub(super) fn keyring(text: &str) -> Result<KeyringProvider, String> {
    match text {
        "auto" => Ok(KeyringProvider::Auto),
        "disabled" => Ok(KeyringProvider::Disabled),
        "import" => Ok(KeyringProvider::Import),
        "subprocess" => Ok(KeyringProvider::Subprocess),
        _ => Err("it is not `auto`, `disabled`, `import` or `subprocess`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_know_pips_words_and_no_others() {
        for word in ["y", "Yes", "T", "TRUE", "on", "1"] {
            assert_eq!(switch(word), Ok(true), "{word}");
        }
        for word in ["n", "NO", "f", "False", "oFF", "0"] {
            assert_eq!(switch(word), Ok(false), "{word}");
        }
        for word in ["", "2", "enable", "yes ", "none", "-1"] {
            assert!(switch(word).is_err(), "{word}");
        }
    }

    #[test]
    fn counts_are_read_as_pips_option_parser_does() {
        for (text, value) in [
            ("5", 5),
            ("0", 0),
            ("010", 8),
            ("0x1F", 31),
            ("0b101", 5),
            ("0b", 0),
            ("0o17", 15),
            ("1_000", 1000),
            ("+3", 3),
        ] {
            assert_eq!(count(text), Ok(value), "{text}");
        }
        for text in [
            "",
            "09",
            "x",
            "1.5",
            "-1",
            "_1",
            "1__0",
            "0x",
            "99999999999",
        ] {
            assert!(count(text).is_err(), "{text}");
        }
    }

    #[test]
    fn seconds_are_pythons_numbers() {
        for (text, value) in [
            ("5", 5.0),
            ("0.25", 0.25),
            ("1e1", 10.0),
            ("1_0", 10.0),
            (".5", 0.5),
        ] {
            assert_eq!(seconds(text), Ok(Duration::from_secs_f64(value)), "{text}");
        }
        for text in ["0", "inf", "1e300"] {
            assert_eq!(seconds(text), Ok(NO_LIMIT), "{text}");
        }
        for text in ["", "abc", "-1", "nan", "5s"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
