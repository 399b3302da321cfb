//! A place to run the binary in: an empty folder, a cache, and an environment in which nothing of the machine's owner shows.

use std::ffi::OsStr;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::index::Index;
use crate::loopback::Loopback;
use crate::{Advisory, OsvService};

/// No run of these tests takes longer; one that does hangs.
const TIME_LIMIT: Duration = Duration::from_secs(90);

/// The folder `fixtures/`.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

/// A folder to work in. Removed when dropped.
pub struct TestContext {
    root: TempDir,
}

impl Default for TestContext {
    fn default() -> Self {
        Self::new()
    }
}

impl TestContext {
    /// An empty folder `work`, the current one of every run, beside an empty home and cache.
    pub fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary folder can be made");
        for folder in ["work", "home"] {
            std::fs::create_dir(root.path().join(folder)).expect("a fresh folder takes folders");
        }
        Self { root }
    }

    /// A path in the folder that commands run in.
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.path().join("work").join(relative)
    }

    /// The cache folder.
    pub fn cache(&self) -> PathBuf {
        self.root.path().join("cache")
    }

    /// Writes a file, with its folders.
    pub fn write(&self, relative: &str, content: impl AsRef<[u8]>) {
        let path = self.path(relative);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).expect("a folder can be made");
        }
        std::fs::write(&path, content)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Writes a program into the folder `bin`, and gives the `PATH` that it is found on, before all others.
    #[cfg(unix)]
    pub fn write_program(&self, name: &str, script: &str) -> std::ffi::OsString {
        use std::os::unix::fs::PermissionsExt as _;
        let relative = format!("bin/{name}");
        self.write(&relative, format!("#!/bin/sh\n{script}\n"));
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(self.path(&relative), mode).expect("our own file is ours");
        let others = std::env::var_os("PATH").unwrap_or_default();
        let all = std::iter::once(self.path("bin")).chain(std::env::split_paths(&others));
        std::env::join_paths(all).expect("no folder here has a colon in its name")
    }

    /// Reads a file.
    pub fn read(&self, relative: &str) -> String {
        let path = self.path(relative);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Whether a file is there.
    pub fn exists(&self, relative: &str) -> bool {
        self.path(relative).exists()
    }

    /// The names of all files and folders in the folder that commands run in, sorted.
    pub fn file_names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(".")).expect("the folder is there");
        let name = |entry: std::io::Result<std::fs::DirEntry>| {
            entry.expect("a folder can be listed").file_name()
        };
        let mut names: Vec<String> = entries
            .map(|entry| name(entry).to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// Writes advisories as a folder of OSV records. Always holds one on a project that nothing requires: a folder without a record
    /// is a fault of its own.
    pub fn write_advisories(&self, folder: &str, advisories: &[Advisory]) {
        let unrelated = Advisory::new("PYSEC-2000-1", "unrelated-to-everything");
        for advisory in advisories.iter().chain([&unrelated]) {
            self.write(
                &format!("{folder}/{}.json", advisory.id),
                advisory.to_json(),
            );
        }
    }

    /// `lockgate` with these arguments, not yet run.
    pub fn lockgate(&self, arguments: &[&str]) -> Lockgate<'_> {
        let mut command = Command::new(binary());
        command.args(arguments);
        self.prepared(command)
    }

    /// `lockgate lock requirements.in -o requirements.txt` for Python 3.11 on Linux, from `index`, under the records in `advisories/`.
    pub fn lock(&self, index: &Loopback<Index>) -> Lockgate<'_> {
        if !self.exists("advisories") {
            self.write_advisories("advisories", &[]);
        }
        self.lock_bare().args([
            "--index-url",
            &index.index_url(),
            "--advisories",
            "advisories",
        ])
    }

    /// As [`Self::lock`], with the advisories of a service.
    pub fn lock_with_service(
        &self,
        index: &Loopback<Index>,
        service: &Loopback<OsvService>,
    ) -> Lockgate<'_> {
        self.lock_bare().args([
            "--index-url",
            &index.index_url(),
            "--advisories",
            &service.origin(),
        ])
    }

    /// As [`Self::lock`], without index and advisories.
    pub fn lock_bare(&self) -> Lockgate<'_> {
        self.lockgate(&["lock", "requirements.in", "-o", "requirements.txt"])
            .args(["--python-version", "3.11", "--python-platform", "linux"])
            .arg("--cache-dir")
            .arg(self.cache())
    }

    /// Any other program in the same surroundings.
    pub fn program(&self, program: impl AsRef<OsStr>) -> Lockgate<'_> {
        self.prepared(Command::new(program))
    }

    fn prepared(&self, mut command: Command) -> Lockgate<'_> {
        let home = self.root.path().join("home");
        command
            .current_dir(self.path("."))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home)
            .env("TMPDIR", self.root.path())
            .env("LC_ALL", "C.UTF-8")
            .env("NO_COLOR", "1")
            // The machine's own pip configuration lies outside of the home folder too.
            .env("PIP_CONFIG_FILE", "/dev/null")
            .env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
        Lockgate {
            context: self,
            command,
            input: String::new(),
            stdout: None,
        }
    }

    /// Text with this run's folders and ports replaced.
    fn filtered(&self, text: &str) -> String {
        let text = text.replace(&self.root.path().display().to_string(), "[ROOT]");
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once("127.0.0.1:") {
            let digits = after.len()
                - after
                    .trim_start_matches(|character: char| character.is_ascii_digit())
                    .len();
            out.push_str(before);
            out.push_str("127.0.0.1:[PORT]");
            rest = &after[digits..];
        }
        out.push_str(rest);
        out
    }
}

/// A command that is not yet run.
pub struct Lockgate<'a> {
    context: &'a TestContext,
    command: Command,
    input: String,
    stdout: Option<std::fs::File>,
}

impl Lockgate<'_> {
    /// One more argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// More arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.command.args(arguments);
        self
    }

    /// An environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// What it reads from standard input.
    #[must_use]
    pub fn input(mut self, text: &str) -> Self {
        text.clone_into(&mut self.input);
        self
    }

    /// Sends standard output to a device that is full.
    #[cfg(target_os = "linux")]
    #[must_use]
    pub fn onto_a_full_disk(mut self) -> Self {
        let full = std::fs::File::options().write(true).open("/dev/full");
        self.stdout = Some(full.expect("there is such a device"));
        self
    }

    /// Starts it and leaves it running.
    pub fn start(mut self) -> Child {
        self.command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts")
    }

    /// Runs it to its end.
    pub fn run(mut self) -> Run {
        self.command
            .stdin(Stdio::piped())
            .stdout(self.stdout.take().map_or_else(Stdio::piped, Stdio::from))
            .stderr(Stdio::piped());
        let mut child = self
            .command
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", self.command.get_program().display()));
        // A program that reads nothing closes the pipe: that is its right.
        let _ = child
            .stdin
            .take()
            .map(|mut stdin| stdin.write_all(self.input.as_bytes()));
        let stdout = child.stdout.take().map(drain);
        let stderr = drain(child.stderr.take().expect("standard error is a pipe"));
        let started = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().expect("a child can be waited for") {
                break status;
            }
            if started.elapsed() > TIME_LIMIT {
                let _ = child.kill();
                let _ = child.wait();
                panic!("{:?} did not end within {TIME_LIMIT:?}", self.command);
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let text = |thread: std::thread::JoinHandle<String>| {
            thread.join().expect("a pipe can be read to its end")
        };
        Run {
            code: status.code().unwrap_or(-1),
            stdout: self.context.filtered(&stdout.map(text).unwrap_or_default()),
            stderr: self.context.filtered(&text(stderr)),
        }
    }
}

fn drain(mut pipe: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// How a run ended. Temporary folders read `[ROOT]`, ports `[PORT]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Exit code; -1 for a signal.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Run {
    /// Fails unless it ended with `code`.
    #[track_caller]
    pub fn exits(&self, code: i32) -> &Self {
        assert_eq!(
            self.code, code,
            "stdout:\n{}\nstderr:\n{}",
            self.stdout, self.stderr
        );
        self
    }

    /// Fails unless the messages hold all of `texts`. Blanks and line breaks do not count.
    #[track_caller]
    pub fn mentions(&self, texts: &[&str]) -> &Self {
        let flat = without_blanks(&self.stderr);
        for text in texts {
            assert!(
                flat.contains(&without_blanks(text)),
                "`{text}` is not said in:\n{}",
                self.stderr
            );
        }
        self
    }

    /// Fails if the messages hold one of `texts`.
    #[track_caller]
    pub fn does_not_mention(&self, texts: &[&str]) -> &Self {
        let flat = without_blanks(&self.stderr);
        for text in texts {
            assert!(
                !flat.contains(&without_blanks(text)),
                "`{text}` is said in:\n{}",
                self.stderr
            );
        }
        self
    }
}

/// Text without blanks: where lines break, and `a>1` or `a >1`, is a matter of taste.
pub(crate) fn without_blanks(text: &str) -> String {
    text.split_whitespace().collect()
}

/// The binary, built on first use: `cargo test` alone builds the binaries of the package under test only, and this is another one.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(path) = std::env::var_os("LOCKGATE_BINARY") {
            return path.into();
        }
        let test = std::env::current_exe().expect("a test knows its own path");
        let profile = test
            .ancestors()
            .nth(2)
            .expect("tests lie in `target/PROFILE/deps`");
        let target = profile.parent().expect("`target/PROFILE` has a parent");
        let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        build
            .args(["build", "--quiet", "--package", "lockgate", "--target-dir"])
            .arg(target);
        // What cargo tells this test of its own package would have build scripts of others run again.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
                build.env_remove(&name);
            }
        }
        build.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
        if profile.ends_with("release") {
            build.arg("--release");
        }
        assert!(
            build.status().is_ok_and(|status| status.success()),
            "`cargo build -p lockgate` failed"
        );
        profile.join(format!("lockgate{}", std::env::consts::EXE_SUFFIX))
    })
}
