//! Requirement files, locks or written by hand: every line that installs something, in the files that are included too.
//!
//! What a constraint file says installs nothing, and is no item; a `-r` in one is followed, as pip does.

use std::collections::BTreeSet;

use lockgate_model::secret::{self, Filled};
use lockgate_model::{
    Files, FilesError, IndexRole, Inventory, InventoryKind, Item, ItemOrigin, Marker, Name,
    NamedIndex, Parent, Source, UnreadPart,
};

use super::condition::Conditions;
use super::item::{From, Stated, by_name};
use crate::error::InputError;
use crate::lock::{Beyond, Include, Lock, read_with_includes, split_marker};
use crate::path::posix;
use crate::pylock::{last_part, release_in};
use crate::redact::{stripped_of_credentials, without_credentials};
use crate::requirements::{
    DEEPEST, MOST_FILES, Role, address, decode::decode, read_locked, reference, with_variables,
};

/// Reads the requirements file in `bytes`, which stands at `file`.
pub(super) fn read(bytes: &[u8], file: &str, files: &dyn Files) -> Result<Inventory, InputError> {
    let mut reading = Reading {
        files,
        inventory: Inventory {
            kind: InventoryKind::Requirements,
            ..Inventory::default()
        },
        via: Vec::new(),
        conditions: Conditions::default(),
        open: Vec::new(),
        done: BTreeSet::new(),
    };
    reading.file(bytes, file, &address::shown(file), Role::Requirements)?;
    Ok(reading.linked())
}

struct Reading<'f> {
    files: &'f dyn Files,
    inventory: Inventory,
    /// Who asks for each item, as written.
    via: Vec<Vec<String>>,
    conditions: Conditions,
    /// The files that are being read, outermost first.
    open: Vec<String>,
    /// The files that were read, each in its role: a file that is included twice asks for nothing more.
    done: BTreeSet<(String, bool)>,
}

impl Reading<'_> {
    /// Reads a file, which messages call `shown`.
    fn file(&mut self, bytes: &[u8], at: &str, shown: &str, role: Role) -> Result<(), InputError> {
        let decoded = decode(bytes, self.files).map_err(|why| {
            InputError::new(shown, why).remedy(
                "save it as UTF-8, or declare its encoding in the first line: `# -*- coding: latin-1 -*-`",
            )
        })?;
        if let Some(warning) = decoded.warning {
            self.inventory.remarks.push(format!("{shown}: {warning}"));
        }
        let (lock, beyond) =
            read_with_includes(&decoded.text, shown).map_err(|input| match input.remedy {
                Some(_) => input,
                None => input.remedy("write the line as pip reads it, such as `name==1.0`"),
            })?;
        self.open.push(address::key(at));
        if role == Role::Requirements {
            self.items(&lock, &beyond, shown);
        }
        self.options(&lock);
        self.omitted(&lock, shown);
        for include in &beyond.includes {
            self.include(include, (at, shown))?;
        }
        self.open.pop();
        if self.open.is_empty() {
            self.inventory.evidence = lock.audit;
        }
        Ok(())
    }

    fn include(
        &mut self,
        include: &Include,
        (from, shown): (&str, &str),
    ) -> Result<(), InputError> {
        let Include { role, value, line } = include;
        let error = |message: String| InputError::new(shown, message).at(*line);
        let said = without_credentials(&format!("{} {value}", role.option()));
        let (filled, variables) = with_variables(value, self.files);
        secret::remember(&Filled {
            written: value,
            filled: &filled,
            variables: &variables,
            origin: &format!("{shown}:{line}"),
        });
        let unfilled = |text: &str| secret::unfilled(text, &variables);
        let at = address::beside(from, &filled)
            .map_err(|why| error(format!("`{said}`: {}", unfilled(&why))))?;
        let shown_at = if address::is_address(&at) {
            address::shown(&at)
        } else {
            posix(&address::beside_as_written(shown, value, &filled))
        };
        let key = address::key(&at);
        if self.open.contains(&key) {
            return Err(
                error(format!("`{said}`: the includes go round in a circle"))
                    .remedy("remove one of them"),
            );
        }
        if !self.done.insert((key, *role == Role::Constraints)) {
            return Ok(());
        }
        if self.open.len() >= DEEPEST || self.done.len() > MOST_FILES {
            return Err(error(format!(
                "more than {MOST_FILES} files are included, or more than {DEEPEST} deep"
            ))
            .remedy("include each file once"));
        }
        let bytes = match address::read_included(self.files, &at, from) {
            Ok(bytes) => bytes,
            // The rest of the file is known all the same.
            Err(FilesError::Refused { why, help }) => {
                self.inventory.unread.push(UnreadPart {
                    what: said,
                    why: unfilled(&format!("{why}; {help}")),
                    file: Some(shown.to_owned()),
                    line: Some(*line),
                });
                return Ok(());
            }
            Err(why) => {
                let why = unfilled(&why.to_string());
                return Err(error(format!("`{said}`: `{shown_at}`: {why}"))
                    .remedy("an include is looked for beside the file that includes it"));
            }
        };
        self.file(&bytes, &at, &shown_at, *role)
    }

    /// What the lines of one file install, in the order of the lines.
    fn items(&mut self, lock: &Lock, beyond: &Beyond, shown: &str) {
        let mut items = Vec::new();
        let markers = beyond.markers.iter().map(String::as_str);
        for (pin, marker) in lock.pins.iter().zip(markers) {
            let mut item = Item::pinned(pin.name.clone(), pin.version.clone());
            item.line = Some(pin.line);
            item.has_hashes = !pin.hashes.is_empty();
            item.marker = self.marker(marker);
            items.push((item, pin.via.clone()));
        }
        for direct in &lock.direct {
            let mut item = self.direct(&direct.text, direct.line);
            // A `# direct:` comment is there for people: whoever writes it must not say what the line is judged as.
            item.has_hashes = !direct.hashes.is_empty();
            items.push((item, direct.via.clone()));
        }
        for unpinned in &lock.unpinned {
            let mut item = stated(&unpinned.text, None, unpinned.line, From::Index(None));
            item.text = without_credentials(&unpinned.text);
            let (wanted, marker) = split_marker(&unpinned.text);
            item.name = read_locked(wanted).ok().map(|requirement| requirement.name);
            item.marker = self.marker(marker);
            items.push((item, Vec::new()));
        }
        for bad in &beyond.bad_versions {
            let version = Some(bad.version.as_str());
            let mut item = stated(bad.name.as_str(), version, bad.line, From::Index(None));
            item.text = format!("{}==={}", bad.name, bad.version);
            item.origin = ItemOrigin::BadVersion(bad.version.clone());
            item.marker = self.marker(&bad.marker);
            items.push((item, Vec::new()));
        }
        items.sort_by_key(|(item, _)| item.line);
        let is_included = self.open.len() > 1;
        for (mut item, via) in items {
            item.file = is_included.then(|| shown.to_owned());
            self.inventory.items.push(item);
            self.via.push(via);
        }
    }

    fn marker(&mut self, text: &str) -> Marker {
        let text = Some(text.trim()).filter(|text| !text.is_empty());
        self.conditions.environment_of(text)
    }

    /// A line that installs from an address, a path or a repository: `-e …`, `name @ …`, or the reference alone.
    fn direct(&mut self, text: &str, line: usize) -> Item {
        let (bare, is_editable) = match text.strip_prefix("-e ") {
            Some(rest) => (rest.trim(), true),
            None => (text, false),
        };
        let (wanted, marker) = split_marker(bare);
        let named = read_locked(wanted).map(|named| (named.name, named.source));
        let (name, place) = if let Ok((name, Source::Url(place))) = named {
            (Some(name), place)
        } else {
            (name_of(wanted), wanted.to_owned())
        };
        let is_link = is_editable && !reference::is_vcs(&place) && !is_remote(&place);
        let mut item = stated(
            name.as_ref().map_or("", Name::as_str),
            None,
            line,
            From::folder(&place, is_link),
        );
        item.text = without_credentials(text);
        item.marker = self.marker(marker);
        item
    }

    fn options(&mut self, lock: &Lock) {
        for option in &lock.options {
            let role = match option.name {
                "--index-url" | "--pypi-url" => IndexRole::Main,
                "--extra-index-url" => IndexRole::Extra,
                "--find-links" => IndexRole::FindLinks,
                "--no-index" => IndexRole::NoIndex,
                _ => continue,
            };
            self.inventory.indexes.push(NamedIndex {
                role,
                value: stripped_of_credentials(&option.value),
                line: Some(option.line),
            });
        }
    }

    /// What a lock names in comments as needed and not pinned: it is installed, and no line says in which version.
    fn omitted(&mut self, lock: &Lock, shown: &str) {
        let pinned: BTreeSet<&Name> = lock.pins.iter().map(|pin| &pin.name).collect();
        let names = lock.omitted.iter().map(|omitted| &omitted.name);
        let names: Vec<&str> = names
            .filter(|name| !pinned.contains(name))
            .map(Name::as_str)
            .collect();
        if !names.is_empty() {
            self.inventory.remarks.push(format!(
                "{shown}: it needs and does not pin {}, which were not looked at",
                names.join(", ")
            ));
        }
    }

    /// `# via` lines as parents, which reports show. Which group asks for a package is not taken from them: a comment must not choose the
    /// policy that its package is judged by.
    fn linked(self) -> Inventory {
        let mut inventory = self.inventory;
        let places = by_name(&inventory.items);
        for (index, via) in self.via.into_iter().enumerate() {
            for text in via {
                // What restricts a version does not ask for it.
                if text.starts_with("-c ") || text.starts_with("--override ") {
                    continue;
                }
                inventory.knows_parents = true;
                let bare = text.split('[').next().unwrap_or_default();
                let found = Name::new(bare.trim())
                    .ok()
                    .and_then(|name| places.get(&name));
                let parents = match found {
                    Some(found) => found.iter().copied().map(Parent::Item).collect(),
                    None => vec![Parent::Root(without_credentials(&text))],
                };
                for parent in parents {
                    if let Some(item) = inventory.items.get_mut(index) {
                        item.parents.insert(parent);
                    }
                }
            }
        }
        inventory
    }
}

fn stated(name: &str, version: Option<&str>, line: usize, from: From) -> Item {
    let stated = Stated {
        name,
        version,
        line,
        from,
    };
    stated.item()
}

/// The project that a bare reference names, by its fragment or its wheel.
fn name_of(place: &str) -> Option<Name> {
    let is_address = reference::is_address(place);
    let (bare, _) = reference::split_extras(place).ok()?;
    let egg = reference::egg(place).ok().flatten();
    egg.map(|(name, _)| name)
        .or_else(|| reference::wheel(bare, is_address).ok().flatten())
        .or_else(|| release_in(&last_part(bare)).map(|(name, _)| name))
}

fn is_remote(place: &str) -> bool {
    reference::is_address(place) && !place.to_ascii_lowercase().starts_with("file:")
}
