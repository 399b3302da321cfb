//! Projects among the sources whose requirements only a build knows: built where that is allowed, and read from what the build says.

use std::collections::BTreeSet;
use std::path::Path;

use lockgate_formats::InputError;
use lockgate_formats::static_project::{self, NotStatic};
use lockgate_index::files::{self, Limit};
use lockgate_model::{
    Manifest, Marker, Metadata, Name, Origin, RootRequirement, Scope, Specifiers, Target,
    UnbuiltProject,
};

use crate::building::{Allowed, Builder, Source};
use crate::failure::{Exit, Failure};

/// What is to be built in the place of reading `error.file`, if `allowed` includes it.
pub(crate) fn project(error: &InputError, allowed: &Allowed) -> Option<UnbuiltProject> {
    let needs = error.needs_build.as_ref()?;
    let folder = if needs.folder.is_empty() {
        "."
    } else {
        &needs.folder
    };
    let path = Path::new(folder).join("pyproject.toml");
    let text = files::read_inside(&path, Limit::PROJECT)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let name = match text.as_deref().map(static_project::metadata) {
        Some(Err(NotStatic::Dynamic { name, .. })) => name,
        Some(Ok(metadata)) => Some(metadata.name),
        _ => None,
    };
    allowed.includes(name.as_ref()).then(|| UnbuiltProject {
        file: error.file.clone(),
        folder: folder.to_owned(),
        extras: Vec::new(),
        all_extras: false,
    })
}

/// Builds what `manifest` leaves to a build, and adds what that asks for.
pub(crate) fn build(
    manifest: &mut Manifest,
    builder: &Builder,
    target: &Target,
) -> Result<(), Failure> {
    for project in std::mem::take(&mut manifest.unbuilt) {
        let failed = |why: &str| Failure::new(format!("{}: {why}", project.file));
        let metadata = builder
            .metadata(
                &project.file,
                Source::Folder(Path::new(&project.folder)),
                &[],
            )
            .map_err(|error| {
                let mut failure = failed(&error.why);
                failure.remedy = error.remedy;
                failure
            })?;
        let origin = Origin {
            file: project.file.clone(),
            line: None,
            via: format!("{} ({})", metadata.name, project.file),
        };
        admits(&metadata, &origin, target)?;
        let extras = extras(&project, &metadata)?;
        let scopes = extras.iter().cloned().map(Scope::Extra);
        manifest.scopes.extend(scopes);
        let roots = asked_for(&metadata, &extras, target, &origin);
        manifest.requirements.extend(roots);
    }
    Ok(())
}

fn admits(metadata: &Metadata, origin: &Origin, target: &Target) -> Result<(), Failure> {
    let Some(text) = &metadata.requires_python else {
        return Ok(());
    };
    match text.parse::<Specifiers>() {
        Ok(specifiers) if !target.admits_python(specifiers.set()) => Err(Failure::new(format!(
            "{origin} requires Python {specifiers}, and the lock is for Python {}",
            target.python
        ))
        .remedy("choose another Python with `--python` or `--python-version`")
        .exit(Exit::No)),
        _ => Ok(()),
    }
}

fn extras(project: &UnbuiltProject, metadata: &Metadata) -> Result<BTreeSet<Name>, Failure> {
    if project.all_extras {
        return Ok(metadata.extras.iter().cloned().collect());
    }
    let known: Vec<&str> = metadata.extras.iter().map(Name::as_str).collect();
    project
        .extras
        .iter()
        .map(|text| {
            Name::new(text)
                .ok()
                .filter(|extra| metadata.extras.contains(extra))
                .ok_or_else(|| {
                    Failure::new(format!(
                        "{}: the project has no extra `{text}`",
                        project.file
                    ))
                    .remedy(if known.is_empty() {
                        "it has none".to_owned()
                    } else {
                        format!("it has {}", known.join(", "))
                    })
                })
        })
        .collect()
}

/// What holds on `target` with these extras, and what of them asks for it.
fn asked_for(
    metadata: &Metadata,
    extras: &BTreeSet<Name>,
    target: &Target,
    origin: &Origin,
) -> Vec<RootRequirement> {
    let with_all = holding(metadata, extras, target);
    let each: Vec<(Scope, BTreeSet<usize>)> = std::iter::once((Scope::Main, BTreeSet::new()))
        .chain(extras.iter().map(|extra| {
            let only = BTreeSet::from([extra.clone()]);
            (Scope::Extra(extra.clone()), only)
        }))
        .map(|(scope, only)| (scope, holding(metadata, &only, target)))
        .collect();
    let of_all: BTreeSet<Scope> = extras.iter().cloned().map(Scope::Extra).collect();
    let mut roots = Vec::new();
    for (place, requirement) in metadata.requirements.iter().enumerate() {
        if requirement.name == metadata.name || !with_all.contains(&place) {
            continue;
        }
        let asking = each.iter().filter(|(_, places)| places.contains(&place));
        let asking: BTreeSet<Scope> = asking.map(|(scope, _)| scope.clone()).collect();
        let mut requirement = requirement.clone();
        requirement.marker = Marker::always();
        roots.push(RootRequirement {
            requirement,
            origin: origin.clone(),
            hashes: Vec::new(),
            editable: false,
            config_settings: Vec::new(),
            // What only several extras at once make hold, each of them asks for.
            scopes: if asking.is_empty() {
                of_all.clone()
            } else {
                asking
            },
        });
    }
    roots
}

/// The places of the requirements that hold on `target` with these extras; what the project asks of itself is more extras.
fn holding(metadata: &Metadata, extras: &BTreeSet<Name>, target: &Target) -> BTreeSet<usize> {
    let mut extras = extras.clone();
    loop {
        let asked: Vec<Name> = extras.iter().cloned().collect();
        let places = metadata.requirements.iter().enumerate();
        let holding: Vec<_> = places
            .filter(|(_, requirement)| target.region.admits(&requirement.marker, &asked))
            .collect();
        let own = holding
            .iter()
            .filter(|(_, requirement)| requirement.name == metadata.name);
        let before = extras.len();
        extras.extend(own.flat_map(|(_, requirement)| requirement.extras.iter().cloned()));
        if extras.len() == before {
            return holding.into_iter().map(|(place, _)| place).collect();
        }
    }
}
