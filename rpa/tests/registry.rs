//! Stories of what is configured: who refers to whom, what is refused, what comes back.

mod support;

use expect_test::expect;
use rpa::{
    Guid,
    argument::{Argument, AssetContent},
    registry::{
        Action, AssetSettings, Class, LayoutSettings, NewNode, Refusal, Reply, Reported,
        RobotSettings, ScheduleSettings, Sealed, Target, UpgradeReport, WorkflowSettings, text,
    },
    schedule::Rule,
    terms::{AssetType, Direction, Sha256},
};
use support::desk::{Desk, GROUP, HOME, PACKAGE, WORKFLOW, named, upload};

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
    "#]].assert_eq(&text::render(&desk.state));
}

#[test]
fn a_version_never_changes_and_the_same_bytes_again_are_no_error() {
    let mut desk = Desk::new();
    let mut put = |version: &str, seed| {
        let new = upload(version, seed, vec![]);
        desk.send(Action::UploadVersion {
            department: HOME,
            new,
        })
        .map(|decision| decision.reply)
    };
    let uploaded = |seed: u128| {
        Ok(Reply::Uploaded {
            package: PACKAGE,
            version: Guid(0x5000 + seed),
        })
    };
    assert_eq!(put("1.0.0", 1), uploaded(1));
    assert_eq!(put("1.0.0", 1), uploaded(1));
    assert_eq!(put("1.0.0", 2), Err(Refusal::OtherContent("1.0.0".into())));
    assert_eq!(put("1.10.0", 3), uploaded(3));
    assert_eq!(put("1.9.0", 4), uploaded(4));
    let package = desk.state.package(desk.tenant, PACKAGE).unwrap();
    assert_eq!(
        package.last_version().map(|last| last.version.as_str()),
        Some("1.10.0")
    );
    let elsewhere = Action::UploadVersion {
        department: Guid(0xdd),
        new: rpa::registry::NewVersion {
            package: Guid(0x59),
            ..upload("1.0.0", 9, vec![])
        },
    };
    assert_eq!(
        desk.done(elsewhere),
        Reply::Uploaded {
            package: Guid(0x59),
            version: Guid(0x5009)
        }
    );
}

#[test]
fn an_upload_by_channel_becomes_a_package_once() {
    let mut desk = Desk::new();
    let id = Guid(0x60);
    let commit = |seed| Action::CommitUpload {
        id,
        new: upload("1.0.0", seed, vec![]),
    };
    let receive = |seed| Action::ReceiveUpload {
        id,
        sha256: Sha256([seed; 32]),
        size: 10,
    };
    assert_eq!(desk.code(receive(1)), "unknown");
    let expires_ms = desk.now_ms + 3_600_000;
    desk.done(Action::OpenUpload {
        id,
        department: HOME,
        expires_ms,
    });
    assert_eq!(desk.code(commit(1)), "nothing-received");
    desk.done(receive(2));
    desk.done(receive(1));
    assert_eq!(desk.code(commit(2)), "received-other");
    let uploaded = Reply::Uploaded {
        package: PACKAGE,
        version: Guid(0x5001),
    };
    assert_eq!(desk.done(commit(1)), uploaded);
    assert_eq!(desk.done(commit(1)), uploaded, "the same answer again");
    assert_eq!(desk.code(receive(3)), "committed");
    desk.now_ms = expires_ms;
    assert_eq!(desk.code(commit(1)), "expired");
    desk.done(Action::ExpireUploads);
    assert_eq!(desk.code(commit(1)), "unknown");
    assert!(desk.state.package(desk.tenant, PACKAGE).is_some());
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
        (Action::DeleteAsset { id: Guid(0xb0) }, used(&["w"])),
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
        Action::DeleteAsset { id: Guid(0xb0) },
    ] {
        desk.done(action);
    }
    expect![[r#"
        1: group 0070 'g' r3 robots [0002]
        1: group 0102 'r2' r1 robots [0002] hidden
        1: group 0103 'r3' r1 robots [0003] hidden
        1: robot 0002 'r2' r1 Managed in [0070 0102]
        1: robot 0003 'r3' r1 Managed in [0103]
    "#]].assert_eq(&text::render(&desk.state));
}

#[test]
fn the_last_version_of_a_package_takes_the_package_with_it() {
    let mut desk = Desk::new();
    for (version, seed) in [("1.0.0", 1), ("1.1.0", 2)] {
        let new = upload(version, seed, vec![]);
        desk.done(Action::UploadVersion {
            department: HOME,
            new,
        });
    }
    desk.done(Action::CountDownload {
        package: PACKAGE,
        version: Guid(0x5002),
    });
    desk.done(Action::DeleteVersion {
        package: PACKAGE,
        version: Guid(0x5001),
    });
    let package = desk.state.package(desk.tenant, PACKAGE).unwrap();
    assert_eq!((package.versions.len(), package.downloads()), (1, 1));
    assert_eq!(
        desk.code(Action::DeleteVersion {
            package: PACKAGE,
            version: Guid(0x5001)
        }),
        "unknown"
    );
    desk.done(Action::DeleteVersion {
        package: PACKAGE,
        version: Guid(0x5002),
    });
    assert!(desk.state.package(desk.tenant, PACKAGE).is_none());
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
        Action::DeleteAsset { id: Guid(0xb0) },
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

#[test]
fn workflows_move_to_the_highest_version_of_their_package() {
    let mut desk = Desk::furnished(vec![]);
    desk.done(Action::UploadVersion {
        department: HOME,
        new: upload("1.2.0", 2, vec![]),
    });
    desk.workflow(Guid(0x91), "new", Some(GROUP));
    let ids = vec![WORKFLOW, Guid(0x91), NOBODY, WORKFLOW];
    let report = UpgradeReport {
        succeeded: vec![WORKFLOW, Guid(0x91)],
        unchanged: vec![Guid(0x91)],
        failed: vec![],
        missing: vec![NOBODY],
    };
    assert_eq!(
        desk.done(Action::UpgradeWorkflows { ids }),
        Reply::Upgraded(report)
    );
    assert_eq!(
        desk.state.workflow(desk.tenant, WORKFLOW).unwrap().version,
        Guid(0x5002)
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
