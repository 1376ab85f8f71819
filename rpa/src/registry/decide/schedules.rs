//! Schedules and their firings. Owns: which firing is the next one.

use super::{Decided, Deciding, Decision, Event, Guid, Kind, Refusal};
use crate::{
    registry::{Firing, Schedule, ScheduleSettings, Target},
    schedule::Timing,
    terms::{Label, Misfire},
};

impl Deciding<'_> {
    pub(super) fn create_schedule(
        &self,
        id: Guid,
        department: Guid,
        settings: ScheduleSettings,
    ) -> Decided {
        let target = settings.target;
        let target =
            target.ok_or_else(|| Refusal::improper("target", "a schedule needs a target"))?;
        let rule = settings.rule.clone();
        let rule = rule
            .ok_or_else(|| Refusal::improper("cron", "a schedule needs one of cron, every, at"))?;
        let new = Schedule {
            id,
            meta: self.new_meta(id, department)?,
            label: Label::default(),
            target,
            timing: Timing {
                rule,
                time_zone: "UTC".to_owned(),
                start_ms: self.by.at_ms,
                end_ms: None,
            },
            enabled: true,
            arguments: Vec::new(),
            priority: None,
            max_retry_count: None,
            misfire: Misfire::Once,
            next_ms: None,
            firings: Vec::new(),
        };
        let schedule = self.settled_schedule(new, settings)?;
        Ok(vec![Event::ScheduleSaved(Box::new(schedule))].into())
    }

    fn schedule(&self, id: Guid) -> Result<&Schedule, Refusal> {
        let schedule = self.state.schedule(self.tenant, id);
        schedule.ok_or(Refusal::Unknown {
            kind: Kind::Schedule,
            id,
        })
    }

    pub(super) fn change_schedule(
        &self,
        id: Guid,
        etag: Option<String>,
        settings: ScheduleSettings,
    ) -> Decided {
        let old = self.schedule(id)?;
        let meta = self.touched(&old.meta, etag)?;
        let (timing, enabled) = (old.timing.clone(), old.enabled);
        let mut schedule = self.settled_schedule(
            Schedule {
                meta,
                ..old.clone()
            },
            settings,
        )?;
        // A change of anything else does not forget a firing that is due.
        if schedule.timing == timing && schedule.enabled == enabled {
            schedule.next_ms = old.next_ms;
        }
        Ok(vec![Event::ScheduleSaved(Box::new(schedule))].into())
    }

    fn settled_schedule(
        &self,
        old: Schedule,
        settings: ScheduleSettings,
    ) -> Result<Schedule, Refusal> {
        let target = settings.target.unwrap_or(old.target);
        self.check_target(target)?;
        let timing = Timing {
            rule: settings.rule.unwrap_or(old.timing.rule),
            time_zone: settings.time_zone.unwrap_or(old.timing.time_zone),
            start_ms: settings.start_ms.unwrap_or(old.timing.start_ms),
            end_ms: settings.end_ms.unwrap_or(old.timing.end_ms),
        };
        timing.check()?;
        let enabled = settings.enabled.unwrap_or(old.enabled);
        let mut arguments = settings.arguments.unwrap_or(old.arguments);
        self.arguments(&mut arguments)?;
        let priority = settings.priority.unwrap_or(old.priority);
        let max_retry_count = settings.max_retry_count.unwrap_or(old.max_retry_count);
        let next_ms = if enabled {
            timing.next(self.by.at_ms)?
        } else {
            None
        };
        Ok(Schedule {
            label: Self::label(&old.label, settings.label)?,
            target,
            timing,
            enabled,
            arguments,
            priority: priority.map(Self::priority).transpose()?,
            max_retry_count: max_retry_count.map(Self::retries).transpose()?,
            misfire: settings.misfire.unwrap_or(old.misfire),
            next_ms,
            ..old
        })
    }

    fn check_target(&self, target: Target) -> Result<(), Refusal> {
        let (there, kind, id) = match target {
            Target::Workflow(id) => (
                self.state.workflow(self.tenant, id).is_some(),
                Kind::Workflow,
                id,
            ),
            Target::Layout(id) => (
                self.state.layout(self.tenant, id).is_some(),
                Kind::Layout,
                id,
            ),
        };
        there
            .then_some(())
            .ok_or(Refusal::UnknownReference { kind, id })
    }

    pub(super) fn delete_schedule(&self, id: Guid) -> Decided {
        self.schedule(id)?;
        Ok(Self::removed(Kind::Schedule, id))
    }

    /// A firing that is not the one that is due was recorded before, or the schedule was changed: then nothing follows.
    pub(super) fn record_firing(&self, id: Guid, firing: Firing) -> Decided {
        let schedule = self.schedule(id)?;
        if schedule.next_ms != Some(firing.due_ms) {
            return Ok(Decision::default());
        }
        // However many were missed, they count as one.
        let next_ms = schedule.timing.next(firing.at_ms.max(firing.due_ms))?;
        let event = Event::Fired {
            schedule: id,
            firing,
            next_ms,
        };
        Ok(vec![event].into())
    }

    pub(super) fn record_manual_firing(&self, id: Guid, firing: Firing) -> Decided {
        let schedule = self.schedule(id)?;
        let event = Event::Fired {
            schedule: id,
            firing,
            next_ms: schedule.next_ms,
        };
        Ok(vec![event].into())
    }
}
