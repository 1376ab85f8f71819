//! Lines of the logs of runs, each once, in order.
//! Never: holds more than a page of them; the archive has them.

use super::{cases::NotNow, filter::Filter, listing::PAGE, resources::there};
use crate::{console::jobs::logs, server::State};
use actors::live::Shown;
use codec::Tenant;
use rpa::execution::Execution;
use std::sync::Arc;

/// How far logs have been shown.
#[derive(Default)]
pub struct Read {
    /// Runs, and the number of the last line that was shown.
    runs: Vec<(rpa::Guid, u64)>,
}

impl Read {
    /// Of the runs that a filter names; nothing is shown yet.
    pub fn of(filter: &Filter) -> Self {
        let runs = filter.guids("runInstanceId").into_iter();
        Read {
            runs: runs.map(|run| (run, 0)).collect(),
        }
    }

    /// The next lines, a page at most; empty: that was all. An error: there may be more, which cannot be read now.
    pub async fn look(&mut self, state: &Arc<State>, tenant: Tenant) -> Result<Vec<Shown>, NotNow> {
        for (run, last) in &mut self.runs {
            let (id, after) = (*run, *last);
            let Some(department) = department(state, tenant, id).await? else {
                // It is not there yet, or another company's.
                continue;
            };
            let read = state
                .engine
                .archived(move |archive| archive.logs_after(id, after, PAGE));
            let lines = read.await.map_err(|_| NotNow)?;
            let Some(newest) = lines.last() else {
                continue;
            };
            *last = newest.seq;
            let line = |line: &actors::archive::LogEntry| {
                let mut json = String::new();
                logs::push_line(line, &mut json);
                Shown {
                    json: json.into(),
                    facts: Vec::new(),
                    department: Some(department),
                    ended: false,
                }
            };
            return Ok(lines.iter().map(line).collect());
        }
        Ok(Vec::new())
    }
}

/// The department of a run, if it is this company's; an error: that cannot be read now.
async fn department(
    state: &Arc<State>,
    tenant: Tenant,
    run: rpa::Guid,
) -> Result<Option<rpa::Guid>, NotNow> {
    let execution = state.engine.execution_of_run(run).await;
    let Some(execution) = there(execution)? else {
        return Ok(None);
    };
    let view = |execution: &Execution| execution.start().map(|start| start.department);
    there(state.engine.look_execution(tenant, execution, view).await)
}
