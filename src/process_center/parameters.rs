//! Parameters and JSON bodies, read as the original's servlet reads them.
//!
//! Owns: the 400 and 415 of requests that lack something or have it in a wrong form.
//! Never: interprets a value beyond its type.

use super::error::Trouble;
use crate::http::{Fault, Method, Pairs, Request, header};
use serde::Deserialize as _;
use serde_json::{Map, Value as Json};

/// A JSON object.
pub type Object = Map<String, Json>;

/// The parameters of a request: its query, and the form body of a POST.
pub struct Parameters(Pairs);

impl Parameters {
    /// Of this request.
    pub fn of(request: &Request) -> Result<Self, Trouble> {
        let pairs = if request.method == Method::POST {
            request.form()?
        } else {
            request.query.clone()
        };
        Ok(Parameters(pairs))
    }

    /// A mandatory text; empty counts as present, repetitions are joined with commas.
    pub fn text(&self, name: &'static str) -> Result<String, Trouble> {
        self.0.joined(name).ok_or_else(|| absent("String", name))
    }

    /// A mandatory list: one value is split at its commas and trimmed, repeated ones are taken as they are.
    pub fn list(&self, name: &'static str) -> Result<Vec<String>, Trouble> {
        let values: Vec<&str> = self.0.all(name).collect();
        match values.as_slice() {
            [] => Err(absent("List", name)),
            [""] => Ok(Vec::new()),
            [one] => Ok(one.split(',').map(|part| part.trim().to_owned()).collect()),
            several => Ok(several.iter().map(|part| (*part).to_owned()).collect()),
        }
    }

    /// A mandatory boolean.
    pub fn flag(&self, name: &'static str) -> Result<bool, Trouble> {
        let text = self.0.joined(name).ok_or_else(|| absent("boolean", name))?;
        match text.trim().to_ascii_lowercase().as_str() {
            "true" | "on" | "yes" | "1" => Ok(true),
            "false" | "off" | "no" | "0" => Ok(false),
            _ => Err(Trouble::bad_request(format!(
                "Failed to convert value of type 'java.lang.String' to required type 'boolean'; \
                 Invalid boolean value [{text}]"
            ))),
        }
    }
}

fn absent(kind: &str, name: &str) -> Trouble {
    Trouble::bad_request(format!("Required {kind} parameter '{name}' is not present"))
}

/// The JSON body, which must be there and not be null.
pub fn json(request: &Request) -> Result<Json, Trouble> {
    let missing = || Trouble::bad_request("Required request body is missing");
    let body = trimmed(&request.body);
    let named = request.headers.contains_key(header::CONTENT_TYPE);
    if !request.is_json() && (named || !body.is_empty()) {
        return Err(unsupported(request));
    }
    if body.is_empty() {
        return Err(missing());
    }
    match parse(body)? {
        Json::Null => Err(missing()),
        json => Ok(json),
    }
}

/// The JSON body, which must be an object.
pub fn object(request: &Request) -> Result<Object, Trouble> {
    object_of(json(request)?)
}

/// The JSON body, an object; without one, or with null, an empty object.
pub fn optional_object(request: &Request) -> Result<Object, Trouble> {
    let body = trimmed(&request.body);
    if body.is_empty() {
        return Ok(Object::new());
    }
    if !request.is_json() {
        return Err(unsupported(request));
    }
    match parse(body)? {
        Json::Null => Ok(Object::new()),
        json => object_of(json),
    }
}

fn object_of(json: Json) -> Result<Object, Trouble> {
    let found = match json {
        Json::Object(object) => return Ok(object),
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "an array",
    };
    let message = format!("JSON parse error: an object is expected, not {found}");
    Err(Trouble::bad_request(message))
}

/// What stands behind the first value is ignored; of one key twice the last counts.
fn parse(body: &[u8]) -> Result<Json, Trouble> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    Json::deserialize(&mut reader)
        .map_err(|error| Trouble::bad_request(format!("JSON parse error: {error}")))
}

/// Without a byte order mark and blanks around.
fn trimmed(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(body)
        .trim_ascii()
}

fn unsupported(request: &Request) -> Trouble {
    let named = request.header(&header::CONTENT_TYPE);
    let mut content_type = named.unwrap_or("application/octet-stream").to_owned();
    if named.is_some() && !content_type.to_ascii_lowercase().contains("charset") {
        content_type.push_str(";charset=UTF-8");
    }
    let message = format!("Content type '{content_type}' not supported");
    Fault::UnsupportedMediaType(message.into()).into()
}
