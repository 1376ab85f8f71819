//! What is older than it is kept goes as a whole: the job group, its jobs, runs and log lines.

use crate::world::{Speaker, TENANT, close, execute, furnish, job_when, open, options};
use actors::archive::{Archive, LogEntry, LogFilter};
use rpa::{
    Guid,
    execution::ResultStatus,
    registry::{WorkflowSettings, plan::Overrides},
    terms::JobState,
};

fn line(run: Guid) -> LogEntry {
    LogEntry {
        run,
        seq: 1,
        at_ms: 1,
        level: "Info".to_owned(),
        kind: "System".to_owned(),
        robot: Guid(9),
        message: "a line".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_job_group_goes_with_its_logs_and_a_younger_one_stays() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, WorkflowSettings::default()).await;
    let (mut robot, _) = Speaker::connect(&engine, 1, true, Vec::new()).await;
    let (mut ended, mut lines) = (Vec::new(), Vec::new());
    for execution in [1, 2] {
        let job = execute(&engine, execution, Overrides::default()).await;
        let (run, _) = robot.starts().await;
        assert_eq!(robot.reports(run, ResultStatus::Succeeded).await, Ok(()));
        job_when(&engine, job, |row| row.state == JobState::Succeeded).await;
        let whole = engine.look_execution(TENANT, Guid(execution), Clone::clone);
        ended.push(whole.await.unwrap());
        lines.push(line(run.run));
    }
    close(engine).await;
    let archive = Archive::open(&data.path().join("age.db")).unwrap();
    archive.keep(&ended, &lines, &[]).unwrap();
    // One at a time: the older end goes first.
    for left in [[0, 1], [0, 0]] {
        assert_eq!(archive.delete_executions_before(i64::MAX, 1).unwrap(), 1);
        for (n, left) in left.into_iter().enumerate() {
            let filter = LogFilter {
                limit: 10,
                ..LogFilter::default()
            };
            let run = lines[n].run;
            assert_eq!(archive.logs(run, &filter).unwrap().len(), left);
            let is_there = archive.execution_of_run(run).unwrap().is_some();
            assert_eq!(is_there, left == 1);
            let found = archive.execution(ended[n].id()).unwrap();
            assert_eq!(found.is_some(), left == 1);
        }
    }
    assert_eq!(archive.delete_executions_before(i64::MAX, 1).unwrap(), 0);
}
