//! What an execute begins with: jobs by target, arguments and settings merged, robots that are not there.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on fails")]

mod support;

use rpa::{
    Guid,
    argument::{Argument, AssetContent, Source, SourcedArgument},
    execution::{NewJob, OnFailure, Owner, Start},
    registry::{
        Action, LayoutSettings, NewNode, Refusal, RobotSettings, State, WorkflowSettings,
        plan::{self, Overrides},
    },
    terms::{AssetType, Direction, JobExecutionPolicy},
};
use support::desk::{Desk, GROUP, HOME, TENANT, WORKFLOW, execute, named, upload};

fn argument(name: &str, direction: Direction, value: Option<&str>) -> Argument {
    Argument {
        value: value.map(str::to_owned),
        ..Argument::new(name, "System.Int32", direction)
    }
}

fn planned(state: &State, overrides: Overrides) -> Result<Start, Refusal> {
    plan::workflow(state, &execute(overrides), WORKFLOW, &|_| true)
}

fn refused(state: &State, overrides: Overrides) -> &'static str {
    planned(state, overrides).map_or_else(|refusal| refusal.code(), |_| "planned")
}

fn targets(start: &Start) -> Vec<(&str, u128, Option<u128>)> {
    let target = |job: &NewJob| job.robot.map(|robot| robot.0);
    start
        .jobs
        .iter()
        .map(|job| (job.label.as_str(), job.queue.0, target(job)))
        .collect()
}

fn direct(desk: &mut Desk, robots: &[u128]) {
    let queue = Some(Guid::NIL);
    let settings = WorkflowSettings {
        queue,
        ..WorkflowSettings::default()
    };
    desk.done(Action::ChangeWorkflow {
        id: WORKFLOW,
        etag: None,
        settings,
    });
    let robots = robots.iter().copied().map(Guid).collect();
    desk.done(Action::BindRobots {
        workflow: WORKFLOW,
        robots,
    });
}

#[test]
fn a_group_gets_one_job_and_each_bound_robot_one_of_its_own() {
    let mut desk = Desk::furnished(vec![]);
    let start = planned(&desk.state, Overrides::default()).unwrap();
    assert_eq!(targets(&start), [("1", GROUP.0, None)]);
    assert_eq!(
        (start.owner, start.name.as_str(), start.on_failure),
        (Owner::Workflow(WORKFLOW), "w", OnFailure::CancelLaterSteps)
    );
    assert_eq!(
        (start.jobs[0].priority, start.jobs[0].max_retry_count),
        (2000, 3)
    );
    direct(&mut desk, &[]);
    assert_eq!(refused(&desk.state, Overrides::default()), "no-target");
    direct(&mut desk, &[2, 1]);
    let start = planned(&desk.state, Overrides::default()).unwrap();
    assert_eq!(
        targets(&start),
        [("1-1", 0x102, Some(2)), ("1-2", 0x101, Some(1))]
    );
    assert_ne!(start.jobs[0].id, start.jobs[1].id);
    assert_eq!(
        planned(&desk.state, Overrides::default()),
        Ok(start),
        "the same ids each time"
    );
}

#[test]
fn arguments_come_from_the_version_the_workflow_and_the_execute() {
    let declared = vec![
        argument("a", Direction::In, Some("1")),
        argument("b", Direction::In, Some("1")),
        argument("c", Direction::In, Some("1")),
        argument("sum", Direction::Out, None),
    ];
    let mut desk = Desk::furnished(declared);
    let own = vec![
        argument("b", Direction::In, Some("2")),
        argument("c", Direction::In, Some("2")),
    ];
    let settings = WorkflowSettings {
        arguments: Some(own),
        ..WorkflowSettings::default()
    };
    desk.done(Action::ChangeWorkflow {
        id: WORKFLOW,
        etag: None,
        settings,
    });
    let given = vec![
        argument("c", Direction::In, Some("3")),
        argument("d", Direction::In, Some("3")),
    ];
    let start = planned(
        &desk.state,
        Overrides {
            arguments: given,
            ..Overrides::default()
        },
    )
    .unwrap();
    let values: Vec<_> = start.jobs[0]
        .arguments
        .iter()
        .map(|sourced| {
            (
                sourced.argument.name.as_str(),
                sourced.argument.value.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        values,
        [
            ("a", Some("1")),
            ("b", Some("2")),
            ("c", Some("3")),
            ("sum", None),
            ("d", Some("3"))
        ]
    );
    // The next version brings its own; the workflow's values stay.
    let next = vec![
        argument("b", Direction::In, Some("9")),
        argument("e", Direction::In, Some("9")),
    ];
    desk.done(Action::UploadVersion {
        department: HOME,
        new: upload("2.0.0", 2, next),
    });
    desk.done(Action::UpgradeWorkflows {
        ids: vec![WORKFLOW],
    });
    let workflow = desk.state.workflow(TENANT, WORKFLOW).unwrap();
    let shown: Vec<_> = plan::arguments(&desk.state, workflow)
        .into_iter()
        .map(|a| (a.name, a.value.unwrap()))
        .collect();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(shown, [pair("b", "2"), pair("e", "9"), pair("c", "2")]);
}

#[test]
fn improper_overrides_are_refused() {
    let mut desk = Desk::furnished(vec![
        argument("a", Direction::In, None),
        argument("o", Direction::Out, None),
    ]);
    desk.asset(Guid(0xb0), "key", AssetType::Credential);
    let given = |argument: Argument| Overrides {
        arguments: vec![argument],
        ..Overrides::default()
    };
    let from_asset = |id: &str| Argument {
        asset: Some(AssetContent::default()),
        ..argument("a", Direction::In, Some(id))
    };
    let rows = [
        (
            Overrides {
                priority: Some(0),
                ..Overrides::default()
            },
            "planned",
        ),
        (
            Overrides {
                priority: Some(5001),
                ..Overrides::default()
            },
            "improper",
        ),
        (
            Overrides {
                max_retry_count: Some(11),
                ..Overrides::default()
            },
            "improper",
        ),
        (
            Overrides {
                max_run_seconds: Some(0),
                ..Overrides::default()
            },
            "improper",
        ),
        (
            given(argument("a", Direction::In, Some("x"))),
            "malformed-value",
        ),
        (given(argument("o", Direction::Out, Some("x"))), "planned"),
        (given(argument("", Direction::In, None)), "improper"),
        (
            given(from_asset("000000b0-0000-0000-0000-000000000000")),
            "unknown-reference",
        ),
        (given(from_asset(&Guid(0xb0).to_string())), "planned"),
        (given(from_asset("key")), "unknown-reference"),
    ];
    for (overrides, expected) in rows {
        assert_eq!(
            refused(&desk.state, overrides.clone()),
            expected,
            "{overrides:?}"
        );
    }
    let mut foreign = execute(Overrides::default());
    foreign.tenant = codec::Tenant(2);
    let refused = plan::workflow(&desk.state, &foreign, WORKFLOW, &|_| true);
    assert_eq!(refused.map_err(|refusal| refusal.code()), Err("unknown"));
}

#[test]
fn without_a_free_robot_a_job_waits_or_is_left_out_as_the_policy_says() {
    let mut desk = Desk::furnished(vec![]);
    direct(&mut desk, &[1, 2]);
    let skipped = |policy| {
        let overrides = Overrides {
            policy: Some(policy),
            ..Overrides::default()
        };
        let first_only = |queue: Guid| queue == Guid(0x101);
        let start =
            plan::workflow(&desk.state, &execute(overrides), WORKFLOW, &first_only).unwrap();
        start.jobs.iter().map(|job| job.skipped).collect::<Vec<_>>()
    };
    assert_eq!(skipped(JobExecutionPolicy::AnyTime), [false, false]);
    assert_eq!(
        skipped(JobExecutionPolicy::SkipWhenNoResource),
        [false, true]
    );
}

#[test]
fn a_layout_has_a_step_for_each_node_and_a_job_for_each_robot() {
    let mut desk = Desk::furnished(vec![argument("a", Direction::In, Some("1"))]);
    desk.workflow(Guid(0x91), "direct", None);
    desk.done(Action::BindRobots {
        workflow: Guid(0x91),
        robots: vec![Guid(1), Guid(3)],
    });
    let sourced = SourcedArgument {
        argument: argument("a", Direction::In, Some("7")),
        source: Source::Previous,
    };
    let node = |id, workflow, arguments| NewNode {
        id: Guid(id),
        label: named(&format!("n{id}")),
        workflow,
        arguments,
    };
    let nodes = vec![
        node(1, WORKFLOW, vec![]),
        node(2, Guid(0x91), vec![sourced]),
        node(3, WORKFLOW, vec![]),
    ];
    let id = Guid(0xa0);
    let settings = LayoutSettings {
        label: named("l"),
        nodes: Some(nodes),
        continue_on_failure: Some(true),
    };
    desk.done(Action::CreateLayout {
        id,
        department: HOME,
        settings,
    });
    let start = plan::layout(&desk.state, &execute(Overrides::default()), id, &|_| true).unwrap();
    let expected = [
        ("1", GROUP.0, None),
        ("2-1", 0x101, Some(1)),
        ("2-2", 0x103, Some(3)),
        ("3", GROUP.0, None),
    ];
    assert_eq!(targets(&start), expected);
    let steps: Vec<_> = start
        .jobs
        .iter()
        .map(|job| (job.step, job.name.as_str()))
        .collect();
    assert_eq!(steps, [(0, "n1"), (1, "n2"), (1, "n2"), (2, "n3")]);
    let passed = &start.jobs[1].arguments[0];
    assert_eq!(
        (passed.source, passed.argument.value.as_deref()),
        (Source::Previous, Some("7"))
    );
    assert_eq!(
        (start.owner, start.on_failure),
        (Owner::Layout(id), OnFailure::Continue)
    );
    // It is a proper beginning.
    support::World::started(start);
    desk.done(Action::DeleteWorkflow { id: Guid(0x91) });
    let refused = plan::layout(&desk.state, &execute(Overrides::default()), id, &|_| true);
    assert_eq!(
        refused.map_err(|refusal| refusal.code()),
        Err("unknown-reference")
    );
}

#[test]
fn the_values_of_all_jobs_together_have_a_bound() {
    let mut desk = Desk::furnished(vec![]);
    let robots: Vec<u128> = (0..50).map(|n| 0x1000 + n).collect();
    for robot in &robots {
        desk.done(Action::CreateRobot {
            id: Guid(*robot),
            queue: Guid(0x1000 + *robot),
            department: HOME,
            settings: RobotSettings {
                label: named("r"),
                ..RobotSettings::default()
            },
        });
    }
    direct(&mut desk, &robots);
    let given = |bytes: usize| Overrides {
        arguments: vec![Argument {
            value: Some("x".repeat(bytes)),
            ..Argument::new("a", "System.String", Direction::In)
        }],
        ..Overrides::default()
    };
    assert_eq!(refused(&desk.state, given(160 * 1024)), "planned");
    assert_eq!(refused(&desk.state, given(170 * 1024)), "improper");
}
