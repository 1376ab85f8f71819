//! Who may give which rights to whom, and what all things of `org` have in common when they are made and changed.
//!
//! Owns: that nobody gives, or takes over, a right that they do not have themselves. Never: decides what `org` decides.

use super::{body::Body, call::Call, problem::Refused};
use org::{Command, Common, Guid, Permission, Permissions, Scope, State};

impl Call {
    /// Sends a wish to `org`.
    pub async fn organise(&self, command: Command) -> Result<(), Refused> {
        let engine = &self.state.engine;
        let done = engine.organisation.command(engine.core(), command).await;
        Ok(done?)
    }

    /// 403 unless the permission is given in the whole company: for what belongs to no department.
    pub fn check_company(&self, permission: Permission) -> Result<(), Refused> {
        match self.visitor.rights.permits_everywhere(permission) {
            true => Ok(()),
            false => Err(Refused::forbidden()),
        }
    }

    /// Notes of something that is made now.
    pub fn new_common(&self, body: &Body) -> Result<Common, Refused> {
        let now_ms = self.state.engine.clock.now_ms();
        noted(Common::new(self.visitor.stamp(now_ms)), body)
    }

    /// Notes of something that is changed now, unless somebody else was faster.
    pub fn changed_common(&self, old: &Common, body: &Body) -> Result<Common, Refused> {
        match body.etag()?.as_deref() {
            // The word that generated clients send for a text that nobody filled in.
            None | Some("" | "string") => {}
            Some(known) if known == old.revision.to_string() => {}
            Some(_) => {
                let detail = "it was changed in between; read it again";
                return Err(Refused::conflict("changed", detail));
            }
        }
        let now_ms = self.state.engine.clock.now_ms();
        let common = old.clone().changed(self.visitor.stamp(now_ms));
        noted(common, body)
    }

    /// 403 unless the caller has, in the department or everywhere, all that these roles let do.
    pub fn may_give(
        &self,
        organisation: &State,
        roles: &[Guid],
        department: Guid,
    ) -> Result<(), Refused> {
        for role in roles {
            // One that is not there is for `org` to refuse.
            if let Some((permissions, scope)) = organisation.tenancy.grant(self.tenant(), *role) {
                self.has_all(organisation, permissions, scope, department)?;
            }
        }
        Ok(())
    }

    /// The same for permissions.
    pub fn has_all(
        &self,
        organisation: &State,
        permissions: Permissions,
        scope: Scope,
        department: Guid,
    ) -> Result<(), Refused> {
        let rights = &self.visitor.rights;
        let has = |permission: Permission| match scope {
            Scope::Company => rights.permits_everywhere(permission),
            Scope::Department => rights.permits(organisation, permission, department),
        };
        let all = Permission::ALL.iter().copied();
        let mut given = all.filter(|permission| permissions.contains(*permission));
        match given.all(has) {
            true => Ok(()),
            false => Err(Refused::forbidden()),
        }
    }
}

fn noted(mut common: Common, body: &Body) -> Result<Common, Refused> {
    if let Some(description) = body.text("description")? {
        common.description = Some(description);
    }
    if let Some(tags) = body.texts("tags")? {
        common.tags = tags;
    }
    if let Some(properties) = body.pairs("properties")? {
        common.properties = properties.into_iter().collect();
    }
    Ok(common)
}
