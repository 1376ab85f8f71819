//! Groups and who is in them. Owns: that a robot's hidden group is nobody's to change.

use super::{Decided, Deciding, Event, Guid, Kind, LabelSettings, Refusal, limits, user};
use crate::{registry::Group, terms::Label};
use std::collections::BTreeSet;

impl Deciding<'_> {
    pub(super) fn create_group(&self, id: Guid, department: Guid, label: LabelSettings) -> Decided {
        let group = Group {
            id,
            meta: self.new_meta(id, department)?,
            label: Self::label(&Label::default(), label)?,
            robots: BTreeSet::new(),
            dedicated_robot: None,
        };
        Ok(vec![Event::GroupSaved(Box::new(group))].into())
    }

    /// A group that may be changed.
    fn open_group(&self, id: Guid) -> Result<&Group, Refusal> {
        let group = self.state.group(self.tenant, id);
        let group = group.ok_or(Refusal::Unknown {
            kind: Kind::Group,
            id,
        })?;
        match group.dedicated_robot {
            Some(_) => Err(Refusal::HiddenGroup),
            None => Ok(group),
        }
    }

    pub(super) fn change_group(
        &self,
        id: Guid,
        etag: Option<String>,
        label: LabelSettings,
    ) -> Decided {
        let group = self.open_group(id)?;
        let group = Group {
            meta: self.touched(&group.meta, etag)?,
            label: Self::label(&group.label, label)?,
            ..group.clone()
        };
        Ok(vec![Event::GroupSaved(Box::new(group))].into())
    }

    pub(super) fn delete_group(&self, id: Guid, open_jobs: usize) -> Decided {
        self.open_group(id)?;
        let workflows = self.state.workflows(self.tenant);
        let targeting = workflows.filter(|workflow| workflow.queue == Some(id));
        let mut users: Vec<String> = targeting
            .map(|workflow| user(Kind::Workflow, &workflow.label.name))
            .collect();
        users.extend((open_jobs > 0).then(|| format!("{open_jobs} jobs")));
        Self::unused(users)?;
        Ok(Self::removed(Kind::Group, id))
    }

    pub(super) fn add_robots(&self, id: Guid, robots: Vec<Guid>) -> Decided {
        let group = self.open_group(id)?;
        for robot in &robots {
            if self.state.robot(self.tenant, *robot).is_none() {
                return Err(Refusal::UnknownReference {
                    kind: Kind::Robot,
                    id: *robot,
                });
            }
        }
        let mut changed = group.clone();
        changed.robots.extend(robots);
        if changed.robots.len() > limits::GROUP_ROBOTS {
            let why = format!("a group has at most {} robots", limits::GROUP_ROBOTS);
            return Err(Refusal::improper("robotIds", why));
        }
        Ok(self.save_members(group, changed).into())
    }

    pub(super) fn remove_robot(&self, id: Guid, robot: Guid) -> Decided {
        let group = self.open_group(id)?;
        let mut changed = group.clone();
        if !changed.robots.remove(&robot) {
            return Err(Refusal::Unknown {
                kind: Kind::Robot,
                id: robot,
            });
        }
        Ok(self.save_members(group, changed).into())
    }

    pub(super) fn save_members(&self, group: &Group, changed: Group) -> Vec<Event> {
        if group.robots == changed.robots {
            return Vec::new();
        }
        let meta = group.meta.clone().touched(self.by.clone());
        vec![Event::GroupSaved(Box::new(Group { meta, ..changed }))]
    }
}
