//! Stories of what refers to what: deletions that are refused, hidden groups, targets, other companies.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on fails")]

mod support;

use expect_test::expect;
use rpa::{
    Guid,
    argument::{Argument, AssetContent, Source, SourcedArgument},
    registry::{
        Action, Class, LayoutSettings, NewNode, Refusal, Reply, RobotSettings, ScheduleSettings,
        Target, WorkflowSettings, text,
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
fn a_furnished_company_looks_so() {
    let desk = Desk::furnished(vec![]);
    expect![[r#"
        1: package 0050 'Add' r1 1.0.0=5001
        1: group 0070 'g' r2 robots [0001 0002]
        1: group 0101 'r1' r1 robots [0001] hidden
        1: group 0102 'r2' r1 robots [0002] hidden
        1: group 0103 'r3' r1 robots [0003] hidden
        1: robot 0001 'r1' r1 Managed in [0070 0101]
        1: robot 0002 'r2' r1 Managed in [0070 0102]
        1: robot 0003 'r3' r1 Managed in [0103]
        1: workflow 0090 'w' r1 runs 0050/5001 group 0070 priority 2000 retries 3 triggered 0
    "#]]
    .assert_eq(&text::render(&desk.state));
}

#[test]
fn what_is_used_is_not_deleted_and_the_refusal_names_the_user() {
    let mut desk = Desk::furnished(vec![]);
    desk.workflow(Guid(0x91), "direct", None);
    desk.done(Action::BindRobots {
        workflow: Guid(0x91),
        robots: vec![Guid(3)],
    });
    desk.asset(Guid(0xb0), "key", AssetType::String);
    let argument = Argument {
        value: Some(Guid(0xb0).to_string()),
        asset: Some(AssetContent::default()),
        ..Argument::new("key", "System.String", Direction::In)
    };
    desk.done(change_workflow(WorkflowSettings {
        arguments: Some(vec![argument]),
        ..WorkflowSettings::default()
    }));
    let used = |names: &[&str]| {
        let users = names
            .iter()
            .map(|name| format!("workflow '{name}'"))
            .collect();
        Err(Refusal::InUse { users })
    };
    let rows = [
        (
            Action::DeletePackage { id: PACKAGE },
            used(&["w", "direct"]),
        ),
        (
            Action::DeleteVersion {
                package: PACKAGE,
                version: Guid(0x5001),
            },
            used(&["w", "direct"]),
        ),
        (
            Action::DeleteGroup {
                id: GROUP,
                open_jobs: 0,
            },
            used(&["w"]),
        ),
        (
            Action::DeleteRobot {
                id: Guid(3),
                connected: false,
                open_jobs: 0,
            },
            used(&["direct"]),
        ),
        (
            Action::DeleteRobot {
                id: Guid(1),
                connected: true,
                open_jobs: 0,
            },
            Err(Refusal::Connected),
        ),
        (
            Action::DeleteRobot {
                id: Guid(1),
                connected: false,
                open_jobs: 2,
            },
            Err(Refusal::InUse {
                users: vec!["2 jobs".into()],
            }),
        ),
        (
            Action::DeleteAsset {
                id: Guid(0xb0),
                open_jobs: 0,
            },
            used(&["w"]),
        ),
        (
            Action::DeleteAsset {
                id: Guid(0xb0),
                open_jobs: 2,
            },
            Err(Refusal::InUse {
                users: vec!["workflow 'w'".into(), "2 jobs".into()],
            }),
        ),
    ];
    for (action, expected) in rows {
        assert_eq!(
            desk.send(action.clone()).map(|decision| decision.reply),
            expected,
            "{action:?}"
        );
    }
    // A workflow goes whatever its jobs do; then the rest can go.
    for action in [
        Action::DeleteWorkflow { id: WORKFLOW },
        Action::DeleteWorkflow { id: Guid(0x91) },
        Action::DeletePackage { id: PACKAGE },
        Action::DeleteRobot {
            id: Guid(1),
            connected: false,
            open_jobs: 0,
        },
        Action::DeleteAsset {
            id: Guid(0xb0),
            open_jobs: 0,
        },
    ] {
        desk.done(action);
    }
    expect![[r#"
        1: group 0070 'g' r3 robots [0002]
        1: group 0102 'r2' r1 robots [0002] hidden
        1: group 0103 'r3' r1 robots [0003] hidden
        1: robot 0002 'r2' r1 Managed in [0070 0102]
        1: robot 0003 'r3' r1 Managed in [0103]
    "#]]
    .assert_eq(&text::render(&desk.state));
}

#[test]
fn an_asset_is_used_by_whatever_names_it_in_an_argument() {
    let mut desk = Desk::furnished(vec![]);
    let key = Guid(0xb0);
    desk.asset(key, "key", AssetType::String);
    let argument = Argument {
        value: Some(key.to_string()),
        asset: Some(AssetContent::default()),
        ..Argument::new("key", "System.String", Direction::In)
    };
    let sourced = SourcedArgument {
        argument: argument.clone(),
        source: Source::Value,
    };
    let node = NewNode {
        id: Guid(1),
        workflow: WORKFLOW,
        arguments: vec![sourced],
        ..NewNode::default()
    };
    let layout = LayoutSettings {
        label: named("l"),
        nodes: Some(vec![node]),
        continue_on_failure: None,
    };
    desk.done(Action::CreateLayout {
        id: Guid(0xa0),
        department: HOME,
        settings: layout,
    });
    let schedule = ScheduleSettings {
        label: named("c"),
        target: Some(Target::Layout(Guid(0xa0))),
        rule: Some(Rule::Every("PT1M".into())),
        arguments: Some(vec![argument]),
        ..ScheduleSettings::default()
    };
    desk.done(Action::CreateSchedule {
        id: Guid(0xc0),
        department: HOME,
        settings: schedule,
    });
    let mut users = |action| match desk.send(action) {
        Err(Refusal::InUse { users }) => users,
        other => panic!("{other:?}"),
    };
    let delete = Action::DeleteAsset {
        id: key,
        open_jobs: 0,
    };
    assert_eq!(users(delete.clone()), ["layout 'l'", "schedule 'c'"]);
    assert_eq!(
        users(Action::DeleteLayout { id: Guid(0xa0) }),
        ["schedule 'c'"]
    );
    let shown = &desk.state.layout(desk.tenant, Guid(0xa0)).unwrap().nodes[0].arguments[0];
    let content = shown.argument.asset.as_ref().unwrap();
    assert_eq!(
        content.name, "key",
        "what is shown of the asset is filled in"
    );
    desk.done(Action::DeleteSchedule { id: Guid(0xc0) });
    desk.done(Action::DeleteLayout { id: Guid(0xa0) });
    desk.done(delete);
}

#[test]
fn a_hidden_group_belongs_to_its_robot() {
    let mut desk = Desk::furnished(vec![]);
    let hidden = Guid(0x101);
    let in_groups = |desk: &Desk| desk.state.groups_of_robot(Guid(1)).collect::<Vec<_>>();
    assert_eq!(in_groups(&desk), [GROUP, hidden]);
    for action in [
        Action::ChangeGroup {
            id: hidden,
            etag: None,
            label: named("x"),
        },
        Action::DeleteGroup {
            id: hidden,
            open_jobs: 0,
        },
        Action::AddRobots {
            group: hidden,
            robots: vec![Guid(2)],
        },
        Action::RemoveRobot {
            group: hidden,
            robot: Guid(1),
        },
    ] {
        assert_eq!(desk.code(action), "hidden-group");
    }
    let queue = Some(hidden);
    assert_eq!(
        desk.code(change_workflow(WorkflowSettings {
            queue,
            ..WorkflowSettings::default()
        })),
        "unknown-reference"
    );
    desk.done(Action::RemoveRobot {
        group: GROUP,
        robot: Guid(1),
    });
    assert_eq!(in_groups(&desk), [hidden]);
    assert_eq!(
        desk.code(Action::RemoveRobot {
            group: GROUP,
            robot: Guid(1)
        }),
        "unknown"
    );
    desk.done(Action::DeleteRobot {
        id: Guid(1),
        connected: false,
        open_jobs: 0,
    });
    assert_eq!(in_groups(&desk), []);
    assert!(desk.state.group(desk.tenant, hidden).is_none());
}

#[test]
fn a_workflow_targets_a_group_or_robots() {
    let mut desk = Desk::furnished(vec![]);
    let bind = |robots: &[u128]| Action::BindRobots {
        workflow: WORKFLOW,
        robots: robots.iter().copied().map(Guid).collect(),
    };
    let group = Refusal::OtherTarget("a robot group");
    assert_eq!(
        desk.done(bind(&[1])),
        Reply::Bound(vec![(Guid(1), Some(group))])
    );
    let queue = Some(Guid::NIL);
    desk.done(change_workflow(WorkflowSettings {
        queue,
        ..WorkflowSettings::default()
    }));
    let unknown = Refusal::UnknownReference {
        kind: rpa::registry::Kind::Robot,
        id: NOBODY,
    };
    let bound = Reply::Bound(vec![
        (Guid(2), None),
        (NOBODY, Some(unknown)),
        (Guid(1), None),
        (Guid(2), None),
    ]);
    assert_eq!(desk.done(bind(&[2, NOBODY.0, 1, 2])), bound);
    let robots = |desk: &Desk| {
        desk.state
            .workflow(desk.tenant, WORKFLOW)
            .unwrap()
            .robots
            .clone()
    };
    assert_eq!(robots(&desk), [Guid(2), Guid(1)]);
    let queue = Some(GROUP);
    assert_eq!(
        desk.code(change_workflow(WorkflowSettings {
            queue,
            ..WorkflowSettings::default()
        })),
        "other-target"
    );
    desk.done(Action::UnbindRobot {
        workflow: WORKFLOW,
        robot: Guid(2),
    });
    assert_eq!(
        desk.code(Action::UnbindRobot {
            workflow: WORKFLOW,
            robot: Guid(2)
        }),
        "unknown"
    );
    assert_eq!(robots(&desk), [Guid(1)]);
}

#[test]
fn another_company_sees_and_changes_nothing() {
    let mut desk = Desk::furnished(vec![]);
    desk.asset(Guid(0xb0), "key", AssetType::String);
    let home = desk.tenant;
    desk.tenant = codec::Tenant(2);
    for action in [
        change_workflow(WorkflowSettings::default()),
        Action::DeleteWorkflow { id: WORKFLOW },
        Action::DeletePackage { id: PACKAGE },
        Action::DeleteVersion {
            package: PACKAGE,
            version: Guid(0x5001),
        },
        Action::ChangeGroup {
            id: GROUP,
            etag: None,
            label: named("x"),
        },
        Action::ChangeRobot {
            id: Guid(1),
            etag: None,
            settings: RobotSettings::default(),
        },
        Action::DeleteAsset {
            id: Guid(0xb0),
            open_jobs: 0,
        },
    ] {
        let refused = desk.send(action.clone()).unwrap_err();
        assert_eq!(
            (refused.code(), refused.class()),
            ("unknown", Class::Missing),
            "{action:?}"
        );
    }
    let settings = WorkflowSettings {
        label: named("x"),
        package: Some(PACKAGE),
        ..WorkflowSettings::default()
    };
    assert_eq!(
        desk.code(Action::CreateWorkflow {
            id: Guid(0x99),
            department: HOME,
            settings
        }),
        "unknown-reference"
    );
    let Reply::Upgraded(report) = desk.done(Action::UpgradeWorkflows {
        ids: vec![WORKFLOW],
    }) else {
        panic!("no report");
    };
    assert_eq!(report.missing, [WORKFLOW]);
    assert_eq!(desk.state.workflows(desk.tenant).count(), 0);
    assert_eq!(desk.state.workflows(home).count(), 1);
}
