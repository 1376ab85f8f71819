//! Executions that cannot be decided any more: set aside alone, and whole again after a start.

use crate::{
    no_retries,
    world::{Speaker, TENANT, close, execute, furnish, job_when, open, options},
};
use actors::{
    Failure,
    archive::LogFilter,
    robots::message::{FromRobot, Line, ToRobot},
};
use rpa::{
    Guid,
    execution::{Execution, ResultStatus, rows::Rows},
    registry::plan::Overrides,
    terms::JobState,
};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_and_cannot_be_decided_is_set_aside_and_read_again_at_the_next_start() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    let job = execute(&engine, 1, Overrides::default()).await;
    // It says that something is due, and does nothing about it.
    let mut group = engine.jobs.read().group(Guid(1)).cloned().unwrap();
    group.due_ms = Some(1);
    let rows = Rows {
        group: Some(group),
        ..Rows::default()
    };
    engine.jobs.write().apply(rows, 0);
    engine.robots.due_changed();
    let state = |execution: &Execution| execution.jobs()[0].state();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while engine.look_execution(TENANT, Guid(1), state).await.is_ok() {
        assert!(tokio::time::Instant::now() < deadline, "still asked");
        engine.barrier().await;
    }
    let looked = engine.look_execution(TENANT, Guid(1), state).await;
    assert!(matches!(looked, Err(Failure::Quarantined(_))), "{looked:?}");
    engine.barrier().await;
    assert!(engine.jobs.read().due(i64::MAX).is_empty());
    // No robot is asked for its job, and others are run.
    let other = execute(&engine, 2, Overrides::default()).await;
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let (run, of) = robot.starts().await;
    assert_eq!(of, other);
    assert_eq!(robot.reports(run, ResultStatus::Succeeded).await, Ok(()));
    drop(robot);
    close(engine).await;

    let engine = open(options(data.path())).await;
    job_when(&engine, job, |row| row.waiting).await;
    let looked = engine.look_execution(TENANT, Guid(1), state).await;
    assert_eq!(looked.unwrap(), JobState::Queued);
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_what_is_set_aside_are_kept_before_they_are_acknowledged() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    execute(&engine, 1, Overrides::default()).await;
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let (run, _) = robot.starts().await;
    let cell = engine.executions.get(Guid(1)).unwrap();
    cell.set_aside(engine.core(), "it cannot be read");
    engine.barrier().await;
    let line = Line {
        seq: 1,
        at_ms: 1,
        level: "Info".to_owned(),
        kind: "Business".to_owned(),
        message: "hello".to_owned(),
    };
    robot.says(FromRobot::Logs {
        run,
        lines: vec![line],
    });
    let acknowledged = ToRobot::AckLogs {
        run: run.run,
        seq: 1,
    };
    assert_eq!(robot.hears().await, acknowledged);
    let filter = LogFilter {
        limit: 10,
        ..LogFilter::default()
    };
    let kept = engine.archived(move |archive| archive.logs(run.run, &filter));
    let kept = kept.await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].message, "hello");
    close(engine).await;
}
