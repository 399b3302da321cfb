//! How old advisories may be.

use jiff::SignedDuration;
use lockgate_model::{Timestamp, age};

use crate::error::GateError;

/// What the age of advisories is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dated {
    /// The last refresh that succeeded.
    Refreshed(Timestamp),
    /// The newest `modified` of the records; none where no record has one, or where all are in the future.
    Newest(Option<Timestamp>),
}

/// Refuses advisories whose state is older than `limit` at `now`. One whose age is not known, since it is dated in the future or not at
/// all, is refused as well.
pub fn check_age(
    source_name: &str,
    dated: Dated,
    limit: SignedDuration,
    now: Timestamp,
) -> Result<(), GateError> {
    let (what, time) = match dated {
        Dated::Refreshed(time) => ("the advisories were last refreshed on", Some(time)),
        Dated::Newest(time) => ("the newest advisory is of", time),
    };
    let why = match time {
        Some(time) if age::is_within(time, limit, now) => return Ok(()),
        Some(time) if age::age(time, now).is_none() => {
            format!("{what} {}, in the future: their age is unknown", day(time))
        }
        Some(time) => format!("{what} {}, older than {}", day(time), limit_text(limit)),
        None => "no advisory states when it was modified: their age is unknown".to_owned(),
    };
    Err(GateError::TooOld {
        source_name: source_name.to_owned(),
        why,
    })
}

fn day(time: Timestamp) -> String {
    let day = jiff::tz::TimeZone::UTC.to_datetime(time).date();
    day.to_string()
}

fn limit_text(limit: SignedDuration) -> String {
    let hours = limit.as_hours();
    if hours >= 48 && hours % 24 == 0 {
        format!("{} days", hours / 24)
    } else {
        format!("{hours} hours")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advisories_are_too_old_after_the_limit_or_when_nobody_knows() {
        let now: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
        let week = SignedDuration::from_hours(7 * 24);
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        for (dated, why) in [
            (Dated::Newest(Some(at("2026-11-17T00:00:00Z"))), None),
            (Dated::Refreshed(at("2026-11-24T00:04:00Z")), None),
            (
                Dated::Newest(Some(at("2026-11-16T23:00:00Z"))),
                Some("the newest advisory is of 2026-11-16, older than 7 days"),
            ),
            (
                Dated::Refreshed(at("2026-11-16T23:00:00Z")),
                Some("the advisories were last refreshed on 2026-11-16, older than 7 days"),
            ),
            (
                Dated::Refreshed(at("2027-01-01T00:00:00Z")),
                Some(
                    "the advisories were last refreshed on 2027-01-01, in the future: their age is unknown",
                ),
            ),
            (
                Dated::Newest(None),
                Some("no advisory states when it was modified: their age is unknown"),
            ),
        ] {
            let refused = check_age("f", dated, week, now).err();
            let refused = refused.map(|error| error.to_string());
            assert_eq!(refused, why.map(|why| format!("f: {why}")));
        }
    }
}
