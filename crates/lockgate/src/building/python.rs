//! The interpreter that builds run on.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use lockgate_index::{Index, interpreter};
use lockgate_model::{Environment, Target};

use crate::world::World;

/// The interpreter that builds run on, which is what the lock is for.
#[derive(Debug, Clone)]
pub(super) struct BuildPython {
    /// Its executable.
    pub(super) executable: PathBuf,
    /// Its whole version and platform, for the keys of what is kept.
    pub(super) identity: String,
    /// What it is.
    pub(super) target: Target,
}

/// The interpreters at hand. None is started before something is to be built.
pub(super) struct Pythons {
    asked: Option<String>,
    variables: BTreeMap<String, String>,
    /// The folder from which upwards a file may choose among pyenv's.
    choice: PathBuf,
    index: Index,
    /// The one to build with, or why there is none.
    found: OnceLock<Result<BuildPython, String>>,
}

impl Pythons {
    /// Those of this world, of which `asked` is asked for.
    pub(super) fn new(asked: Option<&str>, world: &World) -> Self {
        Self {
            asked: asked.map(ToOwned::to_owned),
            variables: world.pip.variables().clone(),
            choice: world.pip.choice().to_owned(),
            index: world.index.clone(),
            found: OnceLock::new(),
        }
    }

    /// The interpreter whose builds are good for `target`: the one that is asked for or active, else one of that version.
    pub(super) fn for_target(&self, target: &Target) -> Result<&BuildPython, &String> {
        self.found.get_or_init(|| self.find(target)).as_ref()
    }

    fn find(&self, target: &Target) -> Result<BuildPython, String> {
        let numbers = target.region.lowest_python().release().to_vec();
        let wanted: Vec<String> = numbers.iter().take(2).map(ToString::to_string).collect();
        let wanted = wanted.join(".");
        let mut seen: Vec<PathBuf> = Vec::new();
        for request in [self.asked.as_deref(), Some(&wanted)] {
            let found = interpreter::find_outside(request, &self.variables, &[], &self.choice);
            let Ok(executable) = found else {
                continue;
            };
            if seen.contains(&executable) {
                continue;
            }
            seen.push(executable.clone());
            let Ok(known) = self.index.interpreter(&executable) else {
                continue;
            };
            if let Ok(own) = known.target()
                && let Some(machine) = own.region.machine()
                && is_like(machine, target)
            {
                return Ok(BuildPython {
                    identity: format!("{machine:?}"),
                    executable: known.executable().to_owned(),
                    target: own,
                });
            }
        }
        Err(format!(
            "there is none of {wanted} for its platform on the path"
        ))
    }
}

/// Whether a build on a machine is good for `target`: for one machine, on one like it; for many, on any of them.
fn is_like(machine: &Environment, target: &Target) -> bool {
    match target.region.machine() {
        Some(other) => machine.builds_like(other),
        None => target.region.marker().holds(machine, &[]),
    }
}
