//! Why there is no lock: what the gate refuses and the ways out, or the proof that nothing fits.

use std::fmt::Write as _;

use lockgate_model::{
    Advisory, Conflict, ConflictNote, Exclusion, Fact, GateRefusal, Proof, Stated, Statement,
    Unstated, WayOut, Why,
};

use crate::style::{BOLD, CYAN, DIM, of_severity, severity_text};

/// How much to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Refusals in full, the proof only when there is no refusal, and then not at any length.
    Short,
    /// The proof too.
    Full,
}

/// A proof of more lines is told by its opening and its closing.
const LONGEST_PROOF: usize = 12;
const OPENING: usize = 4;
const CLOSING: usize = 5;

/// The whole message.
pub fn conflict_text(conflict: &Conflict, detail: Detail) -> String {
    let mut text = String::new();
    for refusal in &conflict.refusals {
        refusal_text(refusal, &mut text);
    }
    if conflict.refusals.is_empty() || detail == Detail::Full {
        let lines = proof_lines(&conflict.proof);
        let left_out = match detail {
            Detail::Short if lines.len() > LONGEST_PROOF => OPENING..lines.len() - CLOSING,
            Detail::Short | Detail::Full => 0..0,
        };
        for (index, line) in lines.iter().enumerate() {
            if !left_out.contains(&index) {
                let _ = writeln!(text, "  {line}");
            } else if index == left_out.start {
                let steps = left_out.len();
                let _ = writeln!(
                    text,
                    "  {DIM}… {steps} more steps, shown with `-v` …{DIM:#}"
                );
            }
        }
    }
    for note in &conflict.notes {
        let _ = writeln!(text, "  {CYAN}note{CYAN:#}: {}", note_text(note));
    }
    text
}

/// The proof alone, without styles.
pub(crate) fn plain_text(conflict: &Conflict) -> Vec<String> {
    let mut lines = proof_lines(&conflict.proof);
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
            let _ = writeln!(text, "      {:indent$}{link}", "", indent = depth * 2);
        }
    }
    for way in &refusal.ways_out {
        way_out_text(way, text);
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
        format!(" ({})", advisory.aliases.join(", "))
    };
    let summary = if advisory.summary.is_empty() {
        String::new()
    } else {
        format!(": {}", advisory.summary)
    };
    let _ = writeln!(
        text,
        "    {style}{}{style:#}{aliases}, {style}{severity}{style:#}{summary}",
        advisory.id
    );
    let fixed: Vec<String> = advisory.fixed.iter().map(ToString::to_string).collect();
    let fixed = if fixed.is_empty() {
        "no fixed version is known".to_owned()
    } else {
        format!("fixed in {}", fixed.join(", "))
    };
    let _ = writeln!(text, "      {DIM}{fixed}; {}{DIM:#}", advisory.link);
}

fn way_out_text(way: &WayOut, text: &mut String) {
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
                        change.origin, change.requirement, change.to
                    )
                })
                .collect();
            let _ = writeln!(
                text,
                "    {CYAN}way out{CYAN:#}: {}{gives}",
                changes.join(",\n             and ")
            );
        }
        WayOut::Ignore { ids, name } => {
            let _ = writeln!(text, "    {CYAN}or accept it{CYAN:#}, in `lockgate.toml`:");
            for id in ids {
                let _ = writeln!(text, "      [[ignore]]");
                let _ = writeln!(text, "      id = \"{id}\"");
                let _ = writeln!(text, "      package = \"{name}\"");
                let _ = writeln!(
                    text,
                    "      reason = \"\"  # required: why it does no harm here"
                );
            }
        }
    }
}

fn note_text(note: &ConflictNote) -> String {
    match note {
        ConflictNote::Region { marker } => format!("it is so where {marker}"),
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
        } => format!("{name} is taken from {reference}, which is {version}, and from nowhere else"),
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
                "{name} has versions that the index states no upload time for; a cutoff or cooldown hides them"
            )
        }
    }
}

/// The proof as sentences, each following from those before it.
fn proof_lines(proof: &Proof) -> Vec<String> {
    let mut teller = Teller {
        lines: Vec::new(),
        told: Vec::new(),
    };
    match proof {
        Proof::Fact(fact @ Fact::Root { .. }) => teller.lines.push(format!(
            "{}, which no version can satisfy.",
            fact_text(fact)
        )),
        Proof::Fact(fact) => teller.lines.push(format!("{}.", capital(&fact_text(fact)))),
        Proof::Derived { .. } => teller.tell(proof),
    }
    teller.lines
}

struct Teller {
    lines: Vec<String>,
    /// Numbers of shared conclusions that have been told already.
    told: Vec<usize>,
}

impl Teller {
    /// Tells why `proof`'s conclusion holds; its last sentence states the conclusion.
    fn tell(&mut self, proof: &Proof) {
        let Proof::Derived {
            conclusion,
            left,
            right,
            shared,
        } = proof
        else {
            return;
        };
        let conclusion = numbered(&conclusion_text(conclusion), *shared);
        match (left.as_ref(), right.as_ref()) {
            (Proof::Fact(left), Proof::Fact(right)) => {
                self.lines.push(format!(
                    "Because {} and {}, {conclusion}.",
                    fact_text(left),
                    fact_text(right)
                ));
            }
            (derived @ Proof::Derived { .. }, Proof::Fact(fact))
            | (Proof::Fact(fact), derived @ Proof::Derived { .. }) => {
                if let Some(reference) = self.reference(derived) {
                    self.lines.push(format!(
                        "Because {} and {reference}, {conclusion}.",
                        fact_text(fact)
                    ));
                } else {
                    self.tell(derived);
                    self.lines
                        .push(format!("And because {}, {conclusion}.", fact_text(fact)));
                }
            }
            (left, right) => match (self.reference(left), self.reference(right)) {
                (Some(left), Some(right)) => self
                    .lines
                    .push(format!("Because {left} and {right}, {conclusion}.")),
                (Some(reference), None) => {
                    self.tell(right);
                    self.lines
                        .push(format!("And because {reference}, {conclusion}."));
                }
                (None, Some(reference)) => {
                    self.tell(left);
                    self.lines
                        .push(format!("And because {reference}, {conclusion}."));
                }
                (None, None) => {
                    self.tell(left);
                    let first = derived_text(left);
                    self.tell(right);
                    self.lines
                        .push(format!("And because {first}, {conclusion}."));
                }
            },
        }
        if let Some(number) = shared {
            self.told.push(*number);
        }
    }

    fn reference(&self, proof: &Proof) -> Option<String> {
        match proof {
            Proof::Derived {
                shared: Some(number),
                ..
            } if self.told.contains(number) => Some(format!("{} ({number})", derived_text(proof))),
            _ => None,
        }
    }
}

fn derived_text(proof: &Proof) -> String {
    match proof {
        Proof::Derived { conclusion, .. } => conclusion_text(conclusion),
        Proof::Fact(fact) => fact_text(fact),
    }
}

fn numbered(text: &str, number: Option<usize>) -> String {
    number.map_or_else(|| text.to_owned(), |number| format!("{text} ({number})"))
}

fn conclusion_text(statements: &[Statement]) -> String {
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

fn fact_text(fact: &Fact) -> String {
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
                .map_or_else(String::new, |origin| format!(", as {origin} overrides it"));
            format!(
                "{from} requires {}{overridden}",
                versioned(&name(to), to_versions)
            )
        }
        Fact::NoVersion {
            name,
            versions,
            excluded,
        } => no_version_text(name.as_str(), versions, excluded),
        Fact::Absent { name } => format!("{name} is on none of the indexes"),
    }
}

fn no_version_text(
    name: &str,
    versions: &lockgate_model::VersionSet,
    excluded: &[Exclusion],
) -> String {
    if excluded.is_empty() {
        return if versions.is_full() {
            format!("{name} has no versions")
        } else {
            format!("there is no version of {}", versioned(name, versions))
        };
    }
    let reasons: Vec<String> = excluded.iter().map(exclusion_text).collect();
    format!(
        "no version of {} can be used ({})",
        versioned(name, versions),
        reasons.join("; ")
    )
}

fn exclusion_text(exclusion: &Exclusion) -> String {
    const SHOWN: usize = 3;
    let mut versions: Vec<String> = exclusion
        .versions
        .iter()
        .take(SHOWN)
        .map(ToString::to_string)
        .collect();
    if exclusion.versions.len() > SHOWN {
        versions.push(format!("{} more", exclusion.versions.len() - SHOWN));
    }
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
    format!("{} {why}", versions.join(", "))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
