//! Installed distributions, over the texts that lie beside them; nothing is run and nothing is looked for.
//!
//! Who walks the folders hands in one [`InstalledDistribution`] for each `dist-info`, `egg-info` or `egg-link`.

use std::collections::{BTreeMap, BTreeSet};

use lockgate_model::{
    Environment, Inventory, InventoryKind, Item, ItemOrigin, Name, Parent, Requirement, Sha256,
};
use mailparse::MailHeaderMap as _;

use super::item::{From, Stated, by_name};
use super::json;
use super::node::Wrong;

/// The texts of one installed distribution.
#[derive(Debug, Clone, Default)]
pub struct InstalledDistribution {
    /// The path of its `dist-info` or `egg-info` folder or file, or of its `egg-link`.
    pub place: String,
    /// What that is.
    pub form: InstalledForm,
    /// `METADATA` or `PKG-INFO`, or the `egg-info` file itself; of an `egg-link`, the `PKG-INFO` of the folder that it leads to.
    pub metadata: Option<Vec<u8>>,
    /// `direct_url.json` (PEP 610).
    pub direct_url: Option<Vec<u8>>,
    /// `INSTALLER`.
    pub installer: Option<String>,
    /// Whether `REQUESTED` is there (PEP 376): a person asked for it.
    pub requested: bool,
    /// `requires.txt` of an `egg-info` folder.
    pub requires: Option<String>,
    /// The text of an `egg-link`: its first line is the folder.
    pub link: Option<String>,
}

/// How a distribution is installed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum InstalledForm {
    /// A `dist-info` folder.
    #[default]
    DistInfo,
    /// An `egg-info` folder or file.
    EggInfo,
    /// An `egg-link`: a link to the user's own code.
    EggLink,
}

/// One installed distribution, read.
#[derive(Debug, Clone)]
pub struct Installed {
    /// What it is.
    pub item: Item,
    /// What it requires, with markers.
    pub requirements: Vec<Requirement>,
    /// What it states to require and is no requirement.
    pub unread: Vec<String>,
    /// Whether a person asked for it.
    pub requested: bool,
}

/// Reads one installed distribution.
pub fn read_installed(distribution: &InstalledDistribution) -> Installed {
    let headers = distribution.metadata.as_deref().map(Headers::read);
    let (of_folder, version_of_folder) = folder_name(&distribution.place);
    let stated = headers.as_ref().filter(|headers| headers.name.is_some());
    let (name, version) = match stated {
        Some(headers) => (
            headers.name.as_deref().unwrap_or_default(),
            headers.version.as_deref(),
        ),
        None => (of_folder, version_of_folder),
    };
    let mut item = Stated {
        name,
        version,
        line: 0,
        from: source(distribution),
    }
    .item();
    item.line = None;
    if let (ItemOrigin::Direct(_), Some(bytes)) = (&item.origin, &distribution.direct_url) {
        item.sha256 = digest(bytes);
    }
    if item.name.is_none() {
        item.text.clone_from(&distribution.place);
    }
    let mut texts = headers
        .map(|headers| headers.requirements)
        .unwrap_or_default();
    texts.extend(
        distribution
            .requires
            .as_deref()
            .map(of_requires)
            .unwrap_or_default(),
    );
    let mut requirements = Vec::new();
    let mut unread = Vec::new();
    for text in texts {
        match text.parse() {
            Ok(requirement) => requirements.push(requirement),
            Err(_) => unread.push(text),
        }
    }
    Installed {
        item,
        requirements,
        unread,
        requested: distribution.requested && !marks_everything(distribution),
    }
}

/// Reads a file of a folder of distributions by its name, a wheel or a source distribution; none for any other file.
pub fn read_distribution_file(file_name: &str) -> Option<Installed> {
    let (name, version) = crate::pylock::release_in(file_name)?;
    Some(Installed {
        item: Item::pinned(name, version),
        requirements: Vec::new(),
        unread: Vec::new(),
        requested: false,
    })
}

/// All distributions of the environment at `place`, linked by what they require where `environment` is known, else anywhere.
pub fn link(
    place: &str,
    installed: Vec<Installed>,
    environment: Option<&Environment>,
) -> Inventory {
    let mut inventory = Inventory {
        place: place.to_owned(),
        kind: InventoryKind::Environment,
        knows_parents: true,
        ..Inventory::default()
    };
    let mut unread = Vec::new();
    let mut requirements = Vec::new();
    let mut requested = Vec::new();
    for one in installed {
        if !one.unread.is_empty() {
            unread.push(one.item.shown());
        }
        inventory.items.push(one.item);
        requirements.push(one.requirements);
        requested.push(one.requested);
    }
    for (from, to) in edges(&inventory.items, &requirements, environment) {
        if let Some(item) = inventory.items.get_mut(to) {
            item.parents.insert(Parent::Item(from));
        }
    }
    for (item, is_requested) in inventory.items.iter_mut().zip(requested) {
        if is_requested || item.parents.is_empty() {
            item.parents.insert(Parent::Root(place.to_owned()));
        }
    }
    if !unread.is_empty() {
        inventory.remarks.push(format!(
            "some of what these require could not be read, so that paths to what they need may be missing: {}",
            unread.join(", ")
        ));
    }
    inventory
}

/// Who requires whom. An extra counts where a distribution asks for it.
fn edges(
    items: &[Item],
    requirements: &[Vec<Requirement>],
    environment: Option<&Environment>,
) -> BTreeSet<(usize, usize)> {
    let places = by_name(items);
    let mut extras: BTreeMap<usize, BTreeSet<Name>> = BTreeMap::new();
    let mut edges = BTreeSet::new();
    let mut open: Vec<usize> = (0..items.len()).collect();
    while let Some(from) = open.pop() {
        let asked: Vec<Name> = extras.get(&from).into_iter().flatten().cloned().collect();
        for requirement in requirements.get(from).into_iter().flatten() {
            let applies = match environment {
                Some(environment) => requirement.marker.holds(environment, &asked),
                None => requirement.marker.may_hold(&asked),
            };
            if !applies {
                continue;
            }
            for to in places.get(&requirement.name).into_iter().flatten() {
                if *to != from {
                    edges.insert((from, *to));
                }
                let known = extras.entry(*to).or_default();
                let before = known.len();
                known.extend(requirement.extras.iter().cloned());
                if known.len() > before {
                    open.push(*to);
                }
            }
        }
    }
    edges
}

/// Whether its installer says of everything that a person asked for it: uv does, by itself and in pixi.
fn marks_everything(distribution: &InstalledDistribution) -> bool {
    let installer = distribution.installer.as_deref().map(str::trim);
    matches!(installer, Some("uv" | "uv-pixi"))
}

/// Where a distribution was installed from.
fn source(distribution: &InstalledDistribution) -> From {
    if distribution.form == InstalledForm::EggLink {
        let link = distribution.link.as_deref().unwrap_or_default();
        let folder = link.lines().next().unwrap_or_default().trim();
        let place = if folder.is_empty() {
            &distribution.place
        } else {
            folder
        };
        return From::folder(place, true);
    }
    let Some(bytes) = &distribution.direct_url else {
        return From::Index(None);
    };
    // conda builds its packages in folders that are long gone, and what it packs are releases.
    let is_conda = distribution.installer.as_deref().map(str::trim) == Some("conda");
    match direct_url(bytes) {
        Ok(From::Direct(place)) if is_conda && place.starts_with("file:") => From::Index(None),
        Ok(from) => from,
        Err(_) => From::direct("a `direct_url.json` that cannot be read"),
    }
}

fn direct_url(bytes: &[u8]) -> Result<From, Wrong> {
    let text = std::str::from_utf8(bytes).map_err(|error| Wrong::new(error.to_string()))?;
    let root = json::parse(text)?;
    let address = root.need_text("url")?;
    if let Some(vcs) = root.object_at("vcs_info")? {
        let commit = vcs.text_at("commit_id")?;
        return Ok(From::repository(vcs.need_text("vcs")?, address, commit));
    }
    let is_editable = match root.object_at("dir_info")? {
        Some(info) => info.flag_at("editable")?,
        None => false,
    };
    Ok(From::folder(address, is_editable))
}

/// The digest of the archive that was installed (`hashes`, or `hash` of before PEP 610 had that).
fn digest(direct_url: &[u8]) -> Option<Sha256> {
    let text = std::str::from_utf8(direct_url).ok()?;
    let root = json::parse(text).ok()?;
    let info = root.object_at("archive_info").ok()??;
    let listed = info
        .object_at("hashes")
        .ok()
        .flatten()
        .and_then(|hashes| hashes.text_at("sha256").ok().flatten());
    let single = || info.text_at("hash").ok()??.strip_prefix("sha256=");
    Sha256::from_hex(listed.or_else(single)?)
}

/// Name and version as the folder's name has them: `name-version.dist-info`, `name-version-py3.11.egg-info`, `name.egg-link`.
fn folder_name(place: &str) -> (&str, Option<&str>) {
    let last = place
        .rsplit(['/', '\\'])
        .find(|part| !part.is_empty())
        .unwrap_or_default();
    let last = match last {
        // Inside an egg folder the egg has the name.
        "EGG-INFO" => {
            let before = place
                .trim_end_matches(['/', '\\'])
                .strip_suffix(last)
                .unwrap_or_default();
            before
                .rsplit(['/', '\\'])
                .find(|part| !part.is_empty())
                .unwrap_or_default()
        }
        last => last,
    };
    let stem = [".dist-info", ".egg-info", ".egg-link", ".egg"]
        .iter()
        .find_map(|ending| last.strip_suffix(ending))
        .unwrap_or(last);
    match stem.split_once('-') {
        Some((name, rest)) => (name, rest.split('-').next()),
        None => (stem, None),
    }
}

/// The headers that matter.
#[derive(Debug, Default)]
struct Headers {
    name: Option<String>,
    version: Option<String>,
    requirements: Vec<String>,
}

impl Headers {
    /// Of what cannot be read, nothing is stated.
    fn read(bytes: &[u8]) -> Self {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let Ok((headers, _)) = mailparse::parse_headers(bytes) else {
            return Self::default();
        };
        let first = |key: &str| {
            let value = headers.get_first_value(key)?;
            let value = value.trim();
            (!value.is_empty() && value != "UNKNOWN").then(|| value.to_owned())
        };
        let requirements = headers.get_all_values("Requires-Dist");
        Self {
            name: first("Name"),
            version: first("Version"),
            requirements,
        }
    }
}

/// `requires.txt`: requirements, and below `[extra:marker]` those of an extra or of some environments.
fn of_requires(text: &str) -> Vec<String> {
    let mut marker = String::new();
    let mut requirements = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(section) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            let (extra, condition) = section.split_once(':').unwrap_or((section, ""));
            let extra = Some(extra).filter(|extra| !extra.is_empty());
            let extra = extra.map(|extra| format!("extra == '{}'", extra.replace('\'', "")));
            let condition = Some(condition).filter(|condition| !condition.is_empty());
            let condition = condition.map(|condition| format!("({condition})"));
            let parts: Vec<String> = extra.into_iter().chain(condition).collect();
            marker = parts.join(" and ");
            continue;
        }
        requirements.push(if marker.is_empty() {
            line.to_owned()
        } else {
            format!("{line} ; {marker}")
        });
    }
    requirements
}
