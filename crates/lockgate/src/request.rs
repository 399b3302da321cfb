//! From options, variables and configuration to what an operation is asked to do: validated once, here.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::SignedDuration;
use jiff::civil::Date;
use lockgate_formats::pylock::is_pylock;
use lockgate_formats::{AdvisorySource, ConfigGroup, ConfigIndex, GroupRequest, Set, SourceKind};
use lockgate_gate::{GapAcceptance, GroupPolicy, IgnoreEntry, Mode, Policy, YankRule};
use lockgate_index::Places;
use lockgate_model::{ChoiceRules, Level, Manifest, Marker, Name, Timestamp, Upgrade};

use crate::absences;
use crate::choosing::{Choosing, upgrade};
use crate::cli::{GateModeName, GateOptions, LevelName, LockArguments, LockFormat};
use crate::failure::Failure;
use crate::ops::target::Environments;
use crate::outputs::Bounds;
use crate::pending::PendingLocks;
use crate::policies::{Policies, PolicyFinder};
use crate::provenance;
use crate::sources::{groups, inputs, output, sources};
use crate::statements::LockStatements;
use crate::vex;

/// What `lock` is asked to do.
#[derive(Debug, Clone)]
pub(crate) struct LockRequest {
    /// The arguments that are passed on as they are.
    pub(crate) arguments: LockArguments,
    /// The command line as typed, for the lock's header.
    pub(crate) words: Vec<String>,
    /// Where requirements come from.
    pub(crate) sources: Vec<String>,
    /// Dependency groups that are locked too.
    pub(crate) groups: Vec<GroupRequest>,
    /// The lock.
    pub(crate) output: Output,
    /// Whether the command line names it, and not its default or the policy.
    pub(crate) is_output_named: bool,
    /// Locks of the same run that are not in their places yet.
    pub(crate) pending: PendingLocks,
    /// Its form.
    pub(crate) form: Form,
    /// What may be chosen, by option.
    choosing: Choosing,
    /// `-U`, `-P` and `--no-upgrade-package`.
    pub(crate) upgrade: Upgrade,
    /// `--exclude`.
    pub(crate) excludes: BTreeSet<Name>,
}

/// Where a lock goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Output {
    /// To a file.
    File(String),
    /// To standard output.
    Standard,
}

impl Output {
    /// As people and reports name it.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::File(path) => path,
            Self::Standard => "-",
        }
    }
}

impl LockRequest {
    /// Checks the arguments of `lock` against each other.
    pub(crate) fn new(arguments: LockArguments, words: Vec<String>) -> Result<Self, Failure> {
        let groups = groups(&arguments.project.group)?;
        let sources = sources(&arguments.sources, &groups)?;
        let is_pylock = arguments.format == Some(LockFormat::Pylock);
        let output = output(
            arguments.output_file.as_deref(),
            is_pylock,
            &sources,
            &groups,
        )?;
        let form = Form::of(arguments.format, &output)?;
        if let Output::File(path) = &output
            && inputs(&sources, &groups)
                .iter()
                .chain(&arguments.constraint)
                .chain(&arguments.overrides)
                .any(|source| is_same_file(Path::new(source), Path::new(path)))
        {
            return Err(
                Failure::new(format!("`{path}` is both a source and the lock to write"))
                    .remedy("name another file with `-o`"),
            );
        }
        if output == Output::Standard && (arguments.output.json || arguments.diff) {
            return Err(
                Failure::new("`-o -` and `--json` or `--diff` both want standard output")
                    .remedy("name a file with `-o FILE`"),
            );
        }
        if form == Form::Pylock && arguments.rendering.no_hashes {
            return Err(
                Failure::new("a `pylock.toml` has hashes in any case (PEP 751)")
                    .remedy("remove `--no-hashes`, or write a requirements lock"),
            );
        }
        let choosing = Choosing::new(&arguments)?;
        let upgrade = upgrade(&arguments)?;
        let excludes = excludes(&arguments)?;
        Ok(Self {
            is_output_named: arguments.output_file.is_some(),
            pending: PendingLocks::default(),
            arguments,
            words,
            sources,
            groups,
            output,
            form,
            choosing,
            upgrade,
            excludes,
        })
    }

    /// The same for a `[[lock]]` entry of the policy, after other locks of the same run.
    pub(crate) fn of_entry(
        arguments: LockArguments,
        words: Vec<String>,
        pending: PendingLocks,
    ) -> Result<Self, Failure> {
        Ok(Self {
            is_output_named: false,
            pending,
            ..Self::new(arguments, words)?
        })
    }

    /// Takes in what the policy states about locks, where no option says it.
    pub(crate) fn under(mut self, statements: &LockStatements) -> Result<Self, Failure> {
        statements.lay_under(&mut self.arguments);
        self.excludes = excludes(&self.arguments)?;
        Ok(self)
    }

    /// What may be chosen in a run at `now`: by option, and by the options that stand in the sources. The command line has the last word.
    pub(crate) fn rules_with(
        &self,
        manifest: &Manifest,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<ChoiceRules, Failure> {
        self.choosing.rules(manifest, settings.cooldown, now)
    }

    /// Whether a project is among the sources, for `--extra`.
    pub(crate) fn has_project(&self) -> bool {
        let mut sources = self.sources.iter();
        sources.any(|source| SourceKind::of(source).is_project())
    }

    /// The settings for this lock: its output decides which policies hold, and scripts among its sources may make them stricter.
    pub(crate) fn settings(&self) -> Result<Settings, Failure> {
        let options = &self.arguments.gate;
        let finder = PolicyFinder::new(options)?;
        let policies = finder.of_file_from(self.output.as_str(), &self.sources)?;
        Settings::of(options, &policies, &[])
    }
}

fn excludes(arguments: &LockArguments) -> Result<BTreeSet<Name>, Failure> {
    let names = arguments.exclude.iter();
    names.map(|text| named("--exclude", text)).collect()
}

/// The form of a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A requirements file.
    Requirements,
    /// `pylock.toml`.
    Pylock,
}

impl Form {
    /// As it is asked for, else by the name of the file.
    pub(crate) fn of(format: Option<LockFormat>, output: &Output) -> Result<Self, Failure> {
        let path = Path::new(output.as_str());
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_pylock = is_pylock(&name);
        match format {
            Some(LockFormat::Pylock) if *output != Output::Standard && !is_pylock => {
                Err(Failure::new(format!(
                    "`{name}` is no name of a `pylock.toml`, by which installers know it"
                ))
                .remedy("name it `pylock.toml`, or `pylock.NAME.toml` with a name without dots (PEP 751)"))
            }
            Some(LockFormat::Pylock) => Ok(Self::Pylock),
            None if is_pylock => Ok(Self::Pylock),
            None if is_like_pylock(&name) => {
                Err(Failure::new(format!("`{name}` is no name of a `pylock.toml`"))
                    .remedy("name it `pylock.toml`, or `pylock.NAME.toml` with a name without dots (PEP 751)"))
            }
            Some(LockFormat::Requirements) | None => Ok(Self::Requirements),
        }
    }
}

/// Whether a name would be taken for that of a `pylock.toml`, in whatever letter case.
fn is_like_pylock(name: &str) -> bool {
    let is_toml = Path::new(name)
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("toml"));
    is_toml && name.to_ascii_lowercase().starts_with("pylock")
}

/// Refuses a report that would be written over something that is read or locked.
pub(crate) fn report_is_apart(report: Option<&Path>, files: &[String]) -> Result<(), Failure> {
    let Some(report) = report else {
        return Ok(());
    };
    Bounds::of(files).admit(report, true)?;
    match files
        .iter()
        .find(|file| is_same_file(Path::new(file), report))
    {
        None => Ok(()),
        Some(file) => Err(Failure::new(format!(
            "`--report {}` would overwrite `{file}`",
            report.display()
        ))
        .remedy("name another file for the report")),
    }
}

/// All files that `lock` reads or writes, as far as its arguments tell.
pub(crate) fn files_of(arguments: &LockArguments) -> Vec<String> {
    let groups = groups(&arguments.project.group).unwrap_or_default();
    let sources = sources(&arguments.sources, &groups).unwrap_or_default();
    let mut files = inputs(&sources, &groups);
    let is_pylock = arguments.format == Some(LockFormat::Pylock);
    if let Ok(Output::File(path)) = output(
        arguments.output_file.as_deref(),
        is_pylock,
        &sources,
        &groups,
    ) {
        files.push(path);
    }
    files.extend(arguments.constraint.iter().cloned());
    files.extend(arguments.overrides.iter().cloned());
    files
}

pub(crate) fn is_same_file(left: &Path, right: &Path) -> bool {
    left == right
        || match (left.canonicalize(), right.canonicalize()) {
            (Ok(left), Ok(right)) => left == right,
            _ => false,
        }
}

/// Policy and sources of advisories for one file: command line, then `LOCKGATE_*`, then the policies that hold for it.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// What the gate does.
    pub(crate) policy: Policy,
    /// Where advisories come from, as written; empty when the gate is off.
    pub(crate) advisories: Vec<AdvisorySource>,
    /// How old advisories may be, when a setting says so.
    pub(crate) max_advisory_age: Option<SignedDuration>,
    /// Whether an export is taken that goes back behind the kept one.
    pub(crate) accept_older: bool,
    /// How old a release must be, unless it fixes an advisory.
    pub(crate) cooldown: Option<SignedDuration>,
    /// Which environments a universal lock is for.
    pub(crate) environments: Environments,
    /// Whether an audit asks the index too.
    pub(crate) asks_index: bool,
    /// What the policies state about locks.
    pub(crate) statements: LockStatements,
    /// What the policies state of single indexes.
    pub(crate) of_indexes: Vec<ConfigIndex>,
    /// What of it the policies say, by key, for `-v`.
    pub(crate) told: Vec<(&'static str, String)>,
}

impl Settings {
    /// Has hold in `places` what the policies state of indexes. Returns the settings with a remark for what is for no index in use.
    pub(crate) fn over_places(&self, places: &mut Places, manifest: &Manifest) -> Self {
        absences::lay_over(places, &self.of_indexes, manifest);
        let mut settings = self.clone();
        let unmatched = absences::unmatched(places, &self.of_indexes);
        settings.policy.remarks.extend(unmatched);
        settings
    }

    /// Lays the options over the policies of one file. `documents` are further `OpenVEX` documents.
    pub(crate) fn of(
        options: &GateOptions,
        policies: &Policies,
        documents: &[String],
    ) -> Result<Self, Failure> {
        let (config, remarks) = policies.joined();
        let names = policies.names();
        let told = provenance::configured(options, &names, &config);
        let statements = LockStatements::of(policies);
        let (mode, origin) = match (options.gate, config.gate) {
            (Some(mode), _) => (named_mode(mode), format!("--gate {}", mode_word(mode))),
            (None, Some(set)) => (
                Mode::from_word(&set.value).ok_or_else(|| {
                    Failure::new(format!(
                        "{}: `gate = \"{}\"` is not `deny`, `prefer`, `warn` or `off`",
                        set.origin, set.value
                    ))
                })?,
                format!("gate = \"{}\" ({})", set.value, set.origin),
            ),
            (None, None) => (Mode::Deny, "the default".to_owned()),
        };
        let min_severity = match (options.min_severity, config.min_severity) {
            (Some(level), _) => Some(match level {
                LevelName::Low => Level::Low,
                LevelName::Medium => Level::Medium,
                LevelName::High => Level::High,
                LevelName::Critical => Level::Critical,
            }),
            (None, set) => set.map(|set| set.value),
        };
        let mut ignores: Vec<IgnoreEntry> =
            config.ignores.into_iter().map(entry_of_config).collect();
        let named = config.vex.iter().map(|document| document.value.clone());
        let documents: Vec<String> = named.chain(documents.iter().cloned()).collect();
        ignores.extend(vex::ignores(&documents)?);
        for text in &options.ignore_vuln {
            ignores.push(entry_of_option(text)?);
        }
        let off = mode == Mode::Off || options.no_advisories;
        let advisories = if off {
            Vec::new()
        } else if !options.advisories.is_empty() {
            let named = options.advisories.iter();
            named
                .map(|source| AdvisorySource::given(source, "--advisories"))
                .collect()
        } else {
            config.advisories.map_or_else(
                || vec![AdvisorySource::given("osv", "the default")],
                |set| set.value,
            )
        };
        let policy = Policy {
            mode: if off { Mode::Off } else { mode },
            origin,
            min_severity,
            gate_unknown_severity: config.unknown_severity.is_none_or(|set| set.value),
            ignores,
            gaps: config
                .allow_incomplete
                .into_iter()
                .map(acceptance_of_config)
                .collect(),
            yanked: match &config.yanked {
                Some(set) if set.value => YankRule::Deny,
                _ => YankRule::Warn,
            },
            groups: config
                .groups
                .into_iter()
                .map(|(name, group)| (name, group_policy(group)))
                .collect(),
            names,
            remarks,
        };
        Ok(Self {
            policy,
            advisories,
            max_advisory_age: config.max_advisory_age.map(|set| set.value),
            accept_older: options.accept_older,
            cooldown: config.cooldown.map(|set| set.value),
            environments: Environments {
                only: values(&config.environments),
                required: values(&config.required_environments),
            },
            asks_index: config.yanked.is_some(),
            statements,
            of_indexes: config.index_settings,
            told,
        })
    }
}

fn values(set: &[Set<Marker>]) -> Vec<Marker> {
    set.iter().map(|set| set.value.clone()).collect()
}

fn group_policy(group: ConfigGroup) -> GroupPolicy {
    GroupPolicy {
        // The word was checked where it was read.
        mode: group.gate.and_then(|set| Mode::from_word(&set.value)),
        min_severity: group.min_severity.map(|set| set.value),
        gate_unknown_severity: group.unknown_severity.map(|set| set.value),
    }
}

fn named_mode(mode: GateModeName) -> Mode {
    match mode {
        GateModeName::Deny => Mode::Deny,
        GateModeName::Prefer => Mode::Prefer,
        GateModeName::Warn => Mode::Warn,
        GateModeName::Off => Mode::Off,
    }
}

fn mode_word(mode: GateModeName) -> &'static str {
    match mode {
        GateModeName::Deny => "deny",
        GateModeName::Prefer => "prefer",
        GateModeName::Warn => "warn",
        GateModeName::Off => "off",
    }
}

fn entry_of_config(entry: lockgate_formats::ConfigIgnore) -> IgnoreEntry {
    IgnoreEntry {
        ids: vec![entry.id],
        package: entry.package,
        versions: entry.versions,
        reason: entry.reason,
        justification: entry.justification,
        group: entry.group,
        expires: entry.expires,
        until_fixed: entry.until_fixed,
        must_match: true,
        origin: entry.origin,
    }
}

fn acceptance_of_config(entry: lockgate_formats::ConfigIncomplete) -> GapAcceptance {
    GapAcceptance {
        code: entry.code,
        package: entry.package,
        reason: entry.reason,
        expires: entry.expires,
        must_match: true,
        origin: entry.origin,
    }
}

fn entry_of_option(text: &str) -> Result<IgnoreEntry, Failure> {
    let (id, expires) = match text.split_once('@') {
        None => (text, None),
        Some((id, date)) => {
            let date: Date = date.parse().map_err(|_no_date| {
                Failure::new(format!("`--ignore-vuln {text}`: `{date}` is no date"))
                    .remedy("write `ID@2027-03-01`")
            })?;
            (id, Some(date))
        }
    };
    if id.trim().is_empty() {
        return Err(Failure::new(format!(
            "`--ignore-vuln {text}`: it names no advisory"
        )));
    }
    Ok(IgnoreEntry {
        ids: vec![id.trim().to_owned()],
        package: None,
        versions: None,
        reason: "ignored on the command line".to_owned(),
        justification: None,
        group: None,
        expires,
        until_fixed: false,
        must_match: true,
        origin: format!("--ignore-vuln {text}"),
    })
}

/// A project's name as typed in an option.
pub(crate) fn named(option: &str, text: &str) -> Result<Name, Failure> {
    Name::new(text).map_err(|error| Failure::new(format!("`{option} {text}`: {error}")))
}
