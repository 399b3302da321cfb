//! A configuration file as Python's `RawConfigParser` reads it: sections, keys, values over several lines.
//!
//! By hand, and not with an ini library: pip refuses a section or key that comes twice, a value goes on where a line is indented deeper than
//! its key, `[DEFAULT]` shows through every section, and a person needs the line. No library at hand keeps all of this.

use indexmap::IndexMap;

/// The section whose keys every other section has too.
const DEFAULT: &str = "DEFAULT";

/// One key of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// The section, as written.
    pub(super) section: String,
    /// The key as pip compares them: lower case, `-` for `_`, without leading dashes.
    pub(super) key: String,
    /// The value; what stands on several lines is joined by line feeds.
    pub(super) value: String,
    /// The line of the key, from 1.
    pub(super) line: usize,
}

/// What is wrong with a text, and where. Nothing of the text itself is told: it may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) line: usize,
    pub(super) why: String,
}

/// A value under way: its lines, and the line of its key.
type Open = (Vec<String>, usize);

/// Reads a whole text. Sections come in the order in which they stand, each with the keys of `[DEFAULT]` first.
pub(super) fn read(text: &str) -> Result<Vec<Entry>, Wrong> {
    let mut sections: IndexMap<String, IndexMap<String, Open>> = IndexMap::new();
    let mut section: Option<String> = None;
    // The key whose value the next line may continue, and how deep the last key or section was indented.
    let mut key: Option<String> = None;
    let mut depth = 0;
    for (index, line) in lines(text).enumerate() {
        let wrong = |why: String| Wrong {
            line: index + 1,
            why,
        };
        let content = line.trim_matches(is_space);
        if content.starts_with(['#', ';']) {
            continue;
        }
        let open = open_value(&mut sections, section.as_deref(), key.as_deref());
        if content.is_empty() {
            if let Some((value, _)) = open {
                value.push(String::new());
            }
            continue;
        }
        let indent = line.chars().take_while(|letter| is_space(*letter)).count();
        if let Some((value, _)) = open
            && indent > depth
        {
            value.push(content.to_owned());
            continue;
        }
        depth = indent;
        if let Some(name) = header(content) {
            if name != DEFAULT && sections.contains_key(name) {
                return Err(wrong(format!("the section `[{name}]` stands twice")));
            }
            sections.entry(name.to_owned()).or_default();
            section = Some(name.to_owned());
            key = None;
            continue;
        }
        let Some(current) = &section else {
            return Err(wrong(before_any_section(line)));
        };
        let (name, value) = assignment(content)
            .ok_or_else(|| wrong("it is neither a section nor `key = value`".to_owned()))?;
        let keys = sections.entry(current.clone()).or_default();
        if keys.contains_key(&name) {
            return Err(wrong(format!(
                "`{name}` stands twice in the section `[{current}]`"
            )));
        }
        keys.insert(name.clone(), (vec![value.to_owned()], index + 1));
        key = Some(name);
    }
    Ok(entries(sections))
}

fn open_value<'a>(
    sections: &'a mut IndexMap<String, IndexMap<String, Open>>,
    section: Option<&str>,
    key: Option<&str>,
) -> Option<&'a mut Open> {
    sections
        .get_mut(section?)?
        .get_mut(key.filter(|key| !key.is_empty())?)
}

/// The keys of each section, those of `[DEFAULT]` first unless it has them itself.
fn entries(mut sections: IndexMap<String, IndexMap<String, Open>>) -> Vec<Entry> {
    let defaults = sections.shift_remove(DEFAULT).unwrap_or_default();
    let mut entries = Vec::new();
    for (section, own) in sections {
        let mut keys = defaults.clone();
        keys.extend(own);
        entries.extend(keys.into_iter().map(|(key, (lines, line))| Entry {
            section: section.clone(),
            key,
            value: lines.join("\n").trim_end_matches(is_space).to_owned(),
            line,
        }));
    }
    entries
}

/// `[name]`: up to the last bracket; what follows it does not count.
fn header(content: &str) -> Option<&str> {
    let (name, _) = content.strip_prefix('[')?.rsplit_once(']')?;
    (!name.is_empty()).then_some(name)
}

/// `key = value` or `key: value`, whichever sign comes first.
fn assignment(content: &str) -> Option<(String, &str)> {
    let (key, value) = content.split_once(['=', ':'])?;
    let key = key.trim_end_matches(is_space);
    (!key.is_empty()).then(|| (normalised(key), value.trim_start_matches(is_space)))
}

fn before_any_section(line: &str) -> String {
    if line.starts_with('\u{feff}') {
        "it begins with a byte order mark, which pip takes for text before the first section"
            .to_owned()
    } else {
        "it stands before the first section".to_owned()
    }
}

/// A key as pip compares them, whether it comes from a file or a variable.
pub(super) fn normalised(key: &str) -> String {
    let key = key.to_lowercase().replace('_', "-");
    key.strip_prefix("--").map(ToOwned::to_owned).unwrap_or(key)
}

/// Lines as Python's text files have them: `\n`, `\r\n` and `\r` end one.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.find(['\n', '\r']) else {
            rest = None;
            return (!text.is_empty()).then_some(text);
        };
        let (line, after) = text.split_at(end);
        let after = after
            .strip_prefix("\r\n")
            .or_else(|| after.strip_prefix(['\n', '\r']));
        rest = after;
        Some(line)
    })
}

/// White space as Python has it: the four information separators too.
pub(super) fn is_space(letter: char) -> bool {
    letter.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<(String, String, String, usize)> {
        read(text)
            .unwrap()
            .into_iter()
            .map(|entry| (entry.section, entry.key, entry.value, entry.line))
            .collect()
    }

    fn only(text: &str) -> String {
        let entries = read(text).unwrap();
        assert_eq!(entries.len(), 1, "{entries:?}");
        entries[0].value.clone()
    }

    #[test]
    fn keys_are_normalised_and_values_kept_as_they_stand() {
        assert_eq!(
            shown(
                "[global]\nIndex_URL = https://a.test/%20/${X} # no comment\n--Timeout: 5\r\n; comment\n[install] rest\n pre=\n"
            ),
            [
                (
                    "global".to_owned(),
                    "index-url".to_owned(),
                    "https://a.test/%20/${X} # no comment".to_owned(),
                    2
                ),
                ("global".to_owned(), "timeout".to_owned(), "5".to_owned(), 3),
                ("install".to_owned(), "pre".to_owned(), String::new(), 6),
            ]
        );
    }

    #[test]
    fn deeper_lines_continue_a_value() {
        for (text, value) in [
            ("[g]\nk =\n  a\n  b\n", "\na\nb"),
            ("[g]\nk = a\n\n  b\n\n", "a\n\nb"),
            ("[g]\nk = a\n# c\n ; c\n  b", "a\nb"),
            ("[g]\n  k = a\n    x = y\n", "a\nx = y"),
            ("[g]\nk = a\n [h]\n", "a\n[h]"),
            ("[g]\nk = a\r\tb\r", "a\nb"),
        ] {
            assert_eq!(only(text), value, "{text:?}");
        }
        // As deep as the key is no continuation.
        assert_eq!(shown("[g]\n  k = a\n  l = b\n").len(), 2);
    }

    #[test]
    fn default_shows_through_every_section() {
        assert_eq!(
            shown("[DEFAULT]\na = 1\nb = 1\n[x]\nb = 2\n[DEFAULT]\nc = 1\n"),
            [
                ("x".to_owned(), "a".to_owned(), "1".to_owned(), 2),
                ("x".to_owned(), "b".to_owned(), "2".to_owned(), 5),
                ("x".to_owned(), "c".to_owned(), "1".to_owned(), 7),
            ]
        );
        assert_eq!(shown("[DEFAULT]\na = 1\n"), []);
    }

    #[test]
    fn what_python_refuses_is_refused_with_its_line() {
        for (text, line, part) in [
            ("a = 1\n", 1, "before the first section"),
            ("\u{feff}[g]\n", 1, "byte order mark"),
            ("[g]\n\nno sign\n", 3, "neither"),
            ("[g]\n= 1\n", 2, "neither"),
            ("[]\n", 1, "before the first section"),
            ("[g]\na = 1\n[h]\n[g]\n", 4, "`[g]` stands twice"),
            ("[g]\na-b = 1\na_B : 2\n", 3, "`a-b` stands twice"),
            (
                "[DEFAULT]\na = 1\n[DEFAULT]\na = 2\n",
                4,
                "`a` stands twice",
            ),
        ] {
            let wrong = read(text).unwrap_err();
            assert_eq!(wrong.line, line, "{text:?}");
            assert!(wrong.why.contains(part), "{text:?}: {}", wrong.why);
        }
    }
}
