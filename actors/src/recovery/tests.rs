//! What recovery makes of a snapshot and the records behind its beginning.

use super::*;

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
