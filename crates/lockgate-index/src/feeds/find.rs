//! Single records of a feed: by id, and by any alias.

use std::io::Cursor;
use std::path::Path;

use super::record::Head;
use super::records::{Place, RecordFeed};
use super::{FeedError, archive, folder, unusable};
use crate::files::{Limit, open_regular};

/// A record as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRecord {
    /// The name of its file within the source; it tells JSON from YAML.
    pub file: String,
    /// All of it.
    pub bytes: Vec<u8>,
}

impl RecordFeed {
    /// The record whose own id is `id`, whatever the case. Found by its file's name where it is named so, as in exports and in the PyPA
    /// database; else all records are looked through.
    pub fn record(&self, id: &str) -> Result<Option<RawRecord>, FeedError> {
        let named = match &self.place {
            Place::Archive(path) => {
                let file =
                    open_regular(path, Limit::EXPORT).map_err(|error| unusable(path, error))?;
                let place = path.display().to_string();
                archive::named(&place, std::io::BufReader::new(file), id)?
            }
            Place::Bytes(bytes) => archive::named(&self.name, Cursor::new(bytes), id)?,
            Place::Folder(path) => folder::named(path, id)?,
        };
        for (file, bytes) in named {
            if self.head(&file, &bytes)?.id.eq_ignore_ascii_case(id) {
                return Ok(Some(RawRecord { file, bytes }));
            }
        }
        let mut found = self.search(id, |head| head.id.eq_ignore_ascii_case(id))?;
        Ok((!found.is_empty()).then(|| found.swap_remove(0)))
    }

    /// All records that `id` is the id or an alias of, in the order of their files. Looks through all, on several threads.
    pub fn known_as(&self, id: &str) -> Result<Vec<RawRecord>, FeedError> {
        self.search(id, |head| head.is_known_as(id))
    }

    fn search(
        &self,
        id: &str,
        is_meant: impl Fn(&Head) -> bool + Sync,
    ) -> Result<Vec<RawRecord>, FeedError> {
        let parts = std::thread::available_parallelism().map_or(1, |parts| parts.get().min(4));
        let is_meant = &is_meant;
        let look_through = |part| {
            let mut found = Vec::new();
            self.visit::<FeedError>(part, parts, |file, bytes| {
                if mentions(bytes, id) && is_meant(&self.head(file, bytes)?) {
                    found.push(RawRecord {
                        file: file.to_owned(),
                        bytes: bytes.to_vec(),
                    });
                }
                Ok(())
            })?;
            Ok(found)
        };
        let found: Vec<Result<Vec<RawRecord>, FeedError>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..parts)
                .map(|part| scope.spawn(move || look_through(part)))
                .collect();
            let ended = threads.into_iter().map(|thread| {
                let broken = FeedError::unusable(&self.name, "reading them was broken off");
                thread.join().unwrap_or(Err(broken))
            });
            ended.collect()
        });
        let found: Vec<Vec<RawRecord>> = found.into_iter().collect::<Result<_, _>>()?;
        let mut found: Vec<RawRecord> = found.into_iter().flatten().collect();
        found.sort_by(|a, b| a.file.cmp(&b.file));
        Ok(found)
    }

    fn head(&self, file: &str, bytes: &[u8]) -> Result<Head, FeedError> {
        let extension = Path::new(file).extension().and_then(|text| text.to_str());
        let is_json = extension.is_some_and(|text| text.eq_ignore_ascii_case("json"));
        let head = if is_json {
            Head::json(bytes)
        } else {
            Head::yaml(bytes)
        };
        head.map_err(|why| FeedError::unusable(&self.name, format!("`{file}`: {why}")))
    }
}

/// Whether the id stands anywhere in a record: most records need not be read any closer.
fn mentions(bytes: &[u8], id: &str) -> bool {
    let id = id.as_bytes();
    let Some(first) = id.first() else {
        return false;
    };
    let mut windows = bytes.windows(id.len());
    windows.any(|window| {
        window
            .first()
            .is_some_and(|byte| byte.eq_ignore_ascii_case(first))
            && window.eq_ignore_ascii_case(id)
    })
}
