//! ETags of jobs, runs and executions.
//!
//! Owns: that each follows from all that an event can change of them, so that every change gives another one, and from
//! little more: a row of a list encodes neither arguments nor results. Never: depends on the build.

use super::{Execution, Job, Outcome, Phase, Run, RunState, StopReason, Wish};
use crate::Guid;

impl Execution {
    /// Changes whenever it or one of its jobs does.
    pub fn etag(&self) -> String {
        let mut mix = Mix::new(self.id);
        mix.number(u64::from(self.step));
        mix.instant(self.finished_ms);
        mix.number(u64::from(self.acknowledged));
        for job in &self.jobs {
            job.mix_into(&mut mix);
        }
        mix.text()
    }
}

impl Job {
    /// Changes whenever it does.
    pub fn etag(&self) -> String {
        let mut mix = Mix::new(self.spec.id);
        self.mix_into(&mut mix);
        mix.text()
    }

    fn mix_into(&self, mix: &mut Mix) {
        let (phase, until_ms) = match self.phase {
            Phase::Blocked => (0, None),
            Phase::Waiting => (1, None),
            Phase::Offered { expires_ms } => (2, Some(expires_ms)),
            Phase::Active => (3, None),
            Phase::Ended(outcome) => (4 + of_outcome(outcome), None),
        };
        mix.number(phase);
        mix.instant(until_ms);
        mix.words(self.message.as_deref());
        mix.instant(self.started_ms);
        mix.instant(self.finished_ms);
        mix.instant(self.cancel_requested_ms);
        mix.number(u64::from(self.spec.priority));
        mix.number(u64::from(self.no_retry));
        mix.number(self.fence);
        let modified = self.modified.as_ref();
        mix.instant(modified.map(|stamp| stamp.at_ms));
        mix.id(modified.map_or(Guid::NIL, |stamp| stamp.by));
        for (robot, until_ms) in &self.avoid {
            mix.id(*robot);
            mix.instant(Some(*until_ms));
        }
        // Those before the last one have ended and never change.
        mix.number(self.runs.len() as u64);
        if let Some(run) = self.last_run() {
            run.mix_into(mix);
        }
    }
}

impl Run {
    /// Changes whenever it does.
    pub fn etag(&self) -> String {
        let mut mix = Mix::new(self.id);
        self.mix_into(&mut mix);
        mix.text()
    }

    fn mix_into(&self, mix: &mut Mix) {
        mix.id(self.robot);
        mix.number(self.fence);
        mix.number(match self.state {
            RunState::Offered => 0,
            RunState::Running => 1,
            RunState::Paused => 2,
            // What is known of its end comes with it and stays.
            RunState::Ended(outcome) => 3 + of_outcome(outcome),
        });
        mix.instant(self.started_ms);
        mix.instant(self.finished_ms);
        mix.instant(Some(self.ran_ms));
        mix.instant(self.running_since_ms);
        mix.number(match self.wish {
            None => 0,
            Some(Wish::Pause) => 1,
            Some(Wish::Resume) => 2,
        });
        if let Some(stop) = &self.stop {
            mix.number(match stop.reason {
                StopReason::Cancelled => 1,
                StopReason::TimeLimit => 2,
            });
            mix.words(stop.message.as_deref());
            mix.instant(Some(stop.deadline_ms));
        }
    }
}

fn of_outcome(outcome: Outcome) -> u64 {
    match outcome {
        Outcome::Succeeded => 0,
        Outcome::Failed => 1,
        Outcome::Cancelled => 2,
    }
}

/// Words, one after the other, in 64 bits.
struct Mix(u64);

impl Mix {
    fn new(id: Guid) -> Self {
        let mut mix = Mix(0);
        mix.id(id);
        mix
    }

    /// Each step is a bijection of what was there, and the rotation lets no word meet the place of the one before.
    fn number(&mut self, word: u64) {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        let mixed = (self.0 ^ word).wrapping_mul(ODD);
        self.0 = (mixed ^ (mixed >> 32)).rotate_left(23);
    }

    fn id(&mut self, id: Guid) {
        self.number((id.0 >> 64) as u64);
        self.number(id.0 as u64);
    }

    fn instant(&mut self, at_ms: Option<i64>) {
        self.number(u64::from(at_ms.is_some()));
        self.number(at_ms.unwrap_or_default().cast_unsigned());
    }

    fn words(&mut self, text: Option<&str>) {
        let text = text.unwrap_or_default();
        self.number(text.len() as u64);
        for piece in text.as_bytes().chunks(8) {
            let mut word = [0; 8];
            word[..piece.len()].copy_from_slice(piece);
            self.number(u64::from_le_bytes(word));
        }
    }

    fn text(self) -> String {
        format!("{:016x}", self.0)
    }
}
