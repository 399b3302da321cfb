//! A `pylock.toml` against its graph: no field of it can be edited, removed or added unseen.

use std::collections::BTreeMap;

use lockgate_model::{Marker, Scope};
use toml::{Table, Value};

use super::super::compare::compare;
use super::*;

fn scoped() -> LockedGraph {
    let mut graph = graph();
    graph.scopes = [Scope::Extra(name("x")), Scope::Group(name("dev"))].into();
    let pins = graph.pins.clone();
    graph.pins = pins
        .iter()
        .map(|pin| {
            let mut pin = pin.clone();
            pin.scopes = vec![(Scope::Main, pin.marker.clone())];
            if pin.name.as_str() == "e" {
                pin.scopes = vec![
                    (Scope::Extra(name("x")), Marker::always()),
                    (Scope::Group(name("dev")), pin.marker.clone()),
                ];
            }
            pin
        })
        .collect();
    graph
}

fn options(graph: &LockedGraph) -> PylockOptions {
    let on_index = graph.pins.iter().filter(|pin| pin.direct.is_none());
    let indexes: BTreeMap<_, _> = on_index
        .map(|pin| {
            let release = (pin.name.clone(), pin.version.clone());
            (release, "https://index.test/simple".to_owned())
        })
        .collect();
    PylockOptions {
        environments: vec![Marker::parse("sys_platform == 'linux'").unwrap()],
        requires_python: Some(">=3.11".to_owned()),
        indexes,
        notes: true,
        ..PylockOptions::default()
    }
}

fn header() -> Header {
    Header {
        python: "3.11".to_owned(),
        is_universal: false,
        command: "lockgate lock requirements.in".to_owned(),
        audit: AuditLine::Off,
        index_answers: Vec::new(),
    }
}

fn seen(text: &str, graph: &LockedGraph) -> Vec<String> {
    match compare(text, "pylock.toml", graph, &options(graph), false) {
        Ok(differences) => differences
            .iter()
            .map(|one| one.text("pylock.toml"))
            .collect(),
        Err(error) => vec![error.to_string()],
    }
}

/// Every table with its path, and what it would be with one key edited, removed or added.
fn edits(value: &Value, path: &str, made: &mut Vec<(String, Value)>) {
    let changed = |value: &Value| match value {
        Value::String(text) => Value::String(format!("{text}x")),
        Value::Integer(number) => Value::Integer(number + 1),
        Value::Boolean(flag) => Value::Boolean(!flag),
        Value::Datetime(_) => Value::Datetime("2020-01-01T00:00:00Z".parse().unwrap()),
        other => other.clone(),
    };
    match value {
        Value::Table(table) => {
            let mut more = table.clone();
            more.insert("unknown".to_owned(), Value::Boolean(true));
            made.push((format!("{path} + unknown"), Value::Table(more)));
            for key in [
                "url",
                "path",
                "index",
                "marker",
                "requires-python",
                "size",
                "name",
                "version",
                "attestation-identities",
                "subdirectory",
                "default-groups",
                "sha512",
            ] {
                if !table.contains_key(key) {
                    let mut more = table.clone();
                    more.insert(key.to_owned(), Value::String("x".to_owned()));
                    made.push((format!("{path} + {key}"), Value::Table(more)));
                }
            }
            for (key, value) in table {
                if key == "lockgate" {
                    continue;
                }
                // The table of tools is there for lockgate's own, which holds evidence.
                if key != "tool" {
                    let mut fewer = table.clone();
                    fewer.remove(key);
                    made.push((format!("{path} - {key}"), Value::Table(fewer)));
                }
                let mut inner = vec![(String::new(), changed(value))];
                edits(value, &format!("{path}.{key}"), &mut inner);
                for (what, value) in inner {
                    if value != table[key] {
                        let mut other = table.clone();
                        other.insert(key.clone(), value);
                        let what = if what.is_empty() {
                            format!("{path}.{key} edited")
                        } else {
                            what
                        };
                        made.push((what, Value::Table(other)));
                    }
                }
            }
        }
        Value::Array(list) => {
            for (place, value) in list.iter().enumerate() {
                let mut fewer = list.clone();
                fewer.remove(place);
                made.push((format!("{path}[{place}] removed"), Value::Array(fewer)));
                let mut twice = list.clone();
                twice.push(value.clone());
                made.push((format!("{path}[{place}] twice"), Value::Array(twice)));
                let mut inner = vec![(format!("{path}[{place}] edited"), changed(value))];
                edits(value, &format!("{path}[{place}]"), &mut inner);
                for (what, value) in inner {
                    if value != list[place] {
                        let mut other = list.clone();
                        other[place] = value;
                        made.push((what, Value::Array(other)));
                    }
                }
            }
        }
        _ => {}
    }
}

#[test]
fn no_field_can_be_edited_removed_or_added_unseen() {
    for graph in [graph(), scoped()] {
        let text = render(&graph, &header(), &options(&graph));
        assert_eq!(seen(&text, &graph), [""; 0], "{text}");
        let table: Table = text.parse().unwrap();
        let again = toml::to_string(&table).unwrap();
        assert_eq!(seen(&again, &graph), [""; 0], "{again}");
        let mut made = Vec::new();
        edits(&Value::Table(table), "", &mut made);
        assert!(made.len() > 400, "{}", made.len());
        for (what, value) in made {
            let edited = toml::to_string(&value).unwrap();
            assert_ne!(seen(&edited, &graph), [""; 0], "{what}\n{edited}");
        }
    }
}

#[test]
fn tables_of_tools_are_seen_but_for_the_evidence() {
    let graph = graph();
    let text = render(&graph, &header(), &options(&graph));
    for (from, to) in [
        ("audit = \"none; advisories are off\"", "audit = \"other\""),
        ("via = [\n    \"-r requirements.in\",\n]", "via = []"),
        ("gate = ", "other = "),
    ] {
        let edited = text.replace(from, to);
        assert_ne!(edited, text, "{from}");
        assert_eq!(seen(&edited, &graph), [""; 0]);
    }
    for (edited, said) in [
        (
            format!("{text}\n[tool.uv]\nx = 1\n"),
            "`tool.uv` is `{ x = 1 }`; `lock` would not write it",
        ),
        (
            text.replace("version = \"3\"\nvia", "version = \"4\"\nvia")
                .replace(
                    "[packages.tool.lockgate]\nversion = \"3\"",
                    "[packages.tool.lockgate]\nversion = \"4\"",
                ),
            "c==3: tool.lockgate.version` is `4`",
        ),
        (
            text.replace("[packages.tool.lockgate]", "[packages.tool.uv]"),
            "tool.uv` is",
        ),
        (
            text.replace("https://files.test/a-1.0", "https://other.test/a-1.0"),
            "`a==1.0: wheels.a-1.0-py3-none-any.whl.url` is `https://other.test/a-1.0-py3-none-any.whl`; `lock` would write `https://files.test/a-1.0-py3-none-any.whl`",
        ),
    ] {
        assert_ne!(edited, text, "{said}");
        let found = seen(&edited, &graph);
        assert!(
            found.iter().any(|one| one.contains(said)),
            "{said}: {found:#?}"
        );
    }
}

#[test]
fn another_patch_of_the_same_python_is_the_same_only_where_none_is_asked_for() {
    let graph = graph();
    let mut now = options(&graph);
    let text = render(&graph, &header(), &now);
    for (python, is_same) in [
        (">=3.11.4", true),
        (">=3.11", true),
        (">=3.12", false),
        (">=3.11.4,<4", false),
        (">3.11", false),
    ] {
        now.requires_python = Some(python.to_owned());
        let found = |any_patch| compare(&text, "x", &graph, &now, any_patch).unwrap();
        assert_eq!(found(true).is_empty(), is_same, "{python}");
        assert_eq!(found(false).is_empty(), python == ">=3.11", "{python}");
    }
}
