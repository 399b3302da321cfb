//! pip's own parser, in a Python process.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde_json::json;

use crate::environments;
use crate::told::Told;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/parity/oracle.py");

/// What the pip at hand is.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct About {
    pub(crate) pip: String,
    /// The options that it knows on a line.
    pub(crate) options: Vec<String>,
    /// What its `--use-feature` may name.
    pub(crate) features: Vec<String>,
}

impl About {
    /// Whether it is older than the version that the rules here are taken from, `major.minor`.
    pub(crate) fn is_before(&self, major: u32, minor: u32) -> bool {
        let mut numbers = self.pip.split('.').map(|part| part.parse().unwrap_or(0));
        let own: (u32, u32) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        own < (major, minor)
    }
}

/// The Python whose pip is asked: `LOCKGATE_PARITY_PYTHON`, else `python3`.
pub(crate) fn python() -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "which pip is asked is the tester's choice"
    )]
    std::env::var("LOCKGATE_PARITY_PYTHON").unwrap_or_else(|_unset| "python3".to_owned())
}

/// What pip reads in each of `files` below `root`.
pub(crate) fn read(root: &Path, files: &[String]) -> (About, Vec<Told>) {
    let mut command = Command::new(python());
    command
        .args(["-I", SCRIPT])
        .env_remove("PIP_CONFIG_FILE")
        .env("LC_ALL", "C.UTF-8")
        .envs(crate::variables(root))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = command
        .spawn()
        .unwrap_or_else(|error| panic!("`{}` cannot be started: {error}", python()));
    let mut asked = child.stdin.take().unwrap();
    let questions: Vec<String> = std::iter::once(json!({ "environments": environments::of_pip() }))
        .chain(
            files
                .iter()
                .map(|file| json!({ "root": root, "file": file })),
        )
        .map(|question| format!("{question}\n"))
        .collect();
    // Both pipes are finite: one side writes while the other reads.
    let writer = std::thread::spawn(move || asked.write_all(questions.concat().as_bytes()));
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    let about = answers
        .next()
        .unwrap_or_else(|| panic!("`{}` has no pip that can be asked", python()))
        .unwrap();
    let about: About = serde_json::from_str(&about).unwrap();
    let told: Vec<Told> = answers
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect();
    writer.join().unwrap().unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(told.len(), files.len());
    (about, told)
}
