//! The proof as data: a list of its steps, each after those that it rests on, so that it is as flat as it is long.

use std::collections::HashMap;

use lockgate_model::{Fact, Proof, Stated, Statement, Why};
use serde_json::{Map, Value, json};

use super::facts::{conclusion_text, exclusion_text, fact_text};

/// The steps of a proof. The last is what it proves; `because` names others by their place in the list.
pub(crate) fn tree(proof: &Proof) -> Vec<Value> {
    let mut steps: Vec<Value> = Vec::new();
    let mut places: HashMap<*const Proof, usize> = HashMap::new();
    let mut waiting = vec![proof];
    while let Some(part) = waiting.last().copied() {
        let key = std::ptr::from_ref(part);
        if places.contains_key(&key) {
            waiting.pop();
            continue;
        }
        let step = match part {
            Proof::Fact(told) => fact(told),
            Proof::Derived {
                conclusion,
                left,
                right,
                ..
            } => {
                let place = |part: &Proof| places.get(&std::ptr::from_ref(part)).copied();
                let (Some(first), Some(second)) = (place(left), place(right)) else {
                    // What is on top is told first.
                    waiting.extend([&**right, &**left]);
                    continue;
                };
                json!({
                    "kind": "derived",
                    "text": conclusion_text(conclusion),
                    "statements": conclusion.iter().filter_map(statement).collect::<Vec<_>>(),
                    "because": [first, second],
                })
            }
        };
        places.insert(key, steps.len());
        steps.push(step);
        waiting.pop();
    }
    steps
}

fn statement(statement: &Statement) -> Option<Value> {
    Some(json!({
        "name": statement.name.as_ref()?.as_str(),
        "extra": statement.extra.as_ref().map(lockgate_model::Name::as_str),
        "versions": statement.versions.to_string(),
        "is_in": statement.is_in,
    }))
}

fn fact(fact: &Fact) -> Value {
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| out.insert(key.to_owned(), value);
    match fact {
        Fact::Root {
            requirement,
            origin,
            role,
            name,
            ..
        } => {
            put(
                "kind",
                json!(match role {
                    Stated::Requirement => "requirement",
                    Stated::Constraint => "constraint",
                    Stated::Override(_) => "override",
                }),
            );
            put("text", json!(fact_text(fact)));
            put("name", json!(name.as_str()));
            put("requirement", json!(requirement));
            put("file", json!(origin.file));
            put("line", json!(origin.line));
        }
        Fact::Requires {
            from,
            from_versions,
            to,
            to_versions,
            marker,
            overridden,
        } => {
            put("kind", json!("requires"));
            put("text", json!(fact_text(fact)));
            put("name", json!(from.0.as_str()));
            put(
                "extra",
                json!(from.1.as_ref().map(lockgate_model::Name::as_str)),
            );
            put("versions", json!(from_versions.to_string()));
            put("requires", json!(to.0.as_str()));
            put(
                "requires_extra",
                json!(to.1.as_ref().map(lockgate_model::Name::as_str)),
            );
            put("requires_versions", json!(to_versions.to_string()));
            put("marker", json!(marker));
            put(
                "overridden",
                json!(overridden.as_ref().map(ToString::to_string)),
            );
        }
        Fact::NoVersion {
            name,
            versions,
            excluded,
            ..
        } => {
            let excluded: Vec<Value> = excluded
                .iter()
                .map(|exclusion| {
                    let versions = exclusion.versions.iter().map(ToString::to_string);
                    json!({
                        "versions": versions.collect::<Vec<_>>(),
                        "why": why(&exclusion.why),
                        "text": exclusion_text(exclusion),
                    })
                })
                .collect();
            put("kind", json!("no-version"));
            put("text", json!(fact_text(fact)));
            put("name", json!(name.as_str()));
            put("versions", json!(versions.to_string()));
            put("excluded", json!(excluded));
        }
        Fact::Absent { name } => {
            put("kind", json!("absent"));
            put("text", json!(fact_text(fact)));
            put("name", json!(name.as_str()));
        }
    }
    Value::Object(out)
}

fn why(why: &Why) -> &'static str {
    match why {
        Why::Gate(_) => "gate",
        Why::Quarantined(_) => "quarantined",
        Why::Yanked(_) => "yanked",
        Why::Prerelease => "prerelease",
        Why::Python { .. } => "python",
        Why::NoWheel => "no-wheel",
        Why::Archive => "archive",
        Why::Format(_) => "format",
        Why::Cutoff => "cutoff",
        Why::Cooldown => "cooldown",
        Why::NoUploadTime => "no-upload-time",
        Why::Metadata(_) => "metadata",
        Why::NeedsBuild(_) => "needs-build",
        Why::Unreadable(_) => "unreadable",
        Why::Hash => "hash",
    }
}
