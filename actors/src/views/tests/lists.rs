//! What the views promise of lists: order, pages, totals, due times.

use super::super::*;
use super::{OTHER, OWN, start, task_row, timer_row, views};
use bpmn::rows::{RowChanges, Rows};

fn all(views: &Views, sort: Sort) -> Vec<Id> {
    let window = Window {
        sort,
        ..Window::default()
    };
    let page = views.tasks(&TaskFilter::default(), &window);
    page.items.iter().map(|task| task.id()).collect()
}

#[test]
fn the_order_is_that_of_happening_even_when_the_clock_goes_back() {
    let mut views = views();
    for (index, created_ms) in [5_000, 1_000, 9_000, 9_000].into_iter().enumerate() {
        let root = RootId(10 + index as u128);
        let task = task_row(5, 0, "approve", created_ms);
        views.apply(root, OWN, index as u64, &start(created_ms, vec![task]));
    }
    let ids = |numbers: [u128; 4]| numbers.map(|number| RootId(number).child(5)).to_vec();
    assert_eq!(all(&views, Sort::NEWEST_FIRST), ids([13, 12, 11, 10]));
    assert_eq!(all(&views, Sort::OLDEST_FIRST), ids([10, 11, 12, 13]));
    let by_time = Sort {
        key: SortKey::CreatedAt,
        descending: false,
    };
    assert_eq!(all(&views, by_time), ids([11, 10, 12, 13]));
    let created = views.task(OWN, RootId(11).child(5)).map(Task::created_ms);
    assert_eq!(created, Some(1_000));
    views.remove(RootId(11));
    assert!(views.clock.tells_time(), "the row that came late is gone");
    let left: Vec<Id> = [10, 12, 13].map(|number| RootId(number).child(5)).to_vec();
    assert_eq!(all(&views, by_time), left);
}

#[test]
fn what_recovery_loads_is_in_the_order_it_was_created_in_and_new_rows_follow() {
    let mut live = views();
    let mut loaded = views();
    let mut roots = Vec::new();
    for index in 0..50_u32 {
        let root = RootId(100 + u128::from(index));
        let at_ms = 1_000 + i64::from(index / 7);
        let tasks = vec![
            task_row(5, 0, "approve", at_ms),
            task_row(6, 0, "check", at_ms),
        ];
        let changes = start(at_ms, tasks);
        live.apply(root, OWN, u64::from(index), &changes);
        roots.push((root, changes));
    }
    for (root, changes) in &roots {
        let rows = Rows {
            instances: changes.instances.clone(),
            tasks: changes.tasks.clone().into(),
            ..Rows::default()
        };
        // Loading twice is loading once.
        loaded.load(*root, OWN, 49, &rows);
        loaded.load(*root, OWN, 49, &rows);
    }
    for sort in [Sort::OLDEST_FIRST, Sort::NEWEST_FIRST] {
        assert_eq!(all(&live, sort), all(&loaded, sort));
    }
    let late = start(500, vec![task_row(5, 0, "approve", 500)]);
    loaded.apply(RootId(7), OWN, 50, &late);
    assert_eq!(all(&loaded, Sort::NEWEST_FIRST)[0], RootId(7).child(5));
    assert_eq!(loaded.sequence(), 50);
}

#[test]
fn timers_are_due_in_order_and_suspended_or_spent_ones_do_not_fire() {
    let mut views = views();
    let mut suspended = timer_row(7, 0, 10);
    suspended.suspended = true;
    let mut spent = timer_row(8, 0, 20);
    spent.retries_left = 0;
    let changes = RowChanges {
        timers: vec![
            timer_row(5, 0, 300),
            timer_row(6, 0, 100),
            suspended.clone(),
            spent,
        ],
        ..start(1, Vec::new())
    };
    views.apply(RootId(1), OWN, 1, &changes);
    views.apply(
        RootId(2),
        OTHER,
        2,
        &RowChanges {
            timers: vec![timer_row(5, 0, 200)],
            ..start(1, Vec::new())
        },
    );
    let due = |views: &Views, limit_ms| {
        views
            .next_due(limit_ms)
            .map(|due| due.due_ms)
            .collect::<Vec<i64>>()
    };
    assert_eq!(due(&views, i64::MAX), [100, 200, 300]);
    assert_eq!(due(&views, 200), [100, 200]);
    assert_eq!(due(&views, 99), [0; 0]);
    suspended.suspended = false;
    let changes = RowChanges {
        timers: vec![suspended],
        gone_timers: vec![6],
        ..RowChanges::default()
    };
    views.apply(RootId(1), OWN, 3, &changes);
    assert_eq!(due(&views, i64::MAX), [10, 200, 300]);
    let page = views.timers(&TimerFilter::default(), &Window::default());
    let listed: Vec<i64> = page.items.iter().map(|timer| timer.due_ms()).collect();
    assert_eq!((listed, page.total), (vec![10, 20, 300], Some(3)));
}

#[test]
fn a_walk_goes_on_behind_a_row_that_is_gone_and_misses_none_that_stays() {
    let mut views = views();
    for index in 0..10_u32 {
        let root = RootId(u128::from(index));
        let task = task_row(5, 0, "approve", i64::from(index));
        views.apply(
            root,
            OWN,
            u64::from(index),
            &start(i64::from(index), vec![task]),
        );
    }
    let mut window = Window {
        limit: 3,
        ..Window::default()
    };
    let first = views.tasks(&TaskFilter::default(), &window);
    window.after = first.next;
    views.remove(RootId(7));
    views.remove(RootId(6));
    let second = views.tasks(&TaskFilter::default(), &window);
    let ids: Vec<u128> = second.items.iter().map(|task| task.id().root.0).collect();
    assert_eq!(ids, [5, 4, 3]);
}

#[test]
fn a_total_is_given_when_one_index_has_it_and_else_only_for_few() {
    let mut views = views();
    for index in 0..12_u32 {
        let mut task = task_row(5, 0, if index % 2 == 0 { "approve" } else { "check" }, 1);
        task.assignee = Some(if index < 9 { "ann" } else { "bob" }.to_owned());
        views.apply(RootId(u128::from(index)), OWN, 1, &start(1, vec![task]));
    }
    let activity = TaskFilter {
        activity_ids: vec!["check".into()],
        ..TaskFilter::default()
    };
    let ann = TaskFilter {
        assignees: vec!["ann".into()],
        ..TaskFilter::default()
    };
    let both = TaskFilter {
        assignees: vec!["ann".into()],
        activity_ids: vec!["check".into()],
        ..TaskFilter::default()
    };
    let bob = TaskFilter {
        assignees: vec!["bob".into()],
        activity_ids: vec!["check".into()],
        ..TaskFilter::default()
    };
    // In tests few are 8.
    let rows = [
        (TaskFilter::default(), Some(12), Some(12)),
        (ann, Some(9), Some(9)),
        (activity, None, Some(6)),
        (both, None, Some(4)),
        (bob, Some(2), Some(2)),
    ];
    for (filter, bounded, exact) in rows {
        for (count, expected) in [
            (Count::No, None),
            (Count::Bounded, bounded),
            (Count::Exact, exact),
        ] {
            let window = Window {
                limit: 1,
                count,
                ..Window::default()
            };
            assert_eq!(
                views.tasks(&filter, &window).total,
                expected,
                "{filter:?} {count:?}"
            );
        }
    }
}

#[test]
fn only_the_text_of_a_cursor_is_a_cursor() {
    for text in [
        "",
        "v",
        "v1.2.3",
        "v1.2.3.4.5",
        "v1.2.3.100000000",
        "a1.2.3.4",
        "vx.2.3.4",
    ] {
        assert!(text.parse::<Cursor>().is_err(), "{text}");
    }
    let text = "vffffffffffffffff.2.3.ffffffff";
    let cursor: Cursor = text.parse().expect("a cursor");
    assert_eq!(cursor.to_string(), text);
}
