//! The value of a variable: what JSON can say, and the Java types that Activiti's clients tell apart.
//! The disk type and the core type are the same here; variants are only added at the end.
//! Never: holds a float that is not finite (JSON has none), or a map with one key twice.

use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// A variable's value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// Known, and null.
    Null,
    /// A boolean.
    Bool(bool),
    /// A whole number that fits 64 bits (Java's short, integer and long).
    Int(i64),
    /// A larger whole number, as its decimal digits with an optional minus.
    BigInt(String),
    /// A decimal number.
    Double(f64),
    /// Text.
    String(String),
    /// An instant, milliseconds since 1970 in UTC.
    Date(i64),
    /// Raw bytes.
    Bytes(Vec<u8>),
    /// A list.
    List(Vec<Value>),
    /// An object, in the order of its keys' first appearance.
    Map(Vec<(String, Value)>),
}

impl Value {
    /// The Java-like name of the type, for messages.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Int(_) => "integer",
            Value::BigInt(_) => "big integer",
            Value::Double(_) => "double",
            Value::String(_) => "string",
            Value::Date(_) => "date",
            Value::Bytes(_) => "bytes",
            Value::List(_) => "list",
            Value::Map(_) => "map",
        }
    }

    /// The text, if this is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The entry of a map.
    pub fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Value::Map(entries) => entries
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// Text as Java's `toString` gives it: `1.0E-10` for doubles, `{a=1, b=[2, 3]}` for maps.
    pub fn to_java_string(&self) -> String {
        let mut out = String::new();
        self.push_java_string(&mut out);
        out
    }

    fn push_java_string(&self, out: &mut String) {
        match self {
            Value::Null => out.push_str("null"),
            Value::Bool(true) => out.push_str("true"),
            Value::Bool(false) => out.push_str("false"),
            Value::Int(number) => {
                let _ = write!(out, "{number}");
            }
            Value::BigInt(digits) => out.push_str(digits),
            Value::Double(number) => out.push_str(&java_double(*number)),
            Value::String(text) => out.push_str(text),
            Value::Date(ms) => crate::instant::push_rfc3339(*ms, out),
            Value::Bytes(bytes) => {
                let _ = write!(out, "byte[{}]", bytes.len());
            }
            Value::List(items) => {
                out.push('[');
                for (n, item) in items.iter().enumerate() {
                    if n > 0 {
                        out.push_str(", ");
                    }
                    item.push_java_string(out);
                }
                out.push(']');
            }
            Value::Map(entries) => {
                out.push('{');
                for (n, (key, value)) in entries.iter().enumerate() {
                    if n > 0 {
                        out.push_str(", ");
                    }
                    out.push_str(key);
                    out.push('=');
                    value.push_java_string(out);
                }
                out.push('}');
            }
        }
    }
}

/// `Double.toString`: plain between 1e-3 and 1e7, else one digit, a point and `E`.
fn java_double(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        }
        .to_owned();
    }
    let magnitude = number.abs();
    if magnitude == 0.0 || (1e-3..1e7).contains(&magnitude) {
        return format!("{number:?}");
    }
    let text = format!("{number:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if digits.contains('.') => format!("{digits}E{exponent}"),
        Some((digits, exponent)) => format!("{digits}.0E{exponent}"),
        None => text,
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::String(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Int(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Value::Bool(truth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_values_is_what_java_prints() {
        let rows: [(Value, &str); 12] = [
            (Value::Double(1.0), "1.0"),
            (Value::Double(1000.0), "1000.0"),
            (Value::Double(1e7), "1.0E7"),
            (Value::Double(1.25e-10), "1.25E-10"),
            (Value::Double(0.001), "0.001"),
            (Value::Double(-0.0), "-0.0"),
            (Value::Int(-7), "-7"),
            (Value::Null, "null"),
            (Value::Bool(true), "true"),
            (Value::from("a"), "a"),
            (Value::List(vec![Value::Int(1), Value::from("x")]), "[1, x]"),
            (
                Value::Map(vec![("a".into(), Value::Int(1)), ("b".into(), Value::Null)]),
                "{a=1, b=null}",
            ),
        ];
        for (value, text) in rows {
            assert_eq!(value.to_java_string(), text);
        }
    }

    #[test]
    fn bytes_of_every_variant_are_fixed() {
        let all = Value::List(vec![
            Value::Null,
            Value::Bool(true),
            Value::Int(-2),
            Value::BigInt("99999999999999999999".into()),
            Value::Double(1.5),
            Value::from("é"),
            Value::Date(1_779_345_012_345),
            Value::Bytes(vec![1, 2]),
            Value::Map(vec![("k".into(), Value::Int(1))]),
        ]);
        crate::golden::check(
            1,
            &all,
            "01080900010102030314393939393939393939393939393939393939393904000000000000f83f0502c3a906\
fdf26c74923c030000070201020901016b0202",
        );
    }
}
