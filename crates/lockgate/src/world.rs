//! The world as an operation meets it: disk, index, clock, terminal and progress, made once per run.

use std::io;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use lockgate_index::pip_config::Installation;
use lockgate_index::{Index, Options, Silent, TrustedHost, interpreter, programs};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::cli::{CacheOptions, IndexOptions};
use crate::disk::Disk;
use crate::failure::{Exit, Failure};
use crate::hosts::{CurrentReach, Reach};
use crate::indexes;
use crate::pip_settings::PipView;
use crate::progress::Progress;
use crate::provenance;
use crate::request::named;
use crate::terminal::Terminal;

/// The solver walks long chains of reasons by recursion.
const SOLVER_STACK: usize = 64 << 20;

/// What every operation works with.
pub(crate) struct World {
    /// The one door to network and cache.
    pub(crate) index: Index,
    /// What pip is set up with.
    pub(crate) pip: PipView,
    /// The hosts that the caller names, by options, variables and pip's settings.
    pub(crate) named_hosts: Vec<TrustedHost>,
    /// Files of the user.
    pub(crate) files: Disk,
    /// When this run began. The only clock.
    pub(crate) now: Timestamp,
    /// Where people are told.
    pub(crate) terminal: Terminal,
    /// Where addresses in sources may lead.
    pub(crate) reach: CurrentReach,
    /// What goes on.
    pub(crate) progress: Progress,
    /// The one runtime. Never shut down: a run ends while guesses are still being fetched, and tasks that meet a runtime in shutdown
    /// panic. The end of the process ends them all.
    pub(crate) runtime: ManuallyDrop<Runtime>,
    /// Why the run was ended from outside, once it was.
    ended: watch::Receiver<Option<Failure>>,
    /// What has to be done before an interrupted run ends.
    last_acts: Mutex<Vec<Box<dyn FnOnce() + Send>>>,
}

impl World {
    /// Sets everything up, with the settings of the pip that `python` has; asks no network. An interpreter is asked only if its place
    /// does not tell where its pip's configuration is.
    pub(crate) fn new(
        options: &IndexOptions,
        cache: &CacheOptions,
        python: Option<&str>,
        terminal: &Terminal,
    ) -> Result<Arc<Self>, Failure> {
        Self::made(options, cache, python, terminal, None, Reach::Everywhere)
    }

    /// The same for a run whose sources are judged: what stands in them leads only where `reach` admits.
    pub(crate) fn reaching(
        reach: Reach,
        options: &IndexOptions,
        cache: &CacheOptions,
        python: Option<&str>,
        terminal: &Terminal,
    ) -> Result<Arc<Self>, Failure> {
        Self::made(options, cache, python, terminal, None, reach)
    }

    /// The same for an audit: of an interpreter that has to be asked, nothing runs that is installed for it, and none is started that lies
    /// in one of the folders `audited`.
    pub(crate) fn of_audit(
        reach: Reach,
        options: &IndexOptions,
        cache: &CacheOptions,
        python: Option<&str>,
        audited: Vec<PathBuf>,
        terminal: &Terminal,
    ) -> Result<Arc<Self>, Failure> {
        Self::made(options, cache, python, terminal, Some(audited), reach)
    }

    fn made(
        options: &IndexOptions,
        cache: &CacheOptions,
        python: Option<&str>,
        terminal: &Terminal,
        audited: Option<Vec<PathBuf>>,
        reach: Reach,
    ) -> Result<Arc<Self>, Failure> {
        let bare_interpreters = audited.is_some();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|error| {
                Failure::new(format!("cannot start the asynchronous runtime: {error}"))
            })?;
        let ended = watch_for_end()?.clone();
        HAS_WORLD.store(true, Ordering::SeqCst);
        let progress = Progress::new(terminal);
        // What is judged does not choose the interpreter that is started.
        let is_judging = bare_interpreters || !reach.is_everywhere();
        let python_choice = is_judging.then(interpreter::choice_above_repository);
        let own_choice = || std::env::current_dir().unwrap_or_default();
        let ask = |executable: &Path| {
            let options = Options {
                cache: indexes::cache_folder(cache),
                bare_interpreters,
                python_choice: python_choice.clone(),
                ..Options::default()
            };
            let index = Index::new(options, runtime.handle().clone(), Arc::new(Silent));
            let interpreter = index.interpreter(executable).ok()?;
            let prefix = interpreter.prefix().to_owned();
            Some(Installation {
                base: Some(prefix.clone()),
                prefix,
            })
        };
        let choice = python_choice.clone().unwrap_or_else(own_choice);
        let pip = PipView::read(python, audited.unwrap_or_default(), choice, ask)?;
        for place in pip.places() {
            terminal.detail(&place);
        }
        if let Some(base) = pip.variables().get("LOCKGATE_OSV_EXPORT") {
            let base = provenance::shown("url", base);
            let told =
                provenance::line(&format!("OSV's export is at {base}"), "LOCKGATE_OSV_EXPORT");
            terminal.detail(&told);
        }
        let named_hosts = indexes::named_hosts(options, &pip)?;
        let mut options = indexes::index_options(options, cache, &pip)?;
        options.bare_interpreters = bare_interpreters;
        options.python_choice.clone_from(&python_choice);
        let index = Index::new(
            options,
            runtime.handle().clone(),
            Arc::new(progress.clone()),
        );
        Ok(Arc::new(Self {
            index,
            pip,
            named_hosts,
            files: Disk,
            now: Timestamp::now(),
            terminal: terminal.clone(),
            reach: CurrentReach::new(reach),
            progress,
            runtime: ManuallyDrop::new(runtime),
            ended,
            last_acts: Mutex::default(),
        }))
    }

    /// Has something done before an interrupted run ends, while the operation may still be at work.
    pub(crate) fn when_interrupted(&self, act: impl FnOnce() + Send + 'static) {
        self.last_acts().push(Box::new(act));
    }

    fn last_acts(&self) -> MutexGuard<'_, Vec<Box<dyn FnOnce() + Send>>> {
        self.last_acts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `operation` on a thread of its own while this one waits for its end, for Ctrl-C or for a termination, whichever is first.
    /// An interrupted run has written nothing: outputs are renamed into place as an operation's last step.
    pub(crate) fn until_interrupted<T: Send + 'static>(
        self: &Arc<Self>,
        operation: impl FnOnce(&Self) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let (sender, receiver) = mpsc::channel();
        let interrupted = sender.clone();
        let mut ended = self.ended.clone();
        self.runtime.spawn(async move {
            let failure = ended.wait_for(Option::is_some).await;
            if let Ok(Some(failure)) = failure.as_deref() {
                // The receiver is gone when the operation has ended already.
                let _ = interrupted.send(Err(failure.clone()));
            }
        });
        let world = Arc::clone(self);
        thread::Builder::new()
            .name("operation".to_owned())
            .stack_size(SOLVER_STACK)
            .spawn(move || {
                let ended = operation(&world);
                let _ = sender.send(ended);
            })
            .map_err(|error| Failure::new(format!("cannot start a thread: {error}")))?;
        let ended = receiver
            .recv()
            .unwrap_or_else(|_gone| Err(Failure::new("the operation ended without an answer")));
        // A keyring that a guess asked may still be at it when the operation has ended. Another operation may follow.
        if self.ended.borrow().is_some() {
            programs::stop_all();
        } else {
            programs::stop_running();
        }
        // After an end of its own the operation has left nothing that these would find.
        let last_acts = std::mem::take(&mut *self.last_acts());
        for act in last_acts {
            act();
        }
        self.progress.finish();
        match (&ended, self.ended.borrow().as_ref()) {
            // A program that was stopped is no reason of its own.
            (Err(_), Some(failure)) => Err(failure.clone()),
            _ => ended,
        }
    }
}

/// Why the run was ended from outside, once it was.
static ENDED: OnceLock<watch::Receiver<Option<Failure>>> = OnceLock::new();
/// Whether an operation has been set up, which looks after its own end.
static HAS_WORLD: AtomicBool = AtomicBool::new(false);
/// How long a run that has not come to its operation gets to end in order.
const FAREWELL: Duration = Duration::from_secs(1);

/// Has Ctrl-C, or a termination as by a service manager, end the run in order from now on: what runs is stopped, and whoever waits for the
/// run's end learns why. To be called before any program is started: none outlives this one.
pub(crate) fn watch_for_end() -> Result<&'static watch::Receiver<Option<Failure>>, Failure> {
    if let Some(ended) = ENDED.get() {
        return Ok(ended);
    }
    let failed = |error: io::Error| Failure::new(format!("cannot wait for signals: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(failed)?;
    let (sender, receiver) = watch::channel(None);
    // Signals count from here on, and not only once the thread runs.
    let ends = {
        let _entered = runtime.enter();
        ends_from_outside().map_err(failed)?
    };
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            let failure = runtime.block_on(ends);
            let exit = failure.exit;
            // It is known before anything fails for it.
            let _ = sender.send(Some(failure));
            programs::refuse_more();
            thread::sleep(FAREWELL);
            if !HAS_WORLD.load(Ordering::SeqCst) {
                programs::stop_all();
                exit.leave();
            }
        })
        .map_err(failed)?;
    Ok(ENDED.get_or_init(|| receiver))
}

/// The failure of a run that was ended from outside, else `failure`: a program that was stopped is no reason of its own.
pub(crate) fn or_ended(failure: Failure) -> Failure {
    let ended = ENDED.get().and_then(|ended| ended.borrow().clone());
    ended.unwrap_or(failure)
}

#[cfg(unix)]
fn ends_from_outside() -> io::Result<impl Future<Output = Failure> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    // A run that is to outlive its terminal, as `nohup` has it, does.
    let mut hang_up = if ignores_hang_up() {
        None
    } else {
        Some(signal(SignalKind::hangup())?)
    };
    let hung_up = async move {
        match &mut hang_up {
            Some(hang_up) => hang_up.recv().await,
            None => std::future::pending().await,
        }
    };
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => interrupted(),
            _ = terminate.recv() => {
                Failure::new("terminated; nothing was written").exit(Exit::Terminated)
            }
            _ = hung_up => {
                Failure::new("the terminal was closed; nothing was written").exit(Exit::HungUp)
            }
        }
    })
}

/// Whether this process was started to ignore the end of its terminal, as far as the system tells.
#[cfg(unix)]
fn ignores_hang_up() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let ignored = lines.find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // The first bit is that of the first signal, which this is.
    ignored.is_some_and(|mask| mask & 1 == 1)
}

#[cfg(not(unix))]
fn ends_from_outside() -> io::Result<impl Future<Output = Failure> + Send> {
    Ok(async {
        // Where Ctrl-C can't be waited for, the run ends by itself.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        interrupted()
    })
}

fn interrupted() -> Failure {
    Failure::new("interrupted; nothing was written").exit(Exit::Interrupted)
}

/// What of the cache to ask again about.
pub(crate) fn refresh(cache: &CacheOptions) -> Result<lockgate_index::Refresh, Failure> {
    if cache.refresh {
        return Ok(lockgate_index::Refresh::All);
    }
    if cache.refresh_package.is_empty() {
        return Ok(lockgate_index::Refresh::No);
    }
    let names = cache
        .refresh_package
        .iter()
        .map(|text| named("--refresh-package", text))
        .collect::<Result<_, _>>()?;
    Ok(lockgate_index::Refresh::Packages(names))
}

/// Seconds as an option states them.
pub(crate) fn seconds(option: &str, value: f64) -> Result<Duration, Failure> {
    Duration::try_from_secs_f64(value)
        .ok()
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| {
            Failure::new(format!(
                "`{option} {value}`: write a number of seconds above 0"
            ))
        })
}
