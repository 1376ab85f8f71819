//! `loomwork user`: people added, and their passwords set, through the running server or on the data at rest.
//! Never: sends or keeps a password; it is hashed here, on the caller's side.

use crate::{
    audit::Direct,
    cli::{UserAction, UserPassword},
    control::{self, Answer, NewUser, Reached, Request},
    first_start::{machine, new_account},
    server::{self, Failed},
    sso::{password, secret},
    tokens,
};
use actors::Engine;
use codec::Tenant;
use org::{
    Command, Common, Guid, State,
    people::{self, CompanyUser, Status},
};
use std::io::BufRead as _;

/// `loomwork user …`.
pub fn run(action: &UserAction) -> Result<(), Failed> {
    let (password, arguments) = match action {
        UserAction::Add { password, data, .. } | UserAction::Passwd { password, data, .. } => {
            (password, data)
        }
    };
    let (text, made_here) = wanted(password)?;
    let hash = password::hash(&text)?;
    let request = match action {
        UserAction::Add {
            name,
            full_name,
            company,
            department,
            roles,
            system_admin,
            ..
        } => Request::UserAdd(NewUser {
            user_name: name.clone(),
            name: full_name.clone().unwrap_or_else(|| name.clone()),
            hash,
            company: company.clone(),
            department: department.clone(),
            roles: roles.clone(),
            system_admin: *system_admin,
        }),
        UserAction::Passwd { name, .. } => Request::UserPassword {
            user_name: name.clone(),
            hash,
        },
    };
    let config = arguments.config()?;
    let answer = match control::call(&control::socket_path(&config.data), &request)? {
        Reached::Server(answer) => answer,
        Reached::Nobody => tokens::on_data_at_rest(&config, request)?,
    };
    match answer {
        Answer::Done if made_here => println!("{text}"),
        Answer::Done => println!("done"),
        Answer::Refused(reason) => return Err(reason.into()),
        Answer::TokenCreated(_)
        | Answer::Tokens(_)
        | Answer::TokenRevoked
        | Answer::BackedUp(_) => {
            return Err("the server answered something else".into());
        }
    }
    Ok(())
}

/// The password that was given, or a random one and that it was made here.
fn wanted(password: &UserPassword) -> Result<(String, bool), Failed> {
    if password.password_stdin {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        return Ok((line.trim_end_matches(['\r', '\n']).to_owned(), false));
    }
    match &password.password {
        Some(given) => Ok((given.clone(), false)),
        None => Ok((secret::password()?, true)),
    }
}

/// Adds a person.
pub async fn add(engine: &Engine, new: NewUser) -> Result<(), String> {
    let chance = |error: secret::NoChance| format!("no random bytes: {error}");
    let (id, user_id) = (
        secret::guid().map_err(chance)?,
        secret::guid().map_err(chance)?,
    );
    let at_ms = engine.clock.real_ms();
    let common = Common::new(machine(at_ms));
    let users = engine
        .organisation
        .look(|organisation| membership(organisation, &new, id, user_id, &common))?;
    let mut account = new_account(id, &new.user_name, new.hash, common);
    account.name = new.name;
    account.system_admin = new.system_admin;
    let tenant = users
        .first()
        .map_or_else(Tenant::default, |user| user.tenant);
    let command = people::Command::CreateAccount {
        account: Box::new(account),
        users,
    };
    done(engine, command, tenant, "create", user_id).await
}

/// What a new person is where: in the company that is named, or the only one; a system administrator may be nowhere.
fn membership(
    organisation: &State,
    new: &NewUser,
    account: Guid,
    id: Guid,
    common: &Common,
) -> Result<Vec<CompanyUser>, String> {
    let tenancy = &organisation.tenancy;
    let company = match &new.company {
        Some(wanted) => {
            let by_id = wanted.parse().ok().and_then(|id| tenancy.company(id));
            let found = by_id.or_else(|| tenancy.company_named(wanted));
            found.ok_or_else(|| format!("there is no company '{wanted}'"))?
        }
        None => {
            let mut all = tenancy.companies();
            match (all.next(), all.next()) {
                (Some(only), None) => only,
                (_, Some(_)) if !new.system_admin => {
                    return Err("there are several companies: name one with --company".to_owned());
                }
                (None, _) if !new.system_admin => return Err("there is no company yet".to_owned()),
                (_, _) => return Ok(Vec::new()),
            }
        }
    };
    let tenant = company.tenant;
    let department = match &new.department {
        Some(wanted) => {
            let mut named = tenancy
                .departments(tenant)
                .filter(|one| one.name == *wanted || one.id.to_string() == *wanted);
            match (named.next(), named.next()) {
                (Some(only), None) => only,
                (_, Some(_)) => return Err(format!("there are several departments '{wanted}'")),
                (None, _) => return Err(format!("there is no department '{wanted}'")),
            }
        }
        None => tenancy
            .root(tenant)
            .ok_or("the company has no root department")?,
    };
    let role = |name: &String| {
        let found = tenancy.role_named(tenant, name);
        found.ok_or_else(|| format!("there is no role '{name}'"))
    };
    let roles = new.roles.iter().map(role).collect::<Result<_, _>>()?;
    Ok(vec![CompanyUser {
        id,
        tenant,
        account,
        name: new.name.clone(),
        department: department.id,
        roles,
        status: Status::Active,
        owner: false,
        common: common.clone(),
    }])
}

/// Sets a person's password.
pub async fn set_password(engine: &Engine, user_name: String, hash: String) -> Result<(), String> {
    let found = engine.organisation.look(|organisation| {
        let account = organisation.people.account_named(&user_name)?.id;
        // Who is in no company stands in the first one's trail.
        let user = organisation.people.users_of(account).next();
        let (tenant, id) = user.map_or((Tenant::default(), account), |user| (user.tenant, user.id));
        Some((account, tenant, id))
    });
    let found = found.ok_or_else(|| format!("there is no user '{user_name}'"))?;
    let (account, tenant, id) = found;
    let command = people::Command::SetPassword {
        account,
        hash,
        stamp: machine(engine.clock.real_ms()),
    };
    done(engine, command, tenant, "password", id).await
}

async fn done(
    engine: &Engine,
    command: people::Command,
    tenant: Tenant,
    action: &'static str,
    user: Guid,
) -> Result<(), String> {
    let doing = Direct::of_operator(tenant, ("CompanyUser", action), Some(user.to_string()));
    doing.organise(engine, Command::People(command)).await
}

/// What a client of the control socket or of the data at rest asks about people.
pub async fn answer(engine: &Engine, request: Request) -> Result<Answer, String> {
    match request {
        Request::UserAdd(new) => add(engine, new).await,
        Request::UserPassword { user_name, hash } => set_password(engine, user_name, hash).await,
        Request::TokenCreate { .. }
        | Request::TokenList
        | Request::TokenRevoke { .. }
        | Request::Backup { .. } => Err("this is not about people".to_owned()),
    }
    .map(|()| Answer::Done)
}

/// Reads one server's data: `server::options` of this configuration.
pub(crate) async fn open(config: &crate::config::Config) -> Result<Engine, Failed> {
    Ok(actors::open(server::options(config)).await?)
}
