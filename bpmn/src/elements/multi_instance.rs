//! Multi-instance activities: one execution holds the instances and their counters, one child for each runs.
//!
//! ```text
//!  body (nrOfInstances, nrOfActiveInstances, nrOfCompletedInstances; boundary events)
//!   ├─ child (loopCounter 0, element variable)      parallel: all at once
//!   └─ child (loopCounter 1, element variable)      sequential: one child, again and again
//! ```
//!
//! The counters stay on the body's execution when it goes on: later tasks of that path see them.

use super::leave as leave_activity;
use crate::instance::Refusal;
use crate::instance::agenda::{self, Operation};
use crate::instance::ending;
use crate::instance::run::{Run, Step};
use crate::instance::state::Execution;
use crate::model::{Collection, Element, ExecutionEvent, Kind, MultiInstance};
use codec::Value;

const INSTANCES: &str = "nrOfInstances";
const ACTIVE: &str = "nrOfActiveInstances";
const COMPLETED: &str = "nrOfCompletedInstances";

/// Whether an execution is one of the instances rather than their body.
pub(super) fn is_inner(run: &Run<'_>, characteristics: &MultiInstance, execution: u32) -> bool {
    let index = &characteristics.index_variable;
    matches!(run.work.own_variable(execution, index), Some(value) if *value != Value::Null)
}

pub(super) fn execute(run: &mut Run<'_>, characteristics: &MultiInstance, body: u32) -> Step {
    let items = items(run, characteristics, body)?;
    let count = match &items {
        Some(items) => items.len() as i64,
        None => cardinality(run, characteristics, body)?,
    };
    if count < 0 {
        return Err(Refusal::InvalidValue(format!(
            "Invalid number of instances: must be a non-negative integer value, but was {count}"
        )));
    }
    if characteristics.sequential {
        if count == 0 {
            agenda::leave_by_conditions(run, body);
            return Ok(());
        }
        return begin_sequential(run, characteristics, body, count, items);
    }
    run.work
        .set_own_variable(body, INSTANCES, Value::Int(count));
    run.work.set_own_variable(body, COMPLETED, Value::Int(0));
    run.work.set_own_variable(body, ACTIVE, Value::Int(count));
    if count == 0 {
        agenda::leave_by_conditions(run, body);
        return Ok(());
    }
    begin_parallel(run, characteristics, body, count, items)
}

fn begin_sequential(
    run: &mut Run<'_>,
    characteristics: &MultiInstance,
    body: u32,
    count: i64,
    items: Option<Vec<Value>>,
) -> Step {
    let (_, at) = run.position(body)?;
    let child = run.create_child(body, at, false)?;
    run.work.flag(body, Execution::MULTI_INSTANCE_ROOT, true);
    run.work.flag(body, Execution::ACTIVE, false);
    run.work
        .set_own_variable(body, INSTANCES, Value::Int(count));
    run.work.set_own_variable(body, COMPLETED, Value::Int(0));
    run.work.set_own_variable(body, ACTIVE, Value::Int(1));
    let item = items.and_then(|items| items.into_iter().next());
    begin_instance(run, characteristics, child, 0, item);
    Ok(())
}

fn begin_parallel(
    run: &mut Run<'_>,
    characteristics: &MultiInstance,
    body: u32,
    count: i64,
    items: Option<Vec<Value>>,
) -> Step {
    let (_, at) = run.position(body)?;
    run.work.flag(body, Execution::MULTI_INSTANCE_ROOT, true);
    let mut children = Vec::new();
    for _ in 0..count {
        children.push(run.create_child(body, at, false)?);
    }
    let mut items = items.unwrap_or_default().into_iter();
    for (index, child) in (0..).zip(children) {
        begin_instance(run, characteristics, child, index, items.next());
    }
    run.work.flag(body, Execution::ACTIVE, false);
    Ok(())
}

fn begin_instance(
    run: &mut Run<'_>,
    characteristics: &MultiInstance,
    child: u32,
    index: i64,
    item: Option<Value>,
) {
    let counter = &characteristics.index_variable;
    run.work.set_own_variable(child, counter, Value::Int(index));
    if let (Some(name), Some(item)) = (&characteristics.element_variable, item) {
        run.work.set_own_variable(child, name, item);
    }
    run.plan(Operation::ContinueMultiInstance(child));
}

/// One of the instances is done.
pub(crate) fn leave(run: &mut Run<'_>, child: u32) -> Step {
    let (process, at) = run.position(child)?;
    let element = process.element(at);
    let Some(characteristics) = &element.multi_instance else {
        return leave_activity(run, child);
    };
    let Some(body) = body_of(run, child) else {
        agenda::leave_by_conditions(run, child);
        return Ok(());
    };
    if characteristics.sequential {
        leave_sequential(run, element, characteristics, body, child)
    } else {
        leave_parallel(run, element, characteristics, body, child)
    }
}

fn body_of(run: &Run<'_>, child: u32) -> Option<u32> {
    let mut current = run.work.execution(child)?.parent;
    while let Some(number) = current {
        let execution = run.work.execution(number)?;
        if execution.is_multi_instance_root() {
            return Some(number);
        }
        current = execution.parent;
    }
    None
}

fn leave_sequential(
    run: &mut Run<'_>,
    element: &Element,
    characteristics: &MultiInstance,
    body: u32,
    child: u32,
) -> Step {
    let index = counter(run, child, &characteristics.index_variable) + 1;
    let count = counter(run, body, INSTANCES);
    let completed = counter(run, body, COMPLETED) + 1;
    run.work
        .set_own_variable(body, COMPLETED, Value::Int(completed));
    run.work
        .set_own_variable(child, &characteristics.index_variable, Value::Int(index));
    run.work.end_activity(child, None);
    run.notify(element, ExecutionEvent::End, child)?;
    if index >= count || is_complete(run, characteristics, body)? {
        run.work
            .remove_own_variable(child, &characteristics.index_variable);
        return finish(run, characteristics, body, Some("MI_END"));
    }
    let items = items(run, characteristics, child)?;
    let item = items.and_then(|items| items.into_iter().nth(usize::try_from(index).ok()?));
    let next = if matches!(element.kind, Kind::SubProcess(_)) {
        let (_, at) = run.position(child)?;
        run.create_child(body, at, true)?
    } else {
        child
    };
    begin_instance(run, characteristics, next, index, item);
    Ok(())
}

fn leave_parallel(
    run: &mut Run<'_>,
    element: &Element,
    characteristics: &MultiInstance,
    body: u32,
    child: u32,
) -> Step {
    let count = counter(run, body, INSTANCES);
    let completed = counter(run, body, COMPLETED) + 1;
    let active = counter(run, body, ACTIVE) - 1;
    run.work.end_activity(child, None);
    run.notify(element, ExecutionEvent::End, child)?;
    run.work
        .set_own_variable(body, COMPLETED, Value::Int(completed));
    run.work.set_own_variable(body, ACTIVE, Value::Int(active));
    run.work.flag(child, Execution::ACTIVE, false);
    if completed >= count || is_complete(run, characteristics, body)? {
        return finish(run, characteristics, body, None);
    }
    Ok(())
}

/// The body goes on alone, with its counters. The reason marks what is still open below it, as in Activiti.
fn finish(
    run: &mut Run<'_>,
    characteristics: &MultiInstance,
    body: u32,
    reason: Option<&str>,
) -> Step {
    const CALL_CANCELLED: &str = "call activity completion condition met";
    let calls = run.work.core().open_calls(run.work.rows());
    let children = run.work.core().children(body);
    let called: Vec<u32> = children
        .filter_map(|child| calls.called_by(child.number))
        .collect();
    for instance in called {
        ending::end_instance(run, instance, None, Some(CALL_CANCELLED))?;
    }
    ending::delete_children(run, body, reason)?;
    run.work
        .remove_own_variable(body, &characteristics.index_variable);
    run.work.flag(body, Execution::SCOPE, false);
    run.work.flag(body, Execution::MULTI_INSTANCE_ROOT, false);
    agenda::leave_by_conditions(run, body);
    Ok(())
}

fn counter(run: &Run<'_>, execution: u32, name: &str) -> i64 {
    match run.work.variable(execution, name) {
        Some(Value::Int(number)) => *number,
        Some(Value::Double(number)) => *number as i64,
        Some(_) | None => 0,
    }
}

fn is_complete(
    run: &mut Run<'_>,
    characteristics: &MultiInstance,
    body: u32,
) -> Result<bool, Refusal> {
    let Some(condition) = &characteristics.completion_condition else {
        return Ok(false);
    };
    let Value::Bool(complete) = run.evaluate(condition, body)? else {
        return Err(Refusal::InvalidValue(format!(
            "completionCondition '{}' does not evaluate to a boolean value",
            condition.text()
        )));
    };
    Ok(complete)
}

fn cardinality(
    run: &mut Run<'_>,
    characteristics: &MultiInstance,
    body: u32,
) -> Result<i64, Refusal> {
    let Some(template) = &characteristics.cardinality else {
        return Err(Refusal::InvalidValue(
            "Couldn't resolve collection expression nor variable reference".to_owned(),
        ));
    };
    let number = match run.evaluate(template, body)? {
        Value::Int(number) => Some(number),
        Value::Double(number) => Some(number as i64),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null
        | Value::Bool(_)
        | Value::BigInt(_)
        | Value::Date(_)
        | Value::Bytes(_)
        | Value::List(_)
        | Value::Map(_) => None,
    };
    number.ok_or_else(|| {
        Refusal::InvalidValue(format!(
            "Could not resolve loopCardinality expression '{}': not a number nor number String",
            template.text()
        ))
    })
}

/// The collection, where there is one.
fn items(
    run: &mut Run<'_>,
    characteristics: &MultiInstance,
    execution: u32,
) -> Result<Option<Vec<Value>>, Refusal> {
    let Some(collection) = &characteristics.collection else {
        return Ok(None);
    };
    let (name, value) = match collection {
        Collection::Variable(name) => {
            let value = run.work.variable(execution, name).cloned();
            (name.clone(), value)
        }
        Collection::Expression(template) => {
            let value = run.evaluate(template, execution)?;
            (template.text().to_owned(), Some(value))
        }
    };
    match value {
        Some(Value::List(items)) => Ok(Some(items)),
        None | Some(Value::Null) => Err(Refusal::InvalidValue(format!(
            "Variable {name} is not found"
        ))),
        // The unpaired quotation marks are the original's.
        Some(_) => Err(Refusal::InvalidValue(match collection {
            Collection::Variable(_) => format!("Variable {name}' is not a Collection"),
            Collection::Expression(_) => format!("{name}' didn't resolve to a Collection"),
        })),
    }
}
