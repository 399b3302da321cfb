//! What a requirement file says, in one form for pip and for lockgate, and where two such differ.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

/// The name that stands for every project that no option names.
pub(crate) const OTHER: &str = "any-other-project";

/// What a reader made of a file and its includes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Told {
    /// Why it was refused, if it was.
    pub(crate) error: Option<String>,
    pub(crate) lines: Vec<Line>,
    /// The files read, in order.
    pub(crate) files: Vec<String>,
    pub(crate) indexes: Vec<String>,
    pub(crate) find_links: Vec<String>,
    pub(crate) no_index: bool,
    pub(crate) trusted_hosts: Vec<String>,
    /// The kinds of file allowed, by project.
    pub(crate) formats: BTreeMap<String, Vec<String>>,
    /// Whether pre-releases are allowed, by project, where it is said.
    pub(crate) releases: BTreeMap<String, Option<bool>>,
    pub(crate) prefer_binary: bool,
    pub(crate) require_hashes: bool,
}

/// One requirement or constraint.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct Line {
    pub(crate) file: String,
    #[serde(rename = "line")]
    pub(crate) number: usize,
    pub(crate) constraint: bool,
    pub(crate) name: Option<String>,
    pub(crate) extras: Vec<String>,
    pub(crate) specifiers: Vec<String>,
    pub(crate) url: Option<String>,
    /// Whether its marker holds in each environment asked about; none: it cannot be told.
    pub(crate) marker: Vec<Option<bool>>,
    pub(crate) editable: bool,
    pub(crate) hashes: Vec<String>,
    pub(crate) config_settings: BTreeMap<String, Vec<String>>,
}

impl Told {
    /// Where `self`, which is pip's, and `ours` differ; of two refusals nothing is compared but that they are such.
    pub(crate) fn differences(&self, ours: &Self) -> Vec<String> {
        match (&self.error, &ours.error) {
            (Some(_), Some(_)) => return Vec::new(),
            (Some(pip), None) => return vec![format!("pip refuses: {pip}")],
            (None, Some(ours)) => return vec![format!("lockgate refuses: {ours}")],
            (None, None) => {}
        }
        let mut found = Vec::new();
        let mut differ = |what: &str, pip: String, ours: String| {
            if pip != ours {
                found.push(format!("{what}: pip {pip}, lockgate {ours}"));
            }
        };
        let (mut of_pip, mut of_ours) = (self.lines.clone(), ours.lines.clone());
        for line in of_pip.iter_mut().chain(&mut of_ours) {
            line.merge_equal_clauses();
        }
        of_pip.sort();
        of_ours.sort();
        for index in 0..of_pip.len().max(of_ours.len()) {
            let shown = |lines: &[Line]| format!("{:?}", lines.get(index));
            differ("line", shown(&of_pip), shown(&of_ours));
        }
        differ(
            "files",
            format!("{:?}", self.files),
            format!("{:?}", ours.files),
        );
        differ(
            "indexes",
            format!("{:?}", self.indexes),
            format!("{:?}", ours.indexes),
        );
        differ(
            "find-links",
            format!("{:?}", self.find_links),
            format!("{:?}", ours.find_links),
        );
        differ(
            "no-index",
            self.no_index.to_string(),
            ours.no_index.to_string(),
        );
        differ(
            "trusted hosts",
            format!("{:?}", self.trusted_hosts),
            format!("{:?}", ours.trusted_hosts),
        );
        differ(
            "prefer-binary",
            self.prefer_binary.to_string(),
            ours.prefer_binary.to_string(),
        );
        differ(
            "require-hashes",
            self.require_hashes.to_string(),
            ours.require_hashes.to_string(),
        );
        let (pip, ours_of) = by_project(&self.formats, &ours.formats);
        differ("formats", pip, ours_of);
        let (pip, ours_of) = by_project(&self.releases, &ours.releases);
        differ("releases", pip, ours_of);
        found
    }

    /// How many things it says: requirements, includes, and values of options.
    pub(crate) fn directives(&self) -> usize {
        self.lines.len()
            + self.files.len().saturating_sub(1)
            + self.indexes.len().saturating_sub(1)
            + self.find_links.len()
            + self.trusted_hosts.len()
            + self.formats.len().saturating_sub(1)
            + self.releases.len().saturating_sub(1)
            + self
                .lines
                .iter()
                .map(|line| line.hashes.len())
                .sum::<usize>()
            + usize::from(self.no_index)
            + usize::from(self.prefer_binary)
            + usize::from(self.require_hashes)
    }
}

/// Both answers over all projects that either names.
fn by_project<T: std::fmt::Debug>(
    pip: &BTreeMap<String, T>,
    ours: &BTreeMap<String, T>,
) -> (String, String) {
    let names: BTreeSet<&String> = pip.keys().chain(ours.keys()).collect();
    let shown = |of: &BTreeMap<String, T>| {
        let answers = names
            .iter()
            .map(|name| (*name, of.get(*name).or_else(|| of.get(OTHER))));
        format!("{:?}", answers.collect::<Vec<_>>())
    };
    (shown(pip), shown(ours))
}

impl Line {
    /// Clauses that differ in zeros at the end only are one, as they are to some versions of pip.
    fn merge_equal_clauses(&mut self) {
        for clause in &mut self.specifiers {
            let is_plain = clause
                .chars()
                .all(|c| c.is_ascii_digit() || "!<>=.".contains(c));
            while is_plain && !clause.starts_with("===") && clause.ends_with(".0") {
                clause.truncate(clause.len() - 2);
            }
        }
        self.specifiers.sort();
        self.specifiers.dedup();
    }
}
