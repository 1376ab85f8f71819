//! Who looks: the token of the hello, the company, and what they may see.
//!
//! Owns: that both are asked of the state again and again, so that a token that ends shows nothing more.
//! Never: keeps what somebody was allowed to see.

use super::message::Refused;
use crate::{
    access::{self, Access, Denied},
    server::State,
};
use actors::live::{Shown, Topic};
use codec::Tenant;
use org::{Guid, Permission, Principal, Rights};
use tokio::time::Instant;

/// Who looks.
#[derive(Clone, Debug)]
pub struct Viewer {
    token: Option<String>,
    wanted: Option<Guid>,
    /// The company's number.
    pub tenant: Tenant,
    principal: Option<String>,
    /// When the token ends by itself, if it does.
    pub ends: Option<Instant>,
}

/// What they may see of one topic, as it is now.
pub enum Sight {
    /// All of the company.
    All,
    /// Where the permission is given.
    Some(Rights, Permission),
}

impl Viewer {
    /// Lets somebody in, or says why not.
    pub fn admit(
        state: &State,
        token: Option<String>,
        wanted: Option<Guid>,
    ) -> Result<Self, Refused> {
        let refused = |denied: Denied| Refused {
            id: None,
            status: 401,
            code: denied.code(),
            title: denied.to_string(),
        };
        let auth = state.config.api.auth;
        match access::admit(state, auth, token.as_deref(), Ok(wanted)) {
            Access::Granted(caller) => {
                let left = token.as_deref().and_then(|text| access::left(state, text));
                Ok(Viewer {
                    token,
                    wanted,
                    tenant: caller.tenant,
                    principal: caller.principal,
                    ends: left.map(|left| Instant::now() + left),
                })
            }
            Access::Unknown => Err(refused(Denied::NoToken)),
            Access::Denied(denied) => Err(refused(denied)),
        }
    }

    /// Whether they would be let in again, as the same.
    pub fn is_good(&self, state: &State) -> bool {
        if self.token.is_none() {
            // Nobody has asked who they are, and nobody will.
            return true;
        }
        let auth = state.config.api.auth;
        match access::admit(state, auth, self.token.as_deref(), Ok(self.wanted)) {
            Access::Granted(again) => {
                (again.tenant, &again.principal) == (self.tenant, &self.principal)
            }
            Access::Unknown | Access::Denied(_) => false,
        }
    }

    /// Whether both are the same in the same company.
    pub fn is(&self, other: &Viewer) -> bool {
        self.tenant == other.tenant && self.principal == other.principal
    }

    /// What they may see of a topic; none: nothing, nowhere.
    pub fn sight(&self, state: &State, topic: Topic) -> Option<Sight> {
        let permission = match topic {
            Topic::Instances
            | Topic::Activities
            | Topic::Tasks
            | Topic::Incidents
            | Topic::Definitions
            | Topic::Figures => return Some(Sight::All),
            Topic::Jobs | Topic::Runs | Topic::Logs => Permission::JobView,
            Topic::Robots => Permission::RobotView,
            Topic::Groups => Permission::QueueView,
            Topic::TaskQueues => Permission::TaskQueueView,
        };
        let who: Principal = access::with_rights(state, self.token.as_deref()?)?;
        let rights = state
            .engine
            .organisation
            .look(|organisation| organisation.rights(self.tenant, who))?;
        rights
            .permits_somewhere(permission)
            .then_some(Sight::Some(rights, permission))
    }
}

impl Sight {
    /// The rights that decide, if any do.
    pub fn rights(&self) -> Option<&Rights> {
        match self {
            Sight::All => None,
            Sight::Some(rights, _) => Some(rights),
        }
    }

    /// Whether there is nothing in the company that it does not reach.
    pub fn is_everything(&self) -> bool {
        match self {
            Sight::All => true,
            Sight::Some(rights, permission) => rights.permits_everywhere(*permission),
        }
    }

    /// Whether an item is among it.
    pub fn has(&self, state: &State, shown: &Shown) -> bool {
        match (self, shown.department) {
            (Sight::All, _) => true,
            (Sight::Some(..), None) => false,
            (Sight::Some(rights, permission), Some(department)) => {
                let department = Guid(department.0);
                let organisation = &state.engine.organisation;
                organisation
                    .look(|organisation| rights.permits(organisation, *permission, department))
            }
        }
    }
}
