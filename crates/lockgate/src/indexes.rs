//! How indexes are reached, and which one pip would ask: command line, the sources, `PIP_*`, pip's configuration, and the index that pip has built in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lockgate_index::interpreter;
use lockgate_index::pip_config::{PipSettings, Surroundings};
use lockgate_index::{Cache, FindLinks, Options, Places, redact_url};
use lockgate_model::FactError;
use url::Url;

use crate::cli::{CacheOptions, IndexOptions, TargetOptions};
use crate::failure::Failure;
use crate::world::{World, refresh, seconds};

/// What pip is set up with, apart from the interpreter's own configuration.
#[derive(Debug)]
pub(crate) struct PipView {
    surroundings: Surroundings,
    settings: PipSettings,
}

impl PipView {
    /// Reads files and variables; starts no interpreter.
    pub(crate) fn read() -> Result<Self, Failure> {
        let variables: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let surroundings = Surroundings {
            variables,
            home: std::env::home_dir(),
            prefix: None,
        };
        let settings = PipSettings::read(&surroundings).map_err(|error| Failure::of(&error))?;
        Ok(Self {
            surroundings,
            settings,
        })
    }

    /// The user's home.
    pub(crate) fn home(&self) -> Option<&Path> {
        self.surroundings.home.as_deref()
    }

    /// Environment variables.
    pub(crate) fn variables(&self) -> &BTreeMap<String, String> {
        &self.surroundings.variables
    }

    /// Settings, without the interpreter's own.
    pub(crate) fn settings(&self) -> &PipSettings {
        &self.settings
    }

    fn with_prefix(&self, prefix: &Path) -> Result<PipSettings, Failure> {
        let surroundings = Surroundings {
            prefix: Some(prefix.to_owned()),
            ..self.surroundings.clone()
        };
        PipSettings::read(&surroundings).map_err(|error| Failure::of(&error))
    }
}

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
    all.cache = if cache.no_cache {
        None
    } else {
        cache.cache_dir.clone().or_else(Cache::default_folder)
    };
    let text = |name: &str| pip.settings.get(name).map(|setting| setting.value.clone());
    if let Some(value) = options.timeout {
        all.timeout = seconds("--timeout", value)?;
    } else if let Some(setting) = pip
        .settings
        .get("timeout")
        .or_else(|| pip.settings.get("default-timeout"))
    {
        let value: f64 = setting
            .value
            .parse()
            .map_err(|_number| bad_setting("timeout", setting))?;
        all.timeout =
            Duration::try_from_secs_f64(value).map_err(|_range| bad_setting("timeout", setting))?;
    }
    if let Some(retries) = options.retries {
        all.retries = retries;
    } else if let Some(setting) = pip.settings.get("retries") {
        all.retries = setting
            .value
            .parse()
            .map_err(|_number| bad_setting("retries", setting))?;
    }
    all.proxy = options.proxy.clone().or_else(|| text("proxy"));
    all.certificate_bundle = options
        .cert
        .clone()
        .or_else(|| text("cert").map(PathBuf::from));
    if let Some(base) = pip.variables().get("LOCKGATE_OSV_EXPORT") {
        all.osv_export = address("LOCKGATE_OSV_EXPORT", base)?;
    }
    Ok(all)
}

fn bad_setting(option: &str, setting: &lockgate_index::pip_config::PipSetting) -> Failure {
    Failure::new(format!(
        "pip's `{option} = {}` ({}) is no number",
        setting.value, setting.origin
    ))
}

/// pip's settings, and the index that it has built in; an interpreter is asked only where neither option nor variable decides.
pub(crate) fn effective(
    options: &IndexOptions,
    target: &TargetOptions,
    world: &World,
) -> Result<(PipSettings, Option<String>), Failure> {
    let is_decided = options.index_url.is_some()
        || world
            .pip
            .settings
            .get("index-url")
            .is_some_and(|setting| setting.origin == "PIP_INDEX_URL");
    if is_decided {
        return Ok((world.pip.settings.clone(), None));
    }
    // Only a version that is asked for, and not there, leaves the choice of another interpreter whose pip is asked.
    let found = interpreter::find(target.python.as_deref(), world.pip.variables());
    let Ok(executable) = found else {
        return Ok((world.pip.settings.clone(), None));
    };
    let interpreter = world
        .index
        .interpreter(&executable)
        .map_err(|error| Failure::of(&error))?;
    let settings = world.pip.with_prefix(interpreter.prefix())?;
    Ok((settings, interpreter.default_index().map(ToOwned::to_owned)))
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
        other => Err(wrong(&format!("`{other}` addresses are not supported"))),
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
    let public = interpreter::find(None, world.pip.variables())
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
