//! The keys that say what is locked and with what: `[[lock]]`, `indexes`, `exclude`, `override`, `no-emit-package`, `allow-build`.

use lockgate_model::Name;
use serde::Deserialize;
use toml::Spanned;

use super::Set;
use super::parser::Parser;
use crate::error::InputError;
use crate::path::joined;

/// One `[[lock]]`: which lock is made from which sources, and how. It is the whole statement on that lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigLock {
    /// The lock, by a path from the folder of the configuration.
    pub output: Set<String>,
    /// The source files, by paths from the folder of the configuration.
    pub sources: Vec<Set<String>>,
    /// The options of `lock` that the entry states, in the order of [`LOCK_ENTRY_OPTIONS`].
    pub options: Vec<LockEntryOption>,
    /// Where it stands.
    pub origin: String,
}

/// An option of `lock` in a `[[lock]]` entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockEntryOption {
    /// Its long name, without dashes.
    pub name: &'static str,
    /// Its value.
    pub value: LockEntryValue,
    /// Where it stands.
    pub origin: String,
}

/// The value of an option in a `[[lock]]` entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockEntryValue {
    /// Of an option without a value.
    Switch(bool),
    /// Of an option that is given once.
    Text(String),
    /// Of an option that may be repeated.
    List(Vec<String>),
}

/// The options that an entry may state: those that say what is locked and in which form, and none that runs, connects or loosens anything.
pub const LOCK_ENTRY_OPTIONS: [&str; 23] = [
    "extra",
    "all-extras",
    "group",
    "universal",
    "python-version",
    "python-platform",
    "fork-strategy",
    "constraint",
    "only-final",
    "format",
    "no-annotate",
    "annotation-style",
    "no-header",
    "strip-extras",
    "newline",
    "emit-index-url",
    "no-emit-index-url",
    "emit-find-links",
    "no-emit-find-links",
    "emit-trusted-host",
    "no-emit-trusted-host",
    "emit-build-options",
    "no-emit-options",
];

/// The keys of an entry.
pub(super) fn entry_keys() -> Vec<&'static str> {
    let own = ["output", "sources"];
    own.into_iter().chain(LOCK_ENTRY_OPTIONS).collect()
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, expecting = "a table")]
pub(super) struct LockTable {
    output: Option<Spanned<String>>,
    #[serde(default)]
    sources: Vec<Spanned<String>>,
    extra: Option<Spanned<Vec<String>>>,
    all_extras: Option<Spanned<bool>>,
    group: Option<Spanned<Vec<String>>>,
    universal: Option<Spanned<bool>>,
    python_version: Option<Spanned<String>>,
    python_platform: Option<Spanned<String>>,
    fork_strategy: Option<Spanned<String>>,
    constraint: Option<Spanned<Vec<String>>>,
    only_final: Option<Spanned<Vec<String>>>,
    format: Option<Spanned<String>>,
    no_annotate: Option<Spanned<bool>>,
    annotation_style: Option<Spanned<String>>,
    no_header: Option<Spanned<bool>>,
    strip_extras: Option<Spanned<bool>>,
    newline: Option<Spanned<String>>,
    emit_index_url: Option<Spanned<bool>>,
    no_emit_index_url: Option<Spanned<bool>>,
    emit_find_links: Option<Spanned<bool>>,
    no_emit_find_links: Option<Spanned<bool>>,
    emit_trusted_host: Option<Spanned<bool>>,
    no_emit_trusted_host: Option<Spanned<bool>>,
    emit_build_options: Option<Spanned<bool>>,
    no_emit_options: Option<Spanned<bool>>,
}

impl Parser<'_> {
    /// The `[[lock]]` entries, no two of them for one lock.
    pub(super) fn locks(
        &self,
        tables: Vec<Spanned<LockTable>>,
    ) -> Result<Vec<ConfigLock>, InputError> {
        let mut locks: Vec<ConfigLock> = Vec::new();
        for table in tables {
            let start = table.span().start;
            let lock = self.lock(table.get_ref(), start)?;
            let same = |other: &&ConfigLock| {
                joined("", &other.output.value) == joined("", &lock.output.value)
            };
            if let Some(other) = locks.iter().find(same) {
                return Err(self.0.error_at(
                    start,
                    format!(
                        "two `[[lock]]` entries have the output `{}`; the other one is at {}",
                        lock.output.value, other.origin
                    ),
                ));
            }
            locks.push(lock);
        }
        Ok(locks)
    }

    fn lock(&self, table: &LockTable, start: usize) -> Result<ConfigLock, InputError> {
        let Some(output) = &table.output else {
            return Err(self
                .0
                .error_at(start, "a `[[lock]]` entry has no `output`")
                .remedy("name the lock: `output = \"requirements.txt\"`"));
        };
        let place = output;
        let output = self.path("output", output)?;
        if !is_lock_output(&output.value) {
            return Err(self
                .error(
                    place,
                    format!("`output`: `{}` is not the name of a lock", output.value),
                )
                .remedy("name it `NAME.txt`, `requirements.lock` or `requirements-NAME.lock`, `pylock.toml` or `pylock.NAME.toml`"));
        }
        let sources = self.paths("sources", &table.sources)?;
        let options = self.options(table)?;
        let has_groups = options.iter().any(|option| option.name == "group");
        if sources.is_empty() && !has_groups {
            return Err(self
                .0
                .error_at(
                    start,
                    format!("the `[[lock]]` entry for `{}` has no sources", output.value),
                )
                .remedy("name them: `sources = [\"requirements.in\"]`"));
        }
        Ok(ConfigLock {
            output,
            sources,
            options,
            origin: self.place(start),
        })
    }

    fn options(&self, table: &LockTable) -> Result<Vec<LockEntryOption>, InputError> {
        if let Some(constraint) = &table.constraint {
            for path in constraint.get_ref() {
                self.local_path("constraint", path, constraint)?;
            }
        }
        if let Some(group) = &table.group {
            for text in group.get_ref() {
                let file = text
                    .rsplit_once(':')
                    .map_or("pyproject.toml", |(file, _)| file);
                self.local_path("group", file, group)?;
            }
        }
        let mut options = Vec::new();
        let mut push = |name: &'static str, value: Option<(LockEntryValue, usize)>| {
            if let Some((value, start)) = value {
                options.push(LockEntryOption {
                    name,
                    value,
                    origin: self.place(start),
                });
            }
        };
        push("extra", listed(table.extra.as_ref()));
        push("all-extras", switched(table.all_extras.as_ref()));
        push("group", listed(table.group.as_ref()));
        push("universal", switched(table.universal.as_ref()));
        push("python-version", stated(table.python_version.as_ref()));
        push("python-platform", stated(table.python_platform.as_ref()));
        push("fork-strategy", stated(table.fork_strategy.as_ref()));
        push("constraint", listed(table.constraint.as_ref()));
        push("only-final", listed(table.only_final.as_ref()));
        push("format", stated(table.format.as_ref()));
        push("no-annotate", switched(table.no_annotate.as_ref()));
        push("annotation-style", stated(table.annotation_style.as_ref()));
        push("no-header", switched(table.no_header.as_ref()));
        push("strip-extras", switched(table.strip_extras.as_ref()));
        push("newline", stated(table.newline.as_ref()));
        push("emit-index-url", switched(table.emit_index_url.as_ref()));
        push(
            "no-emit-index-url",
            switched(table.no_emit_index_url.as_ref()),
        );
        push("emit-find-links", switched(table.emit_find_links.as_ref()));
        push(
            "no-emit-find-links",
            switched(table.no_emit_find_links.as_ref()),
        );
        push(
            "emit-trusted-host",
            switched(table.emit_trusted_host.as_ref()),
        );
        push(
            "no-emit-trusted-host",
            switched(table.no_emit_trusted_host.as_ref()),
        );
        push(
            "emit-build-options",
            switched(table.emit_build_options.as_ref()),
        );
        push("no-emit-options", switched(table.no_emit_options.as_ref()));
        Ok(options)
    }

    /// The hosts at `key`, each `HOST` or `HOST:PORT`.
    pub(super) fn hosts(
        &self,
        key: &str,
        texts: &[Spanned<String>],
    ) -> Result<Vec<Set<String>>, InputError> {
        let host = |text: &Spanned<String>| {
            let written = text.get_ref();
            let is_address = written.contains("://") || written.contains(['/', '@', '?', '#']);
            if is_address || written.trim().is_empty() || written.contains(char::is_whitespace) {
                return Err(self
                    .error(text, format!("`{key}`: `{written}` is not a host"))
                    .remedy("write `HOST` or `HOST:PORT`, without scheme, login and path"));
            }
            Ok(self.set(text, written.to_ascii_lowercase()))
        };
        texts.iter().map(host).collect()
    }

    /// The packages at `key`, by name.
    pub(super) fn names(
        &self,
        key: &str,
        texts: &[Spanned<String>],
    ) -> Result<Vec<Set<Name>>, InputError> {
        let name = |text: &Spanned<String>| {
            let name = Name::new(text.get_ref())
                .map_err(|why| self.error(text, format!("`{key}`: {why}")))?;
            Ok(self.set(text, name))
        };
        texts.iter().map(name).collect()
    }

    /// The files at `key`, by paths from the folder of the configuration.
    pub(super) fn paths(
        &self,
        key: &str,
        texts: &[Spanned<String>],
    ) -> Result<Vec<Set<String>>, InputError> {
        texts.iter().map(|text| self.path(key, text)).collect()
    }

    fn path(&self, key: &str, text: &Spanned<String>) -> Result<Set<String>, InputError> {
        self.local_path(key, text.get_ref(), text)?;
        Ok(self.set(text, text.get_ref().clone()))
    }

    fn local_path<T>(&self, key: &str, path: &str, place: &Spanned<T>) -> Result<(), InputError> {
        let is_absolute =
            path.starts_with(['/', '\\']) || path.contains(":\\") || path.contains(":/");
        let is_file =
            !matches!(path.trim(), "" | "-" | "." | "..") && !is_absolute && !path.contains('\0');
        if is_file {
            return Ok(());
        }
        Err(self
            .error(
                place,
                format!("`{key}`: `{path}` is not the path of a file in this repository"),
            )
            .remedy("write a path from the folder of this configuration"))
    }
}

/// Whether a file is named as locks are. Other tools read files of other names: a `setup.py` or `.gitmodules` that is not there yet must not
/// come from a lock.
fn is_lock_output(path: &str) -> bool {
    let path = path.replace('\\', "/").to_ascii_lowercase();
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let is_metadata =
        |folder: &str| folder.ends_with(".dist-info") || folder.ends_with(".egg-info");
    let stem = |ending: &str| name.strip_suffix(ending).filter(|stem| !stem.is_empty());
    let is_text =
        stem(".txt").is_some_and(|stem| !matches!(stem, "cmakelists" | "robots" | "humans"));
    let is_requirements = name.starts_with("requirements")
        && [".lock", ".pip"]
            .into_iter()
            .any(|ending| stem(ending).is_some());
    let is_pylock = name == "pylock.toml"
        || name.strip_prefix("pylock.").is_some_and(|rest| {
            rest.rsplit_once('.')
                .is_some_and(|(_, ending)| ending == "toml")
        });
    !folder.split('/').any(is_metadata) && (is_text || is_requirements || is_pylock)
}

fn switched(value: Option<&Spanned<bool>>) -> Option<(LockEntryValue, usize)> {
    value.map(|value| (LockEntryValue::Switch(*value.get_ref()), value.span().start))
}

fn stated(value: Option<&Spanned<String>>) -> Option<(LockEntryValue, usize)> {
    value.map(|value| {
        (
            LockEntryValue::Text(value.get_ref().clone()),
            value.span().start,
        )
    })
}

fn listed(value: Option<&Spanned<Vec<String>>>) -> Option<(LockEntryValue, usize)> {
    value.map(|value| {
        (
            LockEntryValue::List(value.get_ref().clone()),
            value.span().start,
        )
    })
}

#[cfg(test)]
mod tests;
