//! Where lockgate differs from pip by choice. Each has its row in docs/pip-parity.md and its file in the corpus.

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

/// A choice: its name in the document, and whether it accounts for all that differs.
pub(crate) struct Choice {
    pub(crate) name: &'static str,
    explains: fn(&Case<'_>) -> bool,
}

/// The choices, the first that explains a difference counts.
pub(crate) const CHOICES: &[Choice] = &[
    Choice {
        name: "hash-digest",
        explains: |case| case.only_ours_refuses("it is not 64 hexadecimal digits"),
    },
    Choice {
        name: "hash-algorithm",
        explains: |case| case.only_ours_refuses("is not supported: indexes state sha256"),
    },
    Choice {
        name: "option-names",
        explains: |case| {
            let controls = [
                "`--no-binary`",
                "`--only-binary`",
                "`--all-releases`",
                "`--only-final`",
            ];
            controls
                .iter()
                .any(|option| case.only_ours_refuses(&format!("{option}: `")))
                && case.only_ours_refuses("is not a valid name")
        },
    },
    Choice {
        name: "name-end",
        explains: |case| {
            // A name or an extra that ends in `_`, which pip reads and no index has.
            case.only_ours_refuses("is not a requirement: `")
                && case.refused_name().is_some_and(|name| {
                    name.ends_with('_') && Name::new(name.trim_end_matches('_')).is_ok()
                })
        },
    },
    Choice {
        name: "arbitrary-equality",
        explains: |case| case.refuses_arbitrary_text() || case.differs_in_arbitrary_spelling(),
    },
    Choice {
        name: "arbitrary-equality-comma",
        explains: |case| {
            case.only_pip_refuses("===")
                && (case.only_pip_refuses("Expected comma")
                    || case.only_pip_refuses("Expected end or semicolon")
                    || case.only_pip_refuses("Expected matching RIGHT_PARENTHESIS"))
        },
    },
    Choice {
        name: "marker-version",
        explains: |case| case.only_ours_refuses("is not a marker: Expected PEP 440 version"),
    },
    Choice {
        name: "marker-constant",
        explains: |case| case.only_ours_refuses("is not a marker: Comparing two"),
    },
    Choice {
        name: "binary-file",
        explains: |case| case.text.contains('\0') && case.only_ours_refuses("it is a binary file"),
    },
    Choice {
        name: "codec",
        explains: |case| case.only_ours_refuses("its declared encoding"),
    },
    Choice {
        name: "egg-extras",
        explains: |case| {
            let of_egg = case.text.split("egg=").nth(1).unwrap_or_default();
            case.only_pip_refuses("InvalidEggFragment") && of_egg.contains('[')
        },
    },
    Choice {
        name: "url-extras",
        explains: |case| case.differs_in_brackets_of_addresses(),
    },
    Choice {
        name: "marker-operator",
        explains: |case| {
            case.only_ours_refuses("is not a marker: ") && case.only_ours_refuses("found `===`")
        },
    },
    Choice {
        name: "marker-in",
        explains: |case| case.differs_in_a_list_of_versions(),
    },
    Choice {
        name: "unknown-scheme",
        explains: |case| case.only_ours_refuses("is no kind of address that pip knows"),
    },
    Choice {
        name: "trusted-host",
        explains: |case| case.only_ours_refuses("write `host` or `host:port`"),
    },
    Choice {
        name: "features",
        explains: |case| {
            let known = [
                "2020-resolver",
                "in-tree-build",
                "fast-deps",
                "truststore",
                "inprocess-build-deps",
                "venv-isolation",
                "build-constraint",
                "no-binary-enable-wheel-cache",
            ];
            case.only_pip_refuses("option --use-feature: invalid choice")
                && known.iter().any(|feature| {
                    !case.about.features.iter().any(|of_pip| of_pip == feature)
                        && case.only_pip_refuses(&format!("'{feature}'"))
                })
        },
    },
    Choice {
        name: "newer-option",
        explains: |case| {
            case.only_pip_refuses("no such option: ")
                && [
                    "--all-releases",
                    "--only-final",
                    "--no-require-hashes",
                    "--config-settings",
                    "-C",
                ]
                .iter()
                .any(|option| {
                    !case.about.options.iter().any(|of_pip| of_pip == option)
                        && case.only_pip_refuses(&format!("no such option: {option}"))
                })
        },
    },
    Choice {
        name: "older-grammar",
        explains: |case| {
            case.about.is_before(24, 1)
                && (case.only_pip_refuses("Invalid requirement: ")
                    || case.agrees_without("~=")
                    || case.only_ours_refuses("is not a requirement: ")
                    || case.only_ours_refuses("is not a marker: "))
        },
    },
    Choice {
        name: "older-editable",
        explains: |case| {
            case.about.is_before(25, 2)
                && (case.only_pip_refuses("is not a valid editable requirement")
                    || case.only_ours_refuses("names neither a folder that is there")
                    || case.agrees_without_settings_of_editables())
        },
    },
    Choice {
        name: "older-mark",
        explains: |case| case.about.is_before(26, 0) && case.only_pip_refuses("\\x00"),
    },
    Choice {
        name: "older-include",
        explains: |case| {
            case.about.is_before(24, 3)
                && case.text.contains("../")
                && case.only_pip_refuses("Could not open requirements file")
        },
    },
    Choice {
        name: "older-wheel",
        explains: |case| {
            case.about.is_before(26, 3) && case.only_ours_refuses("is no name of a wheel")
        },
    },
    Choice {
        name: "older-no-index",
        explains: |case| {
            let (mut pip, mut ours) = (case.pip.clone(), case.ours.clone());
            for told in [&mut pip, &mut ours] {
                told.indexes.clear();
                told.no_index = false;
            }
            case.about.is_before(23, 0)
                && case.text.contains("--no-index")
                && pip.error.is_none()
                && ours.error.is_none()
                && pip.differences(&ours).is_empty()
        },
    },
    Choice {
        name: "older-egg",
        explains: |case| {
            case.about.is_before(25, 0) && case.only_ours_refuses("names no project: ")
        },
    },
];

impl Case<'_> {
    fn only_ours_refuses(&self, part: &str) -> bool {
        self.pip.error.is_none()
            && self
                .ours
                .error
                .as_ref()
                .is_some_and(|error| error.contains(part))
    }

    fn only_pip_refuses(&self, part: &str) -> bool {
        self.ours.error.is_none()
            && self
                .pip
                .error
                .as_ref()
                .is_some_and(|error| error.contains(part))
    }

    /// Whether a `===` is followed by what is no version, and that alone is why we refuse the line.
    fn refuses_arbitrary_text(&self) -> bool {
        if !self.only_ours_refuses("is not a requirement") {
            return false;
        }
        let error = self.ours.error.as_deref().unwrap_or_default();
        let text = error
            .split_once('`')
            .and_then(|(_, rest)| rest.split_once("` is not a requirement"));
        text.is_some_and(|(text, _)| {
            text.contains("===") && with_plain_equality(text).parse::<Requirement>().is_ok()
        })
    }

    /// Whether all that differs is how the version after a `===` is spelled.
    fn differs_in_arbitrary_spelling(&self) -> bool {
        self.agrees_without("===")
    }

    /// Whether nothing differs but clauses with `operator`.
    fn agrees_without(&self, operator: &str) -> bool {
        let (mut pip, mut ours) = (self.pip.clone(), self.ours.clone());
        for line in pip.lines.iter_mut().chain(&mut ours.lines) {
            line.specifiers
                .retain(|clause| !clause.starts_with(operator));
        }
        pip.error.is_none() && ours.error.is_none() && pip.differences(&ours).is_empty()
    }

    /// Whether all that differs is which versions `python_version in '…'` names: pip looks for a part of the text.
    fn differs_in_a_list_of_versions(&self) -> bool {
        let (mut pip, mut ours) = (self.pip.clone(), self.ours.clone());
        for line in pip.lines.iter_mut().chain(&mut ours.lines) {
            line.marker.clear();
        }
        let has_list = ["python_version in", "python_version not in"];
        pip.error.is_none()
            && ours.error.is_none()
            && has_list.iter().any(|words| self.text.contains(words))
            && pip.differences(&ours).is_empty()
    }

    /// Whether nothing differs but the build settings of editables.
    fn agrees_without_settings_of_editables(&self) -> bool {
        let (mut pip, mut ours) = (self.pip.clone(), self.ours.clone());
        for line in pip.lines.iter_mut().chain(&mut ours.lines) {
            if line.editable {
                line.config_settings.clear();
            }
        }
        pip.error.is_none() && ours.error.is_none() && pip.differences(&ours).is_empty()
    }

    /// Whether all that differs is that brackets behind an address are a part of it to pip, and extras to us.
    fn differs_in_brackets_of_addresses(&self) -> bool {
        let has_brackets = |line: &Line| line.url.as_ref().is_some_and(|url| url.ends_with(']'));
        let bracketed: Vec<(String, usize)> = self
            .pip
            .lines
            .iter()
            .filter(|line| has_brackets(line))
            .map(|line| (line.file.clone(), line.number))
            .collect();
        let (mut pip, mut ours) = (self.pip.clone(), self.ours.clone());
        for told in [&mut pip, &mut ours] {
            told.lines
                .retain(|line| !bracketed.contains(&(line.file.clone(), line.number)));
        }
        pip.error.is_none() && ours.error.is_none() && pip.differences(&ours).is_empty()
    }

    /// The word that our refusal says is no name.
    fn refused_name(&self) -> Option<&str> {
        let (before, _) = self
            .ours
            .error
            .as_ref()?
            .split_once("` is not a valid name")?;
        before.rsplit('`').next()
    }
}

/// The choices that are not about what an older pip does.
pub(crate) fn of_today() -> impl Iterator<Item = &'static str> {
    let names = CHOICES.iter().map(|choice| choice.name);
    names.filter(|name| !name.starts_with("older-") && *name != "newer-option")
}

/// The choice that accounts for what differs, if one does.
pub(crate) fn chosen(case: &Case<'_>) -> Option<&'static str> {
    CHOICES
        .iter()
        .find(|choice| (choice.explains)(case))
        .map(|choice| choice.name)
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
