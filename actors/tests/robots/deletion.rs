//! A workflow that is deleted: what becomes of its jobs, and of those that are repeated behind it, whenever the server ends.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on fails")]

use crate::{
    no_retries,
    repetitions::{repeat, run_once},
    world::{
        GROUP, Speaker, TENANT, WORKFLOW, change, close, execute, furnish, job_when, jobs, open,
        options,
    },
};
use actors::{Engine, Options};
use rpa::{
    Guid,
    execution::{Claim, ClaimedState, ResultStatus, Verdict},
    registry::{Action, WorkflowSettings, plan::Overrides},
    terms::{JobExecutionPolicy, JobState},
};
use snapshots::{FileJournal, Journal, JournalOptions, RealDisk, Record};
use std::{fs, io::ErrorKind, ops::ControlFlow, path::Path, sync::Arc};
use tempfile::TempDir;

const SEGMENT_BYTES: u64 = 1024 * 1024;

fn small(data: &Path) -> Options {
    Options {
        segment_bytes: SEGMENT_BYTES,
        ..options(data)
    }
}

fn journal(data: &Path) -> FileJournal {
    let options = JournalOptions {
        segment_bytes: SEGMENT_BYTES,
        ..JournalOptions::default()
    };
    let disk = Arc::new(RealDisk::new(data).unwrap());
    FileJournal::open(disk, options).unwrap().0
}

/// All files of a server that runs, as a crash leaves them.
fn crashed(data: &Path) -> TempDir {
    let copied = tempfile::tempdir().unwrap();
    copy(data, copied.path());
    copied
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let (from, name) = file.map(|file| (file.path(), file.file_name())).unwrap();
        if from.is_dir() {
            copy(&from, &to.join(name));
        } else if let Err(error) = fs::copy(&from, to.join(name)) {
            // A segment that is made ready gets its name by a rename.
            assert_eq!(error.kind(), ErrorKind::NotFound, "{}", from.display());
        }
    }
}

fn records(data: &Path) -> Vec<Record> {
    let mut found = Vec::new();
    let mut keep = |record: snapshots::StoredRef<'_>| {
        let stored = record.to_stored();
        found.push(Record {
            kind: stored.kind,
            version: stored.version,
            entity: stored.entity,
            payload: stored.payload,
        });
        ControlFlow::Continue(())
    };
    journal(data).replay(1, &mut keep).unwrap();
    found
}

async fn delete_workflow(engine: &Engine) {
    let gone = Action::DeleteWorkflow { id: WORKFLOW };
    change(engine, gone).await.unwrap();
}

fn is_gone(engine: &Engine) -> bool {
    let found = |state: &rpa::registry::State| state.workflow(TENANT, WORKFLOW).is_none();
    engine.registry.look(found)
}

async fn state_of(engine: &Engine, job: Guid) -> JobState {
    let rows = jobs(engine).await;
    rows.iter().find(|row| row.id == job).unwrap().state
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_the_journal_ends_no_job_of_a_workflow_that_is_gone_waits() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(small(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    let job = execute(&engine, 1, Overrides::default()).await;
    let before = crashed(data.path());
    delete_workflow(&engine).await;
    let written = records(crashed(data.path()).path());
    close(engine).await;
    let mut seen = Vec::new();
    for left in written.len() - 2..=written.len() {
        let data = crashed(before.path());
        fs::remove_dir_all(data.path().join("journal")).unwrap();
        journal(data.path()).append(&written[..left]).unwrap();
        let engine = open(small(data.path())).await;
        seen.push((is_gone(&engine), state_of(&engine, job).await));
        close(engine).await;
    }
    let expected = [
        (false, JobState::Queued),
        (false, JobState::Cancelled),
        (true, JobState::Cancelled),
    ];
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_was_set_aside_when_its_workflow_went_ends_when_it_can_be_read() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(small(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    let job = execute(&engine, 1, Overrides::default()).await;
    let cell = engine.executions.get(Guid(1)).unwrap();
    cell.set_aside(engine.core(), "it cannot be read");
    delete_workflow(&engine).await;
    close(engine).await;
    let engine = open(small(data.path())).await;
    job_when(&engine, job, |row| row.state == JobState::Cancelled).await;
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_repeated_lives_without_its_workflow_through_every_start() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(small(data.path())).await;
    let once_more = WorkflowSettings {
        max_retry_count: Some(1),
        ..WorkflowSettings::default()
    };
    furnish(&engine, 1, once_more).await;
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let job = run_once(&engine, &mut robot, JobExecutionPolicy::AnyTime).await;
    drop(robot);
    delete_workflow(&engine).await;
    while !engine.executions.is_empty() {
        engine.barrier().await;
    }
    let repeated = Guid(2).derive(1);
    assert_eq!(repeat(&engine, 1, job, 2).await.unwrap(), JobState::Queued);
    let group = Action::DeleteGroup {
        id: GROUP,
        open_jobs: 0,
    };
    assert!(change(&engine, group.clone()).await.is_err(), "it is used");
    // Killed while it waits, and stopped while it waits.
    let killed = crashed(data.path());
    close(engine).await;
    for data in [killed.path(), data.path()] {
        let engine = open(small(data)).await;
        engine.barrier().await;
        assert_eq!(state_of(&engine, repeated).await, JobState::Queued);
        close(engine).await;
    }
    // Killed while it runs.
    let engine = open(small(data.path())).await;
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let (run, of) = robot.starts().await;
    assert_eq!(of, repeated);
    job_when(&engine, repeated, |row| row.state == JobState::Running).await;
    let killed = crashed(data.path());
    drop(robot);
    close(engine).await;
    let engine = open(small(killed.path())).await;
    let claim = Claim {
        run: run.run,
        fence: run.fence,
        state: ClaimedState::Running,
    };
    let (mut robot, verdicts) = Speaker::connect(&engine, 1, false, vec![claim]).await;
    assert_eq!(verdicts, [(run, Verdict::Continue)]);
    // It has its retries.
    assert_eq!(robot.reports(run, ResultStatus::Failed).await, Ok(()));
    let (run, _) = robot.starts().await;
    assert_eq!(robot.reports(run, ResultStatus::Succeeded).await, Ok(()));
    job_when(&engine, repeated, |row| row.state == JobState::Succeeded).await;
    drop(robot);
    // So does one that repeats it.
    let state = repeat(&engine, 2, repeated, 3).await;
    assert_eq!(state.unwrap(), JobState::Queued);
    close(engine).await;
    let engine = open(small(killed.path())).await;
    engine.barrier().await;
    assert_eq!(state_of(&engine, Guid(3).derive(1)).await, JobState::Queued);
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_was_repeated_before_goes_with_its_workflow() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(small(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let job = run_once(&engine, &mut robot, JobExecutionPolicy::AnyTime).await;
    drop(robot);
    assert_eq!(repeat(&engine, 1, job, 2).await.unwrap(), JobState::Queued);
    delete_workflow(&engine).await;
    let (before, behind) = (Guid(2).derive(1), Guid(3).derive(1));
    assert_eq!(state_of(&engine, before).await, JobState::Cancelled);
    let state = repeat(&engine, 2, before, 3).await;
    assert_eq!(state.unwrap(), JobState::Queued);
    let killed = crashed(data.path());
    close(engine).await;
    let engine = open(small(killed.path())).await;
    engine.barrier().await;
    assert_eq!(state_of(&engine, before).await, JobState::Cancelled);
    assert_eq!(state_of(&engine, behind).await, JobState::Queued);
    close(engine).await;
}
