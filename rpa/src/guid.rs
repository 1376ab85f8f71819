//! GUIDs: the ids that the console API shows.
//! Owns: their text and how one is derived from another. Never: makes a random one; those are handed in.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// An id of a package, robot, workflow, job, run instance…
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Guid(pub u128);

/// The text is no GUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a GUID")]
pub struct ParseGuidError;

impl Guid {
    /// All zeros: in a change it clears a reference.
    pub const NIL: Guid = Guid(0);

    /// An id that follows from this one and a number: the same two always give the same one, so that a schedule's
    /// firing that is tried again cannot double its execution. Its form is that of a version 8 UUID.
    pub fn derive(self, number: u64) -> Guid {
        // Odd constants: each step is a bijection of the halves, so different numbers give different ids.
        const FIRST: u64 = 0x9e37_79b9_7f4a_7c15;
        const SECOND: u64 = 0xd6e8_feb8_6659_fd93;
        let [mut high, mut low] = [(self.0 >> 64) as u64, self.0 as u64];
        low ^= number.wrapping_add(1).wrapping_mul(FIRST);
        for _ in 0..4 {
            high = (high ^ low).wrapping_mul(SECOND).rotate_left(31);
            low = (low ^ high).wrapping_mul(FIRST).rotate_left(27);
        }
        let mixed = (u128::from(high) << 64) | u128::from(low);
        let version = 0xf000_u128 << 64;
        let variant = 0xc000_u128 << 48;
        Guid((mixed & !version & !variant) | (0x8000_u128 << 64) | (0x8000_u128 << 48))
    }

    /// The id of the execution that an activity of a process waits for: always the same, so that asking again cannot
    /// double it.
    pub fn of_activity(activity: codec::Id) -> Guid {
        Guid(activity.root.0).derive(u64::from(activity.number))
    }

    /// Whether it is all zeros.
    pub fn is_nil(self) -> bool {
        self == Guid::NIL
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.0;
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            id >> 96,
            (id >> 80) & 0xffff,
            (id >> 64) & 0xffff,
            (id >> 48) & 0xffff,
            id & 0xffff_ffff_ffff
        )
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Guid {
    type Err = ParseGuidError;

    /// Reads `8-4-4-4-12` hex digits in either case, with or without braces, and 32 digits without dashes.
    fn from_str(text: &str) -> Result<Self, ParseGuidError> {
        let inner = match text.strip_prefix('{') {
            Some(rest) => rest.strip_suffix('}').ok_or(ParseGuidError)?,
            None => text,
        };
        let dashes = [8, 13, 18, 23];
        let dashed = inner.len() == 36;
        if !dashed && inner.len() != 32 {
            return Err(ParseGuidError);
        }
        let mut id = 0_u128;
        for (at, byte) in inner.bytes().enumerate() {
            if dashed && dashes.contains(&at) {
                if byte != b'-' {
                    return Err(ParseGuidError);
                }
                continue;
            }
            let digit = char::from(byte).to_digit(16).ok_or(ParseGuidError)?;
            id = (id << 4) | u128::from(digit);
        }
        Ok(Guid(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn guids_are_read_in_every_form_and_written_in_one() {
        let id = Guid(0x9a0c_7d89_404a_4896_a0b9_1add_6d95_51e8);
        let text = "9a0c7d89-404a-4896-a0b9-1add6d9551e8";
        assert_eq!(id.to_string(), text);
        for form in [
            text,
            "9A0C7D89-404A-4896-A0B9-1ADD6D9551E8",
            "{9a0c7d89-404a-4896-a0b9-1add6d9551e8}",
            "9a0c7d89404a4896a0b91add6d9551e8",
        ] {
            assert_eq!(form.parse(), Ok(id), "{form}");
        }
        for form in [
            "",
            "string",
            "{9a0c7d89-404a-4896-a0b9-1add6d9551e8",
            "9a0c7d8-9404a-4896-a0b9-1add6d9551e8",
            "9a0c7d89-404a-4896-a0b9-1add6d9551eg",
            "9a0c7d89-404a-4896-a0b9-1add6d9551é",
        ] {
            assert_eq!(form.parse::<Guid>(), Err(ParseGuidError), "{form}");
        }
    }

    #[test]
    fn derived_ids_are_the_same_each_time_and_differ_by_number_and_origin() {
        let mut seen = BTreeSet::new();
        for origin in 0..50 {
            for number in 0..200 {
                let id = Guid(origin).derive(number);
                assert_eq!(id, Guid(origin).derive(number));
                assert_eq!(id.to_string().as_bytes()[14], b'8', "{id}");
                assert!(seen.insert(id), "{origin} {number}");
            }
        }
    }
}
