//! In which order jobs are given away, whatever their ids and over restarts; and that a log is whole at its run's end.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on fails")]

use super::{
    no_retries,
    world::{Speaker, TENANT, close, crashed, execute, furnish, job_when, open, options},
};
use actors::{
    Engine,
    robots::message::{FromRobot, Line},
};
use rpa::{
    Guid,
    execution::{ResultStatus, RunResult},
    registry::plan::Overrides,
    terms::JobState,
};
use std::time::Duration;

/// The jobs that a robot gets, one after the other.
async fn given(engine: &Engine, count: usize) -> Vec<Guid> {
    let (mut robot, _) = Speaker::connect(engine, 1, false, Vec::new()).await;
    let mut given = Vec::new();
    for _ in 0..count {
        let (run, job) = robot.starts().await;
        given.push(job);
        assert_eq!(robot.reports(run, ResultStatus::Succeeded).await, Ok(()));
    }
    given
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_one_instant_are_given_away_as_they_were_made_over_stops_and_crashes() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    // All of one millisecond; ids tell nothing.
    let mut made = Vec::new();
    for execution in [9, 2, 7] {
        made.push(execute(&engine, execution, Overrides::default()).await);
    }
    close(engine).await;
    // From the snapshot of a stop, and what the journal has behind it.
    let engine = open(options(data.path())).await;
    for execution in [4, 8, 1] {
        made.push(execute(&engine, execution, Overrides::default()).await);
    }
    let copy = crashed(&engine, data.path());
    let survivor = open(options(copy.path())).await;
    assert_eq!(given(&survivor, 6).await, made);
    close(survivor).await;
    assert_eq!(given(&engine, 6).await, made);
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_seen_a_run_end_reads_all_lines_that_came_before() {
    const BATCHES: u64 = 100;
    const LINES: u64 = 200;
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    let job = execute(&engine, 1, Overrides::default()).await;
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let (run, _) = robot.starts().await;
    for batch in 0..BATCHES {
        let lines = (1..=LINES).map(|line| Line {
            seq: batch * LINES + line,
            at_ms: 1,
            level: "Info".to_owned(),
            kind: "Business".to_owned(),
            message: "a line of a log that is long".to_owned(),
        });
        robot.says(FromRobot::Logs {
            run,
            lines: lines.collect(),
        });
    }
    robot.says(FromRobot::Result {
        run,
        result: RunResult::of(ResultStatus::Succeeded),
    });
    engine.await_job(job, Duration::from_secs(20)).await;
    job_when(&engine, job, |row| row.state == JobState::Succeeded).await;
    engine.lines_kept(TENANT, run.run).await.unwrap();
    let all = BATCHES * LINES;
    let read = engine.archived(move |archive| archive.logs_after(run.run, 0, 2 * all as usize));
    assert_eq!(read.await.unwrap().len() as u64, all);
    // With nothing on its way nobody waits.
    engine.lines_kept(TENANT, run.run).await.unwrap();
    close(engine).await;
}
