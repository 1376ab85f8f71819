//! Ids of the console's things: 128 bits, written as lower-case dashed text.
//! Never: hands one out; randomness comes from outside.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A GUID.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Guid(pub u128);

/// The text is no GUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a GUID")]
pub struct NoGuid;

/// Where the dashes stand in the text.
const DASHES: [usize; 4] = [8, 13, 18, 23];

impl Guid {
    /// Nothing: what clears a reference.
    pub const ZERO: Guid = Guid(0);
    /// The server itself, when no person asked.
    pub const MACHINE: Guid = Guid(1);
    /// What it is called where people read who did something.
    pub const MACHINE_NAME: &'static str = "Loomwork";

    /// Whether it is [`Guid::ZERO`].
    pub fn is_zero(self) -> bool {
        self == Guid::ZERO
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032x}", self.0);
        let [a, b, c, d, e] = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &hex[part]);
        write!(f, "{a}-{b}-{c}-{d}-{e}")
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Guid {
    type Err = NoGuid;

    /// Reads the dashed form, in either case.
    fn from_str(text: &str) -> Result<Self, NoGuid> {
        if text.len() != 36 {
            return Err(NoGuid);
        }
        let mut value = 0_u128;
        for (at, letter) in text.char_indices() {
            if DASHES.contains(&at) {
                if letter != '-' {
                    return Err(NoGuid);
                }
                continue;
            }
            let digit = letter.to_digit(16).ok_or(NoGuid)?;
            value = (value << 4) | u128::from(digit);
        }
        Ok(Guid(value))
    }
}
