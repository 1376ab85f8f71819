//! Tokens whose signatures were verified: looked up by their SHA-256 instead of verified again.
//! Never: says that a token is good; whether its bearer may still come in is asked of the state each time.

use super::Claims;
use parking_lot::RwLock;
use std::{collections::HashMap, sync::Arc};

/// Shards, so that requests seldom wait for each other.
const SHARDS: usize = 16;
/// Tokens in a shard.
const TOKENS: usize = 4_096;

type Shard = RwLock<HashMap<[u8; 32], Arc<Claims>>>;

/// What is remembered.
#[derive(Default)]
pub struct Verified {
    shards: [Shard; SHARDS],
}

impl Verified {
    /// What a token of this digest says, while it is good by the clock.
    pub fn find(&self, digest: &[u8; 32], now_s: i64) -> Option<Arc<Claims>> {
        let found = self.shard(digest).read().get(digest).cloned()?;
        (found.exp > now_s).then_some(found)
    }

    /// Remembers it.
    pub fn put(&self, digest: [u8; 32], claims: Arc<Claims>, now_s: i64) {
        let mut shard = self.shard(&digest).write();
        if shard.len() >= TOKENS {
            shard.retain(|_, one| one.exp > now_s);
        }
        if shard.len() >= TOKENS {
            shard.clear();
        }
        shard.insert(digest, claims);
    }

    /// Forgets all.
    pub fn clear(&self) {
        for shard in &self.shards {
            shard.write().clear();
        }
    }

    fn shard(&self, digest: &[u8; 32]) -> &Shard {
        &self.shards[usize::from(digest[0]) % SHARDS]
    }
}
