//! Cron expressions: six or seven fields as Quartz reads them (seconds first, 1 is Sunday, `?` for any day, an optional year),
//! and five as crontab does (Sunday 0 or 7).
//!
//! Owns: which of them are read, and the bridge between croner's search and jiff's time zones.
//! Never: searches itself, reads a clock.

use croner::{
    errors::CronError,
    parser::{CronParser, Seconds, Year},
    time::{CivilDateTime, CronDateTime, Resolution, Weekday},
};
use jiff::{
    SignedDuration, Timestamp, ZonedDateTime,
    civil::DateTime,
    tz::{AmbiguousOffset, TimeZone},
};
use std::cmp::Ordering;

/// Which expressions are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Those of Quartz.
    Quartz,
    /// Those of Quartz and of crontab, by their number of fields.
    QuartzOrCrontab,
}

/// A cron expression, parsed.
#[derive(Clone, Debug)]
pub struct Cron {
    pattern: croner::Cron,
}

impl Cron {
    /// Reads an expression; an error says what is wrong with it. Nicknames such as `@daily` belong to neither dialect.
    pub fn parse(text: &str, dialect: Dialect) -> Result<Cron, String> {
        if text.contains('@') {
            return Err("nicknames are not known".to_owned());
        }
        let parser = match (text.split_whitespace().count(), dialect) {
            (6 | 7, Dialect::Quartz | Dialect::QuartzOrCrontab) => CronParser::builder()
                .seconds(Seconds::Required)
                .year(Year::Optional)
                .alternative_weekdays(true)
                .sloppy_ranges(true)
                .build(),
            (5, Dialect::QuartzOrCrontab) => CronParser::builder()
                .seconds(Seconds::Disallowed)
                .year(Year::Disallowed)
                .build(),
            (found, Dialect::Quartz) => {
                return Err(format!("cron has 6 or 7 fields, found {found}"));
            }
            (found, Dialect::QuartzOrCrontab) => {
                return Err(format!("cron has 5, 6 or 7 fields, found {found}"));
            }
        };
        let parsed = parser.parse(text);
        parsed
            .map(|pattern| Cron { pattern })
            .map_err(|error| error.to_string())
    }

    /// The first instant after `after_ms` in a zone; none when there is none. Milliseconds since 1970.
    pub fn next(&self, after_ms: i64, zone: &TimeZone) -> Option<i64> {
        let after = Timestamp::from_millisecond(after_ms).ok()?;
        let found = self
            .pattern
            .find_next_occurrence(&Wall(after.to_zoned_datetime(zone.clone())), false)
            .ok()?;
        // The search keeps fractions of a second; a cron expression has none.
        Some(found.0.timestamp().as_second().saturating_mul(1000))
    }
}

/// An instant with its zone, as croner wants to see one.
#[derive(Clone, Debug)]
struct Wall(ZonedDateTime);

impl CronDateTime for Wall {
    fn to_civil(&self) -> CivilDateTime {
        let at = self.0.datetime();
        let part = |number: i8| u32::from(number.unsigned_abs());
        CivilDateTime::from_ymd_hms_opt(
            i32::from(at.year()),
            part(at.month()),
            part(at.day()),
            part(at.hour()),
            part(at.minute()),
            part(at.second()),
        )
        .unwrap_or_else(epoch)
    }

    fn civil_weekday(&self) -> Weekday {
        let days = self.0.weekday().to_sunday_zero_offset();
        Weekday::from_days_from_sunday(u32::from(days.unsigned_abs()))
    }

    fn resolve_civil(&self, civil: CivilDateTime) -> Result<Resolution<Self>, CronError> {
        let ambiguous = self
            .0
            .time_zone()
            .to_ambiguous_zoned_datetime(to_jiff(civil)?);
        let invalid = |_| CronError::InvalidTime;
        Ok(match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { .. } => {
                Resolution::Single(Wall(ambiguous.unambiguous().map_err(invalid)?))
            }
            AmbiguousOffset::Fold { .. } => Resolution::Ambiguous(
                Wall(ambiguous.clone().earlier().map_err(invalid)?),
                Wall(ambiguous.later().map_err(invalid)?),
            ),
            AmbiguousOffset::Gap { .. } => Resolution::Gap,
        })
    }

    fn checked_add_seconds(&self, seconds: i64) -> Option<Self> {
        let sum = self.0.checked_add(SignedDuration::from_secs(seconds));
        sum.ok().map(Wall)
    }

    fn cmp_instant(&self, other: &Self) -> Ordering {
        self.0.timestamp().cmp(&other.0.timestamp())
    }
}

/// Never reached: jiff's parts are always a date.
fn epoch() -> CivilDateTime {
    use croner::time::{CivilDate, CivilTime};
    CivilDateTime::new(
        CivilDate::from_parts_unchecked(1970, 1, 1),
        CivilTime::MIDNIGHT,
    )
}

fn to_jiff(civil: CivilDateTime) -> Result<DateTime, CronError> {
    let invalid = |_| CronError::InvalidDate;
    let part = |number: u32| i8::try_from(number).map_err(|_| CronError::InvalidDate);
    DateTime::new(
        i16::try_from(civil.year()).map_err(|_| CronError::InvalidDate)?,
        part(civil.month())?,
        part(civil.day())?,
        part(civil.hour())?,
        part(civil.minute())?,
        part(civil.second())?,
        0,
    )
    .map_err(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_fields_are_crontabs_and_more_are_quartzs_where_the_dialect_has_both() {
        // 2026-03-01T00:00:00Z, a Sunday
        const SUNDAY_MS: i64 = 1_772_323_200_000;
        const DAY_MS: i64 = 24 * 60 * 60 * 1000;
        let rows = [
            ("0 0 * * 1", None, Some(1)),
            ("0 0 0 ? * 1", Some(7), Some(7)),
            ("0 0 0 ? * 2 2026", Some(1), Some(1)),
            ("@daily", None, None),
            ("0 0 * *", None, None),
            ("0 0 0 ? * 1 2026 1", None, None),
        ];
        for (text, quartz, both) in rows {
            let expected = [(Dialect::Quartz, quartz), (Dialect::QuartzOrCrontab, both)];
            for (dialect, days) in expected {
                let read = Cron::parse(text, dialect).ok();
                let next = read.and_then(|cron| cron.next(SUNDAY_MS, &TimeZone::UTC));
                let expected = days.map(|days| SUNDAY_MS + days * DAY_MS);
                assert_eq!(next, expected, "{text} as {dialect:?}");
            }
        }
    }
}
