//! A large table in parts by hash. Never: knows what stands in them.
//!
//! A hash table that is full moves everything at once, and whoever reads or writes the views waits for that: a tenth of a
//! second for a million entries. Parts fill at different moments, each moves a few thousand.

/// A part of a million entries has some 4,000.
const COUNT: usize = 256;

/// Parts of one table.
pub(super) struct Parts<T>(Box<[T]>);

impl<T: Default> Default for Parts<T> {
    fn default() -> Self {
        Parts((0..COUNT).map(|_| T::default()).collect())
    }
}

impl<T> Parts<T> {
    /// The part for this hash.
    pub fn of(&self, hash: u64) -> &T {
        &self.0[index(hash)]
    }

    /// The part for this hash, to change.
    pub fn of_mut(&mut self, hash: u64) -> &mut T {
        &mut self.0[index(hash)]
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }
}

/// Bits that the tables themselves do not use: they take the lowest and the seven highest.
fn index(hash: u64) -> usize {
    (hash >> 40) as usize % COUNT
}
