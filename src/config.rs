//! The configuration: what `config.toml` may say, where it is looked for, and whether the whole may be started with.
//!
//! Owns: the knobs with their defaults, durations and sizes as text, and errors that name file, line and key.
//! Never: acts on a knob, reads the environment, or starts with a key that it does not know.
//!
//! ```text
//!  --config FILE, else ./config.toml, else defaults ─▶ the command line's own values ─▶ check ─▶ Config
//! ```

mod duration;
mod error;
mod sections;
mod size;
#[cfg(test)]
mod tests;
mod text;

pub use error::ConfigError;
pub use sections::{
    Api, Archive, Auth, Clock, Durability, Engine, Http, Journal, Live, Log, LogFormat,
    ProcessCenter, PublicUrl, Robots, SignIn, Snapshots,
};
pub use text::address;

use serde::Deserialize;
use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// The file that is read when none is named and it exists in the working directory.
pub const DEFAULT_FILE: &str = "config.toml";

/// Everything that can be configured. Paths are relative to the working directory.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Addresses to listen on, at least one.
    #[serde(deserialize_with = "text::addresses")]
    pub listen: Vec<SocketAddr>,
    /// The data directory; made at first start.
    pub data: PathBuf,
    /// The directory of the keys; see [`Config::keys_dir`].
    pub keys: Option<PathBuf>,
    /// When a write counts as kept.
    pub durability: Durability,
    /// The engine and its bounds.
    pub engine: Engine,
    /// Bounds of the HTTP listeners.
    pub http: Http,
    /// How the outside calls this server.
    pub public_url: PublicUrl,
    /// Signing in.
    pub auth: SignIn,
    /// The process-center API.
    pub process_center: ProcessCenter,
    /// The engine's own API, `/api/v1`.
    pub api: Api,
    /// When snapshots are taken.
    pub snapshots: Snapshots,
    /// The journal's files.
    pub journal: Journal,
    /// What becomes of ended instances.
    pub archive: Archive,
    /// How long robots are waited for.
    pub robots: Robots,
    /// Bounds of the live feed.
    pub live: Live,
    /// What is logged, and how.
    pub log: Log,
}

/// What the command line says instead of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    /// Instead of `listen`, when not empty.
    pub listen: Vec<SocketAddr>,
    /// Instead of `data`.
    pub data: Option<PathBuf>,
    /// Instead of `keys`.
    pub keys: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 8092))],
            data: PathBuf::from("./data"),
            keys: None,
            durability: Durability::Sync,
            engine: Engine::default(),
            http: Http::default(),
            public_url: PublicUrl::default(),
            auth: SignIn::default(),
            process_center: ProcessCenter::default(),
            api: Api::default(),
            snapshots: Snapshots::default(),
            journal: Journal::default(),
            archive: Archive::default(),
            robots: Robots::default(),
            live: Live::default(),
            log: Log::default(),
        }
    }
}

impl Config {
    /// Reads the named file; without a name `config.toml` in the working directory if it exists; else the defaults.
    pub fn find(named: Option<&Path>) -> Result<Self, ConfigError> {
        match named {
            Some(file) => Self::read(file),
            None => match Self::read(Path::new(DEFAULT_FILE)) {
                Err(ConfigError::Unreadable { error, .. })
                    if error.kind() == io::ErrorKind::NotFound =>
                {
                    Ok(Self::default())
                }
                read => read,
            },
        }
    }

    /// Reads this file.
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        let name = file.display().to_string();
        match std::fs::read_to_string(file) {
            Ok(text) => Self::parse(&name, &text),
            Err(error) => Err(ConfigError::Unreadable { file: name, error }),
        }
    }

    /// Reads `text`, which errors call `file`.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|error| ConfigError::invalid(file, text, &error))
    }

    /// Puts the command line's values in the place of the file's.
    pub fn with(mut self, overrides: Overrides) -> Self {
        if !overrides.listen.is_empty() {
            self.listen = overrides.listen;
        }
        self.data = overrides.data.unwrap_or(self.data);
        self.keys = overrides.keys.or(self.keys);
        self
    }

    /// Refuses what contradicts itself, and to serve an API without authentication to a network, unless that is allowed
    /// by name.
    pub fn check(&self) -> Result<(), ConfigError> {
        let apis = [
            (
                "process_center",
                self.process_center.auth,
                self.process_center.allow_open_network,
            ),
            ("api", self.api.auth, self.api.allow_open_network),
        ];
        for (section, auth, allowed) in apis {
            let open = match auth {
                Auth::Open => !allowed,
                Auth::Token => false,
            };
            if let (true, Some(&listen)) = (open, self.network_listener()) {
                return Err(ConfigError::OpenToNetwork { section, listen });
            }
        }
        let robots = &self.robots;
        if robots.heartbeat * 3 > robots.lost_after {
            return Err(ConfigError::SlowHeartbeat);
        }
        let most = self.watchers_most();
        if self.live.connections.is_some_and(|asked| asked > most) {
            return Err(ConfigError::TooManyWatchers { most });
        }
        Ok(())
    }

    /// How many watchers there may be at a time.
    pub fn watchers(&self) -> usize {
        self.live.connections.unwrap_or(self.watchers_most())
    }

    /// Watchers are connections of HTTP, too; a quarter is left to those who ask.
    fn watchers_most(&self) -> usize {
        (self.http.connections - self.http.connections / 4).max(1)
    }

    /// Where signing and encryption keys lie: `keys`, by default `<data>.keys` beside the data.
    pub fn keys_dir(&self) -> PathBuf {
        self.keys.clone().unwrap_or_else(|| {
            // Made of the components, so that `./data/` gives `./data.keys` and not `./data/.keys`.
            let mut beside = self.data.components().as_path().as_os_str().to_owned();
            beside.push(".keys");
            PathBuf::from(beside)
        })
    }

    /// The first listener that others than this machine can reach.
    fn network_listener(&self) -> Option<&SocketAddr> {
        let mut listeners = self.listen.iter();
        listeners.find(|address| !address.ip().to_canonical().is_loopback())
    }
}
