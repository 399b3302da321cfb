//! How indexes are reached, and which one pip would ask: command line, the sources, `PIP_*`, pip's configuration, and the index that pip has built in.

use std::path::PathBuf;

use lockgate_index::{
    Cache, FindLinks, KeyringProvider, Options, Places, SharedCache, TrustedHost, redact_url,
    refuse_shared,
};
use lockgate_model::FactError;
use url::Url;

use crate::cli::{CacheOptions, IndexOptions, KeyringName, TargetOptions};
use crate::failure::Failure;
use crate::pip_settings::{PipView, is_on};
use crate::world::{World, refresh, seconds};

/// How the network and the cache are reached: options first, then pip's settings.
pub(crate) fn index_options(
    options: &IndexOptions,
    cache: &CacheOptions,
    pip: &PipView,
) -> Result<Options, Failure> {
    let mut all = Options {
        offline: cache.offline,
        refresh: refresh(cache)?,
        ..Options::default()
    };
    let set = pip.options();
    all.cache = cache_folder(cache);
    if let Some(folder) = &all.cache {
        refuse_shared(folder).map_err(|error| shared_cache(&error))?;
    }
    if let Some(value) = options.timeout {
        all.timeout = seconds("--timeout", value)?;
    } else if let Some(timeout) = &set.timeout {
        all.timeout = timeout.value;
    }
    if let Some(retries) = options
        .retries
        .or(set.retries.as_ref().map(|set| set.value))
    {
        all.retries = retries;
    }
    if let Some(value) = options.git_timeout {
        all.git_timeout = seconds("--git-timeout", value)?;
    }
    all.proxy = options
        .proxy
        .clone()
        .or_else(|| set.proxy.as_ref().map(|set| set.value.clone()));
    all.environment_proxy = !is_on(&set.no_proxy_env) && !excludes_all(pip);
    all.certificate_bundle = options
        .cert
        .clone()
        .or_else(|| set.cert.as_ref().map(|set| set.value.clone()))
        .or_else(|| bundle_of_requests(pip));
    all.client_certificate = options
        .client_cert
        .clone()
        .or_else(|| set.client_cert.as_ref().map(|set| set.value.clone()));
    all.trusted_hosts = trusted_hosts(options, pip)?;
    all.netrc = netrc(pip);
    all.keyring = keyring(options, pip);
    if let Some(base) = pip.variables().get("LOCKGATE_OSV_EXPORT") {
        all.osv_export = address("LOCKGATE_OSV_EXPORT", base)?;
    }
    Ok(all)
}

/// `NO_PROXY=*` is for all hosts, those that are numbers too.
fn excludes_all(pip: &PipView) -> bool {
    let variables = pip.variables();
    let excluded = variables.get("no_proxy").or(variables.get("NO_PROXY"));
    excluded.is_some_and(|hosts| hosts.split(',').any(|host| host.trim() == "*"))
}

/// What pip's HTTP library looks at where pip itself is told nothing.
fn bundle_of_requests(pip: &PipView) -> Option<PathBuf> {
    ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]
        .iter()
        .filter_map(|name| pip.variables().get(*name))
        .find(|path| !path.is_empty())
        .map(PathBuf::from)
}

/// The hosts that options and pip's settings say to trust.
pub(crate) fn trusted_hosts(
    options: &IndexOptions,
    pip: &PipView,
) -> Result<Vec<TrustedHost>, Failure> {
    let set_up = pip.options().trusted_hosts.iter();
    let set_up = set_up.map(|set| (set.value.as_str(), set.origin.as_str()));
    let given = options.trusted_host.iter();
    let given = given.map(|host| (host.as_str(), "--trusted-host"));
    set_up
        .chain(given)
        .map(|(host, origin)| trusted_host(host, origin))
        .collect()
}

/// The hosts that the caller names: in options, in `LOCKGATE_*` and in pip's settings.
pub(crate) fn named_hosts(
    options: &IndexOptions,
    pip: &PipView,
) -> Result<Vec<TrustedHost>, Failure> {
    let set = pip.options();
    let of_pip = set.index_url.iter().chain(&set.extra_index_urls);
    let of_pip = of_pip.chain(&set.find_links).map(|set| set.value.as_str());
    let given = options.index_url.iter().chain(&options.extra_index_url);
    let given = given.chain(&options.find_links).map(String::as_str);
    let export = pip.variables().get("LOCKGATE_OSV_EXPORT");
    let addresses = given.chain(of_pip).chain(export.map(String::as_str));
    let mut hosts = trusted_hosts(options, pip)?;
    hosts.extend(addresses.filter_map(|address| host_of(&Url::parse(address).ok()?)));
    Ok(hosts)
}

/// The host of an address, with its port.
pub(crate) fn host_of(url: &Url) -> Option<TrustedHost> {
    let (host, port) = (url.host_str()?, url.port_or_known_default()?);
    format!("{host}:{port}").parse().ok()
}

/// A host that `origin` says to trust.
pub(crate) fn trusted_host(host: &str, origin: &str) -> Result<TrustedHost, Failure> {
    host.parse().map_err(|error| {
        Failure::new(format!("{origin}: {error}"))
            .remedy("write `HOST` or `HOST:PORT`, without scheme and path")
    })
}

/// Where logins may be kept: the file that `NETRC` names, else the two in the user's home.
fn netrc(pip: &PipView) -> Vec<PathBuf> {
    if let Some(named) = pip.variables().get("NETRC").filter(|path| !path.is_empty()) {
        let expanded = named
            .strip_prefix("~/")
            .and_then(|rest| Some(pip.home()?.join(rest)));
        return vec![expanded.unwrap_or_else(|| PathBuf::from(named))];
    }
    let home = pip.home().into_iter();
    home.flat_map(|home| [home.join(".netrc"), home.join("_netrc")])
        .collect()
}

fn keyring(options: &IndexOptions, pip: &PipView) -> KeyringProvider {
    use crate::pip_settings::KeyringProvider as Set;
    if let Some(named) = options.keyring_provider {
        return match named {
            KeyringName::Auto => KeyringProvider::Auto,
            KeyringName::Disabled => KeyringProvider::Disabled,
            KeyringName::Import | KeyringName::Subprocess => KeyringProvider::Subprocess,
        };
    }
    match pip.options().keyring_provider.as_ref().map(|set| set.value) {
        None | Some(Set::Auto) => KeyringProvider::Auto,
        Some(Set::Disabled) => KeyringProvider::Disabled,
        Some(Set::Import | Set::Subprocess) => KeyringProvider::Subprocess,
    }
}

/// Where the cache is, if there is to be one.
pub(crate) fn cache_folder(cache: &CacheOptions) -> Option<PathBuf> {
    if cache.no_cache {
        return None;
    }
    cache.cache_dir.clone().or_else(Cache::default_folder)
}

fn shared_cache(error: &SharedCache) -> Failure {
    Failure::of(error).remedy(format!(
        "take the right away (`chmod go-w '{}'`) and run `lockgate cache clean`, name another folder with `--cache-dir`, or use `--no-cache`",
        error.folder.display()
    ))
}

/// The index that the interpreter's pip has built in.
pub(crate) fn built_in(target: &TargetOptions, world: &World) -> Result<Option<String>, Failure> {
    // Only a version that is asked for, and not there, leaves the choice of another interpreter whose pip is asked.
    let found = world.pip.interpreter(target.python.as_deref());
    let Ok(executable) = found else {
        return Ok(None);
    };
    let interpreter = world
        .index
        .interpreter(&executable)
        .map_err(|error| Failure::of(&error))?;
    Ok(interpreter.default_index().map(ToOwned::to_owned))
}

/// An index by its address.
pub(crate) fn address(origin: &str, text: &str) -> Result<Url, Failure> {
    let wrong = |why: &str| {
        Failure::new(format!(
            "{origin}: `{}` is no index: {why}",
            redact_url(text)
        ))
        .remedy("write the address of a simple index, `https://host/simple`")
    };
    let url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
    match url.scheme() {
        "http" | "https" => Ok(without_stars(url)),
        "file" => Ok(url),
        _ => Err(wrong(
            "only `https:`, `http:` and `file:` addresses are read",
        )),
    }
}

/// A lock's header shows stars in place of a secret: that is no secret to try.
fn without_stars(mut url: Url) -> Url {
    const STARS: &str = "****";
    // An address with a host, as these have, can take them.
    if url.password() == Some(STARS) {
        let _ = url.set_password(None);
    }
    if url.username() == STARS {
        let _ = url.set_username("");
    }
    url
}

/// Whether an address is on this machine.
pub(crate) fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Refuses to send names to a service that does not know them already: names from an index of one's own stay at home.
pub(crate) fn may_tell(service: &Url, places: &Places, world: &World) -> Result<(), Failure> {
    let public = world
        .pip
        .interpreter(None)
        .ok()
        .and_then(|executable| world.index.interpreter(&executable).ok())
        .and_then(|interpreter| Url::parse(interpreter.default_index()?).ok());
    let is_known = |url: &Url| {
        let is_public = public
            .as_ref()
            .is_some_and(|public| public.host() == url.host());
        is_public || url.host().is_some() && url.host() == service.host()
    };
    let indexes = places.indexes.iter();
    let private = indexes
        .filter(|index| !is_known(index))
        .map(|index| redact_url(index.as_str()));
    let links = places.find_links.iter();
    let linked = links
        .filter(|place| !matches!(place, FindLinks::Page(url) if is_known(url)))
        .map(FindLinks::shown);
    match private.chain(linked).next() {
        None => Ok(()),
        Some(place) => Err(Failure::new(format!(
            "names from {place} are not sent to {}, so the advisories about them cannot be known",
            redact_url(service.as_str())
        ))
        .remedy("use advisories that are kept here: `osv`, a `.zip` export or a folder")),
    }
}

/// That what is taken from `place` is named to no service.
pub(crate) fn not_told(place: &str) -> Failure {
    Failure::new(format!(
        "names from {place} are not sent to a service, so the advisories about them cannot be known"
    ))
    .remedy("use advisories that are kept here: `osv`, a `.zip` export or a folder")
}

/// What could not be learned, as the end of a run.
pub(crate) fn unlearned(error: &FactError) -> Failure {
    let failure = Failure::new(error.to_string());
    match error {
        FactError::Unlearned {
            remedy: Some(remedy),
            ..
        } => failure.remedy(remedy.clone()),
        _ => failure,
    }
}
