//! How a run ends when it has no answer, and the exit codes that every command shares.

use std::fmt;
use std::process::ExitCode;

use lockgate_formats::InputError;

/// Exit codes (INTERFACE: the same for every command).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, and nothing above policy.
    Done,
    /// The answer is no.
    No,
    /// There is no answer.
    NoAnswer,
    /// Ended by Ctrl-C: 128 and the signal's number, as shells have it.
    Interrupted,
    /// Ended by a termination signal, likewise.
    Terminated,
    /// Ended since the terminal was closed, likewise.
    HungUp,
}

impl Exit {
    /// Whether somebody ended the run.
    pub(crate) fn is_from_outside(self) -> bool {
        matches!(self, Self::Interrupted | Self::Terminated | Self::HungUp)
    }

    /// Ends the process at once.
    pub(crate) fn leave(self) -> ! {
        std::process::exit(i32::from(self.code()))
    }

    fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::No => 1,
            Self::NoAnswer => 2,
            Self::Interrupted => 130,
            Self::Terminated => 143,
            Self::HungUp => 129,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// A run that has no answer: what failed, why, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What failed, and its causes.
    pub(crate) message: String,
    /// What stands below it, as a report shows it.
    pub(crate) details: Option<String>,
    /// What a person can do about it.
    pub(crate) remedy: Option<String>,
    /// How the process ends.
    pub(crate) exit: Exit,
}

impl Failure {
    /// A failure that is said by `message` alone.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            details: None,
            remedy: None,
            exit: Exit::NoAnswer,
        }
    }

    /// From an error and all its causes.
    pub(crate) fn of(error: &dyn std::error::Error) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // Wrappers that only repeat what they wrap add nothing for the reader.
            if !message.contains(&text) {
                message.push_str(": ");
                message.push_str(&text);
            }
            cause = error.source();
        }
        Self::new(message)
    }

    /// From an input that cannot be used.
    pub(crate) fn of_input(error: &InputError) -> Self {
        Self {
            remedy: error.remedy.clone(),
            ..Self::of(error)
        }
    }

    /// With what to do about it.
    pub(crate) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// With a text of `lockgate-report` below the message.
    pub(crate) fn details(mut self, details: impl Into<String>) -> Self {
        self.details = Some(details.into());
        self
    }

    /// With another exit code.
    pub(crate) fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
