//! pip's configuration: files in pip's order and places, then `PIP_*`; as far as it says which index is used and how it is reached.
//!
//! Order (later wins): global files, user files, the interpreter's own (site), `PIP_CONFIG_FILE`, variables. Within a file `[install]` wins
//! over `[global]`. `PIP_CONFIG_FILE` that names an existing file shuts out the user's, and the null device shuts out all.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What of the environment pip looks at.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Environment variables.
    pub variables: BTreeMap<String, String>,
    /// The user's home.
    pub home: Option<PathBuf>,
    /// Where the interpreter is installed, if it is known.
    pub prefix: Option<PathBuf>,
}

/// A configuration that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("pip's configuration in `{}` cannot be read: {why}", .path.display())]
pub struct PipConfigError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: String,
}

/// A value and where it was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipSetting {
    /// The value as written.
    pub value: String,
    /// A variable's name, or a file's path.
    pub origin: String,
}

/// The effective settings, by pip's long option name without dashes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PipSettings {
    settings: BTreeMap<String, PipSetting>,
}

impl PipSettings {
    /// Reads files and variables.
    pub fn read(surroundings: &Surroundings) -> Result<Self, PipConfigError> {
        let mut all = Self::default();
        for path in files(surroundings) {
            all.read_file(&path)?;
        }
        for (name, value) in &surroundings.variables {
            let Some(option) = name.strip_prefix("PIP_").filter(|_| !value.is_empty()) else {
                continue;
            };
            let setting = PipSetting {
                value: value.clone(),
                origin: name.clone(),
            };
            all.settings
                .insert(option.to_ascii_lowercase().replace('_', "-"), setting);
        }
        Ok(all)
    }

    /// An option's value.
    pub fn get(&self, option: &str) -> Option<&PipSetting> {
        self.settings.get(option)
    }

    /// An option's values: they stand apart by white space.
    pub fn list(&self, option: &str) -> Vec<PipSetting> {
        let setting = self.settings.get(option);
        setting
            .into_iter()
            .flat_map(|setting| {
                setting.value.split_whitespace().map(|value| PipSetting {
                    value: value.to_owned(),
                    origin: setting.origin.clone(),
                })
            })
            .collect()
    }

    /// All settings, by option.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &PipSetting)> {
        self.settings
            .iter()
            .map(|(option, setting)| (option.as_str(), setting))
    }

    fn read_file(&mut self, path: &Path) -> Result<(), PipConfigError> {
        let failed = |why: String| PipConfigError {
            path: path.to_owned(),
            why,
        };
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                return Ok(());
            }
            // What the user may not read, pip passes over too.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(()),
            Err(error) => return Err(failed(error.to_string())),
        };
        let mut parser = configparser::ini::Ini::new();
        parser.set_multiline(true);
        parser.set_comment_symbols(&['#', ';']);
        parser.set_inline_comment_symbols(Some(&[]));
        let sections = parser.read(text).map_err(failed)?;
        for section in ["global", "install"] {
            let mut values: Vec<_> = sections.get(section).into_iter().flatten().collect();
            values.sort();
            for (key, value) in values {
                let value = value.as_deref().unwrap_or_default().trim();
                if !value.is_empty() {
                    let setting = PipSetting {
                        value: value.to_owned(),
                        origin: path.display().to_string(),
                    };
                    self.settings
                        .insert(key.to_ascii_lowercase().replace('_', "-"), setting);
                }
            }
        }
        Ok(())
    }
}

/// The files that pip would read, in its order.
fn files(surroundings: &Surroundings) -> Vec<PathBuf> {
    let variable = |name: &str| {
        surroundings
            .variables
            .get(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let named = variable("PIP_CONFIG_FILE");
    let null = if cfg!(windows) { "nul" } else { "/dev/null" };
    if named.as_deref() == Some(Path::new(null)) {
        return Vec::new();
    }
    let home = surroundings.home.as_deref();
    let mut files = Vec::new();
    let mut user = Vec::new();
    let file = if cfg!(windows) { "pip.ini" } else { "pip.conf" };
    if cfg!(windows) {
        files.extend(variable("PROGRAMDATA").map(|folder| folder.join("pip").join(file)));
        user.extend(home.map(|home| home.join("pip").join(file)));
        user.extend(variable("APPDATA").map(|folder| folder.join("pip").join(file)));
    } else if cfg!(target_os = "macos") {
        files.push(PathBuf::from("/Library/Application Support/pip/pip.conf"));
        user.extend(home.map(|home| home.join(".pip/pip.conf")));
        let library = home.map(|home| home.join("Library/Application Support/pip"));
        match library.filter(|folder| folder.is_dir()) {
            Some(folder) => user.push(folder.join(file)),
            None => user.extend(home.map(|home| home.join(".config/pip/pip.conf"))),
        }
    } else {
        let folders = variable("XDG_CONFIG_DIRS").unwrap_or_else(|| PathBuf::from("/etc/xdg"));
        files.extend(std::env::split_paths(&folders).map(|folder| folder.join("pip").join(file)));
        files.push(PathBuf::from("/etc/pip.conf"));
        user.extend(home.map(|home| home.join(".pip/pip.conf")));
        let config = variable("XDG_CONFIG_HOME").or_else(|| home.map(|home| home.join(".config")));
        user.extend(config.map(|folder| folder.join("pip").join(file)));
    }
    if !named.as_ref().is_some_and(|path| path.exists()) {
        files.append(&mut user);
    }
    files.extend(surroundings.prefix.as_ref().map(|prefix| prefix.join(file)));
    files.extend(named);
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surroundings(home: &Path, variables: &[(&str, &str)]) -> Surroundings {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Surroundings {
            variables,
            home: Some(home.to_owned()),
            prefix: Some(home.join("prefix")),
        }
    }

    fn write(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn later_places_win_and_sections_do_too() {
        let home = tempfile::tempdir().unwrap();
        write(
            &home.path().join(".pip/pip.conf"),
            "[global]\nindex-url = https://old.test\ntimeout = 3\nretries = 1\n",
        );
        write(
            &home.path().join(".config/pip/pip.conf"),
            "[global]\nindex_url = https://user.test\n[install]\nretries = 2\n",
        );
        write(
            &home.path().join("prefix/pip.conf"),
            "[global]\nextra-index-url =\n    https://a.test\n    https://b.test\n",
        );
        let read = |variables: &[(&str, &str)]| {
            PipSettings::read(&surroundings(home.path(), variables)).unwrap()
        };
        let settings = read(&[("XDG_CONFIG_DIRS", "/nowhere")]);
        assert_eq!(
            settings.get("index-url").unwrap().value,
            "https://user.test"
        );
        assert_eq!(
            (
                settings.get("timeout").unwrap().value.as_str(),
                settings.get("retries").unwrap().value.as_str()
            ),
            ("3", "2")
        );
        let extras: Vec<String> = settings
            .list("extra-index-url")
            .into_iter()
            .map(|s| s.value)
            .collect();
        assert_eq!(extras, ["https://a.test", "https://b.test"]);
        let settings = read(&[("PIP_INDEX_URL", "https://env.test"), ("PIP_TIMEOUT", "")]);
        assert_eq!(
            settings.get("index-url").unwrap(),
            &PipSetting {
                value: "https://env.test".to_owned(),
                origin: "PIP_INDEX_URL".to_owned()
            }
        );
        assert_eq!(settings.get("timeout").unwrap().value, "3");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_named_file_shuts_out_the_users_and_the_null_device_all() {
        let home = tempfile::tempdir().unwrap();
        write(
            &home.path().join(".config/pip/pip.conf"),
            "[global]\nindex-url = https://user.test\ntimeout = 9\n",
        );
        write(
            &home.path().join("named.conf"),
            "[global]\nindex-url = https://named.test\n",
        );
        let named = home.path().join("named.conf").display().to_string();
        let settings =
            PipSettings::read(&surroundings(home.path(), &[("PIP_CONFIG_FILE", &named)])).unwrap();
        assert_eq!(
            settings.get("index-url").unwrap().value,
            "https://named.test"
        );
        assert_eq!(settings.get("timeout"), None);
        let settings = PipSettings::read(&surroundings(
            home.path(),
            &[("PIP_CONFIG_FILE", "/dev/null")],
        ))
        .unwrap();
        assert_eq!(settings.get("index-url"), None);
    }
}
