//! Stories about instances that the recorded scenarios do not tell: refusals, delegation, timers that fail, forms.

use super::model::{HEAD, TASK, complete, process, refused, rows, start_of, started, world};
use bpmn::instance::{Command, Refusal, TaskPatch, VariableTarget};
use bpmn::rows::{Delegation, IdentityLink, IncidentKind};
use bpmn::{Host, history};
use codec::{Tenant, Value};

#[test]
fn a_failure_midway_leaves_everything_as_it_was() {
    let model = process(
        &format!(
            "{TASK}<serviceTask id='first' activiti:expression='${{1 + 1}}' activiti:resultVariableName='two'/>\
             <serviceTask id='second' activiti:expression='${{nothing}}'/>"
        ),
        &["start>task", "task>first", "first>second", "second>end"],
    );
    let mut world = world(&[&model]);
    let root = started(&mut world);
    let before = world.entity(root).expect("it is there").instance.text();
    let refusal = complete(&mut world, root).expect_err("it fails");
    assert_eq!(refusal.code(), "expression-failed");
    assert!(
        refusal
            .to_string()
            .contains("Unknown property used in expression")
    );
    assert_eq!(
        world.entity(root).expect("it is there").instance.text(),
        before
    );
}

#[test]
fn an_error_that_nothing_catches_is_refused_with_its_code() {
    let model = format!(
        "{HEAD}<error id='e' errorCode='E42'/>{}",
        process(
            "<endEvent id='bad'><errorEventDefinition errorRef='e'/></endEvent>",
            &["start>bad"]
        )
        .trim_start_matches(HEAD)
    );
    let mut world = world(&[&model]);
    assert_eq!(
        refused(&mut world),
        Refusal::UncaughtError {
            code: "E42".to_owned()
        }
    );
}

#[test]
fn a_delegated_task_is_resolved_by_the_delegate_and_completed_by_its_owner() {
    let model = process(
        "<userTask id='task' activiti:assignee='kermit'/>",
        &["start>task", "task>end"],
    );
    let mut world = world(&[&model]);
    let root = started(&mut world);
    let task = rows(&world, root).tasks[0].number;
    let user = "gonzo".to_owned();
    world
        .command(root, Command::DelegateTask { task, user })
        .expect("delegated");
    let row = rows(&world, root).tasks[0].clone();
    assert_eq!(row.delegation, Some(Delegation::Pending));
    assert_eq!(
        (row.assignee.as_deref(), row.owner.as_deref()),
        (Some("gonzo"), Some("kermit"))
    );
    assert_eq!(complete(&mut world, root), Err(Refusal::DelegationPending));
    let resolve = Command::ResolveTask {
        task,
        variables: vec![("done".to_owned(), Value::Bool(true))],
        transient: Vec::new(),
    };
    world.command(root, resolve).expect("resolved");
    assert_eq!(
        rows(&world, root).tasks[0].assignee.as_deref(),
        Some("kermit")
    );
    complete(&mut world, root).expect("completed");
    let entity = world.entity(root).expect("it is there");
    assert!(entity.instance.is_ended());
    let values = history::last_values(&entity.entries, 0);
    assert_eq!(values, [("done".to_owned(), Value::Bool(true))]);
}

#[test]
fn a_task_is_claimed_once_and_changed_by_a_patch() {
    let model = process(TASK, &["start>task", "task>end"]);
    let mut world = world(&[&model]);
    let root = started(&mut world);
    let task = rows(&world, root).tasks[0].number;
    let claim = |user: &str| Command::ClaimTask {
        task,
        user: Some(user.to_owned()),
    };
    world.command(root, claim("a")).expect("claimed");
    world
        .command(root, claim("a"))
        .expect("claimed again by the same");
    let refusal = world.command(root, claim("b")).expect_err("by another");
    assert_eq!(refusal.code(), "already-claimed");
    let patch = TaskPatch {
        priority: Some(7),
        name: Some(None),
        ..TaskPatch::default()
    };
    let patch = Box::new(patch);
    world
        .command(root, Command::UpdateTask { task, patch })
        .expect("changed");
    let link = IdentityLink::candidate_group("g");
    for _ in 0..2 {
        let link = link.clone();
        world
            .command(root, Command::AddLink { task, link })
            .expect("added");
    }
    let row = rows(&world, root).tasks[0].clone();
    assert_eq!(
        (row.priority, row.name, row.links),
        (7, None, vec![link.clone()])
    );
    world
        .command(root, Command::RemoveLink { task, link })
        .expect("removed");
    world
        .command(root, Command::ClaimTask { task, user: None })
        .expect("given back");
    let row = rows(&world, root).tasks[0].clone();
    assert_eq!(
        (row.assignee, row.claimed_ms, row.links.len()),
        (None, None, 0)
    );
}

#[test]
fn what_is_suspended_waits() {
    let model = process(
        &format!(
            "{TASK}<boundaryEvent id='late' attachedToRef='task'><timerEventDefinition>\
             <timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>"
        ),
        &["start>task", "task>end", "late>end"],
    );
    let mut world = world(&[&model]);
    let root = started(&mut world);
    let suspend = Command::Suspend {
        instance: 0,
        include_called: true,
    };
    let activate = Command::Activate {
        instance: 0,
        include_called: true,
    };
    world.command(root, suspend.clone()).expect("suspended");
    assert_eq!(world.command(root, suspend), Err(Refusal::AlreadySuspended));
    assert_eq!(complete(&mut world, root), Err(Refusal::TaskSuspended));
    let target = VariableTarget::Instance(0);
    let set = vec![("x".to_owned(), Value::Null)];
    let set = Command::SetVariables {
        target,
        local: false,
        set,
        remove: Vec::new(),
    };
    assert_eq!(world.command(root, set), Err(Refusal::InstanceSuspended));
    let now_ms = world.outside.now_ms;
    world.advance(now_ms + 7_200_000).expect("nothing fires");
    assert!(!world.entity(root).expect("it is there").instance.is_ended());
    world.command(root, activate.clone()).expect("activated");
    assert_eq!(world.command(root, activate), Err(Refusal::AlreadyActive));
    let now_ms = world.outside.now_ms;
    world.advance(now_ms).expect("what was due fires");
    let entity = world.entity(root).expect("it is there");
    assert!(entity.instance.is_ended());
    let reasons: Vec<_> = entity
        .activities(0)
        .into_iter()
        .map(|a| a.delete_reason)
        .collect();
    assert!(
        reasons.contains(&Some("boundary event (late)".to_owned())),
        "{reasons:?}"
    );
}

#[test]
fn a_timer_that_fails_is_tried_again_and_becomes_an_incident() {
    let model = process(
        "<intermediateCatchEvent id='wait'><timerEventDefinition><timeDuration>PT1H</timeDuration>\
         </timerEventDefinition></intermediateCatchEvent>\
         <serviceTask id='fails' activiti:expression='${missing}'/>",
        &["start>wait", "wait>fails", "fails>end"],
    );
    let mut world = world(&[&model]);
    let root = started(&mut world);
    let now_ms = world.outside.now_ms;
    world.advance(now_ms + 3_600_000).expect("it fails once");
    let timer = rows(&world, root).timers[0].clone();
    assert_eq!((timer.retries_left, timer.due_ms), (2, now_ms + 3_610_000));
    assert!(
        timer
            .last_error
            .is_some_and(|error| error.contains("missing"))
    );
    world
        .advance(now_ms + 7_200_000)
        .expect("it fails for good");
    let left = rows(&world, root);
    assert_eq!(left.timers[0].retries_left, 0);
    let [incident] = left.incidents.as_slice() else {
        panic!("one incident, not {:?}", left.incidents);
    };
    assert_eq!(
        (incident.kind, incident.timer),
        (IncidentKind::Timer, Some(timer.number))
    );
    let set = vec![("missing".to_owned(), Value::Int(1))];
    let target = VariableTarget::Instance(0);
    let set = Command::SetVariables {
        target,
        local: false,
        set,
        remove: Vec::new(),
    };
    world.command(root, set).expect("repaired");
    let incident = incident.number;
    world
        .command(root, Command::RetryIncident { incident })
        .expect("retried");
    let now_ms = world.outside.now_ms;
    world.advance(now_ms).expect("it fires");
    let entity = world.entity(root).expect("it is there");
    assert!(entity.instance.is_ended());
    assert!(entity.instance.rows_ref().incidents.is_empty());
}

#[test]
fn a_form_is_converted_saved_and_submitted() {
    let model = process(
        "<userTask id='task'><extensionElements><activiti:formProperty id='days' type='long' required='true'/>\
         <activiti:formProperty id='state' variable='result'/></extensionElements></userTask>",
        &["start>task", "task>end"],
    );
    let mut world = world(&[&model]);
    let root = started(&mut world);
    let task = rows(&world, root).tasks[0].number;
    let submit = |properties: &[(&str, &str)], complete: bool| Command::SubmitForm {
        task,
        properties: properties
            .iter()
            .map(|(id, text)| ((*id).to_owned(), Value::from(*text)))
            .collect(),
        complete,
    };
    let refusal = world.command(root, submit(&[("state", "ok")], true));
    assert_eq!(
        refusal.expect_err("days are required").code(),
        "form-invalid"
    );
    world
        .command(root, submit(&[("days", "3")], false))
        .expect("saved");
    let entity = world.entity(root).expect("it is there");
    assert_eq!(
        entity.instance.instance_variable(0, "days"),
        Some(&Value::Int(3))
    );
    let definition = world.outside.latest_definition(Tenant(0), "p").expect("p");
    let form = entity
        .instance
        .task_form(task, &definition, 0, &world.outside.zone);
    let shown: Vec<_> = form
        .expect("a form")
        .properties
        .into_iter()
        .map(|(p, v)| (p.id, v))
        .collect();
    let days = ("days".to_owned(), Some("3".to_owned()));
    assert_eq!(shown, [days, ("state".to_owned(), None)]);
    let whole = submit(&[("days", "4"), ("state", "ok")], true);
    world.command(root, whole).expect("submitted");
    let entity = world.entity(root).expect("it is there");
    assert!(entity.instance.is_ended());
    let values = history::last_values(&entity.entries, 0);
    assert!(values.contains(&("result".to_owned(), Value::from("ok"))));
}

#[test]
fn a_task_that_was_given_to_another_is_not_completed_for_who_had_it() {
    let mut world = world(&[&process(TASK, &["start>task", "task>end"])]);
    let root = started(&mut world);
    let task = rows(&world, root).tasks[0].number;
    for (owner, code) in [("kim", Some("not-theirs")), ("li", None)] {
        let user = Some("li".to_owned());
        world
            .command(root, Command::AssignTask { task, user })
            .expect("assigned");
        let command = Command::CompleteOwnTask {
            task,
            owner: owner.to_owned(),
            variables: Vec::new(),
            transient: Vec::new(),
        };
        let refused = world.command(root, command).err();
        assert_eq!(refused.map(|refusal| refusal.code()), code, "{owner}");
    }
}

#[test]
fn transient_variables_are_seen_and_never_kept() {
    let model = process(
        &format!(
            "{TASK}<serviceTask id='use' activiti:expression='${{secret}}' activiti:resultVariableName='copy'/>"
        ),
        &["start>task", "task>use", "use>end"],
    );
    let mut world = world(&[&model]);
    let root = started(&mut world);
    let task = rows(&world, root).tasks[0].number;
    let command = Command::CompleteTask {
        task,
        user: None,
        variables: Vec::new(),
        transient: vec![("secret".to_owned(), Value::Int(9))],
        local: Vec::new(),
    };
    world.command(root, command).expect("completed");
    let entity = world.entity(root).expect("it is there");
    let values = history::last_values(&entity.entries, 0);
    assert_eq!(values, [("copy".to_owned(), Value::Int(9))]);
}

#[test]
fn terminating_all_ends_the_root_from_inside_a_call() {
    let caller = process(
        &format!("<parallelGateway id='fork'/>{TASK}<callActivity id='call' calledElement='q'/>"),
        &[
            "start>fork",
            "fork>task",
            "fork>call",
            "task>end",
            "call>end",
        ],
    );
    let called = process(
        "<userTask id='inner'/><endEvent id='stop'><terminateEventDefinition activiti:terminateAll='true'/></endEvent>",
        &["start>inner", "inner>stop"],
    )
    .replace("id='p'", "id='q'");
    let mut world = world(&[&caller, &called]);
    let root = started(&mut world);
    let open = rows(&world, root);
    let inner = open
        .tasks
        .iter()
        .find(|task| task.instance != 0)
        .expect("the called task")
        .number;
    let command = Command::CompleteTask {
        task: inner,
        user: None,
        variables: Vec::new(),
        transient: Vec::new(),
        local: Vec::new(),
    };
    world.command(root, command).expect("completed");
    let left = rows(&world, root);
    assert!(left.tasks.is_empty());
    for row in &left.instances {
        let ended = row.ended.as_ref().expect("all have ended");
        assert_eq!(
            ended.delete_reason.as_deref(),
            Some("terminate end event (stop)")
        );
    }
    let entity = world.entity(root).expect("it is there");
    let archived =
        bpmn::archive::ended_instances(&entity.instance.rows_ref().instances, &entity.entries);
    assert_eq!(archived.len(), 2);
    assert!(
        archived
            .iter()
            .all(|one| one.activities.iter().all(|a| a.ended_ms.is_some()))
    );
}

#[test]
fn commands_that_come_too_early_or_too_late_are_refused() {
    let model = process(TASK, &["start>task", "task>end"]);
    let mut world = world(&[&model]);
    let root = started(&mut world);
    let trigger = |activity: &str| Command::Trigger {
        instance: 0,
        activity: activity.to_owned(),
        variables: Vec::new(),
        transient: Vec::new(),
    };
    let table = [
        (
            Command::Start(Box::new(start_of(&world))),
            "already-started",
        ),
        (Command::FireTimer { timer: 99 }, "timer-not-found"),
        (
            Command::RetryIncident { incident: 99 },
            "incident-not-found",
        ),
        (
            Command::Delete {
                instance: 99,
                reason: None,
            },
            "instance-not-found",
        ),
        (
            Command::AssignTask {
                task: 99,
                user: None,
            },
            "task-not-found",
        ),
        (trigger("task"), "not-waiting"),
        (trigger("nowhere"), "not-waiting"),
    ];
    for (command, code) in table {
        let refusal = world.command(root, command).expect_err(code);
        assert_eq!(refusal.code(), code);
    }
    complete(&mut world, root).expect("completed");
    let late = world.command(
        root,
        Command::Delete {
            instance: 0,
            reason: None,
        },
    );
    assert_eq!(late, Err(Refusal::InstanceEnded));
    world.suspend_definition("p", true);
    assert_eq!(refused(&mut world).code(), "definition-suspended");
}
