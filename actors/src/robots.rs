//! Robots: each that is connected, or has something, is an actor.
//!
//! Owns: who they are, and that what is to be sent reaches them. Never: persists anything.

use crate::{core::Core, executions::Cell};
use rpa::{Guid, execution::Effect};
use std::sync::Arc;

/// The robots.
#[derive(Default)]
pub struct Robots {}

impl Robots {
    /// Sends what is due to be sent.
    pub fn release(&self, _core: &Arc<Core>, _cell: &Arc<Cell>, _effect: Effect) {}

    /// Jobs wait in these groups.
    pub fn wake(&self, _core: &Arc<Core>, _queues: Vec<Guid>) {}

    /// Something may be due earlier.
    pub fn due_changed(&self) {}
}

/// Starts what watches over time.
pub fn start(_core: &Arc<Core>) {}
