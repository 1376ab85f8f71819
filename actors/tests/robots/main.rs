//! Robots and their jobs as stories: given away, run, cut, lost, stopped, restarted; nothing lost, nothing done twice.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on fails")]

mod age;
mod deletion;
mod files;
mod order;
mod processes;
mod quarantine;
mod queues;
mod repetitions;
mod schedules;
mod trail;
mod world;

use actors::{
    archive::LogFilter,
    robots::message::{Close, FromRobot, Line, RunRef, ToRobot},
};
use rpa::{
    Guid,
    execution::{AckReason, Claim, ClaimedState, Command, Reject, ResultStatus, Scope, Verdict},
    registry::{Action, WorkflowSettings, plan::Overrides},
    terms::{JobExecutionPolicy, JobState},
};
use world::{
    GROUP, Speaker, TENANT, WORKFLOW, change, close, crashed, execute, furnish, job_when, jobs,
    open, options, order, robot_id, stamp,
};

fn no_retries() -> WorkflowSettings {
    WorkflowSettings {
        max_retry_count: Some(0),
        ..WorkflowSettings::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_run_and_is_there_after_a_stop_with_its_log() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    let job = execute(&engine, 1, Overrides::default()).await;
    assert_eq!(jobs(&engine).await[0].state, JobState::Queued);
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let (run, of) = robot.starts().await;
    assert_eq!(of, job);
    job_when(&engine, job, |row| row.state == JobState::Running).await;
    let lines = (1..=3).map(|seq| Line {
        seq,
        at_ms: 1,
        level: "Info".to_owned(),
        kind: "Business".to_owned(),
        message: format!("line {seq}"),
    });
    let logs = FromRobot::Logs {
        run,
        lines: lines.collect(),
    };
    robot.says(logs.clone());
    let acknowledged = ToRobot::AckLogs {
        run: run.run,
        seq: 3,
    };
    assert_eq!(robot.hears().await, acknowledged);
    // Sent again, they are kept once.
    robot.says(logs);
    assert_eq!(robot.hears().await, acknowledged);
    assert_eq!(robot.reports(run, ResultStatus::Succeeded).await, Ok(()));
    job_when(&engine, job, |row| row.state == JobState::Succeeded).await;
    close(engine).await;

    let engine = open(options(data.path())).await;
    let rows = jobs(&engine).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].state, JobState::Succeeded);
    let outcome = engine.look_execution(TENANT, Guid(1), move |execution| {
        execution.run(run.run).map(|(_, job, _)| job.attempts())
    });
    assert_eq!(outcome.await.unwrap(), Some(1));
    let filter = LogFilter {
        limit: 10,
        ..LogFilter::default()
    };
    let logs = engine.archived(move |archive| archive.logs(run.run, &filter));
    let logs: Vec<_> = logs.await.unwrap().into_iter().map(|l| l.message).collect();
    assert_eq!(logs, ["line 3", "line 2", "line 1"]);
    let count = engine.registry.look(|state| {
        let workflow = state.workflow(TENANT, WORKFLOW);
        workflow.map(|workflow| workflow.triggered_count)
    });
    assert_eq!(count, Some(1));
    // A result that comes again is known, also from the archive.
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let again = robot.reports(run, ResultStatus::Succeeded).await;
    assert_eq!(again, Err(AckReason::Duplicate));
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_robot_takes_the_highest_priority_of_all_its_groups_then_the_oldest() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    let priority = |priority| Overrides {
        priority: Some(priority),
        ..Overrides::default()
    };
    let mut expected = Vec::new();
    for (execution, wanted) in [(1, 10), (2, 30), (3, 20), (4, 30)] {
        expected.push((wanted, execute(&engine, execution, priority(wanted)).await));
    }
    let (mut robot, _) = Speaker::connect(&engine, 1, true, Vec::new()).await;
    let mut order = Vec::new();
    for _ in 0..4 {
        let offer = robot.offered().await;
        assert!(offer.assets.is_some(), "the offer is its own start");
        order.push(offer.job);
        let taken = robot.reports(offer.run, ResultStatus::Succeeded).await;
        assert_eq!(taken, Ok(()));
    }
    let jobs = |at: usize| expected[at].1;
    assert_eq!(order, [jobs(1), jobs(3), jobs(2), jobs(0)]);
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_is_cut_or_refused_is_offered_again_with_the_next_fence() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 2, no_retries()).await;
    let job = execute(&engine, 1, Overrides::default()).await;
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let first = robot.offered().await;
    drop(robot);
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let second = robot.offered().await;
    assert_eq!((second.run.run, second.attempt), (first.run.run, 1));
    assert!(second.run.fence > first.run.fence);
    robot.says(FromRobot::Reject {
        run: second.run,
        reason: Reject::Busy,
        message: None,
    });
    // Not the one that refused; the other one.
    let (mut other, _) = Speaker::connect(&engine, 2, false, Vec::new()).await;
    let third = other.offered().await;
    assert_eq!(third.run.run, first.run.run);
    // An accept of an old offer changes nothing.
    robot.says(FromRobot::Accept(second.run));
    assert_eq!(robot.hears().await, ToRobot::Withdraw(second.run));
    other.says(FromRobot::Accept(third.run));
    assert!(matches!(other.hears().await, ToRobot::Start { .. }));
    let stale = robot.reports(second.run, ResultStatus::Succeeded).await;
    assert_eq!(stale, Err(AckReason::Stale));
    assert_eq!(other.reports(third.run, ResultStatus::Failed).await, Ok(()));
    job_when(&engine, job, |row| row.state == JobState::Failed).await;
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_robots_run_uses_up_a_retry_and_its_late_result_is_stale() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    let once = WorkflowSettings {
        max_retry_count: Some(1),
        ..WorkflowSettings::default()
    };
    furnish(&engine, 2, once).await;
    let job = execute(&engine, 1, Overrides::default()).await;
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let (lost, _) = robot.starts().await;
    let (mut other, _) = Speaker::connect(&engine, 2, false, Vec::new()).await;
    drop(robot);
    let offer = other.offered().await;
    assert_eq!((offer.job, offer.attempt), (job, 2));
    assert_ne!(offer.run.run, lost.run);
    other.says(FromRobot::Accept(offer.run));
    assert!(matches!(other.hears().await, ToRobot::Start { .. }));
    let claim = Claim {
        run: lost.run,
        fence: lost.fence,
        state: ClaimedState::Finished,
    };
    let (mut robot, verdicts) = Speaker::connect(&engine, 1, false, vec![claim]).await;
    assert_eq!(verdicts, [(lost, Verdict::Continue)]);
    let late = robot.reports(lost, ResultStatus::Succeeded).await;
    assert_eq!(late, Err(AckReason::Stale));
    let taken = other.reports(offer.run, ResultStatus::Succeeded).await;
    assert_eq!(taken, Ok(()));
    job_when(&engine, job, |row| row.state == JobState::Succeeded).await;
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_robot_still_has_of_an_archived_run_is_not_forgotten() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    let job = execute(&engine, 1, Overrides::default()).await;
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let (run, _) = robot.starts().await;
    assert_eq!(robot.reports(run, ResultStatus::Succeeded).await, Ok(()));
    job_when(&engine, job, |row| row.state == JobState::Succeeded).await;
    archived(&engine).await;
    let claims = |state| {
        let of = |run: RunRef| Claim {
            run: run.run,
            fence: run.fence,
            state,
        };
        let unknown = RunRef {
            run: Guid(0x99),
            fence: 1,
        };
        (unknown, vec![of(run), of(unknown)])
    };
    for (state, verdict) in [
        (ClaimedState::Accepted, Verdict::Forget),
        (ClaimedState::Running, Verdict::Cancel),
        (ClaimedState::Paused, Verdict::Cancel),
        (ClaimedState::Finished, Verdict::Continue),
    ] {
        let (unknown, claims) = claims(state);
        drop(robot);
        let connected = Speaker::connect(&engine, 1, false, claims).await;
        let mut verdicts = connected.1;
        verdicts.sort_by_key(|(of, _)| *of != run);
        assert_eq!(
            verdicts,
            [(run, verdict), (unknown, Verdict::Forget)],
            "{state:?}"
        );
        robot = connected.0;
    }
    // The lines that it has not sent are kept as before.
    for seq in 1..=10 {
        let line = Line {
            seq,
            at_ms: 1,
            level: "Info".to_owned(),
            kind: "Business".to_owned(),
            message: format!("line {seq}"),
        };
        robot.says(FromRobot::Logs {
            run,
            lines: vec![line],
        });
        let acknowledged = ToRobot::AckLogs { run: run.run, seq };
        assert_eq!(robot.hears().await, acknowledged);
    }
    let logs = engine.archived(move |archive| archive.logs_after(run.run, 0, 100));
    assert_eq!(logs.await.unwrap().len(), 10);
    close(engine).await;
}

/// Waits until all that is over has left memory.
async fn archived(engine: &actors::Engine) {
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    while !engine.executions.is_empty() {
        assert!(tokio::time::Instant::now() < deadline, "still in memory");
        engine.barrier().await;
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_over_a_crash_of_the_server() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    let job = execute(&engine, 1, Overrides::default()).await;
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let (run, _) = robot.starts().await;
    let copy = crashed(&engine, data.path());
    let survivor = open(options(copy.path())).await;
    let claim = |state| Claim {
        run: run.run,
        fence: run.fence,
        state,
    };
    let unknown = Claim {
        run: Guid(99),
        fence: 1,
        state: ClaimedState::Running,
    };
    let claims = vec![claim(ClaimedState::Running), unknown];
    let (mut again, mut verdicts) = Speaker::connect(&survivor, 1, false, claims).await;
    verdicts.sort_by_key(|(run, _)| run.run);
    let verdicts: Vec<_> = verdicts.into_iter().map(|(_, verdict)| verdict).collect();
    assert_eq!(verdicts, [Verdict::Forget, Verdict::Continue]);
    let taken = again.reports(run, ResultStatus::Succeeded).await;
    assert_eq!(taken, Ok(()));
    job_when(&survivor, job, |row| row.state == JobState::Succeeded).await;
    close(survivor).await;
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_started_run_that_hello_does_not_name_has_failed() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    let job = execute(&engine, 1, Overrides::default()).await;
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    robot.starts().await;
    let (_second, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    assert_eq!(robot.hears().await, ToRobot::Close(Close::Newer));
    job_when(&engine, job, |row| row.state == JobState::Failed).await;
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_waits_for_the_robot_and_a_pause_for_its_word() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    let job = execute(&engine, 1, Overrides::default()).await;
    let waiting = execute(&engine, 2, Overrides::default()).await;
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let (run, _) = robot.starts().await;
    order(&engine, 1, Command::Pause { job }).await.unwrap();
    assert_eq!(robot.hears().await, ToRobot::Pause(run));
    robot.says(FromRobot::Paused(run));
    job_when(&engine, job, |row| row.state == JobState::Paused).await;
    order(&engine, 1, Command::Resume { job }).await.unwrap();
    assert_eq!(robot.hears().await, ToRobot::Resume(run));
    robot.says(FromRobot::Resumed(run));
    job_when(&engine, job, |row| row.state == JobState::Running).await;
    let cancel = |job| Command::Cancel {
        scope: Scope::Job(job),
        by: stamp(),
        message: None,
        disconnected: Vec::new(),
    };
    order(&engine, 2, cancel(waiting)).await.unwrap();
    job_when(&engine, waiting, |row| row.state == JobState::Cancelled).await;
    order(&engine, 1, cancel(job)).await.unwrap();
    assert!(matches!(robot.hears().await, ToRobot::Cancel { run: of, .. } if of == run));
    assert_eq!(robot.reports(run, ResultStatus::Cancelled).await, Ok(()));
    job_when(&engine, job, |row| row.state == JobState::Cancelled).await;
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_workflow_takes_its_queued_jobs_with_it() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    let job = execute(&engine, 1, Overrides::default()).await;
    let delete = Action::DeleteGroup {
        id: GROUP,
        open_jobs: 0,
    };
    assert!(change(&engine, delete.clone()).await.is_err());
    change(&engine, Action::DeleteWorkflow { id: WORKFLOW })
        .await
        .unwrap();
    job_when(&engine, job, |row| row.state == JobState::Cancelled).await;
    change(&engine, delete).await.unwrap();
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_free_robot_the_policy_may_leave_the_job_out() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    let skip = || Overrides {
        policy: Some(JobExecutionPolicy::SkipWhenNoResource),
        ..Overrides::default()
    };
    let skipped = execute(&engine, 1, skip()).await;
    job_when(&engine, skipped, |row| row.state == JobState::Cancelled).await;
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let taken = execute(&engine, 2, skip()).await;
    let (_, job) = robot.starts().await;
    assert_eq!(job, taken);
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_robot_that_is_deleted_or_gets_a_new_secret_is_cut_off() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let delete = Action::DeleteRobot {
        id: robot_id(1),
        connected: false,
        open_jobs: 0,
    };
    let refused = change(&engine, delete).await;
    assert!(refused.is_err(), "it is connected: {refused:?}");
    engine.robots.evict(robot_id(1));
    assert_eq!(robot.hears().await, ToRobot::Close(Close::Secret));
    close(engine).await;
}
