//! Feeds as they were: out of what is kept on this machine, and nothing fetched.

use lockgate_model::Sha256;

use super::records::Place;
use super::{FeedError, FeedSource, RecordFeed, archive, export, folder, remote};
use crate::Index;

impl Index {
    /// A source in the state that `digest` names, if that is kept here; without one, in the state that is here. Nothing is fetched. None: it is
    /// not here.
    pub fn kept_feed(
        &self,
        source: &FeedSource,
        digest: Option<Sha256>,
    ) -> Result<Option<RecordFeed>, FeedError> {
        let shared = &self.shared;
        let found = match (source, digest) {
            (FeedSource::Osv, Some(digest)) => {
                export::archive_path(shared, &digest).map(|path| (digest, Place::Archive(path)))
            }
            (FeedSource::Osv, None) => export::state(shared).and_then(|state| {
                let path = export::archive_path(shared, &state.digest)?;
                Some((state.digest, Place::Archive(path)))
            }),
            (FeedSource::RemoteArchive(_), Some(digest)) => {
                remote::kept_path(shared, &digest).map(|path| (digest, Place::Archive(path)))
            }
            (FeedSource::RemoteArchive(url), None) => {
                remote::kept(shared, url).map(|(digest, path)| (digest, Place::Archive(path)))
            }
            (FeedSource::Archive(path), _) => Some((
                archive::digest(&shared.store, path)?,
                Place::Archive(path.clone()),
            )),
            (FeedSource::Folder(path), _) => Some((
                folder::digest(&shared.store, path)?,
                Place::Folder(path.clone()),
            )),
            (FeedSource::Service(_) | FeedSource::Pypi, _) => None,
        };
        let is_there = |place: &Place| match place {
            Place::Archive(path) => path.is_file(),
            Place::Folder(path) => path.is_dir(),
            Place::Bytes(_) => true,
        };
        Ok(found
            .filter(|(found, place)| {
                is_there(place) && digest.is_none_or(|digest| digest == *found)
            })
            .map(|(digest, place)| self.record_feed(source.name(), digest, None, place)))
    }
}
