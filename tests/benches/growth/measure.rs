//! Runs the program and reads what it cost from the system.

use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use lockgate_tests::{TestContext, binary};

use crate::rows::Row;

/// What a run cost.
pub(crate) struct Cost {
    /// Processor time of all threads.
    pub(crate) seconds: f64,
    /// The most memory at once.
    pub(crate) mebibytes: f64,
    /// The exit code.
    pub(crate) code: i32,
    /// What it said last.
    pub(crate) last_line: String,
}

impl Cost {
    /// Which of two runs counts: one that ended otherwise than it should, else the one that was disturbed less.
    pub(crate) fn compare(&self, other: &Self, code: i32) -> std::cmp::Ordering {
        (self.code == code)
            .cmp(&(other.code == code))
            .then(self.seconds.total_cmp(&other.seconds))
    }
}

/// Runs a row with so many entries.
pub(crate) fn run(row: &Row, count: usize) -> Cost {
    let context = TestContext::new();
    let arguments = (row.make)(&context, count);
    let mut child = Command::new(binary())
        .args(&arguments)
        .arg("--cache-dir")
        .arg(context.cache())
        .current_dir(context.path("."))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", context.path("."))
        .env("PIP_CONFIG_FILE", "/dev/null")
        .env("LOCKGATE_MAX_STEPS", row.max_steps)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stderr = child.stderr.take().expect("standard error is a pipe");
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        let _ = stderr.read_to_string(&mut text);
        text
    });
    let folder = format!("/proc/{}", child.id());
    let mut mebibytes: f64 = 0.0;
    // A process that has ended and was not waited for keeps its times.
    while !is_ended(&folder) {
        mebibytes = mebibytes.max(peak(&folder).unwrap_or_default());
        std::thread::sleep(Duration::from_millis(3));
    }
    let seconds = processor_time(&folder).unwrap_or_default();
    let status = child.wait().expect("a child can be waited for");
    let text = reader.join().expect("a pipe can be read");
    Cost {
        seconds,
        mebibytes,
        code: status.code().unwrap_or(-1),
        last_line: text
            .lines()
            .last()
            .unwrap_or_default()
            .chars()
            .take(120)
            .collect(),
    }
}

/// What stands behind the name in `stat`, which may hold blanks itself.
fn fields(folder: &str) -> Option<Vec<String>> {
    let stat = std::fs::read_to_string(format!("{folder}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    Some(fields.split(' ').map(str::to_owned).collect())
}

fn is_ended(folder: &str) -> bool {
    fields(folder).is_none_or(|fields| fields.first().is_some_and(|state| state == "Z"))
}

/// User and system time, in ticks of a hundredth of a second.
fn processor_time(folder: &str) -> Option<f64> {
    let fields = fields(folder)?;
    let ticks = |place: usize| fields.get(place)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

fn peak(folder: &str) -> Option<f64> {
    let status = std::fs::read_to_string(format!("{folder}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes / 1024.0)
}
