//! Progress on the terminal: what is being fetched, how many packages are decided, how many versions tried.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lockgate_model::secret::hide_everywhere;
use lockgate_model::text::shown;
use lockgate_solve::{MAX_STEPS, MAX_STEPS_VARIABLE};

use crate::terminal::Terminal;

/// Names of fetches shown at once.
const SHOWN: usize = 3;

/// A line that is redrawn at the bottom of a terminal, or nothing at all elsewhere.
#[derive(Debug, Clone)]
pub(crate) struct Progress(Arc<State>);

#[derive(Debug)]
struct State {
    bar: Option<ProgressBar>,
    fetching: Mutex<BTreeSet<String>>,
    decided: AtomicUsize,
    tried: AtomicUsize,
    /// How many steps a search may take.
    max_steps: u64,
    terminal: Terminal,
}

impl Progress {
    /// Starts drawing if `terminal` wants it.
    pub(crate) fn new(terminal: &Terminal) -> Self {
        let bar = terminal.has_progress().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(15));
            if let Ok(style) = ProgressStyle::with_template("{spinner:.cyan} {wide_msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Self(Arc::new(State {
            bar,
            fetching: Mutex::default(),
            decided: AtomicUsize::new(0),
            tried: AtomicUsize::new(0),
            max_steps: max_steps(terminal),
            terminal: terminal.clone(),
        }))
    }

    /// What goes on apart from solving.
    pub(crate) fn phase(&self, message: &str) {
        if let Some(bar) = &self.0.bar {
            bar.set_message(shown(&hide_everywhere(message)).into_owned());
        }
    }

    /// Takes the line away, so that other output starts on a clean one.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.0.bar {
            bar.finish_and_clear();
        }
    }

    fn draw(&self) {
        let Some(bar) = &self.0.bar else { return };
        let fetching = self
            .0
            .fetching
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut message = format!(
            "{} decided, {} versions tried",
            self.0.decided.load(Ordering::Relaxed),
            self.0.tried.load(Ordering::Relaxed)
        );
        if !fetching.is_empty() {
            let names: Vec<&str> = fetching.iter().take(SHOWN).map(String::as_str).collect();
            let _ = write!(
                message,
                " · fetching {}: {}",
                fetching.len(),
                names.join(", ")
            );
            if fetching.len() > SHOWN {
                message.push('…');
            }
        }
        bar.set_message(shown(&hide_everywhere(&message)).into_owned());
    }
}

/// How many steps a search may take, by the caller's environment.
fn max_steps(terminal: &Terminal) -> u64 {
    let Ok(text) = std::env::var(MAX_STEPS_VARIABLE) else {
        return MAX_STEPS;
    };
    text.parse().unwrap_or_else(|_no_number| {
        terminal.warn(&format!(
            "`{MAX_STEPS_VARIABLE}`: expected a number; the limit stays {MAX_STEPS}"
        ));
        MAX_STEPS
    })
}

impl lockgate_index::Reporter for Progress {
    fn started(&self, what: &str) {
        if self.0.bar.is_some() {
            self.0
                .fetching
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(what.to_owned());
            self.draw();
        }
    }

    fn finished(&self, what: &str) {
        if self.0.bar.is_some() {
            self.0
                .fetching
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(what);
            self.draw();
        }
    }

    fn warning(&self, message: &str) {
        match &self.0.bar {
            Some(bar) => bar.suspend(|| self.0.terminal.warn(message)),
            None => self.0.terminal.warn(message),
        }
    }
}

impl lockgate_solve::Watch for Progress {
    fn max_steps(&self) -> u64 {
        self.0.max_steps
    }

    fn progress(&self, decided: usize, tried: usize) {
        self.0.decided.store(decided, Ordering::Relaxed);
        self.0.tried.store(tried, Ordering::Relaxed);
        self.draw();
    }
}
