//! What every resource of this API needs: who asks, how bodies and parameters are read, how JSON leaves.
//! Never: knows a resource.

use super::problem::Refused;
use crate::{
    access::Caller,
    http::{Fault, HeaderValue, Request, Response, StatusCode, header},
    server::State,
};
use bpmn::instance::Variables;
use bytes::Bytes;
use codec::{DefinitionId, Id, RootId, Tenant, instant};
use jiff::tz::TimeZone;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, MapAccess, Visitor},
};
use serde_json::Value as Json;
use std::fmt;

/// An id that nothing has.
pub const NOBODY: Id = Id {
    root: RootId(0),
    number: 0,
};

/// What a handler answers.
pub type Answered = Result<Response, Refused>;

/// A JSON object of names to values, as bodies carry variables: in the order of the names' first mention, with the last
/// value of each.
#[derive(Clone, Default)]
pub struct Map(Vec<(String, Json)>);

/// Up to so many names are compared with each other; more are hashed.
const NAMES_COMPARED: usize = 8;

impl<'de> Deserialize<'de> for Map {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MapVisitor)
    }
}

struct MapVisitor;

impl<'de> Visitor<'de> for MapVisitor {
    type Value = Map;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Map, A::Error> {
        let mut entries: Vec<(String, Json)> = Vec::new();
        while let Some(entry) = members.next_entry()? {
            entries.push(entry);
        }
        let is_new = |n: usize| entries[..n].iter().all(|(name, _)| *name != entries[n].0);
        if entries.len() > NAMES_COMPARED || !(1..entries.len()).all(is_new) {
            let each: serde_json::Map<_, _> = entries.into_iter().collect();
            entries = each.into_iter().collect();
        }
        Ok(Map(entries))
    }
}

/// The company of the caller.
pub fn tenant(state: &State, request: &Request) -> Tenant {
    let caller = request.extensions.get::<Caller>();
    caller.map_or(state.tenant, |caller| caller.tenant)
}

/// 200 with JSON.
pub fn ok(body: impl Into<Bytes>) -> Answered {
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
    let mut variables = Variables::with_capacity(map.0.len());
    for (name, value) in map.0 {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_the_names_in_their_order_and_the_last_value_of_each() {
        let many: Vec<String> = (0..20).map(|n| format!("\"n{n}\":{n}")).collect();
        let rows = [
            ("{}".to_owned(), "{}".to_owned()),
            (r#"{"b":1,"a":2}"#.to_owned(), r#"{"b":1,"a":2}"#.to_owned()),
            (
                r#"{"b":1,"a":2,"b":3}"#.to_owned(),
                r#"{"b":3,"a":2}"#.to_owned(),
            ),
            (
                format!("{{{},\"n3\":null}}", many.join(",")),
                format!("{{{}}}", many.join(",")).replace(":3,", ":null,"),
            ),
        ];
        for (text, expected) in rows {
            let read: Map = serde_json::from_str(&text).expect(&text);
            let plain: serde_json::Map<String, Json> = read.0.into_iter().collect();
            assert_eq!(serde_json::to_string(&plain).expect("JSON"), expected);
        }
        assert!(serde_json::from_str::<Map>("[1]").is_err());
    }
}
