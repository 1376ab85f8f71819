//! The bytes of the registry's events and of its state, behind a version byte; golden bytes guard them.
//!
//! ```text
//!  events  [ 1 | Vec<Event> ]
//!  state   [ 1 | packages, uploads, groups, robots, workflows, layouts, assets, schedules, each by id ]
//! ```
//!
//! Never: writes what can be derived (the look-ups by name, by robot and by due time).

use super::{Asset, Event, Group, Layout, Robot, Schedule, State, Upload, Workflow};
use crate::package::Package;
use codec::DecodeError;
use serde::{Deserialize, Serialize};

/// Version of encoded events.
pub const EVENTS_VERSION: u8 = 1;
/// Version of an encoded state.
pub const STATE_VERSION: u8 = 1;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct StoredState {
    packages: Vec<Package>,
    uploads: Vec<Upload>,
    groups: Vec<Group>,
    robots: Vec<Robot>,
    workflows: Vec<Workflow>,
    layouts: Vec<Layout>,
    assets: Vec<Asset>,
    schedules: Vec<Schedule>,
}

/// The payload of one journal record: all events of one command.
pub fn encode_events(events: &[Event]) -> Vec<u8> {
    codec::encode(EVENTS_VERSION, &events)
}

/// Reads what [`encode_events`] wrote.
pub fn decode_events(bytes: &[u8]) -> Result<Vec<Event>, DecodeError> {
    codec::decode(EVENTS_VERSION, bytes)
}

/// The bytes of a snapshot.
pub fn encode_state(state: &State) -> Vec<u8> {
    codec::encode(STATE_VERSION, &StoredState::of(state))
}

/// Reads what [`encode_state`] wrote.
pub fn decode_state(bytes: &[u8]) -> Result<State, DecodeError> {
    let stored: StoredState = codec::decode(STATE_VERSION, bytes)?;
    Ok(stored.restore())
}

impl StoredState {
    fn of(state: &State) -> Self {
        StoredState {
            packages: state.packages.values().cloned().collect(),
            uploads: state.uploads.values().cloned().collect(),
            groups: state.groups.values().cloned().collect(),
            robots: state.robots.values().cloned().collect(),
            workflows: state.workflows.values().cloned().collect(),
            layouts: state.layouts.values().cloned().collect(),
            assets: state.assets.values().cloned().collect(),
            schedules: state.schedules.values().cloned().collect(),
        }
    }

    /// A state is the facts that lead to it: so there is one way only to build one.
    fn restore(self) -> State {
        let mut state = State::default();
        let packages = self
            .packages
            .into_iter()
            .map(|it| Event::PackageCreated(Box::new(it)));
        let uploads = self
            .uploads
            .into_iter()
            .map(|it| Event::UploadSaved(Box::new(it)));
        let groups = self
            .groups
            .into_iter()
            .map(|it| Event::GroupSaved(Box::new(it)));
        let robots = self
            .robots
            .into_iter()
            .map(|it| Event::RobotSaved(Box::new(it)));
        let workflows = self
            .workflows
            .into_iter()
            .map(|it| Event::WorkflowSaved(Box::new(it)));
        let layouts = self
            .layouts
            .into_iter()
            .map(|it| Event::LayoutSaved(Box::new(it)));
        let assets = self
            .assets
            .into_iter()
            .map(|it| Event::AssetSaved(Box::new(it)));
        let schedules = self
            .schedules
            .into_iter()
            .map(|it| Event::ScheduleSaved(Box::new(it)));
        let all = packages.chain(uploads).chain(groups).chain(robots);
        for event in all
            .chain(workflows)
            .chain(layouts)
            .chain(assets)
            .chain(schedules)
        {
            state.apply(&event);
        }
        state
    }
}

#[cfg(test)]
mod tests;
