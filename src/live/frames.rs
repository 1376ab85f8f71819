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

fn begin(op: &str, id: &str, bytes: usize) -> String {
    let mut out = String::with_capacity(bytes + id.len() + 96);
    out.push_str("{\"op\":\"");
    out.push_str(op);
    out.push_str("\",\"id\":");
    push_text(id, &mut out);
    out
}

/// A page of what is there.
pub struct StatePage {
    out: String,
    empty: bool,
}

impl StatePage {
    /// `seq`: what to resume from once this page is there.
    pub fn begin(id: &str, seq: &str) -> Self {
        let mut out = begin("state", id, 512);
        out.push_str(",\"seq\":");
        push_text(seq, &mut out);
        out.push_str(",\"items\":[");
        StatePage { out, empty: true }
    }

    /// Another item.
    pub fn push(&mut self, json: &str) {
        if !std::mem::take(&mut self.empty) {
            self.out.push(',');
        }
        self.out.push_str(json);
    }

    /// `more`: another page follows.
    pub fn end(mut self, more: bool) -> String {
        // Writing to a string cannot fail.
        let _ = write!(self.out, "],\"more\":{more}}}");
        self.out
    }
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
