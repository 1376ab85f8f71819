//! The measures beside many waiting instances: their memory, the rate, a restart, and snapshots of all of them. Owns their
//! servers; must never let a snapshot of one server fall into a window of another.

use std::time::Instant;

use super::{
    BenchError,
    control::Target,
    measures::{LOOK, NO_SNAPSHOTS, PATIENCE, Run, counted, same},
    model,
    plan::{Outcome, Pace, Plan},
    processes::{self, Server},
    report::Aim,
    windows::{alternate, alternate_by},
};

/// Interval at which snapshots fall into every window.
const MANY_SNAPSHOTS: &str = "1s";
/// How far the journal and the last snapshot are, as `/metrics` names them.
const JOURNAL_GAUGE: &str = "loomwork_journal_sequence";
const SNAPSHOT_GAUGE: &str = "loomwork_snapshot_sequence";

impl Run<'_> {
    pub(super) fn waiting(&mut self) -> Result<(), BenchError> {
        let many = self.recipe.start("many", NO_SNAPSHOTS)?;
        self.describe(&many.target)?;
        let before = many.resident_bytes()?;
        let filled = self.fill(&many.target, self.args.waiting)?;
        let grown = many.resident_bytes()?.saturating_sub(before);
        let each = grown as f64 / filled.done.max(1) as f64;
        let note = format!(
            "{} waiting, filled at {:.0}/s",
            filled.done,
            filled.per_second()
        );
        let aim = Some(Aim::at_most(1_000.0, 500.0));
        self.find(
            "resident bytes per waiting instance",
            each,
            " B",
            aim,
            note,
            None,
        );
        let none = self.recipe.start("none", NO_SNAPSHOTS)?;
        self.many_against_none(&many, &none)
    }

    fn many_against_none(&mut self, many: &Server, none: &Server) -> Result<(), BenchError> {
        let (ours, theirs) = (self.starts(many), self.starts(none));
        // Both sides wait for the disk: a window says less than one against bare hyper.
        let windows = self.args.windows * 3;
        let rounds = alternate(windows, &self.recipe.home, &ours, &theirs)?;
        let name = format!("rate with {} waiting ÷ none", self.args.waiting);
        self.ratio(name, Aim::at_least(0.90, 0.98), 1.0, None, rounds);
        Ok(())
    }

    fn starts(&self, server: &Server) -> Plan {
        let work = same(model::start(&server.target.authority));
        self.closed(&server.target, self.args.connections, work)
    }

    pub(super) fn restart(&mut self) -> Result<(), BenchError> {
        let mut server = self.recipe.start("restarted", NO_SNAPSHOTS)?;
        self.describe(&server.target)?;
        let filled = self.fill(&server.target, self.args.waiting)?;
        let records = server.target.gauge(JOURNAL_GAUGE)?.unwrap_or(0.0);
        let took = server.crash_and_restart()?.as_secs_f64();
        let note = format!(
            "kill -9 with {} waiting and {records:.0} records in the journal, until /readyz is 200",
            filled.done
        );
        let aim = Some(Aim::at_most(6.0, 2.0));
        self.find("restart", took, " s", aim, note, None);
        Ok(())
    }

    pub(super) fn tail(&mut self) -> Result<(), BenchError> {
        let with = self.recipe.start("snapshots", MANY_SNAPSHOTS)?;
        let without = self.recipe.start("plain", NO_SNAPSHOTS)?;
        self.describe(&with.target)?;
        for server in [&with, &without] {
            self.fill(&server.target, self.args.waiting)?;
        }
        let saturated = processes::load(&self.starts(&without))?;
        let per_second = saturated.per_second() / 2.0;
        let open = |server: &Server| Plan {
            pace: Pace::Open { per_second },
            ..self.starts(server)
        };
        // The windows without one would have the last snapshot of those with some beside them.
        let ours = || {
            let outcome = processes::load(&open(&with))?;
            settled(&with.target)?;
            Ok(outcome)
        };
        settled(&with.target)?;
        let theirs = || processes::load(&open(&without));
        let rounds = alternate_by(self.args.windows, &self.recipe.home, ours, theirs)?;
        let tail = |outcome: &Outcome| outcome.latency.p999_us;
        let ratio = rounds.median_of(|round| tail(&round.ours) / tail(&round.theirs).max(1.0));
        let note = format!(
            "open loop at {per_second:.0}/s, {} waiting: {:.0} µs with, {:.0} µs without; {}",
            self.args.waiting,
            rounds.median_of(|round| tail(&round.ours)),
            rounds.median_of(|round| tail(&round.theirs)),
            counted(&rounds),
        );
        let aim = Some(Aim::at_most(3.0, 1.5));
        self.find(
            "p99.9 while snapshotting ÷ without",
            ratio,
            "",
            aim,
            note,
            Some(rounds),
        );
        Ok(())
    }
}

/// Waits until the last snapshot has all that the journal has: no other one follows.
fn settled(target: &Target) -> Result<(), BenchError> {
    let begin = Instant::now();
    let gauge = |name| target.gauge(name)?.ok_or(BenchError::NoFigure(name));
    while gauge(SNAPSHOT_GAUGE)? != gauge(JOURNAL_GAUGE)? {
        if begin.elapsed() > PATIENCE {
            return Err(BenchError::NoFigure(SNAPSHOT_GAUGE));
        }
        std::thread::sleep(LOOK);
    }
    Ok(())
}
