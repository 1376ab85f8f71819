//! Lengths of time as text: `250ms`, `10m`, `1h 30m`, `PT10M`, `P7D`. A day has 24 hours.
//! Never: takes a bare number, zero, a negative length, or months and years, whose length varies.

use jiff::{Span, SpanRelativeTo};
use serde::{Deserialize, Deserializer, de::Error as _};
use std::time::Duration;

/// Reads a length of time; the error says what is wrong with it.
pub fn parse(text: &str) -> Result<Duration, String> {
    let wrong = |why: &str| {
        format!(
            "'{text}' is no length of time: {why}; write for example \"250ms\", \"10m\" or \"PT10M\""
        )
    };
    if text.trim().parse::<f64>().is_ok() {
        return Err(wrong("a unit is missing"));
    }
    let span: Span = text
        .trim()
        .parse()
        .map_err(|error: jiff::Error| wrong(&error.to_string()))?;
    if span.get_years() != 0 || span.get_months() != 0 {
        return Err(wrong("months and years differ in length, use days"));
    }
    let length = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|error| wrong(&error.to_string()))?;
    match Duration::try_from(length) {
        Ok(length) if !length.is_zero() => Ok(length),
        Ok(_) | Err(_) => Err(wrong("it must be more than nothing")),
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    parse(&text).map_err(D::Error::custom)
}

pub(super) fn optional<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    deserialize(from).map(Some)
}
