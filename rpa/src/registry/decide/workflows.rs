//! Workflows: what they run, what they target, and moving them to higher versions.
//! Owns: that a workflow targets a group or robots.

use super::{
    Decided, Deciding, Decision, Event, Guid, Kind, Refusal, Reply, UpgradeReport, limits,
};
use crate::{
    registry::{Target, Workflow, WorkflowSettings},
    terms::{JobExecutionPolicy, Label, Notification, VideoRecordMode},
};

/// Conditions and recipients of a notification.
const NOTIFICATION_ENTRIES: usize = 100;

impl Deciding<'_> {
    pub(super) fn create_workflow(
        &self,
        id: Guid,
        department: Guid,
        settings: WorkflowSettings,
    ) -> Decided {
        let new = Workflow {
            id,
            meta: self.new_meta(id, department)?,
            label: Label::default(),
            package: Guid::NIL,
            version: Guid::NIL,
            arguments: Vec::new(),
            video: VideoRecordMode::NeverRecord,
            notification: None,
            queue: None,
            robots: Vec::new(),
            priority: limits::DEFAULT_PRIORITY,
            max_retry_count: limits::DEFAULT_RETRIES,
            max_run_seconds: None,
            policy: JobExecutionPolicy::AnyTime,
            triggered_count: 0,
            last_triggered_ms: None,
        };
        if settings.package.is_none() {
            return Err(Refusal::improper("packageId", "a workflow needs a package"));
        }
        let workflow = self.settled(new, settings)?;
        Ok(vec![Event::WorkflowSaved(Box::new(workflow))].into())
    }

    fn workflow(&self, id: Guid) -> Result<&Workflow, Refusal> {
        let workflow = self.state.workflow(self.tenant, id);
        workflow.ok_or(Refusal::Unknown {
            kind: Kind::Workflow,
            id,
        })
    }

    pub(super) fn change_workflow(
        &self,
        id: Guid,
        etag: Option<String>,
        settings: WorkflowSettings,
    ) -> Decided {
        let old = self.workflow(id)?;
        let meta = self.touched(&old.meta, etag)?;
        let changed = self.settled(
            Workflow {
                meta,
                ..old.clone()
            },
            settings,
        )?;
        Ok(vec![Event::WorkflowSaved(Box::new(changed))].into())
    }

    fn settled(&self, old: Workflow, settings: WorkflowSettings) -> Result<Workflow, Refusal> {
        let (package, version) = self.package_version(&old, &settings)?;
        let queue = match settings.queue {
            Some(queue) if queue.is_nil() => None,
            Some(queue) => Some(self.targeted(&old, queue)?),
            None => old.queue,
        };
        let mut arguments = settings.arguments.unwrap_or(old.arguments);
        self.arguments(&mut arguments)?;
        let notification = settings.notification.or(old.notification);
        if let Some(notification) = &notification {
            check_notification(notification)?;
        }
        let max_run_seconds = settings.max_run_seconds.unwrap_or(old.max_run_seconds);
        Ok(Workflow {
            label: Self::label(&old.label, settings.label)?,
            package,
            version,
            arguments,
            video: settings.video.unwrap_or(old.video),
            notification,
            queue,
            priority: Self::priority(settings.priority.unwrap_or(old.priority))?,
            max_retry_count: Self::retries(
                settings.max_retry_count.unwrap_or(old.max_retry_count),
            )?,
            max_run_seconds: max_run_seconds.map(Self::run_seconds).transpose()?,
            policy: settings.policy.unwrap_or(old.policy),
            ..old
        })
    }

    fn package_version(
        &self,
        old: &Workflow,
        settings: &WorkflowSettings,
    ) -> Result<(Guid, Guid), Refusal> {
        if settings.package.is_none() && settings.version.is_none() {
            return Ok((old.package, old.version));
        }
        let id = settings.package.unwrap_or(old.package);
        let package = self.state.package(self.tenant, id);
        let package = package.ok_or(Refusal::UnknownReference {
            kind: Kind::Package,
            id,
        })?;
        let version = match settings.version {
            Some(id) => {
                let version = package.version(id);
                version
                    .ok_or(Refusal::UnknownReference {
                        kind: Kind::Version,
                        id,
                    })?
                    .id
            }
            None if id == old.package => old.version,
            None => {
                let version = package.last_version();
                version
                    .ok_or(Refusal::UnknownReference {
                        kind: Kind::Package,
                        id,
                    })?
                    .id
            }
        };
        Ok((id, version))
    }

    fn targeted(&self, old: &Workflow, queue: Guid) -> Result<Guid, Refusal> {
        let group = self.state.group(self.tenant, queue);
        let open = group.filter(|group| group.dedicated_robot.is_none());
        if open.is_none() {
            return Err(Refusal::UnknownReference {
                kind: Kind::Group,
                id: queue,
            });
        }
        if !old.robots.is_empty() {
            return Err(Refusal::OtherTarget("robots"));
        }
        Ok(queue)
    }

    pub(super) fn delete_workflow(&self, id: Guid) -> Decided {
        self.workflow(id)?;
        Ok(Self::removed(Kind::Workflow, id))
    }

    pub(super) fn bind_robots(&self, id: Guid, robots: Vec<Guid>) -> Decided {
        let workflow = self.workflow(id)?;
        let mut changed = workflow.clone();
        let mut results = Vec::with_capacity(robots.len().min(limits::BOUND_ROBOTS));
        for robot in robots {
            let refusal = self.unbindable(&changed, robot);
            if refusal.is_none() && !changed.robots.contains(&robot) {
                changed.robots.push(robot);
            }
            results.push((robot, refusal));
        }
        Ok(Decision {
            events: self.save_targets(workflow, changed),
            reply: Reply::Bound(results),
        })
    }

    fn unbindable(&self, workflow: &Workflow, robot: Guid) -> Option<Refusal> {
        if workflow.queue.is_some() {
            return Some(Refusal::OtherTarget("a robot group"));
        }
        if self.state.robot(self.tenant, robot).is_none() {
            return Some(Refusal::UnknownReference {
                kind: Kind::Robot,
                id: robot,
            });
        }
        if workflow.robots.len() >= limits::BOUND_ROBOTS && !workflow.robots.contains(&robot) {
            let why = format!("a workflow targets at most {} robots", limits::BOUND_ROBOTS);
            return Some(Refusal::improper("robotIds", why));
        }
        None
    }

    pub(super) fn unbind_robot(&self, id: Guid, robot: Guid) -> Decided {
        let workflow = self.workflow(id)?;
        let mut changed = workflow.clone();
        changed.robots.retain(|bound| *bound != robot);
        if changed.robots.len() == workflow.robots.len() {
            return Err(Refusal::Unknown {
                kind: Kind::Robot,
                id: robot,
            });
        }
        Ok(self.save_targets(workflow, changed).into())
    }

    fn save_targets(&self, workflow: &Workflow, changed: Workflow) -> Vec<Event> {
        if changed.robots == workflow.robots {
            return Vec::new();
        }
        let meta = workflow.meta.clone().touched(self.by.clone());
        vec![Event::WorkflowSaved(Box::new(Workflow { meta, ..changed }))]
    }

    pub(super) fn upgrade_workflows(&self, ids: Vec<Guid>) -> Decision {
        let mut report = UpgradeReport::default();
        let mut events = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for id in ids.into_iter().filter(|id| seen.insert(*id)) {
            let Some(workflow) = self.state.workflow(self.tenant, id) else {
                report.missing.push(id);
                continue;
            };
            let package = self.state.package(self.tenant, workflow.package);
            let Some(last) = package.and_then(|package| package.last_version()) else {
                report.failed.push(id);
                continue;
            };
            report.succeeded.push(id);
            if last.id == workflow.version {
                report.unchanged.push(id);
                continue;
            }
            let workflow = Workflow {
                meta: workflow.meta.clone().touched(self.by.clone()),
                version: last.id,
                ..workflow.clone()
            };
            events.push(Event::WorkflowSaved(Box::new(workflow)));
        }
        Decision {
            events,
            reply: Reply::Upgraded(report),
        }
    }

    /// Counts on what is still there; an execution may outlive its workflow.
    pub(super) fn count_triggers(&self, target: Target, count: u64, last_ms: i64) -> Decision {
        let there = match target {
            Target::Workflow(id) => self.state.workflow(self.tenant, id).is_some(),
            Target::Layout(id) => self.state.layout(self.tenant, id).is_some(),
        };
        if !there || count == 0 {
            return Decision::default();
        }
        let event = Event::TriggersCounted {
            target,
            count,
            last_ms,
        };
        vec![event].into()
    }
}

fn check_notification(notification: &Notification) -> Result<(), Refusal> {
    let lists = [&notification.conditions, &notification.recipients];
    let long = |text: &String| text.chars().nth(limits::NAME_CHARS).is_some();
    if lists
        .iter()
        .any(|list| list.len() > NOTIFICATION_ENTRIES || list.iter().any(long))
    {
        return Err(Refusal::improper(
            "jobStateNotification",
            "too many entries, or one is too long",
        ));
    }
    Ok(())
}
