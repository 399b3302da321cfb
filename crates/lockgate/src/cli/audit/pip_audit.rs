//! What pip-audit's options mean to `lockgate audit` (docs/guides/from-pip-audit.md).

use clap::{Args, ValueEnum};

use super::super::GateOptions;
use crate::failure::Failure;

/// pip-audit's options, as far as they are not lockgate's own by the same name.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "As pip-audit has it")]
pub(crate) struct PipAuditOptions {
    /// Where advisories come from, in pip-audit's words
    #[arg(
        short = 's',
        long,
        value_name = "SERVICE",
        env = "PIP_AUDIT_VULNERABILITY_SERVICE"
    )]
    pub(crate) vulnerability_service: Option<Service>,
    /// The OSV API to ask, with `--vulnerability-service osv`
    #[arg(long, value_name = "URL")]
    pub(crate) osv_url: Option<String>,
    /// Whether pip-audit's formats carry descriptions
    #[arg(
        long,
        value_name = "WHEN",
        env = "PIP_AUDIT_DESC",
        num_args = 0..=1,
        require_equals = false,
        default_missing_value = "on"
    )]
    pub(crate) desc: Option<Switch>,
    /// Whether pip-audit's formats carry aliases
    #[arg(
        long,
        value_name = "WHEN",
        num_args = 0..=1,
        require_equals = false,
        default_missing_value = "on"
    )]
    pub(crate) aliases: Option<Switch>,
    /// Fail when anything could not be audited: what is done anyway
    #[arg(short = 'S', long, conflicts_with = "allow_incomplete")]
    pub(crate) strict: bool,
    /// Say what would be audited, and ask about nothing
    #[arg(short = 'd', long)]
    pub(crate) dry_run: bool,
    /// Leave the user's own projects and editable ones out of the report
    #[arg(long)]
    pub(crate) skip_editable: bool,
    /// Refuse requirements files of which a line has no hash
    #[arg(long)]
    pub(crate) require_hashes: bool,
    /// Audit the locks of this form in the folders named: `pylock.toml`, `pylock.NAME.toml`
    #[arg(long)]
    pub(crate) locked: bool,
    /// With `--resolve`, only what is required directly; without, nothing is resolved anyway
    #[arg(long)]
    pub(crate) no_deps: bool,
    /// pip is never run anyway
    #[arg(long, hide = true)]
    disable_pip: bool,
    /// `off` is `--no-progress`
    #[arg(
        long,
        value_name = "WHEN",
        env = "PIP_AUDIT_PROGRESS_SPINNER",
        hide = true
    )]
    pub(crate) progress_spinner: Option<Spinner>,
    /// Refused: an audit changes nothing
    #[arg(long, hide = true)]
    pub(crate) fix: bool,
}

/// `--vulnerability-service` values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Service {
    /// The index's own JSON API
    Pypi,
    /// OSV's API
    Osv,
    /// Not supported
    Esms,
}

/// `on`, `off` or `auto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    /// Always
    On,
    /// Never
    Off,
    /// Where the format has room for them
    Auto,
}

/// `--progress-spinner` values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Spinner {
    /// Shown
    On,
    /// Not shown
    Off,
}

impl PipAuditOptions {
    /// The service as a source of advisories, unless `--advisories` names one.
    pub(super) fn settle(&self, gate: &mut GateOptions) {
        if !gate.advisories.is_empty() {
            return;
        }
        match (self.vulnerability_service, &self.osv_url) {
            (Some(Service::Pypi), _) => gate.advisories.push("pypi".to_owned()),
            (Some(Service::Osv) | None, Some(url)) => {
                // pip-audit names the address of the query itself.
                let base = url.trim_end_matches('/').trim_end_matches("/v1/query");
                gate.advisories.push(base.to_owned());
            }
            (Some(Service::Osv), None) => gate.advisories.push("osv-api".to_owned()),
            (Some(Service::Esms) | None, _) => {}
        }
    }

    /// Refuses what an audit of lockgate's does not do.
    pub(crate) fn judged(&self) -> Result<(), Failure> {
        if self.fix {
            return Err(Failure::new("`--fix`: an audit changes no file").remedy(
                "that is the task of `lockgate fix`, which is not in this version; `lockgate lock --upgrade-package PKG` moves a pin, and the gate steers it to a safe version",
            ));
        }
        if self.vulnerability_service == Some(Service::Esms) {
            return Err(
                Failure::new("`--vulnerability-service esms` is not supported")
                    .remedy("name `osv` or `pypi`, or another source with `--advisories`"),
            );
        }
        Ok(())
    }
}
