//! Python interpreters: found, and asked once what they are and which index their pip has.
//!
//! Answers are kept in the cache for as long as the interpreter's file, the one that it started, and the system are the same, so that no
//! interpreter is started twice for one answer.

mod pyenv;

use pyenv::Behind;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use lockgate_model::{
    Arch, Implementation, Machine, Os, Platform, PlatformError, PythonVersion, Target,
};
use serde::{Deserialize, Serialize};

use crate::Index;
use crate::cache::{Bucket, EntryKind};
use crate::files::repository_top;
use crate::http::keep_for_good;
use crate::programs::{self, Environment, Program, RunError};

/// What an interpreter is asked: standard library only, isolated from the user's environment.
const QUESTION: &str = include_str!("interpreter/question.py");
/// Longer than this no interpreter thinks about itself.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why an interpreter is not known.
#[derive(Debug, thiserror::Error)]
pub enum InterpreterError {
    /// None was found.
    #[error("no Python interpreter was found{0}")]
    NotFound(String),
    /// The only ones are of an environment that is audited.
    #[error("the interpreter `{}` is of an environment that is audited, and is not started", .path.display())]
    Avoided {
        /// The first of them.
        path: PathBuf,
    },
    /// pyenv is told to start a version by a name that leads out of its folder of versions.
    #[error(
        "the Python version `{0}`, which pyenv is told to start, is not a name in its folder of versions"
    )]
    VersionPath(String),
    /// It could not be run, or did not answer.
    #[error("the interpreter `{}` cannot be asked: {why}", .path.display())]
    Silent {
        /// The interpreter.
        path: PathBuf,
        /// What went wrong.
        why: String,
    },
    /// It runs on something that wheels have no tags for here.
    #[error("the interpreter `{}` runs on `{platform}`, which is not supported", .path.display())]
    Platform {
        /// The interpreter.
        path: PathBuf,
        /// What it says of its platform.
        platform: String,
    },
    /// It says that it has a version that is none.
    #[error(transparent)]
    Version(#[from] PlatformError),
}

/// What an interpreter says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interpreter {
    path: PathBuf,
    answer: Answer,
}

/// An answer as it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    interpreter: Interpreter,
    /// The program that the interpreter is, as it was: what was asked may only have started it.
    program: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Answer {
    version: String,
    implementation_name: String,
    implementation_version: String,
    display_name: String,
    tag: String,
    abis: Vec<String>,
    stable_abi: bool,
    sys_platform: String,
    machine: String,
    release: String,
    platform_version: String,
    /// `glibc`, `musl` and version on Linux, the deployment target on macOS; empty elsewhere.
    libc: String,
    libc_version: Vec<u16>,
    prefix: String,
    /// Itself, as it was started; empty where it does not know.
    executable: String,
    /// The index that its pip has built in, if it has a pip.
    index: Option<String>,
}

impl Interpreter {
    /// Its version.
    pub fn python_version(&self) -> Result<PythonVersion, InterpreterError> {
        Ok(self.answer.version.parse()?)
    }

    /// The environment that it is.
    pub fn target(&self) -> Result<Target, InterpreterError> {
        self.target_for(&self.python_version()?)
    }

    /// The environment that another version of it would be here.
    pub fn target_for(&self, python: &PythonVersion) -> Result<Target, InterpreterError> {
        let own = self.python_version()?;
        let implementation = if own.numbers() == python.numbers() || self.answer.tag != "cp" {
            Implementation {
                name: self.answer.implementation_name.clone(),
                display_name: self.answer.display_name.clone(),
                version: (own == *python).then(|| self.answer.implementation_version.clone()),
                tag: self.answer.tag.clone(),
                abis: self.answer.abis.clone(),
                has_stable_abi: self.answer.stable_abi,
            }
        } else {
            Implementation::cpython(python)
        };
        let machine = Machine {
            release: self.answer.release.clone(),
            version: self.answer.platform_version.clone(),
        };
        Ok(Target::of(
            python,
            &self.platform()?,
            &implementation,
            &machine,
        ))
    }

    /// Where it is installed: its pip may have a configuration there.
    pub fn prefix(&self) -> &Path {
        Path::new(&self.answer.prefix)
    }

    /// The program that it is. What was asked may only have started it: a shim chooses by folder and variables, and may choose another
    /// one next time.
    pub fn executable(&self) -> &Path {
        match self.answer.executable.as_str() {
            "" => &self.path,
            own => Path::new(own),
        }
    }

    /// The index that its pip has built in, if it has a pip.
    pub fn default_index(&self) -> Option<&str> {
        self.answer.index.as_deref()
    }

    fn platform(&self) -> Result<Platform, InterpreterError> {
        let answer = &self.answer;
        let unknown = || InterpreterError::Platform {
            path: self.path.clone(),
            platform: format!("{} {}", answer.sys_platform, answer.machine),
        };
        let arch = Arch::from_name(&answer.machine).ok_or_else(unknown)?;
        let (major, minor) = match answer.libc_version.as_slice() {
            [major, minor, ..] => (*major, *minor),
            _ => (0, 0),
        };
        let os = match (answer.sys_platform.as_str(), answer.libc.as_str()) {
            ("linux", "glibc") => Os::Manylinux(major, minor),
            ("linux", "musl") => Os::Musllinux(major, minor),
            ("darwin", _) => Os::Macos(major, if major >= 11 { 0 } else { minor }),
            ("win32", _) => Os::Windows,
            _ => return Err(unknown()),
        };
        Ok(Platform { os, arch })
    }
}

/// Returns the platform that this program runs on, as far as markers tell platforms apart; the versions of system libraries are guessed.
pub fn own_platform() -> Option<Platform> {
    let os = match std::env::consts::OS {
        "linux" if cfg!(target_env = "musl") => Os::Musllinux(1, 2),
        "linux" => Os::Manylinux(2, 28),
        "macos" => Os::Macos(14, 0),
        "windows" => Os::Windows,
        _ => return None,
    };
    let arch = Arch::from_name(std::env::consts::ARCH)?;
    Some(Platform { os, arch })
}

/// Finds an interpreter: a path, a name, a version, or the one that is active. Of a shim of pyenv's it is the interpreter behind it.
pub fn find(
    request: Option<&str>,
    variables: &BTreeMap<String, String>,
) -> Result<PathBuf, InterpreterError> {
    let folder = std::env::current_dir().unwrap_or_default();
    find_outside(request, variables, &[], &folder)
}

/// Returns the folder from which upwards a `.python-version` may choose for a run that judges what lies in the current folder: the one above
/// the repository. Without a repository no file does.
pub fn choice_above_repository() -> PathBuf {
    let current = std::env::current_dir().and_then(fs::canonicalize);
    let current = current.unwrap_or_default();
    let above = repository_top(&current).and_then(Path::parent);
    above.map_or_else(|| PathBuf::from("/"), Path::to_owned)
}

/// Finds an interpreter as [`find`] does, and takes none that lies in one of the folders `avoided` or is a link into one. Files from `choice`
/// upwards tell pyenv's shims which version to take.
pub fn find_outside(
    request: Option<&str>,
    variables: &BTreeMap<String, String>,
    avoided: &[PathBuf],
    choice: &Path,
) -> Result<PathBuf, InterpreterError> {
    let mut first_avoided = None;
    for named in candidates(request, variables) {
        let found = match pyenv::behind(&named, variables, choice) {
            Behind::Unknown => named.clone(),
            Behind::Program(program) => program,
            Behind::Outside(version) => return Err(InterpreterError::VersionPath(version)),
        };
        if ![&named, &found].iter().any(|path| lies_in(path, avoided)) {
            return Ok(found);
        }
        first_avoided = first_avoided.or(Some(found));
    }
    if let Some(path) = first_avoided {
        return Err(InterpreterError::Avoided { path });
    }
    Err(InterpreterError::NotFound(match request {
        Some(given) if is_path(given) => format!(" at `{given}`"),
        Some(version) if is_version(version) => {
            format!(": there is no `python{version}` on the path")
        }
        Some(name) => format!(": there is no `{name}` on the path"),
        None => " on the path".to_owned(),
    }))
}

fn is_path(request: &str) -> bool {
    request.contains(['/', '\\'])
}

fn is_version(request: &str) -> bool {
    request.starts_with(|c: char| c.is_ascii_digit())
}

/// Returns what `request` may mean, the best first. Each is looked for when it is asked for.
fn candidates<'v>(
    request: Option<&'v str>,
    variables: &'v BTreeMap<String, String>,
) -> Box<dyn Iterator<Item = PathBuf> + 'v> {
    let path = variables.get("PATH").map(String::as_str);
    let on_path =
        move |name: String| programs::find_all(name, OsStr::new(path.unwrap_or_default()));
    match request {
        Some(given) if is_path(given) => {
            let given = PathBuf::from(given);
            Box::new(Some(given).filter(|given| given.is_file()).into_iter())
        }
        Some(version) if is_version(version) => Box::new(on_path(format!("python{version}"))),
        Some(name) => Box::new(on_path(name.to_owned())),
        None => {
            let names = ["python3", "python"].into_iter();
            let named = names.flat_map(move |name| on_path(name.to_owned()));
            Box::new(active(variables).into_iter().chain(named))
        }
    }
}

/// Returns whether a program lies in one of `folders`, as it is named or behind its links.
fn lies_in(path: &Path, folders: &[PathBuf]) -> bool {
    let places = [std::path::absolute(path).ok(), fs::canonicalize(path).ok()];
    let mut places = places.into_iter().flatten();
    places.any(|place| folders.iter().any(|folder| place.starts_with(folder)))
}

/// The interpreter of the virtual environment that is active. What activates one sets an absolute path; a relative one is whatever lies in
/// the current folder.
fn active(variables: &BTreeMap<String, String>) -> Option<PathBuf> {
    let folder = Path::new(
        variables
            .get("VIRTUAL_ENV")
            .filter(|folder| Path::new(folder).is_absolute())?,
    );
    [folder.join("bin/python"), folder.join("Scripts/python.exe")]
        .into_iter()
        .find(|path| path.is_file())
}

impl Index {
    /// What the interpreter at `path` says of itself; asked once, then kept. Asked bare, nothing runs of what is installed for it, and it may
    /// not know the virtual environment that it is in.
    pub fn interpreter(&self, path: &Path) -> Result<Interpreter, InterpreterError> {
        let silent = |why: String| InterpreterError::Silent {
            path: path.to_owned(),
            why,
        };
        let store = &self.shared.store;
        let key = fingerprint(path).map_err(|error| silent(error.to_string()))?;
        if let Some(interpreter) = self.kept(&key) {
            return Ok(interpreter);
        }
        let is_bare = self.shared.options.bare_interpreters;
        let key = if is_bare { format!("{key} bare") } else { key };
        if is_bare && let Some(interpreter) = self.kept(&key) {
            return Ok(interpreter);
        }
        let choice = self.shared.options.python_choice.as_deref();
        let text = ask(path, is_bare, choice).map_err(silent)?;
        let answer: Answer = serde_json::from_str(text.trim())
            .map_err(|error| silent(format!("its answer is unreadable ({error})")))?;
        let interpreter = Interpreter {
            path: path.to_owned(),
            answer,
        };
        let kept = Kept {
            program: stamp(interpreter.executable()).ok(),
            interpreter: interpreter.clone(),
        };
        if let Ok(payload) = postcard::to_stdvec(&kept) {
            keep_for_good(
                store,
                Bucket::Interpreters,
                &key,
                EntryKind::Present,
                Bytes::from(payload),
            );
        }
        Ok(interpreter)
    }

    /// The answer under `key`, if the program that the interpreter is has not changed since.
    fn kept(&self, key: &str) -> Option<Interpreter> {
        let kept = self.shared.store.read(Bucket::Interpreters, key)?;
        let kept: Kept = postcard::from_bytes(&kept.payload).ok()?;
        let program = stamp(kept.interpreter.executable()).ok();
        (program == kept.program).then_some(kept.interpreter)
    }
}

/// Tells an interpreter from its later self: its path as named (a virtual environment's links to its base), the file behind it, and the
/// system, of whose kernel and C library it tells.
fn fingerprint(path: &Path) -> io::Result<String> {
    let absolute = std::path::absolute(path)?;
    // Installing or removing pip changes the folder that holds it, but not the interpreter: its configuration file changes neither.
    Ok(format!(
        "interpreter 2 {} {} {}",
        absolute.display(),
        stamp(path)?,
        system()
    ))
}

/// Tells a file from its later self: where it is behind all links, its size and its times. Package managers may set the time of a change to
/// that of a release or to none at all, but not that of the file's own entry.
fn stamp(path: &Path) -> io::Result<String> {
    let real = fs::canonicalize(path)?;
    let metadata = fs::metadata(&real)?;
    let modified = metadata
        .modified()?
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_nanos());
    #[cfg(unix)]
    let entry = {
        use std::os::unix::fs::MetadataExt as _;
        format!(
            "{} {} {}",
            metadata.ino(),
            metadata.ctime(),
            metadata.ctime_nsec()
        )
    };
    #[cfg(not(unix))]
    let entry = "";
    let (real, length) = (real.display(), metadata.len());
    Ok(format!("{real} {length} {modified} {entry}"))
}

/// What tells the system from its later self, after an upgrade that leaves the interpreter as it is. A run is on one system.
fn system() -> &'static str {
    static SYSTEM: OnceLock<String> = OnceLock::new();
    SYSTEM.get_or_init(read_system)
}

fn read_system() -> String {
    /// The kernel as markers have it.
    const KERNEL: [&str; 2] = ["/proc/sys/kernel/osrelease", "/proc/sys/kernel/version"];
    /// The loaders of C libraries, which are upgraded with these, and the version of macOS.
    const FILES: [&str; 9] = [
        "/lib64/ld-linux-x86-64.so.2",
        "/lib/ld-linux-aarch64.so.1",
        "/lib/ld-linux-armhf.so.3",
        "/lib/ld-linux.so.2",
        "/lib64/ld64.so.2",
        "/lib/ld-musl-x86_64.so.1",
        "/lib/ld-musl-aarch64.so.1",
        "/System/Library/CoreServices/SystemVersion.plist",
        "C:\\Windows\\System32\\ntdll.dll",
    ];
    let kernel = KERNEL
        .iter()
        .filter_map(|file| fs::read_to_string(file).ok());
    let files = FILES.iter().filter_map(|file| stamp(Path::new(file)).ok());
    let all: Vec<String> = kernel
        .map(|text| text.trim().to_owned())
        .chain(files)
        .collect();
    all.join(" ")
}

fn ask(path: &Path, is_bare: bool, choice: Option<&Path>) -> Result<String, String> {
    let mut program = Program::at(path, Environment::Interpreter)
        .map_err(|error| error.to_string())?
        .arg("-I")
        .args(is_bare.then_some("-S"))
        .args(["-c", QUESTION])
        .limit(PATIENCE);
    // A shim of pyenv's chooses by the files of the folder that it is started for.
    let folder = match choice {
        Some(folder) => Ok(folder.to_owned()),
        None => std::env::current_dir(),
    };
    if let Ok(folder) = folder {
        program = program.env("PYENV_DIR", folder);
    }
    let ended = program.run().map_err(|error| match error {
        RunError::TimedOut => format!("it did not answer within {} seconds", PATIENCE.as_secs()),
        other => other.to_string(),
    })?;
    if ended.success {
        return Ok(ended.text());
    }
    let last = ended.err.lines().last().unwrap_or_default();
    Err(format!(
        "it failed{}{last}",
        if last.is_empty() { "" } else { ": " }
    ))
}

#[cfg(test)]
mod tests;
