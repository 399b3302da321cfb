//! `--pip-args`: pip's options in one word, read in its place.

use std::ffi::OsString;

use lockgate_formats::command::{redacted, words_of};

use super::{Effect, Foreign, table};
use crate::cli::known_option;
use crate::failure::Failure;

/// The words of a command line with the value of every `--pip-args` in place of it, of the verb `lock` only.
pub(in crate::cli) fn expanded(arguments: &[OsString]) -> Result<Vec<OsString>, Failure> {
    if arguments.get(1).is_none_or(|verb| verb != "lock") {
        return Ok(arguments.to_vec());
    }
    let mut words = Vec::new();
    let mut rest = arguments.iter();
    while let Some(word) = rest.next() {
        let value = match word.to_str() {
            Some("--") => {
                words.push(word.clone());
                words.extend(rest.by_ref().cloned());
                break;
            }
            Some("--pip-args") => rest.next().and_then(|value| value.to_str()),
            Some(joined) => joined.strip_prefix("--pip-args="),
            None => None,
        };
        match value {
            Some(value) => words.extend(options_of_pip(value)?.into_iter().map(OsString::from)),
            None => words.push(word.clone()),
        }
    }
    Ok(words)
}

/// The words of one `--pip-args`, which must be options of pip's that the table knows.
fn options_of_pip(text: &str) -> Result<Vec<String>, Failure> {
    let words = words_of(text).ok_or_else(|| {
        Failure::new("`--pip-args`: a quote is not closed").remedy("close it, or leave it out")
    })?;
    let mut is_value = false;
    for word in &words {
        if is_value {
            is_value = false;
            continue;
        }
        let name = word.split_once('=').map_or(word.as_str(), |(name, _)| name);
        let option = table().find(|option| option.tools.contains('P') && option.is(name));
        let Some(option) = option else {
            return Err(Failure::new(format!(
                "`--pip-args`: `{}` is no option of pip that concerns what is locked",
                redacted(name)
            ))
            .remedy("leave it out, or name it to pip when the lock is installed"));
        };
        is_value = option.takes_next(word, name);
    }
    Ok(words)
}

impl Foreign {
    /// Whether `name` is one of its spellings; of a group of short options the first counts.
    pub(in crate::cli) fn is(self, name: &str) -> bool {
        match name.strip_prefix("--") {
            Some(long) => long == self.long,
            None => {
                name.strip_prefix('-').and_then(|rest| rest.chars().next()) == self.short
                    && self.short.is_some()
            }
        }
    }

    /// Whether the word after `word` is its value.
    fn takes_next(self, word: &str, name: &str) -> bool {
        let takes_value = match self.effect {
            Effect::Own | Effect::Alias(_) => known_option(&format!("--{}", self.long)).takes_value,
            _ => self.value.is_some(),
        };
        let is_alone = word == name && (name.starts_with("--") || name.chars().count() == 2);
        takes_value && is_alone
    }
}
