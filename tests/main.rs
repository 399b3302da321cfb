//! The end-to-end tests: the real binary against a loopback index, one module per verb, and what holds across them.

mod architecture;
mod audit;
mod builds;
mod cache;
mod check;
mod choice;
mod credentials;
mod direct;
mod faults;
mod find_links;
mod inputs;
mod lock;
mod network;
mod options;
mod output;
mod pip_settings;
mod proxy;
mod readme;
mod requirements;
mod scenarios;
mod secrets;
mod sources;
mod takeover;
mod terminal;
mod tls;
mod worlds;
