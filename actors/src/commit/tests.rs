//! The order of records, what waits for them, and what leaves when.

use super::*;
use crate::publisher::Change;
use snapshots::{FileJournal, JournalOptions, MemoryDisk};
use std::sync::mpsc;

fn journal() -> Box<dyn Journal> {
    let disk = Arc::new(MemoryDisk::new());
    let (journal, _) = FileJournal::open(disk, JournalOptions::default()).expect("opened");
    Box::new(journal)
}

fn record(number: u8) -> Record {
    Record {
        kind: 1,
        version: 1,
        entity: u128::from(number),
        payload: vec![number],
    }
}

fn answering(sequence: u64, told: &mpsc::Sender<u64>, what: u64) -> Publication {
    let told = told.clone();
    Publication {
        sequence,
        change: Change::None,
        answer: Some(Box::new(move || told.send(what).expect("awaited"))),
        cause: None,
    }
}

#[test]
fn answers_leave_in_the_order_of_decisions_and_only_when_durable() {
    let queue = Arc::new(CommitQueue::new(1));
    let (told, hears) = mpsc::channel();
    // Piled up before the writer runs: two records, a refusal between them, and a record of another thread.
    assert_eq!(queue.push(record(1), |s| answering(s, &told, s)), 1);
    queue.push_barrier(answering(0, &told, 100));
    assert_eq!(queue.push(record(2), |s| answering(s, &told, s)), 2);
    assert_eq!((queue.durable(), queue.backlog()), (0, 3));
    let publishing = Arc::clone(&queue);
    let writer = queue.start_writer(journal(), move |batch| {
        for publication in batch.publications {
            assert!(publication.sequence <= batch.durable);
            assert!(publication.sequence <= publishing.durable());
            publication.answer.expect("somebody waits")();
        }
        publishing.set_published(batch.durable);
    });
    let writer = writer.expect("started");
    let heard: Vec<u64> = (0..3).map(|_| hears.recv().expect("answered")).collect();
    assert_eq!(heard, [1, 100, 2]);
    let (others, told_others) = (Arc::clone(&queue), told.clone());
    let pushing = thread::spawn(move || {
        for number in 0..100 {
            others.push(record(number), |s| answering(s, &told_others, s));
        }
    });
    for number in 0..100 {
        queue.push(record(number), |s| answering(s, &told, s));
    }
    pushing.join().expect("pushed");
    let heard: Vec<u64> = (0..200).map(|_| hears.recv().expect("answered")).collect();
    assert_eq!(heard, (3..203).collect::<Vec<u64>>());
    queue.close();
    writer.join().expect("ended");
    assert_eq!((queue.durable(), queue.last_sequence()), (202, 202));
}

#[test]
fn what_was_pushed_before_the_close_is_written_and_answered() {
    let queue = Arc::new(CommitQueue::new(10));
    let (told, hears) = mpsc::channel();
    assert_eq!(queue.push(record(1), |s| answering(s, &told, s)), 10);
    queue.close();
    let writer = queue.start_writer(journal(), |batch| {
        for publication in batch.publications {
            publication.answer.expect("somebody waits")();
        }
    });
    writer.expect("started").join().expect("ended");
    assert_eq!(hears.recv(), Ok(10));
    assert!(queue.is_closed());
}
