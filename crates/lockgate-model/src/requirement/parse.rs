//! From text to [`Requirement`].

use std::borrow::Cow;

use super::cost::{TOO_MUCH_WORK, is_too_much_work};
use super::{Requirement, RequirementError, Source};
use crate::version::with_small_numbers;
use crate::{Marker, Name, Specifiers};

/// Reads one dependency specifier.
pub(super) fn requirement(text: &str) -> Result<Requirement, RequirementError> {
    check_names(text)?;
    if is_too_long(text) {
        return Err(RequirementError::Syntax(TOO_LONG.to_owned()));
    }
    if is_too_much_work(text) {
        return Err(RequirementError::Syntax(TOO_MUCH_WORK.to_owned()));
    }
    let (url, text) = match with_reference(text) {
        Some((named, url)) => (Some(url), Cow::Owned(named)),
        None => (None, Cow::Borrowed(text)),
    };
    let text = without_trailing_comma(&text);
    let (wanted, marker) = match text.split_once(';') {
        None => (&*text, Marker::always()),
        Some((wanted, marker)) => {
            let marker = Marker::parse_checked(marker);
            (
                wanted,
                marker.map_err(|error| RequirementError::Syntax(error.0))?,
            )
        }
    };
    // The parser's numbers end at 64 bits: it is shown smaller ones.
    let shown = match clauses(wanted) {
        Some(clauses) => match with_small_numbers(clauses) {
            Cow::Borrowed(_) => Cow::Borrowed(wanted),
            Cow::Owned(small) => Cow::Owned(wanted.replacen(clauses, &small, 1)),
        },
        None => Cow::Borrowed(wanted),
    };
    let parsed: pep508_rs::Requirement =
        shown.parse().map_err(|error: pep508_rs::Pep508Error| {
            RequirementError::Syntax(error.message.to_string())
        })?;
    let mut extras: Vec<Name> = parsed
        .extras
        .iter()
        .filter_map(|extra| Name::new(extra.as_ref()).ok())
        .collect();
    extras.sort();
    extras.dedup();
    let source = match (url, parsed.version_or_url) {
        (Some(url), None) => Source::Url(url),
        (None, None) => Source::Index(Specifiers::any()),
        (None, Some(pep508_rs::VersionOrUrl::VersionSpecifier(specifiers))) => {
            // How `===` was written is not in what the parser gives back, and there the text counts.
            let is_changed = matches!(shown, Cow::Owned(_));
            match clauses(&text).filter(|clauses| is_changed || clauses.contains("===")) {
                Some(clauses) => Source::Index(clauses.parse()?),
                None => Source::Index(Specifiers::written(&specifiers, "")),
            }
        }
        (_, Some(_)) => {
            return Err(RequirementError::Syntax(
                "it names an address and versions".to_owned(),
            ));
        }
    };
    Ok(Requirement {
        name: Name::new(parsed.name.as_ref())
            .map_err(|error| RequirementError::Syntax(error.to_string()))?,
        extras,
        source,
        marker,
    })
}

/// What stands between name and extras and the marker, without parentheses.
fn clauses(text: &str) -> Option<&str> {
    let text = text.split(';').next()?.trim();
    let (_, after) = text.split_at_checked(text.find(|c| !is_of_name(c))?)?;
    let after = after.trim_start();
    let after = match after.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.1.trim_start(),
        None => after,
    };
    let bare = after
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'));
    Some(bare.unwrap_or(after))
}

/// The grammar admits a comma after the last clause; the parser above does not.
fn without_trailing_comma(text: &str) -> Cow<'_, str> {
    let end = text.find(';').unwrap_or(text.len());
    let (wanted, marker) = text.split_at(end);
    let (clauses, closing) = match wanted.trim_end().strip_suffix(')') {
        Some(clauses) => (clauses, ")"),
        None => (wanted, ""),
    };
    match clauses.trim_end().strip_suffix(',') {
        Some(clauses)
            if !clauses.trim_end().ends_with([',', '(', ']'])
                && clauses.contains(['<', '>', '=']) =>
        {
            Cow::Owned(format!("{clauses}{closing} {marker}"))
        }
        _ => Cow::Borrowed(text),
    }
}

/// Takes `name[extras] @ address ; marker` apart: the rest, and the address as written. It ends at white space. The parser above would
/// put variables of the environment into it, and what others publish must not learn those.
fn with_reference(text: &str) -> Option<(String, String)> {
    let name_end =
        text.trim_start().find(|c| !is_of_name(c))? + text.len() - text.trim_start().len();
    let (name, after) = text.split_at_checked(name_end)?;
    let after = after.trim_start();
    let (extras, after) = match after.strip_prefix('[') {
        Some(rest) => {
            let (extras, after) = rest.split_once(']')?;
            (format!("[{extras}]"), after.trim_start())
        }
        None => (String::new(), after),
    };
    let address = after.strip_prefix('@')?.trim_start();
    let end = address.find(char::is_whitespace).unwrap_or(address.len());
    let (address, rest) = address.split_at_checked(end)?;
    let is_one = !address.is_empty() && !name.trim().is_empty();
    is_one.then(|| (format!("{name}{extras}{rest}"), address.to_owned()))
}

/// Reads one dependency specifier, and refuses a marker with a comparison that cannot be made or that nobody means.
pub(super) fn strict(text: &str) -> Result<Requirement, RequirementError> {
    let requirement = requirement(text)?;
    let marker = match requirement.source {
        Source::Index(_) => text.split_once(';'),
        Source::Url(_) => text.split_once(" ;"),
    };
    match marker.and_then(|(_, marker)| Marker::fault(marker)) {
        None => Ok(requirement),
        Some(fault) => Err(RequirementError::Syntax(fault)),
    }
}

/// The parser above panics on a name or an extra that ends in a separator and is followed by something; such a text is refused here.
fn check_names(text: &str) -> Result<(), RequirementError> {
    let text = text.trim_start();
    let name_end = text.find(|c| !is_of_name(c)).unwrap_or(text.len());
    let (name, after) = text.split_at(name_end);
    let extras = after.trim_start().strip_prefix('[').unwrap_or_default();
    let extras = extras.split(']').next().unwrap_or_default();
    for word in extras.split(',').map(str::trim).chain([name]) {
        // Of an extra followed by more than the grammar admits, the parser has a word of its own to say.
        let word = word.split(|c| !is_of_name(c)).next().unwrap_or_default();
        if word.ends_with(['-', '_', '.']) {
            Name::new(word).map_err(|error| RequirementError::Syntax(error.to_string()))?;
        }
    }
    Ok(())
}

/// What is said of a text that [`is_too_long`].
pub(crate) const TOO_LONG: &str = "its marker is longer or nested deeper than any that is written";

/// Whether a marker is more than anybody writes: the parser calls itself for each parenthesis until there is no stack left, and what
/// many comparisons cost grows without end.
pub(crate) fn is_too_long(text: &str) -> bool {
    const DEEPEST: usize = 64;
    const MOST_QUOTES: usize = 256;
    let (mut depth, mut quotes): (usize, usize) = (0, 0);
    text.bytes().any(|byte| {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b'\'' | b'"' => quotes += 1,
            _ => {}
        }
        depth > DEEPEST || quotes > MOST_QUOTES
    })
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

#[cfg(test)]
mod tests {
    use super::{requirement, strict};

    #[test]
    fn a_strict_reader_takes_no_comparison_that_cannot_be_made() {
        for text in [
            "a ; python_version ~= '3'",
            "a ; platform_release ~= '18'",
            "a ; '18.0' ~= platform_version",
            "a ; '1.0' ~= sys_platform and os_name == 'nt'",
            "a ; sys_platform === 'linux'",
            "a ; 'x' <= python_version",
            "a ; extra > 'x'",
            "a ; sys_platform ~= '1'",
            "a ; 'a' == 'b'",
            "a ; os_name == sys_platform",
            "a ; python_version >= 'x' and os_name == 'nt'",
        ] {
            assert!(requirement(text).is_ok(), "{text}");
            assert!(strict(text).is_err(), "{text}");
        }
        for text in [
            "a",
            "a>=1",
            "a ; python_version in '3.8 3.9'",
            "a ; python_version in '3.8, 3.9'",
            "a ; python_version === '3.9'",
            "a ; python_version >= '18446744073709551616'",
            "a ; platform_release ~= '18.0'",
            "a ; platform_release >= '6.1.0-18-amd64'",
            "a ; '18.0' ~= platform_release",
            "a ; '3.8' in python_version",
            "a ; os.name == 'nt'",
            "a ; platform_release > '2'",
            "a @ https://host.test/a;b ; os_name == 'nt'",
            "a[x] @ git+https://${TOKEN}@host.test/a@main",
            "a@file:///srv/a",
        ] {
            assert!(strict(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_the_grammar_admits_beyond_the_parser_is_read() {
        for (text, same) in [
            ("b>=1.0,", "b>=1.0"),
            ("b>=1.0 , <2 , ", "b>=1.0,<2"),
            ("b (>=1.0,)", "b>=1.0"),
            ("b[x]>=1,; os_name == 'nt'", "b[x]>=1; os_name == 'nt'"),
            (
                "b; python_version in '3.8, 3.9' and os_name == 'a,b'",
                "b; python_version in '3.8 3.9' and os_name == 'a,b'",
            ),
            (
                "b; python_version not in \"3.8,3.9\"",
                "b; python_version not in '3.8 3.9'",
            ),
        ] {
            assert_eq!(requirement(text), requirement(same), "{text}");
            assert!(requirement(text).is_ok(), "{text}");
        }
        for text in ["b,", "b>=1,,", "b[x],", "b (,)", "b>=1,,<2"] {
            assert!(requirement(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_stands_behind_arbitrary_equality_is_kept() {
        for (text, clauses) in [
            ("a===1.0-1", "===1.0-1"),
            ("a[x] (=== v1.0) ; os_name == 'nt'", "===v1.0"),
            ("a[x,y]===01.0,>=0.5;os_name == '==='", ">=0.5,===01.0"),
            ("a>=1 ; os_name == '==='", ">=1"),
        ] {
            let read = requirement(text).unwrap();
            assert_eq!(read.specifiers().unwrap().to_string(), clauses, "{text}");
        }
    }

    #[test]
    fn markers_without_end_are_an_error_and_no_overflow() {
        let nested = |depth| {
            let (open, close) = ("(".repeat(depth), ")".repeat(depth));
            format!("a ; {open}os_name == 'nt'{close}")
        };
        assert!(requirement(&nested(60)).is_ok());
        let long = format!("a ; os_name == 'nt'{}", " or os_name == 'x'".repeat(1000));
        assert!(requirement(&long).is_err());
        for depth in [65, 100_000] {
            let text = nested(depth);
            assert!(requirement(&text).is_err() && strict(&text).is_err());
            let marker = text.trim_start_matches("a ; ");
            assert!(crate::Marker::parse(marker).is_err());
        }
    }

    #[test]
    fn names_that_end_in_a_separator_are_errors_and_no_panic() {
        for text in [
            "a-",
            "a-!",
            "a- >=1",
            "a.[x]",
            "a_;",
            " a-==1",
            "a[x-]",
            "a[x, y.]",
            "a[x- ]>=1",
            "a[x-,y]",
            "a [x_]",
            "a[x-",
            "a[x- y]",
            "a ; extra == 'b-'.",
            "a-@ file:x",
            "@a a-'",
        ] {
            assert!(requirement(text).is_err(), "{text}");
        }
        for text in ["a-b", "a.b[x-y,z.w]>=1", "a ; extra == 'b-c'"] {
            assert!(requirement(text).is_ok(), "{text}");
        }
    }
}
