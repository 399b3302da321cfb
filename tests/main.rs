//! The end-to-end tests: the real binary against a loopback index, one module per verb, and what holds across them.

mod architecture;
mod audit;
mod cache;
mod check;
mod credentials;
mod faults;
mod find_links;
mod lock;
mod network;
mod output;
mod pip_settings;
mod proxy;
mod readme;
mod scenarios;
mod secrets;
mod terminal;
mod tls;
mod worlds;
