//! A robot at the hub.
//! Never: lets anybody else in there.

use super::{Bearer, Denied, bearer, challenge};
use crate::{
    http::{Answer, At, Fault, Head, Problem, Response},
    server::State,
};

/// A robot that has proved who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Robot {
    /// Its id.
    pub id: rpa::Guid,
    /// The revision of its client, whose secret it has shown.
    pub revision: u32,
}

impl Robot {
    /// Whether the secret that it has shown is still the robot's: there may be another one by now, or none.
    pub fn may_stay(&self, state: &State) -> bool {
        state.engine.organisation.look(|organisation| {
            let client = organisation.clients.client(&self.id.to_string());
            client.is_some_and(|client| client.revision == self.revision)
        })
    }
}

/// The robot whose token the request brings; 401 without a good one, 403 for anybody else.
pub fn robot(state: &State, head: &Head) -> Result<Robot, Box<Response>> {
    let at = At::of(head);
    let found = bearer::text(&head.headers).and_then(|token| bearer::find(state, token));
    match found {
        Some(Bearer::Robot { id, revision, .. }) => Ok(Robot {
            id: rpa::Guid(id.0),
            revision,
        }),
        Some(Bearer::Person { .. } | Bearer::Key { .. } | Bearer::Token { .. }) => {
            let refused = Fault::Forbidden("only robots connect here").answer(&Problem, &at);
            Err(Box::new(refused))
        }
        None => {
            let detail = Denied::NoToken.to_string();
            let refused = Fault::Unauthorized(detail.into()).answer(&Problem, &at);
            Err(Box::new(challenge(refused)))
        }
    }
}
