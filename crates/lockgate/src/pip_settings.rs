//! pip's settings with their meaning: which of them hold here, as what, and where each was set.
//!
//! `lockgate-index` reads files and variables; here their texts become values, by pip's own rules for numbers, switches and lists. Whoever
//! needs one takes it from [`PipOptions`] and lays the command line over it. `docs/pip-configuration.md` lists what is taken.

mod cutoff;
mod effects;
mod values;
mod view;

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use lockgate_index::pip_config::{PipSetting, PipSettings};
use lockgate_index::redact_url;
use lockgate_model::{BinaryPolicy, ChoiceRules, Manifest, ReleaseControl};

pub(crate) use cutoff::Cutoff;
pub(crate) use view::PipView;

use crate::failure::Failure;

/// A value and where it was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sourced<T> {
    /// What was set.
    pub(crate) value: T,
    /// A variable's name, or a file and a line.
    pub(crate) origin: String,
}

/// A switch that may have been set, to on or off.
pub(crate) type Switch = Option<Sourced<bool>>;

/// Whether a switch was set to on.
pub(crate) fn is_on(switch: &Switch) -> bool {
    switch.as_ref().is_some_and(|set| set.value)
}

/// `keyring-provider`: how credentials that no address holds are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyringProvider {
    /// By whatever is there.
    Auto,
    /// Not at all.
    Disabled,
    /// By Python's module.
    Import,
    /// By the `keyring` program.
    Subprocess,
}

/// Every setting of pip's that holds here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PipOptions {
    /// `index-url`, alias `pypi-url`.
    pub(crate) index_url: Option<Sourced<String>>,
    /// `extra-index-url`, in order.
    pub(crate) extra_index_urls: Vec<Sourced<String>>,
    /// `no-index`.
    pub(crate) no_index: Switch,
    /// `find-links`, in order: folders, pages, addresses.
    pub(crate) find_links: Vec<Sourced<String>>,
    /// `trusted-host`: hosts, with or without a port.
    pub(crate) trusted_hosts: Vec<Sourced<String>>,
    /// `cert`.
    pub(crate) cert: Option<Sourced<PathBuf>>,
    /// `client-cert`.
    pub(crate) client_cert: Option<Sourced<PathBuf>>,
    /// `proxy`.
    pub(crate) proxy: Option<Sourced<String>>,
    /// `no-proxy-env`: the environment's proxies do not count.
    pub(crate) no_proxy_env: Switch,
    /// `timeout`, alias `default-timeout`.
    pub(crate) timeout: Option<Sourced<Duration>>,
    /// `retries`.
    pub(crate) retries: Option<Sourced<u32>>,
    /// `keyring-provider`.
    pub(crate) keyring_provider: Option<Sourced<KeyringProvider>>,
    /// `constraint`: files, relative to the current folder.
    pub(crate) constraints: Vec<Sourced<String>>,
    /// `build-constraint`: files, relative to the current folder.
    pub(crate) build_constraints: Vec<Sourced<String>>,
    /// `no-binary` and `only-binary` in pip's order, each on top of the last.
    pub(crate) binary: BinaryPolicy,
    /// `all-releases` and `only-final` in pip's order.
    pub(crate) releases: ReleaseControl,
    /// `pre`.
    pub(crate) pre: Switch,
    /// `prefer-binary`.
    pub(crate) prefer_binary: Switch,
    /// `no-deps`, alias `no-dependencies`.
    pub(crate) no_deps: Switch,
    /// `ignore-requires-python`, which is not followed.
    pub(crate) ignore_requires_python: Switch,
    /// `uploaded-prior-to`.
    pub(crate) uploaded_prior_to: Option<Sourced<Cutoff>>,
}

impl PipOptions {
    /// Gives `settings` their meaning. Every text is checked, also one that a later setting overrides: pip does not start with it either.
    /// `~` in a path is `home`.
    pub(crate) fn new(settings: &PipSettings, home: Option<&Path>) -> Result<Self, Failure> {
        let mut options = Self::default();
        for (name, setting) in settings.iter() {
            options.take(name, setting, settings, home)?;
        }
        if is_on(&options.pre) && options.releases != ReleaseControl::default() {
            let control = settings.last(&["all-releases", "only-final"]);
            let pre = settings.get("pre");
            return Err(Failure::new(format!(
                "pip's settings `all-releases` or `only-final` ({}) stand together with `pre` ({})",
                control.map(|set| set.origin.as_str()).unwrap_or_default(),
                pre.map(|set| set.origin.as_str()).unwrap_or_default()
            ))
            .remedy("remove one of them; pip itself would not go on with both"));
        }
        Ok(options)
    }

    /// What holds before any source speaks: an option in a file adds to it or takes it back.
    pub(crate) fn before_files(&self) -> Manifest {
        Manifest {
            binary: self.binary.clone(),
            releases: self.releases.clone(),
            pre: is_on(&self.pre),
            prefer_binary: is_on(&self.prefer_binary),
            ..Manifest::default()
        }
    }

    /// Lays what holds for the choice under `rules`, which the command line made, for a run that began at `now`.
    pub(crate) fn lay_under(&self, rules: &mut ChoiceRules, now: Timestamp) {
        rules.no_dependencies |= is_on(&self.no_deps);
        let cutoff = self.uploaded_prior_to.as_ref();
        rules.cutoff = rules.cutoff.or(cutoff.map(|set| set.value.at(now)));
    }

    fn take(
        &mut self,
        name: &str,
        setting: &PipSetting,
        settings: &PipSettings,
        home: Option<&Path>,
    ) -> Result<(), Failure> {
        let bad = |why: &str| bad_setting(name, setting, why);
        let switch = || {
            values::switch(&setting.value)
                .map_err(|why| bad(&why))
                .map(|on| Some(sourced(on, setting)))
        };
        let text = || Some(sourced(setting.value.clone(), setting));
        let path = || Some(sourced(values::path(&setting.value, home), setting));
        let list = || listed(settings, name);
        match name {
            "index-url" | "pypi-url" => self.index_url = text(),
            "extra-index-url" => self.extra_index_urls = list(),
            "no-index" => self.no_index = switch()?,
            "find-links" => self.find_links = list(),
            "trusted-host" => self.trusted_hosts = list(),
            "cert" => self.cert = path(),
            "client-cert" => self.client_cert = path(),
            "proxy" => self.proxy = text(),
            "no-proxy-env" => self.no_proxy_env = switch()?,
            "timeout" | "default-timeout" => {
                let seconds = values::seconds(&setting.value).map_err(|why| bad(&why))?;
                self.timeout = Some(sourced(seconds, setting));
            }
            "retries" => {
                let count = values::count(&setting.value).map_err(|why| bad(&why))?;
                self.retries = Some(sourced(count, setting));
            }
            "keyring-provider" => {
                let provider = values::keyring(&setting.value).map_err(|why| bad(&why))?;
                self.keyring_provider = Some(sourced(provider, setting));
            }
            "constraint" => self.constraints = list(),
            "build-constraint" => self.build_constraints = list(),
            "no-binary" => self
                .binary
                .no_binary(&setting.value)
                .map_err(|why| bad(&why.to_string()))?,
            "only-binary" => self
                .binary
                .only_binary(&setting.value)
                .map_err(|why| bad(&why.to_string()))?,
            "all-releases" => self
                .releases
                .all_releases(&setting.value)
                .map_err(|why| bad(&why.to_string()))?,
            "only-final" => self
                .releases
                .only_final(&setting.value)
                .map_err(|why| bad(&why.to_string()))?,
            "pre" => self.pre = switch()?,
            "prefer-binary" => self.prefer_binary = switch()?,
            "no-deps" | "no-dependencies" => self.no_deps = switch()?,
            "ignore-requires-python" => self.ignore_requires_python = switch()?,
            "uploaded-prior-to" => {
                let cutoff = Cutoff::new(&setting.value).map_err(|why| bad(&why))?;
                self.uploaded_prior_to = Some(sourced(cutoff, setting));
            }
            // What else pip knows concerns installing, or nothing that is done here.
            _ => {}
        }
        Ok(())
    }
}

fn sourced<T>(value: T, setting: &PipSetting) -> Sourced<T> {
    Sourced {
        value,
        origin: setting.origin.clone(),
    }
}

fn listed(settings: &PipSettings, name: &str) -> Vec<Sourced<String>> {
    let values = settings.list(name);
    values
        .into_iter()
        .map(|setting| Sourced {
            value: setting.value,
            origin: setting.origin,
        })
        .collect()
}

/// A setting that pip would not start with.
fn bad_setting(name: &str, setting: &PipSetting, why: &str) -> Failure {
    let value = redact_url(&setting.value);
    let message = format!(
        "pip's setting `{name} = {value}` ({}): {why}",
        setting.origin
    );
    // A value may stand on several lines; a message does not.
    Failure::new(message.replace('\n', "\\n"))
        .remedy("mend or remove it there; pip itself would not start with it")
}

#[cfg(test)]
mod parity;
#[cfg(test)]
mod tests;
