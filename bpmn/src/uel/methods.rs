//! The fixed table of methods on values: what models call on text, lists, maps, numbers and dates.
//! Never: calls by reflection, or changes the value it is called on. A method that is not here is an error.

use super::{EvaluationError, coerce, dates, operators};
use codec::Value;
use jiff::tz::TimeZone;
use std::cmp::Ordering;

mod hash;
mod text;

type Result = std::result::Result<Value, EvaluationError>;

/// Calls a method. The arguments are coerced to the parameters' types as JUEL does.
pub(super) fn call(
    receiver: Value,
    method: &str,
    arguments: Vec<Value>,
    zone: &dyn Fn() -> TimeZone,
) -> Result {
    let common = match (method, arguments.as_slice()) {
        ("toString", []) => {
            let spelled = dates::spelled(receiver.clone(), &zone());
            Some(Value::String(spelled.to_java_string()))
        }
        ("hashCode", []) => hash::code(&receiver).map(|code| Value::Int(code.into())),
        ("equals", [other]) => Some(Value::Bool(same(&receiver, other))),
        _ => None,
    };
    if let Some(value) = common {
        return Ok(value);
    }
    let type_name = receiver.type_name();
    let found = match &receiver {
        Value::String(text) => {
            let spelled = |value: Value| match value {
                Value::String(_) | Value::Int(_) => value,
                other => dates::spelled(other, &zone()),
            };
            let arguments: Vec<Value> = arguments.into_iter().map(spelled).collect();
            text::call(text, method, &arguments)?
        }
        Value::List(items) => list(items, method, &arguments)?,
        Value::Map(entries) => map(entries, method, &arguments)?,
        Value::Int(_) | Value::BigInt(_) | Value::Double(_) => {
            number(&receiver, method, &arguments)?
        }
        Value::Bool(truth) => boolean(*truth, method, &arguments)?,
        Value::Date(ms) => date(*ms, method, &arguments)?,
        Value::Bytes(_) | Value::Null => None,
    };
    found.ok_or_else(|| EvaluationError::unknown_method(type_name, method))
}

/// Java's `equals`, but numbers by value: JSON does not tell integer from long.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Int(whole), Value::Double(decimal))
        | (Value::Double(decimal), Value::Int(whole)) => *whole as f64 == *decimal,
        _ => left == right,
    }
}

fn length(length: usize) -> Value {
    coerce::whole(i128::try_from(length).unwrap_or(i128::MAX))
}

fn index(found: Option<usize>) -> Value {
    found.map_or(Value::Int(-1), length)
}

fn sign(order: Ordering) -> Value {
    Value::Int(order as i64)
}

fn list(
    items: &[Value],
    method: &str,
    arguments: &[Value],
) -> std::result::Result<Option<Value>, EvaluationError> {
    let is = |wanted: &Value| items.iter().position(|item| same(item, wanted));
    Ok(Some(match (method, arguments) {
        ("size", []) => length(items.len()),
        ("isEmpty", []) => Value::Bool(items.is_empty()),
        ("contains", [wanted]) => Value::Bool(is(wanted).is_some()),
        ("indexOf", [wanted]) => index(is(wanted)),
        ("lastIndexOf", [wanted]) => index(items.iter().rposition(|item| same(item, wanted))),
        ("containsAll", [Value::List(wanted)]) => {
            Value::Bool(wanted.iter().all(|wanted| is(wanted).is_some()))
        }
        ("subList", [from, to]) => {
            let (from, to) = (coerce::integer(from)?, coerce::integer(to)?);
            let part = usize::try_from(from)
                .ok()
                .zip(usize::try_from(to).ok())
                .and_then(|(from, to)| items.get(from..to));
            let part = part.ok_or_else(|| {
                let size = items.len();
                EvaluationError::failed(format!("From: {from}, To: {to}, Size: {size}"))
            })?;
            Value::List(part.to_vec())
        }
        ("get", [position]) => {
            let position = coerce::integer(position)?;
            let found = usize::try_from(position).ok().and_then(|n| items.get(n));
            found.cloned().ok_or_else(|| {
                let size = items.len();
                EvaluationError::failed(format!("Index: {position}, Size: {size}"))
            })?
        }
        _ => return Ok(None),
    }))
}

fn map(
    entries: &[(String, Value)],
    method: &str,
    arguments: &[Value],
) -> std::result::Result<Option<Value>, EvaluationError> {
    let find = |key: &Value| {
        let key = coerce::text(key);
        let found = entries.iter().find(|(entry, _)| *entry == key);
        found.map(|(_, value)| value)
    };
    Ok(Some(match (method, arguments) {
        ("get", [key]) => find(key).cloned().unwrap_or(Value::Null),
        ("getOrDefault", [key, default]) => find(key).unwrap_or(default).clone(),
        ("containsKey", [key]) => Value::Bool(find(key).is_some()),
        ("containsValue", [wanted]) => {
            Value::Bool(entries.iter().any(|(_, value)| same(value, wanted)))
        }
        ("size", []) => length(entries.len()),
        ("isEmpty", []) => Value::Bool(entries.is_empty()),
        ("keySet", []) => Value::List(
            entries
                .iter()
                .map(|(key, _)| Value::from(key.as_str()))
                .collect(),
        ),
        ("values", []) => Value::List(entries.iter().map(|(_, value)| value.clone()).collect()),
        _ => return Ok(None),
    }))
}

fn number(
    number: &Value,
    method: &str,
    arguments: &[Value],
) -> std::result::Result<Option<Value>, EvaluationError> {
    let narrowed = |low: i128, high: i128| {
        coerce::integer(number).map(|whole| coerce::whole(whole.clamp(low, high)))
    };
    Ok(Some(match (method, arguments) {
        ("intValue", []) => narrowed(i128::from(i32::MIN), i128::from(i32::MAX))?,
        ("longValue", []) => narrowed(i128::from(i64::MIN), i128::from(i64::MAX))?,
        ("doubleValue" | "floatValue", []) => Value::Double(coerce::decimal(number)?),
        ("compareTo", [other]) => {
            sign(operators::compare(number, other)?.unwrap_or(Ordering::Equal))
        }
        _ => return Ok(None),
    }))
}

fn boolean(
    truth: bool,
    method: &str,
    arguments: &[Value],
) -> std::result::Result<Option<Value>, EvaluationError> {
    Ok(Some(match (method, arguments) {
        ("booleanValue", []) => Value::Bool(truth),
        ("compareTo", [other]) => sign(truth.cmp(&coerce::truth(other)?)),
        _ => return Ok(None),
    }))
}

fn date(
    ms: i64,
    method: &str,
    arguments: &[Value],
) -> std::result::Result<Option<Value>, EvaluationError> {
    Ok(Some(match (method, arguments) {
        ("getTime", []) => Value::Int(ms),
        ("before", [Value::Date(other)]) => Value::Bool(ms < *other),
        ("after", [Value::Date(other)]) => Value::Bool(ms > *other),
        ("compareTo", [Value::Date(other)]) => sign(ms.cmp(other)),
        ("before" | "after" | "compareTo", [other]) => return Err(coerce::refused(other, "date")),
        _ => return Ok(None),
    }))
}
