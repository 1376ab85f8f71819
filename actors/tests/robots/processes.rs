//! Processes that have robots work: asked for once, told once, over crashes, suspensions and ends of either side.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on fails")]

use super::{
    no_retries,
    world::{
        GROUP, Speaker, TENANT, WORKFLOW, change, close, crashed, furnish, job_when, jobs, open,
        options, order, robot_id, stamp,
    },
};
use actors::{
    Engine,
    definitions::deploy::File,
    robots::message::{FromRobot, RunRef, ToRobot},
    views::{IncidentFilter, TaskFilter, Window},
};
use bpmn::{Command, instance::Start, rows::IncidentKind};
use codec::{Id, RootId, Value};
use rpa::{
    Guid,
    execution::{Claim, ClaimedState, ResultStatus, RunResult, Scope, Verdict, rows::JobRow},
    registry::{Action, WorkflowSettings},
    terms::JobState,
};
use std::time::Duration;

/// A person approves, a robot adds; what goes wrong leads to a person, when it is caught.
const MODEL: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:activiti="http://activiti.org/bpmn" targetNamespace="t">
  <error id="caught" errorCode="CODE"/>
  <process id="p"><startEvent id="s"/><sequenceFlow id="f1" sourceRef="s" targetRef="approve"/>
  <userTask id="approve"/><sequenceFlow id="f2" sourceRef="approve" targetRef="robot"/>
  <serviceTask id="robot" activiti:type="rpa"><extensionElements>
    <activiti:field name="workflow" stringValue="w"/>
    <activiti:field name="in:a" expression="${amount}"/>
    <activiti:field name="out:sum" stringValue="total"/></extensionElements></serviceTask>
  <boundaryEvent id="wrong" attachedToRef="robot"><errorEventDefinition errorRef="caught"/></boundaryEvent>
  <sequenceFlow id="f3" sourceRef="robot" targetRef="check"/><userTask id="check"/>
  <sequenceFlow id="f4" sourceRef="check" targetRef="e"/>
  <sequenceFlow id="f5" sourceRef="wrong" targetRef="repair"/><userTask id="repair"/>
  <sequenceFlow id="f6" sourceRef="repair" targetRef="e"/><endEvent id="e"/></process></definitions>"#;

const PATIENCE: Duration = Duration::from_secs(20);

/// Deploys the process, which catches errors of this code, and starts it.
async fn begin(engine: &Engine, code: &str) -> RootId {
    let file = File {
        name: "p.bpmn".to_owned(),
        bytes: MODEL.replace("CODE", code).into_bytes().into(),
    };
    let deployed = engine.deploy(TENANT, String::new(), vec![file], true);
    deployed.await.unwrap();
    let published = engine.catalog.latest(TENANT, "p").unwrap();
    let start = Start {
        variables: vec![("amount".to_owned(), Value::Int(41))],
        ..Start::new(published.definition.clone())
    };
    engine.start(start, |root, _| root).await.unwrap()
}

/// The only open task, when it is this one.
async fn task_when(engine: &Engine, activity: &str) -> Id {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let found = {
            let views = engine.views.read();
            let filter = TaskFilter {
                tenant: TENANT,
                ..TaskFilter::default()
            };
            let page = views.tasks(&filter, &Window::default());
            let tasks = page.items.iter();
            let mut tasks = tasks.map(|task| (task.activity_id().to_owned(), task.id()));
            tasks.next()
        };
        match found {
            Some((at, id)) if at == activity => return id,
            other => assert!(tokio::time::Instant::now() < deadline, "still {other:?}"),
        }
        engine.barrier().await;
    }
}

async fn approve(engine: &Engine) {
    let task = task_when(engine, "approve").await;
    let complete = Command::CompleteTask {
        task: task.number,
        user: None,
        variables: Vec::new(),
        transient: Vec::new(),
        local: Vec::new(),
    };
    engine.order(task.root, complete, |_| ()).await.unwrap();
}

/// The newest job, once there are so many.
async fn job_number(engine: &Engine, count: usize) -> JobRow {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let rows = jobs(engine).await;
        if rows.len() == count {
            return rows[count - 1].clone();
        }
        assert!(tokio::time::Instant::now() < deadline, "still {rows:?}");
        engine.barrier().await;
    }
}

/// The only incident, once there is one.
async fn incident(engine: &Engine) -> (Id, IncidentKind, String) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let found = {
            let views = engine.views.read();
            let filter = IncidentFilter {
                tenant: TENANT,
                ..IncidentFilter::default()
            };
            let page = views.incidents(&filter, &Window::default());
            let mut shown = page.items.iter();
            shown
                .next()
                .map(|i| (i.id(), i.kind(), i.message().to_owned()))
        };
        if let Some(found) = found {
            return found;
        }
        assert!(tokio::time::Instant::now() < deadline, "no incident");
        engine.barrier().await;
    }
}

async fn retry(engine: &Engine, incident: Id) {
    let command = Command::RetryIncident {
        incident: incident.number,
    };
    engine.order(incident.root, command, |_| ()).await.unwrap();
}

async fn variable(engine: &Engine, root: RootId, name: &'static str) -> Option<Value> {
    let seen = engine.look(root, move |seen| {
        seen.instance.instance_variable(0, name).cloned()
    });
    seen.await.unwrap()
}

/// Waits until no execution is left in memory: both sides know of the end.
async fn all_archived(engine: &Engine) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !engine.executions.is_empty() {
        let left = engine.executions.len();
        assert!(tokio::time::Instant::now() < deadline, "{left} left");
        engine.barrier().await;
    }
}

async fn says_sum(robot: &mut Speaker, run: RunRef) {
    robot.says(FromRobot::Result {
        run,
        result: RunResult {
            outputs: vec![("sum".to_owned(), Value::Int(42))],
            ..RunResult::of(ResultStatus::Succeeded)
        },
    });
    let heard = robot.hears().await;
    assert!(
        matches!(heard, ToRobot::AckResult { taken: Ok(()), .. }),
        "{heard:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_approves_a_robot_works_and_a_person_sees_what_it_gave() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    let root = begin(&engine, "RPA_FAILED").await;
    assert!(jobs(&engine).await.is_empty(), "nobody has approved");
    approve(&engine).await;
    let job = job_number(&engine, 1).await;
    let seen = engine.look_execution(TENANT, job.execution, move |execution| {
        let job = &execution.jobs()[0];
        let argument = job.spec.arguments.iter().find(|a| a.argument.name == "a");
        let given = argument.and_then(|a| a.argument.value.clone());
        let start = execution.start();
        let by = start.map(|start| (start.created.by, start.created.by_name.clone()));
        let activity = start.and_then(|start| start.activity);
        (given, job.spec.subject.id.clone(), activity, by)
    });
    let (given, subject, activity, by) = seen.await.unwrap();
    let server = (Guid(1), "Loomwork".to_owned());
    assert_eq!(by, Some(server));
    assert_eq!(given.as_deref(), Some("41"));
    // The job names the instance.
    assert_eq!(subject, Some(root.to_string()));
    // And the activity names the job's group.
    let activity = activity.unwrap();
    assert_eq!(activity.root, root);
    assert_eq!(Guid::of_activity(activity), job.execution);
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let (run, _) = robot.starts().await;
    says_sum(&mut robot, run).await;
    task_when(&engine, "check").await;
    assert_eq!(variable(&engine, root, "total").await, Some(Value::Int(42)));
    all_archived(&engine).await;
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_while_the_robot_works_doubles_and_loses_nothing() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    let root = begin(&engine, "RPA_FAILED").await;
    approve(&engine).await;
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let (run, job) = robot.starts().await;
    let copy = crashed(&engine, data.path());
    let survivor = open(options(copy.path())).await;
    let claim = Claim {
        run: run.run,
        fence: run.fence,
        state: ClaimedState::Running,
    };
    let (mut again, verdicts) = Speaker::connect(&survivor, 1, false, vec![claim]).await;
    assert_eq!(verdicts, [(run, Verdict::Continue)]);
    assert_eq!(jobs(&survivor).await.len(), 1);
    says_sum(&mut again, run).await;
    task_when(&survivor, "check").await;
    let total = variable(&survivor, root, "total").await;
    assert_eq!(total, Some(Value::Int(42)));
    let rows = jobs(&survivor).await;
    assert_eq!(rows.len(), 1, "the same work is one job");
    assert_eq!((rows[0].id, rows[0].state), (job, JobState::Succeeded));
    close(survivor).await;
    // The one that crashed goes on too, as if it had only been away.
    says_sum(&mut robot, run).await;
    task_when(&engine, "check").await;
    close(engine).await;
    // From the snapshot of a stop.
    let engine = open(options(data.path())).await;
    task_when(&engine, "check").await;
    assert_eq!(variable(&engine, root, "total").await, Some(Value::Int(42)));
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_failed_is_an_error_when_it_is_caught_and_else_an_incident() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let root = begin(&engine, "RPA_FAILED").await;
    approve(&engine).await;
    let (run, _) = robot.starts().await;
    assert_eq!(robot.reports(run, ResultStatus::Failed).await, Ok(()));
    task_when(&engine, "repair").await;
    let delete = Command::Delete {
        instance: 0,
        reason: None,
    };
    engine.order(root, delete, |_| ()).await.unwrap();

    begin(&engine, "RPA_CANCELLED").await;
    approve(&engine).await;
    let (run, _) = robot.starts().await;
    assert_eq!(robot.reports(run, ResultStatus::Failed).await, Ok(()));
    let (id, kind, message) = incident(&engine).await;
    assert_eq!(kind, IncidentKind::Rpa);
    assert!(message.contains("of 'w' failed"), "{message}");
    retry(&engine, id).await;
    let (run, job) = robot.starts().await;
    let third = job_number(&engine, 3).await;
    assert_eq!(third.id, job, "trying again makes a new job");
    says_sum(&mut robot, run).await;
    task_when(&engine, "check").await;
    all_archived(&engine).await;
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_job_is_an_error_of_its_own() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    begin(&engine, "RPA_CANCELLED").await;
    approve(&engine).await;
    let job = job_number(&engine, 1).await;
    let cancel = rpa::execution::Command::Cancel {
        scope: Scope::Job(job.id),
        by: stamp(),
        message: None,
        disconnected: Vec::new(),
    };
    order(&engine, job.execution.0, cancel).await.unwrap();
    task_when(&engine, "repair").await;
    all_archived(&engine).await;
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_is_deleted_cancels_its_jobs_queued_and_running() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    let delete = || Command::Delete {
        instance: 0,
        reason: None,
    };
    let first = begin(&engine, "RPA_FAILED").await;
    approve(&engine).await;
    let queued = job_number(&engine, 1).await;
    engine.order(first, delete(), |_| ()).await.unwrap();
    job_when(&engine, queued.id, |row| row.state == JobState::Cancelled).await;
    let second = begin(&engine, "RPA_FAILED").await;
    approve(&engine).await;
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let (run, job) = robot.starts().await;
    engine.order(second, delete(), |_| ()).await.unwrap();
    let heard = robot.hears().await;
    assert!(
        matches!(heard, ToRobot::Cancel { run: of, .. } if of == run),
        "{heard:?}"
    );
    assert_eq!(robot.reports(run, ResultStatus::Cancelled).await, Ok(()));
    job_when(&engine, job, |row| row.state == JobState::Cancelled).await;
    all_archived(&engine).await;
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_that_is_not_there_is_an_incident_until_it_is() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    let gone = Action::DeleteWorkflow { id: WORKFLOW };
    change(&engine, gone).await.unwrap();
    begin(&engine, "RPA_CANCELLED").await;
    approve(&engine).await;
    let (id, kind, message) = incident(&engine).await;
    assert_eq!(kind, IncidentKind::Rpa);
    assert!(message.contains("there is no workflow 'w'"), "{message}");
    let workflow = Action::CreateWorkflow {
        id: Guid(0x6),
        department: super::world::DEPARTMENT,
        settings: WorkflowSettings {
            label: rpa::registry::LabelSettings {
                name: Some("w".to_owned()),
                ..rpa::registry::LabelSettings::default()
            },
            package: Some(Guid(0x50)),
            queue: Some(GROUP),
            ..no_retries()
        },
    };
    change(&engine, workflow).await.unwrap();
    retry(&engine, id).await;
    job_number(&engine, 1).await;
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_instance_takes_the_result_when_it_goes_on_also_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    let root = begin(&engine, "RPA_FAILED").await;
    approve(&engine).await;
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let (run, job) = robot.starts().await;
    let suspend = Command::Suspend {
        instance: 0,
        include_called: false,
    };
    engine.order(root, suspend, |_| ()).await.unwrap();
    says_sum(&mut robot, run).await;
    job_when(&engine, job, |row| row.state == JobState::Succeeded).await;
    close(engine).await;
    let engine = open(options(data.path())).await;
    assert_eq!(variable(&engine, root, "total").await, None);
    let activate = Command::Activate {
        instance: 0,
        include_called: false,
    };
    engine.order(root, activate, |_| ()).await.unwrap();
    task_when(&engine, "check").await;
    assert_eq!(variable(&engine, root, "total").await, Some(Value::Int(42)));
    all_archived(&engine).await;
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_bound_to_robots_waits_for_all_and_the_first_failure_cancels_the_rest() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 2, no_retries()).await;
    let ungrouped = Action::ChangeWorkflow {
        id: WORKFLOW,
        etag: None,
        settings: WorkflowSettings {
            queue: Some(Guid::NIL),
            ..WorkflowSettings::default()
        },
    };
    change(&engine, ungrouped).await.unwrap();
    let bind = Action::BindRobots {
        workflow: WORKFLOW,
        robots: vec![robot_id(1), robot_id(2)],
    };
    change(&engine, bind).await.unwrap();
    let root = begin(&engine, "RPA_FAILED").await;
    approve(&engine).await;
    job_number(&engine, 2).await;
    let (mut first, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let (run, _) = first.starts().await;
    says_sum(&mut first, run).await;
    let total = variable(&engine, root, "total").await;
    assert_eq!(total, None, "one is not all");
    let (mut second, _) = Speaker::connect(&engine, 2, false, Vec::new()).await;
    let (run, _) = second.starts().await;
    says_sum(&mut second, run).await;
    task_when(&engine, "check").await;
    let delete = Command::Delete {
        instance: 0,
        reason: None,
    };
    engine.order(root, delete, |_| ()).await.unwrap();

    begin(&engine, "RPA_FAILED").await;
    approve(&engine).await;
    let (run, _) = first.starts().await;
    let (other, _) = second.starts().await;
    assert_eq!(first.reports(run, ResultStatus::Failed).await, Ok(()));
    let heard = second.hears().await;
    assert!(
        matches!(heard, ToRobot::Cancel { run: of, .. } if of == other),
        "{heard:?}"
    );
    assert_eq!(second.reports(other, ResultStatus::Cancelled).await, Ok(()));
    task_when(&engine, "repair").await;
    close(engine).await;
}
