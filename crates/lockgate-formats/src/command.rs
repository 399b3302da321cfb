//! The command in a lock's header: as typed, less what does not concern the result, and without secrets.

use std::collections::BTreeSet;

use lockgate_model::{Name, Scope};

use crate::redact::without_credentials;
use crate::requirements::shell_words;

/// Options that change how a run goes and not what comes out.
const LEFT_OUT: &[&str] = &[
    "--upgrade",
    "-U",
    "--upgrade-package",
    "-P",
    "--no-upgrade-package",
    "--quiet",
    "-q",
    "--verbose",
    "-v",
    "--dry-run",
    "-n",
    "--diff",
    "--json",
    "--report",
    "--directory",
    "--client-cert",
    "--keyring-provider",
    "--trusted-host",
    "--cache-dir",
    "--no-cache",
    "--refresh",
    "--refresh-package",
    "--offline",
    "--no-progress",
    "--color",
    "--timeout",
    "--retries",
    "--git-timeout",
    "--proxy",
    "--cert",
    "--client-cert",
    "--keyring-provider",
];

/// What is known of an option of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Word {
    /// The next word is its value, when none is joined to it.
    pub takes_value: bool,
    /// It has no effect on anything.
    pub is_idle: bool,
}

/// The command of `words` (the program's name first), quoted for a shell. `known` tells what an option is, `--long` or `-s`.
pub fn redacted_command(words: &[String], known: impl Fn(&str) -> Word) -> String {
    let is_left_out = |name: &str| LEFT_OUT.contains(&name) || known(name).is_idle;
    let mut shown = vec!["lockgate".to_owned()];
    let mut words = words.iter().skip(1);
    while let Some(word) = words.next() {
        if word == "--" {
            shown.push(word.clone());
            shown.extend(words.map(|source| shell_word(source)));
            break;
        }
        let (kept, value) = if word.starts_with("--") {
            let name = word.split_once('=').map_or(word.as_str(), |(name, _)| name);
            let needs_value = name == word && known(name).takes_value;
            let value = if needs_value { words.next() } else { None };
            (Some(word.clone()).filter(|_| !is_left_out(name)), value)
        } else if word.len() > 1 && word.starts_with('-') {
            short(word, &mut words, &known, is_left_out)
        } else {
            (Some(word.clone()), None)
        };
        if let Some(kept) = kept {
            shown.push(shell_word(&kept));
            shown.extend(value.map(|value| shell_word(value)));
        }
    }
    shown.join(" ")
}

/// The command with those of its extras and groups that are in `scopes`, and no others.
pub fn with_scopes(
    words: &[String],
    scopes: &BTreeSet<Scope>,
    known: impl Fn(&str) -> Word,
) -> Vec<String> {
    let is_kept = |name: &str, value: &str| match name {
        "--extra" => Name::new(value).is_ok_and(|name| scopes.contains(&Scope::Extra(name))),
        "--group" => {
            let (_, name) = value.rsplit_once(':').unwrap_or(("", value));
            Name::new(name).is_ok_and(|name| scopes.contains(&Scope::Group(name)))
        }
        _ => true,
    };
    let mut kept = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--" {
            kept.push(word.clone());
            kept.extend(words.cloned());
            break;
        }
        if word == "--all-extras" {
            for scope in scopes {
                if let Scope::Extra(extra) = scope {
                    kept.extend(["--extra".to_owned(), extra.to_string()]);
                }
            }
            continue;
        }
        let (name, joined) = match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value)),
            _ => (word.as_str(), None),
        };
        let takes_next = joined.is_none()
            && (known(name).takes_value && (name.starts_with("--") || name.len() == 2));
        let next = if takes_next { words.next() } else { None };
        let value = joined.or(next.map(String::as_str)).unwrap_or_default();
        if is_kept(name, value) {
            kept.push(word.clone());
            kept.extend(next.cloned());
        }
    }
    kept
}

/// What is kept of a group of short options, if anything, and the next word if it is the value of the last of them.
fn short<'a>(
    word: &str,
    words: &mut impl Iterator<Item = &'a String>,
    known: impl Fn(&str) -> Word,
    is_left_out: impl Fn(&str) -> bool,
) -> (Option<String>, Option<&'a String>) {
    let mut kept = String::from("-");
    let mut next = None;
    let mut letters = word.trim_start_matches('-').chars();
    while let Some(letter) = letters.next() {
        let name = format!("-{letter}");
        let value = known(&name).takes_value.then_some(letters.as_str());
        if value == Some("") {
            next = words.next();
        }
        if is_left_out(&name) {
            next = None;
        } else {
            kept.push(letter);
            kept.push_str(value.unwrap_or_default());
        }
        if value.is_some() {
            break;
        }
    }
    (Some(kept).filter(|kept| kept.len() > 1), next)
}

/// The words of a text as a shell splits it; none where a quote is not closed.
pub fn words_of(text: &str) -> Option<Vec<String>> {
    shell_words(text).ok()
}

/// A command that somebody wrote themselves, without credentials.
pub fn redacted(command: &str) -> String {
    without_credentials(command)
}

/// A word without credentials, quoted for a shell where it must be.
fn shell_word(word: &str) -> String {
    quoted(&without_credentials(word))
}

fn quoted(word: &str) -> String {
    let is_plain = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(
                c,
                '-' | '_' | '.' | '/' | ':' | '=' | ',' | '@' | '+' | '%' | '~' | '^'
            )
    };
    if !word.is_empty() && word.chars().all(is_plain) && !word.starts_with('~') {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::{Word, redacted_command};

    fn known(name: &str) -> Word {
        Word {
            takes_value: matches!(
                name,
                "-o" | "-P"
                    | "-i"
                    | "-c"
                    | "--upgrade-package"
                    | "--cache-dir"
                    | "--report"
                    | "--index-url"
                    | "--extra-index-url"
                    | "--refresh-package"
                    | "--color"
                    | "--python-version"
                    | "--gate"
                    | "--only-binary"
                    | "--ignore-vuln"
                    | "--pip-args"
                    | "--directory"
                    | "--link-mode"
            ),
            is_idle: matches!(name, "--link-mode" | "--no-idle"),
        }
    }

    #[test]
    fn the_command_keeps_what_concerns_the_result() {
        for (typed, shown) in [
            (
                "lockgate lock requirements.in -o requirements.txt",
                "lockgate lock requirements.in -o requirements.txt",
            ),
            (
                "/usr/bin/lockgate lock -qU a.in -vo b.txt",
                "lockgate lock a.in -o b.txt",
            ),
            (
                "lockgate lock a.in -P flask -Pjinja2 --upgrade-package x --upgrade",
                "lockgate lock a.in",
            ),
            (
                "lockgate lock a.in --cache-dir c --cache-dir=c --offline --json --report r.json --dry-run",
                "lockgate lock a.in",
            ),
            (
                "lockgate lock a.in -i https://user:secret@host/simple",
                "lockgate lock a.in -i 'https://****@host/simple'",
            ),
            (
                "lockgate lock a.in --index-url=https://token@host",
                "lockgate lock a.in '--index-url=https://****@host'",
            ),
            (
                "lockgate lock --offline -o - -- -q.in -v",
                "lockgate lock -o - -- -q.in -v",
            ),
            (
                "lockgate lock a.in --refresh --refresh-package x --no-progress --color never --no-cache --verbose --quiet --diff",
                "lockgate lock a.in",
            ),
            (
                "lockgate lock a.in --extra-index-url https://u:p/w@host/simple -ihttps://t@h",
                "lockgate lock a.in --extra-index-url 'https://****@host/simple' '-ihttps://****@h'",
            ),
            (
                "lockgate lock - -o a.txt --python-version 3.11 --gate prefer --no-deps",
                "lockgate lock - -o a.txt --python-version 3.11 --gate prefer --no-deps",
            ),
            (
                "lockgate lock a.in --only-binary :all:",
                "lockgate lock a.in --only-binary :all:",
            ),
            (
                "lockgate lock --link-mode copy --no-idle --directory sub -noa.txt a.in",
                "lockgate lock -oa.txt a.in",
            ),
            (
                "lockgate lock -qP flask a.in -cU -qo -v",
                "lockgate lock a.in -cU -o -v",
            ),
        ] {
            let words: Vec<String> = typed.split(' ').map(ToOwned::to_owned).collect();
            assert_eq!(redacted_command(&words, known), shown);
        }
        let words =
            ["lockgate", "lock", "my file.in", "--ignore-vuln", "it's"].map(ToOwned::to_owned);
        assert_eq!(
            redacted_command(&words, known),
            r"lockgate lock 'my file.in' --ignore-vuln 'it'\''s'"
        );
        let words = [
            "lockgate",
            "lock",
            "--pip-args",
            "--no-deps -q",
            "--report",
            "--quiet",
        ]
        .map(ToOwned::to_owned);
        assert_eq!(
            redacted_command(&words, known),
            "lockgate lock --pip-args '--no-deps -q'"
        );
    }
}
