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

/// `python_version` of a pre-release is that of its release; `Requires-Python` is held against its numbers.
#[test]
fn a_pre_release_of_python_has_the_version_of_its_release() {
    let platform = "linux".parse().unwrap();
    let target = crate::Target::new(&"3.13.0rc1".parse().unwrap(), &platform);
    let holds = |text: &str| target.region.admits(&Marker::parse(text).unwrap(), &[]);
    assert!(holds("python_version >= '3.13'") && !holds("python_version < '3.13'"));
    assert!(!holds("python_full_version >= '3.13'") && !holds("python_full_version < '3.13'"));
    assert!(holds(
        "python_full_version > '3.13.0b4' and python_full_version < '3.13.0rc2'"
    ));
    let admits = |text: &str| {
        let specifiers: crate::Specifiers = text.parse().unwrap();
        target.admits_python(specifiers.set())
    };
    assert!(admits(">=3.13") && admits("==3.13.*") && !admits("<3.13"));
}

/// What a system that is only named does not tell is left to be asked by who installs.
#[test]
fn questions_about_values_that_are_not_known_are_left() {
    let platform = "macos".parse().unwrap();
    let target = crate::Target::new(&"3.12".parse().unwrap(), &platform);
    let left = |text: &str| {
        let marker = Marker::parse(text).unwrap();
        let left = target.region.within(&marker, &[]);
        left.map(|left| left.to_text())
    };
    for (marker, asked) in [
        (
            "platform_release >= '9.0' and platform_release < '18.0' and sys_platform == 'darwin'",
            "platform_release < '18.0' and platform_release >= '9.0'",
        ),
        (
            "platform_release >= '9.0' or python_version < '3.8'",
            "platform_release >= '9.0'",
        ),
        (
            "'Ubuntu' in platform_version and os_name == 'posix'",
            "'Ubuntu' in platform_version",
        ),
    ] {
        assert_eq!(left(marker), Some(Some(asked.to_owned())), "{marker}");
    }
    assert_eq!(left("platform_release >= '9.0' and os_name == 'nt'"), None);
    assert_eq!(
        left("platform_release >= '9.0' or os_name == 'posix'"),
        Some(None)
    );
    // Texts have no order, and a release that is no version is in no range of versions.
    let machine = crate::Machine {
        release: "6.1.0-18-amd64".to_owned(),
        version: "#1 SMP".to_owned(),
    };
    let python = "3.12".parse().unwrap();
    let implementation = crate::Implementation::cpython(&python);
    let known = crate::Target::of(&python, &platform, &implementation, &machine);
    let holds = |text: &str| known.region.admits(&Marker::parse(text).unwrap(), &[]);
    assert!(!holds("platform_release >= '5'") && !holds("platform_release < '5'"));
    assert!(!holds("platform_version > '#0'") && !holds("python_version >= '3.*'"));
}
