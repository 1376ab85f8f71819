//! `variable=name:op:value`: a filter of instances by their variables.
//!
//! Owns: the operators and how values compare. Several of them combine with OR, as every repeated parameter does.
//! Never: an index; the variables of each candidate are read, so the caller bounds how many there are.

use super::{problem::Refused, subject};
use crate::server::State;
use actors::entity;
use bpmn::history;
use codec::{Id, Tenant, Value};
use std::{cmp::Ordering, sync::Arc};

/// One condition.
#[derive(Clone, Debug, PartialEq)]
pub struct VariableFilter {
    name: String,
    operator: Operator,
    value: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Contains,
}

impl VariableFilter {
    /// `name:eq:value`; the value is JSON, and what is no JSON is text.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let malformed = || Refused::parameter("variable", text);
        let mut parts = text.splitn(3, ':');
        let (Some(name), Some(operator), Some(value)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed());
        };
        let operator = match operator {
            "eq" => Operator::Equal,
            "ne" => Operator::NotEqual,
            "lt" => Operator::Less,
            "le" => Operator::LessOrEqual,
            "gt" => Operator::Greater,
            "ge" => Operator::GreaterOrEqual,
            "contains" => Operator::Contains,
            _ => return Err(malformed()),
        };
        let read = serde_json::from_str::<serde_json::Value>(value).ok();
        let value = match read {
            Some(json) => codec::json::from_json(json).map_err(|_| malformed())?,
            None => Value::from(value),
        };
        Ok(VariableFilter {
            name: name.to_owned(),
            operator,
            value,
        })
    }

    fn passes(&self, variables: &[(String, Value)]) -> bool {
        let found = variables.iter().find(|(name, _)| *name == self.name);
        let Some((_, value)) = found else {
            return false;
        };
        let ordering = compare(value, &self.value);
        match self.operator {
            Operator::Equal => ordering == Some(Ordering::Equal),
            Operator::NotEqual => ordering != Some(Ordering::Equal),
            Operator::Less => ordering == Some(Ordering::Less),
            Operator::LessOrEqual => ordering.is_some_and(Ordering::is_le),
            Operator::Greater => ordering == Some(Ordering::Greater),
            Operator::GreaterOrEqual => ordering.is_some_and(Ordering::is_ge),
            Operator::Contains => match (value, &self.value) {
                (Value::String(text), Value::String(part)) => text.contains(part),
                (Value::List(items), part) => items
                    .iter()
                    .any(|item| compare(item, part) == Some(Ordering::Equal)),
                _ => false,
            },
        }
    }
}

/// Numbers by value, text by its characters, dates by time (also with text that is one); other values are equal or not.
fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Int(a), Value::Double(b)) => (*a as f64).partial_cmp(b),
        (Value::Double(a), Value::Int(b)) => a.partial_cmp(&(*b as f64)),
        (Value::Double(a), Value::Double(b)) => a.partial_cmp(b),
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::String(text)) => {
            let b = codec::instant::parse(text, &jiff::tz::TimeZone::UTC)?;
            Some(a.cmp(&b))
        }
        (a, b) => (a == b).then_some(Ordering::Equal),
    }
}

/// Whether an instance passes one of the conditions. Reads it wherever it is; call it where blocking is allowed.
pub fn any_passes(
    state: &Arc<State>,
    tenant: Tenant,
    id: Id,
    conditions: &[VariableFilter],
) -> bool {
    let reading = variables(state, tenant, id);
    match state.engine.core().runtime.block_on(reading) {
        Ok(variables) => conditions
            .iter()
            .any(|condition| condition.passes(&variables)),
        // It went between the list and the look.
        Err(_) => false,
    }
}

/// The variables of an instance: as they are, or the last values when it has ended.
pub async fn variables(
    state: &Arc<State>,
    tenant: Tenant,
    id: Id,
) -> Result<Vec<(String, Value)>, Refused> {
    let found = subject::look(state, tenant, id, move |seen, row| {
        if row.is_open() {
            return Ok(seen.instance.instance_variables(row.number));
        }
        let entries = entity::history(seen.chunks, seen.instance)?;
        Ok::<_, codec::DecodeError>(history::last_values(&entries, row.number))
    });
    match found.await? {
        Some(found) => {
            found.map_err(|error| actors::Failure::Quarantined(error.to_string()).into())
        }
        None => Ok(subject::archived(state, tenant, id).await?.variables),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_compare_values_of_one_kind() {
        let variables = vec![
            ("n".to_owned(), Value::Int(5)),
            ("d".to_owned(), Value::Double(5.5)),
            ("s".to_owned(), Value::from("five")),
            (
                "l".to_owned(),
                Value::List(vec![Value::Int(1), Value::from("a")]),
            ),
            ("at".to_owned(), Value::Date(1_779_345_012_345)),
            ("none".to_owned(), Value::Null),
        ];
        let rows = [
            ("n:eq:5", true),
            ("n:eq:5.0", true),
            ("n:ne:5", false),
            ("n:lt:5.5", true),
            ("n:ge:5", true),
            ("n:gt:5", false),
            ("d:gt:5", true),
            ("d:le:5.5", true),
            ("s:eq:five", true),
            ("s:eq:\"five\"", true),
            ("s:contains:iv", true),
            ("s:gt:4", false),
            ("l:contains:1", true),
            ("l:contains:2", false),
            ("at:lt:2026-05-22T00:00:00Z", true),
            ("none:eq:null", true),
            ("none:ne:1", true),
            ("absent:ne:1", false),
        ];
        for (text, expected) in rows {
            let filter = VariableFilter::parse(text).expect(text);
            assert_eq!(filter.passes(&variables), expected, "{text}");
        }
        for text in ["n", "n:eq", "n:like:5"] {
            assert!(VariableFilter::parse(text).is_err(), "{text}");
        }
    }
}
