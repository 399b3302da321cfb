//! Facts over a loopback index.

mod hints;
mod metadata;
mod projects;
mod server;
