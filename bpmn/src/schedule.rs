//! When things are due: dates, durations and cycles as Activiti's business calendars read them.
//!
//! Owns: the texts of timers and due dates, calendar arithmetic in the time zone it is given, and the counting of repetitions.
//! Never: reads a clock; every function is told what time it is.
//!
//! ```text
//!  dueDate   2026-05-21T08:00   P2D            one instant
//!  duration  PT5M               P1M            one instant, from now
//!  cycle     R3/PT1H   R/2026-05-21T08:00/P1D/2026-06-01   0 0 8 ? * MON-FRI
//! ```

use jiff::{
    Span, Timestamp,
    civil::{ISOWeekDate, Weekday},
    fmt::temporal::SpanParser,
    tz::TimeZone,
};
use thiserror::Error;

mod cycle;
#[cfg(test)]
mod tests;

pub use cycle::Cycle;

/// A text that names no time.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ScheduleError {
    /// Neither a date nor a duration.
    #[error("couldn't resolve due date: '{text}'")]
    Date {
        /// The text.
        text: String,
    },
    /// No ISO 8601 duration, or one that cannot be repeated.
    #[error("cannot parse duration: '{text}'")]
    Duration {
        /// The text.
        text: String,
    },
    /// Neither a repeating interval nor a Quartz cron expression.
    #[error("failed to parse cycle expression: '{text}': {cause}")]
    Cycle {
        /// The text.
        text: String,
        /// What was wrong.
        cause: String,
    },
    /// A calendar that nobody knows.
    #[error("business calendar '{name}' does not exist")]
    Calendar {
        /// Its name.
        name: String,
    },
    /// An instant outside of the years that a calendar holds.
    #[error("'{text}' is out of range")]
    OutOfRange {
        /// The text.
        text: String,
    },
}

/// How a text is read, by the name that `activiti:businessCalendarName` gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BusinessCalendar {
    /// `duration`.
    Duration,
    /// `dueDate`.
    DueDate,
    /// `cycle`.
    Cycle,
}

impl BusinessCalendar {
    /// The calendar of this name.
    pub fn named(name: &str) -> Result<Self, ScheduleError> {
        match name {
            "duration" => Ok(BusinessCalendar::Duration),
            "dueDate" => Ok(BusinessCalendar::DueDate),
            "cycle" => Ok(BusinessCalendar::Cycle),
            _ => Err(ScheduleError::Calendar {
                name: name.to_owned(),
            }),
        }
    }

    /// The (first) instant that a text names, in milliseconds since 1970.
    pub fn resolve(self, text: &str, now_ms: i64, zone: &TimeZone) -> Result<i64, ScheduleError> {
        match self {
            BusinessCalendar::Duration => duration(text, now_ms, zone),
            BusinessCalendar::DueDate => due_date(text, now_ms, zone),
            BusinessCalendar::Cycle => Cycle::parse(text, zone)?
                .first(now_ms, zone)
                .ok_or_else(|| out_of_range(text)),
        }
    }
}

/// A date, a date-time (without an offset: in `zone`) or a duration from now. Milliseconds since 1970.
pub fn due_date(text: &str, now_ms: i64, zone: &TimeZone) -> Result<i64, ScheduleError> {
    let trimmed = text.trim();
    if trimmed.starts_with('P') {
        return after(now_ms, parse_span(trimmed), text, zone);
    }
    let whole = match trimmed.len() {
        // A year, or a year and a month, begin with their first day.
        4 => format!("{trimmed}-01-01"),
        7 => format!("{trimmed}-01"),
        _ => week_date(trimmed).unwrap_or_else(|| trimmed.to_owned()),
    };
    // A blank is no `T`: what people are shown is not what they may write here.
    let date = Some(whole).filter(|whole| !whole.contains(' '));
    date.and_then(|date| codec::instant::parse(&date, zone))
        .ok_or_else(|| ScheduleError::Date {
            text: text.to_owned(),
        })
}

/// The day that `2026-W05-1` names, or `2026-W05`, which is its Monday; a time may follow.
fn week_date(text: &str) -> Option<String> {
    let (date, time) = text.split_at(text.find('T').unwrap_or(text.len()));
    let (year, week) = date.split_once("-W")?;
    let (week, day) = week.split_once('-').unwrap_or((week, "1"));
    let day = Weekday::from_monday_one_offset(day.parse().ok()?).ok()?;
    let date = ISOWeekDate::new(year.parse().ok()?, week.parse().ok()?, day).ok()?;
    Some(format!("{}{time}", date.date()))
}

/// A duration from `from_ms` on, by the calendar of `zone`: `P1M` is a month, `P1D` a day even when the clocks change.
/// `start/duration` counts from its start, as Activiti allows. Milliseconds since 1970.
pub fn duration(text: &str, from_ms: i64, zone: &TimeZone) -> Result<i64, ScheduleError> {
    let trimmed = text.trim();
    let (from_ms, period) = match trimmed.split_once('/') {
        None => (from_ms, trimmed),
        Some((start, period)) => (due_date(start, from_ms, zone)?, period),
    };
    after(from_ms, parse_period(period), text, zone)
}

fn after(
    from_ms: i64,
    span: Option<Span>,
    text: &str,
    zone: &TimeZone,
) -> Result<i64, ScheduleError> {
    let span = span.ok_or_else(|| ScheduleError::Duration {
        text: text.to_owned(),
    })?;
    add(from_ms, span, zone).ok_or_else(|| out_of_range(text))
}

fn out_of_range(text: &str) -> ScheduleError {
    ScheduleError::OutOfRange {
        text: text.to_owned(),
    }
}

/// A span as durations and cycles have it: it begins with `P`, in capitals, without weeks. Only due dates take others, as in Activiti.
fn parse_period(text: &str) -> Option<Span> {
    let plain = !text
        .bytes()
        .any(|byte| byte.is_ascii_lowercase() || byte == b'W');
    parse_span(text).filter(|_| plain && text.starts_with('P'))
}

fn parse_span(text: &str) -> Option<Span> {
    SpanParser::new().parse_span(text).ok()
}

fn add(from_ms: i64, span: Span, zone: &TimeZone) -> Option<i64> {
    let from = Timestamp::from_millisecond(from_ms).ok()?;
    let sum = from
        .to_zoned_datetime(zone.clone())
        .checked_add(span)
        .ok()?;
    Some(sum.timestamp().as_millisecond())
}
