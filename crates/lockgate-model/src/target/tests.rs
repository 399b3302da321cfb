use super::*;
use crate::{Marker, Sha256};

/// Recorded from `packaging`: fixtures/tags/record.py.
const RECORDED: &str = include_str!("../../../../fixtures/tags/tags.txt");

#[test]
fn tags_are_those_of_packaging_in_its_order() {
    assert!(RECORDED.lines().count() > 20);
    for line in RECORDED.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let [python, platform, count, digest] = fields.as_slice() else {
            panic!("{line}")
        };
        let python: PythonVersion = python.parse().unwrap();
        let platform: Platform = platform.parse().unwrap();
        let tags = tag_list::tags(&python, &Implementation::cpython(&python), &platform.tags());
        let listed = tags.listed();
        assert_eq!(listed.len().to_string(), *count, "{line}");
        assert_eq!(
            Sha256::of(listed.join("\n").as_bytes()).to_string(),
            *digest,
            "{line}: {listed:#?}"
        );
    }
}

#[test]
fn markers_have_the_values_of_the_target() {
    let cases = [
        (
            "linux",
            "sys_platform == 'linux' and platform_machine == 'x86_64' and os_name == 'posix'",
        ),
        (
            "macos",
            "sys_platform == 'darwin' and platform_machine == 'arm64' and platform_system == 'Darwin'",
        ),
        (
            "windows",
            "sys_platform == 'win32' and platform_machine == 'AMD64' and os_name == 'nt'",
        ),
        (
            "aarch64-unknown-linux-musl",
            "platform_machine == 'aarch64' and python_version == '3.11'",
        ),
        (
            "linux",
            "python_full_version == '3.11.0' and implementation_name == 'cpython'",
        ),
    ];
    for (platform, marker) in cases {
        let target = Target::new(&"3.11".parse().unwrap(), &platform.parse().unwrap());
        assert!(
            target.region.admits(&Marker::parse(marker).unwrap(), &[]),
            "{platform}: {marker}"
        );
    }
}

#[test]
fn what_is_no_python_and_no_platform_is_said() {
    for text in ["3", "3.11.1.2", "abc", "3.11+local", "1!3.11", ""] {
        assert!(text.parse::<PythonVersion>().is_err(), "{text}");
    }
    assert_eq!(
        "3.13.0rc1"
            .parse::<PythonVersion>()
            .unwrap()
            .full()
            .to_string(),
        "3.13.0rc1"
    );
    for text in [
        "",
        "amiga",
        "x86_64",
        "x86_64-manylinux_3_1",
        "s390x-apple-darwin",
        "riscv64-pc-windows-msvc",
        "x86_64-manylinux_2",
    ] {
        let error = text.parse::<Platform>().unwrap_err().to_string();
        assert!(error.contains("`linux`"), "{error}");
    }
}
