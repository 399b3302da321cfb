//! Worlds in memory, written as text, and questions about them.
//!
//! A world is a list of releases, each `name version flag…`, with its requirements indented below. Flags: `yanked`,
//! `python=SPEC`, `wheel=TAGS` (may be given again), `sdist` (instead of a wheel), `and-sdist` (beside it), `needs-build` (what is known of the
//! source distribution), `extras=x,y`, `uploaded=INSTANT`, `no-hash`, `local`, `no-digests` (of metadata). A requirement that begins with `@TAGS`
//! is that of one wheel, or of `@sdist`.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(unreachable_pub, reason = "a module of test binaries")]
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lockgate_model::{
    Advisory, ByExtra, ChoiceRules, Constraint, CoreMetadata, DirectKind, DirectPin, DirectRelease,
    DistFile, FactError, Facts, Gate, KeptPin, Level, Manifest, Marker, Metadata, Name, Origin,
    Preferences, ProjectStatus, ProjectView, Reason, Region, Requirement, RootRequirement, Rule,
    Scope, Scout, Severity, Sha256, Specifiers, Tags, Target, Unstated, UnusableReason, Verdict,
    Version, VersionSet, Want, Yank,
};
use lockgate_solve::{Answer, Question, Unwatched, solve, verify};

pub fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub fn version(text: &str) -> Version {
    text.parse().unwrap()
}

#[derive(Debug, Clone)]
struct Release {
    version: Version,
    files: Arc<[DistFile]>,
    /// Of each file.
    metadata: Vec<Result<Arc<Metadata>, UnusableReason>>,
}

#[derive(Debug)]
pub struct Project {
    name: Name,
    status: ProjectStatus,
    releases: Vec<Release>,
}

impl ProjectView for Project {
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
        &self.releases[index].version
    }

    fn files(&self, index: usize) -> Result<Arc<[DistFile]>, FactError> {
        Ok(Arc::clone(&self.releases[index].files))
    }
}

/// Projects by name. Hints are played through the scout if `heeds_hints`, so that a panic or a side effect would show.
#[derive(Debug, Default, Clone)]
pub struct World {
    projects: BTreeMap<Name, Arc<Project>>,
    /// What direct references make of projects, in which environments.
    direct: Vec<Arc<DirectRelease>>,
    heeds_hints: bool,
}

impl World {
    pub fn parse(text: &str) -> Self {
        let mut releases: BTreeMap<Name, Vec<Release>> = BTreeMap::new();
        let mut blocks: Vec<(Vec<&str>, Vec<&str>)> = Vec::new();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let line = line.strip_prefix("        ").unwrap_or(line);
            if line.starts_with(' ') {
                blocks.last_mut().unwrap().1.push(line.trim());
            } else {
                blocks.push((line.split_whitespace().collect(), Vec::new()));
            }
        }
        for (head, requirements) in blocks {
            let release = release(&head, &requirements);
            releases.entry(name(head[0])).or_default().push(release);
        }
        let projects = releases
            .into_iter()
            .map(|(name, mut releases)| {
                releases.sort_by(|a, b| b.version.cmp(&a.version));
                let project = Project {
                    name: name.clone(),
                    status: ProjectStatus::Active,
                    releases,
                };
                (name, Arc::new(project))
            })
            .collect();
        Self {
            projects,
            direct: Vec::new(),
            heeds_hints: true,
        }
    }

    /// The release of a project behind an address, where `marker` holds.
    fn direct(&self, project: &str, version: &str, marker: Marker) -> Option<DirectRelease> {
        let project = self.projects.get(&name(project))?;
        let release = &project.releases[project.position(&self::version(version))?];
        let listed = release.files.first()?;
        let metadata = release.metadata.first()?.as_ref().ok()?;
        let requires_python = metadata.requires_python.clone();
        let reference = format!("https://place.test/{}", listed.filename);
        Some(DirectRelease {
            reference: reference.parse().unwrap(),
            metadata: Arc::new(Metadata {
                requires_python: requires_python.or(listed.requires_python.clone()),
                ..Metadata::clone(metadata)
            }),
            file: DistFile {
                uploaded: None,
                requires_python: None,
                yanked: Yank::No,
                url: reference.clone(),
                ..listed.clone()
            },
            pin: DirectPin {
                reference,
                kind: DirectKind::Archive(listed.sha256?),
                requested: None,
                editable: false,
            },
            marker,
        })
    }
}

fn release(head: &[&str], requirements: &[&str]) -> Release {
    let [project, text, flags @ ..] = head else {
        panic!("no release: {head:?}");
    };
    let value = |key: &str| flags.iter().find_map(|flag| flag.strip_prefix(key));
    let has = |flag: &str| flags.contains(&flag);
    let file = |filename: String| DistFile {
        url: if has("local") {
            format!("file:///wheels/{filename}")
        } else {
            format!("https://index.test/{filename}")
        },
        sha256: (!has("no-hash")).then(|| Sha256::of(filename.as_bytes())),
        filename,
        size: None,
        uploaded: value("uploaded=").map(|text| text.parse().unwrap()),
        requires_python: value("python=").map(str::to_owned),
        yanked: if has("yanked") {
            Yank::Yes("broken".to_owned())
        } else {
            Yank::No
        },
        core_metadata: CoreMetadata::Absent,
        has_provenance: false,
    };
    let mut kinds: Vec<&str> = flags
        .iter()
        .filter_map(|flag| flag.strip_prefix("wheel="))
        .collect();
    let is_source_alone = has("sdist") || (has("needs-build") && !has("and-sdist"));
    if kinds.is_empty() && !is_source_alone {
        kinds.push("py3-none-any");
    }
    if is_source_alone {
        kinds = vec!["sdist"];
    } else if has("and-sdist") {
        kinds.push("sdist");
    }
    let has_several = kinds.len() > 1;
    let (mut files, mut metadata) = (Vec::new(), Vec::new());
    for kind in kinds {
        let mut own = Vec::new();
        for requirement in requirements {
            match requirement
                .strip_prefix('@')
                .map(|text| text.split_once(' ').unwrap())
            {
                None => own.push(*requirement),
                Some((of, requirement)) if of == kind => own.push(requirement.trim()),
                Some(_) => {}
            }
        }
        let mut file = file(match kind {
            "sdist" => format!("{project}-{text}.tar.gz"),
            tags => format!("{project}-{text}-{tags}.whl"),
        });
        if has_several && kind != "sdist" && !has("no-digests") {
            let digest = Sha256::of(own.join("\n").as_bytes());
            file.core_metadata = CoreMetadata::Served(Some(digest));
        }
        files.push(file);
        metadata.push(if kind == "sdist" && has("needs-build") {
            Err(UnusableReason::NeedsBuild(Unstated::Old))
        } else {
            Ok(Arc::new(Metadata {
                name: name(project),
                version: version(text),
                requires_python: value("metadata-python=").map(str::to_owned),
                requirements: own.iter().map(|r| r.parse().unwrap()).collect(),
                extras: value("extras=")
                    .map(|extras| extras.split(',').map(name).collect())
                    .unwrap_or_default(),
                stated: BTreeMap::default(),
                by_extra: ByExtra::default(),
            }))
        });
    }
    Release {
        version: version(text),
        files: files.into(),
        metadata,
    }
}

impl Facts for World {
    fn project(&self, name: &Name) -> Result<Arc<dyn ProjectView>, FactError> {
        if let Some(direct) = Facts::direct(self, name) {
            return Ok(Arc::new(Project {
                name: name.clone(),
                status: ProjectStatus::Active,
                releases: vec![Release {
                    version: direct.metadata.version.clone(),
                    files: [direct.file.clone()].into(),
                    metadata: vec![Ok(Arc::clone(&direct.metadata))],
                }],
            }));
        }
        match self.projects.get(name) {
            Some(project) => Ok(Arc::clone(project) as Arc<dyn ProjectView>),
            None => Err(FactError::Absent { name: name.clone() }),
        }
    }

    fn metadata(
        &self,
        name: &Name,
        version: &Version,
        file: &DistFile,
    ) -> Result<Arc<Metadata>, FactError> {
        if let Some(direct) = Facts::direct(self, name) {
            return Ok(Arc::clone(&direct.metadata));
        }
        let project = &self.projects[name];
        let release = &project.releases[project.position(version).unwrap()];
        let mut files = release.files.iter();
        let place = files.position(|known| known.filename == file.filename);
        release.metadata[place.unwrap()]
            .clone()
            .map_err(|reason| FactError::Unusable {
                filename: file.filename.clone(),
                reason,
            })
    }

    fn direct(&self, name: &Name) -> Option<Arc<DirectRelease>> {
        let mut direct = self.direct.iter();
        direct.find(|direct| direct.metadata.name == *name).cloned()
    }

    fn within(&self, region: &Region) -> Option<Arc<dyn Facts>> {
        let direct = self.direct.iter();
        let here = direct.filter(|direct| region.overlaps(&direct.marker));
        Some(Arc::new(Self {
            direct: here.cloned().collect(),
            ..self.clone()
        }))
    }

    fn hint(&self, wants: Vec<Want>, scout: &Arc<dyn Scout>) {
        if !self.heeds_hints {
            return;
        }
        for want in wants {
            if let Ok(project) = self.project(&want.name)
                && let Some(pick) = scout.pick(&*project, &want)
                && let Ok(metadata) = self.metadata(&want.name, &pick.version, &pick.file)
            {
                scout.follow(&want, &metadata);
            }
        }
    }
}

/// A gate made of a list of affected sets.
#[derive(Debug, Clone, Default)]
pub struct ListedGate {
    rules: Vec<(Name, VersionSet, Verdict)>,
    quarantined: Vec<Name>,
}

impl ListedGate {
    pub fn add(&mut self, project: &str, specifiers: &str, denies: bool, level: Level) {
        let id = format!("TEST-{}", self.rules.len() + 1);
        self.add_advisory(project, specifiers, denies, level, &id);
    }

    pub fn add_advisory(
        &mut self,
        project: &str,
        specifiers: &str,
        denies: bool,
        level: Level,
        id: &str,
    ) {
        let malicious = id.starts_with("MAL-");
        let reason = Arc::new(Reason {
            advisories: vec![Arc::new(Advisory {
                id: id.to_owned(),
                aliases: Vec::new(),
                summary: String::new(),
                severity: Some(Severity {
                    level,
                    score: None,
                    vector: None,
                }),
                fixed: Vec::new(),
                link: String::new(),
                malicious,
                ..Advisory::default()
            })],
            rule: if malicious {
                Rule::Malicious
            } else {
                Rule::Mode {
                    mode: if denies { "deny" } else { "prefer" },
                    origin: "the test".to_owned(),
                }
            },
        });
        let specifiers: Specifiers = specifiers.parse().unwrap();
        let verdict = if denies {
            Verdict::Deny(reason)
        } else {
            Verdict::Avoid(reason)
        };
        self.rules
            .push((name(project), specifiers.set().clone(), verdict));
    }
}

impl Gate for ListedGate {
    fn affected(&self, name: &Name) -> Result<Option<Arc<VersionSet>>, FactError> {
        let sets: Vec<&VersionSet> = self
            .rules
            .iter()
            .filter(|(other, ..)| other == name)
            .map(|(_, set, _)| set)
            .collect();
        Ok((!sets.is_empty()).then(|| {
            Arc::new(
                sets.iter()
                    .fold(VersionSet::empty(), |all, set| all.union(set)),
            )
        }))
    }

    fn verdict(&self, name: &Name, version: &Version) -> Result<Verdict, FactError> {
        let mut verdict = Verdict::Clear;
        for (other, set, rule) in &self.rules {
            if other == name && set.contains(version) && !matches!(verdict, Verdict::Deny(_)) {
                verdict = rule.clone();
            }
        }
        Ok(verdict)
    }

    fn project_verdict(&self, name: &Name, _: &ProjectStatus) -> Verdict {
        if self.quarantined.contains(name) {
            return Verdict::Deny(Arc::new(Reason {
                advisories: Vec::new(),
                rule: Rule::Quarantined(Some("held".to_owned())),
            }));
        }
        Verdict::Clear
    }
}

/// A question about a world.
pub struct Case {
    pub world: World,
    pub manifest: Manifest,
    pub target: Target,
    pub rules: ChoiceRules,
    pub keep: Preferences,
    pub upgrade: Vec<Requirement>,
    pub gate: ListedGate,
}

impl Case {
    pub fn new(world: &str) -> Self {
        let mut target = Target::new(&"3.11".parse().unwrap(), &"linux".parse().unwrap());
        target.tags = Tags::new([
            ("cp311", "cp311", "manylinux_2_17_x86_64"),
            ("cp311", "abi3", "manylinux_2_17_x86_64"),
            ("py3", "none", "any"),
        ]);
        Self::of(world, target)
    }

    pub fn of(world: &str, target: Target) -> Self {
        Self {
            world: World::parse(world),
            manifest: Manifest::default(),
            target,
            rules: ChoiceRules::default(),
            keep: Preferences::default(),
            upgrade: Vec::new(),
            gate: ListedGate::default(),
        }
    }

    fn origin(file: &str, line: usize) -> Origin {
        let flag = match file.chars().next() {
            Some('c') => "-c",
            Some('o') => "--override",
            _ => "-r",
        };
        Origin {
            file: file.to_owned(),
            line: Some(line),
            via: format!("{flag} {file}"),
        }
    }

    pub fn require(mut self, requirement: &str) -> Self {
        let line = self.manifest.requirements.len() + 1;
        self.manifest.requirements.push(RootRequirement {
            requirement: requirement.parse().unwrap(),
            origin: Self::origin("requirements.in", line),
            hashes: Vec::new(),
            editable: false,
            config_settings: Vec::new(),
            scopes: BTreeSet::from([Scope::Main]),
        });
        self
    }

    /// Requires a release from a direct reference where `marker` holds.
    pub fn take_from(mut self, project: &str, version: &str, marker: &str) -> Self {
        let condition = match marker {
            "" => Marker::always(),
            text => Marker::parse(text).unwrap(),
        };
        let Some(direct) = self.world.direct(project, version, condition) else {
            return self;
        };
        let separator = if marker.is_empty() { "" } else { " ; " };
        let requirement = format!("{project} @ {}{separator}{marker}", direct.reference);
        self.world.direct.push(Arc::new(direct));
        self.require(&requirement)
    }

    pub fn constrain(mut self, requirement: &str) -> Self {
        let line = self.manifest.constraints.len() + 1;
        self.manifest.constraints.push(Constraint {
            requirement: requirement.parse().unwrap(),
            origin: Self::origin("constraints.txt", line),
            hashes: Vec::new(),
        });
        self
    }

    pub fn overrule(mut self, requirement: &str) -> Self {
        let line = self.manifest.overrides.len() + 1;
        self.manifest.overrides.push(Constraint {
            requirement: requirement.parse().unwrap(),
            origin: Self::origin("overrides.txt", line),
            hashes: Vec::new(),
        });
        self
    }

    pub fn exclude(mut self, project: &str) -> Self {
        self.manifest.excludes.insert(name(project));
        self
    }

    pub fn hash(mut self, filename: &str) -> Self {
        let hashes = &mut self.manifest.requirements.last_mut().unwrap().hashes;
        hashes.push(Sha256::of(filename.as_bytes()));
        self
    }

    pub fn deny(mut self, project: &str, specifiers: &str) -> Self {
        self.gate.add(project, specifiers, true, Level::High);
        self
    }

    pub fn malicious(mut self, project: &str, specifiers: &str) -> Self {
        self.gate
            .add_advisory(project, specifiers, true, Level::Critical, "MAL-1");
        self
    }

    pub fn quarantine(mut self, project: &str) -> Self {
        self.gate.quarantined.push(name(project));
        self
    }

    pub fn avoid(mut self, project: &str, specifiers: &str, level: Level) -> Self {
        self.gate.add(project, specifiers, false, level);
        self
    }

    pub fn keep(mut self, project: &str, kept: &str) -> Self {
        let pins = self.keep.pins.entry(name(project)).or_default();
        pins.push(KeptPin {
            version: version(kept),
            marker: Marker::always(),
        });
        self
    }

    /// For all environments from a Python upwards.
    pub fn universal(mut self, python: &str) -> Self {
        self.target = Target::universal(&python.parse().unwrap());
        self
    }

    pub fn upgrade(mut self, requirement: &str) -> Self {
        self.upgrade.push(requirement.parse().unwrap());
        self
    }

    pub fn rules(mut self, change: impl FnOnce(&mut ChoiceRules)) -> Self {
        change(&mut self.rules);
        self
    }

    pub fn question(&self) -> Question<'_> {
        Question {
            manifest: &self.manifest,
            target: &self.target,
            rules: &self.rules,
            keep: &self.keep,
            upgrade: &self.upgrade,
            gate: &self.gate,
        }
    }

    pub fn facts(&self, heeds_hints: bool) -> Arc<dyn Facts> {
        Arc::new(World {
            heeds_hints,
            ..self.world.clone()
        })
    }

    pub fn solve(&self) -> Answer {
        solve(&self.question(), &self.facts(true), &Unwatched).unwrap()
    }

    pub fn error(&self) -> FactError {
        solve(&self.question(), &self.facts(true), &Unwatched).unwrap_err()
    }

    /// The pins as text, or `impossible`; the answer has passed `verify` and is the same without hints.
    pub fn pins(&self) -> String {
        let text = match self.solve() {
            Answer::Impossible(_) => "impossible".to_owned(),
            Answer::Locked(solution) => {
                let violations =
                    verify(&self.question(), &solution.graph, &self.facts(false)).unwrap();
                assert!(violations.is_empty(), "{violations:?}");
                text(&solution.graph)
            }
        };
        let without_hints = match solve(&self.question(), &self.facts(false), &Unwatched).unwrap() {
            Answer::Impossible(_) => "impossible".to_owned(),
            Answer::Locked(solution) => self::text(&solution.graph),
        };
        assert_eq!(text, without_hints, "hints changed the answer");
        text
    }
}

pub fn text(graph: &lockgate_model::LockedGraph) -> String {
    let pins: Vec<String> = graph
        .pins
        .iter()
        .map(|pin| match pin.marker.to_text() {
            None => format!("{}=={}", pin.name, pin.version),
            Some(marker) => format!("{}=={} ; {marker}\n", pin.name, pin.version),
        })
        .collect();
    pins.join(" ")
}
