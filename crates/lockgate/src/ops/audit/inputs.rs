//! What is to be audited: files, folders that hold some, environments; found, and read.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use lockgate_formats::SourceKind;
use lockgate_formats::inventory::{
    NO_PYPI_PACKAGE, ecosystem_of, is_lock_name, kind_of, read_inventory, reads_as_requirements,
    unread_document, unread_kind,
};
use lockgate_index::files::{self, Limit};
use lockgate_model::text::escaped_name;
use lockgate_model::{Gap, GapCode, Inventory, InventoryKind};

use super::{AuditRequest, InputPolicies, hashes, installed, resolved};
use crate::cli::{AuditArguments, InputFormat};
use crate::disk;
use crate::environments::{self, InstalledEnvironment};
use crate::failure::Failure;
use crate::inputs::Inputs;
use crate::request::Settings;
use crate::world::World;

/// Folders that hold what tools put there, and no lock of the user's own.
const SKIPPED: [&str; 4] = [
    "node_modules",
    "__pycache__",
    "site-packages",
    "dist-packages",
];

/// Whether a folder of this name is skipped in a search: hidden ones too.
pub(super) fn is_skipped(name: &str) -> bool {
    name.starts_with('.') || SKIPPED.contains(&name)
}

/// One thing to audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Input {
    /// A file that the user named; `-` is standard input.
    File(String),
    /// A file that was found in a folder.
    Found(String),
    /// What was found in a folder and not looked at: a folder that cannot be read or that a link leads to out of the repository, a lock
    /// whose name is not UTF-8.
    Unsearched {
        /// The folder, the link to it, or the file.
        path: String,
        /// Why it was not looked at.
        why: String,
    },
    /// An environment.
    Environment(InstalledEnvironment),
}

impl Input {
    /// How it is named to people.
    pub(super) fn place(&self) -> &str {
        match self {
            Self::File(path) | Self::Found(path) | Self::Unsearched { path, .. } => path,
            Self::Environment(environment) => &environment.place,
        }
    }

    /// The file, if it is one.
    pub(super) fn file(&self) -> Option<&str> {
        match self {
            Self::File(path) | Self::Found(path) => Some(path),
            Self::Unsearched { .. } | Self::Environment(_) => None,
        }
    }
}

/// Everything that the arguments name, folders looked through.
pub(super) fn find(arguments: &AuditArguments) -> Result<Vec<Input>, Failure> {
    let mut inputs = Vec::new();
    for named in &arguments.files {
        if named != "-" && Path::new(named).is_dir() {
            let is_wanted: fn(&str) -> bool = if arguments.pip_audit.locked {
                |name| kind_of(name, "") == Some(InventoryKind::Pylock)
            } else {
                is_lock_name
            };
            let mut walk = Walk {
                recursive: arguments.recursive,
                only_pylock: arguments.pip_audit.locked,
                is_wanted,
                seen: BTreeSet::new(),
                searched: 0,
                files: Vec::new(),
                behind_links: Vec::new(),
                waiting: VecDeque::new(),
                unsearched: Vec::new(),
            };
            walk.all(Path::new(named));
            walk.leave_out(&arguments.files);
            walk.files.sort();
            walk.behind_links.sort();
            walk.files.append(&mut walk.behind_links);
            if walk.files.is_empty() && walk.unsearched.is_empty() {
                return Err(nothing_in(named, arguments.recursive));
            }
            inputs.extend(walk.files.into_iter().map(Input::Found));
            inputs.extend(walk.unsearched);
        } else {
            inputs.push(Input::File(named.clone()));
        }
    }
    for named in &arguments.environment {
        inputs.push(Input::Environment(environments::find(
            named,
            arguments.local,
        )?));
    }
    for named in &arguments.path {
        inputs.push(Input::Environment(environments::folder(named)?));
    }
    if arguments.local && arguments.environment.is_empty() {
        let text = |value: std::ffi::OsString| value.into_string().ok();
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((text(name)?, text(value)?)))
            .collect();
        let python =
            lockgate_index::interpreter::find(arguments.target.python.as_deref(), &variables)
                .map_err(|error| {
                    Failure::of(&error).remedy("name the environment with `--environment`")
                })?;
        inputs.push(Input::Environment(environments::find(
            &python.to_string_lossy(),
            true,
        )?));
    }
    if inputs.is_empty() {
        let there = disk::first_there(&["requirements.txt", "pylock.toml"])?;
        let there = there.ok_or_else(|| {
            Failure::new("there is neither a `requirements.txt` nor a `pylock.toml` in this folder")
                .remedy(
                    "name what to audit: locks, a folder, or an environment with `--environment`",
                )
        })?;
        inputs.push(Input::File(there));
    }
    // What is named twice, or named and found, by one path. Several paths to one file may have several policies.
    let mut seen = BTreeSet::new();
    inputs.retain(|input| {
        let path = input.file().filter(|file| *file != "-");
        let path = path.and_then(|file| std::path::absolute(file).ok());
        path.is_none_or(|path| seen.insert(path))
    });
    Ok(inputs)
}

fn nothing_in(folder: &str, recursive: bool) -> Failure {
    let failure = Failure::new(format!("there is no lock in `{folder}`"));
    let is_project = Path::new(folder).join("pyproject.toml").is_file();
    match (is_project, recursive) {
        (true, _) => failure.remedy(format!(
            "lock it first, or audit what it comes to: `lockgate audit --resolve {}`",
            Path::new(folder).join("pyproject.toml").display()
        )),
        (false, false) => failure.remedy("look in the folders below it too with `--recursive`"),
        (false, true) => failure.remedy("name the files by themselves"),
    }
}

/// Whether a folder is called `requirements`: people keep requirements files of all names in it.
fn is_requirements(name: &str) -> bool {
    name.eq_ignore_ascii_case("requirements")
}

/// Whether a file or folder lies in a folder `requirements`, or below one, on the way from the current folder.
pub(super) fn is_below_requirements(path: &Path) -> bool {
    let mut above = path.ancestors().skip(1);
    above.any(|folder| {
        let name = folder.file_name().unwrap_or_default();
        is_requirements(&name.to_string_lossy())
    })
}

/// Whether a text in a folder `requirements`, or below one, is a requirements file by what it holds.
pub(super) fn reads_as_lock(path: &Path) -> bool {
    let is_text = path
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("txt"));
    is_text
        && files::read_regular(path, Limit::SOURCE)
            .is_ok_and(|bytes| reads_as_requirements(&String::from_utf8_lossy(&bytes)))
}

/// Folders are searched this deep.
const MAX_DEPTH: usize = 128;
/// At most this many folders are searched.
const MAX_FOLDERS: usize = 1_000_000;

/// A search through a folder. Folders that links lead to come after all that are found without one.
struct Walk {
    recursive: bool,
    only_pylock: bool,
    is_wanted: fn(&str) -> bool,
    /// The folders that were searched, links resolved: a link may lead back up.
    seen: BTreeSet<PathBuf>,
    /// How many searches of a folder there were.
    searched: usize,
    files: Vec<String>,
    /// The same behind links to folders.
    behind_links: Vec<String>,
    /// Links to folders that are still to be searched.
    waiting: VecDeque<(PathBuf, usize, Behind)>,
    /// Folders that were not looked through.
    unsearched: Vec<Input>,
}

/// How a folder was come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behind {
    /// Without a link.
    Nothing,
    /// Through one link. Other policies may hold for the same files there, so it is searched again.
    OneLink,
    /// Through several; it is searched only where nothing else has led to it.
    SeveralLinks,
}

impl Walk {
    fn all(&mut self, folder: &Path) {
        self.folder(folder, 0, Behind::Nothing);
        while let Some((link, depth, behind)) = self.waiting.pop_front() {
            self.folder(&link, depth, behind);
        }
    }

    /// Looks through a folder; hidden ones and environments hold no locks of the user's own. One that cannot be looked through, or not
    /// wholly, is kept as such: what lies in it is not known.
    fn folder(&mut self, folder: &Path, depth: usize, behind: Behind) {
        let real = match fs::canonicalize(folder) {
            Ok(real) => real,
            Err(error) => return self.unsearched(folder, error.to_string()),
        };
        if depth > MAX_DEPTH {
            let why = format!("folders are nested more than {MAX_DEPTH} deep");
            return self.unsearched(folder, why);
        }
        if behind == Behind::SeveralLinks && self.seen.contains(&real) {
            return;
        }
        if self.searched == MAX_FOLDERS {
            let why = format!("there are more than {MAX_FOLDERS} folders");
            return self.unsearched(folder, why);
        }
        self.searched += 1;
        self.seen.insert(real);
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => return self.unsearched(folder, error.to_string()),
        };
        let mut listed = Vec::new();
        for entry in entries {
            match entry {
                Ok(entry) => listed.push(entry),
                // Whatever else is in it cannot be listed either.
                Err(error) => {
                    self.unsearched(folder, error.to_string());
                    break;
                }
            }
        }
        // The order in which the system lists them decides nothing.
        listed.sort_by_key(fs::DirEntry::file_name);
        for entry in &listed {
            self.entry(entry, depth, behind);
        }
    }

    fn entry(&mut self, entry: &fs::DirEntry, depth: usize, behind: Behind) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        let metadata = fs::metadata(&path);
        // What cannot be looked at may still be known to be a folder.
        let is_folder = metadata.as_ref().map_or_else(
            |_| entry.file_type().is_ok_and(|kind| kind.is_dir()),
            fs::Metadata::is_dir,
        );
        let in_requirements = is_below_requirements(&path);
        let is_wanted = || {
            (self.is_wanted)(&path.to_string_lossy())
                || !self.only_pylock && in_requirements && reads_as_lock(&path)
        };
        if !is_folder && is_wanted() {
            if path.to_str().is_none() {
                let path = escaped_name(path.strip_prefix(".").unwrap_or(&path).as_os_str());
                let why = "its name is not valid UTF-8; rename it to audit it".to_owned();
                self.unsearched.push(Input::Unsearched { path, why });
                return;
            }
            // One that cannot be read is a gap once it is.
            match behind {
                Behind::Nothing => self.files.push(shown(&path)),
                Behind::OneLink | Behind::SeveralLinks => self.behind_links.push(shown(&path)),
            }
            return;
        }
        // Nothing that lies in a folder decides whether it is searched: its name does.
        if is_skipped(&name) || !(self.recursive || in_requirements || is_requirements(&name)) {
            return;
        }
        if let Err(error) = metadata
            && !is_folder
        {
            // A link may lead to a folder; one that leads nowhere holds nothing.
            if !environments::is_absent(&error) {
                self.unsearched(&path, error.to_string());
            }
            return;
        }
        if !is_folder {
            return;
        }
        match files::stay_inside_from(&path, &path) {
            Ok(()) if path.is_symlink() => {
                let behind = match behind {
                    Behind::Nothing => Behind::OneLink,
                    Behind::OneLink | Behind::SeveralLinks => Behind::SeveralLinks,
                };
                self.waiting.push_back((path, depth + 1, behind));
            }
            Ok(()) => self.folder(&path, depth + 1, behind),
            Err(error) => self.unsearched(&path, error.to_string()),
        }
    }

    fn unsearched(&mut self, folder: &Path, why: String) {
        self.unsearched.push(Input::Unsearched {
            path: shown(folder),
            why,
        });
    }

    /// Forgets the links to folders that the caller names as well.
    fn leave_out(&mut self, named: &[String]) {
        let real = |path: &str| fs::canonicalize(path).ok();
        let named: BTreeSet<PathBuf> = named.iter().filter_map(|path| real(path)).collect();
        // A folder that was named and cannot be read is no link to another one.
        self.unsearched.retain(|folder| match folder {
            Input::Unsearched { path, .. } => {
                !Path::new(path).is_symlink()
                    || real(path).is_none_or(|path| !named.contains(&path))
            }
            _ => true,
        });
    }
}

fn shown(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}

/// What was read of an input.
#[derive(Debug)]
pub(super) struct ReadInput {
    pub(super) inventory: Inventory,
    /// The number of its settings.
    pub(super) settings: usize,
}

/// Everything read, and a gap for what could not be. A file that was named by itself ends the run when it cannot be read; one that was
/// found among others leaves a gap. Files that are to be solved are solved together as far as they have the same policies.
pub(super) fn read(
    request: &AuditRequest,
    policies: &InputPolicies,
    world: &World,
) -> Result<(Vec<ReadInput>, Vec<Gap>), Failure> {
    let mut read = Vec::new();
    let mut unread = Vec::new();
    let mut unpinned: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    let must_be_hashed = request.arguments.pip_audit.require_hashes;
    for (number, input) in request.inputs.iter().enumerate() {
        if policies.is_again(number) {
            continue;
        }
        let settings = match policies.of(number) {
            Ok(settings) => settings,
            Err(failure) => {
                let why = format!("its policy cannot be used: {}", failure.message);
                unread.push(unreadable(input.place(), why));
                continue;
            }
        };
        // What one input leads to may be asked by its own policies.
        world.reach.set(request.reach(policies.settings(settings))?);
        let inventory = match input {
            Input::File(path) if must_be_hashed => {
                let inventory = read_one(path, request, world)?;
                hashes::must_be_there(&inventory)?;
                inventory
            }
            Input::Found(path) if must_be_hashed => {
                let inventory = read_found(path, request, world)?;
                hashes::must_be_there(&inventory)?;
                inventory
            }
            Input::Environment(environment) if must_be_hashed => {
                return Err(hashes::not_known_of(&environment.place));
            }
            Input::File(path) => {
                if request.arguments.resolve && resolved::must_be_solved(path, request, world)? {
                    unpinned.entry(settings).or_default().push(path.clone());
                    continue;
                }
                read_one(path, request, world)?
            }
            Input::Unsearched { path, why } => {
                unread.push(unreadable(path, why.clone()));
                continue;
            }
            Input::Found(path) => match read_found(path, request, world) {
                Ok(inventory) => inventory,
                Err(failure) if failure.message.ends_with(NO_PYPI_PACKAGE) => {
                    without_packages(path)
                }
                Err(failure) => {
                    unread.push(unreadable(path, failure.message));
                    continue;
                }
            },
            Input::Environment(environment) => installed::read(environment),
        };
        read.push(ReadInput {
            inventory,
            settings,
        });
    }
    for (number, files) in unpinned {
        if let Some(settings) = policies.settings(number) {
            world.reach.set(request.reach(Some(settings))?);
            let (inventories, gaps) = solved(&files, request, settings, world)?;
            unread.extend(gaps);
            read.extend(inventories.into_iter().map(|inventory| ReadInput {
                inventory,
                settings: number,
            }));
        }
    }
    Ok((read, unread))
}

/// What files come to that are to be solved. Where they lead to a host that they may not lead to, that is a gap, and they are read as they
/// stand.
fn solved(
    files: &[String],
    request: &AuditRequest,
    settings: &Settings,
    world: &World,
) -> Result<(Vec<Inventory>, Vec<Gap>), Failure> {
    let _of_others = world.reach.take_refused();
    let failure = match resolved::inventory(files, request, settings, world) {
        Ok(inventory) => return Ok((vec![inventory], Vec::new())),
        Err(failure) => failure,
    };
    if world.reach.take_refused().is_empty() {
        return Err(failure);
    }
    let why = match failure.remedy {
        Some(remedy) => format!("it cannot be solved: {}; {remedy}", failure.message),
        None => format!("it cannot be solved: {}", failure.message),
    };
    let gap = unreadable(&files.join(", "), why);
    // A project or a script pins nothing that could be read.
    let as_they_stand = files
        .iter()
        .filter(|file| SourceKind::of(file) == SourceKind::Requirements)
        .filter_map(|file| read_one(file, request, world).ok())
        .collect();
    Ok((as_they_stand, vec![gap]))
}

/// A bill of materials, or a lock of conda packages, in a folder that is about other ecosystems: a remark, since nobody named it.
fn without_packages(path: &str) -> Inventory {
    Inventory {
        place: path.to_owned(),
        kind: kind_of(path, "").unwrap_or(InventoryKind::CycloneDx),
        remarks: vec![format!("{path}: {NO_PYPI_PACKAGE}")],
        ..Inventory::default()
    }
}

/// Reads one file that was found in a folder: a link in a checkout is not followed out of it.
fn read_found(file: &str, request: &AuditRequest, world: &World) -> Result<Inventory, Failure> {
    read_bytes(file, &disk::found(file)?, request, world)
}

fn unreadable(place: &str, why: String) -> Gap {
    Gap {
        code: GapCode::Unreadable,
        what: place.to_owned(),
        why,
        name: None,
        source: Some(place.to_owned()),
        line: None,
        accepted: None,
    }
}

/// Reads one file that the caller named.
pub(super) fn read_one(
    file: &str,
    request: &AuditRequest,
    world: &World,
) -> Result<Inventory, Failure> {
    let bytes = disk::bytes(&world.files, file)?;
    read_bytes(file, &bytes, request, world)
}

fn read_bytes(
    file: &str,
    bytes: &[u8],
    request: &AuditRequest,
    world: &World,
) -> Result<Inventory, Failure> {
    if bytes.trim_ascii().is_empty() {
        return Err(Failure::new(format!(
            "`{file}` is empty: there is nothing to audit"
        )));
    }
    let name = Path::new(file)
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let kind = match request.arguments.input_format {
        // Standard input has no name, and a name may not tell; one that does tell is believed.
        Some(format) if file == "-" || kind_of(&name, "").is_none() => Some(kind_named(format)),
        _ => kind_of(&name, &String::from_utf8_lossy(bytes)),
    };
    let kind = kind.ok_or_else(|| {
        if let Some(tool) = ecosystem_of(file) {
            return Failure::new(format!("`{file}` is a lock of {tool}, not of Python packages"))
                .remedy("name a lock, a requirements file or a bill of materials of Python packages");
        }
        if let Some(kind) = unread_document(&String::from_utf8_lossy(bytes)) {
            return Failure::new(format!("`{file}` is a {kind}, which is not read"))
                .remedy("have the tool that it is from write it as JSON");
        }
        if let Some(kind) = unread_kind(file) {
            return Failure::new(format!("`{file}`: a {kind} is not read by this version"))
                .remedy("audit the environment that it makes with `--environment`");
        }
        let failure = Failure::new(format!("`{file}` is not recognisably a lock or a requirements file"));
        // A project says what is wanted, and pins nothing.
        match SourceKind::of(file) {
            SourceKind::Requirements => failure.remedy("say it with `--input-format`"),
            _ => failure.remedy(format!(
                "name its lock; or audit what it comes to with `--resolve {file}`, or say what it is with `--input-format`"
            )),
        }
    })?;
    let files = Inputs(world);
    read_inventory(kind, bytes, file, &files).map_err(|error| Failure::of_input(&error))
}

fn kind_named(format: InputFormat) -> InventoryKind {
    match format {
        InputFormat::Requirements => InventoryKind::Requirements,
        InputFormat::Pylock => InventoryKind::Pylock,
        InputFormat::Uv => InventoryKind::Uv,
        InputFormat::Poetry => InventoryKind::Poetry,
        InputFormat::Pdm => InventoryKind::Pdm,
        InputFormat::Pipfile => InventoryKind::Pipfile,
        InputFormat::Pixi => InventoryKind::Pixi,
        InputFormat::CondaLock => InventoryKind::CondaLock,
        InputFormat::Cyclonedx => InventoryKind::CycloneDx,
        InputFormat::Spdx => InventoryKind::Spdx,
    }
}
