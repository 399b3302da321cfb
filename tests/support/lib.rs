//! What the end-to-end tests stand on: a package index, an advisory service and a place to run the binary in.
//!
//! - [`World`] says what exists: projects, releases, files. [`artifact`] turns it into wheels and source distributions whose bytes
//!   depend on nothing else, so hashes are stable.
//! - [`Loopback`] serves a [`Site`] on 127.0.0.1 and keeps a log of requests; [`Fault`]s break single paths on demand.
//!   The sites are [`Index`] (the simple API) and [`OsvService`] (the query API and the bulk export).
//! - [`TestContext`] is an empty folder, a cache and a clean environment to run `lockgate` in.
//! - [`scenario`] reads `fixtures/scenarios/**/*.toml` and judges what the binary makes of them.
//!
//! Nothing here reaches any other machine, and nothing here knows how lockgate works inside: the binary is used as a person does. Of its
//! crates only `lockgate-model` is used, to compare versions.

pub mod advisory;
pub mod artifact;
mod context;
mod fault;
mod guarded;
mod index;
mod loopback;
pub mod osv;
mod pages;
pub mod scenario;
mod signals;
mod static_site;
mod tls;
mod world;

pub use advisory::Advisory;
pub use context::{Lockgate, Run, TestContext, binary, fixtures};
pub use fault::Fault;
pub use guarded::Guarded;
pub use index::Index;
pub use loopback::{Answer, Incoming, Logged, Loopback, Site};
pub use osv::OsvService;
pub use signals::ending_signals;
pub use static_site::StaticSite;
pub use tls::Authority;
pub use world::{Project, Release, SourceDistribution, World, Yank};
