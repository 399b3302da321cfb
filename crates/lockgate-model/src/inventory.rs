//! What is installed, or would be: a lock, an environment, a bill of materials, as an audit looks at it.

use std::collections::BTreeSet;
use std::fmt;

use crate::audit::{Gap, GapCode};
use crate::{Marker, Name, Sha256, Version};

/// What one file or environment holds. Nothing that it names is left out: what cannot be audited stands in [`Inventory::items`] too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// The file or environment, as the user named it.
    pub place: String,
    /// What kind of thing it is.
    pub kind: InventoryKind,
    /// Everything that it holds, in its own order.
    pub items: Vec<Item>,
    /// Where it says that names come from; empty if it does not say.
    pub indexes: Vec<NamedIndex>,
    /// Whether it says which group or extra asks for what.
    pub knows_scopes: bool,
    /// Whether it says who requires what.
    pub knows_parents: bool,
    /// What a person should know of it: a newer minor version of the form, for one.
    pub remarks: Vec<String>,
    /// The audit's evidence in the header of a lock of lockgate's, as written.
    pub evidence: Option<String>,
    /// What belongs to it and could not be read, so that what it holds is not known.
    pub unread: Vec<UnreadPart>,
}

/// A part of an inventory that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadPart {
    /// The part, as people are shown it.
    pub what: String,
    /// Why it could not be read, and what to do about it.
    pub why: String,
    /// The file that names it, if that is not the inventory's own.
    pub file: Option<String>,
    /// The line that names it.
    pub line: Option<usize>,
}

/// Kinds of inventories.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InventoryKind {
    /// A requirements file.
    #[default]
    Requirements,
    /// `pylock.toml` (PEP 751).
    Pylock,
    /// `uv.lock`.
    Uv,
    /// `poetry.lock`.
    Poetry,
    /// `pdm.lock`.
    Pdm,
    /// `Pipfile.lock`.
    Pipfile,
    /// `pixi.lock`.
    Pixi,
    /// `conda-lock.yml`.
    CondaLock,
    /// A CycloneDX bill of materials.
    CycloneDx,
    /// An SPDX bill of materials.
    Spdx,
    /// An installed environment.
    Environment,
}

impl InventoryKind {
    /// All kinds.
    pub const ALL: [Self; 11] = [
        Self::Requirements,
        Self::Pylock,
        Self::Uv,
        Self::Poetry,
        Self::Pdm,
        Self::Pipfile,
        Self::Pixi,
        Self::CondaLock,
        Self::CycloneDx,
        Self::Spdx,
        Self::Environment,
    ];

    /// The word for it in options and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Requirements => "requirements",
            Self::Pylock => "pylock",
            Self::Uv => "uv",
            Self::Poetry => "poetry",
            Self::Pdm => "pdm",
            Self::Pipfile => "pipfile",
            Self::Pixi => "pixi",
            Self::CondaLock => "conda-lock",
            Self::CycloneDx => "cyclonedx",
            Self::Spdx => "spdx",
            Self::Environment => "environment",
        }
    }
}

/// One thing that an inventory holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The project, where its name can be told.
    pub name: Option<Name>,
    /// Its version, where one is stated and follows PEP 440.
    pub version: Option<Version>,
    /// How it is written: the line, `name==version`, an address. For messages.
    pub text: String,
    /// The file that it stands in, where that is not [`Inventory::place`]: one that the place includes.
    pub file: Option<String>,
    /// Its line in the file, from 1.
    pub line: Option<usize>,
    /// Where it is taken from, and with that whether a version says what it is.
    pub origin: ItemOrigin,
    /// In which environments it is installed; conditions on extras and groups are in [`Item::scopes`].
    pub marker: Marker,
    /// What asks for it; empty if the inventory does not say.
    pub scopes: BTreeSet<Scope>,
    /// Who requires it; empty if the inventory does not say.
    pub parents: BTreeSet<Parent>,
    /// Whether its line in a requirements file has hashes; other forms have them elsewhere.
    pub has_hashes: bool,
    /// The digest of the one file that it is taken from, where it is a direct reference and states one.
    pub sha256: Option<Sha256>,
}

/// Where an item is taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemOrigin {
    /// An index, with its address where one is stated.
    Index(Option<String>),
    /// An address, a repository, an archive or a folder, as stated (without secrets): what stands there is no release, whatever version it states.
    Direct(String),
    /// The project itself, a member of its workspace, or an editable one: the user's own code, with its place.
    Own(String),
    /// Nothing pins it: a range, or no version at all.
    Unpinned,
    /// A version that is none (PEP 440), as stated.
    BadVersion(String),
}

/// What asks for an item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The dependencies themselves.
    Main,
    /// An extra.
    Extra(Name),
    /// A dependency group (PEP 735), Poetry's and PDM's groups, Pipenv's categories.
    Group(Name),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Main => f.write_str("main"),
            Self::Extra(name) => write!(f, "extra {name}"),
            Self::Group(name) => write!(f, "group {name}"),
        }
    }
}

/// Who requires an item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Parent {
    /// What a person wrote: `-r requirements.in`, `pyproject.toml`, a project's own name.
    Root(String),
    /// Another item, by its place in [`Inventory::items`].
    Item(usize),
}

/// An index or a page of links that an inventory names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedIndex {
    /// What it is.
    pub role: IndexRole,
    /// Its address or path, as written.
    pub value: String,
    /// The line that names it, from 1.
    pub line: Option<usize>,
}

/// What a named index is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexRole {
    /// The main one.
    Main,
    /// One more.
    Extra,
    /// A page or folder of links.
    FindLinks,
    /// That there is none.
    NoIndex,
}

impl Inventory {
    /// Returns a gap for each part that could not be read.
    pub fn gaps(&self) -> impl Iterator<Item = Gap> {
        self.unread.iter().map(|part| Gap {
            code: GapCode::Unreadable,
            what: part.what.clone(),
            why: part.why.clone(),
            name: None,
            source: Some(part.file.as_ref().unwrap_or(&self.place).clone()),
            line: part.line,
            accepted: None,
        })
    }

    /// Whether an item is asked for directly; none if the inventory does not say.
    pub fn is_direct(&self, item: &Item) -> Option<bool> {
        (self.knows_parents && !item.parents.is_empty()).then(|| {
            let mut parents = item.parents.iter();
            parents.any(|parent| matches!(parent, Parent::Root(_)))
        })
    }
}

impl Item {
    /// An item of an index, pinned, with nothing more known about it.
    pub fn pinned(name: Name, version: Version) -> Self {
        Self {
            text: format!("{name}=={version}"),
            name: Some(name),
            version: Some(version),
            file: None,
            line: None,
            origin: ItemOrigin::Index(None),
            marker: Marker::always(),
            scopes: BTreeSet::new(),
            parents: BTreeSet::new(),
            has_hashes: false,
            sha256: None,
        }
    }

    /// What advisories can be asked about: name and version of a release of an index.
    pub fn pin(&self) -> Option<(Name, Version)> {
        let is_release = matches!(self.origin, ItemOrigin::Index(_));
        let name = self.name.as_ref().filter(|_| is_release)?;
        Some((name.clone(), self.version.clone()?))
    }

    /// How a chain names it: `name==version`, else as it is written.
    pub fn shown(&self) -> String {
        match (&self.name, &self.version) {
            (Some(name), Some(version)) => format!("{name}=={version}"),
            (Some(name), None) => name.to_string(),
            (None, _) => self.text.clone(),
        }
    }
}
