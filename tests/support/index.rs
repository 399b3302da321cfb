//! A package index over a [`World`]: `/simple/NAME/`, `/files/FILE`, `/files/FILE.metadata`.

use std::collections::BTreeMap;
use std::sync::RwLock;

use axum::http::header;

use crate::artifact::{Artifact, artifacts, is_same_version, normalised, sha256};
use crate::loopback::{Answer, Incoming, Loopback, Site};
use crate::pages::{HTML, JSON, Listed, html_page, json_page};
use crate::world::{Release, World};

/// The index as a site.
pub struct Index {
    served: RwLock<Served>,
}

/// A world with the files that it stands for.
struct Served {
    world: World,
    files: BTreeMap<String, BTreeMap<String, Vec<Artifact>>>,
}

impl Served {
    fn new(world: World) -> Self {
        let made = |name: &str, version: &str, release: &Release| {
            let mut files = artifacts(name, version, release);
            for file in &mut files {
                if let Some(bytes) = world.replaced_files.get(&file.filename) {
                    file.bytes.clone_from(bytes);
                }
            }
            files
        };
        let mut files: BTreeMap<String, BTreeMap<String, Vec<Artifact>>> = BTreeMap::new();
        for (name, project) in &world.projects {
            for (version, release) in &project.releases {
                let by_version = files.entry(name.clone()).or_default();
                by_version.insert(version.clone(), made(name, version, release));
            }
        }
        Self { world, files }
    }

    fn all_files(&self) -> impl Iterator<Item = &Artifact> {
        self.files.values().flat_map(BTreeMap::values).flatten()
    }

    fn page(&self, request: &Incoming, name: &str) -> Option<Answer> {
        let (spelling, project) = self
            .world
            .projects
            .iter()
            .find(|(spelling, _)| normalised(spelling) == name)?;
        let none = BTreeMap::new();
        let files = self.files.get(spelling).unwrap_or(&none);
        let mut releases: Vec<Listed<'_>> = project
            .releases
            .iter()
            .filter_map(|(version, release)| {
                Some(Listed {
                    version,
                    release,
                    files: files.get(version)?,
                })
            })
            .collect();
        // Indexes list in no order that could be relied on; the reverse of the obvious one shows who does.
        releases.reverse();
        let with_metadata = !self.world.without_metadata_files;
        let wants_json =
            request.header(header::ACCEPT).contains("v1+json") && !self.world.html_only;
        let mut answer = if self.world.without_hashes {
            let page = html_page(name, project, &releases, false);
            Answer::ok(HTML, without_digests(&String::from_utf8_lossy(&page)))
        } else if wants_json {
            Answer::ok(JSON, json_page(name, project, &releases, with_metadata))
        } else {
            Answer::ok(HTML, html_page(name, project, &releases, with_metadata))
        };
        answer.cache_control.clone_from(&self.world.cache_control);
        Some(answer)
    }

    fn file(&self, name: &str) -> Option<Answer> {
        let plain = name.strip_suffix(".metadata");
        let file = self
            .all_files()
            .find(|file| file.filename == plain.unwrap_or(name))?;
        let body = match plain {
            Some(_) if self.world.without_metadata_files => return None,
            Some(_) => file.metadata.clone()?,
            None => file.bytes.clone(),
        };
        let mut answer = Answer::ok("application/octet-stream", body);
        answer.cache_control = Some("max-age=365000000, immutable, public".to_owned());
        Some(answer)
    }
}

impl Index {
    /// Of a world.
    pub fn new(world: World) -> Self {
        Self {
            served: RwLock::new(Served::new(world)),
        }
    }
}

/// A page without the fragments that state digests.
fn without_digests(page: &str) -> String {
    let mut pieces = page.split("#sha256=");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |page, piece| {
        page + piece.get(64..).unwrap_or_default()
    })
}

impl Site for Index {
    fn answer(&self, request: &Incoming) -> Answer {
        let served = self
            .served
            .read()
            .expect("no thread panicked over the world");
        let found = if let Some(name) = request.path.strip_prefix("/simple/") {
            name.strip_suffix('/')
                .and_then(|name| served.page(request, name))
        } else if let Some(file) = request.path.strip_prefix("/files/") {
            served.file(file)
        } else {
            None
        };
        found.unwrap_or_else(|| Answer::status(404))
    }
}

impl Loopback<Index> {
    /// Serves a world.
    pub fn index(world: World) -> Self {
        Self::start(Index::new(world))
    }

    /// What `--index-url` takes.
    pub fn index_url(&self) -> String {
        format!("{}/simple", self.origin())
    }

    /// The world moves on.
    pub fn set_world(&self, world: World) {
        *self
            .site()
            .served
            .write()
            .expect("no thread panicked over the world") = Served::new(world);
    }

    /// The digests of the files of a release that `keep` lets through, sorted.
    pub fn hashes(&self, name: &str, version: &str, keep: impl Fn(&str) -> bool) -> Vec<String> {
        let served = self
            .site()
            .served
            .read()
            .expect("no thread panicked over the world");
        let mut hashes: Vec<String> = served
            .files
            .iter()
            .filter(|(spelling, _)| normalised(spelling) == normalised(name))
            .flat_map(|(_, by_version)| by_version)
            .filter(|(spelling, _)| is_same_version(spelling, version))
            .flat_map(|(_, files)| files)
            .filter(|file| keep(&file.filename))
            .map(|file| sha256(&file.bytes))
            .collect();
        hashes.sort();
        hashes
    }
}
