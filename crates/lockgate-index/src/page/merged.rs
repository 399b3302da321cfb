//! Views that are put together: of listed files of many projects, and of several views of one project.

use std::cmp::Ordering;
use std::fmt;
use std::io::Read as _;
use std::sync::{Arc, OnceLock};

use lockgate_model::{DistFile, FactError, Name, ProjectStatus, ProjectView, Sha256, Version};
use url::Url;

use super::builder::PageBuilder;
use super::{Page, Release, file_name};
use crate::files::{Limit, open_regular};
use crate::redact::redact_url;

/// What `files`, which are of any project, hold of `name`; none if nothing.
pub(crate) fn select<'f>(
    name: &Name,
    files: impl IntoIterator<Item = &'f DistFile>,
) -> Option<Arc<dyn ProjectView>> {
    let mut builder = PageBuilder::new(name);
    for file in files {
        if file_name::version_text(&file.filename, name).is_some() {
            builder.add(&file.filename, || Some(file.clone()));
        }
    }
    let page = builder.finish(ProjectStatus::Active);
    (!page.releases.is_empty()).then(|| listed(name, page))
}

/// The view of a page whose files may lie on this machine.
pub(crate) fn listed(name: &Name, page: Page) -> Arc<dyn ProjectView> {
    Arc::new(ListedView {
        name: name.clone(),
        status: page.status,
        releases: page.releases.into_iter().map(Listed::new).collect(),
    })
}

/// The files of one project out of a list. Files of this machine are read, for their digest, when their release is looked at.
struct ListedView {
    name: Name,
    status: ProjectStatus,
    releases: Vec<Listed>,
}

struct Listed {
    release: Release,
    files: OnceLock<Result<Arc<[DistFile]>, FactError>>,
}

impl Listed {
    fn new(release: Release) -> Self {
        Self {
            release,
            files: OnceLock::new(),
        }
    }
}

impl ProjectView for ListedView {
    fn name(&self) -> &Name {
        &self.name
    }

    fn status(&self) -> &ProjectStatus {
        &self.status
    }

    fn len(&self) -> usize {
        self.releases.len()
    }

    fn version(&self, index: usize) -> &Version {
        &self.releases[index].release.version
    }

    fn files(&self, index: usize) -> Result<Arc<[DistFile]>, FactError> {
        let listed = &self.releases[index];
        let digested = || listed.release.files.iter().map(digested).collect();
        listed.files.get_or_init(digested).clone()
    }
}

impl fmt::Debug for ListedView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListedView")
            .field("name", &self.name)
            .field("releases", &self.releases.len())
            .finish_non_exhaustive()
    }
}

/// `file` with its digest, if it lies on this machine; a digest that its page states must be the right one.
fn digested(file: &DistFile) -> Result<DistFile, FactError> {
    if !file.is_local() {
        return Ok(file.clone());
    }
    let unlearned = |why: String| FactError::Unlearned {
        what: format!("the sha256 of `{}`", redact_url(&file.url)),
        why,
        remedy: Some("see that the file can be read, or take it out of `--find-links`".to_owned()),
    };
    let (actual, size) = digest(&file.url).map_err(|error| unlearned(error.to_string()))?;
    if let Some(stated) = file.sha256.filter(|stated| *stated != actual) {
        return Err(unlearned(format!(
            "its hash differs: its page states sha256 {stated}, the file has {actual}"
        )));
    }
    Ok(DistFile {
        sha256: Some(actual),
        size: Some(size),
        ..file.clone()
    })
}

/// Digest and length of a file, by its `file:` address.
fn digest(url: &str) -> std::io::Result<(Sha256, u64)> {
    use sha2::Digest as _;
    let path = Url::parse(url)
        .ok()
        .and_then(|url| url.to_file_path().ok())
        .ok_or_else(|| std::io::Error::from(std::io::ErrorKind::InvalidInput))?;
    let mut file = open_regular(&path, Limit::ARCHIVE)?;
    let mut digest = sha2::Sha256::new();
    let mut size = 0;
    let mut piece = vec![0; 1 << 16];
    loop {
        let count = file.read(&mut piece)?;
        if count == 0 {
            return Ok((Sha256(digest.finalize().into()), size));
        }
        digest.update(&piece[..count]);
        size += count as u64;
    }
}

/// Several views of one project as one. The best version wins wherever it is; of equal files the earlier view's go first. What views say
/// differently of one file is held apart, as by pip: each of them offers it, and an offer that is yanked or not for this Python takes nothing
/// from the others.
pub(crate) struct MergedView {
    views: Vec<Arc<dyn ProjectView>>,
    status: ProjectStatus,
    releases: Vec<Merged>,
}

/// A release: the views that have it, each with its place there.
struct Merged {
    places: Vec<(usize, usize)>,
    files: OnceLock<Result<Arc<[DistFile]>, FactError>>,
}

impl MergedView {
    /// Of at least one view; one alone stays as it is.
    pub(crate) fn of(mut views: Vec<Arc<dyn ProjectView>>) -> Option<Arc<dyn ProjectView>> {
        if views.len() < 2 {
            return views.pop();
        }
        let mut status = &ProjectStatus::Active;
        for view in &views {
            if severity(view.status()) > severity(status) {
                status = view.status();
            }
        }
        let status = status.clone();
        let releases = merge(&views);
        Some(Arc::new(Self {
            views,
            status,
            releases,
        }))
    }

    fn gather(&self, release: &Merged) -> Result<Arc<[DistFile]>, FactError> {
        let mut files: Vec<DistFile> = Vec::new();
        for (view, place) in &release.places {
            files.extend(self.views[*view].files(*place)?.iter().cloned());
        }
        // Stable: of files with one name, the earlier view's stay ahead.
        files.sort_by(|a, b| a.filename.cmp(&b.filename));
        let mut kept: Vec<DistFile> = Vec::with_capacity(files.len());
        for file in files {
            let same = kept
                .iter_mut()
                .rev()
                .take_while(|other| other.filename == file.filename)
                .find(|other| is_same_offer(other, &file));
            match same {
                Some(known) => complete(known, &file),
                None => kept.push(file),
            }
        }
        Ok(kept.into())
    }
}

/// Whether two views offer one file under the same conditions.
fn is_same_offer(one: &DistFile, other: &DistFile) -> bool {
    one.sha256.is_some()
        && one.sha256 == other.sha256
        && one.is_yanked() == other.is_yanked()
        && one.requires_python == other.requires_python
}

/// Adds to `known` what another view says of the same file and the order of the views should not decide. It is not younger than its
/// earliest upload.
fn complete(known: &mut DistFile, other: &DistFile) {
    known.uploaded = match (known.uploaded, other.uploaded) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    known.size = known.size.or(other.size);
    known.has_provenance |= other.has_provenance;
}

/// What speaks most against a project counts: nobody knows which of the indexes its status is meant for.
fn severity(status: &ProjectStatus) -> u8 {
    match status {
        ProjectStatus::Active => 0,
        ProjectStatus::Archived(_) => 1,
        ProjectStatus::Deprecated(_) => 2,
        ProjectStatus::Quarantined(_) => 3,
    }
}

/// All releases of all views, newest first.
fn merge(views: &[Arc<dyn ProjectView>]) -> Vec<Merged> {
    let mut releases: Vec<Merged> = Vec::new();
    let mut next = vec![0; views.len()];
    loop {
        let mut newest: Vec<(usize, usize)> = Vec::new();
        for (at, view) in views.iter().enumerate() {
            if next[at] >= view.len() {
                continue;
            }
            let ordering = newest.first().map_or(Ordering::Greater, |(other, place)| {
                view.version(next[at]).cmp(views[*other].version(*place))
            });
            match ordering {
                Ordering::Greater => newest = vec![(at, next[at])],
                Ordering::Equal => newest.push((at, next[at])),
                Ordering::Less => {}
            }
        }
        if newest.is_empty() {
            return releases;
        }
        for (at, _) in &newest {
            next[*at] += 1;
        }
        releases.push(Merged {
            places: newest,
            files: OnceLock::new(),
        });
    }
}

impl ProjectView for MergedView {
    fn name(&self) -> &Name {
        self.views[0].name()
    }

    fn status(&self) -> &ProjectStatus {
        &self.status
    }

    fn len(&self) -> usize {
        self.releases.len()
    }

    fn version(&self, index: usize) -> &Version {
        let (view, place) = self.releases[index].places[0];
        self.views[view].version(place)
    }

    fn files(&self, index: usize) -> Result<Arc<[DistFile]>, FactError> {
        let release = &self.releases[index];
        release.files.get_or_init(|| self.gather(release)).clone()
    }
}

impl fmt::Debug for MergedView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MergedView")
            .field("views", &self.views)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(name: &Name, from: &str, versions: &[&str]) -> Arc<dyn ProjectView> {
        let files: Vec<DistFile> = versions
            .iter()
            .map(|version| {
                let filename = format!("foo-{version}.tar.gz");
                DistFile {
                    url: format!("https://{from}.test/{filename}"),
                    sha256: Some(Sha256::of(filename.as_bytes())),
                    filename,
                    size: None,
                    uploaded: None,
                    requires_python: None,
                    yanked: lockgate_model::Yank::No,
                    core_metadata: lockgate_model::CoreMetadata::Absent,
                    has_provenance: false,
                }
            })
            .collect();
        select(name, &files).unwrap()
    }

    #[test]
    fn what_views_say_differently_of_a_file_is_held_apart_whatever_their_order() {
        use lockgate_model::{Timestamp, Yank};

        let name: Name = "foo".parse().unwrap();
        let of = |change: &dyn Fn(&mut DistFile)| {
            let view = view(&name, "any", &["1"]);
            let mut file = view.files(0).unwrap()[0].clone();
            change(&mut file);
            select(&name, [&file]).unwrap()
        };
        let (early, late): (Timestamp, Timestamp) = (
            "2024-01-01T00:00:00Z".parse().unwrap(),
            "2025-01-01T00:00:00Z".parse().unwrap(),
        );
        let views = [
            of(&|file| file.yanked = Yank::Yes("oops".to_owned())),
            of(&|file| file.uploaded = Some(late)),
            of(&|file| file.requires_python = Some(">=3.13".to_owned())),
            of(&|file| file.uploaded = Some(early)),
            of(&|file| file.has_provenance = true),
        ];
        for turn in 0..views.len() {
            let mut turned = views.to_vec();
            turned.rotate_left(turn);
            let files = MergedView::of(turned).unwrap().files(0).unwrap();
            assert_eq!(files.len(), 3, "{files:?}");
            let yanked: Vec<_> = files.iter().filter(|file| file.is_yanked()).collect();
            assert_eq!(yanked.len(), 1);
            let plain = files
                .iter()
                .find(|file| !file.is_yanked() && file.requires_python.is_none())
                .unwrap();
            assert_eq!((plain.uploaded, plain.has_provenance), (Some(early), true));
        }
    }

    #[test]
    fn versions_of_all_views_are_one_list_and_equal_files_are_the_first_views() {
        let name: Name = "foo".parse().unwrap();
        let views = vec![
            view(&name, "one", &["3", "1"]),
            view(&name, "two", &["3.0", "2", "1"]),
            view(&name, "three", &["4"]),
        ];
        let merged = MergedView::of(views).unwrap();
        let versions: Vec<String> = (0..merged.len())
            .map(|index| merged.version(index).to_string())
            .collect();
        assert_eq!(versions, ["4", "3", "2", "1"]);
        let urls = |index| -> Vec<String> {
            let files = merged.files(index).unwrap();
            files.iter().map(|file| file.url.clone()).collect()
        };
        assert_eq!(
            urls(1),
            [
                "https://two.test/foo-3.0.tar.gz",
                "https://one.test/foo-3.tar.gz"
            ]
        );
        assert_eq!(urls(3), ["https://one.test/foo-1.tar.gz"]);
        assert!(MergedView::of(Vec::new()).is_none());
    }
}
