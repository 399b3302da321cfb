//! Addresses and paths with variables in a form of lock that has none: the parts that may be left out are, and what cannot work without is refused.

use lockgate_model::{LockedGraph, Pin, secret};

use crate::failure::Failure;

/// Returns the graph as a `pylock.toml` may hold it.
pub(crate) fn left_out(graph: LockedGraph) -> Result<LockedGraph, Failure> {
    for pin in graph.pins.iter() {
        let files = pin.files.iter().map(|file| file.url.as_str());
        let direct = pin.direct.as_ref().map(|direct| direct.reference.as_str());
        for address in direct.into_iter().chain(files) {
            if let Some(variable) = variable_in(address) {
                return Err(refused(pin, &variable));
            }
        }
    }
    let pins = graph.pins.iter().cloned().map(|mut pin| {
        if let Some(direct) = &mut pin.direct {
            // It says only what the commit was asked for by.
            let is_secret = |revision: &String| variable_in(&format!("git://host/{revision}"));
            direct.requested = direct.requested.take().filter(|it| is_secret(it).is_none());
        }
        pin
    });
    Ok(LockedGraph {
        pins: pins.collect(),
        ..graph
    })
}

/// The variable in an address or a path, and where it stands if that is known.
pub(crate) fn variable_in(place: &str) -> Option<(String, Option<String>)> {
    if place.contains("://") {
        if let Some((variable, origin)) = secret::variable_in(place) {
            return Some((variable, Some(origin)));
        }
    } else if let Some(found) = secret::variable_in_path(place) {
        return Some(found);
    }
    // Read from a lock, it is still there.
    let (_, behind) = place.split_once("${")?;
    let (name, _) = behind.split_once('}')?;
    let is_of_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let is_name = !name.is_empty() && name.chars().all(is_of_name);
    is_name.then(|| (format!("${{{name}}}"), None))
}

fn refused(pin: &Pin, (variable, origin): &(String, Option<String>)) -> Failure {
    let origin = origin
        .as_ref()
        .map_or_else(String::new, |origin| format!("{origin}: "));
    Failure::new(format!(
        "{origin}the address or path of `{}` holds the value of `{variable}`, and a `pylock.toml` has no variables to keep it out of the file",
        pin.name
    ))
    .remedy("write a requirements lock (`--format requirements`), write out what is no secret, or give the secret as a login: user and password of the address, netrc or keyring")
}
