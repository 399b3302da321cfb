//! What becomes of each of pip's settings, told for `-v`; and of those that lockgate cannot follow.

use lockgate_index::pip_config::PipSettings;

use crate::failure::Failure;
use crate::provenance::{line, shown};

/// Settings that take effect, those with several names together: the last word wins.
const TAKEN: [&[&str]; 17] = [
    &["index-url", "pypi-url"],
    &["extra-index-url"],
    &["no-index"],
    &["find-links"],
    &["trusted-host"],
    &["cert"],
    &["client-cert"],
    &["proxy"],
    &["no-proxy-env"],
    &["timeout", "default-timeout"],
    &["retries"],
    &["keyring-provider"],
    &["constraint"],
    &["pre"],
    &["prefer-binary"],
    &["no-deps", "no-dependencies"],
    &["uploaded-prior-to"],
];

/// Settings that take effect each on top of the last.
const ADDED: [&str; 4] = ["no-binary", "only-binary", "all-releases", "only-final"];

/// Settings of `pip install` that concern what is chosen and have no effect here, and why.
const IDLE: [(&str, &str); 15] = [
    ("requirement", "sources are named on the command line"),
    (
        "requirements-from-script",
        "sources are named on the command line",
    ),
    ("editable", "sources are named on the command line"),
    ("group", "groups are named on the command line"),
    ("require-hashes", "a lock has hashes; its sources need none"),
    (
        "no-require-hashes",
        "a lock has hashes; its sources need none",
    ),
    ("upgrade", "`-U` says which pins are kept"),
    ("upgrade-strategy", "`-U` and `-P` say which pins are kept"),
    ("force-reinstall", "nothing is installed"),
    (
        "ignore-installed",
        "what is installed does not count for a lock",
    ),
    (
        "cache-dir",
        "lockgate has a cache of its own: `--cache-dir`",
    ),
    (
        "no-cache-dir",
        "lockgate has a cache of its own: `--no-cache`",
    ),
    (
        "refresh-package",
        "`--refresh-package` says what is asked again",
    ),
    (
        "build-constraint",
        "what a build requires is resolved under the gate and the cutoff alone",
    ),
    ("no-input", "nothing is ever asked for"),
];

/// Settings that name another target than the one at hand: of Python, and of the platform.
const OF_PYTHON: [&str; 1] = ["python-version"];
const OF_PLATFORM: [&str; 3] = ["platform", "abi", "implementation"];

/// Refuses settings that name a target, where the options leave it open: pip takes them for an installation elsewhere only, and a lock for
/// this machine would not be what they ask for.
pub(super) fn admits_target(
    settings: &PipSettings,
    has_version: bool,
    has_platform: bool,
) -> Result<(), Failure> {
    let of_python = OF_PYTHON.into_iter().filter(|_| !has_version);
    let of_platform = OF_PLATFORM.into_iter().filter(|_| !has_platform);
    let set = of_python
        .chain(of_platform)
        .find_map(|name| Some((name, settings.get(name)?)));
    match set {
        None => Ok(()),
        Some((name, setting)) => Err(Failure::new(format!(
            "pip is set up with `{name} = {}` ({}), and lockgate does not take its target from pip",
            shown(name, &setting.value),
            setting.origin
        ))
        .remedy("name the target with `--python-version` and `--python-platform`, or remove the setting; pip takes it only together with `--target`")),
    }
}

/// A line for every setting that takes effect and is not overridden, and for those that people may think take effect.
pub(super) fn told(settings: &PipSettings, is_overridden: impl Fn(&str) -> bool) -> Vec<String> {
    let mut told = Vec::new();
    for names in TAKEN {
        let last = settings
            .iter()
            .filter(|(name, _)| names.contains(name))
            .last();
        if let Some((name, setting)) = last.filter(|(name, _)| !is_overridden(name)) {
            let value = shown(name, &setting.value);
            told.push(line(&format!("pip's {name} = {value}"), &setting.origin));
        }
    }
    for (name, setting) in settings.iter() {
        if ADDED.contains(&name) {
            let value = shown(name, &setting.value);
            told.push(line(&format!("pip's {name} = {value}"), &setting.origin));
        }
    }
    for (name, why) in IDLE {
        if let Some(setting) = settings.get(name) {
            told.push(format!(
                "pip's {name} ({}) has no effect: {why}",
                setting.origin
            ));
        }
    }
    told
}
