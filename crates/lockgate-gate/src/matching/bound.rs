//! The bounds of a range: as they are written, and what is understood of them.
//!
//! A bound that is not a PEP 440 version often begins with a release (`2.6.0-NA`, `2.6.0-cu124`, `4.6.0.stable11`). What follows the release
//! is not understood, so that release counts as affected with any suffix, and later releases are judged as if the bound were the release.
//! Where a further part of the release is not a number (`2.x`, `4.6.0.stable11`), it may be any: all releases that begin so count as affected.
//! Numbers with other separators (`2-6-0`) may all be of the release, or the first alone: all from the one to the other count as affected. A
//! bound that begins with a date means the release with these parts (`2024-09-25`: `2024.9.25`). Of every other text nothing is
//! understood, and the range is open on that side.

use lockgate_model::Version;

use crate::record::Event;

/// A bound of a range.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Bound {
    /// `introduced`: from here on.
    From(Option<Version>),
    /// `fixed` or `limit`: no longer from here on.
    Before(Version),
    /// `last_affected`: no longer after it and its local versions.
    Through(Version),
}

impl Bound {
    pub(super) fn version(&self) -> Option<&Version> {
        match self {
            Self::From(version) => version.as_ref(),
            Self::Before(version) | Self::Through(version) => Some(version),
        }
    }
}

/// What is understood of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Understood {
    /// All: it is a version.
    Version(Version),
    /// That it is one of the versions from the first to the end, which may be any of them.
    Among {
        first: Version,
        end: Bound,
    },
    Nothing,
}

/// One member of an event: its name in the record, its text, and the text that means no bound.
fn members(event: &Event) -> impl Iterator<Item = (&'static str, &str, &'static str)> {
    [
        ("introduced", &event.introduced, "0"),
        ("fixed", &event.fixed, ""),
        ("last_affected", &event.last_affected, ""),
        ("limit", &event.limit, "*"),
    ]
    .into_iter()
    .filter_map(|(word, text, none)| Some((word, text.as_deref()?, none)))
}

/// Returns what an event bounds. One event has one bound; each of several is understood.
pub(super) fn bounds(event: &Event) -> impl Iterator<Item = Bound> {
    members(event).filter_map(|(word, text, none)| {
        let understood = if text == none {
            Understood::Nothing
        } else {
            understand(text)
        };
        match (word, understood) {
            // `0` is before everything; so is what is not understood.
            ("introduced", Understood::Nothing) => Some(Bound::From(None)),
            (_, Understood::Nothing) => None,
            ("introduced", Understood::Version(version)) => Some(Bound::From(Some(version))),
            ("introduced", Understood::Among { first, .. }) => Some(Bound::From(Some(first))),
            ("last_affected", Understood::Version(version)) => Some(Bound::Through(version)),
            (_, Understood::Version(version)) => Some(Bound::Before(version)),
            (_, Understood::Among { end, .. }) => Some(end),
        }
    })
}

/// Returns the bounds of an event that are not versions, as they are written.
pub(super) fn unclear(event: &Event) -> impl Iterator<Item = String> {
    members(event)
        .filter(|(_, text, none)| text != none && text.parse::<Version>().is_err())
        .map(|(word, text, _)| format!("{word} {text}"))
}

fn understand(text: &str) -> Understood {
    if let Ok(version) = text.parse() {
        return Understood::Version(version);
    }
    among(text.trim()).unwrap_or(Understood::Nothing)
}

/// The versions that a text may mean which is not a version itself.
fn among(text: &str) -> Option<Understood> {
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "!*._-+~\\".contains(c);
    if !text.chars().all(is_plain) {
        return None;
    }
    if let Some(date) = date(text) {
        return any_suffix(&date);
    }
    let epoch = text
        .split_once('!')
        .filter(|(epoch, _)| is_number(epoch))
        .map_or(0, |(epoch, _)| epoch.len() + 1);
    let end = epoch + release_length(text.get(epoch..)?);
    let (release, rest) = text.split_at_checked(end)?;
    if end == epoch {
        return None;
    }
    let part = rest.strip_prefix('.').or_else(|| {
        let part = rest.strip_prefix(['-', '_'])?;
        let after = part.strip_prefix(['x', 'X', '*'])?;
        (!after.starts_with(|c: char| c.is_ascii_alphanumeric())).then_some(part)
    });
    if part.is_some_and(|part| part.starts_with(|c: char| c == '*' || c.is_ascii_alphabetic())) {
        return family(release);
    }
    // A number alone, and more behind other separators: it may be the release of all of them, or of the first.
    if !release.contains('.') && text.split(['.', '-', '_']).all(is_number) {
        let whole: Version = text.replace(['-', '_'], ".").parse().ok()?;
        let first: Version = release.parse().ok()?;
        return Some(Understood::Among {
            first: first.first_dev(),
            end: Bound::Through(whole.last_post()),
        });
    }
    // A number and letters may be anything, the name of a commit too, and `2.0+` is everything from there on.
    let is_release = rest.chars().any(|c| c.is_ascii_alphanumeric())
        && (release.contains('.') || !rest.starts_with(|c: char| c.is_ascii_alphabetic()));
    is_release.then(|| any_suffix(release)).flatten()
}

/// The release with any suffix: from its first development release to the last post-release that could be.
fn any_suffix(release: &str) -> Option<Understood> {
    let release: Version = release.parse().ok()?;
    Some(Understood::Among {
        end: Bound::Through(release.last_post()),
        first: release.first_dev(),
    })
}

/// All releases that begin so.
fn family(release: &str) -> Option<Understood> {
    let release: Version = release.parse().ok()?;
    let end = release.after_family(release.release().len())?;
    Some(Understood::Among {
        first: release.first_dev(),
        end: Bound::Before(end),
    })
}

/// The release that a date at the beginning comes to.
fn date(text: &str) -> Option<String> {
    let parts = text
        .get(..10)?
        .splitn(3, '-')
        .map(|part| is_number(part).then_some(part))
        .collect::<Option<Vec<&str>>>()?;
    let is_date = parts.iter().map(|part| part.len()).eq([4, 2, 2]);
    is_date.then(|| parts.join("."))
}

/// How long the numbers with dots between them are that a text begins with.
fn release_length(text: &str) -> usize {
    let mut length = 0;
    for (index, part) in text.split('.').enumerate() {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            break;
        }
        length += usize::from(index > 0) + digits;
        if digits < part.len() {
            break;
        }
    }
    length
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
