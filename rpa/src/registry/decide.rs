//! What a command leads to, or why it is refused.
//! Owns: the checks that all resources share. Never: changes the state.

mod assets;
mod groups;
mod layouts;
mod packages;
mod robots;
mod schedules;
mod workflows;

use super::{Action, Command, Event, Kind, LabelSettings, Refusal, State};
use crate::{
    Guid,
    argument::{self, Argument, AssetContent},
    limits,
    terms::{self, AssetType, Label, Meta, Stamp},
};
use codec::Tenant;

/// What a command leads to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// Facts to apply; none: everything is so already.
    pub events: Vec<Event>,
    /// What the caller is told beside.
    pub reply: Reply,
}

/// What the caller is told.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Reply {
    /// That it is done.
    #[default]
    Done,
    /// What an upload has become.
    Uploaded {
        /// The package.
        package: Guid,
        /// The version.
        version: Guid,
    },
    /// For each robot, why it was not bound, if it was not.
    Bound(Vec<(Guid, Option<Refusal>)>),
    /// What became of an upgrade.
    Upgraded(UpgradeReport),
}

/// What became of an upgrade, workflow by workflow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpgradeReport {
    /// Moved to a higher version, or at the highest already.
    pub succeeded: Vec<Guid>,
    /// At the highest version already.
    pub unchanged: Vec<Guid>,
    /// Their package is gone.
    pub failed: Vec<Guid>,
    /// There are no such workflows.
    pub missing: Vec<Guid>,
}

impl From<Vec<Event>> for Decision {
    fn from(events: Vec<Event>) -> Self {
        Decision {
            events,
            reply: Reply::Done,
        }
    }
}

/// What follows from `command`.
pub fn decide(state: &State, command: Command) -> Result<Decision, Refusal> {
    let Command { tenant, by, action } = command;
    let deciding = Deciding { state, tenant, by };
    deciding.action(action)
}

struct Deciding<'a> {
    state: &'a State,
    tenant: Tenant,
    by: Stamp,
}

type Decided = Result<Decision, Refusal>;

impl Deciding<'_> {
    fn action(&self, action: Action) -> Decided {
        match action {
            Action::UploadVersion { department, new } => self.upload_version(department, new),
            Action::ChangePackage { id, etag, label } => self.change_package(id, etag, label),
            Action::DeletePackage { id } => self.delete_package(id),
            Action::DeleteVersion { package, version } => self.delete_version(package, version),
            Action::CountDownload { package, version } => self.count_download(package, version),
            Action::OpenUpload {
                id,
                department,
                expires_ms,
            } => self.open_upload(id, department, expires_ms),
            Action::ReceiveUpload { id, sha256, size } => self.receive_upload(id, sha256, size),
            Action::CommitUpload { id, new } => self.commit_upload(id, new),
            Action::ExpireUploads => Ok(self.expire_uploads()),
            Action::CreateGroup {
                id,
                department,
                label,
            } => self.create_group(id, department, label),
            Action::ChangeGroup { id, etag, label } => self.change_group(id, etag, label),
            Action::DeleteGroup { id, open_jobs } => self.delete_group(id, open_jobs),
            Action::AddRobots { group, robots } => self.add_robots(group, robots),
            Action::RemoveRobot { group, robot } => self.remove_robot(group, robot),
            Action::CreateRobot {
                id,
                queue,
                department,
                settings,
            } => self.create_robot(id, queue, department, settings),
            Action::ChangeRobot { id, etag, settings } => self.change_robot(id, etag, settings),
            Action::ReportRobot { id, reported } => self.report_robot(id, reported),
            Action::DeleteRobot {
                id,
                connected,
                open_jobs,
            } => self.delete_robot(id, connected, open_jobs),
            Action::CreateWorkflow {
                id,
                department,
                settings,
            } => self.create_workflow(id, department, settings),
            Action::ChangeWorkflow { id, etag, settings } => {
                self.change_workflow(id, etag, settings)
            }
            Action::DeleteWorkflow { id } => self.delete_workflow(id),
            Action::BindRobots { workflow, robots } => self.bind_robots(workflow, robots),
            Action::UnbindRobot { workflow, robot } => self.unbind_robot(workflow, robot),
            Action::UpgradeWorkflows { ids } => Ok(self.upgrade_workflows(ids)),
            Action::CreateLayout {
                id,
                department,
                settings,
            } => self.create_layout(id, department, settings),
            Action::ChangeLayout { id, etag, settings } => self.change_layout(id, etag, settings),
            Action::DeleteLayout { id } => self.delete_layout(id),
            Action::CreateAsset {
                id,
                department,
                settings,
            } => self.create_asset(id, department, settings),
            Action::ChangeAsset { id, etag, settings } => self.change_asset(id, etag, settings),
            Action::DeleteAsset { id, open_jobs } => self.delete_asset(id, open_jobs),
            Action::CreateSchedule {
                id,
                department,
                settings,
            } => self.create_schedule(id, department, settings),
            Action::ChangeSchedule { id, etag, settings } => {
                self.change_schedule(id, etag, settings)
            }
            Action::DeleteSchedule { id } => self.delete_schedule(id),
            Action::RecordFiring { id, firing } => self.record_firing(id, firing),
            Action::RecordManualFiring { id, firing } => self.record_manual_firing(id, firing),
            Action::CountTriggers {
                target,
                count,
                last_ms,
            } => Ok(self.count_triggers(target, count, last_ms)),
        }
    }

    /// The place and history of something new, whose id must be free in every company.
    fn new_meta(&self, id: Guid, department: Guid) -> Result<Meta, Refusal> {
        if id.is_nil() || self.state.has(id) {
            return Err(Refusal::IdTaken(id));
        }
        Ok(Meta::new(self.tenant, department, self.by.clone()))
    }

    /// The same after a change, unless somebody else was faster.
    fn touched(&self, meta: &Meta, etag: Option<String>) -> Result<Meta, Refusal> {
        if is_stale(meta, etag.as_deref()) {
            return Err(Refusal::Changed);
        }
        Ok(meta.clone().touched(self.by.clone()))
    }

    fn removed(kind: Kind, id: Guid) -> Decision {
        vec![Event::Removed { kind, id }].into()
    }

    /// `old` with what the settings say; something new has a nameless old label.
    fn label(old: &Label, settings: LabelSettings) -> Result<Label, Refusal> {
        let label = Label {
            name: settings.name.unwrap_or_else(|| old.name.clone()),
            description: settings.description.or_else(|| old.description.clone()),
            tags: settings.tags.unwrap_or_else(|| old.tags.clone()),
            properties: settings
                .properties
                .unwrap_or_else(|| old.properties.clone()),
        };
        let long = |text: &str, chars: usize| text.chars().nth(chars).is_some();
        if label.name.trim().is_empty()
            || long(&label.name, limits::NAME_CHARS)
            || label.name.chars().any(char::is_control)
        {
            return Err(Refusal::improper(
                "name",
                format!(
                    "a name has 1 to {} printable characters",
                    limits::NAME_CHARS
                ),
            ));
        }
        if label
            .description
            .as_ref()
            .is_some_and(|text| long(text, limits::TEXT_CHARS))
        {
            return Err(Refusal::improper("description", "it is too long"));
        }
        if label.tags.len() > limits::TAGS
            || label.tags.iter().any(|tag| long(tag, limits::NAME_CHARS))
        {
            return Err(Refusal::improper("tags", "too many, or one is too long"));
        }
        let too_long = |(key, value): &(String, String)| {
            long(key, limits::NAME_CHARS) || long(value, limits::TEXT_CHARS)
        };
        if label.properties.len() > limits::PROPERTIES || label.properties.iter().any(too_long) {
            return Err(Refusal::improper(
                "properties",
                "too many, or one is too long",
            ));
        }
        Ok(label)
    }

    /// Checks arguments and fills in what is shown of the assets that they name.
    fn arguments(&self, arguments: &mut [Argument]) -> Result<(), Refusal> {
        if let Some(fault) = argument::fault(arguments) {
            return Err(Refusal::improper("arguments", fault));
        }
        for argument in arguments {
            argument.typed_value()?;
            if argument.asset.is_none() {
                continue;
            }
            let id = argument.asset_id();
            let id = id.ok_or_else(|| {
                Refusal::improper("arguments", "an asset is named by its id in defaultValue")
            })?;
            let asset = self.state.asset(self.tenant, id);
            let asset = asset.ok_or(Refusal::UnknownReference {
                kind: Kind::Asset,
                id,
            })?;
            argument.asset = Some(AssetContent {
                name: asset.label.name.clone(),
                description: asset.label.description.clone(),
                is_required_encryption: asset.is_required_encryption
                    || asset.kind == AssetType::Credential,
            });
        }
        Ok(())
    }

    fn priority(priority: u32) -> Result<u32, Refusal> {
        if priority > limits::PRIORITY {
            let why = format!("a priority lies between 0 and {}", limits::PRIORITY);
            return Err(Refusal::improper("priority", why));
        }
        Ok(priority)
    }

    fn retries(count: u32) -> Result<u32, Refusal> {
        if count > limits::RETRIES {
            let why = format!("a number of retries lies between 0 and {}", limits::RETRIES);
            return Err(Refusal::improper("maxRetryCount", why));
        }
        Ok(count)
    }

    fn run_seconds(seconds: u32) -> Result<u32, Refusal> {
        if !(1..=limits::RUN_S).contains(&seconds) {
            let why = format!("a run takes between 1 and {} seconds", limits::RUN_S);
            return Err(Refusal::improper("maxRunSeconds", why));
        }
        Ok(seconds)
    }

    /// No refusal if nothing uses it.
    fn unused(users: Vec<String>) -> Result<(), Refusal> {
        if users.is_empty() {
            Ok(())
        } else {
            Err(Refusal::InUse { users })
        }
    }
}

/// Whether somebody has changed it since the caller saw it.
pub(crate) fn is_stale(meta: &Meta, etag: Option<&str>) -> bool {
    terms::is_stale(&meta.etag(), etag)
}

/// `old` with what the settings say, or what is wrong with a field.
pub(crate) fn label(old: &Label, settings: LabelSettings) -> Result<Label, Refusal> {
    Deciding::label(old, settings)
}

/// A user for people, in a refusal.
fn user(kind: Kind, name: &str) -> String {
    format!("{} '{name}'", kind.name())
}
