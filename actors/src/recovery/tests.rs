//! What recovery makes of a snapshot and the records behind its beginning.

use super::*;
use crate::message::{Remember, Rendered};
use crate::set_aside::Remains;
use bpmn::Event;
use codec::RootId;
use std::sync::Arc;

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

/// A record of an instance, lent to whoever reads it.
fn instance_record((root, sequence): (u128, u64), event: Event, read: impl FnOnce(StoredRef<'_>)) {
    let events = bpmn::stored::encode_events(&[event]);
    let payload = record::encode(Tenant(0), None, &events);
    read(StoredRef {
        sequence,
        kind: kind::INSTANCE,
        version: record::VERSION,
        entity: root,
        payload: &payload,
    });
}

/// What was found of one, once all was read.
fn instance(found: &Recovered, root: u128) -> &RecoveredInstance {
    let mut shares = found.instances.iter();
    let instance = shares.find_map(|share| share.by_root.get(&root));
    instance.expect("it was found")
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
    let records = [
        (1, started()),
        (7, started()),
        (7, Event::InstanceSuspended { instance: 0 }),
        (7, Event::InstanceActivated { instance: 0 }),
        (1, Event::InstanceActivated { instance: 0 }),
    ];
    for (sequence, (root, event)) in (1..).zip(records) {
        instance_record((root, sequence), event, |stored| found.record(stored));
    }
    assert!(found.check().is_ok());
    let other = instance(&found, 1);
    assert!(matches!(other.body, RecoveredBody::Live(_)));
    let broken = instance(&found, 7);
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
    let mut found = Instances::default();
    let count = 40;
    for root in 1..=count {
        let sequence = root as u64 * 2;
        instance_record((root, sequence), started(), |stored| {
            found.record(&stored.to_stored())
        });
        if root % 2 == 0 {
            instance_record((root, sequence + 1), ended(), |stored| {
                found.record(&stored.to_stored())
            });
        }
    }
    let mut live = 0;
    for (root, instance) in &found.by_root {
        let (bytes, has_ended) = match &instance.body {
            RecoveredBody::AtRest(bytes) => (bytes, false),
            RecoveredBody::Ended(bytes) => (bytes, true),
            RecoveredBody::Live(_) => {
                live += 1;
                continue;
            }
            RecoveredBody::SetAside(remains) => panic!("{root}: {}", remains.reason),
        };
        let rows = entity::rows(bytes).expect("rows");
        assert_eq!(rows.instances[0].is_open(), !has_ended);
        assert_eq!(has_ended, root % 2 == 0);
    }
    assert!((1..=8).contains(&live), "{live} live");
    // What was not read yet finds it, whether it has ended or not.
    for (root, sequence) in [(1, 100), (2, 101)] {
        let suspended = Event::InstanceSuspended { instance: 0 };
        instance_record((root, sequence), suspended, |stored| {
            found.record(&stored.to_stored())
        });
        let RecoveredBody::Live(live) = &found.by_root[&root].body else {
            panic!("{root} was not woken");
        };
        assert!(live.instance.rows_ref().instances[0].suspended);
        assert_eq!(live.instance.is_ended(), root == 2);
    }
    assert!(found.failure.is_none());
}

#[test]
fn what_all_shares_found_is_in_the_order_of_the_journal_and_the_first_failure_counts() {
    let mut found = Recovered::default();
    for sequence in 1..=2_000 {
        let answer = Remembered {
            request: Remember {
                key: sequence.into(),
                body: 0,
            },
            at_ms: 0,
            answer: Arc::new(Rendered {
                status: 201,
                location: String::new(),
                body: Vec::new(),
            }),
        };
        let events = bpmn::stored::encode_events(&[started()]);
        let broken = [1_500, 900, 1_200].contains(&sequence);
        let events = if broken { vec![1, 200] } else { events };
        let payload = record::encode(Tenant(0), Some(&answer), &events);
        found.record(StoredRef {
            sequence,
            kind: kind::INSTANCE,
            version: record::VERSION,
            entity: u128::from(sequence),
            payload: &payload,
        });
    }
    let failure = found.check().expect_err("three cannot be read");
    assert_eq!(failure.sequence, 900);
    let sequences: Vec<u64> = found
        .remembered
        .iter()
        .map(|(sequence, _)| *sequence)
        .collect();
    assert_eq!(sequences, (1..=2_000).collect::<Vec<_>>());
    let instances: usize = found
        .instances
        .iter()
        .map(|share| share.by_root.len())
        .sum();
    assert_eq!(instances, 1_997);
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
    let kept = instance(&found, 7);
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
