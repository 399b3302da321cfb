use super::Region;
use crate::Marker;

fn marker(text: &str) -> Marker {
    Marker::parse(text).expect("a marker")
}

fn from(python: &str) -> Region {
    Region::from_python(&python.parse().expect("a version"))
}

#[test]
fn a_marker_holds_everywhere_nowhere_or_in_a_part() {
    let cases = [
        ("3.8", "python_version >= '3.8'", Some("")),
        ("3.8", "python_version < '3.8'", None),
        (
            "3.8",
            "python_version < '3.9'",
            Some("python_full_version < '3.9'"),
        ),
        // A bound within a minor version overlaps that minor version.
        (
            "3.10.1",
            "python_version == '3.10'",
            Some("python_full_version == '3.10.*'"),
        ),
        ("3.10.1", "python_full_version == '3.10.0'", None),
        ("3.10", "python_full_version < '3.10.0b1'", None),
        (
            "3.10",
            "sys_platform == 'plan9'",
            Some("sys_platform == 'plan9'"),
        ),
        (
            "3.10",
            "sys_platform == 'win32' and platform_system == 'Linux'",
            None,
        ),
        ("3.10", "os_name == 'nt' and sys_platform == 'linux'", None),
        ("3.10", "extra == 'x'", None),
        ("3.10", "extra != 'x'", Some("")),
        (
            "3.10",
            "extra == 'y' and os_name == 'nt'",
            Some("os_name == 'nt'"),
        ),
        ("3.10", "extra == 'y' or os_name == 'nt'", Some("")),
        (
            "3.10",
            "extra == 'x' or os_name == 'nt'",
            Some("os_name == 'nt'"),
        ),
    ];
    let asked = ["y".parse().expect("a name")];
    for (python, text, expected) in cases {
        let within = from(python).within(&marker(text), &asked);
        let shown = within.map(|left| left.to_text().unwrap_or_default());
        assert_eq!(shown.as_deref(), expected, "{text} from {python}");
    }
}

#[test]
fn parts_of_a_region() {
    let all = from("3.8");
    let new = all
        .with(&marker("python_version >= '3.10'"))
        .expect("a part");
    assert_eq!(new.lowest_python().to_string(), "3.10");
    assert!(new.with(&marker("python_version < '3.10'")).is_none());
    let windows = new
        .with(&marker("sys_platform == 'win32'"))
        .expect("a part");
    assert!(
        windows
            .with(&marker("platform_system == 'Linux'"))
            .is_none()
    );
    assert_eq!(windows.lowest_python().to_string(), "3.10");
    assert!(!windows.overlaps(&marker("os_name == 'posix'")));
    let high = all
        .with(&marker("python_version > '3.11.2'"))
        .expect("a part");
    assert!(high.lowest_python() >= &"3.11".parse().expect("a version"));
}
