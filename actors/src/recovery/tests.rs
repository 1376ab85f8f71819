//! What recovery makes of a snapshot and the records behind its beginning.

use super::*;
use crate::set_aside::Remains;
use bpmn::Event;

fn definitions_record(found: &mut Recovered, sequence: u64, events: &[DefinitionsEvent]) {
    let payload = codec::encode(definitions::event::VERSION, &events.to_vec());
    found.record(StoredRef {
        sequence,
        kind: kind::DEFINITIONS,
        version: record::VERSION,
        entity: 0,
        payload: &payload,
    });
}

#[test]
fn definitions_that_went_while_a_snapshot_was_taken_are_forgotten_though_it_does_not_know_them() {
    let mut found = Recovered::default();
    found.begin();
    let saved = codec::encode(definitions::event::VERSION, &Definitions::default());
    found.entity(EntityRef {
        entity: 0,
        kind: kind::DEFINITIONS,
        version: record::VERSION,
        sequence: 20,
        bytes: &saved,
    });
    let events = [
        DefinitionsEvent::DefinitionsForgotten {
            definitions: vec![2, 3],
        },
        DefinitionsEvent::Undeployed {
            deployment: 1,
            cascade: true,
        },
    ];
    definitions_record(&mut found, 15, &events);
    assert!(found.check().is_ok());
    let forgotten: Vec<u64> = found.forgotten.iter().map(|id| id.0).collect();
    assert_eq!(forgotten, [2, 3]);
    assert_eq!(found.definitions_sequence, 20);
}

fn instance_record(found: &mut Recovered, (root, sequence): (u128, u64), event: Event) {
    let events = bpmn::stored::encode_events(&[event]);
    let payload = record::encode(Tenant(0), None, &events);
    found.record(StoredRef {
        sequence,
        kind: kind::INSTANCE,
        version: record::VERSION,
        entity: root,
        payload: &payload,
    });
}

fn started() -> Event {
    Event::InstanceStarted {
        instance: 0,
        definition: DefinitionId(2),
        business_key: None,
        name: None,
        start_user: None,
        super_execution: None,
        at_ms: 5,
    }
}

/// An event that this build cannot apply.
fn trips(instance: &mut Instance, event: &Event) {
    assert!(
        !matches!(event, Event::InstanceSuspended { .. }),
        "on purpose"
    );
    instance.apply(event);
}

#[test]
fn a_record_that_panics_sets_its_instance_aside_alone_and_nothing_of_it_is_lost() {
    let mut found = Recovered {
        apply: Apply(trips),
        ..Recovered::default()
    };
    found.begin();
    let suspended = Event::InstanceSuspended { instance: 0 };
    instance_record(&mut found, (1, 1), started());
    instance_record(&mut found, (7, 2), started());
    instance_record(&mut found, (7, 3), suspended);
    instance_record(&mut found, (7, 4), Event::InstanceActivated { instance: 0 });
    instance_record(&mut found, (1, 5), Event::InstanceActivated { instance: 0 });
    assert!(found.check().is_ok());
    let other = &found.instances[&1];
    assert!(matches!(other.body, RecoveredBody::Live(_)));
    let broken = &found.instances[&7];
    assert_eq!(broken.sequence, 4);
    let RecoveredBody::SetAside(remains) = &broken.body else {
        panic!("it is not set aside");
    };
    assert_eq!((remains.records.len(), remains.sequence), (3, 4));
    // What can be shown is shown, and a build that can apply it has the whole instance.
    let restored = remains.restore(RootId(7), Tenant(0)).expect("restored");
    assert!(!restored.instance.rows_ref().instances[0].suspended);
    assert_eq!(remains.rows(RootId(7), Tenant(0)).instances.len(), 1);
}

fn ended() -> Event {
    Event::InstanceEnded {
        instance: 0,
        at_ms: 9,
        end_activity: None,
        delete_reason: None,
        cancelled: false,
    }
}

#[test]
fn only_a_few_instances_live_while_records_are_read_and_those_that_ended_rest_too() {
    let mut found = Recovered::default();
    let count = 40;
    for root in 1..=count {
        instance_record(&mut found, (root, root as u64 * 2), started());
        if root % 2 == 0 {
            instance_record(&mut found, (root, root as u64 * 2 + 1), ended());
        }
    }
    assert!(found.check().is_ok());
    let is_live =
        |found: &Recovered, root| matches!(found.instances[&root].body, RecoveredBody::Live(_));
    let live = (1..=count).filter(|root| is_live(&found, *root)).count();
    assert!((1..=8).contains(&live), "{live} live");
    for root in (1..=count).filter(|root| !is_live(&found, *root)) {
        let (bytes, has_ended) = match &found.instances[&root].body {
            RecoveredBody::AtRest(bytes) => (bytes, false),
            RecoveredBody::Ended(bytes) => (bytes, true),
            RecoveredBody::Live(_) | RecoveredBody::SetAside(_) => panic!("{root} does not rest"),
        };
        let rows = entity::rows(bytes).expect("rows");
        assert_eq!(rows.instances[0].is_open(), !has_ended);
        assert_eq!(has_ended, root % 2 == 0);
    }
    // What was not read yet finds it, whether it has ended or not.
    for (root, sequence) in [(1, 100), (2, 101)] {
        let suspended = Event::InstanceSuspended { instance: 0 };
        instance_record(&mut found, (root, sequence), suspended);
        let RecoveredBody::Live(live) = &found.instances[&root].body else {
            panic!("{root} was not woken");
        };
        assert!(live.instance.rows_ref().instances[0].suspended);
        assert_eq!(live.instance.is_ended(), root == 2);
    }
}

#[test]
fn what_remains_of_an_instance_stays_as_it_is_while_nobody_can_rebuild_it() {
    let remains = Remains {
        reason: "broken".to_owned(),
        since_ms: 3,
        base: vec![9; 5],
        base_sequence: 1,
        records: vec![vec![1, 0]],
        sequence: 2,
    };
    let mut bytes = Tenant(4).0.to_le_bytes().to_vec();
    bytes.extend(remains.encode());
    let mut found = Recovered::default();
    found.entity(EntityRef {
        entity: 7,
        kind: kind::SET_ASIDE,
        version: record::VERSION,
        sequence: 2,
        bytes: &bytes,
    });
    assert!(found.check().is_ok());
    let kept = &found.instances[&7];
    assert_eq!((kept.tenant, kept.sequence), (Tenant(4), 2));
    assert!(matches!(&kept.body, RecoveredBody::SetAside(kept) if **kept == remains));
}

#[test]
fn a_record_that_no_instance_owns_refuses_the_start_and_is_named() {
    let mut found = Recovered::default();
    found.record(StoredRef {
        sequence: 12,
        kind: kind::DEFINITIONS,
        version: record::VERSION,
        entity: 0,
        payload: &[1, 1, 200],
    });
    let refused = found.check().map_err(|failure| failure.to_string());
    assert!(refused.is_err_and(|text| text.contains("record 12 of kind 2")));
}
