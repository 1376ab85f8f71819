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
}

/// The robot whose token the request brings; 401 without a good one, 403 for anybody else.
pub fn robot(state: &State, head: &Head) -> Result<Robot, Box<Response>> {
    let at = At::of(head);
    let found = bearer::text(&head.headers).and_then(|token| bearer::find(state, token));
    match found {
        Some(Bearer::Robot { id, .. }) => Ok(Robot {
            id: rpa::Guid(id.0),
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
