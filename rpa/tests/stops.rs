//! Stories of jobs that are ended or held from outside: cancel, pause, priority, time limit, a deleted workflow.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on fails")]

mod support;

use expect_test::{Expect, expect};
use rpa::{
    Guid,
    execution::{
        ClaimedState, Command, Decision, OnFailure, Refusal, ResultStatus, Scope, Tell, Verdict,
    },
    terms::JobState,
};
use support::{World, new_job, stamp, start};

fn check(world: &World, expected: &Expect) {
    expected.assert_eq(&world.text());
}

fn state(world: &World) -> JobState {
    world.execution.job_numbered(1).unwrap().state()
}

const CANCEL: Tell = Tell::Cancel {
    kill_after_ms: 30_000,
};

#[test]
fn a_queued_job_is_cancelled_at_once() {
    let mut world = World::of_one(3);
    world.cancel(1).unwrap();
    check(
        &world,
        &expect![[r#"
        execution 000e step 0 ended
         job 1 [1] Cancelled ended retried 0/3 cancel-requested 'cancelled'
    "#]],
    );
    assert_eq!(world.cancel(1), Err(Refusal::AlreadyEnded));
    let mut world = World::of_one(3);
    world.offer(1, 1).cancel(1).unwrap();
    assert_eq!(world.told(), [(1, Tell::Withdraw)]);
    check(
        &world,
        &expect![[r#"
        execution 000e step 0 ended
         job 1 [1] Cancelled ended retried 0/3 cancel-requested 'cancelled'
          run 0101 Cancelled by r1 fence 1 by-Cancelled 'cancelled'
    "#]],
    );
}

#[test]
fn a_running_job_is_cancelled_when_the_robot_says_so() {
    let mut world = World::of_one(3);
    world.begin(1, 1).cancel(1).unwrap();
    assert_eq!(world.told(), [(1, CANCEL)]);
    check(
        &world,
        &expect![[r#"
        execution 000e step 0
         job 1 [1] Running active retried 0/3 cancel-requested
          run 0101 Running by r1 fence 1 stop Cancelled
    "#]],
    );
    assert_eq!(
        world.cancel(1),
        Ok(Decision::default()),
        "once more changes nothing"
    );
    world.result(1, 1, ResultStatus::Cancelled);
    check(
        &world,
        &expect![[r#"
        execution 000e step 0 ended
         job 1 [1] Cancelled ended retried 0/3 cancel-requested 'cancelled'
          run 0101 Cancelled by r1 fence 1 by-Result 'cancelled'
    "#]],
    );
}

#[test]
fn a_result_that_comes_before_the_cancel_is_confirmed_wins_and_nothing_is_retried() {
    for (status, expected) in [
        (ResultStatus::Succeeded, JobState::Succeeded),
        (ResultStatus::Failed, JobState::Failed),
        (ResultStatus::Cancelled, JobState::Cancelled),
    ] {
        let mut world = World::of_one(3);
        world.begin(1, 1).cancel(1).unwrap();
        world.result(1, 1, status);
        assert_eq!(state(&world), expected);
    }
}

#[test]
fn a_cancel_does_not_wait_for_ever_nor_for_a_robot_that_is_away() {
    let mut world = World::of_one(3);
    world.begin(1, 1).cancel(1).unwrap();
    world.wait(29_999).tick();
    assert_eq!(state(&world), JobState::Running);
    world.wait(1).tick();
    check(
        &world,
        &expect![[r#"
        execution 000e step 0 ended
         job 1 [1] Cancelled ended retried 0/3 cancel-requested 'cancelled'
          run 0101 Cancelled by r1 fence 1 by-Cancelled 'cancelled'
    "#]],
    );

    let mut world = World::of_one(3);
    world.begin(1, 1).cancel(1).unwrap();
    world.send(Command::Disconnect { robot: Guid(1) }).unwrap();
    assert_eq!(state(&world), JobState::Cancelled);

    let mut world = World::of_one(3);
    world.begin(1, 1);
    let cancel = Command::Cancel {
        scope: Scope::All,
        by: stamp(0),
        message: Some("enough".into()),
        disconnected: vec![Guid(1)],
    };
    world.send(cancel).unwrap();
    check(
        &world,
        &expect![[r#"
        execution 000e step 0 ended
         job 1 [1] Cancelled ended retried 0/3 cancel-requested 'enough'
          run 0101 Cancelled by r1 fence 1 by-Cancelled 'enough'
    "#]],
    );
}

#[test]
fn a_job_that_waits_for_its_retry_is_cancelled_at_once() {
    let mut world = World::of_one(3);
    world
        .begin(1, 1)
        .result(1, 1, ResultStatus::Failed)
        .cancel(1)
        .unwrap();
    check(
        &world,
        &expect![[r#"
        execution 000e step 0 ended
         job 1 [1] Cancelled ended retried 0/3 cancel-requested 'cancelled'
          run 0101 Failed by r1 fence 1 by-Result exit 1
    "#]],
    );
}

#[test]
fn a_robot_may_cancel_its_run_itself() {
    let mut world = World::of_one(3);
    world.begin(1, 1).result(1, 1, ResultStatus::Cancelled);
    assert_eq!(state(&world), JobState::Cancelled);
}

#[test]
fn a_run_is_paused_when_the_robot_says_so_and_goes_on_likewise() {
    let mut world = World::of_one(0);
    let job = world.job(1);
    world.begin(1, 1).send(Command::Pause { job }).unwrap();
    assert_eq!(
        (world.told(), state(&world)),
        (vec![(1, Tell::Pause)], JobState::Running)
    );
    world.paused(1, 1);
    assert_eq!(state(&world), JobState::Paused);
    assert_eq!(world.send(Command::Pause { job }), Err(Refusal::NotRunning));
    world.send(Command::Resume { job }).unwrap();
    assert_eq!(
        (world.told(), state(&world)),
        (vec![(1, Tell::Resume)], JobState::Paused)
    );
    world.resumed(1, 1);
    assert_eq!(state(&world), JobState::Running);
    assert_eq!(world.send(Command::Resume { job }), Err(Refusal::NotPaused));
    world.result(1, 1, ResultStatus::Succeeded);
    check(
        &world,
        &expect![[r#"
        execution 000e step 0 ended
         job 1 [1] Succeeded ended retried 0/0
          run 0101 Succeeded by r1 fence 1 by-Result exit 0
    "#]],
    );
}

#[test]
fn what_a_robot_has_not_confirmed_is_not_so_yet() {
    let mut world = World::of_one(0);
    let job = world.job(1);
    let (pause, resume) = (|| Command::Pause { job }, || Command::Resume { job });
    world.begin(1, 1).send(pause()).unwrap();
    // It runs until the robot says otherwise.
    assert_eq!(world.send(resume()), Err(Refusal::NotPaused));
    world.send(pause()).unwrap();
    world.paused(1, 1).send(resume()).unwrap();
    assert_eq!(world.send(pause()), Err(Refusal::NotRunning));
    world.send(resume()).unwrap();
    world.resumed(1, 1).send(pause()).unwrap();
    assert_eq!(state(&world), JobState::Running);
}

#[test]
fn a_priority_is_not_changed_by_who_has_seen_another_state() {
    let mut world = World::of_one(0);
    let seen = world.execution.job_numbered(1).unwrap().etag();
    let change = |world: &World, priority, etag: &str| Command::SetPriority {
        job: world.job(1),
        priority,
        etag: Some(etag.to_owned()),
        by: stamp(1),
    };
    world.send(change(&world, 7, &seen)).unwrap();
    assert_eq!(world.send(change(&world, 8, &seen)), Err(Refusal::Changed));
    // The word of generated clients says nothing.
    world.send(change(&world, 9, "string")).unwrap();
    assert_eq!(world.execution.job_numbered(1).unwrap().spec.priority, 9);
}

#[test]
fn what_a_robot_did_not_confirm_it_is_asked_again_when_it_comes_back() {
    let mut world = World::of_one(0);
    let job = world.job(1);
    world.begin(1, 1).send(Command::Pause { job }).unwrap();
    world.hello(1, &[(1, ClaimedState::Running)]);
    assert_eq!(
        world.told(),
        [(1, Tell::Verdict(Verdict::Continue)), (1, Tell::Pause)]
    );
    world.hello(1, &[(1, ClaimedState::Paused)]);
    assert_eq!(world.told(), [(1, Tell::Verdict(Verdict::Continue))]);
    assert_eq!(state(&world), JobState::Paused);
}

#[test]
fn what_the_state_does_not_allow_is_refused() {
    let pause = |world: &World| Command::Pause { job: world.job(1) };
    let resume = |world: &World| Command::Resume { job: world.job(1) };
    let urgent = |world: &World| Command::SetPriority {
        job: world.job(1),
        priority: 5000,
        etag: None,
        by: stamp(1),
    };
    type Row = (&'static str, fn(&mut World), [Result<(), Refusal>; 4]);
    let rows: [Row; 5] = [
        (
            "waiting",
            |_| {},
            [
                Err(Refusal::NotRunning),
                Err(Refusal::NotPaused),
                Ok(()),
                Ok(()),
            ],
        ),
        (
            "running",
            |world| {
                world.begin(1, 1);
            },
            [
                Ok(()),
                Err(Refusal::NotPaused),
                Err(Refusal::NotQueued),
                Ok(()),
            ],
        ),
        (
            "paused",
            |world| {
                world.begin(1, 1).paused(1, 1);
            },
            [
                Err(Refusal::NotRunning),
                Ok(()),
                Err(Refusal::NotQueued),
                Ok(()),
            ],
        ),
        (
            "being cancelled",
            |world| {
                world.begin(1, 1).cancel(1).unwrap();
            },
            [
                Err(Refusal::BeingCancelled),
                Err(Refusal::BeingCancelled),
                Err(Refusal::NotQueued),
                Ok(()),
            ],
        ),
        (
            "ended",
            |world| {
                world.cancel(1).unwrap();
            },
            [
                Err(Refusal::NotRunning),
                Err(Refusal::NotPaused),
                Err(Refusal::NotQueued),
                Err(Refusal::AlreadyEnded),
            ],
        ),
    ];
    for (what, prepare, expected) in rows {
        let results = [0, 1, 2, 3].map(|n| {
            let mut world = World::of_one(0);
            prepare(&mut world);
            let command = match n {
                0 => pause(&world),
                1 => resume(&world),
                2 => urgent(&world),
                _ => return world.cancel(1).map(drop),
            };
            world.send(command).map(drop)
        });
        assert_eq!(results, expected, "{what}");
    }
    let mut world = World::of_one(0);
    let unknown = Command::Pause { job: Guid(0xff) };
    assert_eq!(world.send(unknown), Err(Refusal::UnknownJob));
    let priority = Command::SetPriority {
        job: world.job(1),
        priority: 5001,
        etag: None,
        by: stamp(1),
    };
    assert_eq!(world.send(priority), Err(Refusal::ImproperPriority));
}

#[test]
fn a_run_that_takes_too_long_is_stopped_without_counting_its_pauses() {
    let mut job = new_job(1, 0, 0);
    job.max_run_seconds = Some(60);
    let mut world = World::started(start(vec![job], OnFailure::CancelLaterSteps));
    world.begin(1, 1).wait(50_000).paused(1, 1);
    assert_eq!(world.execution.due_ms(), None);
    world.wait(3_600_000).tick().resumed(1, 1);
    assert_eq!(world.execution.due_ms(), Some(world.now_ms + 10_000));
    world.wait(10_000).tick();
    assert_eq!(world.told(), [(1, CANCEL)]);
    check(
        &world,
        &expect![[r#"
        execution 000e step 0
         job 1 [1] Running active retried 0/0
          run 0101 Running by r1 fence 1 stop TimeLimit
    "#]],
    );
    world.result(1, 1, ResultStatus::Cancelled);
    check(
        &world,
        &expect![[r#"
        execution 000e step 0 ended
         job 1 [1] Failed ended retried 0/0 'time limit'
          run 0101 Failed by r1 fence 1 by-Result 'time limit'
    "#]],
    );
}

#[test]
fn a_run_over_its_time_whose_robot_does_not_answer_fails_and_is_retried() {
    let mut job = new_job(1, 0, 1);
    job.max_run_seconds = Some(60);
    let mut world = World::started(start(vec![job], OnFailure::CancelLaterSteps));
    world.begin(1, 1).wait(60_000).tick().wait(30_000).tick();
    check(
        &world,
        &expect![[r#"
        execution 000e step 0
         job 1 [1] Running waiting retried 0/1 'time limit'
          run 0101 Failed by r1 fence 1 by-TimeLimit 'time limit'
    "#]],
    );
}

#[test]
fn a_deleted_workflow_ends_what_waits_and_lets_run_what_runs() {
    let forget = Command::ForgetWorkflow {
        workflow: Guid(0x5),
    };
    let mut world = World::of_one(3);
    world.offer(1, 1).send(forget.clone()).unwrap();
    assert_eq!(world.told(), [(1, Tell::Withdraw)]);
    check(
        &world,
        &expect![[r#"
        execution 000e step 0 ended
         job 1 [1] Cancelled ended retried 0/3 'workflow deleted'
          run 0101 Cancelled by r1 fence 1 by-Cancelled 'workflow deleted'
    "#]],
    );

    let mut world = World::of_one(3);
    world.begin(1, 1).send(forget.clone()).unwrap();
    world.send(forget.clone()).unwrap();
    world.result(1, 1, ResultStatus::Failed);
    check(
        &world,
        &expect![[r#"
        execution 000e step 0 ended
         job 1 [1] Failed ended retried 0/3 no-retry
          run 0101 Failed by r1 fence 1 by-Result exit 1
    "#]],
    );

    let mut world = World::of_one(3);
    world
        .begin(1, 1)
        .result(1, 1, ResultStatus::Failed)
        .send(forget)
        .unwrap();
    check(
        &world,
        &expect![[r#"
        execution 000e step 0 ended
         job 1 [1] Failed ended retried 0/3 'workflow deleted'
          run 0101 Failed by r1 fence 1 by-Result exit 1
    "#]],
    );

    let mut world = World::of_one(3);
    let other = Command::ForgetWorkflow {
        workflow: Guid(0x6),
    };
    assert_eq!(world.send(other), Ok(Decision::default()));
}
