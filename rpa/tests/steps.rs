//! Stories of executions with several jobs: layouts step by step, values passed on, failures, several robots at once.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on fails")]

mod support;

use expect_test::{Expect, expect};
use rpa::{
    Guid,
    argument::Source,
    execution::{Command, Effect, NewJob, OnFailure, Owner, Refusal, ResultStatus, Scope},
    terms::{Direction, JobState},
};
use support::{World, argument, new_job, stamp, start};

fn check(world: &World, expected: &Expect) {
    expected.assert_eq(&world.text());
}

fn layout(on_failure: OnFailure) -> World {
    let jobs = (1..=3).map(|n| new_job(n, n as u32 - 1, 0)).collect();
    World::started(start(jobs, on_failure))
}

fn states(world: &World) -> Vec<JobState> {
    world
        .execution
        .jobs()
        .iter()
        .map(|job| job.state())
        .collect()
}

#[test]
fn the_nodes_of_a_layout_run_one_after_the_other() {
    let mut world = layout(OnFailure::CancelLaterSteps);
    check(
        &world,
        &expect![[r#"
        execution 000e step 0
         job 1 [1] Queued waiting retried 0/0
         job 2 [2] Queued blocked retried 0/0
         job 3 [3] Queued blocked retried 0/0
    "#]],
    );
    assert_eq!(world.try_offer(2, 1, false), Err(Refusal::NotWaiting));
    world.begin(1, 1).result(1, 1, ResultStatus::Succeeded);
    world.begin(2, 2).result(2, 2, ResultStatus::Succeeded);
    check(
        &world,
        &expect![[r#"
        execution 000e step 2
         job 1 [1] Succeeded ended retried 0/0
          run 0102 Succeeded by r1 fence 1 by-Result exit 0
         job 2 [2] Succeeded ended retried 0/0
          run 0103 Succeeded by r2 fence 1 by-Result exit 0
         job 3 [3] Queued waiting retried 0/0
    "#]],
    );
    world.begin(3, 1).result(3, 1, ResultStatus::Succeeded);
    assert_eq!(world.effects.last(), Some(&Effect::Ended));
    check(
        &world,
        &expect![[r#"
        execution 000e step 2 ended
         job 1 [1] Succeeded ended retried 0/0
          run 0102 Succeeded by r1 fence 1 by-Result exit 0
         job 2 [2] Succeeded ended retried 0/0
          run 0103 Succeeded by r2 fence 1 by-Result exit 0
         job 3 [3] Succeeded ended retried 0/0
          run 0104 Succeeded by r1 fence 1 by-Result exit 0
    "#]],
    );
}

#[test]
fn a_failed_node_cancels_the_rest_unless_the_layout_says_otherwise() {
    let mut world = layout(OnFailure::CancelLaterSteps);
    world.begin(1, 1).result(1, 1, ResultStatus::Failed);
    check(
        &world,
        &expect![[r#"
        execution 000e step 0 ended
         job 1 [1] Failed ended retried 0/0
          run 0101 Failed by r1 fence 1 by-Result exit 1
         job 2 [2] Cancelled ended retried 0/0 cancel-requested 'an earlier step failed'
         job 3 [3] Cancelled ended retried 0/0 cancel-requested 'an earlier step failed'
    "#]],
    );
    let mut world = layout(OnFailure::Continue);
    world.begin(1, 1).result(1, 1, ResultStatus::Failed);
    check(
        &world,
        &expect![[r#"
        execution 000e step 1
         job 1 [1] Failed ended retried 0/0
          run 0101 Failed by r1 fence 1 by-Result exit 1
         job 2 [2] Queued waiting retried 0/0
         job 3 [3] Queued blocked retried 0/0
    "#]],
    );
}

#[test]
fn a_cancelled_node_cancels_the_rest_in_any_case() {
    for on_failure in [OnFailure::CancelLaterSteps, OnFailure::Continue] {
        let mut world = layout(on_failure);
        world.begin(1, 1).result(1, 1, ResultStatus::Succeeded);
        world.cancel(2).unwrap();
        assert_eq!(
            states(&world),
            [
                JobState::Succeeded,
                JobState::Cancelled,
                JobState::Cancelled
            ]
        );
    }
    let mut world = layout(OnFailure::Continue);
    world.cancel(2).unwrap();
    assert_eq!(
        states(&world),
        [JobState::Queued, JobState::Cancelled, JobState::Queued]
    );
    world.begin(1, 1).result(1, 1, ResultStatus::Succeeded);
    assert_eq!(
        states(&world),
        [
            JobState::Succeeded,
            JobState::Cancelled,
            JobState::Cancelled
        ]
    );
}

#[test]
fn a_whole_layout_is_cancelled_at_once_but_for_what_a_robot_runs() {
    let mut world = layout(OnFailure::Continue);
    world.begin(1, 1);
    let cancel = Command::Cancel {
        scope: Scope::All,
        by: stamp(0),
        message: None,
        disconnected: vec![],
    };
    world.send(cancel.clone()).unwrap();
    check(
        &world,
        &expect![[r#"
        execution 000e step 0
         job 1 [1] Running active retried 0/0 cancel-requested
          run 0101 Running by r1 fence 1 stop Cancelled
         job 2 [2] Cancelled ended retried 0/0 cancel-requested 'cancelled'
         job 3 [3] Cancelled ended retried 0/0 cancel-requested 'cancelled'
    "#]],
    );
    world.result(1, 1, ResultStatus::Cancelled);
    assert!(world.execution.has_ended());
    assert_eq!(world.send(cancel), Err(Refusal::AlreadyEnded));
}

#[test]
fn out_values_of_earlier_nodes_fill_the_in_arguments_that_ask_for_them() {
    let mut jobs: Vec<NewJob> = (1..=3).map(|n| new_job(n, n as u32 - 1, 0)).collect();
    let arguments = vec![
        argument("a", Direction::In, Some("1"), Source::Previous),
        argument("b", Direction::In, Some("2"), Source::Value),
        argument("c", Direction::In, Some("3"), Source::Previous),
        argument("d", Direction::InOut, Some("4"), Source::Previous),
        argument("e", Direction::Out, Some("5"), Source::Previous),
    ];
    jobs[1].arguments.clone_from(&arguments);
    jobs[2].arguments = arguments;
    let mut world = World::started(start(jobs, OnFailure::CancelLaterSteps));
    world.begin(1, 1);
    world.result_with(
        1,
        1,
        ResultStatus::Succeeded,
        &[("a", 10), ("b", 20), ("d", 40), ("e", 50)],
    );
    world.begin(2, 1);
    world.result_with(2, 1, ResultStatus::Succeeded, &[("d", 41), ("a", 99)]);
    let values = |number| {
        let job = world.execution.job_numbered(number).unwrap();
        let values = job
            .spec
            .arguments
            .iter()
            .filter_map(|sourced| sourced.argument.value.clone());
        values.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(values(2), "10 2 3 40 5");
    // What the second node was given it does not give back; what it changed it does.
    assert_eq!(values(3), "10 2 3 41 5");
}

#[test]
fn a_node_with_several_robots_is_over_when_all_have_ended() {
    let mut jobs = vec![new_job(1, 0, 0), new_job(2, 0, 0), new_job(3, 1, 0)];
    jobs[0].robot = Some(Guid(1));
    jobs[1].robot = Some(Guid(2));
    let mut world = World::started(start(jobs, OnFailure::CancelLaterSteps));
    assert_eq!(
        world.try_offer(1, 2, false),
        Err(Refusal::NotWaiting),
        "another robot's"
    );
    world
        .begin(1, 1)
        .begin(2, 2)
        .result(1, 1, ResultStatus::Failed);
    assert_eq!(
        states(&world),
        [JobState::Failed, JobState::Running, JobState::Queued]
    );
    world.result(2, 2, ResultStatus::Succeeded);
    assert_eq!(
        states(&world),
        [JobState::Failed, JobState::Succeeded, JobState::Cancelled]
    );
}

#[test]
fn where_one_failure_ends_all_the_others_are_cancelled() {
    let jobs = (1..=4).map(|n| new_job(n, 0, 0)).collect();
    let mut world = World::started(start(jobs, OnFailure::CancelAll));
    world
        .begin(1, 1)
        .begin(2, 2)
        .offer(3, 3)
        .result(1, 1, ResultStatus::Failed);
    check(
        &world,
        &expect![[r#"
        execution 000e step 0
         job 1 [1] Failed ended retried 0/0
          run 0101 Failed by r1 fence 1 by-Result exit 1
         job 2 [1] Running active retried 0/0 cancel-requested
          run 0102 Running by r2 fence 1 stop Cancelled
         job 3 [1] Cancelled ended retried 0/0 cancel-requested 'another job of the same task did not succeed'
          run 0103 Cancelled by r3 fence 1 by-Cancelled 'another job of the same task did not succeed'
         job 4 [1] Cancelled ended retried 0/0 cancel-requested 'another job of the same task did not succeed'
    "#]],
    );
    world.result(2, 2, ResultStatus::Cancelled);
    assert!(world.execution.has_ended());
}

#[test]
fn a_lost_robot_that_had_two_jobs_ends_the_one_and_with_it_the_other() {
    let jobs = (1..=2).map(|n| new_job(n, 0, 0)).collect();
    let mut world = World::started(start(jobs, OnFailure::CancelAll));
    world.begin(1, 1).offer(2, 1);
    world.send(Command::Lose { robot: Guid(1) }).unwrap();
    assert_eq!(states(&world), [JobState::Failed, JobState::Cancelled]);
    assert!(world.execution.has_ended());
}

#[test]
fn a_job_without_a_free_robot_is_left_out_from_the_beginning() {
    let mut jobs = vec![new_job(1, 0, 0), new_job(2, 1, 0)];
    jobs[0].skipped = true;
    for (on_failure, expected) in [
        (
            OnFailure::CancelLaterSteps,
            [JobState::Cancelled, JobState::Cancelled],
        ),
        (OnFailure::Continue, [JobState::Cancelled, JobState::Queued]),
    ] {
        let world = World::started(start(jobs.clone(), on_failure));
        assert_eq!(states(&world), expected);
        let message = world.execution.jobs()[0].message.as_deref();
        assert_eq!(message, Some("no robot was available"));
    }
}

#[test]
fn an_activity_that_waits_is_told_until_it_knows() {
    let mut start = start(vec![new_job(1, 0, 0)], OnFailure::CancelAll);
    start.activity = Some(codec::RootId(1).child(7));
    let mut world = World::started(start);
    world.begin(1, 1).result(1, 1, ResultStatus::Succeeded);
    assert_eq!(world.execution.outstanding(), [Effect::Ended]);
    assert!(!world.execution.is_finished());
    world.send(Command::Acknowledge).unwrap();
    assert!(world.execution.is_finished());
    assert_eq!(world.execution.outstanding(), []);
    assert_eq!(world.send(Command::Acknowledge).unwrap().events, []);
}

#[test]
fn an_ended_job_can_be_repeated_with_what_it_was_given() {
    let mut world = layout(OnFailure::CancelLaterSteps);
    let job = world.job(1);
    assert_eq!(
        world.execution.retry(job, Guid(0x99), stamp(5)),
        Err(Refusal::NotEnded)
    );
    world.begin(1, 1).result(1, 1, ResultStatus::Failed);
    let again = world.execution.retry(job, Guid(0x99), stamp(5)).unwrap();
    assert_eq!(
        (again.retry_of, again.owner, again.jobs.len()),
        (Some(job), Owner::Workflow(Guid(0x5)), 1)
    );
    assert_eq!(again.jobs[0].package, new_job(1, 0, 0).package);
    let world = World::started(again);
    check(
        &world,
        &expect![[r#"
        execution 000e step 0
         job 1 [1] Queued waiting retried 0/0
    "#]],
    );
}

#[test]
fn an_execution_begins_once_and_with_proper_jobs() {
    let mut world = layout(OnFailure::Continue);
    let again = Command::Start(Box::new(start(vec![new_job(1, 0, 0)], OnFailure::Continue)));
    assert_eq!(world.send(again), Err(Refusal::AlreadyStarted));
    let mut large = new_job(1, 0, 0);
    let value = "x".repeat(rpa::limits::EXECUTION_VALUES_BYTES + 1);
    large.arguments = vec![argument("a", Direction::In, Some(&value), Source::Value)];
    let rows: [(&str, Vec<NewJob>); 5] = [
        ("none", vec![]),
        ("large", vec![large]),
        ("twice", vec![new_job(1, 0, 0), new_job(1, 0, 0)]),
        ("late", vec![new_job(1, 1, 0)]),
        ("gap", vec![new_job(1, 0, 0), new_job(2, 2, 0)]),
    ];
    for (what, jobs) in rows {
        let mut execution = rpa::execution::Execution::new(Guid(1), codec::Tenant(1));
        let command = Command::Start(Box::new(start(jobs, OnFailure::Continue)));
        let refused = rpa::execution::decide(&mut execution, command, 0, &support::TIMES);
        assert!(matches!(refused, Err(Refusal::ImproperJobs(_))), "{what}");
        assert!(execution.start().is_none());
    }
}
