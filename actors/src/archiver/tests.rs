//! What waits while a transaction fails.

use super::*;

fn archiver(folder: &std::path::Path) -> Archiver {
    let archive = Archive::open(&folder.join("history.db")).expect("an archive");
    Archiver::new(archive, 0)
}

fn finished(number: u32) -> archive::FinishedTask {
    archive::FinishedTask {
        id: RootId(1).child(number),
        instance: 0,
        tenant: Tenant(0),
        order: u64::from(number),
        definition: DefinitionId(1),
        key: "one".to_owned(),
        activity_id: "t".to_owned(),
        execution: 1,
        name: None,
        description: None,
        assignee: None,
        owner: None,
        delegation: None,
        priority: 50,
        due_ms: None,
        category: None,
        form_key: None,
        parent_task: None,
        business_key: None,
        created_ms: 1,
        claimed_ms: None,
        ended_ms: 2,
        delete_reason: None,
    }
}

#[test]
fn tasks_wait_in_sight_until_they_are_committed_and_all_go_with_each_transaction() {
    let folder = tempfile::tempdir().expect("a directory");
    let archiver = archiver(folder.path());
    let put = |number| {
        archiver.task_backlog.fetch_add(1, Ordering::Relaxed);
        let mut waiting = archiver.waiting.lock();
        waiting.tasks_put += 1;
        waiting.tasks.push(finished(number));
    };
    let numbers = |tasks: &[archive::FinishedTask]| -> Vec<u32> {
        tasks.iter().map(|task| task.id.number).collect()
    };
    let in_sight = || numbers(&archiver.waiting_tasks(|_| true));
    [1, 2].into_iter().for_each(put);
    let batch = archiver.waiting.lock().take();
    put(3);
    assert_eq!(
        (numbers(&batch.tasks), in_sight()),
        (vec![1, 2], vec![1, 2, 3])
    );
    drop(batch);
    // Its transaction failed. A root that has ended since goes with the next one, so its task does.
    let again = archiver.waiting.lock().take();
    put(4);
    assert_eq!(numbers(&again.tasks), [1, 2, 3]);
    assert_eq!((in_sight(), archiver.backlog()), (vec![1, 2, 3, 4], 4));
    archiver.written(&again, Vec::new());
    assert_eq!((in_sight(), archiver.backlog()), (vec![4], 1));
    assert!(archiver.waiting.lock().is_done(0, 3));
    assert!(!archiver.waiting.lock().is_done(0, 4));
    let last = archiver.waiting.lock().take();
    assert_eq!(numbers(&last.tasks), [4]);
    archiver.written(&last, Vec::new());
    assert_eq!((in_sight(), archiver.backlog()), (Vec::new(), 0));
    assert!(archiver.waiting.lock().is_empty());
}
