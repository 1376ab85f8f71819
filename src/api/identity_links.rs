//! Identity links of a task: candidates and others, and its assignee and owner as links of those types.
//! Never: more than one link a request.

use super::{
    common::{self, Answered},
    json::{Object, key},
    order::{self, Write},
    page,
    problem::Refused,
    subject::Subject,
};
use crate::{
    http::{Context, Params, Request, StatusCode},
    server::State,
};
use actors::{message::Rendered, views::Task};
use bpmn::{
    Command,
    instance::TaskPatch,
    rows::{Identity, IdentityLink},
};
use codec::Id;
use serde::Deserialize;

const ASSIGNEE: &str = "assignee";
const OWNER: &str = "owner";

/// `GET /tasks/{id}/identity-links`
pub async fn list(state: Context<State>, request: Request, params: Params) -> Answered {
    let id = Subject::Task.parse(params.get("id"))?;
    let views = state.engine.views.read();
    let task = views.task(common::tenant(&state, &request), id);
    let task = task.ok_or_else(|| Subject::Task.unknown(params.get("id")))?;
    let all: Vec<(u64, IdentityLink)> = (1..).zip(links(task)).collect();
    page::of_all(
        &request,
        &all,
        |(n, _)| *n,
        |(_, link), out| push(link, out),
    )
}

fn links(task: Task<'_>) -> Vec<IdentityLink> {
    let named = [(ASSIGNEE, task.assignee()), (OWNER, task.owner())];
    let named = named.into_iter().filter_map(|(link_type, user)| {
        Some(IdentityLink {
            link_type: link_type.to_owned(),
            who: Identity::User(user?.to_owned()),
        })
    });
    named.chain(task.links().iter().cloned()).collect()
}

fn push(link: &IdentityLink, out: &mut String) {
    let mut object = Object::begin(out);
    object.text(key!("type"), &link.link_type);
    match &link.who {
        Identity::User(user) => object.text(key!("userId"), user),
        Identity::Group(group) => object.text(key!("groupId"), group),
    }
    object.end();
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct LinkBody {
    #[serde(rename = "type")]
    link_type: Option<String>,
    user_id: Option<String>,
    group_id: Option<String>,
}

impl LinkBody {
    /// Out of the body; a DELETE may say it in the query.
    fn read(request: &Request) -> Result<IdentityLink, Refused> {
        let body = if request.body.is_empty() {
            let text = |name| request.query.get(name).map(str::to_owned);
            LinkBody {
                link_type: text("type"),
                user_id: text("userId"),
                group_id: text("groupId"),
            }
        } else {
            common::body(request)?
        };
        let who = match (body.user_id, body.group_id) {
            (Some(user), None) => Identity::User(user),
            (None, Some(group)) => Identity::Group(group),
            _ => {
                return Err(Refused::malformed(
                    "a link has either a userId or a groupId",
                ));
            }
        };
        let link_type = body
            .link_type
            .unwrap_or_else(|| IdentityLink::CANDIDATE.to_owned());
        if matches!(who, Identity::Group(_)) && (link_type == ASSIGNEE || link_type == OWNER) {
            return Err(Refused::malformed(format!("the {link_type} is a user")));
        }
        Ok(IdentityLink { link_type, who })
    }
}

fn own(task: u32, owner: Option<String>) -> Command {
    let patch = TaskPatch {
        owner: Some(owner),
        ..TaskPatch::default()
    };
    Command::UpdateTask {
        task,
        patch: Box::new(patch),
    }
}

/// `POST /tasks/{id}/identity-links`
pub async fn add(state: Context<State>, request: Request, params: Params) -> Answered {
    let id = Subject::Task.parse(params.get("id"))?;
    let link = LinkBody::read(&request)?;
    let task = id.number;
    let command = match (&*link.link_type, &link.who) {
        (ASSIGNEE, Identity::User(user)) => Command::AssignTask {
            task,
            user: Some(user.clone()),
        },
        (OWNER, Identity::User(user)) => own(task, Some(user.clone())),
        _ => Command::AddLink {
            task,
            link: link.clone(),
        },
    };
    let write = Write::of(&state, &request);
    order::order(&state, write, Subject::Task, id, command, move |_| {
        let mut body = String::with_capacity(128);
        push(&link, &mut body);
        Rendered {
            status: StatusCode::CREATED.as_u16(),
            location: format!("/api/v1/tasks/{id}/identity-links"),
            body: body.into_bytes(),
        }
    })
    .await
}

/// `DELETE /tasks/{id}/identity-links`
pub async fn remove(state: Context<State>, request: Request, params: Params) -> Answered {
    let id = Subject::Task.parse(params.get("id"))?;
    let link = LinkBody::read(&request)?;
    let write = Write::of(&state, &request);
    let command = removal(&state, write, id, link)?;
    order::order(&state, write, Subject::Task, id, command, |_| order::gone()).await
}

/// Somebody else as assignee or owner stays: then the removal is one of a link that is not there.
fn removal(state: &State, write: Write, id: Id, link: IdentityLink) -> Result<Command, Refused> {
    let views = state.engine.views.read();
    let task = views.task(write.tenant, id);
    let named = |user: Option<&str>| match &link.who {
        Identity::User(wanted) => user == Some(wanted),
        Identity::Group(_) => false,
    };
    let number = id.number;
    Ok(match (&*link.link_type, task) {
        (ASSIGNEE, Some(task)) if named(task.assignee()) => Command::AssignTask {
            task: number,
            user: None,
        },
        (OWNER, Some(task)) if named(task.owner()) => own(number, None),
        _ => Command::RemoveLink { task: number, link },
    })
}
