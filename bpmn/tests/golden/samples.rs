//! One of each row, with something in every field.

use bpmn::model::ElementIndex;
use bpmn::rows::{
    Delegation, Ended, IdentityLink, IncidentKind, IncidentRow, InstanceRow, Repeat, TaskRow,
    TimerRow, WorkRequest, WorkRow,
};
use codec::{DefinitionId, Value};

pub const AT_MS: i64 = 1_779_345_012_345;

pub fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

pub fn instance_row() -> InstanceRow {
    InstanceRow {
        number: 7,
        definition: DefinitionId(3),
        business_key: text("B"),
        name: text("N"),
        suspended: true,
        started_ms: AT_MS,
        start_user: text("u"),
        super_instance: Some(0),
        super_execution: Some(4),
        ended: Some(Ended {
            ended_ms: AT_MS + 1,
            end_activity: text("end"),
            delete_reason: text("r"),
            cancelled: true,
        }),
    }
}

pub fn task_row() -> TaskRow {
    TaskRow {
        number: 5,
        instance: 0,
        execution: 1,
        definition: DefinitionId(3),
        element: ElementIndex(2),
        name: text("N"),
        description: text("D"),
        assignee: text("a"),
        owner: text("o"),
        delegation: Some(Delegation::Pending),
        priority: 50,
        due_ms: Some(AT_MS),
        category: text("c"),
        form_key: text("f"),
        suspended: false,
        created_ms: AT_MS,
        claimed_ms: Some(AT_MS),
        links: vec![
            IdentityLink::candidate_user("u"),
            IdentityLink::candidate_group("g"),
        ],
        parent_task: None,
    }
}

pub fn timer_row() -> TimerRow {
    TimerRow {
        number: 6,
        instance: 0,
        execution: 2,
        definition: DefinitionId(3),
        element: ElementIndex(4),
        due_ms: AT_MS,
        retries_left: 3,
        repeat: Some(Repeat {
            text: "R3/PT1H".to_owned(),
            begun_ms: AT_MS,
            fired: 1,
        }),
        end_ms: Some(AT_MS),
        last_error: text("e"),
        suspended: false,
    }
}

pub fn incident_row() -> IncidentRow {
    IncidentRow {
        number: 8,
        kind: IncidentKind::Timer,
        instance: 0,
        execution: 2,
        element: ElementIndex(4),
        timer: Some(6),
        message: "m".to_owned(),
        occurred_ms: AT_MS,
        retries: 3,
    }
}

pub fn work_row() -> WorkRow {
    WorkRow {
        number: 9,
        instance: 0,
        execution: 2,
        definition: DefinitionId(3),
        element: ElementIndex(4),
        request: WorkRequest::Robot {
            workflow: "w".to_owned(),
            inputs: vec![("a".to_owned(), Value::Int(41))],
        },
        suspended: false,
        held: true,
        requested_ms: AT_MS,
    }
}
