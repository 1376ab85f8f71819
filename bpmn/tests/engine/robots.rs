//! Robot tasks: work that is asked for, done, failed, held, left, tried again. The world is the robot.

use super::model::{HEAD, TASK, complete, process, rows, started, world};
use super::world::World;
use bpmn::history;
use bpmn::instance::{Command, Refusal};
use bpmn::rows::{IncidentKind, WorkRequest, WorkRow};
use codec::{RootId, Value};

const ROBOT: &str = "<serviceTask id='robot' activiti:type='rpa'><extensionElements>\
    <activiti:field name='workflow' stringValue='Add'/>\
    <activiti:field name='in:a' expression='${amount + 1}'/>\
    <activiti:field name='in:text'><activiti:string>as it is</activiti:string></activiti:field>\
    <activiti:field name='out:sum' stringValue='total'/>\
    <activiti:field name='out:other' stringValue='untouched'/>\
    </extensionElements></serviceTask>";

/// A task that a person completes, then the robot; `more` hangs on it.
fn model(more: &str, flows: &[&str]) -> String {
    let inner = format!(
        "<dataObject id='amount' name='amount' itemSubjectRef='xsd:int'><extensionElements><activiti:value>41</activiti:value>\
         </extensionElements></dataObject>{ROBOT}{more}"
    );
    process(&inner, flows)
}

fn plain() -> String {
    model("", &["start>robot", "robot>end"])
}

/// With a boundary event that catches this code and leads to a task.
fn catching(code: &str) -> String {
    let more = format!(
        "{TASK}<boundaryEvent id='caught' attachedToRef='robot'><errorEventDefinition errorRef='e'/></boundaryEvent>"
    );
    let flows = ["start>robot", "robot>end", "caught>task", "task>end"];
    let process = model(&more, &flows);
    let inner = process.trim_start_matches(HEAD);
    format!("{HEAD}<error id='e' errorCode='{code}'/>{inner}")
}

fn work(world: &World, root: RootId) -> WorkRow {
    let works = rows(world, root).works;
    assert_eq!(works.len(), 1, "{works:?}");
    works[0].clone()
}

fn done(work: u32) -> Command {
    Command::CompleteWork {
        work,
        results: vec![
            ("sum".to_owned(), Value::Int(1)),
            ("sum".to_owned(), Value::Int(42)),
            ("unasked".to_owned(), Value::Null),
        ],
    }
}

fn failed(work: u32, code: &str) -> Command {
    Command::FailWork {
        work,
        code: code.to_owned(),
        message: "it broke".to_owned(),
    }
}

fn is_ended(world: &World, root: RootId) -> bool {
    world.entity(root).expect("it is there").instance.is_ended()
}

#[test]
fn a_robot_task_asks_for_work_and_its_results_become_variables() {
    let mut world = world(&[&plain()]);
    let root = started(&mut world);
    let work = work(&world, root);
    let inputs = vec![
        ("a".to_owned(), Value::Int(42)),
        ("text".to_owned(), Value::String("as it is".to_owned())),
    ];
    let workflow = "Add".to_owned();
    assert_eq!(work.request, WorkRequest::Robot { workflow, inputs });
    let open = world.entity(root).expect("it is there").activities(0);
    let open = open.iter().find(|activity| activity.ended_ms.is_none());
    assert_eq!(open.map(|a| a.number), Some(work.number));
    world.command(root, done(work.number)).expect("done");
    assert!(is_ended(&world, root));
    let entity = world.entity(root).expect("it is there");
    let mut values = history::last_values(&entity.entries, 0);
    values.sort_by(|a, b| a.0.cmp(&b.0));
    let total = ("total".to_owned(), Value::Int(42));
    assert_eq!(values, [("amount".to_owned(), Value::Int(41)), total]);
    let again = world.command(root, done(work.number));
    assert_eq!(again, Err(Refusal::InstanceEnded));
}

#[test]
fn work_that_failed_is_caught_by_its_code_or_becomes_an_incident() {
    for (caught, thrown, catches) in [
        ("RPA_FAILED", "RPA_FAILED", true),
        ("RPA_FAILED", "RPA_CANCELLED", false),
        ("RPA_CANCELLED", "RPA_CANCELLED", true),
    ] {
        let mut world = world(&[&catching(caught)]);
        let root = started(&mut world);
        let work = work(&world, root);
        world
            .command(root, failed(work.number, thrown))
            .expect("taken");
        let rows = rows(&world, root);
        assert!(rows.works.is_empty());
        assert_eq!(rows.tasks.len(), usize::from(catches), "{thrown}");
        assert_eq!(rows.incidents.len(), usize::from(!catches), "{thrown}");
        if catches {
            complete(&mut world, root).expect("completed");
            assert!(is_ended(&world, root));
        } else {
            let incident = &rows.incidents[0];
            let about = (incident.kind, incident.message.as_str());
            assert_eq!(about, (IncidentKind::Rpa, "it broke"));
        }
        let twice = world.command(root, done(work.number));
        assert!(twice.is_err(), "a result that comes later counts no more");
    }
}

#[test]
fn retrying_the_incident_asks_for_new_work_in_a_new_activity() {
    let mut world = world(&[&plain()]);
    let root = started(&mut world);
    let first = work(&world, root);
    world
        .command(root, failed(first.number, "RPA_FAILED"))
        .expect("taken");
    let incident = rows(&world, root).incidents[0].number;
    let retry = Command::RetryIncident { incident };
    world.command(root, retry).expect("tried again");
    let second = work(&world, root);
    assert!(second.number > first.number);
    assert_eq!(second.request, first.request);
    assert!(rows(&world, root).incidents.is_empty());
    let stale = world.command(root, done(first.number));
    assert_eq!(stale, Err(Refusal::WorkNotFound(first.number)));
    world.command(root, done(second.number)).expect("done");
    assert!(is_ended(&world, root));
    let activities = world.entity(root).expect("it is there").activities(0);
    let robots = activities
        .iter()
        .filter(|a| [first.number, second.number].contains(&a.number));
    let reasons: Vec<_> = robots.map(|a| a.delete_reason.as_deref()).collect();
    assert_eq!(reasons, [Some("retried"), None]);
}

#[test]
fn a_result_that_cannot_be_taken_is_held_until_its_incident_is_retried() {
    let wrong = "<exclusiveGateway id='gate'/>";
    let process = model(wrong, &["start>robot", "robot>gate", "gate>end"]).replace(
        "<sequenceFlow id='f2' sourceRef='gate' targetRef='end'/>",
        "<sequenceFlow id='f2' sourceRef='gate' targetRef='end'><conditionExpression \
         xsi:type='tFormalExpression'>${go}</conditionExpression></sequenceFlow>\
         <sequenceFlow id='f3' sourceRef='gate' targetRef='end'><conditionExpression \
         xsi:type='tFormalExpression'>${go}</conditionExpression></sequenceFlow>",
    );
    let mut world = world(&[&process]);
    let root = started(&mut world);
    let work = work(&world, root);
    let refusal = world.command(root, done(work.number)).expect_err("no go");
    let hold = Command::HoldWork {
        work: work.number,
        message: refusal.to_string(),
    };
    world.command(root, hold.clone()).expect("held");
    world.command(root, hold).expect("held already");
    let held = rows(&world, root);
    assert!(held.works[0].held);
    assert_eq!(held.incidents.len(), 1);
    assert_eq!(held.incidents[0].kind, IncidentKind::Delivery);
    let set = Command::SetVariables {
        target: bpmn::instance::VariableTarget::Instance(0),
        local: false,
        set: vec![("go".to_owned(), Value::Bool(true))],
        remove: Vec::new(),
    };
    world.command(root, set).expect("set");
    let incident = held.incidents[0].number;
    world
        .command(root, Command::RetryIncident { incident })
        .expect("tried again");
    let again = rows(&world, root);
    assert_eq!((again.works[0].held, again.incidents.len()), (false, 0));
    assert_eq!(again.works[0].number, work.number, "the same work");
    world.command(root, done(work.number)).expect("done");
    assert!(is_ended(&world, root));
}

#[test]
fn leaving_the_task_takes_its_work_along() {
    let late = format!(
        "{TASK}<boundaryEvent id='late' attachedToRef='robot'><timerEventDefinition>\
         <timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>"
    );
    let model = model(
        &late,
        &["start>robot", "robot>end", "late>task", "task>end"],
    );
    let mut world = world(&[&model]);
    let root = started(&mut world);
    assert_eq!(rows(&world, root).works.len(), 1);
    let now_ms = world.outside.now_ms;
    world.advance(now_ms + 3_600_000).expect("it fires");
    let left = rows(&world, root);
    assert_eq!((left.works.len(), left.tasks.len()), (0, 1));
    let other = started(&mut world);
    let delete = Command::Delete {
        instance: 0,
        reason: None,
    };
    world.command(other, delete).expect("deleted");
    assert!(rows(&world, other).works.is_empty());
}

#[test]
fn a_suspended_instance_takes_no_result() {
    let mut world = world(&[&plain()]);
    let root = started(&mut world);
    let number = work(&world, root).number;
    let suspend = Command::Suspend {
        instance: 0,
        include_called: false,
    };
    world.command(root, suspend).expect("suspended");
    assert!(work(&world, root).suspended);
    for command in [done(number), failed(number, "RPA_FAILED")] {
        let refused = world.command(root, command);
        assert_eq!(refused, Err(Refusal::InstanceSuspended));
    }
    let activate = Command::Activate {
        instance: 0,
        include_called: false,
    };
    world.command(root, activate).expect("activated");
    world.command(root, done(number)).expect("done");
    assert!(is_ended(&world, root));
}

#[test]
fn every_instance_of_a_multi_instance_has_work_of_its_own() {
    let several = plain().replace(
        "</extensionElements></serviceTask>",
        "</extensionElements><multiInstanceLoopCharacteristics isSequential='false'>\
         <loopCardinality>3</loopCardinality></multiInstanceLoopCharacteristics></serviceTask>",
    );
    let mut world = world(&[&several]);
    let root = started(&mut world);
    let numbers: Vec<u32> = rows(&world, root).works.iter().map(|w| w.number).collect();
    assert_eq!(numbers.len(), 3);
    world
        .command(root, failed(numbers[1], "RPA_FAILED"))
        .expect("taken");
    let incident = rows(&world, root).incidents[0].number;
    world
        .command(root, Command::RetryIncident { incident })
        .expect("tried again");
    let open: Vec<u32> = rows(&world, root).works.iter().map(|w| w.number).collect();
    assert_eq!(open.len(), 3);
    for number in open {
        assert!(!is_ended(&world, root));
        world.command(root, done(number)).expect("done");
    }
    assert!(is_ended(&world, root));
}

#[test]
fn a_robot_task_without_what_it_needs_is_refused_at_deployment() {
    let workflow = "<activiti:field name='workflow' stringValue='Add'/>";
    let twice = "<activiti:field name='in:text' stringValue='x'/>";
    for (from, to, complaint) in [
        (workflow, "", "[missing-implementation]"),
        ("expression='${amount + 1}'", "", "[missing-attribute]"),
        ("${amount + 1}", "${amount +}", "[invalid-expression]"),
        (
            workflow,
            &format!("{workflow}{twice}"),
            "[conflicting-settings]",
        ),
    ] {
        let broken = plain().replace(from, to);
        let refused = World::new(false).deploy(&[broken.into_bytes()]);
        let complaints = refused.expect_err("it is refused");
        assert!(
            complaints.contains("in 'robot'") && complaints.contains(complaint),
            "{complaints}"
        );
    }
}

#[test]
fn a_queue_task_asks_for_a_message_and_waits_until_it_lies_there() {
    let model = process(
        "<serviceTask id='tell' activiti:type='queue'><extensionElements>\
         <activiti:field name='queue' stringValue='orders'/><activiti:field name='body' expression='${1 + 1}'/>\
         </extensionElements></serviceTask>",
        &["start>tell", "tell>end"],
    );
    let mut world = world(&[&model]);
    let root = started(&mut world);
    let work = work(&world, root);
    let queue = "orders".to_owned();
    let body = Value::Int(2);
    assert_eq!(work.request, WorkRequest::Message { queue, body });
    world.command(root, done(work.number)).expect("done");
    assert!(is_ended(&world, root));
    let nowhere = model.replace("name='queue'", "name='other'");
    let refused = World::new(false).deploy(&[nowhere.into_bytes()]);
    let complaints = refused.expect_err("it is refused");
    assert!(
        complaints.contains("[missing-implementation]"),
        "{complaints}"
    );
}
