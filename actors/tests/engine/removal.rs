//! Deployments that go while instances of them begin: either the start is first and is seen, or it is refused.

use crate::support::{close, deploy, open, start, start_of};
use actors::{Failure, definitions::Refusal};
use codec::Tenant;
use std::{sync::mpsc, time::Duration};
use tokio::sync::oneshot;

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_comes_after_the_removal_of_its_definition_is_refused() {
    for cascade in [false, true] {
        let data = tempfile::tempdir().expect("a directory");
        let engine = open(data.path()).await;
        deploy(&engine).await;
        let late = start_of(&engine);
        let undeployed = engine.undeploy(Tenant(0), 1, cascade).await;
        assert!(undeployed.is_ok(), "{undeployed:?}");
        let started = engine.start(late, |root, _| root).await;
        let refused = matches!(
            &started,
            Err(Failure::Refused(bpmn::Refusal::UnknownDefinition(_)))
        );
        assert!(refused, "{started:?}");
        assert!(engine.directory.is_empty());
        close(engine).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_start_under_way_keeps_its_definition() {
    let data = tempfile::tempdir().expect("a directory");
    let engine = open(data.path()).await;
    deploy(&engine).await;
    let (release, held) = mpsc::channel();
    let (holding, holds) = oneshot::channel();
    let (starter, first) = (engine.clone(), start_of(&engine));
    let starting = tokio::spawn(async move {
        let view = move |root, _: &actors::message::Applied<'_>| {
            holding.send(()).expect("awaited");
            held.recv().expect("released");
            root
        };
        starter.start(first, view).await
    });
    holds.await.expect("the start is decided");
    let remover = engine.clone();
    let mut removing = tokio::spawn(async move { remover.undeploy(Tenant(0), 1, false).await });
    // It waits for the start, or it has overlooked it.
    let early = tokio::time::timeout(Duration::from_millis(300), &mut removing).await;
    assert!(early.is_err(), "{early:?}");
    release.send(()).expect("held");
    assert!(matches!(starting.await, Ok(Ok(_))));
    let refused = removing.await.expect("not panicked");
    assert!(matches!(
        refused,
        Err(Failure::Definitions(Refusal::HasInstances))
    ));
    start(&engine).await;
    close(engine).await;
}
