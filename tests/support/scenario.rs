//! Scenarios: small worlds in TOML with prose and an expectation, in `fixtures/scenarios/AREA/NAME.toml`.
//!
//! ```toml
//! description = "A hole made by != is stepped over"
//! requirements = ["a!=2.0"]
//! [packages.a]
//! "1.0" = {}
//! "2.0" = {}
//! [expect]
//! pins = { a = "1.0" }
//! ```
//!
//! `fixtures/scenarios/README.md` names every key. What a scenario expects is derived from the rules, never from what the binary did.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Deserialize;

use crate::advisory::Advisory;
use crate::artifact::normalised;
use crate::context::{Lockgate, TestContext, fixtures, without_blanks};
use crate::world::Project;

mod places;
mod refusal;
mod universal;

use places::{Elsewhere, Places};
pub use refusal::{OfUv, Refusal, refusals};

/// One scenario file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scenario {
    /// What it shows, in prose.
    #[expect(
        dead_code,
        reason = "every file must say it; a reader needs it, the runner does not"
    )]
    description: String,
    /// The lines of `requirements.in`.
    requirements: Vec<String>,
    /// The lines of `constraints.txt`.
    #[serde(default)]
    constraints: Vec<String>,
    /// The lines of `overrides.txt`.
    #[serde(default)]
    overrides: Vec<String>,
    /// Further arguments.
    #[serde(default)]
    args: Vec<String>,
    /// `X.Y[.Z]`.
    #[serde(default = "default_python")]
    python: String,
    /// `--python-platform`.
    #[serde(default = "default_platform")]
    platform: String,
    /// The pins of an existing lock.
    #[serde(default)]
    lock: BTreeMap<String, String>,
    /// The text of `lockgate.toml`.
    config: Option<String>,
    /// What the index has.
    #[serde(default)]
    packages: BTreeMap<String, Project>,
    /// Further indexes by name, asked in the order of their names after the main one.
    #[serde(default)]
    indexes: BTreeMap<String, Elsewhere>,
    /// What lies in the folder `links`, which `--find-links` names.
    find_links: Option<Elsewhere>,
    /// What is known to be vulnerable.
    #[serde(default)]
    advisories: Vec<Advisory>,
    /// What must come of it.
    expect: Expectation,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Expectation {
    /// Every pin of the lock; none for a refusal.
    pins: Option<BTreeMap<String, String>>,
    /// Every line of a universal lock, as `name==version ; marker`: markers are compared by what they mean.
    locked: Option<Vec<String>>,
    /// Exit code: 0 with pins, else 1, when not given.
    exit: Option<i32>,
    /// What messages must say.
    #[serde(default)]
    mentions: Vec<String>,
    /// What messages must not say.
    #[serde(default)]
    not_mentions: Vec<String>,
    /// What the lock must say.
    #[serde(default)]
    lock_mentions: Vec<String>,
    /// What the lock must not say.
    #[serde(default)]
    lock_not_mentions: Vec<String>,
    /// The only kinds of file whose hashes the lock holds: `wheels` or `sdists`.
    files: Option<String>,
    /// Where the files of a pin are, when not on the main index: `links`, or names of further indexes.
    #[serde(default)]
    from: BTreeMap<String, Vec<String>>,
}

fn default_python() -> String {
    "3.11".to_owned()
}

fn default_platform() -> String {
    "linux".to_owned()
}

/// Runs every scenario of an area and fails with all that went wrong.
#[track_caller]
pub fn run_area(area: &str) {
    let files = files_of(&fixtures().join("scenarios").join(area));
    assert!(
        !files.is_empty(),
        "`fixtures/scenarios/{area}` holds no scenario"
    );
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(BTreeMap::new());
    let workers = std::thread::available_parallelism()
        .map_or(2, usize::from)
        .min(8);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(failure) = run_file(file) {
                        failures
                            .lock()
                            .expect("no worker panicked")
                            .insert(file.clone(), failure);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no worker panicked");
    let mut report = String::new();
    for (file, failure) in &failures {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let _ = writeln!(report, "\n=== {area}/{name}\n{failure}");
    }
    assert!(
        failures.is_empty(),
        "{} of {} scenarios fail\n{report}",
        failures.len(),
        files.len()
    );
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let entries =
        std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a folder can be listed").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect();
    files.sort();
    files
}

fn run_file(file: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    let scenario: Scenario = toml::from_str(&text).map_err(|error| error.to_string())?;
    scenario.run()
}

impl Scenario {
    fn run(&self) -> Result<(), String> {
        let context = TestContext::new();
        let places = Places::new(&self.packages, &self.indexes, self.find_links.as_ref());
        self.write_sources(&context, &places);
        let old_pins: Vec<String> = self
            .lock
            .iter()
            .map(|(name, version)| format!("{name}=={version}"))
            .collect();
        let old = lines(&old_pins);
        if !old.is_empty() {
            context.write("requirements.txt", &old);
        }

        let run = self.command(&context, &places).run();
        let mut wrong = Vec::new();
        let exit = self.expect.exit.unwrap_or(i32::from(
            self.expect.pins.is_none() && self.expect.locked.is_none(),
        ));
        if run.code != exit {
            wrong.push(format!("exit code {}, expected {exit}", run.code));
        }
        check_texts(
            &mut wrong,
            "the messages",
            &run.stderr,
            &self.expect.mentions,
            &self.expect.not_mentions,
        );
        if let (Some(pins), 0) = (&self.expect.pins, run.code) {
            self.check_lock(&mut wrong, &context, &places, pins);
        } else if let (Some(locked), 0) = (&self.expect.locked, run.code) {
            self.check_universal(&mut wrong, &context, &places, locked);
        } else if run.code != 0 && context.exists("requirements.txt") == old.is_empty() {
            wrong.push("a refused run must leave the lock as it was".to_owned());
        }
        if run.code != 0 && !old.is_empty() && context.read("requirements.txt") != old {
            wrong.push("a refused run changed the lock".to_owned());
        }
        if wrong.is_empty() {
            return Ok(());
        }
        Err(format!(
            "- {}\n--- messages\n{}",
            wrong.join("\n- "),
            run.stderr.trim_end()
        ))
    }

    fn write_sources(&self, context: &TestContext, places: &Places) {
        places.write_links(context);
        context.write("requirements.in", places.filled(&lines(&self.requirements)));
        context.write("constraints.txt", lines(&self.constraints));
        context.write("overrides.txt", lines(&self.overrides));
        context.write_advisories("advisories", &self.advisories);
        if let Some(config) = &self.config {
            context.write("lockgate.toml", config);
        }
    }

    fn command<'a>(&self, context: &'a TestContext, places: &Places) -> Lockgate<'a> {
        let mut command = context
            .lockgate(&["lock", "requirements.in", "-o", "requirements.txt"])
            .args(places.arguments(&self.requirements))
            .args(["--advisories", "advisories"])
            .arg("--cache-dir")
            .arg(context.cache());
        if !self.args.iter().any(|argument| argument == "--universal") {
            command = command.args([
                "--python-version",
                &self.python,
                "--python-platform",
                &self.platform,
            ]);
        }
        if !self.constraints.is_empty() {
            command = command.args(["-c", "constraints.txt"]);
        }
        if !self.overrides.is_empty() {
            command = command.args(["--override", "overrides.txt"]);
        }
        command.args(self.args.iter().map(|argument| places.filled(argument)))
    }

    fn check_lock(
        &self,
        wrong: &mut Vec<String>,
        context: &TestContext,
        places: &Places,
        expected: &BTreeMap<String, String>,
    ) {
        let lock = context.read("requirements.txt");
        let found = pins_of(&lock);
        let versions: BTreeMap<String, String> = found
            .iter()
            .map(|(name, pin)| (name.clone(), pin.version.clone()))
            .collect();
        let expected: BTreeMap<String, String> = expected
            .iter()
            .map(|(name, version)| (normalised(name), version.clone()))
            .collect();
        if versions != expected {
            wrong.push(difference(&expected, &versions));
        }
        for (name, pin) in &found {
            let from = self.expect.from.get(name).map(Vec::as_slice);
            let hashes = places.hashes(from, name, &pin.version, |file| {
                match self.expect.files.as_deref() {
                    Some("wheels") => is_wheel(file),
                    Some("sdists") => !is_wheel(file),
                    _ => true,
                }
            });
            if pin.hashes != hashes {
                wrong.push(format!(
                    "hashes of {name}: {:?}, the index has {hashes:?}",
                    pin.hashes
                ));
            }
        }
        self.check_again(wrong, context, places, &lock);
    }

    fn check_universal(
        &self,
        wrong: &mut Vec<String>,
        context: &TestContext,
        places: &Places,
        expected: &[String],
    ) {
        let lock = context.read("requirements.txt");
        let expected: Result<Vec<_>, _> =
            expected.iter().map(|line| universal::line(line)).collect();
        let (expected, found) = match (expected, universal::lines_of(&lock)) {
            (Ok(expected), Ok(found)) => (expected, found),
            (Err(error), _) | (_, Err(error)) => {
                wrong.push(error);
                return;
            }
        };
        let bound = self
            .args
            .iter()
            .skip_while(|argument| *argument != "--python-version")
            .nth(1);
        let bound = bound.map_or("3.8", String::as_str);
        wrong.extend(universal::difference(&expected, &found, bound));
        for line in &found {
            let hashes = places.hashes(None, &line.name, &line.version, |_| true);
            if line.hashes != hashes {
                wrong.push(format!(
                    "hashes of {}=={}: {:?}, the index has {hashes:?}",
                    line.name, line.version, line.hashes
                ));
            }
        }
        self.check_again(wrong, context, places, &lock);
    }

    /// What a lock says, that a second run leaves it as it is, and that it satisfies its sources.
    fn check_again(
        &self,
        wrong: &mut Vec<String>,
        context: &TestContext,
        places: &Places,
        lock: &str,
    ) {
        check_texts(
            wrong,
            "the lock",
            lock,
            &self.expect.lock_mentions,
            &self.expect.lock_not_mentions,
        );
        let again = self.command(context, places).run();
        if again.code != 0 || context.read("requirements.txt") != lock {
            let after = context.read("requirements.txt");
            wrong.push(format!(
                "a second run over the lock changed it (exit {})\n{lock}\n--- to\n{after}",
                again.code
            ));
        }
        if !self.args.is_empty() || !self.overrides.is_empty() || self.config.is_some() {
            self.check_stands(wrong, context, places);
        }
    }

    /// The lock must satisfy its sources under what its own header says is locked and the options that only a caller can say.
    fn check_stands(&self, wrong: &mut Vec<String>, context: &TestContext, places: &Places) {
        let mut check = context
            .lockgate(&["check", "requirements.txt", "--json"])
            .args(places.arguments(&self.requirements))
            .args(["--advisories", "advisories", "--allow-host", "127.0.0.1"])
            .arg("--cache-dir")
            .arg(context.cache());
        if !self.overrides.is_empty() {
            check = check.args(["--override", "overrides.txt"]);
        }
        let mut arguments = self.args.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--universal" | "-U" => {}
                "--fork-strategy" | "-P" | "--upgrade-package" | "--no-upgrade-package" => {
                    let _value = arguments.next();
                }
                other => check = check.arg(places.filled(other)),
            }
        }
        let check = check.run();
        let stands = ["locked", "clean", "findings"];
        let stands = stands.map(|status| format!("\"status\": \"{status}\""));
        if !stands.iter().any(|status| check.stdout.contains(status)) {
            wrong.push(format!(
                "`check` does not take the lock (exit {})\n{}{}",
                check.code, check.stdout, check.stderr
            ));
        }
    }
}

fn lines(lines: &[String]) -> String {
    let mut text = lines.join("\n");
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

fn is_wheel(file: &str) -> bool {
    Path::new(file)
        .extension()
        .is_some_and(|extension| extension == "whl")
}

fn check_texts(
    wrong: &mut Vec<String>,
    place: &str,
    text: &str,
    wanted: &[String],
    unwanted: &[String],
) {
    let flat = without_blanks(text);
    for part in wanted
        .iter()
        .filter(|part| !flat.contains(&without_blanks(part)))
    {
        wrong.push(format!("{place} do not say `{part}`"));
    }
    for part in unwanted
        .iter()
        .filter(|part| flat.contains(&without_blanks(part)))
    {
        wrong.push(format!("{place} must not say `{part}`"));
    }
}

/// One pin of a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedPin {
    /// The version.
    pub version: String,
    /// The sha256 digests, sorted.
    pub hashes: Vec<String>,
}

/// The pins of a requirements lock by name, without extras and markers.
pub fn pins_of(lock: &str) -> BTreeMap<String, LockedPin> {
    let mut pins: BTreeMap<String, LockedPin> = BTreeMap::new();
    let mut current = None;
    for line in lock.lines() {
        let line = line.trim().trim_end_matches('\\').trim_end();
        if let Some(hash) = line.strip_prefix("--hash=sha256:") {
            if let Some(pin) = current.as_ref().and_then(|name| pins.get_mut(name)) {
                pin.hashes.push(hash.to_owned());
            }
        } else if let Some((name, rest)) = line.split_once("==").filter(|_| !line.starts_with('#'))
        {
            let name = name.split('[').next().unwrap_or_default().trim().to_owned();
            let version = rest
                .trim_start_matches('=')
                .split([' ', ';'])
                .next()
                .unwrap_or_default()
                .to_owned();
            pins.insert(
                name.clone(),
                LockedPin {
                    version,
                    hashes: Vec::new(),
                },
            );
            current = Some(name);
        }
    }
    for pin in pins.values_mut() {
        pin.hashes.sort();
    }
    pins
}

fn difference(expected: &BTreeMap<String, String>, found: &BTreeMap<String, String>) -> String {
    let mut text = "pins differ".to_owned();
    for (name, version) in expected {
        match found.get(name) {
            None => {
                let _ = write!(text, "\n    {name}: expected {version}, not locked");
            }
            Some(other) if other != version => {
                let _ = write!(text, "\n    {name}: expected {version}, locked {other}");
            }
            Some(_) => {}
        }
    }
    for (name, version) in found
        .iter()
        .filter(|(name, _)| !expected.contains_key(*name))
    {
        let _ = write!(text, "\n    {name}: locked {version}, not expected");
    }
    text
}
