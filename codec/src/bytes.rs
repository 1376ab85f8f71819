//! Encoding and decoding behind a version byte.
//! Never decodes more than `MAX_ENCODED_BYTES`, never accepts trailing bytes or an unknown version.

use bincode::{enc::write::Writer, error::EncodeError};
use serde::{Serialize, de::DeserializeOwned};

/// Largest body that is decoded, in bytes: the largest record of the journal with its headers.
pub const MAX_ENCODED_BYTES: usize = 64 * 1024 * 1024;

/// Why bytes could not be decoded. Bytes come from our own files behind checksums, so this means a bug or a foreign file.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DecodeError {
    /// No byte at all.
    #[error("nothing to decode")]
    Empty,
    /// A version that this build does not know.
    #[error("format version {found} is unknown, expected {expected}")]
    Version {
        /// The version byte that was found.
        found: u8,
        /// The version that the caller knows.
        expected: u8,
    },
    /// The body is not what the version promises.
    #[error("malformed body: {0}")]
    Malformed(String),
    /// Bytes were left over after the value.
    #[error("{0} bytes left over after the value")]
    Trailing(usize),
}

fn configuration() -> impl bincode::config::Config {
    bincode::config::standard().with_limit::<MAX_ENCODED_BYTES>()
}

/// Appends to a buffer without the standard library's writer between: it counts bytes and translates errors at each field.
struct Appending<'o>(&'o mut Vec<u8>);

impl Writer for Appending<'_> {
    #[inline(always)]
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

/// Encodes `value` behind the version byte.
pub fn encode<T: Serialize>(version: u8, value: &T) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    encode_into(version, value, &mut out);
    out
}

/// Appends the version byte and the encoded `value` to `out`.
pub fn encode_into<T: Serialize>(version: u8, value: &T, out: &mut Vec<u8>) {
    out.push(version);
    let written = bincode::serde::encode_into_writer(value, Appending(out), configuration());
    assert!(
        written.is_ok(),
        "a persisted type does not encode: {written:?}"
    );
}

/// Decodes what `encode` wrote with the same version.
pub fn decode<T: DeserializeOwned>(version: u8, bytes: &[u8]) -> Result<T, DecodeError> {
    let (&found, body) = bytes.split_first().ok_or(DecodeError::Empty)?;
    if found != version {
        return Err(DecodeError::Version {
            found,
            expected: version,
        });
    }
    let (value, used) = bincode::serde::decode_from_slice(body, configuration())
        .map_err(|error| DecodeError::Malformed(error.to_string()))?;
    if used != body.len() {
        return Err(DecodeError::Trailing(body.len() - used));
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_comes_back_and_every_damage_is_an_error() {
        let bytes = encode(3, &("text".to_owned(), 7_u32));
        assert_eq!(
            decode::<(String, u32)>(3, &bytes),
            Ok(("text".to_owned(), 7))
        );
        assert_eq!(decode::<(String, u32)>(3, &[]), Err(DecodeError::Empty));
        assert!(matches!(
            decode::<(String, u32)>(4, &bytes),
            Err(DecodeError::Version {
                found: 3,
                expected: 4
            })
        ));
        for end in 1..bytes.len() {
            assert!(decode::<(String, u32)>(3, &bytes[..end]).is_err());
        }
        let mut longer = bytes;
        longer.push(0);
        assert_eq!(
            decode::<(String, u32)>(3, &longer),
            Err(DecodeError::Trailing(1))
        );
    }
}
