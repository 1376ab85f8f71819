//! Arguments: what a run is given and gives back.
//!
//! Owns: how declared, stored and given arguments come together, and how a text becomes a typed value and back.
//! Core type and disk type are the same here. Never: knows who declares them.
//!
//! ```text
//!  package version   a: Int32 In = 1      sum: Int32 Out
//!  workflow          a = 2
//!  execute           a = 41               extra = x           the last one that gives a value counts
//!  merged            a: Int32 In = 41     sum: Int32 Out      extra = x
//! ```

use crate::{Guid, limits, terms::Direction};
use codec::Value;
use serde::{Deserialize, Serialize};

/// One argument, its value as the text that APIs carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Argument {
    /// Its name.
    pub name: String,
    /// Its .NET type, such as `System.Int32`.
    pub type_name: String,
    /// Whether the run is given it, gives it back, or both.
    pub direction: Direction,
    /// Its value; with `asset` the asset's id.
    pub value: Option<String>,
    /// The asset that the value comes from.
    pub asset: Option<AssetContent>,
    /// Whether people may change it; shown as it was uploaded.
    pub allow_edit: Option<bool>,
}

/// What is shown of the asset that an argument takes its value from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetContent {
    /// The asset's name.
    pub name: String,
    /// The asset's description.
    pub description: Option<String>,
    /// Whether its value is a secret.
    pub is_required_encryption: bool,
}

/// Where a layout's node takes an argument's value from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// The value that stands there.
    #[default]
    Value,
    /// The Out or InOut value of this name of the nearest earlier node that gave one; else the value that stands there.
    Previous,
}

/// An argument of a layout's node or of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourcedArgument {
    /// The argument.
    pub argument: Argument,
    /// Where its value comes from.
    pub source: Source,
}

/// A text that is no value of its argument's type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value of argument '{name}' is no {type_name}")]
pub struct MalformedValue {
    /// The argument.
    pub name: String,
    /// Its type.
    pub type_name: String,
}

impl Argument {
    /// An argument without a value.
    pub fn new(
        name: impl Into<String>,
        type_name: impl Into<String>,
        direction: Direction,
    ) -> Self {
        Argument {
            name: name.into(),
            type_name: type_name.into(),
            direction,
            value: None,
            asset: None,
            allow_edit: None,
        }
    }

    /// The asset that the value comes from.
    pub fn asset_id(&self) -> Option<Guid> {
        self.asset.as_ref()?;
        self.value.as_deref()?.trim().parse().ok()
    }

    /// Whether a run is given it.
    pub fn goes_in(&self) -> bool {
        match self.direction {
            Direction::In | Direction::InOut => true,
            Direction::Out => false,
        }
    }

    /// The value as robots and processes see it; none where there is none, or where an asset has it.
    pub fn typed_value(&self) -> Result<Option<Value>, MalformedValue> {
        match &self.value {
            Some(text) if self.asset.is_none() => to_value(&self.type_name, text)
                .map(Some)
                .ok_or_else(|| MalformedValue {
                    name: self.name.clone(),
                    type_name: self.type_name.clone(),
                }),
            Some(_) | None => Ok(None),
        }
    }

    /// The type without its namespace: `Int32`.
    pub fn short_type(&self) -> &str {
        short_type(&self.type_name)
    }
}

/// The type without its namespace.
pub fn short_type(type_name: &str) -> &str {
    type_name.rsplit('.').next().unwrap_or(type_name)
}

/// `declared` with the values of `given` by name; what is given but not declared is appended as it is.
pub fn merge(declared: &[Argument], given: &[Argument]) -> Vec<Argument> {
    let mut merged = declared.to_vec();
    for argument in given {
        match merged.iter_mut().find(|known| known.name == argument.name) {
            Some(known) => {
                if argument.value.is_some() {
                    known.value.clone_from(&argument.value);
                    known.asset.clone_from(&argument.asset);
                }
                if argument.allow_edit.is_some() {
                    known.allow_edit = argument.allow_edit;
                }
            }
            None => merged.push(argument.clone()),
        }
    }
    merged
}

/// A text as a value of the type: numbers and booleans are typed, everything else is text. An empty text of a typed
/// argument is no value. None: the text does not fit.
pub fn to_value(type_name: &str, text: &str) -> Option<Value> {
    let kind = short_type(type_name);
    let is = |name: &str| kind.eq_ignore_ascii_case(name);
    let trimmed = text.trim();
    let typed = is("Int32") || is("Int64") || is("Double") || is("Boolean");
    if typed && trimmed.is_empty() {
        return Some(Value::Null);
    }
    if is("Int32") {
        return trimmed.parse::<i32>().ok().map(|n| Value::Int(n.into()));
    }
    if is("Int64") {
        return trimmed.parse::<i64>().ok().map(Value::Int);
    }
    if is("Double") {
        let number = trimmed.parse::<f64>().ok()?;
        return number.is_finite().then_some(Value::Double(number));
    }
    if is("Boolean") {
        let truth = trimmed.eq_ignore_ascii_case("true");
        let known = truth || trimmed.eq_ignore_ascii_case("false");
        return known.then_some(Value::Bool(truth));
    }
    Some(Value::String(text.to_owned()))
}

/// A value as the text that APIs carry: booleans `True` and `False`, lists and objects as JSON; null is no text.
pub fn to_text(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::BigInt(digits) => digits.clone(),
        Value::Double(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Date(ms) => codec::instant::to_rfc3339(*ms),
        Value::Bytes(_) | Value::List(_) | Value::Map(_) => codec::json::to_json(value).to_string(),
    })
}

/// Bytes of all values together.
pub(crate) fn value_bytes<'a>(arguments: impl IntoIterator<Item = &'a Argument>) -> usize {
    let values = arguments.into_iter().filter_map(|a| a.value.as_ref());
    values.map(String::len).sum()
}

/// Whether there are too many, or they are too large, or one stands there twice: what is wrong.
pub(crate) fn fault(arguments: &[Argument]) -> Option<String> {
    if arguments.len() > limits::ARGUMENTS {
        return Some(format!("more than {} arguments", limits::ARGUMENTS));
    }
    if value_bytes(arguments) > limits::VALUES_BYTES {
        return Some("the arguments' values are too large".to_owned());
    }
    for (at, argument) in arguments.iter().enumerate() {
        let name = &argument.name;
        if name.trim().is_empty() || name.chars().count() > limits::NAME_CHARS {
            return Some(format!("argument {} has no proper name", at + 1));
        }
        if argument
            .value
            .as_ref()
            .is_some_and(|v| v.len() > limits::VALUE_BYTES)
        {
            return Some(format!("the value of argument '{name}' is too large"));
        }
        if arguments[..at].iter().any(|earlier| earlier.name == *name) {
            return Some(format!("argument '{name}' stands there twice"));
        }
    }
    None
}

#[cfg(test)]
mod tests;
