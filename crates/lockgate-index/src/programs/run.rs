//! Running a program to its end, to its time limit, or to the end of the whole run.

use std::io::{self, Read};
use std::process::Child;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::{Program, Scratch, scratch};

/// The most bytes that a program may print.
const MAX_OUTPUT: u64 = 64 * 1024 * 1024;
/// How long the outputs of a program that has ended are waited for: something that it left behind may hold them open for good.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How long an interrupted run waits for its programs to be stopped.
const FAREWELL: Duration = Duration::from_secs(3);

/// Whether no program may run any longer.
static STOPPED: AtomicBool = AtomicBool::new(false);
/// The number of the operation that programs are started for.
static OPERATION: AtomicU64 = AtomicU64::new(0);
/// How many programs are running.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// How a program ended.
#[derive(Debug)]
pub struct Ended {
    /// Whether with success.
    pub success: bool,
    /// What it printed to standard output.
    pub out: Vec<u8>,
    /// What it printed to standard error.
    pub err: String,
}

impl Ended {
    /// Returns its standard output as text; what isn't UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.out).into_owned()
    }
}

/// Why a program did not end by itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// There is no such program.
    #[error("there is no such program")]
    Missing,
    /// It took too long and was stopped, with all that it had started.
    #[error("it did not end in time")]
    TimedOut,
    /// It was stopped, with all that it had started, since its answer is no longer needed.
    #[error("it was stopped")]
    Stopped,
    /// It printed more than is read.
    #[error("it printed more than 64 MiB")]
    TooMuch,
    /// It could not be run.
    #[error("{0}")]
    Failed(String),
}

/// Returns whether [`stop_all`] was called.
pub fn is_stopped() -> bool {
    STOPPED.load(Ordering::SeqCst)
}

/// Lets no program start any more; those that run are stopped by whoever waits for them. For the beginning of the end of the whole run.
pub fn refuse_more() {
    STOPPED.store(true, Ordering::SeqCst);
}

/// Stops every program that runs now. For the end of one of several operations: those that come after it may start others.
pub fn stop_running() {
    OPERATION.fetch_add(1, Ordering::SeqCst);
    wait_until(Instant::now() + FAREWELL);
}

/// Stops every program that runs, lets none start any more, and removes every [`Scratch`] folder. For the end of the whole run.
pub fn stop_all() {
    refuse_more();
    let deadline = Instant::now() + FAREWELL;
    wait_until(deadline);
    scratch::remove_all(deadline.max(Instant::now() + Duration::from_millis(500)));
}

/// Waits until no program runs any more.
fn wait_until(deadline: Instant) {
    while RUNNING.load(Ordering::SeqCst) > 0 && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(5));
    }
}

/// Counts a program as long as it runs.
struct Running;

impl Running {
    fn new() -> Self {
        RUNNING.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::SeqCst);
    }
}

pub(super) fn run(program: Program) -> Result<Ended, RunError> {
    let Program {
        mut command,
        environment,
        folder,
        limit,
        stopped,
    } = program;
    let failed = |error: io::Error| RunError::Failed(error.to_string());
    // First counted, then looked whether it may start: those who stop programs do it the other way round, and miss none.
    let _running = Running::new();
    let operation = OPERATION.load(Ordering::SeqCst);
    let is_over = || {
        let of_caller = stopped.as_ref();
        let is_left = OPERATION.load(Ordering::SeqCst) != operation;
        is_left || is_stopped() || of_caller.is_some_and(|stopped| stopped.load(Ordering::SeqCst))
    };
    if is_over() {
        return Err(RunError::Stopped);
    }
    let wants_temporary = environment.wants_temporary_folder();
    let empty = (folder.is_none() || wants_temporary)
        .then(|| Scratch::new("lockgate-run-").map_err(failed))
        .transpose()?;
    if let Some(empty) = empty.as_ref().filter(|_| wants_temporary) {
        for name in ["TMPDIR", "TEMP", "TMP"] {
            command.env(name, empty.path());
        }
    }
    if let Some(folder) = folder.as_deref().or(empty.as_ref().map(Scratch::path)) {
        command.current_dir(folder);
    }
    own_group(&mut command);
    let mut child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => RunError::Missing,
        _ => failed(error),
    })?;
    let (out, err) = (
        Output::of(child.stdout.take()),
        Output::of(child.stderr.take()),
    );
    let began = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        let why = if has_ended(&mut child).map_err(failed)? {
            break;
        } else if began.elapsed() > limit {
            RunError::TimedOut
        } else if is_over() {
            RunError::Stopped
        } else {
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
            continue;
        };
        kill(&mut child);
        return Err(why);
    }
    if !environment.may_leave_helpers() {
        kill_group(&child);
    }
    let status = child.wait().map_err(failed)?;
    Ok(Ended {
        success: status.success(),
        out: out.bytes()?,
        err: String::from_utf8_lossy(&err.bytes()?).into_owned(),
    })
}

/// One output of a program, read on a thread of its own.
struct Output {
    read: Arc<Mutex<Vec<u8>>>,
    end: Receiver<()>,
}

impl Output {
    fn of<R: Read + Send + 'static>(pipe: Option<R>) -> Self {
        let (sender, end) = mpsc::channel();
        let read = Arc::new(Mutex::new(Vec::new()));
        if let Some(mut pipe) = pipe {
            let read = Arc::clone(&read);
            thread::spawn(move || {
                let mut buffer = vec![0; 1 << 16];
                // What breaks off is told as far as it came. What is too much is read and dropped, so that the program can end.
                while let Ok(count @ 1..) = pipe.read(&mut buffer) {
                    let mut read = read.lock().unwrap_or_else(PoisonError::into_inner);
                    if (read.len() as u64) <= MAX_OUTPUT {
                        read.extend_from_slice(buffer.get(..count).unwrap_or_default());
                    }
                }
                // Nobody waits for what was given up.
                let _ = sender.send(());
            });
        }
        Self { read, end }
    }

    fn bytes(&self) -> Result<Vec<u8>, RunError> {
        // An error is the end as well: nothing was read at all, or no more than came in time.
        let _ = self.end.recv_timeout(LAST_WORDS);
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.len() as u64 > MAX_OUTPUT {
            return Err(RunError::TooMuch);
        }
        Ok(std::mem::take(&mut *read))
    }
}

/// Puts it into a group of its own, so that what it starts can be stopped with it.
#[cfg(unix)]
fn own_group(command: &mut std::process::Command) {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
}

#[cfg(not(unix))]
fn own_group(_command: &mut std::process::Command) {}

/// Returns whether it has ended. It isn't waited for yet: until then its number stands for its group and for no other.
#[cfg(unix)]
fn has_ended(child: &mut Child) -> io::Result<bool> {
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    let Some(pid) = pid(child) else {
        return child.try_wait().map(|status| status.is_some());
    };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    Ok(waitid(WaitId::Pid(pid), options)?.is_some())
}

#[cfg(not(unix))]
fn has_ended(child: &mut Child) -> io::Result<bool> {
    child.try_wait().map(|status| status.is_some())
}

#[cfg(unix)]
fn pid(child: &Child) -> Option<rustix::process::Pid> {
    rustix::process::Pid::from_raw(i32::try_from(child.id()).ok()?)
}

#[cfg(unix)]
fn kill_group(child: &Child) {
    if let Some(pid) = pid(child) {
        // Where it fails, nobody of the group is left.
        let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
    }
}

#[cfg(not(unix))]
fn kill_group(_child: &Child) {}

fn kill(child: &mut Child) {
    kill_group(child);
    // It is given up either way.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::programs::Environment;

    fn shell(script: &str) -> Program {
        let shell = Program::named("sh", Environment::Interpreter).expect("there is a shell");
        shell.args(["-c", script]).limit(Duration::from_secs(20))
    }

    #[test]
    fn both_outputs_and_the_end_are_reported() {
        let ended = shell("echo a; echo b >&2; exit 3").run().unwrap();
        assert_eq!(
            (ended.success, ended.text().as_str(), ended.err.as_str()),
            (false, "a\n", "b\n")
        );
    }

    #[test]
    fn it_starts_in_an_empty_folder_that_is_gone_afterwards() {
        let ended = shell("pwd; ls -A").run().unwrap().text();
        let folder = ended.trim();
        assert!(folder.starts_with('/') && !folder.contains('\n'), "{ended}");
        assert!(!std::path::Path::new(folder).exists());
    }

    #[test]
    fn what_does_not_end_is_stopped_with_what_it_started() {
        let began = Instant::now();
        let program = shell("sleep 60 & sleep 60").limit(Duration::from_millis(100));
        assert_eq!(program.run().unwrap_err(), RunError::TimedOut);
        assert!(began.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn what_a_program_leaves_running_is_stopped_when_it_ends() {
        let began = Instant::now();
        let ended = shell("sleep 60 & echo $!").run().unwrap();
        assert!(began.elapsed() < Duration::from_secs(20));
        let left = format!("/proc/{}/stat", ended.text().trim());
        let stat = std::fs::read_to_string(left).unwrap_or_default();
        // It may be a zombie until its new parent has waited for it.
        assert!(stat.is_empty() || stat.contains(") Z "), "{stat}");
    }

    #[test]
    fn a_helper_that_holds_the_outputs_open_is_not_waited_for() {
        let began = Instant::now();
        let git = Program::named("sh", Environment::Git).unwrap();
        let ended = git.args(["-c", "sleep 8 & echo done"]).run().unwrap();
        assert_eq!(ended.text(), "done\n");
        assert!(began.elapsed() < Duration::from_secs(7));
    }

    #[test]
    fn what_is_no_longer_needed_is_stopped_and_not_started_again() {
        let stopped = Arc::new(AtomicBool::new(false));
        let began = Instant::now();
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(100));
                stopped.store(true, Ordering::Relaxed);
            });
            let ended = shell("sleep 60").until(&stopped).run();
            assert_eq!(ended.unwrap_err(), RunError::Stopped);
        });
        assert!(began.elapsed() < Duration::from_secs(20));
        let ended = shell("exit 0").until(&stopped).run();
        assert_eq!(ended.unwrap_err(), RunError::Stopped);
    }

    #[test]
    fn a_program_that_is_not_there_is_reported() {
        let missing = Program::named("no-such-program-here", Environment::Git);
        assert_eq!(missing.unwrap_err(), RunError::Missing);
        let missing = Program::at(std::path::Path::new("no/such"), Environment::Git);
        assert_eq!(missing.unwrap().run().unwrap_err(), RunError::Missing);
    }
}
