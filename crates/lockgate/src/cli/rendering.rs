//! Options that say how a lock is written.

use clap::{Args, ValueEnum};

/// How a lock is written.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct RenderingOptions {
    /// Write no hashes: the lock then says which versions, and not which files
    #[arg(long)]
    pub(crate) no_hashes: bool,
    /// Do not say who asks for each pin, and what the gate passed over
    #[arg(long)]
    pub(crate) no_annotate: bool,
    /// Say who asks for a pin on one line, or each on a line of its own [default: split]
    #[arg(long, value_name = "STYLE")]
    pub(crate) annotation_style: Option<AnnotationStyle>,
    /// Leave out the header: the command and the audit's evidence
    #[arg(long)]
    pub(crate) no_header: bool,
    /// The command that the header shows in place of the one that was typed
    #[arg(long, value_name = "COMMAND", env = "LOCKGATE_CUSTOM_COMPILE_COMMAND")]
    pub(crate) custom_compile_command: Option<String>,
    /// Write pins without their extras, so that the lock can serve as constraints
    #[arg(long)]
    pub(crate) strip_extras: bool,
    /// Write the indexes in use, without credentials, also those that no source names
    #[arg(long)]
    pub(crate) emit_index_url: bool,
    /// Write no index, nor those that the sources name
    #[arg(long, overrides_with = "emit_index_url")]
    pub(crate) no_emit_index_url: bool,
    /// Write the `--find-links` in use, also those that no source names
    #[arg(long)]
    pub(crate) emit_find_links: bool,
    /// Write no `--find-links`, nor those that the sources name
    #[arg(long, overrides_with = "emit_find_links")]
    pub(crate) no_emit_find_links: bool,
    /// Write the `--trusted-host`s in use, also those that no source names
    #[arg(long)]
    pub(crate) emit_trusted_host: bool,
    /// Write no `--trusted-host`, nor those that the sources name
    #[arg(long, overrides_with = "emit_trusted_host")]
    pub(crate) no_emit_trusted_host: bool,
    /// Write `--no-binary` and `--only-binary`, which hashes make needless
    #[arg(long)]
    pub(crate) emit_build_options: bool,
    /// Write no options of pip at all, nor those that the sources state
    #[arg(long)]
    pub(crate) no_emit_options: bool,
    /// Do not pin this project, only name it at the end of the lock (repeatable)
    #[arg(long, value_name = "PKG")]
    pub(crate) no_emit_package: Vec<String>,
    /// Do not pin setuptools, pip and distribute, or what `--unsafe-package` names in their place
    #[arg(long, hide = true)]
    pub(crate) no_allow_unsafe: bool,
    /// Pin what `--unsafe-package` names as well
    #[arg(long, hide = true, overrides_with = "no_allow_unsafe")]
    pub(crate) allow_unsafe: bool,
    /// How lines end [default: preserve]
    #[arg(long, value_name = "KIND", ignore_case = true)]
    pub(crate) newline: Option<NewlineName>,
}

/// `--annotation-style` values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AnnotationStyle {
    /// Each who asks on a line
    Split,
    /// All on one line
    Line,
}

/// `--newline` values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum NewlineName {
    /// As in the file that is replaced, else `lf`
    Preserve,
    /// Line feed
    Lf,
    /// Carriage return and line feed
    Crlf,
    /// As this system has it
    Native,
}
