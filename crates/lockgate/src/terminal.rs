//! What people see: messages on standard error, answers on standard output. The one door to both.
//!
//! Nothing is printed as it came: a message is cleaned whole ([`clean::message`]), a text of `lockgate-report` keeps its lines and styles
//! ([`Rendered`]), and a document is printed only where nobody obeys it.

mod clean;

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

use lockgate_model::secret;
use lockgate_model::text::{is_command, is_obeyed, shown, without_commands};

use crate::cli::TerminalOptions;
use crate::failure::Failure;

pub(crate) use self::clean::Rendered;

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
                .with_writer(|| Log)
                .with_ansi(false)
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
                && io::stderr().is_terminal(),
        }
    }

    /// Whether to draw progress.
    pub(crate) fn has_progress(&self) -> bool {
        self.progress
    }

    /// Whether to leave summaries out.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet > 0
    }

    /// Whether to say more.
    pub(crate) fn is_verbose(&self) -> bool {
        self.verbose > 0
    }

    /// Prints something that people may act on.
    pub(crate) fn warn(&self, message: &str) {
        if self.quiet < 2 {
            self.labelled("warning", AnsiColor::Yellow, message);
        }
    }

    /// Prints a detail that `-v` asks for.
    pub(crate) fn detail(&self, message: &str) {
        if self.verbose > 0 {
            self.print(&clean::message(message));
        }
    }

    /// Prints what was done.
    pub(crate) fn summary(&self, message: &str) {
        if self.quiet == 0 {
            self.print(&clean::message(message));
        }
    }

    /// Prints what was done, as a report shows it.
    pub(crate) fn summary_of(&self, text: Rendered<'_>) {
        if self.quiet == 0 {
            self.print(&text.text());
        }
    }

    /// Prints the end of a run without an answer, or a refusal; never silenced.
    pub(crate) fn failure(&self, failure: &Failure) {
        self.labelled("error", AnsiColor::Red, &failure.message);
        if let Some(details) = &failure.details {
            self.print(&Rendered(details).text());
        }
        if let Some(remedy) = &failure.remedy {
            self.labelled("help", AnsiColor::Cyan, remedy);
        }
    }

    /// Prints a rendered text on standard error whatever the loudness.
    pub(crate) fn talk(&self, text: Rendered<'_>) {
        self.print(&text.text());
    }

    fn print(&self, text: &str) {
        let mut stream = AutoStream::new(io::stderr(), self.color);
        // Nobody is left to read it when standard error is closed.
        let _ = writeln!(stream, "{}", text.trim_end_matches('\n'));
    }

    /// Prints the answer, a text that a report made, on standard output.
    pub(crate) fn answer_of(&self, text: Rendered<'_>) -> Result<(), Failure> {
        if text.0.is_empty() {
            return Ok(());
        }
        self.write(&text.text())
    }

    /// Prints the answer in one line that is not ours, such as a path.
    pub(crate) fn answer_line(&self, text: &str) -> Result<(), Failure> {
        self.write(&(clean::message(text) + "\n"))
    }

    /// Prints a document on standard output, byte for byte. Formats escape what others wrote; one that could not must go to a file.
    pub(crate) fn answer(&self, document: &str) -> Result<(), Failure> {
        let mut lines = document.lines();
        if let Some(line) = lines.find(|line| is_command(line) || line.contains(is_obeyed)) {
            return Err(Failure::new(format!(
                "it is not printed, since a terminal or a CI service would obey a line of it: `{line}`"
            ))
            .remedy("write it to a file: `-o FILE`"));
        }
        self.write(document)
    }

    /// Prints a document that people read, Markdown or HTML, in which a command of a CI service is written out.
    pub(crate) fn answer_prose(&self, document: &str) -> Result<(), Failure> {
        let lines = document.split('\n').map(without_commands);
        self.answer(&lines.collect::<Vec<_>>().join("\n"))
    }

    /// Prints workflow commands for GitHub: each line is one, its data escaped.
    pub(crate) fn answer_commands(&self, commands: &str) -> Result<(), Failure> {
        let mut text = String::with_capacity(commands.len());
        for line in commands.lines() {
            // What begins with anything but the two colons is no command.
            let (start, rest) = line.split_at_checked(2).unwrap_or(("", line));
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{start}{}", clean::message(rest));
        }
        self.write(&text)
    }

    /// A closed pipe is the reader's choice, any other failure counts.
    fn write(&self, text: &str) -> Result<(), Failure> {
        let mut stream = AutoStream::new(io::stdout(), self.color);
        match stream
            .write_all(text.as_bytes())
            .and_then(|()| stream.flush())
        {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::new(format!(
                "cannot write to standard output: {error}"
            ))),
            _ => Ok(()),
        }
    }

    /// How wide standard output is, and whether it takes hyperlinks: neither is known of what is no terminal.
    pub(crate) fn answers(&self) -> (Option<usize>, bool) {
        let out = io::stdout();
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
        let message = clean::message(message);
        self.print(&format!("{style}{label}{style:#}: {message}"));
    }
}

/// Prints a message of a panic, which may show anything.
pub(crate) fn print_defect(message: &str) {
    let label = Terminal {
        color: ColorChoice::Auto,
        quiet: 0,
        verbose: 0,
        progress: false,
    };
    label.labelled("error", AnsiColor::Red, message);
}

/// The log on standard error, an event a line: its values are anybody's.
struct Log;

impl io::Write for Log {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = clean::message(&String::from_utf8_lossy(event));
        let mut stream = io::stderr().lock();
        stream.write_all(text.as_bytes())?;
        stream.write_all(b"\n")?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// A unified difference with colours, which streams that show none leave out.
pub(crate) fn colored_diff(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
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
        let _ = write!(
            out,
            "{style}{}{style:#}{}",
            shown(&secret::hide_everywhere(body)),
            end.replace('\r', "")
        );
    }
    out
}
