//! Which names services may be told of: those that come from the index that everybody asks, or from the host of the service itself. Names
//! from an index of one's own stay at home.

use lockgate_index::{FindLinks, Places, interpreter};
use lockgate_model::{IndexRole, Inventory, Item, ItemOrigin, Manifest};
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
    /// Whether any service is asked.
    has_services: bool,
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
        if services.iter().all(is_local) {
            return Ok(Self {
                tells_nobody: true,
                has_services: !services.is_empty(),
                ..Self::default()
            });
        }
        let public = interpreter::find(None, world.pip.variables())
            .ok()
            .and_then(|executable| world.index.interpreter(&executable).ok())
            .and_then(|interpreter| Url::parse(interpreter.default_index()?).ok());
        let known = services.iter().chain(&public);
        let hosts = known.filter_map(|url| url.host().map(|host| host.to_owned()));
        Ok(Self {
            hosts: hosts.collect(),
            tells_nobody: false,
            has_services: true,
            set_up: places::places(&Manifest::default(), index, target, world)?,
        })
    }

    /// Whether there is any service that could be told.
    pub(super) fn is_asked(&self) -> bool {
        self.has_services
    }

    /// Whether services may be told of an item of an inventory.
    pub(super) fn may_tell(&self, inventory: &Inventory, item: &Item) -> bool {
        if self.tells_nobody {
            return true;
        }
        if let ItemOrigin::Index(Some(address)) = &item.origin {
            return self.knows(address);
        }
        let mut names_main = false;
        for index in &inventory.indexes {
            names_main |= matches!(index.role, IndexRole::Main | IndexRole::NoIndex);
            if index.role != IndexRole::NoIndex && !self.knows(&index.value) {
                return false;
            }
        }
        names_main || self.knows_set_up()
    }

    /// Whether all places that pip is set up with are known to all.
    fn knows_set_up(&self) -> bool {
        let indexes = self.set_up.indexes.iter();
        let links = self.set_up.find_links.iter();
        indexes.map(Url::as_str).all(|index| self.knows(index))
            && links
                .map(|place| match place {
                    FindLinks::Page(url) => self.knows(url.as_str()),
                    FindLinks::Folder(_) | FindLinks::File(_) => false,
                })
                .all(|known| known)
    }

    /// Whether an address is on a host that knows its names already. What is no address is a place of one's own.
    fn knows(&self, address: &str) -> bool {
        Url::parse(address).is_ok_and(|url| {
            url.host()
                .is_some_and(|host| self.hosts.contains(&host.to_owned()))
        })
    }
}
