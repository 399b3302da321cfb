//! What a build requires, resolved as everything else is: under the gate and the cutoff, for the interpreter that builds.

use std::collections::BTreeSet;

use lockgate_model::{
    BinaryPolicy, ChoiceRules, CoreMetadata, DistFile, DistKind, LockedFile, Manifest, Origin, Pin,
    Preferences, Requirement, RootRequirement, Scope, Source, WheelName, Yank,
};
use lockgate_report::{Detail, conflict_text};
use lockgate_solve::{Answer, Question};

use super::{BuildError, BuildPython, Builder};

impl Builder {
    /// The wheels that `requires` come to. Source distributions are not taken: a build that needs builds has no end that one can see.
    pub(super) fn wheels(
        &self,
        label: &str,
        requires: &[Requirement],
        python: &BuildPython,
    ) -> Result<Vec<DistFile>, BuildError> {
        if let Some(direct) = requires
            .iter()
            .find(|one| matches!(one.source, Source::Url(_)))
        {
            return Err(BuildError::new(format!(
                "building {label} requires `{direct}`, a direct reference: builds are given releases only"
            )));
        }
        let origin = |place: usize| Origin {
            file: format!("build of {label}"),
            line: Some(place + 1),
            via: format!("build of {label}"),
        };
        let manifest = Manifest {
            requirements: requires
                .iter()
                .enumerate()
                .map(|(place, requirement)| RootRequirement {
                    requirement: requirement.clone(),
                    origin: origin(place),
                    hashes: Vec::new(),
                    editable: false,
                    config_settings: Vec::new(),
                    scopes: BTreeSet::from([Scope::Main]),
                })
                .collect(),
            ..Manifest::default()
        };
        let mut binary = BinaryPolicy::default();
        binary
            .only_binary(":all:")
            .map_err(|error| BuildError::new(error.to_string()))?;
        let rules = ChoiceRules {
            binary,
            cutoff: self.settings.cutoff,
            ..ChoiceRules::default()
        };
        let keep = Preferences::default();
        let question = Question {
            manifest: &manifest,
            target: &python.target,
            rules: &rules,
            keep: &keep,
            upgrade: &[],
            gate: &self.gating.gate,
        };
        let answer = lockgate_solve::solve(&question, &self.facts, &self.progress)
            .map_err(|error| BuildError::of(&error))?;
        self.facts
            .confirm_absences()
            .map_err(|error| BuildError::of(&error))?;
        match answer {
            Answer::Locked(solution) => solution
                .graph
                .pins
                .iter()
                .map(|pin| best(pin, python, label))
                .collect(),
            Answer::Impossible(conflict) => Err(BuildError::new(format!(
                "what building {label} requires cannot be had as wheels:\n{}",
                conflict_text(&conflict, Detail::Short).trim_end()
            ))
            .remedy(format!(
                "lock a version of {label} that has a wheel or static metadata, or allow what the gate refuses"
            ))),
        }
    }
}

/// The wheel of a pin that suits the interpreter best.
fn best(pin: &Pin, python: &BuildPython, label: &str) -> Result<DistFile, BuildError> {
    let rank = |file: &LockedFile| python.target.tags.rank(&WheelName::parse(&file.filename)?);
    pin.files
        .iter()
        .filter_map(|file| Some((rank(file)?, file)))
        .min_by_key(|(rank, _)| *rank)
        .map(|(_, file)| DistFile {
            filename: file.filename.clone(),
            url: file.url.clone(),
            sha256: Some(file.sha256),
            size: file.size,
            uploaded: file.uploaded,
            requires_python: None,
            yanked: Yank::No,
            core_metadata: CoreMetadata::Absent,
            has_provenance: false,
        })
        .filter(|file| matches!(file.kind(), Some(DistKind::Wheel(_))))
        .ok_or_else(|| {
            BuildError::new(format!(
                "building {label} requires {} {}, which has no wheel for this Python",
                pin.name, pin.version
            ))
        })
}
