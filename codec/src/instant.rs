//! Instants as text: milliseconds since 1970 in, RFC 3339 in UTC with milliseconds out.
//! Never: reads a clock.

use jiff::{Timestamp, fmt::temporal::DateTimePrinter, tz::TimeZone};

const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

/// `2026-05-21T06:30:12.345Z`; an instant outside the years -9999 to 9999 is shown as the nearest one inside.
pub fn to_rfc3339(ms: i64) -> String {
    let mut out = String::with_capacity(24);
    push_rfc3339(ms, &mut out);
    out
}

/// Appends what `to_rfc3339` gives.
pub fn push_rfc3339(ms: i64, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = PRINTER.print_timestamp(&timestamp(ms), out);
}

/// The instant as jiff knows it, clamped to its range.
pub fn timestamp(ms: i64) -> Timestamp {
    let clamped = ms.clamp(
        Timestamp::MIN.as_millisecond(),
        Timestamp::MAX.as_millisecond(),
    );
    Timestamp::from_millisecond(clamped).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Reads an RFC 3339 or ISO 8601 date-time; without an offset it is in `zone`. Milliseconds since 1970.
pub fn parse(text: &str, zone: &TimeZone) -> Option<i64> {
    let text = text.trim();
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant.as_millisecond());
    }
    let civil: jiff::civil::DateTime = text.parse().ok()?;
    let instant = zone.to_timestamp(civil).ok()?;
    Some(instant.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_with_milliseconds_and_read_in_every_form() {
        assert_eq!(to_rfc3339(1_779_345_012_345), "2026-05-21T06:30:12.345Z");
        assert_eq!(to_rfc3339(0), "1970-01-01T00:00:00.000Z");
        let rows = [
            ("2026-05-21T06:30:12.345Z", Some(1_779_345_012_345)),
            ("2026-05-21T08:30:12.345+02:00", Some(1_779_345_012_345)),
            ("2026-05-21T06:30:12", Some(1_779_345_012_000)),
            ("2026-05-21T06:30", Some(1_779_345_000_000)),
            ("2026-05-21", Some(1_779_321_600_000)),
            ("tomorrow", None),
            ("", None),
        ];
        for (text, ms) in rows {
            assert_eq!(parse(text, &TimeZone::UTC), ms, "{text}");
        }
    }
}
