//! The views: stories of their promises, and random changes against a naive list.

mod lists;
mod model;
mod pair;
mod random;
mod sets;
mod stories;

use super::Views;
use bpmn::model::Process;
use bpmn::rows::{IncidentKind, IncidentRow, InstanceRow, RowChanges, TaskRow, TimerRow};
use codec::{DefinitionId, Tenant};
use std::sync::Arc;

/// A process with two user tasks, `approve` (named) and `check` (not), and a timer.
fn process(key: &str) -> Arc<Process> {
    let xml = format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">
  <process id="{key}" isExecutable="true">
    <startEvent id="start"/>
    <userTask id="approve" name="Approve"/>
    <userTask id="check"/>
    <endEvent id="end"/>
    <sequenceFlow id="f1" sourceRef="start" targetRef="approve"/>
    <sequenceFlow id="f2" sourceRef="approve" targetRef="check"/>
    <sequenceFlow id="f3" sourceRef="check" targetRef="end"/>
  </process>
</definitions>"#
    );
    match bpmn::parse::parse(xml.as_bytes()) {
        Ok(parsed) => parsed.processes[0].clone(),
        Err(diagnostics) => panic!("{diagnostics:?}"),
    }
}

fn instance_row(number: u32, definition: u64, started_ms: i64) -> InstanceRow {
    InstanceRow {
        number,
        definition: DefinitionId(definition),
        business_key: None,
        name: None,
        suspended: false,
        started_ms,
        start_user: None,
        super_instance: None,
        super_execution: None,
        ended: None,
    }
}

/// At the element `approve` or `check`, with the name that the element gives it.
fn task_row(number: u32, instance: u32, activity_id: &str, created_ms: i64) -> TaskRow {
    let process = process("any");
    let element = process.find(activity_id).expect("an element");
    TaskRow {
        number,
        instance,
        execution: number - 1,
        definition: DefinitionId(1),
        element,
        name: process.element(element).name.clone(),
        description: None,
        assignee: None,
        owner: None,
        delegation: None,
        priority: 50,
        due_ms: None,
        category: None,
        form_key: None,
        suspended: false,
        created_ms,
        claimed_ms: None,
        links: Vec::new(),
        parent_task: None,
    }
}

fn timer_row(number: u32, instance: u32, due_ms: i64) -> TimerRow {
    TimerRow {
        number,
        instance,
        execution: 1,
        definition: DefinitionId(1),
        element: process("any").find("approve").expect("an element"),
        due_ms,
        retries_left: 3,
        repeat: None,
        end_ms: None,
        last_error: None,
        suspended: false,
    }
}

fn incident_row(number: u32, instance: u32, kind: IncidentKind, occurred_ms: i64) -> IncidentRow {
    IncidentRow {
        number,
        kind,
        instance,
        execution: 1,
        element: process("any").find("check").expect("an element"),
        timer: None,
        message: format!("failed {number}"),
        occurred_ms,
        retries: 0,
    }
}

const OWN: Tenant = Tenant(0);
const OTHER: Tenant = Tenant(1);

fn views() -> Views {
    let mut views = Views::new();
    views.define(OWN, DefinitionId(1), 3, process("leave"));
    views.define(OTHER, DefinitionId(1), 3, process("leave"));
    views
}

/// The changes of a start: an instance and its open tasks.
fn start(started_ms: i64, tasks: Vec<TaskRow>) -> RowChanges {
    RowChanges {
        instances: vec![instance_row(0, 1, started_ms)],
        tasks,
        ..RowChanges::default()
    }
}
