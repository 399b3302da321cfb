//! Conditions on extras and groups.

use std::collections::BTreeSet;

use lockgate_model::Scope;

use super::*;

fn extra(text: &str) -> Scope {
    Scope::Extra(name(text))
}

fn group(text: &str) -> Scope {
    Scope::Group(name(text))
}

fn scoped(scopes: &[(Scope, &str)]) -> Pin {
    let scopes: Vec<(Scope, Marker)> = scopes
        .iter()
        .map(|(scope, text)| {
            let marker = match *text {
                "" => Marker::always(),
                text => Marker::parse(text).unwrap(),
            };
            (scope.clone(), marker)
        })
        .collect();
    let wheel = "a-1.0-py3-none-any.whl";
    Pin {
        marker: scopes
            .iter()
            .fold(Marker::never(), |all, (_, marker)| all.or(marker)),
        scopes,
        ..pin(
            "a",
            "1.0",
            vec![file(wheel, &format!("https://files.test/{wheel}"))],
        )
    }
}

fn lock(pins: impl IntoIterator<Item = Pin>) -> LockedGraph {
    LockedGraph {
        pins: pins.into_iter().collect(),
        scopes: [extra("dev"), extra("x"), group("test")].into(),
        ..LockedGraph::default()
    }
}

#[test]
fn what_asks_for_a_package_is_written_and_read() {
    let windows = "sys_platform == 'win32'";
    let either = "sys_platform == 'win32' or os_name == 'java'";
    for (scopes, expected) in [
        (vec![(Scope::Main, "")], None),
        (
            vec![(Scope::Main, windows)],
            Some("sys_platform == \"win32\""),
        ),
        (vec![(extra("dev"), "")], Some("\"dev\" in extras")),
        (
            vec![(group("test"), windows)],
            Some("sys_platform == \"win32\" and \"test\" in dependency_groups"),
        ),
        (
            vec![
                (Scope::Main, windows),
                (extra("dev"), ""),
                (group("test"), "os_name == 'java'"),
            ],
            Some(
                "sys_platform == \"win32\" or \"dev\" in extras or (os_name == \"java\" and \"test\" in dependency_groups)",
            ),
        ),
        (
            vec![(extra("dev"), either), (extra("x"), "")],
            Some(
                "((sys_platform == \"win32\" or os_name == \"java\") and \"dev\" in extras) or \"x\" in extras",
            ),
        ),
    ] {
        let graph = lock([scoped(&scopes)]);
        let text = render(&graph, &header(), &options());
        let line = text.lines().find_map(|line| line.strip_prefix("marker = "));
        assert_eq!(line.map(|line| line.trim_matches('\'')), expected, "{text}");
        let read = read(&text, "pylock.toml").unwrap();
        assert_eq!(read.graph.scopes, graph.scopes);
        let (one, other) = (graph.pins.iter().next(), read.graph.pins.iter().next());
        let known = |pin: Option<&Pin>| pin.map(|pin| (pin.marker.clone(), pin.scopes.clone()));
        assert_eq!(known(one), known(other), "{text}");
    }
}

#[test]
fn a_pin_of_many_scopes_is_read_again() {
    let marker =
        "python_version >= '3.9' and sys_platform == 'win32' and platform_machine == 'x86_64'";
    let many: Vec<Scope> = (0..80)
        .map(|number| extra(&format!("e{number:02}")))
        .collect();
    let scopes: Vec<(Scope, &str)> = many.iter().map(|scope| (scope.clone(), marker)).collect();
    let graph = LockedGraph {
        scopes: many.iter().cloned().collect(),
        ..lock([scoped(&scopes)])
    };
    let text = render(&graph, &header(), &options());
    let read = read(&text, "pylock.toml").unwrap();
    let pin = read.graph.pins.iter().next().unwrap();
    assert_eq!(pin.scopes.len(), 80);
    let audited = crate::inventory::read_inventory(
        lockgate_model::InventoryKind::Pylock,
        text.as_bytes(),
        "pylock.toml",
        &crate::testing::Texts::default(),
    );
    assert_eq!(audited.unwrap().items.first().unwrap().scopes, graph.scopes);
}

/// The group that PDM writes for the dependencies themselves is none of its groups, and is installed where none is named.
#[test]
fn default_groups_are_installed_in_any_case() {
    let wheel = |name: &str| {
        format!(
            "{{ url = \"https://f.test/{name}-1-py3-none-any.whl\", hashes = {{ sha256 = \"{}\" }} }}",
            "00".repeat(32)
        )
    };
    let package = |name: &str, marker: &str| {
        format!(
            "[[packages]]\nname = \"{name}\"\nversion = \"1\"\nmarker = {marker}\nwheels = [{}]\n",
            wheel(name)
        )
    };
    let text = format!(
        "lock-version = \"1.0\"\nextras = [\"x\"]\ndependency-groups = [\"test\"]\ndefault-groups = [\"default\"]\ncreated-by = \"pdm\"\n{}{}{}",
        package("a", "\"\\\"default\\\" in dependency_groups\""),
        package(
            "b",
            "\"\\\"x\\\" in extras or \\\"default\\\" in dependency_groups and os_name == 'nt'\""
        ),
        package("c", "\"\\\"test\\\" in dependency_groups\""),
    );
    let read = read(&text, "pylock.toml").unwrap();
    assert_eq!(read.default_groups, BTreeSet::from([name("default")]));
    let shown = |graph: &LockedGraph| -> Vec<String> {
        let pins = graph.pins.iter();
        pins.map(|pin| format!("{} {}", pin.name, pin.marker.to_text().unwrap_or_default()))
            .collect()
    };
    assert_eq!(shown(&read.of(|_| false)), ["a ", "b os_name == 'nt'"]);
    assert_eq!(shown(&read.of(|scope| *scope == extra("x"))), ["a ", "b "]);
    assert_eq!(
        shown(&read.of(|scope| *scope == group("test"))),
        ["a ", "b os_name == 'nt'", "c "]
    );
    let kept = PylockOptions {
        default_groups: read.default_groups.clone(),
        notes: false,
        ..PylockOptions::default()
    };
    let again = render(&read.graph, &header(), &kept);
    assert!(
        again.contains(
            "dependency-groups = [\n    \"test\",\n]\ndefault-groups = [\n    \"default\",\n]\n"
        ),
        "{again}"
    );
}

#[test]
fn two_versions_for_two_extras_are_no_clash() {
    let other = |scopes: &[(Scope, &str)]| {
        let wheel = "a-2.0-py3-none-any.whl";
        Pin {
            version: "2.0".parse().unwrap(),
            files: vec![file(wheel, &format!("https://files.test/{wheel}"))],
            ..scoped(scopes)
        }
    };
    let read_with = |one: Pin, other: Pin| {
        let text = render(&lock([one, other]), &header(), &options());
        read(&text, "pylock.toml").map(|_| ())
    };
    read_with(scoped(&[(extra("dev"), "")]), other(&[(extra("x"), "")])).unwrap();
    for (mine, theirs) in [
        ((extra("dev"), ""), (extra("dev"), "")),
        ((Scope::Main, ""), (extra("dev"), "")),
        ((Scope::Main, "os_name == 'nt'"), (group("test"), "")),
    ] {
        let error = read_with(scoped(&[mine]), other(&[theirs])).unwrap_err();
        assert!(error.message.contains("is there twice"), "{error}");
    }
}
