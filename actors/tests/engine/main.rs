//! The engine as a story: started, stopped, opened again, nothing lost, nothing done twice.

mod bounds;
mod damaged;
mod disks;
mod faults;
mod history;
mod removal;
mod support;

use actors::{Failure, message::Remember, message::Rendered};
use bpmn::Command;
use codec::{RootId, Tenant};
use support::{
    archived, close, complete, copy_archive, copy_directory, deploy, open, open_tasks, start,
    start_of,
};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_there_after_a_stop_and_after_a_crash() {
    let data = tempfile::tempdir().expect("a directory");
    let engine = open(data.path()).await;
    deploy(&engine).await;
    let first = start(&engine).await;
    let second = start(&engine).await;
    assert_eq!(open_tasks(&engine).len(), 2);
    close(engine).await;

    // From the snapshot.
    let engine = open(data.path()).await;
    assert_eq!(open_tasks(&engine).len(), 2);
    let third = start(&engine).await;
    let task = open_tasks(&engine)
        .into_iter()
        .find(|task| task.root == first)
        .expect("the first instance's task");
    let completed = engine
        .order(first, complete(task), |applied| applied.instance.is_ended())
        .await;
    assert!(matches!(completed, Ok(true)), "{completed:?}");
    // A crash: copy what is on the disk, without any stop, and open the copy.
    let copy = tempfile::tempdir().expect("a directory");
    for directory in ["journal", "snapshots"] {
        copy_directory(&data.path().join(directory), &copy.path().join(directory));
    }
    copy_archive(&engine, copy.path()).await;
    let survivor = open(copy.path()).await;
    let mut roots: Vec<_> = open_tasks(&survivor).iter().map(|id| id.root).collect();
    roots.sort();
    let mut expected = vec![second, third];
    expected.sort();
    assert_eq!(roots, expected);
    let amount = survivor
        .look(second, |seen| seen.instance.text().contains("amount"))
        .await;
    assert!(matches!(amount, Ok(true)));
    close(survivor).await;
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_instance_is_found_in_the_archive_and_nowhere_else() {
    let data = tempfile::tempdir().expect("a directory");
    let engine = open(data.path()).await;
    deploy(&engine).await;
    let root = start(&engine).await;
    let deleted = engine
        .order(
            root,
            Command::Delete {
                instance: 0,
                reason: Some("enough".to_owned()),
            },
            |_| (),
        )
        .await;
    assert!(deleted.is_ok());
    archived(&engine).await;
    assert!(engine.directory.get(root).is_none());
    let found = engine.archiver.archive.get(root.instance());
    let (row, _) = found.expect("the archive is read").expect("archived");
    assert_eq!(row.delete_reason.as_deref(), Some("enough"));
    assert_eq!(row.key, "one");
    assert!(matches!(
        engine.look(root, |_| ()).await,
        Err(Failure::NotFound)
    ));
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_gets_its_first_answer_also_after_a_crash() {
    let data = tempfile::tempdir().expect("a directory");
    let engine = open(data.path()).await;
    deploy(&engine).await;
    let request = Remember { key: 1, body: 1 };
    let render = |root: RootId, _: &actors::message::Applied<'_>| Rendered {
        status: 201,
        location: String::new(),
        body: root.to_string().into_bytes(),
    };
    let first = engine
        .start_once(start_of(&engine), request, render)
        .await
        .expect("started");
    let again = engine
        .start_once(start_of(&engine), request, render)
        .await
        .expect("answered again");
    assert_eq!(first.body, again.body);
    let other = Remember { key: 1, body: 2 };
    let conflict = engine.start_once(start_of(&engine), other, render).await;
    assert!(matches!(conflict, Err(Failure::IdempotencyConflict)));
    assert_eq!(open_tasks(&engine).len(), 1);
    let copy = tempfile::tempdir().expect("a directory");
    copy_directory(&data.path().join("journal"), &copy.path().join("journal"));
    copy_archive(&engine, copy.path()).await;
    let survivor = open(copy.path()).await;
    let later = survivor
        .start_once(start_of(&survivor), request, render)
        .await
        .expect("answered again");
    assert_eq!(first.body, later.body);
    assert_eq!(open_tasks(&survivor).len(), 1);
    close(survivor).await;
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn undeploying_with_cascade_takes_instances_and_history_along() {
    let data = tempfile::tempdir().expect("a directory");
    let engine = open(data.path()).await;
    deploy(&engine).await;
    let root = start(&engine).await;
    assert!(matches!(
        engine.undeploy(Tenant(0), 1, false).await,
        Err(Failure::Definitions(
            actors::definitions::Refusal::HasInstances
        ))
    ));
    assert!(engine.undeploy(Tenant(0), 1, true).await.is_ok());
    assert!(open_tasks(&engine).is_empty());
    assert!(engine.catalog.latest(Tenant(0), "one").is_none());
    let found = engine.archiver.archive.get(root.instance());
    assert!(found.expect("the archive is read").is_none());
    let copy = tempfile::tempdir().expect("a directory");
    copy_directory(&data.path().join("journal"), &copy.path().join("journal"));
    copy_archive(&engine, copy.path()).await;
    let survivor = open(copy.path()).await;
    assert!(open_tasks(&survivor).is_empty());
    let found = survivor.archiver.archive.get(root.instance());
    assert!(found.expect("the archive is read").is_none());
    close(survivor).await;
    close(engine).await;
}
