use std::fs;
use std::path::{Path, PathBuf};

use super::*;

/// A repository with one commit, and what is to be found in it.
fn repository(folder: &Path) -> PathBuf {
    let top = folder.join("repo");
    fs::create_dir_all(top.join("deep")).unwrap();
    fs::write(top.join("lockgate.toml"), "gate = \"deny\"\n").unwrap();
    fs::write(top.join("deep/-x"), [0xff, 0]).unwrap();
    for arguments in [
        &["init", "--quiet"][..],
        &["add", "."],
        &[
            "-c",
            "user.name=n",
            "-c",
            "user.email=e",
            "commit",
            "--quiet",
            "-m",
            "m",
        ],
        &["tag", "v1"],
    ] {
        let ended = within(&top, arguments, LOCAL_LIMIT).unwrap();
        assert!(ended.success, "{}", ended.err);
    }
    top
}

#[test]
fn a_file_is_read_as_it_is_in_a_revision() {
    let folder = tempfile::tempdir().unwrap();
    let top = repository(folder.path());
    let git_dir = top.join(".git");
    // The work tree has no say.
    fs::write(top.join("lockgate.toml"), "gate = \"off\"\n").unwrap();
    for revision in ["HEAD", "main", "v1", "refs/heads/main"] {
        let file = file_at_revision(&git_dir, revision, "lockgate.toml").unwrap();
        assert_eq!(
            file.as_deref(),
            Some(&b"gate = \"deny\"\n"[..]),
            "{revision}"
        );
    }
    let odd = file_at_revision(&git_dir, "v1", "deep/-x").unwrap();
    assert_eq!(odd.as_deref(), Some(&[0xff, 0][..]));
    assert_eq!(file_at_revision(&git_dir, "v1", "deep/y").unwrap(), None);
    assert_eq!(
        file_at_revision(&git_dir, "v1", "lockgate.tom*").unwrap(),
        None
    );
    for (revision, path, why) in [
        ("v1", "deep", "not a regular file"),
        ("v2", "lockgate.toml", "no revision `v2`"),
        ("--help", "lockgate.toml", "not a valid revision"),
        ("", "lockgate.toml", "not a valid revision"),
    ] {
        let error = file_at_revision(&git_dir, revision, path).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
    // A work tree has a file in the place of the folder.
    let link = folder.path().join("link");
    fs::write(&link, format!("gitdir: {}\n", git_dir.display())).unwrap();
    assert!(
        file_at_revision(&link, "v1", "lockgate.toml")
            .unwrap()
            .is_some()
    );
    let nowhere = file_at_revision(&folder.path().join("none"), "v1", "x");
    assert!(
        nowhere
            .unwrap_err()
            .to_string()
            .contains("not a git repository")
    );
}

#[test]
fn a_time_limit_is_named_as_people_say_it() {
    for (limit, text) in [
        (Duration::from_mins(10), "10 minutes"),
        (Duration::from_mins(1), "60 seconds"),
        (Duration::from_secs(1), "1 second"),
        (Duration::from_millis(1500), "1.5 seconds"),
    ] {
        let error = GitError::TimedOut(limit).to_string();
        assert_eq!(error, format!("`git` did not end within {text}"));
    }
}
