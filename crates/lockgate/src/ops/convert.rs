//! `convert`: a lock in another form. Nothing is resolved; an index is asked only for what the old form does not have.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use lockgate_formats::command::{redacted_command, with_scopes};
use lockgate_formats::convert::{Converted, Taken, convertible};
use lockgate_formats::inventory::kind_of;
use lockgate_formats::lock::{AuditLine, Header, RenderOptions};
use lockgate_formats::pylock::PylockOptions;
use lockgate_index::IndexFacts;
use lockgate_model::{
    FactError, Facts, IndexOptions, LockedFile, LockedGraph, Manifest, Name, Note, Origin, Pin,
    Sha256, Version,
};
use lockgate_report::note_lines;

use crate::absences;
use crate::cli::{self, ConvertArguments, GateOptions, TargetOptions};
use crate::disk;
use crate::failure::Failure;
use crate::indexes;
use crate::inputs::Inputs;
use crate::lock_paths;
use crate::ops::lock::must_be_readable;
use crate::places;
use crate::policies::PolicyFinder;
use crate::request::{Form, Output};
use crate::terminal::Rendered;
use crate::variables;
use crate::world::World;

/// What `convert` is asked to do.
#[derive(Debug, Clone)]
pub(crate) struct ConvertRequest {
    /// The arguments that are passed on as they are.
    pub(crate) arguments: ConvertArguments,
    /// The command line as typed.
    pub(crate) words: Vec<String>,
    /// What is written.
    pub(crate) form: Form,
    /// Where it goes.
    pub(crate) output: Output,
    /// Extras to take.
    pub(crate) extras: Vec<Name>,
    /// Dependency groups to take.
    pub(crate) groups: Vec<Name>,
}

/// The text of the lock in its new form.
pub(crate) fn convert(request: &ConvertRequest, world: &World) -> Result<String, Failure> {
    let file = &request.arguments.file;
    let bytes = disk::bytes(&disk::Disk, file)?;
    let name = Path::new(file)
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let kind = kind_of(&name, &String::from_utf8_lossy(&bytes)).ok_or_else(|| {
        Failure::new(format!("`{file}` is no lock of a kind that is known"))
            .remedy("name a requirements lock, a `pylock.toml`, `uv.lock`, `poetry.lock`, `pdm.lock` or `Pipfile.lock`")
    })?;
    let files = Inputs(world);
    let taken = Taken {
        extras: request.extras.clone(),
        all_extras: request.arguments.all_extras,
        groups: request.groups.clone(),
        keeps_scopes: request.form == Form::Pylock
            && request.extras.is_empty()
            && request.groups.is_empty()
            && !request.arguments.all_extras,
    };
    let mut converted = convertible(kind, &bytes, file, &files, &taken)
        .map_err(|error| Failure::of_input(&error))?;
    for remark in &converted.remarks {
        world.terminal.warn(&format!("{file}: {remark}"));
    }
    for pin in converted.graph.pins.iter() {
        if let Some(direct) = pin.direct.as_ref().filter(|it| it.kind.sha256().is_none()) {
            let note = Note::NotHashed {
                name: pin.name.clone(),
                reference: direct.reference.clone(),
                can_omit_hashes: false,
            };
            for line in note_lines(&[note]) {
                world.terminal.summary_of(Rendered(&line));
            }
        }
    }
    let index = index_options(&converted, file);
    let header = header(request, &converted);
    let text = match request.form {
        Form::Requirements => {
            let options = RenderOptions {
                hashes: true,
                header: true,
                index,
                ..RenderOptions::default()
            };
            lockgate_formats::lock::render(&converted.graph, &header, &options)
        }
        Form::Pylock => {
            let manifest = Manifest {
                index,
                ..Manifest::default()
            };
            let mut indexes = completed(&mut converted.graph, &manifest, request, world)?;
            indexes.extend(converted.indexes.clone());
            let options = PylockOptions {
                indexes,
                requires_python: converted.requires_python.clone(),
                default_groups: converted.default_groups.clone(),
                notes: true,
                ..PylockOptions::default()
            };
            let placed = lock_paths::relative(&converted.graph, &request.output)?;
            let placed = variables::left_out(placed)?;
            lockgate_formats::pylock::render(&placed, &header, &options)
        }
    };
    must_be_readable(&text, request.form, request.output.as_str())?;
    Ok(text)
}

/// What is known of a lock of lockgate's own stays as it is, so that `check` finds its sources.
fn header(request: &ConvertRequest, converted: &Converted) -> Header {
    let command = match (&converted.command, &converted.taken) {
        (Some(words), Some(taken)) => Some(with_scopes(words, taken, cli::known_option)),
        (command, _) => command.clone(),
    };
    let words = command.as_ref().unwrap_or(&request.words);
    Header {
        python: String::new(),
        is_universal: false,
        command: redacted_command(words, cli::known_option),
        index_answers: converted.index_answers.clone(),
        audit: match &converted.audit {
            Some(text) => AuditLine::Kept(text.clone()),
            None => AuditLine::Kept(format!("none; converted from {}", request.arguments.file)),
        },
    }
}

/// The indexes that the lock itself names.
fn index_options(converted: &Converted, file: &str) -> IndexOptions {
    let mut options = IndexOptions::default();
    let origin = Origin {
        file: file.to_owned(),
        line: None,
        via: String::new(),
    };
    for (name, value) in &converted.options {
        let place = (value.clone(), origin.clone());
        match name.as_str() {
            "--index-url" => options.index_url = Some(place),
            "--extra-index-url" => options.extra_index_urls.push(place),
            "--find-links" => options.find_links.push(place),
            "--trusted-host" => options.trusted_hosts.push(place),
            "--no-index" => options.no_index = true,
            _ => {}
        }
    }
    options
}

/// Fills in names and addresses of files from the index, where the lock has none; tells the index of each release. The digests decide
/// which files they are.
fn completed(
    graph: &mut LockedGraph,
    manifest: &Manifest,
    request: &ConvertRequest,
    world: &World,
) -> Result<BTreeMap<(Name, Version), String>, Failure> {
    let lacks_files = |pin: &&Pin| {
        let mut files = pin.files.iter();
        pin.direct.is_none() && (pin.files.is_empty() || files.any(|file| file.url.is_empty()))
    };
    let lacking: Vec<Pin> = graph.pins.iter().filter(lacks_files).cloned().collect();
    if lacking.is_empty() {
        return Ok(BTreeMap::new());
    }
    let target = TargetOptions::default();
    let mut places = places::places(manifest, &request.arguments.index, &target, world)?;
    let policies = PolicyFinder::new(&GateOptions::default())?.of_file(request.output.as_str())?;
    let (config, _) = policies.joined();
    absences::lay_over(&mut places, &config.index_settings, manifest);
    let facts = places::facts(&places, world);
    for mut pin in lacking {
        pin.files = files_of(&facts, &pin, world)?;
        graph.pins.insert(pin);
    }
    facts
        .confirm_absences()
        .map_err(|error| indexes::unlearned(&error))?;
    Ok(places::indexes_of(graph, &places, &facts))
}

/// The files of a pin as the index lists them: those with its digests, or all where it has none.
fn files_of(facts: &Arc<IndexFacts>, pin: &Pin, world: &World) -> Result<Vec<LockedFile>, Failure> {
    let (name, version) = (&pin.name, &pin.version);
    let listed = listed(facts, name, version)?;
    let digests: BTreeSet<Sha256> = pin.files.iter().map(|file| file.sha256).collect();
    if digests.is_empty() {
        world.terminal.warn(&format!(
            "`{name}=={version}` has no hashes in the lock; those that the index states are taken"
        ));
    }
    let files: Vec<LockedFile> = listed
        .into_iter()
        .filter(|file| digests.is_empty() || digests.contains(&file.sha256))
        .collect();
    let found: BTreeSet<Sha256> = files.iter().map(|file| file.sha256).collect();
    if let Some(missing) = digests.difference(&found).next() {
        return Err(Failure::new(format!(
            "`{name}=={version}`: the index has no file with the hash sha256:{missing}"
        ))
        .remedy("name the index that the lock was made from with `--index-url`"));
    }
    if files.is_empty() {
        return Err(
            Failure::new(format!("`{name}=={version}`: the index has no file of it"))
                .remedy("name the index that has it with `--index-url`"),
        );
    }
    Ok(files)
}

fn listed(
    facts: &Arc<IndexFacts>,
    name: &Name,
    version: &Version,
) -> Result<Vec<LockedFile>, Failure> {
    let project = match facts.project(name) {
        Ok(project) => project,
        Err(FactError::Absent { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(indexes::unlearned(&error)),
    };
    let Some(index) = project.position(version) else {
        return Ok(Vec::new());
    };
    let files = project
        .files(index)
        .map_err(|error| indexes::unlearned(&error))?;
    let mut locked = Vec::new();
    for file in files.iter().filter(|file| file.kind().is_some()) {
        let sha256 = match file.sha256 {
            Some(stated) => stated,
            None => facts
                .sha256(file)
                .map_err(|error| indexes::unlearned(&error))?,
        };
        locked.push(LockedFile {
            filename: file.filename.clone(),
            url: file.url.clone(),
            sha256,
            size: file.size,
            uploaded: file.uploaded,
            has_provenance: file.has_provenance,
        });
    }
    Ok(locked)
}
