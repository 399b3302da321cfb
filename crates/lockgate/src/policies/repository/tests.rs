use std::fs;

use super::*;

/// A folder in which everything is made; the tops of repositories above it are no matter here.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn root(&self) -> PathBuf {
        fs::canonicalize(self.0.path()).unwrap()
    }

    fn folder(&self, path: &str) -> PathBuf {
        let path = self.root().join(path);
        fs::create_dir_all(&path).unwrap();
        path
    }

    fn file(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The top for a folder, as a path from the root of this place.
    fn top(&self, folder: &str) -> Option<String> {
        let way = Way::to(&self.folder(folder)).unwrap();
        let top = way.top?;
        assert_eq!(way.folders.first(), Some(&top));
        assert_eq!(way.folders.last(), Some(&self.root().join(folder)));
        let top = top.strip_prefix(self.root()).unwrap();
        Some(top.display().to_string())
    }
}

#[test]
fn the_top_is_the_nearest_folder_with_a_git_folder() {
    let place = Place::new();
    place.folder("repo/.git");
    place.folder("repo/vendored/.git");
    for (folder, top) in [
        ("repo", "repo"),
        ("repo/a/b", "repo"),
        ("repo/vendored", "repo/vendored"),
        ("repo/vendored/a", "repo/vendored"),
    ] {
        assert_eq!(place.top(folder).as_deref(), Some(top), "{folder}");
    }
}

#[test]
fn a_submodule_is_no_top_and_a_work_tree_is_one() {
    let place = Place::new();
    for folder in [
        "repo/.git/modules/sub/modules/inner",
        "repo/.git/worktrees/w/modules/sub",
        "elsewhere/separate",
    ] {
        place.folder(folder);
    }
    place.file("repo/.git/worktrees/w/commondir", "../..\n");
    place.file("repo/sub/.git", "gitdir: ../.git/modules/sub\n");
    place.file(
        "repo/sub/inner/.git",
        "gitdir: ../../.git/modules/sub/modules/inner\n",
    );
    let absolute = place.root().join("repo/.git/worktrees/w");
    let absolute = format!("gitdir: {}\n", absolute.display());
    // A work tree is a top wherever it stands, also in the repository that it belongs to.
    place.file("w/.git", &absolute);
    place.file("repo/w/.git", &absolute);
    place.file(
        "w/sub/.git",
        "gitdir: ../../repo/.git/worktrees/w/modules/sub\n",
    );
    place.file("repo/own/.git", "gitdir: ../../elsewhere/separate\n");
    for (folder, top) in [
        ("repo/sub", "repo"),
        ("repo/sub/deep/down", "repo"),
        ("repo/sub/inner/a", "repo"),
        ("w/a", "w"),
        ("w/sub/a", "w"),
        ("repo/w/a", "repo/w"),
        ("repo/own/a", "repo/own"),
    ] {
        assert_eq!(place.top(folder).as_deref(), Some(top), "{folder}");
    }
}

#[test]
fn a_submodule_whose_repository_is_not_there_stands_for_itself() {
    let place = Place::new();
    place.file("alone/.git", "gitdir: ../.git/modules/alone\n");
    assert_eq!(place.top("alone/a").as_deref(), Some("alone"));
}

#[test]
fn a_file_that_only_has_the_name_is_no_top() {
    let place = Place::new();
    place.folder("repo/.git");
    place.file("repo/a/.git", "not a git file\n");
    place.file("repo/b/.git", "");
    assert_eq!(place.top("repo/a/x").as_deref(), Some("repo"));
    assert_eq!(place.top("repo/b").as_deref(), Some("repo"));
}

#[cfg(unix)]
#[test]
fn links_lead_to_the_folder_that_they_name() {
    let place = Place::new();
    place.folder("repo/.git");
    place.folder("other/.git");
    place.folder("other/a");
    std::os::unix::fs::symlink(place.root().join("other/a"), place.root().join("repo/link"))
        .unwrap();
    let way = Way::to(&place.root().join("repo/link")).unwrap();
    assert_eq!(way.top, Some(place.root().join("other")));
    // `..` is that of the folder behind the link.
    let way = Way::to(&place.root().join("repo/link/..")).unwrap();
    assert_eq!(way.folders, [place.root().join("other")]);
}

/// Only the superuser can give folders away.
#[cfg(unix)]
#[test]
fn folders_of_another_owner_are_not_searched() {
    let place = Place::new();
    let above = place.folder("above");
    place.folder("above/mine/below");
    let given_away = std::os::unix::fs::chown(&above, Some(12345), None);
    if given_away.is_err() {
        // Whoever runs this may not; the root of the system then belongs to another.
        let way = Way::to(&place.root()).unwrap();
        assert!(!way.folders.contains(&PathBuf::from("/")));
        return;
    }
    let below = place.root().join("above/mine/below");
    let way = Way::to(&below).unwrap();
    assert_eq!(
        way.folders,
        [place.root().join("above/mine"), below.clone()]
    );
    assert_eq!(way.top, None);
    // What lies there isn't read, and that it lies there is said.
    place.file("above/lockgate.toml", "gate = \"off\"\n");
    let way = Way::to(&below).unwrap();
    assert_eq!(way.cut_short_at, Some(place.root().join("above")));
    place.folder("above/.git");
    assert_eq!(Way::to(&below).unwrap().top, None);
    place.folder("above/mine/.git");
    let way = Way::to(&below).unwrap();
    assert_eq!(
        (way.top, way.cut_short_at),
        (Some(place.root().join("above/mine")), None)
    );
}
