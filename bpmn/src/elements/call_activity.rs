//! `callActivity`: starts the latest version of another process and waits until it has ended.
//! The called instance belongs to the same root, so errors and termination cross the call.

use crate::host::Definition;
use crate::instance::agenda::Operation;
use crate::instance::run::{Run, Step};
use crate::instance::{Event, MAX_CALL_DEPTH, Refusal, Variables};
use crate::model::{CallActivity, Kind, Mapping, MappingSource, MappingTarget};
use codec::Value;
use std::sync::Arc;

pub(super) fn execute(run: &mut Run<'_>, call: &CallActivity, execution: u32) -> Step {
    let definition = called_definition(run, call, execution)?;
    let process = Arc::clone(&definition.process);
    let Some(start) = process.initial_start_event() else {
        return Err(Refusal::NoStartEvent(definition.text_id()));
    };
    let caller = run
        .work
        .execution(execution)
        .map(|e| e.instance)
        .ok_or_else(|| run.work.lost(execution))?;
    bound_depth(run, caller)?;
    let business_key = business_key(run, call, execution, caller)?;
    let mut variables: Variables = Vec::new();
    for object in &process.root.data_objects {
        variables.push((object.name.clone(), object.value.clone()));
    }
    if call.inherit_variables {
        variables.extend(run.work.visible_variables(execution));
    }
    for mapping in &call.inputs {
        variables.push(read(run, mapping, execution)?);
    }
    run.spend()?;
    let instance = run.work.next_number();
    run.work.emit(Event::InstanceStarted {
        instance,
        definition: definition.id,
        business_key,
        name: None,
        start_user: run.work.user.clone(),
        super_execution: Some(execution),
        at_ms: run.work.now_ms,
    });
    run.work.set_variables(instance, variables);
    let first = run.create_child(instance, start, false)?;
    run.plan(Operation::Continue(first));
    Ok(())
}

fn called_definition(
    run: &mut Run<'_>,
    call: &CallActivity,
    execution: u32,
) -> Result<Arc<Definition>, Refusal> {
    let key = run
        .evaluate_text(&call.called_element, execution)?
        .unwrap_or_default();
    let tenant = run.work.instance.tenant();
    let definition = run
        .host
        .latest_definition(tenant, &key)
        .ok_or(Refusal::UnknownDefinition(key))?;
    if definition.suspended {
        return Err(Refusal::DefinitionSuspended {
            name: definition.process.name.clone().unwrap_or_default(),
            id: definition.text_id(),
        });
    }
    if !run.work.definitions.iter().any(|d| d.id == definition.id) {
        run.work.definitions.push(Arc::clone(&definition));
    }
    Ok(definition)
}

fn bound_depth(run: &Run<'_>, caller: u32) -> Step {
    let mut depth = 1;
    let mut current = Some(caller);
    while let Some(row) = current.and_then(|number| run.work.rows().instance(number)) {
        depth += 1;
        current = row.super_instance;
    }
    if depth > MAX_CALL_DEPTH {
        return Err(Refusal::LimitExceeded(format!(
            "calls are more than {MAX_CALL_DEPTH} deep"
        )));
    }
    Ok(())
}

fn business_key(
    run: &mut Run<'_>,
    call: &CallActivity,
    execution: u32,
    caller: u32,
) -> Result<Option<String>, Refusal> {
    if let Some(template) = &call.business_key {
        let key = run.evaluate_text(template, execution)?;
        let null = || Refusal::InvalidValue(format!("{} gives no business key", template.text()));
        return key.ok_or_else(null).map(Some);
    }
    let row = run.work.rows().instance(caller);
    Ok(match row {
        Some(row) if call.inherit_business_key => row.business_key.clone(),
        Some(_) | None => None,
    })
}

/// The name and the value that a mapping gives, read from an execution.
fn read(run: &mut Run<'_>, mapping: &Mapping, from: u32) -> Result<(String, Value), Refusal> {
    let value = match &mapping.source {
        MappingSource::Variable(name) => run
            .work
            .variable(from, name)
            .cloned()
            .unwrap_or(Value::Null),
        MappingSource::Expression(template) => run.evaluate(template, from)?,
    };
    let name = match &mapping.target {
        MappingTarget::Variable(name) => name.clone(),
        MappingTarget::Expression(template) => {
            run.evaluate_text(template, from)?.unwrap_or_default()
        }
    };
    Ok((name, value))
}

/// Before a called instance ends: its results become variables of the caller.
pub(crate) fn completing(run: &mut Run<'_>, caller: u32, instance: u32) -> Step {
    let (process, at) = run.position(caller)?;
    let Kind::CallActivity(call) = &process.element(at).kind else {
        return Ok(());
    };
    if process.element(at).multi_instance.is_some() {
        return Ok(());
    }
    run.definition(instance)?;
    for mapping in &call.outputs {
        let (name, value) = read(run, mapping, instance)?;
        run.work.set_variable(caller, &name, value);
    }
    Ok(())
}
