//! `uploaded-prior-to`: an ISO 8601 instant, in local time unless it says otherwise, or `P3D` for so many days ago.
//!
//! Not the same as `--exclude-newer`, where a date includes the whole of its day in UTC: here pip's own reading holds.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// The instant from which on files do not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cutoff {
    /// A fixed one.
    At(Timestamp),
    /// So many days before the run.
    DaysAgo(i64),
}

impl Cutoff {
    /// Reads pip's forms.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        let wrong = || {
            "it is neither an instant such as `2023-01-01T00:00:00Z` nor a number of days such as `P3D`".to_owned()
        };
        if let Some(days) = text
            .strip_prefix('P')
            .and_then(|rest| rest.strip_suffix('D'))
            .filter(|days| !days.is_empty() && days.bytes().all(|byte| byte.is_ascii_digit()))
        {
            return days.parse().map(Self::DaysAgo).map_err(|_range| wrong());
        }
        // A bracketed time zone is no part of ISO 8601, and Python does not know it.
        if text.contains('[') {
            return Err(wrong());
        }
        if let Ok(instant) = text.parse::<Timestamp>() {
            return Ok(Self::At(instant));
        }
        let local = text.parse::<DateTime>().map_err(|_no| wrong())?;
        local
            .to_zoned_datetime(TimeZone::system())
            .map(|zoned| Self::At(zoned.timestamp()))
            .map_err(|_range| wrong())
    }

    /// As an instant, for a run that began at `now`.
    pub(crate) fn at(&self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(instant) => *instant,
            Self::DaysAgo(days) => SignedDuration::try_from_hours(days.saturating_mul(24))
                .and_then(|time| now.checked_sub(time).ok())
                .unwrap_or(Timestamp::MIN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pips_forms_are_read_and_no_others() {
        let now: Timestamp = "2024-03-10T12:00:00Z".parse().unwrap();
        for (text, instant) in [
            ("P3D", "2024-03-07T12:00:00Z"),
            ("P0D", "2024-03-10T12:00:00Z"),
            ("2023-01-01T00:00:00Z", "2023-01-01T00:00:00Z"),
            ("2023-01-01T02:00:00+02:00", "2023-01-01T00:00:00Z"),
            ("2023-01-01 00:00:00Z", "2023-01-01T00:00:00Z"),
        ] {
            let cutoff = Cutoff::new(text).unwrap();
            assert_eq!(cutoff.at(now), instant.parse().unwrap(), "{text}");
        }
        let local = "2023-01-01T00:00:00".parse::<DateTime>().unwrap();
        let local = local
            .to_zoned_datetime(TimeZone::system())
            .unwrap()
            .timestamp();
        for text in ["2023-01-01", "2023-01-01T00:00", "2023-01-01T00:00:00"] {
            assert_eq!(Cutoff::new(text), Ok(Cutoff::At(local)), "{text}");
        }
        assert_eq!(
            Cutoff::new("P99999999999D").unwrap().at(now),
            Timestamp::MIN
        );
        for text in [
            "",
            "yesterday",
            "P1W",
            "P-1D",
            "PD",
            "7 days",
            "2023-13-01",
            "2023-01-01T00:00:00[UTC]",
        ] {
            assert!(Cutoff::new(text).is_err(), "{text}");
        }
    }
}
