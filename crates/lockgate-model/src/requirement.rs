//! One dependency specifier (PEP 508): `name[extras] specifiers ; marker` or `name @ url ; marker`.

use std::fmt;
use std::str::FromStr;

use crate::{Marker, Name, Reference, SpecifierError, Specifiers};

/// A dependency on a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The project.
    pub name: Name,
    /// Extras asked for, sorted, without repeats.
    pub extras: Vec<Name>,
    /// Which versions, or where from.
    pub source: Source,
    /// When it applies.
    pub marker: Marker,
}

/// Where a requirement's versions come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Any version on the indexes that the specifiers admit.
    Index(Specifiers),
    /// A direct reference (PEP 440, "Direct references"), as written.
    Url(String),
}

/// Why a text is no requirement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequirementError {
    /// The grammar of PEP 508 does not admit it.
    #[error("{0}")]
    Syntax(String),
    /// The part after the name is no version specifier.
    #[error(transparent)]
    Specifier(#[from] SpecifierError),
}

impl Requirement {
    /// Reads a requirement that a person wrote. A comparison in its marker that cannot be evaluated is an error here; `parse`, for what is
    /// published and cannot be mended, leaves such a comparison out.
    pub fn parse_strict(text: &str) -> Result<Self, RequirementError> {
        parse::strict(text)
    }

    /// Its specifiers; a direct reference has none.
    pub fn specifiers(&self) -> Option<&Specifiers> {
        match &self.source {
            Source::Index(specifiers) => Some(specifiers),
            Source::Url(_) => None,
        }
    }
}

impl FromStr for Requirement {
    type Err = RequirementError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse::requirement(text)
    }
}

/// For people and reports: an address without its credentials.
impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)?;
        if !self.extras.is_empty() {
            let extras: Vec<&str> = self.extras.iter().map(Name::as_str).collect();
            write!(f, "[{}]", extras.join(","))?;
        }
        match &self.source {
            Source::Index(specifiers) => write!(f, "{specifiers}")?,
            Source::Url(url) => write!(f, " @ {}", shown(url))?,
        }
        if let Some(marker) = self.marker.to_text() {
            write!(f, " ; {marker}")?;
        }
        Ok(())
    }
}

/// A direct reference without credentials; of one that cannot be taken apart, nothing that may hold some.
fn shown(url: &str) -> String {
    match url.parse::<Reference>() {
        Ok(reference) => reference.to_string(),
        Err(_) => match url.rsplit_once('@') {
            Some((_, rest)) => format!("****@{rest}"),
            None => url.to_owned(),
        },
    }
}

pub(crate) mod cost;
pub(crate) mod parse;
