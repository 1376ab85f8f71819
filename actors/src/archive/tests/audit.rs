//! The audit trail: only added to.

use super::archive;
use crate::archive::{AuditEntry, AuditFilter, AuditOutcome, AuditRow};
use codec::Tenant;
use rpa::Guid;

fn entry(id: u128) -> AuditEntry {
    AuditEntry {
        id: Guid(id),
        at_ms: 5,
        tenant: Tenant(1),
        actor: "a".to_owned(),
        actor_name: "Ann".to_owned(),
        action: "create".to_owned(),
        resource_type: "Queue".to_owned(),
        resource_id: None,
        company: None,
        department: None,
        from: "127.0.0.1".to_owned(),
        detail: None,
    }
}

fn outcome(id: u128, status: u16) -> AuditOutcome {
    AuditOutcome {
        id: Guid(id),
        status,
        resource_id: Some("made".to_owned()),
        department: None,
    }
}

#[test]
fn a_row_is_neither_changed_nor_deleted_and_what_was_refused_is_not_shown() {
    let (_folder, archive) = archive();
    let rows = [
        AuditRow::Begun(entry(1)),
        AuditRow::Ended(outcome(1, 200)),
        AuditRow::Begun(entry(2)),
        AuditRow::Ended(outcome(2, 400)),
        AuditRow::Begun(entry(3)),
    ];
    archive.keep(&[], &[], &rows).expect("rows");
    // Put again with other words, they stay as they are.
    let mut other = entry(1);
    other.actor_name = "Bob".to_owned();
    let again = [AuditRow::Begun(other), AuditRow::Ended(outcome(1, 500))];
    archive.keep(&[], &[], &again).expect("rows");
    for sql in [
        "DELETE FROM audit",
        "UPDATE audit SET actor = 'b'",
        "DELETE FROM audit_outcomes",
        "UPDATE audit_outcomes SET status = 1",
    ] {
        let changed = archive.write(|connection| Ok(connection.execute(sql, [])?));
        assert!(changed.is_err(), "{sql}");
    }
    let filter = AuditFilter {
        tenant: Tenant(1),
        limit: 10,
        ..AuditFilter::default()
    };
    let (count, rows) = archive.audit(&filter).expect("rows");
    let seen: Vec<_> = rows
        .iter()
        .map(|row| {
            let entry = &row.entry;
            (entry.id.0, entry.actor_name.as_str(), row.is_answered)
        })
        .collect();
    assert_eq!(
        (count, seen),
        (2, vec![(3, "Ann", false), (1, "Ann", true)])
    );
    assert_eq!(rows[1].entry.resource_id.as_deref(), Some("made"));
}

#[test]
fn who_did_it_is_found_in_any_case_of_any_script() {
    let (_folder, archive) = archive();
    let mut row = entry(1);
    row.actor_name = "Ännchen Özil".to_owned();
    archive
        .keep(
            &[],
            &[],
            &[AuditRow::Begun(row), AuditRow::Ended(outcome(1, 200))],
        )
        .expect("rows");
    for (actor, found) in [("ÄNNCHEN", 1), ("özil", 1), ("annchen", 0)] {
        let filter = AuditFilter {
            tenant: Tenant(1),
            actor: Some(actor.to_owned()),
            limit: 10,
            ..AuditFilter::default()
        };
        let (count, _) = archive.audit(&filter).expect("rows");
        assert_eq!(count, found, "{actor}");
    }
}
