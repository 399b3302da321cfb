//! Symbolic links that lead out of a repository's checkout.
//!
//! A link is text in a repository as any other: whoever proposes a change can have it lead to a private file of the machine that reads
//! the checkout, or to an endless one. A link is followed where it stays inside the repository that holds it, and where no repository does.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::Limit;

/// A symbolic link of a repository that leads out of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the symbolic link `{}` leads out of the repository, to `{}`", .link.display(), .target.display())]
pub struct OutsideLink {
    /// The link.
    pub link: PathBuf,
    /// Where it leads.
    pub target: PathBuf,
}

impl OutsideLink {
    /// What a person can do about it.
    pub const HELP: &'static str =
        "replace the link by what it leads to, or name the file or folder on the command line";

    /// The link that `error` is about, if that is why it was returned.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

impl From<OutsideLink> for io::Error {
    fn from(link: OutsideLink) -> Self {
        Self::other(link)
    }
}

/// Follows `path` link by link; an error holds the first link ([`OutsideLink::of`]) that leads out of the repository that it lies in.
/// What is not there is no error.
pub fn stay_inside(path: &Path) -> io::Result<()> {
    follow(PathBuf::new(), &std::path::absolute(path)?)
}

/// As [`stay_inside`], of a path that the file at `from` names. How one gets to the folder of `from` was decided when that was opened.
pub fn stay_inside_from(path: &Path, from: &Path) -> io::Result<()> {
    let folder = from.parent().unwrap_or(Path::new(""));
    let (path, folder) = (std::path::absolute(path)?, absolute(folder)?);
    match (path.strip_prefix(&folder), fs::canonicalize(&folder)) {
        (Ok(rest), Ok(real)) => follow(real, rest),
        _ => follow(PathBuf::new(), &path),
    }
}

fn absolute(folder: &Path) -> io::Result<PathBuf> {
    if folder.as_os_str().is_empty() {
        return std::env::current_dir();
    }
    std::path::absolute(folder)
}

/// Goes on from `place`, a folder without links in its path.
fn follow(mut place: PathBuf, path: &Path) -> io::Result<()> {
    for part in path.components() {
        match part {
            Component::CurDir => continue,
            Component::ParentDir => {
                place.pop();
                continue;
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => {}
        }
        let next = place.join(part);
        if !next.is_symlink() {
            place = next;
            continue;
        }
        let target = match fs::canonicalize(&next) {
            Ok(target) => target,
            // Whoever reads it will say that nothing is there.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        if repository_top(&place).is_some_and(|top| !target.starts_with(top)) {
            return Err(OutsideLink { link: next, target }.into());
        }
        place = target;
    }
    Ok(())
}

/// The top of the repository that holds `folder`: the nearest folder upwards in which `.git` stands, as a folder or as the file of a
/// work tree. A submodule belongs to the repository that it is a part of. What git would not take for a repository counts where nothing above
/// is one either.
pub fn repository_top(folder: &Path) -> Option<&Path> {
    let mut tops = folder.ancestors().filter(|folder| {
        let git = folder.join(".git");
        git.is_dir() || (git.is_file() && !is_submodule(folder, &git))
    });
    let nearest = tops.clone().next();
    tops.find(|folder| is_sound(folder)).or(nearest)
}

/// Whether the git folder of the checkout at `folder` is there, as far as a look tells.
fn is_sound(folder: &Path) -> bool {
    let git = folder.join(".git");
    let git = if git.is_dir() {
        Some(git)
    } else {
        pointed_to(folder, &git)
    };
    git.is_some_and(|git| is_git_folder(&git))
}

/// Whether git would take a folder for the git folder of a repository or of a work tree, as far as a look at names tells.
pub fn is_git_folder(git: &Path) -> bool {
    let has_head = fs::symlink_metadata(git.join("HEAD")).is_ok();
    has_head && (git.join("objects").is_dir() || git.join("commondir").is_file())
}

/// Where the file `git` of the checkout at `folder` leads to.
fn pointed_to(folder: &Path, git: &Path) -> Option<PathBuf> {
    const POINTER: Limit = Limit::new("`.git` files", 64 << 10);
    let text = super::read_text(git, POINTER).ok()?;
    let named = text.trim().strip_prefix("gitdir:")?;
    fs::canonicalize(folder.join(named.trim())).ok()
}

/// Whether the git folder of the checkout at `folder` lies in that of a repository above it.
fn is_submodule(folder: &Path, git: &Path) -> bool {
    let Some(real) = pointed_to(folder, git) else {
        return false;
    };
    let mut above = folder.ancestors().skip(1);
    above.any(|above| real.starts_with(above.join(".git").join("modules")))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A repository `top`, a folder `outside` next to it, and a link `link` in the repository's folder `sub` that leads to `target`.
    fn scene(target: &str) -> (tempfile::TempDir, PathBuf) {
        let scene = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(scene.path()).unwrap();
        for folder in ["top/.git", "top/sub/deep", "outside"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        for file in ["top/a.in", "top/sub/b.in", "outside/c.in"] {
            fs::write(root.join(file), "x").unwrap();
        }
        symlink(target, root.join("top/sub/link")).unwrap();
        (scene, root)
    }

    #[test]
    fn a_link_that_stays_inside_is_followed_and_one_that_leads_out_is_named() {
        for (target, path, leaves) in [
            ("../a.in", "link", false),
            ("..", "link/a.in", false),
            ("nowhere", "link", false),
            ("../../outside", "link/c.in", true),
            ("../../outside/c.in", "link", true),
            ("../../outside", "link/../top/a.in", true),
            ("/dev/zero", "link", true),
        ] {
            let (_scene, root) = scene(target);
            let sub = root.join("top/sub");
            for stays in [
                stay_inside(&sub.join(path)),
                stay_inside_from(&sub.join(path), &sub.join("b.in")),
                stay_inside_from(&sub.join(path), &root.join("top/a.in")),
            ] {
                let error = stays.err();
                let link = error.as_ref().and_then(OutsideLink::of);
                assert_eq!(link.is_some(), leaves, "{target} {path}");
                if let Some(link) = link {
                    assert_eq!(link.link, sub.join("link"));
                }
            }
        }
    }

    #[test]
    fn how_one_came_to_the_naming_file_is_not_asked_again() {
        let (_scene, root) = scene("../../outside");
        let link = root.join("top/sub/link");
        assert!(stay_inside_from(&link.join("d.in"), &link.join("c.in")).is_ok());
        assert!(stay_inside(&link.join("d.in")).is_err());
    }

    #[test]
    fn where_no_repository_is_links_are_followed() {
        let (_scene, root) = scene("../../outside");
        fs::remove_dir(root.join("top/.git")).unwrap();
        assert!(stay_inside(&root.join("top/sub/link/c.in")).is_ok());
    }

    #[test]
    fn a_submodule_is_a_part_of_its_repository_and_a_work_tree_is_one_by_itself() {
        let (_scene, root) = scene("../a.in");
        let sub = root.join("top/sub");
        fs::create_dir_all(root.join("top/.git/modules/sub")).unwrap();
        fs::create_dir_all(root.join("outside/.git/worktrees/sub")).unwrap();
        fs::write(sub.join(".git"), "gitdir: ../.git/modules/sub\n").unwrap();
        assert_eq!(repository_top(&sub), Some(root.join("top").as_path()));
        assert!(stay_inside(&sub.join("link")).is_ok());
        fs::write(
            sub.join(".git"),
            "gitdir: ../../outside/.git/worktrees/sub\n",
        )
        .unwrap();
        assert_eq!(repository_top(&sub), Some(sub.as_path()));
        assert!(stay_inside(&sub.join("link")).is_err());
    }
}
