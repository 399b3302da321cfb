//! Git repositories, by running `git`: which commit a revision is, and its files.
//!
//! How `git` is run is said in [`crate::git`]: it asks nobody anything and runs nothing that a repository brings. Submodules are fetched
//! only where a project is built.

use std::fs;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use lockgate_model::{FactError, UnusableReason, secret};
use serde::{Deserialize, Serialize};
use url::Url;

use super::tree::{self, Stated};
use crate::Index;
use crate::cache::{Bucket, EntryKind};
use crate::git::{self, GitError, is_full_id};
use crate::http::keep_for_good;
use crate::metadata;
use crate::programs::{Ended, Scratch};

/// A commit, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its full id.
    pub id: String,
    /// What the project in it states.
    pub stated: Stated,
}

/// What is kept of one.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    metadata: Result<metadata::Stated, UnusableReason>,
    pyproject: Option<String>,
}

impl Index {
    /// The commit that `revision` (a branch, a tag or a commit; none: the default branch) is, and what its project states.
    pub fn commit(
        &self,
        repository: &str,
        revision: Option<&str>,
        subdirectory: Option<&str>,
    ) -> Result<Commit, FactError> {
        let named = self.repository(repository);
        self.shared.reporter.started(&named.shown);
        let commit = self.learn_commit(&named, revision, subdirectory);
        self.shared.reporter.finished(&named.shown);
        commit
    }

    fn repository<'a>(&self, repository: &'a str) -> Named<'a> {
        Named {
            repository,
            shown: shown(repository),
            limit: self.shared.options.git_timeout,
        }
    }

    fn learn_commit(
        &self,
        named: &Named<'_>,
        revision: Option<&str>,
        subdirectory: Option<&str>,
    ) -> Result<Commit, FactError> {
        let id = match revision {
            Some(revision) if is_full_id(revision) => Some(revision.to_ascii_lowercase()),
            _ => self.resolve(named, revision)?,
        };
        if let Some(id) = &id
            && let Some(stated) = self.kept_tree(named, id, subdirectory)
        {
            return Ok(Commit {
                id: id.clone(),
                stated,
            });
        }
        if self.is_offline() {
            return Err(named.offline());
        }
        let folder = Scratch::new("lockgate-git-")
            .map_err(|error| named.failed(&error.to_string(), None))?;
        let id = match id {
            Some(id) => {
                fetch_commit(named, &id, folder.path())?;
                id
            }
            // Neither branch nor tag: the beginning of a commit's id, perhaps.
            None => fetch_revision(named, revision.unwrap_or("HEAD"), folder.path())?,
        };
        let place = match subdirectory {
            Some(subdirectory) => folder.path().join(subdirectory),
            None => folder.path().to_owned(),
        };
        if !place.is_dir() {
            return Err(named.failed(
                &format!("it has no folder `{}`", subdirectory.unwrap_or(".")),
                Some("check `#subdirectory=`"),
            ));
        }
        let stated =
            tree::in_folder(&place).map_err(|error| named.failed(&error.to_string(), None))?;
        self.keep_tree(named, &id, subdirectory, &stated);
        Ok(Commit { id, stated })
    }

    /// The commit of a branch or tag. None: there is none of this name. Without network the one that was found last.
    fn resolve(
        &self,
        named: &Named<'_>,
        revision: Option<&str>,
    ) -> Result<Option<String>, FactError> {
        let key = format!("revision {} {}", named.key(), revision.unwrap_or("HEAD"));
        if self.is_offline() {
            let kept = self.shared.store.read(Bucket::Direct, &key);
            let kept = kept.ok_or_else(|| named.offline())?;
            return Ok(std::str::from_utf8(&kept.payload)
                .ok()
                .map(ToOwned::to_owned));
        }
        let list = ["ls-remote", "--quiet", "--", named.repository];
        let listed = named.answer(git::remote(&list, named.limit))?;
        let id = find(&listed, revision);
        if let Some(id) = &id {
            let payload = Bytes::from(id.clone().into_bytes());
            keep_for_good(
                &self.shared.store,
                Bucket::Direct,
                &key,
                EntryKind::Present,
                payload,
            );
        }
        Ok(id)
    }

    fn kept_tree(&self, named: &Named<'_>, id: &str, subdirectory: Option<&str>) -> Option<Stated> {
        let key = tree_key(named, id, subdirectory);
        let kept = self.shared.store.read(Bucket::Direct, &key)?;
        let kept: Kept = postcard::from_bytes(&kept.payload).ok()?;
        Some(Stated {
            metadata: kept.metadata.and_then(metadata::Stated::parsed),
            pyproject: kept.pyproject,
        })
    }

    fn keep_tree(&self, named: &Named<'_>, id: &str, subdirectory: Option<&str>, stated: &Stated) {
        let kept = Kept {
            metadata: stated
                .metadata
                .as_ref()
                .map(metadata::Stated::of)
                .map_err(Clone::clone),
            pyproject: stated.pyproject.clone(),
        };
        if let Ok(payload) = postcard::to_stdvec(&kept) {
            let key = tree_key(named, id, subdirectory);
            keep_for_good(
                &self.shared.store,
                Bucket::Direct,
                &key,
                EntryKind::Present,
                Bytes::from(payload),
            );
        }
    }

    /// The files of a commit, submodules too, in `folder`: for a build.
    pub fn check_out(&self, repository: &str, id: &str, folder: &Path) -> Result<(), FactError> {
        let named = self.repository(repository);
        if self.is_offline() {
            return Err(named.offline());
        }
        fetch_commit(&named, id, folder)?;
        if folder.join(".gitmodules").is_file() {
            let update = ["submodule", "update", "--quiet", "--init", "--recursive"];
            named.within(folder, &update)?;
        }
        Ok(())
    }
}

fn tree_key(named: &Named<'_>, id: &str, subdirectory: Option<&str>) -> String {
    format!("commit {} {id} {}", named.key(), subdirectory.unwrap_or(""))
}

/// A repository as `git` is told it, and as people are.
struct Named<'a> {
    repository: &'a str,
    shown: String,
    /// How long one step may take.
    limit: Duration,
}

impl Named<'_> {
    fn key(&self) -> &str {
        &self.shown
    }

    fn failed(&self, why: &str, remedy: Option<&str>) -> FactError {
        FactError::Unlearned {
            what: format!("the repository {}", self.shown),
            why: self.hidden(why),
            remedy: remedy.map(ToOwned::to_owned),
        }
    }

    fn offline(&self) -> FactError {
        self.failed(
            "the cache does not hold the commit, and `--offline` forbids to fetch it",
            Some("run once without `--offline`"),
        )
    }

    /// Runs `git` in `folder` and returns what it prints.
    fn within(&self, folder: &Path, arguments: &[&str]) -> Result<String, FactError> {
        self.answer(git::within(folder, arguments, self.limit))
    }

    fn answer(&self, ended: Result<Ended, GitError>) -> Result<String, FactError> {
        let error = match ended {
            Ok(ended) if ended.success => return Ok(ended.text()),
            Ok(ended) => GitError::Refused(git::complaint(&ended)),
            Err(error) => error,
        };
        let remedy = match &error {
            GitError::Missing => Some("install Git, or require a released version"),
            GitError::TimedOut(_) => {
                Some("allow more with `--git-timeout`, or require a released version")
            }
            GitError::Refused(said) => remedy(said),
            GitError::Failed(_) => None,
        };
        Err(self.failed(&error.to_string(), remedy))
    }

    /// What `git` says, without the credentials that it may repeat.
    fn hidden(&self, text: &str) -> String {
        text.replace(self.repository, &self.shown)
    }
}

/// Without what may be a secret. The user that SSH goes in with is none.
fn shown(repository: &str) -> String {
    let Ok(mut url) = Url::parse(repository) else {
        return repository.to_owned();
    };
    // An address without a host has no credentials.
    let _ = url.set_password(None);
    if url.scheme() != "ssh" {
        let _ = url.set_username("");
    }
    secret::hide(url.as_str()).into_owned()
}

/// The id of a branch, a tag or a full reference among the lines of `ls-remote`: a branch before a tag of the same name, as pip holds it;
/// of an annotated tag the commit that it is on.
fn find(listed: &str, revision: Option<&str>) -> Option<String> {
    let id_of = |wanted: &str| {
        listed.lines().find_map(|line| {
            let (id, reference) = line.split_once('\t')?;
            (reference == wanted).then(|| id.to_owned())
        })
    };
    let Some(revision) = revision else {
        return id_of("HEAD");
    };
    let tag = format!("refs/tags/{revision}");
    id_of(&format!("refs/heads/{revision}"))
        .or_else(|| id_of(&format!("{tag}^{{}}")))
        .or_else(|| id_of(&tag))
        .or_else(|| id_of(&format!("{revision}^{{}}")))
        .or_else(|| id_of(revision).filter(|_| revision.starts_with("refs/")))
}

/// Only that commit where the server gives it out, else everything and then that commit.
fn fetch_commit(named: &Named<'_>, id: &str, folder: &Path) -> Result<(), FactError> {
    init(named, folder)?;
    let fetch = ["fetch", "--quiet", "--depth=1", "--", named.repository, id];
    if named.within(folder, &fetch).is_err() {
        fetch_all(named, folder)?;
    }
    check_out(named, id, folder)
}

fn fetch_revision(named: &Named<'_>, revision: &str, folder: &Path) -> Result<String, FactError> {
    init(named, folder)?;
    fetch_all(named, folder)?;
    let wanted = format!("{revision}^{{commit}}");
    let parse = [
        "rev-parse",
        "--quiet",
        "--verify",
        "--end-of-options",
        &wanted,
    ];
    let id = named.within(folder, &parse).map_err(|_unknown| {
        named.failed(
            &format!("it has no branch, tag or commit `{revision}`"),
            Some("check the name behind the `@`"),
        )
    })?;
    let id = id
        .trim()
        .trim_start_matches("--end-of-options")
        .trim()
        .to_owned();
    check_out(named, &id, folder)?;
    Ok(id)
}

fn init(named: &Named<'_>, folder: &Path) -> Result<(), FactError> {
    fs::create_dir_all(folder).map_err(|error| named.failed(&error.to_string(), None))?;
    named.within(folder, &["init", "--quiet"]).map(drop)
}

fn fetch_all(named: &Named<'_>, folder: &Path) -> Result<(), FactError> {
    let everything = [
        "fetch",
        "--quiet",
        "--tags",
        "--",
        named.repository,
        "+refs/heads/*:refs/remotes/origin/*",
    ];
    named.within(folder, &everything).map(drop)
}

fn check_out(named: &Named<'_>, id: &str, folder: &Path) -> Result<(), FactError> {
    let checkout = ["checkout", "--quiet", "--force", "--detach", id, "--"];
    named
        .within(folder, &checkout)
        .map(drop)
        .map_err(|_unknown| {
            named.failed(
                &format!("it has no commit {id}"),
                Some("check the commit behind the `@`"),
            )
        })
}

fn remedy(said: &str) -> Option<&'static str> {
    let is_refused = [
        "could not read Username",
        "Authentication failed",
        "Permission denied",
        "terminal prompts disabled",
    ]
    .iter()
    .any(|part| said.contains(part));
    if is_refused {
        Some("give `git` credentials for it (a credential helper, an SSH key, or in the address)")
    } else if said.contains("not found")
        || said.contains("does not exist")
        || said.contains("does not appear to be a git repository")
    {
        Some("check the address, and whether you may read it")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn a_branch_goes_before_a_tag_and_a_tag_is_its_commit() {
        let listed = "aa\tHEAD\nbb\trefs/heads/v1\ncc\trefs/tags/v1\ndd\trefs/tags/v2\nee\trefs/tags/v2^{}\nff\trefs/pull/1/head\n";
        for (revision, id) in [
            (None, Some("aa")),
            (Some("v1"), Some("bb")),
            (Some("v2"), Some("ee")),
            (Some("refs/pull/1/head"), Some("ff")),
            (Some("refs/tags/v2"), Some("ee")),
            (Some("v3"), None),
        ] {
            assert_eq!(find(listed, revision).as_deref(), id, "{revision:?}");
        }
    }
}
