//! Lines of runs that have left memory: the archive says whose run it was, before they are kept.
//!
//! Owns: that batches are asked about in the order in which they came, and that none is acknowledged behind one that was not
//! kept: an acknowledgement speaks for all lines before it. Never: writes.

use super::{message::RunRef, robot::State, talk::archived_run};
use crate::{archive::LogEntry, executions::Kept};
use rpa::{Guid, execution::Execution};
use std::{collections::BTreeMap, sync::Arc};
use tokio::task::JoinHandle;

/// By run the first line that was not kept; what comes behind it is left to be sent again.
#[derive(Debug, Default)]
pub(super) struct Gaps(BTreeMap<Guid, u64>);

impl Gaps {
    /// Whether a batch that begins with this line may be kept.
    fn admits(&self, run: Guid, first: u64) -> bool {
        self.0.get(&run).is_none_or(|gap| first <= *gap)
    }

    /// A batch of these lines was kept, or not.
    fn note(&mut self, run: Guid, (first, last): (u64, u64), kept: bool) {
        if !kept {
            self.0.insert(run, first);
        } else if self.0.get(&run).is_some_and(|gap| *gap <= last) {
            self.0.remove(&run);
        }
    }
}

/// What was asked last, and what is known when it is answered.
pub(super) type Late = JoinHandle<Gaps>;

impl State {
    /// Keeps lines of what is not in memory.
    pub(super) fn late_lines(&mut self, run: RunRef, entries: Vec<LogEntry>, ack: Kept) {
        let numbers = || entries.iter().map(|line| line.seq);
        let (Some(session), Some(first), Some(last)) =
            (self.session.as_mut(), numbers().min(), numbers().max())
        else {
            return;
        };
        let (core, robot) = (Arc::clone(&self.core), self.id);
        let earlier = session.late.take();
        session.late = Some(self.core.runtime.spawn(async move {
            let mut gaps = match earlier {
                Some(earlier) => earlier.await.unwrap_or_default(),
                None => Gaps::default(),
            };
            if !gaps.admits(run.run, first) {
                return gaps;
            }
            let asked = Arc::clone(&core);
            let found = tokio::task::spawn_blocking(move || archived_run(&asked, run.run));
            let found = found.await.unwrap_or(Err(()));
            gaps.note(run.run, (first, last), found.is_ok());
            match found {
                Ok(Some(execution)) if is_of(&execution, run, robot) => {
                    core.keeper.put_logs(execution.tenant(), entries, ack);
                }
                // Nobody else's lines are kept under a run; the robot need not send them again.
                Ok(_) => ack(),
                // They are sent again.
                Err(()) => {}
            }
            gaps
        }));
    }
}

fn is_of(execution: &Execution, run: RunRef, robot: Guid) -> bool {
    let found = execution.run(run.run);
    found.is_some_and(|(_, _, run)| run.robot == robot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_kept_behind_one_that_was_not() {
        let (one, other) = (Guid(1), Guid(2));
        let mut gaps = Gaps::default();
        gaps.note(one, (5, 9), false);
        for (run, first, admitted) in [(one, 6, false), (other, 6, true), (one, 5, true)] {
            assert_eq!(gaps.admits(run, first), admitted, "{run} {first}");
        }
        gaps.note(one, (1, 4), true);
        assert!(!gaps.admits(one, 10), "it ended before the gap");
        gaps.note(one, (5, 9), true);
        assert!(gaps.admits(one, 10));
    }
}
