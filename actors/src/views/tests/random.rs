//! Random changes to the views and to the naive model; every list must be the same, in every sort, page by page.

use super::super::*;
use super::model::Model;
use super::pair::{Dice, Pair, TENANTS};
use bpmn::rows::IncidentKind;
use codec::DefinitionId;
use proptest::prelude::*;

fn random_tasks_filter(dice: &mut Dice, model: &Model) -> TaskFilter {
    let mut filter = TaskFilter {
        tenant: Tenant(dice.roll(u64::from(TENANTS)) as u32),
        ..TaskFilter::default()
    };
    let root = model
        .roots
        .get(dice.roll(model.roots.len().max(1) as u64) as usize);
    for _ in 0..dice.roll(3) {
        match dice.roll(15) {
            0 => filter.assignees = dice.names(),
            1 => filter.owners = dice.names(),
            2 => {
                let user = dice.name();
                let groups = dice.names();
                filter.candidate_users.push(CandidateUser { user, groups });
            }
            3 => filter.candidate_groups = dice.names(),
            4 => filter.involved_users = dice.names(),
            5 => filter.unassigned = true,
            6 => filter.business_keys = dice.names(),
            7 => filter.due_before = Some(dice.roll(20) as i64),
            8 => filter.suspended = Some(dice.one_in(2)),
            9 => filter.keys = vec![["first", "second", "none"][dice.roll(3) as usize].to_owned()],
            10 => filter.definitions = vec![DefinitionId(dice.roll(4) + 1)],
            11 => filter.activity_ids = vec!["check".to_owned()],
            12 => filter.names = vec!["Approve".to_owned(), dice.name()],
            13 => filter.roots.extend(root.map(|root| root.id)),
            _ => filter.instances.extend(root.map(|root| root.id.instance())),
        }
    }
    filter
}

fn random_instances_filter(dice: &mut Dice, model: &Model) -> InstanceFilter {
    let states = [
        InstanceState::Running,
        InstanceState::Active,
        InstanceState::Suspended,
        InstanceState::Ended,
        InstanceState::Completed,
        InstanceState::Cancelled,
        InstanceState::Any,
    ];
    let mut filter = InstanceFilter {
        tenant: Tenant(dice.roll(u64::from(TENANTS)) as u32),
        state: states[dice.roll(5) as usize],
        ..InstanceFilter::default()
    };
    let root = model
        .roots
        .get(dice.roll(model.roots.len().max(1) as u64) as usize);
    for _ in 0..dice.roll(3) {
        match dice.roll(7) {
            0 => filter.business_keys = dice.names(),
            1 => filter.keys = vec![["first", "second", "none"][dice.roll(3) as usize].to_owned()],
            2 => filter.definitions = vec![DefinitionId(dice.roll(4) + 1)],
            3 => filter.super_instance = root.map(|root| root.id.instance()),
            4 => filter.started_before = Some(dice.roll(50) as i64),
            5 => filter.started_after = Some(dice.roll(50) as i64),
            _ => filter.roots.extend(root.map(|root| root.id)),
        }
    }
    filter
}

fn random_window(dice: &mut Dice) -> Window {
    let keys = [
        SortKey::Order,
        SortKey::CreatedAt,
        SortKey::DueAt,
        SortKey::Priority,
    ];
    Window {
        sort: Sort {
            key: keys[dice.roll(4) as usize],
            descending: dice.one_in(2),
        },
        after: None,
        limit: [1, 2, 5, 1_000][dice.roll(4) as usize],
        count: [Count::No, Count::Bounded, Count::Exact][dice.roll(3) as usize],
    }
}

/// Walks all pages and compares them and the totals with what the model says.
fn check<T>(
    expected: &[Id],
    mut window: Window,
    mut page: impl FnMut(&Window) -> Page<T>,
    id: impl Fn(&T) -> Id,
) {
    let mut found = Vec::new();
    loop {
        let answer = page(&window);
        match (window.count, answer.total) {
            (Count::No, total) => assert_eq!(total, None),
            (Count::Exact, total) => assert_eq!(total, Some(expected.len() as u64)),
            (Count::Bounded, None) => assert!(expected.len() <= 10_000),
            (Count::Bounded, Some(total)) => assert_eq!(total, expected.len() as u64),
        }
        assert!(answer.items.len() <= window.limit);
        found.extend(answer.items.iter().map(&id));
        let Some(next) = answer.next else { break };
        window.after = Some(next.to_string().parse().expect("a cursor"));
    }
    assert_eq!(found, expected);
}

fn compare(pair: &Pair, seed: u64) {
    let Pair { views, model, .. } = pair;
    let dice = &mut Dice(seed);
    let window = random_window(dice);
    let filter = random_tasks_filter(dice, model);
    let expected = model.tasks(&filter, window.sort);
    check(
        &expected,
        window,
        |window| views.tasks(&filter, window),
        |task| task.id(),
    );
    let filter = random_instances_filter(dice, model);
    let expected = model.instances(&filter, window.sort);
    check(
        &expected,
        window,
        |window| views.instances(&filter, window),
        |row| row.id(),
    );
    let newest = Window {
        sort: Sort::NEWEST_FIRST,
        ..window
    };
    let tenant = Tenant(dice.roll(u64::from(TENANTS)) as u32);
    let kinds = match dice.roll(2) {
        0 => Vec::new(),
        _ => vec![IncidentKind::Timer, IncidentKind::Rpa],
    };
    let root = dice.roll(model.roots.len().max(1) as u64) as usize;
    let root = model.roots.get(root).filter(|_| dice.one_in(2));
    let incidents = IncidentFilter {
        tenant,
        kinds,
        instances: root.map(|root| root.id.instance()).into_iter().collect(),
        ..IncidentFilter::default()
    };
    let expected = model.incidents(&incidents);
    check(
        &expected,
        newest,
        |window| views.incidents(&incidents, window),
        |row| row.id(),
    );
    let timers = TimerFilter {
        tenant,
        keys: if dice.one_in(3) {
            vec!["first".to_owned()]
        } else {
            Vec::new()
        },
        due_before: dice.one_in(2).then(|| dice.roll(20) as i64),
        roots: root.map(|root| root.id).into_iter().collect(),
        ..TimerFilter::default()
    };
    let expected = model.timers(&timers);
    check(
        &expected,
        newest,
        |window| views.timers(&timers, window),
        |row| row.id(),
    );
    let limit_ms = dice.roll(20) as i64;
    let due: Vec<Id> = views.next_due(limit_ms).map(|due| due.id).collect();
    assert_eq!(due, model.next_due(limit_ms));
    check_counts(pair);
}

fn check_counts(pair: &Pair) {
    for tenant in (0..TENANTS).map(Tenant) {
        let count = |state| {
            let filter = InstanceFilter {
                tenant,
                state,
                ..InstanceFilter::default()
            };
            pair.model.instances(&filter, Sort::NEWEST_FIRST).len()
        };
        let expected = Counts {
            running: count(InstanceState::Running),
            suspended: count(InstanceState::Suspended),
            tasks: pair
                .model
                .tasks(
                    &TaskFilter {
                        tenant,
                        ..TaskFilter::default()
                    },
                    Sort::NEWEST_FIRST,
                )
                .len(),
            timers: pair
                .model
                .timers(&TimerFilter {
                    tenant,
                    ..TimerFilter::default()
                })
                .len(),
            incidents: pair
                .model
                .incidents(&IncidentFilter {
                    tenant,
                    ..IncidentFilter::default()
                })
                .len(),
        };
        assert_eq!(pair.views.counts(tenant), expected);
        let mut sum = Counts::default();
        for definition in (1..=3).map(DefinitionId) {
            let counts = pair.views.definition_counts(tenant, definition);
            sum.running += counts.running;
            sum.suspended += counts.suspended;
            sum.tasks += counts.tasks;
            sum.timers += counts.timers;
            sum.incidents += counts.incidents;
        }
        assert_eq!(sum, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_list_is_what_a_scan_of_all_rows_gives(
        steps in proptest::collection::vec(any::<u64>(), 1..60),
        queries in proptest::collection::vec(any::<u64>(), 1..40),
    ) {
        let mut pair = Pair::new();
        for step in &steps {
            pair.step(*step);
        }
        for query in &queries {
            compare(&pair, *query);
        }
        let roots: Vec<RootId> = pair.model.roots.drain(..).map(|root| root.id).collect();
        for root in roots {
            pair.views.remove(root);
        }
        for query in &queries {
            compare(&pair, *query);
        }
    }
}
