//! What a change is to a subscriber.
//!
//! Owns: that what was shown and passes no more is told as ended, and that an end is told of nothing else than might have
//! been shown. Never: keeps in mind what has ended: it does not change again.

use actors::live::{Key, Kind};
use std::collections::HashSet;

/// A change as a subscriber's filter and rights meet it.
pub struct Change {
    /// Of which entity.
    pub key: Key,
    /// What it is to somebody who sees everything.
    pub kind: Kind,
    /// The rights let it be seen.
    pub is_seen: bool,
    /// It passes the filter as it is.
    pub passes: bool,
    /// It passes what of the filter looks at facts that never change.
    pub may_have_passed: bool,
    /// It passes, but is not there any more.
    pub is_over: bool,
    /// It does not change again.
    pub has_ended: bool,
}

/// How a change is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// With its item.
    Whole(Kind),
    /// As ended, with the id only: as it is now it is not this subscriber's to see.
    GoneById,
}

impl Change {
    /// What it is where a filter looks only at what never changes: what passes has passed before.
    pub fn judge(&self) -> Option<Told> {
        if !self.is_seen {
            return None;
        }
        if self.passes && !self.is_over {
            return Some(Told::Whole(match self.kind {
                Kind::Created => Kind::Created,
                Kind::Changed | Kind::Ended => Kind::Changed,
            }));
        }
        (self.has_ended && self.may_have_passed).then_some(Told::Whole(Kind::Ended))
    }
}

/// What has been shown, where something may leave without ending.
pub struct Keys {
    shown: HashSet<Key>,
    /// What was shown before a cut is not known until the changes since are through.
    resuming: bool,
}

impl Keys {
    /// Nothing is shown yet, or not known.
    pub fn new(resuming: bool) -> Self {
        Keys {
            shown: HashSet::new(),
            resuming,
        }
    }

    /// How many are kept in mind.
    pub fn count(&self) -> usize {
        self.shown.len()
    }

    /// Something is shown.
    pub fn insert(&mut self, key: Key) {
        self.shown.insert(key);
    }

    /// Something is gone whose end is not told yet: who comes again may have it.
    pub fn keep_in_mind(&mut self, key: Key) {
        if self.resuming {
            self.shown.insert(key);
        }
    }

    /// From now on it is known what was shown.
    pub fn are_known(&mut self) {
        self.resuming = false;
    }

    /// What a change is; none: nothing.
    pub fn judge(&mut self, change: &Change) -> Option<Told> {
        if change.is_seen && change.passes && !change.is_over {
            let was = match change.has_ended {
                // It is told once more, and never again.
                true => self.shown.remove(&change.key),
                false => !self.shown.insert(change.key),
            };
            let is_new = !was && (!self.resuming || change.kind == Kind::Created);
            return Some(Told::Whole(match is_new {
                true => Kind::Created,
                false => Kind::Changed,
            }));
        }
        let was = self.shown.remove(&change.key);
        if !change.is_seen {
            return was.then_some(Told::GoneById);
        }
        if was || change.passes {
            return Some(Told::Whole(Kind::Ended));
        }
        (self.resuming && change.may_have_passed).then_some(Told::GoneById)
    }
}

#[cfg(test)]
mod tests {
    use super::{Change, Keys, Told};
    use actors::live::{Key, Kind, Topic};
    use codec::Tenant;
    use rpa::Guid;

    const SHOWN: u128 = 1;
    const OTHER: u128 = 2;

    fn change(id: u128, facts: &str) -> Change {
        let is = |fact: &str| facts.split(' ').any(|known| known == fact);
        Change {
            key: Key::of_guid(Topic::Jobs, Tenant(1), Guid(id)),
            kind: if is("new") {
                Kind::Created
            } else {
                Kind::Changed
            },
            is_seen: !is("hidden"),
            passes: is("passes"),
            may_have_passed: is("passes") || is("might"),
            is_over: is("over"),
            has_ended: is("ended"),
        }
    }

    #[test]
    fn a_change_is_told_by_what_was_shown_before_it() {
        use Kind::{Changed, Created, Ended};
        let whole = |kind| Some(Told::Whole(kind));
        // Whether it resumes, the entity, how it is; what is told.
        let rows = [
            (false, SHOWN, "passes", whole(Changed)),
            (false, OTHER, "passes", whole(Created)),
            (false, SHOWN, "might", whole(Ended)),
            (false, OTHER, "might", None),
            (false, OTHER, "might ended", None),
            (false, SHOWN, "passes over ended", whole(Ended)),
            (false, OTHER, "passes over ended", whole(Ended)),
            (false, SHOWN, "passes ended", whole(Changed)),
            (false, OTHER, "passes ended", whole(Created)),
            (false, SHOWN, "passes hidden", Some(Told::GoneById)),
            (false, OTHER, "passes hidden", None),
            (true, OTHER, "passes", whole(Changed)),
            (true, OTHER, "passes new", whole(Created)),
            (true, OTHER, "might", Some(Told::GoneById)),
            (true, OTHER, "", None),
            (true, OTHER, "might hidden", None),
        ];
        for (resuming, id, facts, expected) in rows {
            let mut keys = Keys::new(resuming);
            keys.insert(change(SHOWN, "").key);
            assert_eq!(keys.judge(&change(id, facts)), expected, "{id}: {facts}");
        }
    }

    #[test]
    fn what_has_ended_is_not_kept_in_mind() {
        let mut keys = Keys::new(false);
        for id in 0..1_000 {
            keys.judge(&change(id, "passes new"));
            keys.judge(&change(id, "passes ended"));
        }
        assert!(keys.shown.is_empty());
    }
}
