//! Cron expressions: five fields as crontab reads them (Sunday 0 or 7), six or seven as Quartz does (seconds first, 1 is Sunday).
//! Owns: the bridge between croner's search and jiff's time zones. Never: searches itself.

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

/// A cron expression, parsed.
/// The BPMN engine has a reader of its own, for Quartz only: the two crates don't know each other.
#[derive(Clone, Debug)]
pub(super) struct Cron {
    pattern: croner::Cron,
}

impl Cron {
    pub fn parse(text: &str) -> Result<Cron, String> {
        let fields = text.split_whitespace().count();
        if text.contains('@') {
            return Err("nicknames are not known".to_owned());
        }
        let parser = match fields {
            5 => CronParser::builder()
                .seconds(Seconds::Disallowed)
                .year(Year::Disallowed)
                .build(),
            6 | 7 => CronParser::builder()
                .seconds(Seconds::Required)
                .year(Year::Optional)
                .alternative_weekdays(true)
                .sloppy_ranges(true)
                .build(),
            _ => return Err(format!("cron has 5, 6 or 7 fields, found {fields}")),
        };
        let parsed = parser.parse(text);
        parsed
            .map(|pattern| Cron { pattern })
            .map_err(|error| error.to_string())
    }

    /// The first instant after `after_ms`; none when there is none.
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
