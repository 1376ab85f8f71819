//! What is older than it is kept goes as a whole: the job group, its jobs, runs and log lines.

use crate::world::{Speaker, TENANT, close, execute, furnish, job_when, jobs, open, options};
use actors::{
    archive::LogFilter,
    robots::message::{FromRobot, Line, ToRobot},
};
use rpa::{
    Guid,
    execution::ResultStatus,
    registry::{WorkflowSettings, plan::Overrides},
    terms::JobState,
};

#[tokio::test(flavor = "multi_thread")]
async fn an_old_job_group_goes_with_its_logs_and_a_younger_one_stays() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, WorkflowSettings::default()).await;
    let (mut robot, _) = Speaker::connect(&engine, 1, true, Vec::new()).await;
    let mut runs = Vec::new();
    for execution in [1, 2] {
        let job = execute(&engine, execution, Overrides::default()).await;
        let (run, _) = robot.starts().await;
        let line = Line {
            seq: 1,
            at_ms: 1,
            level: "Info".to_owned(),
            kind: "System".to_owned(),
            message: "a line".to_owned(),
        };
        robot.says(FromRobot::Logs {
            run,
            lines: vec![line],
        });
        assert!(matches!(robot.hears().await, ToRobot::AckLogs { .. }));
        assert_eq!(robot.reports(run, ResultStatus::Succeeded).await, Ok(()));
        job_when(&engine, job, |row| row.state == JobState::Succeeded).await;
        runs.push(run.run);
    }
    close(engine).await;
    let engine = open(options(data.path())).await;
    let younger = jobs(&engine)
        .await
        .into_iter()
        .find(|job| job.execution == Guid(2));
    let younger = younger.unwrap();
    let deleted = engine.archived(move |archive| {
        // One at a time: the older end goes first.
        archive.delete_executions_before(i64::MAX, 1)
    });
    assert_eq!(deleted.await.unwrap(), 1);
    assert_eq!(jobs(&engine).await, [younger]);
    for (run, left) in runs.into_iter().zip([0, 1]) {
        let filter = LogFilter {
            limit: 10,
            ..LogFilter::default()
        };
        let logs = engine.archived(move |archive| archive.logs(run, &filter));
        assert_eq!(logs.await.unwrap().len(), left);
    }
    let gone = engine.look_execution(TENANT, Guid(1), |execution| execution.jobs().len());
    assert!(gone.await.is_err());
    close(engine).await;
}
