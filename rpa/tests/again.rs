//! What a job needs to be repeated: everything that it names, and not its workflow.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on fails")]

mod support;

use rpa::{
    Guid,
    argument::{Argument, AssetContent},
    execution::Start,
    registry::{
        Action, Kind, Refusal, State, WorkflowSettings,
        plan::{self, Overrides},
    },
    terms::{AssetType, Direction},
};
use support::desk::{Desk, GROUP, PACKAGE, TENANT, WORKFLOW, execute};

/// A workflow that is bound to robot 1.
const DIRECT: Guid = Guid(0x91);
const ROBOT: Guid = Guid(1);
const ASSET: Guid = Guid(0xb0);

fn desk() -> Desk {
    let mut desk = Desk::furnished(vec![]);
    desk.asset(ASSET, "a", AssetType::String);
    desk.workflow(DIRECT, "direct", None);
    desk.done(Action::BindRobots {
        workflow: DIRECT,
        robots: vec![ROBOT],
    });
    desk
}

fn planned(state: &State, workflow: Guid) -> Start {
    let argument = Argument {
        value: Some(ASSET.to_string()),
        asset: Some(AssetContent::default()),
        ..Argument::new("a", "System.String", Direction::In)
    };
    let execute = execute(Overrides {
        arguments: vec![argument],
        ..Overrides::default()
    });
    plan::workflow(state, &execute, workflow, &|_| true).unwrap()
}

#[test]
fn a_job_is_repeated_without_its_workflow_but_with_all_else_that_it_names() {
    let package = Action::DeletePackage { id: PACKAGE };
    let group = Action::DeleteGroup {
        id: GROUP,
        open_jobs: 0,
    };
    let robot = Action::DeleteRobot {
        id: ROBOT,
        connected: false,
        open_jobs: 0,
    };
    let asset = Action::DeleteAsset {
        id: ASSET,
        open_jobs: 0,
    };
    let rows = [
        (WORKFLOW, None, None),
        (DIRECT, None, None),
        (WORKFLOW, Some(package), Some(Kind::Version)),
        (WORKFLOW, Some(group.clone()), Some(Kind::Group)),
        (DIRECT, Some(group), None),
        (DIRECT, Some(robot.clone()), Some(Kind::Robot)),
        (WORKFLOW, Some(robot), None),
        (WORKFLOW, Some(asset), Some(Kind::Asset)),
    ];
    for (workflow, gone, named) in rows {
        let mut desk = desk();
        let start = planned(&desk.state, workflow);
        for id in [WORKFLOW, DIRECT] {
            desk.done(Action::DeleteWorkflow { id });
        }
        let row = format!("{workflow} {gone:?}");
        if let Some(gone) = gone {
            desk.done(gone);
        }
        let again = plan::again(&desk.state, TENANT, start.clone(), &|_| true);
        let job = &start.jobs[0];
        let expected = named.map_or(Ok(start.clone()), |kind| {
            let id = match kind {
                Kind::Version => job.package.version_id,
                Kind::Group => job.queue,
                Kind::Robot => ROBOT,
                _ => ASSET,
            };
            Err(Refusal::UnknownReference { kind, id })
        });
        assert_eq!(again, expected, "{row}");
    }
}

#[test]
fn what_the_workflow_says_by_now_is_nothing_to_it() {
    let mut desk = desk();
    let start = planned(&desk.state, WORKFLOW);
    let settings = WorkflowSettings {
        priority: Some(1),
        max_retry_count: Some(0),
        ..WorkflowSettings::default()
    };
    desk.done(Action::ChangeWorkflow {
        id: WORKFLOW,
        etag: None,
        settings,
    });
    let again = plan::again(&desk.state, TENANT, start.clone(), &|_| true);
    assert_eq!(again, Ok(start));
}
