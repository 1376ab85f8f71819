//! Who is let in: a plain count of what is under way, how long it took, and the reasons to say no before anything is decided.
//! Never: queues; past a bound the caller is told to come again.

use crate::{commit::Space, failure::Failure, latency::Latencies};
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

/// The bounds.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Commands under way at a time.
    pub commands: usize,
    /// Ended instances that wait for the archive.
    pub archive_backlog: usize,
}

/// What is under way.
pub struct Admission {
    bounds: Bounds,
    under_way: AtomicUsize,
    latencies: Latencies,
}

/// A command that was let in; it counts until this is dropped.
pub struct Admitted<'a> {
    admission: &'a Admission,
    since: Instant,
}

impl Admission {
    /// With these bounds.
    pub fn new(bounds: Bounds) -> Self {
        Admission {
            bounds,
            under_way: AtomicUsize::new(0),
            latencies: Latencies::default(),
        }
    }

    /// Lets a command in or says why not.
    pub fn admit(&self, space: Space, archive_backlog: usize) -> Result<Admitted<'_>, Failure> {
        self.has_room(space, archive_backlog)?;
        if self.under_way.fetch_add(1, Ordering::Relaxed) >= self.bounds.commands {
            self.under_way.fetch_sub(1, Ordering::Relaxed);
            return Err(Failure::Overloaded { retry_after_s: 1 });
        }
        Ok(Admitted {
            admission: self,
            since: Instant::now(),
        })
    }

    /// Whether a command would be let in now; none is, so none is counted.
    pub fn has_room(&self, space: Space, archive_backlog: usize) -> Result<(), Failure> {
        match space {
            Space::Open => {}
            Space::Short => return Err(Failure::Overloaded { retry_after_s: 1 }),
            Space::Full => return Err(Failure::DiskFull),
        }
        if archive_backlog > self.bounds.archive_backlog {
            return Err(Failure::Overloaded { retry_after_s: 1 });
        }
        if self.under_way() >= self.bounds.commands {
            return Err(Failure::Overloaded { retry_after_s: 1 });
        }
        Ok(())
    }

    /// Commands under way.
    pub fn under_way(&self) -> usize {
        self.under_way.load(Ordering::Relaxed)
    }

    /// How long commands took, from here to their answer.
    pub fn latencies(&self) -> &Latencies {
        &self.latencies
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        self.admission.under_way.fetch_sub(1, Ordering::Relaxed);
        self.admission.latencies.record(self.since.elapsed());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn past_a_bound_nobody_is_let_in_until_someone_leaves() {
        let admission = Admission::new(Bounds {
            commands: 1,
            archive_backlog: 10,
        });
        let first = admission.admit(Space::Open, 10);
        assert!(first.is_ok());
        assert!(matches!(
            admission.admit(Space::Open, 0),
            Err(Failure::Overloaded { .. })
        ));
        drop(first);
        assert_eq!(admission.latencies().counts().total(), 1);
        assert!(admission.admit(Space::Open, 0).is_ok());
        assert!(matches!(
            admission.admit(Space::Full, 0),
            Err(Failure::DiskFull)
        ));
        assert!(matches!(
            admission.admit(Space::Short, 0),
            Err(Failure::Overloaded { .. })
        ));
        assert!(matches!(
            admission.admit(Space::Open, 11),
            Err(Failure::Overloaded { .. })
        ));
        assert_eq!(admission.under_way(), 0);
    }
}
