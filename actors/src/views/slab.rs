//! Records in numbered slots: a slot's number is the record's name inside the views while it lives.
//! Never: moves a record, so growing costs one chunk and no pause.

/// Records in a chunk.
const CHUNK: usize = 4096;

/// A growing table of slots.
#[derive(Debug)]
pub(super) struct Slab<T> {
    chunks: Vec<Vec<Option<T>>>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Slab {
            chunks: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<T> Slab<T> {
    /// Puts a record into a free slot.
    ///
    /// # Panics
    /// When there are more than 2^32 - 1 records; their memory ends before.
    pub fn insert(&mut self, record: T) -> u32 {
        if let Some(slot) = self.free.pop() {
            let (chunk, index) = place(slot);
            self.chunks[chunk][index] = Some(record);
            return slot;
        }
        if self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        let chunk = self.chunks.len() - 1;
        let slot = chunk * CHUNK + self.chunks[chunk].len();
        assert!(slot < u32::MAX as usize, "the views are full");
        self.chunks[chunk].push(Some(record));
        slot as u32
    }

    /// The record in a slot.
    #[inline]
    pub fn get(&self, slot: u32) -> Option<&T> {
        let (chunk, index) = place(slot);
        self.chunks.get(chunk)?.get(index)?.as_ref()
    }

    /// The record in a slot, to change.
    pub fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        let (chunk, index) = place(slot);
        self.chunks.get_mut(chunk)?.get_mut(index)?.as_mut()
    }

    /// Takes the record out; its slot is free.
    pub fn remove(&mut self, slot: u32) -> Option<T> {
        let (chunk, index) = place(slot);
        let record = self.chunks.get_mut(chunk)?.get_mut(index)?.take()?;
        self.free.push(slot);
        Some(record)
    }
}

impl<T> std::ops::Index<u32> for Slab<T> {
    type Output = T;

    /// # Panics
    /// When the slot is free, which is a bug: an index outlived its record.
    #[inline]
    fn index(&self, slot: u32) -> &T {
        match self.get(slot) {
            Some(record) => record,
            None => panic!("slot {slot} is free"),
        }
    }
}

#[inline]
fn place(slot: u32) -> (usize, usize) {
    (slot as usize / CHUNK, slot as usize % CHUNK)
}
