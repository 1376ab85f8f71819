//! Everything that is configured, of all tenants, and the only way to change it.
//! Owns: `apply` (total: it cannot fail), the look-ups, and the indexes derived from the rest.
//! Never: judges a command; shows one tenant what is another's.

use super::{Asset, Event, Firing, Group, Kind, Layout, Robot, Schedule, Target, Upload, Workflow};
use crate::{
    Guid, limits,
    package::{Package, Version},
    terms::{Meta, Sha256, Stamp},
};
use codec::Tenant;
use std::collections::{BTreeMap, BTreeSet};

/// The registry.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    pub(super) packages: BTreeMap<Guid, Package>,
    pub(super) uploads: BTreeMap<Guid, Upload>,
    pub(super) groups: BTreeMap<Guid, Group>,
    pub(super) robots: BTreeMap<Guid, Robot>,
    pub(super) workflows: BTreeMap<Guid, Workflow>,
    pub(super) layouts: BTreeMap<Guid, Layout>,
    pub(super) assets: BTreeMap<Guid, Asset>,
    pub(super) schedules: BTreeMap<Guid, Schedule>,
    /// The groups that a robot is in, its hidden one too; derived.
    groups_of_robots: BTreeMap<Guid, BTreeSet<Guid>>,
    /// Packages by place and name; derived.
    packages_by_name: BTreeMap<(Tenant, Guid, String), Guid>,
    /// Assets by place and name; derived.
    assets_by_name: BTreeMap<(Tenant, Guid, String), Guid>,
    /// Schedules by their next firing; derived.
    due: BTreeSet<(i64, Guid)>,
}

macro_rules! look_ups {
    ($($one:ident, $many:ident, $kind:ident;)+) => {
        $(
            #[doc = concat!("The ", stringify!($one), " with this id, if it is this tenant's.")]
            pub fn $one(&self, tenant: Tenant, id: Guid) -> Option<&$kind> {
                self.$many.get(&id).filter(|found| found.meta.tenant == tenant)
            }

            #[doc = concat!("The tenant's ", stringify!($many), ", in order of their ids.")]
            pub fn $many(&self, tenant: Tenant) -> impl Iterator<Item = &$kind> {
                self.$many.values().filter(move |found| found.meta.tenant == tenant)
            }
        )+
    };
}

impl State {
    look_ups! {
        package, packages, Package;
        upload, uploads, Upload;
        group, groups, Group;
        robot, robots, Robot;
        workflow, workflows, Workflow;
        layout, layouts, Layout;
        asset, assets, Asset;
        schedule, schedules, Schedule;
    }

    /// The package and the version with this id.
    pub fn version(
        &self,
        tenant: Tenant,
        package: Guid,
        version: Guid,
    ) -> Option<(&Package, &Version)> {
        let package = self.package(tenant, package)?;
        Some((package, package.version(version)?))
    }

    /// The package of this name in a department.
    pub fn package_named(&self, tenant: Tenant, department: Guid, name: &str) -> Option<&Package> {
        let id = self
            .packages_by_name
            .get(&(tenant, department, name.to_owned()))?;
        self.packages.get(id)
    }

    /// The asset of this name in a department.
    pub fn asset_named(&self, tenant: Tenant, department: Guid, name: &str) -> Option<&Asset> {
        let id = self
            .assets_by_name
            .get(&(tenant, department, name.to_owned()))?;
        self.assets.get(id)
    }

    /// The groups that a robot is in, its hidden one too: where it looks for work.
    pub fn groups_of_robot(&self, robot: Guid) -> impl Iterator<Item = Guid> + '_ {
        self.groups_of_robots
            .get(&robot)
            .into_iter()
            .flatten()
            .copied()
    }

    /// The robot with this id, whoever's it is: for a robot that connects and has proved its id.
    pub fn robot_connecting(&self, id: Guid) -> Option<&Robot> {
        self.robots.get(&id)
    }

    /// Where a robot or a group belongs, whoever's it is.
    pub fn placed(&self, kind: Kind, id: Guid) -> Option<&Meta> {
        match kind {
            Kind::Robot => self.robots.get(&id).map(|robot| &robot.meta),
            Kind::Group => self.groups.get(&id).map(|group| &group.meta),
            Kind::Package
            | Kind::Version
            | Kind::Upload
            | Kind::Workflow
            | Kind::Layout
            | Kind::Asset
            | Kind::Schedule => None,
        }
    }

    /// The upload with this id, whoever's it is: for bytes that come with a signed address.
    pub fn upload_arriving(&self, id: Guid) -> Option<&Upload> {
        self.uploads.get(&id)
    }

    /// The uploads of all tenants that have ended.
    pub fn ended_uploads(&self, now_ms: i64) -> impl Iterator<Item = &Upload> {
        let uploads = self.uploads.values();
        uploads.filter(move |upload| upload.expires_ms <= now_ms)
    }

    /// Whether any tenant has an asset: then the key that its value is sealed with is needed.
    pub fn has_assets(&self) -> bool {
        !self.assets.is_empty()
    }

    /// The schedule with this id, whoever's it is, if its next firing is the one at this instant.
    pub fn schedule_due(&self, id: Guid, due_ms: i64) -> Option<&Schedule> {
        let schedule = self.schedules.get(&id);
        schedule.filter(|schedule| schedule.next_ms == Some(due_ms))
    }

    /// The bytes that packages and uploads of all tenants need.
    pub fn digests(&self) -> impl Iterator<Item = Sha256> + '_ {
        let versions = self.packages.values().flat_map(|package| &package.versions);
        let uploads = self.uploads.values();
        let received = uploads.filter_map(|upload| Some(upload.received?.0));
        versions.map(|version| version.sha256).chain(received)
    }

    /// The tenant's workflows that use a version; of any version when none is named.
    pub fn workflows_of(
        &self,
        tenant: Tenant,
        package: Guid,
        version: Option<Guid>,
    ) -> impl Iterator<Item = &Workflow> {
        let workflows = self.workflows(tenant);
        workflows.filter(move |workflow| {
            workflow.package == package && version.is_none_or(|version| workflow.version == version)
        })
    }

    /// When the next schedule is due, milliseconds since 1970.
    pub fn next_due_ms(&self) -> Option<i64> {
        self.due.first().map(|(due_ms, _)| *due_ms)
    }

    /// The schedules that are due, the first one first.
    pub fn due(&self, now_ms: i64) -> impl Iterator<Item = &Schedule> {
        let due = self.due.range(..=(now_ms, Guid(u128::MAX)));
        due.filter_map(|(_, id)| self.schedules.get(id))
    }

    /// Whether anything has this id, in any company.
    pub(super) fn has(&self, id: Guid) -> bool {
        self.packages.contains_key(&id)
            || self.uploads.contains_key(&id)
            || self.groups.contains_key(&id)
            || self.robots.contains_key(&id)
            || self.workflows.contains_key(&id)
            || self.layouts.contains_key(&id)
            || self.assets.contains_key(&id)
            || self.schedules.contains_key(&id)
    }

    /// Takes a fact over.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::PackageCreated(package) => self.put_package(package),
            Event::VersionAdded {
                package,
                version,
                by,
            } => {
                self.change_package(*package, |package| {
                    package.versions.push((**version).clone());
                    touch(&mut package.meta, by);
                });
            }
            Event::PackageChanged { package, label, by } => {
                self.change_package(*package, |package| {
                    package.label = label.clone();
                    touch(&mut package.meta, by);
                });
            }
            Event::VersionRemoved {
                package,
                version,
                by,
            } => {
                self.change_package(*package, |package| {
                    package.versions.retain(|kept| kept.id != *version);
                    touch(&mut package.meta, by);
                });
            }
            Event::DownloadCounted { package, version } => {
                self.change_package(*package, |package| {
                    let mut versions = package.versions.iter_mut();
                    if let Some(found) = versions.find(|found| found.id == *version) {
                        found.downloads += 1;
                    }
                });
            }
            Event::UploadSaved(upload) => {
                self.uploads.insert(upload.id, (**upload).clone());
            }
            Event::GroupSaved(group) => self.put_group(group),
            Event::RobotSaved(robot) => {
                self.robots.insert(robot.id, (**robot).clone());
            }
            Event::WorkflowSaved(workflow) => {
                self.workflows.insert(workflow.id, (**workflow).clone());
            }
            Event::LayoutSaved(layout) => {
                self.layouts.insert(layout.id, (**layout).clone());
            }
            Event::AssetSaved(asset) => self.put_asset(asset),
            Event::ScheduleSaved(schedule) => self.put_schedule((**schedule).clone()),
            Event::Removed { kind, id } => self.remove(*kind, *id),
            Event::Fired {
                schedule,
                firing,
                next_ms,
            } => self.fire(*schedule, firing, *next_ms),
            Event::TriggersCounted {
                target,
                count,
                last_ms,
            } => self.count(*target, *count, *last_ms),
        }
    }

    fn put_package(&mut self, package: &Package) {
        self.packages_by_name
            .insert(place(&package.meta, &package.label.name), package.id);
        self.packages.insert(package.id, package.clone());
    }

    fn change_package(&mut self, id: Guid, change: impl FnOnce(&mut Package)) {
        if let Some(package) = self.packages.get_mut(&id) {
            change(package);
        }
    }

    fn put_group(&mut self, group: &Group) {
        self.leave_group(group.id);
        for robot in &group.robots {
            self.groups_of_robots
                .entry(*robot)
                .or_default()
                .insert(group.id);
        }
        self.groups.insert(group.id, group.clone());
    }

    /// Forgets who was in a group.
    fn leave_group(&mut self, id: Guid) {
        let Some(group) = self.groups.get(&id) else {
            return;
        };
        for robot in &group.robots {
            if let Some(groups) = self.groups_of_robots.get_mut(robot) {
                groups.remove(&id);
                if groups.is_empty() {
                    self.groups_of_robots.remove(robot);
                }
            }
        }
    }

    fn put_asset(&mut self, asset: &Asset) {
        self.remove(Kind::Asset, asset.id);
        self.assets_by_name
            .insert(place(&asset.meta, &asset.label.name), asset.id);
        self.assets.insert(asset.id, asset.clone());
    }

    fn put_schedule(&mut self, schedule: Schedule) {
        self.remove(Kind::Schedule, schedule.id);
        if let Some(next_ms) = schedule.next_ms {
            self.due.insert((next_ms, schedule.id));
        }
        self.schedules.insert(schedule.id, schedule);
    }

    fn remove(&mut self, kind: Kind, id: Guid) {
        match kind {
            Kind::Package => {
                if let Some(package) = self.packages.remove(&id) {
                    let place = place(&package.meta, &package.label.name);
                    self.packages_by_name.remove(&place);
                }
            }
            // A version leaves by an event of its own.
            Kind::Version => {}
            Kind::Upload => {
                self.uploads.remove(&id);
            }
            Kind::Group => {
                self.leave_group(id);
                self.groups.remove(&id);
            }
            Kind::Robot => {
                self.robots.remove(&id);
            }
            Kind::Workflow => {
                self.workflows.remove(&id);
            }
            Kind::Layout => {
                self.layouts.remove(&id);
            }
            Kind::Asset => {
                if let Some(asset) = self.assets.remove(&id) {
                    self.assets_by_name
                        .remove(&place(&asset.meta, &asset.label.name));
                }
            }
            Kind::Schedule => {
                if let Some(next_ms) = self.schedules.remove(&id).and_then(|gone| gone.next_ms) {
                    self.due.remove(&(next_ms, id));
                }
            }
        }
    }

    fn fire(&mut self, id: Guid, firing: &Firing, next_ms: Option<i64>) {
        let Some(mut schedule) = self.schedules.get(&id).cloned() else {
            return;
        };
        schedule.firings.push(firing.clone());
        let surplus = schedule.firings.len().saturating_sub(limits::FIRINGS);
        schedule.firings.drain(..surplus);
        schedule.next_ms = next_ms;
        self.put_schedule(schedule);
    }

    fn count(&mut self, target: Target, count: u64, last_ms: i64) {
        let (counted, last) = match target {
            Target::Workflow(id) => match self.workflows.get_mut(&id) {
                Some(workflow) => (
                    &mut workflow.triggered_count,
                    &mut workflow.last_triggered_ms,
                ),
                None => return,
            },
            Target::Layout(id) => match self.layouts.get_mut(&id) {
                Some(layout) => (&mut layout.triggered_count, &mut layout.last_triggered_ms),
                None => return,
            },
        };
        *counted = counted.saturating_add(count);
        *last = Some(last.map_or(last_ms, |earlier| earlier.max(last_ms)));
    }
}

fn place(meta: &Meta, name: &str) -> (Tenant, Guid, String) {
    (meta.tenant, meta.department, name.to_owned())
}

fn touch(meta: &mut Meta, by: &Stamp) {
    *meta = meta.clone().touched(by.clone());
}
