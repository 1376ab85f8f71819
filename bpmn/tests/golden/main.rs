//! Golden bytes of everything that this crate persists. They are on disks: when a line differs, the change is wrong.
//! A new variant adds a line (`UPDATE_EXPECT=1` writes it); an old line never changes.

mod samples;

use bpmn::archive::{Ended, EndedActivity, EndedInstance};
use bpmn::history::{Entry, FinishedTask};
use bpmn::instance::{Event, Instance, TaskChange};
use bpmn::model::{ElementIndex, FlowIndex};
use bpmn::rows::{Delegation, Identity, IdentityLink, Rows, WorkRequest, WorkRow};
use bpmn::start_timer::StartTimer;
use bpmn::stored;
use codec::{DefinitionId, RootId, Tenant, Value};
use expect_test::{Expect, expect};
use samples::{AT_MS, incident_row, instance_row, task_row, text, timer_row, work_row};
use std::fmt::Write as _;

/// One of every variant, in the order of the enum.
fn events() -> Vec<Event> {
    let change = |change| Event::TaskChanged { task: 5, change };
    vec![
        Event::InstanceStarted {
            instance: 0,
            definition: DefinitionId(3),
            business_key: text("B"),
            name: None,
            start_user: text("u"),
            super_execution: None,
            at_ms: AT_MS,
        },
        Event::InstanceEnded {
            instance: 0,
            at_ms: AT_MS,
            end_activity: text("end"),
            delete_reason: None,
            cancelled: false,
        },
        Event::InstanceSuspended { instance: 0 },
        Event::InstanceActivated { instance: 0 },
        Event::ExecutionCreated {
            execution: 1,
            parent: 0,
            at: ElementIndex(2),
            scope: true,
        },
        Event::ExecutionMoved {
            execution: 1,
            at: ElementIndex(2),
        },
        Event::ExecutionFlagged {
            execution: 1,
            flags: 5,
        },
        Event::ExecutionAdopted {
            execution: 1,
            parent: 0,
        },
        Event::ExecutionRemoved { execution: 1 },
        Event::FlowTaken {
            execution: 1,
            flow: FlowIndex(9),
            target: ElementIndex(2),
        },
        Event::ActivityStarted {
            activity: 3,
            execution: 1,
            element: ElementIndex(2),
            at_ms: AT_MS,
        },
        Event::ActivityEnded {
            activity: 3,
            at_ms: AT_MS,
            reason: text("r"),
        },
        Event::VariableSet {
            scope: 1,
            name: "v".to_owned(),
            value: Value::Int(1),
        },
        Event::VariableRemoved {
            scope: 1,
            name: "v".to_owned(),
        },
        Event::TaskCreated(Box::new(task_row())),
        change(TaskChange::Assignee(text("a"))),
        change(TaskChange::Owner(None)),
        change(TaskChange::Delegation(Some(Delegation::Resolved))),
        change(TaskChange::ClaimedMs(Some(AT_MS))),
        change(TaskChange::Name(text("n"))),
        change(TaskChange::Description(text("d"))),
        change(TaskChange::Priority(-1)),
        change(TaskChange::DueMs(None)),
        change(TaskChange::Category(text("c"))),
        change(TaskChange::FormKey(text("f"))),
        change(TaskChange::LinkAdded(IdentityLink::candidate_user("u"))),
        change(TaskChange::LinkRemoved(IdentityLink {
            link_type: "boss".to_owned(),
            who: Identity::Group("g".to_owned()),
        })),
        Event::TaskFinished {
            task: 5,
            at_ms: AT_MS,
            reason: text("r"),
        },
        Event::TimerScheduled(Box::new(timer_row())),
        Event::TimerMoved {
            timer: 6,
            due_ms: AT_MS,
            retries_left: 2,
            last_error: text("e"),
        },
        Event::TimerRemoved { timer: 6 },
        Event::IncidentOpened(Box::new(incident_row())),
        Event::IncidentClosed { incident: 8 },
        Event::WorkRequested(Box::new(work_row())),
        Event::WorkRequested(Box::new(WorkRow {
            request: WorkRequest::Message {
                queue: "q".to_owned(),
                body: Value::Int(7),
            },
            ..work_row()
        })),
        Event::WorkHeld {
            work: 9,
            held: true,
        },
        Event::WorkRemoved { work: 9 },
    ]
}

fn entries() -> Vec<Entry> {
    vec![
        Entry::ActivityStarted {
            activity: 3,
            instance: 0,
            execution: 1,
            parent_execution: Some(0),
            element: ElementIndex(2),
            at_ms: AT_MS,
        },
        Entry::ActivityEnded {
            activity: 3,
            at_ms: AT_MS,
            reason: None,
        },
        Entry::ActivityTask {
            activity: 3,
            task: 5,
            assignee: text("a"),
        },
        Entry::ActivityCalled {
            activity: 3,
            instance: 7,
        },
        Entry::FlowTaken {
            instance: 0,
            flow: FlowIndex(9),
        },
        Entry::TaskFinished(Box::new(finished_task())),
        Entry::VariableGone {
            instance: 0,
            scope: 1,
            of_task: false,
            name: "v".to_owned(),
            value: Value::Null,
        },
    ]
}

fn finished_task() -> FinishedTask {
    FinishedTask {
        task: task_row(),
        ended_ms: AT_MS,
        delete_reason: text("r"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes each value's bytes on a line, after seeing that they decode to the value again.
fn check<T: PartialEq + std::fmt::Debug>(
    values: &[T],
    encode: impl Fn(&T) -> Vec<u8>,
    decode: impl Fn(&[u8]) -> T,
    expected: &Expect,
) {
    let mut lines = String::new();
    for value in values {
        let bytes = encode(value);
        assert_eq!(&decode(&bytes), value);
        let shown = format!("{value:?}");
        let name = shown.split([' ', '(']).next().unwrap_or_default();
        writeln!(lines, "{name} {}", hex(&bytes)).expect("a string takes all");
    }
    expected.assert_eq(&lines);
}

#[test]
fn bytes_of_every_event_are_fixed() {
    check(
        &events(),
        |event| stored::encode_events(std::slice::from_ref(event)),
        |bytes| stored::decode_events(bytes).expect("own bytes").remove(0),
        &expect![[r#"
            InstanceStarted 01010000030101420001017500fdf26c74923c030000
            InstanceEnded 01010100fdf26c74923c0300000103656e640000
            InstanceSuspended 01010200
            InstanceActivated 01010300
            ExecutionCreated 01010401000201
            ExecutionMoved 0101050102
            ExecutionFlagged 0101060105
            ExecutionAdopted 0101070100
            ExecutionRemoved 01010801
            FlowTaken 010109010902
            ActivityStarted 01010a030102fdf26c74923c030000
            ActivityEnded 01010b03fdf26c74923c030000010172
            VariableSet 01010c0101760202
            VariableRemoved 01010d010176
            TaskCreated 01010e050001030201014e01014401016101016f01006401fdf26c74923c03000001016301016600fdf26c74923c03000001fdf26c74923c030000020963616e6469646174650001750963616e64696461746501016700
            TaskChanged 01010f0500010161
            TaskChanged 01010f050100
            TaskChanged 01010f05020101
            TaskChanged 01010f050301fdf26c74923c030000
            TaskChanged 01010f050401016e
            TaskChanged 01010f0505010164
            TaskChanged 01010f050601
            TaskChanged 01010f050700
            TaskChanged 01010f0508010163
            TaskChanged 01010f0509010166
            TaskChanged 01010f050a0963616e646964617465000175
            TaskChanged 01010f050b04626f7373010167
            TaskFinished 01011005fdf26c74923c030000010172
            TimerScheduled 0101110600020304fdf26c74923c03000003010752332f50543148fdf26c74923c0300000101fdf26c74923c03000001016500
            TimerMoved 01011206fdf26c74923c03000002010165
            TimerRemoved 01011306
            IncidentOpened 01011408000002040106016dfdf26c74923c03000003
            IncidentClosed 01011508
            WorkRequested 010116090002030400017701016102520001fdf26c74923c030000
            WorkRequested 0101160900020304010171020e0001fdf26c74923c030000
            WorkHeld 0101170901
            WorkRemoved 01011809
        "#]],
    );
}

#[test]
fn bytes_of_every_entry_of_history_are_fixed() {
    check(
        &entries(),
        |entry| codec::encode(stored::HISTORY_VERSION, &vec![entry.clone()]),
        |bytes| stored::decode_history(bytes).expect("own bytes").remove(0),
        &expect![[r#"
            ActivityStarted 010100030001010002fdf26c74923c030000
            ActivityEnded 01010103fdf26c74923c03000000
            ActivityTask 0101020305010161
            ActivityCalled 0101030307
            FlowTaken 0101040009
            TaskFinished 010105050001030201014e01014401016101016f01006401fdf26c74923c03000001016301016600fdf26c74923c03000001fdf26c74923c030000020963616e6469646174650001750963616e64696461746501016700fdf26c74923c030000010172
            VariableGone 010106000100017600
        "#]],
    );
}

#[test]
fn bytes_of_rows_are_fixed() {
    let rows = Rows {
        instances: vec![instance_row()],
        tasks: vec![task_row()].into(),
        timers: vec![timer_row()],
        incidents: vec![incident_row()],
        works: Vec::new(),
    };
    let working = Rows {
        works: vec![work_row()],
        ..Rows::default()
    };
    check(
        &[rows, working],
        stored::encode_rows,
        |bytes| stored::decode_rows(bytes).expect("own bytes"),
        &expect![[r#"
            Rows 0101070301014201014e01fdf26c74923c0300000101750100010401fdf46c74923c0300000103656e640101720101050001030201014e01014401016101016f01006401fdf26c74923c03000001016301016600fdf26c74923c03000001fdf26c74923c030000020963616e6469646174650001750963616e64696461746501016700010600020304fdf26c74923c03000003010752332f50543148fdf26c74923c0300000101fdf26c74923c030000010165000108000002040106016dfdf26c74923c03000003
            Rows 020000000001090002030400017701016102520001fdf26c74923c030000
        "#]],
    );
}

#[test]
fn bytes_of_a_core_are_fixed() {
    let mut instance = Instance::new(RootId(1), Tenant(2));
    for event in &events()[..1] {
        instance.apply(event);
    }
    instance.apply(&events()[4]);
    instance.apply(&events()[10]);
    instance.apply(&events()[12]);
    instance.apply(&events()[14]);
    let core = stored::encode_core(&instance);
    let woken = stored::decode_core(instance.root(), instance.tenant(), instance.rows(), &core);
    assert_eq!(woken.expect("own bytes").text(), instance.text());
    expect!["01050200000000030101000001020301010176020201030102"].assert_eq(&hex(&core));
}

#[test]
fn bytes_of_an_ended_instance_are_fixed() {
    let ended = EndedInstance {
        row: instance_row(),
        activities: vec![EndedActivity {
            number: 3,
            execution: 1,
            parent_execution: Some(0),
            element: ElementIndex(2),
            task: Some(5),
            called_instance: None,
            assignee: text("a"),
            started_ms: AT_MS,
            ended_ms: Some(AT_MS),
            delete_reason: None,
        }],
        flows: vec![FlowIndex(9)],
        variables: vec![("v".to_owned(), Value::Int(1))],
        tasks: vec![finished_task()],
    };
    let seen = |ended: &EndedInstance| {
        let EndedInstance {
            row,
            activities,
            flows,
            variables,
            tasks,
        } = ended;
        stored::encode_ended(&Ended {
            row,
            activities: activities.clone(),
            flows: flows.clone(),
            variables: variables.iter().map(|(name, v)| (&**name, v)).collect(),
            tasks: tasks.iter().collect(),
        })
    };
    assert_eq!(seen(&ended), codec::encode(stored::ENDED_VERSION, &ended));
    check(
        &[ended],
        seen,
        |bytes| stored::decode_ended(bytes).expect("own bytes"),
        &expect![[r#"
            EndedInstance 01070301014201014e01fdf26c74923c0300000101750100010401fdf46c74923c0300000103656e6401017201010301010002010500010161fdf26c74923c03000001fdf26c74923c030000000109010176020201050001030201014e01014401016101016f01006401fdf26c74923c03000001016301016600fdf26c74923c03000001fdf26c74923c030000020963616e6469646174650001750963616e64696461746501016700fdf26c74923c030000010172
        "#]],
    );
}

#[test]
fn bytes_of_a_start_timer_are_fixed() {
    let timer = StartTimer {
        element: ElementIndex(1),
        due_ms: AT_MS,
        repeat: None,
        end_ms: None,
    };
    check(
        &[timer],
        |timer| codec::encode(1, timer),
        |bytes| codec::decode(1, bytes).expect("own bytes"),
        &expect![[r#"
            StartTimer 0101fdf26c74923c0300000000
        "#]],
    );
}

#[test]
fn damaged_bytes_are_an_error_and_never_a_panic() {
    let record = stored::encode_events(&events());
    for end in 0..record.len() {
        assert!(
            stored::decode_events(&record[..end]).is_err(),
            "cut at {end}"
        );
    }
    for at in 0..record.len() {
        let mut flipped = record.clone();
        flipped[at] ^= 0x55;
        // Some flips give other valid events; what matters is that applying them is total.
        if let Ok(events) = stored::decode_events(&flipped) {
            let mut instance = Instance::new(RootId(1), Tenant(0));
            for event in &events {
                instance.apply(event);
            }
        }
    }
}
