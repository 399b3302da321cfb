//! The user's keyring, by the program `keyring`: asked only when a server has refused, never allowed to ask back, and not waited for too long.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustc_hash::FxHashMap;
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::options::KeyringProvider;
use crate::programs::{Environment, Program, RunError};
use crate::reporter::Reporter;

const PROGRAM: &str = "keyring";

/// The keyring, and what it has said.
pub(super) struct Keyring {
    provider: KeyringProvider,
    patience: Duration,
    /// By service and user. Held while the program runs, so that it is asked once and not by many at a time.
    answers: Mutex<FxHashMap<Question, Option<UserAndPassword>>>,
    is_silent: AtomicBool,
    /// It answers only about users that are named.
    is_old: AtomicBool,
}

/// A service, and the user if one is named.
type Question = (String, Option<String>);

/// A user name, and the password.
type UserAndPassword = (String, String);

/// What `keyring --output=json` prints.
#[derive(Deserialize)]
struct Printed {
    username: String,
    password: String,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyring")
            .field("provider", &self.provider)
            .finish_non_exhaustive()
    }
}

impl Keyring {
    pub(super) fn new(provider: KeyringProvider, patience: Duration) -> Self {
        Self {
            provider,
            patience,
            answers: Mutex::default(),
            is_silent: AtomicBool::new(false),
            is_old: AtomicBool::new(false),
        }
    }

    /// The login for `service`, if the keyring has it: that of `user`, or any where none is named.
    pub(super) async fn login(
        &self,
        service: &str,
        user: Option<&str>,
        reporter: &dyn Reporter,
    ) -> Option<UserAndPassword> {
        if self.provider == KeyringProvider::Disabled {
            return None;
        }
        // It would take them for options of its own.
        if user.is_some_and(|user| user.starts_with('-')) || service.starts_with('-') {
            reporter.warning(&format!(
                "`keyring` was not asked about {service}: a name that begins with `-` would be taken for an option"
            ));
            return None;
        }
        let mut answers = self.answers.lock().await;
        let key = (service.to_owned(), user.map(str::to_owned));
        if let Some(known) = answers.get(&key) {
            return known.clone();
        }
        let is_old = user.is_none() && self.is_old.load(Ordering::Relaxed);
        if is_old || self.is_silent.load(Ordering::Relaxed) {
            return None;
        }
        let answer = self.ask(service, user).await;
        let login = answer.unwrap_or_else(|why| {
            // One that is broken or not there is not tried again.
            let silent = match why {
                Silence::TooOld => &self.is_old,
                Silence::NotThere | Silence::TooLong | Silence::Failed(_) => &self.is_silent,
            };
            silent.store(true, Ordering::Relaxed);
            match why {
                Silence::TooOld => reporter.warning(
                    "this `keyring` answers only where the address names a user; update it to 25.2.1 or later, or write `https://USER@…`",
                ),
                Silence::NotThere if self.provider == KeyringProvider::Auto => {}
                Silence::NotThere => reporter.warning(
                    "the keyring cannot be asked: there is no program `keyring` on the PATH",
                ),
                Silence::TooLong => reporter.warning(&format!(
                    "`keyring` did not answer within {} seconds; going on without it",
                    self.patience.as_secs()
                )),
                Silence::Failed(error) => {
                    reporter.warning(&format!("`keyring` cannot be run: {error}"));
                }
            }
            None
        });
        answers.insert(key, login.clone());
        login
    }

    /// A user who is named is asked about in the way that every version understands; else as pip does.
    async fn ask(
        &self,
        service: &str,
        user: Option<&str>,
    ) -> Result<Option<UserAndPassword>, Silence> {
        let arguments = match user {
            Some(user) => ["get", service, user].map(str::to_owned).to_vec(),
            None => ["--mode=creds", "--output=json", "get", service]
                .map(str::to_owned)
                .to_vec(),
        };
        let limit = self.patience;
        let asking = tokio::task::spawn_blocking(move || {
            Program::named(PROGRAM, Environment::Keyring)?
                .args(arguments)
                .env("PYTHONIOENCODING", "utf-8")
                .limit(limit)
                .run()
        });
        let answer = asking
            .await
            .unwrap_or_else(|error| Err(RunError::Failed(error.to_string())));
        let ended = answer.map_err(|error| match error {
            RunError::Missing => Silence::NotThere,
            RunError::TimedOut => Silence::TooLong,
            RunError::Stopped | RunError::TooMuch | RunError::Failed(_) => Silence::Failed(error),
        })?;
        if !ended.success {
            let is_old = user.is_none()
                && ended.err.contains("unrecognized arguments")
                && ended.err.contains("--mode=creds");
            return if is_old {
                Err(Silence::TooOld)
            } else {
                Ok(None)
            };
        }
        let Some(user) = user else {
            let printed: Option<Printed> = serde_json::from_slice(&ended.out).ok();
            return Ok(printed.map(|printed| (printed.username, printed.password)));
        };
        let text = String::from_utf8(ended.out).unwrap_or_default();
        let password = text.trim_end_matches(['\r', '\n']);
        Ok((!password.is_empty()).then(|| (user.to_owned(), password.to_owned())))
    }
}

/// Why the keyring says nothing at all.
enum Silence {
    NotThere,
    TooOld,
    TooLong,
    Failed(RunError),
}
