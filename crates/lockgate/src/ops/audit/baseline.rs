//! `--baseline`: what older locks, or an older report, had already.

use std::collections::BTreeMap;
use std::path::Path;

use lockgate_gate::KnownFindings;
use lockgate_model::{Inventory, Name};
use serde_json::Value;

use super::inputs::{self, Input, ReadInput};
use super::{AuditRequest, InputPolicies};
use crate::disk;
use crate::failure::Failure;
use crate::world::World;

/// What the baselines hold, by the places of the inputs that they stand for.
#[derive(Debug, Default)]
pub(super) struct Older {
    /// Older locks, each under the place and the policies of the input that it stands for: what they come to today is known.
    pub(super) inputs: Vec<ReadInput>,
    /// What older reports found.
    pub(super) known: KnownFindings,
}

/// Reads all baselines of a request. `settings_of` has the settings of each input that was read, by its place.
pub(super) fn read(
    request: &AuditRequest,
    policies: &InputPolicies,
    settings_of: &BTreeMap<String, usize>,
    world: &World,
) -> Result<Older, Failure> {
    let mut older = Older::default();
    let add = |older: &mut Older, inventory: Inventory| {
        // An input that could not be read has nothing that could be known.
        if let Some(settings) = settings_of.get(&inventory.place).copied() {
            older.inputs.push(ReadInput {
                inventory,
                settings,
            });
        }
    };
    // What an older lock leads to may be asked as for the input that it stands for.
    let reach_as_for = |input: &str| -> Result<(), Failure> {
        let settings = settings_of.get(input).copied();
        let settings = settings.and_then(|number| policies.settings(number));
        world.reach.set(request.reach(settings)?);
        Ok(())
    };
    for named in &request.arguments.baseline {
        if named != "-" && Path::new(named).is_dir() {
            for input in request.inputs.iter().filter_map(Input::file) {
                if let Some(file) = within(named, input, &request.arguments.files) {
                    reach_as_for(input)?;
                    add(&mut older, lock(&file, input, request, world)?);
                }
            }
            continue;
        }
        let bytes = disk::bytes(&world.files, named)?;
        if let Some(document) = report(&bytes) {
            add_report(&mut older.known, &document).ok_or_else(|| {
                Failure::new(format!(
                    "`--baseline {named}` is not a whole report of an audit"
                ))
                .remedy("write it with `lockgate audit --output json=FILE`")
            })?;
        } else {
            let input = stands_for(named, &request.inputs)?;
            reach_as_for(input)?;
            add(&mut older, lock(named, input, request, world)?);
        }
    }
    Ok(older)
}

fn lock(
    file: &str,
    input: &str,
    request: &AuditRequest,
    world: &World,
) -> Result<Inventory, Failure> {
    let mut inventory = inputs::read_one(file, request, world)?;
    input.clone_into(&mut inventory.place);
    Ok(inventory)
}

/// The file of the folder `baseline` that stands for `input`: the one at the same path. Where the folder stands for the only one that is
/// `named`, the path is that from there.
fn within(baseline: &str, input: &str, named: &[String]) -> Option<String> {
    let baseline = Path::new(baseline);
    let input = Path::new(input);
    let is_there = |path: &Path| {
        let file = baseline.join(path);
        file.is_file().then(|| file.display().to_string())
    };
    if input.is_relative()
        && let Some(file) = is_there(input)
    {
        return Some(file);
    }
    let [folder] = named else { return None };
    if Path::new(folder).is_relative() && baseline.join(folder).is_dir() {
        return None;
    }
    let rest = input.strip_prefix(folder).ok()?;
    if rest.as_os_str().is_empty() {
        return None;
    }
    is_there(rest)
}

/// The input that one older lock stands for: the only one, or the only one of that name.
fn stands_for<'i>(baseline: &str, inputs: &'i [Input]) -> Result<&'i str, Failure> {
    if let [input] = inputs {
        return Ok(input.place());
    }
    let name = Path::new(baseline).file_name();
    let mut of_name = inputs
        .iter()
        .filter_map(Input::file)
        .filter(|file| Path::new(file).file_name() == name);
    match (of_name.next(), of_name.next()) {
        (Some(file), None) => Ok(file),
        _ => Err(Failure::new(format!(
            "`--baseline {baseline}` is one lock, and it does not say which of the {} inputs it stands for",
            inputs.len()
        ))
        .remedy("name a folder with the older locks at the same paths, or a JSON report of an older audit")),
    }
}

/// A document in JSON that may be a report of ours; none for locks, which may be JSON as well.
fn report(bytes: &[u8]) -> Option<Value> {
    let document: Value = serde_json::from_slice(bytes).ok()?;
    let is_report = document.get("version").is_some_and(Value::is_number)
        && document.get("status").is_some_and(Value::is_string);
    is_report.then_some(document)
}

/// None: it is not whole.
fn add_report(known: &mut KnownFindings, document: &Value) -> Option<()> {
    let list = |value: &Value, key: &str| value.get(key)?.as_array().cloned();
    let text = |value: &Value, key: &str| Some(value.get(key)?.as_str()?.to_owned());
    let mut packages = list(document, "packages")?.into_iter();
    for place in list(document, "places")? {
        let at = text(&place, "place")?;
        let count = usize::try_from(place.get("packages")?.as_u64()?).ok()?;
        for _ in 0..count {
            let package = packages.next()?;
            let name = Name::new(&text(&package, "name")?).ok()?;
            for finding in list(&package, "findings")? {
                known.add_vulnerability(&at, &name, &text(&finding, "id")?);
                for alias in list(&finding, "aliases")? {
                    known.add_vulnerability(&at, &name, alias.as_str()?);
                }
            }
            for notice in list(&package, "notices")? {
                known.add_notice(&at, &name, &text(&notice, "code")?);
            }
        }
    }
    packages.next().is_none().then_some(())
}
