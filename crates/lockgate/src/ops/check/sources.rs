//! Finds the sources of a lock.

use std::collections::BTreeSet;

use lockgate_formats::lock::Lock;

use crate::failure::Failure;

/// `X.txt` is locked from `X.in`; else the sources that its `# via` lines name.
pub(super) fn sources_beside(lock: &str, read: &Lock) -> Result<Vec<String>, Failure> {
    let path = std::path::Path::new(lock);
    let beside = path.with_extension("in");
    if beside != path && beside.is_file() {
        return Ok(vec![beside.display().to_string()]);
    }
    let via = read.pins.iter().flat_map(|pin| &pin.via);
    let named: BTreeSet<&str> = via.filter_map(|via| source_of(via)).collect();
    if named.is_empty() {
        return Err(Failure::new(format!(
            "`{lock}` does not say what it was locked from, and there is no `{}`",
            beside.display()
        ))
        .remedy("name the source with `--source FILE`"));
    }
    Ok(named.into_iter().map(str::to_owned).collect())
}

/// The source that a `# via` names: `-r FILE`, `NAME (FILE)` of a project, `(FILE)` of a script. A group has no file of its own.
fn source_of(via: &str) -> Option<&str> {
    if let Some(file) = via.strip_prefix("-r ") {
        return Some(file);
    }
    let (_, file) = via.strip_suffix(')')?.split_once('(')?;
    (!file.contains(".toml:")).then_some(file)
}
