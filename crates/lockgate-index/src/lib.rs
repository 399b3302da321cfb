//! The one door to the network and to the cache: project pages, metadata, advisory feeds; and to the interpreter and its pip.
//!
//! It fetches and keeps, and judges nothing: what may be chosen and what is dangerous is decided elsewhere. It draws nothing: who wants
//! to show progress passes a [`Reporter`]. The runtime is the caller's; the solver talks to it through `Facts` and blocks while it waits.

mod cache;
mod credentials;
mod direct;
mod document;
mod error;
mod facts;
mod feeds;
pub mod files;
#[doc(hidden)]
pub mod fuzzing;
pub mod git;
mod http;
pub mod interpreter;
mod metadata;
mod once_map;
mod options;
mod page;
mod percent;
pub mod pip_config;
mod places;
pub mod programs;
mod reach;
mod redact;
mod reporter;
mod set_aside;
mod tar_stream;
mod transport;
mod trust;

pub use cache::{Cache, CacheError, SharedCache, Usage, refuse_shared};
pub use credentials::LoginOrigin;
pub use direct::{Archive, Commit, DirectFacts, Stated, in_folder, unpack};
pub use error::{FetchError, ProxyTrouble};
pub use facts::IndexFacts;
pub use feeds::{
    Feed, FeedError, FeedSource, FeedStatus, FeedTerms, RawRecord, RecordFeed, SyncOutcome, Synced,
};
pub use metadata::{archived_pyproject, built_metadata};
pub use options::{KeyringProvider, Options, Refresh};
pub use places::{FindLinks, NoIndex, NoPlace, Places, Strategy, index_is_there};
pub use reach::is_public;
pub use redact::redact_url;
pub use reporter::{Reporter, Silent};
pub use trust::{NoHost, TrustedHost, is_secure};

use std::path::Path;
use std::sync::Arc;

use tokio::runtime::Handle;
use url::Url;

use crate::cache::Store;
use crate::set_aside::SetAside;
use crate::transport::Transport;

/// The one door. Cheap to make: no client, no certificate and no file is touched before something is asked.
#[derive(Debug, Clone)]
pub struct Index {
    shared: Arc<Shared>,
}

/// What all parts share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) store: Store,
    pub(crate) transport: Transport,
    pub(crate) runtime: Handle,
    pub(crate) reporter: Arc<dyn Reporter>,
    pub(crate) set_aside: SetAside,
}

impl Index {
    /// Over `runtime`, telling `reporter`.
    pub fn new(options: Options, runtime: Handle, reporter: Arc<dyn Reporter>) -> Self {
        let store = Store::new(options.cache.clone(), Arc::clone(&reporter));
        let transport = Transport::new(options.clone(), Arc::clone(&reporter));
        Self {
            shared: Arc::new(Shared {
                options,
                store,
                transport,
                runtime,
                reporter,
                set_aside: SetAside::default(),
            }),
        }
    }

    /// Lets requests to the hosts of `urls` lead nowhere but into the public network and to hosts that are `named`.
    pub fn confine(&self, urls: &[Url], named: &[TrustedHost]) {
        self.shared.transport.confine(urls, named);
    }

    /// Has source distributions that state no metadata set aside for [`Index::download`], which builds begin with.
    pub fn set_source_distributions_aside(&self) {
        self.shared.set_aside.open();
    }

    /// Whether the source distribution at this address was fetched in this run, to no avail.
    pub fn has_set_aside(&self, url: &Url) -> bool {
        self.shared.set_aside.holds(url)
    }

    /// Whether the network may not be used.
    pub fn is_offline(&self) -> bool {
        self.shared.options.offline
    }

    /// The folder of the cache, if anything is kept.
    pub fn cache_folder(&self) -> Option<&Path> {
        self.shared.store.folder()
    }
}
