//! Random commands over two companies: replaying the events, and reading a stored state, give the state that life gave;
//! what refers to something refers to what is there.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on fails")]

mod support;

use codec::Tenant;
use proptest::prelude::*;
use rpa::{
    Guid,
    argument::{Argument, AssetContent, Source, SourcedArgument},
    package::Metadata,
    registry::{
        Action, AssetSettings, Command, Firing, FiringOutcome, LabelSettings, LayoutSettings,
        NewNode, NewVersion, RobotSettings, ScheduleSettings, Sealed, State, Target,
        WorkflowSettings, decide, plan, stored,
    },
    schedule::Rule,
    terms::{AssetType, Direction, Sha256},
};
use std::collections::BTreeSet;
use support::{
    START_MS,
    desk::{execute, named},
    stamp,
};

/// What happens, and numbers that choose to what.
type Step = (u8, u8, u8, u8);

fn id(kind: u128, which: u8) -> Guid {
    Guid(kind * 0x100 + u128::from(which % 4))
}

fn version(which: u8, other: u8) -> NewVersion {
    NewVersion {
        package: id(1, which),
        version: Guid(0x5000 + u128::from(which % 4) * 0x10 + u128::from(other % 5)),
        metadata: Metadata {
            name: format!("p{}", which % 4),
            version: format!("1.{}", other % 5),
            ..Metadata::default()
        },
        sha256: Sha256([other % 6; 32]),
        size: 1,
    }
}

fn arguments(which: u8) -> Vec<Argument> {
    let plain = Argument {
        value: Some("x".into()),
        ..Argument::new("a", "System.String", Direction::In)
    };
    let from_asset = Argument {
        value: Some(id(7, which).to_string()),
        asset: Some(AssetContent::default()),
        ..plain.clone()
    };
    match which % 3 {
        0 => vec![],
        1 => vec![plain],
        _ => vec![from_asset],
    }
}

fn label(how: u8) -> LabelSettings {
    match how % 5 {
        0 => LabelSettings::default(),
        _ => named(&format!("n{}", how % 3)),
    }
}

fn action((what, which, other, how): Step, now_ms: i64) -> Action {
    let department = Guid(0xd);
    let etag = (how % 7 == 0).then(|| "1".to_owned());
    match what % 24 {
        0 | 1 => Action::UploadVersion {
            department,
            new: version(which, other),
        },
        2 => Action::DeletePackage { id: id(1, which) },
        3 => Action::DeleteVersion {
            package: id(1, which),
            version: version(which, other).version,
        },
        4 => Action::OpenUpload {
            id: id(8, which),
            department,
            expires_ms: now_ms + 50,
        },
        5 => Action::ReceiveUpload {
            id: id(8, which),
            sha256: Sha256([other % 6; 32]),
            size: 1,
        },
        6 if how % 3 == 0 => Action::ExpireUploads,
        6 => Action::CommitUpload {
            id: id(8, which),
            new: version(which, other),
        },
        7 => Action::CreateGroup {
            id: id(2, which),
            department,
            label: label(how),
        },
        8 => Action::AddRobots {
            group: id(2, which),
            robots: vec![id(3, other), id(3, how)],
        },
        9 => Action::RemoveRobot {
            group: id(2, which),
            robot: id(3, other),
        },
        10 => Action::DeleteGroup {
            id: id(2, which),
            open_jobs: usize::from(how % 4 == 0),
        },
        11 | 12 => Action::CreateRobot {
            id: id(3, which),
            queue: id(4, which),
            department,
            settings: RobotSettings {
                label: label(how),
                management: None,
            },
        },
        13 => Action::DeleteRobot {
            id: id(3, which),
            connected: how % 5 == 0,
            open_jobs: 0,
        },
        14 | 15 => Action::CreateWorkflow {
            id: id(5, which),
            department,
            settings: workflow(other, how),
        },
        16 => Action::ChangeWorkflow {
            id: id(5, which),
            etag,
            settings: workflow(other, how),
        },
        17 => Action::BindRobots {
            workflow: id(5, which),
            robots: vec![id(3, other), id(3, how)],
        },
        18 if how % 2 == 0 => Action::UnbindRobot {
            workflow: id(5, which),
            robot: id(3, other),
        },
        18 => Action::DeleteWorkflow { id: id(5, which) },
        19 => Action::UpgradeWorkflows {
            ids: vec![id(5, which), id(5, other)],
        },
        20 if how % 4 == 0 => Action::DeleteLayout { id: id(6, which) },
        20 => Action::CreateLayout {
            id: id(6, which),
            department,
            settings: layout(other, how),
        },
        21 if how % 4 == 0 => Action::DeleteAsset {
            id: id(7, which),
            open_jobs: 0,
        },
        21 => Action::CreateAsset {
            id: id(7, which),
            department,
            settings: AssetSettings {
                label: label(how),
                kind: Some(AssetType::String),
                value: Some(Sealed(vec![how])),
                ..AssetSettings::default()
            },
        },
        22 if how % 4 == 0 => Action::DeleteSchedule { id: id(9, which) },
        22 => Action::CreateSchedule {
            id: id(9, which),
            department,
            settings: schedule(other, how),
        },
        _ if how % 2 == 0 => Action::CountTriggers {
            target: Target::Workflow(id(5, which)),
            count: u64::from(other),
            last_ms: now_ms,
        },
        _ => Action::RecordFiring {
            id: id(9, which),
            firing: Firing {
                due_ms: START_MS + i64::from(other) * 60_000,
                at_ms: now_ms,
                outcome: FiringOutcome::Skipped,
            },
        },
    }
}

fn workflow(other: u8, how: u8) -> WorkflowSettings {
    WorkflowSettings {
        label: label(how),
        package: (!how.is_multiple_of(6)).then(|| id(1, other)),
        queue: match how % 3 {
            0 => None,
            1 => Some(Guid::NIL),
            _ => Some(id(2, other)),
        },
        arguments: Some(arguments(other)),
        ..WorkflowSettings::default()
    }
}

fn layout(other: u8, how: u8) -> LayoutSettings {
    let nodes = (1..=how % 3).map(|at| NewNode {
        id: Guid(u128::from(at)),
        workflow: id(5, other.wrapping_add(at)),
        arguments: arguments(other)
            .into_iter()
            .map(|argument| SourcedArgument {
                argument,
                source: Source::Previous,
            })
            .collect(),
        ..NewNode::default()
    });
    LayoutSettings {
        label: label(how),
        nodes: Some(nodes.collect()),
        continue_on_failure: None,
    }
}

fn schedule(other: u8, how: u8) -> ScheduleSettings {
    ScheduleSettings {
        label: label(how),
        target: Some(match how % 2 {
            0 => Target::Workflow(id(5, other)),
            _ => Target::Layout(id(6, other)),
        }),
        rule: Some(Rule::Every("PT1M".into())),
        ..ScheduleSettings::default()
    }
}

/// What refers to something refers to what is there, in its own company.
fn check(state: &State) {
    for tenant in [Tenant(1), Tenant(2)] {
        let assets: BTreeSet<Guid> = state.assets(tenant).map(|asset| asset.id).collect();
        let known = |argument: &Argument| argument.asset_id().is_none_or(|id| assets.contains(&id));
        for workflow in state.workflows(tenant) {
            assert!(
                state
                    .version(tenant, workflow.package, workflow.version)
                    .is_some()
            );
            assert!(
                workflow
                    .queue
                    .is_none_or(|queue| state.group(tenant, queue).is_some())
            );
            assert!(workflow.queue.is_none() || workflow.robots.is_empty());
            assert!(
                workflow
                    .robots
                    .iter()
                    .all(|robot| state.robot(tenant, *robot).is_some())
            );
            assert!(workflow.arguments.iter().all(known));
            check_plan(state, tenant, workflow.id);
        }
        for group in state.groups(tenant) {
            for robot in &group.robots {
                assert!(state.robot(tenant, *robot).is_some());
                assert!(state.groups_of_robot(*robot).any(|found| found == group.id));
            }
        }
        for robot in state.robots(tenant) {
            let hidden = state.group(tenant, robot.queue).unwrap();
            assert_eq!(hidden.dedicated_robot, Some(robot.id));
            assert_eq!(hidden.robots, BTreeSet::from([robot.id]));
        }
        for layout in state.layouts(tenant) {
            let mut arguments = layout.nodes.iter().flat_map(|node| &node.arguments);
            assert!(arguments.all(|sourced| known(&sourced.argument)));
        }
        for package in state.packages(tenant) {
            assert!(!package.versions.is_empty());
            let named = state.package_named(tenant, package.meta.department, &package.label.name);
            assert_eq!(named.map(|named| named.id), Some(package.id));
        }
    }
    let due: Vec<Guid> = state.due(i64::MAX).map(|schedule| schedule.id).collect();
    let waiting = [Tenant(1), Tenant(2)]
        .into_iter()
        .flat_map(|tenant| state.schedules(tenant));
    assert_eq!(
        due.len(),
        waiting
            .filter(|schedule| schedule.next_ms.is_some())
            .count()
    );
}

/// A workflow with a target can be executed.
fn check_plan(state: &State, tenant: Tenant, id: Guid) {
    let execute = plan::Execute {
        tenant,
        ..execute(plan::Overrides::default())
    };
    let workflow = state.workflow(tenant, id).unwrap();
    let expected = match (workflow.queue, workflow.robots.len()) {
        (Some(_), _) => Ok(1),
        (None, 0) => Err("no-target"),
        (None, robots) => Ok(robots),
    };
    let planned = plan::workflow(state, &execute, id, &|_| true);
    assert_eq!(
        planned
            .map(|start| start.jobs.len())
            .map_err(|refusal| refusal.code()),
        expected
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]
    #[test]
    fn replay_and_snapshot_give_what_life_gave(
        steps in proptest::collection::vec((any::<Step>(), prop_oneof![9 => Just(1), 1 => Just(2)]), 0..150),
    ) {
        let mut live = State::default();
        let mut replayed = State::default();
        let mut now_ms = START_MS;
        for (step, tenant) in steps {
            now_ms += 10;
            let command = Command {
                tenant: Tenant(tenant),
                by: stamp(now_ms),
                action: action(step, now_ms),
            };
            let Ok(decision) = decide(&live, command) else {
                continue;
            };
            for event in &decision.events {
                live.apply(event);
            }
            let read = stored::decode_events(&stored::encode_events(&decision.events));
            for event in read.map_err(|error| TestCaseError::fail(error.to_string()))? {
                replayed.apply(&event);
            }
            check(&live);
        }
        prop_assert_eq!(&replayed, &live);
        prop_assert_eq!(stored::decode_state(&stored::encode_state(&live)), Ok(live));
    }
}
