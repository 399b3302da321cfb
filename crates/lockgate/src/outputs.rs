//! Where outputs may go. Whoever proposes a change to a repository may put links into it, so nothing is written through a link that leads
//! out of it, and no file that happens to have the name of a default output is taken for a lock.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use lockgate_formats::lock::is_lock_text;

use crate::disk::{self, Staged};
use crate::failure::Failure;

/// Most links on the way to one file, as systems have it.
const MAX_LINKS: usize = 40;

/// The folder that outputs stay in.
#[derive(Debug, Clone)]
pub(crate) struct Bounds(PathBuf);

impl Bounds {
    /// The repository of the first of `files`; without one the topmost folder above it with a `lockgate.toml`, else that of the file itself.
    /// `-`, and no file at all, stand for the current folder.
    pub(crate) fn of(files: &[String]) -> Self {
        let named = files
            .first()
            .map(String::as_str)
            .filter(|file| *file != "-");
        let folder = named.and_then(|file| Path::new(file).parent());
        let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let Ok(folder) = fs::canonicalize(folder) else {
            // That it is not there is said by whoever reads it.
            return Self(folder.to_owned());
        };
        let mut above = folder.ancestors().collect::<Vec<_>>().into_iter().rev();
        let policy = above.find(|folder| folder.join("lockgate.toml").is_file());
        let policy = policy.map(Path::to_owned);
        Self(top_of(&folder).or(policy).unwrap_or(folder))
    }

    /// Refuses an output at `path` that would be written through a link that leads out of these bounds; one that no option names must
    /// lie within them, and where a file is there already, it must be a lock.
    pub(crate) fn admit(&self, path: &Path, is_named: bool) -> Result<(), Failure> {
        let target = followed(path, Some(&self.0))?;
        if is_named {
            return Ok(());
        }
        if !target.starts_with(&self.0) {
            return Err(Failure::new(format!(
                "`{}` is outside of `{}`, in which outputs are written",
                path.display(),
                self.0.display()
            ))
            .remedy("name it with `-o FILE`"));
        }
        match disk::read_if_there(&target)? {
            Some(text) if !is_lock_text(&text) => Err(Failure::new(format!(
                "`{}` is there and is not a lock",
                path.display()
            ))
            .remedy(format!(
                "name it with `-o {}` to replace it, or name another file",
                path.display()
            ))),
            Some(_) | None => Ok(()),
        }
    }
}

/// Returns the file that `path` leads to, whether or not it is there. A link in a repository, or in `bounds`, that leads out of it is
/// refused.
pub(crate) fn followed(path: &Path, bounds: Option<&Path>) -> Result<PathBuf, Failure> {
    let refused = |why: &str| Failure::new(format!("cannot write `{}`: {why}", path.display()));
    let current = std::env::current_dir()
        .and_then(fs::canonicalize)
        .map_err(|error| refused(&format!("cannot tell the current folder: {error}")))?;
    let mut walk = Walk { bounds, links: 0 };
    walk.from(current, path).map_err(|stop| match stop {
        Stop::Unreadable(error) => refused(&format!("its path cannot be followed: {error}")),
        Stop::Leaves { link, top } => refused(&format!(
            "the link `{}` leads out of `{}`",
            link.display(),
            top.display()
        ))
        .remedy("name the file that is meant with `-o FILE`, or remove the link"),
    })
}

/// Why a path is not followed.
enum Stop {
    Unreadable(io::Error),
    Leaves { link: PathBuf, top: PathBuf },
}

struct Walk<'a> {
    bounds: Option<&'a Path>,
    links: usize,
}

impl Walk<'_> {
    /// Follows `path` from the folder `at`, which has no links.
    fn from(&mut self, mut at: PathBuf, path: &Path) -> Result<PathBuf, Stop> {
        let mut rest: VecDeque<OsString> = VecDeque::new();
        for part in path.components() {
            match part {
                Component::Prefix(_) | Component::RootDir => {
                    at = match part {
                        Component::Prefix(prefix) => PathBuf::from(prefix.as_os_str()),
                        _ => at.join(part),
                    };
                }
                Component::CurDir => {}
                part => rest.push_back(part.as_os_str().to_owned()),
            }
        }
        for part in rest {
            if part == ".." {
                at.pop();
                continue;
            }
            let next = at.join(&part);
            let is_link = fs::symlink_metadata(&next).is_ok_and(|found| found.is_symlink());
            if !is_link {
                at = next;
                continue;
            }
            self.links += 1;
            if self.links > MAX_LINKS {
                return Err(Stop::Unreadable(io::Error::other("too many links")));
            }
            let target = fs::read_link(&next).map_err(Stop::Unreadable)?;
            let found = self.from(at.clone(), &target)?;
            let bounds = self.bounds.filter(|bounds| at.starts_with(bounds));
            let tops = top_of(&at).into_iter().chain(bounds.map(Path::to_owned));
            for top in tops {
                if !found.starts_with(&top) {
                    return Err(Stop::Leaves { link: next, top });
                }
            }
            at = found;
        }
        Ok(at)
    }
}

/// The top of the repository that a folder is in.
fn top_of(folder: &Path) -> Option<PathBuf> {
    let mut folders = folder.ancestors();
    folders
        .find(|folder| folder.join(".git").exists())
        .map(Path::to_owned)
}

/// Files that were renamed into their places, with what stood there before.
#[derive(Default)]
pub(crate) struct Committed(Vec<disk::Old>);

impl Committed {
    /// Puts back what stood there, since the run fails for `failure`; says so of what cannot be put back.
    pub(crate) fn undo(self, failure: Failure) -> Failure {
        let unrestored: Vec<String> = self
            .0
            .into_iter()
            .rev()
            .filter_map(|old| disk::Old::restore(old).err())
            .map(|failure| failure.message)
            .collect();
        match unrestored.as_slice() {
            [] => failure,
            unrestored => Failure {
                message: format!("{}\n{}", failure.message, unrestored.join("\n")),
                ..failure
            },
        }
    }
}

/// Renames several files into their places. When one cannot be, those before it get their old content back.
pub(crate) fn commit_all(files: Vec<Staged>) -> Result<Committed, Failure> {
    let mut done = Committed::default();
    for file in files {
        let kept = file.keep_old();
        match kept.and_then(|old| file.commit().map(|()| old)) {
            Ok(old) => done.0.push(old),
            Err(failure) => return Err(done.undo(failure)),
        }
    }
    Ok(done)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn bounds(folder: &Path) -> Bounds {
        Bounds(fs::canonicalize(folder).expect("it is there"))
    }

    #[test]
    fn a_link_that_leads_out_is_refused_whoever_names_it() {
        let root = tempfile::tempdir().unwrap();
        let (inside, outside) = (root.path().join("repo"), root.path().join("elsewhere"));
        fs::create_dir_all(inside.join("locks")).unwrap();
        fs::create_dir(inside.join(".git")).unwrap();
        fs::create_dir(&outside).unwrap();
        symlink(outside.join("x.txt"), inside.join("file.txt")).unwrap();
        symlink("../elsewhere", inside.join("folder")).unwrap();
        symlink(
            "folder/../repo/locks/y.txt",
            inside.join("there-and-back.txt"),
        )
        .unwrap();
        symlink("locks/z.txt", inside.join("within.txt")).unwrap();
        symlink("circle.txt", inside.join("circle.txt")).unwrap();
        symlink(&inside, root.path().join("alias")).unwrap();
        let limits = bounds(&inside);
        for (path, is_refused) in [
            ("repo/file.txt", true),
            ("repo/folder/x.txt", true),
            ("repo/there-and-back.txt", true),
            ("alias/file.txt", true),
            ("repo/circle.txt", true),
            ("repo/locks/../file.txt", true),
            ("repo/within.txt", false),
            ("repo/new.txt", false),
            ("alias/new.txt", false),
            ("elsewhere/x.txt", false),
            ("repo/locks/../../elsewhere/x.txt", false),
        ] {
            let path = root.path().join(path);
            assert_eq!(
                limits.admit(&path, true).is_err(),
                is_refused,
                "{}",
                path.display()
            );
            // Without a bound given, the repository itself is one.
            let is_followed = followed(&path, None).is_ok();
            assert_eq!(is_followed, !is_refused, "{}", path.display());
        }
        let elsewhere = outside.join("x.txt");
        assert!(limits.admit(&elsewhere, false).is_err());
        assert!(limits.admit(&inside.join("within.txt"), false).is_ok());
        fs::write(inside.join("locks/z.txt"), "flask>=2\n").unwrap();
        let failure = limits.admit(&inside.join("within.txt"), false).unwrap_err();
        assert!(failure.message.contains("is not a lock"), "{failure}");
        assert!(limits.admit(&inside.join("within.txt"), true).is_ok());
    }

    #[test]
    fn files_are_all_replaced_or_none() {
        let root = tempfile::tempdir().unwrap();
        let path = |name: &str| root.path().join(name);
        fs::write(path("one.txt"), "old one").unwrap();
        fs::write(path("three.txt"), "old three").unwrap();
        let stage = |name: &str| disk::stage(&path(name), b"new").unwrap();
        let all = || vec![stage("one.txt"), stage("two.txt"), stage("three.txt")];
        let staged = all();
        // In the place of the last a folder came up meanwhile.
        fs::remove_file(path("three.txt")).unwrap();
        fs::create_dir(path("three.txt")).unwrap();
        fs::write(path("three.txt/held"), "").unwrap();
        assert!(commit_all(staged).is_err());
        assert_eq!(fs::read_to_string(path("one.txt")).unwrap(), "old one");
        assert!(!path("two.txt").exists());
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 2);
        fs::remove_dir_all(path("three.txt")).unwrap();
        drop(commit_all(all()).unwrap());
        for name in ["one.txt", "two.txt", "three.txt"] {
            assert_eq!(fs::read_to_string(path(name)).unwrap(), "new");
        }
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 3);
        // What was written is taken back where the run fails all the same.
        let stage = |name: &str| disk::stage(&path(name), b"newer").unwrap();
        let committed = commit_all(vec![stage("one.txt"), stage("four.txt")]);
        let failure = committed.unwrap().undo(Failure::new("no answer"));
        assert_eq!(failure.message, "no answer");
        assert_eq!(fs::read_to_string(path("one.txt")).unwrap(), "new");
        assert!(!path("four.txt").exists());
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 3);
    }
}
