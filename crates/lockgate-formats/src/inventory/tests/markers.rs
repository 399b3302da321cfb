//! Conditions taken apart.

use std::collections::BTreeSet;

use lockgate_model::{InventoryKind, Marker, Name};

use super::super::condition::{Condition, Conditions};
use super::super::read_inventory;

#[test]
fn extras_and_groups_become_scopes_and_the_rest_a_marker() {
    const DEFAULTS: &[&str] = &["default"];
    for (text, marker, scopes) in [
        ("'x' in extras", None, Some("extra x")),
        ("\"Y_z\" in dependency_groups", None, Some("group y-z")),
        ("'x' not in extras", None, Some("main")),
        ("extra == 'x'", None, Some("extra x")),
        ("extra != 'x'", None, Some("main")),
        (
            "'x' in extras or 'y' in dependency_groups",
            None,
            Some("extra x, group y"),
        ),
        (
            "'x' in extras and 'y' in dependency_groups",
            None,
            Some("extra x, group y"),
        ),
        (
            "'x' in extras and sys_platform == 'win32'",
            Some("sys_platform == 'win32'"),
            Some("extra x"),
        ),
        (
            "sys_platform == 'win32' or ('x' in extras and os_name == 'nt')",
            Some("sys_platform == 'win32' or os_name == 'nt'"),
            Some("main, extra x"),
        ),
        ("'default' in dependency_groups", None, Some("main")),
        (
            "'default' in dependency_groups or 'dev' in dependency_groups",
            None,
            Some("main, group dev"),
        ),
        ("python_version in '3.8 3.9'", Some("3.8 3.9"), Some("main")),
        (
            "(sys_platform == 'linux')",
            Some("sys_platform == 'linux'"),
            Some("main"),
        ),
        // What is not understood holds, and of its scopes nothing is known.
        ("moon == 'full'", None, None),
        ("sys_platform == 'win32' or moon == 'full'", None, None),
        (
            "sys_platform == 'win32' and moon == 'full'",
            Some("sys_platform == 'win32'"),
            None,
        ),
        ("'x' in", None, None),
        ("(", None, None),
        ("", None, None),
        ("'x in extras", None, None),
        ("'!' in extras", None, None),
        ("é == 'x'", None, None),
    ] {
        let condition = Condition::read(text);
        let defaults: BTreeSet<Name> = DEFAULTS
            .iter()
            .map(|name| Name::new(name).unwrap())
            .collect();
        let found = condition.scopes(&defaults).map(|scopes| {
            let scopes: Vec<String> = scopes.iter().map(ToString::to_string).collect();
            scopes.join(", ")
        });
        assert_eq!(found.as_deref(), scopes, "{text}");
        let found = condition.environment().to_text();
        if marker == Some("3.8 3.9") {
            assert!(found.is_some(), "{text}");
        } else {
            assert_eq!(found.as_deref(), marker, "{text}");
        }
    }
}

#[test]
fn a_text_without_end_is_not_followed() {
    for text in [
        "(".repeat(100_000),
        format!("{}'a' in extras{}", "(".repeat(1000), ")".repeat(1000)),
        "os_name == 'a' or ".repeat(10_000),
        "os_name == 'a' and ".repeat(2000) + "os_name == 'a'",
    ] {
        let condition = Condition::read(&text);
        assert!(condition.scopes(&BTreeSet::new()).is_none());
        assert!(condition.environment().is_always());
    }
}

/// Comparisons of every variable with ever new values: put together they would tell more environments apart than memory holds.
#[test]
fn what_markers_cost_has_an_end() {
    const VARIABLES: [&str; 8] = [
        "os_name",
        "sys_platform",
        "platform_machine",
        "platform_system",
        "implementation_name",
        "platform_release",
        "platform_version",
        "platform_python_implementation",
    ];
    let pair = |index: usize| {
        let (one, other) = (VARIABLES[index % 8], VARIABLES[(index * 3 + 1) % 8]);
        format!("({one} == 'a{index}' and {other} == 'b{}')", index * 7 % 13)
    };
    let pairs: Vec<String> = (0..32).map(pair).collect();
    assert!(
        Condition::read(&pairs.join(" or "))
            .environment()
            .is_always()
    );
    let mut conditions = Conditions::default();
    let markers: Vec<Marker> = pairs
        .iter()
        .map(|text| conditions.environment(text))
        .collect();
    assert!(!markers[0].is_always());
    assert!(markers.iter().any(Marker::is_always));
    let together = markers
        .iter()
        .fold(Marker::never(), |any, marker| any.or(marker));
    assert!(together.is_always());
}

/// A `uv.lock` of a chain of packages, and of as many groups that each ask for the whole chain.
fn groups_over_a_chain(count: usize) -> String {
    use std::fmt::Write as _;
    let mut text = "version = 1\nrequires-python = \">=3.9\"\n\n[[package]]\nname = \"own\"\nversion = \"1\"\nsource = { virtual = \".\" }\n\n[package.dev-dependencies]\n".to_owned();
    for group in 0..count {
        let _ = writeln!(text, "g{group} = [{{ name = \"p0\" }}]");
    }
    for package in 0..count {
        let _ = write!(
            text,
            "\n[[package]]\nname = \"p{package}\"\nversion = \"1\"\nsource = {{ registry = \"https://index.test/simple\" }}\n"
        );
        if package + 1 < count {
            let _ = writeln!(text, "dependencies = [{{ name = \"p{}\" }}]", package + 1);
        }
    }
    text
}

#[test]
fn what_groups_cost_has_an_end() {
    let read = |count: usize| {
        let text = groups_over_a_chain(count);
        read_inventory(
            InventoryKind::Uv,
            text.as_bytes(),
            "uv.lock",
            &crate::testing::Texts::default(),
        )
        .unwrap()
    };
    let few = read(50);
    assert!(few.knows_scopes && few.remarks.is_empty());
    let last = few.items.last().unwrap();
    assert_eq!(last.scopes.len(), 50);
    // Nothing is left out for a group of which it is not known that it alone asks.
    let many = read(1500);
    assert!(!many.knows_scopes);
    assert!(
        many.remarks
            .iter()
            .any(|remark| remark.contains("reach too many packages"))
    );
    assert!(
        many.items
            .iter()
            .all(|item| item.scopes.is_empty() && item.marker.is_always())
    );
}
