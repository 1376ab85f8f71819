//! What operations take in their bodies: the fields, what each is, and which must be there.
//!
//! Owns: the schemas of the document, made of what the lines of the table declare. A build with debug assertions lets no
//! function read a field that its line does not declare, or as something else ([`super::body`]).
//! Never: reads a body.

use rpa::terms::{Direction, JobExecutionPolicy, VideoRecordMode};
use serde_json::{Map, Value, json};

/// The fields of a body, in parts that bodies share.
pub type Form = &'static [&'static [Field]];

/// Left with a request for who reads its body.
#[derive(Clone, Copy, Debug)]
pub struct Declared(pub Form);

/// A field.
#[derive(Debug)]
pub struct Field {
    /// Its name, as the document writes it.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Whether it must be there.
    pub required: bool,
}

/// What a field is.
#[derive(Debug)]
pub enum Kind {
    /// A text.
    Text,
    /// A GUID.
    Id,
    /// A whole number.
    Integer,
    /// A whole number that is not negative.
    Natural,
    /// A boolean.
    Boolean,
    /// An instant.
    Instant,
    /// A word of a closed list.
    Word(fn() -> Vec<&'static str>),
    /// Texts.
    Texts,
    /// GUIDs.
    Ids,
    /// Texts by key.
    Pairs,
    /// An object.
    Object(Form),
    /// Objects.
    Objects(Form),
    /// Any JSON.
    Any,
}

/// A field that may be left out.
pub const fn field(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        kind,
        required: false,
    }
}

/// A field that must be there.
pub const fn required(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        kind,
        required: true,
    }
}

/// The words of a list of `rpa::terms`.
macro_rules! words {
    ($list:ty) => {
        $crate::console::form::Kind::Word(|| <$list>::ALL.iter().map(|word| word.name()).collect())
    };
}
pub(crate) use words;

/// What is said about anything.
pub const NOTES: &[Field] = &[
    field("description", Kind::Text),
    field("tags", Kind::Texts),
    field("properties", Kind::Pairs),
];
/// A name that may be left as it is.
pub const NAME: &[Field] = &[field("name", Kind::Text)];
/// The name of something new.
pub const NEW_NAME: &[Field] = &[required("name", Kind::Text)];
/// The eTag that a change is meant for.
pub const ETAG: &[Field] = &[field("eTag", Kind::Text)];
/// Where something new belongs.
pub const PLACE: &[Field] = &[
    field("companyId", Kind::Id),
    field("departmentId", Kind::Id),
];
/// Roles by id or name, in either field.
pub const ROLES: &[Field] = &[field("roleIds", Kind::Texts), field("roles", Kind::Texts)];
/// The robots that something is done with.
pub const ROBOTS: Form = &[&[required("robotIds", Kind::Ids)]];
/// The name and the notes of something, and the eTag that they are meant for.
pub const LABEL: Form = &[NAME, NOTES, ETAG];
/// A body of which nothing is read but that it is JSON.
pub const NOTHING: Form = &[];

const ASSET_CONTENT: Form = &[&[
    field("name", Kind::Text),
    field("description", Kind::Text),
    field("isRequiredEncryption", Kind::Boolean),
]];
const ARGUMENT: &[Field] = &[
    required("name", Kind::Text),
    field("type", Kind::Text),
    field("direction", words!(Direction)),
    field("defaultValue", Kind::Text),
    field("allowEdit", Kind::Boolean),
    field("assetContent", Kind::Object(ASSET_CONTENT)),
];
/// Arguments.
pub const ARGUMENTS: Kind = Kind::Objects(&[ARGUMENT]);
/// Arguments that say where their values come from.
pub const SOURCED_ARGUMENTS: Kind = Kind::Objects(&[
    ARGUMENT,
    &[field("source", Kind::Word(|| vec!["Value", "Previous"]))],
]);
/// How something is executed.
pub const EXECUTION: &[Field] = &[
    field("arguments", ARGUMENTS),
    field("videoRecordMode", words!(VideoRecordMode)),
    field("priority", Kind::Natural),
    field("maxRetryCount", Kind::Natural),
    field("maxRunSeconds", Kind::Natural),
    field("triggerPolicy", words!(JobExecutionPolicy)),
];

/// Which field of a form this is, in any case.
pub fn find(form: Form, name: &str) -> Option<&'static Field> {
    let mut fields = form.iter().copied().flatten();
    fields.find(|field| field.name.eq_ignore_ascii_case(name))
}

/// The schema of a form.
pub fn schema(form: Form) -> Value {
    let fields = || form.iter().copied().flatten();
    let properties: Map<String, Value> = fields()
        .map(|field| (field.name.to_owned(), field.kind.schema()))
        .collect();
    let required: Vec<&str> = fields()
        .filter(|field| field.required)
        .map(|field| field.name)
        .collect();
    let mut schema = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    schema
}

impl Kind {
    /// The fields of what is an object, or objects.
    pub fn form(&self) -> Option<Form> {
        match self {
            Kind::Object(form) | Kind::Objects(form) => Some(form),
            Kind::Text
            | Kind::Id
            | Kind::Integer
            | Kind::Natural
            | Kind::Boolean
            | Kind::Instant
            | Kind::Word(_)
            | Kind::Texts
            | Kind::Ids
            | Kind::Pairs
            | Kind::Any => None,
        }
    }

    fn schema(&self) -> Value {
        match self {
            Kind::Text => json!({"type": "string"}),
            Kind::Id => json!({"type": "string", "format": "uuid"}),
            Kind::Integer => json!({"type": "integer"}),
            Kind::Natural => json!({"type": "integer", "minimum": 0}),
            Kind::Boolean => json!({"type": "boolean"}),
            Kind::Instant => json!({"type": "string", "format": "date-time"}),
            Kind::Word(words) => json!({"type": "string", "enum": words()}),
            Kind::Texts => list(&Kind::Text.schema()),
            Kind::Ids => list(&Kind::Id.schema()),
            Kind::Pairs => json!({"type": "object", "additionalProperties": {"type": "string"}}),
            Kind::Object(form) => schema(form),
            Kind::Objects(form) => list(&schema(form)),
            Kind::Any => json!({}),
        }
    }
}

fn list(items: &Value) -> Value {
    json!({"type": "array", "items": items})
}
