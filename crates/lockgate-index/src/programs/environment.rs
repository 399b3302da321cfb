//! The variables that a program gets: lists of what it needs, and nothing else of the caller's.

use std::ffi::{OsStr, OsString};

use super::{own_variables, search};

/// What kind of program it is, which decides what it gets of the environment. docs/options.md lists the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// `git`: the user's home and network, keys and credential helpers; of `GIT_*` only where the user's own configuration and keys are.
    Git,
    /// `keyring`: the user's home, network and desktop session, and the settings of well-known backends.
    Keyring,
    /// An interpreter that is asked what it is: nothing that steers Python.
    Interpreter,
    /// A build: where programs and libraries are, and how to compile. All others stay away, since any may hold a secret.
    Build,
}

/// What every program needs: where programs and libraries are, the language, and what Windows can't do without.
const ALL: &[&str] = &[
    "PATH",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "SYSTEMROOT",
    "SYSTEMDRIVE",
    "WINDIR",
    "COMSPEC",
    "PATHEXT",
    "NUMBER_OF_PROCESSORS",
];

const USER: &[&str] = &[
    "HOME",
    "USER",
    "LOGNAME",
    "USERNAME",
    "USERPROFILE",
    "HOMEDRIVE",
    "HOMEPATH",
    "APPDATA",
    "LOCALAPPDATA",
    "PROGRAMDATA",
    "PROGRAMFILES",
    "XDG_CONFIG_HOME",
    "XDG_CONFIG_DIRS",
    "XDG_DATA_HOME",
    "XDG_DATA_DIRS",
    "XDG_CACHE_HOME",
    "XDG_RUNTIME_DIR",
];

const NETWORK: &[&str] = &[
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "KRB5CCNAME",
    "KRB5_CONFIG",
];

/// Where agents and password stores of the user's session are reached.
const SESSION: &[&str] = &[
    "SSH_AUTH_SOCK",
    "SSH_AGENT_PID",
    "GPG_AGENT_INFO",
    "GNUPGHOME",
    "PASSWORD_STORE_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "XDG_CURRENT_DESKTOP",
    "XDG_SESSION_TYPE",
];

/// Where the user's own configuration of Git is and how the user logs in. Not what is set for one command (`GIT_CONFIG_COUNT`), what
/// belongs to another repository (`GIT_DIR`), or what runs something else (`GIT_EXEC_PATH`, `GIT_PROXY_COMMAND`, `GIT_EXTERNAL_DIFF`).
const GIT: &[&str] = &[
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSH_VARIANT",
    "GIT_ASKPASS",
    "SSH_ASKPASS",
    "SSH_ASKPASS_REQUIRE",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
    "GIT_SSL_CERT",
    "GIT_SSL_KEY",
    // What the credential helpers of large hosts read.
    "GH_TOKEN",
    "GH_ENTERPRISE_TOKEN",
    "GH_HOST",
    "GH_CONFIG_DIR",
    "GITHUB_TOKEN",
    "GITHUB_ENTERPRISE_TOKEN",
    "CI_JOB_TOKEN",
];

const KEYRING: &[&str] = &["PYTHON_KEYRING_BACKEND"];

/// Where version managers keep interpreters: what is asked may be a script of theirs.
const INTERPRETER: &[&str] = &[
    "HOME",
    "USERPROFILE",
    "DEVELOPER_DIR",
    "PYENV_ROOT",
    "PYENV_VERSION",
    "ASDF_DIR",
    "ASDF_DATA_DIR",
    "ASDF_PYTHON_VERSION",
    "MISE_DATA_DIR",
    "MISE_PYTHON_VERSION",
];

const BUILD: &[&str] = &[
    "CC",
    "CXX",
    "CPP",
    "LD",
    "AR",
    "CFLAGS",
    "CXXFLAGS",
    "CPPFLAGS",
    "LDFLAGS",
    "CPATH",
    "LIBRARY_PATH",
    "PKG_CONFIG_PATH",
    "MACOSX_DEPLOYMENT_TARGET",
    "ARCHFLAGS",
    "SOURCE_DATE_EPOCH",
];

/// Beginnings of names: the settings of backends that get passwords from a cloud.
const KEYRING_FAMILIES: &[&str] = &[
    "KEYRING_PROPERTY_",
    "GOOGLE_",
    "CLOUDSDK_",
    "AWS_",
    "AZURE_",
    "ARTIFACTS_",
    "VSS_NUGET_",
    "NUGET_",
    "DOTNET_",
    "OP_",
    "BW_",
];
const GIT_FAMILIES: &[&str] = &["GCM_", "AWS_"];

/// Lists of folders: an empty or relative entry is the folder that a program happens to start in.
const LISTS: &[&str] = &[
    "PATH",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "CPATH",
    "LIBRARY_PATH",
    "PKG_CONFIG_PATH",
];

/// Names more variables for `git` and `keyring`: what a credential helper of the user's own reads.
const PASS_ENV: &str = "LOCKGATE_PASS_ENV";

impl Environment {
    /// Returns the variables of this process that the program gets.
    pub(super) fn variables(self) -> Vec<(OsString, OsString)> {
        let more = std::env::var(PASS_ENV).unwrap_or_default();
        let variables = own_variables(|name| self.passes(name, &more)).into_iter();
        variables
            .filter_map(|(name, value)| {
                let value = match name.to_str() {
                    Some(text) if LISTS.contains(&text) => cleaned(&value)?,
                    _ => value,
                };
                Some((name, value))
            })
            .collect()
    }

    /// Returns whether it gets the variable `name`; `more` are names that the caller adds for programs that log in.
    fn passes(self, name: &str, more: &str) -> bool {
        let (lists, families): (&[&[&str]], &[&str]) = match self {
            Self::Git => (&[ALL, USER, NETWORK, SESSION, GIT], GIT_FAMILIES),
            Self::Keyring => (&[ALL, USER, NETWORK, SESSION, KEYRING], KEYRING_FAMILIES),
            Self::Interpreter => (&[ALL, INTERPRETER], &[]),
            Self::Build => (&[ALL, BUILD], &[]),
        };
        let is_listed = |list: &&[&str]| {
            list.iter().any(|listed| {
                *listed == name || (cfg!(windows) && listed.eq_ignore_ascii_case(name))
            })
        };
        let is_added = || {
            let logs_in = matches!(self, Self::Git | Self::Keyring);
            logs_in && more.split(',').any(|added| added.trim() == name)
        };
        lists.iter().any(is_listed)
            || families.iter().any(|family| name.starts_with(family))
            || is_added()
    }

    /// Returns whether a folder for temporary files is made for it, which is removed when it has ended; builds have one of their own.
    pub(super) fn wants_temporary_folder(self) -> bool {
        self != Self::Build
    }

    /// Returns whether what it started may go on after its end, as a credential cache of Git's does.
    pub(super) fn may_leave_helpers(self) -> bool {
        self == Self::Git
    }
}

/// Returns the absolute folders of a list; nothing where none is left.
fn cleaned(list: &OsStr) -> Option<OsString> {
    let folders = search::absolute_folders(list);
    if folders.is_empty() {
        return None;
    }
    std::env::join_paths(folders).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_another_tool_is_passed_on() {
        let steering = [
            "PYTHONPATH",
            "PYTHONSTARTUP",
            "PYTHONHOME",
            "PYTHONUSERBASE",
            "PYTHONWARNINGS",
            "PYTHONBREAKPOINT",
            "VIRTUAL_ENV",
            "PIP_INDEX_URL",
            "PIP_CONFIG_FILE",
            "PIP_PYTHON",
            "UV_INDEX_URL",
            "GIT_DIR",
            "GIT_WORK_TREE",
            "GIT_CONFIG",
            "GIT_CONFIG_COUNT",
            "GIT_CONFIG_KEY_0",
            "GIT_CONFIG_PARAMETERS",
            "GIT_EXEC_PATH",
            "GIT_TEMPLATE_DIR",
            "GIT_PROXY_COMMAND",
            "GIT_EXTERNAL_DIFF",
            "GIT_PAGER",
            "GIT_EDITOR",
            "GIT_TRACE",
            "GIT_ALTERNATE_OBJECT_DIRECTORIES",
            "GIT_SSL_NO_VERIFY",
            "LD_PRELOAD",
            "LD_AUDIT",
            "DYLD_INSERT_LIBRARIES",
            "BASH_ENV",
            "ENV",
            "EDITOR",
            "PAGER",
            "BROWSER",
            "NODE_OPTIONS",
            "LOCKGATE_PASS_ENV",
        ];
        for environment in [
            Environment::Git,
            Environment::Keyring,
            Environment::Interpreter,
            Environment::Build,
        ] {
            for name in steering {
                assert!(!environment.passes(name, ""), "{environment:?} gets {name}");
            }
            assert!(environment.passes("PATH", ""));
        }
    }

    #[test]
    fn programs_that_log_in_get_what_they_need_for_it_and_builds_do_not() {
        for (name, gets) in [
            ("HOME", [true, true, false]),
            ("https_proxy", [true, true, false]),
            ("SSH_AUTH_SOCK", [true, true, false]),
            ("GIT_CONFIG_GLOBAL", [true, false, false]),
            ("GH_TOKEN", [true, false, false]),
            ("PYTHON_KEYRING_BACKEND", [false, true, false]),
            ("GOOGLE_APPLICATION_CREDENTIALS", [false, true, false]),
            ("OUR_TOKEN", [true, true, false]),
            ("OUR_TOKEN_2", [false, false, false]),
            ("CFLAGS", [false, false, true]),
        ] {
            let passed = [Environment::Git, Environment::Keyring, Environment::Build]
                .map(|environment| environment.passes(name, "OTHER, OUR_TOKEN"));
            assert_eq!(passed, gets, "{name}");
        }
    }

    #[test]
    fn lists_of_folders_lose_what_leads_into_the_current_one() {
        let list = std::env::join_paths(["", "/usr/bin", ".", "bin", "/bin", ""]).unwrap();
        if cfg!(unix) {
            assert_eq!(cleaned(&list), Some("/usr/bin:/bin".into()));
        }
        assert_eq!(cleaned(OsStr::new("")), None);
        assert_eq!(cleaned(OsStr::new("bin")), None);
    }
}
