//! Instants as text: milliseconds since 1970 in, RFC 3339 in UTC with milliseconds out.
//! Never: reads a clock.

use std::cell::RefCell;

use jiff::{Timestamp, fmt::temporal::DateTimePrinter, tz::TimeZone};

const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

/// `2026-05-21T06:30:12.345Z`; an instant outside the years -9999 to 9999 is shown as the nearest one inside.
pub fn to_rfc3339(ms: i64) -> String {
    let mut out = String::with_capacity(24);
    push_rfc3339(ms, &mut out);
    out
}

/// Appends what `to_rfc3339` gives. Lists hold many instants of the same few seconds, so the last second's text is kept.
pub fn push_rfc3339(ms: i64, out: &mut String) {
    let ms = timestamp(ms).as_millisecond();
    let (second, rest_ms) = (ms.div_euclid(1000), ms.rem_euclid(1000));
    LAST_SECOND.with_borrow_mut(|last| {
        if last.0 != Some(second) {
            last.1.clear();
            // Writing to a string cannot fail.
            let _ = PRINTER.print_timestamp(&timestamp(second * 1000), &mut last.1);
            last.1.truncate(last.1.len().saturating_sub("000Z".len()));
            last.0 = Some(second);
        }
        out.push_str(&last.1);
    });
    for digit in [rest_ms / 100, rest_ms / 10 % 10, rest_ms % 10] {
        out.push(char::from(b'0' + digit as u8));
    }
    out.push('Z');
}

thread_local! {
    /// A second and its text up to the point.
    static LAST_SECOND: RefCell<(Option<i64>, String)> = const { RefCell::new((None, String::new())) };
}

/// The instant as jiff knows it, clamped to its range.
pub fn timestamp(ms: i64) -> Timestamp {
    let nearest = if ms < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    Timestamp::from_millisecond(ms).unwrap_or(nearest)
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
        assert_eq!(to_rfc3339(1_779_345_012_001), "2026-05-21T06:30:12.001Z");
        assert_eq!(to_rfc3339(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(to_rfc3339(-1), "1969-12-31T23:59:59.999Z");
        assert_eq!(
            to_rfc3339(-62_198_755_200_000),
            "-000001-01-01T00:00:00.000Z"
        );
        assert_eq!(to_rfc3339(i64::MAX), "9999-12-30T22:00:00.999Z");
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
