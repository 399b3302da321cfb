//! What configures a run: `lockgate.toml`, `[tool.lockgate]`, `OpenVEX` documents, pip's configuration.

use lockgate_formats::{Config, duration, read_openvex, vex_ignores};
use lockgate_index::fuzzing::pip_configuration;

use crate::texts::says_something;

pub(crate) fn run(bytes: &[u8]) {
    match Config::from_lockgate_toml(bytes, "lockgate.toml") {
        Ok(config) => check(&config),
        Err(error) => says_something(&error),
    }
    for read in [
        Config::from_pyproject(bytes, "pyproject.toml"),
        Config::from_script(bytes, "script.py"),
    ] {
        match read {
            Ok(config) => config.iter().for_each(check),
            Err(error) => says_something(&error),
        }
    }
    let text = String::from_utf8_lossy(bytes);
    let _ = duration(&text);
    match read_openvex("vex.json", &text) {
        Ok(statements) => {
            let _ = vex_ignores(&statements);
        }
        Err(error) => says_something(&error),
    }
    match pip_configuration(&text) {
        Ok(entries) => assert!(entries.iter().all(|[section, ..]| text.contains(section))),
        Err((line, why)) => {
            assert!((1..=text.len().max(1)).contains(&line));
            says_something(&why);
        }
    }
}

/// Every entry says where it stands, and has a reason.
fn check(config: &Config) {
    for ignore in &config.ignores {
        assert!(!ignore.origin.is_empty() && !ignore.id.is_empty());
        assert!(
            !ignore.reason.trim().is_empty(),
            "an ignore without a reason"
        );
    }
}
