//! pip itself as the judge: the interpreter's own pip and this reading of it side by side, over cases made by hand and at random.
//!
//! The interpreter is `python3`, or what `LOCKGATE_ORACLE_PYTHON` names; any pip since 22 will do. `LOCKGATE_PARITY_RUNS` sets how many
//! configurations are made at random. Where lockgate chooses to differ, the difference has a name here and in `docs/pip-configuration.md`.

mod cases;
mod random;
mod values;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lockgate_index::pip_config::{PipSettings, Surroundings, System};
use serde_json::{Value, json};

use self::values::differing_values;
use super::PipOptions;

const ORACLE: &str = include_str!("parity/oracle.py");

/// Files and variables to read. `{root}` in a variable is the case's own folder.
#[derive(Debug, Clone)]
struct Case {
    name: String,
    system: System,
    files: Vec<(String, Vec<u8>)>,
    variables: Vec<(String, String)>,
    /// The difference that is known to show here.
    chosen: Option<&'static str>,
}

impl Case {
    fn new(name: &str, files: &[(&str, &str)], variables: &[(&str, &str)]) -> Self {
        Self {
            name: name.to_owned(),
            system: System::Unix,
            files: files
                .iter()
                .map(|(place, text)| ((*place).to_owned(), text.as_bytes().to_vec()))
                .collect(),
            variables: variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            chosen: None,
        }
    }

    fn on(mut self, system: System) -> Self {
        self.system = system;
        self
    }

    fn differs(mut self, why: &'static str) -> Self {
        self.chosen = Some(why);
        self
    }

    /// Writes its files and gives what both readers see.
    fn prepare(&self, root: &Path) -> Surroundings {
        for folder in ["home", "xdg", "prefix"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        for (place, content) in &self.files {
            let path = root.join(place);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let text = root.display().to_string();
        let mut variables: BTreeMap<String, String> = [
            ("HOME", "{root}/home"),
            ("XDG_CONFIG_DIRS", "{root}/xdg"),
            ("APPDATA", "{root}/home/AppData/Roaming"),
            ("ALLUSERSPROFILE", "{root}/all"),
            ("PROGRAMDATA", "{root}/all"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .chain(self.variables.iter().cloned())
        .collect();
        for value in variables.values_mut() {
            *value = value.replace("{root}", &text);
        }
        Surroundings {
            home: variables.get("HOME").map(PathBuf::from),
            variables,
            prefix: Some(root.join("prefix")),
            base: Some(root.join("prefix")),
            system: self.system,
        }
    }
}

/// Asks pip about all cases; the first answer is about pip itself.
fn ask(root: &Path, cases: &[Surroundings]) -> Vec<Value> {
    let python = std::env::var("LOCKGATE_ORACLE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = root.join("oracle.py");
    fs::write(&script, ORACLE).unwrap();
    let lines: Vec<String> = cases
        .iter()
        .map(|case| {
            let system = match case.system {
                System::Unix => "unix",
                System::MacOs => "macos",
                System::Windows => "windows",
            };
            format!(
                "{}",
                json!({
                    "environment": case.variables, "prefix": case.prefix, "base": case.base,
                    "folder": root, "system": system
                })
            )
        })
        .collect();
    let mut child = Command::new(&python)
        .arg(&script)
        .env("LC_ALL", "C.UTF-8")
        .env("PYTHONUTF8", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("`{python}` cannot be started: {error}"));
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        input
            .write_all((lines.join("\n") + "\n").as_bytes())
            .unwrap();
    });
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "`{python}` has no pip that can be asked, and neither has its ensurepip"
    );
    writer.join().unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// How often each chosen difference was met.
type Met = BTreeMap<&'static str, usize>;

/// Compares all cases, and fails with every difference that nobody chose.
fn compare(cases: &[Case]) -> Met {
    let root = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(root.path()).unwrap();
    let surroundings: Vec<Surroundings> = cases
        .iter()
        .enumerate()
        .map(|(number, case)| case.prepare(&root.join(number.to_string())))
        .collect();
    let answers = ask(&root, &surroundings);
    assert_eq!(answers.len(), cases.len() + 1);
    let (pip, answers) = answers.split_first().unwrap();
    let mut met = Met::new();
    let mut wrong = Vec::new();
    for ((case, surroundings), answer) in cases.iter().zip(&surroundings).zip(answers) {
        match difference(surroundings, answer, pip) {
            None if case.chosen.is_none_or(is_of_older_pips) => {}
            None => wrong.push(format!("{}: no difference shows any more", case.name)),
            Some((Some(why), _)) if case.chosen.is_none_or(|chosen| chosen == why) => {
                *met.entry(why).or_default() += 1;
            }
            // These show in a value, where nothing else tells them from a mistake.
            Some((None, _)) if case.chosen == Some(SPACES) => {
                *met.entry(SPACES).or_default() += 1;
            }
            Some((None, _))
                if case.chosen == Some(BRACKET) && pip["any_header"] == json!(false) =>
            {
                *met.entry(BRACKET).or_default() += 1;
            }
            Some((_, told)) => wrong.push(format!("{}: {told}", case.name)),
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} differ from pip {}:\n{}",
        wrong.len(),
        cases.len(),
        pip["version"],
        wrong.join("\n")
    );
    println!(
        "{} configurations against pip {}: {met:?}",
        cases.len(),
        pip["version"]
    );
    met
}

// Differences that were chosen, and those that are pip's own between its versions.
const COUNT: &str = "a count below zero is refused";
const TIME: &str = "a time that is none is refused";
const NAME: &str = "a name that is none is refused";
const SPACES: &str = "blanks around a name do not count";
const TWICE: &str = "older pips: one key in two spellings";
const BRACKET: &str = "older pips: on older Pythons a section ends at its first bracket";
const RELATIVE: &str = "older pips: relative XDG folders";

fn is_of_older_pips(why: &str) -> bool {
    why.starts_with("older pips")
}

/// How the two readings differ: by a known choice, if it is one, and in words.
fn difference(
    surroundings: &Surroundings,
    theirs: &Value,
    pip: &Value,
) -> Option<(Option<&'static str>, String)> {
    let has = |feature: &str| pip[feature] == json!(true);
    let read = PipSettings::read(surroundings);
    let ours = match &read {
        Ok(settings) => {
            let files: Vec<String> = settings
                .files()
                .iter()
                .map(|file| file.path.display().to_string())
                .collect();
            let their_files = distinct(&theirs["files"]);
            if files != their_files {
                let relative = !has("absolute_xdg") && has_relative_folder(surroundings);
                let told = format!("files: {files:?} here, {their_files:?} by pip");
                return Some((relative.then_some(RELATIVE), told));
            }
            if surroundings.system != System::Unix {
                return None;
            }
            // What this pip does not know it does not judge.
            let unknown: Vec<&str> = strings(&theirs["unknown"]);
            let judged = settings.only(|name| !unknown.contains(&name));
            let home = surroundings.home.as_deref();
            PipOptions::new(&judged, home).map_err(|failure| failure.message)
        }
        // pip was asked for places alone.
        Err(_) if surroundings.system != System::Unix => return None,
        Err(error) => Err(error.to_string()),
    };
    let refused = theirs.get("refused").is_some();
    match (ours, refused) {
        (Err(_), true) => None,
        (Ok(_), true) => Some((
            None,
            format!(
                "pip refuses it: {} {}",
                theirs["refused"], theirs["complaints"]
            ),
        )),
        (Err(why), false) => Some((
            choice(&why, has("normalises")),
            format!("refused here: {why}"),
        )),
        (Ok(options), false) => {
            let settings: Vec<Value> = read
                .iter()
                .flat_map(PipSettings::iter)
                .map(|(name, setting)| json!([name, setting.value]))
                .collect();
            if json!(settings) != theirs["settings"] {
                return Some((
                    None,
                    format!("settings: {settings:?} here, {} by pip", theirs["settings"]),
                ));
            }
            differing_values(&options, &theirs["values"]).map(|told| (None, told))
        }
    }
}

fn choice(why: &str, normalises: bool) -> Option<&'static str> {
    if why.contains("is not between") {
        Some(COUNT)
    } else if why.contains("no time to wait") {
        Some(TIME)
    } else if why.contains("is not a valid name") {
        Some(NAME)
    } else if why.contains("stands twice in the section") && !normalises {
        Some(TWICE)
    } else {
        None
    }
}

fn has_relative_folder(surroundings: &Surroundings) -> bool {
    [
        "XDG_CONFIG_HOME",
        "XDG_CONFIG_DIRS",
        "XDG_DATA_HOME",
        "XDG_DATA_DIRS",
    ]
    .into_iter()
    .filter_map(|name| surroundings.variables.get(name))
    .flat_map(|value| value.split(':'))
    .any(|folder| !folder.starts_with('/') || folder != folder.trim())
}

fn strings(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

fn distinct(files: &Value) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for file in strings(files) {
        if !all.iter().any(|known| known == file) {
            all.push(file.to_owned());
        }
    }
    all
}

#[test]
fn configurations_made_by_hand_are_read_as_pip_reads_them() {
    let cases = cases::all();
    assert!(cases.len() >= 60, "{}", cases.len());
    compare(&cases);
}

#[test]
fn configurations_made_at_random_are_read_as_pip_reads_them() {
    let runs = std::env::var("LOCKGATE_PARITY_RUNS")
        .ok()
        .and_then(|runs| runs.parse().ok())
        .unwrap_or(400);
    let cases: Vec<Case> = (0..runs).map(random::case).collect();
    compare(&cases);
}
