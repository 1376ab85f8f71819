//! What a seed file may say. Wire types: nothing of them is kept.
//! Never: looks at the data.

use super::Complaint;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use std::{fmt, path::PathBuf};
use toml::Spanned;

/// The whole file. Every table knows where it stands.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct File {
    pub company: Vec<Spanned<Company>>,
    pub department: Vec<Spanned<Department>>,
    pub role: Vec<Spanned<Role>>,
    pub user: Vec<Spanned<User>>,
    pub client: Vec<Spanned<Client>>,
    pub robot: Vec<Spanned<Robot>>,
    pub api_key: Vec<Spanned<ApiKey>>,
    pub group: Vec<Spanned<Group>>,
    pub asset: Vec<Spanned<Asset>>,
    pub package: Vec<Spanned<Package>>,
    pub upload: Vec<Spanned<Upload>>,
    pub workflow: Vec<Spanned<Workflow>>,
    pub layout: Vec<Spanned<Layout>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Company {
    pub id: Option<String>,
    pub name: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Department {
    pub id: Option<String>,
    pub company: Option<String>,
    pub parent: Option<String>,
    pub name: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    pub id: Option<String>,
    pub company: Option<String>,
    pub name: String,
    #[serde(default)]
    pub scope: Scope,
    pub permissions: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Scope {
    #[default]
    Department,
    Company,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    pub id: Option<String>,
    pub user_name: String,
    pub name: Option<String>,
    pub password: String,
    #[serde(default)]
    pub system_admin: bool,
    pub email: Option<String>,
    pub phone_number: Option<String>,
    #[serde(default)]
    pub member: Vec<Member>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    pub company: Option<String>,
    pub department: Option<String>,
    #[serde(default)]
    pub roles: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    pub id: String,
    pub name: Option<String>,
    pub secret: Option<String>,
    pub grants: Vec<String>,
    pub access_token_s: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Robot {
    pub id: Option<String>,
    pub company: Option<String>,
    pub department: Option<String>,
    pub name: String,
    pub secret: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    pub id: Option<String>,
    pub company: Option<String>,
    pub department: Option<String>,
    pub name: String,
    pub key: String,
    #[serde(default)]
    pub roles: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub id: Option<String>,
    pub company: Option<String>,
    pub department: Option<String>,
    pub name: String,
    #[serde(default)]
    pub robots: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asset {
    pub id: Option<String>,
    pub company: Option<String>,
    pub department: Option<String>,
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub value: Option<Scalar>,
    pub user_name: Option<String>,
    pub password: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    pub id: Option<String>,
    pub version_id: Option<String>,
    pub company: Option<String>,
    pub department: Option<String>,
    pub file: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upload {
    pub id: String,
    pub company: Option<String>,
    pub department: Option<String>,
    pub file: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workflow {
    pub id: Option<String>,
    pub company: Option<String>,
    pub department: Option<String>,
    pub name: String,
    pub package_version: String,
    pub group: Option<String>,
    #[serde(default)]
    pub robots: Vec<String>,
    pub priority: Option<u32>,
    pub max_retry_count: Option<u32>,
    #[serde(default)]
    pub arguments: Arguments,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    pub id: Option<String>,
    pub company: Option<String>,
    pub department: Option<String>,
    pub name: String,
    pub nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    pub workflow: String,
    pub name: Option<String>,
}

/// Values by name, as `{ a = 41 }` or as the console takes them: `[{ name = "a", defaultValue = "41" }]`.
#[derive(Debug, Default)]
pub struct Arguments(pub Vec<Given>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    pub name: String,
    #[serde(rename = "type")]
    pub type_name: Option<String>,
    pub direction: Option<String>,
    #[serde(alias = "defaultValue", alias = "default_value")]
    pub value: Option<Scalar>,
}

impl<'de> Deserialize<'de> for Arguments {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Listing)
    }
}

struct Listing;

impl<'de> Visitor<'de> for Listing {
    type Value = Arguments;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("values by name, or an array of arguments with name and defaultValue")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Arguments, A::Error> {
        let mut all = Vec::new();
        while let Some((name, value)) = map.next_entry()? {
            all.push(Given {
                name,
                type_name: None,
                direction: None,
                value: Some(value),
            });
        }
        // A table has no order of its own, and what was made of one before must be the same.
        all.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Arguments(all))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Arguments, A::Error> {
        let mut all = Vec::new();
        while let Some(given) = list.next_element()? {
            all.push(given);
        }
        Ok(Arguments(all))
    }
}

/// One value, which the console keeps as text.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    Text(String),
    Boolean(bool),
    Integer(i64),
    Float(f64),
}

impl Scalar {
    /// As the console writes it.
    pub fn text(&self) -> String {
        match self {
            Scalar::Text(text) => text.clone(),
            Scalar::Boolean(true) => "True".to_owned(),
            Scalar::Boolean(false) => "False".to_owned(),
            Scalar::Integer(number) => number.to_string(),
            Scalar::Float(number) => number.to_string(),
        }
    }
}

impl std::fmt::Debug for Asset {
    /// Without the value.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Asset({})", self.name)
    }
}

impl File {
    /// Reads the text.
    pub fn read(text: &str) -> Result<File, Complaint> {
        toml::from_str(text).map_err(|error| Complaint {
            line: line_at(text, error.span().map_or(0, |span| span.start)),
            reason: error.message().trim_end().replace('\n', "; "),
        })
    }
}

/// The line in which a byte stands, counted from 1.
pub fn line_at(text: &str, at: usize) -> usize {
    let before = &text.as_bytes()[..at.min(text.len())];
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}
