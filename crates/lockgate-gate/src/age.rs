//! How old advisories may be.

use jiff::SignedDuration;
use lockgate_model::Timestamp;

use crate::error::GateError;

/// Refuses advisories whose state, at `as_of`, is older than `limit`. A state that nobody knows is too old.
pub fn check_age(
    source_name: &str,
    as_of: Option<Timestamp>,
    limit: SignedDuration,
    now: Timestamp,
) -> Result<(), GateError> {
    if as_of.is_some_and(|as_of| now.duration_since(as_of) <= limit) {
        return Ok(());
    }
    let date = as_of.map_or_else(
        || "an unknown day".to_owned(),
        |as_of| {
            jiff::tz::TimeZone::UTC
                .to_datetime(as_of)
                .date()
                .to_string()
        },
    );
    Err(GateError::TooOld {
        source_name: source_name.to_owned(),
        date,
        limit: limit_text(limit),
    })
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
        assert!(
            check_age(
                "f",
                Some("2026-11-17T00:00:00Z".parse().unwrap()),
                week,
                now
            )
            .is_ok()
        );
        assert!(
            check_age(
                "f",
                Some("2027-01-01T00:00:00Z".parse().unwrap()),
                week,
                now
            )
            .is_ok()
        );
        let error = check_age(
            "f",
            Some("2026-11-16T23:00:00Z".parse().unwrap()),
            week,
            now,
        )
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "f: the advisories are from 2026-11-16, older than 7 days"
        );
        assert!(check_age("f", None, week, now).is_err());
    }
}
