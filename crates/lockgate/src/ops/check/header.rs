//! What a check starts from: the statement on its lock, by the policy or by the lock's own header, under what the caller gives.
//!
//! Of a header only what says what is locked holds as it stands ([`HeaderRole::Result`]). All else is the caller's.

use std::collections::BTreeSet;
use std::path::Path;

use lockgate_formats::inventory::kind_of;
use lockgate_formats::lock::Lock;
use lockgate_index::{Places, redact_url};
use lockgate_model::{ChoiceRules, InventoryKind, Name};

use super::sources::{boundary, by_name, has_default, inside, named_files, relocate};
use super::strictness::tighten;
use crate::cli::{
    CheckArguments, ChoiceOptions, GivenOptions, HeaderRole, LockArguments, LockFormat,
    RecordedCommand, RecordedOption, RenderingOptions,
};
use crate::failure::Failure;
use crate::request::is_same_file;
use crate::statements::LockStatements;
use crate::world::World;

/// What a check starts from.
#[derive(Debug)]
pub(super) struct Statement {
    /// The arguments of `lock` that hold.
    pub(super) arguments: LockArguments,
    /// The header's command, where the header was read.
    pub(super) recorded: RecordedCommand,
    /// What holds and who says so, for people.
    pub(super) told: String,
    /// Options of the header that only the caller can say and has not said.
    pub(super) not_given: Vec<RecordedOption>,
    /// Whether the header has a say in which package is of which group: it names the groups, or sources next to them. Then no rule for a
    /// group loosens anything.
    pub(super) header_groups: bool,
}

impl Statement {
    /// Says what is checked against what, and what of the header does not hold.
    pub(super) fn tell(&self, lock: &str, world: &World) {
        world.terminal.summary(&self.told);
        if let Some(message) = only_of_caller(lock, self.not_given.iter()) {
            world.terminal.warn(&format!(
                "{message}, which a header cannot decide; give to `check` what still holds"
            ));
        }
    }

    /// A failure for want of a build, with the options of the header that would allow it.
    pub(super) fn with_what_it_needs(&self, mut failure: Failure, lock: &str) -> Failure {
        let needed = self.not_given.iter();
        let needed =
            needed.filter(|option| option.role == HeaderRole::Runs && option.id != "python");
        if let Some(message) = only_of_caller(lock, needed)
            && let Some(remedy) = &mut failure.remedy
            && remedy.contains("--allow-build")
        {
            *remedy = format!("{remedy}; {message}; give it to `check` too");
        }
        failure
    }

    /// Tightens `rules` by what the header restricts.
    pub(super) fn tighten(
        &self,
        rules: &mut ChoiceRules,
        lock: &str,
        world: &World,
    ) -> Result<(), Failure> {
        let idle = tighten(rules, &self.recorded, world.now).map_err(|mut failure| {
            failure.message = format!("the header of `{lock}`: {}", failure.message);
            failure
        })?;
        for option in idle {
            world.terminal.warn(&format!(
                "{lock} was locked with `{option}`, which has no effect here: a header can only be stricter than the options of `check` and the policy"
            ));
        }
        Ok(())
    }

    /// That the check needs options of the header that only the caller can say, where sources cannot be satisfied without them.
    pub(super) fn needs_more(
        &self,
        lock: &str,
        conflict: &str,
        places: &Places,
    ) -> Option<Failure> {
        let needed = self.not_given.iter();
        let needed = needed.filter(|option| is_needed(option) && !is_in_use(option, places));
        let message = only_of_caller(lock, needed)?;
        Some(
            Failure::new(format!(
                "{lock}: its sources cannot be satisfied without options that are not given"
            ))
            .details(conflict.trim_end())
            .remedy(format!("{message}; give it to `check` too")),
        )
    }
}

fn only_of_caller<'a>(
    lock: &str,
    options: impl Iterator<Item = &'a RecordedOption>,
) -> Option<String> {
    let shown: Vec<String> = options
        .map(|option| format!("`{}`", option.shown()))
        .collect();
    (!shown.is_empty()).then(|| format!("{lock} was locked with {}", shown.join(", ")))
}

/// Who says what a lock is made from.
enum Speaker {
    /// The policy's entry at this place.
    Entry(String),
    /// The header.
    Header,
    /// Nobody: it follows from the lock's name.
    Name,
    /// The command line alone.
    Caller,
}

/// Finds the statement on `lock` and lays what the caller gives over it.
pub(super) fn statement(
    given: &CheckArguments,
    options: &GivenOptions,
    lock: &str,
    read: &Lock,
    statements: &LockStatements,
) -> Result<Statement, Failure> {
    let mut recorded = RecordedCommand::default();
    let mut arguments = LockArguments::default();
    let speaker = if let Some(entry) = statements.entry(lock) {
        arguments.take_results(&statements.arguments_of(entry)?);
        Speaker::Entry(entry.origin.clone())
    } else if !statements.entries.is_empty() {
        if given.source.is_empty() {
            return Err(no_entry(lock, statements));
        }
        Speaker::Caller
    } else if let Some(words) = &read.command {
        recorded = RecordedCommand::read(words).map_err(|why| unreadable(lock, &why))?;
        arguments.take_results(&recorded.arguments);
        relocate(&mut arguments, &recorded.arguments, lock);
        Speaker::Header
    } else {
        Speaker::Name
    };
    if given.source.is_empty() {
        find_sources(&mut arguments, &speaker, lock, read)?;
    } else {
        arguments.sources.clone_from(&given.source);
    }
    if !given.constraint.is_empty() {
        arguments.constraint.clone_from(&given.constraint);
    }
    lay_over(&mut arguments, given);
    let is_pylock = kind_of(lock, "") == Some(InventoryKind::Pylock);
    arguments.format = Some(if is_pylock {
        LockFormat::Pylock
    } else {
        LockFormat::Requirements
    });
    arguments.overrides.clone_from(&given.overrides);
    statements.lay_under(&mut arguments);
    named_inside(&arguments, given, lock, &speaker)?;
    let not_given = not_given(&recorded, &arguments, options);
    let are_sources_given = !given.source.is_empty() || arguments.sources.is_empty();
    let are_groups_given = !given.project.group.is_empty();
    Ok(Statement {
        header_groups: matches!(speaker, Speaker::Header)
            && !arguments.project.group.is_empty()
            && !(are_sources_given && are_groups_given),
        told: told(lock, &arguments, &recorded, &speaker, given),
        arguments,
        recorded,
        not_given,
    })
}

fn no_entry(lock: &str, statements: &LockStatements) -> Failure {
    let outputs: Vec<String> = statements
        .entries
        .iter()
        .map(|entry| format!("`{}`", entry.output.value))
        .collect();
    Failure::new(format!(
        "the policy states its locks, and `{lock}` is none of them: {}",
        outputs.join(", ")
    ))
    .remedy("add a `[[lock]]` entry for it, or name its sources with `--source FILE`")
}

fn unreadable(lock: &str, why: &str) -> Failure {
    Failure::new(format!(
        "{lock}: the command in its header cannot be read: {why}"
    ))
    .remedy("lock it again, or state its sources and options in a `[[lock]]` entry of the policy")
}

/// The sources that are stated, else those that follow from the lock's name.
fn find_sources(
    arguments: &mut LockArguments,
    speaker: &Speaker,
    lock: &str,
    read: &Lock,
) -> Result<(), Failure> {
    if arguments.sources.iter().any(|source| source == "-") {
        return Err(Failure::new(format!(
            "`{lock}` was locked from standard input, which is gone"
        ))
        .remedy("name the source with `--source FILE`"));
    }
    if arguments.sources.is_empty() && arguments.project.group.is_empty() {
        arguments.sources = vec![by_name(lock, read)?];
    }
    if matches!(speaker, Speaker::Header) {
        has_default(lock, &arguments.sources)?;
    }
    Ok(())
}

/// What is given on the command line, or by a variable, over what is stated.
fn lay_over(arguments: &mut LockArguments, given: &CheckArguments) {
    let project = &given.project;
    if project.all_extras || !project.extra.is_empty() {
        arguments.project.all_extras = project.all_extras;
        arguments.project.extra.clone_from(&project.extra);
    }
    if !project.group.is_empty() {
        arguments.project.group.clone_from(&project.group);
    }
    // Where the lock is does not matter here; a source must not be taken for it.
    arguments.output_file = Some("-".to_owned());
    arguments.exclude.clone_from(&given.exclude);
    let restricted = std::mem::take(&mut arguments.choice.releases.0);
    let mut choice: ChoiceOptions = given.choice.clone();
    choice.releases.0.splice(0..0, restricted);
    arguments.choice = choice;
    let target = &given.target;
    arguments.target.python.clone_from(&target.python);
    replace_if_given(
        &mut arguments.target.python_version,
        target.python_version.as_ref(),
    );
    replace_if_given(
        &mut arguments.target.python_platform,
        target.python_platform.as_ref(),
    );
    arguments.index = given.index.clone();
    arguments.gate = given.gate.clone();
    arguments.build = given.build.clone();
    arguments.cache = given.cache.clone();
    arguments.cache.refresh |= given.online;
    lay_rendering_over(&mut arguments.rendering, &given.rendering);
}

fn lay_rendering_over(rendering: &mut RenderingOptions, given: &RenderingOptions) {
    rendering.no_hashes = given.no_hashes;
    rendering.no_emit_package.clone_from(&given.no_emit_package);
    rendering.no_allow_unsafe = given.no_allow_unsafe;
    rendering.allow_unsafe = given.allow_unsafe;
    rendering.no_annotate |= given.no_annotate;
    rendering.no_header |= given.no_header;
    rendering.strip_extras |= given.strip_extras;
    rendering.emit_build_options |= given.emit_build_options;
    rendering.no_emit_options |= given.no_emit_options;
    replace_if_given(
        &mut rendering.annotation_style,
        given.annotation_style.as_ref(),
    );
    replace_if_given(&mut rendering.newline, given.newline.as_ref());
    let pair = |emit: &mut bool, no_emit: &mut bool, given: (bool, bool)| {
        if given.0 || given.1 {
            (*emit, *no_emit) = given;
        }
    };
    pair(
        &mut rendering.emit_index_url,
        &mut rendering.no_emit_index_url,
        (given.emit_index_url, given.no_emit_index_url),
    );
    pair(
        &mut rendering.emit_find_links,
        &mut rendering.no_emit_find_links,
        (given.emit_find_links, given.no_emit_find_links),
    );
    pair(
        &mut rendering.emit_trusted_host,
        &mut rendering.no_emit_trusted_host,
        (given.emit_trusted_host, given.no_emit_trusted_host),
    );
}

fn replace_if_given<T: Clone>(stated: &mut Option<T>, given: Option<&T>) {
    if given.is_some() {
        *stated = given.cloned();
    }
}

/// Everything that the header or the policy names is a regular file of the repository; what the caller names is the caller's.
fn named_inside(
    arguments: &LockArguments,
    given: &CheckArguments,
    lock: &str,
    speaker: &Speaker,
) -> Result<(), Failure> {
    let boundary = boundary(lock)?;
    let speaker = match speaker {
        Speaker::Entry(origin) => format!("{origin}: the entry for `{lock}`"),
        Speaker::Header => format!("the header of `{lock}`"),
        Speaker::Name | Speaker::Caller => format!("`{lock}` by its name"),
    };
    for (what, path) in named_files(arguments) {
        let is_lock = is_same_file(Path::new(&path), Path::new(lock));
        if is_lock && matches!(what, "source" | "constraint") {
            return Err(
                Failure::new(format!("`{lock}` is both a {what} and the lock"))
                    .remedy("name its sources with `--source FILE`"),
            );
        }
        let is_given = match what {
            "source" => !given.source.is_empty(),
            "constraint" => !given.constraint.is_empty(),
            _ => !given.project.group.is_empty() || given.source.contains(&path),
        };
        // No constraints at all, as a script may say it.
        let is_nothing = what == "constraint" && path == "/dev/null";
        if !is_given && !is_nothing {
            inside(&path, &boundary, &format!("{speaker} names the {what}"))?;
        }
    }
    Ok(())
}

/// The options of a header that only the caller can say, less those that the caller or the policy says.
fn not_given(
    recorded: &RecordedCommand,
    arguments: &LockArguments,
    given: &GivenOptions,
) -> Vec<RecordedOption> {
    let of_caller = recorded.options.iter();
    let of_caller = of_caller.filter(|option| option.role.is_of_caller());
    let missing = |option: &RecordedOption| {
        let mut option = option.clone();
        let holds: BTreeSet<String> = match option.id.as_str() {
            "exclude" => names(&arguments.exclude),
            "no_emit_package" => names(&arguments.rendering.no_emit_package),
            "allow_build" if is_every_build(&arguments.build.allow_build) => return None,
            "allow_build" => names(&arguments.build.allow_build),
            "config_settings" => arguments.build.config_settings.iter().cloned().collect(),
            "overrides" if !arguments.overrides.is_empty() => return None,
            // It is the default, and takes back what is not given either.
            "allow_unsafe" if !arguments.rendering.no_allow_unsafe => return None,
            id if given.has(id) => return None,
            _ => return Some(option),
        };
        option.values = split(&option.values)
            .filter(|value| !holds.contains(&normalized(value)) && !holds.contains(*value))
            .map(str::to_owned)
            .collect();
        (!option.values.is_empty()).then_some(option)
    };
    of_caller.filter_map(missing).collect()
}

fn is_every_build(allowed: &[String]) -> bool {
    allowed.iter().any(|name| name == ":all:")
}

fn split(values: &[String]) -> impl Iterator<Item = &str> {
    values
        .iter()
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

fn names(values: &[String]) -> BTreeSet<String> {
    split(values).map(normalized).collect()
}

fn normalized(name: &str) -> String {
    Name::new(name).map_or_else(|_| name.to_owned(), |name| name.to_string())
}

/// Without what the check cannot be made, if the sources cannot be satisfied without it: what builds packages, and where packages are.
pub(super) fn is_needed(option: &RecordedOption) -> bool {
    match option.role {
        HeaderRole::Runs => option.id != "build_timeout",
        HeaderRole::Connects => {
            matches!(
                option.id.as_str(),
                "index_url" | "extra_index_url" | "find_links"
            )
        }
        _ => false,
    }
}

/// Whether the index that an option names is asked anyway.
fn is_in_use(option: &RecordedOption, places: &Places) -> bool {
    let is_index = matches!(option.id.as_str(), "index_url" | "extra_index_url");
    let shown = |url: &str| redact_url(url.trim_end_matches('/'));
    is_index
        && option.values.iter().all(|value| {
            let mut indexes = places.indexes.iter();
            indexes.any(|index| shown(index.as_str()) == shown(value))
        })
}

/// The line that says what is checked against what, and who says so.
fn told(
    lock: &str,
    arguments: &LockArguments,
    recorded: &RecordedCommand,
    speaker: &Speaker,
    given: &CheckArguments,
) -> String {
    let sources = arguments.sources.iter().map(|source| format!("`{source}`"));
    let groups = arguments.project.group.iter();
    let all: Vec<String> = sources
        .chain(groups.map(|group| format!("the group `{group}`")))
        .collect();
    let origin = match (speaker, given.source.is_empty()) {
        (Speaker::Entry(origin), true) => format!("as {origin} states it"),
        (Speaker::Header, true) => "from its header".to_owned(),
        (Speaker::Name, _) if given.source.is_empty() => "by its name".to_owned(),
        _ => "from `--source`".to_owned(),
    };
    let results = recorded.options.iter();
    let results = results.filter(|option| {
        option.role == HeaderRole::Result && !matches!(option.id.as_str(), "requirement" | "group")
    });
    let results: Vec<String> = results
        .map(|option| format!("`{}`", option.shown()))
        .collect();
    let of_header = if results.is_empty() {
        String::new()
    } else {
        format!("; its header says {}", results.join(", "))
    };
    let lock = Path::new(lock).display();
    format!(
        "{lock}: checking against {} ({origin}){of_header}",
        all.join(", ")
    )
}
