//! Python scripts that say in a comment what they require (PEP 723).
//!
//! ```text
//! # /// script
//! # requires-python = ">=3.11"
//! # dependencies = ["requests<3"]
//! # ///
//! ```
//!
//! A block begins with such a line, goes on as long as lines are `#` or begin with `# `, and ends with the last `# ///` among them.

use lockgate_model::Files;
use serde::Deserialize;
use toml::Spanned;
use toml::de::DeTable;

use crate::document::Document;
use crate::error::{InputError, nearest};
use crate::project::Project;
use crate::text;

const KEYS: [&str; 3] = ["dependencies", "requires-python", "tool"];

/// What stands in the block, as TOML, and where its first line is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) toml: String,
    pub(crate) first_line: usize,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", expecting = "a table")]
struct Table {
    #[serde(default)]
    dependencies: Vec<Spanned<String>>,
    requires_python: Option<Spanned<String>>,
}

/// Reads the requirements of the script at `path`.
pub(crate) fn read(files: &dyn Files, path: &str) -> Result<Project, InputError> {
    let bytes = text::read(files, path)?;
    let text = text::utf8(path, &bytes, "script")?;
    let block = block(path, text)?.ok_or_else(|| {
        InputError::new(path, "it has no `# /// script` block (PEP 723)").remedy(
            "add one with its `dependencies`, ended by `# ///`, or lock a requirements file",
        )
    })?;
    let document = Document::new(path, &block.toml).starting_at(block.first_line);
    let root = DeTable::parse(&block.toml).map_err(|error| document.toml_error(&error))?;
    refuse_misspelled(root.get_ref(), &document)?;
    let table = Table::deserialize(toml::Deserializer::from(root))
        .map_err(|error| document.toml_error(&error))?;
    let mut project = Project::new(path, None);
    if let Some(text) = &table.requires_python {
        let stated = document.stated(text.span().start, text.get_ref());
        project.python(&stated, "requires-python")?;
    }
    for text in &table.dependencies {
        let dependency = project.dependency(&document.stated(text.span().start, text.get_ref()))?;
        project.dependencies.push(dependency);
    }
    Ok(project)
}

/// A misspelled key would leave requirements out in silence.
fn refuse_misspelled(root: &DeTable<'_>, document: &Document<'_>) -> Result<(), InputError> {
    match root
        .keys()
        .find(|key| !KEYS.contains(&key.get_ref().as_ref()))
    {
        None => Ok(()),
        Some(key) => {
            let word = key.get_ref().as_ref();
            let input = document.error_at(
                key.span().start,
                format!("a `script` block has no key `{word}`"),
            );
            Err(match nearest(word, KEYS) {
                Some(near) => input.remedy(format!("is `{near}` meant?")),
                None => input.remedy(format!("its keys are {}", KEYS.join(", "))),
            })
        }
    }
}

/// The `script` block of a Python file, if there is one.
pub(crate) fn block(file: &str, text: &str) -> Result<Option<Block>, InputError> {
    let lines: Vec<&str> = text
        .split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line))
        .collect();
    let mut found: Option<Block> = None;
    let mut at = 0;
    let mut run = Run::default();
    while let Some(line) = lines.get(at) {
        let Some(kind) = opening(line) else {
            at += 1;
            continue;
        };
        // What follows an opening ends where the lines stop being comments: the same place for all openings of one run.
        if run.end <= at {
            run = Run::from(at + 1, &lines);
        }
        let Some(close) = run.close.filter(|close| *close > at + 1) else {
            if kind == "script" {
                return Err(unclosed(file, at + 1, run.close == Some(at + 1)));
            }
            at += 1;
            continue;
        };
        if kind == "script" {
            if let Some(first) = &found {
                let message = format!(
                    "there is a second `script` block; the first begins on line {}",
                    first.first_line - 1
                );
                return Err(InputError::new(file, message)
                    .at(at + 1)
                    .remedy("join the two"));
            }
            let content = lines.iter().take(close).skip(at + 1).map(|line| {
                line.strip_prefix("# ")
                    .or_else(|| line.strip_prefix('#'))
                    .unwrap_or(line)
            });
            found = Some(Block {
                toml: content.collect::<Vec<_>>().join("\n"),
                first_line: at + 2,
            });
        }
        at = close + 1;
    }
    Ok(found)
}

/// Comment lines that follow each other.
#[derive(Debug, Default)]
struct Run {
    /// The line after the last of them, from 0.
    end: usize,
    /// The last of them that closes a block.
    close: Option<usize>,
}

impl Run {
    fn from(start: usize, lines: &[&str]) -> Self {
        let run = lines.iter().skip(start).take_while(|line| is_content(line));
        let end = start + run.count();
        let close = (start..end).rfind(|at| lines.get(*at) == Some(&"# ///"));
        Self { end, close }
    }
}

fn unclosed(file: &str, line: usize, is_empty: bool) -> InputError {
    let message = if is_empty {
        "the `script` block is empty"
    } else {
        "the `script` block does not end"
    };
    InputError::new(file, message).at(line).remedy(
        "write its lines as comments that follow each other, each `#` or beginning with `# `, and `# ///` after them",
    )
}

/// The type of the block that a line opens.
fn opening(line: &str) -> Option<&str> {
    let kind = line.strip_prefix("# /// ")?;
    let is_type = !kind.is_empty()
        && kind
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_type.then_some(kind)
}

fn is_content(line: &str) -> bool {
    line == "#" || line.starts_with("# ")
}

#[cfg(test)]
mod tests;
