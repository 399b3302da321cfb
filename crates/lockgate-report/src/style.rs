//! The few styles that reports use.

use anstyle::{AnsiColor, Style};
use lockgate_model::{Level, Severity};

/// Names that matter.
pub(crate) const BOLD: Style = Style::new().bold();
/// What is secondary.
pub(crate) const DIM: Style = Style::new().dimmed();
/// What went in.
pub(crate) const GREEN: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green)));
/// What speaks against something.
pub(crate) const RED: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red)));
/// What needs a look.
pub(crate) const YELLOW: Style =
    Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow)));
/// Advice.
pub(crate) const CYAN: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Cyan)));

/// The colour of a severity.
pub(crate) fn of_severity(severity: Option<&Severity>) -> Style {
    match severity.map(|severity| severity.level) {
        Some(Level::Critical | Level::High) => RED,
        Some(Level::Medium) | None => YELLOW,
        Some(Level::Low | Level::None) => DIM,
    }
}

/// A severity as people read it: `high (7.5)`, `unknown`.
pub(crate) fn severity_text(severity: Option<&Severity>) -> String {
    match severity {
        None => "unknown".to_owned(),
        Some(severity) => match severity.score {
            Some(score) => format!("{} ({score:.1})", severity.level),
            None => severity.level.to_string(),
        },
    }
}
