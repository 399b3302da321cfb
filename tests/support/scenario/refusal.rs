//! What is said where nothing fits: by the binary, and by uv on the same index.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use super::places::Places;
use super::{Scenario, files_of};
use crate::context::{Lockgate, TestContext, fixtures};

/// A refusal, without its title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The lines of why.
    pub explanation: Vec<String>,
    /// The lines of what would help.
    pub hints: Vec<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.explanation.iter().chain(&self.hints) {
            writeln!(formatter, "{line}")?;
        }
        Ok(())
    }
}

impl Refusal {
    /// What was said after the title, where lines that begin with one of `hints` are hints.
    fn new(messages: &str, hints: &[&str]) -> Self {
        let lines = messages
            .lines()
            .skip_while(|line| !line.starts_with("error:"));
        let lines = lines
            .skip(1)
            .map(|line| line.trim().trim_start_matches("cause: "));
        let lines = lines.filter(|line| !line.is_empty()).map(str::to_owned);
        let is_hint = |line: &String| hints.iter().any(|hint| line.starts_with(hint));
        let (hints, explanation) = lines.partition(is_hint);
        Self { explanation, hints }
    }
}

/// What uv says of the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OfUv {
    /// It was not there to be asked.
    Unasked,
    /// It locks.
    Locks,
    /// It refuses.
    Refuses(Refusal),
}

/// The refusals of an area by name, each beside what `uv` says.
///
/// # Panics
/// Where a scenario cannot be read, is not refused, or uv ends in another way.
pub fn refusals(area: &str, uv: Option<&Path>) -> BTreeMap<String, (Refusal, OfUv)> {
    files_of(&fixtures().join("scenarios").join(area))
        .iter()
        .map(|file| {
            let name = file.file_stem().unwrap_or_default().to_string_lossy();
            let text = std::fs::read_to_string(file).expect("a scenario can be read");
            let scenario: Scenario = toml::from_str(&text).expect("it is a scenario");
            (name.into_owned(), scenario.refusal(uv))
        })
        .collect()
}

impl Scenario {
    fn refusal(&self, uv: Option<&Path>) -> (Refusal, OfUv) {
        let context = TestContext::new();
        let places = Places::new(&self.packages, &self.indexes, self.find_links.as_ref());
        self.write_sources(&context, &places);
        let run = self.command(&context, &places).run();
        let ours = Refusal::new(&run.exits(1).stderr, &["way out:", "note:", "help:"]);
        let Some(uv) = uv else {
            return (ours, OfUv::Unasked);
        };
        let run = self.command_of_uv(uv, &context, &places).run();
        let theirs = match run.code {
            0 => OfUv::Locks,
            1 => OfUv::Refuses(Refusal::new(&run.stderr, &["hint:"])),
            code => panic!("uv ends with {code}: {}", run.stderr),
        };
        (ours, theirs)
    }

    /// `uv pip compile` of the same.
    fn command_of_uv<'a>(
        &self,
        uv: &Path,
        context: &'a TestContext,
        places: &Places,
    ) -> Lockgate<'a> {
        let mut command = context
            .program(uv)
            .args(["pip", "compile", "requirements.in", "--generate-hashes"])
            .args(["-o", "of-uv.txt"])
            .args(places.arguments(&self.requirements))
            .args(["--python-version", &self.python])
            .args(["--python-platform", &self.platform])
            .arg("--cache-dir")
            .arg(context.path("uv-cache"));
        if !self.constraints.is_empty() {
            command = command.args(["-c", "constraints.txt"]);
        }
        if !self.overrides.is_empty() {
            command = command.args(["--override", "overrides.txt"]);
        }
        // Its word for a cooldown.
        command.args(self.args.iter().map(|argument| match argument.as_str() {
            "--cooldown" => "--exclude-newer",
            other => other,
        }))
    }
}
