//! When a schedule is due: cron, interval or one-off, in a time zone, between a start and an end.
//!
//! Owns: reading those texts and the next firing after an instant. Never: reads a clock or a time zone of its own.
//!
//! ```text
//!  cron   30 8 * * MON-FRI     the wall clock of the zone; an hour that a change of clocks leaves out is left out
//!  every  PT15M, P1D           start + n × interval, by the calendar of the zone: P1D is a day when clocks change, too
//!  at     2026-05-21T08:00Z    once
//! ```

use crate::Guid;
use codec::cron::{Cron, Dialect};
use jiff::{
    Span, SpanRelativeTo, Timestamp, Unit, ZonedDateTime, fmt::temporal::SpanParser, tz::TimeZone,
};
use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;

/// The shortest interval, in milliseconds.
const SHORTEST_MS: i64 = 60_000;

/// When something is due. Disk type too: variants are only added at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rule {
    /// A cron expression of 5, 6 or 7 fields.
    Cron(String),
    /// An ISO 8601 duration of a minute or more, counted from the window's start.
    Every(String),
    /// One instant, milliseconds since 1970.
    At(i64),
}

/// A rule with the window that it holds in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// The rule.
    pub rule: Rule,
    /// IANA name of the zone whose wall clock counts.
    pub time_zone: String,
    /// Nothing is due before it, milliseconds since 1970. Intervals are counted from here.
    pub start_ms: i64,
    /// Nothing is due after it, milliseconds since 1970.
    pub end_ms: Option<i64>,
}

/// A timing that says nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimingError {
    /// No such zone.
    #[error("there is no time zone '{0}'")]
    TimeZone(String),
    /// No cron expression.
    #[error("'{text}' is no cron expression: {cause}")]
    Cron {
        /// The text.
        text: String,
        /// What is wrong.
        cause: String,
    },
    /// No duration, or one below a minute.
    #[error("'{0}' is no ISO 8601 duration of a minute or more")]
    Interval(String),
    /// The end lies before the start.
    #[error("the end lies before the start")]
    Window,
}

impl Timing {
    /// Whether it can be read at all.
    pub fn check(&self) -> Result<(), TimingError> {
        let zone = zone(&self.time_zone)?;
        match &self.rule {
            Rule::Cron(text) => {
                parse_cron(text)?;
            }
            Rule::Every(text) => {
                interval(text, self.start_ms, &zone)?;
            }
            Rule::At(_) => {}
        }
        match self.end_ms {
            Some(end_ms) if end_ms < self.start_ms => Err(TimingError::Window),
            Some(_) | None => Ok(()),
        }
    }

    /// The first firing after `after_ms`; none when there is none.
    pub fn next(&self, after_ms: i64) -> Result<Option<i64>, TimingError> {
        let zone = zone(&self.time_zone)?;
        // The start itself may be due.
        let after_ms = after_ms.max(self.start_ms.saturating_sub(1));
        let found = match &self.rule {
            Rule::Cron(text) => parse_cron(text)?.next(after_ms, &zone),
            Rule::Every(text) => {
                let every = interval(text, self.start_ms, &zone)?;
                next_multiple(self.start_ms, every, after_ms, &zone)
            }
            Rule::At(at_ms) => (*at_ms > after_ms).then_some(*at_ms),
        };
        Ok(found.filter(|found| self.end_ms.is_none_or(|end_ms| *found <= end_ms)))
    }

    /// The next firings after `after_ms`, at most `count`.
    pub fn next_many(&self, after_ms: i64, count: usize) -> Result<Vec<i64>, TimingError> {
        let mut found = Vec::new();
        let mut after_ms = after_ms;
        while found.len() < count {
            let Some(next_ms) = self.next(after_ms)? else {
                break;
            };
            found.push(next_ms);
            after_ms = next_ms;
        }
        Ok(found)
    }
}

/// The execution that a schedule's firing starts: always the same one, however often the firing is tried.
pub fn execution_of(schedule: Guid, due_ms: i64) -> Guid {
    schedule.derive(due_ms.cast_unsigned())
}

fn zone(name: &str) -> Result<TimeZone, TimingError> {
    TimeZone::get(name).map_err(|_| TimingError::TimeZone(name.to_owned()))
}

fn parse_cron(text: &str) -> Result<Cron, TimingError> {
    Cron::parse(text, Dialect::QuartzOrCrontab).map_err(|cause| TimingError::Cron {
        text: text.to_owned(),
        cause,
    })
}

fn interval(text: &str, start_ms: i64, zone: &TimeZone) -> Result<Span, TimingError> {
    let bad = || TimingError::Interval(text.to_owned());
    let span = SpanParser::new()
        .parse_span(text.trim())
        .map_err(|_| bad())?;
    let length_ms = length_ms(span, start_ms, zone).ok_or_else(bad)?;
    if length_ms < SHORTEST_MS {
        return Err(bad());
    }
    Ok(span)
}

fn zoned(ms: i64, zone: &TimeZone) -> Option<ZonedDateTime> {
    let at = Timestamp::from_millisecond(ms).ok()?;
    Some(at.to_zoned_datetime(zone.clone()))
}

fn length_ms(span: Span, start_ms: i64, zone: &TimeZone) -> Option<i64> {
    let start = zoned(start_ms, zone)?;
    let total = span
        .total((Unit::Millisecond, SpanRelativeTo::from(&start)))
        .ok()?;
    Some(total as i64)
}

/// The first of start, start + every, start + 2 × every… after `after_ms`.
fn next_multiple(start_ms: i64, every: Span, after_ms: i64, zone: &TimeZone) -> Option<i64> {
    if start_ms > after_ms {
        return Some(start_ms);
    }
    let start = zoned(start_ms, zone)?;
    let at = |times: i64| -> Option<i64> {
        let sum = start.checked_add(every.checked_mul(times).ok()?).ok()?;
        Some(sum.timestamp().as_millisecond())
    };
    // Months and days differ in length: the estimate is near, the walk from it is short.
    let mut times = (after_ms - start_ms) / length_ms(every, start_ms, zone)?.max(1);
    while times > 0 && at(times)? > after_ms {
        times -= 1;
    }
    while at(times)? <= after_ms {
        times += 1;
    }
    at(times)
}
