//! Methods of text. Positions count UTF-16 units, as in Java.
//! Never: runs a pattern; `split` takes plain separators only.

use crate::uel::{EvaluationError, coerce, operators, tree::MAX_RESULT_BYTES};
use codec::Value;

type Found = Result<Option<Value>, EvaluationError>;

pub(super) fn call(text: &str, method: &str, arguments: &[Value]) -> Found {
    Ok(Some(match (method, arguments) {
        ("length", []) => super::length(units(text)),
        ("isEmpty", []) => Value::Bool(text.is_empty()),
        ("trim", []) => Value::from(text.trim_matches(|c| c <= ' ')),
        ("toUpperCase", []) => Value::String(text.to_uppercase()),
        ("toLowerCase", []) => Value::String(text.to_lowercase()),
        ("equalsIgnoreCase", [other]) => Value::Bool(
            *other != Value::Null && text.to_lowercase() == coerce::text(other).to_lowercase(),
        ),
        ("contains", [part]) => Value::Bool(text.contains(&*coerce::text(part))),
        ("startsWith", [part]) => Value::Bool(text.starts_with(&*coerce::text(part))),
        ("endsWith", [part]) => Value::Bool(text.ends_with(&*coerce::text(part))),
        ("indexOf", [part]) => {
            super::index(text.find(&*coerce::text(part)).map(|n| units(&text[..n])))
        }
        ("lastIndexOf", [part]) => {
            super::index(text.rfind(&*coerce::text(part)).map(|n| units(&text[..n])))
        }
        ("compareTo", [other]) => Value::Int(operators::difference(text, &coerce::text(other))),
        ("compareToIgnoreCase", [other]) => Value::Int(operators::difference(
            &text.to_lowercase(),
            &coerce::text(other).to_lowercase(),
        )),
        ("concat", [other]) => Value::String(format!("{text}{}", coerce::text(other))),
        ("charAt", [at]) => {
            let at = position(at)?;
            Value::String(slice(text, at, Some(at.saturating_add(1)))?)
        }
        ("substring", [from]) => Value::String(slice(text, position(from)?, None)?),
        ("substring", [from, to]) => {
            Value::String(slice(text, position(from)?, Some(position(to)?))?)
        }
        ("replace", [from, to]) => {
            Value::String(replace(text, &coerce::text(from), &coerce::text(to))?)
        }
        ("split", [separator]) => split(text, &coerce::text(separator))?,
        _ => return Ok(None),
    }))
}

fn units(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.encode_utf16().count()
    }
}

fn position(value: &Value) -> Result<usize, EvaluationError> {
    let position = coerce::integer(value)?;
    usize::try_from(position).map_err(|_| out_of_range(position))
}

fn out_of_range(position: impl std::fmt::Display) -> EvaluationError {
    EvaluationError::failed(format!("String index out of range: {position}"))
}

fn slice(text: &str, from: usize, to: Option<usize>) -> Result<String, EvaluationError> {
    if text.is_ascii() {
        let to = to.unwrap_or(text.len());
        let part = text.get(from..to).ok_or_else(|| out_of_range(to))?;
        return Ok(part.to_owned());
    }
    let units: Vec<u16> = text.encode_utf16().collect();
    let to = to.unwrap_or(units.len());
    let part = units.get(from..to).ok_or_else(|| out_of_range(to))?;
    Ok(String::from_utf16_lossy(part))
}

fn replace(text: &str, from: &str, to: &str) -> Result<String, EvaluationError> {
    let count = text.matches(from).count();
    let grown = text.len().saturating_add(count.saturating_mul(to.len()));
    if grown > MAX_RESULT_BYTES {
        return Err(EvaluationError::limit("length of a text"));
    }
    Ok(text.replace(from, to))
}

/// Java's `split` for separators that are no pattern; empty parts at the end are dropped.
fn split(text: &str, separator: &str) -> Result<Value, EvaluationError> {
    let separator = plain(separator).ok_or_else(|| {
        EvaluationError::failed(format!("'{separator}': split takes no patterns here"))
    })?;
    let mut parts: Vec<Value> = if separator.is_empty() {
        text.chars().map(|c| Value::String(c.to_string())).collect()
    } else {
        text.split(&*separator).map(Value::from).collect()
    };
    while parts.len() > 1 && parts.last() == Some(&Value::from("")) {
        parts.pop();
    }
    Ok(Value::List(parts))
}

/// The text that a pattern without operators stands for: `\\.` is a dot.
fn plain(pattern: &str) -> Option<String> {
    let mut out = String::new();
    let mut characters = pattern.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => out.push(characters.next().filter(|c| !c.is_alphanumeric())?),
            '.' | '$' | '|' | '(' | ')' | '[' | '{' | '^' | '?' | '*' | '+' => return None,
            other => out.push(other),
        }
    }
    Some(out)
}
