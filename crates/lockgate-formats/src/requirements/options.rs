//! Options on a line: which there are, which take a value, and how pip reads them.

use super::shell::shell_words;
use crate::error::nearest;

/// An option that pip accepts in a requirement file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    Requirement,
    Constraint,
    Editable,
    IndexUrl,
    ExtraIndexUrl,
    NoIndex,
    FindLinks,
    TrustedHost,
    Hash,
    RequireHashes,
    NoRequireHashes,
    Pre,
    AllReleases,
    OnlyFinal,
    PreferBinary,
    NoBinary,
    OnlyBinary,
    UseFeature,
    ConfigSettings,
    /// pip had it once.
    GlobalOption,
}

/// Name, short form, whether a value follows, meaning.
const OPTIONS: &[(&str, Option<char>, bool, Known)] = &[
    ("--requirement", Some('r'), true, Known::Requirement),
    ("--constraint", Some('c'), true, Known::Constraint),
    ("--editable", Some('e'), true, Known::Editable),
    ("--index-url", Some('i'), true, Known::IndexUrl),
    ("--pypi-url", None, true, Known::IndexUrl),
    ("--extra-index-url", None, true, Known::ExtraIndexUrl),
    ("--no-index", None, false, Known::NoIndex),
    ("--find-links", Some('f'), true, Known::FindLinks),
    ("--trusted-host", None, true, Known::TrustedHost),
    ("--hash", None, true, Known::Hash),
    ("--require-hashes", None, false, Known::RequireHashes),
    ("--no-require-hashes", None, false, Known::NoRequireHashes),
    ("--pre", None, false, Known::Pre),
    ("--all-releases", None, true, Known::AllReleases),
    ("--only-final", None, true, Known::OnlyFinal),
    ("--prefer-binary", None, false, Known::PreferBinary),
    ("--no-binary", None, true, Known::NoBinary),
    ("--only-binary", None, true, Known::OnlyBinary),
    ("--use-feature", None, true, Known::UseFeature),
    ("--config-settings", Some('C'), true, Known::ConfigSettings),
    ("--global-option", None, true, Known::GlobalOption),
];

/// One option of a line with its value, empty where it takes none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) known: Known,
    pub(crate) name: &'static str,
    pub(crate) value: String,
}

/// A line taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Words {
    /// What stands before the first option.
    pub(crate) requirement: String,
    pub(crate) options: Vec<Given>,
    /// Words among the options that belong to none. pip passes over them.
    pub(crate) stray: Vec<String>,
}

/// The requirement before the first option, and what follows.
pub(crate) fn split(line: &str) -> Result<Words, String> {
    let words: Vec<&str> = line.split(' ').collect();
    let first = words
        .iter()
        .position(|word| word.starts_with('-'))
        .unwrap_or(words.len());
    let (requirement, options) = words.split_at(first);
    let mut words = parse(&shell_words(&options.join(" "))?)?;
    requirement
        .join(" ")
        .trim()
        .clone_into(&mut words.requirement);
    Ok(words)
}

fn parse(words: &[String]) -> Result<Words, String> {
    let mut read = Words::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--" {
            read.stray.extend(words.cloned());
            break;
        }
        if word == "-" || !word.starts_with('-') {
            read.stray.push(word.clone());
            continue;
        }
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
        read.options.push(Given { known, name, value });
    }
    Ok(read)
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
            .filter(|option| option.3 != Known::GlobalOption)
            .filter(|option| option.0.starts_with(&full))
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
    let mut letters = word.chars().skip(1);
    let letter = letters.next().unwrap_or_default();
    let option = OPTIONS
        .iter()
        .find(|option| option.1 == Some(letter))
        .ok_or_else(|| unknown(&format!("-{letter}")))?;
    // A `=` belongs to the value of a short option, as in pip.
    let rest: String = letters.collect();
    Ok((option, (!rest.is_empty()).then_some(rest)))
}

fn unknown(option: &str) -> String {
    match nearest(option, OPTIONS.iter().map(|known| known.0)) {
        Some(near) => format!("unknown option `{option}`; is `{near}` meant?"),
        None => format!("unknown option `{option}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Shown = (String, Vec<(&'static str, String)>);

    fn read(line: &str) -> Result<Shown, String> {
        split(line).map(|words| {
            (
                words.requirement,
                words
                    .options
                    .into_iter()
                    .map(|given| (given.name, given.value))
                    .collect(),
            )
        })
    }

    #[test]
    fn options_are_spelled_in_all_of_pips_ways() {
        for (line, value) in [
            ("-r base.txt", "base.txt"),
            ("-rbase.txt", "base.txt"),
            ("-r=base.txt", "=base.txt"),
            ("--requirement base.txt", "base.txt"),
            ("--requirement=base.txt", "base.txt"),
            ("--requirem base.txt", "base.txt"),
            ("-r 'base.txt'", "base.txt"),
            ("-r --pre", "--pre"),
        ] {
            assert_eq!(
                read(line).unwrap(),
                (String::new(), vec![("--requirement", value.to_owned())]),
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
    fn words_that_belong_to_no_option_are_kept_apart() {
        for (line, stray) in [
            ("-e . [dev]", vec!["[dev]"]),
            ("flask - x", vec!["-", "x"]),
            ("--pre -- -x --wat", vec!["-x", "--wat"]),
            ("--pre", vec![]),
        ] {
            assert_eq!(split(line).unwrap().stray, stray, "{line}");
        }
    }

    #[test]
    fn wrong_options_are_told_apart() {
        for (line, part) in [
            ("--indx-url x", "`--index-url` meant"),
            (
                "--no",
                "could be --no-index or --no-require-hashes or --no-binary",
            ),
            ("--pre=1", "takes no value"),
            ("--pre=", "takes no value"),
            ("-i", "needs a value"),
            ("-x", "unknown option `-x`"),
            ("-r 'a", "quote"),
        ] {
            let error = read(line).unwrap_err();
            assert!(error.contains(part), "{line}: {error}");
        }
    }
}
