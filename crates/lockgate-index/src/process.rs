//! Other programs, run to their end or to the end of one's patience.

use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The most bytes that are kept of what a program prints.
const MOST_PRINTED: u64 = 64 * 1024 * 1024;

/// How a program ended.
#[derive(Debug)]
pub struct Ended {
    /// Whether with success.
    pub success: bool,
    /// What it printed.
    pub out: String,
    /// What it complained of.
    pub err: String,
}

/// Why there is no end to tell of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// There is no such program.
    #[error("there is no such program")]
    Missing,
    /// It took too long and was stopped, with all that it had started.
    #[error("it did not end in time")]
    TimedOut,
    /// Nobody waits for it any longer; it was stopped, with all that it had started.
    #[error("it was stopped")]
    Stopped,
    /// It could not be run.
    #[error("{0}")]
    Failed(String),
}

/// Runs `command` and waits; both outputs are read meanwhile, so that it never waits for us.
pub fn run(command: Command, patience: Duration) -> Result<Ended, RunError> {
    run_unless(command, patience, &AtomicBool::new(false))
}

/// Like [`run`], and no longer than until `stopped`.
pub fn run_unless(
    mut command: Command,
    patience: Duration,
    stopped: &AtomicBool,
) -> Result<Ended, RunError> {
    if stopped.load(Ordering::Relaxed) {
        return Err(RunError::Stopped);
    }
    own_group(&mut command);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => RunError::Missing,
            _ => RunError::Failed(error.to_string()),
        })?;
    let out = reader(child.stdout.take());
    let err = reader(child.stderr.take());
    let began = Instant::now();
    let mut pause = Duration::from_millis(1);
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if began.elapsed() > patience => {
                kill(&mut child);
                return Err(RunError::TimedOut);
            }
            Ok(None) if stopped.load(Ordering::Relaxed) => {
                kill(&mut child);
                return Err(RunError::Stopped);
            }
            Ok(None) => thread::sleep(pause),
            Err(error) => return Err(RunError::Failed(error.to_string())),
        }
        pause = (pause * 2).min(Duration::from_millis(20));
    };
    Ok(Ended {
        success: status.success(),
        out: text(out),
        err: text(err),
    })
}

fn reader<R: Read + Send + 'static>(pipe: Option<R>) -> Option<JoinHandle<Vec<u8>>> {
    let pipe = pipe?;
    Some(thread::spawn(move || {
        let mut bytes = Vec::new();
        let mut limited = pipe.take(MOST_PRINTED);
        // What breaks off is told as far as it came.
        let _ = limited.read_to_end(&mut bytes);
        let _ = io::copy(&mut limited.into_inner(), &mut io::sink());
        bytes
    }))
}

fn text(reading: Option<JoinHandle<Vec<u8>>>) -> String {
    let bytes = reading.and_then(|reading| reading.join().ok());
    String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
}

/// A group of its own, so that what it starts can be stopped with it.
#[cfg(unix)]
fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
}

#[cfg(not(unix))]
fn own_group(_command: &mut Command) {}

fn kill(child: &mut Child) {
    #[cfg(unix)]
    {
        // Signals to a group have no safe form in the standard library; `kill` has one.
        let group = format!("-{}", child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
    }
    // It is given up either way.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn both_outputs_and_the_end_are_told() {
        let ended = run(shell("echo a; echo b >&2; exit 3"), Duration::from_secs(20)).unwrap();
        assert_eq!(
            (ended.success, ended.out.as_str(), ended.err.as_str()),
            (false, "a\n", "b\n")
        );
    }

    #[test]
    fn what_does_not_end_is_stopped_with_what_it_started() {
        let began = Instant::now();
        let error = run(shell("sleep 60 & sleep 60"), Duration::from_millis(100)).unwrap_err();
        assert_eq!(error, RunError::TimedOut);
        assert!(began.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn what_nobody_waits_for_is_stopped_and_not_begun_anew() {
        let stopped = AtomicBool::new(false);
        let began = Instant::now();
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(100));
                stopped.store(true, Ordering::Relaxed);
            });
            let ended = run_unless(shell("sleep 60"), Duration::from_mins(1), &stopped);
            assert_eq!(ended.unwrap_err(), RunError::Stopped);
        });
        assert!(began.elapsed() < Duration::from_secs(20));
        let ended = run_unless(shell("exit 0"), Duration::from_mins(1), &stopped);
        assert_eq!(ended.unwrap_err(), RunError::Stopped);
    }

    #[test]
    fn a_program_that_is_not_there_is_said() {
        let error = run(Command::new("no-such-program-here"), Duration::from_secs(1)).unwrap_err();
        assert_eq!(error, RunError::Missing);
    }
}
