//! Wheels by their tails, as range requests bring them, and archives that are there whole.

use lockgate_index::built_metadata;
use lockgate_index::fuzzing::{archive, wheel_parts};
use lockgate_model::{Name, UnusableReason};

use crate::metadata::check;
use crate::texts::says_something;

/// What a METADATA may have at most.
const LIMIT: usize = 16 * 1024 * 1024;

/// The first byte says how much of the file is there from the beginning.
pub(crate) fn run(bytes: &[u8]) {
    let Some((first, file)) = bytes.split_first() else {
        return;
    };
    let project: Name = "foo".parse().expect("a name");
    let known = file.len() * usize::from(*first) / 255;
    let tail = file.get(file.len() - known..).unwrap_or_default();
    let mut requests = 0;
    let found = wheel_parts(&project, file.len() as u64, tail.to_vec(), |range| {
        requests += 1;
        let (start, end) = (range.start.try_into().ok()?, range.end.try_into().ok()?);
        assert!(start < end, "it asks for nothing");
        Some(
            file.get(start..end)
                .expect("it asks for what is there")
                .to_vec(),
        )
    });
    assert!(requests < 10, "it goes in circles");
    match &found {
        Ok(text) => assert!(text.len() <= LIMIT),
        Err(reason) => says_something(reason),
    }
    // However much of it was there, it is the same wheel.
    let all = wheel_parts(&project, file.len() as u64, file.to_vec(), |_| None);
    assert_eq!(
        found.as_ref().ok(),
        all.as_ref().ok(),
        "by parts it is another wheel"
    );
    // A server that goes on with other bytes than it began with.
    let _ = wheel_parts(&project, file.len() as u64 + 1000, tail.to_vec(), |range| {
        Some(vec![b'P'; usize::try_from(range.end - range.start).ok()?])
    });
    whole(file, found.ok().as_deref());
}

fn whole(file: &[u8], by_parts: Option<&[u8]>) {
    for name in [
        "foo-1.0-py3-none-any.whl",
        "foo-1.0.tar.gz",
        "foo-1.0.tar.bz2",
        "foo-1.0.tar.xz",
        "foo-1.0.tar",
        "foo-1.0.zip",
    ] {
        match archive(name, file) {
            Ok(metadata) => {
                check(&metadata);
                if name.ends_with("whl")
                    && let Some(text) = by_parts
                {
                    let same = built_metadata(text);
                    assert_eq!(same.as_ref(), Ok(&metadata), "whole it is another wheel");
                }
            }
            Err(reason @ UnusableReason::NeedsBuild(_)) => {
                assert!(!name.ends_with("whl"), "a wheel that needs a build");
                says_something(&reason);
            }
            Err(reason) => says_something(&reason),
        }
    }
}
