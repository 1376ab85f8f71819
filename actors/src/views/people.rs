//! Users and groups, each with the tasks that name it.
//! Never: who is a member of which group; the asker says that.

use super::intern::Interner;
use super::order::Stamp;
use super::sorted::SortedSet;
use codec::Tenant;

/// Users and groups.
#[derive(Default)]
pub(super) struct People {
    users: Interner,
    user_tasks: Vec<UserTasks>,
    groups: Interner,
    candidate_groups: Vec<SortedSet<Stamp>>,
}

/// Tasks that name a user.
#[derive(Default)]
pub(super) struct UserTasks {
    /// As assignee.
    pub assigned: SortedSet<Stamp>,
    /// Otherwise; most users have only tasks that are assigned.
    pub linked: Option<Box<LinkedTasks>>,
}

/// Tasks that name a user otherwise than as assignee.
#[derive(Default)]
pub(super) struct LinkedTasks {
    /// As owner.
    pub owned: SortedSet<Stamp>,
    /// As candidate, while nobody is assigned.
    pub candidate: SortedSet<Stamp>,
    /// By any link.
    pub any: SortedSet<Stamp>,
}

impl People {
    /// The number of a user, new or known.
    pub fn user(&mut self, tenant: Tenant, name: &str) -> u32 {
        let number = self.users.intern(tenant, name);
        if number as usize == self.user_tasks.len() {
            self.user_tasks.push(UserTasks::default());
        }
        number
    }

    /// The number of a known user.
    pub fn find_user(&self, tenant: Tenant, name: &str) -> Option<u32> {
        self.users.find(tenant, name)
    }

    /// A user's name.
    pub fn user_name(&self, number: u32) -> &str {
        self.users.name(number)
    }

    /// A user's tasks.
    pub fn tasks(&self, number: u32) -> &UserTasks {
        &self.user_tasks[number as usize]
    }

    /// Tasks that are assigned to a user, to change.
    pub fn assigned_mut(&mut self, number: u32) -> &mut SortedSet<Stamp> {
        &mut self.user_tasks[number as usize].assigned
    }

    /// A user's other tasks, to change.
    pub fn linked_mut(&mut self, number: u32) -> &mut LinkedTasks {
        self.user_tasks[number as usize]
            .linked
            .get_or_insert_default()
    }

    /// Tasks that a group is a candidate for, to change.
    pub fn candidate_group_mut(&mut self, tenant: Tenant, name: &str) -> &mut SortedSet<Stamp> {
        let number = self.groups.intern(tenant, name) as usize;
        if number == self.candidate_groups.len() {
            self.candidate_groups.push(SortedSet::default());
        }
        &mut self.candidate_groups[number]
    }

    /// Tasks that a group is a candidate for.
    pub fn candidate_group(&self, tenant: Tenant, name: &str) -> Option<&SortedSet<Stamp>> {
        let number = self.groups.find(tenant, name)?;
        Some(&self.candidate_groups[number as usize])
    }
}
