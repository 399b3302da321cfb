//! One process refreshes at a time; who comes second finds the work done.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::time::Duration;

/// Whoever holds the lock for longer is stuck: the others go on without. Two refreshes at once cost time and do no harm.
const LONGEST: Duration = Duration::from_mins(2);
const PAUSE: Duration = Duration::from_millis(50);

/// The lock, held until it is dropped. None: there is no place for it, or it was not to be had.
pub(super) async fn taken(path: &Path) -> Option<File> {
    fs::create_dir_all(path.parent()?).ok()?;
    let file = File::create(path).ok()?;
    let mut waited = Duration::ZERO;
    loop {
        match file.try_lock() {
            Ok(()) => return Some(file),
            Err(TryLockError::WouldBlock) if waited < LONGEST => {
                tokio::time::sleep(PAUSE).await;
                waited += PAUSE;
            }
            Err(_) => return None,
        }
    }
}
