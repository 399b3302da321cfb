//! Where lockgate differs from pip by choice. Each has its row in docs/pip-parity.md and, where pip of today differs, its file in the corpus.

use lockgate_model::{Name, Requirement};

use crate::oracle::About;
use crate::told::{Line, Told};

/// One file of which the two readers say different things.
pub(crate) struct Case<'a> {
    /// Its text, and that of nothing that it includes.
    pub(crate) text: &'a str,
    pub(crate) pip: &'a Told,
    pub(crate) ours: &'a Told,
    pub(crate) about: &'a About,
}

/// A choice, by its name in the document.
pub(crate) struct Choice {
    pub(crate) name: &'static str,
    kind: Kind,
}

enum Kind {
    /// One refuses what the other reads: whether the choice is why.
    Refusal(fn(&Case<'_>) -> bool),
    /// Both read it: whether the choice may be why, and how to take out of what both say all that it may change.
    Reading(fn(&Case<'_>) -> bool, fn(&mut Told, &mut Told)),
}

/// The choices; the first that explains a difference counts.
pub(crate) const CHOICES: &[Choice] = &[
    refusal("hash-digest", |case| {
        case.only_ours_refuses("it is not 64 hexadecimal digits")
    }),
    refusal("hash-algorithm", |case| {
        case.only_ours_refuses("is not supported: indexes state sha256")
    }),
    refusal("option-names", |case| {
        let controls = [
            "`--no-binary`",
            "`--only-binary`",
            "`--all-releases`",
            "`--only-final`",
        ];
        let of = |option: &&str| case.only_ours_refuses(&format!("{option}: `"));
        controls.iter().any(of) && case.only_ours_refuses("is not a valid name")
    }),
    // A name or an extra that ends in `_`.
    refusal("name-end", |case| {
        let is_name_but_for_its_end =
            |name: &str| name.ends_with('_') && Name::new(name.trim_end_matches('_')).is_ok();
        case.only_ours_refuses("`") && case.refused_name().is_some_and(is_name_but_for_its_end)
    }),
    refusal("arbitrary-equality", refuses_arbitrary_text),
    refusal("arbitrary-equality-comma", |case| {
        let ends = [
            "Expected comma",
            "Expected end or semicolon",
            "Expected matching RIGHT_PARENTHESIS",
        ];
        case.only_pip_refuses("===") && ends.iter().any(|end| case.only_pip_refuses(end))
    }),
    refusal("marker-version", |case| {
        case.only_ours_refuses("is not a version specifier")
    }),
    refusal("marker-constant", |case| {
        case.only_ours_refuses("it compares two")
    }),
    refusal("marker-quote", |case| {
        case.only_ours_refuses("a quote or a line break in a quoted text")
    }),
    refusal("marker-operator", |case| {
        case.only_ours_refuses("compares versions, and `")
    }),
    refusal("binary-file", |case| {
        case.text.contains('\0') && case.only_ours_refuses("it is a binary file")
    }),
    refusal("codec", |case| {
        case.only_ours_refuses("its declared encoding")
    }),
    refusal("egg-extras", |case| {
        let of_egg = case.text.split("egg=").nth(1).unwrap_or_default();
        case.only_pip_refuses("InvalidEggFragment") && of_egg.contains('[')
    }),
    // Brackets behind an address are a part of it to pip, and extras to us.
    reading(
        "url-extras",
        |case| case.pip.lines.iter().any(has_brackets),
        forget_bracketed_addresses,
    ),
    refusal("unknown-scheme", |case| {
        case.only_ours_refuses("is no kind of address that pip knows")
    }),
    refusal("trusted-host", |case| {
        case.only_ours_refuses("write `host` or `host:port`")
    }),
    refusal("features", |case| {
        const KNOWN: [&str; 8] = [
            "2020-resolver",
            "in-tree-build",
            "fast-deps",
            "truststore",
            "inprocess-build-deps",
            "venv-isolation",
            "build-constraint",
            "no-binary-enable-wheel-cache",
        ];
        let is_of_another_pip = |feature: &&str| {
            !case.about.features.iter().any(|known| known == feature)
                && case.only_pip_refuses(&format!("'{feature}'"))
        };
        case.only_pip_refuses("option --use-feature: invalid choice")
            && KNOWN.iter().any(is_of_another_pip)
    }),
    refusal("newer-option", |case| {
        const NEWER: [&str; 5] = [
            "--all-releases",
            "--only-final",
            "--no-require-hashes",
            "--config-settings",
            "-C",
        ];
        let is_unknown = |option: &&str| {
            !case.about.options.iter().any(|known| known == option)
                && case.only_pip_refuses(&format!("no such option: {option}"))
        };
        NEWER.iter().any(is_unknown)
    }),
    refusal("older-grammar", |case| {
        case.about.is_before(24, 1)
            && (case.only_pip_refuses("Invalid requirement: ")
                || case.only_ours_refuses("is not a requirement: ")
                || case.only_ours_refuses("has a blank that is none to pip")
                || case.only_ours_refuses("is not a marker: "))
    }),
    reading(
        "older-grammar",
        |case| case.about.is_before(24, 1),
        |pip, ours| forget_clauses("~=", pip, ours),
    ),
    refusal("older-editable", |case| {
        case.about.is_before(25, 2)
            && (case.only_pip_refuses("is not a valid editable requirement")
                || case.only_ours_refuses("names neither a folder that is there"))
    }),
    reading(
        "older-editable",
        |case| case.about.is_before(25, 2),
        |pip, ours| {
            for_each_line(pip, ours, |line| {
                if line.editable {
                    line.config_settings.clear();
                }
            });
        },
    ),
    // A comparison that an older pip reads and then fails to make.
    reading(
        "older-marker",
        |case| case.about.is_before(26, 0),
        |pip, ours| {
            let place = |line: &Line| (line.file.clone(), line.number);
            let failing = pip.lines.iter().filter(|line| line.marker.contains(&None));
            let failing: Vec<_> = failing.map(place).collect();
            for_each_line(pip, ours, |line| {
                if failing.contains(&place(line)) {
                    line.marker.clear();
                }
            });
        },
    ),
    // An older one takes `== "=x"` for `===x`.
    reading(
        "older-marker",
        |case| {
            let has_equals = ["'=", "\"="].iter().any(|text| case.text.contains(text));
            case.about.is_before(24, 1) && has_equals
        },
        |pip, ours| for_each_line(pip, ours, |line| line.marker.clear()),
    ),
    refusal("older-mark", |case| {
        case.about.is_before(26, 0) && case.only_pip_refuses("\\x00")
    }),
    refusal("older-include", |case| {
        case.about.is_before(24, 3)
            && case.text.contains("../")
            && case.only_pip_refuses("Could not open requirements file")
    }),
    refusal("older-wheel", |case| {
        case.about.is_before(26, 3) && case.only_ours_refuses("is no name of a wheel")
    }),
    reading(
        "older-no-index",
        |case| case.about.is_before(23, 0) && case.ours.no_index,
        |pip, ours| {
            for told in [pip, ours] {
                told.indexes.clear();
                told.no_index = false;
            }
        },
    ),
    refusal("older-egg", |case| {
        case.about.is_before(25, 0) && case.only_ours_refuses("names no project: ")
    }),
];

const fn refusal(name: &'static str, explains: fn(&Case<'_>) -> bool) -> Choice {
    Choice {
        name,
        kind: Kind::Refusal(explains),
    }
}

const fn reading(
    name: &'static str,
    may_explain: fn(&Case<'_>) -> bool,
    forget: fn(&mut Told, &mut Told),
) -> Choice {
    Choice {
        name,
        kind: Kind::Reading(may_explain, forget),
    }
}

/// The choices that are not about what an older pip does.
pub(crate) fn of_today() -> impl Iterator<Item = &'static str> {
    let names = CHOICES.iter().map(|choice| choice.name);
    names.filter(|name| !name.starts_with("older-") && *name != "newer-option")
}

/// The choice that accounts for what differs, if one does or several do together; of several the first.
pub(crate) fn chosen(case: &Case<'_>) -> Option<&'static str> {
    if case.pip.error.is_some() || case.ours.error.is_some() {
        let explains =
            |choice: &&Choice| matches!(choice.kind, Kind::Refusal(explains) if explains(case));
        return CHOICES.iter().find(explains).map(|choice| choice.name);
    }
    let (mut pip, mut ours) = (case.pip.clone(), case.ours.clone());
    let mut first = None;
    for choice in CHOICES {
        let Kind::Reading(may_explain, forget) = choice.kind else {
            continue;
        };
        if !may_explain(case) {
            continue;
        }
        let before = pip.differences(&ours).len();
        forget(&mut pip, &mut ours);
        let after = pip.differences(&ours).len();
        if after < before {
            first = first.or(Some(choice.name));
        }
        if after == 0 {
            return first;
        }
    }
    None
}

impl Case<'_> {
    fn only_ours_refuses(&self, part: &str) -> bool {
        let ours = self.ours.error.as_ref();
        self.pip.error.is_none() && ours.is_some_and(|error| error.contains(part))
    }

    fn only_pip_refuses(&self, part: &str) -> bool {
        let pip = self.pip.error.as_ref();
        self.ours.error.is_none() && pip.is_some_and(|error| error.contains(part))
    }

    /// The word that our refusal says is no name.
    fn refused_name(&self) -> Option<&str> {
        let error = self.ours.error.as_ref()?;
        let (before, _) = error.split_once("` is not a valid name")?;
        before.rsplit('`').next()
    }
}

/// Whether a `===` is followed by what is no version, and that alone is why we refuse the line.
fn refuses_arbitrary_text(case: &Case<'_>) -> bool {
    if !case.only_ours_refuses("is not a requirement") {
        return false;
    }
    let error = case.ours.error.as_deref().unwrap_or_default();
    let text = error
        .split_once('`')
        .and_then(|(_, rest)| rest.split_once("` is not a requirement"));
    text.is_some_and(|(text, _)| {
        text.contains("===") && with_plain_equality(text).parse::<Requirement>().is_ok()
    })
}

fn for_each_line(pip: &mut Told, ours: &mut Told, change: impl FnMut(&mut Line)) {
    pip.lines.iter_mut().chain(&mut ours.lines).for_each(change);
}

fn forget_clauses(operator: &str, pip: &mut Told, ours: &mut Told) {
    for_each_line(pip, ours, |line| {
        line.specifiers
            .retain(|clause| !clause.starts_with(operator));
    });
}

fn has_brackets(line: &Line) -> bool {
    line.url.as_ref().is_some_and(|url| url.ends_with(']'))
}

fn forget_bracketed_addresses(pip: &mut Told, ours: &mut Told) {
    let place = |line: &Line| (line.file.clone(), line.number);
    let bracketed: Vec<_> = pip
        .lines
        .iter()
        .filter(|line| has_brackets(line))
        .map(place)
        .collect();
    for told in [pip, ours] {
        told.lines.retain(|line| !bracketed.contains(&place(line)));
    }
}

/// `text` with a version after each `===`.
fn with_plain_equality(text: &str) -> String {
    let mut parts = text.split("===");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let version = part.trim_start();
        let end = version
            .find([' ', '\t', ';', ')', ','])
            .unwrap_or(version.len());
        plain.push_str("===1");
        plain.push_str(&version[end..]);
    }
    plain.trim_end().trim_end_matches(',').to_owned()
}
