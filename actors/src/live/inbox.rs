//! What the publisher has handed over and the hub has not taken yet.
//! Never: grows past its bound; then everything in it is forgotten, and all followers begin anew.

use super::entry::Note;

/// Notes that may wait: a hub that is so far behind has nothing to tell in order.
const WAITING: usize = 262_144;

/// The notes that wait.
#[derive(Default)]
pub struct Inbox {
    notes: Vec<Note>,
    lost: bool,
}

impl Inbox {
    /// More have come.
    pub(super) fn put(&mut self, notes: Vec<Note>) {
        if self.notes.len() + notes.len() > WAITING {
            self.notes = Vec::new();
            self.lost = true;
        } else if self.notes.is_empty() {
            self.notes = notes;
        } else {
            self.notes.extend(notes);
        }
    }

    /// All of them, and whether some before them were forgotten.
    pub(super) fn take(&mut self) -> (Vec<Note>, bool) {
        (
            std::mem::take(&mut self.notes),
            std::mem::take(&mut self.lost),
        )
    }
}
