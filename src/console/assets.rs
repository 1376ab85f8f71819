//! Assets: values that runs receive.
//!
//! Owns: that a value is sealed before it is kept, and opened for nobody without the permission to read it.
//! Never: shows a value in a list, with the asset or in a log.

use super::{
    body::Body,
    call::{Answered, Call, Reach, done, new_id, ok},
    form::{self, Field, Form, Kind, field, required, words},
    json::Object,
    page,
    problem::{Refused, internal},
    table::{Endpoint, delete, get, patch, post},
};
use crate::{
    http::{HeaderValue, Response, header},
    vault::{self, Fault, Plain},
};
use codec::Tenant;
use org::{Guid, Permission as P};
use rpa::{
    argument::Argument,
    registry::{Action, Asset, AssetSettings, Sealed, accepts},
    terms::AssetType,
};

const VALUE: &[Field] = &[
    field("value", Kind::Text),
    field("userName", Kind::Text),
    field("password", Kind::Text),
    field("isRequiredEncryption", Kind::Boolean),
];
const NEW: Form = &[
    form::NEW_NAME,
    form::NOTES,
    form::PLACE,
    &[required("type", words!(AssetType))],
    VALUE,
];
const CHANGE: Form = &[
    form::NAME,
    form::NOTES,
    form::ETAG,
    &[field("type", words!(AssetType))],
    VALUE,
];

/// The lines of the table.
pub fn endpoints() -> Vec<Endpoint> {
    vec![
        get(
            "/openapi/assets",
            P::AssetView,
            list,
            "Assets, without their values",
        )
        .lists()
        .query(&["Type"]),
        post("/openapi/assets", P::AssetCreate, create, "Make an asset").takes(NEW),
        get(
            "/openapi/assets/{id}",
            P::AssetView,
            show,
            "An asset, without its value",
        ),
        patch(
            "/openapi/assets/{id}",
            P::AssetEdit,
            change,
            "Change an asset",
        )
        .takes(CHANGE),
        delete(
            "/openapi/assets/{id}",
            P::AssetDelete,
            remove,
            "Delete an asset that no argument names",
        ),
        get(
            "/openapi/assets/{id}/value",
            P::AssetRead,
            value,
            "The value of an asset",
        )
        .audited(),
        get(
            "/openapi/assets/by-name/{name}/value",
            P::AssetRead,
            value_by_name,
            "The value of the asset of this name",
        )
        .audited(),
    ]
}

fn push(company: Guid, asset: &Asset, out: &mut String) {
    let mut object = Object::begin(out);
    object.id("id", asset.id);
    object.label(&asset.label);
    object.text("type", asset.kind.name());
    object.boolean("isRequiredEncryption", asset.is_required_encryption);
    object.meta("Asset", company, &asset.meta);
    object.end();
}

/// The asset that the path names, when the caller may do `permission` with it.
fn find(call: &Call, permission: P) -> Result<Asset, Refused> {
    let id = call.id("id")?;
    call.state.engine.registry.look(|registry| {
        let found = registry.asset(call.tenant(), id);
        call.checked(permission, "asset", found).cloned()
    })
}

/// `GET /openapi/assets`
async fn list(call: Call) -> Answered {
    let query = call.resource_query()?;
    let kind = call.query().word("Type", AssetType::read)?;
    let scope = call.scope(P::AssetView)?;
    call.state.engine.registry.look(|registry| {
        let assets = registry.assets(call.tenant());
        let assets = assets.filter(|asset| kind.is_none_or(|kind| kind == asset.kind));
        let (count, page) = query.page(&scope, assets);
        page::list(count, page, |asset, out| {
            push(call.visitor.company, asset, out)
        })
    })
}

/// `GET /openapi/assets/{id}`
async fn show(call: Call) -> Answered {
    shown(&call, P::AssetView)
}

fn shown(call: &Call, permission: P) -> Answered {
    let mut out = String::new();
    push(call.visitor.company, &find(call, permission)?, &mut out);
    ok(out)
}

/// `POST /openapi/assets`
async fn create(call: Call) -> Answered {
    let body = call.body()?;
    let place = call.place(&body, P::AssetCreate)?;
    let id = new_id()?;
    let kind = body.word("type", AssetType::read)?;
    let kind = kind.ok_or_else(|| Refused::field("type", "given"))?;
    let plain = read_value(&body, kind, None)?;
    let settings = settings(&call, &body, place.tenant, id, plain)?;
    let command = place.command(Action::CreateAsset {
        id,
        department: place.department,
        settings,
    });
    call.state.engine.change_registry(command).await?;
    let body = call.state.engine.registry.look(|registry| {
        let mut out = String::new();
        push(place.company, registry.asset(place.tenant, id)?, &mut out);
        Some(out)
    });
    // Somebody may have deleted it already.
    ok(body.ok_or_else(|| Refused::unknown("asset", &id.to_string()))?)
}

/// `PATCH /openapi/assets/{id}`
async fn change(call: Call) -> Answered {
    let body = call.body()?;
    let old = find(&call, P::AssetEdit)?;
    let names_value = ["value", "userName", "password"];
    let plain = match names_value.iter().any(|name| body.get(name).is_some()) {
        true => read_value(&body, old.kind, Some(&|| opened(&call, &old)))?,
        false => None,
    };
    let command = call.command(Action::ChangeAsset {
        id: old.id,
        etag: body.etag()?,
        settings: settings(&call, &body, old.meta.tenant, old.id, plain)?,
    });
    call.state.engine.change_registry(command).await?;
    shown(&call, P::AssetEdit)
}

/// `DELETE /openapi/assets/{id}`
async fn remove(call: Call) -> Answered {
    let id = find(&call, P::AssetDelete)?.id;
    let command = call.command(Action::DeleteAsset { id, open_jobs: 0 });
    call.state.engine.change_registry(command).await?;
    done()
}

fn settings(
    call: &Call,
    body: &Body,
    tenant: Tenant,
    id: rpa::Guid,
    plain: Option<Plain>,
) -> Result<AssetSettings, Refused> {
    Ok(AssetSettings {
        label: body.label()?,
        kind: body.word("type", AssetType::read)?,
        is_required_encryption: body.boolean("isRequiredEncryption")?,
        value: plain
            .map(|plain| sealed(call, tenant, id, &plain))
            .transpose()?,
    })
}

/// What a credential was until now.
type Before<'b> = Option<&'b dyn Fn() -> Result<Plain, Refused>>;

/// The value that a body gives; none: it gives none. Of a credential the part that is not given stays.
fn read_value(body: &Body, kind: AssetType, before: Before<'_>) -> Result<Option<Plain>, Refused> {
    if kind != AssetType::Credential {
        let Some(text) = body.text("value")? else {
            return Ok(None);
        };
        if !accepts(kind, &text) {
            return Err(Refused::field("value", kind.name()));
        }
        return Ok(Some(Plain::Text(text)));
    }
    let (user_name, password) = (body.text("userName")?, body.text("password")?);
    let (user_name, password) = match (user_name, password, before) {
        (Some(user_name), Some(password), _) => (user_name, password),
        (None, None, None) => return Ok(None),
        (user_name, password, Some(before)) => match before()? {
            Plain::Credential {
                user_name: old_name,
                password: old,
            } => (user_name.unwrap_or(old_name), password.unwrap_or(old)),
            Plain::Text(_) => return Err(internal("a credential is a text")),
        },
        (_, _, None) => return Err(Refused::field("userName and password", "given together")),
    };
    Ok(Some(Plain::Credential {
        user_name,
        password,
    }))
}

fn sealed(call: &Call, tenant: Tenant, id: rpa::Guid, plain: &Plain) -> Result<Sealed, Refused> {
    let key = call.state.sso.keys.assets();
    vault::seal(key, tenant, id, plain).map_err(unusable)
}

fn opened(call: &Call, asset: &Asset) -> Result<Plain, Refused> {
    let key = call.state.sso.keys.assets();
    vault::open(key, asset.meta.tenant, asset.id, &asset.value).map_err(unusable)
}

fn unusable(fault: Fault) -> Refused {
    internal(&fault.to_string())
}

/// `GET /openapi/assets/{id}/value`
async fn value(call: Call) -> Answered {
    let asset = find(&call, P::AssetRead)?;
    told(&call, &asset)
}

/// `GET /openapi/assets/by-name/{name}/value`: in the department of the header, else wherever the caller may read.
async fn value_by_name(call: Call) -> Answered {
    let scope = call.scope(P::AssetRead)?;
    let name = call.param("name");
    let found = call.state.engine.registry.look(|registry| {
        let assets = registry.assets(call.tenant());
        let named = assets.filter(|asset| asset.label.name == name);
        let mut seen = named.filter(|asset| scope.has(asset.meta.department));
        match (seen.next(), seen.next()) {
            (Some(only), None) => Ok(only.clone()),
            (None, _) => Err(Refused::unknown("asset", name)),
            (Some(_), Some(_)) => Err(Refused::malformed(format!(
                "there are several assets '{name}': name the department in the header DepartmentId"
            ))),
        }
    })?;
    told(&call, &found)
}

fn told(call: &Call, asset: &Asset) -> Answered {
    let plain = opened(call, asset)?;
    let reader = &call.visitor;
    tracing::info!(asset = %asset.id, reader = %reader.id, name = %reader.name, "the value of an asset was read");
    let mut out = String::new();
    let mut object = Object::begin(&mut out);
    object.id("id", asset.id);
    object.text("name", &asset.label.name);
    object.text("type", asset.kind.name());
    match &plain {
        Plain::Text(text) => object.text("value", text),
        Plain::Credential {
            user_name,
            password,
        } => {
            object.text("userName", user_name);
            object.text("password", password);
        }
    }
    object.end();
    let kept_nowhere = HeaderValue::from_static("no-store");
    Ok(
        Response::json(crate::http::StatusCode::OK, out)
            .header(header::CACHE_CONTROL, kept_nowhere),
    )
}

/// Whoever gives an asset to a run must see it where it is. One that is not there is for the registry to refuse.
pub fn check_named<'a>(
    call: &Call,
    reach: &Reach,
    arguments: impl IntoIterator<Item = &'a Argument>,
) -> Result<(), Refused> {
    call.state.engine.registry.look(|registry| {
        for id in arguments.into_iter().filter_map(Argument::asset_id) {
            if let Some(asset) = registry.asset(reach.tenant, id) {
                reach.check(&call.state, P::AssetView, asset.meta.department)?;
            }
        }
        Ok(())
    })
}
