//! Clients, robots' secrets and API keys of a seed file.
//! Never: keeps a secret; what is there is compared by its digest.

use super::{
    Complaint,
    draft::{At, Draft},
    file::{self, File},
};
use crate::sso::secret;
use org::{
    Command,
    clients::{self, ACCESS_TOKEN_S, ApiKey, Client, Grant, Owner},
};

/// Shortest secret of a robot and text of a key, in characters: they are kept as one SHA-256 each.
const SECRET_CHARS: usize = 16;

/// Plans them.
pub fn add(draft: &mut Draft<'_>, file: &File) -> Result<(), Complaint> {
    for entry in &file.client {
        client(draft, entry.span().start, entry.get_ref())?;
    }
    for entry in &file.robot {
        robot(draft, entry.span().start, entry.get_ref())?;
    }
    for entry in &file.api_key {
        api_key(draft, entry.span().start, entry.get_ref())?;
    }
    Ok(())
}

fn client(draft: &mut Draft<'_>, at: At, wanted: &file::Client) -> Result<(), Complaint> {
    let mut grants = Vec::with_capacity(wanted.grants.len());
    for text in &wanted.grants {
        let grant = Grant::by_text(text);
        grants
            .push(grant.ok_or_else(|| draft.complaint(at, format!("there is no grant '{text}'")))?);
    }
    let client = Client {
        id: wanted.id.clone(),
        name: wanted.name.clone().unwrap_or_else(|| wanted.id.clone()),
        secret: wanted.secret.as_deref().map(secret::digest),
        grants,
        access_token_s: wanted.access_token_s.unwrap_or(ACCESS_TOKEN_S),
        owner: Owner::People,
        revision: 0,
    };
    register(draft, at, "client", client)
}

fn robot(draft: &mut Draft<'_>, at: At, wanted: &file::Robot) -> Result<(), Complaint> {
    let place = draft.place(at, wanted.company.as_deref(), wanted.department.as_deref());
    let (tenant, department) = place?;
    let given = wanted
        .id
        .as_deref()
        .map(|text| draft.guid(at, text))
        .transpose()?;
    let known = || {
        let mut robots = draft.state.clients.of_tenant(tenant);
        let found = robots.find(|one| one.name == wanted.name)?;
        found.id.parse().ok()
    };
    let id = match given.or_else(known) {
        Some(id) => id,
        None => draft.id(at, None)?,
    };
    must_be_long(draft, at, &wanted.secret)?;
    let client = Client {
        id: id.to_string(),
        name: wanted.name.clone(),
        secret: Some(secret::digest(&wanted.secret)),
        grants: vec![Grant::ClientCredentials],
        access_token_s: ACCESS_TOKEN_S,
        owner: Owner::Robot {
            tenant,
            department,
            id,
        },
        revision: 0,
    };
    register(draft, at, "robot", client)
}

fn register(draft: &mut Draft<'_>, at: At, what: &str, client: Client) -> Result<(), Complaint> {
    match draft.state.clients.client(&client.id) {
        Some(found)
            if (Client {
                revision: found.revision,
                ..client.clone()
            }) == *found =>
        {
            Ok(())
        }
        Some(found) => Err(draft.differs(at, what, &found.name)),
        None => draft.push(
            at,
            Command::Clients(clients::Command::RegisterClient(client)),
        ),
    }
}

fn must_be_long(draft: &Draft<'_>, at: At, text: &str) -> Result<(), Complaint> {
    if text.chars().count() >= SECRET_CHARS {
        return Ok(());
    }
    Err(draft.complaint(
        at,
        format!("a secret has {SECRET_CHARS} characters or more"),
    ))
}

fn api_key(draft: &mut Draft<'_>, at: At, wanted: &file::ApiKey) -> Result<(), Complaint> {
    let place = draft.place(at, wanted.company.as_deref(), wanted.department.as_deref());
    let (tenant, department) = place?;
    let roles = draft.roles(at, tenant, &wanted.roles)?;
    must_be_long(draft, at, &wanted.key)?;
    if !wanted.key.starts_with("lwk_") {
        return Err(draft.complaint(at, "an API key begins with 'lwk_'"));
    }
    let digest = secret::digest(&wanted.key);
    let given = wanted
        .id
        .as_deref()
        .map(|text| draft.guid(at, text))
        .transpose()?;
    let clients = &draft.state.clients;
    let found = match given {
        Some(id) => clients.key(id),
        None => clients.keys(tenant).find(|one| one.name == wanted.name),
    };
    if let Some(found) = found {
        let same = found.tenant == tenant
            && found.department == department
            && found.name == wanted.name
            && found.roles == roles
            && found.digest.is_same(&digest);
        return if same {
            Ok(())
        } else {
            Err(draft.differs(at, "API key", &found.name))
        };
    }
    let key = ApiKey {
        id: draft.id(at, wanted.id.as_deref())?,
        tenant,
        department,
        name: wanted.name.clone(),
        digest,
        roles,
        common: draft.common(),
    };
    draft.push(at, Command::Clients(clients::Command::CreateKey(key)))
}
