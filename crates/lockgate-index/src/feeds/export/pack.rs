//! Archives of the export: whether one is sound, and one with changes put in.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Write as _};

use bytes::Bytes;
use lockgate_model::Timestamp;

use super::listing::Listing;
use crate::feeds::record::Head;
use crate::feeds::records::Part;
use crate::feeds::rollback::Extent;
use crate::feeds::{FeedError, archive};

/// Reads a whole export for whether it is one: each record readable and named by its id, and most of those there that the list names.
/// Gives how much it knows. Records that are older than the list says are taken out of the list, so that they are asked for again. An error:
/// what is wrong.
pub(super) fn checked(
    bytes: &[u8],
    listing: &mut Listing,
    now: Timestamp,
) -> Result<Extent, String> {
    let parts = std::thread::available_parallelism().map_or(1, |parts| parts.get().min(4));
    let heads: Vec<Result<Vec<Head>, FeedError>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..parts)
            .map(|part| scope.spawn(move || heads(bytes, Part { part, parts })))
            .collect();
        let ended = threads.into_iter().map(|thread| {
            let broken = FeedError::unusable("", "reading it was broken off");
            thread.join().unwrap_or(Err(broken))
        });
        ended.collect()
    });
    let mut there = BTreeSet::new();
    let mut extent = Extent::default();
    let mut behind = Vec::new();
    for heads in heads {
        for head in heads.map_err(|error| error.why())? {
            let modified = head.modified();
            if modified.is_some() && modified < listing.date(&head.id) {
                behind.push(head.id.clone());
            }
            if there.insert(head.id) {
                extent.add(modified, now);
            }
        }
    }
    let missing = listing.ids().filter(|id| !there.contains(*id)).count();
    // A few may have come or gone between the two requests.
    if 10 * missing > listing.len() {
        return Err(format!(
            "it lacks {missing} of the {} advisories that its list names",
            listing.len()
        ));
    }
    for id in &behind {
        listing.forget(id);
    }
    Ok(extent)
}

/// The heads of the records in a part of an archive.
fn heads(bytes: &[u8], part: Part) -> Result<Vec<Head>, FeedError> {
    let mut heads = Vec::new();
    archive::visit::<FeedError>("", Cursor::new(bytes), part, &mut |name, record| {
        let wrong = |why: String| FeedError::unusable("", format!("`{name}`: {why}"));
        let record = archive::whole("", name, record)?;
        let head = match name.strip_suffix(".json") {
            Some(id) => Head::of(id, record).map_err(wrong)?,
            None => return Err(wrong("an export holds only `.json`".to_owned())),
        };
        heads.push(head);
        Ok(())
    })?;
    Ok(heads)
}

/// An archive with records put in or, where there is none, taken out; what did not change is copied as it is packed. The same records give
/// the same bytes. Gives how many there are, too.
pub(super) fn changed(
    archive: &[u8],
    changes: &BTreeMap<String, Option<Bytes>>,
) -> Result<(Vec<u8>, usize), String> {
    let text = |error: zip::result::ZipError| error.to_string();
    let mut old = zip::ZipArchive::new(Cursor::new(archive)).map_err(text)?;
    let mut names: BTreeMap<String, Option<usize>> = BTreeMap::new();
    for index in 0..old.len() {
        if let Some(Ok(name)) = old.name_for_index(index)
            && !changes.contains_key(name.as_ref())
        {
            names.insert(name.into_owned(), Some(index));
        }
    }
    for (name, bytes) in changes {
        if bytes.is_some() {
            names.insert(name.clone(), None);
        }
    }
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated);
    let mut writer =
        zip::ZipWriter::new(Cursor::new(Vec::with_capacity(archive.len() + (1 << 16))));
    for (name, place) in &names {
        if let Some(index) = place {
            let entry = old.by_index_raw(*index).map_err(text)?;
            writer.raw_copy_file(entry).map_err(text)?;
            continue;
        }
        writer.start_file(name.as_str(), options).map_err(text)?;
        let bytes = changes.get(name).and_then(Option::as_ref);
        writer
            .write_all(bytes.map_or(&[], |bytes| bytes.as_ref()))
            .map_err(|error| error.to_string())?;
    }
    let bytes = writer.finish().map_err(text)?.into_inner();
    Ok((bytes, names.len()))
}
