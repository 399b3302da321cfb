//! OSV records in JSON and YAML: compiled, kept, and read back.

use std::collections::BTreeSet;
use std::sync::Arc;

use lockgate_gate::{
    AdvisoryGate, Compact, Compiler, Mode, Overlay, Policy, Source, YankRule, description,
    shown_record,
};
use lockgate_model::{Gate as _, Name, Sha256, Timestamp, Version, VersionSet};
use serde_json::Value;

use crate::texts::{parts, says_something};

/// How many records one input has at most.
const MOST: usize = 3;

pub(crate) fn run(bytes: &[u8]) {
    let records: Vec<(String, &[u8])> = parts(bytes, MOST)
        .into_iter()
        .enumerate()
        .map(|(index, record)| {
            let kind = if record.starts_with(b"{") {
                "json"
            } else {
                "yaml"
            };
            (format!("{index}.{kind}"), record)
        })
        .collect();
    let mut names = BTreeSet::new();
    for (file, record) in &records {
        let _ = description(file, record);
        match shown_record("source", file, record) {
            Ok(shown) => {
                let affected = shown.affected.iter();
                names.extend(affected.filter_map(|affected| affected.name.parse::<Name>().ok()));
            }
            Err(error) => says_something(&error),
        }
    }
    let kept = compiled(&records);
    for name in &names {
        let now = affected(kept.clone(), name);
        // The form that is kept says no less than the records themselves.
        if kept.is_some() {
            let direct = affected(overlay(&records), name);
            assert!(
                direct.is_subset_of(&now),
                "what is kept of `{name}` is less"
            );
        }
        for (file, record) in &records {
            // Another record takes nothing from what this one affects.
            let alone = affected(compiled(&[(file.clone(), *record)]), name);
            assert!(
                kept.is_none() || alone.is_subset_of(&now),
                "another record makes less of `{name}` affected"
            );
            for version in listed(record, name) {
                assert!(
                    kept.is_none() || now.contains(&version),
                    "`{name} {version}` is listed and not affected"
                );
            }
        }
    }
}

/// The instant at which records are judged: those of other times are of the future or withdrawn.
fn now() -> Timestamp {
    Timestamp::constant(1_750_000_000, 0)
}

/// The records in the form that the cache keeps; none if they cannot be read.
fn compiled(records: &[(String, &[u8])]) -> Option<Source> {
    let mut compiler = Compiler::new("source", now());
    for (file, record) in records {
        if let Err(error) = compiler.add(file, record) {
            says_something(&error);
            return None;
        }
    }
    let bytes = match compiler.finish() {
        Ok(compiled) if compiled.unreadable.is_empty() => compiled.bytes,
        Ok(_) => return None,
        Err(error) => {
            says_something(&error);
            return None;
        }
    };
    let compact = Compact::open(Arc::new(bytes)).expect("what was just written is opened");
    Some(Source::Compact {
        name: "source".to_owned(),
        digest: Sha256([0; 32]),
        compact,
        refreshed: None,
    })
}

/// The records as they are.
fn overlay(records: &[(String, &[u8])]) -> Option<Source> {
    let records = records.iter();
    let overlay = Overlay::read(
        "source",
        now(),
        records.map(|(file, record)| (file.as_str(), *record)),
    );
    overlay.unreadable().is_empty().then(|| Source::Overlay {
        name: "source".to_owned(),
        digest: Sha256([0; 32]),
        overlay: Arc::new(overlay),
    })
}

/// The versions of a project that a gate over the source speaks of.
fn affected(source: Option<Source>, name: &Name) -> VersionSet {
    let policy = Policy {
        mode: Mode::Deny,
        origin: "here".to_owned(),
        min_severity: None,
        gate_unknown_severity: true,
        ignores: Vec::new(),
        yanked: YankRule::Warn,
        gaps: Vec::new(),
        groups: std::collections::BTreeMap::new(),
        names: Vec::new(),
        remarks: Vec::new(),
    };
    let gate = AdvisoryGate::new(policy, source.into_iter().collect(), now());
    let affected = gate.affected(name).expect("what was opened is read");
    affected.map_or_else(VersionSet::empty, |versions| (*versions).clone())
}

/// The versions that a record in force lists one by one, read by another way than the gate's.
fn listed(record: &[u8], name: &Name) -> Vec<Version> {
    let Ok(record) = serde_json::from_slice::<Value>(record) else {
        return Vec::new();
    };
    if !record.get("withdrawn").is_none_or(Value::is_null) {
        return Vec::new();
    }
    let entries = record.get("affected").and_then(Value::as_array);
    let about = |entry: &&Value| {
        let text = |key: &str| entry.get("package")?.get(key)?.as_str();
        text("ecosystem") == Some("PyPI")
            && text("name")
                .and_then(|text| text.parse::<Name>().ok())
                .as_ref()
                == Some(name)
    };
    entries
        .into_iter()
        .flatten()
        .filter(about)
        .filter_map(|entry| entry.get("versions")?.as_array())
        .flatten()
        .filter_map(|version| version.as_str()?.parse().ok())
        .collect()
}
