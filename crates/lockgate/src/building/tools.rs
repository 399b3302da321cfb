//! What builds are built with: a virtual environment for each set of wheels, made by the first build that needs it and linked to by all.
//!
//! Most old source distributions are built with the same few wheels. To install them anew takes longer than to ask most backends.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{fs, io};

use lockgate_index::programs::Scratch;

use super::workplace::{Limits, Workplace};
use super::{BuildError, BuildPython};

/// A virtual environment without pip.
#[derive(Debug)]
pub(super) struct VirtualEnvironment {
    folder: PathBuf,
    pub(super) python: PathBuf,
}

impl VirtualEnvironment {
    /// Makes one of the interpreter `base`.
    fn new(workplace: &Workplace, base: &Path, folder: &Path) -> Result<Self, BuildError> {
        let program = workplace
            .command(base, &[])?
            .args(["-I", "-m", "venv", "--without-pip"])
            .arg(folder);
        workplace.run("a virtual environment for it", program)?;
        Ok(Self::at(folder))
    }

    /// A copy of it. What tells an environment from its interpreter stands in files that name none of its own places, but for the scripts
    /// that a shell activates it with, which nothing here uses.
    fn copy(&self, folder: &Path) -> Result<Self, BuildError> {
        copy_folder(&self.folder, folder).map_err(|error| BuildError::new(error.to_string()))?;
        Ok(Self::at(folder))
    }

    fn at(folder: &Path) -> Self {
        let mut environment = Self {
            folder: folder.to_owned(),
            python: PathBuf::new(),
        };
        let python = if cfg!(windows) {
            "python.exe"
        } else {
            "python"
        };
        environment.python = environment.scripts().join(python);
        environment
    }

    /// Where its programs are.
    pub(super) fn scripts(&self) -> PathBuf {
        self.folder
            .join(if cfg!(windows) { "Scripts" } else { "bin" })
    }

    /// Where its packages are: the one such folder that it has.
    fn packages(&self) -> Result<PathBuf, BuildError> {
        let failed = |error: io::Error| BuildError::new(error.to_string());
        if cfg!(windows) {
            return Ok(self.folder.join("Lib").join("site-packages"));
        }
        for entry in fs::read_dir(self.folder.join("lib")).map_err(failed)? {
            let packages = entry.map_err(failed)?.path().join("site-packages");
            if packages.is_dir() {
                return Ok(packages);
            }
        }
        Err(BuildError::new(format!(
            "the virtual environment `{}` has no site-packages",
            self.folder.display()
        )))
    }

    /// Has it see the packages of `other`, and those of no other environment that was linked before.
    pub(super) fn link(&self, other: &Self) -> Result<(), BuildError> {
        let packages = other.packages()?;
        // A line that begins with `import` is run by the interpreter when it starts; a mere path would not have the `.pth` files there
        // looked at.
        let line = format!(
            "import site; site.addsitedir({})\n",
            python_literal(&packages.display().to_string())
        );
        fs::write(self.packages()?.join("lockgate-tools.pth"), line)
            .map_err(|error| BuildError::new(error.to_string()))
    }
}

/// Copies a folder and all in it, links as links.
fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, copy) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            copy_folder(&entry.path(), &copy)?;
            continue;
        }
        #[cfg(unix)]
        if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(entry.path())?, copy)?;
            continue;
        }
        fs::copy(entry.path(), copy)?;
    }
    Ok(())
}

/// A text as Python's source has it, in ASCII: which encoding a `.pth` file has depends on the version.
fn python_literal(text: &str) -> String {
    let mut literal = String::from("\"");
    for char in text.chars() {
        match char {
            '"' | '\\' => literal.extend(['\\', char]),
            ' '..='~' => literal.push(char),
            _ => {
                let _ = write!(literal, "\\U{:08x}", u32::from(char));
            }
        }
    }
    literal.push('"');
    literal
}

/// An environment that wheels were installed into.
#[derive(Debug)]
pub(super) struct Tools {
    pub(super) environment: VirtualEnvironment,
}

/// A pip that builds make use of.
#[derive(Debug, Clone)]
pub(super) struct Pip {
    /// The interpreter that has it.
    pub(super) python: PathBuf,
    /// The script that pip hands to another interpreter to run there, where it has one: without pip between the two.
    runner: Option<PathBuf>,
}

/// Fails where a pip has no hook caller, and names its runner.
const PROBE: &str = "\
import os.path, pip
from pip._vendor.pyproject_hooks import BuildBackendHookCaller
print(os.path.join(os.path.dirname(pip.__file__), '__pip-runner__.py'))
";

/// Where tools are installed. Nothing is made before it is asked for, and all of it is removed with this if not before.
///
/// Each lock is held while what it guards is made, so that nobody makes it twice.
#[derive(Debug, Default)]
pub(super) struct Workshop {
    folder: Mutex<Option<Scratch>>,
    pip: Mutex<Option<Pip>>,
    /// An environment with nothing in it, which all others are copies of: to make one takes an interpreter longer than to copy one.
    bare: Mutex<Option<VirtualEnvironment>>,
    /// By the paths of the wheels.
    tools: Mutex<BTreeMap<Vec<PathBuf>, Arc<Tools>>>,
    /// Held while a wheel is fetched.
    fetching: Mutex<()>,
}

impl Workshop {
    /// The folder of all that is made.
    fn folder(&self) -> Result<PathBuf, BuildError> {
        let mut folder = locked(&self.folder);
        if let Some(folder) = &*folder {
            return Ok(folder.path().to_owned());
        }
        let made = Scratch::new("lockgate-tools-");
        let made = made.map_err(|error| BuildError::new(error.to_string()))?;
        Ok(folder.insert(made).path().to_owned())
    }

    /// The folder that wheels are fetched into.
    pub(super) fn wheels(&self) -> Result<PathBuf, BuildError> {
        let folder = self.folder()?.join("wheels");
        fs::create_dir_all(&folder).map_err(|error| BuildError::new(error.to_string()))?;
        Ok(folder)
    }

    /// The turn to fetch a wheel.
    pub(super) fn fetching(&self) -> MutexGuard<'_, ()> {
        locked(&self.fetching)
    }

    /// A pip with all that is needed of it: that of `base` itself, or the one that it brings along for environments.
    pub(super) fn pip(&self, base: &BuildPython, limits: &Limits) -> Result<Pip, BuildError> {
        let mut known = locked(&self.pip);
        if let Some(pip) = &*known {
            return Ok(pip.clone());
        }
        let folder = self.folder()?;
        let workplace = Workplace::new(&folder, limits)?;
        let probe = workplace.command(&base.executable, &[])?;
        let pip = if let Ok(ended) = workplace.run("with pip", probe.args(["-I", "-c", PROBE])) {
            Pip {
                python: base.executable.clone(),
                runner: Some(PathBuf::from(ended.text().trim())).filter(|runner| runner.is_file()),
            }
        } else {
            let folder = folder.join("pip");
            let program = workplace
                .command(&base.executable, &[])?
                .args(["-I", "-m", "venv"])
                .arg(&folder);
            workplace.run("a virtual environment with pip", program)?;
            Pip {
                python: VirtualEnvironment::at(&folder).python,
                runner: None,
            }
        };
        Ok(known.insert(pip).clone())
    }

    /// An environment without packages, in `folder`.
    pub(super) fn environment(
        &self,
        base: &BuildPython,
        folder: &Path,
        limits: &Limits,
    ) -> Result<VirtualEnvironment, BuildError> {
        let mut bare = locked(&self.bare);
        if let Some(bare) = &*bare {
            return bare.copy(folder);
        }
        let own = self.folder()?;
        let workplace = Workplace::new(&own, limits)?;
        let made = VirtualEnvironment::new(&workplace, &base.executable, &own.join("bare"))?;
        bare.insert(made).copy(folder)
    }

    /// Removes all that was made, whoever else may still hold this.
    pub(super) fn clear(&self) {
        locked(&self.tools).clear();
        *locked(&self.bare) = None;
        *locked(&self.pip) = None;
        *locked(&self.folder) = None;
    }

    /// The environment with these wheels, which `label` is the first or a later one to need.
    pub(super) fn tools(
        &self,
        label: &str,
        base: &BuildPython,
        mut wheels: Vec<PathBuf>,
        limits: &Limits,
    ) -> Result<Arc<Tools>, BuildError> {
        wheels.sort_unstable();
        let mut known = locked(&self.tools);
        if let Some(tools) = known.get(&wheels) {
            return Ok(Arc::clone(tools));
        }
        let pip = self.pip(base, limits)?;
        let folder = self.folder()?.join(format!("tools-{}", known.len()));
        let workplace = Workplace::new(&folder, limits)?;
        let environment = self.environment(base, &folder.join("environment"), limits)?;
        if !wheels.is_empty() {
            let program = if let Some(runner) = &pip.runner {
                let program = workplace.command(&environment.python, &[])?;
                program.arg("-I").arg(runner)
            } else {
                let program = workplace.command(&pip.python, &[])?;
                let program = program.args(["-I", "-m", "pip", "--python"]);
                program.arg(&environment.python)
            };
            let program = program
                .args(["install", "--quiet", "--no-index", "--no-deps"])
                // Compiled when it is first imported: of most tools a build imports little.
                .args(["--no-compile", "--no-cache-dir"])
                .arg("--disable-pip-version-check")
                .args(["--no-warn-script-location", "--no-input"])
                .args(&wheels);
            workplace.run(&format!("what {label} is built with"), program)?;
        }
        let tools = Arc::new(Tools { environment });
        known.insert(wheels, Arc::clone(&tools));
        Ok(tools)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
