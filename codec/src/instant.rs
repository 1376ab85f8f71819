//! Instants as text: milliseconds since 1970 in, RFC 3339 in UTC with milliseconds out.
//! Never: reads a clock.

use std::cell::Cell;

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
    let mut text = Text::default();
    if write(ms, &mut text) {
        // Digits are always text.
        out.push_str(std::str::from_utf8(&text).unwrap_or_default());
    } else {
        // Writing to a string cannot fail.
        let _ = PRINTER.print_timestamp(&timestamp(ms), out);
    }
}

/// `2026-05-21T06:30:12.345Z`
pub type Text = [u8; 24];

/// Writes what `to_rfc3339` gives, or says no: before the year 0 it is longer.
#[inline]
pub fn write(ms: i64, text: &mut Text) -> bool {
    let ms = timestamp(ms).as_millisecond();
    let (day, rest) = (ms.div_euclid(DAY_MS), ms.rem_euclid(DAY_MS) as u32);
    let Some(date) = date(day) else {
        return false;
    };
    let (minutes, rest) = (rest / 60_000, rest % 60_000);
    let (hours, minutes) = (minutes / 60, minutes % 60);
    let (seconds, ms) = (rest / 1000, rest % 1000);
    let digit = |number: u32| b'0' + (number % 10) as u8;
    *text = *b"0000-00-00T00:00:00.000Z";
    text[..10].copy_from_slice(&date);
    for (at, number) in [(11, hours), (14, minutes), (17, seconds), (21, ms % 100)] {
        text[at] = digit(number / 10);
        text[at + 1] = digit(number);
    }
    text[20] = digit(ms / 100);
    true
}

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A day, counted from 1970. Most instants of a list are of the same few days, so the last one's text is kept.
fn date(day: i64) -> Option<[u8; 10]> {
    let last = LAST_DAY.get();
    if last.0 == day {
        return Some(last.1);
    }
    let mut text = String::with_capacity(32);
    // Writing to a string cannot fail.
    let _ = PRINTER.print_timestamp(&timestamp(day * DAY_MS), &mut text);
    let (date, _) = text.split_once('T')?;
    let date = date.as_bytes().try_into().ok()?;
    LAST_DAY.set((day, date));
    Some(date)
}

thread_local! {
    static LAST_DAY: Cell<(i64, [u8; 10])> = const { Cell::new((0, *b"1970-01-01")) };
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
    fn every_time_of_day_is_written_as_jiff_prints_it() {
        let days = [
            0,
            1,
            -1,
            18_321,
            20_594,
            -719_528,
            -719_529,
            2_932_894,
            i64::MAX / DAY_MS,
        ];
        for (n, day) in days.iter().cycle().take(3000).enumerate() {
            let ms = day
                .saturating_mul(DAY_MS)
                .saturating_add(n as i64 * 28_937 % DAY_MS);
            for ms in [ms, ms - 1] {
                let mut printed = String::new();
                PRINTER
                    .print_timestamp(&timestamp(ms), &mut printed)
                    .expect("text");
                assert_eq!(to_rfc3339(ms), printed, "{ms}");
            }
        }
    }

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
