//! Parameters of a query or a form: decoded, in order, in one string. Owns their decoding and bounds; must never
//! interpret a value.

use smallvec::SmallVec;

use super::{Fault, path::decode};

/// As many parameters as Tomcat takes; `get` walks them, so their number is bounded.
const MAX_PAIRS: usize = 10_000;

/// Decoded `name=value` pairs in the order in which they were sent.
#[derive(Clone, Debug, Default)]
pub struct Pairs {
    text: String,
    /// End of each name and of each value in `text`.
    ends: SmallVec<[(u32, u32); 8]>,
}

impl Pairs {
    /// Of a query string or an `application/x-www-form-urlencoded` body.
    pub fn parse(encoded: &[u8]) -> Result<Self, Fault> {
        let mut pairs = Self::default();
        pairs.append(encoded)?;
        Ok(pairs)
    }

    /// Decodes `encoded` behind what is there already.
    pub(super) fn append(&mut self, encoded: &[u8]) -> Result<(), Fault> {
        let mut bytes = std::mem::take(&mut self.text).into_bytes();
        for pair in encoded.split(|byte| *byte == b'&') {
            if pair.is_empty() {
                continue;
            }
            if self.ends.len() == MAX_PAIRS {
                return Err(Fault::malformed("too many parameters"));
            }
            let split = pair.iter().position(|byte| *byte == b'=');
            let (name, value) = match split {
                Some(at) => (&pair[..at], &pair[at + 1..]),
                None => (pair, &[][..]),
            };
            decode(name, true, &mut bytes)?;
            let name_end = length(&bytes)?;
            decode(value, true, &mut bytes)?;
            self.ends.push((name_end, length(&bytes)?));
        }
        self.text = String::from_utf8(bytes)
            .map_err(|_| Fault::malformed("a parameter is not valid UTF-8"))?;
        let whole = |end: u32| self.text.is_char_boundary(end as usize);
        if !self
            .ends
            .iter()
            .all(|(name, value)| whole(*name) && whole(*value))
        {
            return Err(Fault::malformed("a parameter is not valid UTF-8"));
        }
        Ok(())
    }

    /// All pairs in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|(_, end)| *end));
        starts.zip(&self.ends).map(|(start, (name, value))| {
            let (start, name, value) = (start as usize, *name as usize, *value as usize);
            (&self.text[start..name], &self.text[name..value])
        })
    }

    /// The first value of `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    /// Every value of `name`, in order.
    pub fn all<'p>(&'p self, name: &'p str) -> impl Iterator<Item = &'p str> {
        self.iter()
            .filter(move |(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    /// The values of `name` joined with commas, as a servlet's binder gives a repeated parameter.
    pub fn joined(&self, name: &str) -> Option<String> {
        let mut values = self.all(name);
        let mut joined = values.next()?.to_owned();
        for value in values {
            joined.push(',');
            joined.push_str(value);
        }
        Some(joined)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

fn length(bytes: &[u8]) -> Result<u32, Fault> {
    u32::try_from(bytes.len()).map_err(|_| Fault::malformed("parameters too long"))
}
