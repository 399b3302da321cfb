//! From files in page order to releases, newest first.

use std::cmp::Reverse;

use lockgate_model::{DistFile, Name, ProjectStatus, Version};
use rustc_hash::FxHashMap;

use super::{Page, Release, file_name};

/// Collects the files of one page. Each spelling of a version is parsed once.
pub(super) struct PageBuilder<'a> {
    project: &'a Name,
    /// Spelling to its place in `releases`; none for a spelling that is no version.
    spellings: FxHashMap<String, Option<usize>>,
    releases: Vec<Release>,
    skipped: usize,
}

impl<'a> PageBuilder<'a> {
    pub(super) fn new(project: &'a Name) -> Self {
        Self {
            project,
            spellings: FxHashMap::default(),
            releases: Vec::new(),
            skipped: 0,
        }
    }

    /// Adds the file named `filename`; `file` is called only if it can ever be chosen.
    pub(super) fn add(&mut self, filename: &str, file: impl FnOnce() -> Option<DistFile>) {
        let release = file_name::version_text(filename, self.project)
            .and_then(|spelling| self.release_of(spelling));
        match release.and_then(|index| Some((self.releases.get_mut(index)?, file()?))) {
            Some((release, file)) => release.files.push(file),
            None => self.skipped += 1,
        }
    }

    /// The page. Files of one release are sorted by name; of two files of one name, the first on the page stays.
    pub(super) fn finish(self, status: ProjectStatus) -> Page {
        let mut releases = self.releases;
        releases.sort_by(|a, b| b.version.cmp(&a.version));
        let mut merged: Vec<Release> = Vec::with_capacity(releases.len());
        for release in releases {
            match merged.last_mut() {
                Some(last) if last.version == release.version => last.files.extend(release.files),
                _ => merged.push(release),
            }
        }
        for release in &mut merged {
            release.files.sort_by(|a, b| a.filename.cmp(&b.filename));
            release.files.dedup_by(|a, b| a.filename == b.filename);
        }
        merged.retain(|release| !release.files.is_empty());
        debug_assert!(merged.is_sorted_by_key(|release| Reverse(&release.version)));
        Page {
            status,
            releases: merged,
            skipped: self.skipped,
        }
    }

    fn release_of(&mut self, spelling: &str) -> Option<usize> {
        if let Some(known) = self.spellings.get(spelling) {
            return *known;
        }
        let place = spelling.parse::<Version>().ok().map(|version| {
            self.releases.push(Release {
                version,
                spelling: spelling.to_owned(),
                files: Vec::new(),
            });
            self.releases.len() - 1
        });
        self.spellings.insert(spelling.to_owned(), place);
        place
    }
}
