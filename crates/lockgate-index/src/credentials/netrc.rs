//! The user's netrc file, read when it is first needed.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::OnceLock;

use netrc::Netrc;

use super::{Login, LoginOrigin};
use crate::files::{Limit, read_configured};
use crate::reporter::Reporter;

/// The first of some files that is there.
pub(super) struct NetrcFile {
    places: Vec<PathBuf>,
    read: OnceLock<Netrc>,
}

impl std::fmt::Debug for NetrcFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NetrcFile")
            .field("places", &self.places)
            .finish_non_exhaustive()
    }
}

impl NetrcFile {
    pub(super) fn new(places: Vec<PathBuf>) -> Self {
        Self {
            places,
            read: OnceLock::new(),
        }
    }

    /// The entry of a host, else the default one.
    pub(super) fn login(&self, host: &str, reporter: &dyn Reporter) -> Option<Login> {
        let netrc = self.read.get_or_init(|| self.read(reporter));
        let entry = netrc
            .hosts
            .get(host)
            .or_else(|| netrc.hosts.get("default"))?;
        let user = if entry.login.is_empty() {
            &entry.account
        } else {
            &entry.login
        };
        Some(Login {
            user: user.clone(),
            password: Some(entry.password.clone()),
            origin: LoginOrigin::Netrc,
        })
    }

    /// As with pip, a file that cannot be read is no reason to fail; what is wrong with it is not shown, since it may hold secrets anywhere.
    fn read(&self, reporter: &dyn Reporter) -> Netrc {
        for path in &self.places {
            let why = match read_configured(path, Limit::CONFIGURATION) {
                Err(error)
                    if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
                {
                    continue;
                }
                Err(error) => error.to_string(),
                Ok(bytes) => match String::from_utf8_lossy(&bytes).parse::<Netrc>() {
                    Ok(netrc) => return netrc,
                    Err(_) => "it is not written as a netrc file".to_owned(),
                },
            };
            reporter.warning(&format!(
                "`{}` cannot be used: {why}; going on without its logins",
                path.display()
            ));
            break;
        }
        Netrc::default()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::Silent;

    #[test]
    fn hosts_have_their_entry_else_the_default() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("_netrc");
        let text = "# comment\nmachine host.test login joe password s3cret\n\nmacdef init\necho x\n\ndefault login any password \"p w\"\n";
        fs::write(&path, text).unwrap();
        let netrc = NetrcFile::new(vec![folder.path().join(".netrc"), path.clone()]);
        let pair = |host: &str| {
            let login = netrc.login(host, &Silent).unwrap();
            (login.user, login.password.unwrap())
        };
        assert_eq!(pair("host.test"), ("joe".to_owned(), "s3cret".to_owned()));
        assert_eq!(pair("other.test"), ("any".to_owned(), "p w".to_owned()));
        fs::write(&path, "machine host.test login joe passwordd s3cret").unwrap();
        let broken = NetrcFile::new(vec![path]);
        assert!(broken.login("host.test", &Silent).is_none());
    }
}
