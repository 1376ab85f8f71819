//! Alternating windows of two sides, and what they come to. Owns the rule that windows under unequal disks do not
//! count; must never compare windows of different runs.

use std::path::Path;

use serde::Serialize;

use super::{
    BenchError, disk,
    plan::{Outcome, Plan},
    processes,
};

/// Windows whose fdatasync differs from the run's median by more than this do not count.
const DISK_TOLERANCE: f64 = 1.5;

/// One window of each side, one right after the other.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Round {
    pub(super) ours: Outcome,
    pub(super) theirs: Outcome,
    pub(super) fdatasync_us: f64,
    pub(super) counts: bool,
}

/// All rounds of a measure.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Rounds {
    pub(super) rounds: Vec<Round>,
}

/// Runs `count` rounds.
pub(super) fn alternate(
    count: usize,
    disk_of: &Path,
    ours: &Plan,
    theirs: &Plan,
) -> Result<Rounds, BenchError> {
    let (ours, theirs) = (|| processes::load(ours), || processes::load(theirs));
    alternate_by(count, disk_of, ours, theirs)
}

/// The same with windows that are more than a load.
pub(super) fn alternate_by(
    count: usize,
    disk_of: &Path,
    mut ours: impl FnMut() -> Result<Outcome, BenchError>,
    mut theirs: impl FnMut() -> Result<Outcome, BenchError>,
) -> Result<Rounds, BenchError> {
    let mut rounds = Vec::with_capacity(count);
    for index in 0..count {
        let before = disk::fdatasync_p50_us(disk_of)?;
        // The side that goes first changes, so that drift favours neither.
        let (ours, theirs) = if index % 2 == 0 {
            let ours = ours()?;
            (ours, theirs()?)
        } else {
            let theirs = theirs()?;
            (ours()?, theirs)
        };
        let after = disk::fdatasync_p50_us(disk_of)?;
        for (side, outcome) in [("the server", &ours), ("the other side", &theirs)] {
            if outcome.done == 0 {
                let why = outcome.first_refusal.clone().unwrap_or_default();
                return Err(BenchError::NothingDone { side, why });
            }
        }
        rounds.push(Round {
            ours,
            theirs,
            fdatasync_us: (before + after) / 2.0,
            counts: true,
        });
    }
    Ok(Rounds::judged(rounds))
}

impl Rounds {
    /// Marks the rounds that do not count.
    pub(super) fn judged(mut rounds: Vec<Round>) -> Self {
        let syncs = rounds.iter().map(|round| round.fdatasync_us);
        let usual = median(syncs.collect());
        for round in &mut rounds {
            let (low, high) = (round.fdatasync_us.min(usual), round.fdatasync_us.max(usual));
            round.counts = high <= low * DISK_TOLERANCE;
        }
        Self { rounds }
    }

    fn counted(&self) -> impl Iterator<Item = &Round> {
        self.rounds.iter().filter(|round| round.counts)
    }

    /// The median over the rounds that count of a figure of a round.
    pub(super) fn median_of(&self, figure: impl Fn(&Round) -> f64) -> f64 {
        median(self.counted().map(figure).collect())
    }

    /// Our rate ÷ `share` of the other side's.
    pub(super) fn ratio(&self, share: f64) -> f64 {
        self.median_of(|round| round.ours.per_second() / (round.theirs.per_second() * share))
    }

    /// Rounds that count, and all.
    pub(super) fn tally(&self) -> (usize, usize) {
        (self.counted().count(), self.rounds.len())
    }

    /// Answers of ours that were not 2xx, in all rounds.
    pub(super) fn refused(&self) -> u64 {
        self.rounds.iter().map(|round| round.ours.refused).sum()
    }
}

/// The middle value; 0 of none.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        count if count % 2 == 1 => values[count / 2],
        count => (values[count / 2 - 1] + values[count / 2]) / 2.0,
    }
}
