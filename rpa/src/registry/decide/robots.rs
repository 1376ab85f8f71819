//! Robots, each with its hidden group.

use super::{Decided, Deciding, Decision, Event, Guid, Kind, Refusal, limits, user};
use crate::{
    registry::{Group, Reported, Robot, RobotSettings},
    terms::{ConsoleManagement, Label},
};
use std::collections::BTreeSet;

impl Deciding<'_> {
    pub(super) fn create_robot(
        &self,
        id: Guid,
        queue: Guid,
        department: Guid,
        settings: RobotSettings,
    ) -> Decided {
        if id == queue {
            return Err(Refusal::IdTaken(queue));
        }
        let meta = self.new_meta(id, department)?;
        let label = Self::label(&Label::default(), settings.label)?;
        let group = Group {
            id: queue,
            meta: self.new_meta(queue, department)?,
            label: Label {
                name: label.name.clone(),
                ..Label::default()
            },
            robots: BTreeSet::from([id]),
            dedicated_robot: Some(id),
        };
        let robot = Robot {
            id,
            meta,
            label,
            management: settings.management.unwrap_or(ConsoleManagement::Managed),
            queue,
            reported: Reported::default(),
        };
        Ok(vec![
            Event::RobotSaved(Box::new(robot)),
            Event::GroupSaved(Box::new(group)),
        ]
        .into())
    }

    fn robot(&self, id: Guid) -> Result<&Robot, Refusal> {
        let robot = self.state.robot(self.tenant, id);
        robot.ok_or(Refusal::Unknown {
            kind: Kind::Robot,
            id,
        })
    }

    pub(super) fn change_robot(
        &self,
        id: Guid,
        etag: Option<String>,
        settings: RobotSettings,
    ) -> Decided {
        let robot = self.robot(id)?;
        let robot = Robot {
            meta: self.touched(&robot.meta, etag)?,
            label: Self::label(&robot.label, settings.label)?,
            management: settings.management.unwrap_or(robot.management),
            ..robot.clone()
        };
        Ok(vec![Event::RobotSaved(Box::new(robot))].into())
    }

    /// What a robot says about itself is no change that anybody made: its history stays.
    pub(super) fn report_robot(&self, id: Guid, mut reported: Reported) -> Decided {
        let robot = self.robot(id)?;
        reported.capabilities.truncate(limits::TAGS);
        let texts = [
            &mut reported.version,
            &mut reported.sdk_version,
            &mut reported.device_id,
        ];
        let texts = texts.into_iter().filter_map(Option::as_mut);
        for text in texts.chain(&mut reported.capabilities) {
            *text = text.chars().take(limits::NAME_CHARS).collect();
        }
        if robot.reported == reported {
            return Ok(Decision::default());
        }
        let robot = Robot {
            reported,
            ..robot.clone()
        };
        Ok(vec![Event::RobotSaved(Box::new(robot))].into())
    }

    pub(super) fn delete_robot(&self, id: Guid, connected: bool, open_jobs: usize) -> Decided {
        let robot = self.robot(id)?;
        if connected {
            return Err(Refusal::Connected);
        }
        let workflows = self.state.workflows(self.tenant);
        let targeting = workflows.filter(|workflow| workflow.robots.contains(&id));
        let mut users: Vec<String> = targeting
            .map(|workflow| user(Kind::Workflow, &workflow.label.name))
            .collect();
        users.extend((open_jobs > 0).then(|| format!("{open_jobs} jobs")));
        Self::unused(users)?;
        let mut events = Vec::new();
        for group in self
            .state
            .groups_of_robot(id)
            .filter(|group| *group != robot.queue)
        {
            if let Some(group) = self.state.groups.get(&group) {
                let mut changed = group.clone();
                changed.robots.remove(&id);
                events.extend(self.save_members(group, changed));
            }
        }
        events.push(Event::Removed {
            kind: Kind::Group,
            id: robot.queue,
        });
        events.push(Event::Removed {
            kind: Kind::Robot,
            id,
        });
        Ok(events.into())
    }
}
