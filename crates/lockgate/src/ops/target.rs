//! The environment that is locked for: asked of options first, and of an interpreter only for what they leave open.

use lockgate_index::interpreter::{self, InterpreterError};
use lockgate_model::{Manifest, Platform, PythonVersion, Target};

use crate::cli::TargetOptions;
use crate::failure::{Exit, Failure};
use crate::world::World;

/// A target, and the Python version as headers show it.
#[derive(Debug)]
pub(crate) struct LockTarget {
    /// What the solver sees.
    pub(crate) target: Target,
    /// `X.Y`.
    pub(crate) python: String,
}

/// The target of `options`. No interpreter is started when version and platform are both given.
pub(crate) fn of(options: &TargetOptions, world: &World) -> Result<LockTarget, Failure> {
    world.pip.admits_target(
        options.python_version.is_some() || options.python.is_some(),
        options.python_platform.is_some(),
    )?;
    let version = options
        .python_version
        .as_deref()
        .map(|text| dotted(text).parse::<PythonVersion>())
        .transpose()
        .map_err(|error| Failure::new(format!("`--python-version`: {error}")))?;
    let platform = options
        .python_platform
        .as_deref()
        .map(str::parse::<Platform>)
        .transpose()
        .map_err(|error| Failure::new(format!("`--python-platform`: {error}")))?;
    if let (Some(version), Some(platform)) = (&version, &platform) {
        return Ok(LockTarget {
            target: Target::new(version, platform),
            python: version.short(),
        });
    }
    let unknown = |error: &InterpreterError| {
        Failure::of(error).remedy("name an interpreter with `--python`, or give `--python-version` and `--python-platform`")
    };
    let executable = interpreter::find(options.python.as_deref(), world.pip.variables())
        .map_err(|error| unknown(&error))?;
    let found = world
        .index
        .interpreter(&executable)
        .map_err(|error| unknown(&error))?;
    let own = found.python_version().map_err(|error| unknown(&error))?;
    let python = version.unwrap_or(own);
    let target = match &platform {
        Some(platform) => Target::new(&python, platform),
        None => found.target_for(&python).map_err(|error| unknown(&error))?,
    };
    Ok(LockTarget {
        target,
        python: python.short(),
    })
}

/// pip's `311` is 3.11: the first digit is a number of its own.
fn dotted(text: &str) -> String {
    match text.split_at_checked(1) {
        Some((major, minor))
            if !minor.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            format!("{major}.{minor}")
        }
        _ => text.to_owned(),
    }
}

/// Refuses a target that `requires-python` of a source excludes.
pub(crate) fn admits(manifest: &Manifest, target: &LockTarget) -> Result<(), Failure> {
    let python = &target.target.python;
    let mut demands = manifest.requires_python.iter();
    match demands.find(|(specifiers, _)| !specifiers.set().contains(python)) {
        None => Ok(()),
        Some((specifiers, origin)) => Err(Failure::new(format!(
            "{origin} requires Python {specifiers}, and the lock is for Python {python}"
        ))
        .remedy("choose another Python with `--python` or `--python-version`, or change `requires-python`")
        .exit(Exit::No)),
    }
}
