//! How what is archived leaves memory, and what waits while a transaction fails.

use super::*;
use crate::archive::tests::{archive, task};
use snapshots::{FileJournal, JournalOptions, MemoryDisk};
use std::sync::mpsc;

#[test]
fn archived_roots_leave_a_few_at_a_time_and_nothing_is_still_before_the_last() {
    let (journal, _) =
        FileJournal::open(Arc::new(MemoryDisk::new()), JournalOptions::default()).expect("opened");
    let queue = Arc::new(CommitQueue::new(1));
    let (_folder, archive) = archive();
    let archiver = Arc::new(Archiver::new(archive, 0));
    let moving = Arc::clone(&archiver.moving);
    let held = Arc::clone(&moving).try_write_owned().expect("free");
    let roots: Vec<RootId> = (0..1_000).map(RootId).collect();
    archiver.waiting.lock().batches_written = 1;
    archiver.leave(&queue, roots.clone(), held);
    let (told, hears) = mpsc::channel();
    let watched = Arc::clone(&moving);
    let publish = move |batch: crate::commit::Batch| {
        for publication in batch.publications {
            let Change::Archived(few) = publication.change else {
                panic!("not what was pushed");
            };
            assert!((1..=LEAVE_AT_ONCE).contains(&few.len()));
            assert!(watched.try_read().is_err());
            told.send(few).expect("awaited");
            publication.answer.expect("the next ones wait")();
        }
    };
    let writer = queue.start_writer(Box::new(journal), publish);
    let mut left = Vec::new();
    while left.len() < roots.len() {
        left.extend(hears.recv().expect("more leave"));
    }
    left.sort_unstable();
    assert_eq!(left, roots);
    // Returns, because they have left.
    archiver.flush();
    assert!(moving.try_read().is_ok());
    queue.close();
    assert!(writer.expect("started").join().is_ok());
}

#[test]
fn tasks_wait_in_sight_until_they_are_committed_and_all_go_with_each_transaction() {
    let (_folder, archive) = archive();
    let archiver = Archiver::new(archive, 0);
    let put = |number| {
        archiver.task_backlog.fetch_add(1, Ordering::Relaxed);
        let mut waiting = archiver.waiting.lock();
        waiting.tasks_put += 1;
        waiting.tasks.push(task(1, number));
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
