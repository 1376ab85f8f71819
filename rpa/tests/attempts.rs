//! Stories of attempts: offers, results, retries, lost robots, late and doubled messages.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on fails")]

mod support;

use expect_test::{Expect, expect};
use rpa::{
    Guid,
    execution::{
        AckReason, ClaimedState, Command, Refusal, Reject, ResultStatus, RunResult, Tell, Verdict,
    },
};
use support::World;

fn check(world: &World, expected: &Expect) {
    expected.assert_eq(&world.text());
}

#[test]
fn a_job_is_offered_accepted_and_succeeds() {
    let mut world = World::of_one(3);
    check(
        &world,
        &expect![[r#"
        execution 000e step 0
         job 1 [1] Queued waiting retried 0/3
    "#]],
    );
    world.offer(1, 1);
    assert_eq!(world.told(), [(1, Tell::Offer { auto_accept: false })]);
    check(
        &world,
        &expect![[r#"
        execution 000e step 0
         job 1 [1] Queued offered retried 0/3
          run 0101 Offered by r1 fence 1
    "#]],
    );
    world.accept(1, 1);
    assert_eq!(world.told(), [(1, Tell::Start)]);
    check(
        &world,
        &expect![[r#"
        execution 000e step 0
         job 1 [1] Running active retried 0/3
          run 0101 Running by r1 fence 1
    "#]],
    );
    world.result_with(1, 1, ResultStatus::Succeeded, &[("sum", 42)]);
    assert_eq!(world.told(), [(1, Tell::AckResult(Ok(())))]);
    check(
        &world,
        &expect![[r#"
        execution 000e step 0 ended
         job 1 [1] Succeeded ended retried 0/3
          run 0101 Succeeded by r1 fence 1 by-Result exit 0 sum=42
    "#]],
    );
}

#[test]
fn an_accept_said_twice_is_answered_twice_and_changes_nothing() {
    let mut world = World::of_one(0);
    world.begin(1, 1);
    let before = world.execution.clone();
    world.accept(1, 1);
    assert_eq!(world.told(), [(1, Tell::Start)]);
    assert_eq!(world.execution, before);
}

#[test]
fn a_failed_attempt_is_retried_as_a_new_run_until_none_is_left() {
    let mut world = World::of_one(1);
    world.begin(1, 1).result(1, 1, ResultStatus::Failed);
    check(
        &world,
        &expect![[r#"
        execution 000e step 0
         job 1 [1] Running waiting retried 0/1
          run 0101 Failed by r1 fence 1 by-Result exit 1
    "#]],
    );
    world.begin(1, 2).result(1, 2, ResultStatus::Failed);
    check(
        &world,
        &expect![[r#"
        execution 000e step 0 ended
         job 1 [1] Failed ended retried 1/1
          run 0101 Failed by r1 fence 1 by-Result exit 1
          run 0102 Failed by r2 fence 2 by-Result exit 1
    "#]],
    );
    assert_eq!(world.try_offer(1, 1, false), Err(Refusal::NotWaiting));
}

#[test]
fn an_offer_that_comes_to_nothing_is_no_attempt() {
    let mut world = World::of_one(0);
    world.offer(1, 1).reject(1, 1, Reject::Busy);
    assert_eq!(
        world.try_offer(1, 1, false),
        Err(Refusal::NotWaiting),
        "not before its time"
    );
    world.offer(1, 2).wait(9_999).tick();
    assert_eq!(world.told(), []);
    world.wait(1).tick();
    assert_eq!(world.told(), [(2, Tell::Withdraw)]);
    world
        .offer(1, 3)
        .send(Command::Disconnect { robot: Guid(3) })
        .unwrap();
    check(
        &world,
        &expect![[r#"
        execution 000e step 0
         job 1 [1] Queued waiting retried 0/0
          run 0101 Offered by r3 fence 3
    "#]],
    );
    world
        .wait(30_000)
        .begin(1, 1)
        .result(1, 1, ResultStatus::Succeeded);
    check(
        &world,
        &expect![[r#"
        execution 000e step 0 ended
         job 1 [1] Succeeded ended retried 0/0
          run 0101 Succeeded by r1 fence 4 by-Result exit 0
    "#]],
    );
}

#[test]
fn a_package_that_no_robot_can_run_fails_the_job_without_retry() {
    let mut world = World::of_one(3);
    world.offer(1, 1).reject(1, 1, Reject::Unsupported);
    check(
        &world,
        &expect![[r#"
        execution 000e step 0 ended
         job 1 [1] Failed ended retried 0/3 'the robot cannot run this package'
          run 0101 Failed by r1 fence 1 by-Unsupported 'the robot cannot run this package'
    "#]],
    );
}

#[test]
fn an_accept_of_an_older_offer_is_told_to_forget() {
    let mut world = World::of_one(0);
    world.offer(1, 1);
    let (run, fence) = world.last(1);
    world.send(Command::Disconnect { robot: Guid(1) }).unwrap();
    world.offer(1, 2);
    let robot = Guid(1);
    world.send(Command::Accept { robot, run, fence }).unwrap();
    assert_eq!(world.told(), [(1, Tell::Withdraw)]);
    check(
        &world,
        &expect![[r#"
        execution 000e step 0
         job 1 [1] Queued offered retried 0/0
          run 0101 Offered by r2 fence 2
    "#]],
    );
}

#[test]
fn results_that_come_late_twice_or_from_elsewhere_change_nothing() {
    let mut world = World::of_one(2);
    world.begin(1, 1);
    let (run, fence) = world.last(1);
    let result = |robot, fence, run| Command::ReportResult {
        robot: Guid(robot),
        run,
        fence,
        result: RunResult::of(ResultStatus::Succeeded),
    };
    world.send(Command::Lose { robot: Guid(1) }).unwrap();
    world.begin(1, 2);
    let (second, second_fence) = world.last(1);
    let stale = Tell::AckResult(Err(AckReason::Stale));
    let duplicate = Tell::AckResult(Err(AckReason::Duplicate));
    for (what, command, answer) in [
        ("of a lost attempt", result(1, fence, run), stale),
        ("with an older fence", result(2, fence, second), stale),
        ("from another robot", result(1, second_fence, second), stale),
        (
            "of a run that nobody knows",
            result(1, 1, Guid(0xff)),
            stale,
        ),
        (
            "of the current attempt",
            result(2, second_fence, second),
            Tell::AckResult(Ok(())),
        ),
        ("once more", result(2, second_fence, second), duplicate),
        (
            "of a lost attempt, after the end",
            result(1, fence, run),
            stale,
        ),
    ] {
        world.send(command).unwrap();
        assert_eq!(
            world
                .told()
                .iter()
                .map(|(_, tell)| *tell)
                .collect::<Vec<_>>(),
            [answer],
            "{what}"
        );
    }
    check(
        &world,
        &expect![[r#"
        execution 000e step 0 ended
         job 1 [1] Succeeded ended retried 1/2
          run 0101 Failed by r1 fence 1 by-Lost 'robot lost'
          run 0102 Succeeded by r2 fence 2 by-Result
    "#]],
    );
}

#[test]
fn a_robot_that_takes_everything_has_begun_with_the_offer() {
    let mut world = World::of_one(1);
    world.try_offer(1, 1, true).unwrap();
    assert_eq!(world.told(), [(1, Tell::Offer { auto_accept: true })]);
    world.send(Command::Disconnect { robot: Guid(1) }).unwrap();
    check(
        &world,
        &expect![[r#"
        execution 000e step 0
         job 1 [1] Running active retried 0/1
          run 0101 Running by r1 fence 1
    "#]],
    );
    world.hello(1, &[]);
    check(
        &world,
        &expect![[r#"
        execution 000e step 0
         job 1 [1] Running waiting retried 0/1 'robot restarted'
          run 0101 Failed by r1 fence 1 by-Restarted 'robot restarted'
    "#]],
    );
}

#[test]
fn a_robot_that_comes_back_is_told_what_becomes_of_its_runs() {
    use ClaimedState::{Accepted, Finished, Paused, Running};
    let verdicts =
        |world: &World| -> Vec<Tell> { world.told().into_iter().map(|(_, tell)| tell).collect() };
    let verdict = Tell::Verdict;

    // On offer: its accept was lost, or it never came.
    let mut world = World::of_one(0);
    world.offer(1, 1).hello(1, &[(1, Accepted)]);
    assert_eq!(verdicts(&world), [verdict(Verdict::Start), Tell::Start]);
    let mut world = World::of_one(0);
    world.offer(1, 1).hello(1, &[]);
    check(
        &world,
        &expect![[r#"
        execution 000e step 0
         job 1 [1] Queued waiting retried 0/0
          run 0101 Offered by r1 fence 1
    "#]],
    );

    // Accepted: it runs, or it waits for its start, or its result is on the way.
    for (state, expected) in [
        (Accepted, vec![verdict(Verdict::Start), Tell::Start]),
        (Running, vec![verdict(Verdict::Continue)]),
        (Paused, vec![verdict(Verdict::Continue)]),
        (Finished, vec![verdict(Verdict::Continue)]),
    ] {
        let mut world = World::of_one(0);
        world.begin(1, 1).hello(1, &[(1, state)]);
        assert_eq!(verdicts(&world), expected, "{state:?}");
    }

    // To be cancelled.
    for (state, expected) in [
        (Accepted, verdict(Verdict::Forget)),
        (Running, verdict(Verdict::Cancel)),
        (Paused, verdict(Verdict::Cancel)),
        (Finished, verdict(Verdict::Continue)),
    ] {
        let mut world = World::of_one(0);
        world.begin(1, 1).cancel(1).unwrap();
        world.hello(1, &[(1, state)]);
        assert_eq!(verdicts(&world), [expected], "{state:?}");
    }

    // Lost long ago, and another robot's now.
    for (state, expected) in [
        (Accepted, verdict(Verdict::Forget)),
        (Running, verdict(Verdict::Cancel)),
        (Paused, verdict(Verdict::Cancel)),
        (Finished, verdict(Verdict::Continue)),
    ] {
        let mut world = World::of_one(0);
        world
            .begin(1, 1)
            .send(Command::Lose { robot: Guid(1) })
            .unwrap();
        world.hello(1, &[(1, state)]);
        assert_eq!(verdicts(&world), [expected], "{state:?}");
    }
}

#[test]
fn a_started_run_that_its_robot_no_longer_names_has_failed() {
    let mut world = World::of_one(1);
    world.begin(1, 1).hello(1, &[]);
    check(
        &world,
        &expect![[r#"
        execution 000e step 0
         job 1 [1] Running waiting retried 0/1 'robot restarted'
          run 0101 Failed by r1 fence 1 by-Restarted 'robot restarted'
    "#]],
    );
    world.begin(1, 2).hello(1, &[]);
    assert_eq!(
        world.told(),
        [],
        "another robot's hello says nothing about it"
    );
    check(
        &world,
        &expect![[r#"
        execution 000e step 0
         job 1 [1] Running active retried 1/1
          run 0101 Failed by r1 fence 1 by-Restarted 'robot restarted'
          run 0102 Running by r2 fence 2
    "#]],
    );
}

#[test]
fn a_robot_may_say_much_and_a_part_of_it_is_kept() {
    let mut world = World::of_one(0);
    world.begin(1, 1);
    let (run, fence) = world.last(1);
    let result = RunResult {
        message: Some("é".repeat(100_000)),
        ..RunResult::of(ResultStatus::Failed)
    };
    let robot = Guid(1);
    let report = Command::ReportResult {
        robot,
        run,
        fence,
        result,
    };
    world.send(report).unwrap();
    let message = world.execution.jobs()[0].message.as_ref().unwrap();
    assert_eq!(message.chars().count(), rpa::limits::TEXT_CHARS);
}
