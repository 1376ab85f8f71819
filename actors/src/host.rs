//! What a decision gets from outside: the clock, the published definitions, the evaluation of scripts.
//! Never: gives a decision anything that is not durable.

use crate::{core::Core, scripts};
use bpmn::{Definition, Host, ScriptFailure, ScriptScope, model::Script};
use codec::{DefinitionId, Tenant, Value};
use std::sync::Arc;

/// The surroundings of one command.
pub struct Context<'a> {
    core: &'a Core,
    now_ms: i64,
    script_budget_ms: u64,
}

impl<'a> Context<'a> {
    /// For a command that begins now.
    pub fn new(core: &'a Core) -> Self {
        Context {
            core,
            now_ms: core.clock.now_ms(),
            script_budget_ms: core.options.script_budget_ms,
        }
    }
}

impl Host for Context<'_> {
    fn now_ms(&self) -> i64 {
        self.now_ms
    }

    fn time_zone(&self) -> &jiff::tz::TimeZone {
        &self.core.options.time_zone
    }

    fn definition(&self, id: DefinitionId) -> Option<Arc<Definition>> {
        let published = self.core.catalog.get(id)?;
        Some(Arc::clone(&published.definition))
    }

    fn latest_definition(&self, tenant: Tenant, key: &str) -> Option<Arc<Definition>> {
        let published = self.core.catalog.latest(tenant, key)?;
        Some(Arc::clone(&published.definition))
    }

    fn run_script(
        &mut self,
        script: &Script,
        scope: &mut dyn ScriptScope,
    ) -> Result<Value, ScriptFailure> {
        let limits = &self.core.options.script_limits;
        scripts::run(script, scope, limits, &mut self.script_budget_ms)
    }
}
