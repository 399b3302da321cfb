//! How old something is. Every age in the program is taken here.
//!
//! A date is only as good as the clock or the person that wrote it. What lies in the future was not written by a clock that agrees with
//! ours, so its age is not known, and what is not known is never young enough, fresh, or mature.

use jiff::SignedDuration;

use crate::Timestamp;

/// How far two sound clocks may differ: what lies no further in the future than this is from now.
pub const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Returns how long before `now` it was `time`; none where that is not known, since `time` lies in the future.
pub fn age(time: Timestamp, now: Timestamp) -> Option<SignedDuration> {
    let age = now.duration_since(time);
    if age >= SignedDuration::ZERO {
        Some(age)
    } else {
        (age >= -CLOCK_SKEW).then_some(SignedDuration::ZERO)
    }
}

/// Returns whether `time` is known to be no more than `limit` before `now`.
pub fn is_within(time: Timestamp, limit: SignedDuration, now: Timestamp) -> bool {
    age(time, now).is_some_and(|age| age <= limit)
}

/// Returns the latest of `times` whose age is known.
pub fn latest(times: impl IntoIterator<Item = Timestamp>, now: Timestamp) -> Option<Timestamp> {
    let known = times.into_iter().filter(|time| age(*time, now).is_some());
    known.max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn what_lies_in_the_future_has_no_known_age() {
        let now = at("2026-11-30T12:00:00Z");
        let hour = SignedDuration::from_hours(1);
        for (time, expected, is_fresh) in [
            ("2026-11-30T12:00:00Z", Some(0), true),
            ("2026-11-30T11:00:00Z", Some(3600), true),
            ("2026-11-30T10:59:59Z", Some(3601), false),
            // Clocks differ a little.
            ("2026-11-30T12:05:00Z", Some(0), true),
            ("2026-11-30T12:05:01Z", None, false),
            ("2126-11-30T12:00:00Z", None, false),
        ] {
            let age = age(at(time), now).map(|age| age.as_secs());
            assert_eq!(age, expected, "{time}");
            assert_eq!(is_within(at(time), hour, now), is_fresh, "{time}");
        }
        for (time, is_known) in [(Timestamp::MIN, true), (Timestamp::MAX, false)] {
            assert_eq!(age(time, now).is_some(), is_known);
        }
    }

    #[test]
    fn the_latest_is_taken_from_what_is_known() {
        let now = at("2026-11-30T12:00:00Z");
        let times = [
            "2026-01-01T00:00:00Z",
            "2026-11-01T00:00:00Z",
            "2099-01-01T00:00:00Z",
        ];
        assert_eq!(latest(times.map(at), now), Some(at(times[1])));
        assert_eq!(latest([at(times[2])], now), None);
        assert_eq!(latest([], now), None);
    }
}
