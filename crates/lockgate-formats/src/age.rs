//! How old something must be, as people write it: a date, an instant, or a duration back from now.

use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

/// A point in time, fixed or counted back from the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// This instant.
    At(Timestamp),
    /// So long before the run.
    Ago(SignedDuration),
}

/// Why a text is no age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgeError {
    /// It is neither a date, an instant nor a duration.
    Unknown,
    /// It is no duration.
    NoDuration,
    /// Months and years differ in length.
    Calendar,
    /// It is longer than time is.
    TooLong,
}

impl fmt::Display for AgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "it is neither a date, an instant nor a duration",
            Self::NoDuration => "it is no duration",
            Self::Calendar => "months and years have no fixed length; write days",
            Self::TooLong => "it is too long",
        })
    }
}

impl std::error::Error for AgeError {}

impl When {
    /// Reads `2026-10-01` (what was uploaded on that day still counts), `2026-10-01T00:00:00Z`, `7 days` or `P7D`.
    pub fn parse(text: &str) -> Result<Self, AgeError> {
        if let Ok(instant) = text.parse::<Timestamp>() {
            return Ok(Self::At(instant));
        }
        // A time of day without an offset names no instant; only a date alone is a date.
        if let Ok(date) = text.parse::<Date>()
            && !text.contains(['T', 't', ' ', ':'])
        {
            let end = date
                .tomorrow()
                .and_then(|next| next.to_zoned_datetime(TimeZone::UTC));
            return end
                .map(|zoned| Self::At(zoned.timestamp()))
                .map_err(|_beyond| AgeError::TooLong);
        }
        let Ok(span) = text.parse::<Span>() else {
            return Err(AgeError::Unknown);
        };
        // `7 days ago` is a negative span; nobody means the days to come.
        fixed(span.abs()).map(Self::Ago)
    }

    /// The instant that it comes to in a run at `now`.
    pub fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(instant) => instant,
            Self::Ago(duration) => now.checked_sub(duration).unwrap_or(Timestamp::MIN),
        }
    }
}

/// Reads `7 days`, `P7D`, `1 week` or `12 hours`.
pub fn duration(text: &str) -> Result<SignedDuration, AgeError> {
    match text.parse::<Span>() {
        Ok(span) if !span.is_negative() => fixed(span),
        Ok(_) | Err(_) => Err(AgeError::NoDuration),
    }
}

/// A span in hours and less; days are of 24.
fn fixed(span: Span) -> Result<SignedDuration, AgeError> {
    if span.get_years() != 0 || span.get_months() != 0 {
        return Err(AgeError::Calendar);
    }
    span.to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_too_long| AgeError::TooLong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_read_as_people_write_them() {
        let at = |text: &str| Ok(When::At(text.parse().unwrap()));
        let hours = |count| Ok(When::Ago(SignedDuration::from_hours(count)));
        for (text, expected) in [
            ("2026-10-01", at("2026-10-02T00:00:00Z")),
            ("20261001", at("2026-10-02T00:00:00Z")),
            ("2026-10-01T12:00:00Z", at("2026-10-01T12:00:00Z")),
            ("2026-10-01T12:00:00+02:00", at("2026-10-01T10:00:00Z")),
            ("2026-10-01T12:00:00", Err(AgeError::Unknown)),
            ("7 days", hours(7 * 24)),
            ("7 days ago", hours(7 * 24)),
            ("7d", hours(7 * 24)),
            ("P7D", hours(7 * 24)),
            ("P1W", hours(7 * 24)),
            ("1 week", hours(7 * 24)),
            ("2 weeks 3 days", hours(17 * 24)),
            ("P7DT12H", hours(7 * 24 + 12)),
            ("0 days", hours(0)),
            ("1 month", Err(AgeError::Calendar)),
            ("P1Y", Err(AgeError::Calendar)),
            ("19000 years", Err(AgeError::Calendar)),
            ("7", Err(AgeError::Unknown)),
            ("soon", Err(AgeError::Unknown)),
            ("", Err(AgeError::Unknown)),
        ] {
            assert_eq!(When::parse(text), expected, "{text}");
        }
        assert_eq!(duration("2026-10-01"), Err(AgeError::NoDuration));
        assert_eq!(duration("7 days ago"), Err(AgeError::NoDuration));
    }

    #[test]
    fn a_duration_counts_back_from_the_run() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let week = When::parse("1 week").unwrap();
        assert_eq!(week.before(now).to_string(), "2026-11-17T12:00:00Z");
        let long = When::parse("6000000 days").unwrap();
        assert_eq!(long.before(now), Timestamp::MIN);
    }
}
