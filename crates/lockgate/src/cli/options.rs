//! Groups of options that several commands share.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{ArgMatches, Args, FromArgMatches, ValueEnum};

/// What of the projects among the sources is locked.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Requirements")]
pub(crate) struct ProjectOptions {
    /// An extra of the project to lock too (repeatable)
    #[arg(long, value_name = "NAME")]
    pub(crate) extra: Vec<String>,
    /// Lock all extras of the project
    #[arg(long, conflicts_with = "extra")]
    pub(crate) all_extras: bool,
    /// A dependency group to lock too, of this `pyproject.toml`, else of those among the sources, else of the one in the current folder (repeatable)
    #[arg(long, value_name = "[PATH:]NAME")]
    pub(crate) group: Vec<String>,
}

/// Which environment is locked for.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Target")]
pub(crate) struct TargetOptions {
    /// The interpreter to lock for: a path, a name, or a version to look for
    #[arg(short = 'p', long, value_name = "PYTHON", env = "LOCKGATE_PYTHON")]
    pub(crate) python: Option<String>,
    /// The Python version to lock for; `3.11` is 3.11.0
    #[arg(long, value_name = "X.Y[.Z]")]
    pub(crate) python_version: Option<String>,
    /// The platform to lock for: `linux`, `macos`, `windows`, `x86_64-manylinux_2_28`, `aarch64-apple-darwin` and so on
    #[arg(long, value_name = "NAME")]
    pub(crate) python_platform: Option<String>,
}

/// Which versions and files may be chosen.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Choice")]
pub(crate) struct ChoiceOptions {
    /// Let pre-releases compete as any other version
    #[arg(long, conflicts_with_all = ["prerelease", "all_releases", "only_final"])]
    pub(crate) pre: bool,
    /// When pre-releases may be chosen
    #[arg(long, value_name = "WHEN")]
    pub(crate) prerelease: Option<PrereleaseName>,
    #[command(flatten)]
    pub(crate) releases: ReleaseOptions,
    /// Which of the versions that work is taken [default: highest]
    #[arg(long, value_name = "WHICH")]
    pub(crate) resolution: Option<ResolutionName>,
    /// Lock only what is required directly
    #[arg(long)]
    pub(crate) no_deps: bool,
    #[command(flatten)]
    pub(crate) binary: BinaryOptions,
    /// Take an older version that has a wheel before a newer one that has none
    #[arg(long)]
    pub(crate) prefer_binary: bool,
    /// Act as if nothing had been uploaded since: a date, an RFC 3339 instant, or a duration such as `7 days` or `P7D`
    #[arg(long, value_name = "WHEN", env = "LOCKGATE_EXCLUDE_NEWER")]
    pub(crate) exclude_newer: Option<String>,
    /// The same in pip's words: an instant, in local time where it names no other, or days such as `P3D`; of both the earlier holds
    #[arg(long, value_name = "WHEN")]
    pub(crate) uploaded_prior_to: Option<String>,
    /// Pass over what is younger, unless it fixes an advisory: a duration such as `7 days` or `P7D`
    #[arg(long, value_name = "DURATION", env = "LOCKGATE_COOLDOWN")]
    pub(crate) cooldown: Option<String>,
}

/// `--no-binary` and `--only-binary` in the order in which they stand: the last word on a project wins.
#[derive(Debug, Clone, Default)]
pub(crate) struct BinaryOptions(pub(crate) Vec<BinaryOption>);

/// One of them, with its value.
#[derive(Debug, Clone)]
pub(crate) enum BinaryOption {
    /// `--no-binary`
    NoBinary(String),
    /// `--only-binary`
    OnlyBinary(String),
}

/// `--all-releases` and `--only-final` in the order in which they stand.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReleaseOptions(pub(crate) Vec<ReleaseOption>);

/// One of them, with its value.
#[derive(Debug, Clone)]
pub(crate) enum ReleaseOption {
    /// `--all-releases`
    AllReleases(String),
    /// `--only-final`
    OnlyFinal(String),
}

/// An option of a pair whose order among each other counts: its id, and what a value of it comes to.
type Ordered<T> = (&'static str, fn(String) -> T);

/// The values of such options in the order in which they stand.
fn in_order<T>(matches: &ArgMatches, options: [Ordered<T>; 2]) -> Vec<T> {
    let mut placed = Vec::new();
    for (id, option) in options {
        let values = matches.get_many::<String>(id).unwrap_or_default();
        let places = matches.indices_of(id).unwrap_or_default();
        placed.extend(places.zip(values.cloned().map(option)));
    }
    placed.sort_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, option)| option).collect()
}

fn of_packages(id: &'static str, long: &'static str, help: &'static str) -> clap::Arg {
    clap::Arg::new(id)
        .long(long)
        .value_name("PKG")
        .action(clap::ArgAction::Append)
        .help(help)
}

impl FromArgMatches for BinaryOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut options = Self::default();
        options.update_from_arg_matches(matches)?;
        Ok(options)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0 = in_order(
            matches,
            [
                ("no_binary", BinaryOption::NoBinary),
                ("only_binary", BinaryOption::OnlyBinary),
            ],
        );
        Ok(())
    }
}

impl Args for BinaryOptions {
    fn augment_args(command: clap::Command) -> clap::Command {
        command
            .arg(of_packages(
                "no_binary",
                "no-binary",
                "Do not use wheels of these projects: names, `:all:` or `:none:` (repeatable)",
            ))
            .arg(of_packages(
                "only_binary",
                "only-binary",
                "Use only wheels of these projects: names, `:all:` or `:none:` (repeatable)",
            ))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ReleaseOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut options = Self::default();
        options.update_from_arg_matches(matches)?;
        Ok(options)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0 = in_order(
            matches,
            [
                ("all_releases", ReleaseOption::AllReleases),
                ("only_final", ReleaseOption::OnlyFinal),
            ],
        );
        Ok(())
    }
}

impl Args for ReleaseOptions {
    fn augment_args(command: clap::Command) -> clap::Command {
        command
            .arg(of_packages(
                "all_releases",
                "all-releases",
                "Let pre-releases of these projects compete: names, `:all:` or `:none:` (repeatable)",
            ))
            .arg(of_packages(
                "only_final",
                "only-final",
                "Never take a pre-release of these projects: names, `:all:` or `:none:` (repeatable)",
            ))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

/// `--resolution` values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ResolutionName {
    /// The highest
    Highest,
    /// The lowest
    Lowest,
    /// The lowest of what is required directly, the highest of the rest
    LowestDirect,
}

/// `--prerelease` values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PrereleaseName {
    /// Never
    Disallow,
    /// As any other version
    Allow,
    /// Where a project has nothing else that matches
    IfNecessary,
    /// Where a requirement names one
    Explicit,
    /// Either of the last two: pip's rule, and the default
    IfNecessaryOrExplicit,
}

/// What the gate knows and does.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Gate")]
pub(crate) struct GateOptions {
    /// What is done about versions with known advisories [default: deny]
    #[arg(long, value_name = "MODE", env = "LOCKGATE_GATE")]
    pub(crate) gate: Option<GateModeName>,
    /// Where advisories come from: `osv`, `osv-api`, a URL, a `.zip` export or a folder of records (repeatable) [default: osv]
    #[arg(
        long,
        value_name = "SOURCE",
        env = "LOCKGATE_ADVISORIES",
        value_delimiter = ' ',
        overrides_with = "no_advisories"
    )]
    pub(crate) advisories: Vec<String>,
    /// Lock without advisories: nothing is gated, and the lock says so
    #[arg(long, overrides_with = "advisories")]
    pub(crate) no_advisories: bool,
    /// Take an export of advisories that is older than the kept one, or lost more than a tenth of its records
    #[arg(long)]
    pub(crate) accept_older: bool,
    /// Gate only from this severity on; findings below it are reported
    #[arg(long, value_name = "LEVEL", env = "LOCKGATE_MIN_SEVERITY")]
    pub(crate) min_severity: Option<LevelName>,
    /// Accept an advisory, by any of its ids, until the end of a date if one is given (repeatable)
    #[arg(long, value_name = "ID[@DATE]")]
    pub(crate) ignore_vuln: Vec<String>,
    /// Follow the policy in this file, and none that is found in the repository
    #[arg(long, value_name = "FILE", conflicts_with = "policy_from")]
    pub(crate) policy: Option<PathBuf>,
    /// Follow the policies as they are in this git revision, and none of the checkout; in CI, name the target branch
    #[arg(long, value_name = "REV")]
    pub(crate) policy_from: Option<String>,
    /// Do not read the policies of the repository (`lockgate.toml`, `[tool.lockgate]`)
    #[arg(long, env = "LOCKGATE_NO_CONFIG", value_parser = BoolishValueParser::new())]
    pub(crate) no_config: bool,
}

/// `--gate` values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GateModeName {
    /// They cannot be chosen
    Deny,
    /// They are chosen last
    Prefer,
    /// They are chosen as any other, and reported
    Warn,
    /// They are not looked at
    Off,
}

/// `--min-severity` values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LevelName {
    /// CVSS 0.1 to 3.9
    Low,
    /// 4.0 to 6.9
    Medium,
    /// 7.0 to 8.9
    High,
    /// 9.0 and above
    Critical,
}

/// The cache.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Cache")]
pub(crate) struct CacheOptions {
    /// The folder of the cache
    #[arg(long, value_name = "DIR", env = "LOCKGATE_CACHE_DIR")]
    pub(crate) cache_dir: Option<PathBuf>,
    /// Neither read nor write a cache
    #[arg(long, env = "LOCKGATE_NO_CACHE", value_parser = BoolishValueParser::new())]
    pub(crate) no_cache: bool,
    /// Ask again about everything that the cache holds
    #[arg(long)]
    pub(crate) refresh: bool,
    /// Ask again about one project (repeatable)
    #[arg(long, value_name = "PKG")]
    pub(crate) refresh_package: Vec<String>,
    /// Use only what the cache holds
    #[arg(long, env = "LOCKGATE_OFFLINE", value_parser = BoolishValueParser::new())]
    pub(crate) offline: bool,
}

/// What is printed.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Terminal")]
pub(crate) struct TerminalOptions {
    /// Print less: once for no summary, twice for no warnings
    #[arg(short, long, action = clap::ArgAction::Count, conflicts_with = "verbose")]
    pub(crate) quiet: u8,
    /// Print more: where settings come from, whole proofs; twice for a log
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: clap::ColorChoice,
    /// Use no colour, as pip spells it
    #[arg(long, hide = true)]
    pub(crate) no_color: bool,
    /// Run in this folder: relative paths start there
    #[arg(long, value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
    /// Show no progress
    #[arg(long, env = "LOCKGATE_NO_PROGRESS", value_parser = BoolishValueParser::new())]
    pub(crate) no_progress: bool,
}

/// Where the outcome goes.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputOptions {
    /// Print the outcome as one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
    /// Write the outcome as JSON to a file, on a refusal too; `-` is as `--json`
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
}

impl OutputOptions {
    /// `--report -` is `--json`, as with pip.
    pub(crate) fn settle(&mut self) {
        if self.report.as_deref() == Some(std::path::Path::new("-")) {
            self.report = None;
            self.json = true;
        }
    }
}
