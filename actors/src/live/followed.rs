//! What is followed, as those who note changes ask: topics of companies, as a whole or in parts.
//!
//! Owns: that what nobody follows is not noted. Never: forgets what somebody follows, or may come again and ask for.

use super::Topic;
use codec::Tenant;
use parking_lot::RwLock;
use std::collections::HashSet;

/// What is followed; the log decides for how long.
#[derive(Default)]
pub(super) struct Followed(RwLock<HashSet<(Topic, Tenant, Option<u128>)>>);

impl Followed {
    /// These parts are followed from now on; none: the whole.
    pub fn join(&self, topic: Topic, tenant: Tenant, parts: Option<&[u128]>) {
        let mut followed = self.0.write();
        match parts {
            None => {
                followed.insert((topic, tenant, None));
            }
            Some(parts) => {
                followed.extend(parts.iter().map(|part| (topic, tenant, Some(*part))));
            }
        }
    }

    /// A part is followed no more; none: the whole.
    pub fn leave(&self, topic: Topic, tenant: Tenant, part: Option<u128>) {
        self.0.write().remove(&(topic, tenant, part));
    }

    /// Whether anybody would hear of a change of a part, or may come again and ask for it.
    pub fn has(&self, topic: Topic, tenant: Tenant, part: u128) -> bool {
        let followed = self.0.read();
        let mut places = [None, Some(part)].into_iter();
        places.any(|part| followed.contains(&(topic, tenant, part)))
    }

    /// The topics of which anything is followed, one bit each.
    pub fn topics(&self) -> u32 {
        let followed = self.0.read();
        let bits = followed.iter().map(|(topic, ..)| topic.bit());
        bits.fold(0, |all, bit| all | bit)
    }
}
