//! The JSON documents (INTERFACE, "Exit codes" and "`audit`"): `version` 1, keys in a fixed order, lists sorted as given.

use std::collections::BTreeMap;

use lockgate_model::{
    AuditReport, Change, Conflict, GateRefusal, IndexConfusion, Name, Note, OptionChange, Pins,
    Version, WayOut,
};
use serde_json::{Map, Value, json};

use crate::audit_json::{insert_audit, severity};
use crate::change::listed;
use crate::conflict::{plain_text, tree};

/// What `lock` and `check` have to say.
#[derive(Debug, Clone, Copy)]
pub struct LockDocument<'a> {
    /// `locked`, `no-solution`, `gated`, `findings`, `outdated`.
    pub status: &'a str,
    /// The lock's path, `-` for standard output.
    pub output: &'a str,
    /// Whether the lock's text differs from before.
    pub written: bool,
    /// The policies that hold for it, the topmost first; empty: the defaults.
    pub policies: &'a [String],
    /// The audit of the new lock.
    pub audit: Option<&'a AuditReport>,
    /// Old lock against new.
    pub change: Option<&'a Change>,
    /// Notes on the choice.
    pub notes: &'a [Note],
    /// What is locked, when there is a new lock.
    pub pins: Option<&'a Pins>,
    /// Why there is no lock.
    pub conflict: Option<&'a Conflict>,
    /// Why a check fails, one text each.
    pub reasons: &'a [String],
}

/// The document of a lock or a check.
pub fn lock_document(document: &LockDocument<'_>) -> Value {
    let mut out = head(document.status);
    out.insert("output".to_owned(), json!(document.output));
    out.insert("written".to_owned(), json!(document.written));
    out.insert("policies".to_owned(), json!(document.policies));
    if let Some(audit) = document.audit {
        insert_audit(&mut out, audit, document.pins);
    }
    if let Some(change) = document.change {
        out.insert("changes".to_owned(), changes(change));
    }
    out.insert(
        "notes".to_owned(),
        Value::Array(document.notes.iter().map(note).collect()),
    );
    if let Some(conflict) = document.conflict {
        out.insert("conflict".to_owned(), conflict_value(conflict));
    }
    if !document.reasons.is_empty() {
        out.insert("reasons".to_owned(), json!(document.reasons));
    }
    Value::Object(out)
}

/// The document of a run that has no answer.
pub fn failure_document(message: &str, remedy: Option<&str>) -> Value {
    let mut out = head("failed");
    out.insert(
        "error".to_owned(),
        json!({ "message": message, "remedy": remedy }),
    );
    Value::Object(out)
}

pub(crate) fn head(status: &str) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert("version".to_owned(), json!(1));
    out.insert("status".to_owned(), json!(status));
    out
}

fn changes(change: &Change) -> Value {
    let versions = |map: &BTreeMap<_, _>| {
        map.iter()
            .map(|(name, versions): (&Name, &Vec<Version>)| {
                json!({ "name": name.as_str(), "version": listed(versions) })
            })
            .collect::<Vec<_>>()
    };
    let moved: Vec<Value> = change
        .moved
        .iter()
        .map(|(name, (old, new))| json!({ "name": name.as_str(), "from": listed(old), "to": listed(new) }))
        .collect();
    json!({ "added": versions(&change.added), "removed": versions(&change.removed), "moved": moved })
}

fn note(note: &Note) -> Value {
    match note {
        Note::PassedOver(passed) => {
            let versions: Vec<Value> = passed
                .versions
                .iter()
                .map(|(version, advisories)| {
                    let ids: Vec<&str> = advisories
                        .iter()
                        .map(|advisory| advisory.id.as_str())
                        .collect();
                    json!({ "version": version.to_string(), "advisories": ids })
                })
                .collect();
            json!({ "kind": "passed-over", "name": passed.name.as_str(), "version": passed.version.to_string(), "versions": versions })
        }
        Note::MissingExtra {
            name,
            version,
            extra,
        } => {
            json!({ "kind": "missing-extra", "name": name.as_str(), "version": version.to_string(), "extra": extra.as_str() })
        }
        Note::Yanked {
            name,
            version,
            reason,
        } => {
            json!({ "kind": "yanked", "name": name.as_str(), "version": version.to_string(), "reason": reason })
        }
        Note::NotKept { name, version, why } => {
            json!({ "kind": "not-kept", "name": name.as_str(), "version": version.to_string(), "reason": why })
        }
        Note::IndexConfusion(confusion) => confusion_value(confusion),
        Note::NotHashed {
            name, reference, ..
        } => {
            json!({ "kind": "not-hashed", "name": name.as_str(), "reference": reference })
        }
        Note::Excluded { name, origin } => {
            json!({ "kind": "excluded", "name": name.as_str(), "origin": origin.to_string() })
        }
        Note::Defied {
            name,
            version,
            requirement,
            locked,
        } => {
            json!({ "kind": "defied", "name": name.as_str(), "version": version.to_string(), "requirement": requirement, "locked": locked.as_ref().map(ToString::to_string) })
        }
        Note::Unbounded {
            name,
            version,
            is_direct,
        } => {
            json!({ "kind": "unbounded", "name": name.as_str(), "version": version.to_string(), "direct": is_direct })
        }
        Note::Unreadable {
            name,
            version,
            passed,
            why,
        } => {
            json!({ "kind": "unreadable", "name": name.as_str(), "version": version.to_string(), "passed_over": passed.to_string(), "reason": why })
        }
        Note::NeedsBuild {
            name,
            version,
            skipped,
            requires,
        } => needs_build(name, version, skipped, requires.as_ref()),
        Note::UnknownValue { names } => {
            let names: Vec<&str> = names.iter().map(Name::as_str).collect();
            json!({ "kind": "unknown-value", "names": names })
        }
        Note::Undated { name, version } => {
            json!({ "kind": "undated", "name": name.as_str(), "version": version.to_string() })
        }
        Note::Fix {
            name,
            version,
            advisories,
        } => {
            let ids: Vec<&str> = advisories
                .iter()
                .map(|advisory| advisory.id.as_str())
                .collect();
            json!({ "kind": "cooldown-fix", "name": name.as_str(), "version": version.to_string(), "advisories": ids })
        }
        Note::Status {
            name,
            status,
            reason,
        } => {
            json!({ "kind": status, "name": name.as_str(), "reason": reason })
        }
    }
}

fn needs_build(
    name: &Name,
    version: &Version,
    skipped: &Version,
    requires: Option<&(Name, Version)>,
) -> Value {
    let built = requires.map_or(name, |(required, _)| required);
    let requires = requires
        .map(|(required, at)| json!({ "name": required.as_str(), "version": at.to_string() }));
    json!({ "kind": "needs-build", "name": name.as_str(), "version": version.to_string(), "skipped": skipped.to_string(), "requires": requires, "option": format!("--allow-build={built}") })
}

fn confusion_value(confusion: &IndexConfusion) -> Value {
    let packages: Vec<Value> = confusion
        .packages
        .iter()
        .map(|package| {
            let others: Vec<Value> = package
                .others
                .iter()
                .map(|rival| {
                    json!({
                        "index": rival.index,
                        "version": rival.version.to_string(),
                        "differs": if rival.is_better { "version" } else { "files" },
                    })
                })
                .collect();
            json!({
                "name": package.name.as_str(),
                "version": package.version.to_string(),
                "index": package.index,
                "others": others,
            })
        })
        .collect();
    let unknown: Vec<Value> = confusion
        .unknown
        .iter()
        .map(|(name, index, why)| json!({ "name": name.as_str(), "index": index, "why": why }))
        .collect();
    json!({
        "kind": "dependency-confusion",
        "strategy": confusion.strategy,
        "packages": packages,
        "unknown": unknown,
    })
}

fn conflict_value(conflict: &Conflict) -> Value {
    json!({
        "explanation": plain_text(conflict),
        "refusals": conflict.refusals.iter().map(refusal).collect::<Vec<_>>(),
        "ways_out": conflict.ways_out.iter().map(way_out).collect::<Vec<_>>(),
        "proof": tree(&conflict.proof),
    })
}

fn refusal(refusal: &GateRefusal) -> Value {
    let advisories: Vec<Value> = refusal
        .advisories
        .iter()
        .map(|advisory| {
            json!({
                "id": advisory.id,
                "aliases": advisory.aliases,
                "summary": advisory.summary,
                "severity": severity(advisory.severity.as_ref()),
                "fixed_versions": advisory.fixed.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "link": advisory.link,
                "unclear": advisory.unclear,
            })
        })
        .collect();
    json!({
        "name": refusal.name.as_str(),
        "version": refusal.version.to_string(),
        "advisories": advisories,
        "chain": refusal.chain,
        "ways_out": refusal.ways_out.iter().map(way_out).collect::<Vec<_>>(),
    })
}

fn way_out(way: &WayOut) -> Value {
    let list = |names: &[Name]| {
        names
            .iter()
            .map(|name| json!(name.as_str()))
            .collect::<Value>()
    };
    match way {
        WayOut::Relax { changes, gives } => {
            let changes: Vec<Value> = changes
                .iter()
                .map(|change| {
                    json!({
                        "requirement": change.requirement,
                        "origin": change.origin.to_string(),
                        "to": change.to,
                    })
                })
                .collect();
            json!({
                "kind": "relax",
                "changes": changes,
                "gives": gives.as_ref().map(ToString::to_string),
            })
        }
        WayOut::Option(OptionChange::Python(version)) => {
            json!({ "kind": "python-version", "value": version })
        }
        WayOut::Option(OptionChange::Prereleases(names)) => {
            json!({ "kind": "all-releases", "packages": list(names) })
        }
        WayOut::Option(OptionChange::Formats(names, option)) => {
            json!({ "kind": "formats", "without": option, "packages": list(names) })
        }
        WayOut::Option(OptionChange::Cutoff(day)) => {
            json!({ "kind": "exclude-newer", "value": day })
        }
        WayOut::Option(OptionChange::Cooldown(day)) => {
            json!({ "kind": "cooldown", "admits": day })
        }
        WayOut::Ignore { ids, name } => {
            json!({ "kind": "ignore", "ids": ids, "package": name.as_str() })
        }
    }
}

#[cfg(test)]
mod tests {
    use lockgate_model::{FindingCode, GapCode, Name, Origin, PassedOver, RemarkCode, Version};

    use super::*;

    const CODES: &str = include_str!("../../../docs/codes.md");

    #[test]
    fn every_code_has_its_heading_in_the_docs() {
        let name: Name = "a".parse().unwrap();
        let version: Version = "1".parse().unwrap();
        let status = |status| Note::Status {
            name: name.clone(),
            status,
            reason: None,
        };
        let notes = [
            Note::PassedOver(PassedOver {
                name: name.clone(),
                version: version.clone(),
                versions: Vec::new(),
            }),
            Note::MissingExtra {
                name: name.clone(),
                version: version.clone(),
                extra: name.clone(),
            },
            Note::Yanked {
                name: name.clone(),
                version: version.clone(),
                reason: String::new(),
            },
            Note::NotKept {
                name: name.clone(),
                version: version.clone(),
                why: String::new(),
            },
            Note::IndexConfusion(IndexConfusion::default()),
            Note::NotHashed {
                name: name.clone(),
                reference: "git+https://example.org/a".to_owned(),
                can_omit_hashes: true,
            },
            Note::Excluded {
                name: name.clone(),
                origin: Origin {
                    file: "a.in".to_owned(),
                    line: Some(1),
                    via: "-r a.in".to_owned(),
                },
            },
            Note::Defied {
                name: name.clone(),
                version: version.clone(),
                requirement: "b<2".to_owned(),
                locked: None,
            },
            Note::Unbounded {
                name: name.clone(),
                version: version.clone(),
                is_direct: true,
            },
            Note::Unreadable {
                name: name.clone(),
                version: version.clone(),
                passed: version.clone(),
                why: String::new(),
            },
            Note::NeedsBuild {
                name: name.clone(),
                version: version.clone(),
                skipped: version.clone(),
                requires: None,
            },
            Note::UnknownValue {
                names: vec![name.clone()],
            },
            Note::Undated {
                name: name.clone(),
                version: version.clone(),
            },
            Note::Fix {
                name: name.clone(),
                version,
                advisories: Vec::new(),
            },
            status("archived"),
            status("deprecated"),
        ];
        let kinds = notes
            .iter()
            .map(|note| super::note(note)["kind"].as_str().unwrap().to_owned());
        let findings = FindingCode::ALL.map(FindingCode::as_str);
        let gaps = GapCode::ALL.map(GapCode::as_str);
        let remarks = RemarkCode::ALL.map(RemarkCode::as_str);
        let others = findings.into_iter().chain(gaps).chain(remarks);
        let codes = kinds.chain(others.map(str::to_owned));
        for code in codes.chain([crate::sarif::OFF.to_owned()]) {
            assert!(
                CODES.lines().any(|line| line == format!("### {code}")),
                "docs/codes.md has no heading `{code}`"
            );
        }
    }
}
