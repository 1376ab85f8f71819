//! JUEL's coercions between the types of values.
//! Never: loses a value silently: what has no coercion is an error.

use super::EvaluationError;
use codec::Value;
use std::borrow::Cow;

/// A number in the two shapes that arithmetic knows. Whole numbers beyond 128 bits are decimals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Whole(i128),
    Decimal(f64),
}

impl Number {
    pub fn decimal(self) -> f64 {
        match self {
            Number::Whole(number) => number as f64,
            Number::Decimal(number) => number,
        }
    }
}

/// A value for a number: 64 bits where they do.
pub(super) fn whole(number: i128) -> Value {
    match i64::try_from(number) {
        Ok(number) => Value::Int(number),
        Err(_) => Value::BigInt(number.to_string()),
    }
}

/// Text as a value's `toString`; null is the empty text.
pub(crate) fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_java_string()),
    }
}

/// Truth: null and the empty text are false, text is true when it says so.
pub(super) fn truth(value: &Value) -> Result<bool, EvaluationError> {
    match value {
        Value::Null => Ok(false),
        Value::Bool(truth) => Ok(*truth),
        Value::String(text) => Ok(text.eq_ignore_ascii_case("true")),
        Value::Int(_)
        | Value::BigInt(_)
        | Value::Double(_)
        | Value::Date(_)
        | Value::Bytes(_)
        | Value::List(_)
        | Value::Map(_) => Err(refused(value, "boolean")),
    }
}

/// A number for a comparison or a sum of decimals.
pub(super) fn decimal(value: &Value) -> Result<f64, EvaluationError> {
    match value {
        Value::Null => Ok(0.0),
        Value::Int(number) => Ok(*number as f64),
        Value::Double(number) => Ok(*number),
        Value::BigInt(digits) => digits.parse().map_err(|_| refused(value, "double")),
        Value::String(text) if text.is_empty() => Ok(0.0),
        Value::String(text) => parse_decimal(text).ok_or_else(|| refused(value, "double")),
        Value::Bool(_) | Value::Date(_) | Value::Bytes(_) | Value::List(_) | Value::Map(_) => {
            Err(refused(value, "double"))
        }
    }
}

/// A whole number; decimals are cut.
pub(super) fn integer(value: &Value) -> Result<i128, EvaluationError> {
    match value {
        Value::Null => Ok(0),
        Value::Int(number) => Ok(i128::from(*number)),
        Value::Double(number) => Ok(*number as i128),
        Value::BigInt(digits) => digits.parse().map_err(|_| refused(value, "long")),
        Value::String(text) if text.is_empty() => Ok(0),
        Value::String(text) => text.parse().map_err(|_| refused(value, "long")),
        Value::Bool(_) | Value::Date(_) | Value::Bytes(_) | Value::List(_) | Value::Map(_) => {
            Err(refused(value, "long"))
        }
    }
}

/// The number of either shape that a value stands for in arithmetic.
pub(super) fn number(value: &Value) -> Result<Number, EvaluationError> {
    if is_decimal(value) {
        decimal(value).map(Number::Decimal)
    } else {
        integer(value).map(Number::Whole)
    }
}

/// Whether arithmetic with this value is done in decimals: decimals, text that looks like one, and what 128 bits do not hold.
pub(super) fn is_decimal(value: &Value) -> bool {
    match value {
        Value::Double(_) => true,
        Value::String(text) => text.contains(['.', 'e', 'E']),
        Value::BigInt(digits) => digits.parse::<i128>().is_err(),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Date(_)
        | Value::Bytes(_)
        | Value::List(_)
        | Value::Map(_) => false,
    }
}

/// A position in a list, as JUEL's list resolver reads it: numbers, text of digits, booleans.
pub(super) fn position(value: &Value) -> Result<i128, EvaluationError> {
    match value {
        Value::Bool(truth) => Ok(i128::from(*truth)),
        Value::Null => Err(refused(value, "list index")),
        Value::String(text) if text.is_empty() => Err(refused(value, "list index")),
        other => integer(other),
    }
}

/// A decimal as Java reads it: blanks around digits, but no `inf` and `nan`.
pub(crate) fn parse_decimal(text: &str) -> Option<f64> {
    let text = text.trim();
    text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '+' | '-'))
        .then(|| text.parse().ok())
        .flatten()
        .filter(|number: &f64| number.is_finite())
}

pub(super) fn refused(value: &Value, target: &str) -> EvaluationError {
    let shown = super::error::shortened(&value.to_java_string());
    EvaluationError::failed(format!(
        "Cannot coerce '{shown}' of type {} to {target}",
        value.type_name()
    ))
}
