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
    let seen = first.text(first.last());
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
    let other = Arc::new(Live::default());
    let other = follow(&other, None, None).text(2);
    let far = format!("{}{}", &seen[..16], "f".repeat(16));
    let unfinished = late.unfinished(late.last());
    for wrong in [
        &seen,
        &other,
        &far,
        &unfinished,
        &String::new(),
        &"ä".repeat(16),
    ] {
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

#[test]
fn what_is_unfinished_lies_between_two_sequences() {
    let live = Arc::new(Live::default());
    let one = follow(&live, None, None);
    let in_order = [one.text(6), one.unfinished(7), one.text(7), one.text(16)];
    assert!(in_order.is_sorted(), "{in_order:?}");
}

#[test]
fn the_load_of_one_company_does_not_forget_what_another_follows() {
    let live = Arc::new(Live::remembering(4));
    let wake = Arc::new(Notify::new());
    let _theirs = live.follow(Topic::Groups, THEIRS, None, None, wake);
    let mut all = follow(&live, None, None);
    let seen = all.text(all.last());
    let load: Vec<_> = (0..100).map(|id| (THEIRS, id, '+')).collect();
    put(&live, &load);
    put(&live, &[(OURS, 1, '+')]);
    put(&live, &load);
    assert_eq!(next(&mut all, 10), Some(vec![(1, Kind::Created)]));
    let mut again = follow(&live, None, Some(&seen));
    assert!(again.resumed());
    assert_eq!(next(&mut again, 10), Some(vec![(1, Kind::Created)]));
}

#[test]
fn a_part_in_which_nothing_was_forgotten_is_resumed_from_long_ago() {
    let live = Arc::new(Live::remembering(4));
    let _all = follow(&live, None, None);
    let one = follow(&live, Some(vec![7]), None);
    let seen = one.text(one.last());
    drop(one);
    let load: Vec<_> = (100..200).map(|id| (OURS, id, '+')).collect();
    put(&live, &load);
    put(&live, &[(OURS, 7, '+')]);
    let mut again = follow(&live, Some(vec![7]), Some(&seen));
    assert!(again.resumed());
    assert_eq!(next(&mut again, 10), Some(vec![(7, Kind::Created)]));
    put(&live, &load);
    assert!(!follow(&live, Some(vec![7]), Some(&seen)).resumed());
    assert!(!follow(&live, Some(vec![8]), Some(&seen)).resumed());
}

#[test]
fn what_waits_for_a_part_is_taken_bit_by_bit_in_order() {
    let live = Arc::new(Live::default());
    let mut one = follow(&live, Some(vec![1, 2, 3]), None);
    put(&live, &[(OURS, 3, '+'), (OURS, 1, '+'), (OURS, 2, '+')]);
    assert_eq!(one.peek(10).map(|all| all.len()), Some(3));
    let created = |ids: &[u128]| Some(ids.iter().map(|id| (*id, Kind::Created)).collect());
    assert_eq!(next(&mut one, 2), created(&[3, 1]));
    assert!(one.cursor() < one.last());
    put(&live, &[(OURS, 4, '+')]);
    assert_eq!(next(&mut one, 2), created(&[2]));
    assert_eq!(one.cursor(), one.last());
}

#[test]
fn what_nobody_follows_is_not_noted() {
    let live = Arc::new(Live::default());
    let _one = follow(&live, Some(vec![1]), None);
    let mut news = live.news();
    for (tenant, id) in [(OURS, 1), (OURS, 2), (THEIRS, 1)] {
        news.changed(key(tenant, id));
    }
    live.tell(news);
    let (notes, _) = live.inbox.lock().take();
    let noted: Vec<_> = notes.iter().map(|note| note.key).collect();
    assert_eq!(noted, [key(OURS, 1)]);
}

#[tokio::test]
async fn a_hub_that_dies_is_started_again_and_all_begin_anew() {
    let live = Arc::new(Live::default());
    live.start().await.expect("a hub");
    let wake = Arc::new(Notify::new());
    let mut all = live.follow(Topic::Groups, OURS, None, None, Arc::clone(&wake));
    let hub = live.hub.lock().clone().expect("a hub");
    hub.stop_and_wait(None, None).await.expect("it stops");
    wake.notified().await;
    assert_eq!(next(&mut all, 10), None);
    let mut all = live.follow(Topic::Groups, OURS, None, None, Arc::clone(&wake));
    let mut news = live.news();
    news.changed(key(OURS, 1));
    live.tell(news);
    wake.notified().await;
    assert_eq!(next(&mut all, 10), Some(vec![(1, Kind::Changed)]));
}
