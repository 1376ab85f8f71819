//! Sizes: a number of bytes, or text with a binary unit: `512B`, `32KiB`, `256MiB`, `8GiB`.
//! Never: takes zero, a fraction, or a decimal unit (`MB` means two things).

use serde::{Deserializer, de};
use std::fmt;

const UNITS: [(&str, u64); 5] = [
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// Reads a size, in bytes; the error says what is wrong with it.
pub fn parse(text: &str) -> Result<u64, String> {
    let wrong = |why: &str| {
        format!("'{text}' is no size: {why}; write for example \"512KiB\" or \"256MiB\"")
    };
    let trimmed = text.trim();
    let digits = trimmed
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(digits);
    let number: u64 = number
        .parse()
        .map_err(|_| wrong("it must begin with a whole number that fits 64 bits"))?;
    let unit = unit.trim();
    let bytes_per_unit = UNITS
        .iter()
        .find(|(name, _)| *name == unit)
        .map(|(_, bytes)| *bytes)
        .ok_or_else(|| wrong("the unit is one of B, KiB, MiB, GiB, TiB"))?;
    match number.checked_mul(bytes_per_unit) {
        Some(0) => Err(wrong("it must be more than nothing")),
        Some(bytes) => Ok(bytes),
        None => Err(wrong("it does not fit 64 bits")),
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    from.deserialize_any(SizeVisitor)
}

/// Two of them are written at the first start, and one is read back at once.
const SEGMENT_MOST: u64 = 1 << 30;

/// The size of a journal segment.
pub(super) fn segment<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let bytes = deserialize(from)?;
    if bytes > SEGMENT_MOST {
        return Err(de::Error::custom("a segment has at most 1GiB"));
    }
    Ok(bytes)
}

struct SizeVisitor;

impl de::Visitor<'_> for SizeVisitor {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a size such as \"256MiB\" or a number of bytes")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<u64, E> {
        parse(text).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, bytes: i64) -> Result<u64, E> {
        match u64::try_from(bytes) {
            Ok(bytes) if bytes > 0 => Ok(bytes),
            Ok(_) | Err(_) => Err(E::custom("a size must be more than nothing")),
        }
    }
}
