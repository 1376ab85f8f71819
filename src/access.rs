//! Who may call: bearer tokens for the engine API, process-center and the console.
//!
//! Owns: whom a presented token stands for, and in which company they act. Never: keeps a token's text, logs one, or
//! lets an API decide that for itself.
//!
//! ```text
//!  Authorization: Bearer lw_…    a token of `loomwork token`: its company
//!                        lwk_…   an API key: its company
//!                        a.b.c   an access token of signing in: the person's only company, or the header CompanyId's
//! ```

mod bearer;
mod robot;
mod visitor;

#[cfg(test)]
mod tests;

pub use bearer::{Bearer, left};
pub use robot::{Robot, robot};
pub use visitor::{Visitor, signed_in, visitor};

use crate::{
    config::Auth,
    http::{Head, HeaderName, HeaderValue, Method, Response, StatusCode, header},
    server::State,
};
use codec::Tenant;
use org::{Guid, Principal};

/// Names the company that a call is about.
pub(crate) const COMPANY: HeaderName = HeaderName::from_static("companyid");
/// Names the department that a call is about.
pub(crate) const DEPARTMENT: HeaderName = HeaderName::from_static("departmentid");

/// Who calls, as a handler finds it in the request's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The name behind the token; none when the API is open.
    pub principal: Option<String>,
    /// The company.
    pub tenant: Tenant,
}

/// What became of a look at a request.
pub enum Access {
    /// It may go on.
    Granted(Caller),
    /// It has no token that is known.
    Unknown,
    /// Its token is known, but it may not go on.
    Denied(Denied),
}

/// Why a request may not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// No token, or one that is not known.
    #[error("a valid bearer token is required")]
    NoToken,
    /// A header that names a company or a department is no GUID.
    #[error("the headers CompanyId and DepartmentId must be GUIDs")]
    Malformed,
    /// The caller belongs to several companies and names none.
    #[error("you belong to several companies: name one in the header CompanyId")]
    CompanyNeeded,
    /// The caller has nothing to do with the company.
    #[error("the company is not yours")]
    ForeignCompany,
    /// The department is not one of the company's.
    #[error("the department is not one of the company's")]
    ForeignDepartment,
    /// A robot's token outside the hub.
    #[error("a robot may use the hub only")]
    RobotsHubOnly,
    /// A write by somebody whose roles let them look only.
    #[error("your roles let you look, not change anything")]
    LooksOnly,
}

impl Denied {
    /// The HTTP status.
    pub fn status(self) -> StatusCode {
        match self {
            Denied::NoToken => StatusCode::UNAUTHORIZED,
            Denied::Malformed | Denied::CompanyNeeded => StatusCode::BAD_REQUEST,
            Denied::ForeignCompany
            | Denied::ForeignDepartment
            | Denied::RobotsHubOnly
            | Denied::LooksOnly => StatusCode::FORBIDDEN,
        }
    }

    /// A stable name.
    pub fn code(self) -> &'static str {
        match self {
            Denied::NoToken => "unauthorized",
            Denied::Malformed => "malformed-request",
            Denied::CompanyNeeded => "company-needed",
            Denied::ForeignCompany => "foreign-company",
            Denied::ForeignDepartment => "foreign-department",
            Denied::RobotsHubOnly => "robots-hub-only",
            Denied::LooksOnly => "looks-only",
        }
    }
}

/// Looks at a request's bearer token, for the APIs of the engine. An open API lets everyone in, but a token of ours that
/// is good no more is never taken for none: it might have named another company. Where a token is wanted, who may only look
/// does not write.
pub fn check(state: &State, auth: Auth, head: &Head) -> Access {
    let token = bearer::text(&head.headers);
    let access = admit(state, auth, token, guid(head, &COMPANY));
    match (&access, token) {
        (Access::Granted(caller), Some(token))
            if auth == Auth::Token
                && ![Method::GET, Method::HEAD].contains(&head.method)
                && looks_only(state, token, caller.tenant) =>
        {
            Access::Denied(Denied::LooksOnly)
        }
        _ => access,
    }
}

/// Whether somebody has signed in, or brings an API key, whose roles in the company let them look only.
fn looks_only(state: &State, token: &str, tenant: Tenant) -> bool {
    let Some(who) = with_rights(state, token) else {
        return false;
    };
    state.engine.organisation.look(|organisation| {
        let rights = organisation.rights(tenant, who);
        rights.is_none_or(|rights| rights.only_look())
    })
}

/// The same for a token and a company that came in another way.
pub fn admit(
    state: &State,
    auth: Auth,
    token: Option<&str>,
    wanted: Result<Option<Guid>, Denied>,
) -> Access {
    let open = || {
        Access::Granted(Caller {
            principal: None,
            tenant: state.tenant,
        })
    };
    let Some(token) = token else {
        return match auth {
            Auth::Open => open(),
            Auth::Token => Access::Unknown,
        };
    };
    let Some(bearer) = bearer::find(state, token) else {
        return match auth {
            Auth::Open if !bearer::looks_like_ours(token) => open(),
            Auth::Open | Auth::Token => Access::Unknown,
        };
    };
    let principal = Some(bearer.principal());
    match tenant(state, &bearer, wanted) {
        Ok(tenant) => Access::Granted(Caller { principal, tenant }),
        Err(denied) => Access::Denied(denied),
    }
}

/// Who may have rights in a company, of those that a token may stand for; a token of `loomwork token` is nobody there.
pub fn with_rights(state: &State, token: &str) -> Option<Principal> {
    match bearer::find(state, token)? {
        Bearer::Person { account, .. } => Some(Principal::Account(account)),
        Bearer::Key { id, .. } => Some(Principal::Key(id)),
        Bearer::Token { .. } | Bearer::Robot { .. } => None,
    }
}

/// The company that a caller acts in.
fn tenant(
    state: &State,
    bearer: &Bearer,
    wanted: Result<Option<Guid>, Denied>,
) -> Result<Tenant, Denied> {
    match bearer {
        // Callers of these never named a company; what they send in that header is not ours.
        Bearer::Token { tenant, .. } => Ok(*tenant),
        Bearer::Robot { .. } => Err(Denied::RobotsHubOnly),
        Bearer::Key { id, tenant, .. } => {
            within(state, Principal::Key(*id), *tenant, wanted?).map(|()| *tenant)
        }
        Bearer::Person { account, .. } => company_of(state, *account, wanted?),
    }
}

fn within(
    state: &State,
    who: Principal,
    tenant: Tenant,
    wanted: Option<Guid>,
) -> Result<(), Denied> {
    state.engine.organisation.look(|organisation| {
        let company = organisation.tenancy.company_of(tenant);
        let company = company.ok_or(Denied::ForeignCompany)?;
        let named = wanted.is_none_or(|wanted| wanted == company.id);
        match organisation.rights(tenant, who) {
            Some(_) if named => Ok(()),
            Some(_) | None => Err(Denied::ForeignCompany),
        }
    })
}

/// The company that a person names, or the only one.
fn company_of(state: &State, account: Guid, wanted: Option<Guid>) -> Result<Tenant, Denied> {
    state.engine.organisation.look(|organisation| {
        let who = Principal::Account(account);
        if let Some(wanted) = wanted {
            let company = organisation.tenancy.company(wanted);
            let company = company.ok_or(Denied::ForeignCompany)?;
            let rights = organisation.rights(company.tenant, who);
            return rights.map(|_| company.tenant).ok_or(Denied::ForeignCompany);
        }
        // A system administrator may go everywhere, but belongs to few companies.
        let own = organisation
            .people
            .users_of(account)
            .map(|user| user.tenant);
        let own: Vec<Tenant> = own
            .filter(|tenant| organisation.rights(*tenant, who).is_some())
            .collect();
        let own = if own.is_empty() {
            organisation.companies_of(account)
        } else {
            own
        };
        match own[..] {
            [] => Err(Denied::ForeignCompany),
            [only] => Ok(only),
            [_, _, ..] => Err(Denied::CompanyNeeded),
        }
    })
}

/// A header's GUID; an empty one is absent.
fn guid(head: &Head, name: &HeaderName) -> Result<Option<Guid>, Denied> {
    let Some(value) = head.headers.get(name) else {
        return Ok(None);
    };
    let text = value.to_str().map_err(|_| Denied::Malformed)?.trim();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| Denied::Malformed)
}

/// Adds what a 401 must say (RFC 6750).
pub fn challenge(response: Response) -> Response {
    debug_assert_eq!(response.status, StatusCode::UNAUTHORIZED);
    response.header(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static("Bearer realm=\"loomwork\""),
    )
}
