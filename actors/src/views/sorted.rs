//! A sorted set of small keys that mostly arrive at its end: what every index is made of.
//! Never: keeps two equal keys; leaves chunks nearly empty.
//!
//! ```text
//!  chunks  [ k k k k k k ] [ k k k k ] [ k k … ]      each sorted, all before the next, none empty
//! ```
//!
//! Appending fills a chunk completely before the next begins, so an entry costs its own size; a B-tree of the
//! standard library is left half full by the same. Taking from the middle moves at most one chunk.

/// Keys in a full chunk: moving one half costs less than a cache miss per level of a tree would.
const CHUNK: usize = 512;

/// A sorted set.
#[derive(Clone, Debug)]
pub(super) struct SortedSet<K> {
    chunks: Vec<Chunk<K>>,
    len: usize,
}

/// Keys in order; the first one stands beside them, so that finding a chunk reads no other chunk.
#[derive(Clone, Debug)]
struct Chunk<K> {
    first: K,
    keys: Vec<K>,
}

impl<K> Default for SortedSet<K> {
    fn default() -> Self {
        SortedSet {
            chunks: Vec::new(),
            len: 0,
        }
    }
}

impl<K: Copy + Ord> Chunk<K> {
    fn of(key: K) -> Self {
        Chunk {
            first: key,
            keys: vec![key],
        }
    }

    fn insert(&mut self, index: usize, key: K) {
        self.keys.insert(index, key);
        self.first = self.keys[0];
    }
}

impl<K: Copy + Ord> SortedSet<K> {
    /// How many keys.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds the key or removes it.
    pub fn set(&mut self, key: K, present: bool) {
        if present {
            self.insert(key);
        } else {
            self.remove(&key);
        }
    }

    /// How many keys are below this one.
    pub fn rank(&self, key: &K) -> usize {
        let chunk = self.chunk_of(key);
        let whole: usize = self.chunks[..chunk].iter().map(|c| c.keys.len()).sum();
        whole + self.keys(chunk).partition_point(|other| other < key)
    }

    /// Adds a key; nothing happens when it is there.
    pub fn insert(&mut self, key: K) {
        let Some(last) = self.chunks.last_mut() else {
            self.chunks.reserve_exact(1);
            self.chunks.push(Chunk::of(key));
            self.len = 1;
            return;
        };
        if last.keys.last() < Some(&key) {
            if last.keys.len() == CHUNK {
                self.chunks.push(Chunk::of(key));
            } else {
                push(&mut last.keys, key);
            }
            self.len += 1;
            return;
        }
        let chunk = self.chunk_of(&key);
        let Err(index) = self.keys(chunk).binary_search(&key) else {
            return;
        };
        self.insert_at(chunk, index, key);
        self.len += 1;
    }

    fn insert_at(&mut self, chunk: usize, index: usize, key: K) {
        if self.chunks[chunk].keys.len() < CHUNK {
            self.chunks[chunk].insert(index, key);
            return;
        }
        let half = CHUNK / 2;
        let keys = self.chunks[chunk].keys.split_off(half);
        let upper = Chunk {
            first: keys[0],
            keys,
        };
        self.chunks.insert(chunk + 1, upper);
        if index <= half {
            self.chunks[chunk].insert(index, key);
        } else {
            self.chunks[chunk + 1].insert(index - half, key);
        }
    }

    /// Removes a key; nothing happens when it is not there.
    pub fn remove(&mut self, key: &K) {
        let chunk = self.chunk_of(key);
        if let Ok(index) = self.keys(chunk).binary_search(key) {
            self.chunks[chunk].keys.remove(index);
            self.len -= 1;
            self.tidy(chunk);
        }
    }

    /// After a removal: drops the chunk when it is empty, or joins it with the one behind it when both are small.
    fn tidy(&mut self, chunk: usize) {
        let keys = &mut self.chunks[chunk].keys;
        let own = keys.len();
        let Some(first) = keys.first() else {
            self.chunks.remove(chunk);
            return;
        };
        self.chunks[chunk].first = *first;
        if own > CHUNK / 4 {
            return;
        }
        match self.chunks.get(chunk + 1).map(|next| next.keys.len()) {
            Some(next) if own + next <= CHUNK / 2 => {
                let behind = self.chunks.remove(chunk + 1);
                self.chunks[chunk].keys.extend(behind.keys);
            }
            Some(_) | None => {
                let keys = &mut self.chunks[chunk].keys;
                if keys.capacity() > 4 * own {
                    keys.shrink_to(2 * own);
                }
            }
        }
    }

    /// The chunk that holds the key if any does: the last whose first key is not above it.
    fn chunk_of(&self, key: &K) -> usize {
        let behind = self.chunks.partition_point(|chunk| chunk.first <= *key);
        behind.saturating_sub(1)
    }

    /// The keys of a chunk; none when the set is empty.
    fn keys(&self, chunk: usize) -> &[K] {
        self.chunks.get(chunk).map_or(&[], |chunk| &chunk.keys)
    }

    /// Ascending, from the first key above `after`.
    pub fn ascending(&self, after: Option<&K>) -> impl Iterator<Item = K> + use<'_, K> {
        let (partial, whole): (&[K], &[Chunk<K>]) = match after {
            None => (&[], &self.chunks),
            Some(key) => {
                let chunk = self.chunk_of(key);
                let keys = self.keys(chunk);
                let start = keys.partition_point(|other| other <= key);
                (
                    &keys[start..],
                    self.chunks.get(chunk + 1..).unwrap_or_default(),
                )
            }
        };
        let whole = whole.iter().flat_map(|chunk| &chunk.keys);
        partial.iter().chain(whole).copied()
    }

    /// Descending, from the last key below `before`.
    pub fn descending(&self, before: Option<&K>) -> impl Iterator<Item = K> + use<'_, K> {
        let (whole, partial): (&[Chunk<K>], &[K]) = match before {
            None => (&self.chunks, &[]),
            Some(key) => {
                let chunk = self.chunk_of(key);
                let keys = self.keys(chunk);
                let end = keys.partition_point(|other| other < key);
                (&self.chunks[..chunk], &keys[..end])
            }
        };
        let whole = whole.iter().rev().flat_map(|chunk| chunk.keys.iter().rev());
        partial.iter().rev().chain(whole).copied()
    }
}

/// Grows by half instead of doubling: many sets stay small.
fn push<K>(keys: &mut Vec<K>, key: K) {
    if keys.len() == keys.capacity() {
        let room = CHUNK - keys.len();
        keys.reserve_exact((keys.len() / 2 + 1).min(room));
    }
    keys.push(key);
}
