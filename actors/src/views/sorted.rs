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
    chunks: Vec<Vec<K>>,
    len: usize,
}

impl<K> Default for SortedSet<K> {
    fn default() -> Self {
        SortedSet {
            chunks: Vec::new(),
            len: 0,
        }
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
        let whole: usize = self.chunks[..chunk].iter().map(Vec::len).sum();
        let below = |keys: &Vec<K>| keys.partition_point(|other| other < key);
        whole + self.chunks.get(chunk).map_or(0, below)
    }

    /// Adds a key; nothing happens when it is there.
    pub fn insert(&mut self, key: K) {
        let Some(last) = self.chunks.last_mut() else {
            self.chunks.reserve_exact(1);
            self.chunks.push(vec![key]);
            self.len = 1;
            return;
        };
        if last.last() < Some(&key) {
            if last.len() == CHUNK {
                self.chunks.push(vec![key]);
            } else {
                push(last, key);
            }
            self.len += 1;
            return;
        }
        let chunk = self.chunk_of(&key);
        let Err(index) = self.chunks[chunk].binary_search(&key) else {
            return;
        };
        self.insert_at(chunk, index, key);
        self.len += 1;
    }

    fn insert_at(&mut self, chunk: usize, index: usize, key: K) {
        if self.chunks[chunk].len() < CHUNK {
            self.chunks[chunk].insert(index, key);
            return;
        }
        let half = CHUNK / 2;
        let upper = self.chunks[chunk].split_off(half);
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
        let Some(keys) = self.chunks.get_mut(chunk) else {
            return;
        };
        let Ok(index) = keys.binary_search(key) else {
            return;
        };
        keys.remove(index);
        self.len -= 1;
        self.tidy(chunk);
    }

    /// After a removal: drops the chunk when it is empty, or joins it with the one behind it when both are small.
    fn tidy(&mut self, chunk: usize) {
        let own = self.chunks[chunk].len();
        if own == 0 {
            self.chunks.remove(chunk);
            return;
        }
        if own > CHUNK / 4 {
            return;
        }
        match self.chunks.get(chunk + 1).map(Vec::len) {
            Some(next) if own + next <= CHUNK / 2 => {
                let behind = self.chunks.remove(chunk + 1);
                self.chunks[chunk].extend(behind);
            }
            Some(_) | None => {
                let keys = &mut self.chunks[chunk];
                if keys.capacity() > 4 * own {
                    keys.shrink_to(2 * own);
                }
            }
        }
    }

    /// The chunk that holds the key if any does: the first whose last key is not below it.
    fn chunk_of(&self, key: &K) -> usize {
        self.chunks.partition_point(|keys| keys.last() < Some(key))
    }

    /// Ascending, from the first key above `after`.
    pub fn ascending(&self, after: Option<&K>) -> impl Iterator<Item = K> + use<'_, K> {
        let (partial, chunks): (&[K], &[Vec<K>]) = match after {
            None => (&[], &self.chunks),
            Some(key) => {
                let chunk = self.chunk_of(key);
                let partial = self.chunks.get(chunk).map_or(&[][..], |keys| {
                    &keys[keys.partition_point(|other| other <= key)..]
                });
                (partial, self.chunks.get(chunk + 1..).unwrap_or_default())
            }
        };
        partial.iter().chain(chunks.iter().flatten()).copied()
    }

    /// Descending, from the last key below `before`.
    pub fn descending(&self, before: Option<&K>) -> impl Iterator<Item = K> + use<'_, K> {
        let (chunks, partial): (&[Vec<K>], &[K]) = match before {
            None => (&self.chunks, &[]),
            Some(key) => {
                let chunk = self.chunk_of(key);
                let partial = self.chunks.get(chunk).map_or(&[][..], |keys| {
                    &keys[..keys.partition_point(|other| other < key)]
                });
                (&self.chunks[..chunk], partial)
            }
        };
        let whole = chunks.iter().rev().flat_map(|keys| keys.iter().rev());
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
