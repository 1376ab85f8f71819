//! The documented fields against what answers have.
//!
//! Owns: that every field is seen at least once, with a value of its type, and that nothing is null. Objects with the
//! same fields are the same resource, wherever they stand.

use serde_json::Value;
use std::collections::BTreeMap;

/// What the product shows of things that are not here.
const NEVER: [&str; 3] = ["iconUrl", "fullDescription", "extensionId"];

/// Fields by resource, and whether each was seen.
#[derive(Default)]
pub struct Fields(BTreeMap<String, BTreeMap<String, bool>>);

/// A documented name as it is written here.
fn written(name: &str) -> String {
    let mut letters = name.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}

fn named(schema: &Value) -> impl Iterator<Item = (String, &Value)> {
    let fields = schema["fields"].as_object().into_iter().flatten();
    fields.map(|(name, field)| (written(name), field))
}

fn resource(schema: &Value) -> String {
    let mut names: Vec<String> = named(schema).map(|(name, _)| name).collect();
    names.sort();
    names.join(" ")
}

impl Fields {
    /// Takes note of all that is documented.
    pub fn expect(&mut self, schema: &Value) {
        for (name, field) in named(schema) {
            self.0
                .entry(resource(schema))
                .or_default()
                .entry(name)
                .or_default();
            self.expect(field);
        }
        if !schema["items"].is_null() {
            self.expect(&schema["items"]);
        }
    }

    /// Looks at an answer.
    pub fn look(&mut self, at: &str, schema: &Value, value: &Value) {
        assert!(!value.is_null(), "{at} is null");
        let kind = schema["kind"].as_str().unwrap_or_default();
        let fits = match kind {
            "string" if at.ends_with(".expires_in") => value.is_number(),
            "string" => value.as_str().is_some_and(|text| is(schema, text)),
            "integer" => value.is_i64(),
            "boolean" => value.is_boolean(),
            "array" => value.is_array(),
            // The document draws the children of children as one object.
            "object" if at.ends_with(".children[].children") => value.is_array(),
            "object" => value.is_object(),
            "map" => value
                .as_object()
                .is_some_and(|map| map.values().all(Value::is_string)),
            "unspecified" => true,
            other => panic!("{at}: a kind '{other}'"),
        };
        assert!(fits, "{at} is no {kind}: {value}");
        for (n, item) in value.as_array().into_iter().flatten().enumerate() {
            if n < 100 && !schema["items"].is_null() {
                self.look(&format!("{at}[]"), &schema["items"], item);
            }
        }
        if value.is_object() {
            for (name, field) in named(schema) {
                let Some(inner) = value.get(&name) else {
                    continue;
                };
                self.look(&format!("{at}.{name}"), field, inner);
                let seen = self.0.entry(resource(schema)).or_default();
                seen.insert(name, true);
            }
        }
    }

    /// How many fields there are, and those that nobody has seen.
    pub fn unseen(&self) -> (usize, Vec<String>) {
        let all = self.0.iter().flat_map(|(resource, fields)| {
            let about = resource.get(..60).unwrap_or(resource);
            fields
                .iter()
                .map(move |(name, seen)| (about, name.as_str(), *seen))
        });
        let all: Vec<_> = all.collect();
        let unseen = all
            .iter()
            .filter(|(_, name, seen)| !seen && !NEVER.contains(name));
        let unseen = unseen.map(|(resource, name, _)| format!("{name} of ({resource})"));
        (all.len(), unseen.collect())
    }
}

/// Whether a text has the documented form.
fn is(schema: &Value, text: &str) -> bool {
    let known = schema["enum"].as_array();
    let known = known.is_none_or(|known| known.iter().any(|word| word == text));
    let formed = match schema["format"].as_str() {
        Some("uuid") => text
            .parse::<rpa::Guid>()
            .is_ok_and(|id| id.to_string() == text),
        Some("date-time") => text.len() == 24 && text.ends_with('Z'),
        Some(other) => panic!("a format '{other}'"),
        None => true,
    };
    known && formed
}
