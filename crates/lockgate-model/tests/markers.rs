//! Markers mean here what they mean to `packaging`: both evaluate markers made at random, in environments of every kind.
//!
//! `packaging` is that of the interpreter in the folder that `LOCKGATE_PEERS` names. `LOCKGATE_MARKERS` says how many random markers
//! (5,000 when not set), `LOCKGATE_MARKER_SEED` from which seed on; `LOCKGATE_MARKER_FILE` names a file with one marker in each line, such as
//! those of published metadata, to be compared too.

#![expect(clippy::unwrap_used, reason = "what is missing ends a test")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lockgate_model::{Environment, Implementation, Machine, Marker, Name, PythonVersion, Target};
use serde_json::{Value, json};

/// Reads environments, then markers; writes for each marker the answers by environment, or why it has none.
const ORACLE: &str = r#"
import json, sys, warnings
warnings.simplefilter("ignore")
from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName, InvalidMarker
environments = json.loads(sys.stdin.readline())
for line in sys.stdin:
    text = json.loads(line)
    try:
        marker = Marker(text)
        answers = [marker.evaluate(one) for one in environments]
    except (UndefinedComparison, UndefinedEnvironmentName, InvalidMarker) as error:
        answers = type(error).__name__
    print(json.dumps(answers))
"#;

/// Python, platform, release of the system, and the extra that is asked for.
type Kind = (&'static str, &'static str, &'static str, &'static str);

const KINDS: &[Kind] = &[
    ("3.6.15", "linux", "3.10.0-1160.el7.x86_64", ""),
    ("3.8.0", "windows", "10", ""),
    ("3.9.18", "macos", "23.4.0", "test"),
    ("3.10.13", "aarch64-unknown-linux-gnu", "6.1.0-18", ""),
    ("3.11.0", "x86_64-apple-darwin", "9.8.0", ""),
    ("3.12.1", "linux", "6.1.0", "docs"),
    ("3.13.0", "windows", "2012ServerR2", ""),
    ("3.13.0rc1", "linux", "5.15.0-1", ""),
    ("3.14.0a3", "macos", "17.7.0", "test"),
    ("3.15.0b2", "linux", "4.18.0", ""),
    ("2.7.18", "linux", "5.4.0", ""),
    ("3.10.0", "x86_64-unknown-linux-musl", "6.6.0rc1", ""),
];
const VERSION: &str = "#1 SMP";

fn ours((python, platform, release, extra): Kind, is_pypy: bool) -> (Environment, Vec<Name>) {
    let python: PythonVersion = python.parse().unwrap();
    let machine = Machine {
        release: release.to_owned(),
        version: VERSION.to_owned(),
    };
    let mut implementation = Implementation::cpython(&python);
    if is_pypy {
        implementation = Implementation {
            name: "pypy".to_owned(),
            display_name: "PyPy".to_owned(),
            version: Some("7.3.17".to_owned()),
            ..implementation
        };
    }
    let platform = platform.parse().unwrap();
    let target = Target::of(&python, &platform, &implementation, &machine);
    let extras = Name::new(extra).ok().into_iter().collect();
    (target.region.machine().unwrap().clone(), extras)
}

fn of_packaging((python, platform, release, extra): Kind, is_pypy: bool) -> Value {
    let short: Vec<&str> = python.split('.').take(2).collect();
    let [os_name, sys_platform, system, machine] = match platform {
        "windows" => ["nt", "win32", "Windows", "AMD64"],
        "macos" => ["posix", "darwin", "Darwin", "arm64"],
        "x86_64-apple-darwin" => ["posix", "darwin", "Darwin", "x86_64"],
        "aarch64-unknown-linux-gnu" => ["posix", "linux", "Linux", "aarch64"],
        _ => ["posix", "linux", "Linux", "x86_64"],
    };
    json!({
        "implementation_name": if is_pypy { "pypy" } else { "cpython" },
        "implementation_version": if is_pypy { "7.3.17" } else { python },
        "os_name": os_name,
        "platform_machine": machine,
        "platform_python_implementation": if is_pypy { "PyPy" } else { "CPython" },
        "platform_release": release,
        "platform_system": system,
        "platform_version": VERSION,
        "python_full_version": python,
        "python_version": short.join("."),
        "sys_platform": sys_platform,
        "extra": extra,
    })
}

struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or(0) % end
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

#[rustfmt::skip]
const VARIABLES: &[&str] = &[
    "python_version", "python_version", "python_version", "python_full_version", "python_full_version", "implementation_version",
    "platform_release", "platform_release", "platform_version", "os_name", "sys_platform", "platform_system", "platform_machine",
    "implementation_name", "platform_python_implementation", "os.name", "sys.platform", "platform.machine", "python_implementation", "extra",
];
#[rustfmt::skip]
const OPERATORS: &[&str] = &["<", "<=", "==", "!=", ">=", ">", "<", ">=", "==", "~=", "===", "in", "not in"];
#[rustfmt::skip]
const VERSIONS: &[&str] = &[
    "3", "3.0", "2.7", "3.6", "3.8", "3.8.0", "3.9", "3.10", "3.10.0", "3.11", "3.11.0", "3.11.3", "3.12.1", "3.13", "3.13.0", "3.13.0rc1",
    "3.13rc1", "3.13.0rc2", "3.13.dev0", "3.14.0a2", "3.14.0a3", "3.15", "4", "4.0", "3.*", "3.8.*", "3.10.*", "3.13.*", "3.13.0.*",
    "3.14.0a3.*", "1!3.8", "3.8.post1", "3.13.0.post1", "3.13+local", "3.13.0rc1+local", "v3.9", " 3.9 ", "3.9 ", "3-1", "three", "",
    "3.8, 3.9", "3.8 3.9 3.10", "2.7,3.13", "3.13.0rc1 3.12.1", "3.100", "7.3", "7.3.17", "9.0", "10", "17", "18.0", "22.0.0", "23.4",
    "23.4.0", "6.1.0", "6.1.0.post18", "5.15.0-1", "99999999999999999999", "3.18446744073709551615", "18446744073709551615",
    "1.0.dev20261130235959123456", "0", "3.8.0.0", "03.08",
];
#[rustfmt::skip]
const TEXTS: &[&str] = &[
    "nt", "posix", "linux", "linux2", "darwin", "win32", "Windows", "Linux", "Darwin", "x86_64", "AMD64", "arm64", "aarch64", "cpython",
    "pypy", "CPython", "PyPy", "win", "win32 cygwin", "linux darwin", "", "test", "docs", "6.1", "SMP", "#1 SMP", "el7", "10", "a", "z",
];

fn comparison(random: &mut Random) -> String {
    let variable = random.of(VARIABLES);
    let starts = [
        "python_v",
        "python_f",
        "implementation_v",
        "platform_release",
    ];
    let is_of_versions = starts.iter().any(|start| variable.starts_with(start));
    let is_odd = random.below(12) == 0;
    let (operators, texts): (&[&str], &[&str]) = match variable {
        // An empty text is what `packaging` has for no extra.
        "extra" => (
            &["==", "==", "!=", "<", ">=", ">", "<="],
            &["test", "docs", "Test", "other"],
        ),
        _ if is_of_versions == is_odd => (OPERATORS, TEXTS),
        _ => (OPERATORS, VERSIONS),
    };
    let (operator, text) = (random.of(operators), random.of(texts));
    let quote = random.of(&["'", "\""]);
    if random.below(4) == 0 {
        format!("{quote}{text}{quote} {operator} {variable}")
    } else {
        format!("{variable} {operator} {quote}{text}{quote}")
    }
}

fn marker(random: &mut Random, depth: usize) -> String {
    let parts = match random.below(6) {
        0..=2 => 1,
        3..=4 => 2,
        _ => 3,
    };
    let mut text = String::new();
    for part in 0..parts {
        if part > 0 {
            text.push_str(random.of(&[" and ", " or "]));
        }
        if depth > 0 && random.below(4) == 0 {
            write!(text, "({})", marker(random, depth - 1)).unwrap();
        } else {
            text.push_str(&comparison(random));
        }
    }
    text
}

/// What `packaging` says of each marker.
fn asked(peers: &Path, markers: &[String], environments: &[Value]) -> Vec<Value> {
    let mut child = Command::new(peers.join("python"))
        .args(["-c", ORACLE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = serde_json::to_string(environments).unwrap();
    for marker in markers {
        write!(input, "\n{}", json!(marker)).unwrap();
    }
    input.push('\n');
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// What was compared, and what differs.
#[derive(Default)]
struct Tally {
    compared: usize,
    undefined: usize,
    wrong: Vec<String>,
}

fn compare(peers: &Path, markers: &[String]) -> Tally {
    let kinds = || KINDS.iter().flat_map(|one| [(*one, false), (*one, true)]);
    let environments: Vec<_> = kinds().map(|(one, is_pypy)| ours(one, is_pypy)).collect();
    let values: Vec<_> = kinds()
        .map(|(one, is_pypy)| of_packaging(one, is_pypy))
        .collect();
    let mut tally = Tally::default();
    let answers = asked(peers, markers, &values);
    assert_eq!(answers.len(), markers.len());
    for (text, answers) in markers.iter().zip(answers) {
        let read = Marker::parse(text);
        let (Some(answers), Ok(read)) = (answers.as_array(), &read) else {
            // A comparison that cannot be made ends pip, and counts as one that holds here.
            tally.undefined += 1;
            let is_read_by_one = (answers == "InvalidMarker") == read.is_ok();
            if answers.is_array() || is_read_by_one {
                tally.wrong.push(format!("{text}: {answers}, {read:?}"));
            }
            continue;
        };
        let written = read.to_text();
        let written = written.unwrap_or_else(|| "os_name != '-'".to_owned());
        // Written out, a marker may be longer than one that is read.
        let again = Marker::parse(&written);
        for (((environment, extras), value), theirs) in
            environments.iter().zip(&values).zip(answers)
        {
            let theirs = theirs.as_bool().unwrap();
            tally.compared += 1;
            if read.holds(environment, extras) != theirs {
                let wrong = format!("{text}: packaging says {theirs} in {value}");
                tally.wrong.push(wrong);
            }
            let is_final = !environment.python_full_version().any_prerelease();
            let is_same = again
                .as_ref()
                .is_ok_and(|again| again.holds(environment, extras) == theirs);
            // The opposite of a question that has none is left out, so that more than the marker may hold.
            let may_hold_more =
                text.contains("implementation_version") || text.contains("platform_release");
            if is_final && again.is_ok() && !is_same && (theirs || !may_hold_more) {
                let wrong = format!("{text}: written as {written}, in {value}");
                tally.wrong.push(wrong);
            }
        }
    }
    tally
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[expect(
    clippy::print_stdout,
    reason = "the figures are what a run by hand is for"
)]
fn check(what: &str, peers: &Path, markers: &[String]) {
    let tally = compare(peers, markers);
    println!(
        "{what}: {} markers, {} answers compared, {} markers that packaging has no answer to, {} differences",
        markers.len(),
        tally.compared,
        tally.undefined,
        tally.wrong.len()
    );
    let mut first = tally.wrong.clone();
    first.dedup_by(|one, other| one.split(": ").next() == other.split(": ").next());
    first.truncate(40);
    assert!(tally.wrong.is_empty(), "{}", first.join("\n"));
    assert!(
        tally.undefined * 2 < markers.len(),
        "a generator that asks nothing"
    );
}

#[test]
fn random_markers_hold_where_they_hold_to_packaging() {
    let Some(peers) = variable("LOCKGATE_PEERS").map(PathBuf::from) else {
        return;
    };
    let number = |name: &str, default: u64| {
        variable(name).map_or(default, |text| text.parse::<u64>().unwrap())
    };
    let count = number("LOCKGATE_MARKERS", 5_000);
    let seed = number("LOCKGATE_MARKER_SEED", 1).max(1);
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let markers: Vec<String> = (0..count).map(|_| marker(&mut random, 2)).collect();
    check("random", &peers, &markers);
}

#[test]
fn published_markers_hold_where_they_hold_to_packaging() {
    let peers = variable("LOCKGATE_PEERS").map(PathBuf::from);
    let (Some(peers), Some(file)) = (peers, variable("LOCKGATE_MARKER_FILE")) else {
        return;
    };
    let text = std::fs::read_to_string(file).unwrap();
    let markers: Vec<String> = text.lines().map(ToOwned::to_owned).collect();
    check("published", &peers, &markers);
}
