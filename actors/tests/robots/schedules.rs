//! Schedules fire when they are due: once, whatever happens in between.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on fails")]

use crate::world::{
    TENANT, WORKFLOW, change, close, execute_of, furnish, jobs, open, options, stamp,
};
use actors::{Engine, Options};
use rpa::{
    Guid,
    registry::{
        Action, FiringOutcome, LabelSettings, Schedule, ScheduleSettings, Target, WorkflowSettings,
        plan::{self, Overrides},
    },
    schedule::{Rule, execution_of},
    terms::{JobStartupType, Misfire},
};
use std::path::Path;

const SCHEDULE: Guid = Guid(0x5c);
/// Where the manual clock begins: long before any real clock.
const START_MS: i64 = 1_577_836_800_000;
const HOUR_MS: i64 = 3_600_000;

fn manual(data: &Path) -> Options {
    Options {
        manual_clock: true,
        ..options(data)
    }
}

/// An engine whose clock stands at the start, with a workflow that a schedule executes every hour.
async fn scheduled(data: &Path, settings: ScheduleSettings) -> Engine {
    let engine = open(manual(data)).await;
    engine.set_clock(START_MS).await.unwrap();
    furnish(&engine, 1, WorkflowSettings::default()).await;
    let create = Action::CreateSchedule {
        id: SCHEDULE,
        department: crate::world::DEPARTMENT,
        settings: ScheduleSettings {
            label: LabelSettings {
                name: Some("hourly".to_owned()),
                ..LabelSettings::default()
            },
            target: Some(Target::Workflow(WORKFLOW)),
            rule: Some(Rule::Every("PT1H".to_owned())),
            start_ms: Some(START_MS + HOUR_MS),
            ..settings
        },
    };
    change(&engine, create).await.unwrap();
    engine
}

fn look<T>(engine: &Engine, view: impl FnOnce(&Schedule) -> T) -> T {
    engine
        .registry
        .look(|state| view(state.schedule(TENANT, SCHEDULE).unwrap()))
}

fn outcomes(engine: &Engine) -> Vec<(i64, FiringOutcome)> {
    look(engine, |schedule| {
        let firings = schedule.firings.iter();
        let seen = firings.map(|firing| (firing.due_ms - START_MS, firing.outcome.clone()));
        seen.collect()
    })
}

fn executed(hours: i64) -> (i64, FiringOutcome) {
    let execution = execution_of(SCHEDULE, START_MS + hours * HOUR_MS);
    (hours * HOUR_MS, FiringOutcome::Executed(execution))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_firing_is_an_execution_of_its_own_with_the_schedules_values() {
    let data = tempfile::tempdir().unwrap();
    let settings = ScheduleSettings {
        priority: Some(Some(77)),
        ..ScheduleSettings::default()
    };
    let engine = scheduled(data.path(), settings).await;
    engine.set_clock(START_MS + HOUR_MS - 1).await.unwrap();
    assert_eq!(outcomes(&engine), []);
    engine.set_clock(START_MS + 3 * HOUR_MS).await.unwrap();
    assert_eq!(outcomes(&engine), [executed(1), executed(2), executed(3)]);
    let rows = jobs(&engine).await;
    assert_eq!(rows.len(), 3);
    for row in rows {
        assert_eq!(row.priority, 77);
        let view = move |execution: &rpa::execution::Execution| {
            let start = execution.start();
            start.map(|start| (start.startup.clone(), start.created.by))
        };
        let started = engine.look_execution(TENANT, row.execution, view).await;
        let (startup, by) = started.unwrap().unwrap();
        assert_eq!(by, Guid(1), "the machine, whoever made the schedule");
        assert_eq!(startup.kind, JobStartupType::Trigger);
        assert_eq!(startup.id, Some(SCHEDULE.to_string()));
        assert_eq!(startup.name.as_deref(), Some("hourly"));
    }
    let counted = engine.registry.look(|state| {
        let workflow = state.workflow(TENANT, WORKFLOW).unwrap();
        workflow.triggered_count
    });
    assert_eq!(counted, 3);
    close(engine).await;
    // What has fired does not fire again.
    let engine = open(manual(data.path())).await;
    assert!(engine.settle().await.unwrap());
    assert_eq!(jobs(&engine).await.len(), 3);
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_firing_whose_execution_was_durable_before_a_crash_is_only_recorded() {
    let data = tempfile::tempdir().unwrap();
    let engine = scheduled(data.path(), ScheduleSettings::default()).await;
    let due_ms = START_MS + HOUR_MS;
    // What a crash between the two records leaves: the execution, and nothing of the firing.
    let execute = look(&engine, |schedule| {
        plan::firing(schedule, execution_of(SCHEDULE, due_ms), stamp())
    });
    let target = Target::Workflow(WORKFLOW);
    engine.execute(execute, target, |_| ()).await.unwrap();
    close(engine).await;
    let engine = open(manual(data.path())).await;
    engine.set_clock(due_ms).await.unwrap();
    assert_eq!(outcomes(&engine), [executed(1)]);
    assert_eq!(jobs(&engine).await.len(), 1);
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_while_nobody_was_there_runs_once_or_is_skipped() {
    for misfire in [Misfire::Once, Misfire::Skip] {
        let data = tempfile::tempdir().unwrap();
        let settings = ScheduleSettings {
            misfire: Some(misfire),
            ..ScheduleSettings::default()
        };
        let engine = scheduled(data.path(), settings).await;
        close(engine).await;
        // By the real clock years have passed, and thousands of firings.
        let engine = open(options(data.path())).await;
        assert!(engine.settle().await.unwrap());
        let (expected, count) = match misfire {
            Misfire::Once => (executed(1), 1),
            Misfire::Skip => ((HOUR_MS, FiringOutcome::Skipped), 0),
        };
        assert_eq!(outcomes(&engine), [expected], "{misfire:?}");
        assert_eq!(jobs(&engine).await.len(), count, "{misfire:?}");
        let next_ms = look(&engine, |schedule| schedule.next_ms).unwrap();
        assert!(next_ms > engine.clock.now_ms(), "{misfire:?}");
        close(engine).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_firing_that_is_refused_is_told_and_the_next_one_comes() {
    let data = tempfile::tempdir().unwrap();
    let engine = scheduled(data.path(), ScheduleSettings::default()).await;
    change(&engine, Action::DeleteWorkflow { id: WORKFLOW })
        .await
        .unwrap();
    engine.set_clock(START_MS + 2 * HOUR_MS).await.unwrap();
    let outcomes = outcomes(&engine);
    assert_eq!(outcomes.len(), 2);
    for (_, outcome) in outcomes {
        assert!(matches!(outcome, FiringOutcome::Refused(_)), "{outcome:?}");
    }
    // By hand everything else goes on.
    let refused = engine.execute(
        execute_of(Guid(9), Overrides::default()),
        Target::Workflow(WORKFLOW),
        |_| (),
    );
    assert!(refused.await.is_err());
    close(engine).await;
}
