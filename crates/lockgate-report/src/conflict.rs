//! Why there is no lock: what the gate refuses and the ways out, or the proof that nothing fits.

mod facts;
mod story;
mod tree;

use std::fmt::Write as _;

use lockgate_model::{
    Advisory, Conflict, ConflictNote, Fact, GateRefusal, Name, OptionChange, Proof, WayOut,
};

use self::facts::fact_text;
use self::story::story;
pub(crate) use self::tree::tree;

use crate::plain::plain;
use crate::style::{BOLD, CYAN, DIM, of_severity, severity_text};

/// How much to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Refusals in full, the proof only when there is no refusal, and then not at any length.
    Short,
    /// The proof too.
    Full,
}

/// How many lines a refusal may have, title and hints included, before its proof is told by its opening and its closing.
const MOST_LINES: usize = 12;
/// How many lines of a proof are told however many hints there are.
const FEWEST: usize = 6;
const OPENING: usize = 2;

/// The whole message.
pub fn conflict_text(conflict: &Conflict, detail: Detail) -> String {
    let mut text = String::new();
    for refusal in &conflict.refusals {
        refusal_text(refusal, &mut text);
    }
    let mut hints = String::new();
    for way in &conflict.ways_out {
        way_out_text(way, "  ", &mut hints);
    }
    for note in &conflict.notes {
        let _ = writeln!(hints, "  {CYAN}note{CYAN:#}: {}", note_text(note));
    }
    if conflict.refusals.is_empty() || detail == Detail::Full {
        let room = match detail {
            Detail::Short => MOST_LINES
                .saturating_sub(1 + hints.lines().count())
                .max(FEWEST),
            Detail::Full => usize::MAX,
        };
        for line in proof_lines(&conflict.proof, room) {
            let _ = writeln!(text, "  {line}");
        }
    }
    text.push_str(&hints);
    text
}

/// The proof in at most `room` lines: the whole of it, or its opening and closing with all lines of the sources that it rests on.
fn proof_lines(proof: &Proof, room: usize) -> Vec<String> {
    if room == usize::MAX {
        let lines = story(proof, true).lines.into_iter();
        return lines.map(|line| plain(&line).into_owned()).collect();
    }
    let told = story(proof, false);
    let lines = told.lines.len();
    let left_out = if lines > room {
        // One line says what is left out, one may name sources.
        let closing = room.saturating_sub(OPENING + 2);
        OPENING..lines - closing
    } else {
        0..0
    };
    let mut shown = Vec::new();
    for (index, line) in told.lines.into_iter().enumerate() {
        if !left_out.contains(&index) {
            shown.push(plain(&line).into_owned());
        } else if index == left_out.start {
            let steps = left_out.len();
            shown.push(format!(
                "{DIM}… {steps} more steps, shown with `-v` …{DIM:#}"
            ));
        }
    }
    let unnamed: Vec<String> = story(proof, true)
        .named
        .iter()
        .filter(|fact| matches!(fact, Fact::Root { .. }))
        .map(fact_text)
        .filter(|text| !shown.iter().any(|line| line.contains(text.as_str())))
        .fold(Vec::new(), |mut unnamed, text| {
            if !unnamed.contains(&text) {
                unnamed.push(text);
            }
            unnamed
        });
    if !unnamed.is_empty() {
        shown.push(format!(
            "It rests on these lines too: {}.",
            plain(&unnamed.join("; "))
        ));
    }
    shown
}

/// The proof alone, without styles.
pub(crate) fn plain_text(conflict: &Conflict) -> Vec<String> {
    let mut lines = story(&conflict.proof, true).lines;
    lines.extend(conflict.notes.iter().map(note_text));
    lines
}

fn refusal_text(refusal: &GateRefusal, text: &mut String) {
    let _ = writeln!(
        text,
        "  {BOLD}{} {}{BOLD:#} is denied by the gate",
        refusal.name, refusal.version
    );
    for advisory in &refusal.advisories {
        advisory_text(advisory, text);
    }
    if !refusal.chain.is_empty() {
        let _ = writeln!(text, "    required by");
        for (depth, link) in refusal.chain.iter().enumerate() {
            let _ = writeln!(
                text,
                "      {:indent$}{}",
                "",
                plain(link),
                indent = depth * 2
            );
        }
    }
    for way in &refusal.ways_out {
        way_out_text(way, "    ", text);
    }
    if refusal.is_final {
        let _ = writeln!(
            text,
            "    no ignore entry lifts this: a malicious or quarantined package is always denied"
        );
    }
}

fn advisory_text(advisory: &Advisory, text: &mut String) {
    let style = of_severity(advisory.severity.as_ref());
    let severity = if advisory.malicious {
        "malicious".to_owned()
    } else {
        severity_text(advisory.severity.as_ref())
    };
    let aliases = if advisory.aliases.is_empty() {
        String::new()
    } else {
        format!(" ({})", plain(&advisory.aliases.join(", ")))
    };
    let summary = if advisory.summary.is_empty() {
        String::new()
    } else {
        format!(": {}", plain(&advisory.summary))
    };
    let _ = writeln!(
        text,
        "    {style}{}{style:#}{aliases}, {style}{severity}{style:#}{summary}",
        plain(&advisory.id)
    );
    let fixed: Vec<String> = advisory.fixed.iter().map(ToString::to_string).collect();
    let fixed = if fixed.is_empty() {
        "no fixed version is known".to_owned()
    } else {
        format!("fixed in {}", fixed.join(", "))
    };
    let _ = writeln!(text, "      {DIM}{fixed}; {}{DIM:#}", plain(&advisory.link));
    if !advisory.unclear.is_empty() {
        let _ = writeln!(
            text,
            "      counts as affected; not understood: {}",
            plain(&advisory.unclear.join(", "))
        );
    }
}

fn way_out_text(way: &WayOut, indent: &str, text: &mut String) {
    match way {
        WayOut::Relax { changes, gives } => {
            let gives = gives.as_ref().map_or_else(
                || "; it is then no longer needed".to_owned(),
                |version| format!("; it then locks at {version}"),
            );
            let changes: Vec<String> = changes
                .iter()
                .map(|change| {
                    format!(
                        "in {}, change `{}` to `{}`",
                        plain(&change.origin.to_string()),
                        plain(&change.requirement),
                        plain(&change.to)
                    )
                })
                .collect();
            let _ = writeln!(
                text,
                "{indent}{CYAN}way out{CYAN:#}: {}{gives}",
                changes.join(&format!(",\n{indent}         and "))
            );
        }
        WayOut::Option(change) => {
            let _ = writeln!(
                text,
                "{indent}{CYAN}way out{CYAN:#}: {}",
                option_text(change)
            );
        }
        WayOut::Ignore { ids, name } => {
            let _ = writeln!(
                text,
                "{indent}{CYAN}or accept it{CYAN:#}, in `lockgate.toml`:"
            );
            for id in ids {
                let _ = writeln!(text, "{indent}  [[ignore]]");
                let _ = writeln!(text, "{indent}  id = \"{}\"", toml_text(id));
                let _ = writeln!(text, "{indent}  package = \"{name}\"");
                let _ = writeln!(
                    text,
                    "{indent}  reason = \"\"  # required: why it does no harm here"
                );
            }
        }
    }
}

/// A text between the double quotes of TOML.
fn toml_text(text: &str) -> String {
    plain(text).replace('\\', r"\\").replace('"', r#"\""#)
}

fn option_text(change: &OptionChange) -> String {
    let listed = |names: &[Name]| {
        let names: Vec<&str> = names.iter().map(Name::as_str).collect();
        names.join(",")
    };
    match change {
        OptionChange::Python(version) => {
            format!("lock for another Python, `--python-version {version}`")
        }
        OptionChange::Prereleases(names) => {
            format!("admit pre-releases, `--all-releases {}`", listed(names))
        }
        OptionChange::Formats(names, option) => {
            format!("leave {} out of `{option}`", listed(names))
        }
        OptionChange::Cutoff(day) => format!("a later cutoff, `--exclude-newer {day}`"),
        OptionChange::Cooldown(day) => {
            format!("a shorter `--cooldown`, under which what was uploaded on {day} counts")
        }
    }
}

fn note_text(note: &ConflictNote) -> String {
    match note {
        ConflictNote::Region { marker } => format!("it is so where {}", plain(marker)),
        ConflictNote::Misspelt { name } => format!(
            "is `{name}` spelt right? a project that is on another index needs `--extra-index-url`"
        ),
        ConflictNote::OnLaterIndex {
            name,
            first,
            index,
            version,
        } => format!(
            "{name} is taken from {} alone, the first index that has it; {} has {name} {version}, which `--index-strategy unsafe-best-match` would use: the versions of all indexes then count, as with pip, whoever publishes them",
            plain(first),
            plain(index)
        ),
        ConflictNote::HashesDiffer { name } => format!(
            "the files of {name} on the index are not those that the hashes were made of: compare before you change a hash"
        ),
        ConflictNote::PrereleasesExist { name, newest } => {
            format!(
                "{name} has pre-releases, up to {newest}; `--pre`, or a requirement that names one, admits them"
            )
        }
        ConflictNote::YankedExists { name, newest } => {
            format!("{name} {newest} would fit but is yanked; only `{name}=={newest}` admits it")
        }
        ConflictNote::Direct {
            name,
            version,
            reference,
        } => format!(
            "{name} is taken from {}, which is {version}, and from nowhere else",
            plain(reference)
        ),
        ConflictNote::NeedsBuild { name } => {
            format!(
                "{name} has versions that state their metadata only after a build, and no code of a package runs unless it is allowed to; `--allow-build={name}` allows it"
            )
        }
        ConflictNote::CutoffHides { name } => {
            format!("{name} has versions that were uploaded after the `--exclude-newer` cutoff")
        }
        ConflictNote::CooldownHides { name } => {
            format!("{name} has versions that are younger than `--cooldown` admits")
        }
        ConflictNote::Undated { name } => {
            format!(
                "{name} has versions that the index states no upload time for, or one in the future; a cutoff or cooldown hides them"
            )
        }
    }
}

#[cfg(test)]
mod tests;
