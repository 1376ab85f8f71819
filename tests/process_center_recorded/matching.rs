//! Whether an answer is the recorded one, up to its placeholders.
//!
//! Owns: the ids that placeholders stand for: one id for one placeholder, different ids for different ones. Never: sends anything.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What placeholders stand for.
#[derive(Default)]
pub struct Bindings {
    ids: BTreeMap<String, String>,
    /// Texts with a number that the recording left out, as whole definition ids.
    texts: BTreeMap<String, String>,
    /// The instance of each task that was seen.
    pub instances: BTreeMap<String, String>,
}

impl Bindings {
    /// The recorded text with its placeholders replaced; an unknown one is the error.
    pub fn fill(&self, recorded: &str) -> Result<String, String> {
        if let Some(known) = self.texts.get(recorded) {
            return Ok(known.clone());
        }
        let mut filled = String::new();
        for piece in pieces(recorded) {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Placeholder("<ts>") => filled.push_str("2020-05-21T06:30:12.345+0000"),
                Piece::Placeholder(name) => match self.ids.get(name) {
                    Some(id) => filled.push_str(id),
                    None => return Err(name.to_owned()),
                },
            }
        }
        Ok(filled)
    }

    /// This placeholder stands for this id.
    pub fn bind(&mut self, placeholder: &str, id: &str) -> Result<(), String> {
        if let Some(known) = self.ids.get(placeholder) {
            return if known == id {
                Ok(())
            } else {
                Err(format!("{placeholder} was {known} and is {id}"))
            };
        }
        let kind = placeholder.split(':').next().unwrap_or_default();
        let twin = self
            .ids
            .iter()
            .find(|(name, known)| name.starts_with(kind) && *known == id);
        if let Some((other, _)) = twin {
            return Err(format!("{id} is {other} and {placeholder}"));
        }
        self.ids.insert(placeholder.to_owned(), id.to_owned());
        Ok(())
    }

    /// The answer is the recorded one; placeholders seen for the first time are bound. The error says where it differs.
    pub fn check(&mut self, recorded: &Value, ours: &Value) -> Result<(), String> {
        self.value(recorded, ours, "$")
    }

    fn value(&mut self, recorded: &Value, ours: &Value, at: &str) -> Result<(), String> {
        match (recorded, ours) {
            (Value::Object(recorded), Value::Object(ours)) => self.object(recorded, ours, at),
            (Value::Array(recorded), Value::Array(ours)) => self.array(recorded, ours, at),
            (Value::String(text), _) => self.text(text, ours, at),
            (Value::Number(recorded), Value::Number(ours)) if same_number(recorded, ours) => Ok(()),
            _ if recorded == ours => Ok(()),
            _ => Err(format!("{at}: recorded {recorded}, answered {ours}")),
        }
    }

    fn object(
        &mut self,
        recorded: &Map<String, Value>,
        ours: &Map<String, Value>,
        at: &str,
    ) -> Result<(), String> {
        for (key, value) in recorded {
            // A failure's data has five keys, whatever class of Java carried it (decision 3).
            if key == "objectClass" {
                continue;
            }
            match ours.get(key) {
                Some(answered) => self.value(value, answered, &format!("{at}.{key}"))?,
                None => return Err(format!("{at}.{key}: recorded {value}, absent")),
            }
        }
        let allowed = superset(recorded);
        let extra = ours
            .keys()
            .find(|key| !recorded.contains_key(*key) && !allowed.contains(&key.as_str()));
        if let Some(key) = extra {
            return Err(format!("{at}.{key}: not recorded, answered {}", ours[key]));
        }
        self.remember_instance(ours);
        Ok(())
    }

    fn remember_instance(&mut self, ours: &Map<String, Value>) {
        let task = ours.get("taskId").and_then(Value::as_str);
        let entity = ours.get("taskEntity");
        let instance = entity.and_then(|entity| entity["processInstanceId"].as_str());
        if let (Some(task), Some(instance)) = (task, instance) {
            self.instances.insert(task.to_owned(), instance.to_owned());
        }
    }

    fn array(&mut self, recorded: &[Value], ours: &[Value], at: &str) -> Result<(), String> {
        let rest = recorded.last().and_then(more_like_these);
        let shown = recorded.len() - usize::from(rest.is_some());
        let length = shown + rest.unwrap_or(0);
        if length != ours.len() {
            return Err(format!(
                "{at}: recorded {length} entries, answered {}: {}",
                ours.len(),
                Value::from(ours.to_vec())
            ));
        }
        for (index, value) in recorded[..shown].iter().enumerate() {
            self.value(value, &ours[index], &format!("{at}[{index}]"))?;
        }
        Ok(())
    }

    fn text(&mut self, recorded: &str, ours: &Value, at: &str) -> Result<(), String> {
        let differs = || format!("{at}: recorded {recorded:?}, answered {ours}");
        let holds = |holds: bool| if holds { Ok(()) } else { Err(differs()) };
        match recorded {
            "<trace>" => return holds(ours.as_array().is_some_and(|trace| trace.is_empty())),
            "<exception>" => return holds(ours.is_null()),
            "<ms>" => return holds(ours.as_u64().is_some()),
            "<ts>" => return holds(ours.as_str().is_some_and(is_date)),
            _ => {}
        }
        let Some(text) = ours.as_str() else {
            return Err(differs());
        };
        if let Some(start) = recorded.strip_suffix("…<cut>") {
            return holds(text.starts_with(start));
        }
        self.template(recorded, text)
            .map_err(|why| format!("{at}: {why}: recorded {recorded:?}, answered {text:?}"))
    }

    fn template(&mut self, recorded: &str, text: &str) -> Result<(), String> {
        let pieces = pieces(recorded);
        let mut rest = text;
        for (index, piece) in pieces.iter().enumerate() {
            match *piece {
                Piece::Text(literal) => {
                    rest = rest.strip_prefix(literal).ok_or("another text")?;
                }
                Piece::Placeholder(name) => {
                    let end = match pieces.get(index + 1) {
                        Some(Piece::Text(next)) => rest.find(next).ok_or("another text")?,
                        _ => rest.len(),
                    };
                    let (id, after) = rest.split_at(end);
                    rest = after;
                    self.placeholder(name, id)?;
                }
            }
        }
        if !rest.is_empty() {
            return Err("a longer text".into());
        }
        if recorded.ends_with(":<n>") {
            let known = self.texts.entry(recorded.to_owned());
            if known.or_insert_with(|| text.to_owned()) != text {
                return Err("another definition than before".into());
            }
        }
        Ok(())
    }

    fn placeholder(&mut self, name: &str, id: &str) -> Result<(), String> {
        match name {
            "<n>" | "<id>" if !id.is_empty() && !id.contains(':') => Ok(()),
            "<ts>" if is_date(id) => Ok(()),
            "<n>" | "<id>" | "<ts>" => Err(format!("{id:?} is no {name}")),
            _ => self.bind(name, id),
        }
    }
}

/// The keys that are sent beside the recorded ones (decision 4 with section 2), by what the object is.
fn superset(recorded: &Map<String, Value>) -> &'static [&'static str] {
    let has = |key: &str| recorded.contains_key(key);
    if has("taskEntity") {
        &["variables"]
    } else if has("lockTime") {
        &[
            "id",
            "processInstanceId",
            "processId",
            "processDefinitionKey",
            "processDefinitionVersion",
        ]
    } else if has("createTime") && has("executionId") {
        &[
            "id",
            "processInstanceId",
            "taskDefinitionKey",
            "formKey",
            "category",
            "tenantId",
        ]
    } else if has("durationInMillis") {
        &[
            "id",
            "activityId",
            "activityName",
            "activityType",
            "taskId",
            "calledProcessInstanceId",
            "startTime",
            "processInstanceId",
            "processDefinitionId",
        ]
    } else if has("readable") || (has("name") && recorded.len() <= 2) {
        &["datePattern", "values"]
    } else {
        &[]
    }
}

/// A date as the original writes it.
pub fn is_date(text: &str) -> bool {
    let shape = b"0000-00-00T00:00:00.000+0000";
    text.len() == shape.len()
        && text.bytes().zip(shape).all(|(found, wanted)| match wanted {
            b'0' => found.is_ascii_digit(),
            other => found == *other,
        })
}

fn same_number(recorded: &serde_json::Number, ours: &serde_json::Number) -> bool {
    let (left, right) = (recorded.to_string(), ours.to_string());
    let decimal = |text: &str| text.contains(['.', 'e', 'E']);
    left == right
        || decimal(&left) && decimal(&right) && left.parse::<f64>() == right.parse::<f64>()
}

fn more_like_these(last: &Value) -> Option<usize> {
    last.as_str()?
        .strip_prefix('<')?
        .strip_suffix(" more like these>")?
        .parse()
        .ok()
}

enum Piece<'a> {
    Text(&'a str),
    Placeholder(&'a str),
}

/// Splits a recorded text into what is literal and what stands for something else.
fn pieces(recorded: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut literal = 0;
    let mut from = 0;
    while let Some(open) = recorded[from..].find('<').map(|at| from + at) {
        let Some(close) = recorded[open..].find('>').map(|at| open + at + 1) else {
            break;
        };
        let name = &recorded[open..close];
        if is_placeholder(name) {
            if literal < open {
                found.push(Piece::Text(&recorded[literal..open]));
            }
            found.push(Piece::Placeholder(name));
            literal = close;
            from = close;
        } else {
            from = open + 1;
        }
    }
    if literal < recorded.len() {
        found.push(Piece::Text(&recorded[literal..]));
    }
    found
}

fn is_placeholder(name: &str) -> bool {
    let kinds = [
        "<taskId:",
        "<processId:",
        "<executionId:",
        "<deploymentId:",
        "<linkId:",
    ];
    ["<ts>", "<n>", "<id>"].contains(&name) || kinds.iter().any(|kind| name.starts_with(kind))
}
