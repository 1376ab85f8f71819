//! What recovery does with records that belong to nobody it knows.

use super::*;
use crate::record;
use bpmn::Event;
use snapshots::StoredRef;

fn record_of<'a>(sequence: u64, root: u128, payload: &'a [u8]) -> StoredRef<'a> {
    StoredRef {
        sequence,
        kind: kind::INSTANCE,
        version: record::VERSION,
        entity: root,
        payload,
    }
}

fn started() -> Vec<Event> {
    let started = Event::InstanceStarted {
        instance: 0,
        definition: DefinitionId(3),
        business_key: None,
        name: None,
        start_user: None,
        super_execution: None,
        at_ms: 5,
    };
    vec![started]
}

fn suspended() -> Vec<Event> {
    vec![Event::InstanceSuspended { instance: 0 }]
}

fn payload(events: &[Event]) -> Vec<u8> {
    record::encode(Tenant(7), None, &bpmn::stored::encode_events(events))
}

#[test]
fn records_of_an_instance_that_is_archived_already_are_passed_over_and_counted() {
    let mut found = Recovered::default();
    found.record(record_of(1, 10, &payload(&suspended())));
    found.record(record_of(2, 11, &payload(&started())));
    found.record(record_of(3, 11, &payload(&suspended())));
    found.record(record_of(4, 10, &payload(&suspended())));
    assert!(found.check().is_ok());
    let skipped: u64 = found.instances.iter().map(|share| share.skipped).sum();
    assert_eq!(skipped, 2);
    let shares = found.instances.iter();
    let instances: Vec<_> = shares.flat_map(|share| &share.by_root).collect();
    let [(root, instance)] = instances.as_slice() else {
        panic!("{} instances", instances.len());
    };
    assert_eq!(
        (**root, instance.tenant, instance.sequence),
        (11, Tenant(7), 3)
    );
}

#[test]
fn the_archives_revision_in_a_snapshot_is_eight_bytes_the_lowest_first() {
    let mut found = Recovered::default();
    let entity = |bytes: &'static [u8]| EntityRef {
        entity: 0,
        kind: kind::ARCHIVE,
        version: record::VERSION,
        sequence: 0,
        bytes,
    };
    found.entity(entity(&[2, 1, 0, 0, 0, 0, 0, 0]));
    assert_eq!(found.archive_revision, 258);
    assert!(found.check().is_ok());
    found.entity(entity(&[2, 1]));
    assert!(found.check().is_err());
}
