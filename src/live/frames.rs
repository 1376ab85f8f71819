//! What the server says, as text: written by hand around items that are JSON already.
//! Never: renders an item.

use super::message::Refused;
use crate::api::json::push_text;
use actors::live::Kind;
use std::fmt::Write as _;

/// After a good hello.
pub fn welcome(max_subscriptions: usize) -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!(r#"{{"op":"welcome","version":"{version}","maxSubscriptions":{max_subscriptions}}}"#)
}

/// Bytes of what is around an id and an item at most.
const MEMBERS: usize = 112;

fn begin(op: &str, id: &str, bytes: usize) -> String {
    let mut out = String::with_capacity(bytes + id.len() + MEMBERS);
    out.push_str("{\"op\":\"");
    out.push_str(op);
    out.push_str("\",\"id\":");
    push_text(id, &mut out);
    out
}

/// A page of what is there. `seq`: what to resume from once it is there; `more`: another page follows.
pub fn state(id: &str, seq: &str, items: &[Box<str>], more: bool) -> String {
    let bytes: usize = items.iter().map(|item| item.len() + 1).sum();
    let mut out = begin("state", id, bytes);
    out.push_str(",\"seq\":");
    push_text(seq, &mut out);
    out.push_str(",\"items\":[");
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        out.push_str(item);
    }
    // Writing to a string cannot fail.
    let _ = write!(out, "],\"more\":{more}}}");
    out
}

/// Bytes of a change, about.
pub fn change_bytes(id: &str, json: &str) -> usize {
    id.len() + json.len() + MEMBERS
}

/// A change.
pub fn change(id: &str, seq: &str, kind: Kind, json: &str) -> String {
    let mut out = begin("change", id, json.len());
    out.push_str(",\"seq\":");
    push_text(seq, &mut out);
    out.push_str(",\"kind\":\"");
    out.push_str(kind.name());
    out.push_str("\",\"item\":");
    out.push_str(json);
    out.push('}');
    out
}

/// What was missed is not known any more.
pub fn reset(id: &str) -> String {
    let mut out = begin("reset", id, 0);
    out.push('}');
    out
}

/// Something is not done.
pub fn problem(refused: &Refused) -> String {
    let mut out = match &refused.id {
        Some(id) => begin("problem", id, refused.title.len()),
        None => String::from("{\"op\":\"problem\""),
    };
    // As above.
    let _ = write!(
        out,
        ",\"status\":{},\"code\":\"{}\",\"title\":",
        refused.status, refused.code
    );
    push_text(&refused.title, &mut out);
    out.push('}');
    out
}
