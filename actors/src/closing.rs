//! Departments that are deleted: what is in one is looked at, and nothing comes into it from then on.
//!
//! Owns: that of making something in a department and deleting it the second one sees the first. Whoever makes something
//! asks here in the instant in which it is decided: under the registry's lock, or with the hold that [`Closing::enter`]
//! gives. Never: keeps anything; ids of departments are not used again.
//!
//! ```text
//!  delete ─▶ registry's lock: nothing there? closed ─▶ no task queue there? ─▶ organisation decides ─▶ … durable
//!                           └─ in use: still open                └─ in use, or refused: open again
//! ```

use crate::{core::Core, engine::Engine, failure::Failure};
use codec::Tenant;
use parking_lot::{RwLock, RwLockReadGuard};
use rpa::{
    Guid,
    registry::{Action, Refusal, State},
    terms::{Label, Meta},
};
use std::collections::BTreeSet;

/// What is closed, and the order of deletions.
#[derive(Default)]
pub struct Closing {
    departments: RwLock<BTreeSet<Guid>>,
    one_at_a_time: tokio::sync::Mutex<()>,
}

impl Closing {
    /// Refuses what would be made in a department that is closed; none closes while the answer is held.
    pub fn enter(&self, department: Guid) -> Result<RwLockReadGuard<'_, BTreeSet<Guid>>, Failure> {
        let departments = self.departments.read();
        if departments.contains(&department) {
            let id = department.to_string();
            let what = "department";
            return Err(Failure::Organisation(org::Refusal::Unknown { what, id }));
        }
        Ok(departments)
    }

    /// The same for a job that is repeated, with the registry's lock held.
    pub(crate) fn check_repeated(&self, department: Guid) -> Result<(), Failure> {
        let entered = self.enter(department).map(drop);
        entered.map_err(|_| Failure::Registry(gone(department)))
    }

    /// The same for a change of the registry, whose lock is held.
    pub(crate) fn check(
        &self,
        state: &State,
        tenant: Tenant,
        action: &Action,
    ) -> Result<(), Failure> {
        let department = match action {
            Action::UploadVersion { department, .. }
            | Action::OpenUpload { department, .. }
            | Action::CreateGroup { department, .. }
            | Action::CreateRobot { department, .. }
            | Action::CreateWorkflow { department, .. }
            | Action::CreateLayout { department, .. }
            | Action::CreateAsset { department, .. }
            | Action::CreateSchedule { department, .. } => Some(*department),
            Action::CommitUpload { id, .. } => {
                let upload = state.upload(tenant, *id);
                upload.map(|upload| upload.meta.department)
            }
            _ => None,
        };
        department.map_or(Ok(()), |department| self.enter(department).map(drop))
    }
}

impl Engine {
    /// Deletes a department, or all of a company, by this command, when nothing of robots and their work is there.
    pub async fn delete_departments(
        &self,
        tenant: Tenant,
        department: Option<Guid>,
        command: org::Command,
    ) -> Result<(), Failure> {
        let core = self.core();
        let _turn = core.closing.one_at_a_time.lock().await;
        let departments: Vec<Guid> = match department {
            Some(department) => vec![department],
            None => core.organisation.look(|organisation| {
                let all = organisation.tenancy.departments(tenant);
                all.map(|one| Guid(one.id.0)).collect()
            }),
        };
        let deleted = close(core, tenant, department, &departments, command).await;
        if deleted.is_err() {
            let there = core.organisation.look(|organisation| {
                let there = departments.iter();
                let there =
                    there.filter(|id| organisation.tenancy.department(org::Guid(id.0)).is_some());
                there.copied().collect::<Vec<_>>()
            });
            let mut closed = core.closing.departments.write();
            for id in there {
                closed.remove(&id);
            }
        }
        deleted
    }
}

async fn close(
    core: &Core,
    tenant: Tenant,
    department: Option<Guid>,
    departments: &[Guid],
    command: org::Command,
) -> Result<(), Failure> {
    let registered = core.registry.settle(core, |state| {
        let mut users = inhabitants(state, tenant, department);
        // One that was repeated may have outlived its workflow.
        let open_jobs = core.executions.open_jobs_in(tenant, department);
        users.extend((open_jobs > 0).then(|| format!("{open_jobs} jobs")));
        if users.is_empty() {
            core.closing.departments.write().extend(departments);
        }
        Ok((Vec::new(), users))
    });
    let mut users = registered.await?;
    users.extend(task_queues(core, tenant, department));
    if !users.is_empty() {
        // A task queue that keeps it is durable when that is said.
        core.barrier().await;
        return Err(Failure::Registry(Refusal::InUse { users }));
    }
    core.organisation.command(core, command).await
}

/// Why a job is not repeated whose department is gone: it names nothing in its path, so it is not a 404.
pub fn gone(department: Guid) -> Refusal {
    Refusal::Improper {
        field: "departmentId",
        why: format!("the department '{department}' of the job does not exist"),
    }
}

/// What is registered in a department, or in all of a company, for people.
fn inhabitants(state: &State, tenant: Tenant, department: Option<Guid>) -> Vec<String> {
    let mut users = Vec::new();
    let mut add = |kind: &str, meta: &Meta, label: &Label| {
        if department.is_none_or(|department| meta.department == department) {
            users.push(format!("{kind} '{}'", label.name));
        }
    };
    let packages = state.packages(tenant);
    packages.for_each(|one| add("package", &one.meta, &one.label));
    let robots = state.robots(tenant);
    robots.for_each(|one| add("robot", &one.meta, &one.label));
    let groups = state.groups(tenant);
    let groups = groups.filter(|one| one.dedicated_robot.is_none());
    groups.for_each(|one| add("robot group", &one.meta, &one.label));
    let workflows = state.workflows(tenant);
    workflows.for_each(|one| add("workflow", &one.meta, &one.label));
    let layouts = state.layouts(tenant);
    layouts.for_each(|one| add("layout", &one.meta, &one.label));
    let assets = state.assets(tenant);
    assets.for_each(|one| add("asset", &one.meta, &one.label));
    let schedules = state.schedules(tenant);
    schedules.for_each(|one| add("schedule", &one.meta, &one.label));
    users
}

/// The same of the task queues, as they are decided; one that cannot be read may be anywhere in its company.
fn task_queues(core: &Core, tenant: Tenant, department: Option<Guid>) -> Vec<String> {
    let cells = core.queues.all().into_iter();
    let cells = cells.filter(|cell| cell.tenant == tenant);
    let users = cells.filter_map(|cell| {
        let seen = cell.peek(|queue| {
            let settings = queue.settings()?;
            let inside = department.is_none_or(|id| settings.meta.department == id);
            inside.then(|| settings.label.name.clone())
        });
        match seen {
            Some(name) => name.map(|name| format!("task queue '{name}'")),
            None => Some(format!("task queue {}", cell.id)),
        }
    });
    users.collect()
}
