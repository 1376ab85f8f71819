//! Robots: what is registered of them, how they are now, and the secret that each connects with.
//!
//! Owns: how they look, and that a robot's registration and its client of OAuth come and go together.
//! Never: shows a secret twice, or connects one.
//!
//! ```text
//!  POST            ─▶ registered, in its groups: one record ─▶ client with a random secret ─▶ connection string, this once
//!  POST {id}/secret ─▶ another secret (a client, if a crash came between) ─▶ its tokens and its connection end
//!  DELETE          ─▶ registered no more ─▶ no client (at the next start, if a crash came between)
//! ```

use super::{
    body::Body,
    call::{Answered, Call, Place, done, new_id, ok},
    form::{self, Field, Form, Kind, field, words},
    groups::{ASKED, Asked},
    json::Object,
    page,
    problem::{Refused, internal},
    table::{Endpoint, delete, get, patch, post},
};
use crate::sso::secret;
use actors::jobs::Presence;
use org::{
    Command, Guid, Permission as P,
    clients::{self, ACCESS_TOKEN_S, Client, Grant, Owner},
};
use rpa::{
    registry::{Action, Robot, RobotSettings, State},
    terms::ConsoleManagement,
};
use std::collections::BTreeSet;

const SETTINGS: &[Field] = &[
    field("consoleManagement", words!(ConsoleManagement)),
    field("queueIds", Kind::Ids),
];
const NEW: Form = &[form::NEW_NAME, form::NOTES, form::PLACE, SETTINGS];
const CHANGE: Form = &[form::NAME, form::NOTES, form::ETAG, SETTINGS];

/// The lines of the table.
pub fn endpoints() -> Vec<Endpoint> {
    vec![
        get("/openapi/robots", P::RobotView, list, "Robots")
            .lists()
            .query(&ASKED),
        post(
            "/openapi/robots",
            P::RobotCreate,
            create,
            "Register a robot; its connection string is shown this once",
        )
        .takes(NEW),
        get("/openapi/robots/{id}", P::RobotView, show, "A robot"),
        patch(
            "/openapi/robots/{id}",
            P::RobotEdit,
            change,
            "Change a robot",
        )
        .takes(CHANGE),
        delete(
            "/openapi/robots/{id}",
            P::RobotDelete,
            remove,
            "Delete a robot that is not connected and that nothing uses",
        ),
        post(
            "/openapi/robots/{id}/secret",
            P::RobotEdit,
            renew,
            "Give a robot another secret; the old one ends",
        )
        .takes(form::NOTHING),
    ]
}

/// A robot as it is registered, with the groups that it is in. How it is now is looked up when it is shown.
pub struct Found {
    robot: Robot,
    groups: Vec<rpa::Guid>,
}

impl Found {
    /// Of a robot of the registry.
    pub fn of(registry: &State, robot: &Robot) -> Self {
        let groups = registry.groups_of_robot(robot.id);
        Found {
            groups: groups.filter(|group| *group != robot.queue).collect(),
            robot: robot.clone(),
        }
    }

    /// Its members, the object left open for more.
    pub fn push(&self, presence: &Presence, company: Guid, object: &mut Object<'_>) {
        let robot = &self.robot;
        object.id("id", robot.id);
        object.label(&robot.label);
        object.text("status", presence.status(robot.id).name());
        object.maybe_instant("lastHeartbeatTime", presence.last_seen_ms(robot.id));
        let reported = &robot.reported;
        object.maybe_text("version", reported.version.as_deref());
        object.maybe_text("sdkVersion", reported.sdk_version.as_deref());
        object.maybe_text("currentDeviceId", reported.device_id.as_deref());
        object.texts("capabilities", &reported.capabilities);
        object.text("consoleManagement", robot.management.name());
        object.ids("queueIds", &self.groups);
        object.id("dedicatedQueueId", robot.queue);
        // There are no licences here.
        object.text("licenseStatus", "ServerLicensed");
        object.text("clientSku", "Enterprise");
        object.boolean("canUpgrade", false);
        object.texts("listeningStatus", &[] as &[&str]);
        object.meta("Robot", company, &robot.meta);
    }
}

/// 200 with a page of robots.
pub fn list_of(call: &Call, count: usize, page: &[Found]) -> Answered {
    let jobs = call.state.engine.jobs.read();
    page::list(count, page, |found, out| {
        let mut object = Object::begin(out);
        found.push(jobs.presence(), call.visitor.company, &mut object);
        object.end();
    })
}

/// Robots that a body names must be the company's (400), and the caller must have the permission where they are (403).
pub fn check(call: &Call, permission: P, ids: &[rpa::Guid]) -> Result<(), Refused> {
    call.state.engine.registry.look(|registry| {
        for id in ids {
            let robot = registry.robot(call.tenant(), *id).ok_or_else(|| {
                Refused::from(rpa::registry::Refusal::UnknownReference {
                    kind: rpa::registry::Kind::Robot,
                    id: *id,
                })
            })?;
            call.check(permission, robot.meta.department)?;
        }
        Ok(())
    })
}

/// The robot that the path names, when the caller may do `permission` with it.
fn find(call: &Call, permission: P) -> Result<Found, Refused> {
    let id = call.id("id")?;
    call.state.engine.registry.look(|registry| {
        let found = registry.robot(call.tenant(), id);
        let robot = call.checked(permission, "robot", found)?;
        Ok(Found::of(registry, robot))
    })
}

/// `GET /openapi/robots`
async fn list(call: Call) -> Answered {
    let query = call.resource_query()?;
    let scope = call.scope(P::RobotView)?;
    let (count, page) = call.state.engine.registry.look(|registry| {
        let asked = Asked::read(call.query(), registry, call.tenant())?;
        let robots = registry.robots(call.tenant());
        let robots = robots.filter(|robot| asked.takes_robot(registry, robot));
        let (count, page) = query.page(&scope, robots);
        let page = page.into_iter().map(|robot| Found::of(registry, robot));
        Ok::<_, Refused>((count, page.collect::<Vec<_>>()))
    })?;
    list_of(&call, count, &page)
}

/// `GET /openapi/robots/{id}`
async fn show(call: Call) -> Answered {
    let found = find(&call, P::RobotView)?;
    ok(rendered(&call, call.visitor.company, &found, None))
}

fn rendered(call: &Call, company: Guid, found: &Found, connection: Option<&str>) -> String {
    let jobs = call.state.engine.jobs.read();
    let mut out = String::new();
    let mut object = Object::begin(&mut out);
    found.push(jobs.presence(), company, &mut object);
    object.maybe_text("connectionString", connection);
    object.end();
    out
}

fn settings(body: &Body) -> Result<RobotSettings, Refused> {
    Ok(RobotSettings {
        label: body.label()?,
        management: body.word("consoleManagement", ConsoleManagement::read)?,
    })
}

/// `POST /openapi/robots`
async fn create(call: Call) -> Answered {
    let body = call.body()?;
    let place = call.place(&body, P::RobotCreate)?;
    let settings = settings(&body)?;
    let groups = Regrouping::read(&call, &body, &[])?;
    if place.tenant != call.tenant() && !groups.is_empty() {
        return Err(Refused::field("queueIds", "groups of the robot's company"));
    }
    let (id, queue) = (new_id()?, new_id()?);
    let create = Action::CreateRobot {
        id,
        queue,
        department: place.department,
        settings,
    };
    let actions = [create].into_iter().chain(groups.actions(id));
    let commands = actions.map(|action| place.command(action)).collect();
    let engine = &call.state.engine;
    engine.registry.commands(engine.core(), commands).await?;
    let found = placed(&call, &place, id)?;
    let connection = enter(&call, &found.robot).await?;
    ok(rendered(&call, place.company, &found, Some(&connection)))
}

fn placed(call: &Call, place: &Place, id: rpa::Guid) -> Result<Found, Refused> {
    let found = call.state.engine.registry.look(|registry| {
        let robot = registry.robot(place.tenant, id)?;
        Some(Found::of(registry, robot))
    });
    // Somebody may have deleted it already.
    found.ok_or_else(|| Refused::unknown("robot", &id.to_string()))
}

/// Gives a robot a new secret: whatever came with an earlier one ends. Answers with the connection string.
async fn enter(call: &Call, robot: &Robot) -> Result<String, Refused> {
    let state = &call.state;
    let engine = &state.engine;
    let secret = secret::text("").map_err(|error| internal(&error.to_string()))?;
    let client = robot.id.to_string();
    let digest = secret::digest(&secret);
    let known = engine
        .organisation
        .look(|organisation| organisation.clients.client(&client).is_some());
    let command = if known {
        clients::Command::ReplaceSecret {
            id: client.clone(),
            secret: digest,
        }
    } else {
        clients::Command::RegisterClient(Client {
            name: robot.label.name.clone(),
            id: client.clone(),
            secret: Some(digest),
            grants: vec![Grant::ClientCredentials],
            access_token_s: ACCESS_TOKEN_S,
            owner: Owner::Robot {
                tenant: robot.meta.tenant,
                department: Guid(robot.meta.department.0),
                id: Guid(robot.id.0),
            },
            revision: 0,
        })
    };
    let command = Command::Clients(command);
    engine.organisation.command(engine.core(), command).await?;
    state.sso.forget_verified();
    engine.robots.evict(robot.id);
    Ok(format!(
        "HubUrl={}/robothub;ClientId={client};ClientSecret={secret};AuthenticationUrl={}/connect/token",
        state.gateway_url(),
        state.sso.issuer(),
    ))
}

/// `POST /openapi/robots/{id}/secret`
async fn renew(call: Call) -> Answered {
    // Only read to be refused when it is no JSON.
    call.body()?;
    let robot = find(&call, P::RobotEdit)?.robot;
    let connection = enter(&call, &robot).await?;
    let mut out = String::new();
    let mut object = Object::begin(&mut out);
    object.id("id", robot.id);
    object.text("connectionString", &connection);
    object.end();
    ok(out)
}

/// `PATCH /openapi/robots/{id}`
async fn change(call: Call) -> Answered {
    let body = call.body()?;
    let found = find(&call, P::RobotEdit)?;
    let id = found.robot.id;
    let groups = Regrouping::read(&call, &body, &found.groups)?;
    let change = Action::ChangeRobot {
        id,
        etag: body.etag()?,
        settings: settings(&body)?,
    };
    let actions = [change].into_iter().chain(groups.actions(id));
    let commands = actions.map(|action| call.command(action)).collect();
    let engine = &call.state.engine;
    engine.registry.commands(engine.core(), commands).await?;
    let found = find(&call, P::RobotEdit)?;
    ok(rendered(&call, call.visitor.company, &found, None))
}

/// `DELETE /openapi/robots/{id}`
async fn remove(call: Call) -> Answered {
    let id = find(&call, P::RobotDelete)?.robot.id;
    let engine = &call.state.engine;
    // Both are looked up where it is decided.
    let command = call.command(Action::DeleteRobot {
        id,
        connected: false,
        open_jobs: 0,
    });
    engine.change_registry(command).await?;
    let client = id.to_string();
    let known = engine
        .organisation
        .look(|organisation| organisation.clients.client(&client).is_some());
    if known {
        let command = Command::Clients(clients::Command::RemoveClient(client));
        engine.organisation.command(engine.core(), command).await?;
    }
    call.state.sso.forget_verified();
    done()
}

/// The groups that a robot comes into and leaves.
#[derive(Default)]
struct Regrouping {
    into: Vec<rpa::Guid>,
    out_of: Vec<rpa::Guid>,
}

impl Regrouping {
    /// What `queueIds` of a body means for a robot that is in these groups. Who moves it must be allowed to change the
    /// groups.
    fn read(call: &Call, body: &Body, now: &[rpa::Guid]) -> Result<Self, Refused> {
        let Some(wanted) = body.ids("queueIds")? else {
            return Ok(Regrouping::default());
        };
        let wanted: BTreeSet<rpa::Guid> = wanted.into_iter().map(|id| rpa::Guid(id.0)).collect();
        let now: BTreeSet<rpa::Guid> = now.iter().copied().collect();
        let read = Regrouping {
            into: wanted.difference(&now).copied().collect(),
            out_of: now.difference(&wanted).copied().collect(),
        };
        call.state.engine.registry.look(|registry| {
            for id in read.into.iter().chain(&read.out_of) {
                let group = registry.group(call.tenant(), *id);
                let open = group.filter(|group| group.dedicated_robot.is_none());
                let open = open.ok_or_else(|| {
                    Refused::malformed(format!("queueIds: there is no robot group '{id}'"))
                })?;
                call.check(P::QueueEdit, open.meta.department)?;
            }
            Ok::<_, Refused>(())
        })?;
        Ok(read)
    }

    fn is_empty(&self) -> bool {
        self.into.is_empty() && self.out_of.is_empty()
    }

    fn actions(self, robot: rpa::Guid) -> impl Iterator<Item = Action> {
        let into = self.into.into_iter().map(move |group| {
            let robots = vec![robot];
            Action::AddRobots { group, robots }
        });
        let out_of = self.out_of.into_iter();
        into.chain(out_of.map(move |group| Action::RemoveRobot { group, robot }))
    }
}
