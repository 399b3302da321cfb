//! What people see: messages on standard error, answers on standard output.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

use crate::cli::TerminalOptions;
use crate::failure::Failure;

/// Where and how loudly to print.
#[derive(Debug, Clone)]
pub(crate) struct Terminal {
    color: ColorChoice,
    quiet: u8,
    verbose: u8,
    progress: bool,
}

impl Terminal {
    /// As the options and the standard streams have it. `-vv` starts the log.
    pub(crate) fn new(options: &TerminalOptions) -> Self {
        let color = match options.color {
            _ if options.no_color => ColorChoice::Never,
            clap::ColorChoice::Auto => ColorChoice::Auto,
            clap::ColorChoice::Always => ColorChoice::Always,
            clap::ColorChoice::Never => ColorChoice::Never,
        };
        if options.verbose > 1 {
            let filter = if options.verbose > 2 {
                "trace"
            } else {
                "lockgate=debug,lockgate_index=debug,lockgate_solve=debug"
            };
            // A log that is already there (tests in one process) is as good.
            let _ = tracing_subscriber::fmt()
                .with_env_filter(filter)
                .with_writer(std::io::stderr)
                .with_ansi(AutoStream::choice(&std::io::stderr()) != ColorChoice::Never)
                .without_time()
                .try_init();
        }
        Self {
            color,
            quiet: options.quiet,
            verbose: options.verbose,
            progress: !options.no_progress
                && options.quiet == 0
                && options.verbose < 2
                && std::io::stderr().is_terminal(),
        }
    }

    /// Whether to draw progress.
    pub(crate) fn has_progress(&self) -> bool {
        self.progress
    }

    /// Whether to say more.
    pub(crate) fn is_verbose(&self) -> bool {
        self.verbose > 0
    }

    /// Something that people may act on.
    pub(crate) fn warn(&self, message: &str) {
        if self.quiet < 2 {
            self.labelled("warning", AnsiColor::Yellow, message);
        }
    }

    /// A detail that `-v` asks for.
    pub(crate) fn detail(&self, message: &str) {
        if self.verbose > 0 {
            self.talk(message);
        }
    }

    /// What was done, for people.
    pub(crate) fn summary(&self, message: &str) {
        if self.quiet == 0 {
            self.talk(message);
        }
    }

    /// The end of a run without an answer, or a refusal; never silenced.
    pub(crate) fn failure(&self, failure: &Failure) {
        self.labelled("error", AnsiColor::Red, &failure.message);
        if let Some(remedy) = &failure.remedy {
            self.labelled("help", AnsiColor::Cyan, remedy);
        }
    }

    /// A text on standard error whatever the loudness.
    pub(crate) fn talk(&self, text: &str) {
        let mut stream = AutoStream::new(std::io::stderr(), self.color);
        // Nobody is left to tell when standard error is closed.
        let _ = writeln!(stream, "{}", text.trim_end_matches('\n'));
    }

    /// The answer itself, on standard output; a closed pipe is the reader's choice, any other failure counts.
    pub(crate) fn answer(&self, text: &str) -> Result<(), Failure> {
        let mut stream = AutoStream::new(std::io::stdout(), self.color);
        match stream
            .write_all(text.as_bytes())
            .and_then(|()| stream.flush())
        {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::new(
                format!("cannot write to standard output: {error}"),
            )),
            _ => Ok(()),
        }
    }

    /// How wide standard output is, and whether it takes hyperlinks: neither is known of what is no terminal.
    pub(crate) fn answers(&self) -> (Option<usize>, bool) {
        let out = std::io::stdout();
        if !out.is_terminal() {
            return (None, false);
        }
        let width = terminal_size::terminal_size_of(&out);
        let takes_links =
            AutoStream::choice(&out) != ColorChoice::Never && self.color != ColorChoice::Never;
        (width.map(|(width, _)| usize::from(width.0)), takes_links)
    }

    fn labelled(&self, label: &str, color: AnsiColor, message: &str) {
        let style = Style::new().bold().fg_color(Some(color.into()));
        self.talk(&format!("{style}{label}{style:#}: {message}"));
    }
}

/// A unified difference with colours, which streams that show none leave out.
pub(crate) fn colored_diff(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let color = match line.as_bytes() {
            [b'+', b'+', b'+', ..] | [b'-', b'-', b'-', ..] => None,
            [b'+', ..] => Some(AnsiColor::Green),
            [b'-', ..] => Some(AnsiColor::Red),
            [b'@', ..] => Some(AnsiColor::Cyan),
            _ => None,
        };
        let style = Style::new().fg_color(color.map(Into::into));
        let body = line.trim_end_matches(['\n', '\r']);
        let end = line.get(body.len()..).unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = write!(shown, "{style}{body}{style:#}{end}");
    }
    shown
}
