//! How fast ended instances go into the archive, each with one finished task of one of 1,000 users, and how fast pages come back.

use actors::archive::{
    Archive, ArchivedInstance, EndState, FinishedTask, InstanceFilter, InstanceRow, TaskFilter,
};
use codec::{DefinitionId, RootId, Tenant};
use std::time::{Duration, Instant};

const COUNT: u64 = 300_000;
/// The bytes of a small instance's activities and variables.
const DETAIL_BYTES: usize = 180;

fn main() {
    for batch in [1_000, 5_000] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history.db");
        let archive = Archive::open(&path).expect("an archive");
        fill(&archive, batch);
        let bytes = std::fs::metadata(&path).map_or(0, |file| file.len());
        println!("the file: {} bytes an instance", bytes / COUNT);
        read(&archive);
    }
}

fn fill(archive: &Archive, batch: u64) {
    let mut spent = Duration::ZERO;
    let mut slowest = Duration::ZERO;
    let mut processor = 0.0;
    for first in (0..COUNT).step_by(batch as usize) {
        let rows: Vec<ArchivedInstance> = (first..first + batch).map(ended).collect();
        let tasks: Vec<FinishedTask> = (first..first + batch).map(task).collect();
        let (begun, processor_begun) = (Instant::now(), processor_seconds());
        archive.put(&tasks, rows).expect("put");
        spent += begun.elapsed();
        slowest = slowest.max(begun.elapsed());
        processor += processor_seconds() - processor_begun;
    }
    println!(
        "put {COUNT} instances in batches of {batch}: {:.0}/s, {:.1} µs of processor time each, slowest batch {slowest:.1?}",
        COUNT as f64 / spent.as_secs_f64(),
        processor * 1e6 / COUNT as f64,
    );
}

fn read(archive: &Archive) {
    time("page of 50 instances", 1_000, || {
        let filter = InstanceFilter::default();
        let page = archive.instances(&filter, None, 50).expect("page");
        page.items.len()
    });
    time("page of 50 tasks of an assignee", 1_000, || {
        let filter = TaskFilter {
            assignees: vec!["user17".to_owned()],
            ..TaskFilter::default()
        };
        let page = archive.finished_tasks(&filter, None, 50).expect("page");
        page.items.len()
    });
    let mut number = 0;
    time("one instance with its blob", 10_000, || {
        number = (number + 7_919) % COUNT;
        let found = archive.get(root(number).instance()).expect("get");
        usize::from(found.is_some())
    });
}

fn time(what: &str, times: u32, mut run: impl FnMut() -> usize) {
    let begun = Instant::now();
    let rows: usize = (0..times).map(|_| run()).sum();
    println!(
        "{what}: {:.1?} each, {rows} rows in all",
        begun.elapsed() / times
    );
}

/// Like a UUID version 7 of instances that start 50 µs apart: the end is random.
fn root(index: u64) -> RootId {
    let ms = u128::from(1_779_345_012_345 + index / 20);
    let random = u128::from(index.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    RootId(ms << 80 | 7 << 76 | random)
}

fn ended(index: u64) -> ArchivedInstance {
    let id = root(index).instance();
    let at_ms = started_ms(index);
    ArchivedInstance {
        row: InstanceRow {
            id,
            tenant: Tenant(0),
            order: index,
            definition: DefinitionId(12),
            key: "leave".to_owned(),
            version: 3,
            business_key: None,
            name: None,
            started_ms: at_ms,
            ended_ms: at_ms + 5_000,
            state: EndState::Completed,
            start_user: None,
            super_instance: None,
            end_activity: Some("end".to_owned()),
            delete_reason: None,
        },
        detail: vec![7; DETAIL_BYTES],
    }
}

fn started_ms(index: u64) -> i64 {
    1_779_345_012_345 + (index / 20) as i64
}

fn task(index: u64) -> FinishedTask {
    let at_ms = started_ms(index);
    FinishedTask {
        id: root(index).child(4),
        instance: 0,
        tenant: Tenant(0),
        order: index,
        definition: DefinitionId(12),
        key: "leave".to_owned(),
        activity_id: "approve".to_owned(),
        execution: 2,
        name: Some("Approve the leave".to_owned()),
        description: None,
        assignee: Some(format!("user{}", index % 1_000)),
        owner: None,
        delegation: None,
        priority: 50,
        due_ms: None,
        category: None,
        form_key: None,
        parent_task: None,
        business_key: None,
        created_ms: at_ms,
        claimed_ms: None,
        ended_ms: at_ms + 5_000,
        delete_reason: None,
    }
}

/// Processor time of this process so far, in seconds: what stays the same when others use the machine.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.split_whitespace().collect();
    let ticks = |index: usize| {
        fields
            .get(index)
            .and_then(|field| field.parse::<f64>().ok())
    };
    // Clock ticks are hundredths of a second on Linux.
    (ticks(13).unwrap_or(0.0) + ticks(14).unwrap_or(0.0)) / 100.0
}
