//! Where the projects of a scenario are: the main index, further indexes, a folder of files.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::artifact::{Artifact, artifacts, normalised, sha256};
use crate::context::TestContext;
use crate::index::Index;
use crate::loopback::Loopback;
use crate::world::{Project, World};

/// What is not on the main index.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Elsewhere {
    packages: BTreeMap<String, Project>,
}

/// All places of one scenario, served.
pub(super) struct Places {
    main: Loopback<Index>,
    named: BTreeMap<String, Loopback<Index>>,
    links: Option<BTreeMap<String, Project>>,
}

impl Places {
    pub(super) fn new(
        main: &BTreeMap<String, Project>,
        named: &BTreeMap<String, Elsewhere>,
        links: Option<&Elsewhere>,
    ) -> Self {
        let served = |projects: &BTreeMap<String, Project>| {
            Loopback::index(World {
                projects: projects.clone(),
                ..World::default()
            })
        };
        Self {
            main: served(main),
            named: named
                .iter()
                .map(|(name, index)| (name.clone(), served(&index.packages)))
                .collect(),
            links: links.map(|links| links.packages.clone()),
        }
    }

    /// Writes the folder `links`, if there is to be one.
    pub(super) fn write_links(&self, context: &TestContext) {
        for (name, project) in self.links.iter().flatten() {
            for (version, release) in &project.releases {
                for file in artifacts(name, version, release) {
                    context.write(&format!("links/{}", file.filename), &file.bytes);
                }
            }
        }
    }

    /// The options that name the places, less those that the requirements name themselves.
    pub(super) fn arguments(&self, requirements: &[String]) -> Vec<String> {
        let mut arguments = vec!["--index-url".to_owned(), self.main.index_url()];
        for (name, index) in &self.named {
            let placeholder = format!("{{{name}}}");
            if !requirements.iter().any(|line| line.contains(&placeholder)) {
                arguments.extend(["--extra-index-url".to_owned(), index.index_url()]);
            }
        }
        if self.links.is_some() {
            arguments.extend(["--find-links".to_owned(), "links".to_owned()]);
        }
        arguments
    }

    /// `text` with `{main}` and `{NAME}` replaced by addresses.
    pub(super) fn filled(&self, text: &str) -> String {
        self.named.iter().fold(
            text.replace("{main}", &self.main.index_url()),
            |text, (name, index)| text.replace(&format!("{{{name}}}"), &index.index_url()),
        )
    }

    /// The digests of the files of a release in the places `from`, by default the main index; sorted.
    pub(super) fn hashes(
        &self,
        from: Option<&[String]>,
        name: &str,
        version: &str,
        keep: impl Fn(&str) -> bool,
    ) -> Vec<String> {
        let main = ["main".to_owned()];
        let mut hashes = Vec::new();
        for place in from.unwrap_or(&main) {
            hashes.extend(match place.as_str() {
                "main" => self.main.hashes(name, version, &keep),
                "links" => self.linked(name, version, &keep),
                named => self.named[named].hashes(name, version, &keep),
            });
        }
        hashes.sort();
        hashes.dedup();
        hashes
    }

    fn linked(&self, name: &str, version: &str, keep: impl Fn(&str) -> bool) -> Vec<String> {
        let links = self.links.iter().flatten();
        let projects = links.filter(|(spelling, _)| normalised(spelling) == normalised(name));
        let files: Vec<Artifact> = projects
            .filter_map(|(spelling, project)| Some((spelling, project.releases.get(version)?)))
            .flat_map(|(spelling, release)| artifacts(spelling, version, release))
            .collect();
        files
            .iter()
            .filter(|file| keep(&file.filename))
            .map(|file| sha256(&file.bytes))
            .collect()
    }
}
