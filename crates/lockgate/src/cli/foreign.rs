//! What `lock` does with every option of `pip install`, `pip-compile` and `uv pip compile` that concerns resolution.
//!
//! `foreign.txt` is the table: one line for each option, whose it is, and what becomes of it. Everything follows from it: hidden
//! arguments, aliases, refusals, what the header leaves out, and `docs/options.md`.

mod expand;

pub(super) use expand::expanded;

use std::sync::LazyLock;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, Id};

use super::header::{HeaderRole, role};
use super::is_named;
use crate::failure::Failure;

/// The table.
const TABLE: &str = include_str!("foreign.txt");

/// One option of another tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Foreign {
    /// Its short spelling, `-r`.
    short: Option<char>,
    /// Its long spelling, without dashes.
    long: &'static str,
    /// What follows it, if anything.
    value: Option<&'static str>,
    /// Whose it is: `P`, `C` and `U` for pip, pip-compile and uv.
    tools: &'static str,
    /// What becomes of it.
    effect: Effect,
    /// What to know of it: why it has no effect, or why it is refused.
    text: &'static str,
    /// What to do in place of it.
    remedy: &'static str,
}

/// What becomes of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// It is lockgate's own, by this spelling.
    Own,
    /// It is another spelling of this one.
    Alias(&'static str),
    /// It takes this one back.
    Undo(&'static str),
    /// Its value is read as options in its place.
    Expand,
    /// It changes nothing, as people would expect.
    Idle,
    /// It changes nothing, which may surprise.
    Surprise,
    /// It changes nothing, but for one value that is refused.
    IdleBut(&'static str),
    /// It is refused.
    Refused,
    /// It is not known: it has no part in what is locked.
    Beside,
}

/// The rows of the table, read once.
pub(super) fn table() -> impl Iterator<Item = Foreign> {
    static ROWS: LazyLock<Vec<Foreign>> = LazyLock::new(|| TABLE.lines().filter_map(row).collect());
    ROWS.iter().copied()
}

/// A line of the table: `-s, --long VALUE | tools | effect | text | remedy`; none for headings and remarks.
fn row(line: &'static str) -> Option<Foreign> {
    let mut cells = line.split('|').map(str::trim);
    let (spelling, tools) = (cells.next()?, cells.next()?);
    let (word, of) = match cells.next()?.split_once(' ') {
        Some((word, of)) => (word, of.trim_start_matches("--")),
        None => (line.split('|').nth(2)?.trim(), ""),
    };
    let effect = match word {
        "own" => Effect::Own,
        "alias" => Effect::Alias(of),
        "undo" => Effect::Undo(of),
        "expand" => Effect::Expand,
        "idle" => Effect::Idle,
        "surprise" => Effect::Surprise,
        "idle-but" => Effect::IdleBut(of),
        "refused" => Effect::Refused,
        "beside" => Effect::Beside,
        _ => return None,
    };
    let (short, rest) = match spelling.split_once(", ") {
        Some((short, rest)) => (short.chars().nth(1), rest),
        None => (None, spelling),
    };
    let (long, value) = match rest.split_once(' ') {
        Some((long, value)) => (long, Some(value)),
        None => (rest, None),
    };
    Some(Foreign {
        short,
        long: long.strip_prefix("--")?,
        value,
        tools,
        effect,
        text: cells.next()?,
        remedy: cells.next().unwrap_or_default(),
    })
}

impl Foreign {
    /// Whether it needs an argument of its own: what is lockgate's, by whatever spelling, has one.
    fn is_apart(self) -> bool {
        !matches!(self.effect, Effect::Own | Effect::Alias(_) | Effect::Beside)
    }

    /// Whether it leaves everything as it is, so that a lock's header need not show it.
    pub(super) fn is_idle(self) -> bool {
        matches!(
            self.effect,
            Effect::Idle | Effect::Surprise | Effect::IdleBut(_)
        )
    }

    fn argument(self) -> Arg {
        let mut argument = Arg::new(self.long).long(self.long).hide(true);
        if let Some(short) = self.short {
            argument = argument.short(short);
        }
        match self.value {
            None => argument.action(ArgAction::Count),
            Some(_) => argument.action(ArgAction::Append).allow_hyphen_values(true),
        }
    }
}

/// The role that another tool's option has in a lock's header, by the id of its argument; none if it is not one of them.
pub(super) fn header_role(id: &str) -> Option<HeaderRole> {
    let option = table().find(|option| option.is_apart() && option.long == id)?;
    Some(match option.effect {
        // What takes back an option of the caller's leaves what holds without that option.
        Effect::Undo(of) => match role(&of.replace('-', "_")) {
            role if role.is_of_caller() => HeaderRole::Silent,
            role => role,
        },
        Effect::Refused => HeaderRole::Loosens,
        _ => HeaderRole::Silent,
    })
}

/// The options of other tools on a command line.
#[derive(Debug, Clone, Default)]
pub(crate) struct ForeignOptions(Vec<Typed>);

/// One of them.
#[derive(Debug, Clone)]
struct Typed {
    option: Foreign,
    value: Option<String>,
}

impl ForeignOptions {
    /// Refuses what cannot be done, and says of the rest what may surprise, and with `-v` all that has no effect.
    pub(crate) fn judged(&self, warn: impl Fn(&str), detail: impl Fn(&str)) -> Result<(), Failure> {
        for Typed { option, value } in &self.0 {
            let Foreign {
                long, text, remedy, ..
            } = option;
            let idle = format!("`--{long}` has no effect: {text}");
            match option.effect {
                Effect::Refused => {
                    return Err(Failure::new(format!("`--{long}`: {text}")).remedy(*remedy));
                }
                Effect::IdleBut(refused) if value.as_deref() == Some(refused) => {
                    return Err(
                        Failure::new(format!("`--{long} {refused}` is not supported"))
                            .remedy(*remedy),
                    );
                }
                Effect::Surprise => warn(&idle),
                Effect::Idle | Effect::IdleBut(_) => detail(&idle),
                Effect::Own
                | Effect::Alias(_)
                | Effect::Undo(_)
                | Effect::Expand
                | Effect::Beside => {}
            }
        }
        Ok(())
    }
}

impl FromArgMatches for ForeignOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut options = Self::default();
        options.update_from_arg_matches(matches)?;
        Ok(options)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.clear();
        for option in table().filter(|option| option.is_apart()) {
            if option.value.is_some() {
                let values = matches.get_many::<String>(option.long).unwrap_or_default();
                self.0.extend(values.map(|value| Typed {
                    option,
                    value: Some(value.clone()),
                }));
            } else if matches.get_count(option.long) > 0 {
                self.0.push(Typed {
                    option,
                    value: None,
                });
            }
        }
        Ok(())
    }
}

impl Args for ForeignOptions {
    /// Stands behind all other arguments of a command, since it speaks of them.
    fn augment_args(command: Command) -> Command {
        let mut command = with_aliases(command);
        for option in table() {
            command = match option.effect {
                Effect::Own | Effect::Beside | Effect::Alias(_) => command,
                Effect::Undo(of) => match id_of(&command, of) {
                    Some(of) => command.arg(option.argument().overrides_with(of)),
                    None => command,
                },
                _ => command.arg(option.argument()),
            };
        }
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// `command`, in which own options have the other spellings of the table too. In one pass: each change of one argument moves all.
fn with_aliases(command: Command) -> Command {
    let aliases: Vec<(&str, Foreign)> = table()
        .filter_map(|option| match option.effect {
            Effect::Alias(of) => Some((of, option)),
            _ => None,
        })
        .collect();
    command.mut_args(|mut own| {
        let long = own.get_long().map(str::to_owned);
        for (_, option) in aliases.iter().filter(|(of, _)| long.as_deref() == Some(of)) {
            if !is_named(&own, &format!("--{}", option.long)) {
                own = own.alias(option.long);
            }
            if let Some(short) = option.short
                && !is_named(&own, &format!("-{short}"))
            {
                own = own.short_alias(short);
            }
        }
        own
    })
}

fn id_of(command: &Command, long: &str) -> Option<Id> {
    command
        .get_arguments()
        .find(|argument| argument.get_long() == Some(long))
        .map(|argument| argument.get_id().clone())
}

#[cfg(test)]
mod tests;
