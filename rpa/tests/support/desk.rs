//! A registry with a caller and a clock, for stories. Never: decides anything itself.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on fails")]

use super::{START_MS, stamp};
use codec::Tenant;
use rpa::{
    Guid,
    argument::Argument,
    execution::Startup,
    package::Metadata,
    registry::{
        Action, AssetSettings, Command, Decision, LabelSettings, NewVersion, Refusal, Reply,
        RobotSettings, Sealed, State, WorkflowSettings, decide,
        plan::{Execute, Overrides},
        stored,
    },
    terms::{AssetType, Sha256},
};

pub const TENANT: Tenant = Tenant(1);
pub const HOME: Guid = Guid(0xd);
pub const PACKAGE: Guid = Guid(0x50);
pub const GROUP: Guid = Guid(0x70);
pub const WORKFLOW: Guid = Guid(0x90);

pub struct Desk {
    pub state: State,
    pub tenant: Tenant,
    pub now_ms: i64,
}

pub fn named(name: &str) -> LabelSettings {
    LabelSettings {
        name: Some(name.to_owned()),
        ..LabelSettings::default()
    }
}

/// An execute by hand; its execution is `0xe`.
pub fn execute(overrides: Overrides) -> Execute {
    Execute {
        tenant: TENANT,
        execution: Guid(0xe),
        created: stamp(START_MS),
        startup: Startup::manual(),
        source: None,
        activity: None,
        overrides,
    }
}

/// An upload of the package `Add`: version ids are `0x5000 + seed`, the bytes are the seed.
pub fn upload(version: &str, seed: u8, arguments: Vec<Argument>) -> NewVersion {
    NewVersion {
        package: PACKAGE,
        version: Guid(0x5000 + u128::from(seed)),
        metadata: Metadata {
            name: "Add".to_owned(),
            version: version.to_owned(),
            arguments,
            ..Metadata::default()
        },
        sha256: Sha256([seed; 32]),
        size: 10,
    }
}

impl Desk {
    pub fn new() -> Desk {
        Desk {
            state: State::default(),
            tenant: TENANT,
            now_ms: START_MS,
        }
    }

    /// A package, robots 1 to 3 (in the hidden groups 0x101 to 0x103), a group of the first two, a workflow for it.
    pub fn furnished(arguments: Vec<Argument>) -> Desk {
        let mut desk = Desk::new();
        desk.done(Action::UploadVersion {
            department: HOME,
            new: upload("1.0.0", 1, arguments),
        });
        for robot in 1..=3 {
            desk.done(Action::CreateRobot {
                id: Guid(robot),
                queue: Guid(0x100 + robot),
                department: HOME,
                settings: RobotSettings {
                    label: named(&format!("r{robot}")),
                    ..RobotSettings::default()
                },
            });
        }
        desk.done(Action::CreateGroup {
            id: GROUP,
            department: HOME,
            label: named("g"),
        });
        desk.done(Action::AddRobots {
            group: GROUP,
            robots: vec![Guid(1), Guid(2)],
        });
        desk.workflow(WORKFLOW, "w", Some(GROUP));
        desk
    }

    pub fn workflow(&mut self, id: Guid, name: &str, queue: Option<Guid>) {
        self.done(Action::CreateWorkflow {
            id,
            department: HOME,
            settings: WorkflowSettings {
                label: named(name),
                package: Some(PACKAGE),
                queue,
                ..WorkflowSettings::default()
            },
        });
    }

    pub fn asset(&mut self, id: Guid, name: &str, kind: AssetType) {
        self.done(Action::CreateAsset {
            id,
            department: HOME,
            settings: AssetSettings {
                label: named(name),
                kind: Some(kind),
                value: Some(Sealed(vec![1])),
                ..AssetSettings::default()
            },
        });
    }

    /// Decides and applies; the events survive their bytes, and the bytes of the state give it back.
    pub fn send(&mut self, action: Action) -> Result<Decision, Refusal> {
        let by = stamp(self.now_ms);
        let command = Command {
            tenant: self.tenant,
            by,
            action,
        };
        let decision = decide(&self.state, command)?;
        for event in stored::decode_events(&stored::encode_events(&decision.events)).unwrap() {
            self.state.apply(&event);
        }
        let bytes = stored::encode_state(&self.state);
        assert_eq!(stored::decode_state(&bytes).as_ref(), Ok(&self.state));
        Ok(decision)
    }

    pub fn done(&mut self, action: Action) -> Reply {
        self.send(action).unwrap().reply
    }

    /// The code of the refusal; `done` if there was none.
    pub fn code(&mut self, action: Action) -> &'static str {
        let before = self.state.clone();
        match self.send(action) {
            Ok(_) => "done",
            Err(refusal) => {
                assert_eq!(self.state, before);
                refusal.code()
            }
        }
    }
}
