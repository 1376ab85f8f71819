//! The state of all tenants and the only way to change it.
//! Owns: `apply` (total: it cannot fail) and the queries. Never: judges a command.

use crate::{
    Digest, Event, Group, Membership, Token, User, clients, directory::Directory, people, sessions,
    tenancy,
};
use codec::Tenant;
use std::collections::BTreeMap;

/// Identities, tokens and access of all tenants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    directories: BTreeMap<Tenant, Directory>,
    tokens: BTreeMap<Tenant, BTreeMap<String, Token>>,
    /// Where the token with this selector is; derived from `tokens`.
    selectors: BTreeMap<u128, (Tenant, String)>,
    /// Companies, departments, roles.
    pub tenancy: tenancy::Registry,
    /// Accounts and company users.
    pub people: people::Registry,
    /// Clients of OAuth and API keys.
    pub clients: clients::Registry,
    /// Who is signed in.
    pub sessions: sessions::Registry,
}

impl State {
    /// Takes a fact over.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::UserSynchronised { tenant, user } => {
                self.directory_mut(*tenant).put_user(user.clone());
            }
            Event::GroupSynchronised { tenant, group } => {
                self.directory_mut(*tenant).put_group(group.clone());
            }
            Event::MembershipAdded { tenant, membership } => {
                self.directory_mut(*tenant)
                    .add_membership(membership.clone());
            }
            Event::TokenCreated(token) => self.put_token(token.clone()),
            Event::TokenRevoked { tenant, name } => self.drop_token(*tenant, name),
            Event::Tenancy(event) => self.tenancy.apply(event),
            Event::People(event) => {
                self.people.apply(event);
                self.follow(event);
            }
            Event::Clients(event) => self.clients.apply(event),
            Event::Sessions(event) => {
                self.sessions.apply(event);
                if let sessions::Event::SignedIn(family) = event {
                    self.people.signed_in(family.account, family.began_ms);
                }
            }
        }
    }

    /// What becomes of sign-ins when people change.
    fn follow(&mut self, event: &people::Event) {
        match event {
            people::Event::PasswordSet { account, .. } | people::Event::AccountDeleted(account) => {
                self.sessions.sign_out(*account);
            }
            people::Event::AccountChanged(account) if account.status != people::Status::Active => {
                self.sessions.sign_out(account.id);
            }
            people::Event::AccountCreated(_)
            | people::Event::AccountChanged(_)
            | people::Event::UserAdded(_)
            | people::Event::UserChanged(_)
            | people::Event::UserRemoved(_) => {}
        }
    }

    /// The user with this stored id.
    pub fn user(&self, tenant: Tenant, id: &str) -> Option<&User> {
        self.directory(tenant)?.user(id)
    }

    /// The group with this stored id.
    pub fn group(&self, tenant: Tenant, id: &str) -> Option<&Group> {
        self.directory(tenant)?.group(id)
    }

    /// All users whose stored id begins with the system's prefix, in order of id; without a system all of the tenant.
    pub fn users_of_system<'a>(
        &'a self,
        tenant: Tenant,
        system: Option<&str>,
    ) -> impl Iterator<Item = &'a User> + use<'a> {
        let directory = self.directory(tenant);
        directory
            .map(|directory| directory.users_of_system(system))
            .into_iter()
            .flatten()
    }

    /// All groups whose stored id begins with the system's prefix, in order of id; without a system all of the tenant.
    pub fn groups_of_system<'a>(
        &'a self,
        tenant: Tenant,
        system: Option<&str>,
    ) -> impl Iterator<Item = &'a Group> + use<'a> {
        let directory = self.directory(tenant);
        directory
            .map(|directory| directory.groups_of_system(system))
            .into_iter()
            .flatten()
    }

    /// The users in a group (both by stored id), in order of id.
    pub fn users_of_group(&self, tenant: Tenant, group: &str) -> impl Iterator<Item = &User> {
        let directory = self.directory(tenant).into_iter();
        directory.flat_map(move |directory| directory.users_of_group(group))
    }

    /// The groups that a user is in, in order of id.
    pub fn groups_of_user(&self, tenant: Tenant, user: &str) -> impl Iterator<Item = &Group> {
        let directory = self.directory(tenant).into_iter();
        directory.flat_map(move |directory| {
            let ids = directory.group_ids_of_user(user);
            ids.filter_map(|id| directory.group(id))
        })
    }

    /// The stored ids of the groups that a user is in, in order: what makes a group's candidates a user's.
    pub fn group_ids_of_user(&self, tenant: Tenant, user: &str) -> impl Iterator<Item = &str> {
        let directory = self.directory(tenant).into_iter();
        directory.flat_map(move |directory| directory.group_ids_of_user(user))
    }

    /// The token whose text has this digest. The comparison takes the same time whatever fits.
    pub fn token_by_digest(&self, digest: &Digest) -> Option<&Token> {
        let (tenant, name) = self.selectors.get(&digest.selector())?;
        let token = self.token(*tenant, name)?;
        token.digest.proves(digest).then_some(token)
    }

    /// The token with this name.
    pub fn token(&self, tenant: Tenant, name: &str) -> Option<&Token> {
        self.tokens.get(&tenant)?.get(name)
    }

    /// The tenant's tokens, in order of name.
    pub fn tokens(&self, tenant: Tenant) -> impl Iterator<Item = &Token> {
        self.tokens
            .get(&tenant)
            .into_iter()
            .flat_map(|tokens| tokens.values())
    }

    pub(crate) fn directory(&self, tenant: Tenant) -> Option<&Directory> {
        self.directories.get(&tenant)
    }

    pub(crate) fn directories(&self) -> impl Iterator<Item = (Tenant, &Directory)> {
        self.directories
            .iter()
            .map(|(tenant, directory)| (*tenant, directory))
    }

    pub(crate) fn all_tokens(&self) -> impl Iterator<Item = &Token> {
        self.tokens.values().flat_map(|tokens| tokens.values())
    }

    pub(crate) fn has_selector(&self, digest: &Digest) -> bool {
        self.selectors.contains_key(&digest.selector())
    }

    pub(crate) fn has_membership(&self, tenant: Tenant, membership: &Membership) -> bool {
        self.directory(tenant)
            .is_some_and(|directory| directory.has_membership(membership))
    }

    fn directory_mut(&mut self, tenant: Tenant) -> &mut Directory {
        self.directories.entry(tenant).or_default()
    }

    fn put_token(&mut self, token: Token) {
        self.drop_token(token.tenant, &token.name);
        self.selectors
            .insert(token.digest.selector(), (token.tenant, token.name.clone()));
        let tokens = self.tokens.entry(token.tenant).or_default();
        tokens.insert(token.name.clone(), token);
    }

    fn drop_token(&mut self, tenant: Tenant, name: &str) {
        let Some(tokens) = self.tokens.get_mut(&tenant) else {
            return;
        };
        if let Some(token) = tokens.remove(name) {
            self.selectors.remove(&token.digest.selector());
        }
        if tokens.is_empty() {
            self.tokens.remove(&tenant);
        }
    }
}
