//! What every resource of this API needs: who asks, how bodies and parameters are read, how JSON leaves.
//! Never: knows a resource.

use super::problem::Refused;
use crate::{
    access::Caller,
    http::{Fault, HeaderValue, Request, Response, StatusCode, header},
    server::State,
};
use bpmn::instance::Variables;
use codec::{DefinitionId, Id, RootId, Tenant, instant};
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;

/// An id that nothing has.
pub const NOBODY: Id = Id {
    root: RootId(0),
    number: 0,
};

/// What a handler answers.
pub type Answered = Result<Response, Refused>;

/// A JSON object of names to values, as bodies carry variables.
pub type Map = serde_json::Map<String, serde_json::Value>;

/// The company of the caller.
pub fn tenant(state: &State, request: &Request) -> Tenant {
    let caller = request.extensions.get::<Caller>();
    caller.map_or(state.tenant, |caller| caller.tenant)
}

/// 200 with JSON.
pub fn ok(body: String) -> Answered {
    Ok(Response::json(StatusCode::OK, body))
}

/// Reads a JSON object; no body at all reads as `{}`.
pub fn body<T: DeserializeOwned>(request: &Request) -> Result<T, Refused> {
    let bytes: &[u8] = if request.body.is_empty() {
        b"{}"
    } else {
        &request.body
    };
    let plain = HeaderValue::from_static("application/json");
    let named = request.headers.get(header::CONTENT_TYPE);
    if named.is_some_and(|named| *named != plain) && !request.body.is_empty() && !request.is_json()
    {
        return Err(Fault::UnsupportedMediaType("the body must be application/json".into()).into());
    }
    // A derived struct would read an array too.
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if first != Some(&b'{') {
        return Err(Refused::malformed("the body must be a JSON object"));
    }
    serde_json::from_slice(bytes)
        .map_err(|error| Refused::malformed(format!("the body cannot be read: {error}")))
}

/// Variables out of a body.
pub fn variables(map: Option<Map>) -> Result<Variables, Refused> {
    let Some(map) = map else {
        return Ok(Variables::new());
    };
    let mut variables = Variables::with_capacity(map.len());
    for (name, value) in map {
        let value = codec::json::from_json(value).map_err(|error| {
            Refused::unprocessable("invalid-value", format!("variable '{name}': {error}"))
        })?;
        variables.push((name, value));
    }
    Ok(variables)
}

/// An instant out of a body or a parameter.
pub fn instant_of(name: &str, text: &str) -> Result<i64, Refused> {
    instant::parse(text, &TimeZone::UTC).ok_or_else(|| Refused::parameter(name, text))
}

/// Every value of a parameter.
pub fn all(request: &Request, name: &'static str) -> Vec<String> {
    request.query.all(name).map(str::to_owned).collect()
}

/// A boolean parameter.
pub fn flag(request: &Request, name: &str) -> Result<Option<bool>, Refused> {
    match request.query.get(name) {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(other) => Err(Refused::parameter(name, other)),
    }
}

/// An instant parameter, in milliseconds since 1970.
pub fn instant_parameter(request: &Request, name: &str) -> Result<Option<i64>, Refused> {
    let text = request.query.get(name);
    text.map(|text| instant_of(name, text)).transpose()
}

/// Ids of a filter; text that is no id matches nothing, as an id that nobody has.
pub fn ids(request: &Request, name: &'static str) -> Vec<Id> {
    let all = request.query.all(name);
    all.map(|text| text.parse().unwrap_or(NOBODY)).collect()
}

/// Root ids of a filter.
pub fn roots(request: &Request, name: &'static str) -> Vec<RootId> {
    let instance = |id: Id| if id.number == 0 { id.root } else { RootId(0) };
    ids(request, name).into_iter().map(instance).collect()
}

/// Definitions of a filter; text that is no id of one matches nothing.
pub fn definition_ids(state: &State, tenant: Tenant, request: &Request) -> Vec<DefinitionId> {
    let nobody = DefinitionId(u64::MAX);
    let find = |text: &str| {
        let found = state.engine.catalog.find(tenant, text);
        found.map_or(nobody, |published| published.definition.id)
    };
    request.query.all("definitionId").map(find).collect()
}
