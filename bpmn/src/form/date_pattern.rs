//! Dates by a pattern of Java's `SimpleDateFormat`: the letters that forms use, read leniently.
//! Never: knows a locale: names of months and days are English.
//!
//! ```text
//!  yyyy-MM-dd HH:mm:ss   y year  M month  d day  H 0–23  k 1–24  h 1–12  K 0–11  a AM/PM
//!                        m minute  s second  S millisecond  E weekday  Z X z offset  'text'
//! ```

use super::FormError;
use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::{Offset, TimeZone},
};
use std::fmt::Write as _;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// A parsed pattern.
pub(super) struct DatePattern {
    fields: Vec<Field>,
}

enum Field {
    Text(String),
    /// A letter and how often it stands there.
    Letter(char, usize),
}

/// What was read so far; lenient, so parts may be out of their range.
struct Parts {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    ms: i64,
    afternoon: Option<bool>,
    offset_s: Option<i32>,
}

impl DatePattern {
    pub fn parse(pattern: &str) -> Result<Self, FormError> {
        let mut fields: Vec<Field> = Vec::new();
        let mut characters = pattern.chars().peekable();
        while let Some(c) = characters.next() {
            if c == '\'' {
                fields.push(Field::Text(quoted(&mut characters)));
            } else if "yMdHkhKamsSEZXz".contains(c) {
                let mut count = 1;
                while characters.next_if_eq(&c).is_some() {
                    count += 1;
                }
                fields.push(Field::Letter(c, count));
            } else if c.is_ascii_alphabetic() {
                return Err(FormError::Pattern {
                    pattern: pattern.to_owned(),
                });
            } else {
                fields.push(Field::Text(c.to_string()));
            }
        }
        Ok(DatePattern { fields })
    }

    /// Milliseconds since 1970, none when the text does not follow the pattern. Text behind the date is ignored,
    /// and parts out of their range roll over: the 31st of February is a day in March.
    pub fn read(&self, text: &str, zone: &TimeZone) -> Option<i64> {
        let mut parts = Parts {
            year: 1970,
            month: 1,
            day: 1,
            hour: 0,
            minute: 0,
            second: 0,
            ms: 0,
            afternoon: None,
            offset_s: None,
        };
        let mut rest = text;
        for (n, field) in self.fields.iter().enumerate() {
            rest = match field {
                Field::Text(expected) => rest.strip_prefix(expected.as_str())?,
                Field::Letter(letter, count) => {
                    // A number that another number follows at once has the width of its letters.
                    let adjacent = matches!(self.fields.get(n + 1), Some(Field::Letter(next, _)) if is_number(*next));
                    let width = if adjacent { *count } else { usize::MAX };
                    parts.read(*letter, *count, rest.trim_start_matches(' '), width)?
                }
            };
        }
        parts.instant(zone)
    }

    pub fn write(&self, ms: i64, zone: &TimeZone) -> String {
        let instant = codec::instant::timestamp(ms);
        let offset = zone.to_offset(instant);
        let at = offset.to_datetime(instant);
        let mut out = String::new();
        for field in &self.fields {
            match field {
                Field::Text(text) => out.push_str(text),
                Field::Letter(letter, count) => write_field(&mut out, *letter, *count, at, offset),
            }
        }
        out
    }
}

/// The text up to the closing quote; two quotes stand for one, inside and instead of a text.
fn quoted(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    if characters.next_if_eq(&'\'').is_some() {
        return "'".to_owned();
    }
    let mut text = String::new();
    while let Some(c) = characters.next() {
        if c == '\'' && characters.next_if_eq(&'\'').is_none() {
            break;
        }
        text.push(c);
    }
    text
}

fn is_number(letter: char) -> bool {
    "ydHkhKmsSM".contains(letter)
}

fn write_field(out: &mut String, letter: char, count: usize, at: DateTime, offset: Offset) {
    let name = |names: &[&'static str], index: i8| {
        let name = names
            .get(usize::from(index.unsigned_abs()))
            .copied()
            .unwrap_or("");
        if count < 4 {
            &name[..name.len().min(3)]
        } else {
            name
        }
    };
    let number = match letter {
        'y' if count == 2 => i64::from(at.year()).rem_euclid(100),
        'y' => i64::from(at.year()),
        'M' if count > 2 => return out.push_str(name(&MONTHS, at.month() - 1)),
        'M' => i64::from(at.month()),
        'd' => i64::from(at.day()),
        'H' => i64::from(at.hour()),
        'k' if at.hour() == 0 => 24,
        'k' => i64::from(at.hour()),
        'K' => i64::from(at.hour() % 12),
        'h' if at.hour() % 12 == 0 => 12,
        'h' => i64::from(at.hour() % 12),
        'm' => i64::from(at.minute()),
        's' => i64::from(at.second()),
        'S' => i64::from(at.millisecond()),
        'a' => return out.push_str(if at.hour() < 12 { "AM" } else { "PM" }),
        'E' => return out.push_str(name(&DAYS, at.weekday().to_monday_zero_offset())),
        _ => return write_offset(out, letter, count, offset),
    };
    // Writing to a string cannot fail.
    let _ = write!(out, "{number:0count$}");
}

fn write_offset(out: &mut String, letter: char, count: usize, offset: Offset) {
    let seconds = offset.seconds();
    let minutes = seconds.unsigned_abs() / 60;
    let sign = if seconds < 0 { '-' } else { '+' };
    let (hours, minutes) = (minutes / 60, minutes % 60);
    let _ = match (letter, count) {
        ('X', _) if seconds == 0 => write!(out, "Z"),
        ('X', 1) => write!(out, "{sign}{hours:02}"),
        ('X', 3) => write!(out, "{sign}{hours:02}:{minutes:02}"),
        ('z', _) => write!(out, "GMT{sign}{hours:02}:{minutes:02}"),
        _ => write!(out, "{sign}{hours:02}{minutes:02}"),
    };
}

impl Parts {
    /// Reads one field and returns what is left of the text.
    fn read<'t>(
        &mut self,
        letter: char,
        count: usize,
        text: &'t str,
        width: usize,
    ) -> Option<&'t str> {
        match letter {
            'a' => {
                let (half, rest) = text.split_at_checked(2)?;
                self.afternoon = Some(half.eq_ignore_ascii_case("PM"));
                return (self.afternoon == Some(true) || half.eq_ignore_ascii_case("AM"))
                    .then_some(rest);
            }
            'E' => return named(text, &DAYS).map(|(_, rest)| rest),
            'M' if count > 2 => {
                let (index, rest) = named(text, &MONTHS)?;
                self.month = index + 1;
                return Some(rest);
            }
            'Z' | 'X' | 'z' => return self.read_offset(text),
            _ => {}
        }
        let digits = text
            .bytes()
            .take(width.min(9))
            .take_while(u8::is_ascii_digit)
            .count();
        let (number, rest) = text.split_at(digits);
        let number: i64 = number.parse().ok()?;
        match letter {
            // Two digits for a year of two letters: 1970 to 2069, whatever the day of reading.
            'y' if count <= 2 && digits == 2 => {
                self.year = number + if number < 70 { 2000 } else { 1900 };
            }
            'y' => self.year = number,
            'M' => self.month = number,
            'd' => self.day = number,
            'H' | 'K' => self.hour = number,
            'k' => self.hour = if number == 24 { 0 } else { number },
            'h' => self.hour = if number == 12 { 0 } else { number },
            'm' => self.minute = number,
            's' => self.second = number,
            _ => self.ms = number,
        }
        Some(rest)
    }

    /// `Z`, `+01`, `+0100`, `+01:00`, each perhaps behind `GMT` or `UTC`.
    fn read_offset<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        let named = text
            .strip_prefix("GMT")
            .or_else(|| text.strip_prefix("UTC"));
        let rest = named.unwrap_or(text);
        let negative = match rest.bytes().next() {
            Some(b'Z') if named.is_none() => {
                self.offset_s = Some(0);
                return Some(&rest[1..]);
            }
            Some(b'+') => false,
            Some(b'-') => true,
            _ => {
                self.offset_s = Some(0);
                return named.map(|_| rest);
            }
        };
        let hours: i32 = rest.get(1..3)?.parse().ok()?;
        let mut rest = &rest[3..];
        let behind = rest.strip_prefix(':').unwrap_or(rest);
        let minutes = behind
            .get(..2)
            .and_then(|digits| digits.parse::<i32>().ok());
        if minutes.is_some() {
            rest = &behind[2..];
        }
        let seconds = hours * 3600 + minutes.unwrap_or(0) * 60;
        self.offset_s = Some(if negative { -seconds } else { seconds });
        Some(rest)
    }

    fn instant(&self, zone: &TimeZone) -> Option<i64> {
        let months = self.year.checked_mul(12)?.checked_add(self.month - 1)?;
        let year = i16::try_from(months.div_euclid(12)).ok()?;
        let month = i8::try_from(months.rem_euclid(12) + 1).ok()?;
        let hour = self.hour + if self.afternoon == Some(true) { 12 } else { 0 };
        let midnight = DateTime::from(Date::new(year, month, 1).ok()?);
        let span = jiff::Span::new()
            .try_days(self.day - 1)
            .and_then(|span| span.try_hours(hour))
            .and_then(|span| span.try_minutes(self.minute))
            .and_then(|span| span.try_seconds(self.second))
            .and_then(|span| span.try_milliseconds(self.ms))
            .ok()?;
        let wall = midnight.checked_add(span).ok()?;
        let instant: Timestamp = match self.offset_s {
            Some(seconds) => Offset::from_seconds(seconds)
                .ok()?
                .to_timestamp(wall)
                .ok()?,
            None => zone.to_timestamp(wall).ok()?,
        };
        Some(instant.as_millisecond())
    }
}

/// The index of the name that the text begins with, whole or its first three letters, and what is left.
fn named<'t>(text: &'t str, names: &[&str]) -> Option<(i64, &'t str)> {
    names.iter().zip(0..).find_map(|(name, index)| {
        let length = [name.len(), 3].into_iter().find(|length| {
            text.get(..*length)
                .is_some_and(|start| start.eq_ignore_ascii_case(&name[..*length]))
        })?;
        Some((index, &text[length..]))
    })
}
