//! From a workflow or layout to the jobs of an execution.
//!
//! Owns: which jobs there are, and how arguments and settings come together. Ids of jobs follow from the execution's.
//! Never: knows who is idle; it asks.
//!
//! ```text
//!  package version ─▶ workflow ─▶ node ─▶ execute or schedule       what comes later and is given counts
//!  group target: one job        robots target: one job for each, in that robot's hidden group
//! ```

mod again;

pub use again::again;

use super::{Kind, Layout, Refusal, Schedule, State, Workflow};
use crate::{
    Guid,
    argument::{self, Argument, Source, SourcedArgument},
    execution::{NewJob, OnFailure, Owner, PackageReference, Start, Startup, Subject},
    limits,
    terms::{JobExecutionPolicy, JobStartupType, Stamp, VideoRecordMode},
};
use codec::Tenant;

/// What is given with an execute; what is absent is as the workflow says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    /// Values.
    pub arguments: Vec<Argument>,
    /// When it is filmed.
    pub video: Option<VideoRecordMode>,
    /// Larger runs earlier.
    pub priority: Option<u32>,
    /// Attempts after the first.
    pub max_retry_count: Option<u32>,
    /// Longest time that an attempt may run, without pauses.
    pub max_run_seconds: Option<u32>,
    /// What happens without a free robot.
    pub policy: Option<JobExecutionPolicy>,
    /// What the jobs are about.
    pub subject: Subject,
}

/// An execute.
#[derive(Clone, Debug, PartialEq)]
pub struct Execute {
    /// The company.
    pub tenant: Tenant,
    /// The execution's id; the jobs' ids follow from it.
    pub execution: Guid,
    /// Who wants it, and when.
    pub created: Stamp,
    /// What started it.
    pub startup: Startup,
    /// The client's word for where it comes from.
    pub source: Option<String>,
    /// The activity of a process that waits for it: then one failure ends all.
    pub activity: Option<codec::Id>,
    /// What is given with it.
    pub overrides: Overrides,
}

/// What an execution of a workflow begins with. `has_robot` says of a group whether one of its robots is free for a
/// new job now.
pub fn workflow(
    state: &State,
    execute: &Execute,
    id: Guid,
    has_robot: &dyn Fn(Guid) -> bool,
) -> Result<Start, Refusal> {
    let workflow = state.workflow(execute.tenant, id);
    let workflow = workflow.ok_or(Refusal::Unknown {
        kind: Kind::Workflow,
        id,
    })?;
    let mut planning = Planning {
        state,
        execute,
        has_robot,
        jobs: Vec::new(),
        value_bytes: 0,
    };
    planning.step(workflow, None, 0)?;
    let on_failure = match execute.activity {
        Some(_) => OnFailure::CancelAll,
        None => OnFailure::CancelLaterSteps,
    };
    let owner = Owner::Workflow(id);
    Ok(planning.start(
        &workflow.label.name,
        workflow.meta.department,
        owner,
        on_failure,
    ))
}

/// What an execution of a layout begins with.
pub fn layout(
    state: &State,
    execute: &Execute,
    id: Guid,
    has_robot: &dyn Fn(Guid) -> bool,
) -> Result<Start, Refusal> {
    let layout = state.layout(execute.tenant, id);
    let layout = layout.ok_or(Refusal::Unknown {
        kind: Kind::Layout,
        id,
    })?;
    if layout.nodes.is_empty() {
        return Err(Refusal::NoNodes);
    }
    let mut planning = Planning {
        state,
        execute,
        has_robot,
        jobs: Vec::new(),
        value_bytes: 0,
    };
    planning.nodes(layout)?;
    let on_failure = match layout.continue_on_failure {
        true => OnFailure::Continue,
        false => OnFailure::CancelLaterSteps,
    };
    let owner = Owner::Layout(id);
    Ok(planning.start(
        &layout.label.name,
        layout.meta.department,
        owner,
        on_failure,
    ))
}

/// The execute of a schedule's target, as the schedule wants it.
pub fn firing(schedule: &Schedule, execution: Guid, created: Stamp) -> Execute {
    Execute {
        tenant: schedule.meta.tenant,
        execution,
        created,
        startup: Startup {
            kind: JobStartupType::Trigger,
            id: Some(schedule.id.to_string()),
            name: Some(schedule.label.name.clone()),
        },
        source: None,
        activity: None,
        overrides: Overrides {
            arguments: schedule.arguments.clone(),
            priority: schedule.priority,
            max_retry_count: schedule.max_retry_count,
            ..Overrides::default()
        },
    }
}

/// The arguments of a workflow as they are shown: the version's, with the workflow's own values.
pub fn arguments(state: &State, workflow: &Workflow) -> Vec<Argument> {
    let version = state.version(workflow.meta.tenant, workflow.package, workflow.version);
    let declared = version.map_or(&[][..], |(_, version)| &version.arguments);
    argument::merge(declared, &workflow.arguments)
}

struct Planning<'a> {
    state: &'a State,
    execute: &'a Execute,
    has_robot: &'a dyn Fn(Guid) -> bool,
    jobs: Vec<NewJob>,
    /// Bytes of the values of all jobs.
    value_bytes: usize,
}

impl Planning<'_> {
    fn nodes(&mut self, layout: &Layout) -> Result<(), Refusal> {
        for (node, step) in layout.nodes.iter().zip(0..) {
            let workflow = self.state.workflow(self.execute.tenant, node.workflow);
            let workflow = workflow.ok_or(Refusal::UnknownReference {
                kind: Kind::Workflow,
                id: node.workflow,
            })?;
            self.step(workflow, Some((&node.label.name, &node.arguments)), step)?;
        }
        Ok(())
    }

    /// The jobs of one workflow; a node brings its name and its arguments.
    fn step(
        &mut self,
        workflow: &Workflow,
        node: Option<(&String, &Vec<SourcedArgument>)>,
        step: u32,
    ) -> Result<(), Refusal> {
        let queues = self.queues(workflow)?;
        if self.jobs.len() + queues.len() > limits::JOBS {
            return Err(Refusal::improper(
                "nodes",
                format!("an execution has at most {} jobs", limits::JOBS),
            ));
        }
        let template = self.template(workflow, node, step)?;
        self.value_bytes += queues.len()
            * argument::value_bytes(template.arguments.iter().map(|sourced| &sourced.argument));
        if self.value_bytes > limits::EXECUTION_VALUES_BYTES {
            let why = "the values of all jobs together are too large";
            return Err(Refusal::improper("arguments", why));
        }
        let several = queues.len() > 1;
        for (at, (queue, robot)) in queues.into_iter().enumerate() {
            let label = match several {
                true => format!("{}-{}", step + 1, at + 1),
                false => (step + 1).to_string(),
            };
            let skips = template.policy == JobExecutionPolicy::SkipWhenNoResource;
            self.jobs.push(NewJob {
                id: self.execute.execution.derive(self.jobs.len() as u64 + 1),
                label,
                queue,
                robot,
                skipped: skips && !(self.has_robot)(queue),
                ..template.clone()
            });
        }
        Ok(())
    }

    /// The groups in which the jobs wait, with the only robot of the hidden ones.
    fn queues(&self, workflow: &Workflow) -> Result<Vec<(Guid, Option<Guid>)>, Refusal> {
        if let Some(queue) = workflow.queue {
            return Ok(vec![(queue, None)]);
        }
        let robots = workflow.robots.iter();
        let robots = robots.filter_map(|id| self.state.robot(self.execute.tenant, *id));
        let queues: Vec<_> = robots.map(|robot| (robot.queue, Some(robot.id))).collect();
        if queues.is_empty() {
            return Err(Refusal::NoTarget(workflow.label.name.clone()));
        }
        Ok(queues)
    }

    fn template(
        &self,
        workflow: &Workflow,
        node: Option<(&String, &Vec<SourcedArgument>)>,
        step: u32,
    ) -> Result<NewJob, Refusal> {
        let found = self
            .state
            .version(workflow.meta.tenant, workflow.package, workflow.version);
        let (package, version) = found.ok_or(Refusal::UnknownReference {
            kind: Kind::Version,
            id: workflow.version,
        })?;
        let given = &self.execute.overrides;
        let (priority, max_retry_count, max_run_seconds) = self.numbers(workflow)?;
        Ok(NewJob {
            id: Guid::NIL,
            step,
            label: String::new(),
            workflow: workflow.id,
            name: node.map_or_else(|| workflow.label.name.clone(), |(name, _)| name.clone()),
            description: workflow.label.description.clone(),
            package: PackageReference {
                id: package.id,
                name: package.label.name.clone(),
                version_id: version.id,
                version: version.version.clone(),
                sha256: version.sha256,
                size: version.size,
            },
            arguments: self.arguments(workflow, node.map(|(_, arguments)| arguments))?,
            queue: Guid::NIL,
            robot: None,
            priority,
            max_retry_count,
            max_run_seconds,
            video: given.video.unwrap_or(workflow.video),
            policy: given.policy.unwrap_or(workflow.policy),
            subject: given.subject.clone(),
            notification: workflow.notification.clone(),
            skipped: false,
        })
    }

    /// Priority, retries and seconds of a run.
    fn numbers(&self, workflow: &Workflow) -> Result<(u32, u32, Option<u32>), Refusal> {
        let given = &self.execute.overrides;
        let priority = given.priority.unwrap_or(workflow.priority);
        let max_retry_count = given.max_retry_count.unwrap_or(workflow.max_retry_count);
        if priority > limits::PRIORITY {
            return Err(Refusal::improper(
                "priority",
                format!("it lies between 0 and {}", limits::PRIORITY),
            ));
        }
        if max_retry_count > limits::RETRIES {
            return Err(Refusal::improper(
                "maxRetryCount",
                format!("it lies between 0 and {}", limits::RETRIES),
            ));
        }
        let max_run_seconds = given.max_run_seconds.or(workflow.max_run_seconds);
        if max_run_seconds.is_some_and(|seconds| !(1..=limits::RUN_S).contains(&seconds)) {
            return Err(Refusal::improper(
                "maxRunSeconds",
                format!("it lies between 1 and {}", limits::RUN_S),
            ));
        }
        Ok((priority, max_retry_count, max_run_seconds))
    }

    fn arguments(
        &self,
        workflow: &Workflow,
        node: Option<&Vec<SourcedArgument>>,
    ) -> Result<Vec<SourcedArgument>, Refusal> {
        let mut merged = arguments(self.state, workflow);
        let node: &[SourcedArgument] = node.map_or(&[], |arguments| arguments);
        let own: Vec<Argument> = node
            .iter()
            .map(|sourced| sourced.argument.clone())
            .collect();
        merged = argument::merge(&merged, &own);
        merged = argument::merge(&merged, &self.execute.overrides.arguments);
        if let Some(fault) = argument::fault(&merged) {
            return Err(Refusal::improper("arguments", fault));
        }
        let mut sourced = Vec::with_capacity(merged.len());
        for argument in merged {
            if argument.goes_in() {
                argument.typed_value()?;
            }
            if argument.asset.is_some() {
                let id = argument.asset_id().unwrap_or_default();
                if self.state.asset(self.execute.tenant, id).is_none() {
                    return Err(Refusal::UnknownReference {
                        kind: Kind::Asset,
                        id,
                    });
                }
            }
            let found = node
                .iter()
                .find(|of_node| of_node.argument.name == argument.name);
            let source = found.map_or(Source::Value, |of_node| of_node.source);
            sourced.push(SourcedArgument { argument, source });
        }
        Ok(sourced)
    }

    fn start(self, name: &str, department: Guid, owner: Owner, on_failure: OnFailure) -> Start {
        Start {
            department,
            name: name.to_owned(),
            owner,
            startup: self.execute.startup.clone(),
            source: self.execute.source.clone(),
            activity: self.execute.activity,
            retry_of: None,
            on_failure,
            created: self.execute.created.clone(),
            jobs: self.jobs,
        }
    }
}
