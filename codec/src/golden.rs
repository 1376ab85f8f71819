//! Golden bytes: a persisted type's encoding, fixed as text in the test that guards it.
//! Never used outside tests.

use crate::{decode, encode};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;

/// Asserts that `value` encodes to `expected` (lower-case hex) and that those bytes decode to `value` again.
/// A persisted type never changes: when this fails, add a variant or a version instead of changing the line.
///
/// # Panics
/// When the bytes differ or do not decode to the same value.
pub fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(
    version: u8,
    value: &T,
    expected: &str,
) {
    let bytes = encode(version, value);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, expected, "golden bytes of {value:?}");
    match decode::<T>(version, &bytes) {
        Ok(back) => assert_eq!(&back, value),
        Err(error) => panic!("golden bytes of {value:?} do not decode: {error}"),
    }
}
