//! `git`, for reading one revision. It is started in an empty folder and without settings of this run's surroundings, reads objects by their
//! ids, and fetches nothing.

use std::io::Read as _;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::Failure;

/// How long one step may take.
const LIMIT: Duration = Duration::from_mins(1);
/// The most that is read of one answer.
const MAX_ANSWER: u64 = 256 << 20;

/// A commit of a repository.
#[derive(Debug)]
pub(super) struct Git {
    git_dir: PathBuf,
    commit: String,
}

/// A file in a commit.
#[derive(Debug)]
pub(super) struct Entry {
    /// From the top of the repository.
    pub(super) path: PathBuf,
    /// Its object.
    pub(super) id: String,
    /// Whether it is a file, and neither a link nor a submodule.
    pub(super) is_regular: bool,
}

impl Git {
    /// The commit that `revision` names in the repository at `top`.
    pub(super) fn at(top: &Path, revision: &str) -> Result<Self, Failure> {
        if revision.is_empty() || revision.starts_with('-') || revision.contains(['\0', '\n']) {
            return Err(Failure::new("that is not a valid revision"));
        }
        let git_dir = top.join(".git");
        let wanted = format!("{revision}^{{commit}}");
        let parsed = run(
            &git_dir,
            &[
                "rev-parse",
                "--quiet",
                "--verify",
                "--end-of-options",
                &wanted,
            ],
        )?;
        let id = String::from_utf8_lossy(&parsed.out).trim().to_owned();
        let is_id = matches!(id.len(), 40 | 64) && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !parsed.success || !is_id {
            return Err(Failure::new("the repository has no such revision"));
        }
        Ok(Self {
            git_dir,
            commit: id,
        })
    }

    /// What is in a file of the commit, if it has that file.
    pub(super) fn file(&self, path: &Path) -> Result<Option<Vec<u8>>, Failure> {
        let entries = self.files_below(path)?;
        let Some(entry) = entries.into_iter().find(|entry| entry.path == path) else {
            return Ok(None);
        };
        if !entry.is_regular {
            return Err(Failure::new(format!(
                "`{}` is not a regular file",
                path.display()
            )));
        }
        self.blob(&entry.id).map(Some)
    }

    /// All files at or below a path.
    pub(super) fn files_below(&self, path: &Path) -> Result<Vec<Entry>, Failure> {
        let named = path.to_string_lossy();
        let mut arguments = vec![
            "--literal-pathspecs",
            "ls-tree",
            "-r",
            "-z",
            "--full-tree",
            &self.commit,
        ];
        if !named.is_empty() {
            arguments.extend(["--", &named]);
        }
        let listed = successful(run(&self.git_dir, &arguments)?)?;
        let lines = listed
            .split(|byte| *byte == 0)
            .filter(|line| !line.is_empty());
        lines.map(entry).collect()
    }

    /// An object by its id.
    pub(super) fn blob(&self, id: &str) -> Result<Vec<u8>, Failure> {
        successful(run(&self.git_dir, &["cat-file", "blob", id])?)
    }
}

/// `MODE TYPE ID\tPATH`.
fn entry(line: &[u8]) -> Result<Entry, Failure> {
    let odd = || Failure::new("`git ls-tree` answers with what is not understood");
    let line = std::str::from_utf8(line).map_err(|_utf8| odd())?;
    let (head, path) = line.split_once('\t').ok_or_else(odd)?;
    let [mode, kind, id] = head.split(' ').collect::<Vec<_>>()[..] else {
        return Err(odd());
    };
    let path = PathBuf::from(path);
    if !path
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
    {
        return Err(odd());
    }
    Ok(Entry {
        path,
        id: id.to_owned(),
        is_regular: kind == "blob" && matches!(mode, "100644" | "100755"),
    })
}

struct Answer {
    success: bool,
    out: Vec<u8>,
    err: String,
}

fn successful(answer: Answer) -> Result<Vec<u8>, Failure> {
    if answer.success {
        return Ok(answer.out);
    }
    let said = answer
        .err
        .lines()
        .next()
        .unwrap_or("no reason was given")
        .to_owned();
    Err(Failure::new(format!("`git` failed: {said}")))
}

fn run(git_dir: &Path, arguments: &[&str]) -> Result<Answer, Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("`git` cannot be run: {error}"));
    let folder = tempfile::Builder::new()
        .prefix("lockgate-git-")
        .tempdir()
        .map_err(failed)?;
    let mut command = Command::new(program()?);
    command
        .env_clear()
        .envs(
            ["PATH", "HOME", "SYSTEMROOT"]
                .iter()
                .filter_map(|name| Some((name, std::env::var_os(name)?))),
        )
        .env("GIT_DIR", git_dir)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", null_device())
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_NO_REPLACE_OBJECTS", "1")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .args([
            "-c",
            "core.fsmonitor=false",
            "-c",
            "core.hooksPath=/dev/null",
            "-c",
            "protocol.allow=never",
        ])
        .args(arguments)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    let out = child.stdout.take();
    let err = child.stderr.take();
    let out = thread::spawn(move || read(out));
    let err = thread::spawn(move || read(err));
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            break status;
        }
        if began.elapsed() > LIMIT {
            // It is given up either way.
            let _ = child.kill();
            let _ = child.wait();
            return Err(Failure::new("`git` did not end within a minute"));
        }
        thread::sleep(Duration::from_millis(2));
    };
    let out = out.join().unwrap_or_default();
    if out.len() as u64 > MAX_ANSWER {
        return Err(Failure::new("`git` answers with more than 256 MiB"));
    }
    Ok(Answer {
        success: status.success(),
        out,
        err: String::from_utf8_lossy(&err.join().unwrap_or_default()).into_owned(),
    })
}

fn read(pipe: Option<impl std::io::Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        // What breaks off ends with a failure of the program.
        let _ = pipe.take(MAX_ANSWER + 1).read_to_end(&mut bytes);
    }
    bytes
}

/// `git` on those folders of the path that are absolute: nothing in the current folder is taken for it.
fn program() -> Result<PathBuf, Failure> {
    let name = format!("git{}", std::env::consts::EXE_SUFFIX);
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(&name))
        .find(|program| program.is_file())
        .ok_or_else(|| Failure::new("there is no `git` on the path"))
}

fn null_device() -> &'static str {
    if cfg!(windows) { "NUL" } else { "/dev/null" }
}
