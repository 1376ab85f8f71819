//! What the journal costs on a real disk: appends, syncs, snapshots, and reading it all back.
//!
//! Owns: the figures that it prints. Must never run in memory only: `LOOMWORK_BENCH_DIR` chooses the directory, by default
//! one under `target`.

use std::error::Error;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use snapshots::{
    Disk, EntityRef, FileJournal, FileSnapshots, Handle, Journal, JournalOptions, Loading,
    RealDisk, Record, SnapshotStore,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What a batch of some 16 starts takes.
const PIECE_BYTES: usize = 10_000;
const PAYLOAD_BYTES: usize = 300;
const ENTITIES: u64 = 1_000_000;
const ENTITY_BYTES: usize = 300;

fn main() -> Outcome<()> {
    let parent = std::env::var_os("LOOMWORK_BENCH_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target"),
        PathBuf::from,
    );
    let root = parent.join(format!("append-{}", std::process::id()));
    let measured = measure(&root);
    std::fs::remove_dir_all(&root)?;
    measured
}

fn measure(root: &std::path::Path) -> Outcome<()> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::new(root)?);
    let (cached, past) = syncs(disk.as_ref())?;
    println!("{PIECE_BYTES} bytes and their fdatasync through the page cache: {cached}");
    println!("the same past it, in alternating windows: {past}");
    let began = Instant::now();
    let (journal, _) = FileJournal::open(Arc::clone(&disk), JournalOptions::default())?;
    println!("first start, preallocating: {:?}", began.elapsed());
    let next = appends(journal)?;
    restart(&disk, next)?;
    snapshot(&disk, next)
}

/// Pieces of one segment after the other, through the cache and past it, in alternating windows.
fn syncs(disk: &dyn Disk) -> Outcome<(String, String)> {
    let mut sides = Vec::new();
    for name in ["probe-cached", "probe-direct"] {
        let file = disk.create(name)?;
        file.preallocate(32 << 20)?;
        let file = match sides.len() {
            0 => file,
            _ => disk.open_appending(name, 0)?,
        };
        sides.push((file, 0u64, Vec::new()));
    }
    for _window in 0..20 {
        for (file, position, times) in &mut sides {
            for _ in 0..100 {
                let began = Instant::now();
                *position += file.write_at(&[1; PIECE_BYTES], *position)? as u64;
                file.sync_data()?;
                times.push(began.elapsed());
            }
        }
    }
    for name in ["probe-cached", "probe-direct"] {
        disk.remove(name)?;
    }
    let mut told = sides.into_iter().map(|(_, _, times)| quantiles(times));
    let both = told.next().zip(told.next());
    both.ok_or_else(|| "two sides".into())
}

fn quantiles(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    format!("p50 {:?}, p99 {:?}, max {:?}", at(0.5), at(0.99), at(1.0))
}

fn batch(size: usize) -> Vec<Record> {
    let record = Record {
        kind: 1,
        version: 1,
        entity: 7,
        payload: vec![0x5a; PAYLOAD_BYTES],
    };
    vec![record; size]
}

fn prepare_until_done(handle: &Handle, done: &std::sync::mpsc::Receiver<()>) {
    use std::sync::mpsc::RecvTimeoutError;
    while done.recv_timeout(Duration::from_millis(5)) == Err(RecvTimeoutError::Timeout) {
        if let Err(error) = handle.prepare_next() {
            eprintln!("preparing: {error}");
        }
    }
}

fn appends(mut journal: FileJournal) -> Outcome<u64> {
    let handle = journal.handle();
    let (finished, done) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(move || prepare_until_done(&handle, &done));
        for (size, rounds) in [(1, 3000), (16, 3000), (64, 3000), (256, 1500), (512, 800)] {
            let batch = batch(size);
            let mut times = Vec::with_capacity(rounds);
            let began = Instant::now();
            for _ in 0..rounds {
                let before = Instant::now();
                journal.append(&batch)?;
                times.push(before.elapsed());
            }
            let rate = (size * rounds) as f64 / began.elapsed().as_secs_f64();
            println!(
                "batches of {size:3}: {rate:8.0} records/s, append {}",
                quantiles(times)
            );
        }
        let million = batch(1000);
        while journal.next_sequence() <= 1_000_000 {
            journal.append(&million)?;
        }
        journal.mark()?;
        drop(finished);
        Ok(journal.next_sequence())
    })
}

fn restart(disk: &Arc<dyn Disk>, next: u64) -> Outcome<()> {
    let began = Instant::now();
    let (journal, report) = FileJournal::open(Arc::clone(disk), JournalOptions::default())?;
    let opened = began.elapsed();
    assert_eq!(report.next_sequence, next);
    let began = Instant::now();
    let mut bytes = 0;
    journal.replay(1, &mut |record| {
        bytes += record.payload.len();
        ControlFlow::Continue(())
    })?;
    let replayed = began.elapsed();
    println!(
        "{} records, {} MB: open (every frame checked) {opened:?}, replay {replayed:?}",
        next - 1,
        bytes / 1_000_000
    );
    Ok(())
}

fn snapshot(disk: &Arc<dyn Disk>, next: u64) -> Outcome<()> {
    let store = FileSnapshots::new(Arc::clone(disk), None);
    let began = Instant::now();
    let mut writer = store.begin(next)?;
    for entity in 0..ENTITIES {
        writer.put(EntityRef {
            entity: entity.into(),
            kind: 1,
            version: 1,
            sequence: next - 1,
            bytes: &[0x33; ENTITY_BYTES],
        })?;
    }
    let info = writer.finish(next - 1)?;
    let written = began.elapsed();
    let began = Instant::now();
    let mut loaded = 0;
    store.load(1, &mut |loading| match loading {
        Loading::Begin(_) => loaded = 0,
        Loading::Entity(_) => loaded += 1,
    })?;
    assert_eq!(loaded, ENTITIES);
    println!(
        "{ENTITIES} entities, {} MB: written {written:?}, loaded {:?}",
        info.bytes / 1_000_000,
        began.elapsed()
    );
    Ok(())
}
