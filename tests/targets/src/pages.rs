//! Pages of the simple API, as they arrive and as the cache keeps them.

use lockgate_index::fuzzing::{links, page};
use lockgate_model::{Name, Timestamp};
use url::Url;

use crate::texts::says_something;

pub(crate) fn html(bytes: &[u8]) {
    read("text/html", bytes);
}

pub(crate) fn json(bytes: &[u8]) {
    read("application/vnd.pypi.simple.v1+json", bytes);
}

fn read(content_type: &str, bytes: &[u8]) {
    let project: Name = "foo".parse().expect("a name");
    let address = Url::parse("https://index.test/simple/foo/").expect("an address");
    match links(content_type, &address, bytes) {
        Ok(files) => assert!(files.iter().all(|file| Url::parse(&file.url).is_ok())),
        Err(error) => says_something(&error),
    }
    let (parsed, view) = match page(&project, content_type, &address, bytes) {
        Ok(read) => read,
        Err(error) => return says_something(&error),
    };
    assert_eq!(view.name(), &project);
    assert_eq!(view.status(), &parsed.status);
    assert_eq!(view.len(), parsed.releases.len());
    for (index, (spelling, files)) in parsed.releases.iter().enumerate() {
        let version = view.version(index);
        assert_eq!(Ok(version), spelling.parse().as_ref());
        assert!(
            index == 0 || view.version(index - 1) > version,
            "out of order"
        );
        let kept = view.files(index).expect("what was just written is read");
        assert_eq!(kept.len(), files.len());
        for (kept, file) in kept.iter().zip(files) {
            // Times are kept to the microsecond.
            let micros = |at: Option<Timestamp>| at.map(Timestamp::as_microsecond);
            assert_eq!(micros(kept.uploaded), micros(file.uploaded));
            let mut kept = kept.clone();
            kept.uploaded = file.uploaded;
            assert_eq!(&kept, file);
            assert!(Url::parse(&file.url).is_ok(), "`{}`", file.url);
        }
        if let Some(first) = view.first_upload(index) {
            let uploads = files.iter().filter_map(|file| file.uploaded);
            assert!(uploads.min().is_none_or(|upload| first <= upload));
        }
    }
}
