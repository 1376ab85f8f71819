//! The clients and API keys that there are.
//! Owns: apply (total) and the look-ups, by secret in constant time. Never: judges.

use super::{ApiKey, Client, Event, THIRD_PARTY};
use crate::{Digest, Guid};
use codec::Tenant;
use std::collections::BTreeMap;

/// All programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry {
    clients: BTreeMap<String, Client>,
    keys: BTreeMap<Guid, ApiKey>,
    /// Where the key with this selector is; derived.
    selectors: BTreeMap<u128, Guid>,
}

impl Default for Registry {
    fn default() -> Self {
        let always = Client::third_party();
        Registry {
            clients: BTreeMap::from([(always.id.clone(), always)]),
            keys: BTreeMap::new(),
            selectors: BTreeMap::new(),
        }
    }
}

impl Registry {
    pub(crate) fn apply(&mut self, event: &Event) {
        match event {
            Event::ClientRegistered(client) => {
                self.clients.insert(client.id.clone(), client.clone());
            }
            Event::ClientRemoved(id) => {
                self.clients.remove(id);
            }
            Event::KeyCreated(key) => {
                self.drop_key(key.id);
                self.selectors.insert(key.digest.selector(), key.id);
                self.keys.insert(key.id, key.clone());
            }
            Event::KeyDeleted(id) => self.drop_key(*id),
        }
    }

    fn drop_key(&mut self, id: Guid) {
        if let Some(key) = self.keys.remove(&id) {
            self.selectors.remove(&key.digest.selector());
        }
    }

    /// The facts that lead to this.
    pub(crate) fn facts(&self) -> impl Iterator<Item = Event> {
        let kept = self.clients.values().filter(|one| one.id != THIRD_PARTY);
        let clients = kept.cloned().map(Event::ClientRegistered);
        clients.chain(self.keys.values().cloned().map(Event::KeyCreated))
    }

    /// The client with this id.
    pub fn client(&self, id: &str) -> Option<&Client> {
        self.clients.get(id)
    }

    /// The clients that act in a company by themselves, in order of id.
    pub fn of_tenant(&self, tenant: Tenant) -> impl Iterator<Item = &Client> {
        let all = self.clients.values();
        all.filter(move |one| one.tenant() == Some(tenant))
    }

    /// The key with this id.
    pub fn key(&self, id: Guid) -> Option<&ApiKey> {
        self.keys.get(&id)
    }

    /// A company's keys, in order of id.
    pub fn keys(&self, tenant: Tenant) -> impl Iterator<Item = &ApiKey> {
        self.keys.values().filter(move |one| one.tenant == tenant)
    }

    /// The key whose text has this digest. The comparison takes the same time whatever fits.
    pub fn key_by_digest(&self, digest: &Digest) -> Option<&ApiKey> {
        let key = self.key(*self.selectors.get(&digest.selector())?)?;
        key.digest.proves(digest).then_some(key)
    }

    pub(crate) fn has_selector(&self, digest: &Digest) -> bool {
        self.selectors.contains_key(&digest.selector())
    }
}
