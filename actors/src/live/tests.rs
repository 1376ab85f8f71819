//! The log of changes as its followers meet it.

use super::{
    Key, Live, Step, Topic,
    entry::{Kind, Last, Note, What},
};
use codec::Tenant;
use rpa::Guid;
use std::sync::Arc;
use tokio::sync::Notify;

const OURS: Tenant = Tenant(1);
const THEIRS: Tenant = Tenant(2);

fn key(tenant: Tenant, id: u128) -> Key {
    Key::of_guid(Topic::Groups, tenant, Guid(id))
}

/// Puts changes into the log, as the hub does.
fn put(live: &Live, changes: &[(Tenant, u128, char)]) {
    let notes = changes.iter().map(|(tenant, id, what)| Note {
        key: key(*tenant, *id),
        what: match what {
            '+' => What::Created,
            '-' => What::Gone(Last::Placed(Guid::NIL)),
            _ => What::Changed,
        },
    });
    live.inbox.lock().put(notes.collect());
    live.take_in();
}

fn follow(live: &Arc<Live>, scopes: Option<Vec<u128>>, after: Option<&str>) -> super::Following {
    let wake = Arc::new(Notify::new());
    live.follow(Topic::Groups, OURS, scopes, after, wake)
}

/// What comes next, as ids and kinds; none: it begins anew.
fn next(following: &mut super::Following, limit: usize) -> Option<Vec<(u128, Kind)>> {
    let seen = following.cursor();
    match following.step(limit) {
        Step::Lost => None,
        Step::Changes(entries) => Some(
            entries
                .iter()
                .map(|entry| (entry.key.id, entry.kind(seen)))
                .collect(),
        ),
    }
}

#[test]
fn a_follower_meets_the_newest_change_of_each_entity_in_order() {
    let live = Arc::new(Live::default());
    let mut all = follow(&live, None, None);
    put(&live, &[(OURS, 1, '+'), (OURS, 2, '+'), (THEIRS, 9, '+')]);
    put(&live, &[(OURS, 1, '.'), (OURS, 3, '+'), (OURS, 2, '-')]);
    let seen = next(&mut all, 10).expect("known");
    assert_eq!(
        seen,
        [(1, Kind::Created), (3, Kind::Created), (2, Kind::Ended)]
    );
    put(&live, &[(OURS, 1, '.')]);
    assert_eq!(next(&mut all, 10), Some(vec![(1, Kind::Changed)]));
    assert_eq!(next(&mut all, 10), Some(vec![]));
}

#[test]
fn a_follower_of_a_part_is_not_woken_by_the_rest() {
    let live = Arc::new(Live::default());
    let mut one = follow(&live, Some(vec![7]), None);
    put(&live, &[(OURS, 1, '+'), (THEIRS, 7, '+')]);
    assert!(!one.take_dirty());
    put(&live, &[(OURS, 7, '+')]);
    assert!(one.take_dirty());
    assert_eq!(next(&mut one, 10), Some(vec![(7, Kind::Created)]));
}

#[test]
fn who_comes_again_meets_what_changed_meanwhile_or_begins_anew() {
    let live = Arc::new(Live::remembering(3));
    let first = follow(&live, None, None);
    put(&live, &[(OURS, 1, '+'), (OURS, 2, '+')]);
    let seen = first.text(live.log.read().last());
    drop(first);
    put(&live, &[(OURS, 2, '.'), (OURS, 3, '+')]);
    for (scopes, expected) in [
        (None, vec![2, 3]),
        (Some(vec![3, 4]), vec![3]),
        (Some(vec![1]), vec![]),
    ] {
        let mut again = follow(&live, scopes, Some(&seen));
        assert!(again.resumed());
        let ids = next(&mut again, 10).expect("known");
        let ids: Vec<u128> = ids.into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids, expected);
    }
    let mut late = follow(&live, None, Some(&seen));
    put(&live, &[(OURS, 4, '+'), (OURS, 5, '+'), (OURS, 6, '+')]);
    assert_eq!(next(&mut late, 10), None, "more than is remembered");
    let other = Live::default().log.read().text(2);
    let far = format!("{}{}", &seen[..16], "f".repeat(16));
    for wrong in [&seen, &other, &far, &String::new(), &"ä".repeat(16)] {
        assert!(!follow(&live, None, Some(wrong)).resumed(), "{wrong}");
    }
}

#[test]
fn what_is_too_much_to_be_told_makes_everyone_begin_anew() {
    let live = Arc::new(Live::default());
    let (mut all, mut one) = (
        follow(&live, None, None),
        follow(&live, Some(vec![1]), None),
    );
    let many: Vec<_> = (0..300_000).map(|id| (OURS, id, '.')).collect();
    for part in many.chunks(100_000) {
        let notes = part.iter().map(|(tenant, id, _)| Note {
            key: key(*tenant, *id),
            what: What::Changed,
        });
        live.inbox.lock().put(notes.collect());
    }
    live.take_in();
    assert_eq!(next(&mut all, 10), None);
    assert_eq!(next(&mut one, 10), None);
}

#[test]
fn a_topic_that_nobody_follows_costs_the_publisher_nothing() {
    let live = Arc::new(Live::default());
    assert!(!live.wants(Topic::Groups));
    let following = follow(&live, None, None);
    assert!(live.wants(Topic::Groups));
    assert!(!live.wants(Topic::Tasks));
    drop(following);
    assert!(live.wants(Topic::Groups), "it may come again soon");
}
