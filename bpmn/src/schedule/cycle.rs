//! Cycles: repeating intervals (ISO 8601) and Quartz cron expressions.
//! Never: counts what has fired; whoever fires tells.
//!
//! ```text
//!  R3/PT1H begun at 08:00    fired: 0 ─▶ 09:00   1 ─▶ 10:00   2 ─▶ 11:00   3 ─▶ none
//! ```

use super::{ScheduleError, add, due_date, parse_period};
use codec::cron::{Cron, Dialect};
use jiff::{Span, tz::TimeZone};

/// A cycle, parsed.
#[derive(Clone, Debug)]
pub struct Cycle {
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Interval {
        /// How often it fires; without a number, without end.
        times: Option<u32>,
        start_ms: Option<i64>,
        period: Span,
        end_ms: Option<i64>,
    },
    Cron(Box<Cron>),
}

impl Cycle {
    /// Reads `Rn/period`, `Rn/period/end`, `Rn/start/period` with an optional end, or cron. Dates without an offset are in `zone`.
    pub fn parse(text: &str, zone: &TimeZone) -> Result<Cycle, ScheduleError> {
        let text = text.trim();
        let form = if text.starts_with('R') {
            interval(text, zone)
        } else {
            Cron::parse(text, Dialect::Quartz).map(|cron| Form::Cron(Box::new(cron)))
        };
        form.map(|form| Cycle { form })
            .map_err(|cause| ScheduleError::Cycle {
                text: text.to_owned(),
                cause,
            })
    }

    /// How often it fires; none when it has no end. `R0` fires once, as in Activiti.
    pub fn times(&self) -> Option<u32> {
        match &self.form {
            Form::Interval { times, .. } => times.map(|times| times.max(1)),
            Form::Cron(_) => None,
        }
    }

    /// When it ends, where it says so. Milliseconds since 1970.
    pub fn end_ms(&self) -> Option<i64> {
        match &self.form {
            Form::Interval { end_ms, .. } => *end_ms,
            Form::Cron(_) => None,
        }
    }

    /// When it fires first. Milliseconds since 1970; none when that is out of range.
    pub fn first(&self, now_ms: i64, zone: &TimeZone) -> Option<i64> {
        self.next(now_ms, 0, now_ms, zone)
    }

    /// When it fires after it has `fired` that often, having begun at `begun_ms`; none when it is over.
    /// A cycle that counts makes up for what it missed, at once; one without a count leaves it out.
    pub fn next(&self, begun_ms: i64, fired: u32, now_ms: i64, zone: &TimeZone) -> Option<i64> {
        if self.times().is_some_and(|times| fired >= times) {
            return None;
        }
        match &self.form {
            Form::Cron(cron) => cron.next(now_ms, zone),
            Form::Interval {
                times,
                start_ms,
                period,
                end_ms,
            } => {
                let grid = Grid {
                    start_ms: start_ms.unwrap_or(begun_ms),
                    period: *period,
                    zone,
                };
                let latest = match (times, fired) {
                    (None, _) => i64::MAX,
                    (Some(times), 0) => i64::from(*times) + 1,
                    (Some(_), fired) => i64::from(fired) + 1,
                };
                let step = grid.first_after(now_ms).min(latest);
                let due_ms = grid.at(step)?.max(now_ms);
                // The first firing does not look at the end, as in Activiti.
                let over = fired > 0 && end_ms.is_some_and(|end_ms| due_ms > end_ms);
                (!over).then_some(due_ms)
            }
        }
    }
}

fn interval(text: &str, zone: &TimeZone) -> Result<Form, String> {
    let mut parts = text.split('/');
    let times = match parts.next().and_then(|head| head.strip_prefix('R')) {
        Some("") => None,
        Some(digits) => Some(
            digits
                .parse()
                .map_err(|_| format!("'{digits}' is no number of repetitions"))?,
        ),
        None => return Err("no repetition".to_owned()),
    };
    let rest: Vec<&str> = parts.collect();
    let date = |text: &str| due_date(text, 0, zone).map_err(|error| error.to_string());
    let (start_ms, period, end_ms) = match rest.as_slice() {
        [period] => (None, *period, None),
        [period, end] if period.starts_with('P') => (None, *period, Some(date(end)?)),
        [start, period] => (Some(date(start)?), *period, None),
        [start, period, end] => (Some(date(start)?), *period, Some(date(end)?)),
        _ => return Err("expected a period, perhaps with a start or an end".to_owned()),
    };
    let period = parse_period(period)
        .filter(|span| span.is_positive() && add(0, *span, zone).is_some_and(|ms| ms > 0))
        .ok_or_else(|| format!("'{period}' is no period"))?;
    Ok(Form::Interval {
        times,
        start_ms,
        period,
        end_ms,
    })
}

/// The instants `start + n × period`.
struct Grid<'a> {
    start_ms: i64,
    period: Span,
    zone: &'a TimeZone,
}

impl Grid<'_> {
    fn at(&self, step: i64) -> Option<i64> {
        add(
            self.start_ms,
            self.period.checked_mul(step).ok()?,
            self.zone,
        )
    }

    /// The first step after an instant; past the calendar's range counts as after. Found by halving, for periods of milliseconds too.
    fn first_after(&self, ms: i64) -> i64 {
        let after = |step: i64| self.at(step).is_none_or(|at| at > ms);
        if after(0) {
            return 0;
        }
        let (mut before, mut high) = (0, 1);
        while !after(high) {
            before = high;
            high *= 2;
        }
        while high - before > 1 {
            let middle = before + (high - before) / 2;
            if after(middle) {
                high = middle;
            } else {
                before = middle;
            }
        }
        high
    }
}
