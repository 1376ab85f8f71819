//! What the views promise of rows, one story each.

use super::super::*;
use super::{OTHER, OWN, incident_row, instance_row, process, start, task_row, timer_row, views};
use bpmn::rows::{Delegation, Ended, IdentityLink, IncidentKind, RowChanges};
use codec::DefinitionId;

#[test]
fn a_task_shows_every_field_of_its_row() {
    let mut views = views();
    let mut row = task_row(5, 0, "approve", 1_000);
    row.name = Some("Own name".to_owned());
    row.description = Some("text".to_owned());
    row.assignee = Some("ann".to_owned());
    row.owner = Some("bob".to_owned());
    row.delegation = Some(Delegation::Pending);
    row.priority = 70;
    row.due_ms = Some(5_000);
    row.category = Some("c".to_owned());
    row.form_key = Some("f".to_owned());
    row.suspended = true;
    row.claimed_ms = Some(2_000);
    row.links = vec![IdentityLink::candidate_group("g")];
    row.parent_task = Some(3);
    let root = RootId(1);
    views.apply(root, OWN, 9, &start(1_000, vec![row.clone()]));
    let task = views.task(OWN, root.child(5)).expect("a task");
    assert_eq!(task.id(), root.child(5));
    assert_eq!(task.instance().id(), root.instance());
    assert_eq!(task.execution(), root.child(4));
    assert_eq!(task.definition(), DefinitionId(1));
    assert_eq!(
        (task.definition_key(), task.definition_version()),
        ("leave", 3)
    );
    assert_eq!(task.activity_id(), "approve");
    let texts = [
        (task.name(), row.name.as_deref()),
        (task.description(), row.description.as_deref()),
        (task.assignee(), row.assignee.as_deref()),
        (task.owner(), row.owner.as_deref()),
        (task.category(), row.category.as_deref()),
        (task.form_key(), row.form_key.as_deref()),
    ];
    for (shown, given) in texts {
        assert_eq!(shown, given);
    }
    assert_eq!((task.delegation(), task.priority()), (row.delegation, 70));
    assert_eq!((task.created_ms(), task.due_ms()), (1_000, Some(5_000)));
    assert_eq!((task.claimed_ms(), task.suspended()), (Some(2_000), true));
    assert_eq!(
        (task.links(), task.parent_task()),
        (&*row.links, Some(root.child(3)))
    );
    assert_eq!(views.sequence(), 9);
}

#[test]
fn a_plain_task_has_the_name_of_its_element_and_no_box() {
    let mut views = views();
    let tasks = vec![
        task_row(5, 0, "approve", 1_000),
        task_row(6, 0, "check", 1_000),
    ];
    views.apply(RootId(1), OWN, 1, &start(1_000, tasks));
    let name = |number| {
        views
            .task(OWN, RootId(1).child(number))
            .and_then(Task::name)
    };
    assert_eq!((name(5), name(6)), (Some("Approve"), None));
    let boxes = (0..2)
        .filter(|slot| views.tasks[*slot].extra.is_some())
        .count();
    // The second of one millisecond still says its time: only the counter below it differs.
    assert_eq!(boxes, 0);
    let mut unnamed = task_row(5, 0, "approve", 1_000);
    unnamed.name = None;
    let changes = RowChanges {
        tasks: vec![unnamed],
        ..RowChanges::default()
    };
    views.apply(RootId(1), OWN, 2, &changes);
    let name = |number| {
        views
            .task(OWN, RootId(1).child(number))
            .and_then(Task::name)
    };
    assert_eq!(name(5), None);
}

#[test]
fn a_tenant_sees_nothing_of_another() {
    let mut views = views();
    let mut row = task_row(5, 0, "approve", 1_000);
    row.assignee = Some("ann".to_owned());
    let changes = RowChanges {
        timers: vec![timer_row(6, 0, 100)],
        incidents: vec![incident_row(7, 0, IncidentKind::Timer, 1_000)],
        ..start(1_000, vec![row])
    };
    let root = RootId(1);
    views.apply(root, OWN, 1, &changes);
    let seen = |tenant: Tenant| {
        let window = Window::default();
        let filters = [
            TaskFilter {
                tenant,
                ..TaskFilter::default()
            },
            TaskFilter {
                tenant,
                roots: vec![root],
                ..TaskFilter::default()
            },
            TaskFilter {
                tenant,
                instances: vec![root.instance()],
                ..TaskFilter::default()
            },
            TaskFilter {
                tenant,
                assignees: vec!["ann".into()],
                ..TaskFilter::default()
            },
            TaskFilter {
                tenant,
                definitions: vec![DefinitionId(1)],
                ..TaskFilter::default()
            },
        ];
        let mut seen: Vec<bool> = filters
            .iter()
            .map(|filter| !views.tasks(filter, &window).items.is_empty())
            .collect();
        seen.push(views.task(tenant, root.child(5)).is_some());
        seen.push(views.instance(tenant, root.instance()).is_some());
        seen.push(views.timer(tenant, root.child(6)).is_some());
        seen.push(views.incident(tenant, root.child(7)).is_some());
        seen.push(!views.tasks_of(tenant, root.instance(), 100).is_empty());
        let roots = vec![root];
        let filter = InstanceFilter {
            tenant,
            roots,
            ..InstanceFilter::default()
        };
        seen.push(!views.instances(&filter, &window).items.is_empty());
        seen
    };
    assert_eq!(seen(OWN), [true; 11]);
    assert_eq!(seen(OTHER), [false; 11]);
}

#[test]
fn an_ended_instance_moves_from_the_running_ones_to_the_ended_ones_until_it_is_removed() {
    let mut views = views();
    let root = RootId(1);
    views.apply(
        root,
        OWN,
        1,
        &start(1_000, vec![task_row(5, 0, "approve", 1_000)]),
    );
    let states = |views: &Views| {
        let total = |state| {
            let filter = InstanceFilter {
                state,
                ..InstanceFilter::default()
            };
            views.instances(&filter, &Window::default()).total
        };
        [
            total(InstanceState::Running),
            total(InstanceState::Ended),
            total(InstanceState::Any),
        ]
    };
    assert_eq!(states(&views), [Some(1), Some(0), Some(1)]);
    let mut row = instance_row(0, 1, 1_000);
    row.ended = Some(Ended {
        ended_ms: 2_000,
        end_activity: Some("end".to_owned()),
        delete_reason: None,
        cancelled: false,
    });
    let changes = RowChanges {
        instances: vec![row],
        gone_tasks: vec![5],
        ..RowChanges::default()
    };
    views.apply(root, OWN, 2, &changes);
    assert_eq!(states(&views), [Some(0), Some(1), Some(1)]);
    let state = views.instance(OWN, root.instance()).map(Instance::state);
    assert_eq!(state, Some(State::Completed));
    assert!(views.task(OWN, root.child(5)).is_none());
    views.remove(root);
    views.remove(root);
    assert_eq!(states(&views), [Some(0), Some(0), Some(0)]);
    views.apply(
        root,
        OWN,
        3,
        &RowChanges {
            tasks: vec![task_row(5, 0, "check", 1)],
            ..RowChanges::default()
        },
    );
    assert!(views.task(OWN, root.child(5)).is_none(), "it is gone");
}

#[test]
fn a_candidate_loses_a_task_that_someone_claims_and_has_it_back_when_it_is_given_back() {
    let mut views = views();
    let mut row = task_row(5, 0, "approve", 1_000);
    row.links = vec![
        IdentityLink::candidate_group("sales"),
        IdentityLink::candidate_group("sales"),
        IdentityLink::candidate_user("ann"),
    ];
    let root = RootId(1);
    views.apply(root, OWN, 1, &start(1_000, vec![row.clone()]));
    let counts = |views: &Views| {
        let group = TaskFilter {
            candidate_groups: vec!["sales".into()],
            ..TaskFilter::default()
        };
        let user = CandidateUser {
            user: "bob".into(),
            groups: vec!["sales".into()],
        };
        let user = TaskFilter {
            candidate_users: vec![user],
            ..TaskFilter::default()
        };
        let involved = TaskFilter {
            involved_users: vec!["ann".into()],
            ..TaskFilter::default()
        };
        [group, user, involved].map(|filter| views.tasks(&filter, &Window::default()).items.len())
    };
    assert_eq!(counts(&views), [1, 1, 1]);
    for (assignee, expected) in [(Some("bob"), [0, 0, 1]), (None, [1, 1, 1])] {
        row.assignee = assignee.map(str::to_owned);
        let changes = RowChanges {
            tasks: vec![row.clone()],
            ..RowChanges::default()
        };
        views.apply(root, OWN, 2, &changes);
        assert_eq!(counts(&views), expected);
    }
}

#[test]
fn a_definition_that_is_told_late_or_forgotten_costs_names_and_nothing_else() {
    let mut views = Views::new();
    let root = RootId(1);
    views.apply(root, OWN, 1, &start(1, vec![task_row(5, 0, "approve", 1)]));
    let shown = |views: &Views| {
        let task = views.task(OWN, root.child(5)).expect("a task");
        (
            task.name().map(str::to_owned),
            task.activity_id().to_owned(),
        )
    };
    let named = Some("Approve".to_owned());
    assert_eq!(shown(&views), (named.clone(), String::new()));
    views.define(OWN, DefinitionId(1), 1, process("leave"));
    assert_eq!(shown(&views), (named.clone(), "approve".to_owned()));
    let by_key = TaskFilter {
        keys: vec!["leave".into()],
        ..TaskFilter::default()
    };
    assert_eq!(views.tasks(&by_key, &Window::default()).items.len(), 1);
    views.undefine(OWN, DefinitionId(1));
    assert_eq!(shown(&views), (named, String::new()));
    assert_eq!(views.tasks(&by_key, &Window::default()).items.len(), 0);
}
