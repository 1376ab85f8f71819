//! Stories of settings: what is improper, what stays, what a change does to assets, layouts and schedules.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on fails")]

mod support;

use rpa::{
    Guid,
    argument::Argument,
    registry::{
        Action, AssetSettings, LayoutSettings, NewNode, Reported, ScheduleSettings, Sealed, Target,
        WorkflowSettings,
    },
    schedule::Rule,
    terms::{AssetType, Direction},
};
use support::desk::{Desk, GROUP, HOME, PACKAGE, WORKFLOW, named};

const NOBODY: Guid = Guid(0xfff);

fn change_workflow(settings: WorkflowSettings) -> Action {
    Action::ChangeWorkflow {
        id: WORKFLOW,
        etag: None,
        settings,
    }
}

#[test]
fn improper_settings_are_refused_and_change_nothing() {
    let mut desk = Desk::furnished(vec![]);
    let settings = WorkflowSettings::default;
    let argument = |value: &str| Argument {
        value: Some(value.into()),
        ..Argument::new("a", "System.Int32", Direction::In)
    };
    let rows: [(&str, WorkflowSettings, &str); 12] = [
        ("nothing", settings(), "done"),
        (
            "priority",
            WorkflowSettings {
                priority: Some(5001),
                ..settings()
            },
            "improper",
        ),
        (
            "the highest",
            WorkflowSettings {
                priority: Some(5000),
                ..settings()
            },
            "done",
        ),
        (
            "the lowest",
            WorkflowSettings {
                priority: Some(0),
                ..settings()
            },
            "done",
        ),
        (
            "retries",
            WorkflowSettings {
                max_retry_count: Some(11),
                ..settings()
            },
            "improper",
        ),
        (
            "time",
            WorkflowSettings {
                max_run_seconds: Some(Some(0)),
                ..settings()
            },
            "improper",
        ),
        (
            "no time",
            WorkflowSettings {
                max_run_seconds: Some(None),
                ..settings()
            },
            "done",
        ),
        (
            "name",
            WorkflowSettings {
                label: named(" "),
                ..settings()
            },
            "improper",
        ),
        (
            "package",
            WorkflowSettings {
                package: Some(NOBODY),
                ..settings()
            },
            "unknown-reference",
        ),
        (
            "version",
            WorkflowSettings {
                version: Some(NOBODY),
                ..settings()
            },
            "unknown-reference",
        ),
        (
            "value",
            WorkflowSettings {
                arguments: Some(vec![argument("x")]),
                ..settings()
            },
            "malformed-value",
        ),
        (
            "twice",
            WorkflowSettings {
                arguments: Some(vec![argument("1"), argument("1")]),
                ..settings()
            },
            "improper",
        ),
    ];
    for (what, settings, expected) in rows {
        assert_eq!(desk.code(change_workflow(settings)), expected, "{what}");
    }
    let id = Guid(0x99);
    let nameless = WorkflowSettings {
        package: Some(PACKAGE),
        ..settings()
    };
    assert_eq!(
        desk.code(Action::CreateWorkflow {
            id,
            department: HOME,
            settings: nameless
        }),
        "improper"
    );
    let unpacked = WorkflowSettings {
        label: named("x"),
        ..settings()
    };
    assert_eq!(
        desk.code(Action::CreateWorkflow {
            id,
            department: HOME,
            settings: unpacked
        }),
        "improper"
    );
    let taken = WorkflowSettings {
        label: named("x"),
        package: Some(PACKAGE),
        ..settings()
    };
    assert_eq!(
        desk.code(Action::CreateWorkflow {
            id: GROUP,
            department: HOME,
            settings: taken
        }),
        "id-taken"
    );
}

#[test]
fn an_etag_is_checked_when_it_says_something() {
    let mut desk = Desk::furnished(vec![]);
    let etag = desk.state.group(desk.tenant, GROUP).unwrap().meta.etag();
    let rows = [
        (None, "done"),
        (Some("string"), "done"),
        (Some(""), "done"),
        (Some(etag.as_str()), "changed"),
    ];
    for (etag, expected) in rows {
        let etag = etag.map(str::to_owned);
        assert_eq!(
            desk.code(Action::ChangeGroup {
                id: GROUP,
                etag,
                label: named("h")
            }),
            expected
        );
    }
    let etag = Some(desk.state.group(desk.tenant, GROUP).unwrap().meta.etag());
    assert_eq!(
        desk.code(Action::ChangeGroup {
            id: GROUP,
            etag,
            label: named("i")
        }),
        "done"
    );
}

#[test]
fn what_a_robot_says_about_itself_is_kept_when_it_is_new() {
    let mut desk = Desk::furnished(vec![]);
    let reported = Reported {
        version: Some("1.0".into()),
        ..Reported::default()
    };
    let report = Action::ReportRobot {
        id: Guid(1),
        reported,
    };
    assert_eq!(desk.send(report.clone()).unwrap().events.len(), 1);
    assert_eq!(desk.send(report).unwrap().events.len(), 0);
    assert_eq!(
        desk.state
            .robot(desk.tenant, Guid(1))
            .unwrap()
            .meta
            .revision,
        1
    );
}

#[test]
fn an_asset_has_a_name_of_its_own_and_a_type_for_ever() {
    let mut desk = Desk::new();
    desk.asset(Guid(0xb0), "key", AssetType::Credential);
    assert!(
        desk.state
            .asset(desk.tenant, Guid(0xb0))
            .unwrap()
            .is_required_encryption
    );
    let new = |name: &str, value: Option<Sealed>| AssetSettings {
        label: named(name),
        kind: Some(AssetType::String),
        value,
        ..AssetSettings::default()
    };
    let create = |settings| Action::CreateAsset {
        id: Guid(0xb1),
        department: HOME,
        settings,
    };
    assert_eq!(
        desk.code(create(new("key", Some(Sealed(vec![1]))))),
        "name-taken"
    );
    assert_eq!(desk.code(create(new("other", None))), "improper");
    assert_eq!(
        desk.code(create(new("other", Some(Sealed(vec![0; 70_000]))))),
        "improper"
    );
    assert_eq!(
        desk.code(create(new("other", Some(Sealed(vec![1]))))),
        "done"
    );
    let change = |settings| Action::ChangeAsset {
        id: Guid(0xb1),
        etag: None,
        settings,
    };
    assert_eq!(
        desk.code(change(AssetSettings {
            kind: Some(AssetType::Float),
            ..AssetSettings::default()
        })),
        "improper"
    );
    assert_eq!(
        desk.code(change(AssetSettings {
            label: named("key"),
            ..AssetSettings::default()
        })),
        "name-taken"
    );
    assert_eq!(
        desk.code(change(AssetSettings {
            label: named("third"),
            ..AssetSettings::default()
        })),
        "done"
    );
    assert!(desk.state.asset_named(desk.tenant, HOME, "other").is_none());
    assert!(desk.state.asset_named(desk.tenant, HOME, "third").is_some());
}

#[test]
fn a_layout_keeps_its_nodes_in_order_and_their_history() {
    let mut desk = Desk::furnished(vec![]);
    let id = Guid(0xa0);
    let node = |id: u128, name: Option<&str>| NewNode {
        id: Guid(id),
        label: name.map(named).unwrap_or_default(),
        workflow: WORKFLOW,
        arguments: vec![],
    };
    let settings = |nodes| LayoutSettings {
        label: named("l"),
        nodes: Some(nodes),
        continue_on_failure: None,
    };
    let create = |nodes| Action::CreateLayout {
        id,
        department: HOME,
        settings: settings(nodes),
    };
    let stranger = NewNode {
        workflow: NOBODY,
        ..node(1, None)
    };
    assert_eq!(desk.code(create(vec![stranger])), "unknown-reference");
    assert_eq!(
        desk.code(create(vec![node(1, None), node(1, None)])),
        "id-taken"
    );
    desk.done(create(vec![node(1, None), node(2, Some("two"))]));
    desk.now_ms += 5;
    let nodes = vec![node(2, Some("zwei")), node(3, None), node(1, None)];
    desk.done(Action::ChangeLayout {
        id,
        etag: None,
        settings: settings(nodes),
    });
    let layout = desk.state.layout(desk.tenant, id).unwrap();
    let shown: Vec<_> = layout
        .nodes
        .iter()
        .map(|node| {
            (
                node.id.0,
                node.label.name.as_str(),
                node.created.at_ms == desk.now_ms,
                node.modified.is_some(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            (2, "zwei", false, true),
            (3, "w", true, false),
            (1, "w", false, false)
        ]
    );
}

#[test]
fn a_schedule_goes_from_firing_to_firing() {
    use rpa::registry::{Firing, FiringOutcome};
    let mut desk = Desk::furnished(vec![]);
    desk.now_ms = 0;
    let id = Guid(0xc0);
    let settings = ScheduleSettings {
        label: named("c"),
        target: Some(Target::Workflow(WORKFLOW)),
        rule: Some(Rule::Every("PT1M".into())),
        start_ms: Some(60_000),
        ..ScheduleSettings::default()
    };
    let create = |settings| Action::CreateSchedule {
        id,
        department: HOME,
        settings,
    };
    assert_eq!(
        desk.code(create(ScheduleSettings {
            rule: None,
            ..settings.clone()
        })),
        "improper"
    );
    assert_eq!(
        desk.code(create(ScheduleSettings {
            rule: Some(Rule::Cron("x".into())),
            ..settings.clone()
        })),
        "improper-timing"
    );
    assert_eq!(
        desk.code(create(ScheduleSettings {
            target: Some(Target::Layout(NOBODY)),
            ..settings.clone()
        })),
        "unknown-reference"
    );
    desk.done(create(settings));
    let next = |desk: &Desk| desk.state.schedule(desk.tenant, id).unwrap().next_ms;
    assert_eq!(
        (next(&desk), desk.state.next_due_ms()),
        (Some(60_000), Some(60_000))
    );
    assert_eq!(
        (
            desk.state.due(59_999).count(),
            desk.state.due(60_000).count()
        ),
        (0, 1)
    );
    let fire = |due_ms, at_ms| Action::RecordFiring {
        id,
        firing: Firing {
            due_ms,
            at_ms,
            outcome: FiringOutcome::Executed(Guid(1)),
        },
    };
    desk.done(fire(60_000, 60_001));
    assert_eq!(next(&desk), Some(120_000));
    assert_eq!(
        desk.send(fire(60_000, 60_001)).unwrap().events,
        [],
        "recorded before"
    );
    desk.done(fire(120_000, 600_000));
    assert_eq!(next(&desk), Some(660_000), "what was missed counts once");
    let change = |settings| Action::ChangeSchedule {
        id,
        etag: None,
        settings,
    };
    desk.now_ms = 700_000;
    desk.done(change(ScheduleSettings {
        label: named("d"),
        ..ScheduleSettings::default()
    }));
    assert_eq!(next(&desk), Some(660_000), "a new name forgets no firing");
    desk.done(change(ScheduleSettings {
        enabled: Some(false),
        ..ScheduleSettings::default()
    }));
    assert_eq!((next(&desk), desk.state.next_due_ms()), (None, None));
    desk.done(change(ScheduleSettings {
        enabled: Some(true),
        ..ScheduleSettings::default()
    }));
    assert_eq!(next(&desk), Some(720_000));
    for minute in 12..200 {
        desk.done(fire(minute * 60_000, minute * 60_000));
    }
    let schedule = desk.state.schedule(desk.tenant, id).unwrap();
    assert_eq!(
        (schedule.firings.len(), schedule.firings[99].due_ms),
        (100, 199 * 60_000)
    );
}
