//! From the options of the choice to the rules of one run: which versions and files, how old, and which pins are not kept.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use lockgate_formats::When;
use lockgate_model::{
    ChoiceRules, ForkStrategy, Manifest, PrereleaseMode, Releases, Requirement, Resolution,
    Timestamp, Upgrade,
};

use crate::cli::{
    BinaryOption, ChoiceOptions, ForkStrategyName, LockArguments, PrereleaseName, ReleaseOption,
    ResolutionName,
};
use crate::failure::Failure;
use crate::pip_settings::Cutoff;
use crate::request::named;

/// What the options say of the choice, checked.
#[derive(Debug, Clone)]
pub(crate) struct Choosing {
    options: ChoiceOptions,
    /// `--fork-strategy`.
    fork_strategy: ForkStrategy,
    /// `--exclude-newer`.
    cutoff: Option<When>,
    /// `--uploaded-prior-to`.
    prior: Option<Cutoff>,
    /// `--cooldown`.
    cooldown: Option<SignedDuration>,
}

impl Choosing {
    pub(crate) fn new(arguments: &LockArguments) -> Result<Self, Failure> {
        let options = &arguments.choice;
        Ok(Self {
            fork_strategy: match arguments.region.fork_strategy {
                None | Some(ForkStrategyName::RequiresPython) => ForkStrategy::RequiresPython,
                Some(ForkStrategyName::Fewest) => ForkStrategy::Fewest,
            },
            options: options.clone(),
            cutoff: options.exclude_newer.as_deref().map(cutoff).transpose()?,
            prior: options
                .uploaded_prior_to
                .as_deref()
                .map(uploaded_prior_to)
                .transpose()?,
            cooldown: options.cooldown.as_deref().map(cooldown).transpose()?,
        })
    }

    /// The rules of a run at `now`: by option, and by the options that stand in the sources. The command line has the last word, also over
    /// the configuration's cooldown.
    pub(crate) fn rules(
        &self,
        manifest: &Manifest,
        cooldown: Option<SignedDuration>,
        now: Timestamp,
    ) -> Result<ChoiceRules, Failure> {
        let options = &self.options;
        let mut rules = ChoiceRules {
            prerelease: prerelease_mode(options),
            no_dependencies: options.no_deps,
            prefer_binary: options.prefer_binary || manifest.prefer_binary,
            resolution: match options.resolution {
                None | Some(ResolutionName::Highest) => Resolution::Highest,
                Some(ResolutionName::Lowest) => Resolution::Lowest,
                Some(ResolutionName::LowestDirect) => Resolution::LowestDirect,
            },
            cutoff: self
                .cutoff
                .map(|cutoff| cutoff.before(now))
                .into_iter()
                .chain(self.prior.as_ref().map(|prior| prior.at(now)))
                .min(),
            cooldown: self
                .cooldown
                .or(cooldown)
                .filter(|cooldown| !cooldown.is_zero())
                .map(|cooldown| When::Ago(cooldown).before(now)),
            now: Some(now),
            fork_strategy: self.fork_strategy,
            binary: manifest.binary.clone(),
            releases: manifest.releases.clone(),
        };
        for option in &options.binary.0 {
            let (name, value, applied) = match option {
                BinaryOption::NoBinary(value) => {
                    ("--no-binary", value, rules.binary.no_binary(value))
                }
                BinaryOption::OnlyBinary(value) => {
                    ("--only-binary", value, rules.binary.only_binary(value))
                }
            };
            applied.map_err(|error| Failure::new(format!("`{name} {value}`: {error}")))?;
        }
        if manifest.pre {
            rules.releases.all = Some(Releases::All);
        }
        if options.pre || options.prerelease.is_some() {
            // What the files say of single projects still holds.
            rules.releases.all = None;
        }
        for option in &options.releases.0 {
            let (name, value, applied) = match option {
                ReleaseOption::AllReleases(value) => {
                    ("--all-releases", value, rules.releases.all_releases(value))
                }
                ReleaseOption::OnlyFinal(value) => {
                    ("--only-final", value, rules.releases.only_final(value))
                }
            };
            applied.map_err(|error| Failure::new(format!("`{name} {value}`: {error}")))?;
        }
        Ok(rules)
    }
}

fn prerelease_mode(options: &ChoiceOptions) -> PrereleaseMode {
    match (options.pre, options.prerelease) {
        (true, _) | (_, Some(PrereleaseName::Allow)) => PrereleaseMode::Allow,
        (_, Some(PrereleaseName::Disallow)) => PrereleaseMode::Disallow,
        (_, Some(PrereleaseName::IfNecessary)) => PrereleaseMode::IfNecessary,
        (_, Some(PrereleaseName::Explicit)) => PrereleaseMode::Explicit,
        (_, Some(PrereleaseName::IfNecessaryOrExplicit) | None) => {
            PrereleaseMode::IfNecessaryOrExplicit
        }
    }
}

/// The point of pip's `--uploaded-prior-to`.
fn uploaded_prior_to(text: &str) -> Result<Cutoff, Failure> {
    Cutoff::new(text).map_err(|why| {
        Failure::new(format!("`--uploaded-prior-to {text}`: {why}"))
            .remedy("write one of these, or use `--exclude-newer`")
    })
}

/// The point of `--exclude-newer`.
fn cutoff(text: &str) -> Result<When, Failure> {
    When::parse(text).map_err(|error| {
        Failure::new(format!("`--exclude-newer {text}`: {error}"))
            .remedy("write `2026-10-01`, `2026-10-01T00:00:00Z` or `7 days`")
    })
}

/// The duration of `--cooldown`.
fn cooldown(text: &str) -> Result<SignedDuration, Failure> {
    lockgate_formats::duration(text).map_err(|error| {
        Failure::new(format!("`--cooldown {text}`: {error}"))
            .remedy("write `7 days` or `P7D`; `0 days` for none")
    })
}

/// What of the old lock is not kept.
pub(crate) fn upgrade(arguments: &LockArguments) -> Result<Upgrade, Failure> {
    let packages: Vec<Requirement> = arguments
        .upgrade_package
        .iter()
        .map(|text| upgraded(text))
        .collect::<Result<_, _>>()?;
    let mut except = BTreeSet::new();
    for text in &arguments.no_upgrade_package {
        let name = named("--no-upgrade-package", text)?;
        if packages.iter().any(|package| package.name == name) {
            return Err(Failure::new(format!(
                "`--upgrade-package` and `--no-upgrade-package` both name `{name}`"
            ))
            .remedy("leave one of them out"));
        }
        except.insert(name);
    }
    Ok(Upgrade {
        all: arguments.upgrade,
        packages,
        except,
    })
}

fn upgraded(text: &str) -> Result<Requirement, Failure> {
    let requirement: Requirement = text
        .parse()
        .map_err(|error| Failure::new(format!("`--upgrade-package {text}`: {error}")))?;
    if requirement.specifiers().is_none() || !requirement.marker.is_always() {
        return Err(Failure::new(format!(
            "`--upgrade-package {text}`: write a project, or a project and versions"
        )));
    }
    Ok(requirement)
}
