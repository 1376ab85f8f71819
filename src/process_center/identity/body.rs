//! The bodies of the sync operations, in every form in which clients send them: plain JSON, JSON inside strings, lists,
//! lists inside an object.
//!
//! Owns: their reading into users, groups and memberships with stored ids. Never: keeps a password.

use crate::process_center::parameters::Object;
use org::{Group, Membership, User, stored_id};
use serde_json::Value as Json;

/// What a body holds.
#[derive(Debug, Default)]
pub struct Content {
    /// Users.
    pub users: Vec<User>,
    /// Groups.
    pub groups: Vec<Group>,
    /// Who is where.
    pub memberships: Vec<Membership>,
}

/// Why a body is not read.
#[derive(Debug)]
pub enum Unread {
    /// The body as a whole is of a wrong type.
    Form(String),
    /// Something in it is missing or of a wrong type.
    Content(String),
}

type Read<T> = Result<T, Unread>;

fn content<T>(why: impl Into<String>) -> Read<T> {
    Err(Unread::Content(why.into()))
}

/// `{"id", "firstName", …}`
pub fn user(system: &str, body: Json) -> Read<Content> {
    let user = user_of(system, whole(body)?).map_err(typed)?;
    Ok(Content {
        users: vec![user],
        ..Content::default()
    })
}

/// `{"id", "name", "type"}`
pub fn group(system: &str, body: Json) -> Read<Content> {
    let group = group_of(system, whole(body)?).map_err(typed)?;
    Ok(Content {
        groups: vec![group],
        ..Content::default()
    })
}

/// `[user, …]`, or `{"users": [user, …]}`
pub fn users(system: &str, body: Json) -> Read<Content> {
    let users = each(listed(body, "users")?, |json| user_of(system, json));
    Ok(Content {
        users: users?,
        ..Content::default()
    })
}

/// `[group, …]`, or `{"groups": [group, …]}`
pub fn groups(system: &str, body: Json) -> Read<Content> {
    let groups = each(listed(body, "groups")?, |json| group_of(system, json));
    Ok(Content {
        groups: groups?,
        ..Content::default()
    })
}

/// `{"user", "group"}`: both, and that the user is in the group.
pub fn pair(system: &str, body: Json) -> Read<Content> {
    let mut body = whole(body)?;
    let user = user_of(system, object(part(&mut body, "user")?, "user")?)?;
    let group = group_of(system, object(part(&mut body, "group")?, "group")?)?;
    let membership = Membership {
        user: user.id.clone(),
        group: group.id.clone(),
    };
    Ok(Content {
        users: vec![user],
        groups: vec![group],
        memberships: vec![membership],
    })
}

/// `{"userId": "groupId", …}`; several groups in a list.
pub fn memberships(system: &str, body: Json) -> Read<Content> {
    Ok(Content {
        memberships: memberships_of(system, whole(body)?)?,
        ..Content::default()
    })
}

/// `{"users", "groups", "userAndGroup"}`, all three.
pub fn all(system: &str, body: Json) -> Read<Content> {
    let mut body = whole(body)?;
    let users = list(part(&mut body, "users")?, "users")?;
    let groups = list(part(&mut body, "groups")?, "groups")?;
    let memberships = object(part(&mut body, "userAndGroup")?, "userAndGroup")?;
    Ok(Content {
        users: each(users, |json| user_of(system, json))?,
        groups: each(groups, |json| group_of(system, json))?,
        memberships: memberships_of(system, memberships)?,
    })
}

/// The body as an object.
fn whole(body: Json) -> Read<Object> {
    match body {
        Json::Object(object) => Ok(object),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => Err(
            Unread::Form("JSON parse error: an object is expected".to_owned()),
        ),
    }
}

/// The body of a single user or group is read into its fields at once: a field of a wrong type is a malformed body.
fn typed(unread: Unread) -> Unread {
    match unread {
        Unread::Content(why) if why.ends_with(NOT_TEXT) => {
            Unread::Form(format!("JSON parse error: {why}"))
        }
        other => other,
    }
}

const NOT_TEXT: &str = "must be a text";

/// A list as the body, or as a member of it.
fn listed(body: Json, name: &str) -> Read<Vec<Json>> {
    match body {
        Json::Array(items) => Ok(items),
        Json::Object(mut object) => list(part(&mut object, name)?, name),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => Err(Unread::Form(
            "JSON parse error: a list is expected".to_owned(),
        )),
    }
}

fn part(body: &mut Object, name: &str) -> Read<Json> {
    match body.remove(name) {
        None | Some(Json::Null) => content(format!("'{name}' is missing")),
        Some(Json::String(text)) => match serde_json::from_str(&text) {
            Ok(json) => Ok(json),
            Err(error) => content(format!("'{name}' is not JSON: {error}")),
        },
        Some(json) => Ok(json),
    }
}

fn list(json: Json, name: &str) -> Read<Vec<Json>> {
    match json {
        Json::Array(items) => Ok(items),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Object(_) => {
            content(format!("'{name}' must be a list"))
        }
    }
}

fn object(json: Json, name: &str) -> Read<Object> {
    match json {
        Json::Object(object) => Ok(object),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
            content(format!("'{name}' must be an object"))
        }
    }
}

fn each<T>(items: Vec<Json>, read: impl Fn(Object) -> Read<T>) -> Read<Vec<T>> {
    items
        .into_iter()
        .map(|item| match item {
            Json::String(text) => match serde_json::from_str(&text) {
                Ok(json) => read(object(json, "an entry of the list")?),
                Err(error) => content(format!("an entry of the list is not JSON: {error}")),
            },
            item => read(object(item, "an entry of the list")?),
        })
        .collect()
}

fn user_of(system: &str, mut json: Object) -> Read<User> {
    Ok(User {
        id: id(system, &mut json)?,
        first_name: text(&mut json, "firstName")?,
        last_name: text(&mut json, "lastName")?,
        email: text(&mut json, "email")?,
    })
}

fn group_of(system: &str, mut json: Object) -> Read<Group> {
    Ok(Group {
        id: id(system, &mut json)?,
        name: text(&mut json, "name")?,
        kind: text(&mut json, "type")?,
    })
}

fn id(system: &str, json: &mut Object) -> Read<String> {
    match text(json, "id")? {
        Some(id) => Ok(stored_id(Some(system), Some(&id))),
        None => content("the id is missing"),
    }
}

/// A text; numbers and booleans are taken as theirs.
fn text(json: &mut Object, name: &str) -> Read<Option<String>> {
    match json.remove(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(scalar @ (Json::Bool(_) | Json::Number(_))) => Ok(Some(scalar.to_string())),
        Some(Json::Array(_) | Json::Object(_)) => content(format!("'{name}' {NOT_TEXT}")),
    }
}

fn memberships_of(system: &str, json: Object) -> Read<Vec<Membership>> {
    let mut memberships = Vec::new();
    for (user, groups) in json {
        let groups = match groups {
            Json::Null => Vec::new(),
            Json::Array(groups) => groups,
            one @ (Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Object(_)) => {
                vec![one]
            }
        };
        for group in groups {
            let Json::String(group) = group else {
                return content(format!("the group of '{user}' must be a text"));
            };
            memberships.push(Membership {
                user: stored_id(Some(system), Some(&user)),
                group: stored_id(Some(system), Some(&group)),
            });
        }
    }
    Ok(memberships)
}
