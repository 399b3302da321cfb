//! Version specifiers (PEP 440, "Version specifiers") as written and as a set.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::str::FromStr;

use crate::version::{self, VersionError};
use crate::{Version, VersionSet};

/// Comma-separated clauses, all of which hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Specifiers {
    clauses: Vec<Clause>,
    set: VersionSet,
}

/// One clause: operator and version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// `==`, `===`, `!=`, `<`, `<=`, `>`, `>=` or `~=`.
    pub operator: &'static str,
    /// The version, without the wildcard.
    pub version: Version,
    /// Whether it ends in `.*`.
    pub wildcard: bool,
    /// What is written behind `===`, where that is not the version in normal form. It is compared as text, upper case aside (PEP 440,
    /// "Arbitrary equality"; pip compares the normal forms of versions with it).
    pub verbatim: Option<String>,
}

/// Why a text is no specifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a version specifier: {reason}")]
pub struct SpecifierError {
    /// The clause at fault.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Specifiers {
    /// No clause: every version.
    pub fn any() -> Self {
        Self {
            clauses: Vec::new(),
            set: VersionSet::full(),
        }
    }

    /// The versions that all clauses admit, pre-releases included (whether those count is the resolver's rule, not the set's).
    pub fn set(&self) -> &VersionSet {
        &self.set
    }

    /// The clauses as written, in order.
    pub fn clauses(&self) -> &[Clause] {
        &self.clauses
    }

    /// Whether a clause names a pre- or dev-release; `!=` and `==X.*` do not count (pip's rule).
    pub fn names_prerelease(&self) -> bool {
        self.clauses.iter().any(|clause| {
            clause.operator != "!=" && !clause.wildcard && clause.version.any_prerelease()
        })
    }

    /// The version that an `==` (without wildcard) or `===` clause names, if there is one.
    pub fn exact(&self) -> Option<&Version> {
        self.clauses
            .iter()
            .find(|clause| matches!(clause.operator, "==" | "===") && !clause.wildcard)
            .map(|clause| &clause.version)
    }

    /// Reads one specifier list as published metadata write it, with the repairs that pip and uv make to old metadata
    /// (`>=3.6.*`, a missing or trailing comma, quotes).
    pub fn parse_lenient(text: &str) -> Result<Self, SpecifierError> {
        text.parse()
            .or_else(|error| repaired(text).parse().map_err(|_still_wrong| error))
    }
}

/// `text` without quotes, with a comma before each operator but the first, and with `.*` where it may stand.
fn repaired(text: &str) -> String {
    let is_operator = |c: char| "<>=!~".contains(c);
    let mut clauses: Vec<String> = Vec::new();
    let mut after_version = true;
    for c in text.chars().filter(|c| !matches!(c, '\'' | '"')) {
        if c == ',' || (is_operator(c) && after_version) {
            clauses.push(String::new());
        }
        after_version = c != ',' && !is_operator(c) && (after_version || !c.is_whitespace());
        if c != ',' {
            if let Some(clause) = clauses.last_mut() {
                clause.push(c);
            } else {
                clauses.push(c.to_string());
            }
        }
    }
    let clauses: Vec<String> = clauses
        .iter()
        .map(|clause| clause.trim())
        .filter(|clause| !clause.is_empty() && !has_no_bound(clause))
        .map(|clause| {
            let has_family = clause.starts_with("!=")
                || (clause.starts_with("==") && !clause.starts_with("==="));
            match clause.strip_suffix('*') {
                Some(version) if has_family => format!("{}.*", version.trim_end_matches('.')),
                Some(version) => version.trim_end_matches('.').to_owned(),
                None => clause.to_owned(),
            }
        })
        .collect();
    clauses.join(",")
}

/// Whether a clause says nothing that could be repaired: `<=3.11.*` leaves open whether 3.11.5 is meant, and so does `>3.11.*`. pip reads no bound
/// from these.
fn has_no_bound(clause: &str) -> bool {
    let is_exclusive = clause.starts_with('>') && !clause.starts_with(">=");
    clause.ends_with('*') && (clause.starts_with("<=") || is_exclusive)
}

impl FromStr for Specifiers {
    type Err = SpecifierError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |reason: String| SpecifierError {
            text: text.to_owned(),
            reason,
        };
        // The parser's numbers end at 64 bits: it is shown smaller ones, and the clauses are read by themselves.
        let shown = version::with_small_numbers(text);
        let parsed: pep440_rs::VersionSpecifiers = shown
            .parse()
            .map_err(|error: pep440_rs::VersionSpecifiersParseError| wrong(error.to_string()))?;
        if let Cow::Borrowed(_) = shown {
            return Ok(Self::written(&parsed, text));
        }
        let clauses = text.split(',').filter(|clause| !clause.trim().is_empty());
        let clauses: Result<Vec<Clause>, VersionError> = clauses.map(large_clause).collect();
        let mut clauses = clauses.map_err(|error| wrong(error.to_string()))?;
        clauses.sort_by(|one, other| one.version.cmp(&other.version));
        Ok(Self::of(clauses))
    }
}

/// Reads a clause that is one but for the size of its numbers.
fn large_clause(text: &str) -> Result<Clause, VersionError> {
    const OPERATORS: [&str; 8] = ["===", "==", "!=", "<=", ">=", "~=", "<", ">"];
    let text = text.trim();
    let (operator, named) = OPERATORS
        .into_iter()
        .find_map(|operator| Some((operator, text.strip_prefix(operator)?.trim())))
        .unwrap_or(("==", text));
    let (number, wildcard) = match named.strip_suffix(".*") {
        Some(number) => (number, true),
        None => (named, false),
    };
    let version: Version = number.parse()?;
    let is_verbatim = operator == "===" && version.to_string() != named;
    Ok(Clause {
        operator,
        verbatim: is_verbatim.then(|| named.to_owned()),
        version,
        wildcard,
    })
}

impl Specifiers {
    /// What was parsed from `text`.
    pub(crate) fn written(parsed: &pep440_rs::VersionSpecifiers, text: &str) -> Self {
        let mut clauses = Vec::new();
        // The parser sorts clauses by version and keeps no text.
        let mut verbatim: BTreeMap<pep440_rs::Version, VecDeque<&str>> = BTreeMap::new();
        for clause in text.split(',') {
            let named = clause.trim().strip_prefix("===").map(str::trim);
            if let Some((text, Ok(version))) = named.map(|text| (text, text.parse())) {
                verbatim.entry(version).or_default().push_back(text);
            }
        }
        for specifier in parsed.iter() {
            use pep440_rs::Operator as O;
            let (operator, wildcard) = match specifier.operator() {
                O::Equal => ("==", false),
                O::EqualStar => ("==", true),
                O::ExactEqual => ("===", false),
                O::NotEqual => ("!=", false),
                O::NotEqualStar => ("!=", true),
                O::TildeEqual => ("~=", false),
                O::LessThan => ("<", false),
                O::LessThanEqual => ("<=", false),
                O::GreaterThan => (">", false),
                O::GreaterThanEqual => (">=", false),
            };
            let clause = Clause {
                operator,
                version: specifier.version().clone().into(),
                wildcard,
                verbatim: verbatim
                    .get_mut(specifier.version())
                    .filter(|_| operator == "===")
                    .and_then(VecDeque::pop_front)
                    .filter(|text| **text != specifier.version().to_string())
                    .map(str::to_owned),
            };
            clauses.push(clause);
        }
        Self::of(clauses)
    }

    /// All clauses of several lists together.
    pub fn joined<'s>(lists: impl IntoIterator<Item = &'s Self>) -> Self {
        let lists = lists.into_iter();
        Self::of(
            lists
                .flat_map(|list| list.clauses.iter().cloned())
                .collect(),
        )
    }

    fn of(clauses: Vec<Clause>) -> Self {
        let sets = clauses.iter().map(VersionSet::from_clause);
        Self {
            set: VersionSet::intersection_of(sets),
            clauses,
        }
    }
}

impl Clause {
    /// Whether a version can have the text that it names.
    pub(crate) fn is_in_normal_form(&self) -> bool {
        let normal = self.version.to_string();
        let text = self.verbatim.as_ref();
        text.is_none_or(|text| text.to_ascii_lowercase() == normal)
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.operator)?;
        match &self.verbatim {
            Some(text) => f.write_str(text)?,
            None => write!(f, "{}", self.version)?,
        }
        f.write_str(if self.wildcard { ".*" } else { "" })
    }
}

impl fmt::Display for Specifiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, clause) in self.clauses.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            write!(f, "{clause}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Specifiers;

    #[test]
    fn arbitrary_equality_keeps_what_is_written() {
        for (text, shown, exact) in [
            ("===1.0", "===1.0", Some("1.0")),
            ("=== 1.0RC1", "===1.0RC1", Some("1.0rc1")),
            ("===v1.0,===0.9", "===0.9,===v1.0", Some("0.9")),
            ("===1.0-1", "===1.0-1", Some("1.0.post1")),
            ("===1.0.0,===01.0", "===1.0.0,===01.0", Some("1.0.0")),
        ] {
            let read: Specifiers = text.parse().unwrap();
            assert_eq!(read.to_string(), shown);
            assert_eq!(read.exact().map(ToString::to_string).as_deref(), exact);
        }
    }

    #[test]
    fn old_specifiers_are_repaired() {
        for (text, repaired) in [
            (">=3.6.*", ">=3.6"),
            (">=2.7, !=3.0*, !=3.1.*", ">=2.7,!=3.0.*,!=3.1.*"),
            (">=2.7 !=3.0.* !=3.1.*", ">=2.7,!=3.0.*,!=3.1.*"),
            (">= 2.7 <4", ">=2.7,<4"),
            (">=2.7!=3.0.*", ">=2.7,!=3.0.*"),
            ("'>=3.6'", ">=3.6"),
            (">=\"3.6\",<4.*", ">=3.6,<4"),
            (">=3.6,", ">=3.6"),
            (",>=3.6,,<4", ">=3.6,<4"),
            ("~=3.6.*", "~=3.6"),
            ("<=3.11.*", ""),
            (">=3.6, <= 3.11.*", ">=3.6"),
            (">3.6.*,<4", "<4"),
            ("<3.12.*", "<3.12"),
            ("==3.*", "==3.*"),
            ("", ""),
        ] {
            let read = Specifiers::parse_lenient(text).unwrap();
            assert_eq!(read.to_string(), repaired, "{text}");
        }
        for text in [
            "Python 3", ">=three", "3.6", ">=", "> =3.6", "=>3.6", ">dev",
        ] {
            let error = Specifiers::parse_lenient(text).unwrap_err();
            assert_eq!(error.text, text);
        }
    }
}
