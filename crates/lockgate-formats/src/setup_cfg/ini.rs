//! Python's configuration files, with the lines of what they say.
//!
//! Read by the rules of Python's `configparser` in its strict form, which setuptools uses: a value goes on over lines that are set in
//! deeper than its key, an option or a section may stand only once, and `[DEFAULT]` holds for every section. The library for such files
//! keeps no lines, and takes the last of two options in silence; messages need the one, and Python refuses the other.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::InputError;
use crate::requirements::physical;

/// A value: its lines, each with its number. Blank lines are kept, comments are not.
pub(super) type Value = Vec<(usize, String)>;

/// An option and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub(super) key: String,
    pub(super) line: usize,
    pub(super) value: Value,
}

impl Setting {
    /// The whole value as one text.
    pub(super) fn text(&self) -> String {
        let lines: Vec<&str> = self.value.iter().map(|(_, text)| text.as_str()).collect();
        lines.join("\n").trim().to_owned()
    }
}

/// A file: options by section, in order.
#[derive(Debug, Default)]
pub(super) struct Ini {
    sections: BTreeMap<String, Vec<Setting>>,
}

impl Ini {
    /// Reads `text`; `file` is named in errors.
    pub(super) fn read(file: &str, text: &str) -> Result<Self, InputError> {
        let mut reading = Reading {
            file,
            ini: Self::default(),
            section: None,
            indent: 0,
            in_value: false,
            seen: BTreeSet::new(),
        };
        for (line, number) in physical(text).zip(1..) {
            reading.line(line, number)?;
        }
        Ok(reading.ini)
    }

    /// The options of a section, with those of `[DEFAULT]` that it does not set itself.
    pub(super) fn section(&self, name: &str) -> Vec<&Setting> {
        let Some(own) = self.sections.get(name) else {
            return Vec::new();
        };
        let defaults = self.sections.get("DEFAULT").into_iter().flatten();
        let defaults = defaults.filter(|default| own.iter().all(|own| own.key != default.key));
        own.iter().chain(defaults).collect()
    }
}

struct Reading<'a> {
    file: &'a str,
    ini: Ini,
    section: Option<String>,
    /// How far the last header or option is set in.
    indent: usize,
    /// Whether lines that are set in deeper go on with a value.
    in_value: bool,
    seen: BTreeSet<(String, String)>,
}

impl Reading<'_> {
    fn line(&mut self, line: &str, number: usize) -> Result<(), InputError> {
        let text = line.trim();
        if text.starts_with(['#', ';']) {
            return Ok(());
        }
        if text.is_empty() {
            if let Some(open) = self.open_value() {
                open.push((number, String::new()));
            }
            return Ok(());
        }
        let indent = line.chars().take_while(|c| c.is_whitespace()).count();
        if indent > self.indent
            && let Some(open) = self.open_value()
        {
            open.push((number, text.to_owned()));
            return Ok(());
        }
        self.indent = indent;
        match header(text) {
            Some(header) => self.header(header, number),
            None => self.option(text, number),
        }
    }

    fn open_value(&mut self) -> Option<&mut Value> {
        let section = self.section.as_ref().filter(|_| self.in_value)?;
        let setting = self.ini.sections.get_mut(section)?.last_mut()?;
        Some(&mut setting.value)
    }

    fn header(&mut self, header: &str, number: usize) -> Result<(), InputError> {
        let is_new = !self.ini.sections.contains_key(header);
        if !is_new && header != "DEFAULT" {
            return Err(self
                .error(number, format!("the section `[{header}]` is there twice"))
                .remedy("join the two"));
        }
        self.ini.sections.entry(header.to_owned()).or_default();
        self.section = Some(header.to_owned());
        self.in_value = false;
        Ok(())
    }

    fn option(&mut self, text: &str, number: usize) -> Result<(), InputError> {
        let Some(section) = self.section.clone() else {
            return Err(self
                .error(
                    number,
                    "it does not begin with a section such as `[metadata]`",
                )
                .remedy("check that it is a `setup.cfg`"));
        };
        let split = text
            .split_once(['=', ':'])
            .map(|(key, value)| (key.trim(), value.trim()));
        let Some((key, value)) = split.filter(|(key, _)| !key.is_empty()) else {
            return Err(self
                .error(
                    number,
                    format!("`{text}` is neither a section nor an option"),
                )
                .remedy(
                    "write `key = value`, or set the line in to go on with the value above it",
                ));
        };
        if !self.seen.insert((section.clone(), key.to_owned())) {
            return Err(self
                .error(number, format!("`{key}` is there twice in `[{section}]`"))
                .remedy("join the two"));
        }
        let setting = Setting {
            key: key.to_owned(),
            line: number,
            value: vec![(number, value.to_owned())],
        };
        self.ini.sections.entry(section).or_default().push(setting);
        self.in_value = true;
        Ok(())
    }

    fn error(&self, line: usize, message: impl AsRef<str>) -> InputError {
        InputError::new(self.file, message).at(line)
    }
}

/// `[name]`, whatever follows it.
fn header(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('[')?;
    let end = inner.rfind(']').filter(|end| *end > 0)?;
    inner.get(..end)
}

#[cfg(test)]
mod tests;
