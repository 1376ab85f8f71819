//! Java's `hashCode`.
//! Never: hashes what has no fixed hash there (arrays).

use codec::Value;

/// The hash as Java's types have it; a whole number that 32 bits hold is an `Integer`.
pub(super) fn code(value: &Value) -> Option<i32> {
    Some(match value {
        Value::Null => 0,
        Value::Bool(true) => 1231,
        Value::Bool(false) => 1237,
        Value::Int(number) => i32::try_from(*number).unwrap_or_else(|_| folded(*number)),
        Value::Double(number) => folded(number.to_bits().cast_signed()),
        Value::Date(ms) => folded(*ms),
        Value::String(text) => of_text(text),
        Value::List(items) => {
            let mut hash = 1_i32;
            for item in items {
                hash = hash.wrapping_mul(31).wrapping_add(code(item)?);
            }
            hash
        }
        Value::Map(entries) => {
            let mut hash = 0_i32;
            for (key, value) in entries {
                hash = hash.wrapping_add(of_text(key) ^ code(value)?);
            }
            hash
        }
        Value::BigInt(_) | Value::Bytes(_) => return None,
    })
}

fn of_text(text: &str) -> i32 {
    text.encode_utf16().fold(0, |hash: i32, unit| {
        hash.wrapping_mul(31).wrapping_add(i32::from(unit))
    })
}

/// The upper half over the lower one.
fn folded(bits: i64) -> i32 {
    (bits ^ (bits.cast_unsigned() >> 32).cast_signed()) as i32
}
