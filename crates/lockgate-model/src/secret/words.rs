//! Which texts can be nothing but secrets, and where a text stands by itself in another.

use crate::Version;

/// What everybody knows of platforms and interpreters: values that look random and are no secrets.
const WELL_KNOWN: &[&str] = &[
    "x86_64",
    "x86-64",
    "x64",
    "win32",
    "win_amd64",
    "win_arm64",
    "amd64",
    "arm64",
    "aarch64",
    "armv6l",
    "armv7l",
    "ppc64le",
    "ppc64",
    "s390x",
    "i686",
    "i386",
    "riscv64",
    "universal2",
    "loongarch64",
];

/// How such texts begin.
const WELL_KNOWN_STARTS: &[&str] = &[
    "linux",
    "manylinux",
    "musllinux",
    "macosx",
    "macos",
    "darwin",
    "windows",
    "ubuntu",
    "debian",
    "python",
    "cpython",
    "pypy",
    "cp3",
    "py3",
];

/// A value that no word of a language looks like: letters with digits in them, or of great length. What names a platform or a Python is none.
pub(super) fn is_random(value: &str) -> bool {
    let count = value.chars().count();
    let has = |is: fn(char) -> bool| value.contains(is);
    let looks_random =
        count >= 20 || (count >= 6 && has(|c| c.is_ascii_digit()) && has(char::is_alphabetic));
    looks_random && !is_well_known(value)
}

/// A value that may stand in a lock as a part of names and versions: words and numbers, of which nothing looks random.
pub(super) fn is_plain(value: &str) -> bool {
    let mut pieces = value
        .split([',', '<', '>', '=', '!', '~', '[', ']', ' '])
        .filter(|piece| !piece.is_empty());
    pieces.all(|piece| {
        let has_plain_text =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '*' | '+');
        piece.chars().all(has_plain_text) && (!is_random(piece) || piece.parse::<Version>().is_ok())
    })
}

fn is_well_known(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let of_platform = |rest: &str| {
        let mut parts = rest.split(['_', '-', '.']);
        parts.all(|part| {
            part.bytes().all(|byte| byte.is_ascii_digit())
                || ["x86", "64", "gnu", "musl", "any", "none", "abi3"].contains(&part)
                || WELL_KNOWN.contains(&part)
        })
    };
    WELL_KNOWN.contains(&lower.as_str())
        || WELL_KNOWN_STARTS.iter().any(|start| {
            lower
                .strip_prefix(start)
                .is_some_and(|rest| of_platform(rest.trim_start_matches(['-', '_', '.'])))
        })
}

/// The parts of a value that may stand by themselves where a message takes the value apart.
pub(super) fn pieces(value: &str) -> impl Iterator<Item = &str> {
    let is_between = |c: char| c.is_whitespace() || "/:@?#&=,;'\"<>[]()|\\`".contains(c);
    value
        .split(is_between)
        .filter(move |piece| piece.len() < value.len())
}

/// `text` with `shown` in place of `wanted`, whatever the case of ASCII letters; none if it is not there.
pub(super) fn replaced_in_any_case(text: &str, wanted: &str, shown: &str) -> Option<String> {
    let (lower, wanted) = (text.to_ascii_lowercase(), wanted.to_ascii_lowercase());
    replaced_at(text, &lower, &wanted, shown, |_, _| true)
}

/// The same where `wanted` stands by itself: a part of a path between slashes, or a host with what a port or a path follows.
pub(super) fn replaced_alone(
    text: &str,
    wanted: &str,
    shown: &str,
    is_alone: impl Fn(Option<char>, Option<char>) -> bool,
) -> Option<String> {
    replaced_at(text, text, wanted, shown, is_alone)
}

fn replaced_at(
    text: &str,
    searched: &str,
    wanted: &str,
    shown: &str,
    fits: impl Fn(Option<char>, Option<char>) -> bool,
) -> Option<String> {
    if wanted.is_empty() {
        return None;
    }
    let mut out: Option<String> = None;
    let mut copied = 0;
    for (start, found) in searched.match_indices(wanted) {
        let end = start + found.len();
        let before = text
            .get(..start)
            .and_then(|before| before.chars().next_back());
        let after = text.get(end..).and_then(|after| after.chars().next());
        let is_name = text.get(..start).is_some_and(is_in_reference);
        if !is_name && fits(before, after) {
            let out = out.get_or_insert_with(String::new);
            out.push_str(text.get(copied..start).unwrap_or_default());
            out.push_str(shown);
            copied = end;
        }
    }
    let mut out = out?;
    out.push_str(text.get(copied..).unwrap_or_default());
    Some(out)
}

/// Whether what follows `before` is the name in a `${NAME}`.
fn is_in_reference(before: &str) -> bool {
    let is_of_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    before
        .rsplit_once("${")
        .is_some_and(|(_, name)| name.chars().all(is_of_name))
}

/// Whether `c` ends a name: neither a letter, nor what joins two.
pub(super) fn ends_name(c: Option<char>) -> bool {
    c.is_none_or(|c| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_a_platform_or_a_python_is_no_secret() {
        for text in [
            "x86_64",
            "linux_x86_64",
            "manylinux2014_x86_64",
            "macosx_11_0_arm64",
            "win_amd64",
            "python3.11",
            "cp311",
            "ubuntu-22.04",
            "2.0.1",
            "wheels",
            "production",
        ] {
            assert!(!is_random(text), "{text}");
        }
        for text in [
            "t0k3n5ecret",
            "host_s3cret",
            "python3secret9",
            "linuxt0k3n",
            "a-long-word-of-many-letters",
        ] {
            assert!(is_random(text), "{text}");
        }
    }

    #[test]
    fn a_text_is_replaced_where_it_stands_by_itself() {
        let alone = |before, after| ends_name(before) && ends_name(after);
        for (text, shown) in [
            ("wheels/a", Some("${W}/a")),
            ("my-wheels/a", None),
            ("wheels wheelset", Some("${W} wheelset")),
        ] {
            assert_eq!(
                replaced_alone(text, "wheels", "${W}", alone).as_deref(),
                shown,
                "{text}"
            );
        }
        assert_eq!(
            replaced_in_any_case("é T0KEN é", "t0ken", "${T}").as_deref(),
            Some("é ${T} é")
        );
    }
}
