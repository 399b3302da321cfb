//! The command in a lock's header: as typed, less what does not concern the result, and without secrets.

use crate::redact::without_credentials;

/// Options that change how a run goes and not what comes out; whether a value follows.
const LEFT_OUT: &[(&str, bool)] = &[
    ("--upgrade", false),
    ("--upgrade-package", true),
    ("--quiet", false),
    ("--verbose", false),
    ("--dry-run", false),
    ("--diff", false),
    ("--json", false),
    ("--report", true),
    ("--cache-dir", true),
    ("--no-cache", false),
    ("--refresh", false),
    ("--refresh-package", true),
    ("--offline", false),
    ("--no-progress", false),
    ("--color", true),
    ("--timeout", true),
    ("--retries", true),
    ("--proxy", true),
    ("--cert", true),
];

/// The command of `words` (the program's name first), quoted for a shell.
pub fn redacted_command(words: &[String]) -> String {
    let mut shown = vec!["lockgate".to_owned()];
    let mut words = words.iter().skip(1);
    let mut only_sources = false;
    while let Some(word) = words.next() {
        if only_sources {
            shown.push(quoted(&without_credentials(word)));
        } else if word == "--" {
            only_sources = true;
            shown.push(word.clone());
        } else if let Some(long) = word.strip_prefix("--") {
            let (name, has_value) = long
                .split_once('=')
                .map_or((long, false), |(name, _)| (name, true));
            if let Some((_, takes_value)) = LEFT_OUT
                .iter()
                .find(|(option, _)| option.strip_prefix("--") == Some(name))
            {
                if *takes_value && !has_value {
                    words.next();
                }
                continue;
            }
            shown.push(quoted(&without_credentials(word)));
        } else if word.len() > 1 && word.starts_with('-') {
            if let Some(rest) = short(word, &mut words) {
                shown.push(quoted(&without_credentials(&rest)));
            }
        } else {
            shown.push(quoted(&without_credentials(word)));
        }
    }
    shown.join(" ")
}

/// A group of short options without `-q`, `-v`, `-U` and `-P`; none if nothing is left.
fn short<'a>(word: &str, words: &mut impl Iterator<Item = &'a String>) -> Option<String> {
    let mut kept = String::from("-");
    let mut letters = word.trim_start_matches('-').chars();
    while let Some(letter) = letters.next() {
        match letter {
            'q' | 'v' | 'U' => {}
            'P' => {
                if letters.as_str().is_empty() {
                    words.next();
                }
                break;
            }
            // `-o` and `-c` and `-i` take what follows, here or in the next word.
            other => {
                kept.push(other);
                kept.push_str(letters.as_str());
                break;
            }
        }
    }
    (kept.len() > 1).then_some(kept)
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
    use super::redacted_command;

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
        ] {
            let words: Vec<String> = typed.split(' ').map(ToOwned::to_owned).collect();
            assert_eq!(redacted_command(&words), shown);
        }
        let words =
            ["lockgate", "lock", "my file.in", "--ignore-vuln", "it's"].map(ToOwned::to_owned);
        assert_eq!(
            redacted_command(&words),
            r"lockgate lock 'my file.in' --ignore-vuln 'it'\''s'"
        );
    }
}
