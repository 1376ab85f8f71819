//! Task queues as stories: messages that start jobs, once each, over crashes; receivers that wait; processes that put.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on fails")]

use super::{
    no_retries,
    world::{
        DEPARTMENT, GROUP, Speaker, TENANT, WORKFLOW, change, close, furnish, jobs, open, options,
        stamp,
    },
};
use actors::{Engine, Failure, definitions::deploy::File};
use bpmn::instance::Start;
use codec::Value;
use rpa::{
    Guid,
    execution::ResultStatus,
    queue::{
        Binding, Command, Concurrency, MessageState, NewMessage, NewQueue, Queue, Refusal,
        RemoveWhen,
    },
    registry::{Action, LabelSettings, WorkflowSettings},
    terms::JobStartupType,
};
use std::time::Duration;

const QUEUE: Guid = Guid(0x9);
const PATIENCE: Duration = Duration::from_secs(20);

async fn make(engine: &Engine, max_deliveries: u32) {
    let new = NewQueue {
        department: DEPARTMENT,
        label: LabelSettings {
            name: Some("orders".to_owned()),
            ..LabelSettings::default()
        },
        max_deliveries: Some(max_deliveries),
        ttl_ms: None,
        by: stamp(),
    };
    engine
        .create_queue(QUEUE, TENANT, new, |_| ())
        .await
        .unwrap();
}

async fn order(engine: &Engine, command: Command) -> Result<Vec<Guid>, Failure> {
    let ordered = engine.order_queue(QUEUE, command, |_, decision| decision.messages.clone());
    ordered.await
}

async fn put(engine: &Engine, ids: &[u128]) {
    let messages = ids.iter().map(|id| NewMessage {
        id: Guid(*id),
        body: Value::Map(vec![("amount".to_owned(), Value::Int(41))]),
        priority: 1,
        ttl_ms: None,
        dedup_key: Some(format!("order {id}")),
    });
    let messages = messages.collect();
    let put = Command::Put {
        messages,
        by: stamp(),
    };
    order(engine, put).await.unwrap();
}

async fn bind(engine: &Engine, concurrency: Concurrency, remove_when: RemoveWhen) {
    let binding = Binding {
        id: Guid(0xb1),
        workflow: WORKFLOW,
        mapping: vec![("a".to_owned(), "/amount".to_owned())],
        concurrency,
        remove_when,
        enabled: true,
        created: stamp(),
    };
    let bind = Command::SaveBinding {
        binding: Box::new(binding),
        etag: None,
    };
    order(engine, bind).await.unwrap();
}

fn peek<T>(engine: &Engine, view: impl FnOnce(&Queue) -> T) -> T {
    engine.queues.get(QUEUE).unwrap().peek(view).unwrap()
}

/// Waits until the queue is such.
async fn queue_when(engine: &Engine, what: &str, such: impl Fn(&Queue) -> bool) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !peek(engine, &such) {
        let shown = peek(engine, |queue| format!("{queue:?}"));
        assert!(
            tokio::time::Instant::now() < deadline,
            "not {what}: {shown}"
        );
        engine.barrier().await;
    }
}

async fn jobs_when(engine: &Engine, count: usize) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let rows = jobs(engine).await;
        if rows.len() == count {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "still {rows:?}");
        engine.barrier().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_starts_a_job_with_its_part_of_the_body_and_goes_when_that_succeeded() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    make(&engine, 5).await;
    bind(&engine, Concurrency::Serial, RemoveWhen::Succeeded).await;
    put(&engine, &[1, 2]).await;
    put(&engine, &[1, 2]).await;
    jobs_when(&engine, 1).await;
    let row = jobs(&engine).await[0].clone();
    assert_eq!(row.startup, JobStartupType::TaskQueue);
    assert_eq!(row.startup_id, Some(QUEUE.to_string()));
    let given = engine.look_execution(TENANT, row.execution, |execution| {
        let arguments = &execution.jobs()[0].spec.arguments;
        let argument = arguments.iter().find(|it| it.argument.name == "a");
        argument.and_then(|it| it.argument.value.clone())
    });
    assert_eq!(given.await.unwrap().as_deref(), Some("41"));
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let (run, _) = robot.starts().await;
    assert_eq!(robot.reports(run, ResultStatus::Succeeded).await, Ok(()));
    // The next one waited for it.
    let (run, _) = robot.starts().await;
    queue_when(&engine, "rid of the first", |queue| {
        queue.message(Guid(1)).is_none() && queue.runs().len() == 1
    })
    .await;
    assert_eq!(robot.reports(run, ResultStatus::Succeeded).await, Ok(()));
    queue_when(&engine, "empty", |queue| {
        queue.messages_len() == 0 && queue.runs().is_empty()
    })
    .await;
    assert_eq!(jobs(&engine).await.len(), 2);
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_fails_gives_its_message_back_until_that_is_a_dead_letter() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    make(&engine, 2).await;
    bind(&engine, Concurrency::Parallel, RemoveWhen::Succeeded).await;
    put(&engine, &[1]).await;
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    for _ in 0..2 {
        let (run, _) = robot.starts().await;
        assert_eq!(robot.reports(run, ResultStatus::Failed).await, Ok(()));
    }
    queue_when(&engine, "dead", |queue| {
        let message = queue.message(Guid(1));
        message.is_some_and(|it| matches!(it.state, MessageState::Dead { .. }))
    })
    .await;
    assert_eq!(jobs(&engine).await.len(), 2);
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_while_a_robot_works_starts_nothing_twice_and_forgets_nothing() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    make(&engine, 5).await;
    bind(&engine, Concurrency::Serial, RemoveWhen::Started).await;
    put(&engine, &[1, 2]).await;
    jobs_when(&engine, 1).await;
    queue_when(&engine, "started", |queue| queue.messages_len() == 1).await;
    close(engine).await;

    let engine = open(options(data.path())).await;
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let (run, _) = robot.starts().await;
    assert_eq!(jobs(&engine).await.len(), 1, "the same work is one job");
    assert_eq!(robot.reports(run, ResultStatus::Succeeded).await, Ok(()));
    robot.starts().await;
    assert_eq!(jobs(&engine).await.len(), 2);
    queue_when(&engine, "empty", |queue| queue.messages_len() == 0).await;
    close(engine).await;
    // A queue that is deleted does not come back.
    let engine = open(options(data.path())).await;
    assert_eq!(peek(&engine, |queue| queue.runs().len()), 1);
    order(&engine, Command::Delete).await.unwrap();
    close(engine).await;
    let engine = open(options(data.path())).await;
    assert!(engine.queues.get(QUEUE).is_none());
    let gone = order(&engine, Command::Delete).await;
    assert!(matches!(gone, Err(Failure::Queue(Refusal::UnknownQueue))));
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_one_array_are_run_in_its_order_over_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    make(&engine, 5).await;
    bind(&engine, Concurrency::Parallel, RemoveWhen::Succeeded).await;
    let ids = [31, 7, 19, 2, 23, 5, 11, 3];
    put(&engine, &ids).await;
    jobs_when(&engine, ids.len()).await;
    close(engine).await;
    let engine = open(options(data.path())).await;
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let mut order = Vec::new();
    for _ in ids {
        let (run, job) = robot.starts().await;
        let execution = engine.execution_of_job(job).await.unwrap().unwrap();
        let subject = engine.look_execution(TENANT, execution, |execution| {
            execution.jobs()[0].spec.subject.id.clone()
        });
        order.push(subject.await.unwrap().unwrap());
        assert_eq!(robot.reports(run, ResultStatus::Succeeded).await, Ok(()));
    }
    assert_eq!(order, ids.map(|id| Guid(id).to_string()));
    close(engine).await;
}

/// Waits until the binding starts nothing, and no message has been delivered in vain.
async fn stalled(engine: &Engine, messages: usize) -> String {
    queue_when(engine, "given back", |queue| {
        let untouched = |it: &&rpa::queue::Message| it.deliveries == 0;
        queue.runs().is_empty() && queue.messages().filter(untouched).count() == messages
    })
    .await;
    let cell = engine.queues.get(QUEUE).unwrap();
    cell.stall(Guid(0xb1)).unwrap().why
}

#[tokio::test(flavor = "multi_thread")]
async fn a_binding_that_cannot_start_its_workflow_says_why_and_keeps_its_messages() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    make(&engine, 1).await;
    let retarget = |queue| Action::ChangeWorkflow {
        id: WORKFLOW,
        etag: None,
        settings: WorkflowSettings {
            queue: Some(queue),
            ..WorkflowSettings::default()
        },
    };
    change(&engine, retarget(Guid::NIL)).await.unwrap();
    bind(&engine, Concurrency::Parallel, RemoveWhen::Started).await;
    put(&engine, &[1, 2, 3]).await;
    queue_when(&engine, "tried", |_| {
        let cell = engine.queues.get(QUEUE).unwrap();
        cell.stall(Guid(0xb1)).is_some()
    })
    .await;
    let why = stalled(&engine, 3).await;
    assert!(why.contains("neither a robot group nor robots"), "{why}");
    // What is put right goes on by itself.
    change(&engine, retarget(GROUP)).await.unwrap();
    jobs_when(&engine, 3).await;
    queue_when(&engine, "empty", |queue| queue.messages_len() == 0).await;
    let cell = engine.queues.get(QUEUE).unwrap();
    assert_eq!(cell.stall(Guid(0xb1)), None);
    // A workflow that is gone comes back for no message, and a binding that is changed tries at once.
    change(&engine, Action::DeleteWorkflow { id: WORKFLOW })
        .await
        .unwrap();
    put(&engine, &[4, 5]).await;
    queue_when(&engine, "tried", |_| cell.stall(Guid(0xb1)).is_some()).await;
    let why = stalled(&engine, 2).await;
    assert!(why.contains("there is no workflow"), "{why}");
    let again = Action::CreateWorkflow {
        id: Guid(0x6),
        department: DEPARTMENT,
        settings: WorkflowSettings {
            label: LabelSettings {
                name: Some("again".to_owned()),
                ..LabelSettings::default()
            },
            package: Some(Guid(0x50)),
            queue: Some(GROUP),
            ..WorkflowSettings::default()
        },
    };
    change(&engine, again).await.unwrap();
    let mut binding = peek(&engine, |queue| queue.bindings()[0].clone());
    binding.workflow = Guid(0x6);
    let binding = Box::new(binding);
    let etag = None;
    order(&engine, Command::SaveBinding { binding, etag })
        .await
        .unwrap();
    queue_when(&engine, "empty", |queue| queue.messages_len() == 0).await;
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_waits_for_a_message_and_a_lock_that_is_over_wakes_the_next() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    make(&engine, 5).await;
    let nothing = engine.receive(QUEUE, &[Guid(0x100)], 50, Duration::ZERO);
    assert!(nothing.await.unwrap().is_empty());
    let waiting = engine.clone();
    let waits = tokio::spawn(async move {
        let received = waiting.receive(QUEUE, &[Guid(0x100)], 50, PATIENCE).await;
        received
            .unwrap()
            .into_iter()
            .map(|it| it.message.id)
            .collect::<Vec<_>>()
    });
    put(&engine, &[1]).await;
    assert_eq!(waits.await.unwrap(), [Guid(1)]);
    let next = engine
        .receive(QUEUE, &[Guid(0x200)], 60_000, PATIENCE)
        .await;
    let next = next.unwrap();
    assert_eq!(next[0].message.deliveries, 2);
    let complete = |receipt| Command::Complete {
        message: Guid(1),
        receipt: Guid(receipt),
    };
    let late = order(&engine, complete(0x100)).await;
    assert!(matches!(late, Err(Failure::Queue(Refusal::LockLost))));
    order(&engine, complete(0x200)).await.unwrap();
    assert_eq!(peek(&engine, Queue::messages_len), 0);
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_puts_a_message_once_and_it_starts_a_job() {
    let model = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
      xmlns:activiti="http://activiti.org/bpmn" targetNamespace="t">
      <process id="p"><startEvent id="s"/><sequenceFlow id="f1" sourceRef="s" targetRef="tell"/>
      <serviceTask id="tell" activiti:type="queue"><extensionElements>
        <activiti:field name="queue" stringValue="orders"/>
        <activiti:field name="body" expression="${order}"/></extensionElements></serviceTask>
      <sequenceFlow id="f2" sourceRef="tell" targetRef="e"/><endEvent id="e"/></process></definitions>"#;
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    make(&engine, 5).await;
    let file = File {
        name: "p.bpmn".to_owned(),
        bytes: model.as_bytes().into(),
    };
    let deployed = engine.deploy(TENANT, String::new(), vec![file], true);
    deployed.await.unwrap();
    let published = engine.catalog.latest(TENANT, "p").unwrap();
    let order = Value::Map(vec![("amount".to_owned(), Value::Int(7))]);
    let start = Start {
        variables: vec![("order".to_owned(), order.clone())],
        ..Start::new(published.definition.clone())
    };
    let root = engine.start(start, |root, _| root).await.unwrap();
    queue_when(&engine, "told", |queue| queue.messages_len() == 1).await;
    let body = peek(&engine, |queue| {
        queue.messages().next().map(|it| it.body.clone())
    });
    assert_eq!(body, Some(order));
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while engine.directory.get(root).is_some() {
        assert!(
            tokio::time::Instant::now() < deadline,
            "the process goes on"
        );
        engine.barrier().await;
    }
    bind(&engine, Concurrency::Parallel, RemoveWhen::Started).await;
    jobs_when(&engine, 1).await;
    close(engine).await;
}
