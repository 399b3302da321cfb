//! Options of builds.

use clap::Args;

/// Whose code may run, and how.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Builds")]
pub(crate) struct BuildOptions {
    /// Let these packages run their build for metadata that they do not state; without names, all [default: no code of a package runs]
    #[arg(
        long,
        value_name = "PKG,…",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = ":all:",
        value_delimiter = ','
    )]
    pub(crate) allow_build: Vec<String>,
    /// A setting for the backends of builds (repeatable)
    #[arg(
        short = 'C',
        long,
        visible_alias = "config-setting",
        value_name = "KEY=VALUE"
    )]
    pub(crate) config_settings: Vec<String>,
    /// Seconds that a step of a build may take [default: 600]
    #[arg(long, value_name = "SECONDS", env = "LOCKGATE_BUILD_TIMEOUT")]
    pub(crate) build_timeout: Option<f64>,
}
