//! Snapshots as their writer and recovery see them.
//!
//! Owns: the stories of the store; damage at every byte is in `faults.rs`.

mod support;

use std::sync::Arc;

use snapshots::{
    Disk, Entity, EntityRef, Fault, FileSnapshots, Loading, MemoryDisk, Remedy, SnapshotError,
    SnapshotStore,
};

fn entity(id: u64, sequence: u64) -> Entity {
    Entity {
        entity: u128::from(id) << 70 | 3,
        kind: (id % 5) as u16,
        version: 2,
        sequence,
        bytes: vec![id as u8; (id * 37 % 200) as usize],
    }
}

fn borrowed(entity: &Entity) -> EntityRef<'_> {
    EntityRef {
        entity: entity.entity,
        kind: entity.kind,
        version: entity.version,
        sequence: entity.sequence,
        bytes: &entity.bytes,
    }
}

fn store(disk: &MemoryDisk) -> FileSnapshots {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    FileSnapshots::new(disk, None)
}

fn save(store: &FileSnapshots, replay_from: u64, entities: &[Entity]) {
    let mut writer = store.begin(replay_from).expect("begin");
    for entity in entities {
        writer.put(borrowed(entity)).expect("put");
    }
    let durable = writer.highest_sequence().max(replay_from - 1);
    writer.finish(durable).expect("finish");
}

fn load(store: &FileSnapshots) -> (Option<u64>, Vec<Entity>, usize) {
    let mut entities = Vec::new();
    let loaded = store.load(1, &mut |loading| match loading {
        Loading::Begin(_) => entities.clear(),
        Loading::Entity(entity) => entities.push(entity.to_entity()),
    });
    let loaded = loaded.expect("load");
    let number = loaded.snapshot.map(|info| info.number);
    (number, entities, loaded.damaged.len())
}

/// Reads the newest one to its end.
fn read_out(store: &FileSnapshots) -> Result<Vec<Entity>, SnapshotError> {
    store.latest()?.expect("a snapshot").collect()
}

#[test]
fn what_was_put_is_read_back_in_order_whatever_its_size() {
    let disk = MemoryDisk::new();
    let store = store(&disk);
    assert!(store.latest().expect("latest").is_none());
    for count in [0u64, 1, 2, 500] {
        let entities: Vec<Entity> = (0..count).map(|id| entity(id, id + 1)).collect();
        save(&store, 1, &entities);
        assert_eq!(load(&store).1, entities);
        let reader = store.latest().expect("latest").expect("a snapshot");
        assert_eq!(reader.info().entities, count);
        assert_eq!(reader.info().highest_sequence, count);
        let read: Result<Vec<Entity>, SnapshotError> = reader.collect();
        assert_eq!(read.expect("read"), entities);
    }
}

#[test]
fn a_snapshot_is_found_only_when_the_journal_is_durable_up_to_it() {
    let disk = MemoryDisk::new();
    let store = store(&disk);
    let mut writer = store.begin(5).expect("begin");
    writer.put(borrowed(&entity(1, 9))).expect("put");
    for durable in [0, 4, 8] {
        let refused = writer.finish(durable);
        assert!(
            matches!(refused, Err(SnapshotError::NotDurable { highest: 9, durable: found }) if found == durable)
        );
        assert!(store.list().expect("list").is_empty());
    }
    let info = writer.finish(9).expect("finish");
    assert_eq!(
        (info.replay_from, info.highest_sequence, info.entities),
        (5, 9, 1)
    );
    assert_eq!(store.list().expect("list"), [info]);
    assert!(matches!(writer.finish(9), Err(SnapshotError::Closed)));
}

#[test]
fn an_unfinished_snapshot_leaves_nothing() {
    let disk = MemoryDisk::new();
    let store = store(&disk);
    let mut writer = store.begin(1).expect("begin");
    writer.put(borrowed(&entity(1, 1))).expect("put");
    drop(writer);
    assert_eq!(disk.paths(), Vec::<String>::new());
}

#[test]
fn pruning_keeps_two_and_says_from_where_the_journal_is_needed() {
    let disk = MemoryDisk::new();
    let store = store(&disk);
    let mut said = Vec::new();
    for replay_from in [10, 20, 30, 40] {
        save(&store, replay_from, &[entity(1, replay_from)]);
        said.push(store.prune(2).expect("prune"));
    }
    assert_eq!(said, [None, Some(10), Some(20), Some(30)]);
    let kept: Vec<u64> = store
        .list()
        .expect("list")
        .iter()
        .map(|info| info.number)
        .collect();
    assert_eq!(kept, [3, 4]);
}

#[test]
fn what_was_pruned_is_no_snapshot_any_more_and_its_space_is_given_back_when_it_can_be() {
    let mut failed = 0;
    for call in 1.. {
        let disk = MemoryDisk::new();
        let store = store(&disk);
        for replay_from in [10, 20, 30, 40] {
            save(&store, replay_from, &[entity(1, replay_from)]);
        }
        let used = disk.used();
        assert_eq!(store.prune(2).expect("prune"), Some(30));
        assert_eq!(store.list().expect("list").len(), 2);
        assert_eq!(disk.used(), used, "only their names are gone");
        let at = disk.calls() + call;
        disk.fail_at(at, Fault::Error);
        failed += u32::from(store.sweep().is_err());
        if disk.calls() < at {
            break;
        }
        store.sweep().expect("the next time");
        assert_eq!(disk.paths().len(), 2, "call {call}");
        assert!(disk.used() <= used / 2);
    }
    // Listing, opening and removing; what cannot be cut is removed all the same.
    assert!(failed >= 5, "{failed}");
}

#[test]
fn a_damaged_snapshot_is_passed_over_for_the_older_one_and_told() {
    let disk = MemoryDisk::new();
    let store = store(&disk);
    save(&store, 10, &[entity(1, 10), entity(2, 11)]);
    save(&store, 20, &[entity(1, 20), entity(2, 21)]);
    let newest = disk.paths().pop().expect("a file");
    let whole = disk.contents(&newest).expect("contents");
    for at in [10, 70, 64 + 40 + 37, whole.len() - 10] {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        disk.put(&newest, bytes);
        let (number, entities, damaged) = load(&store);
        assert_eq!((number, damaged), (Some(1), 1), "byte {at}");
        assert_eq!(entities, [entity(1, 10), entity(2, 11)]);
    }
    disk.put(&newest, whole);
    assert_eq!(load(&store).0, Some(2));
}

/// Flips a bit of the first entity; gives the file.
fn damage_the_only_one(disk: &MemoryDisk) -> String {
    let path = disk.paths().pop().expect("a file");
    let mut bytes = disk.contents(&path).expect("contents");
    bytes[80] ^= 1;
    disk.put(&path, bytes);
    path
}

#[test]
fn when_all_are_damaged_and_the_journal_begins_later_loading_fails() {
    let disk = MemoryDisk::new();
    let store = store(&disk);
    save(&store, 10, &[entity(1, 10)]);
    let path = damage_the_only_one(&disk);
    let failed = store.load(10, &mut |_| {});
    let Err(SnapshotError::Damaged(damage)) = failed else {
        panic!("not refused");
    };
    assert_eq!((damage.file.as_str(), damage.offset), (path.as_str(), 64));
    assert_eq!(damage.remedy, Remedy::NothingElse { begins: 10 });
}

#[test]
fn when_all_are_damaged_a_journal_that_begins_at_the_first_record_takes_their_place() {
    let disk = MemoryDisk::new();
    let store = store(&disk);
    save(&store, 10, &[entity(1, 10), entity(2, 11)]);
    let path = disk.paths().pop().expect("a file");
    let whole = disk.contents(&path).expect("contents");
    for at in [20, 80, whole.len() - 100, whole.len() - 10] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        disk.put(&path, bytes);
        let (number, entities, damaged) = load(&store);
        assert_eq!((number, damaged), (None, 1), "byte {at}");
        assert!(entities.is_empty(), "what was lent before is forgotten");
    }
}

#[test]
fn what_was_set_aside_is_kept_and_its_number_is_not_used_again() {
    let disk = MemoryDisk::new();
    let store = store(&disk);
    save(&store, 10, &[entity(1, 10)]);
    let path = damage_the_only_one(&disk);
    let loaded = store.load(1, &mut |_| {}).expect("load");
    let kept_as = store.set_aside(&loaded.damaged[0]).expect("set aside");
    assert_eq!(kept_as, Some(format!("{path}.torn")));
    let again = store.set_aside(&loaded.damaged[0]).expect("set aside");
    assert_eq!(again, None);
    save(&store, 10, &[entity(1, 10)]);
    assert_eq!(load(&store).0, Some(2));
    assert!(disk.paths().contains(&format!("{path}.torn")));
}

#[test]
fn entities_taken_from_one_snapshot_do_not_pass_in_another() {
    let disk = MemoryDisk::new();
    let store = store(&disk);
    let twins = [
        entity(1, 1),
        Entity {
            entity: 9,
            ..entity(1, 1)
        },
    ];
    save(&store, 1, &twins);
    let path = disk.paths().pop().expect("a file");
    let mut bytes = disk.contents(&path).expect("contents");
    let span = (bytes.len() - 128) / 2;
    let (first, second) = bytes[64..64 + 2 * span].split_at_mut(span);
    first.swap_with_slice(second);
    disk.put(&path, bytes);
    assert!(matches!(read_out(&store), Err(SnapshotError::Damaged(_))));
}

#[test]
fn a_later_format_is_refused_by_name() {
    let disk = MemoryDisk::new();
    let store = store(&disk);
    save(&store, 1, &[entity(1, 1)]);
    let path = disk.paths().pop().expect("a file");
    let mut bytes = disk.contents(&path).expect("contents");
    bytes[8] = 7;
    let crc = crc32c::crc32c(&bytes[..60]);
    bytes[60..64].copy_from_slice(&crc.to_le_bytes());
    disk.put(&path, bytes);
    let refused = store.load(1, &mut |_| {});
    assert!(matches!(
        refused,
        Err(SnapshotError::UnknownFormat {
            found: 7,
            known: 1,
            ..
        })
    ));
}
