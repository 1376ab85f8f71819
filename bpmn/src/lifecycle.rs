//! The lifecycle of an activity: one table for every element.
//!
//! ```text
//!            Start               Complete
//!   (none) ────────▶ Active ──────────────▶ Completed
//!                      │  Cancel(reason)
//!                      └──────────────────▶ Cancelled
//! ```
//!
//! Never: an activity that leaves an end state; replay ignores what the table does not know.

/// Where an activity is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It runs or waits.
    Active,
    /// It ended by itself.
    Completed,
    /// It was ended from outside; the reason says by what.
    Cancelled,
}

/// What happens to an activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// It begins.
    Start,
    /// It ends by itself.
    Complete,
    /// It is ended from outside.
    Cancel,
}

/// The table. None: this cannot happen in this phase.
pub fn next(phase: Option<Phase>, transition: Transition) -> Option<Phase> {
    match (phase, transition) {
        (None, Transition::Start) => Some(Phase::Active),
        (Some(Phase::Active), Transition::Complete) => Some(Phase::Completed),
        (Some(Phase::Active), Transition::Cancel) => Some(Phase::Cancelled),
        (None, Transition::Complete | Transition::Cancel)
        | (Some(Phase::Active), Transition::Start)
        | (Some(Phase::Completed | Phase::Cancelled), _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_activity_starts_once_and_ends_once() {
        let phases = [
            None,
            Some(Phase::Active),
            Some(Phase::Completed),
            Some(Phase::Cancelled),
        ];
        let transitions = [Transition::Start, Transition::Complete, Transition::Cancel];
        let mut allowed = Vec::new();
        for phase in phases {
            for transition in transitions {
                if let Some(after) = next(phase, transition) {
                    allowed.push((phase, transition, after));
                }
            }
        }
        assert_eq!(
            allowed,
            [
                (None, Transition::Start, Phase::Active),
                (Some(Phase::Active), Transition::Complete, Phase::Completed),
                (Some(Phase::Active), Transition::Cancel, Phase::Cancelled),
            ]
        );
    }
}
