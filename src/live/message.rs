//! What a client says.
//! Never: decides whether it may.

use actors::live::Topic;
use org::Guid;
use serde_json::{Map, Value};
use std::time::Duration;

/// The longest id of a subscription, in characters.
const ID_CHARS: usize = 200;
/// The longest coalescing, in milliseconds.
const EVERY_MS: u64 = 10_000;
/// The coalescing when none is asked for.
const EVERY_DEFAULT_MS: u64 = 100;

/// What a client says.
#[derive(Debug, PartialEq)]
pub enum Said {
    /// Who it is.
    Hello {
        token: Option<String>,
        company: Option<Guid>,
    },
    /// What it wants to see.
    Subscribe(Subscribe),
    /// What it does not want to see any more.
    Unsubscribe { id: String },
}

/// What a client wants to see.
#[derive(Debug, PartialEq)]
pub struct Subscribe {
    pub id: String,
    pub topic: Topic,
    pub filter: Map<String, Value>,
    pub resume: Option<String>,
    pub every: Duration,
}

/// Why something is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub id: Option<String>,
    pub status: u16,
    pub code: &'static str,
    pub title: String,
}

impl Refused {
    /// 400.
    pub fn new(id: Option<&str>, code: &'static str, title: impl Into<String>) -> Self {
        Refused {
            id: id.map(str::to_owned),
            status: 400,
            code,
            title: title.into(),
        }
    }
}

/// Reads a message.
pub fn read(text: &str) -> Result<Said, Refused> {
    let malformed = |title: String| Refused::new(None, "malformed-message", title);
    let value: Value = serde_json::from_str(text)
        .map_err(|error| malformed(format!("the message is not JSON: {error}")))?;
    let Value::Object(mut object) = value else {
        return Err(malformed("a message is a JSON object".to_owned()));
    };
    let op = take_text(&mut object, "op", None)?;
    match op.as_deref() {
        Some("hello") => hello(object),
        Some("subscribe") => subscribe(object).map(Said::Subscribe),
        Some("unsubscribe") => {
            let id = take_id(&mut object)?;
            nothing_else(&object, &id)?;
            Ok(Said::Unsubscribe { id })
        }
        Some(other) => Err(Refused::new(
            None,
            "unknown-op",
            format!("there is no op '{other}'"),
        )),
        None => Err(malformed("'op' is missing".to_owned())),
    }
}

fn hello(mut object: Map<String, Value>) -> Result<Said, Refused> {
    let token = take_text(&mut object, "token", None)?;
    let company = take_text(&mut object, "companyId", None)?;
    let company = company.map(|text| {
        text.trim()
            .parse()
            .map_err(|_| Refused::new(None, "malformed-message", "'companyId' must be a GUID"))
    });
    Ok(Said::Hello {
        token,
        company: company.transpose()?,
    })
}

fn subscribe(mut object: Map<String, Value>) -> Result<Subscribe, Refused> {
    let id = take_id(&mut object)?;
    let name = take_text(&mut object, "topic", Some(&id))?;
    let name =
        name.ok_or_else(|| Refused::new(Some(&id), "malformed-message", "'topic' is missing"))?;
    let topic = Topic::ALL.into_iter().find(|topic| topic.name() == name);
    let topic = topic.ok_or_else(|| {
        let title = format!("there is no topic '{name}'");
        Refused::new(Some(&id), "unknown-topic", title)
    })?;
    let filter = match object.remove("filter") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(filter)) => filter,
        Some(_) => {
            let title = "'filter' must be an object";
            return Err(Refused::new(Some(&id), "malformed-message", title));
        }
    };
    let resume = take_text(&mut object, "resume", Some(&id))?;
    let every = match object.remove("every") {
        None | Some(Value::Null) => EVERY_DEFAULT_MS,
        Some(every) => every.as_u64().filter(|ms| *ms <= EVERY_MS).ok_or_else(|| {
            let title = format!("'every' must be milliseconds from 0 to {EVERY_MS}");
            Refused::new(Some(&id), "malformed-message", title)
        })?,
    };
    nothing_else(&object, &id)?;
    Ok(Subscribe {
        id,
        topic,
        filter,
        resume,
        every: Duration::from_millis(every),
    })
}

fn take_id(object: &mut Map<String, Value>) -> Result<String, Refused> {
    let id = take_text(object, "id", None)?;
    id.filter(|id| !id.is_empty() && id.chars().count() <= ID_CHARS)
        .ok_or_else(|| {
            let title = format!("'id' must be a text of 1 to {ID_CHARS} characters");
            Refused::new(None, "malformed-message", title)
        })
}

fn take_text(
    object: &mut Map<String, Value>,
    name: &str,
    id: Option<&str>,
) -> Result<Option<String>, Refused> {
    match object.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => {
            let title = format!("'{name}' must be a text");
            Err(Refused::new(id, "malformed-message", title))
        }
    }
}

/// What is written wrongly is not passed over: it would show more than was asked for.
fn nothing_else(object: &Map<String, Value>, id: &str) -> Result<(), Refused> {
    match object.keys().next() {
        None => Ok(()),
        Some(name) => {
            let title = format!("'{name}' is not known here");
            Err(Refused::new(Some(id), "malformed-message", title))
        }
    }
}
