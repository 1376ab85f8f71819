//! API tokens: made, listed and revoked from the command line, through the running server or on the data at rest.
//! Never: keeps or logs a token's text; it is printed once.

use crate::{
    audit::Direct,
    cli::TokenAction,
    config::Config,
    control::{
        self, Answer, BackedUp, ControlHandler, NewToken, NewUser, Reached, Request, TokenLine,
    },
    data,
    server::{Failed, State},
    users,
};
use actors::Engine;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use codec::Tenant;
use org::{Command, Token};
use sha2::{Digest, Sha256};
use std::{path::PathBuf, sync::Arc};

/// Random bytes of a token.
const TOKEN_BYTES: usize = 32;

/// Does what clients of the control socket ask.
pub struct Control {
    state: Arc<State>,
}

impl Control {
    /// For this server.
    pub fn new(state: Arc<State>) -> Self {
        Control { state }
    }
}

impl ControlHandler for Control {
    async fn token_create(&self, name: String) -> Result<NewToken, String> {
        create(&self.state.engine, self.state.tenant, name).await
    }

    async fn token_list(&self) -> Result<Vec<TokenLine>, String> {
        Ok(list(&self.state.engine, self.state.tenant))
    }

    async fn token_revoke(&self, name: String) -> Result<(), String> {
        revoke(&self.state.engine, self.state.tenant, name).await
    }

    async fn backup(&self, into: PathBuf) -> Result<BackedUp, String> {
        data::backup_running(&self.state, into).await
    }

    async fn user_add(&self, new: NewUser) -> Result<(), String> {
        users::add(&self.state.engine, new).await
    }

    async fn user_password(&self, user_name: String, hash: String) -> Result<(), String> {
        users::set_password(&self.state.engine, user_name, hash).await
    }
}

async fn create(engine: &Engine, tenant: Tenant, name: String) -> Result<NewToken, String> {
    let mut random = [0; TOKEN_BYTES];
    getrandom::fill(&mut random).map_err(|error| format!("no random bytes: {error}"))?;
    let token = format!("lw_{}", URL_SAFE_NO_PAD.encode(random));
    let command = Command::CreateToken(Token {
        tenant,
        name: name.clone(),
        digest: org::Digest(Sha256::digest(token.as_bytes()).into()),
        principal: name.clone(),
        created_ms: engine.clock.real_ms(),
    });
    done(engine, command, tenant, "create", &name).await?;
    Ok(NewToken { name, token })
}

async fn revoke(engine: &Engine, tenant: Tenant, name: String) -> Result<(), String> {
    let command = Command::RevokeToken {
        tenant,
        name: name.clone(),
    };
    done(engine, command, tenant, "delete", &name).await
}

async fn done(
    engine: &Engine,
    command: Command,
    tenant: Tenant,
    action: &'static str,
    name: &str,
) -> Result<(), String> {
    let doing = Direct::of_operator(tenant, ("Token", action), Some(name.to_owned()));
    doing.organise(engine, command).await
}

fn list(engine: &Engine, tenant: Tenant) -> Vec<TokenLine> {
    engine.organisation.look(|organisation| {
        let lines = organisation.tokens(tenant).map(|token| TokenLine {
            name: token.name.clone(),
            principal: token.principal.clone(),
            tenant: token.tenant.0,
            created_ms: token.created_ms,
        });
        lines.collect()
    })
}

/// `loomwork token …`.
pub fn run(action: &TokenAction) -> Result<(), Failed> {
    let (request, arguments) = match action {
        TokenAction::Create { name, data } => (Request::TokenCreate { name: name.clone() }, data),
        TokenAction::List { data } => (Request::TokenList, data),
        TokenAction::Revoke { name, data } => (Request::TokenRevoke { name: name.clone() }, data),
    };
    let config = arguments.config()?;
    let answer = match control::call(&control::socket_path(&config.data), &request)? {
        Reached::Server(answer) => answer,
        Reached::Nobody => on_data_at_rest(&config, request)?,
    };
    show(answer)
}

fn show(answer: Answer) -> Result<(), Failed> {
    match answer {
        Answer::TokenCreated(new) => println!("{}", new.token),
        Answer::Tokens(lines) => {
            for line in lines {
                let created = codec::instant::to_rfc3339(line.created_ms);
                println!("{}\t{}\t{created}", line.name, line.principal);
            }
        }
        Answer::TokenRevoked => println!("revoked"),
        Answer::Done => println!("done"),
        Answer::BackedUp(done) => println!(
            "backed up {} files, {} bytes, up to sequence {}; the keys are not in it",
            done.files, done.bytes, done.sequence
        ),
        Answer::Refused(reason) => return Err(reason.into()),
    }
    Ok(())
}

/// No server runs: the data are opened here, under their own lock.
pub(crate) fn on_data_at_rest(config: &Config, request: Request) -> Result<Answer, Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let engine = users::open(config).await?;
        let tenant = Tenant::default();
        let answer = match request {
            Request::TokenCreate { name } => create(&engine, tenant, name)
                .await
                .map(Answer::TokenCreated),
            Request::TokenList => Ok(Answer::Tokens(list(&engine, tenant))),
            Request::TokenRevoke { name } => revoke(&engine, tenant, name)
                .await
                .map(|()| Answer::TokenRevoked),
            Request::Backup { .. } => Err("a backup is made by `loomwork backup`".to_owned()),
            request @ (Request::UserAdd(_) | Request::UserPassword { .. }) => {
                users::answer(&engine, request).await
            }
        };
        tokio::task::spawn_blocking(move || engine.stop()).await?;
        Ok(answer.unwrap_or_else(Answer::Refused))
    })
}
