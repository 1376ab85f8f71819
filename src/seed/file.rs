//! What a seed file may say. Wire types: nothing of them is kept.
//! Never: looks at the data.

use super::Complaint;
use serde::Deserialize;
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
