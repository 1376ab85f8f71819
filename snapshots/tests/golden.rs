//! The bytes on disk, as they were and as they must stay.
//!
//! Owns: one drawing in hexadecimal of a segment header, a frame, a mark, and a snapshot's header, entry and footer.
//! A change here is a new format version, never an edit.

mod support;

use std::sync::Arc;

use snapshots::{Disk, EntityRef, FileSnapshots, Journal, MemoryDisk, Record, SnapshotStore};
use support::{all, open, segments};

fn hex(bytes: &[u8]) -> String {
    let lines = bytes.chunks(16).map(|line| {
        let pairs: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        pairs.join(" ")
    });
    lines.collect::<Vec<String>>().join("\n")
}

fn check(what: &str, bytes: &[u8], expected: &str) {
    let found = hex(bytes);
    let expected: Vec<&str> = expected.split_whitespace().collect();
    assert_eq!(
        found.split_whitespace().collect::<Vec<&str>>(),
        expected,
        "{what} is now\n{found}"
    );
}

fn journal() -> (MemoryDisk, String) {
    let disk = MemoryDisk::new();
    let (mut journal, _) = open(&disk, 1024);
    let record = Record {
        kind: 0x0102,
        version: 0x0304,
        entity: 0x1112_1314_1516_1718_191a_1b1c_1d1e_1f20,
        payload: b"payload!..".to_vec(),
    };
    journal.append(&[record]).expect("append");
    journal.mark().expect("mark");
    let path = segments(&disk).pop().expect("a segment");
    (disk, path)
}

#[test]
fn a_segment_begins_with_its_header_a_frame_and_a_mark() {
    let (disk, path) = journal();
    assert_eq!(path, "journal/0000000001-00000000000000000001.journal");
    let bytes = disk.contents(&path).expect("contents");
    check("the segment header", &bytes[..64], SEGMENT_HEADER);
    check("the frame", &bytes[64..144], FRAME);
    check("the mark", &bytes[144..208], MARK);
    assert!(bytes[208..].iter().all(|byte| *byte == 0));
}

#[test]
fn the_drawn_bytes_are_read_as_that_record() {
    let disk = MemoryDisk::new();
    let mut bytes = Vec::new();
    for drawing in [SEGMENT_HEADER, FRAME, MARK] {
        let pairs = drawing.split_whitespace();
        bytes.extend(pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal")));
    }
    bytes.resize(1024, 0);
    disk.put("journal/0000000001-00000000000000000001.journal", bytes);
    let (journal, report) = open(&disk, 1024);
    assert_eq!((report.records, report.marks, report.rewritten), (1, 1, 0));
    let stored = all(&journal);
    assert_eq!(stored[0].payload, b"payload!..");
    assert_eq!(
        (stored[0].sequence, stored[0].kind, stored[0].version),
        (1, 0x0102, 0x0304)
    );
    assert_eq!(stored[0].entity, 0x1112_1314_1516_1718_191a_1b1c_1d1e_1f20);
}

#[test]
fn a_snapshot_is_a_header_entries_and_a_footer() {
    let disk = MemoryDisk::new();
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let store = FileSnapshots::new(shared, None);
    let mut writer = store.begin(0x21).expect("begin");
    let entity = EntityRef {
        entity: 0x1112_1314_1516_1718_191a_1b1c_1d1e_1f20,
        kind: 0x0102,
        version: 0x0304,
        sequence: 0x22,
        bytes: b"at rest",
    };
    writer.put(entity).expect("put");
    writer.finish(0x22).expect("finish");
    let path = disk.paths().pop().expect("a file");
    assert_eq!(path, "snapshots/0000000001-00000000000000000033.snapshot");
    let bytes = disk.contents(&path).expect("contents");
    check("the header", &bytes[..64], SNAPSHOT_HEADER);
    check("the entry", &bytes[64..112], SNAPSHOT_ENTRY);
    check("the footer", &bytes[112..], SNAPSHOT_FOOTER);
}

const SEGMENT_HEADER: &str = "
    4c 4f 4f 4d 4a 52 4e 4c 01 00 00 00 01 00 00 00
    01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
    ef cd ab 89 67 45 23 01 00 04 00 00 00 00 00 00
    00 00 00 00 00 00 00 00 00 00 00 00 d5 c5 08 b7
";
const FRAME: &str = "
    4c 57 66 72 0a 00 00 00 02 01 04 03 01 00 00 00
    01 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00
    20 1f 1e 1d 1c 1b 1a 19 18 17 16 15 14 13 12 11
    00 00 00 00 1c a7 2e cb 83 4a 28 55 4f 7c 5f d9
    70 61 79 6c 6f 61 64 21 2e 2e 00 00 00 00 00 00
";
const MARK: &str = "
    4c 57 66 72 00 00 00 00 ff ff 00 00 01 00 00 00
    02 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00
    00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
    00 00 00 00 4f 7c 5f d9 f1 34 87 1a f1 34 87 1a
";
const SNAPSHOT_HEADER: &str = "
    4c 4f 4f 4d 53 4e 41 50 01 00 00 00 00 00 00 00
    01 00 00 00 00 00 00 00 21 00 00 00 00 00 00 00
    00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
    00 00 00 00 00 00 00 00 00 00 00 00 55 39 91 11
";
const SNAPSHOT_ENTRY: &str = "
    4c 57 65 6e 07 00 00 00 02 01 04 03 8a 4a 3f 72
    22 00 00 00 00 00 00 00 20 1f 1e 1d 1c 1b 1a 19
    18 17 16 15 14 13 12 11 61 74 20 72 65 73 74 00
";
const SNAPSHOT_FOOTER: &str = "
    4c 57 66 74 00 00 00 00 01 00 00 00 00 00 00 00
    22 00 00 00 00 00 00 00 70 00 00 00 00 00 00 00
    0a 12 2b d4 55 39 91 11 00 00 00 00 00 00 00 00
    00 00 00 00 00 00 00 00 00 00 00 00 0d 2c 4d c1
";
