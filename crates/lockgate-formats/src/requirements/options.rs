//! Options on a line: which there are, which take a value, and splitting as a shell would.

use crate::error::nearest;

/// An option that pip accepts in a requirement file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    Requirement,
    Constraint,
    Editable,
    IndexUrl,
    ExtraIndexUrl,
    Hash,
    Pre,
    NoBinary,
    OnlyBinary,
    /// It speaks to the build of one requirement; nothing is built.
    BuildSetting,
    /// pip knows it and lockgate does not do it; the text says what to do instead.
    Unsupported(&'static str),
}

/// Name, short form, whether a value follows, meaning.
const OPTIONS: &[(&str, Option<char>, bool, Known)] = &[
    ("--requirement", Some('r'), true, Known::Requirement),
    ("--constraint", Some('c'), true, Known::Constraint),
    ("--index-url", Some('i'), true, Known::IndexUrl),
    ("--pypi-url", None, true, Known::IndexUrl),
    ("--extra-index-url", None, true, Known::ExtraIndexUrl),
    ("--hash", None, true, Known::Hash),
    ("--pre", None, false, Known::Pre),
    ("--no-binary", None, true, Known::NoBinary),
    ("--only-binary", None, true, Known::OnlyBinary),
    ("--editable", Some('e'), true, Known::Editable),
    (
        "--find-links",
        Some('f'),
        true,
        Known::Unsupported("use an index: `--index-url` or `--extra-index-url`"),
    ),
    (
        "--no-index",
        None,
        false,
        Known::Unsupported("name the index to use with `--index-url`"),
    ),
    (
        "--trusted-host",
        None,
        true,
        Known::Unsupported("use `--cert` with the host's certificate"),
    ),
    (
        "--prefer-binary",
        None,
        false,
        Known::Unsupported("use `--only-binary :all:`, or remove it"),
    ),
    (
        "--all-releases",
        None,
        true,
        Known::Unsupported("use `--pre`, or name a pre-release in the specifier"),
    ),
    (
        "--only-final",
        None,
        true,
        Known::Unsupported("use `--prerelease disallow` on the command line"),
    ),
    (
        "--require-hashes",
        None,
        false,
        Known::Unsupported("locks have hashes; remove it from the source"),
    ),
    (
        "--use-feature",
        None,
        true,
        Known::Unsupported("remove it; it changes nothing for a lock"),
    ),
    ("--config-settings", Some('C'), true, Known::BuildSetting),
    ("--global-option", None, true, Known::BuildSetting),
];

impl Known {
    /// What to do instead, where lockgate does not do what the option asks for.
    pub(super) fn instead(self) -> Option<&'static str> {
        match self {
            Self::Editable => {
                Some("an editable project cannot be locked by hash; require a released version")
            }
            Self::BuildSetting => Some("nothing is built; remove it"),
            Self::Unsupported(instead) => Some(instead),
            _ => None,
        }
    }
}

/// One option of a line with its value, empty where it takes none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) known: Known,
    pub(crate) name: &'static str,
    pub(crate) value: String,
}

/// The requirement before the first option, and the options.
pub(crate) fn split(line: &str) -> Result<(String, Vec<Given>), String> {
    let words: Vec<&str> = line.split(' ').collect();
    let first = words
        .iter()
        .position(|word| word.starts_with('-'))
        .unwrap_or(words.len());
    let (requirement, options) = words.split_at(first);
    Ok((
        requirement.join(" ").trim().to_owned(),
        parse(&shell_words(&options.join(" "))?)?,
    ))
}

fn parse(words: &[String]) -> Result<Vec<Given>, String> {
    let mut given = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let (spelled, attached) = spell(word)?;
        let (name, _, takes_value, known) = *spelled;
        let value = match (takes_value, attached) {
            (false, Some(_)) => return Err(format!("`{name}` takes no value")),
            (false, None) => String::new(),
            (true, Some(value)) => value,
            (true, None) => words
                .next()
                .cloned()
                .ok_or_else(|| format!("`{name}` needs a value"))?,
        };
        given.push(Given { known, name, value });
    }
    Ok(given)
}

type Spelled = (&'static str, Option<char>, bool, Known);

/// What a word means: `--name`, `--name=value`, an unambiguous beginning of a name, `-x`, `-xvalue`.
fn spell(word: &str) -> Result<(&'static Spelled, Option<String>), String> {
    if let Some(long) = word.strip_prefix("--") {
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (long, None),
        };
        let full = format!("--{name}");
        if let Some(exact) = OPTIONS.iter().find(|option| option.0 == full) {
            return Ok((exact, value));
        }
        let begins: Vec<_> = OPTIONS
            .iter()
            .filter(|option| !name.is_empty() && option.0.starts_with(&full))
            .collect();
        return match begins.as_slice() {
            [one] => Ok((one, value)),
            [] => Err(unknown(&full)),
            many => {
                let names: Vec<&str> = many.iter().map(|option| option.0).collect();
                Err(format!("`{full}` could be {}", names.join(" or ")))
            }
        };
    }
    let mut letters = word.strip_prefix('-').unwrap_or_default().chars();
    let Some(letter) = letters.next() else {
        return Err(format!(
            "`{word}` is neither an option nor part of a requirement"
        ));
    };
    let option = OPTIONS
        .iter()
        .find(|option| option.1 == Some(letter))
        .ok_or_else(|| unknown(&format!("-{letter}")))?;
    let rest: String = letters.collect();
    let rest = rest
        .strip_prefix('=')
        .map(ToOwned::to_owned)
        .unwrap_or(rest);
    Ok((option, (!rest.is_empty()).then_some(rest)))
}

fn unknown(option: &str) -> String {
    match nearest(option, OPTIONS.iter().map(|known| known.0)) {
        Some(near) => format!("unknown option `{option}`; is `{near}` meant?"),
        None => format!("unknown option `{option}`"),
    }
}

/// Words as a POSIX shell splits them: blanks, quotes, backslashes.
pub(crate) fn shell_words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut letters = text.chars();
    while let Some(c) = letters.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('"') | None, '\\') => {
                let Some(escaped) = letters.next() else {
                    return Err("it ends in a backslash".to_owned());
                };
                let word = word.get_or_insert_default();
                if quote.is_some() && !matches!(escaped, '"' | '\\') {
                    word.push('\\');
                }
                word.push(escaped);
            }
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err("a quote is not closed".to_owned());
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Shown = (String, Vec<(&'static str, String)>);

    fn read(line: &str) -> Result<Shown, String> {
        split(line).map(|(requirement, given)| {
            (
                requirement,
                given.into_iter().map(|g| (g.name, g.value)).collect(),
            )
        })
    }

    #[test]
    fn options_are_spelled_in_all_of_pips_ways() {
        for line in [
            "-r base.txt",
            "-rbase.txt",
            "-r=base.txt",
            "--requirement base.txt",
            "--requirement=base.txt",
            "--requirem base.txt",
            "-r 'base.txt'",
        ] {
            assert_eq!(
                read(line).unwrap(),
                (
                    String::new(),
                    vec![("--requirement", "base.txt".to_owned())]
                ),
                "{line}"
            );
        }
        let (requirement, given) = read("flask==2.0 --hash=sha256:aa --hash sha256:bb").unwrap();
        assert_eq!(requirement, "flask==2.0");
        assert_eq!(
            given,
            [
                ("--hash", "sha256:aa".to_owned()),
                ("--hash", "sha256:bb".to_owned())
            ]
        );
    }

    #[test]
    fn wrong_options_are_told_apart() {
        for (line, part) in [
            ("--indx-url x", "`--index-url` meant"),
            ("--no", "could be --no-binary or --no-index"),
            ("--pre=1", "takes no value"),
            ("-i", "needs a value"),
            ("-x", "unknown option `-x`"),
            ("-r 'a", "quote"),
            ("flask -", "neither an option"),
        ] {
            let error = read(line).unwrap_err();
            assert!(error.contains(part), "{line}: {error}");
        }
    }

    #[test]
    fn words_are_split_as_a_shell_does() {
        for (text, words) in [
            ("a b  c", vec!["a", "b", "c"]),
            ("'a b' \"c d\"", vec!["a b", "c d"]),
            (r#"a\ b "c\"d" 'e\f'"#, vec!["a b", "c\"d", r"e\f"]),
            ("''", vec![""]),
        ] {
            assert_eq!(shell_words(text).unwrap(), words);
        }
    }
}
