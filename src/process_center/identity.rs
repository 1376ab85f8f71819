//! /identityCtr: users, groups and memberships of other systems.
//!
//! Owns: the messages of the operations and the four reads that the documentation leaves out.
//! Never: keeps or shows a password; nothing of a call is done when a part of it is refused.

mod body;

use super::{
    Answered, Routes, envelope, error, get,
    parameters::{self, Parameters},
    post, tenant,
};
use crate::{
    http::{Context, Request},
    server::State,
};
use body::{Content, Unread};
use org::{Command, Group, User, stored_id};
use serde_json::{Value as Json, json};

/// Its part of the table.
pub fn routes() -> Routes {
    vec![
        post!("/identityCtr/syncUser", sync_user, "同步用户信息"),
        post!(
            "/identityCtr/syncUserList",
            sync_users,
            "同步用户信息(列表)"
        ),
        post!(
            "/identityCtr/syncGroup",
            sync_group,
            "同步用户组（角色）信息"
        ),
        post!(
            "/identityCtr/syncGroupList",
            sync_groups,
            "同步用户组（角色）信息(列表)"
        ),
        post!(
            "/identityCtr/syncUserAndGroup",
            sync_pair,
            "同步用户、用户组（角色）信息"
        ),
        post!(
            "/identityCtr/synUserAndGroupMembership",
            sync_memberships,
            "同步用户与用户组（角色）关系"
        ),
        post!(
            "/identityCtr/synUsersAndGroups",
            sync_all,
            "同步用户、用户组（角色）关系和用户与用户组（角色）关系"
        ),
        get!(
            "/identityCtr/getUserListBySystemId",
            users_of_system,
            "获取系统的用户列表"
        ),
        get!(
            "/identityCtr/getGroupListBySystemId",
            groups_of_system,
            "获取系统的用户组列表"
        ),
        get!(
            "/identityCtr/getUserListByGroupId",
            users_of_group,
            "获取用户组的用户列表"
        ),
        get!(
            "/identityCtr/getGroupListByUserId",
            groups_of_user,
            "获取用户的用户组列表"
        ),
    ]
}

async fn sync_user(state: Context<State>, request: Request) -> Answered {
    sync(&state, &request, "同步用户信息", body::user).await
}

async fn sync_users(state: Context<State>, request: Request) -> Answered {
    sync(&state, &request, "同步用户信息", body::users).await
}

async fn sync_group(state: Context<State>, request: Request) -> Answered {
    sync(&state, &request, "同步用户组（角色）信息", body::group).await
}

async fn sync_groups(state: Context<State>, request: Request) -> Answered {
    sync(&state, &request, "同步用户组（角色）信息", body::groups).await
}

async fn sync_pair(state: Context<State>, request: Request) -> Answered {
    sync(&state, &request, "同步用户、用户组（角色）信息", body::pair).await
}

async fn sync_memberships(state: Context<State>, request: Request) -> Answered {
    let operation = "同步用户与用户组（角色）关系";
    sync(&state, &request, operation, body::memberships).await
}

async fn sync_all(state: Context<State>, request: Request) -> Answered {
    let operation = "同步用户、用户组（角色）关系和用户与用户组（角色）关系";
    sync(&state, &request, operation, body::all).await
}

/// Inserts or updates what the body holds, all of it or nothing.
async fn sync(
    state: &Context<State>,
    request: &Request,
    operation: &str,
    read: fn(&str, Json) -> Result<Content, Unread>,
) -> Answered {
    let system = Parameters::of(request)?.text("systemId")?;
    let failed = |why: &str| envelope::failed(&format!("{operation}失败！"), why);
    let content = match read(&system, parameters::json(request)?) {
        Ok(content) => content,
        Err(Unread::Form(why)) => return Err(error::Trouble::bad_request(why)),
        Err(Unread::Content(why)) => return failed(&why),
    };
    let command = Command::Synchronise {
        tenant: tenant(state, request),
        users: content.users,
        groups: content.groups,
        memberships: content.memberships,
    };
    let engine = &state.engine;
    match engine.organisation.command(engine.core(), command).await {
        Ok(()) => envelope::done(&format!("{operation}成功！")),
        Err(failure) => failed(&error::business(failure)?.to_string()),
    }
}

const USERS: &str = "获取用户列表成功";
const GROUPS: &str = "获取用户组列表成功";

async fn users_of_system(state: Context<State>, request: Request) -> Answered {
    let system = Parameters::of(&request)?.text("systemId")?;
    let tenant = tenant(&state, &request);
    let users = state.engine.organisation.look(|organisation| {
        let users = organisation.users_of_system(tenant, Some(&system));
        users.map(user).collect()
    });
    envelope::success(USERS, users)
}

async fn groups_of_system(state: Context<State>, request: Request) -> Answered {
    let system = Parameters::of(&request)?.text("systemId")?;
    let tenant = tenant(&state, &request);
    let groups = state.engine.organisation.look(|organisation| {
        let groups = organisation.groups_of_system(tenant, Some(&system));
        groups.map(group).collect()
    });
    envelope::success(GROUPS, groups)
}

async fn users_of_group(state: Context<State>, request: Request) -> Answered {
    let parameters = Parameters::of(&request)?;
    let id = parameters.text("groupId")?;
    let id = stored_id(Some(&parameters.text("systemId")?), Some(&id));
    let tenant = tenant(&state, &request);
    let users = state.engine.organisation.look(|organisation| {
        let users = organisation.users_of_group(tenant, &id);
        users.map(user).collect()
    });
    envelope::success(USERS, users)
}

async fn groups_of_user(state: Context<State>, request: Request) -> Answered {
    let parameters = Parameters::of(&request)?;
    let id = parameters.text("userId")?;
    let id = stored_id(Some(&parameters.text("systemId")?), Some(&id));
    let tenant = tenant(&state, &request);
    let groups = state.engine.organisation.look(|organisation| {
        let groups = organisation.groups_of_user(tenant, &id);
        groups.map(group).collect()
    });
    envelope::success(GROUPS, groups)
}

fn user(user: &User) -> Json {
    json!({
        "id": user.id,
        "firstName": user.first_name,
        "lastName": user.last_name,
        "email": user.email,
        "pictureByteArrayId": null,
    })
}

fn group(group: &Group) -> Json {
    json!({"id": group.id, "name": group.name, "type": group.kind})
}
