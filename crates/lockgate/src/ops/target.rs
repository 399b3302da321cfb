//! The environments that are locked for: asked of options first, and of an interpreter only for what they leave open.

use lockgate_index::interpreter::{self, InterpreterError};
use lockgate_model::{
    Arch, Environment, Manifest, Marker, Os, Platform, PythonRule, PythonVersion, RequiredWheels,
    Tags, Target, VersionSet,
};

use crate::cli::{LockArguments, TargetOptions};
use crate::failure::{Exit, Failure};
use crate::world::World;

/// How many patch releases of a Python are tried for the lowest that the sources admit.
const MAX_PATCHES: u64 = 64;

/// A target, and the Python version as headers show it.
#[derive(Debug)]
pub(crate) struct LockTarget {
    /// What the solver sees.
    pub(crate) target: Target,
    /// `X.Y`.
    pub(crate) python: String,
    /// Whether the patch release of its Python is that of an interpreter, and nobody asked for it.
    pub(crate) is_of_interpreter: bool,
}

/// What a configuration says of the environments of a universal lock.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environments {
    /// The lock is for these; none: for all.
    pub(crate) only: Vec<Marker>,
    /// A release without a source distribution must have a wheel for each of these.
    pub(crate) required: Vec<Marker>,
}

/// The target of `lock`: one environment, or with `--universal` many.
pub(crate) fn of_lock(
    arguments: &LockArguments,
    environments: &Environments,
    manifest: &Manifest,
    world: &World,
) -> Result<LockTarget, Failure> {
    let target = if arguments.region.universal {
        universal(&arguments.target, environments, manifest, world)?
    } else {
        of(&arguments.target, world)?
    };
    admits(manifest, &target)?;
    Ok(target)
}

/// All environments from a Python upwards: the one asked for, else the lowest that the sources admit, else the interpreter's.
fn universal(
    options: &TargetOptions,
    environments: &Environments,
    manifest: &Manifest,
    world: &World,
) -> Result<LockTarget, Failure> {
    let python = match (&options.python_version, lowest_python(manifest)) {
        (Some(text), _) => python_version(text)?,
        (None, Some(lowest)) => lowest,
        (None, None) => {
            let own = of(options, world)?;
            python_version(&own.python)?
        }
    };
    let mut target = Target::universal(&python);
    if let Some(only) = environments
        .only
        .iter()
        .cloned()
        .reduce(|all, one| all.or(&one))
    {
        target = target.with(&only).ok_or_else(|| {
            Failure::new(format!(
                "none of the `environments` has Python {} or later",
                python.short()
            ))
            .remedy("change `environments` in the configuration, or `--python-version`")
        })?;
    }
    target.required = environments
        .required
        .iter()
        .map(|marker| required_wheels(marker, &target))
        .collect::<Result<_, _>>()?;
    Ok(LockTarget {
        target,
        python: python.short(),
        is_of_interpreter: false,
    })
}

/// The lowest Python that all sources admit, if they state any bound.
fn lowest_python(manifest: &Manifest) -> Option<PythonVersion> {
    let sets = manifest.requires_python.iter();
    let sets = sets.map(|(specifiers, _)| specifiers.set());
    let bound = sets.clone().filter_map(VersionSet::lowest).max()?;
    // `==3.11.*` begins at 3.11.dev0, which no interpreter is.
    let bound = if bound.is_dev() {
        bound.base()
    } else {
        bound.clone()
    };
    let mut release = bound.release().to_vec();
    release.resize(3, 0);
    let lowest: PythonVersion = bound
        .with_release(release.clone())
        .to_string()
        .parse()
        .ok()?;
    let [major, minor, patch] = release.as_slice() else {
        return Some(lowest);
    };
    // `>3.11` and `!=3.11.0` leave out the first one.
    let later = (*patch + 1..*patch + MAX_PATCHES)
        .filter_map(|patch| format!("{major}.{minor}.{patch}").parse().ok());
    let mut candidates = std::iter::once(lowest.clone()).chain(later);
    let is_admitted = |python: &PythonVersion| {
        let python = python.of_release();
        sets.clone()
            .all(|set| PythonRule::Lowest.admits(set, &python))
    };
    // Where none is, the refusal names the bound.
    Some(candidates.find(is_admitted).unwrap_or(lowest))
}

/// The machines that a required environment stands for, by the wheel tags that they accept.
fn required_wheels(marker: &Marker, target: &Target) -> Result<RequiredWheels, Failure> {
    const SYSTEMS: [Os; 4] = [
        Os::Manylinux(2, 28),
        Os::Musllinux(1, 2),
        Os::Macos(14, 0),
        Os::Windows,
    ];
    const MACHINES: [Arch; 7] = [
        Arch::X86_64,
        Arch::I686,
        Arch::Aarch64,
        Arch::Armv7l,
        Arch::Ppc64le,
        Arch::S390x,
        Arch::Riscv64,
    ];
    let mut tags: Vec<Tags> = Vec::new();
    for minor in 8..=14 {
        let Ok(python) = format!("3.{minor}").parse::<PythonVersion>() else {
            continue;
        };
        for os in SYSTEMS {
            for arch in MACHINES {
                let machine = Target::new(&python, &Platform { os, arch });
                let is_one = |environment: &Environment| {
                    marker.holds(environment, &[]) && target.region.marker().holds(environment, &[])
                };
                if machine.region.machine().is_some_and(is_one) {
                    tags.push(machine.tags);
                }
            }
        }
    }
    if tags.is_empty() {
        return Err(Failure::new(format!(
            "`required-environments`: no machine that the lock is for is one of `{marker:?}`"
        ))
        .remedy(
            "name a system or machine that wheels are built for, such as `sys_platform == 'win32'`",
        ));
    }
    Ok(RequiredWheels {
        marker: marker.clone(),
        tags,
    })
}

fn python_version(text: &str) -> Result<PythonVersion, Failure> {
    dotted(text)
        .parse::<PythonVersion>()
        .map_err(|error| Failure::new(format!("`--python-version`: {error}")))
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
        .map(python_version)
        .transpose()?;
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
            is_of_interpreter: false,
        });
    }
    let unknown = |error: &InterpreterError| {
        Failure::of(error).remedy("name an interpreter with `--python`, or give `--python-version` and `--python-platform`")
    };
    let executable = world
        .pip
        .interpreter(options.python.as_deref())
        .map_err(|error| unknown(&error))?;
    let found = world
        .index
        .interpreter(&executable)
        .map_err(|error| unknown(&error))?;
    let own = found.python_version().map_err(|error| unknown(&error))?;
    let is_of_interpreter = version.is_none();
    let python = version.unwrap_or(own);
    let target = match &platform {
        Some(platform) => Target::new(&python, platform),
        None => found.target_for(&python).map_err(|error| unknown(&error))?,
    };
    Ok(LockTarget {
        target,
        python: python.short(),
        is_of_interpreter,
    })
}

/// Returns the environment that an audit is restricted to. The only interpreters may be those that are audited, and are not started: then
/// the platform is the one that this program runs on.
pub(crate) fn machine(
    options: &TargetOptions,
    world: &World,
) -> Result<Option<Environment>, Failure> {
    let is_out_of_reach = || {
        let found = world.pip.interpreter(options.python.as_deref());
        matches!(found, Err(InterpreterError::Avoided { .. }))
    };
    let target = match (&options.python_version, interpreter::own_platform()) {
        (Some(version), Some(platform))
            if options.python_platform.is_none() && is_out_of_reach() =>
        {
            Target::new(&python_version(version)?, &platform)
        }
        _ => of(options, world)?.target,
    };
    Ok(target.region.machine().cloned())
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
fn admits(manifest: &Manifest, target: &LockTarget) -> Result<(), Failure> {
    let python = &target.target.python;
    let mut demands = manifest.requires_python.iter();
    match demands.find(|(specifiers, _)| !target.target.admits_python(specifiers.set())) {
        None => Ok(()),
        Some((specifiers, origin)) => Err(Failure::new(format!(
            "{origin} requires Python {specifiers}, and the lock is for Python {python}"
        ))
        .remedy("choose another Python with `--python` or `--python-version`, or change `requires-python`")
        .exit(Exit::No)),
    }
}
