//! The audit rows of what was executed by hand: there after a crash, each once.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on fails")]

use super::{
    no_retries,
    world::{
        GROUP, TENANT, WORKFLOW, close, crashed, execute, execute_of, furnish, jobs, open, options,
    },
};
use actors::{
    Engine,
    archive::{AuditFilter, Audited},
    executions::trail,
};
use rpa::{
    Guid,
    execution::{Execution, Startup},
    registry::{Target, plan::Overrides},
    terms::{JobExecutionPolicy, JobStartupType, Stamp},
};

async fn rows(engine: &Engine) -> Vec<Audited> {
    let (sender, kept) = tokio::sync::oneshot::channel();
    let tell = Box::new(move || sender.send(()).unwrap_or_default());
    engine.keeper.after_audit(tell);
    kept.await.unwrap();
    let filter = AuditFilter {
        tenant: TENANT,
        ascending: true,
        limit: 100,
        ..AuditFilter::default()
    };
    let found = engine.archived(move |archive| archive.audit(&filter));
    found.await.unwrap().1
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execute_whose_row_a_crash_took_has_it_after_the_next_start() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    let waits = execute(&engine, 1, Overrides::default()).await;
    let skipped = Overrides {
        policy: Some(JobExecutionPolicy::SkipWhenNoResource),
        ..Overrides::default()
    };
    execute(&engine, 2, skipped).await;
    // What the server begins by itself is nobody's change.
    let mut by_machine = execute_of(Guid(3), Overrides::default());
    by_machine.startup = Startup {
        kind: JobStartupType::TaskQueue,
        id: Some(GROUP.to_string()),
        name: None,
    };
    by_machine.created = Stamp {
        by: Guid(1),
        ..by_machine.created
    };
    let target = Target::Workflow(WORKFLOW);
    engine.execute(by_machine, target, |_| ()).await.unwrap();
    // A retry has a row of its own, made before it.
    let again = engine.look_execution(TENANT, Guid(2), |execution: &Execution| {
        let job = execution.jobs()[0].spec.id;
        execution.retry(job, Guid(40), super::stamp())
    });
    let again = again.await.unwrap().unwrap();
    engine
        .retry_job(again, Guid(4), TENANT, |_| ())
        .await
        .unwrap();
    assert_eq!(rows(&engine).await, [], "the front end writes them");
    let copy = crashed(&engine, data.path());
    close(engine).await;

    for start in 1..=2 {
        let survivor = open(options(copy.path())).await;
        let found = rows(&survivor).await;
        let ids: Vec<Guid> = found.iter().map(|row| row.entry.id).collect();
        let expected = [Guid(1), Guid(2)].map(trail::row_id);
        assert_eq!(ids, expected, "start {start}");
        let row = &found[0];
        assert!(row.is_answered);
        let entry = &row.entry;
        assert_eq!(
            (entry.action.as_str(), entry.resource_type.as_str()),
            ("execute", "Workflow")
        );
        assert_eq!(entry.resource_id, Some(WORKFLOW.to_string()));
        assert_eq!(
            (entry.actor.clone(), entry.actor_name.as_str()),
            (Guid(0xa).to_string(), "ann")
        );
        assert!(jobs(&survivor).await.iter().any(|row| row.id == waits));
        close(survivor).await;
    }
}
