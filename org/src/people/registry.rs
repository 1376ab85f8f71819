//! The accounts and company users that there are.
//! Owns: apply (total) and the look-ups. Never: judges.

use super::{Account, CompanyUser, Event, Status};
use crate::{BuiltIn, Guid};
use codec::Tenant;
use std::collections::BTreeMap;

/// All people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registry {
    accounts: BTreeMap<Guid, Account>,
    users: BTreeMap<Guid, CompanyUser>,
    /// Lower-case user names; derived.
    names: BTreeMap<String, Guid>,
    /// Company users by company and account; derived.
    seats: BTreeMap<(Tenant, Guid), Guid>,
}

impl Registry {
    pub(crate) fn apply(&mut self, event: &Event) {
        match event {
            Event::AccountCreated(account) | Event::AccountChanged(account) => self.put(account),
            Event::PasswordSet {
                account,
                hash,
                stamp,
            } => {
                if let Some(account) = self.accounts.get_mut(account) {
                    account.has_modified_password |= account.password.is_some();
                    account.password = Some(hash.clone());
                    account.common = account.common.clone().changed(stamp.clone());
                }
            }
            Event::AccountDeleted(id) => {
                if let Some(account) = self.accounts.remove(id) {
                    self.names.remove(&key(&account.user_name));
                }
                self.users.retain(|_, user| user.account != *id);
                self.seats.retain(|(_, account), _| account != id);
            }
            Event::UserAdded(user) | Event::UserChanged(user) => {
                self.seats.insert((user.tenant, user.account), user.id);
                self.users.insert(user.id, user.clone());
            }
            Event::UserRemoved(id) => {
                if let Some(user) = self.users.remove(id) {
                    self.seats.remove(&(user.tenant, user.account));
                }
            }
        }
    }

    fn put(&mut self, account: &Account) {
        if let Some(old) = self.accounts.get(&account.id) {
            self.names.remove(&key(&old.user_name));
        }
        self.names.insert(key(&account.user_name), account.id);
        self.accounts.insert(account.id, account.clone());
    }

    /// Remembers when somebody last signed in.
    pub(crate) fn signed_in(&mut self, account: Guid, at_ms: i64) {
        if let Some(account) = self.accounts.get_mut(&account) {
            account.last_login_ms = account.last_login_ms.max(Some(at_ms));
        }
    }

    /// The facts that lead to this.
    pub(crate) fn facts(&self) -> impl Iterator<Item = Event> {
        let accounts = self.accounts.values().cloned().map(Event::AccountCreated);
        accounts.chain(self.users.values().cloned().map(Event::UserAdded))
    }

    /// All accounts, in order of id.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.values()
    }

    /// The account with this id.
    pub fn account(&self, id: Guid) -> Option<&Account> {
        self.accounts.get(&id)
    }

    /// The account that signs in by this name, whatever the case.
    pub fn account_named(&self, user_name: &str) -> Option<&Account> {
        self.account(*self.names.get(&key(user_name))?)
    }

    /// The number of the next account.
    pub(crate) fn next_number(&self) -> u32 {
        let last = self.accounts.values().map(|one| one.number).max();
        last.unwrap_or(0).saturating_add(1)
    }

    /// The company user with this id.
    pub fn user(&self, id: Guid) -> Option<&CompanyUser> {
        self.users.get(&id)
    }

    /// What an account is in a company.
    pub fn user_of(&self, tenant: Tenant, account: Guid) -> Option<&CompanyUser> {
        self.user(*self.seats.get(&(tenant, account))?)
    }

    /// A company's users, in order of their accounts.
    pub fn users(&self, tenant: Tenant) -> impl Iterator<Item = &CompanyUser> {
        let from = (tenant, Guid(0));
        let to = (tenant, Guid(u128::MAX));
        let ids = self.seats.range(from..=to).map(|(_, id)| id);
        ids.filter_map(|id| self.users.get(id))
    }

    /// What an account is in all companies, in order of company.
    pub fn users_of(&self, account: Guid) -> impl Iterator<Item = &CompanyUser> {
        let seats = self.seats.iter();
        let own = seats.filter(move |((_, whose), _)| *whose == account);
        own.filter_map(|(_, id)| self.users.get(id))
    }

    /// Whether an account may do everything.
    pub(crate) fn is_system_admin(account: &Account) -> bool {
        account.system_admin && account.status == Status::Active
    }

    /// Whether somebody but `except` administers a company: may do all of it, and may sign in.
    pub(crate) fn is_administered_without(&self, tenant: Tenant, except: Guid) -> bool {
        let systems = self.accounts.values();
        let mut systems = systems.filter(|one| one.id != except);
        let mut users = self.users(tenant).filter(|one| one.account != except);
        systems.any(Self::is_system_admin) || users.any(|user| self.administers(user))
    }

    /// Whether a company user administers the company.
    pub(crate) fn administers(&self, user: &CompanyUser) -> bool {
        let active = |account: &Account| account.status == Status::Active;
        user.status == Status::Active
            && user.roles.contains(&BuiltIn::CompanyAdmin.id())
            && self.account(user.account).is_some_and(active)
    }
}

fn key(user_name: &str) -> String {
    user_name.to_lowercase()
}
