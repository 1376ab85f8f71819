//! `kill -9` while clients write at full speed: what was answered is there afterwards, and nothing is half done.
//!
//! Owns: the cycles. Never: proves fdatasync; a killed process keeps what it wrote, the tests of the journal lose more.
//!
//! `LOOMWORK_CRASH_CYCLES=200 cargo test --release --test crash -- --nocapture` runs 200 cycles; `LOOMWORK_CRASH_SEED`
//! repeats the choices of an earlier run.
//!
//! ```text
//!  writers: start, change two variables at once, complete ─▶ after N answers: kill -9 ─▶ start again ─▶ compare
//! ```

#[path = "../support/mod.rs"]
mod support;
mod witness;
mod writer;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
    mpsc,
};
use support::{Random, Server, Setup, models};
use witness::Witness;
use writer::{Fate, Writer};

/// Cycles without `LOOMWORK_CRASH_CYCLES`.
const CYCLES: usize = 30;
/// Connections that write at a time.
const WRITERS: usize = 6;
/// Answers after which the kill comes, at most.
const ANSWERS: usize = 600;

#[test]
fn every_answered_write_survives_kill_9_and_nothing_is_half_done() {
    let cycles = match std::env::var("LOOMWORK_CRASH_CYCLES") {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("LOOMWORK_CRASH_CYCLES is not a number: {text}")),
        Err(_) => CYCLES,
    };
    let mut random = Random::from_env("LOOMWORK_CRASH_SEED");
    // Small segments and frequent snapshots, so that kills fall into both.
    let setup = Setup::new()
        .set("journal", "segment_bytes", "\"1MiB\"")
        .set("snapshots", "journal_bytes", "\"2MiB\"")
        .set("snapshots", "every", "\"1s\"");
    let mut server = Server::start(setup);
    server
        .client()
        .deploy("work.bpmn", &models::one_task("work"));
    let mut witness = Witness::default();
    for cycle in 0..cycles {
        let answers = 1 + random.below(ANSWERS);
        let fates = write_until_killed(&mut server, cycle, answers, &mut random);
        server.start_again();
        witness.compare(&mut server.client(), fates);
    }
    witness.compare_everything(&mut server.client());
    println!("{cycles} cycles: {witness}");
    assert!(witness.starts > 0 && witness.completions > 0 && witness.changes > 0);
    let status = server.stop();
    assert!(status.success(), "SIGTERM ended it with {status}");
}

/// Lets all writers write, kills the server after so many answers, and says what each writer knows.
fn write_until_killed(
    server: &mut Server,
    cycle: usize,
    answers: usize,
    random: &mut Random,
) -> Vec<Fate> {
    let answered = Arc::new(AtomicUsize::new(0));
    let (enough, killed) = mpsc::channel();
    let writers: Vec<_> = (0..WRITERS)
        .map(|number| {
            let writer = Writer::new(
                server.client(),
                format!("{cycle}-{number}"),
                Random::new(random.next()),
            );
            let (answered, enough) = (Arc::clone(&answered), enough.clone());
            std::thread::spawn(move || {
                writer.write_until_cut(|| {
                    if answered.fetch_add(1, Ordering::Relaxed) + 1 == answers {
                        // The main thread may be gone only when the test has failed already.
                        let _ = enough.send(());
                    }
                })
            })
        })
        .collect();
    drop(enough);
    killed
        .recv()
        .unwrap_or_else(|_| panic!("the writers stopped before {answers} answers"));
    server.kill();
    let fates = writers.into_iter().map(|writer| match writer.join() {
        Ok(fates) => fates,
        Err(_) => panic!("a writer failed"),
    });
    fates.flatten().collect()
}
