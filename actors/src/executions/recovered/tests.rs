//! What becomes of executions that cannot be read.

use super::*;
use crate::record::kind;
use rpa::execution::{Event, Execution};

const ID: u128 = 7;

fn entity(kind: u16, sequence: u64, bytes: &[u8], found: &mut Recovered) {
    let mut entry = 3_u32.to_le_bytes().to_vec();
    entry.extend_from_slice(bytes);
    let entity = EntityRef {
        kind,
        version: 1,
        entity: ID,
        sequence,
        bytes: &entry,
    };
    let read = match kind {
        kind::EXECUTION => found.entity(entity),
        kind::PLACED_EXECUTION => found.placed_entity(entity),
        _ => found.set_aside_entity(entity),
    };
    read.expect("an entity");
}

fn record(found: &mut Recovered, sequence: u64) -> Vec<u8> {
    let events = stored::encode_events(&[Event::Acknowledged]);
    let read = found.record(Guid(ID), sequence, Tenant(3), events.clone());
    read.expect("a record");
    events
}

fn remains(found: &Recovered) -> &Remains {
    match &found.found[&Guid(ID)] {
        (Tenant(3), Body::SetAside(remains)) => remains,
        (_, Body::Live(_) | Body::SetAside(_)) => panic!("it is not set aside"),
    }
}

#[test]
fn an_execution_that_cannot_be_read_keeps_its_bytes_and_every_record_behind_them() {
    let mut found = Recovered::default();
    entity(kind::EXECUTION, 5, b"of another build", &mut found);
    // What is in the bytes already is not kept twice.
    record(&mut found, 5);
    let (first, second) = (record(&mut found, 6), record(&mut found, 9));
    let kept = remains(&found);
    assert_eq!(kept.base, b"of another build");
    assert_eq!(kept.records, [first.clone(), second]);
    assert_eq!((kept.base_sequence, kept.sequence), (5, 9));

    // The next snapshot has them, and the next start goes on behind them.
    let (mut next, bytes) = (Recovered::default(), kept.encode());
    entity(kind::EXECUTION_SET_ASIDE, 9, &bytes, &mut next);
    record(&mut next, 9);
    let third = record(&mut next, 10);
    let kept = remains(&next);
    assert_eq!(kept.records.len(), 3);
    assert_eq!((&kept.records[0], &kept.records[2]), (&first, &third));
    assert_eq!(kept.sequence, 10);
}

#[test]
fn a_build_that_can_read_what_remains_has_the_whole_execution() {
    let mut live = Live::new(Guid(ID), Tenant(3));
    live.rebase();
    let mut kept = live.remains("broken".to_owned(), 1);
    let events = stored::encode_events(&[Event::Acknowledged]);
    add(&mut kept, events.clone(), 4);
    let mut found = Recovered::default();
    entity(kind::EXECUTION_SET_ASIDE, 4, &kept.encode(), &mut found);
    let (_, Body::Live(restored)) = &found.found[&Guid(ID)] else {
        panic!("it is set aside");
    };
    let mut expected = Execution::new(Guid(ID), Tenant(3));
    expected.apply(&Event::Acknowledged);
    assert_eq!(restored.execution, expected);
    assert_eq!(restored.sequence(), 4);
}

#[test]
fn an_execution_keeps_its_place_and_one_of_an_older_snapshot_stands_before_all() {
    let bytes = stored::encode_execution(&Execution::new(Guid(ID), Tenant(3)));
    let placed = [&40_u64.to_le_bytes(), &bytes[..]].concat();
    for (kind, bytes, expected) in [
        (kind::EXECUTION, bytes, UNKNOWN_ORDER),
        (kind::PLACED_EXECUTION, placed, 40),
    ] {
        let mut found = Recovered::default();
        entity(kind, 45, &bytes, &mut found);
        record(&mut found, 50);
        let (_, Body::Live(live)) = &found.found[&Guid(ID)] else {
            panic!("it is set aside");
        };
        assert_eq!((live.order(), live.sequence()), (Some(expected), 50));
    }
    let mut cut = Recovered::default();
    let entry = EntityRef {
        kind: kind::PLACED_EXECUTION,
        version: 1,
        entity: ID,
        sequence: 1,
        bytes: &[3, 0, 0, 0, 40],
    };
    assert!(cut.placed_entity(entry).is_err(), "half a place is none");
}
