//! What the operators do to values, type by type, in JUEL's order.
//! Never: evaluates operands; `evaluate` does, and decides which are.

use super::{
    EvaluationError,
    coerce::{self, Number},
    tree::Binary,
};
use codec::Value;
use std::cmp::Ordering;

/// `==`.
pub(super) fn equal(left: &Value, right: &Value) -> Result<bool, EvaluationError> {
    let either = |test: fn(&Value) -> bool| test(left) || test(right);
    if *left == Value::Null || *right == Value::Null {
        return Ok(left == right);
    }
    if either(|value| matches!(value, Value::Double(_))) {
        return Ok(coerce::decimal(left)? == coerce::decimal(right)?);
    }
    if either(|value| matches!(value, Value::Int(_) | Value::BigInt(_))) {
        return Ok(compare_numbers(left, right)? == Some(Ordering::Equal));
    }
    if either(|value| matches!(value, Value::Bool(_))) {
        return Ok(coerce::truth(left)? == coerce::truth(right)?);
    }
    if either(|value| matches!(value, Value::String(_))) {
        return Ok(coerce::text(left) == coerce::text(right));
    }
    Ok(left == right)
}

/// `<`, `<=`, `>`, `>=`: null is in no order with anything but null, which equals itself.
pub(super) fn ordered(
    operator: Binary,
    left: &Value,
    right: &Value,
) -> Result<bool, EvaluationError> {
    let or_equal = matches!(operator, Binary::LessOrEqual | Binary::GreaterOrEqual);
    if *left == Value::Null || *right == Value::Null {
        return Ok(or_equal && left == right);
    }
    // JUEL takes `>=` for not `<`, and `<=` for not `>`, also of what is no number.
    let Some(order) = compare(left, right)? else {
        return Ok(or_equal);
    };
    Ok(match operator {
        Binary::Less => order.is_lt(),
        Binary::LessOrEqual => order.is_le(),
        Binary::Greater => order.is_gt(),
        Binary::GreaterOrEqual => order.is_ge(),
        _ => false,
    })
}

/// The order of two values that are not null; none when a number is not one (a division of zero by zero).
pub(super) fn compare(left: &Value, right: &Value) -> Result<Option<Ordering>, EvaluationError> {
    let either = |test: fn(&Value) -> bool| test(left) || test(right);
    if either(|value| matches!(value, Value::Double(_))) {
        return Ok(coerce::decimal(left)?.partial_cmp(&coerce::decimal(right)?));
    }
    if either(|value| matches!(value, Value::Int(_) | Value::BigInt(_))) {
        return compare_numbers(left, right);
    }
    if either(|value| matches!(value, Value::String(_))) {
        let order = compare_text(&coerce::text(left), &coerce::text(right));
        return Ok(Some(order));
    }
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => Ok(Some(left.cmp(right))),
        (Value::Date(left), Value::Date(right)) => Ok(Some(left.cmp(right))),
        _ => Err(EvaluationError::failed(format!(
            "Cannot compare {} with {}",
            left.type_name(),
            right.type_name()
        ))),
    }
}

/// Whole numbers; text beside one must be whole too, as in JUEL.
fn compare_numbers(left: &Value, right: &Value) -> Result<Option<Ordering>, EvaluationError> {
    let huge = |value: &Value| matches!(value, Value::BigInt(_)) && coerce::is_decimal(value);
    if huge(left) || huge(right) {
        return Ok(coerce::decimal(left)?.partial_cmp(&coerce::decimal(right)?));
    }
    Ok(Some(coerce::integer(left)?.cmp(&coerce::integer(right)?)))
}

/// Java's order of texts: by UTF-16 units.
pub(super) fn compare_text(left: &str, right: &str) -> Ordering {
    left.encode_utf16().cmp(right.encode_utf16())
}

/// How far apart two texts are, as Java's `compareTo` tells: the first two units that differ, else the lengths.
pub(super) fn difference(left: &str, right: &str) -> i64 {
    let differing = left
        .encode_utf16()
        .zip(right.encode_utf16())
        .find(|(a, b)| a != b);
    let units = |text: &str| text.encode_utf16().count() as i64;
    differing.map_or_else(
        || units(left) - units(right),
        |(a, b)| i64::from(a) - i64::from(b),
    )
}

/// `+`, `-`, `*`, `/` and `%`. Division is in decimals always; whole results grow beyond 64 bits instead of wrapping.
pub(super) fn arithmetic(
    operator: Binary,
    left: &Value,
    right: &Value,
) -> Result<Value, EvaluationError> {
    if *left == Value::Null && *right == Value::Null {
        return Ok(Value::Int(0));
    }
    if operator == Binary::Divide {
        let quotient = coerce::number(left)?.decimal() / coerce::number(right)?.decimal();
        return Ok(Value::Double(quotient));
    }
    match (coerce::number(left)?, coerce::number(right)?) {
        (Number::Whole(left), Number::Whole(right)) => arithmetic_whole(operator, left, right),
        (left, right) => {
            let (left, right) = (left.decimal(), right.decimal());
            Ok(Value::Double(match operator {
                Binary::Add => left + right,
                Binary::Subtract => left - right,
                Binary::Multiply => left * right,
                _ => left % right,
            }))
        }
    }
}

fn arithmetic_whole(operator: Binary, left: i128, right: i128) -> Result<Value, EvaluationError> {
    let result = match operator {
        Binary::Add => left.checked_add(right),
        Binary::Subtract => left.checked_sub(right),
        Binary::Multiply => left.checked_mul(right),
        _ if right == 0 => return Err(EvaluationError::failed("/ by zero")),
        _ => left.checked_rem(right),
    };
    result
        .map(coerce::whole)
        .ok_or_else(|| EvaluationError::limit("size of a number"))
}

/// Unary minus.
pub(super) fn negate(value: &Value) -> Result<Value, EvaluationError> {
    match coerce::number(value)? {
        Number::Decimal(number) => Ok(Value::Double(-number)),
        Number::Whole(number) => number
            .checked_neg()
            .map(coerce::whole)
            .ok_or_else(|| EvaluationError::limit("size of a number")),
    }
}

/// `empty`.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(entries) => entries.is_empty(),
        Value::Bool(_)
        | Value::Int(_)
        | Value::BigInt(_)
        | Value::Double(_)
        | Value::Date(_)
        | Value::Bytes(_) => false,
    }
}
