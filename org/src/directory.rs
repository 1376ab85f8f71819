//! One tenant's users, groups and memberships.
//! Owns: that both directions of a membership agree. Never: judges; whoever changes it has decided before.

use crate::{Group, Membership, User, system_prefix};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Directory {
    users: BTreeMap<String, User>,
    groups: BTreeMap<String, Group>,
    groups_of_user: BTreeMap<String, BTreeSet<String>>,
    users_of_group: BTreeMap<String, BTreeSet<String>>,
}

impl Directory {
    pub fn put_user(&mut self, user: User) {
        self.users.insert(user.id.clone(), user);
    }

    pub fn put_group(&mut self, group: Group) {
        self.groups.insert(group.id.clone(), group);
    }

    pub fn add_membership(&mut self, membership: Membership) {
        let Membership { user, group } = membership;
        self.groups_of_user
            .entry(user.clone())
            .or_default()
            .insert(group.clone());
        self.users_of_group.entry(group).or_default().insert(user);
    }

    pub fn user(&self, id: &str) -> Option<&User> {
        self.users.get(id)
    }

    pub fn group(&self, id: &str) -> Option<&Group> {
        self.groups.get(id)
    }

    pub fn has_membership(&self, membership: &Membership) -> bool {
        self.groups_of_user
            .get(&membership.user)
            .is_some_and(|groups| groups.contains(&membership.group))
    }

    pub fn users_of_system<'a>(
        &'a self,
        system: Option<&str>,
    ) -> impl Iterator<Item = &'a User> + use<'a> {
        with_prefix(&self.users, system_prefix(system))
    }

    pub fn groups_of_system<'a>(
        &'a self,
        system: Option<&str>,
    ) -> impl Iterator<Item = &'a Group> + use<'a> {
        with_prefix(&self.groups, system_prefix(system))
    }

    pub fn users_of_group(&self, group: &str) -> impl Iterator<Item = &User> {
        let ids = self.users_of_group.get(group).into_iter().flatten();
        ids.filter_map(|id| self.users.get(id))
    }

    pub fn group_ids_of_user(&self, user: &str) -> impl Iterator<Item = &str> {
        let ids = self.groups_of_user.get(user).into_iter().flatten();
        ids.map(String::as_str)
    }

    pub fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }

    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.values()
    }

    pub fn memberships(&self) -> impl Iterator<Item = Membership> {
        self.groups_of_user.iter().flat_map(|(user, groups)| {
            groups.iter().map(|group| Membership {
                user: user.clone(),
                group: group.clone(),
            })
        })
    }
}

fn with_prefix<T>(all: &BTreeMap<String, T>, prefix: String) -> impl Iterator<Item = &T> {
    let from = Bound::Included(prefix.clone());
    all.range((from, Bound::Unbounded))
        .take_while(move |(id, _)| id.starts_with(&prefix))
        .map(|(_, value)| value)
}
