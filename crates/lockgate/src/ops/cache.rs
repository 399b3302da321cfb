//! `cache`: where it is, how much it takes, and how to make it smaller.

use std::fmt::Write as _;

use lockgate_index::Cache;
use lockgate_model::Timestamp;

use crate::cli::CacheVerb;
use crate::failure::Failure;
use crate::world::World;

/// Does one of the verbs.
pub(crate) fn run(verb: CacheVerb, world: &World) -> Result<(), Failure> {
    let folder = world.index.cache_folder().ok_or_else(|| {
        Failure::new("there is no folder for a cache")
            .remedy("name one with `--cache-dir` or `LOCKGATE_CACHE_DIR`")
    })?;
    let store = Cache::new(folder.to_owned());
    match verb {
        CacheVerb::Dir => world
            .terminal
            .answer_line(&store.folder().display().to_string()),
        CacheVerb::Size => {
            let usage = store.size().map_err(|error| Failure::of(&error))?;
            let mut text = String::new();
            for (bucket, entries, bytes) in usage.rows() {
                let _ = writeln!(
                    text,
                    "{bucket:<16} {entries:>8} entries {:>12}",
                    sized(bytes)
                );
            }
            let _ = writeln!(
                text,
                "{:<16} {:>8} entries {:>12}",
                "total",
                usage.entries(),
                sized(usage.bytes())
            );
            world.terminal.answer(&text)
        }
        CacheVerb::Prune | CacheVerb::Clean => {
            let removed = if matches!(verb, CacheVerb::Prune) {
                store.prune(Timestamp::now())
            } else {
                store.clean()
            };
            let removed = removed.map_err(|error| Failure::of(&error))?;
            world.terminal.summary(&format!(
                "Removed {} entries, {}",
                removed.entries(),
                sized(removed.bytes())
            ));
            Ok(())
        }
    }
}

/// Bytes as people read them, in binary units.
fn sized(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["B", "KiB", "MiB", "GiB"];
    let mut unit = 0;
    let mut scaled = bytes;
    let mut rest = 0;
    while scaled >= 1024 && unit + 1 < UNITS.len() {
        rest = scaled % 1024;
        scaled /= 1024;
        unit += 1;
    }
    if unit == 0 {
        format!("{bytes} B")
    } else {
        format!("{scaled}.{} {}", rest * 10 / 1024, UNITS[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::sized;

    #[test]
    fn sizes_are_in_binary_units_with_one_decimal() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1536, "1.5 KiB"),
            (5 << 20, "5.0 MiB"),
            (3 << 40, "3072.0 GiB"),
        ] {
            assert_eq!(sized(bytes), text);
        }
    }
}
