//! The end-to-end tests: the real binary against a loopback index, one module per verb.

mod scenarios;
