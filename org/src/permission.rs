//! Permission points, and sets of them.
//! Disk type: a role keeps permissions, so the list only grows at its end.

use serde::{Deserialize, Serialize};
use std::str::FromStr;

macro_rules! permissions {
    ($($name:ident $text:literal),+ $(,)?) => {
        /// What a principal may do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[allow(missing_docs)] // The text says what each is.
        pub enum Permission {
            $($name),+
        }

        impl Permission {
            /// All of them, in the order of the list.
            pub const ALL: &'static [Permission] = &[$(Permission::$name),+];

            /// As the APIs write it.
            pub fn text(self) -> &'static str {
                match self {
                    $(Permission::$name => $text),+
                }
            }
        }
    };
}

permissions! {
    CompanyView "company.view",
    CompanyCreate "company.create",
    CompanyEdit "company.edit",
    CompanyDelete "company.delete",
    DepartmentView "department.view",
    DepartmentCreate "department.create",
    DepartmentEdit "department.edit",
    DepartmentDelete "department.delete",
    UserView "user.view",
    UserCreate "user.create",
    UserEdit "user.edit",
    UserDelete "user.delete",
    RoleView "role.view",
    RoleCreate "role.create",
    RoleEdit "role.edit",
    RoleDelete "role.delete",
    ApiKeyView "apikey.view",
    ApiKeyCreate "apikey.create",
    ApiKeyEdit "apikey.edit",
    ApiKeyDelete "apikey.delete",
    AuditView "audit.view",
    StatisticsView "statistics.view",
    PackageView "package.view",
    PackageUpload "package.upload",
    PackageDownload "package.download",
    PackageEdit "package.edit",
    PackageDelete "package.delete",
    QueueView "queue.view",
    QueueCreate "queue.create",
    QueueEdit "queue.edit",
    QueueDelete "queue.delete",
    RobotView "robot.view",
    RobotCreate "robot.create",
    RobotEdit "robot.edit",
    RobotDelete "robot.delete",
    WorkflowView "workflow.view",
    WorkflowCreate "workflow.create",
    WorkflowEdit "workflow.edit",
    WorkflowDelete "workflow.delete",
    WorkflowExecute "workflow.execute",
    LayoutView "layout.view",
    LayoutCreate "layout.create",
    LayoutEdit "layout.edit",
    LayoutDelete "layout.delete",
    LayoutExecute "layout.execute",
    JobView "job.view",
    JobEdit "job.edit",
    JobCancel "job.cancel",
    JobPause "job.pause",
    JobRetry "job.retry",
    ScheduleView "schedule.view",
    ScheduleCreate "schedule.create",
    ScheduleEdit "schedule.edit",
    ScheduleDelete "schedule.delete",
    ScheduleFire "schedule.fire",
    AssetView "asset.view",
    AssetCreate "asset.create",
    AssetEdit "asset.edit",
    AssetDelete "asset.delete",
    AssetRead "asset.read",
    TaskQueueView "taskqueue.view",
    TaskQueueCreate "taskqueue.create",
    TaskQueueEdit "taskqueue.edit",
    TaskQueueDelete "taskqueue.delete",
    TaskQueueSend "taskqueue.send",
    TaskQueueReceive "taskqueue.receive",
    WebhookView "webhook.view",
    WebhookCreate "webhook.create",
    WebhookEdit "webhook.edit",
    WebhookDelete "webhook.delete",
}

// A set is one number.
const _: () = assert!(Permission::ALL.len() <= 128);

impl Permission {
    /// What it is about: the part before the dot.
    pub fn resource(self) -> &'static str {
        self.text()
            .split_once('.')
            .map_or("", |(resource, _)| resource)
    }

    /// What one may do with it: the part behind the dot.
    pub fn action(self) -> &'static str {
        self.text().split_once('.').map_or("", |(_, action)| action)
    }
}

/// The text is no permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a permission")]
pub struct NoPermission;

impl FromStr for Permission {
    type Err = NoPermission;

    fn from_str(text: &str) -> Result<Self, NoPermission> {
        let mut all = Permission::ALL.iter();
        let found = all.find(|known| known.text().eq_ignore_ascii_case(text));
        found.copied().ok_or(NoPermission)
    }
}

/// A set of permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions(u128);

impl Permissions {
    /// Whether it is in the set.
    pub fn contains(self, permission: Permission) -> bool {
        self.0 & bit(permission) != 0
    }

    /// All of both.
    #[must_use]
    pub fn and(self, other: Permissions) -> Permissions {
        Permissions(self.0 | other.0)
    }

    /// Those of all for which `keep` says so.
    pub fn where_(keep: impl Fn(Permission) -> bool) -> Permissions {
        Permission::ALL
            .iter()
            .copied()
            .filter(|one| keep(*one))
            .collect()
    }

    /// In the order of the list.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL
            .iter()
            .copied()
            .filter(move |one| self.contains(*one))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(all: I) -> Self {
        Permissions(all.into_iter().map(bit).fold(0, |set, bit| set | bit))
    }
}

fn bit(permission: Permission) -> u128 {
    1 << (permission as u32)
}
