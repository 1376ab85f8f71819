//! The first start: the keys, a company, its administrator; and at every start what a crash has left half done.
//!
//! Owns: what must be there before the first request, and that keys which do not fit the data are never used.
//! Never: prints the password twice; it is random, and only its hash is kept.

use crate::{
    config::Config,
    server::Failed,
    sso::{
        Keys, password,
        secret::{self, NoChance},
    },
};
use actors::Engine;
use codec::Tenant;
use org::{
    BuiltIn, Command, Common, Guid, Stamp,
    clients::{self, Owner},
    people::{self, Account, CompanyUser, Extension, Status},
    tenancy::{self, Company, Department, Edition},
};
use std::path::Path;

/// What the first company and its root are called.
const COMPANY: &str = "Loomwork";
/// What its administrator types to sign in.
const ADMINISTRATOR: &str = "admin";

/// Why these keys and these data are not used together.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// The keys are others than the data were used with.
    #[error(
        "refusing to start: the keys in {keys} do not fit the data in {data}. Put back the keys that belong to \
         these data, or name their directory with --keys"
    )]
    Other {
        /// The directory of the keys.
        keys: String,
        /// The directory of the data.
        data: String,
    },
    /// There are none, and something needs the ones that were there.
    #[error(
        "refusing to start: there are no keys in {keys}, and the data in {data} are used with some. Put them back \
         (a backup does not hold them), or start once with --new-keys: then everyone must sign in again, and what \
         was encrypted is lost"
    )]
    Lost {
        /// The directory of the keys.
        keys: String,
        /// The directory of the data.
        data: String,
    },
}

/// The keys of these data, made when there are none yet.
pub async fn keys(engine: &Engine, config: &Config, new_keys: bool) -> Result<Keys, Failed> {
    let directory = config.keys_dir();
    let (bound, in_use) = engine.organisation.look(|organisation| {
        let in_use = !organisation.sessions.is_empty();
        (organisation.tenancy.keys(), in_use)
    });
    let in_use = in_use || engine.registry.look(rpa::registry::State::has_assets);
    let shown = |path: &Path| path.display().to_string();
    let keys = match Keys::read(&directory)? {
        Some(keys) => {
            if bound.is_some_and(|bound| bound != keys.fingerprint()) {
                return Err(Unfit::Other {
                    keys: shown(&directory),
                    data: shown(&config.data),
                }
                .into());
            }
            keys
        }
        // Nobody has signed in with them, no asset is sealed: nothing is lost with keys that were never needed.
        None if bound.is_none() || !in_use || new_keys => {
            if bound.is_some() {
                tracing::warn!(keys = %shown(&directory), "the keys were gone: new ones are made");
            }
            Keys::make(&directory)?
        }
        None => {
            return Err(Unfit::Lost {
                keys: shown(&directory),
                data: shown(&config.data),
            }
            .into());
        }
    };
    if bound == Some(keys.fingerprint()) {
        return Ok(keys);
    }
    let bind = Command::Tenancy(tenancy::Command::BindKeys {
        replacing: bound,
        fingerprint: keys.fingerprint(),
    });
    engine.organisation.command(engine.core(), bind).await?;
    Ok(keys)
}

/// Makes a company and its administrator when nobody is there, and prints how to sign in.
pub async fn people(engine: &Engine) -> Result<(), Failed> {
    let somebody = engine.organisation.look(|organisation| {
        let accounts = organisation.people.accounts().next().is_some();
        accounts || organisation.tenancy.companies().next().is_some()
    });
    if somebody {
        return Ok(());
    }
    let password = secret::password()?;
    let hashed = password.clone();
    let hash = tokio::task::spawn_blocking(move || password::hash(&hashed)).await??;
    let command = founding(hash, engine.clock.real_ms())?;
    engine.organisation.command(engine.core(), command).await?;
    println!(
        "This is the first start on these data. The administrator signs in with\n\n  \
         user name: {ADMINISTRATOR}\n  password:  {password}\n\n\
         The password is shown this once; `loomwork user passwd` sets another."
    );
    Ok(())
}

/// Removes what a robot connects with that is registered no more: deleting one is two records, and a crash may have come
/// between them. What cannot be written now is left for the next start.
pub async fn robots(engine: &Engine) {
    let clients: Vec<(String, Guid)> = engine.organisation.look(|organisation| {
        let tenants = organisation.tenancy.companies().map(|one| one.tenant);
        let clients = tenants.flat_map(|tenant| organisation.clients.of_tenant(tenant));
        let robots = clients.filter_map(|client| match client.owner {
            Owner::Robot { id, .. } => Some((client.id.clone(), id)),
            Owner::People => None,
        });
        robots.collect()
    });
    let orphans: Vec<Command> = engine.registry.look(|registry| {
        let orphans = clients.into_iter();
        let orphans =
            orphans.filter(|(_, id)| registry.robot_connecting(rpa::Guid(id.0)).is_none());
        let orphans = orphans.map(|(client, _)| clients::Command::RemoveClient(client));
        orphans.map(Command::Clients).collect()
    });
    if orphans.is_empty() {
        return;
    }
    let count = orphans.len();
    let command = Command::All(orphans);
    match engine.organisation.command(engine.core(), command).await {
        Ok(()) => tracing::info!(count, "secrets of robots that were deleted are gone, too"),
        Err(failure) => tracing::warn!(%failure, count, "secrets of deleted robots remain"),
    }
}

fn founding(hash: String, at_ms: i64) -> Result<Command, NoChance> {
    let common = Common::new(machine(at_ms));
    let (root, account) = (secret::guid()?, secret::guid()?);
    let company = Company {
        id: secret::guid()?,
        tenant: Tenant::default(),
        name: COMPANY.to_owned(),
        edition: Edition::Enterprise,
        deleted: false,
        common: common.clone(),
    };
    let department = Department {
        id: root,
        tenant: Tenant::default(),
        parent: None,
        name: COMPANY.to_owned(),
        common: common.clone(),
    };
    let user = CompanyUser {
        id: secret::guid()?,
        tenant: Tenant::default(),
        account,
        name: ADMINISTRATOR.to_owned(),
        department: root,
        roles: vec![BuiltIn::CompanyAdmin.id()],
        status: Status::Active,
        owner: true,
        common: common.clone(),
    };
    let account = Account {
        system_admin: true,
        ..new_account(account, ADMINISTRATOR, hash, common)
    };
    Ok(Command::All(vec![
        Command::Tenancy(tenancy::Command::CreateCompany {
            company: Box::new(company),
            root: Box::new(department),
        }),
        Command::People(people::Command::CreateAccount {
            account: Box::new(account),
            users: vec![user],
        }),
    ]))
}

/// An account with nothing but a name and a password.
pub fn new_account(id: Guid, user_name: &str, hash: String, common: Common) -> Account {
    Account {
        id,
        number: 0,
        user_name: user_name.to_owned(),
        name: user_name.to_owned(),
        password: Some(hash),
        has_modified_password: false,
        system_admin: false,
        status: Status::Active,
        email: None,
        phone_number: None,
        extension: Extension::default(),
        last_login_ms: None,
        common,
    }
}

/// Done by the server itself.
pub fn machine(at_ms: i64) -> Stamp {
    Stamp {
        at_ms,
        by: Guid::MACHINE,
        by_name: Guid::MACHINE_NAME.to_owned(),
    }
}
