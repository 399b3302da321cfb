//! Which hosts the sources of a lock may lead to.
//!
//! `lock` follows every address of its sources, as pip does. What judges a change does not: whoever proposes the change writes the sources
//! too. There an address is followed only to a host that the caller, pip's settings or the topmost policy name. An audit has such hosts for
//! each of its inputs, by the input's own policies.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use lockgate_formats::Set;
use lockgate_formats::lock::RenderOptions;
use lockgate_index::{TrustedHost, redact_url};
use lockgate_model::secret::{hide_everywhere, written, written_host};
use lockgate_model::{LockedGraph, Manifest, Name, Source};
use url::Url;

use crate::cli::{AuditArguments, CheckArguments, IndexOptions, TargetOptions};
use crate::failure::Failure;
use crate::indexes::{built_in, trusted_host};
use crate::policies::repository::followed;
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
    /// Where the files of sources lie.
    boundary: Boundary,
    /// The places on this machine that the caller names.
    places: Vec<String>,
    /// The files that the caller names, wherever they lie.
    files: Vec<String>,
}

/// Where on this machine the files of sources lie.
#[derive(Debug, Clone)]
enum Boundary {
    /// Anywhere: the caller names what is audited.
    Anywhere,
    /// In this folder: the repository, or what stands for one.
    Within(PathBuf),
}

/// What the command line names.
struct Caller<'a> {
    allowed: &'a [String],
    index: &'a IndexOptions,
    target: &'a TargetOptions,
    files: Vec<String>,
}

impl Caller<'_> {
    fn reach(self, statements: &LockStatements, boundary: Boundary) -> Result<Reach, Failure> {
        let mut hosts = Vec::new();
        for host in self.allowed {
            hosts.push(trusted_host(host, "--allow-host")?);
        }
        for host in &self.index.trusted_host {
            hosts.push(trusted_host(host, "--trusted-host")?);
        }
        for Set { value, origin } in &statements.hosts {
            hosts.push(trusted_host(value, origin)?);
        }
        let index = self.index;
        let addresses = index.index_url.iter().chain(&index.extra_index_url);
        let addresses = addresses.chain(&index.find_links);
        let places = addresses.clone().cloned().collect();
        let addresses = addresses.chain(&self.files);
        hosts.extend(addresses.filter_map(|address| host_of(address)));
        Ok(Reach::Named(Box::new(NamedHosts {
            hosts,
            target: self.target.clone(),
            boundary,
            places,
            files: self.files,
        })))
    }
}

impl Reach {
    /// What `check` may reach, by its options and the topmost policy.
    pub(crate) fn of_check(
        arguments: &CheckArguments,
        statements: &LockStatements,
        boundary: PathBuf,
    ) -> Result<Self, Failure> {
        let files = [
            &arguments.source,
            &arguments.constraint,
            &arguments.overrides,
            // What a found policy names was seen to lie in its repository.
            statements.overrides(),
        ];
        let caller = Caller {
            allowed: &arguments.allow_host,
            index: &arguments.index,
            target: &arguments.target,
            files: files.into_iter().flatten().cloned().collect(),
        };
        let boundary = boundary.canonicalize().unwrap_or(boundary);
        caller.reach(statements, Boundary::Within(boundary))
    }

    /// What an audit may reach for an input, by the audit's options and what the topmost policy of that input states.
    pub(crate) fn of_audit(
        arguments: &AuditArguments,
        statements: &LockStatements,
    ) -> Result<Self, Failure> {
        let caller = Caller {
            allowed: &arguments.allow_host,
            index: &arguments.index,
            target: &arguments.target,
            files: arguments.files.clone(),
        };
        caller.reach(statements, Boundary::Anywhere)
    }

    /// The hosts that may be reached; none: any.
    pub(crate) fn hosts(&self, world: &World) -> Option<Vec<TrustedHost>> {
        let Self::Named(named) = self else {
            return None;
        };
        let mut hosts = named.hosts.clone();
        hosts.extend(set_up(world));
        hosts.extend(named.default(world).ok().flatten());
        Some(hosts)
    }

    /// Whether an option of a source such as `--trusted-host` holds.
    pub(crate) fn is_everywhere(&self) -> bool {
        matches!(self, Self::Everywhere)
    }

    /// Whether a file that a source includes may be read: it lies in the repository (without one in the folder that stands for it), links
    /// resolved, or in a folder of a file that the caller or pip's settings name. What is not there passes, for whoever reads it to say so.
    pub(crate) fn admits_file(&self, path: &str, world: &World) -> bool {
        let Self::Named(named) = self else {
            return true;
        };
        // There is nothing in it to be read.
        if cfg!(unix) && path == "/dev/null" {
            return true;
        }
        let path = match Path::new(path).canonicalize() {
            Ok(path) => path,
            Err(error) => return error.kind() == io::ErrorKind::NotFound,
        };
        if named.is_within(&path) {
            return true;
        }
        let set_up = world.pip.options().constraints.iter();
        let set_up = set_up.map(|set| &set.value);
        let mut folders = named.files.iter().chain(set_up).filter_map(|file| {
            let file = Path::new(file).canonicalize().ok()?;
            file.parent().map(Path::to_owned)
        });
        folders.any(|folder| path.starts_with(folder))
    }

    /// Refuses a place on this machine that a source leads to, and that lies neither in the repository nor in a place that the caller or pip's
    /// settings name. `origin` says where it stands, `what` what it is.
    pub(crate) fn admit_path(
        &self,
        path: &Path,
        origin: &str,
        what: &str,
        world: &World,
    ) -> Result<(), Failure> {
        let Self::Named(named) = self else {
            return Ok(());
        };
        let place = followed(path);
        if named.is_within(&place) {
            return Ok(());
        }
        let set_up = world.pip.options();
        let set_up = (set_up.find_links.iter().chain(&set_up.extra_index_urls))
            .chain(&set_up.index_url)
            .map(|set| &set.value);
        let mut places = named.places.iter().chain(set_up);
        let is_named = places.any(|named| {
            let named = local_path(named, world.pip.home());
            named.is_some_and(|named| place.starts_with(followed(&named)))
        });
        if is_named {
            return Ok(());
        }
        Err(Failure::new(format!(
            "{origin}: {} leads to `{}`, which is outside of the repository and which nothing but the sources names",
            hide_everywhere(what),
            hide_everywhere(&path.display().to_string())
        ))
        .remedy("keep it in the repository; if it is right, name the folder with `--find-links` too"))
    }

    /// Refuses a repository of git's at a place on this machine, and one at a host that nobody but its source names.
    pub(crate) fn admit_repository(
        &self,
        repository: &str,
        origin: &str,
        what: &str,
        world: &World,
    ) -> Result<(), Failure> {
        let is_confined = match self {
            Self::Everywhere => false,
            Self::Named(named) => matches!(named.boundary, Boundary::Within(_)),
        };
        if is_confined && matches!(place(repository), Leads::Nowhere) {
            return Err(Failure::new(format!(
                "{origin}: {} is a git repository on this machine, which is not read for a check",
                hide_everywhere(what)
            ))
            .remedy("write the address that others reach it at, or the path of a folder in this repository"));
        }
        self.admit(repository, origin, what, world)
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
            Leads::Nowhere => {
                return match local_path(address, world.pip.home()) {
                    Some(path) => self.admit_path(&path, origin, what, world),
                    None => Ok(()),
                };
            }
            Leads::To(url) => url,
            Leads::Anywhere => {
                let place = hide_everywhere(&redact_url(address)).into_owned();
                return Err(refused(&place, origin, what, None));
            }
        };
        if named.covers(&url, world)? {
            return Ok(());
        }
        let host = shown_authority(&url);
        Err(refused(&host, origin, what, Some(&host)))
    }
}

impl NamedHosts {
    /// Whether a path without links lies in the repository, and not among the files of git.
    fn is_within(&self, path: &Path) -> bool {
        let Boundary::Within(boundary) = &self.boundary else {
            return true;
        };
        let within = path.strip_prefix(boundary);
        within.is_ok_and(|within| !within.components().any(|part| part.as_os_str() == ".git"))
    }

    fn covers(&self, url: &Url, world: &World) -> Result<bool, Failure> {
        if self.hosts.iter().any(|host| host.covers(url)) {
            return Ok(true);
        }
        if set_up(world).iter().any(|host| host.covers(url)) {
            return Ok(true);
        }
        // Asked last: it may start the interpreter.
        Ok(self.default(world)?.is_some_and(|host| host.covers(url)))
    }

    /// The host of the default index.
    fn default(&self, world: &World) -> Result<Option<TrustedHost>, Failure> {
        Ok(built_in(&self.target, world)?.as_deref().and_then(host_of))
    }
}

/// The hosts that pip's settings name.
fn set_up(world: &World) -> Vec<TrustedHost> {
    let set_up = world.pip.options();
    let lists = [
        &set_up.extra_index_urls,
        &set_up.find_links,
        &set_up.constraints,
    ];
    let addresses = lists.into_iter().flatten().chain(&set_up.index_url);
    let named = addresses.filter_map(|set| host_of(&set.value));
    let trusted = set_up.trusted_hosts.iter();
    let trusted = trusted.filter_map(|set| set.value.parse().ok());
    named.chain(trusted).collect()
}

/// The reach that holds at the moment, and what it has refused.
#[derive(Debug, Default)]
pub(crate) struct CurrentReach {
    reach: RwLock<Arc<Reach>>,
    refused: Mutex<Vec<Failure>>,
}

impl CurrentReach {
    /// One that `reach` holds in.
    pub(crate) fn new(reach: Reach) -> Self {
        Self {
            reach: RwLock::new(Arc::new(reach)),
            refused: Mutex::default(),
        }
    }

    /// Has another one hold from now on.
    pub(crate) fn set(&self, reach: Reach) {
        *self.reach.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(reach);
    }

    fn get(&self) -> Arc<Reach> {
        let reach = self.reach.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&reach)
    }

    /// What was refused since this was asked last.
    pub(crate) fn take_refused(&self) -> Vec<Failure> {
        let refused = self.refused.lock();
        std::mem::take(&mut *refused.unwrap_or_else(PoisonError::into_inner))
    }

    /// See [`Reach::is_everywhere`].
    pub(crate) fn is_everywhere(&self) -> bool {
        self.get().is_everywhere()
    }

    /// See [`Reach::admits_file`].
    pub(crate) fn admits_file(&self, path: &str, world: &World) -> bool {
        self.get().admits_file(path, world)
    }

    /// See [`Reach::hosts`].
    pub(crate) fn hosts(&self, world: &World) -> Option<Vec<TrustedHost>> {
        self.get().hosts(world)
    }

    /// See [`Reach::admit`].
    pub(crate) fn admit(
        &self,
        address: &str,
        origin: &str,
        what: &str,
        world: &World,
    ) -> Result<(), Failure> {
        self.noted(self.get().admit(address, origin, what, world))
    }

    /// See [`Reach::admit_path`].
    pub(crate) fn admit_path(
        &self,
        path: &Path,
        origin: &str,
        what: &str,
        world: &World,
    ) -> Result<(), Failure> {
        self.noted(self.get().admit_path(path, origin, what, world))
    }

    /// See [`Reach::admit_repository`].
    pub(crate) fn admit_repository(
        &self,
        repository: &str,
        origin: &str,
        what: &str,
        world: &World,
    ) -> Result<(), Failure> {
        let reach = self.get();
        self.noted(reach.admit_repository(repository, origin, what, world))
    }

    fn noted(&self, admitted: Result<(), Failure>) -> Result<(), Failure> {
        admitted.inspect_err(|failure| {
            let refused = self.refused.lock();
            let mut refused = refused.unwrap_or_else(PoisonError::into_inner);
            refused.push(failure.clone());
        })
    }
}

fn refused(place: &str, origin: &str, what: &str, host: Option<&str>) -> Failure {
    let what = hide_everywhere(what);
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

/// The path that an address of this machine, or a path as it is written, stands for.
fn local_path(address: &str, home: Option<&Path>) -> Option<PathBuf> {
    let address = address.trim();
    match place(address) {
        Leads::To(_) | Leads::Anywhere => return None,
        Leads::Nowhere => {}
    }
    // A path counts first where something is there, as it does for whoever reads it.
    let path = (address.strip_prefix("~/"))
        .and_then(|rest| Some(home?.join(rest)))
        .filter(|path| path.exists())
        .unwrap_or_else(|| PathBuf::from(address));
    let is_address = !path.exists() && address.contains(':');
    let of_address = Url::parse(address).ok().filter(|_| is_address);
    Some(match of_address {
        Some(url) if url.scheme() == "file" => url.to_file_path().unwrap_or(path),
        _ => path,
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

/// [`authority`] as a source has it: a variable, which may hold a secret, may be part of it.
fn shown_authority(url: &Url) -> String {
    let shown = authority(url);
    let host = url.host_str().unwrap_or_default();
    match written_host(host) {
        Some(written) => shown.replacen(host, &written, 1),
        None => shown,
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
        // The old lock may have it as its source has it.
        let is_repeated = written(&address).is_some_and(|written| old.contains(&written));
        if let Some(host) = host_name(&address)
            && known.insert(host.clone())
            && !is_repeated
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
