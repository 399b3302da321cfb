//! The user's keyring, by the program `keyring`: asked only when a server has refused, never allowed to ask back, and not waited for too long.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustc_hash::FxHashMap;
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
    answers: Mutex<FxHashMap<(String, String), Option<String>>>,
    is_silent: AtomicBool,
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
        }
    }

    /// The password of `user` for `service`, if the keyring has it.
    pub(super) async fn password(
        &self,
        service: &str,
        user: &str,
        reporter: &dyn Reporter,
    ) -> Option<String> {
        if self.provider == KeyringProvider::Disabled {
            return None;
        }
        // It would take them for options of its own.
        if user.starts_with('-') || service.starts_with('-') {
            reporter.warning(&format!(
                "`keyring` was not asked about {service}: a name that begins with `-` would be taken for an option"
            ));
            return None;
        }
        let mut answers = self.answers.lock().await;
        let key = (service.to_owned(), user.to_owned());
        if let Some(known) = answers.get(&key) {
            return known.clone();
        }
        if self.is_silent.load(Ordering::Relaxed) {
            return None;
        }
        let answer = self.ask(service, user).await;
        let password = answer.unwrap_or_else(|why| {
            // One that is broken or not there is not tried again.
            self.is_silent.store(true, Ordering::Relaxed);
            match why {
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
        answers.insert(key, password.clone());
        password
    }

    async fn ask(&self, service: &str, user: &str) -> Result<Option<String>, Silence> {
        let (limit, arguments) = (self.patience, ["get", service, user].map(str::to_owned));
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
            return Ok(None);
        }
        let text = String::from_utf8(ended.out).unwrap_or_default();
        let password = text.trim_end_matches(['\r', '\n']);
        Ok((!password.is_empty()).then(|| password.to_owned()))
    }
}

/// Why the keyring says nothing at all.
enum Silence {
    NotThere,
    TooLong,
    Failed(RunError),
}
