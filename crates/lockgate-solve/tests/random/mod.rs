//! Random worlds, and a judge of what is made of them that goes by the rules and shares no code with the solver.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(unreachable_pub, reason = "a module of test binaries")]
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

pub mod case;
mod dice;
mod draw;
pub mod judge;
pub mod plan;
pub mod run;
mod smaller;
pub mod tables;
mod text;
