//! The policies of machine and user: a floor under those of repositories.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{PolicyFile, read_named};
use crate::failure::Failure;

/// The policy of the machine.
const MACHINE: &str = "/etc/lockgate.toml";
/// The variable that names a further one, which must then be there.
const VARIABLE: &str = "LOCKGATE_POLICY";

/// Reads the policies of machine and user, as far as they have one.
pub(super) fn read() -> Result<Vec<Arc<PolicyFile>>, Failure> {
    let strategy = etcetera::choose_base_strategy().ok();
    let configuration = strategy.as_ref().map(etcetera::BaseStrategy::config_dir);
    let home = strategy.as_ref().map(etcetera::BaseStrategy::home_dir);
    let named = std::env::var_os(VARIABLE);
    let files = files(Path::new(MACHINE), configuration.as_deref(), named);
    let mut floor = Vec::new();
    for path in files {
        let mut policy = read_named(&path).map_err(|mut failure| {
            if path.as_os_str() == std::env::var_os(VARIABLE).unwrap_or_default() {
                failure.message = format!("{VARIABLE}: {}", failure.message);
            }
            failure
        })?;
        policy.name = shown(&path, home);
        floor.push(Arc::new(policy));
    }
    Ok(floor)
}

/// The files to read: those that are there, and the one that is named.
fn files(machine: &Path, configuration: Option<&Path>, named: Option<OsString>) -> Vec<PathBuf> {
    let of_user = configuration.map(|folder| folder.join("lockgate").join("lockgate.toml"));
    let usual = std::iter::once(machine.to_owned()).chain(of_user);
    let usual = usual.filter(|path| path.symlink_metadata().is_ok());
    let named = named.filter(|path| !path.is_empty()).map(PathBuf::from);
    let mut files: Vec<PathBuf> = Vec::new();
    for path in usual.chain(named) {
        if !files.contains(&path) {
            files.push(path);
        }
    }
    files
}

/// A path as reports show it: they may be published, and the name of a home folder is nobody's business.
fn shown(path: &Path, home: Option<&Path>) -> String {
    let within = home.and_then(|home| path.strip_prefix(home).ok());
    match within {
        Some(rest) if path.is_absolute() => Path::new("~").join(rest).display().to_string(),
        _ => path.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_floor_is_what_machine_and_user_have_and_what_is_named() {
        let root = tempfile::tempdir().unwrap();
        let (machine, configuration) =
            (root.path().join("machine.toml"), root.path().join("config"));
        let of_user = configuration.join("lockgate/lockgate.toml");
        let named = OsString::from("named.toml");
        assert!(files(&machine, Some(&configuration), None).is_empty());
        assert!(files(&machine, None, Some(OsString::new())).is_empty());
        // What is named must be there, so it is always read.
        assert_eq!(
            files(&machine, None, Some(named.clone())),
            [PathBuf::from("named.toml")]
        );
        fs::write(&machine, "").unwrap();
        fs::create_dir_all(of_user.parent().unwrap()).unwrap();
        fs::write(&of_user, "").unwrap();
        assert_eq!(
            files(&machine, Some(&configuration), Some(named)),
            [
                machine.clone(),
                of_user.clone(),
                PathBuf::from("named.toml")
            ]
        );
        assert_eq!(
            files(&machine, Some(&configuration), Some(of_user.clone().into())),
            [machine, of_user]
        );
    }

    #[test]
    fn names_of_homes_are_not_shown() {
        let home = Path::new("/home/alice");
        assert_eq!(
            shown(Path::new("/home/alice/.config/x"), Some(home)),
            "~/.config/x"
        );
        assert_eq!(shown(Path::new("/etc/x"), Some(home)), "/etc/x");
    }
}
