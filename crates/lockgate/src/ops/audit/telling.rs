//! Which names services may be told of: those that come from the index that everybody asks, or from the host of the service itself. Names
//! from an index of one's own stay at home.

use lockgate_index::{FindLinks, Places, redact_url};
use lockgate_model::{IndexRole, Inventory, Item, ItemOrigin};
use url::{Host, Url};

use crate::cli::{IndexOptions, TargetOptions};
use crate::failure::Failure;
use crate::indexes::is_local;
use crate::places;
use crate::world::World;

/// What may be told to the services in use.
#[derive(Debug, Default)]
pub(super) struct Telling {
    /// Hosts that know the names of their own index.
    hosts: Vec<Host<String>>,
    /// Whether no service is asked that is not on this machine: then all may be told.
    tells_nobody: bool,
    /// The services that are asked, as people know them.
    services: Vec<String>,
    /// Where pip would look: for what does not say where it comes from.
    set_up: Places,
}

impl Telling {
    /// For services at these addresses. `index` is the one that everybody has, by the interpreter's own pip.
    pub(super) fn new(
        services: &[Url],
        index: &IndexOptions,
        target: &TargetOptions,
        world: &World,
    ) -> Result<Self, Failure> {
        let names = services
            .iter()
            .map(|url| redact_url(url.as_str()))
            .collect();
        if services.iter().all(is_local) {
            return Ok(Self {
                tells_nobody: true,
                services: names,
                ..Self::default()
            });
        }
        let public = world
            .pip
            .interpreter(None)
            .ok()
            .and_then(|executable| world.index.interpreter(&executable).ok())
            .and_then(|interpreter| Url::parse(interpreter.default_index()?).ok());
        let known = services.iter().chain(&public);
        let hosts = known.filter_map(|url| url.host().map(|host| host.to_owned()));
        Ok(Self {
            hosts: hosts.collect(),
            tells_nobody: false,
            services: names,
            set_up: places::configured(index, target, world)?,
        })
    }

    /// Whether there is any service that could be told.
    pub(super) fn is_asked(&self) -> bool {
        !self.services.is_empty()
    }

    /// Whether services may be told of an item of an inventory, or why not.
    pub(super) fn may_tell(&self, inventory: &Inventory, item: &Item) -> Result<(), String> {
        if self.tells_nobody {
            return Ok(());
        }
        let refused = |place: &str| {
            format!(
                "names from {place} are not sent to {}, and no advisories that are kept here were named",
                self.services.join(", ")
            )
        };
        if let ItemOrigin::Index(Some(address)) = &item.origin {
            return if self.knows(address) {
                Ok(())
            } else {
                Err(refused(&redact_url(address)))
            };
        }
        let mut names_main = false;
        for index in &inventory.indexes {
            names_main |= matches!(index.role, IndexRole::Main | IndexRole::NoIndex);
            if index.role != IndexRole::NoIndex && !self.knows(&index.value) {
                let line = index
                    .line
                    .map(|line| format!(" ({}:{line})", inventory.place));
                let place = redact_url(&index.value);
                return Err(refused(&format!("{place}{}", line.unwrap_or_default())));
            }
        }
        if names_main {
            return Ok(());
        }
        match self.unknown_set_up() {
            None => Ok(()),
            Some(place) => Err(refused(&place)),
        }
    }

    /// A place that pip is set up with, and that is not known to all.
    fn unknown_set_up(&self) -> Option<String> {
        let indexes = self.set_up.indexes.iter().map(Url::as_str);
        let index = indexes.into_iter().find(|index| !self.knows(index));
        let links = || {
            let mut links = self.set_up.find_links.iter();
            links.find(|place| !matches!(place, FindLinks::Page(url) if self.knows(url.as_str())))
        };
        index
            .map(redact_url)
            .or_else(|| links().map(FindLinks::shown))
    }

    /// Whether an address is on a host that knows its names already. What is no address is a place of one's own.
    fn knows(&self, address: &str) -> bool {
        Url::parse(address).is_ok_and(|url| {
            url.host()
                .is_some_and(|host| self.hosts.contains(&host.to_owned()))
        })
    }
}
