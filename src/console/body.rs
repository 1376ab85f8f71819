//! Bodies as clients send them: keys in any case, null the same as absent, numbers and booleans as texts or not.
//!
//! Owns: reading a field as what it should be, and the 400 that names it. Never: knows a resource, or reads what the
//! operation does not say that it takes ([`super::form`]).

use super::{
    form::{self, Declared, Field, Form, Kind},
    problem::Refused,
};
use crate::http::{Fault, Request};
use codec::instant;
use jiff::tz::TimeZone;
use org::Guid;
use rpa::{
    argument::{Argument, AssetContent, Source, SourcedArgument},
    registry::LabelSettings,
    terms::Direction,
};
use serde_json::{Map, Value};

/// A JSON object.
#[derive(Clone, Debug, Default)]
pub struct Body {
    fields: Map<String, Value>,
    /// What may be read of it.
    form: Option<Form>,
}

impl Body {
    /// Of a request; no body at all reads as `{}`.
    pub fn read(request: &Request) -> Result<Self, Refused> {
        let form = form_of(request);
        let of = |fields| Ok(Body { fields, form });
        let bytes = request.body.trim_ascii();
        if bytes.is_empty() {
            return of(Map::new());
        }
        // Some clients say nothing of the type.
        if !request.content_type().is_empty() && !request.is_json() {
            let message = "the body must be application/json";
            return Err(Fault::UnsupportedMediaType(message.into()).into());
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(fields)) => of(fields),
            Ok(Value::Null) => of(Map::new()),
            Ok(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
                Err(Refused::malformed("the body must be a JSON object"))
            }
            Err(error) => Err(Refused::malformed(format!(
                "the body cannot be read: {error}"
            ))),
        }
    }

    /// Of a request that has one object, or several in an array.
    pub fn many(request: &Request) -> Result<Vec<Self>, Refused> {
        let bytes = request.body.trim_ascii();
        if bytes.first() != Some(&b'[') {
            return Ok(vec![Body::read(request)?]);
        }
        let objects: Vec<Map<String, Value>> = serde_json::from_slice(bytes)
            .map_err(|error| Refused::malformed(format!("the body cannot be read: {error}")))?;
        let form = form_of(request);
        let of = |fields| Body { fields, form };
        Ok(objects.into_iter().map(of).collect())
    }

    /// A function that reads what its line does not declare is wrong: the document would not tell of it.
    fn declared(&self, name: &str, fits: fn(&Field) -> bool) {
        if let Some(form) = self.form.filter(|_| cfg!(debug_assertions)) {
            let declared = form::find(form, name).is_some_and(fits);
            assert!(declared, "{name} is not declared as what it is read as");
        }
    }

    /// The value of a field; null is none. Of a name twice the last counts.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.declared(name, |_| true);
        let mut fields = self.fields.iter();
        let found = fields.rfind(|(key, _)| key.eq_ignore_ascii_case(name));
        found
            .map(|(_, value)| value)
            .filter(|value| !value.is_null())
    }

    /// A text; a number or a boolean is taken for its text.
    pub fn text(&self, name: &str) -> Result<Option<String>, Refused> {
        self.get(name)
            .map(|value| text_of(value).ok_or_else(|| Refused::field(name, "a text")))
            .transpose()
    }

    /// A text that must be there and is not blank.
    pub fn required_text(&self, name: &str) -> Result<String, Refused> {
        self.declared(name, |field| field.required);
        let text = self.text(name)?.filter(|text| !text.trim().is_empty());
        text.ok_or_else(|| Refused::field(name, "given"))
    }

    /// An id; an empty text is none.
    pub fn id(&self, name: &str) -> Result<Option<Guid>, Refused> {
        self.declared(name, |field| matches!(field.kind, Kind::Id));
        match self.text(name)? {
            Some(text) if !text.trim().is_empty() => parse_id(name, &text).map(Some),
            Some(_) | None => Ok(None),
        }
    }

    /// An id that must be there.
    pub fn required_id(&self, name: &str) -> Result<Guid, Refused> {
        self.declared(name, |field| field.required);
        self.id(name)?.ok_or_else(|| Refused::field(name, "given"))
    }

    /// Ids; absent is none.
    pub fn ids(&self, name: &str) -> Result<Option<Vec<Guid>>, Refused> {
        self.declared(name, |field| matches!(field.kind, Kind::Ids));
        let Some(texts) = self.texts(name)? else {
            return Ok(None);
        };
        let ids = texts.iter().map(|text| parse_id(name, text));
        ids.collect::<Result<_, _>>().map(Some)
    }

    /// A whole number, also in digits.
    pub fn integer(&self, name: &str) -> Result<Option<i64>, Refused> {
        self.declared(name, |field| {
            matches!(field.kind, Kind::Integer | Kind::Natural)
        });
        let Some(text) = self.text(name)?.filter(|text| !text.trim().is_empty()) else {
            return Ok(None);
        };
        let number = text.trim().strip_suffix(".0").unwrap_or(text.trim());
        let number = number
            .parse()
            .map_err(|_| Refused::field(name, "a whole number"))?;
        Ok(Some(number))
    }

    /// A whole number that is not negative.
    pub fn unsigned(&self, name: &str) -> Result<Option<u32>, Refused> {
        self.declared(name, |field| matches!(field.kind, Kind::Natural));
        let number = self.integer(name)?;
        number
            .map(|number| {
                u32::try_from(number)
                    .map_err(|_| Refused::field(name, "a number that is not negative"))
            })
            .transpose()
    }

    /// A boolean, also as a text in any case, or 0 and 1.
    pub fn boolean(&self, name: &str) -> Result<Option<bool>, Refused> {
        self.declared(name, |field| matches!(field.kind, Kind::Boolean));
        let Some(text) = self.text(name)?.filter(|text| !text.trim().is_empty()) else {
            return Ok(None);
        };
        read_boolean(&text)
            .map(Some)
            .ok_or_else(|| Refused::field(name, "true or false"))
    }

    /// An instant, in milliseconds since 1970.
    pub fn instant(&self, name: &str) -> Result<Option<i64>, Refused> {
        self.declared(name, |field| matches!(field.kind, Kind::Instant));
        let Some(text) = self.text(name)?.filter(|text| !text.trim().is_empty()) else {
            return Ok(None);
        };
        let ms = instant::parse(text.trim(), &TimeZone::UTC);
        ms.map(Some)
            .ok_or_else(|| Refused::field(name, "an instant such as 2022-07-29T12:13:49.780Z"))
    }

    /// A word of a closed list: `body.word("priority", Word::read)`.
    pub fn word<T>(
        &self,
        name: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Refused> {
        self.declared(name, |field| matches!(field.kind, Kind::Word(_)));
        let Some(text) = self.text(name)?.filter(|text| !text.trim().is_empty()) else {
            return Ok(None);
        };
        read(&text)
            .map(Some)
            .ok_or_else(|| Refused::malformed(format!("{name}: '{text}' is not one of its values")))
    }

    /// An array of texts; nulls in it are left out.
    pub fn texts(&self, name: &str) -> Result<Option<Vec<String>>, Refused> {
        self.declared(name, |field| matches!(field.kind, Kind::Texts | Kind::Ids));
        let Some(values) = self.array(name)? else {
            return Ok(None);
        };
        let values = values.iter().filter(|value| !value.is_null());
        let texts = values
            .map(|value| text_of(value).ok_or_else(|| Refused::field(name, "an array of texts")));
        texts.collect::<Result<_, _>>().map(Some)
    }

    /// Texts by key.
    pub fn pairs(&self, name: &str) -> Result<Option<Vec<(String, String)>>, Refused> {
        self.declared(name, |field| matches!(field.kind, Kind::Pairs));
        let expected = || Refused::field(name, "an object of texts");
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let fields = value.as_object().ok_or_else(expected)?.iter();
        let fields = fields.filter(|(_, value)| !value.is_null());
        let pairs =
            fields.map(|(key, value)| Ok((key.clone(), text_of(value).ok_or_else(expected)?)));
        pairs.collect::<Result<_, _>>().map(Some)
    }

    /// An object in it.
    pub fn object(&self, name: &str) -> Result<Option<Body>, Refused> {
        self.declared(name, |field| matches!(field.kind, Kind::Object(_)));
        match self.get(name) {
            None => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(self.inner(name, fields))),
            Some(_) => Err(Refused::field(name, "an object")),
        }
    }

    /// An array of objects in it; nulls in it are left out.
    pub fn objects(&self, name: &str) -> Result<Option<Vec<Body>>, Refused> {
        self.declared(name, |field| matches!(field.kind, Kind::Objects(_)));
        let Some(values) = self.array(name)? else {
            return Ok(None);
        };
        let values = values.iter().filter(|value| !value.is_null());
        let objects = values.map(|value| match value {
            Value::Object(fields) => Ok(self.inner(name, fields)),
            _ => Err(Refused::field(name, "an array of objects")),
        });
        objects.collect::<Result<_, _>>().map(Some)
    }

    fn inner(&self, name: &str, fields: &Map<String, Value>) -> Body {
        let field = self.form.and_then(|form| form::find(form, name));
        let form = field.and_then(|field| field.kind.form());
        Body {
            fields: fields.clone(),
            form,
        }
    }

    fn array(&self, name: &str) -> Result<Option<&Vec<Value>>, Refused> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Array(values)) => Ok(Some(values)),
            Some(_) => Err(Refused::field(name, "an array")),
        }
    }

    /// The eTag that a change is meant for.
    pub fn etag(&self) -> Result<Option<String>, Refused> {
        self.text("eTag")
    }

    /// Name, description, tags, properties.
    pub fn label(&self) -> Result<LabelSettings, Refused> {
        Ok(LabelSettings {
            name: self.text("name")?,
            description: self.text("description")?,
            tags: self.texts("tags")?,
            properties: self.pairs("properties")?,
        })
    }

    /// Arguments.
    pub fn arguments(&self, name: &str) -> Result<Option<Vec<Argument>>, Refused> {
        let Some(objects) = self.objects(name)? else {
            return Ok(None);
        };
        objects
            .iter()
            .map(argument)
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// Arguments that say where their values come from.
    pub fn sourced_arguments(&self, name: &str) -> Result<Option<Vec<SourcedArgument>>, Refused> {
        let Some(objects) = self.objects(name)? else {
            return Ok(None);
        };
        let sourced = objects.iter().map(|object| {
            Ok(SourcedArgument {
                argument: argument(object)?,
                source: object.word("source", read_source)?.unwrap_or_default(),
            })
        });
        sourced.collect::<Result<_, _>>().map(Some)
    }
}

/// What the operation's line says that it takes.
fn form_of(request: &Request) -> Option<Form> {
    let declared = request.extensions.get::<Declared>().map(|known| known.0);
    debug_assert!(declared.is_some(), "an operation reads an undeclared body");
    declared
}

fn argument(body: &Body) -> Result<Argument, Refused> {
    let type_name = body.text("type")?.filter(|text| !text.trim().is_empty());
    let direction = body.word("direction", Direction::read)?;
    let mut argument = Argument::new(
        body.required_text("name")?,
        type_name.unwrap_or_else(|| "System.String".to_owned()),
        direction.unwrap_or(Direction::In),
    );
    argument.value = body.text("defaultValue")?;
    argument.allow_edit = body.boolean("allowEdit")?;
    if let Some(asset) = body.object("assetContent")? {
        argument.asset = Some(AssetContent {
            name: asset.text("name")?.unwrap_or_default(),
            description: asset.text("description")?,
            is_required_encryption: asset.boolean("isRequiredEncryption")?.unwrap_or_default(),
        });
    }
    Ok(argument)
}

fn read_source(text: &str) -> Option<Source> {
    match text.trim().to_ascii_lowercase().as_str() {
        "value" => Some(Source::Value),
        "previous" => Some(Source::Previous),
        _ => None,
    }
}

/// A text, or the text of a number or boolean as the console writes it.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(true) => Some("True".to_owned()),
        Value::Bool(false) => Some("False".to_owned()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A boolean as clients write it.
pub fn read_boolean(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// An id as clients write it: in either case, with or without braces and dashes.
pub fn parse_id(name: &str, text: &str) -> Result<Guid, Refused> {
    let parsed = text.trim().parse::<rpa::Guid>();
    parsed
        .map(|id| Guid(id.0))
        .map_err(|_| Refused::field(name, "a GUID"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rpa::terms::{JobExecutionPolicy, VideoRecordMode};

    fn body(text: &str) -> Body {
        match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => Body { fields, form: None },
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn fields_are_read_in_every_form_that_clients_send() {
        let body = body(
            r#"{"NAME":"w","priority":"2000","MaxRetryCount":3,"VideoRecordMode":"3","triggerPolicy":1,
                "jobSubjectId":null,"Tags":["a",null,"b"],"switchOn":"True","packageId":"9A0C7D89-404A-4896-A0B9-1ADD6D9551E8",
                "Properties":{"k":1},"when":"2022-07-29T12:13:49Z"}"#,
        );
        assert_eq!(body.text("Name").ok().flatten().as_deref(), Some("w"));
        assert_eq!(body.unsigned("Priority").ok().flatten(), Some(2000));
        assert_eq!(body.integer("maxRetryCount").ok().flatten(), Some(3));
        let mode = body.word("videoRecordMode", VideoRecordMode::read);
        assert_eq!(mode.ok().flatten(), Some(VideoRecordMode::AlwaysRecord));
        let policy = body.word("TriggerPolicy", JobExecutionPolicy::read);
        assert_eq!(policy.ok().flatten(), Some(JobExecutionPolicy::AnyTime));
        assert!(body.get("JobSubjectId").is_none() && body.get("none").is_none());
        assert_eq!(
            body.texts("tags").ok().flatten(),
            Some(vec!["a".into(), "b".into()])
        );
        assert_eq!(body.boolean("SwitchOn").ok().flatten(), Some(true));
        let id = Guid(0x9a0c_7d89_404a_4896_a0b9_1add_6d95_51e8);
        assert_eq!(body.id("PackageId").ok().flatten(), Some(id));
        assert_eq!(
            body.pairs("properties").ok().flatten(),
            Some(vec![("k".into(), "1".into())])
        );
        assert_eq!(body.instant("When").ok().flatten(), Some(1_659_096_829_000));
    }

    #[test]
    fn what_is_no_value_of_its_field_is_refused() {
        let body = body(r#"{"a":{},"b":"x","c":[1,{}],"d":-1,"e":1.5}"#);
        assert!(body.text("a").is_err() && body.id("b").is_err());
        assert!(body.integer("b").is_err() && body.boolean("b").is_err());
        assert!(body.texts("c").is_err() && body.objects("c").is_err() && body.texts("b").is_err());
        assert!(body.unsigned("d").is_err() && body.integer("e").is_err());
        assert!(body.instant("b").is_err() && body.word("b", VideoRecordMode::read).is_err());
    }
}
