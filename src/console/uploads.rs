//! Uploads by channel: open a place, put the bytes there with a signed address, make a package of them.
//!
//! Owns: what an address is good for. Never: lets bytes in without one, or after its time.
//!
//! ```text
//!  POST preloadedVersionFiles ─▶ channel.uri = …/openapi/uploads/{id}?expires=…&signature=HMAC(key, id, expires)
//!  PUT channel.uri            ─▶ a blob that the upload names; again: the last one counts
//!  PATCH …/{id}               ─▶ a version of a package; again: the same answer
//! ```

use super::{
    call::{Answered, Call, done, new_id, ok},
    json::Object,
    packages,
    problem::{self, Refused, internal},
    sweeping,
};
use crate::{
    access::Denied,
    audit,
    http::{Api, Context, Params, Request, Route, StatusCode},
    links,
    server::State,
};
use org::{Guid, Permission};
use rpa::{
    package::Metadata,
    registry::{Action, Command, Upload},
    terms::Stamp,
};

/// Bytes of a package that comes by a channel: 2 GB.
const CHANNEL_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// How long a channel is open: an hour.
const OPEN_MS: i64 = 3_600_000;

/// Where the bytes go: no token is asked for there, the address is signed.
pub fn channels() -> Api<State> {
    let put = Route::put("/openapi/uploads/{id}", receive)
        .summary("The bytes of an upload, to its signed address")
        .streamed(CHANNEL_BYTES);
    let mut api = Api::new("uploads", &["/openapi/uploads"], &problem::Style, vec![put]);
    api.any_case = true;
    // A page of another site has no signature.
    api.token_required = true;
    api
}

/// `POST /openapi/preloadedVersionFiles`
pub async fn open(call: Call) -> Answered {
    let place = call.place(&call.body()?, Permission::PackageUpload)?;
    let id = new_id()?;
    let expires_ms = place.by.at_ms + OPEN_MS;
    let command = place.command(Action::OpenUpload {
        id,
        department: place.department,
        expires_ms,
    });
    call.state.engine.change_registry(command).await?;
    let mut out = String::new();
    let mut object = Object::begin(&mut out);
    object.id("id", id);
    let mut channel = Object::begin(object.name("channel"));
    channel.text("uri", &address(&call.state, id, expires_ms));
    channel.pairs("headers", [("Content-Type", "application/octet-stream")]);
    channel.end();
    object.stamp("createdAt", "createdBy", "createdByName", &place.by);
    object.instant("expiresAt", expires_ms);
    object.id("companyId", place.company);
    object.id("departmentId", place.department);
    object.end();
    ok(out)
}

fn address(state: &State, id: rpa::Guid, expires_ms: i64) -> String {
    let gateway = state.gateway_url();
    let signed = links::sign(state, "PUT", &id.to_string(), expires_ms);
    format!("{gateway}/openapi/uploads/{id}{signed}")
}

/// The upload whose address this is; 403 without a signature that is good now.
fn signed(state: &State, request: &Request, params: &Params) -> Result<Upload, Refused> {
    let unsigned = || {
        let detail = "the address is not signed, or its time is over";
        Refused::new(StatusCode::FORBIDDEN, "bad-signature", detail)
    };
    let id: rpa::Guid = params.get("id").parse().map_err(|_| unsigned())?;
    let (subject, now_ms) = (id.to_string(), state.engine.clock.now_ms());
    if !links::allows(state, "PUT", &subject, &request.query, now_ms) {
        return Err(unsigned());
    }
    let registry = &state.engine.registry;
    let upload = registry.look(|registry| registry.upload_arriving(id).cloned());
    upload.ok_or_else(unsigned)
}

/// `PUT {channel.uri}`
async fn receive(state: Context<State>, mut request: Request, params: Params) -> Answered {
    let upload = signed(&state, &request, &params)?;
    // Refused before the bytes come, not after.
    packages::must_be_bare(&request)?;
    state.engine.has_room()?;
    let stream = request.take_stream();
    let arrived = state.blobs.receive(stream, request.body).await?;
    if arrived.size == 0 {
        return Err(Refused::malformed("the body must be a package file"));
    }
    let (id, sha256, size) = (upload.id, arrived.sha256, arrived.size);
    let held = state.blobs.keep(arrived).await?;
    let created = &upload.meta.created;
    let command = Command {
        tenant: upload.meta.tenant,
        by: Stamp {
            at_ms: state.engine.clock.now_ms(),
            ..created.clone()
        },
        action: Action::ReceiveUpload { id, sha256, size },
    };
    // Whoever has the address acts for who opened it.
    let doing = audit::Direct {
        tenant: upload.meta.tenant,
        actor: (created.by.to_string(), created.by_name.clone()),
        action: "put",
        resource_type: "PackageUpload",
        resource_id: Some(id.to_string()),
        department: Some(upload.meta.department.to_string()),
        from: request.peer.ip().to_string(),
    };
    let engine = &state.engine;
    let work = async { Ok::<_, Refused>(engine.change_registry(command).await?) };
    let reply = doing.follow(engine, work, |refused| refused.status().as_u16());
    let reply = reply.await;
    drop(held);
    // What came before, or what was refused, is needed no more.
    let before = upload.received.map(|(digest, _)| digest);
    let candidates = before.into_iter().chain([sha256]).collect();
    sweeping::sweep(state, Some(candidates)).await;
    reply?;
    done()
}

/// `PATCH /openapi/preloadedVersionFiles/{id}`
pub async fn commit(call: Call) -> Answered {
    let id = call.id("id")?;
    // Only read to be refused when it is no JSON.
    call.body()?;
    let upload = call.state.engine.registry.look(|registry| {
        let upload = registry.upload(call.tenant(), id);
        let upload = upload.ok_or_else(|| Refused::unknown("upload", call.param("id")))?;
        call.check(Permission::PackageUpload, upload.meta.department)?;
        Ok::<_, Refused>(upload.clone())
    })?;
    // A channel keeps no department; it may have been deleted since.
    let department = Guid(upload.meta.department.0);
    let organisation = &call.state.engine.organisation;
    if organisation.look(|state| state.tenancy.department(department).is_none()) {
        return Err(Denied::ForeignDepartment.into());
    }
    let (metadata, (sha256, size)) = match upload.received {
        Some(received) if upload.committed.is_none() => {
            (stored(&call, received.0).await?, received)
        }
        // What was committed is answered again; where nothing was received, that is the answer.
        received => (Metadata::default(), received.unwrap_or_default()),
    };
    let new = packages::new_version(metadata, sha256, size)?;
    let command = call.command(Action::CommitUpload { id, new });
    let reply = call.state.engine.change_registry(command).await?;
    packages::uploaded(&call, call.tenant(), &reply, None)
}

/// What the blob of an upload says about itself.
async fn stored(call: &Call, sha256: rpa::terms::Sha256) -> Result<Metadata, Refused> {
    let path = call.state.blobs.path(sha256);
    let reading = tokio::task::spawn_blocking(move || match std::fs::File::open(path) {
        Ok(file) => packages::read_file(file),
        // Bytes that come in between take the place of these.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(rpa::registry::Refusal::ReceivedOther.into())
        }
        Err(error) => Err(error.into()),
    });
    reading
        .await
        .map_err(|error| internal(&error.to_string()))?
}
