//! Form properties: text to values and back, and what reading and submitting a form means.
//!
//! Owns: conversion by type, dates by Java's patterns, the rules of `required`, `writable`, `default`, `variable` and `expression`.
//! Never: stores a variable: it returns what is to be set, and assigns through expressions only.

use crate::{
    model::{FormProperty, FormType},
    uel::{EvaluationError, Scope, Template},
};
use codec::Value;
use date_pattern::DatePattern;
use jiff::tz::TimeZone;
use overlay::Overlay;
use thiserror::Error;

mod date_pattern;
mod overlay;
#[cfg(test)]
mod tests;

/// Why a form was not read or not submitted. The texts are Activiti's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FormError {
    /// Submitted, and `writable="false"`.
    #[error("form property '{id}' is not writable")]
    NotWritable {
        /// The property.
        id: String,
    },
    /// Not submitted, `required="true"`, and without a default.
    #[error("form property '{id}' is required")]
    Required {
        /// The property.
        id: String,
    },
    /// Submitted as a list or an object.
    #[error("form property '{id}' must be a single value, not a {value_type}")]
    NotScalar {
        /// The property.
        id: String,
        /// What it is.
        value_type: &'static str,
    },
    /// Text that is no number.
    #[error("For input string: \"{text}\"")]
    Number {
        /// The text.
        text: String,
    },
    /// Text that is no date of the pattern.
    #[error("invalid date value {text}")]
    Date {
        /// The text.
        text: String,
        /// The pattern.
        pattern: String,
    },
    /// A pattern with letters that are not known.
    #[error("Illegal date pattern '{pattern}'")]
    Pattern {
        /// The pattern.
        pattern: String,
    },
    /// Not one of the ids of an enum.
    #[error("Invalid value for enum form property: {text}")]
    Enum {
        /// The text.
        text: String,
    },
    /// A type that nobody knows.
    #[error("unknown form property type '{name}'")]
    UnknownType {
        /// Its name.
        name: String,
    },
    /// A variable whose type the property cannot show.
    #[error("Model value is not of type {expected}, but of type {found}")]
    Model {
        /// What the property shows.
        expected: &'static str,
        /// What the variable is.
        found: &'static str,
    },
    /// An expression of the property failed.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
}

/// A property with its value, as a form shows it.
#[derive(Clone, Debug)]
pub struct ShownProperty<'a> {
    /// The property.
    pub property: &'a FormProperty,
    /// Its value as text.
    pub value: Option<String>,
}

/// Text to the value that is stored: by type, `""` is null for all but strings and enums.
pub fn convert(form_type: &FormType, text: &str, zone: &TimeZone) -> Result<Value, FormError> {
    let number = || FormError::Number {
        text: text.to_owned(),
    };
    match form_type {
        FormType::String => Ok(Value::from(text)),
        FormType::Enum(values) if values.iter().any(|(id, _)| id == text) => Ok(Value::from(text)),
        FormType::Enum(_) => Err(FormError::Enum {
            text: text.to_owned(),
        }),
        FormType::Unknown(name) => Err(FormError::UnknownType { name: name.clone() }),
        FormType::Long | FormType::Double | FormType::Boolean | FormType::Date(_)
            if text.is_empty() =>
        {
            Ok(Value::Null)
        }
        FormType::Long => text.parse().map(Value::Int).map_err(|_| number()),
        FormType::Double => crate::uel::parse_decimal(text)
            .map(Value::Double)
            .ok_or_else(number),
        FormType::Boolean => Ok(Value::Bool(text.eq_ignore_ascii_case("true"))),
        FormType::Date(pattern) => DatePattern::parse(pattern)?
            .read(text, zone)
            .map(Value::Date)
            .ok_or_else(|| FormError::Date {
                text: text.to_owned(),
                pattern: pattern.clone(),
            }),
    }
}

/// A stored value to the text that is shown; null is none. Text is shown as it is, whatever the type.
pub fn format(
    form_type: &FormType,
    value: &Value,
    zone: &TimeZone,
) -> Result<Option<String>, FormError> {
    if let FormType::Unknown(name) = form_type {
        return Err(FormError::UnknownType { name: name.clone() });
    }
    let model = |expected| FormError::Model {
        expected,
        found: value.type_name(),
    };
    match (form_type, value) {
        (_, Value::Null) => Ok(None),
        (_, Value::String(text)) => Ok(Some(text.clone())),
        (FormType::Boolean, Value::Bool(_)) => Ok(Some(value.to_java_string())),
        (FormType::Boolean, _) => Err(model("boolean")),
        (FormType::Date(pattern), Value::Date(ms) | Value::Int(ms)) => {
            Ok(Some(DatePattern::parse(pattern)?.write(*ms, zone)))
        }
        (FormType::Date(_), _) => Err(model("date")),
        (FormType::Enum(_), _) => Err(model("enum")),
        (FormType::String | FormType::Long | FormType::Double | FormType::Unknown(_), _) => {
            Ok(Some(value.to_java_string()))
        }
    }
}

/// The readable properties of a task's form with their values, in document order: the variable, else the default,
/// else what the expression gives.
pub fn read<'a>(
    properties: &'a [FormProperty],
    scope: &mut dyn Scope,
    zone: &TimeZone,
) -> Result<Vec<ShownProperty<'a>>, FormError> {
    shown(properties, zone, |property| {
        let name = property.variable.as_deref().unwrap_or(&property.id);
        match (&property.variable, &property.expression) {
            (None, Some(expression)) => Ok(expression.evaluate(scope)?),
            _ => match scope.variable(name) {
                Some(value) => Ok(value),
                None => default_of(property, scope),
            },
        }
    })
}

/// The readable properties of a start form: no instance exists, so only the defaults apply.
pub fn read_start<'a>(
    properties: &'a [FormProperty],
    zone: &TimeZone,
) -> Result<Vec<ShownProperty<'a>>, FormError> {
    let mut nothing = overlay::Nothing(zone.clone());
    shown(properties, zone, |property| {
        default_of(property, &mut nothing)
    })
}

fn shown<'a>(
    properties: &'a [FormProperty],
    zone: &TimeZone,
    mut value_of: impl FnMut(&FormProperty) -> Result<Value, FormError>,
) -> Result<Vec<ShownProperty<'a>>, FormError> {
    let readable = properties.iter().filter(|property| property.readable);
    readable
        .map(|property| {
            let value = value_of(property)?;
            let form_type = property.form_type.as_ref().unwrap_or(&FormType::String);
            Ok(ShownProperty {
                property,
                value: format(form_type, &value, zone)?,
            })
        })
        .collect()
}

fn default_of(property: &FormProperty, scope: &mut dyn Scope) -> Result<Value, FormError> {
    let evaluate = |default: &Template| default.evaluate(scope);
    let value = property.default.as_ref().map(evaluate).transpose()?;
    Ok(value.unwrap_or(Value::Null))
}

/// What a submission sets, in order: the declared properties, converted, then what is not declared, as it came.
/// Keys that are null count as absent. Properties with an expression and no variable are assigned to the scope at once.
pub fn submit(
    properties: &[FormProperty],
    submitted: Vec<(String, Value)>,
    scope: &mut dyn Scope,
    zone: &TimeZone,
) -> Result<Vec<(String, Value)>, FormError> {
    let mut submitted = scalars(submitted)?;
    let mut overlay = Overlay::new(scope);
    for property in properties {
        let position = submitted.iter().position(|(id, _)| *id == property.id);
        let given = position.map(|position| submitted.remove(position).1);
        let Some(value) = model_value(property, given, &mut overlay, zone)? else {
            continue;
        };
        match (&property.variable, &property.expression) {
            (Some(name), _) => overlay.set(name, value),
            (None, Some(expression)) => expression.assign(&mut overlay, value)?,
            (None, None) => overlay.set(&property.id, value),
        }
    }
    for (id, value) in submitted {
        overlay.set(&id, value);
    }
    Ok(overlay.into_variables())
}

/// The value to store, none when there is nothing to store.
fn model_value(
    property: &FormProperty,
    given: Option<Value>,
    scope: &mut dyn Scope,
    zone: &TimeZone,
) -> Result<Option<Value>, FormError> {
    let id = || property.id.clone();
    let text = match given {
        Some(_) if !property.writable => return Err(FormError::NotWritable { id: id() }),
        Some(value) => value.to_java_string(),
        None => match default_of(property, scope)? {
            Value::Null if property.required => return Err(FormError::Required { id: id() }),
            Value::Null => return Ok(None),
            default => default.to_java_string(),
        },
    };
    let form_type = property.form_type.as_ref().unwrap_or(&FormType::String);
    convert(form_type, &text, zone).map(Some)
}

fn scalars(submitted: Vec<(String, Value)>) -> Result<Vec<(String, Value)>, FormError> {
    let mut out = Vec::with_capacity(submitted.len());
    for (id, value) in submitted {
        match value {
            Value::Null => {}
            Value::List(_) | Value::Map(_) | Value::Bytes(_) => {
                let value_type = value.type_name();
                return Err(FormError::NotScalar { id, value_type });
            }
            Value::Bool(_)
            | Value::Int(_)
            | Value::BigInt(_)
            | Value::Double(_)
            | Value::String(_)
            | Value::Date(_) => out.push((id, value)),
        }
    }
    Ok(out)
}
