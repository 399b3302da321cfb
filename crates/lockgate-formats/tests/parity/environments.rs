//! The environments in which markers are held against each other: every kind of machine that people lock for.

use lockgate_model::{Environment, Implementation, Machine, PythonVersion, Target};
use serde_json::{Value, json};

/// Python, platform as lockgate names it, and the marker values that the platform stands for.
const MACHINES: [(&str, &str, [&str; 4]); 8] = [
    ("3.6.15", "linux", ["posix", "linux", "Linux", "x86_64"]),
    ("3.8.0", "windows", ["nt", "win32", "Windows", "AMD64"]),
    ("3.9.18", "macos", ["posix", "darwin", "Darwin", "arm64"]),
    (
        "3.10.13",
        "aarch64-unknown-linux-gnu",
        ["posix", "linux", "Linux", "aarch64"],
    ),
    (
        "3.11.7",
        "x86_64-apple-darwin",
        ["posix", "darwin", "Darwin", "x86_64"],
    ),
    ("3.12.1", "linux", ["posix", "linux", "Linux", "x86_64"]),
    ("3.13.0", "windows", ["nt", "win32", "Windows", "AMD64"]),
    ("2.7.18", "linux", ["posix", "linux", "Linux", "x86_64"]),
];

const RELEASE: &str = "6.1.0";
const VERSION: &str = "#1 SMP";

/// As lockgate asks.
pub(crate) fn ours() -> Vec<Environment> {
    MACHINES
        .iter()
        .map(|(python, platform, _)| {
            let python: PythonVersion = python.parse().unwrap();
            let machine = Machine {
                release: RELEASE.to_owned(),
                version: VERSION.to_owned(),
            };
            let implementation = Implementation::cpython(&python);
            let platform = platform.parse().unwrap();
            let target = Target::of(&python, &platform, &implementation, &machine);
            target.region.machine().expect("one machine").clone()
        })
        .collect()
}

/// As pip is asked.
pub(crate) fn of_pip() -> Vec<Value> {
    MACHINES
        .iter()
        .map(|(python, _, [os_name, sys_platform, system, machine])| {
            let short: Vec<&str> = python.split('.').take(2).collect();
            json!({
                "implementation_name": "cpython",
                "implementation_version": python,
                "os_name": os_name,
                "platform_machine": machine,
                "platform_python_implementation": "CPython",
                "platform_release": RELEASE,
                "platform_system": system,
                "platform_version": VERSION,
                "python_full_version": python,
                "python_version": short.join("."),
                "sys_platform": sys_platform,
            })
        })
        .collect()
}
