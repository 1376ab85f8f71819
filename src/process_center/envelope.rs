//! The envelope of every answer: `{"rtnCode", "rtnMsg", "data"}`, all three always there.
//! Never: a trace of what happened inside.

use super::Answered;
use crate::http::{HeaderValue, Response, StatusCode};
use serde_json::{Value as Json, json};

/// The content type of every envelope.
const JSON: HeaderValue = HeaderValue::from_static("application/json;charset=UTF-8");

/// 000000 with data.
pub fn success(message: &str, data: Json) -> Answered {
    Ok(envelope("000000", message, data))
}

/// 000000 without data.
pub fn done(message: &str) -> Answered {
    success(message, Json::Null)
}

/// 999999 with data that is no exception: a reason, or null.
pub fn refused(message: &str, data: Json) -> Answered {
    Ok(envelope("999999", message, data))
}

/// 999999 with the exception as the original serialises one, without its trace.
pub fn failed(message: &str, why: &str) -> Answered {
    refused(
        message,
        json!({
            "message": why,
            "localizedMessage": why,
            "cause": null,
            "stackTrace": [],
            "suppressed": [],
        }),
    )
}

/// Written piece by piece: passing through another value would copy the data and change the text of its numbers.
fn envelope(code: &str, message: &str, data: Json) -> Response {
    let message = Json::from(message);
    let body = format!(r#"{{"rtnCode":"{code}","rtnMsg":{message},"data":{data}}}"#);
    whole(body.into_bytes())
}

/// 200 with this JSON.
pub fn whole(body: Vec<u8>) -> Response {
    Response::typed(StatusCode::OK, JSON, body)
}

/// 200 with JSON whose body is set later.
pub fn in_pieces() -> Response {
    Response::new(StatusCode::OK).header(crate::http::header::CONTENT_TYPE, JSON)
}

/// The beginning of a successful envelope whose data is a list.
pub fn list_start(message: &str) -> Vec<u8> {
    let message = Json::from(message);
    format!(r#"{{"rtnCode":"000000","rtnMsg":{message},"data":["#).into_bytes()
}

/// The end of such an envelope.
pub const LIST_END: &[u8] = b"]}";
