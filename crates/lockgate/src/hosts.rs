//! Which hosts the sources of a lock may lead to.
//!
//! `lock` follows every address of its sources, as pip does. What judges a change does not: whoever proposes the change writes the sources
//! too. There an address is followed only to a host that the caller, pip's settings or the topmost policy name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use lockgate_formats::Set;
use lockgate_formats::lock::RenderOptions;
use lockgate_index::{TrustedHost, redact_url};
use lockgate_model::{LockedGraph, Manifest, Name, Source};
use url::Url;

use crate::cli::{CheckArguments, TargetOptions};
use crate::failure::Failure;
use crate::indexes::{built_in, trusted_host};
use crate::pip_settings::Sourced;
use crate::statements::LockStatements;
use crate::world::World;

/// Where addresses in sources may lead.
#[derive(Debug, Clone, Default)]
pub(crate) enum Reach {
    /// Anywhere.
    #[default]
    Everywhere,
    /// To hosts that somebody else names.
    Named(Box<NamedHosts>),
}

/// The hosts that the caller and the topmost policy name.
#[derive(Debug, Clone)]
pub(crate) struct NamedHosts {
    hosts: Vec<TrustedHost>,
    target: TargetOptions,
    /// The repository that sources lie in, where there is one.
    repository: Option<PathBuf>,
    /// The files that the caller names, wherever they lie.
    files: Vec<String>,
}

impl Reach {
    /// What `check` may reach, by its options and the topmost policy.
    pub(crate) fn of_check(
        arguments: &CheckArguments,
        statements: &LockStatements,
        repository: Option<PathBuf>,
    ) -> Result<Self, Failure> {
        let mut hosts = Vec::new();
        for host in &arguments.allow_host {
            hosts.push(trusted_host(host, "--allow-host")?);
        }
        for host in &arguments.index.trusted_host {
            hosts.push(trusted_host(host, "--trusted-host")?);
        }
        for Set { value, origin } in &statements.hosts {
            hosts.push(trusted_host(value, origin)?);
        }
        let index = &arguments.index;
        let addresses = index.index_url.iter().chain(&index.extra_index_url);
        let addresses = addresses.chain(&index.find_links).chain(&arguments.source);
        let addresses = addresses
            .chain(&arguments.constraint)
            .chain(&arguments.overrides);
        hosts.extend(addresses.filter_map(|address| host_of(address)));
        Ok(Self::Named(Box::new(NamedHosts {
            hosts,
            target: arguments.target.clone(),
            repository,
            files: [
                &arguments.source,
                &arguments.constraint,
                &arguments.overrides,
            ]
            .into_iter()
            .flatten()
            .cloned()
            .collect(),
        })))
    }

    /// Whether an option of a source such as `--trusted-host` holds.
    pub(crate) fn is_everywhere(&self) -> bool {
        matches!(self, Self::Everywhere)
    }

    /// Whether a file that a source includes may be read: it lies in the repository, links resolved, or in a folder of a file that the
    /// caller or pip's settings name.
    pub(crate) fn admits_file(&self, path: &str, world: &World) -> bool {
        let Self::Named(named) = self else {
            return true;
        };
        let (Some(repository), Ok(path)) = (&named.repository, Path::new(path).canonicalize())
        else {
            return true;
        };
        if path.starts_with(repository) {
            let within = path.strip_prefix(repository).unwrap_or(&path);
            return !within.components().any(|part| part.as_os_str() == ".git");
        }
        let set_up = world.pip.options().constraints.iter();
        let set_up = set_up.map(|set| &set.value);
        let mut folders = named.files.iter().chain(set_up).filter_map(|file| {
            let file = Path::new(file).canonicalize().ok()?;
            file.parent().map(Path::to_owned)
        });
        folders.any(|folder| path.starts_with(folder))
    }

    /// Refuses an address at a host that nobody but its source names. `origin` says where it stands, `what` what it is.
    pub(crate) fn admit(
        &self,
        address: &str,
        origin: &str,
        what: &str,
        world: &World,
    ) -> Result<(), Failure> {
        let Self::Named(named) = self else {
            return Ok(());
        };
        let url = match place(address) {
            Leads::Nowhere => return Ok(()),
            Leads::To(url) => url,
            Leads::Anywhere => {
                let place = with_variables(&redact_url(address));
                return Err(refused(&place, origin, what, None));
            }
        };
        if named.covers(&url, world)? {
            return Ok(());
        }
        let host = with_variables(&authority(&url));
        Err(refused(&host, origin, what, Some(&host)))
    }
}

impl NamedHosts {
    fn covers(&self, url: &Url, world: &World) -> Result<bool, Failure> {
        if self.hosts.iter().any(|host| host.covers(url)) {
            return Ok(true);
        }
        let set_up = world.pip.options();
        let texts = |list: &[Sourced<String>]| -> Vec<String> {
            list.iter().map(|set| set.value.clone()).collect()
        };
        let mut addresses = texts(&set_up.extra_index_urls);
        addresses.extend(texts(&set_up.find_links));
        addresses.extend(texts(&set_up.constraints));
        addresses.extend(set_up.index_url.iter().map(|set| set.value.clone()));
        let trusted = texts(&set_up.trusted_hosts);
        let trusted = trusted.iter().filter_map(|host| host.parse().ok());
        let mut named = addresses.iter().filter_map(|address| host_of(address));
        if named.any(|host| host.covers(url))
            || trusted
                .into_iter()
                .any(|host: TrustedHost| host.covers(url))
        {
            return Ok(true);
        }
        // Asked last: it may start the interpreter.
        let default = built_in(&self.target, world)?;
        let default = default.as_deref().and_then(host_of);
        Ok(default.is_some_and(|host| host.covers(url)))
    }
}

fn refused(place: &str, origin: &str, what: &str, host: Option<&str>) -> Failure {
    let what = with_variables(what);
    let failure = Failure::new(format!(
        "{origin}: {what} leads to `{place}`, a host that nothing but the sources names"
    ));
    match host {
        Some(host) => failure.remedy(format!(
            "if it is right, pass `--allow-host {host}`, or list the host in `indexes` of the topmost policy"
        )),
        None => failure.remedy("write it as an address with a host"),
    }
}

/// `text` with the values of variables as a source writes them: a secret may be part of a host.
fn with_variables(text: &str) -> String {
    const SHORTEST: usize = 4;
    let is_named = |name: &str| {
        let mut letters = name.chars();
        letters.all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    let values = std::env::vars_os().filter_map(|(name, value)| {
        let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
        (is_named(&name) && value.len() >= SHORTEST).then_some((name, value.to_ascii_lowercase()))
    });
    values.fold(text.to_owned(), |text, (name, value)| {
        match text.to_ascii_lowercase().find(&value) {
            Some(start) => {
                let (before, rest) = text.split_at(start);
                let after = rest.get(value.len()..).unwrap_or_default();
                format!("{before}${{{name}}}{after}")
            }
            None => text,
        }
    })
}

/// The host and port of an address, if it has one.
fn host_of(address: &str) -> Option<TrustedHost> {
    match place(address) {
        Leads::To(url) => authority(&url).parse().ok(),
        Leads::Nowhere | Leads::Anywhere => None,
    }
}

/// `host:port` of an address; without the port where it is that of `https`.
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Where an address leads.
#[derive(Debug)]
enum Leads {
    /// It stays on this machine's disk.
    Nowhere,
    /// To a host.
    To(Url),
    /// It is not understood, and so may lead anywhere.
    Anywhere,
}

fn place(address: &str) -> Leads {
    let address = address.trim();
    let bare = address.strip_prefix("git+").unwrap_or(address);
    // What programs read differently could lead elsewhere than it is judged to.
    let is_odd = |c: char| c == '\\' || c.is_whitespace() || c.is_control();
    if bare.contains("://") && bare.contains(is_odd) {
        return Leads::Anywhere;
    }
    match Url::parse(bare) {
        Ok(url) if url.scheme() == "file" => match url.host_str() {
            None | Some("" | "localhost") => Leads::Nowhere,
            Some(_) => Leads::To(url),
        },
        Ok(url) if url.has_host() => Leads::To(url),
        // A drive, or a path with a colon in it; git takes `host:path` for a place behind `ssh`.
        _ if bare.contains("://") || address != bare => Leads::Anywhere,
        _ => Leads::Nowhere,
    }
}

/// A remark for each host that sources lead to and that an old lock does not mention: a change of where things come from. Index lines count
/// as far as the lock shows them.
pub(crate) fn new_since(
    old: &str,
    manifest: &Manifest,
    graph: &LockedGraph,
    rendered: &RenderOptions,
) -> Vec<String> {
    let shown = &rendered.index;
    let index = &manifest.index;
    let main = index.index_url.iter().filter(|_| shown.index_url.is_some());
    let is_shown = !shown.extra_index_urls.is_empty();
    let extra = index.extra_index_urls.iter().filter(|_| is_shown);
    let is_shown = !shown.find_links.is_empty();
    let links = index.find_links.iter().filter(|_| is_shown);
    let indexes = main.chain(extra).chain(links);
    let indexes = indexes.map(|(address, origin)| (address.clone(), origin));
    let is_direct = |name: &Name| graph.pins.of(name).iter().any(|pin| pin.direct.is_some());
    let direct = manifest.requirements.iter();
    let direct = direct.filter_map(|root| match &root.requirement.source {
        Source::Url(address) if is_direct(&root.requirement.name) => {
            Some((address.clone(), &root.origin))
        }
        _ => None,
    });
    let included = manifest.requirements.iter();
    let included = included.map(|root| (root.origin.file.clone(), &root.origin));
    let mut known: BTreeSet<String> = addresses(old).filter_map(host_name).collect();
    let mut remarks = Vec::new();
    for (address, origin) in indexes.chain(direct).chain(included) {
        if let Some(host) = host_name(&address)
            && known.insert(host.clone())
        {
            remarks.push(format!(
                "{origin}: the old lock takes nothing from the host `{host}`"
            ));
        }
    }
    remarks
}

/// Everything in a text that may be an address.
fn addresses(text: &str) -> impl Iterator<Item = &str> {
    let is_end = |c: char| c.is_whitespace() || matches!(c, '\'' | '"' | ',' | '(' | ')' | '=');
    text.split(is_end).filter(|word| word.contains("://"))
}

fn host_name(address: &str) -> Option<String> {
    match place(address) {
        Leads::To(url) => url.host_str().map(str::to_ascii_lowercase),
        Leads::Nowhere | Leads::Anywhere => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_however_it_is_written() {
        for (address, host) in [
            ("https://user:secret@Host.test/simple", "host.test:443"),
            ("http://host.test", "host.test:80"),
            ("https://host.test:8443/x", "host.test:8443"),
            ("git+https://host.test/r.git@main", "host.test:443"),
            ("git+ssh://git@host.test/r", "host.test"),
            ("https://good.test@evil.test/", "evil.test:443"),
        ] {
            let Leads::To(url) = place(address) else {
                panic!("{address} has a host")
            };
            assert_eq!(authority(&url), host, "{address}");
        }
    }

    #[test]
    fn what_stays_on_the_disk_has_none() {
        for path in [
            "wheels",
            "./a:b",
            "../wheels",
            "/srv/wheels",
            "file:///srv",
            "file:wheels",
            "git+file:///srv/r",
        ] {
            assert!(matches!(place(path), Leads::Nowhere), "{path}");
        }
        for odd in [
            "file://server.test/share",
            "git+host.test:r",
            "https://",
            "ssh:///x://y",
            "https://good.test\\@evil.test/",
            "https://a.test/\tb",
        ] {
            assert!(!matches!(place(odd), Leads::Nowhere), "{odd}");
        }
    }
}
