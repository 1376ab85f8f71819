//! Ids that carry their owner.
//!
//! ```text
//!  root instance       0198c1c2e3f47a5b8c6d9e0f1a2b3c4d            32 hex digits, a UUID version 7
//!  anything inside it  0198c1c2e3f47a5b8c6d9e0f1a2b3c4d-17         the root's id and a counter of that root
//!  definition          leave:3:12                                  key, version, number
//! ```
//!
//! Never: hands out ids; the caller brings time and randomness.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A root process instance: it finds the actor that owns it and all that it calls.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RootId(pub u128);

/// Anything inside a root instance: a task, a timer, an activity, a called instance, an incident.
/// Number 0 is the root instance itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Id {
    /// The root instance that owns it.
    pub root: RootId,
    /// Its number inside the root, counted from 1; 0 is the root instance itself.
    pub number: u32,
}

/// A deployed process definition, numbered over all keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DefinitionId(pub u64);

/// The company that owns an entity; 0 is the company of the configuration.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Tenant(pub u32);

/// The text is no id of the expected form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id")]
pub struct ParseIdError;

impl RootId {
    /// The root instance's own id.
    pub fn instance(self) -> Id {
        Id {
            root: self,
            number: 0,
        }
    }

    /// The id of the thing with this number inside the root.
    pub fn child(self, number: u32) -> Id {
        Id { root: self, number }
    }
}

impl fmt::Display for RootId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for RootId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for RootId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let canonical = text.len() == 32
            && text
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !canonical {
            return Err(ParseIdError);
        }
        u128::from_str_radix(text, 16)
            .map(RootId)
            .map_err(|_| ParseIdError)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.number == 0 {
            write!(f, "{}", self.root)
        } else {
            write!(f, "{}-{}", self.root, self.number)
        }
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Id {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let Some((root, number)) = text.split_once('-') else {
            return Ok(text.parse::<RootId>()?.instance());
        };
        let canonical = number.bytes().all(|b| b.is_ascii_digit()) && !number.starts_with('0');
        if !canonical {
            return Err(ParseIdError);
        }
        let root = root.parse()?;
        let number = number.parse().map_err(|_| ParseIdError)?;
        Ok(Id { root, number })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_text_of_an_id_is_read() {
        let root = RootId(0x0198_c1c2_e3f4_7a5b_8c6d_9e0f_1a2b_3c4d);
        for id in [root.instance(), root.child(1), root.child(4_000_000_000)] {
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        for text in ["", "1", "-1", "0198C1C2E3F47A5B8C6D9E0F1A2B3C4D"] {
            assert_eq!(text.parse::<Id>(), Err(ParseIdError), "{text}");
        }
        for number in ["", "0", "01", "x", "+1", "4294967296", "1-2"] {
            let text = format!("{root}-{number}");
            assert_eq!(text.parse::<Id>(), Err(ParseIdError), "{text}");
        }
    }
}
