//! Jobs that are repeated, jobs that are left out, and lists while jobs move: what is there counts once.

use crate::{
    no_retries,
    world::{
        DEPARTMENT, GROUP, Speaker, TENANT, WORKFLOW, change, close, execute, execute_of, furnish,
        job_when, jobs, open, options, stamp,
    },
};
use actors::{
    Engine, Failure,
    executions::{GroupFilter, GroupKey, JobFilter, JobKey, JobOrder, JobPage},
};
use rpa::{
    Guid,
    execution::{Execution, ResultStatus},
    registry::{Action, Kind, LabelSettings, Refusal, Target, plan::Overrides},
    terms::{JobExecutionPolicy, JobState},
};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Repeats a job of an execution; the state of the new one.
pub async fn repeat(
    engine: &Engine,
    execution: u128,
    job: Guid,
    new: u128,
) -> Result<JobState, Failure> {
    let new_job = Guid(new).derive(1);
    let again = move |execution: &Execution| execution.retry(job, new_job, stamp());
    let start = engine.look_execution(TENANT, Guid(execution), again).await;
    let start = start.unwrap().unwrap();
    let view = |execution: &Execution| execution.jobs()[0].state();
    engine.retry_job(start, Guid(new), TENANT, view).await
}

/// Executes with a policy and has a robot end the job well.
pub async fn run_once(engine: &Engine, robot: &mut Speaker, policy: JobExecutionPolicy) -> Guid {
    let overrides = Overrides {
        policy: Some(policy),
        ..Overrides::default()
    };
    let job = execute(engine, 1, overrides).await;
    let (run, _) = robot.starts().await;
    assert_eq!(robot.reports(run, ResultStatus::Succeeded).await, Ok(()));
    job_when(engine, job, |row| row.state == JobState::Succeeded).await;
    job
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_not_repeated_without_its_package() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let job = run_once(&engine, &mut robot, JobExecutionPolicy::AnyTime).await;
    drop(robot);
    for action in [
        Action::DeleteWorkflow { id: WORKFLOW },
        Action::DeletePackage { id: Guid(0x50) },
    ] {
        change(&engine, action).await.unwrap();
    }
    let gone = Refusal::UnknownReference {
        kind: Kind::Version,
        id: Guid(0x51),
    };
    let refused = repeat(&engine, 1, job, 2).await;
    assert!(
        matches!(&refused, Err(Failure::Registry(it)) if *it == gone),
        "{refused:?}"
    );
    assert_eq!(jobs(&engine).await.len(), 1, "nothing was begun");
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_not_repeated_in_a_group_that_is_gone() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let job = run_once(&engine, &mut robot, JobExecutionPolicy::AnyTime).await;
    let other = Guid(0x8);
    let group = Action::CreateGroup {
        id: other,
        department: DEPARTMENT,
        label: LabelSettings {
            name: Some("other".to_owned()),
            ..LabelSettings::default()
        },
    };
    change(&engine, group).await.unwrap();
    let retarget = Action::ChangeWorkflow {
        id: WORKFLOW,
        etag: None,
        settings: rpa::registry::WorkflowSettings {
            queue: Some(other),
            ..Default::default()
        },
    };
    change(&engine, retarget).await.unwrap();
    let delete = Action::DeleteGroup {
        id: GROUP,
        open_jobs: 0,
    };
    change(&engine, delete).await.unwrap();
    let refused = repeat(&engine, 1, job, 2).await;
    let gone = Refusal::UnknownReference {
        kind: Kind::Group,
        id: GROUP,
    };
    assert!(
        matches!(&refused, Err(Failure::Registry(it)) if *it == gone),
        "{refused:?}"
    );
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_a_repetition_is_left_out_is_decided_anew() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let job = run_once(&engine, &mut robot, JobExecutionPolicy::SkipWhenNoResource).await;
    let free = |engine: &Engine| engine.jobs.read().has_free_robot(GROUP);
    while !free(&engine) {
        engine.barrier().await;
    }
    let repeated = repeat(&engine, 1, job, 2).await;
    assert_eq!(repeated.unwrap(), JobState::Queued);
    let (run, _) = robot.starts().await;
    // It has something to do: nobody is free for another one.
    let left_out = repeat(&engine, 1, job, 3).await;
    assert_eq!(left_out.unwrap(), JobState::Cancelled);
    assert_eq!(robot.reports(run, ResultStatus::Succeeded).await, Ok(()));
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_executes_at_once_only_one_counts_on_the_one_idle_robot() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    let (_robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let engine = Arc::new(engine);
    let mut many = JoinSet::new();
    for execution in 1..=20 {
        let skip = Overrides {
            policy: Some(JobExecutionPolicy::SkipWhenNoResource),
            ..Overrides::default()
        };
        let (engine, execute) = (Arc::clone(&engine), execute_of(Guid(execution), skip));
        many.spawn(async move {
            let view = |execution: &Execution| execution.jobs()[0].state();
            let target = Target::Workflow(WORKFLOW);
            engine.execute(execute, target, view).await.unwrap()
        });
    }
    let states = many.join_all().await;
    let queued = states.iter().filter(|it| **it == JobState::Queued).count();
    assert_eq!(queued, 1, "{states:?}");
    close(Arc::into_inner(engine).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_show_what_moves_into_the_archive_once_and_nothing_past_their_end() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let job = run_once(&engine, &mut robot, JobExecutionPolicy::AnyTime).await;
    while !engine.executions.is_empty() {
        engine.barrier().await;
    }
    // Memory was read while the job ran; by the time the archive is read, it has ended and stands there.
    let mut stale = jobs(&engine).await;
    stale[0].finished_ms = None;
    stale[0].state = JobState::Running;
    let filter = JobFilter {
        tenant: TENANT,
        ..JobFilter::default()
    };
    let order = JobOrder {
        key: JobKey::CreatedAt,
        descending: true,
    };
    let page = |offset| JobPage { offset, limit: 10 };
    let groups = GroupFilter {
        tenant: TENANT,
        ..GroupFilter::default()
    };
    let group = rpa::execution::rows::GroupRow {
        id: Guid(1),
        tenant: TENANT,
        department: DEPARTMENT,
        owner: rpa::execution::Owner::Workflow(WORKFLOW),
        name: "w".to_owned(),
        created_ms: 1,
        started_ms: None,
        finished_ms: None,
        due_ms: None,
        awaited: false,
    };
    let named = |name: &str, key| GroupFilter {
        name: Some(name.to_owned()),
        key,
        ..groups.clone()
    };
    let found = [
        (named("W", GroupKey::Name), 1),
        (named("w", GroupKey::FinishedAt), 1),
        (named("x", GroupKey::StartedAt), 0),
    ];
    let read = engine.archived(move |archive| {
        let gone = |_| false;
        for (filter, expected) in &found {
            let (count, ids) = archive.groups(filter, page(0), (&[], &gone))?;
            assert_eq!(
                (count, ids.len()),
                (*expected as u64, *expected),
                "{filter:?}"
            );
        }
        let jobs = archive.jobs(&filter, order, page(0), (stale, &gone))?;
        let far = archive.jobs(&filter, order, page(usize::MAX), (Vec::new(), &gone))?;
        let of_groups = archive.groups(&groups, page(0), (&[group], &gone))?;
        let far_groups = archive.groups(&groups, page(usize::MAX), (&[], &gone))?;
        Ok((jobs, far, of_groups, far_groups))
    });
    let (shown, far, of_groups, far_groups) = read.await.unwrap();
    assert_eq!(shown.0, 1);
    assert_eq!(
        (shown.1[0].id, shown.1[0].state),
        (job, JobState::Succeeded)
    );
    assert_eq!((far.0, far.1.len()), (1, 0));
    assert_eq!(of_groups, (1, vec![Guid(1)]));
    assert_eq!(far_groups, (1, Vec::new()));
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn job_groups_that_were_archived_without_their_names_are_found_by_them() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    run_once(&engine, &mut robot, JobExecutionPolicy::AnyTime).await;
    close(engine).await;
    // As schema 4 left it.
    let before =
        "ALTER TABLE executions DROP COLUMN name; ALTER TABLE executions DROP COLUMN started_ms;
        PRAGMA user_version = 4;";
    let history = rusqlite::Connection::open(data.path().join("history.db")).unwrap();
    history.execute_batch(before).unwrap();
    drop(history);
    let engine = open(options(data.path())).await;
    for (name, key, count) in [("W", GroupKey::StartedAt, 1), ("other", GroupKey::Name, 0)] {
        let filter = GroupFilter {
            tenant: TENANT,
            name: Some(name.to_owned()),
            key,
            ..GroupFilter::default()
        };
        let page = JobPage {
            offset: 0,
            limit: 10,
        };
        let (found, _) = engine.list_groups(filter, page).await.unwrap();
        assert_eq!(found, count, "{name}");
    }
    close(engine).await;
}
