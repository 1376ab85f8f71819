//! The families that there are, and the access tokens that were taken back.
//! Owns: apply (total), which also forgets what ended by itself. Never: judges.

use super::{Event, Family};
use crate::Guid;
use std::collections::BTreeMap;

/// All sign-ins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registry {
    families: BTreeMap<Guid, Family>,
    /// Families by account, client and begin; derived.
    order: BTreeMap<(Guid, String, i64, Guid), ()>,
    /// When each access token that was taken back would have ended, in milliseconds since 1970.
    revoked: BTreeMap<Guid, i64>,
}

impl Registry {
    pub(crate) fn apply(&mut self, event: &Event) {
        match event {
            Event::SignedIn(family) => {
                self.forget(family);
                self.order.insert(place(family), ());
                self.families.insert(family.id, family.clone());
            }
            Event::Refreshed {
                family,
                current,
                at_ms,
            } => {
                if let Some(family) = self.families.get_mut(family) {
                    family.current = *current;
                    family.rotated_ms = *at_ms;
                }
            }
            Event::SignedOut(id) => self.remove(*id),
            Event::AccessTokenRevoked {
                id,
                until_ms,
                at_ms,
            } => {
                self.revoked.retain(|_, until| *until > *at_ms);
                self.revoked.insert(*id, *until_ms);
            }
        }
    }

    /// Drops the account's families that had ended when this one began.
    fn forget(&mut self, new: &Family) {
        let ended = self.of_account(new.account);
        let ended = ended.filter(|one| one.ends_ms() <= new.began_ms || one.id == new.id);
        let ended: Vec<Guid> = ended.map(|one| one.id).collect();
        ended.into_iter().for_each(|id| self.remove(id));
    }

    fn remove(&mut self, id: Guid) {
        if let Some(family) = self.families.remove(&id) {
            self.order.remove(&place(&family));
        }
    }

    /// Ends all families of an account.
    pub(crate) fn sign_out(&mut self, account: Guid) {
        let all: Vec<Guid> = self.of_account(account).map(|one| one.id).collect();
        all.into_iter().for_each(|id| self.remove(id));
    }

    /// The facts that lead to this.
    pub(crate) fn facts(&self) -> impl Iterator<Item = Event> {
        // In the order of their begin, or a later one's sign-in would make an earlier one be forgotten too soon.
        let mut families: Vec<&Family> = self.families.values().collect();
        families.sort_by_key(|one| one.began_ms);
        let families = families.into_iter().cloned().map(Event::SignedIn);
        families.chain(
            self.revoked
                .iter()
                .map(|(id, until_ms)| Event::AccessTokenRevoked {
                    id: *id,
                    until_ms: *until_ms,
                    at_ms: i64::MIN,
                }),
        )
    }

    /// The family with this id, ended by itself or not.
    pub fn family(&self, id: Guid) -> Option<&Family> {
        self.families.get(&id)
    }

    /// The families of an account, by client and begin.
    pub fn of_account(&self, account: Guid) -> impl Iterator<Item = &Family> {
        let from = (account, String::new(), i64::MIN, Guid(0));
        let own = self.order.range(from..);
        let own = own.take_while(move |((whose, ..), ())| *whose == account);
        own.filter_map(|((.., id), ())| self.families.get(id))
    }

    /// Whether an access token was taken back.
    pub fn is_revoked(&self, access_token: Guid) -> bool {
        self.revoked.contains_key(&access_token)
    }

    /// Whether nobody is signed in.
    pub fn is_empty(&self) -> bool {
        self.families.is_empty()
    }
}

fn place(family: &Family) -> (Guid, String, i64, Guid) {
    (
        family.account,
        family.client.clone(),
        family.began_ms,
        family.id,
    )
}
