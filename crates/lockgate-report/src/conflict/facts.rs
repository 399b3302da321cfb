//! Facts and conclusions in words.

use lockgate_model::{Exclusion, Fact, Packing, Stated, Statement, Unstated, Version, Why};

pub(super) fn conclusion_text(statements: &[Statement]) -> String {
    let all: Vec<&Statement> = statements
        .iter()
        .filter(|statement| statement.name.is_some())
        .collect();
    match all.as_slice() {
        [] => "the requirements cannot be satisfied".to_owned(),
        [one] if one.is_in => format!("{} cannot be used", statement_text(one)),
        [one] => format!("{} is required", statement_text(one)),
        [from, to] | [to, from] if from.is_in && !to.is_in => {
            format!("{} needs {}", statement_text(from), statement_text(to))
        }
        [left, right] if left.is_in && right.is_in => {
            format!(
                "{} and {} cannot be used together",
                statement_text(left),
                statement_text(right)
            )
        }
        many => {
            let taken: Vec<String> = many
                .iter()
                .filter(|s| s.is_in)
                .map(|s| statement_text(s))
                .collect();
            let needed: Vec<String> = many
                .iter()
                .filter(|s| !s.is_in)
                .map(|s| statement_text(s))
                .collect();
            match (taken.is_empty(), needed.is_empty()) {
                (false, true) => format!("{} cannot be used together", taken.join(", ")),
                (true, _) => format!("one of {} is required", needed.join(", ")),
                (false, false) => format!(
                    "{} together need one of {}",
                    taken.join(" and "),
                    needed.join(", ")
                ),
            }
        }
    }
}

fn statement_text(statement: &Statement) -> String {
    let name = statement
        .name
        .as_ref()
        .map_or("the requirements", |name| name.as_str());
    let extra = statement
        .extra
        .as_ref()
        .map(|extra| format!("[{extra}]"))
        .unwrap_or_default();
    versioned(&format!("{name}{extra}"), &statement.versions)
}

/// `name` and its versions as one would write them; an alternative list goes in parentheses.
fn versioned(name: &str, versions: &lockgate_model::VersionSet) -> String {
    if versions.is_full() {
        return name.to_owned();
    }
    let text = versions.to_string();
    if text.contains(" | ") {
        format!("{name} ({text})")
    } else {
        format!("{name}{text}")
    }
}

pub(super) fn fact_text(fact: &Fact) -> String {
    match fact {
        Fact::Root {
            requirement,
            origin,
            role,
            ..
        } => match role {
            Stated::Constraint => format!("{origin} restricts to `{requirement}`"),
            Stated::Requirement => format!("{origin} requires `{requirement}`"),
            Stated::Override(replaced) => format!(
                "{origin} overrides `{}` ({}) with `{requirement}`",
                replaced.requirement, replaced.origin
            ),
        },
        Fact::Requires {
            from,
            from_versions,
            to,
            to_versions,
            marker,
            overridden,
        } => {
            let name = |(name, extra): &(lockgate_model::Name, Option<lockgate_model::Name>)| {
                extra
                    .as_ref()
                    .map_or_else(|| name.to_string(), |extra| format!("{name}[{extra}]"))
            };
            let from = if from_versions.is_full() {
                format!("every version of {}", name(from))
            } else {
                versioned(&name(from), from_versions)
            };
            let overridden = overridden
                .as_ref()
                .map_or_else(String::new, |origin| format!(" (as {origin} overrides it)"));
            let marker = marker
                .as_ref()
                .map_or_else(String::new, |marker| format!(" where {marker}"));
            format!(
                "{from} requires {}{marker}{overridden}",
                versioned(&name(to), to_versions)
            )
        }
        Fact::NoVersion {
            name,
            versions,
            excluded,
            nearest,
        } => no_version_text(name.as_str(), versions, excluded, nearest),
        Fact::Absent { name } => format!("{name} is on none of the indexes"),
    }
}

fn no_version_text(
    name: &str,
    versions: &lockgate_model::VersionSet,
    excluded: &[Exclusion],
    nearest: &[Version],
) -> String {
    if excluded.is_empty() {
        let none = format!("there is no version of {}", versioned(name, versions));
        return match nearest {
            _ if versions.is_full() => format!("{name} has no versions"),
            [] => none,
            [nearest] => format!("{none} (the nearest is {nearest})"),
            [below, above, ..] => format!("{none} (the nearest are {below} and {above})"),
        };
    }
    let reasons: Vec<String> = excluded.iter().map(exclusion_text).collect();
    format!(
        "no version of {} can be used ({})",
        versioned(name, versions),
        reasons.join("; ")
    )
}

pub(super) fn exclusion_text(exclusion: &Exclusion) -> String {
    const SHOWN: usize = 3;
    let versions = match exclusion.versions.as_slice() {
        [newest, .., oldest] if exclusion.versions.len() > SHOWN => {
            let count = exclusion.versions.len();
            format!("{count} versions from {oldest} to {newest}")
        }
        few => {
            let few: Vec<String> = few.iter().map(ToString::to_string).collect();
            few.join(", ")
        }
    };
    let one = exclusion.versions.len() == 1;
    let verb = |singular: &str, plural: &str| {
        if one {
            singular.to_owned()
        } else {
            plural.to_owned()
        }
    };
    let why = match &exclusion.why {
        Why::Gate(advisories) => {
            let mut ids: Vec<&str> = advisories
                .iter()
                .take(SHOWN)
                .map(|advisory| advisory.id.as_str())
                .collect();
            if advisories.len() > SHOWN {
                ids.push("…");
            }
            format!("{} denied for {}", verb("is", "are"), ids.join(", "))
        }
        Why::Quarantined(reason) => match reason {
            Some(reason) => format!("{} in quarantine: {reason}", verb("is", "are")),
            None => format!("{} in quarantine", verb("is", "are")),
        },
        Why::Yanked(reason) if reason.is_empty() => format!("{} yanked", verb("is", "are")),
        Why::Yanked(reason) => format!("{} yanked: {reason}", verb("is", "are")),
        Why::Prerelease => verb("is a pre-release", "are pre-releases"),
        Why::Python { requires, target } => format!(
            "{} Python {requires}, and {target} is the target",
            verb("requires", "require")
        ),
        Why::NoWheel => format!("{} no wheel for the target", verb("has", "have")),
        Why::Archive => format!(
            "{} no file that every pip opens: {}",
            verb("has", "have"),
            Packing::LZIP
        ),
        Why::Format(option) => format!("{} left without files by `{option}`", verb("is", "are")),
        Why::Cutoff => format!("{} newer than the cutoff", verb("is", "are")),
        Why::Cooldown => format!("{} younger than the cooldown admits", verb("is", "are")),
        Why::NoUploadTime => format!(
            "{} hidden by the cutoff or cooldown, since the index does not state when {} uploaded",
            verb("is", "are"),
            verb("it was", "they were")
        ),
        Why::Metadata(reason) => format!("cannot be used: {reason}"),
        Why::NeedsBuild(why) => format!(
            "{} metadata only after a build: {}",
            verb("states its", "state their"),
            match why {
                Unstated::Missing => verb("it has no PKG-INFO", "they have no PKG-INFO"),
                Unstated::Old =>
                    "PKG-INFO of before Metadata-Version 2.2 promises nothing".to_owned(),
                Unstated::Dynamic => "PKG-INFO leaves them to it".to_owned(),
            }
        ),
        Why::Unreadable(reason) => format!("cannot be read: {reason}"),
        Why::Hash => format!("{} no file with a required hash", verb("has", "have")),
    };
    format!("{versions} {why}")
}

pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
