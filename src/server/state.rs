//! What every handler can reach, and how it comes together from the data and their keys.
//! Never: listens, or answers anybody.

use super::{Failed, options};
use crate::{blobs::Blobs, config::Config, first_start, hub::Polls, live, sso::Sso};
use actors::Engine;
use codec::Tenant;
use std::{
    io,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Instant,
};

/// What every handler can reach.
pub struct State {
    /// The engine.
    pub engine: Engine,
    /// The configuration.
    pub config: Config,
    /// The company of callers without a token.
    pub tenant: Tenant,
    /// When the server started.
    pub started: Instant,
    /// Signing in.
    pub sso: Sso,
    /// Robots that connect without a WebSocket.
    pub polls: Polls,
    /// Watchers.
    pub live: live::Feed,
    /// The files of packages.
    pub blobs: Arc<Blobs>,
    /// Where the outside reaches the APIs, without a slash at the end; known when the server listens.
    pub gateway: OnceLock<String>,
}

impl State {
    /// Opens the data with their keys; what the first start needs is made.
    pub(super) async fn open(config: Config, new_keys: bool) -> Result<State, Failed> {
        let started = Instant::now();
        let engine = actors::open(options(&config)).await?;
        let keys = first_start::keys(&engine, &config, new_keys).await?;
        first_start::people(&engine).await?;
        first_start::robots(&engine).await;
        let tenant = match config.auth.company {
            None => Tenant::default(),
            Some(id) => {
                let found = engine.organisation.look(|organisation| {
                    let company = organisation.tenancy.company(id);
                    company.map(|company| company.tenant)
                });
                found.ok_or_else(|| format!("[auth] company: there is no company {id}"))?
            }
        };
        let sso = Sso::new(keys, &config.auth)?;
        Ok(State {
            tenant,
            started,
            ..State::around(engine, sso, config)?
        })
    }

    /// What there is around an engine, before anybody has come.
    fn around(engine: Engine, sso: Sso, config: Config) -> io::Result<State> {
        Ok(State {
            polls: Polls::default(),
            live: live::Feed::default(),
            blobs: Blobs::open(&config.data)?,
            gateway: OnceLock::new(),
            tenant: Tenant::default(),
            started: Instant::now(),
            sso,
            engine,
            config,
        })
    }

    /// The same with keys that are made for a test.
    #[cfg(test)]
    pub fn for_tests(engine: Engine, config: Config) -> State {
        let sso = crate::sso::for_tests(&config);
        State::around(engine, sso, config).expect("a directory for blobs")
    }

    /// Where the outside reaches the APIs, without a slash at the end.
    pub fn gateway_url(&self) -> &str {
        self.gateway
            .get()
            .map_or("http://localhost", String::as_str)
    }

    /// Absolute URLs come from the configuration, else from the addresses: the APIs are at the first of them, signing in
    /// is at the last.
    pub(super) fn set_public_urls(&self, addresses: &[SocketAddr]) {
        let at = |configured: &Option<String>, address: Option<&SocketAddr>| {
            let listened = address.map(|address| format!("http://{address}"));
            configured.clone().or(listened).unwrap_or_default()
        };
        let public = &self.config.public_url;
        self.sso.set_issuer(at(&public.sso, addresses.last()));
        // Said twice, the first stays.
        let _ = self.gateway.set(at(&public.gateway, addresses.first()));
    }
}
