//! The end-to-end tests: the real binary against a loopback index, one module per verb, and what holds across them.

mod architecture;
mod audit;
mod cache;
mod check;
mod choice;
mod faults;
mod inputs;
mod lock;
mod network;
mod output;
mod readme;
mod scenarios;
mod sources;
mod terminal;
mod worlds;
