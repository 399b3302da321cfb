//! Where pip's configuration files are, on each system.

use std::path::{Path, PathBuf};

use super::Surroundings;

/// The systems that pip keeps its files in different places on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// Linux, and every other Unix than macOS.
    Unix,
    /// macOS.
    MacOs,
    /// Windows.
    Windows,
}

impl System {
    /// The one this program runs on.
    pub const fn current() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else if cfg!(target_os = "macos") {
            Self::MacOs
        } else {
            Self::Unix
        }
    }

    /// The name of the file that swallows everything: as `PIP_CONFIG_FILE` it stands for no file at all.
    fn null_device(self) -> &'static str {
        match self {
            Self::Windows => "nul",
            Self::Unix | Self::MacOs => "/dev/null",
        }
    }

    /// What a configuration file is called.
    fn file_name(self) -> &'static str {
        match self {
            Self::Windows => "pip.ini",
            Self::Unix | Self::MacOs => "pip.conf",
        }
    }

    /// What stands between the paths of a list.
    fn separator(self) -> char {
        match self {
            Self::Windows => ';',
            Self::Unix | Self::MacOs => ':',
        }
    }
}

impl Default for System {
    fn default() -> Self {
        Self::current()
    }
}

/// The files that pip would read, in its order: what a later one says wins.
pub(super) fn files(surroundings: &Surroundings) -> Vec<PathBuf> {
    let system = surroundings.system;
    let named = surroundings
        .variable("PIP_CONFIG_FILE")
        .filter(|value| !value.is_empty());
    if named == Some(system.null_device()) {
        return Vec::new();
    }
    let named = named.map(PathBuf::from);
    let mut folders = global(surroundings);
    // A file that is named, and there, takes the place of the user's.
    if !named.as_ref().is_some_and(|path| path.exists()) {
        folders.extend(user(surroundings));
    }
    folders.extend(surroundings.prefix.clone());
    let mut files: Vec<PathBuf> = Vec::new();
    for file in folders
        .into_iter()
        .map(|folder| folder.join(system.file_name()))
        .chain(named)
    {
        // pip keeps what it read by path, so a file that comes up twice counts where it came up first.
        if !files.contains(&file) {
            files.push(file);
        }
    }
    files
}

/// The folders of the machine's files.
fn global(surroundings: &Surroundings) -> Vec<PathBuf> {
    match surroundings.system {
        System::Unix => {
            let mut folders = absolute_list(surroundings, "XDG_CONFIG_DIRS");
            if folders.is_empty() {
                folders.push(PathBuf::from("/etc/xdg"));
            }
            let mut folders: Vec<PathBuf> = folders
                .into_iter()
                .map(|folder| folder.join("pip"))
                .collect();
            folders.push(PathBuf::from("/etc"));
            folders
        }
        System::MacOs => {
            let mut folders = absolute_list(surroundings, "XDG_DATA_DIRS");
            if folders.is_empty() {
                let homebrew = surroundings.base.as_deref().and_then(homebrew);
                folders.extend(homebrew.map(|prefix| prefix.join("share")));
                folders.push(PathBuf::from("/Library/Application Support"));
            }
            folders
                .into_iter()
                .map(|folder| folder.join("pip"))
                .collect()
        }
        System::Windows => ["PROGRAMDATA", "ALLUSERSPROFILE"]
            .into_iter()
            .find_map(|name| {
                surroundings
                    .variable(name)
                    .filter(|value| !value.is_empty())
            })
            .map(|folder| PathBuf::from(folder).join("pip"))
            .into_iter()
            .collect(),
    }
}

/// The folders of the user's files: that of old first.
fn user(surroundings: &Surroundings) -> Vec<PathBuf> {
    let home = surroundings.home.as_deref();
    let in_home = |path: &str| home.map(|home| home.join(path));
    match surroundings.system {
        System::Unix => {
            let config = absolute(surroundings, "XDG_CONFIG_HOME").or_else(|| in_home(".config"));
            in_home(".pip")
                .into_iter()
                .chain(config.map(|folder| folder.join("pip")))
                .collect()
        }
        System::MacOs => {
            let library = absolute(surroundings, "XDG_DATA_HOME")
                .or_else(|| in_home("Library/Application Support"))
                .map(|folder| folder.join("pip"))
                .filter(|folder| folder.is_dir());
            in_home(".pip")
                .into_iter()
                .chain(library.or_else(|| in_home(".config/pip")))
                .collect()
        }
        System::Windows => {
            let roaming = surroundings
                .variable("APPDATA")
                .filter(|value| !value.is_empty());
            in_home("pip")
                .into_iter()
                .chain(roaming.map(|folder| PathBuf::from(folder).join("pip")))
                .collect()
        }
    }
}

/// A folder by the XDG rules: blanks around it do not count, and neither does one that is not absolute.
fn absolute(surroundings: &Surroundings, name: &str) -> Option<PathBuf> {
    surroundings.variable(name).and_then(absolute_path)
}

fn absolute_list(surroundings: &Surroundings, name: &str) -> Vec<PathBuf> {
    surroundings
        .variable(name)
        .unwrap_or_default()
        .split(surroundings.system.separator())
        .filter_map(absolute_path)
        .collect()
}

fn absolute_path(text: &str) -> Option<PathBuf> {
    let text = text.trim();
    text.starts_with('/').then(|| PathBuf::from(text))
}

/// Where Homebrew is, if a Python is one of its: `PREFIX/opt/python@3.13/Frameworks/Python.framework/Versions/3.13`, or the place
/// `PREFIX/Cellar/python@3.13/3.13.1/…` that this links to.
fn homebrew(base: &Path) -> Option<PathBuf> {
    let text = base.to_str()?;
    let (rest, version) = text.rsplit_once("/Frameworks/Python.framework/Versions/")?;
    let (prefix, formula) = match rest.rsplit_once("/Cellar/") {
        Some((prefix, kept)) => (prefix, kept.split_once('/')?.0),
        None => rest.rsplit_once("/opt/")?,
    };
    let is_python = formula.starts_with("python") && !formula.contains('/');
    (is_python && !prefix.is_empty() && !version.is_empty() && !version.contains('/'))
        .then(|| PathBuf::from(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surroundings(system: System, home: &Path, variables: &[(&str, &str)]) -> Surroundings {
        Surroundings {
            variables: variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            home: Some(home.to_owned()),
            prefix: Some(PathBuf::from("/py")),
            base: Some(PathBuf::from("/py")),
            system,
        }
    }

    /// The files for a home folder, which reads `~`.
    fn shown(surroundings: &Surroundings) -> Vec<String> {
        let home = surroundings.home.as_ref().unwrap().display().to_string();
        files(surroundings)
            .into_iter()
            .map(|path| {
                path.display()
                    .to_string()
                    .replace('\\', "/")
                    .replace(&home, "~")
            })
            .collect()
    }

    #[test]
    fn unix_reads_xdg_and_etc_then_the_user_then_the_interpreters_own() {
        let home = tempfile::tempdir().unwrap();
        let of =
            |variables: &[(&str, &str)]| shown(&surroundings(System::Unix, home.path(), variables));
        assert_eq!(
            of(&[]),
            [
                "/etc/xdg/pip/pip.conf",
                "/etc/pip.conf",
                "~/.pip/pip.conf",
                "~/.config/pip/pip.conf",
                "/py/pip.conf"
            ]
        );
        assert_eq!(
            of(&[
                ("XDG_CONFIG_DIRS", "/a: /b :relative:"),
                ("XDG_CONFIG_HOME", " /c "),
                ("PIP_CONFIG_FILE", "/missing/pip.conf")
            ]),
            [
                "/a/pip/pip.conf",
                "/b/pip/pip.conf",
                "/etc/pip.conf",
                "~/.pip/pip.conf",
                "/c/pip/pip.conf",
                "/py/pip.conf",
                "/missing/pip.conf"
            ]
        );
        assert_eq!(
            of(&[("XDG_CONFIG_DIRS", ""), ("XDG_CONFIG_HOME", "relative")]),
            of(&[("PIP_CONFIG_FILE", "")])
        );
        assert!(of(&[("PIP_CONFIG_FILE", "/dev/null")]).is_empty());
        assert_eq!(of(&[("PIP_CONFIG_FILE", "nul")]).len(), 6);
        // A file that is both the interpreter's and named counts once.
        assert_eq!(of(&[("PIP_CONFIG_FILE", "/py/pip.conf")]).len(), 5);
    }

    #[test]
    fn macos_prefers_the_library_when_it_is_there() {
        let home = tempfile::tempdir().unwrap();
        let of = |variables: &[(&str, &str)]| {
            shown(&surroundings(System::MacOs, home.path(), variables))
        };
        assert_eq!(
            of(&[
                ("XDG_CONFIG_HOME", "/ignored"),
                ("XDG_CONFIG_DIRS", "/ignored")
            ]),
            [
                "/Library/Application Support/pip/pip.conf",
                "~/.pip/pip.conf",
                "~/.config/pip/pip.conf",
                "/py/pip.conf"
            ]
        );
        std::fs::create_dir_all(home.path().join("Library/Application Support/pip")).unwrap();
        assert_eq!(
            of(&[("XDG_DATA_DIRS", "/data")]),
            [
                "/data/pip/pip.conf",
                "~/.pip/pip.conf",
                "~/Library/Application Support/pip/pip.conf",
                "/py/pip.conf"
            ]
        );
        let data = home.path().join("data");
        std::fs::create_dir_all(data.join("pip")).unwrap();
        assert_eq!(
            of(&[("XDG_DATA_HOME", &data.display().to_string())])[2],
            "~/data/pip/pip.conf"
        );
        assert!(of(&[("PIP_CONFIG_FILE", "/dev/null")]).is_empty());
    }

    #[test]
    fn a_homebrew_python_brings_a_folder_of_its_own() {
        let home = tempfile::tempdir().unwrap();
        for (base, first) in [
            (
                "/opt/homebrew/opt/python@3.13/Frameworks/Python.framework/Versions/3.13",
                "/opt/homebrew/share/pip/pip.conf",
            ),
            (
                "/usr/local/opt/python3/Frameworks/Python.framework/Versions/3.12",
                "/usr/local/share/pip/pip.conf",
            ),
            (
                "/opt/homebrew/Cellar/python@3.13/3.13.1/Frameworks/Python.framework/Versions/3.13",
                "/opt/homebrew/share/pip/pip.conf",
            ),
            (
                "/Library/Frameworks/Python.framework/Versions/3.12",
                "/Library/Application Support/pip/pip.conf",
            ),
            (
                "/opt/homebrew/opt/pypy/Frameworks/Python.framework/Versions/3.12",
                "/Library/Application Support/pip/pip.conf",
            ),
        ] {
            let surroundings = Surroundings {
                base: Some(PathBuf::from(base)),
                ..surroundings(System::MacOs, home.path(), &[])
            };
            assert_eq!(shown(&surroundings)[0], first);
        }
    }

    #[test]
    fn windows_reads_program_data_and_roaming_application_data() {
        let home = tempfile::tempdir().unwrap();
        let of = |variables: &[(&str, &str)]| {
            shown(&surroundings(System::Windows, home.path(), variables))
        };
        // Names of variables have no case there.
        assert_eq!(
            of(&[("ProgramData", "C:/ProgramData"), ("AppData", "C:/Roaming")]),
            [
                "C:/ProgramData/pip/pip.ini",
                "~/pip/pip.ini",
                "C:/Roaming/pip/pip.ini",
                "/py/pip.ini"
            ]
        );
        assert_eq!(
            of(&[("ALLUSERSPROFILE", "C:/All")]),
            ["C:/All/pip/pip.ini", "~/pip/pip.ini", "/py/pip.ini"]
        );
        assert!(of(&[("PIP_CONFIG_FILE", "nul")]).is_empty());
    }

    #[test]
    fn a_named_file_that_is_there_shuts_out_the_users() {
        let home = tempfile::tempdir().unwrap();
        let named = home.path().join("named.conf");
        std::fs::write(&named, "").unwrap();
        let variables = [("PIP_CONFIG_FILE", named.to_str().unwrap())];
        for system in [System::Unix, System::MacOs, System::Windows] {
            let files = shown(&surroundings(system, home.path(), &variables));
            let users: Vec<&String> = files
                .iter()
                .filter(|file| file.starts_with("~/") && !file.ends_with("named.conf"))
                .collect();
            assert!(users.is_empty(), "{system:?}: {users:?}");
            assert_eq!(files.last().unwrap(), "~/named.conf");
        }
    }
}
