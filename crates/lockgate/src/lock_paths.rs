//! Where files of this machine are, as seen from the folder of a lock (PEP 751, "packages.wheels.path").

use std::path::{Path, PathBuf};

use lockgate_model::{LockedGraph, Pin};
use url::Url;

use crate::failure::Failure;
use crate::request::Output;

/// The graph with the places of files of this machine as paths from the folder that the lock goes to, so that both can be moved together. What
/// goes to standard output is taken to stay in the current folder.
pub(crate) fn relative(graph: &LockedGraph, output: &Output) -> Result<LockedGraph, Failure> {
    let current = std::env::current_dir()
        .map_err(|error| Failure::new(format!("cannot tell the current folder: {error}")))?;
    let folder = match output {
        Output::File(lock) => {
            let lock = current.join(lock);
            lock.parent().unwrap_or(&current).to_owned()
        }
        Output::Standard => current.clone(),
    };
    let placed = |pin: &Pin| {
        let mut pin = pin.clone();
        if folder != current
            && let Some(direct) = &mut pin.direct
            && let Some(reference) = moved(&direct.reference, &current, &folder)
        {
            direct.reference = reference;
        }
        for file in &mut pin.files {
            if let Some(path) = on_this_machine(&file.url)
                && let Some(path) = pathdiff::diff_paths(current.join(path), &folder)
            {
                file.url = lockgate_formats::posix(&path.to_string_lossy());
            }
        }
        pin
    };
    Ok(LockedGraph {
        pins: graph.pins.iter().map(placed).collect(),
        ..graph.clone()
    })
}

/// A reference to a path below the current folder, as it is reached from `folder`; others stay.
fn moved(reference: &str, current: &Path, folder: &Path) -> Option<String> {
    let (path, fragment) = match reference.split_once('#') {
        Some((path, fragment)) => (path, format!("#{fragment}")),
        None => (reference, String::new()),
    };
    if path.contains("://") || path.starts_with("file:") || Path::new(path).is_absolute() {
        return None;
    }
    let path = pathdiff::diff_paths(current.join(path), folder)?;
    let path = lockgate_formats::posix(&path.to_string_lossy());
    Some(format!("{path}{fragment}"))
}

fn on_this_machine(place: &str) -> Option<PathBuf> {
    match Url::parse(place) {
        Ok(url) if url.scheme() == "file" => url.to_file_path().ok(),
        Ok(_) => None,
        Err(_) => (!place.is_empty()).then(|| Path::new(place).to_owned()),
    }
}
